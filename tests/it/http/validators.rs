//! ETag and Last-Modified: opaque bytes, returned as they came, to where they came from.

use jiff::SignedDuration;
use wirewatch::http::fetch::Outcome;
use wirewatch::model::Validators;

use super::{FEED, ask, document, failure, fetch, fetch_with};
use crate::http_server::{Reply, Server};

fn validators(server: &Server, etag: &str) -> Validators {
    Validators {
        etag: Some(etag.as_bytes().to_vec()),
        last_modified: None,
        url: server.url("/"),
    }
}

/// The server gives these; the second request must return them, byte for byte.
async fn returns(etag: Option<&[u8]>, last_modified: Option<&[u8]>) {
    let server = Server::start();
    let mut reply = Reply::ok(FEED);
    for (name, value) in [("ETag", etag), ("Last-Modified", last_modified)] {
        if let Some(value) = value {
            reply = reply.header(name, value);
        }
    }
    server.on("/", reply);
    let (_, validators) = document(ask(&server).await);
    let second = fetch_with(&server.url("/"), &validators).await;
    document(second.outcome);

    let requests = server.requests();
    let sent = |request: usize, name| requests[request].bytes(name);
    assert_eq!(
        (sent(0, "if-none-match"), sent(0, "if-modified-since")),
        (None, None)
    );
    assert_eq!(sent(1, "if-none-match"), etag.map(<[u8]>::to_vec));
    assert_eq!(
        sent(1, "if-modified-since"),
        last_modified.map(<[u8]>::to_vec)
    );
}

#[tokio::test]
async fn an_etag_of_any_form_comes_back_byte_for_byte() {
    let forms: [&[u8]; 7] = [
        b"\"abc\"",
        b"W/\"abc\"",
        b"w/abc",
        b"no-quotes",
        b"\"a,b\", \"c\"",
        b"\"caf\xe9 \xff\"",
        b"\"a\\\"b\"",
    ];
    for etag in forms {
        returns(Some(etag), None).await;
    }
}

#[tokio::test]
async fn last_modified_of_any_form_comes_back_byte_for_byte() {
    let forms: [&[u8]; 5] = [
        b"Wed, 25 Nov 2026 12:00:00 GMT",
        b"Wednesday, 25-Nov-26 12:00:00 GMT",
        b"2026-11-25 12:00:00",
        b"Mi, 25 Nov 2026 12:00:00 +0100",
        b"0",
    ];
    for last_modified in forms {
        returns(None, Some(last_modified)).await;
    }
}

#[tokio::test]
async fn both_are_sent_if_both_came_and_none_if_none_came() {
    returns(Some(b"\"abc\""), Some(b"Wed, 25 Nov 2026 12:00:00 GMT")).await;
    returns(None, None).await;
}

#[tokio::test]
async fn a_304_keeps_what_it_does_not_replace() {
    let server = Server::start();
    server.on(
        "/",
        Reply::status(304)
            .header("ETag", "\"new\"")
            .header("Cache-Control", "max-age=600"),
    );
    let held = Validators {
        etag: Some(b"\"old\"".to_vec()),
        last_modified: Some(b"yesterday".to_vec()),
        url: server.url("/"),
    };
    let response = fetch_with(&server.url("/"), &held).await;
    let freshened = Validators {
        etag: Some(b"\"new\"".to_vec()),
        ..held
    };
    assert_eq!(response.outcome, Outcome::NotModified { freshened });
    assert_eq!(response.freshness, Some(SignedDuration::from_secs(600)));
}

#[tokio::test]
async fn a_plain_304_leaves_the_validators_as_they_are() {
    let server = Server::start();
    server.answer("/", |request, _| Reply::validated(request, "\"v1\"", FEED));
    let (_, held) = document(ask(&server).await);
    let response = fetch_with(&server.url("/"), &held).await;
    assert_eq!(response.outcome, Outcome::NotModified { freshened: held });
}

#[tokio::test]
async fn validators_that_vanish_are_forgotten() {
    let server = Server::start();
    server.on("/", Reply::ok(FEED));
    let response = fetch_with(&server.url("/"), &validators(&server, "\"old\"")).await;
    let (_, found) = document(response.outcome);
    assert_eq!((found.etag, found.last_modified), (None, None));
}

#[tokio::test]
async fn an_empty_etag_is_none() {
    let server = Server::start();
    server.on("/", Reply::ok(FEED).header("ETag", ""));
    assert_eq!(document(ask(&server).await).1.etag, None);
}

#[tokio::test]
async fn the_same_body_with_new_validators_has_the_same_hash_and_the_new_validators() {
    let server = Server::start();
    let with = |etag| Reply::ok(FEED).header("ETag", etag);
    server.script("/", [with("\"1\""), with("\"2\"")]);
    let (first, second) = (ask(&server).await, ask(&server).await);
    let hash = |outcome: &Outcome| match outcome {
        Outcome::Body { hash, .. } => *hash,
        other => panic!("no document: {other:?}"),
    };
    assert_eq!(hash(&first), hash(&second));
    assert_eq!(document(second).1.etag, Some(b"\"2\"".to_vec()));
}

#[tokio::test]
async fn the_validators_of_an_error_page_are_not_taken() {
    let server = Server::start();
    server.on(
        "/",
        Reply::status(500).header("ETag", "\"error\"").body("sorry"),
    );
    assert_eq!(
        failure(ask(&server).await),
        "Status: HTTP 500 (internal server error)"
    );
}

#[tokio::test]
async fn the_validators_of_a_torn_document_are_not_taken() {
    let server = Server::start();
    server.on(
        "/",
        Reply::ok(FEED).header("ETag", "\"torn\"").truncated_at(30),
    );
    let Outcome::Body {
        validators,
        torn: Some(_),
        bytes,
        ..
    } = ask(&server).await
    else {
        panic!("a torn document");
    };
    assert_eq!((validators.etag, validators.last_modified), (None, None));
    assert_eq!(bytes, FEED.as_bytes()[..30]);
}

#[tokio::test]
async fn a_torn_document_is_not_fresh() {
    let server = Server::start();
    let fresh = || Reply::ok(FEED).header("Cache-Control", "max-age=600");
    server.on("/whole", fresh());
    server.on("/torn", fresh().truncated_at(30));
    let expected = Some(SignedDuration::from_secs(600));
    assert_eq!(fetch(&server.url("/whole")).await.freshness, expected);
    assert_eq!(fetch(&server.url("/torn")).await.freshness, None);
}

#[tokio::test]
async fn a_304_that_nobody_asked_for_is_a_failure() {
    let server = Server::start();
    server.on("/", Reply::status(304));
    let expected = "Status: HTTP 304 (not modified), though we hold no document";
    assert_eq!(failure(ask(&server).await), expected);
}

#[tokio::test]
async fn validators_go_only_to_the_address_they_came_from() {
    let server = Server::start();
    let target = Server::start();
    server.on(
        "/",
        Reply::status(301).header("Location", target.url("/new")),
    );
    target.on("/new", Reply::ok(FEED).header("ETag", "\"of the target\""));

    fetch_with(&server.url("/"), &validators(&server, "\"of the origin\"")).await;
    assert_eq!(
        server.requests()[0].header("if-none-match").as_deref(),
        Some("\"of the origin\"")
    );
    assert_eq!(target.requests()[0].header("if-none-match"), None);

    let (_, held) = document(fetch(&server.url("/")).await.outcome);
    fetch_with(&server.url("/"), &held).await;
    assert_eq!(server.requests()[2].header("if-none-match"), None);
    assert_eq!(
        target.requests()[2].header("if-none-match").as_deref(),
        Some("\"of the target\"")
    );
}

#[tokio::test]
async fn freshness_is_counted_from_the_servers_own_date() {
    for (date, expires, expected) in [
        (
            "Wed, 25 Nov 1998 12:00:00 GMT",
            "Wed, 25 Nov 1998 13:00:00 GMT",
            3600,
        ),
        (
            "Wed, 25 Nov 2048 12:00:00 GMT",
            "Wed, 25 Nov 2048 12:01:00 GMT",
            60,
        ),
        ("Wed, 25 Nov 2048 12:00:00 GMT", "0", 0),
        (
            "Wed, 25 Nov 2048 12:00:00 GMT",
            "Wed, 25 Nov 2026 12:00:00 GMT",
            0,
        ),
    ] {
        let server = Server::start();
        server.on(
            "/",
            Reply::ok(FEED)
                .header("Date", date)
                .header("Expires", expires),
        );
        let response = fetch(&server.url("/")).await;
        assert_eq!(
            response.freshness,
            Some(SignedDuration::from_secs(expected)),
            "{date} {expires}"
        );
        assert_eq!(
            response.server_date.map(|date| date.as_second() > 0),
            Some(true)
        );
    }
}
