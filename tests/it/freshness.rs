//! What is kept of a server's answers: how long nothing changes, by its headers and by the feed itself, and what it gave to
//! tell one version of the feed from the next.

use crate::http_server::{Reply, Request, Server};
use crate::wirewatch::Home;

fn feed(ttl: &str) -> String {
    format!(
        "<rss version=\"2.0\"><channel><title>F</title>{ttl}<item><title>Story</title>\
         <link>https://outlet.example/1</link></item></channel></rss>"
    )
}

fn home(server: &Server) -> Home {
    Home::new(&format!(
        "[mail]\nto = [\"reader@mail.example\"]\n[poll]\nfastest = \"30m\"\nslowest = \"30m\"\n\
         allow_private = [\"127.0.0.0/8\"]\n[[feed]]\nurl = {:?}\n[[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n",
        server.url("/")
    ))
}

/// How often a server is asked in twelve hours by polls a minute past each hour.
#[track_caller]
fn asked(answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> usize {
    let server = Server::start();
    server.answer("/", answer);
    let home = home(&server);
    for hour in 0..12 {
        home.done(&["poll", "--now", &format!("2026-11-23T{hour:02}:00:00Z")]);
    }
    server.requests().len()
}

#[test]
fn a_ttl_outlives_answers_that_bring_no_document() {
    let short = |reply: Reply| reply.header("Cache-Control", "max-age=60");
    let ttl = feed("<ttl>210</ttl>");
    let body = ttl.clone();
    assert_eq!(asked(move |_, _| short(Reply::ok(body.as_str()))), 3);
    let validated =
        move |request: &Request, _| short(Reply::validated(request, "\"1\"", ttl.as_str()));
    assert_eq!(asked(validated), 3);
}

#[test]
fn freshness_ends_with_the_answer_that_takes_it_back() {
    let once = |reply: Reply, nth| match nth {
        0 => reply.header("Cache-Control", "max-age=10800"),
        _ => reply,
    };
    // At 0, at 4 as it is fresh for three hours, then each hour.
    assert_eq!(asked(move |_, nth| once(Reply::ok(feed("")), nth)), 9);
    let no_cache = move |request: &Request, nth| {
        let reply = Reply::validated(request, "\"1\"", feed(""));
        match nth {
            0 => once(reply, nth),
            _ => reply.header("Cache-Control", "no-cache"),
        }
    };
    assert_eq!(asked(no_cache), 9);
}

#[test]
fn a_304_that_says_nothing_of_freshness_keeps_it() {
    let once = |request: &Request, nth| {
        let reply = Reply::validated(request, "\"1\"", feed(""));
        match nth {
            0 => reply.header("Cache-Control", "max-age=10800"),
            _ => reply,
        }
    };
    assert_eq!(asked(once), 3);
}

#[test]
fn of_a_page_in_place_of_the_feed_nothing_is_kept() {
    let server = Server::start();
    server.answer("/", |request: &Request, nth| match nth {
        1 => Reply::ok("<!doctype html><html><body>Back soon</body></html>")
            .header("ETag", "\"page\"")
            .header("Cache-Control", "max-age=86400"),
        _ => Reply::validated(request, "\"feed\"", feed("")),
    });
    let home = home(&server);
    let poll = |hour: u32| {
        let now = format!("2026-11-23T{hour:02}:00:00Z");
        home.run(&["poll", "--now", &now]).stdout
    };
    assert!(poll(0).contains("1 from before"));
    assert!(poll(1).contains("failed: not a feed but an HTML page"));
    assert_eq!(poll(2), "F: unchanged\n");
    let sent = server
        .requests()
        .last()
        .and_then(|last| last.header("if-none-match"));
    assert_eq!(sent.as_deref(), Some("\"feed\""));
}

#[test]
fn a_server_that_ignores_conditions_is_told_unchanged_by_the_body() {
    let server = Server::start();
    server.on("/", Reply::ok(feed("")).header("ETag", "\"1\""));
    let home = home(&server);
    home.done(&["poll", "--now", "2026-11-23T00:00:00Z"]);
    let again = home.done(&["poll", "--now", "2026-11-23T01:00:00Z"]);
    assert_eq!(again.stdout, "F: unchanged\n");
    assert_eq!(server.requests().len(), 2);
}
