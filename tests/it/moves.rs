//! Permanent redirects: when the new address is asked in place of the declared one.

use std::fs;

use crate::http_server::{Reply, Server};
use crate::wirewatch::Home;

const FEED: &str = "<rss version=\"2.0\"><channel><title>F</title><item><title>Story</title>\
                    <link>https://outlet.example/1</link></item></channel></rss>";

/// Polls every twelve hours for two days, by a server whose `/old` has moved to `/new` for good.
fn poll_for_two_days(paths: &[&str]) -> Server {
    let (server, _) = poll_at_home(paths);
    server
}

fn poll_at_home(paths: &[&str]) -> (Server, Home) {
    let server = Server::start();
    server.on("/old", Reply::status(301).header("Location", "/new"));
    server.on("/new", Reply::ok(FEED));
    let feeds: String = paths
        .iter()
        .map(|path| format!("[[feed]]\nurl = {:?}\n", server.url(path)))
        .collect();
    let home = Home::new(&format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[poll]\nfastest = \"1h\"\nslowest = \"1h\"\n\
         allow_private = [\"127.0.0.0/8\"]\n{feeds}[[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n"
    ));
    for hour in (0..60).step_by(12) {
        let now = format!("2026-11-{:02}T{:02}:00:00Z", 23 + hour / 24, hour % 24);
        home.done(&["poll", "--now", &now]);
    }
    (server, home)
}

#[test]
fn after_a_day_the_new_address_is_asked_in_place_of_the_old() {
    let server = poll_for_two_days(&["/old"]);
    assert_eq!(server.requests_to("/old").len(), 3);
    assert_eq!(server.requests_to("/new").len(), 5);
}

#[test]
fn the_address_of_another_feed_is_not_adopted() {
    let server = poll_for_two_days(&["/old", "/new"]);
    assert_eq!(server.requests_to("/old").len(), 5);
}

/// Polls once a day, at midnight, from this day of the month on.
fn poll_daily(home: &Home, days: std::ops::Range<u32>) {
    for day in days {
        home.run(&["poll", "--now", &format!("2026-11-{day}T00:00:00Z")]);
    }
}

#[test]
fn an_address_that_has_news_again_is_asked_again_once_the_new_one_fails() {
    let (server, home) = poll_at_home(&["/old"]);
    server.on("/new", Reply::status(404));
    server.on(
        "/old",
        Reply::ok(FEED.replace("/1", "/2").replace("Story", "News")),
    );
    let before = server.requests_to("/new").len();
    poll_daily(&home, 26..31);
    assert_eq!(server.requests_to("/new").len(), before + 3);
    assert_eq!(server.requests_to("/old").len(), 3 + 2);
}

#[test]
fn an_address_that_was_left_binds_nobody_by_what_it_says() {
    for left in [
        Reply::ok(FEED),
        Reply::status(410),
        Reply::status(429).header("Retry-After", "500000"),
    ] {
        let (server, home) = poll_at_home(&["/old"]);
        server.on("/new", Reply::status(503));
        server.on("/old", left.clone());
        poll_daily(&home, 26..30);
        assert_eq!(server.requests_to("/old").len(), 3 + 1, "{left:?}");
        server.on("/new", Reply::ok(FEED));
        let before = server.requests_to("/new").len();
        home.run(&["poll", "--now", "2026-12-01T00:00:00Z"]);
        assert_eq!(server.requests_to("/new").len(), before + 1, "{left:?}");
        assert_eq!(home.count("SELECT failures FROM feed"), 0, "{left:?}");
    }
}

#[test]
fn of_two_feeds_that_moved_to_one_address_one_adopts_it_and_the_other_is_told_which() {
    let server = Server::start();
    for path in ["/one", "/two"] {
        server.on(path, Reply::status(301).header("Location", "/new"));
    }
    server.on("/new", Reply::ok(FEED));
    let feeds: String = ["one", "two"]
        .iter()
        .map(|name| {
            let url = server.url(&format!("/{name}"));
            format!("[[feed]]\nname = {name:?}\nurl = {url:?}\nevery = \"1h\"\n")
        })
        .collect();
    let home = Home::new(&format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[poll]\nallow_private = [\"127.0.0.0/8\"]\n{feeds}\
         [[digest]]\nname = \"Daily\"\nsend = [\"07:00\"]\nwhen_empty = \"send\"\n\
         [[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n"
    ));
    let moment = |hour: u32| format!("2026-11-{:02}T{:02}:00:00Z", 23 + hour / 24, hour % 24);
    let send = |hour| {
        let now = moment(hour);
        home.done(&["digest", "Daily", "--send", "--now", &now]);
    };
    for hour in (0..24).step_by(4) {
        home.done(&["poll", "--force", "--now", &moment(hour)]);
    }
    send(23);
    assert_eq!(
        home.count("SELECT count(*) FROM event WHERE kind = 'moved'"),
        0
    );
    for hour in (25..60).step_by(5) {
        home.done(&["poll", "--force", "--now", &moment(hour)]);
    }
    send(60);
    home.done(&["poll", "--force", "--now", &moment(61)]);
    send(62);

    let adopted = home.count("SELECT count(*) FROM feed WHERE adopted_at IS NOT NULL");
    assert_eq!(adopted, 1);
    let asked = |path: &str| server.requests_to(path).len();
    let (fewest, most) = (
        asked("/one").min(asked("/two")),
        asked("/one").max(asked("/two")),
    );
    assert_eq!((fewest, most), (7, 14));

    // Each is said once, in the list and in one mail.
    assert_eq!(
        home.count("SELECT count(*) FROM event WHERE kind = 'moved'"),
        2
    );
    let (mover, stayer) = match asked("/one") < asked("/two") {
        true => ("one", "two"),
        false => ("two", "one"),
    };
    let listed = |name| home.done(&["feeds", "list", "--feed", name]).stdout;
    assert!(listed(mover).contains(&format!("moved: {}\n", server.url("/new"))));
    let words = format!("moved: {}, where `{mover}` is\n", server.url("/new"));
    assert!(listed(stayer).contains(&words), "{}", listed(stayer));
    let mails: Vec<String> = home
        .files("outbox")
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "eml"))
        .map(|file| fs::read_to_string(file).expect("a message"))
        .collect();
    for words in [
        format!("{mover} moved for good to:"),
        format!("{stayer} moved for good to where {mover} is already"),
    ] {
        let said = mails.iter().filter(|mail| mail.contains(&words)).count();
        assert_eq!(said, 1, "{words}: {mails:#?}");
    }
}

#[test]
fn a_hiccup_of_the_new_address_is_survived_where_the_old_one_is_dead() {
    let (server, home) = poll_at_home(&["/old"]);
    server.on("/old", Reply::status(404));
    server.on("/new", Reply::status(503));
    poll_daily(&home, 26..30);
    assert_eq!(server.requests_to("/old").len(), 3 + 1);
    server.on("/new", Reply::ok(FEED));
    let back = home.done(&["poll", "--now", "2026-12-01T00:00:00Z"]);
    assert_eq!(back.stdout, "F: unchanged\n");
}

#[test]
fn where_the_new_address_leads_on_it_is_followed_and_after_a_day_left_in_its_turn() {
    let (server, home) = poll_at_home(&["/old"]);
    server.on("/old", Reply::status(404));
    server.on("/new", Reply::status(301).header("Location", "/newest"));
    server.on("/newest", Reply::ok(FEED));
    let before = server.requests_to("/new").len();
    poll_daily(&home, 26..30);
    assert_eq!(server.requests_to("/newest").len(), 4);
    assert_eq!(server.requests_to("/new").len(), before + 3);
    assert_eq!(server.requests_to("/old").len(), 3);
    let said = "SELECT count(*) FROM event WHERE kind = 'moved' AND detail LIKE '%/newest'";
    assert_eq!(home.count(said), 1);
}

#[test]
fn where_the_new_address_is_gone_the_old_one_tells_where_it_went() {
    let (server, home) = poll_at_home(&["/old"]);
    server.on("/new", Reply::status(410));
    server.on("/old", Reply::status(301).header("Location", "/newest"));
    server.on("/newest", Reply::ok(FEED));
    poll_daily(&home, 26..31);
    assert_eq!(server.requests_to("/newest").len(), 2);
    assert_eq!(home.count("SELECT failures FROM feed"), 0);
}

#[test]
fn a_feed_that_moved_back_is_asked_where_it_was() {
    let (server, home) = poll_at_home(&["/old"]);
    server.on("/old", Reply::ok(FEED));
    server.on("/new", Reply::status(301).header("Location", "/old"));
    let before = server.requests_to("/new").len();
    poll_daily(&home, 26..31);
    assert_eq!(server.requests_to("/new").len(), before + 3);
    assert_eq!(server.requests_to("/old").len(), 3 + 5);
}
