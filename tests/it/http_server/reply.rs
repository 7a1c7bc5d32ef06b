//! What arrives, and what is sent back.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A request that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// `GET`, `CONNECT`, ...
    pub(crate) method: String,
    /// As in the request line, query included; a whole address if the client takes us for a proxy.
    pub(crate) path: String,
    /// Names in lower case, values as they came, in order.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// When its head was complete.
    pub(crate) at: Instant,
}

impl Request {
    /// The first header of this name (lower case), with what is not UTF-8 replaced.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers.iter().find(|(known, _)| known == name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// The first header of this name, byte for byte.
    pub(crate) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let (_, value) = self.headers.iter().find(|(known, _)| known == name)?;
        Some(value.clone())
    }

    pub(super) fn parse(head: &[u8], at: Instant) -> Request {
        let mut lines = head
            .split(|&byte| byte == b'\n')
            .map(|line| line.trim_ascii_end());
        let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
        let mut words = first.split(' ').map(str::to_owned);
        let headers = lines.filter_map(|line| {
            let colon = line.iter().position(|&byte| byte == b':')?;
            let name = String::from_utf8_lossy(&line[..colon]).to_lowercase();
            Some((name, line[colon + 1..].trim_ascii().to_vec()))
        });
        Request {
            method: words.next().unwrap_or_default(),
            path: words.next().unwrap_or_default(),
            headers: headers.collect(),
            at,
        }
    }
}

/// What the server does with a request.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
    pub(super) manner: Manner,
    pub(super) head_pause: Duration,
    pub(super) hooks: Vec<(Moment, Hook)>,
}

pub(super) type Hook = Arc<dyn Fn() + Send + Sync>;

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Arrival,
    MidBody,
    LastByte,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// With Content-Length; the connection stays open.
    Whole,
    /// In chunks of some bytes.
    Chunked,
    /// Without a length, up to the end of the connection.
    UntilClose,
    /// Announces the whole body with Content-Length, sends this many bytes of it and hangs up.
    Truncated(usize),
    /// In chunks, of which the last is missing.
    ChunkedTruncated,
    /// One byte at a time.
    Dripped(Duration),
    /// The body again and again.
    Endless,
    /// Says nothing until the client gives up.
    Silent,
    /// Resets the connection without a byte.
    Reset,
    /// Hangs up without a byte.
    HangUp,
    /// The body is all there is, head included.
    Raw,
}

impl Reply {
    /// An answer with this status and no body.
    pub(crate) fn status(status: u16) -> Reply {
        Reply {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            manner: Manner::Whole,
            head_pause: Duration::ZERO,
            hooks: Vec::new(),
        }
    }

    /// 200 with a body, without a Content-Type.
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Reply {
        Reply::status(200).body(body)
    }

    /// 200 with the body and the ETag; 304 to those who show the ETag.
    pub(crate) fn validated(request: &Request, etag: &str, body: impl Into<Vec<u8>>) -> Reply {
        match request.header("if-none-match").as_deref() == Some(etag) {
            true => Reply::status(304).header("ETag", etag),
            false => Reply::ok(body).header("ETag", etag),
        }
    }

    /// Exactly these bytes, head included, then the end of the connection.
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Reply {
        Reply::ok(bytes).manner(Manner::Raw)
    }

    /// No byte ever.
    pub(crate) fn silent() -> Reply {
        Reply::status(200).manner(Manner::Silent)
    }

    /// A TCP reset in place of an answer.
    pub(crate) fn reset() -> Reply {
        Reply::status(200).manner(Manner::Reset)
    }

    /// The end of the connection in place of an answer.
    pub(crate) fn hang_up() -> Reply {
        Reply::status(200).manner(Manner::HangUp)
    }

    /// Adds a header; the value may be any bytes.
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Reply {
        self.headers
            .push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Replaces the body.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Reply {
        self.body = body.into();
        self
    }

    /// With chunked transfer coding in place of Content-Length.
    pub(crate) fn chunked(self) -> Reply {
        self.manner(Manner::Chunked)
    }

    /// With neither length nor chunks: the end of the connection is the end.
    pub(crate) fn until_close(self) -> Reply {
        self.manner(Manner::UntilClose)
    }

    /// Breaks off after this many bytes of the body that Content-Length announces.
    pub(crate) fn truncated_at(self, bytes: usize) -> Reply {
        self.manner(Manner::Truncated(bytes))
    }

    /// Chunked, and breaks off before the last chunk.
    pub(crate) fn chunked_truncated(self) -> Reply {
        self.manner(Manner::ChunkedTruncated)
    }

    /// The body byte by byte.
    pub(crate) fn dripped(self, pause: Duration) -> Reply {
        self.manner(Manner::Dripped(pause))
    }

    /// The head byte by byte.
    pub(crate) fn head_dripped(mut self, pause: Duration) -> Reply {
        self.head_pause = pause;
        self
    }

    /// The body again and again, until the client gives up.
    pub(crate) fn endless(self) -> Reply {
        self.manner(Manner::Endless)
    }

    /// Runs `hook` when the request has arrived, before anything is sent.
    pub(crate) fn on_arrival(self, hook: impl Fn() + Send + Sync + 'static) -> Reply {
        self.hook(Moment::Arrival, hook)
    }

    /// Runs `hook` when the head and half of the body have been sent.
    pub(crate) fn in_mid_body(self, hook: impl Fn() + Send + Sync + 'static) -> Reply {
        self.hook(Moment::MidBody, hook)
    }

    /// Runs `hook` when the last byte has been sent.
    pub(crate) fn after_last_byte(self, hook: impl Fn() + Send + Sync + 'static) -> Reply {
        self.hook(Moment::LastByte, hook)
    }

    fn manner(mut self, manner: Manner) -> Reply {
        self.manner = manner;
        self
    }

    fn hook(mut self, moment: Moment, hook: impl Fn() + Send + Sync + 'static) -> Reply {
        self.hooks.push((moment, Arc::new(hook)));
        self
    }

    pub(super) fn run_hooks(&self, now: Moment) {
        for (_, hook) in self.hooks.iter().filter(|(moment, _)| *moment == now) {
            hook();
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {:?}, {} bytes",
            self.status,
            self.manner,
            self.body.len()
        )
    }
}
