//! Permanent redirects: when the new address is asked in place of the declared one.

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
