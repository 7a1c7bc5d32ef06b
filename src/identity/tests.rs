use super::edit::without_counter;
use super::*;
use crate::model::FeedId;

fn viewpoint() -> Viewpoint {
    Viewpoint {
        secret: [7; 16],
        feed: FeedId(1),
        feed_url: "https://feeds.example.com/rss".to_owned(),
        channel_link: Some("https://www.example.com/".to_owned()),
        fragment_counts: false,
    }
}

fn entry(guid: &str, link: &str) -> Entry {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Entry {
        guid: text(guid),
        link: text(link),
        title: Some("Peshmerga enter Mosul".to_owned()),
        summary: Some("Kurdish forces have entered the east of the city.".to_owned()),
        published: Some("2026-03-03T12:00:30Z".parse().expect("a date")),
        ..Entry::default()
    }
}

fn keys_of(entry: Entry) -> Keys {
    keys_at(entry, &viewpoint())
}

fn keys_at(entry: Entry, viewpoint: &Viewpoint) -> Keys {
    let document = FeedDocument {
        entries: vec![entry],
        ..FeedDocument::default()
    };
    let now = "2026-03-03T13:00:00Z".parse().expect("a time");
    let mut pass = Pass::read(&document, viewpoint, &HashMap::new(), now);
    let text = pass.candidates.remove(0).text;
    text.expect("an entry not seen before has a text").keys
}

/// Other keys than these in a stored database mean that an upgrade announces old news: raise `RULES` with them.
#[test]
fn the_keys_of_a_fixture_are_those_of_rules_2() {
    let keys = keys_of(entry(
        "bare-1",
        "https://www.example.com/story/1?utm_source=rss",
    ));
    assert_eq!(RULES, 2);
    expect_test::expect![[r#"
        Keys {
            guid: [
                6503941362032352969,
                -7882092566314972792,
            ],
            link: Some(
                6503636557689090768,
            ),
            title_and_date: [
                6503993024467226499,
                -7881416677472916886,
            ],
            text: Some(
                -7882184366548173191,
            ),
        }
    "#]]
    .assert_debug_eq(&keys);
}

#[test]
fn the_keys_of_a_feed_stand_on_few_shelves() {
    let shelves: HashSet<i64> = (0..200)
        .flat_map(|number| {
            let entry = entry(
                &format!("bare-{number}"),
                &format!("https://www.example.com/story/{number}"),
            );
            let keys = keys_of(entry);
            keys.lasting().chain(keys.text).collect::<Vec<_>>()
        })
        .map(|key| key >> 50)
        .collect();
    // The feed's and the publisher's, which is also the site's.
    assert_eq!(shelves.len(), 2);
    let shelf = |guid| keys_of(entry(guid, "")).guid[0] >> 50;
    assert_eq!(
        shelf("tag:example.com,2026:post-1"),
        shelf("tag:example.com,2026:post-2")
    );
    assert_ne!(
        shelf("tag:example.com,2026:post-1"),
        shelf("tag:example.net,2026:post-1")
    );
}

#[test]
fn a_guid_that_is_an_address_is_the_same_name_as_a_link() {
    let keys = keys_of(entry(
        "http://example.com/story/1/",
        "https://www.example.com/story/1?utm_source=rss",
    ));
    assert_eq!(keys.guid, keys.link.as_slice());
}

#[test]
fn a_guid_stands_in_for_a_link_unless_it_is_said_to_be_no_address() {
    let named = entry("https://example.com/?p=1", "");
    assert!(keys_of(named.clone()).link.is_some());
    let denied = Entry {
        permalink: Some(false),
        ..named
    };
    assert_eq!(keys_of(denied).link, None);
}

#[test]
fn a_uri_names_everywhere_and_a_bare_string_at_its_publisher_and_feed() {
    assert_eq!(keys_of(entry("tag:example.com,2026:1", "")).guid.len(), 1);
    assert_eq!(keys_of(entry("urn:uuid:1f0c", "")).guid.len(), 1);
    let bare = |feed| {
        let viewpoint = Viewpoint {
            feed: FeedId(feed),
            ..viewpoint()
        };
        keys_at(entry("t3_abc", "https://example.com/1"), &viewpoint).guid
    };
    assert_eq!(bare(1)[0], bare(2)[0], "one publisher");
    assert_ne!(bare(1)[1], bare(2)[1], "two feeds");
    assert_eq!(keys_of(entry("Note: a title", "")).guid.len(), 2);
}

#[test]
fn placeholders_and_front_pages_name_nothing() {
    for guid in ["", " ", "0", "N/A", "null", "https://www.example.com/"] {
        assert!(keys_of(entry(guid, "")).guid.is_empty(), "`{guid}`");
    }
    assert_eq!(keys_of(entry("", "https://example.com/#top")).link, None);
}

#[test]
fn a_key_depends_on_the_secret() {
    let other = Viewpoint {
        secret: [8; 16],
        ..viewpoint()
    };
    let entry = entry("", "https://example.com/1");
    assert_ne!(keys_of(entry.clone()).link, keys_at(entry, &other).link);
}

#[test]
fn stored_names_give_the_keys_that_the_entry_gave() {
    let entry = entry("bare-1", "https://www.example.com/story/1");
    let stored = Keys::of_item(
        entry.guid.as_deref(),
        entry.link.as_deref(),
        entry.published,
        &show(&entry),
        &viewpoint(),
    );
    assert_eq!(stored, keys_of(entry));
}

#[test]
fn counters_at_the_end_are_no_text() {
    for (text, kept) in [
        ("a storm (12)", "a storm"),
        ("a storm [1,204 comments]", "a storm"),
        ("a storm. comments: 12", "a storm."),
        ("a storm - 12 comments", "a storm -"),
        ("a storm 5 minutes ago", "a storm"),
        ("a storm. views: 1204 (3 replies)", "a storm."),
        ("windows 11", "windows 11"),
        ("death toll hits 12", "death toll hits 12"),
        ("a storm (again)", "a storm (again)"),
        ("", ""),
    ] {
        let without = without_counter(text).trim_end_matches([' ', '-']);
        assert_eq!(without, kept.trim_end_matches([' ', '-']), "`{text}`");
    }
}

#[test]
fn shared_words_go_from_none_to_all() {
    assert_eq!(shared_words("a b c", "c b a"), 1.0);
    assert_eq!(shared_words("a b", "c d"), 0.0);
    assert_eq!(shared_words("a b c d", "a b"), 2.0 / 3.0);
    assert_eq!(shared_words("", ""), 1.0);
    assert!(shared_words("東京で地震", "東京で大きな地震") > 0.5);
}

#[test]
fn another_headline_or_much_more_text_is_significant() {
    let shown = |title: &str, summary: &str| Shown {
        title: title.to_owned(),
        summary: summary.to_owned(),
        ..Shown::default()
    };
    let before = shown("Kurdish forces enter the city of Mosul", "Short.");
    assert!(!is_significant(
        &before,
        &shown("Kurdish forces enter city of Mosul", "Shorter.")
    ));
    assert!(is_significant(
        &before,
        &shown("Iraq declares victory", "Short.")
    ));
    assert!(is_significant(
        &before,
        &shown(&before.title, &"long ".repeat(20))
    ));
}

proptest::proptest! {
    #[test]
    fn a_counter_is_cut_from_any_text_once(text in "\\PC{0,40}") {
        let once = without_counter(&text);
        proptest::prop_assert!(text.starts_with(once));
    }
}
