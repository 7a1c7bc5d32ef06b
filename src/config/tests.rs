//! One watchlist per rule, each with its exact report.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use expect_test::expect_file;
use proptest::prelude::*;

use super::report::Colour;
use super::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/config")
}

fn places() -> Places {
    Places {
        config: "/etc/wirewatch".into(),
        state: Some("/var/lib/wirewatch".into()),
        credentials: None,
    }
}

/// What `check` says: the report, or what is left to say of a watchlist that is fine.
fn report(text: &str) -> String {
    match parse(text, "wirewatch.toml", &places()) {
        Ok(checked) if checked.warnings.findings().is_empty() => "fine\n".to_owned(),
        Ok(checked) => checked.warnings.render(Colour::Plain),
        Err(report) => report.render(Colour::Plain),
    }
}

#[test]
fn every_rule_has_its_report() {
    let mut files: Vec<_> = fs::read_dir(folder())
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    files.sort();
    assert!(files.len() >= 40, "only {} cases", files.len());
    for file in files {
        let text = fs::read_to_string(&file).expect("a watchlist in UTF-8");
        expect_file![file.with_extension("report")].assert_eq(&report(&text));
    }
}

#[test]
fn the_example_has_nothing_to_change_but_the_address() {
    assert_eq!(report(&with_my_address(EXAMPLE)), "fine\n");
    let checked = parse(EXAMPLE, "wirewatch.toml", &places()).expect("no problems");
    let [warning] = checked.warnings.findings() else {
        panic!("{:?}", checked.warnings.findings())
    };
    assert!(warning.message.starts_with("nobody reads `me@example.org`"));
}

#[test]
fn the_example_with_every_optional_key_set_has_no_problems() {
    let set = |line: &str| match line.strip_prefix('#') {
        Some(statement) if statement.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => {
            statement.to_owned()
        }
        _ => line.to_owned(),
    };
    let text: Vec<String> = EXAMPLE.lines().map(set).collect();
    assert_eq!(report(&with_my_address(&text.join("\n"))), "fine\n");
}

/// A watchlist whose addresses are no longer those of the example.
fn with_my_address(text: &str) -> String {
    text.replace("me@example.org", "me@news.example")
        .replace("reader@example.org", "reader@news.example")
}

#[test]
fn the_example_explains_every_key() {
    for section in keys::SECTIONS {
        for key in section.keys {
            let stands = |statement: String| EXAMPLE.contains(&statement);
            let table = section.title.starts_with('[')
                && stands(format!("{}.{key}]", section.title.trim_end_matches(']')));
            assert!(
                table || stands(format!("{key} = ")),
                "`{key}` of {} is not in the example",
                section.title
            );
        }
    }
}

#[test]
fn findings_have_a_place_for_editors() {
    let text = "[mail]\nto = [\"me@example.org\"]\n\n[[feed]]\nurl = \"https://example.org/\"\nname = \"é世\" \nevry = \"1h\"\n";
    let report = parse(text, "w.toml", &places()).expect_err("a key is misspelt");
    let json = serde_json::to_string_pretty(&report.to_json()).expect("JSON");
    expect_file![folder().join("for-editors.json")].assert_eq(&format!("{json}\n"));
}

#[test]
fn a_byte_order_mark_and_crlf_are_no_mistakes() {
    let text = fs::read_to_string(folder().join("smallest.toml")).expect("the smallest watchlist");
    assert_eq!(
        report(&format!("\u{feff}{}", text.replace('\n', "\r\n"))),
        "fine\n"
    );
}

#[test]
fn what_a_watchlist_says_is_what_the_rooms_get() {
    let checked = parse(EXAMPLE, "wirewatch.toml", &places()).expect("the example is fine");
    let config = checked.config;
    assert_eq!(
        config.store.path,
        Path::new("/var/lib/wirewatch/wirewatch.db")
    );
    assert_eq!(
        config.mail.transport,
        Transport::Folder("/var/lib/wirewatch/outbox".into())
    );
    assert_eq!(config.operator(), Some("me@example.org"));
    assert_eq!(
        config.mail.sender("news.example.net").address,
        "wirewatch@news.example.net"
    );
    assert_eq!(
        (
            config.feeds.len(),
            config.topics().len(),
            config.digests.len()
        ),
        (13, 4, 1)
    );
    assert_eq!(config.digests[0].to, ["me@example.org"]);
    assert!(config.topics()[3].high_priority);
    assert_eq!(config.topics()[3].rule.feeds, ["security"]);
}

#[test]
fn a_feed_listed_twice_is_one_feed_with_all_tags() {
    let text = fs::read_to_string(folder().join("feed-listed-twice.toml")).expect("the case");
    let config = parse(&text, "wirewatch.toml", &places())
        .expect("only a warning")
        .config;
    let [feed] = config.feeds.as_slice() else {
        panic!("{:?}", config.feeds)
    };
    assert_eq!(feed.feed.url, "https://example.org/feed.xml");
    assert_eq!(feed.feed.name.as_deref(), Some("Example"));
    assert_eq!(feed.feed.tags, ["world", "iraq", "Other"]);
}

#[test]
fn ten_thousand_feeds_and_topics_do_not_take_quadratic_time() {
    let time = |count: usize| {
        let mut text = String::from("[mail]\nto = [\"me@example.org\"]\n");
        for n in 0..count {
            let (feed, tag) = (format!("https://example.org/{n}"), n % 100);
            text.push_str(&format!(
                "[[feed]]\nurl = \"{feed}\"\nname = \"f{n}\"\ntags = [\"a\", \"b{tag}\"]\n"
            ));
            text.push_str(&format!(
                "[[topic]]\nname = \"t{n}\"\nany = [\"term{n}\"]\nfeeds = [\"f{n}\", \"a\"]\n"
            ));
        }
        let start = Instant::now();
        let config = parse(&text, "w.toml", &places()).expect("fine").config;
        assert_eq!((config.feeds.len(), config.topics().len()), (count, count));
        start.elapsed()
    };
    let (small, large) = (time(1_000), time(10_000));
    // Ten times as much takes about ten times as long; a square would be a hundred times, however busy the machine.
    assert!(large < small * 45, "{small:?}, then {large:?}");
}

/// A place of the example, and what an unsteady hand might put there in place of some characters.
fn slips() -> impl Strategy<Value = (usize, usize, String)> {
    let odd = prop_oneof![
        Just(String::new()),
        "[\\[\\]{}\"'=#.,\\n\\\\]{1,3}",
        "\\PC{1,4}",
        "(\\[\\[topic\\]\\]|\"\"\"|'''|\\r\\n|\u{feff}|\u{0301}|\u{202e})",
    ];
    (0..EXAMPLE.chars().count(), 0..40usize, odd)
}

fn with_slip(text: &str, (at, length, odd): &(usize, usize, String)) -> String {
    let before = text.chars().take(*at);
    let after = text.chars().skip(at + length);
    before.chain(odd.chars()).chain(after).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_slip_anywhere_is_reported_inside_the_text(slips in prop::collection::vec(slips(), 1..4)) {
        let text = slips.iter().fold(EXAMPLE.to_owned(), |text, slip| with_slip(&text, slip));
        let report = match parse(&text, "w.toml", &places()) {
            Ok(checked) => checked.warnings,
            Err(report) => report,
        };
        for finding in report.findings() {
            let span = finding.span.clone().unwrap_or_default();
            prop_assert!(text.get(span).is_some(), "{finding:?}");
        }
        let count = report.findings().len();
        prop_assert!(count <= 60, "one slip gave {count} findings");
        report.render(Colour::Ansi);
        report.to_json();
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,40}(\\n\\PC{0,40}){0,6}") {
        if let Err(report) = parse(&text, "w.toml", &places()) {
            report.render(Colour::Plain);
        }
    }
}
