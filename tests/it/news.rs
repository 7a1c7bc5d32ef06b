//! What is told, and what is not: first polls, sightings, edits of feeds and of topics.

use crate::http_server::{Reply, Server};
use crate::wirewatch::Home;

/// An item: its number, title and summary.
type Item<'a> = (u32, &'a str, &'a str);

fn feed(items: &[Item<'_>]) -> String {
    let items: String = items
        .iter()
        .map(|(number, title, summary)| {
            format!(
                "<item><title>{title}</title><link>https://source.example/{number}</link><guid>g{number}</guid>\
                 <description>{summary}</description><pubDate>Mon, 23 Nov 2026 06:{number:02}:00 GMT</pubDate></item>"
            )
        })
        .collect();
    format!(
        "<rss version=\"2.0\"><channel><title>Feed</title><link>https://source.example/</link>{items}</channel></rss>"
    )
}

const ANCHOR: Item<'_> = (1, "Weather", "Rain in the evening over most of the country");
const MOSUL: Item<'_> = (2, "Troops enter Mosul", "They came from the east at dawn");

fn watchlist(feeds: &[&str], topics: &str) -> String {
    let feeds: String = feeds
        .iter()
        .map(|feed| format!("[[feed]]\n{feed}\n"))
        .collect();
    format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[poll]\nallow_private = [\"127.0.0.0/8\"]\n{feeds}{topics}"
    )
}

const TOPIC: &str = "[[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n";

fn pending(home: &Home) -> i64 {
    home.count("SELECT COUNT(*) FROM pending")
}

#[test]
fn a_first_poll_is_stored_and_matched_but_not_told() {
    let server = Server::start();
    server.on("/a", Reply::ok(feed(&[MOSUL, ANCHOR])));
    let home = Home::new(&watchlist(
        &[&format!("url = {:?}", server.url("/a"))],
        TOPIC,
    ));
    home.done(&["poll", "--now", "2026-11-23T07:00:00Z"]);
    assert_eq!(home.count("SELECT COUNT(*) FROM item"), 2);
    assert_eq!(home.count("SELECT COUNT(*) FROM match"), 1);
    assert_eq!(pending(&home), 0);
}

#[test]
fn backfill_tells_what_is_young_enough() {
    let server = Server::start();
    server.on("/a", Reply::ok(feed(&[MOSUL, ANCHOR])));
    for (backfill, told) in [("1h", 1), ("10m", 0), ("all", 1)] {
        let feed = format!("url = {:?}\nbackfill = {backfill:?}", server.url("/a"));
        let home = Home::new(&watchlist(&[&feed], TOPIC));
        home.done(&["poll", "--now", "2026-11-23T07:00:00Z"]);
        assert_eq!(pending(&home), told, "{backfill}");
    }
}

#[test]
fn what_comes_after_the_first_poll_is_told_once() {
    let server = Server::start();
    server.script(
        "/a",
        [
            Reply::ok(feed(&[ANCHOR])),
            Reply::ok(feed(&[MOSUL, ANCHOR])),
        ],
    );
    let home = Home::new(&watchlist(
        &[&format!("url = {:?}", server.url("/a"))],
        TOPIC,
    ));
    for hour in 7..12 {
        home.done(&[
            "poll",
            "--force",
            "--now",
            &format!("2026-11-23T{hour:02}:00:00Z"),
        ]);
    }
    assert_eq!(pending(&home), 1);
    home.done(&[
        "digest",
        "--send",
        "wirewatch",
        "--now",
        "2026-11-23T12:00:00Z",
    ]);
    assert_eq!(pending(&home), 0);
    home.done(&["poll", "--force", "--now", "2026-11-23T13:00:00Z"]);
    assert_eq!(pending(&home), 0);
    assert_eq!(home.count("SELECT COUNT(*) FROM told"), 1);
}

#[test]
fn what_a_first_poll_showed_is_news_when_another_feed_shows_it_as_new() {
    let server = Server::start();
    server.script(
        "/a",
        [
            Reply::ok(feed(&[ANCHOR])),
            Reply::ok(feed(&[MOSUL, ANCHOR])),
        ],
    );
    server.on("/b", Reply::ok(feed(&[MOSUL])));
    let (a, b) = (
        format!("url = {:?}", server.url("/a")),
        format!("url = {:?}", server.url("/b")),
    );
    let home = Home::new(&watchlist(&[&a], TOPIC));
    home.done(&["poll", "--now", "2026-11-23T07:00:00Z"]);
    // The second feed is new: what its first poll shows is no news there.
    home.edit(&watchlist(&[&a, &b], TOPIC));
    home.done(&[
        "poll",
        "--force",
        "--feed",
        &server.url("/b"),
        "--now",
        "2026-11-23T08:00:00Z",
    ]);
    assert_eq!(pending(&home), 0);
    home.done(&[
        "poll",
        "--force",
        "--feed",
        &server.url("/a"),
        "--now",
        "2026-11-23T09:00:00Z",
    ]);
    assert_eq!(home.count("SELECT COUNT(*) FROM item"), 2);
    assert_eq!(pending(&home), 1);
}

#[test]
fn a_topic_limited_to_the_source_gets_what_an_aggregator_showed_first() {
    let server = Server::start();
    server.script(
        "/hub",
        [
            Reply::ok(feed(&[ANCHOR])),
            Reply::ok(feed(&[MOSUL, ANCHOR])),
        ],
    );
    server.script(
        "/source",
        [
            Reply::ok(feed(&[ANCHOR])),
            Reply::ok(feed(&[ANCHOR])),
            Reply::ok(feed(&[MOSUL, ANCHOR])),
        ],
    );
    let hub = format!("url = {:?}\nname = \"Hub\"", server.url("/hub"));
    let source = format!("url = {:?}\nname = \"Source\"", server.url("/source"));
    let home = Home::new(&watchlist(
        &[&hub, &source],
        "[[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\nfeeds = [\"Source\"]\n",
    ));
    for hour in 7..9 {
        home.done(&[
            "poll",
            "--force",
            "--now",
            &format!("2026-11-23T{hour:02}:00:00Z"),
        ]);
        assert_eq!(pending(&home), 0);
    }
    home.done(&["poll", "--force", "--now", "2026-11-23T09:00:00Z"]);
    assert_eq!(pending(&home), 1);
    assert_eq!(home.count("SELECT COUNT(*) FROM item"), 2);
}

#[test]
fn an_edit_is_told_only_to_a_topic_that_did_not_match_before() {
    let server = Server::start();
    let edited: Item<'_> = (
        2,
        "Troops enter Mosul and Raqqa",
        "They came from the east at dawn",
    );
    server.script(
        "/a",
        [
            Reply::ok(feed(&[ANCHOR])),
            Reply::ok(feed(&[MOSUL, ANCHOR])),
            Reply::ok(feed(&[edited, ANCHOR])),
        ],
    );
    let topics = format!("{TOPIC}[[topic]]\nname = \"Raqqa\"\nany = [\"Raqqa\"]\n");
    let home = Home::new(&watchlist(
        &[&format!("url = {:?}", server.url("/a"))],
        &topics,
    ));
    for hour in 7..10 {
        home.done(&[
            "poll",
            "--force",
            "--now",
            &format!("2026-11-23T{hour:02}:00:00Z"),
        ]);
    }
    assert_eq!(home.count("SELECT COUNT(*) FROM item"), 2);
    assert_eq!(
        home.count(
            "SELECT COUNT(*) FROM match JOIN topic ON topic.id = match.topic WHERE name = 'Raqqa'"
        ),
        1
    );
    assert_eq!(pending(&home), 2, "one for each topic, one item");
    home.done(&[
        "digest",
        "wirewatch",
        "--send",
        "--now",
        "2026-11-23T10:00:00Z",
    ]);
    assert_eq!(
        home.count("SELECT COUNT(*) FROM told"),
        1,
        "an item is told once"
    );
    assert_eq!(pending(&home), 0);
}

#[test]
fn a_pending_match_that_an_edited_topic_no_longer_makes_is_dropped() {
    let server = Server::start();
    server.script(
        "/a",
        [
            Reply::ok(feed(&[ANCHOR])),
            Reply::ok(feed(&[MOSUL, ANCHOR])),
        ],
    );
    let feed = format!("url = {:?}", server.url("/a"));
    let home = Home::new(&watchlist(&[&feed], TOPIC));
    for hour in 7..9 {
        home.done(&[
            "poll",
            "--force",
            "--now",
            &format!("2026-11-23T{hour:02}:00:00Z"),
        ]);
    }
    assert_eq!(pending(&home), 1);
    home.edit(&watchlist(
        &[&feed],
        "[[topic]]\nname = \"Mosul\"\nany = [\"Mosul Dam\"]\n",
    ));
    let preview = home.done(&["digest", "--now", "2026-11-23T09:00:00Z"]);
    assert!(
        !preview.stdout.contains("Troops enter Mosul"),
        "{preview:#?}"
    );
}

#[test]
fn a_new_topic_applies_to_what_is_first_seen_after_it() {
    let server = Server::start();
    server.script(
        "/a",
        [
            Reply::ok(feed(&[ANCHOR])),
            Reply::ok(feed(&[MOSUL, ANCHOR])),
        ],
    );
    let feed = format!("url = {:?}", server.url("/a"));
    let home = Home::new(&watchlist(
        &[&feed],
        "[[topic]]\nname = \"Raqqa\"\nany = [\"Raqqa\"]\n",
    ));
    for hour in 7..9 {
        home.done(&[
            "poll",
            "--force",
            "--now",
            &format!("2026-11-23T{hour:02}:00:00Z"),
        ]);
    }
    home.edit(&watchlist(&[&feed], TOPIC));
    home.done(&["poll", "--force", "--now", "2026-11-23T10:00:00Z"]);
    assert_eq!(pending(&home), 0);
    let since = home.done(&["digest", "--since", "1d", "--now", "2026-11-23T11:00:00Z"]);
    assert!(since.stdout.contains("Troops enter Mosul"), "{since:#?}");
}

#[test]
fn a_language_that_no_feed_declares_is_found_out_where_a_topic_asks_for_it() {
    const GERMAN: Item<'_> = (
        3,
        "Lufthansa streicht Flüge",
        "Wegen des Streiks der Piloten hat die Lufthansa am Dienstag alle Flüge von Frankfurt und München gestrichen, \
         wie das Unternehmen mitteilte. Die Reisenden müssen auf die Bahn ausweichen.",
    );
    const ENGLISH: Item<'_> = (
        4,
        "Lufthansa cancels flights",
        "The airline has cancelled all flights from Frankfurt and Munich on Tuesday because of the strike of its pilots, \
         the company said. Passengers are asked to travel by train instead.",
    );
    const SHORT: Item<'_> = (5, "Lufthansa", "Aktie");
    let server = Server::start();
    server.on("/a", Reply::ok(feed(&[GERMAN, ENGLISH, SHORT, ANCHOR])));
    let topic = "[[topic]]\nname = \"Lufthansa\"\nany = [\"Lufthansa\"]\nlanguages = [\"de\"]\n";
    let home = Home::new(&watchlist(
        &[&format!("url = {:?}", server.url("/a"))],
        topic,
    ));
    home.done(&["poll", "--now", "2026-11-23T07:00:00Z"]);
    let matched = |lang: &str| {
        home.count(&format!(
            "SELECT COUNT(*) FROM match JOIN item ON item.id = match.item
             WHERE match.lang IS {lang} AND item.lang IS {lang}"
        ))
    };
    assert_eq!(matched("'de'"), 1);
    assert_eq!(matched("NULL"), 1, "of an unknown one nothing is lost");
    assert_eq!(home.count("SELECT COUNT(*) FROM match"), 2);
    assert_eq!(home.count("SELECT COUNT(*) FROM item"), 4);
}

#[test]
fn an_undated_feed_that_never_comes_whole_is_told_from_its_third_document_on() {
    let server = Server::start();
    let torn = |items: &[Item<'_>]| {
        let text = feed(items).replace("pubDate", "undated");
        let cut = text.len();
        Reply::ok(text + "<!-- the rest -->").truncated_at(cut)
    };
    server.script(
        "/a",
        [
            torn(&[ANCHOR]),
            torn(&[MOSUL, ANCHOR]),
            torn(&[
                (3, "Mosul rebuilds its bridges", "Five of them"),
                MOSUL,
                ANCHOR,
            ]),
        ],
    );
    let home = Home::new(&watchlist(
        &[&format!("url = {:?}", server.url("/a"))],
        TOPIC,
    ));
    for (hour, matched, waiting) in [(7, 0, 0), (9, 1, 0), (11, 2, 1)] {
        home.run(&["poll", "--now", &format!("2026-11-23T{hour:02}:00:00Z")]);
        assert_eq!(home.count("SELECT COUNT(*) FROM match"), matched, "{hour}");
        assert_eq!(pending(&home), waiting, "{hour}");
    }
}
