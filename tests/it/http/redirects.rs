//! Redirects: where they lead, what they cost, and what is not told on the way.

use wirewatch::http::client::{Client, Settings};
use wirewatch::http::fetch::{Outcome, Request, Response};

use super::{FEED, ask, client, document, failure, fetch, request};
use crate::http_server::{Reply, Server};

fn to(status: u16, target: impl AsRef<[u8]>) -> Reply {
    Reply::status(status).header("Location", target)
}

/// A chain of servers that lead from one to the next with these statuses, the last to a feed. Each is on a port of its
/// own, so that the gate lets us pass at once.
fn chain(statuses: &[u16]) -> Vec<Server> {
    let mut servers = vec![Server::start()];
    servers[0].on("/", Reply::ok(FEED));
    for &status in statuses.iter().rev() {
        let server = Server::start();
        server.on("/", to(status, servers[0].url("/")));
        servers.insert(0, server);
    }
    servers
}

async fn follow(statuses: &[u16]) -> (Response, Vec<Server>) {
    let servers = chain(statuses);
    (fetch(&servers[0].url("/")).await, servers)
}

#[tokio::test]
async fn a_chain_of_permanent_redirects_gives_a_permanent_target() {
    for statuses in [&[301][..], &[308], &[301, 308, 301]] {
        let (response, servers) = follow(statuses).await;
        let last = servers.last().expect("never empty").url("/");
        assert_eq!(
            (&response.final_url, response.permanent_target.as_ref()),
            (&last, Some(&last)),
            "{statuses:?}"
        );
        assert_eq!(document(response.outcome).0, FEED.as_bytes());
    }
}

#[tokio::test]
async fn a_chain_with_a_temporary_redirect_is_followed_but_gives_none() {
    for statuses in [
        &[302][..],
        &[303],
        &[307],
        &[301, 302],
        &[302, 301],
        &[301, 307, 308],
    ] {
        let (response, servers) = follow(statuses).await;
        assert_eq!(
            response.final_url,
            servers.last().expect("never empty").url("/"),
            "{statuses:?}"
        );
        assert_eq!(response.permanent_target, None, "{statuses:?}");
        document(response.outcome);
    }
}

#[tokio::test]
async fn what_is_gone_is_the_feed_only_if_it_was_led_there_for_good() {
    for (status, is_gone) in [(301, true), (308, true), (302, false), (307, false)] {
        let server = Server::start();
        server.on("/", to(status, "/gone"));
        server.on("/gone", Reply::status(410));
        let outcome = ask(&server).await;
        assert_eq!(outcome == Outcome::Gone, is_gone, "{status}: {outcome:?}");
        if !is_gone {
            assert_eq!(failure(outcome), "Status: HTTP 410 (gone)");
        }
    }
}

#[tokio::test]
async fn without_redirects_there_is_no_permanent_target() {
    let (response, servers) = follow(&[]).await;
    assert_eq!(
        (response.final_url, response.permanent_target),
        (servers[0].url("/"), None)
    );
}

#[tokio::test]
async fn ten_redirects_are_followed_and_not_one_more() {
    document(follow(&[302; 10]).await.0.outcome);
    let (response, servers) = follow(&[302; 11]).await;
    assert_eq!(
        failure(response.outcome),
        "Redirect: more than 10 redirects"
    );
    assert!(servers[11].requests().is_empty());
}

#[tokio::test]
async fn a_circle_is_left_as_soon_as_it_closes() {
    let (first, second) = (Server::start(), Server::start());
    first.on("/", to(301, second.url("/")));
    second.on("/", to(301, first.url("/")));
    let response = fetch(&first.url("/")).await;
    assert_eq!(
        failure(response.outcome),
        "Redirect: redirects lead in a circle"
    );
    assert_eq!((first.requests().len(), second.requests().len()), (1, 1));

    let server = Server::start();
    server.on("/", to(302, "/"));
    assert_eq!(
        failure(fetch(&server.url("/")).await.outcome),
        "Redirect: redirects lead in a circle"
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn targets_may_be_relative_and_badly_written() {
    let forms: [(&[u8], &str); 7] = [
        (b"/other", "/other"),
        (b"other?a=b#part", "/dir/other?a=b"),
        (b"../other", "/other"),
        (b"  /other ", "/other"),
        (b"/my feed.xml", "/my%20feed.xml"),
        (
            "/новости".as_bytes(),
            "/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8",
        ),
        (b"/caf\xe9", "/caf%C3%A9"),
    ];
    let mut fetches = tokio::task::JoinSet::new();
    for (location, expected) in forms {
        // At once, since each rests for a second between its two requests.
        fetches.spawn(async move {
            let server = Server::start();
            server.on("/dir/feed", to(301, location));
            server.on(expected, Reply::ok(FEED));
            let response = fetch(&server.url("/dir/feed")).await;
            document(response.outcome);
            assert_eq!(response.final_url, server.url(expected));
            assert_eq!(server.requests().len(), 2);
        });
    }
    while let Some(done) = fetches.join_next().await {
        done.expect("no panic");
    }
}

#[tokio::test]
async fn a_redirect_without_a_usable_target_says_so() {
    for (reply, expected) in [
        (
            Reply::status(301),
            "Redirect: HTTP 301 (moved permanently) without a target",
        ),
        (to(302, ""), "Redirect: HTTP 302 (found) without a target"),
        (
            to(302, "http://"),
            "Redirect: HTTP 302 (found) leads to `http://`: empty host",
        ),
        (
            to(302, "file:///etc/passwd"),
            "Redirect: HTTP 302 (found) leads to `file:`, which is not http or https",
        ),
        (
            to(302, "gopher://a/"),
            "Redirect: HTTP 302 (found) leads to `gopher:`, which is not http or https",
        ),
        (
            to(302, "javascript:alert(1)"),
            "Redirect: HTTP 302 (found) leads to `javascript:`, which is not http or https",
        ),
    ] {
        let server = Server::start();
        server.on("/", reply);
        assert_eq!(failure(fetch(&server.url("/")).await.outcome), expected);
    }
}

#[tokio::test]
async fn of_a_target_without_end_the_beginning_is_told() {
    let server = Server::start();
    let target = format!("http://{}:99999/", "a".repeat(60_000));
    server.on("/", to(302, target));
    let told = failure(fetch(&server.url("/")).await.outcome);
    assert!(
        told.contains("leads to `http://aaa") && told.contains("a…`"),
        "{told}"
    );
    assert!(told.len() < 300, "{}", told.len());
}

#[tokio::test]
async fn headers_of_the_watchlist_stay_with_the_origin_and_the_user_agent_travels() {
    let (origin, other) = (Server::start(), Server::start());
    origin.on("/", to(301, "/same"));
    origin.on("/same", to(301, other.url("/")));
    other.on("/", Reply::ok(FEED));
    let headers = [
        ("Authorization".to_owned(), "Bearer secret".to_owned()),
        ("Cookie".to_owned(), "a=b".to_owned()),
        ("X-Key".to_owned(), "secret".to_owned()),
        ("User-Agent".to_owned(), "reader/1".to_owned()),
    ];
    let url = origin.url("/");
    client()
        .fetch(&Request {
            headers: &headers,
            ..request(&url)
        })
        .await;
    for request in origin.requests() {
        assert_eq!(
            request.header("authorization").as_deref(),
            Some("Bearer secret"),
            "{}",
            request.path
        );
        assert_eq!(request.header("x-key").as_deref(), Some("secret"));
    }
    let request = &other.requests()[0];
    for name in ["authorization", "cookie", "x-key", "referer"] {
        assert_eq!(request.header(name), None, "{name}");
    }
    assert_eq!(request.header("user-agent").as_deref(), Some("reader/1"));
}

#[tokio::test]
async fn basic_authentication_stays_with_the_origin() {
    let (origin, other) = (Server::start(), Server::start());
    origin.on("/", to(307, other.url("/")));
    other.on("/", Reply::ok(FEED));
    let url = origin.url("/");
    client()
        .fetch(&Request {
            basic_auth: Some(("me", "pass:word")),
            ..request(&url)
        })
        .await;
    assert_eq!(
        origin.requests()[0].header("authorization").as_deref(),
        Some("Basic bWU6cGFzczp3b3Jk")
    );
    assert_eq!(other.requests()[0].header("authorization"), None);
}

#[tokio::test]
async fn credentials_inside_a_target_are_not_sent() {
    let (origin, other) = (Server::start(), Server::start());
    origin.on(
        "/",
        to(302, format!("http://user:secret@{}/", other.address())),
    );
    other.on("/", Reply::ok(FEED));
    let response = fetch(&origin.url("/")).await;
    assert_eq!(response.final_url, other.url("/"));
    assert_eq!(other.requests()[0].header("authorization"), None);
}

#[tokio::test]
async fn a_redirect_into_this_machine_is_refused_in_every_spelling_before_anything_is_sent() {
    let secret = Server::start();
    let port = secret.address().port();
    let client = Client::new(Settings {
        allow_private: vec!["127.7.7.7/32".parse().expect("valid")],
        ..Settings::default()
    })
    .expect("a client");
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "127.0.0.1.",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "localhost",
        "LOCALHOST.",
        "169.254.169.254",
        "10.0.0.1",
        "[64:ff9b::7f00:1]",
    ] {
        let public = Server::start_at("127.7.7.7:0");
        public.on("/", to(302, format!("http://{host}:{port}/secret")));
        let response = client.fetch(&request(&public.url("/"))).await;
        let failure = failure(response.outcome);
        assert!(
            failure.starts_with("Refused: ") && failure.contains("allow_private"),
            "{host}: {failure}"
        );
    }
    assert!(secret.requests().is_empty());
}

#[tokio::test]
async fn an_address_typed_by_hand_may_be_private_but_its_redirects_may_not() {
    let (typed, other) = (Server::start(), Server::start());
    typed.on("/", Reply::ok(FEED));
    typed.on("/moved", to(301, other.url("/")));
    let client = Client::new(Settings::default()).expect("a client");
    let by_hand = async |url: String| {
        let response = client
            .fetch(&Request {
                typed_by_hand: true,
                ..request(&url)
            })
            .await;
        response.outcome
    };
    document(by_hand(typed.url("/")).await);
    document(by_hand(format!("http://localhost:{}/", typed.address().port())).await);
    let failure = failure(by_hand(typed.url("/moved")).await);
    assert!(failure.starts_with("Refused: "), "{failure}");
    assert!(other.requests().is_empty());
}
