//! The servers of all feeds, in a process of their own: one socket, since each feed is told from its path.
//!
//! `change` on standard input changes one feed in twenty.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::world;

/// Serves documents of so many items.
pub(crate) fn run(items: u32) -> io::Result<()> {
    let rounds = Arc::new(AtomicU32::new(0));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let listening = Arc::clone(&rounds);
    let port = runtime.block_on(async move {
        // Feeds live at all of 127/8, which only the address of all addresses takes in; strangers are not answered.
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
        let port = listener.local_addr()?.port();
        tokio::spawn(accept(listener, listening, items));
        io::Result::Ok(port)
    })?;
    super::answer(&port.to_string())?;
    for line in io::stdin().lines() {
        match line?.as_str() {
            "change" => rounds.fetch_add(1, Ordering::SeqCst),
            _ => break,
        };
        super::answer("changed")?;
    }
    Ok(())
}

async fn accept(listener: TcpListener, rounds: Arc<AtomicU32>, items: u32) {
    loop {
        if let Ok((stream, peer)) = listener.accept().await
            && is_here(peer)
        {
            let rounds = rounds.load(Ordering::SeqCst);
            tokio::spawn(async move { serve(stream, rounds, items).await });
        }
    }
}

fn is_here(peer: SocketAddr) -> bool {
    peer.ip().is_loopback()
}

async fn serve(mut stream: TcpStream, rounds: u32, items: u32) -> io::Result<()> {
    let mut head = Vec::with_capacity(1024);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let head = String::from_utf8_lossy(&head);
    let feed = head
        .strip_prefix("GET /")
        .and_then(|rest| rest.split_once('.'))
        .and_then(|(feed, _)| feed.parse().ok());
    let Some(feed) = feed else {
        return stream
            .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .await;
    };
    let version = world::version(feed, rounds);
    let etag = format!("\"{feed}-{version}\"");
    let held = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("if-none-match"));
    let (status, body) = match held {
        Some((_, held)) if held == etag => ("304 Not Modified", String::new()),
        _ => ("200 OK", world::document(feed, version, items)),
    };
    let length = if body.is_empty() {
        String::new()
    } else {
        format!(
            "Content-Length: {}\r\nContent-Type: application/rss+xml\r\n",
            body.len()
        )
    };
    let answer =
        format!("HTTP/1.1 {status}\r\nETag: {etag}\r\n{length}Connection: close\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
