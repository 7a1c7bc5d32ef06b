//! The bundled feeds, and the small loopback server that serves them.
//!
//! Fifteen invented outlets in five languages. Their dates count from the moment the server starts, so that the news
//! is always fresh; two hours later some of them have more to say.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::model::Timestamp;

mod bundle;
mod fill;

pub use bundle::{Bundled, FEEDS};

/// How long the second round comes after the first.
pub const BETWEEN_ROUNDS: jiff::SignedDuration = jiff::SignedDuration::from_hours(2);

/// Serves each bundled feed on a loopback port of its own, until the process ends.
pub struct Server {
    ports: Vec<(&'static str, u16)>,
    second_round: Arc<AtomicBool>,
}

impl Server {
    /// Starts it; the feeds' dates count from `now`.
    pub fn start(now: Timestamp) -> io::Result<Server> {
        let second_round = Arc::new(AtomicBool::new(false));
        let mut ports = Vec::new();
        for feed in FEEDS {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            let port = listener.local_addr()?.port();
            let base = format!("http://127.0.0.1:{port}");
            let outlet = Outlet {
                content_type: feed.content_type,
                first: fill::feed(feed.first, &base, now),
                second: feed.second.map(|second| fill::feed(second, &base, now)),
                second_round: Arc::clone(&second_round),
            };
            ports.push((feed.name, port));
            std::thread::Builder::new()
                .name(format!("outlet {}", feed.name))
                .spawn(move || outlet.serve(&listener))?;
        }
        Ok(Server {
            ports,
            second_round,
        })
    }

    /// The address of an outlet's feed.
    pub fn address(&self, name: &str) -> Option<String> {
        let (_, port) = self.ports.iter().find(|(outlet, _)| *outlet == name)?;
        Some(format!("http://127.0.0.1:{port}/feed"))
    }

    /// The demo's watchlist, with the addresses of this server; database and mail go into `folder`.
    pub fn watchlist(&self, folder: &Path) -> String {
        fill::watchlist(bundle::WATCHLIST, folder, |name| self.address(name))
    }

    /// From now on the outlets show what they publish two hours later.
    pub fn begin_second_round(&self) {
        self.second_round.store(true, Ordering::SeqCst);
    }
}

/// One outlet: what it serves and when.
struct Outlet {
    content_type: &'static str,
    first: String,
    second: Option<String>,
    second_round: Arc<AtomicBool>,
}

impl Outlet {
    fn serve(&self, listener: &TcpListener) {
        for stream in listener.incoming().flatten() {
            // A client that goes away is its own affair; the next one is served.
            let _ = self.answer(&stream);
        }
    }

    fn answer(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut reader = BufReader::new(stream);
        let mut asked_for = String::new();
        reader.read_line(&mut asked_for)?;
        let mut condition = None;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("if-none-match")
            {
                condition = Some(value.trim().to_owned());
            }
        }
        let (body, version) = match &self.second {
            Some(second) if self.second_round.load(Ordering::SeqCst) => (second, 2),
            _ => (&self.first, 1),
        };
        let etag = format!("\"edition-{version}\"");
        let mut stream = stream;
        if !asked_for.starts_with("GET /feed ") {
            stream.write_all(
                b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            )
        } else if condition.as_deref() == Some(&etag) {
            write!(
                stream,
                "HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\nConnection: close\r\n\r\n"
            )
        } else {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nETag: {etag}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                self.content_type,
                body.len()
            )
        }
    }
}
