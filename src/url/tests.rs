use super::*;

#[track_caller]
fn same(a: &str, b: &str) {
    assert_eq!(key(a), key(b), "`{a}` and `{b}`");
}

#[track_caller]
fn different(a: &str, b: &str) {
    assert_ne!(key(a), key(b), "`{a}` and `{b}`");
}

#[test]
fn what_tells_where_the_click_came_from_names_no_article() {
    let page = "https://news.example.com/story/1";
    for decoration in [
        "utm_source=rss&utm_brand=z",
        "UTM_Source=a",
        "fbclid=abc",
        "mkt_tok=xyz&_ga=2.3&_gl=1",
        "at_medium=RSS&at_campaign=KARANGA",
        "CMP=twt_gu",
        "src=rss&feed=RSS",
        "ns_mchannel=rss&ns_campaign=rss-world",
        "ref=techmeme.com",
        "source=twitter",
        "WT.mc_id=a",
        "maca=en-rss-en-all-1573-rdf",
        "PHPSESSID=1",
        "sid=0123456789abcdef0123456789abcdef",
        "amp",
        "amp=1",
        "outputType=amp",
        "rss=1",
        "",
        "&&",
    ] {
        same(&format!("{page}?{decoration}"), page);
    }
}

#[test]
fn what_may_name_an_article_is_kept() {
    for (a, b) in [
        ("?p=1", "?p=2"),
        ("?ref=19", "?ref=20"),
        ("?ref=1.5", "?ref=1.6"),
        ("?ref=notes.md", "?ref=other.md"),
        ("?ref=story.html", "?ref=other.html"),
        ("?utmx=1", "?utmx=2"),
        ("?sid=1", "?sid=2"),
        ("?cmp=1", "?cmp=2"),
        ("?q=rss", "?q=atom"),
        ("?tag=amp", "?tag=volt"),
        ("?m=202401", "?m=202402"),
        ("?id=1", "?ID=1"),
        ("?a=1%262", "?a=1&2"),
        ("?page=1", ""),
    ] {
        let page = "https://news.example.com/a";
        different(&format!("{page}{a}"), &format!("{page}{b}"));
    }
}

#[test]
fn skins_of_a_host_are_one_host() {
    for host in ["www.", "m.", "mobile.", "touch.", "amp.", "www.m."] {
        same(
            &format!("https://{host}example.com/a"),
            "http://example.com./a",
        );
    }
    same("http://example.com:80/a", "https://example.com:443/a");
    same("https://user:secret@example.com/a", "https://example.com/a");
    same(
        "https://bücher.example/1",
        "https://xn--bcher-kva.example/1",
    );
    same("feed://example.com/a", "https://example.com/a");
}

#[test]
fn other_hosts_are_other_hosts() {
    different("https://blog.example.com/1", "https://example.com/1");
    different("https://m.com/1", "https://www.com/1");
    different("https://example.com:8080/1", "https://example.com/1");
    different("https://www.gov.uk/1", "https://m.gov.uk/1");
}

#[test]
fn a_path_has_one_form() {
    let page = "https://example.com/a/b";
    for path in [
        "/a/b/",
        "//a/./c/..//b",
        "/a/b/index.html",
        "/a/b/amp/",
        "/a/b.amp",
        "/a/b;jsessionid=1F",
        "/(S(abc))/a/b",
        "/%61/b",
        "/a/b&utm_source=rss",
    ] {
        same(&format!("https://example.com{path}"), page);
    }
    same("https://example.com/%e4%b8%ad", "https://example.com/中");
    same("https://example.com/e\u{301}", "https://example.com/é");
    same("https://example.com/caf%e9", "https://example.com/caf%E9");
    same(
        "https://example.com/s.amp.html",
        "https://example.com/s.html",
    );
    same(
        "https://example.com/amp/world/1",
        "https://example.com/world/1",
    );
    same(
        "https://example.com/?y=1&x=a+b",
        "https://example.com/?x=a%20b&y=1",
    );
}

#[test]
fn other_paths_are_other_pages() {
    different("https://example.com/Ab", "https://example.com/aB");
    different("https://example.com/a%2Fb", "https://example.com/a/b");
    different("https://example.com/amp/1", "https://example.com/1");
    different("https://example.com/a%3Fb", "https://example.com/a?b");
    different("https://example.com/a.amplifier", "https://example.com/a");
    different("https://example.com/index2.html", "https://example.com/");
}

#[test]
fn a_fragment_is_a_place_but_a_route_is_a_page() {
    same("https://example.com/1#xtor=RSS-1", "https://example.com/1");
    same("https://example.com/1#top", "https://example.com/1#end");
    different("https://example.com/#!/1", "https://example.com/#!/2");
    different("https://example.com/#/1", "https://example.com/#/2");
    let place = |text| address(text).expect("an address").key_with_fragment;
    assert_ne!(
        place("https://example.com/1#a"),
        place("https://example.com/1#b")
    );
    assert_eq!(
        place("https://example.com/1#xtor=RSS-1"),
        place("https://example.com/1#:~:text=war")
    );
}

#[test]
fn wrappers_are_their_target() {
    let page = "https://news.example.com/story/1";
    for wrapper in [
        "https://www.google.com/url?sa=t&q=https://news.example.com/story/1&usg=x",
        "https://www.google.co.uk/url?url=https%3A%2F%2Fnews.example.com%2Fstory%2F1",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fnews.example.com%2Fstory%2F1&h=1",
        "https://news-example-com.cdn.ampproject.org/v/s/news.example.com/story/1?amp_js_v=0.1",
        "https://href.li/?https://news.example.com/story/1",
        "https://www.google.com/amp/s/news.example.com/story/1",
        "https://www.bing.com/news/apiclick.aspx?ref=FexRss&url=https%3a%2f%2fnews.example.com%2fstory%2f1",
        "https://www.bing.com/ck/a?!&u=a1aHR0cHM6Ly9uZXdzLmV4YW1wbGUuY29tL3N0b3J5LzE",
        "https://out.reddit.com/t3_1?url=https%3A%2F%2Fnews.example.com%2Fstory%2F1&token=a",
        "https://r.search.yahoo.com/_ylt=A/RV=2/RU=https%3a%2f%2fnews.example.com%2fstory%2f1/RK=2/RS=a",
        "https://news.google.com/rss/articles/CBMiIGh0dHBzOi8vbmV3cy5leGFtcGxlLmNvbS9zdG9yeS8x0gEA?oc=5",
        "https://www.google.com/url?q=https://l.facebook.com/l.php?u=https%253A%252F%252Fnews.example.com%252Fstory%252F1",
    ] {
        same(wrapper, page);
    }
    different(
        "https://www.google.com/search?q=https://a.example/1",
        "https://a.example/1",
    );
    different(
        "https://google.example.com/url?q=https://a.example/1",
        "https://a.example/1",
    );
}

#[test]
fn large_sites_have_one_address_for_a_page() {
    same(
        "https://youtu.be/dQw4w9WgXcQ?t=3",
        "https://m.youtube.com/watch?list=x&v=dQw4w9WgXcQ",
    );
    different(
        "https://youtu.be/dQw4w9WgXcQ",
        "https://youtu.be/dQw4w9WgXcq",
    );
    same(
        "https://twitter.com/a/status/1?s=20",
        "https://x.com/i/web/status/1/photo/1",
    );
    same(
        "https://old.reddit.com/r/a/comments/1x/slug/",
        "https://redd.it/1x",
    );
    same(
        "https://de.m.wikipedia.org/wiki/A",
        "https://de.wikipedia.org/wiki/A",
    );
    same(
        "https://www.bbc.co.uk/news/amp/world-1",
        "https://www.bbc.com/news/world-1",
    );
    same(
        "https://a.blogspot.de/1.html?m=1",
        "https://a.blogspot.com/1.html",
    );
    same(
        "https://news.google.com/rss/articles/CBMxyz?oc=5",
        "https://news.google.com/read/CBMxyz?hl=en",
    );
    same(
        "https://www.golem.de/1810/137357-rss.html",
        "https://www.golem.de/1810/137357.html",
    );
    same("https://dx.doi.org/10.1/AbC", "https://doi.org/10.1/abc");
}

#[test]
fn what_is_no_web_address_stands_for_itself() {
    different("tag:example.com,2024:1", "tag:example.com,2024:2");
    different("urn:uuid:A", "urn:uuid:a");
    assert_eq!(address("not an address"), None);
    assert_eq!(key(" a b "), "a b");
}

#[test]
fn a_front_page_is_no_article() {
    let is_home = |text| address(text).expect("an address").is_home_page;
    assert!(is_home(
        "https://www.example.com/index.html?utm_source=rss#top"
    ));
    assert!(!is_home("https://example.com/?p=1"));
    assert!(!is_home("https://example.com/#!/1"));
}

#[test]
fn a_publisher_is_a_registrable_domain() {
    let of = |link: Option<&str>| {
        let link = link.and_then(|link| Link::read(link, &[]));
        publisher(link.as_ref(), None, "https://feeds.example.org/rss")
    };
    assert_eq!(of(Some("https://news.bbc.co.uk/1")), "bbc.co.uk");
    assert_eq!(of(Some("https://a.github.io/1")), "a.github.io");
    assert_eq!(of(Some("http://192.0.2.1/1")), "192.0.2.1");
    assert_eq!(of(None), "example.org");
    assert_eq!(
        of(Some("https://www.google.com/url?q=https://a.bbc.co.uk/")),
        "bbc.co.uk"
    );
}

#[test]
fn relative_addresses_are_resolved_against_the_first_base_that_can() {
    let bases = [
        "",
        "https://example.com/news/",
        "https://feeds.example.org/",
    ];
    let resolved = |text| Link::read(text, &bases).map(|link| link.text);
    assert_eq!(
        resolved("story/1").as_deref(),
        Some("https://example.com/news/story/1")
    );
    assert_eq!(resolved("mailto:a@example.com"), None);
    assert_eq!(resolved(" "), None);
}

proptest::proptest! {
    #[test]
    fn a_link_is_compared_as_its_text_is(text in "(https?://(www\\.google\\.com/url\\?q=)?example\\.com)?[a-zA-Z0-9/%.;#?&=+_é-]{0,30}") {
        if let Some(link) = Link::read(&text, &["https://example.com/a/"]) {
            proptest::prop_assert_eq!(link.address, address(&link.text));
        }
    }

    #[test]
    fn a_key_of_any_text_is_stable(text in "\\PC*") {
        proptest::prop_assert_eq!(key(&text), key(&text));
    }

    #[test]
    fn the_key_of_a_key_is_the_key(path in "[a-zA-Z0-9/%.;#?&=+_é-]{0,40}") {
        let once = key(&format!("https://example.com/{path}"));
        if let Some(again) = address(&format!("https://{once}")) {
            proptest::prop_assert_eq!(once, again.key);
        }
    }
}
