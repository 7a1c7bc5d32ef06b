//! The bytes between us and a mail server, as lettre sees them.
//!
//! lettre reads an answer to its end, however long it is or takes, drops it where it is not perfectly formed, and goes on
//! in the clear buffer after STARTTLS. So it never sees the socket: it gets one clean line at a time, of an answer that
//! is bounded in bytes and in time, and what the server really said is kept here, where the verdict is made.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use lettre::transport::smtp::client::AsyncTokioStream;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::verdict::Reply;

/// An answer with more bytes or lines than this is no answer. Real ones stay under 2 KiB.
const MAX_ANSWER: usize = 64 * 1024;
const MAX_LINES: usize = 200;

/// What we keep of one line; RFC 5321 section 4.5.3.1.5 allows 512 bytes, lettre refuses over 1000.
const MAX_LINE: usize = 900;

/// A connection to a mail server. Clones share it: one is lettre's, one the session's.
#[derive(Clone)]
pub(super) struct Wire(Arc<Mutex<Line>>);

struct Line {
    stream: Stream,
    peer: SocketAddr,
    /// From the server, not yet looked at.
    raw: Vec<u8>,
    /// One clean line, or what lettre has not yet taken of it.
    clean: Vec<u8>,
    /// The lines of the answer since we last wrote.
    answer: Vec<String>,
    /// How many bytes the answer has taken so far.
    heard: usize,
    fault: Option<Fault>,
    /// The last moment at which we got a byte out.
    since: Instant,
    timer: Pin<Box<Sleep>>,
    patience: Duration,
    patience_for_answer: Duration,
    has_spoken: bool,
    may_quit: bool,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    /// Given to a handshake that has not succeeded.
    Gone,
}

/// Why no answer came. Once met it stays, so that nothing waits a second time.
#[derive(Clone, Debug)]
enum Fault {
    Silent(Duration),
    Closed,
    Endless,
    /// The server spoke before it was asked.
    Early,
    Broken(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Silent(patience) => write!(f, "no answer within {} s", patience.as_secs_f32()),
            Fault::Closed => f.write_str("the server closed the connection"),
            Fault::Endless => f.write_str("an answer without end"),
            Fault::Early => f.write_str("the server answered before it was asked"),
            Fault::Broken(cause) => write!(f, "the connection broke: {cause}"),
        }
    }
}

impl Wire {
    /// Takes over a fresh connection. `patience` bounds each answer, counted from our last byte, and each pause in
    /// which the server takes no byte from us.
    pub(super) fn new(stream: TcpStream, patience: Duration) -> io::Result<Wire> {
        let peer = stream.peer_addr()?;
        let since = Instant::now();
        Ok(Wire(Arc::new(Mutex::new(Line {
            stream: Stream::Plain(stream),
            peer,
            raw: Vec::new(),
            clean: Vec::new(),
            answer: Vec::new(),
            heard: 0,
            fault: None,
            since,
            timer: Box::pin(tokio::time::sleep_until(since)),
            patience,
            patience_for_answer: patience,
            has_spoken: false,
            may_quit: false,
        }))))
    }

    /// Begins TLS, now or after STARTTLS.
    ///
    /// # Errors
    /// The error of the handshake, with `rustls::Error` inside where it is one of TLS; or that the server had sent more
    /// than it was asked for, which an attacker could have put there to be read as if it came by TLS (CVE-2011-0411).
    pub(super) async fn secure(
        &self,
        connector: &TlsConnector,
        name: ServerName<'static>,
    ) -> io::Result<()> {
        let (stream, patience) = {
            let mut line = self.line();
            if !line.raw.is_empty() {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "text in the clear before the handshake",
                ));
            }
            (
                std::mem::replace(&mut line.stream, Stream::Gone),
                line.patience,
            )
        };
        let Stream::Plain(stream) = stream else {
            return Err(io::Error::from(io::ErrorKind::NotConnected));
        };
        let handshake = tokio::time::timeout(patience, connector.connect(name, stream));
        let stream = handshake
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        let mut line = self.line();
        line.stream = Stream::Tls(Box::new(stream));
        line.since = Instant::now();
        Ok(())
    }

    /// Sets how long the next answers may take.
    pub(super) fn wait_for_answers(&self, patience: Duration) {
        self.line().patience_for_answer = patience;
    }

    /// Lets a QUIT through. lettre sends one of its own after an error, which would replace the answer that told of the
    /// error and wait for another.
    pub(super) fn allow_quit(&self) {
        self.line().may_quit = true;
    }

    /// Whether we have sent a command on this connection.
    pub(super) fn has_spoken(&self) -> bool {
        self.line().has_spoken
    }

    /// The answer to what we last wrote, if it is complete and begins with a code.
    pub(super) fn reply(&self) -> Option<Reply> {
        let line = self.line();
        line.reply().filter(|_| !line.is_early())
    }

    /// Fails if the server has said something before the next thing that we write.
    pub(super) async fn expect_quiet(&self) -> io::Result<()> {
        poll_fn(|cx| Poll::Ready(self.line().refuse_unasked(cx))).await
    }

    /// Whether the server said something before we wrote what we were about to write, which has not been written then;
    /// and what it was, if that is complete and begins with a code.
    pub(super) fn early(&self) -> Option<Option<Reply>> {
        let line = self.line();
        line.is_early().then(|| line.reply())
    }

    /// Why there is no such answer, in words.
    pub(super) fn trouble(&self) -> Option<String> {
        let line = self.line();
        let heard = line
            .answer
            .last()
            .map(|text| format!("`{}`", text.chars().take(80).collect::<String>()));
        match (&line.fault, heard) {
            (Some(fault), None) => Some(fault.to_string()),
            (Some(Fault::Early), Some(heard)) => Some(format!("{}: {heard}", Fault::Early)),
            (Some(fault), Some(heard)) => Some(format!("{fault}, after {heard}")),
            (None, Some(heard)) => Some(format!("not an answer of a mail server: {heard}")),
            (None, None) => None,
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        // Nothing panics under the lock; if something did, the bytes are as sound as before.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The code that a line of an answer begins with, and what follows it.
fn split_code(line: &str) -> Option<(u16, &str)> {
    let digits = line
        .get(..3)
        .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    Some((digits.parse().ok()?, line.get(3..)?))
}

impl Line {
    /// Moves one line from `raw` to `clean`, if a whole one is there.
    fn take_line(&mut self) -> bool {
        let Some(end) = self.raw.iter().position(|&byte| byte == b'\n') else {
            return false;
        };
        let bytes: Vec<u8> = self.raw.drain(..=end).collect();
        self.heard += bytes.len();
        let text = tidy(&bytes);
        self.clean = for_lettre(&text);
        self.answer.push(text);
        true
    }

    fn reply(&self) -> Option<Reply> {
        let (code, _) = split_code(self.answer.last()?)?;
        let is_whole = self.answer.last()?.get(3..4) != Some("-");
        is_whole.then(|| Reply {
            code,
            lines: self.answer.clone(),
        })
    }

    fn is_early(&self) -> bool {
        matches!(self.fault, Some(Fault::Early))
    }

    /// Fails if the server has said something that nothing asked for. It would be taken for the answer to what we write
    /// next, each answer for that to the command after it, and the last of them for that to the final dot.
    fn refuse_unasked(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.raw.is_empty()
            && let Poll::Ready(received) = self.poll_receive(cx)
        {
            received?;
        }
        if self.raw.is_empty() {
            return Ok(());
        }
        self.answer.clear();
        while self.take_line() {}
        self.clean.clear();
        if self.answer.is_empty() {
            let text = tidy(&std::mem::take(&mut self.raw));
            self.answer.push(text);
        }
        Err(self.fail(Fault::Early))
    }

    fn fail(&mut self, fault: Fault) -> io::Error {
        let error = io::Error::other(fault.to_string());
        self.fault.get_or_insert(fault);
        error
    }

    /// Takes what the server has sent.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut bytes = [0; 4096];
        let mut buffer = ReadBuf::new(&mut bytes);
        let read = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, &mut buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, &mut buffer),
            Stream::Gone => Poll::Ready(Err(io::Error::from(io::ErrorKind::NotConnected))),
        };
        match ready!(read) {
            Ok(()) if buffer.filled().is_empty() => Poll::Ready(Err(self.fail(Fault::Closed))),
            Ok(()) => {
                self.raw.extend_from_slice(buffer.filled());
                Poll::Ready(Ok(()))
            }
            Err(error) => {
                let closed = error.kind() == io::ErrorKind::UnexpectedEof;
                Poll::Ready(Err(self.fail(if closed {
                    Fault::Closed
                } else {
                    Fault::Broken(error.to_string())
                })))
            }
        }
    }

    /// Waits for what the server sends, as long as an answer may take.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Poll::Ready(received) = self.poll_receive(cx) {
            return Poll::Ready(received);
        }
        ready!(self.poll_deadline(cx, self.patience_for_answer));
        Poll::Ready(Err(self.fail(Fault::Silent(self.patience_for_answer))))
    }

    /// Ready once `patience` has passed since we last got a byte out.
    fn poll_deadline(&mut self, cx: &mut Context<'_>, patience: Duration) -> Poll<()> {
        let deadline = self.since + patience;
        if self.timer.deadline() != deadline {
            self.timer.as_mut().reset(deadline);
        }
        self.timer.as_mut().poll(cx)
    }

    fn poll_stream(
        &mut self,
        cx: &mut Context<'_>,
        act: impl FnOnce(
            Pin<&mut (dyn AsyncWrite + Unpin)>,
            &mut Context<'_>,
        ) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let acted = match &mut self.stream {
            Stream::Plain(stream) => act(Pin::new(stream), cx),
            Stream::Tls(stream) => act(Pin::new(&mut **stream), cx),
            Stream::Gone => Poll::Ready(Err(io::Error::from(io::ErrorKind::NotConnected))),
        };
        if acted.is_pending() {
            ready!(self.poll_deadline(cx, self.patience));
            return Poll::Ready(Err(self.fail(Fault::Silent(self.patience))));
        }
        acted
    }
}

/// The text of a line without its end, controls and what is over `MAX_LINE`. A reply in Latin-1 stays readable, since
/// a refused byte here would turn an accepted message into one of unknown fate.
fn tidy(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_end_matches(['\r', '\n']);
    let mut tidied = String::with_capacity(text.len().min(MAX_LINE));
    for character in text.chars() {
        if tidied.len() + character.len_utf8() > MAX_LINE {
            break;
        }
        tidied.push(if character.is_control() {
            ' '
        } else {
            character
        });
    }
    tidied
}

/// A line in the form that lettre's parser takes: it wants a space after the code even if no text follows
/// (RFC 5321 section 4.2 asks us to do without), and no middle digit over 5, though `571` is in use.
fn for_lettre(text: &str) -> Vec<u8> {
    let mut line = text.as_bytes().to_vec();
    if split_code(text).is_some() {
        if let Some(middle) = line.get_mut(1).filter(|digit| **digit > b'5') {
            *middle = b'5';
        }
        if line.len() == 3 {
            line.push(b' ');
        }
    }
    line.extend_from_slice(b"\r\n");
    line
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut line = self.line();
        while line.clean.is_empty() {
            let is_endless =
                line.heard + line.raw.len() > MAX_ANSWER || line.answer.len() > MAX_LINES;
            if is_endless {
                return Poll::Ready(Err(line.fail(Fault::Endless)));
            }
            if line.take_line() {
                continue;
            }
            if let Some(fault) = line.fault.clone() {
                return Poll::Ready(Err(line.fail(fault)));
            }
            ready!(line.poll_fill(cx))?;
        }
        let count = line.clean.len().min(buffer.remaining());
        buffer.put_slice(&line.clean.drain(..count).collect::<Vec<u8>>());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut line = self.line();
        if let Some(fault) = line.fault.clone() {
            return Poll::Ready(Err(line.fail(fault)));
        }
        if bytes == b"QUIT\r\n" && !line.may_quit {
            return Poll::Ready(Err(io::Error::other("not yet")));
        }
        line.refuse_unasked(cx)?;
        // A failed write is no fault to stop at: the server's last words may still be read.
        let count = ready!(line.poll_stream(cx, |stream, cx| stream.poll_write(cx, bytes)))?;
        line.since = Instant::now();
        line.answer.clear();
        line.heard = 0;
        line.has_spoken = true;
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line()
            .poll_stream(cx, |stream, cx| stream.poll_flush(cx).map_ok(|()| 0))
            .map_ok(|_| ())
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line()
            .poll_stream(cx, |stream, cx| stream.poll_shutdown(cx).map_ok(|()| 0))
            .map_ok(|_| ())
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.line().peer)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], kept: &str, for_parser: &str) {
        let text = tidy(bytes);
        assert_eq!(text, kept);
        assert_eq!(String::from_utf8_lossy(&for_lettre(&text)), for_parser);
    }

    #[test]
    fn lines_are_made_fit_for_the_parser_and_kept_as_they_were() {
        check(b"250 ok\r\n", "250 ok", "250 ok\r\n");
        check(b"250 ok\n", "250 ok", "250 ok\r\n");
        check(b"250\r\n", "250", "250 \r\n");
        check(b"571-5.7.1 no\r\n", "571-5.7.1 no", "551-5.7.1 no\r\n");
        check(
            b"250 angenommen f\xfcr \x1b[2J\r\n",
            "250 angenommen f\u{fffd}r  [2J",
            "250 angenommen f\u{fffd}r  [2J\r\n",
        );
        check(
            b"HTTP/1.1 400 Bad Request\r\n",
            "HTTP/1.1 400 Bad Request",
            "HTTP/1.1 400 Bad Request\r\n",
        );
    }

    /// A wire whose server has said this before it was asked.
    async fn after(said: &[u8]) -> (Wire, TcpStream) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let ours = TcpStream::connect(address).await.expect("it listens");
        let (mut theirs, _) = listener.accept().await.expect("it came");
        theirs.write_all(said).await.expect("it listens");
        if !said.is_empty() {
            ours.readable().await.expect("it was said");
        }
        let wire = Wire::new(ours, Duration::from_secs(30)).expect("a connection");
        (wire, theirs)
    }

    #[tokio::test]
    async fn nothing_is_written_after_an_answer_that_was_not_asked_for() {
        for (said, trouble) in [
            ("250 early\r\n", "250 early"),
            ("250-a\r\n250 b\r\n", "250 b"),
            ("25", "25"),
        ] {
            let (mut wire, mut theirs) = after(said.as_bytes()).await;
            assert!(wire.write_all(b"\r\n.\r\n").await.is_err(), "{said}");
            assert_eq!(wire.reply(), None, "{said}");
            assert!(wire.early().is_some(), "{said}");
            assert_eq!(
                wire.trouble(),
                Some(format!(
                    "the server answered before it was asked: `{trouble}`"
                ))
            );
            drop(wire);
            let mut heard = Vec::new();
            // The rest is a reset where the server's words were not read to their end.
            let _ = theirs.read_to_end(&mut heard).await;
            assert_eq!(heard, b"", "{said}");
        }
        let (mut wire, _theirs) = after(b"").await;
        assert!(wire.write_all(b"\r\n.\r\n").await.is_ok());
        assert_eq!(wire.early(), None);
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let text = tidy(format!("250 {}\r\n", "ü".repeat(2000)).as_bytes());
        assert!(text.len() <= MAX_LINE && text.ends_with('ü'));
    }
}
