//! Feeds that a server wants to be left alone: nobody is sent there, nothing is held against those who wait for another's
//! sake, and a person hears of it in time.
//!
//! The server is the proxy of the watchlist, so that its feeds have domains.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::http_server::{Reply, Request, Server};
use crate::wirewatch::{Home, Ran};

const LOUD: &str = "http://loud.example.org/feed";
const QUIET: &str = "http://quiet.example.org/feed";
const OTHER: &str = "http://other.example.com/feed";

fn watchlist(server: &Server, feeds: &[(&str, &str)]) -> String {
    let feeds: String = feeds
        .iter()
        .map(|(name, url)| format!("[[feed]]\nname = {name:?}\nurl = {url:?}\n"))
        .collect();
    format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[poll]\nfastest = \"1h\"\nslowest = \"1h\"\nproxy = {:?}\n{feeds}\
         [[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n",
        format!("http://{}", server.address())
    )
}

fn document() -> Reply {
    Reply::ok(
        "<rss version=\"2.0\"><channel><title>F</title><item><title>Story</title>\
         <link>https://outlet.example/1</link></item></channel></rss>",
    )
}

/// A server of these three feeds that all can be read, and a home that has read them on Monday 23 November at noon.
fn read_once() -> (Server, Home) {
    let server = Server::start();
    for url in [LOUD, QUIET, OTHER] {
        server.on(url, document());
    }
    let feeds = [("Loud", LOUD), ("Quiet", QUIET), ("Other", OTHER)];
    let home = Home::new(&watchlist(&server, &feeds));
    home.done(&["poll", "--now", "2026-11-23T12:00:00Z"]);
    (server, home)
}

fn refuse(server: &Server, seconds: u32) {
    let too_many = Reply::status(429).header("Retry-After", seconds.to_string());
    server.on(LOUD, too_many);
}

fn poll(home: &Home, now: &str) -> Ran {
    home.run(&["poll", "--now", now])
}

fn poll_one(home: &Home, name: &str, now: &str) -> Ran {
    home.run(&["poll", "--force", "--feed", name, "--now", now])
}

/// How a feed does, in one line.
fn listed(home: &Home, name: &str, now: &str) -> String {
    let ran = home.done(&["feeds", "list", "--feed", name, "--now", now]);
    ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The messages that went out, oldest first, as one line of words each.
fn mails(home: &Home) -> Vec<String> {
    let files = home.files("outbox");
    let mails = files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "eml"))
        .map(|file| fs::read_to_string(file).expect("a message"));
    mails
        .map(|mail| mail.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// How many of the messages say this.
fn said(home: &Home, words: &str) -> usize {
    mails(home)
        .iter()
        .filter(|mail| mail.contains(words))
        .count()
}

const LOUD_IS_HELD: &str = "Loud: HTTP 429 (too many requests) since Monday 23 November 14:00, 1 attempt; not asked before \
                            Monday 30 November 14:00.";
const QUIET_IS_HELD: &str = "Quiet: example.org answered `Loud` with HTTP 429 (too many requests); not asked since Monday 23 \
                             November 15:00, nor before Monday 30 November 14:00.";

/// A week's hold from Monday 14:00 on, by a server that was asked by this clock.
fn held_for_a_week() -> (Server, Home) {
    let (server, home) = read_once();
    home.done(&[
        "digest",
        "wirewatch",
        "--send",
        "--now",
        "2026-11-23T12:30:00Z",
    ]);
    refuse(&server, 30 * 24 * 3600);
    poll_one(&home, "Loud", "2026-11-23T14:00:00Z");
    poll(&home, "2026-11-23T15:00:00Z");
    (server, home)
}

/// The same moments, to the minute: the clock runs on while a command works.
fn to_the_minute(home: &Home) {
    let minute = "UPDATE feed SET next_at = next_at - next_at % 60, hold_until = hold_until - hold_until % 60, \
                  failing_since = failing_since - failing_since % 60";
    home.database().execute(minute, ()).expect("written");
}

#[test]
fn a_held_feed_and_its_neighbour_are_told_after_a_day_though_nobody_asks_them() {
    let (server, home) = held_for_a_week();
    to_the_minute(&home);
    let asked = server.requests().len();
    for (now, loud, quiet) in [
        ("2026-11-24T13:55:00Z", 0, 0),
        ("2026-11-24T14:05:00Z", 1, 0),
        ("2026-11-24T15:05:00Z", 1, 1),
        ("2026-11-25T07:00:00Z", 1, 1),
        ("2026-11-28T07:00:00Z", 1, 1),
    ] {
        home.done(&["digest", "wirewatch", "--send", "--now", now]);
        assert_eq!(
            said(&home, LOUD_IS_HELD),
            loud,
            "{now}: {:#?}",
            mails(&home)
        );
        assert_eq!(
            said(&home, QUIET_IS_HELD),
            quiet,
            "{now}: {:#?}",
            mails(&home)
        );
    }
    assert_eq!(server.requests().len(), asked);

    server.on(LOUD, document());
    poll(&home, "2026-11-30T14:05:00Z");
    for now in ["2026-11-30T15:00:00Z", "2026-12-01T15:00:00Z"] {
        home.done(&["digest", "wirewatch", "--send", "--now", now]);
    }
    for name in ["Loud", "Quiet"] {
        let words = format!("{name} answers again; it had failed for about 7 days.");
        assert_eq!(said(&home, &words), 1, "{words} {:#?}", mails(&home));
    }
}

#[test]
fn the_daemon_tells_of_a_held_feed_by_itself() {
    let (server, home) = held_for_a_week();
    let daemon = home.daemon(&["--now", "2026-11-24T13:00:00Z", "--pace", "3600"]);
    daemon.wait_until("both are told", || {
        said(&home, "Loud: HTTP 429") > 0 && said(&home, "Quiet: example.org answered") > 0
    });
    assert_eq!(daemon.terminate(), 0);
    assert_eq!(server.requests_to(LOUD).len(), 2);
    assert_eq!(server.requests_to(QUIET).len(), 1);
}

#[test]
fn a_feed_that_waits_for_another_has_not_failed_and_says_for_whom_it_waits() {
    let (server, home) = held_for_a_week();
    assert_eq!(
        home.count("SELECT failures FROM feed WHERE name = 'Quiet'"),
        0
    );
    assert_eq!(home.count("SELECT sum(failed) FROM hour"), 1);
    let quiet = listed(&home, "Quiet", "2026-11-23T15:05:00Z");
    for part in [
        "throttled Quiet",
        "next 30 Nov 2026 14:00; example.org answered `Loud` with HTTP 429 (too many requests), not before Monday 30 November \
         14:00",
    ] {
        assert!(quiet.contains(part), "no `{part}` in {quiet}");
    }
    let both = [(LOUD_IS_HELD, 0), (QUIET_IS_HELD, 0)];
    for (words, told) in both {
        assert_eq!(said(&home, words), told, "a day is not over");
    }
    // Other domains go on.
    poll(&home, "2026-11-23T17:00:00Z");
    assert!(server.requests_to(OTHER).len() >= 3);
}

#[test]
fn a_neighbour_that_is_not_due_yet_is_listed_with_the_end_of_the_hold() {
    let (server, home) = read_once();
    refuse(&server, 4 * 3600);
    poll_one(&home, "Loud", "2026-11-23T12:30:00Z");
    let quiet = listed(&home, "Quiet", "2026-11-23T12:35:00Z");
    let words = "throttled Quiet read Mon 12:00, next Mon 16:30; example.org answered `Loud` with HTTP 429 (too many \
                 requests), not before 16:30";
    assert!(quiet.starts_with(words), "{quiet}");
    let other = listed(&home, "Other", "2026-11-23T12:35:00Z");
    assert!(other.starts_with("ok Other"), "{other}");
}

#[test]
fn nobody_follows_a_redirect_into_a_domain_that_wants_to_be_left_alone() {
    let (server, home) = read_once();
    refuse(&server, 4 * 3600);
    poll_one(&home, "Loud", "2026-11-23T14:00:00Z");
    let led = Reply::status(302).header("Location", "http://quiet.example.org/elsewhere");
    server.on(OTHER, led);
    let target = "http://quiet.example.org/elsewhere";
    server.on(target, document());

    let ran = poll_one(&home, "Other", "2026-11-23T15:00:00Z");
    let words = "Other: not asked: leads to example.org, which answered `Loud` with HTTP 429 (too many requests); next \
                 try Mon 23 Nov 18:00";
    assert!(ran.stdout.contains(words), "{ran:#?}");
    assert_eq!(
        home.count("SELECT failures FROM feed WHERE name = 'Other'"),
        0
    );
    assert!(server.requests_to(target).is_empty());
    // It is not asked again before the hold is over, whoever wants it.
    let asked = server.requests_to(OTHER).len();
    poll_one(&home, "Other", "2026-11-23T17:55:00Z");
    assert_eq!(server.requests_to(OTHER).len(), asked);

    server.on(LOUD, document());
    poll(&home, "2026-11-23T18:05:00Z");
    assert_eq!(server.requests_to(target).len(), 1);
    let other = listed(&home, "Other", "2026-11-23T18:06:00Z");
    assert!(other.starts_with("ok Other"), "{other}");
}

#[test]
fn a_feed_that_joins_a_held_domain_waits_for_the_end_of_the_hold() {
    let (server, home) = read_once();
    refuse(&server, 4 * 3600);
    poll_one(&home, "Loud", "2026-11-23T14:00:00Z");
    let (new, query) = (
        "http://new.example.org/feed",
        "http://loud.example.org/feed?all=1",
    );
    server.on(new, document());
    server.on(query, document());
    home.edit(&watchlist(&server, &[("Loud", query), ("New", new)]));

    let ran = poll(&home, "2026-11-23T15:00:00Z");
    for name in ["Loud", "New"] {
        let words = format!(
            "{name}: not asked: example.org answered `Loud` with HTTP 429 (too many requests); next try Mon 23 Nov 18:00"
        );
        assert!(ran.stdout.contains(&words), "no `{words}` in {ran:#?}");
    }
    poll(&home, "2026-11-23T17:55:00Z");
    assert!(server.requests_to(new).is_empty() && server.requests_to(query).is_empty());
    home.done(&["poll", "--now", "2026-11-23T18:05:00Z"]);
    assert_eq!(server.requests_to(new).len(), 1);
    assert_eq!(server.requests_to(query).len(), 1);
}

#[test]
fn whoever_forces_a_held_feed_reads_why_it_is_not_asked() {
    let (server, home) = read_once();
    refuse(&server, 4 * 3600);
    poll_one(&home, "Loud", "2026-11-23T14:00:00Z");
    let asked = server.requests().len();
    let ran = poll_one(&home, "Loud", "2026-11-23T15:00:00Z");
    let words = "`Loud` is not asked, with `--force` or without: HTTP 429 (too many requests), not \
                 before 18:00.";
    assert!(ran.stderr.contains(words), "{ran:#?}");
    assert_eq!(server.requests().len(), asked);
}

/// Polls so many times, every four hours from Monday noon on.
fn poll_siblings(home: &Home, times: u32) {
    for hour in (12..).step_by(4).take(times as usize) {
        let now = format!("2026-11-{:02}T{:02}:00:00Z", 23 + hour / 24, hour % 24);
        poll(home, &now);
    }
}

/// Four feeds of one domain.
fn siblings() -> (Server, Home) {
    let server = Server::start();
    let urls: Vec<String> = (0..4)
        .map(|feed| format!("http://feed{feed}.example.org/feed"))
        .collect();
    let feeds: Vec<(&str, &str)> = urls
        .iter()
        .map(|url| (url.as_str(), url.as_str()))
        .collect();
    let home = Home::new(&watchlist(&server, &feeds));
    (server, home)
}

#[test]
fn one_that_is_always_refused_does_not_hold_up_its_siblings_for_ever() {
    let (server, home) = siblings();
    let refused = Reply::status(429).header("Retry-After", "14000");
    server.on("http://feed0.example.org/feed", refused);
    for feed in 1..4 {
        server.on(&format!("http://feed{feed}.example.org/feed"), document());
    }
    poll_siblings(&home, 6);
    for feed in 1..4 {
        let asked = server.requests_to(&format!("http://feed{feed}.example.org/feed"));
        assert!(asked.len() >= 5, "{feed}: {}", asked.len());
    }
}

#[test]
fn where_one_request_is_answered_at_a_time_all_feeds_have_their_turn() {
    let (server, home) = siblings();
    let answered = Arc::new(AtomicBool::new(false));
    for feed in 0..4 {
        let answered = Arc::clone(&answered);
        server.answer(
            &format!("http://feed{feed}.example.org/feed"),
            move |_: &Request, _| match answered.fetch_xor(true, Ordering::Relaxed) {
                false => document(),
                true => Reply::status(429).header("Retry-After", "14000"),
            },
        );
    }
    poll_siblings(&home, 8);
    let unread = "SELECT count(*) FROM feed WHERE last_ok_at IS NULL";
    assert_eq!(home.count(unread), 0);
}
