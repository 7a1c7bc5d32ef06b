//! What we send.

use std::time::Duration;

use wirewatch::http::fetch::Request;

use super::{FEED, client, document, failure, request};
use crate::http_server::{Reply, Server};

#[tokio::test]
async fn a_request_says_who_we_are_and_what_we_read_and_no_more() {
    let server = Server::start();
    server.on("/rss?a=b", Reply::ok(FEED).header("Set-Cookie", "a=b"));
    let client = client();
    for _ in 0..2 {
        client.fetch(&request(&server.url("/rss?a=b#part"))).await;
    }
    for request in server.requests() {
        let mut names: Vec<&str> = request
            .headers
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"]);
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            ("GET", "/rss?a=b")
        );
        assert_eq!(
            request.header("accept-encoding").as_deref(),
            Some("gzip, br")
        );
        assert_eq!(request.header("host"), Some(server.address().to_string()));
        let user_agent = request.header("user-agent").expect("sent");
        assert!(
            user_agent.starts_with("wirewatch/") && user_agent.contains("(+https://"),
            "{user_agent}"
        );
        let accept = request.header("accept").expect("sent");
        assert!(
            accept.contains("application/rss+xml") && accept.ends_with("*/*;q=0.1"),
            "{accept}"
        );
    }
}

#[tokio::test]
async fn the_watchlist_may_replace_headers() {
    let server = Server::start();
    let headers = [
        ("user-agent".to_owned(), "Mozilla/5.0".to_owned()),
        ("Accept".to_owned(), "text/xml".to_owned()),
        ("X-Name".to_owned(), "Jürgen".to_owned()),
    ];
    let url = server.url("/");
    client()
        .fetch(&Request {
            headers: &headers,
            ..request(&url)
        })
        .await;
    let request = &server.requests()[0];
    assert_eq!(request.header("user-agent").as_deref(), Some("Mozilla/5.0"));
    assert_eq!(request.header("accept").as_deref(), Some("text/xml"));
    assert_eq!(request.header("x-name").as_deref(), Some("Jürgen"));
    assert_eq!(
        request
            .headers
            .iter()
            .filter(|(name, _)| name == "user-agent")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_header_that_cannot_be_sent_is_named_and_its_value_is_not() {
    let server = Server::start();
    let url = server.url("/");
    for header in [("X Y", "a"), ("X-Token", "secret\r\nHost: evil")] {
        let headers = [(header.0.to_owned(), header.1.to_owned())];
        let outcome = client()
            .fetch(&Request {
                headers: &headers,
                ..request(&url)
            })
            .await
            .outcome;
        assert_eq!(
            failure(outcome),
            format!("Refused: the header `{}` cannot be sent", header.0)
        );
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_refused_password_is_told_from_a_missing_one() {
    let server = Server::start();
    server.on("/", Reply::status(401).header("WWW-Authenticate", "Basic"));
    let url = server.url("/");
    let outcome = client()
        .fetch(&Request {
            basic_auth: Some(("me", "wrong")),
            ..request(&url)
        })
        .await
        .outcome;
    assert_eq!(
        failure(outcome),
        "Status: HTTP 401 (the user name or password was refused)"
    );
}

#[tokio::test]
async fn addresses_that_are_none_are_refused() {
    for (url, expected) in [
        (
            "feed.xml",
            "Refused: the address cannot be used: relative URL without a base",
        ),
        (
            "file:///etc/passwd",
            "Refused: the address is not http or https",
        ),
        ("http://", "Refused: the address cannot be used: empty host"),
    ] {
        assert_eq!(
            failure(client().fetch(&request(url)).await.outcome),
            expected
        );
    }
}

#[tokio::test]
async fn credentials_inside_an_address_are_not_sent() {
    let server = Server::start();
    let url = format!("http://user:secret@{}/", server.address());
    client().fetch(&request(&url)).await;
    assert_eq!(server.requests()[0].header("authorization"), None);
}

#[tokio::test]
async fn requests_to_one_domain_rest_for_a_second_and_longer_if_it_is_slow() {
    let server = Server::start();
    server.on(
        "/",
        Reply::ok(FEED).on_arrival(|| std::thread::sleep(Duration::from_millis(700))),
    );
    let client = client();
    let url = server.url("/");
    let (first, second) = (request(&url), request(&url));
    let (first, _) = tokio::join!(client.fetch(&first), client.fetch(&second));
    let requests = server.requests();
    let apart = requests[1].at - requests[0].at;
    assert!(apart >= Duration::from_millis(700 + 1400), "{apart:?}");
    assert!(first.took >= Duration::from_millis(700), "{:?}", first.took);
}

#[tokio::test]
async fn the_server_of_these_tests_runs_its_hooks_in_order() {
    let log = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let note = |word: &'static str| {
        let log = log.clone();
        move || {
            log.lock()
                .expect("nobody panics while holding it")
                .push(word)
        }
    };
    let server = Server::start();
    let reply = Reply::ok(FEED)
        .on_arrival(note("arrival"))
        .in_mid_body(note("mid"))
        .after_last_byte(note("last"));
    server.on("/", reply);
    document(client().fetch(&request(&server.url("/"))).await.outcome);
    // The client has the last byte before the server's thread comes to its hook.
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while log.lock().expect("nobody panics while holding it").len() < 3
        && std::time::Instant::now() < deadline
    {
        std::thread::yield_now();
    }
    assert_eq!(
        *log.lock().expect("nobody panics while holding it"),
        ["arrival", "mid", "last"]
    );
}
