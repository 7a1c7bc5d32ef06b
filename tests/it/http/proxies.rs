//! Through a proxy: what it is asked, and what the guard still refuses.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use jiff::SignedDuration;
use wirewatch::http::client::{Client, Settings};
use wirewatch::http::fetch::{Outcome, Scope};

use super::{FEED, document, failure, request};
use crate::http_server::{Reply, Server};

fn through(proxy: &str) -> Client {
    Client::new(Settings {
        proxy: Some(proxy.to_owned()),
        ..Settings::default()
    })
    .expect("a client")
}

/// A SOCKS5 proxy for one connection; the receiver gets the kind of address asked for (3: a name) and the address.
fn socks(target: SocketAddr) -> (SocketAddr, mpsc::Receiver<(u8, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    let (asked, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let (client, _) = listener.accept().expect("a client");
        serve_socks(client, target, &asked).expect("a client that speaks SOCKS5");
    });
    (address, receiver)
}

/// RFC 1928, with a connection to `target` whatever is asked for.
fn serve_socks(
    mut client: TcpStream,
    target: SocketAddr,
    asked: &mpsc::Sender<(u8, String)>,
) -> io::Result<()> {
    let mut greeting = [0; 2];
    client.read_exact(&mut greeting)?;
    client.read_exact(&mut vec![0; greeting[1].into()])?;
    client.write_all(&[5, 0])?;
    let mut wanted = [0; 5];
    client.read_exact(&mut wanted)?;
    let mut name = vec![0; wanted[4].into()];
    client.read_exact(&mut name)?;
    client.read_exact(&mut [0; 2])?;
    let name = String::from_utf8_lossy(&name).into_owned();
    asked.send((wanted[3], name)).map_err(io::Error::other)?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;

    let mut server = TcpStream::connect(target)?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    std::thread::spawn(move || io::copy(&mut from_client, &mut to_server));
    // The client hangs up when it has what it wants.
    let _ = io::copy(&mut server, &mut client);
    Ok(())
}

#[tokio::test]
async fn an_http_proxy_is_asked_for_the_whole_address() {
    let proxy = Server::start();
    proxy.on("http://feeds.example.org/rss", Reply::ok(FEED));
    let client = through(&proxy.url("/"));
    document(
        client
            .fetch(&request("http://feeds.example.org/rss"))
            .await
            .outcome,
    );
    let request = &proxy.requests()[0];
    assert_eq!(
        (request.method.as_str(), request.header("host").as_deref()),
        ("GET", Some("feeds.example.org"))
    );
}

#[tokio::test]
async fn an_http_proxy_is_asked_for_a_tunnel_where_the_feed_is_https() {
    let proxy = Server::start();
    proxy.on("feeds.example.org:443", Reply::status(403));
    let outcome = through(&proxy.url("/"))
        .fetch(&request("https://feeds.example.org/rss"))
        .await
        .outcome;
    let failure = failure(outcome);
    assert!(
        failure.starts_with("Connect: through the proxy: "),
        "{failure}"
    );
    assert_eq!(proxy.requests()[0].method, "CONNECT");
}

#[tokio::test]
async fn a_socks_proxy_is_told_the_name_and_resolves_it_itself() {
    let server = Server::start();
    server.on("/rss", Reply::ok(FEED));
    let (proxy, asked) = socks(server.address());
    let client = through(&format!("socks5h://{proxy}"));
    document(
        client
            .fetch(&request("http://feeds.example.org/rss"))
            .await
            .outcome,
    );
    assert_eq!(
        asked.recv().expect("asked"),
        (3, "feeds.example.org".to_owned())
    );
    assert_eq!(server.requests()[0].path, "/rss");
}

#[tokio::test]
async fn a_proxy_is_not_asked_for_private_addresses() {
    let proxy = Server::start();
    let client = through(&proxy.url("/"));
    for url in [
        "http://127.0.0.1/",
        "http://0x7f.1/",
        "http://localhost/",
        "http://[::1]/",
        "https://10.0.0.1/",
    ] {
        let failure = failure(client.fetch(&request(url)).await.outcome);
        assert!(failure.starts_with("Refused: "), "{url}: {failure}");
    }
    assert!(proxy.requests().is_empty());
}

#[tokio::test]
async fn a_proxy_that_is_down_is_named_as_the_culprit() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let proxy = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    let outcome = through(&proxy)
        .fetch(&request("http://feeds.example.org/"))
        .await
        .outcome;
    assert!(!outcome.reached());
    assert_eq!(
        failure(outcome),
        "Connect: through the proxy: connection refused"
    );
}

/// Asks two hosts of one domain and one of another at once; the proxy answers all three like this.
async fn three_at_once(reply: Reply) -> (Server, [Outcome; 2]) {
    let proxy = Server::start();
    let urls = [
        "http://a.example.org/",
        "http://b.example.org/",
        "http://example.com/",
    ];
    for url in urls {
        proxy.on(url, reply.clone());
    }
    let client = through(&proxy.url("/"));
    let [a, b, other] = urls.map(request);
    let (a, b, _) = tokio::join!(client.fetch(&a), client.fetch(&b), client.fetch(&other));
    (proxy, [a.outcome, b.outcome])
}

#[tokio::test]
async fn two_hosts_of_one_domain_are_asked_one_after_the_other_and_others_meanwhile() {
    let (proxy, _) = three_at_once(Reply::ok(FEED)).await;
    let at = |url: &str| proxy.requests_to(url)[0].at;
    let apart = at("http://b.example.org/") - at("http://a.example.org/");
    assert!(apart >= Duration::from_secs(1), "{apart:?}");
    assert!(at("http://example.com/") < at("http://b.example.org/"));
}

#[tokio::test]
async fn a_429_of_one_host_spares_the_whole_domain_what_was_waiting_for_it() {
    let too_many = Reply::status(429).header("Retry-After", "60");
    let (proxy, [a, b]) = three_at_once(too_many).await;
    let Outcome::Throttled {
        scope: Scope::Domain,
        ..
    } = a
    else {
        panic!("not refused: {a:?}");
    };
    let Outcome::Held {
        domain,
        wait: Some(wait),
    } = b
    else {
        panic!("not left alone: {b:?}");
    };
    assert!(
        wait > SignedDuration::from_secs(30) && wait <= SignedDuration::from_secs(60),
        "{wait:?}"
    );
    assert_eq!(domain, "example.org");
    assert!(proxy.requests_to("http://b.example.org/").is_empty());
    assert_eq!(proxy.requests_to("http://example.com/").len(), 1);
}
