//! The library's fetch against a server that misbehaves; each test asserts what arrived there, too.

mod bodies;
mod connections;
mod proxies;
mod redirects;
mod refusals;
mod requests;
mod validators;

use std::time::Duration;

use wirewatch::http::client::{Client, Settings};
use wirewatch::http::fetch::{Outcome, Request, Response};
use wirewatch::model::Validators;

use crate::http_server::Server;

const FEED: &str =
    "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>News</title></channel></rss>";

/// Loopback is allowed, all else is as in earnest.
fn settings() -> Settings {
    Settings {
        allow_private: vec!["127.0.0.0/8".parse().expect("valid")],
        ..Settings::default()
    }
}

/// Each client has a gate of its own, so that a test that does not care for the gate need not wait at it.
fn client() -> Client {
    Client::new(settings()).expect("a client")
}

/// Gives up soon. What it gives up on must be slower by far.
fn hasty() -> Client {
    Client::new(Settings {
        read_timeout: Duration::from_millis(300),
        total_timeout: Duration::from_millis(900),
        ..settings()
    })
    .expect("a client")
}

fn request(url: &str) -> Request<'_> {
    Request {
        url,
        validators: None,
        headers: &[],
        basic_auth: None,
        typed_by_hand: false,
    }
}

async fn fetch(url: &str) -> Response {
    client().fetch(&request(url)).await
}

async fn fetch_with(url: &str, validators: &Validators) -> Response {
    let validators = Some(validators);
    client()
        .fetch(&Request {
            validators,
            ..request(url)
        })
        .await
}

/// Fetches `/` of the server.
async fn ask(server: &Server) -> Outcome {
    fetch(&server.url("/")).await.outcome
}

/// The document and its validators, which must have come whole.
#[track_caller]
fn document(outcome: Outcome) -> (Vec<u8>, Validators) {
    match outcome {
        Outcome::Body {
            bytes,
            validators,
            torn: None,
            ..
        } => (bytes.to_vec(), validators),
        other => panic!("no document: {other:?}"),
    }
}

/// Stage and cause of a failure, as `Stage: cause`.
#[track_caller]
fn failure(outcome: Outcome) -> String {
    match outcome {
        Outcome::Failed { stage, cause } => format!("{stage:?}: {cause}"),
        other => panic!("no failure: {other:?}"),
    }
}
