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

#[test]
fn an_address_that_answers_by_itself_again_is_asked_again_once_the_new_one_fails() {
    let (server, home) = poll_at_home(&["/old"]);
    server.on("/new", Reply::status(404));
    server.on("/old", Reply::ok(FEED));
    let before = server.requests_to("/new").len();
    for day in 26..31 {
        home.run(&["poll", "--now", &format!("2026-11-{day}T00:00:00Z")]);
    }
    assert_eq!(server.requests_to("/new").len(), before + 1);
    assert_eq!(server.requests_to("/old").len(), 3 + 4);
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
    home.run(&["poll", "--now", "2026-11-26T00:00:00Z"]);
    server.on("/new", Reply::ok(FEED));
    home.run(&["poll", "--now", "2026-11-26T02:00:00Z"]);
    let back = home.done(&["poll", "--now", "2026-11-26T06:00:00Z"]);
    assert_eq!(back.stdout, "F: unchanged\n");
    assert_eq!(server.requests_to("/old").len(), 3 + 1);
}

#[test]
fn where_the_new_address_leads_on_it_is_followed_and_not_the_dead_old_one() {
    let (server, home) = poll_at_home(&["/old"]);
    server.on("/old", Reply::status(404));
    server.on("/new", Reply::status(301).header("Location", "/newest"));
    server.on("/newest", Reply::ok(FEED));
    for hour in [0, 6, 12] {
        let now = format!("2026-11-26T{hour:02}:00:00Z");
        home.done(&["poll", "--now", &now]);
    }
    assert_eq!(server.requests_to("/newest").len(), 3);
    assert_eq!(server.requests_to("/old").len(), 3);
}
