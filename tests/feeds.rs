//! What is read from whole documents, by the files in `tests/data/feeds`.
//!
//! `UPDATE_EXPECT=1 cargo test --test feeds` rewrites what is expected of the cases.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use expect_test::expect_file;
use proptest::prelude::*;

use wirewatch::feed::{Context, FeedDocument, read};

#[path = "bench/processor.rs"]
mod processor;

use processor::processor;

fn data(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/feeds")
        .join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the test data is part of the repository")
        .map(|entry| entry.expect("readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension != "txt"))
        .collect();
    files.sort();
    files
}

fn context<'a>() -> Context<'a> {
    Context {
        url: "https://feed.example/dir/feed.xml",
        content_type: Some("text/xml; charset=koi8-r"),
    }
}

/// A document, a line for each thing it says.
fn shown(document: &FeedDocument) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            writeln!(text, "{name}: {value}").expect("a string takes everything");
        }
    };
    let some = |value: &Option<String>| value.clone().unwrap_or_default();
    line("feed", &some(&document.title));
    line("link", &some(&document.link));
    line("self", &some(&document.self_link));
    line("lang", &some(&document.lang));
    line(
        "ttl",
        &document
            .ttl
            .map(|ttl| format!("{ttl:#}"))
            .unwrap_or_default(),
    );
    if document.skip_hours != 0 || document.skip_days != 0 {
        line(
            "skip",
            &format!(
                "hours {:b}, days {:b}",
                document.skip_hours, document.skip_days
            ),
        );
    }
    for entry in &document.entries {
        line("entry", entry.guid.as_deref().unwrap_or("-"));
        line(
            "  permalink",
            &entry.permalink.map(|is| is.to_string()).unwrap_or_default(),
        );
        line("  title", &some(&entry.title));
        line("  link", &some(&entry.link));
        line("  summary", &some(&entry.summary));
        line("  content", &some(&entry.content));
        line(
            "  published",
            &entry
                .published
                .map(|date| date.to_string())
                .unwrap_or_default(),
        );
        line(
            "  updated",
            &entry
                .updated
                .map(|date| date.to_string())
                .unwrap_or_default(),
        );
        line("  authors", &entry.authors.join(" | "));
        line("  categories", &entry.categories.join(" | "));
        line("  lang", &some(&entry.lang));
        line("  enclosures", &entry.enclosures.join(" | "));
        line("  comments", &some(&entry.comments));
        if let Some(source) = &entry.source {
            line(
                "  source",
                &format!("{} {}", some(&source.title), some(&source.url)),
            );
        }
    }
    for oddity in &document.oddities {
        line(
            "oddity",
            &format!("{} ({}): {}", oddity.what, oddity.place, oddity.done),
        );
    }
    line("torn", &some(&document.torn));
    // The snapshots are kept with line feeds only.
    text.replace('\r', "")
}

#[test]
fn every_case_is_read_as_expected() {
    for file in data("cases") {
        let bytes = fs::read(&file).expect("a readable case");
        let got = match read(&bytes, &context()) {
            Ok(document) => shown(&document),
            Err(error) => format!("{error}\n"),
        };
        expect_file![file.with_extension("txt")].assert_eq(&got);
    }
}

#[test]
fn every_capture_is_read_whole() {
    let expected = [
        ("github-commits.xml", 20, 0),
        ("golem.xml", 40, 0),
        ("google-alerts.xml", 20, 0),
        ("hacker-news.xml", 30, 0),
        ("ibash.xml", 50, 0),
        ("inessential.json", 20, 0),
        ("orenburg.xml", 10, 0),
        ("science.xml", 69, 0),
        ("slickdeals.xml", 79, 0),
        ("transfermarkt.xml", 10, 0),
        ("varthabharathi.xml", 15, 0),
        ("youtube.xml", 15, 0),
    ];
    let files = data("captures");
    assert_eq!(files.len(), expected.len());
    for (file, (name, entries, oddities)) in files.iter().zip(expected) {
        assert!(file.ends_with(name), "{file:?}");
        let document = read(
            &fs::read(file).expect("a readable capture"),
            &Context::default(),
        )
        .expect(name);
        assert_eq!(
            (document.entries.len(), document.oddities.len()),
            (entries, oddities),
            "{name}"
        );
        assert!(
            document
                .entries
                .iter()
                .all(|entry| entry.published.or(entry.updated).is_some()),
            "{name}"
        );
    }
}

#[test]
fn what_is_no_feed_is_named() {
    for (bytes, what) in [
        (&b""[..], "an empty body"),
        (b"  \n", "an empty body"),
        (b"hello", "plain text"),
        (b"\x1f\x8b\x08\0", "data compressed with gzip"),
        (b"<!DOCTYPE html><html><title>News</title>", "an HTML page"),
        (
            b"<html><title>Just a moment...</title>",
            "a page that asks for proof of a person",
        ),
        (b"{\"name\": \"x\"}", "a JSON document"),
        (
            b"<opml version='1.0'><body/></opml>",
            "an OPML list of feeds",
        ),
        (
            b"<html><script>x = '<rss version=2>';</script></html>",
            "an HTML page",
        ),
        (
            b"<catalog><book/></catalog>",
            "an XML document of `catalog`",
        ),
    ] {
        assert_eq!(read(bytes, &Context::default()).expect_err(what).what, what);
    }
}

/// Pieces that parsers of feeds trip over, in any order: nothing may come of them but a document or a refusal.
const PIECES: [&str; 24] = [
    "<rss version='2.0'>",
    "<channel>",
    "</channel>",
    "<item>",
    "</item>",
    "<title>",
    "</title>",
    "<entry>",
    "</entry>",
    "<feed>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?",
    "&",
    "&#150;",
    "&lol;",
    "<a b='",
    "\u{201C}foo@bar.com\u{201D}",
    "<author>",
    "</author>",
    "{\"items\":[",
    "<media:content url='x'>",
];

proptest! {
    #[test]
    fn no_document_is_too_broken_to_be_answered(order in proptest::collection::vec(0..PIECES.len(), 0..40)) {
        let document: String = order.into_iter().map(|piece| PIECES[piece]).collect();
        if let Ok(document) = read(document.as_bytes(), &context()) {
            prop_assert!(document.entries.len() <= 40);
        }
    }
}

#[test]
fn depth_and_floods_cost_neither_stack_nor_time() {
    let items = "<item><title>x</title><link>https://a.example/</link></item>";
    let floods = [
        format!(
            "<rss version='2.0'><channel>{}{items}",
            "<media:group>".repeat(100_000)
        ),
        format!(
            "<rss version='2.0'><channel><item><description>{}</description></item>",
            "<div>".repeat(100_000)
        ),
        format!(
            "<rss version='2.0'><channel>{}",
            "<item><title>".repeat(50_000)
        ),
        format!(
            "<rss version='2.0'><channel><item>{}",
            "<title><![CDATA[</title>".repeat(50_000)
        ),
        format!(
            "<rss version='2.0'><channel><item>{}",
            "<a><!--</a>".repeat(50_000)
        ),
        format!(
            "<rss version='2.0'><channel><item><title>{}",
            "&".repeat(500_000)
        ),
        format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'>{}",
            "<entry><title x=\"<".repeat(50_000)
        ),
        format!("<rss version='2.0'><channel>{}", "<?x".repeat(200_000)),
        format!(
            "<rss version='2.0'><channel><item>{}-->",
            "<!-- <item>".repeat(50_000)
        ),
        format!(
            "<rss version='2.0'><channel><item><link>https://a.example/1</link>{}</item></channel></rss>",
            (0..200_000)
                .map(|number| format!("<category>{number}</category>"))
                .collect::<String>()
        ),
        format!(
            "<rss version='2.0'><channel><cloud{}/></channel></rss>",
            (0..200_000)
                .map(|number| format!(" a{number}=''"))
                .collect::<String>()
        ),
        format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'><entry><author>{}</author></entry></feed>",
            "<name>x</name>".repeat(200_000)
        ),
        format!("{{\"items\":[{}", "{},".repeat(500_000)),
        "[".repeat(200_000),
        format!("{{\"items\":{}", "[".repeat(200_000)),
    ];
    for flood in floods {
        // A busy machine does not count: the floods take minutes where a cost is quadratic.
        let started = processor();
        let _ = read(flood.as_bytes(), &Context::default());
        let head: String = flood.chars().take(60).collect();
        let taken = processor() - started;
        assert!(taken < Duration::from_secs(20), "{head} took {taken:?}");
    }
}

#[test]
fn of_a_feed_with_more_items_than_any_has_the_first_are_read() {
    const MOST: usize = 50_000;
    let items = |one: &dyn Fn(usize) -> String| (0..=MOST).map(one).collect::<String>();
    let plain =
        items(&|n| format!("<item><link>https://a.example/{n}</link><title>{n}</title></item>"));
    let mended = items(&|n| format!("<item><title>{n} & more</title></item>"));
    let json = items(&|n| format!("{{\"id\":{n},\"content_text\":\"x\"}},"));
    for document in [
        format!("<rss version='2.0'><channel>{plain}</channel></rss>"),
        format!("<rss version='2.0'><channel>{mended}</channel></rss>"),
        format!("{{\"items\":[{}]}}", json.trim_end_matches(',')),
    ] {
        let read = read(document.as_bytes(), &Context::default()).expect("a feed");
        let head: String = document.chars().take(60).collect();
        assert_eq!(read.entries.len(), MOST, "{head}");
        let said = read.oddities.iter().any(|odd| odd.what == "too many items");
        assert!(said, "{head}: {:?}", read.oddities);
    }
}

#[test]
fn json_that_would_take_gigabytes_is_no_feed() {
    let bomb = format!(
        "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{}]}}",
        vec!["{\"a\":1}"; 400_000].join(",")
    );
    let refused = read(bomb.as_bytes(), &Context::default()).expect_err("refused");
    assert_eq!(
        refused.what,
        "a JSON document of more parts than a feed has"
    );
}
