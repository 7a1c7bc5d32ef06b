//! Connections: refused, silent, reset, and what TLS finds wrong.

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use wirewatch::http::client::{Client, Settings};
use wirewatch::http::fetch::Outcome;

use super::{FEED, ask, document, failure, fetch, hasty, request, settings};
use crate::certificates::{Authority, Identity};
use crate::http_server::{Reply, Server};

async fn hasty_failure(reply: Reply) -> String {
    let server = Server::start();
    server.on("/", reply);
    let outcome = hasty().fetch(&request(&server.url("/"))).await.outcome;
    assert_eq!(server.requests().len(), 1, "no second try");
    failure(outcome)
}

/// Fetches `/` of a TLS server, trusting `authority`.
async fn over_tls(identity: &Identity, authority: &Authority) -> (Outcome, Server) {
    let server = Server::start_tls(identity);
    server.on("/", Reply::ok(FEED));
    let outcome = trusting(authority)
        .fetch(&request(&server.url("/")))
        .await
        .outcome;
    (outcome, server)
}

fn trusting(authority: &Authority) -> Client {
    let extra_roots = vec![authority.pem.clone().into_bytes()];
    Client::new(Settings {
        extra_roots,
        ..settings()
    })
    .expect("a client")
}

/// A certificate that vouches for itself, as an authority (the default of OpenSSL) or not.
fn self_signed(is_ca: IsCa) -> Identity {
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("an address");
    params.is_ca = is_ca;
    let key = KeyPair::generate().expect("a key");
    let certificate = params
        .self_signed(&key)
        .expect("a certificate")
        .der()
        .clone();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the default versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.into())
        .expect("a fitting key");
    Identity {
        config: Arc::new(config),
    }
}

#[tokio::test]
async fn a_refused_connection_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    drop(listener);
    let outcome = fetch(&url).await.outcome;
    assert!(!outcome.reached());
    assert_eq!(failure(outcome), "Connect: connection refused");
}

#[tokio::test]
async fn a_name_that_does_not_exist_says_so() {
    let outcome = fetch("http://no-such-host.invalid/").await.outcome;
    let failure = failure(outcome);
    // A machine without a network cannot know.
    let known = [
        "NoSuchHost: no such host",
        "Resolve: the name cannot be resolved: temporary failure in name resolution",
    ];
    assert!(known.contains(&failure.as_str()), "{failure}");
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let accepts_only = format!("http://{}/", listener.local_addr().expect("bound"));
    let outcome = Client::new(Settings {
        connect_timeout: Duration::from_millis(300),
        read_timeout: Duration::from_millis(300),
        ..settings()
    });
    let outcome = outcome
        .expect("a client")
        .fetch(&request(&accepts_only))
        .await
        .outcome;
    assert_eq!(failure(outcome), "Answer: no answer in time");
    assert_eq!(
        hasty_failure(Reply::silent()).await,
        "Answer: no answer in time"
    );
}

#[tokio::test]
async fn a_head_of_a_byte_now_and_then_is_given_up() {
    let reply = Reply::ok(FEED).head_dripped(Duration::from_millis(100));
    assert_eq!(hasty_failure(reply).await, "Answer: no answer in time");
}

#[tokio::test]
async fn a_connection_that_ends_without_an_answer_says_how() {
    assert_eq!(
        hasty_failure(Reply::reset()).await,
        "Answer: connection reset by the server"
    );
    let expected = "Answer: the server closed the connection without an answer";
    assert_eq!(hasty_failure(Reply::hang_up()).await, expected);
}

#[tokio::test]
async fn what_is_not_http_says_so() {
    let failure = hasty_failure(Reply::raw("SSH-2.0-OpenSSH_9.2\r\n\r\n")).await;
    assert!(
        failure.starts_with("Answer: the answer is not proper HTTP"),
        "{failure}"
    );
}

#[tokio::test]
async fn oddly_written_heads_are_read() {
    for head in [
        "HTTP/1.0 200 OK\r\n\r\n",
        "HTTP/1.1 200\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type : text/xml\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\nX: a\n\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ] {
        let server = Server::start();
        server.on("/", Reply::raw(format!("{head}{FEED}")));
        assert_eq!(document(ask(&server).await).0, FEED.as_bytes(), "{head:?}");
    }
}

#[tokio::test]
async fn a_good_certificate_is_believed() {
    let authority = Authority::new("good");
    let (outcome, server) = over_tls(&authority.identity("127.0.0.1"), &authority).await;
    assert_eq!(document(outcome).0, FEED.as_bytes());
    assert_eq!(server.requests()[0].path, "/");
}

#[tokio::test]
async fn http_2_is_spoken_where_the_server_offers_it() {
    let authority = Authority::new("http2");
    let server = Server::start_http2(&authority.identity("127.0.0.1"));
    server.on("*", Reply::ok(FEED));
    let outcome = trusting(&authority)
        .fetch(&request(&server.url("/")))
        .await
        .outcome;
    assert_eq!(document(outcome).0, FEED.as_bytes());
    assert_eq!(server.requests()[0].method, "HTTP/2");
}

#[tokio::test]
async fn what_a_server_refuses_over_http_2_is_not_sent_again_at_once() {
    let authority = Authority::new("http2");
    let server = Server::start_http2(&authority.identity("127.0.0.1"));
    server.on("*", Reply::hang_up());
    let client = trusting(&authority);
    let outcome = client.fetch(&request(&server.url("/"))).await.outcome;
    assert!(failure(outcome).contains("refused"));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_bad_certificate_says_what_is_wrong_and_nothing_is_sent() {
    let (authority, stranger) = (Authority::new("known"), Authority::new("unknown"));
    for (identity, expected) in [
        (
            self_signed(IsCa::NoCa),
            "Tls: certificate is self-signed, or signed by nobody we trust",
        ),
        (
            self_signed(IsCa::Ca(BasicConstraints::Unconstrained)),
            "Tls: certificate is self-signed",
        ),
        (
            stranger.identity("127.0.0.1"),
            "Tls: certificate is self-signed, or signed by nobody we trust",
        ),
        (
            authority.identity("example.org"),
            "Tls: certificate is not for this address",
        ),
        (
            authority.expired_identity("127.0.0.1"),
            "Tls: certificate expired on 2020-01-01",
        ),
    ] {
        let (outcome, server) = over_tls(&identity, &authority).await;
        assert_eq!(failure(outcome), expected);
        assert!(server.requests().is_empty());
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_says_both() {
    let authority = Authority::new("names");
    let server = Server::start_tls(&authority.identity("example.org"));
    let url = format!("https://localhost:{}/", server.address().port());
    let outcome = trusting(&authority).fetch(&request(&url)).await.outcome;
    assert_eq!(
        failure(outcome),
        "Tls: certificate is for example.org, not for localhost"
    );
}

#[tokio::test]
async fn a_port_that_does_not_speak_tls_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("https://{}/", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let _ = stream.write_all(b"220 mail.example.org ESMTP\r\n");
    });
    let outcome = trusting(&Authority::new("plain"))
        .fetch(&request(&url))
        .await
        .outcome;
    assert_eq!(failure(outcome), "Tls: the port does not speak TLS");
}

#[tokio::test]
async fn an_answer_may_have_hundreds_of_headers() {
    let server = Server::start();
    let mut reply = Reply::ok(FEED);
    for number in 0..400 {
        reply = reply.header(&format!("X-{number}"), "v");
    }
    server.on("/", reply);
    document(ask(&server).await);
}
