//! Large sites that show one page under several addresses of their own.

use super::Page;

/// Rewrites the page to the one address that stands for all.
pub(super) fn settle(page: &mut Page) {
    one_host(page);
    match page.host.as_str() {
        "youtube.com" | "youtu.be" | "youtube-nocookie.com" => youtube(page),
        "x.com" => post_of_x(page),
        "reddit.com" | "redd.it" => reddit(page),
        "news.google.com" => google_news(page),
        "bbc.com" => {
            // `/news/amp/world-1` is `/news/world-1`.
            page.segments.retain(|segment| segment != "amp");
        }
        "t.me" if page.segments.first().is_some_and(|first| first == "s") => {
            // The preview of a channel.
            page.segments.remove(0);
        }
        "doi.org" => {
            // DOIs do not distinguish case (ISO 26324).
            for segment in &mut page.segments {
                segment.make_ascii_lowercase();
            }
        }
        "open.substack.com" => substack(page),
        "golem.de" => {
            if let Some(last) = page.segments.last_mut()
                && let Some(name) = last.strip_suffix("-rss.html")
            {
                *last = format!("{name}.html");
            }
        }
        _ => {}
    }
}

/// Hosts with the same pages.
fn one_host(page: &mut Page) {
    const ALIASES: [(&str, &str); 12] = [
        ("twitter.com", "x.com"),
        ("bbc.co.uk", "bbc.com"),
        ("edition.cnn.com", "cnn.com"),
        ("us.cnn.com", "cnn.com"),
        ("old.reddit.com", "reddit.com"),
        ("new.reddit.com", "reddit.com"),
        ("np.reddit.com", "reddit.com"),
        ("i.reddit.com", "reddit.com"),
        ("dx.doi.org", "doi.org"),
        ("telegram.me", "t.me"),
        ("export.arxiv.org", "arxiv.org"),
        ("music.youtube.com", "youtube.com"),
    ];
    if let Some((_, host)) = ALIASES.iter().find(|(alias, _)| *alias == page.host) {
        page.host = (*host).to_owned();
        return;
    }
    let labels: Vec<&str> = page.host.split('.').collect();
    match labels.as_slice() {
        // Blogger sent readers to the domain of their country, and shows the same blog there.
        [blog, "blogspot", _, ..] => page.host = format!("{blog}.blogspot.com"),
        [
            language,
            "m",
            site @ ("wikipedia" | "wikinews" | "wiktionary" | "wikivoyage"),
            "org",
        ] => {
            page.host = format!("{language}.{site}.org");
        }
        _ => {}
    }
}

/// A video is its id, whichever player shows it.
fn youtube(page: &mut Page) {
    let segment = |index: usize| page.segments.get(index).map(String::as_str);
    let video = match (page.host.as_str(), segment(0)) {
        ("youtu.be", Some(video)) => Some(video),
        (_, Some("watch")) => page.parameter("v"),
        (_, Some("shorts" | "embed" | "live" | "v")) => segment(1),
        _ => None,
    };
    if let Some(video) = video.filter(|video| !video.is_empty()).map(str::to_owned) {
        page.host = "youtube.com".to_owned();
        page.segments = vec!["watch".to_owned()];
        page.query = vec![("v".to_owned(), video)];
    }
}

/// A post is its number; the account may be renamed, `i/web` stands for any.
fn post_of_x(page: &mut Page) {
    let mut segments = page
        .segments
        .iter()
        .skip_while(|segment| *segment != "status");
    if let Some(number) = segments.nth(1).filter(|number| is_number(number)) {
        page.segments = vec!["status".to_owned(), number.clone()];
        page.query.clear();
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A thread is its id; behind the slug a comment may follow, which is a page of its own.
fn reddit(page: &mut Page) {
    if page.host == "redd.it" {
        page.host = "reddit.com".to_owned();
        page.segments.insert(0, "comments".to_owned());
    }
    let at = page
        .segments
        .iter()
        .position(|segment| segment == "comments");
    let Some(at) = at.filter(|at| page.segments.len() > at + 1) else {
        return;
    };
    page.segments.drain(..at);
    if page.segments.len() == 3 {
        page.segments.truncate(2);
    }
}

/// `/rss/articles/X`, `/read/X` and `/articles/X`, in whichever language.
fn google_news(page: &mut Page) {
    let at = page
        .segments
        .iter()
        .position(|segment| segment == "articles" || segment == "read");
    if let Some(reference) = at.and_then(|at| page.segments.get(at + 1)).cloned() {
        page.segments = vec!["articles".to_owned(), reference];
    }
}

/// `open.substack.com/pub/NAME/p/SLUG` is `NAME.substack.com/p/SLUG`.
fn substack(page: &mut Page) {
    if let [publication, name, p, slug] = page.segments.as_slice()
        && publication == "pub"
        && p == "p"
    {
        page.host = format!("{name}.substack.com");
        page.segments = vec![p.clone(), slug.clone()];
    }
}
