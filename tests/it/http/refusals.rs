//! Errors: said by name, with the time they ask for.

use jiff::SignedDuration;
use wirewatch::http::fetch::{Outcome, Scope};

use super::{ask, failure};
use crate::http_server::{Reply, Server};

async fn answer(reply: Reply) -> Outcome {
    let server = Server::start();
    server.on("/", reply);
    ask(&server).await
}

/// What a refusal asks for, in seconds.
async fn wait(reply: Reply) -> (Option<i64>, Scope) {
    match answer(reply).await {
        Outcome::Throttled { wait, scope, .. } => {
            (wait.as_ref().map(SignedDuration::as_secs), scope)
        }
        other => panic!("not throttled: {other:?}"),
    }
}

fn too_many() -> Reply {
    Reply::status(429).header("Date", "Wed, 25 Nov 2026 12:00:00 GMT")
}

#[tokio::test]
async fn a_429_holds_the_domain_for_the_time_it_names() {
    for (retry_after, expected) in [
        ("120", Some(120)),
        ("Wed, 25 Nov 2026 13:00:00 GMT", Some(3600)),
        ("Wednesday, 25-Nov-26 13:00:00 GMT", Some(3600)),
        ("Wed Nov 25 13:00:00 2026", Some(3600)),
        ("31536000", Some(7 * 86_400)),
        ("-1", None),
        ("a while", None),
        ("Wed, 25 Nov 2020 13:00:00 GMT", None),
    ] {
        let found = wait(too_many().header("Retry-After", retry_after)).await;
        assert_eq!(found, (expected, Scope::Domain), "{retry_after}");
    }
    assert_eq!(wait(too_many()).await, (None, Scope::Domain));
    let two = too_many()
        .header("Retry-After", "60")
        .header("Retry-After", "10800");
    assert_eq!(wait(two).await.0, Some(10_800));
}

#[tokio::test]
async fn the_reset_of_a_rate_limit_counts_as_retry_after() {
    let reset = |value: &str| too_many().header("X-RateLimit-Reset", value);
    assert_eq!(wait(reset("90")).await.0, Some(90));
    assert_eq!(wait(reset("1795608060")).await.0, Some(60));
    assert_eq!(
        wait(reset("90").header("Retry-After", "30")).await.0,
        Some(30)
    );
}

#[tokio::test]
async fn a_503_holds_only_the_feed_and_only_if_it_names_a_time() {
    let found = wait(Reply::status(503).header("Retry-After", "600")).await;
    assert_eq!(found, (Some(600), Scope::Feed));
    let outcome = answer(Reply::status(503).header("Retry-After", "soon")).await;
    assert_eq!(failure(outcome), "Status: HTTP 503 (service unavailable)");
}

#[tokio::test]
async fn a_limit_that_is_not_reached_holds_nobody() {
    let limits = |left: &str| {
        Reply::status(403)
            .header("X-RateLimit-Reset", "90")
            .header("X-RateLimit-Remaining", left)
    };
    assert_eq!(
        failure(answer(limits("59")).await),
        "Status: HTTP 403 (forbidden)"
    );
    assert_eq!(wait(limits("0")).await, (Some(90), Scope::Feed));
}

#[tokio::test]
async fn a_410_is_gone() {
    assert_eq!(answer(Reply::status(410)).await, Outcome::Gone);
}

#[tokio::test]
async fn errors_are_said_by_name() {
    for (status, expected) in [
        (401, "Status: HTTP 401 (asks for a user name and password)"),
        (403, "Status: HTTP 403 (forbidden)"),
        (404, "Status: HTTP 404 (not found)"),
        (406, "Status: HTTP 406 (not acceptable)"),
        (451, "Status: HTTP 451 (unavailable for legal reasons)"),
        (502, "Status: HTTP 502 (bad gateway)"),
        (522, "Status: HTTP 522"),
        (204, "Status: HTTP 204 (no content)"),
        (206, "Status: HTTP 206 (partial content)"),
        (300, "Status: HTTP 300 (multiple choices)"),
    ] {
        assert_eq!(failure(answer(Reply::status(status)).await), expected);
    }
}

#[tokio::test]
async fn bot_walls_are_said_by_name() {
    let cloudflare = |status| Reply::status(status).header("Server", "cloudflare");
    let page = "<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>";
    for (reply, expected) in [
        (
            cloudflare(403).header("cf-mitigated", "challenge"),
            "Status: blocked by a Cloudflare challenge (403)",
        ),
        (
            cloudflare(503).body(page),
            "Status: blocked by a Cloudflare challenge (503)",
        ),
        (
            cloudflare(403).body(page),
            "Status: blocked by a Cloudflare challenge (403)",
        ),
        (
            cloudflare(403).body("error code: 1020"),
            "Status: blocked by Cloudflare (403)",
        ),
        (
            cloudflare(503).body("overloaded"),
            "Status: HTTP 503 (service unavailable)",
        ),
        (cloudflare(404).body("none"), "Status: HTTP 404 (not found)"),
        (
            Reply::status(403).header("Server", "ddos-guard"),
            "Status: blocked by DDoS-Guard (403)",
        ),
        (
            Reply::status(202).header("x-amzn-waf-action", "challenge"),
            "Status: blocked by an AWS challenge (202)",
        ),
    ] {
        assert_eq!(failure(answer(reply).await), expected);
    }
}
