//! Documents: compressed, torn, too large, too slow.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use wirewatch::http::fetch::Outcome;

use super::{FEED, ask, document, failure, hasty, request};
use crate::http_server::{Reply, Server};

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

async fn answer(reply: Reply) -> Outcome {
    let server = Server::start();
    server.on("/", reply);
    ask(&server).await
}

/// The beginning of a document, and why there is no more.
#[track_caller]
fn torn(outcome: Outcome) -> (Vec<u8>, String) {
    match outcome {
        Outcome::Body {
            bytes,
            torn: Some(cause),
            ..
        } => (bytes.to_vec(), cause),
        other => panic!("not torn: {other:?}"),
    }
}

#[tokio::test]
async fn gzip_is_undone_by_what_it_is_and_not_by_what_it_is_called() {
    let encoded =
        |encoding: &str, body: &[u8]| Reply::ok(body).header("Content-Encoding", encoding);
    let (first, second) = FEED.as_bytes().split_at(10);
    let two_members = [gzip(first), gzip(second)].concat();
    for reply in [
        encoded("gzip", &gzip(FEED.as_bytes())),
        encoded("gzip", &gzip(FEED.as_bytes())).chunked(),
        encoded("x-gzip", &gzip(FEED.as_bytes())),
        encoded("gzip", &two_members),
        encoded("gzip", FEED.as_bytes()),
        encoded("gzip, gzip", &gzip(&gzip(FEED.as_bytes()))),
        encoded("gzip", &gzip(&two_members)),
        encoded("GZIP, identity", &gzip(&gzip(&gzip(FEED.as_bytes())))),
        encoded("br", FEED.as_bytes()),
        Reply::ok(gzip(FEED.as_bytes())),
        Reply::ok(FEED).until_close(),
        Reply::ok(FEED).chunked(),
    ] {
        assert_eq!(
            document(answer(reply.clone()).await).0,
            FEED.as_bytes(),
            "{reply:?}"
        );
    }
}

#[tokio::test]
async fn deflate_is_undone_though_nobody_asked_for_it() {
    let mut wrapped = ZlibEncoder::new(Vec::new(), Compression::best());
    wrapped.write_all(FEED.as_bytes()).expect("memory takes it");
    let mut bare = DeflateEncoder::new(Vec::new(), Compression::best());
    bare.write_all(FEED.as_bytes()).expect("memory takes it");
    for wire in [wrapped.finish(), bare.finish()] {
        let reply = Reply::ok(wire.expect("memory takes it")).header("Content-Encoding", "deflate");
        assert_eq!(document(answer(reply).await).0, FEED.as_bytes());
    }
}

#[tokio::test]
async fn brotli_is_undone() {
    let feed = include_bytes!("../../data/http/feed.xml");
    let compressed = include_bytes!("../../data/http/feed.xml.br");
    let brotli = |body: &[u8]| Reply::ok(body).header("Content-Encoding", "gzip, br");
    assert_eq!(document(answer(brotli(compressed)).await).0, feed);
    let inside = Reply::ok(gzip(compressed)).header("Content-Encoding", "br");
    let inside = inside.header("Content-Encoding", "gzip");
    assert_eq!(document(answer(inside).await).0, feed);
    assert_eq!(document(answer(brotli(compressed).chunked()).await).0, feed);

    let (bytes, cause) = torn(answer(brotli(&compressed[..compressed.len() - 20])).await);
    assert!(
        feed.starts_with(&bytes) && bytes.len() > 1_000,
        "{}",
        bytes.len()
    );
    assert_eq!(cause, "the compressed data is cut short or damaged");
}

#[tokio::test]
async fn the_content_type_is_passed_on_as_sent_or_missing() {
    for sent in [None, Some("text/html; charset=ISO-8859-1"), Some("x")] {
        let reply = match sent {
            Some(sent) => Reply::ok(FEED).header("Content-Type", sent),
            None => Reply::ok(FEED),
        };
        let Outcome::Body { content_type, .. } = answer(reply).await else {
            panic!("a document");
        };
        assert_eq!(content_type.as_deref(), sent);
    }
}

#[tokio::test]
async fn an_empty_document_is_a_failure() {
    assert_eq!(
        failure(answer(Reply::ok("")).await),
        "Body: the document is empty"
    );
    assert_eq!(
        failure(answer(Reply::ok(gzip(b""))).await),
        "Body: the document is empty"
    );
}

#[tokio::test]
async fn a_document_that_breaks_off_is_torn() {
    let half = FEED.len() / 2;
    let (bytes, cause) = torn(answer(Reply::ok(FEED).truncated_at(half)).await);
    assert_eq!(
        (bytes.as_slice(), cause.as_str()),
        (&FEED.as_bytes()[..half], "the document broke off")
    );
    let (bytes, cause) = torn(answer(Reply::ok(FEED).chunked_truncated()).await);
    assert_eq!(
        (bytes.as_slice(), cause.as_str()),
        (FEED.as_bytes(), "the document broke off")
    );
    let cause = failure(answer(Reply::ok(FEED).truncated_at(0)).await);
    assert_eq!(cause, "Body: the document broke off");
}

#[tokio::test]
async fn compressed_data_that_ends_too_soon_is_torn() {
    let whole = gzip(FEED.as_bytes());
    let cut = &whole[..whole.len() - 10];
    for body in [cut.to_vec(), gzip(cut)] {
        let (bytes, cause) = torn(answer(Reply::ok(body)).await);
        assert!(FEED.as_bytes().starts_with(&bytes));
        assert_eq!(cause, "the compressed data is cut short or damaged");
    }
}

#[tokio::test]
async fn a_document_without_end_is_refused() {
    let reply = Reply::ok(FEED.repeat(1000)).endless();
    assert_eq!(
        failure(answer(reply).await),
        "Body: the document is larger than 16 MiB"
    );
}

#[tokio::test]
async fn a_bomb_is_refused() {
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..64 {
        bomb.write_all(&[b' '; 1 << 20]).expect("memory takes it");
    }
    let bomb = bomb.finish().expect("memory takes it");
    let twice = Reply::ok(gzip(&bomb));
    let gzip = Reply::ok(bomb);
    // 64 MiB of spaces in 51 bytes.
    let brotli =
        Reply::ok(include_bytes!("../../data/http/bomb.br")).header("Content-Encoding", "br");
    for reply in [gzip, twice, brotli] {
        let expected = "Body: the document is larger than 32 MiB when decompressed";
        assert_eq!(failure(answer(reply).await), expected);
    }
}

#[tokio::test]
async fn many_endless_documents_at_once_are_refused_one_by_one() {
    let servers: Vec<Server> = (0..12).map(|_| Server::start()).collect();
    let client = super::client();
    let mut fetches = tokio::task::JoinSet::new();
    for server in &servers {
        server.on("/", Reply::ok(FEED.repeat(1000)).endless());
        let (client, url) = (client.clone(), server.url("/"));
        fetches.spawn(async move { client.fetch(&request(&url)).await.outcome });
    }
    while let Some(outcome) = fetches.join_next().await {
        assert_eq!(
            failure(outcome.expect("no panic")),
            "Body: the document is larger than 16 MiB"
        );
    }
}

#[tokio::test]
async fn a_document_of_a_byte_now_and_then_is_cut_at_the_total_time() {
    let server = Server::start();
    server.on("/", Reply::ok(FEED).dripped(Duration::from_millis(100)));
    let response = hasty().fetch(&request(&server.url("/"))).await;
    let (bytes, cause) = torn(response.outcome);
    assert!(FEED.as_bytes().starts_with(&bytes) && bytes.len() < FEED.len());
    assert_eq!(cause, "the document did not come to its end in time");
}
