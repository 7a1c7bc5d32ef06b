//! A mail server on loopback that plays whatever part a test gives it.
//!
//! A test hands over a closure that is called at every [`Point`] of every session and says what the server does there; it
//! can also do something itself, such as killing the client. What arrives is recorded.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::certificates::Identity;

/// Where a session stands when the server asks what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Point {
    /// A connection has come; with implicit TLS before the handshake.
    Connect,
    Greeting,
    Ehlo,
    StartTls,
    /// 220 has been said to STARTTLS.
    Handshake,
    /// AUTH, and each further line of the login.
    Auth,
    Mail,
    Rcpt,
    Data,
    /// The first line of the message has come.
    Body,
    /// The whole message has come, but nothing is recorded of it.
    BeforeDot,
    /// The dot has come; the message is recorded, nothing is said yet.
    Dot,
    /// 250 has been said to the dot.
    Accepted,
    Quit,
}

/// One moment of one session.
#[derive(Debug)]
pub(crate) struct Moment<'a> {
    pub(crate) point: Point,
    /// The how many-th session this is, from 0.
    pub(crate) session: usize,
    /// How often any session has been at this point before.
    pub(crate) nth: usize,
    /// What the client has just sent.
    pub(crate) line: &'a str,
}

/// What the server does at a point.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// What a good server does.
    Normal,
    /// Says this in place of the usual answer (lines parted by `\n`), and means it.
    Say(&'static str),
    /// Says this and closes.
    Bye(&'static str),
    /// Sends these bytes as they are.
    Raw(Vec<u8>),
    /// Says this after a while.
    Late(Duration, &'static str),
    /// Says this one byte at a time, with this pause after each.
    Drip(Duration, &'static str),
    /// Sends a line that never ends.
    Endless,
    /// Says nothing more and reads nothing more.
    Stall,
    /// Closes in order.
    Close,
    /// Closes with a TCP reset.
    Reset,
}

impl Act {
    /// What is said to the client where `usual` would be the normal answer.
    fn says<'a>(&'a self, usual: &'a str) -> &'a str {
        match self {
            Act::Normal => usual,
            Act::Say(text) | Act::Bye(text) | Act::Late(_, text) | Act::Drip(_, text) => text,
            Act::Raw(bytes) => {
                std::str::from_utf8(bytes.get(..3).unwrap_or_default()).unwrap_or_default()
            }
            Act::Endless | Act::Stall | Act::Close | Act::Reset => "",
        }
    }
}

/// What the server can do.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) protection: Protection,
    /// The user name and password that AUTH takes; `None`: AUTH is not offered.
    pub(crate) login: Option<(&'static str, &'static str)>,
    /// Offered in the answer to EHLO, such as `SIZE 1000`; `AUTH ...` replaces `AUTH PLAIN LOGIN`.
    pub(crate) extensions: Vec<&'static str>,
}

#[derive(Default)]
pub(crate) enum Protection {
    #[default]
    None,
    StartTls(Identity),
    Implicit(Identity),
}

/// A message that came as far as its final dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    /// Without the dot, and without the dots that SMTP doubles.
    pub(crate) data: Vec<u8>,
    /// Whether the server said 2xx to it, and meant it.
    pub(crate) accepted: bool,
}

type Play = dyn Fn(&Moment<'_>) -> Act + Send + Sync;

/// A running server; it stops when it is dropped.
pub(crate) struct SmtpServer {
    pub(crate) address: SocketAddr,
    stage: Arc<Stage>,
    runtime: Option<tokio::runtime::Runtime>,
}

struct Stage {
    setup: Setup,
    play: Box<Play>,
    record: Mutex<Record>,
}

#[derive(Default)]
struct Record {
    sessions: Vec<Vec<String>>,
    messages: Vec<Received>,
    visits: HashMap<Point, usize>,
}

impl SmtpServer {
    /// Starts a server on a free port of 127.0.0.1.
    pub(crate) fn start(
        setup: Setup,
        play: impl Fn(&Moment<'_>) -> Act + Send + Sync + 'static,
    ) -> SmtpServer {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener
            .set_nonblocking(true)
            .expect("a socket that does not block");
        let address = listener.local_addr().expect("an address");
        let stage = Arc::new(Stage {
            setup,
            play: Box::new(play),
            record: Mutex::default(),
        });
        let shared = Arc::clone(&stage);
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).expect("a listener");
            while let Ok((stream, _)) = listener.accept().await {
                let number = shared.record().sessions.len();
                shared.record().sessions.push(Vec::new());
                let line = Line {
                    wire: Wire::Plain(stream),
                    unread: Vec::new(),
                };
                let stage = Arc::clone(&shared);
                tokio::spawn(
                    Part {
                        stage,
                        number,
                        line,
                        from: String::new(),
                        to: Vec::new(),
                    }
                    .perform(),
                );
            }
        });
        SmtpServer {
            address,
            stage,
            runtime: Some(runtime),
        }
    }

    /// Starts a server without TLS and login that always does the usual.
    pub(crate) fn good() -> SmtpServer {
        SmtpServer::start(Setup::default(), |_| Act::Normal)
    }

    /// The messages whose dot has come, in that order.
    pub(crate) fn messages(&self) -> Vec<Received> {
        self.stage.record().messages.clone()
    }

    /// The messages that the server took charge of.
    pub(crate) fn accepted(&self) -> Vec<Received> {
        self.messages()
            .into_iter()
            .filter(|message| message.accepted)
            .collect()
    }

    /// What the clients said, session by session, without messages.
    pub(crate) fn sessions(&self) -> Vec<Vec<String>> {
        self.stage.record().sessions.clone()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        // In an async test a runtime must not be dropped, since that waits.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Stage {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().expect("no panic under the lock")
    }

    fn ask(&self, point: Point, session: usize, line: &str) -> Act {
        let nth = {
            let mut record = self.record();
            let visits = record.visits.entry(point).or_default();
            *visits += 1;
            *visits - 1
        };
        (self.play)(&Moment {
            point,
            session,
            nth,
            line,
        })
    }
}

/// The server's part in one session.
struct Part {
    stage: Arc<Stage>,
    number: usize,
    line: Line,
    from: String,
    to: Vec<String>,
}

/// `None` ends the session.
type Turn<T> = Option<T>;

impl Part {
    async fn perform(mut self) {
        // How a session ends is recorded where it matters.
        let _ = self.converse().await;
    }

    async fn converse(&mut self) -> Turn<()> {
        self.turn(Point::Connect, "", "").await?;
        if matches!(self.stage.setup.protection, Protection::Implicit(_)) {
            self.protect().await?;
        }
        self.turn(Point::Greeting, "", "220 mx.example ESMTP")
            .await?;
        loop {
            let command = self.line.hear_text().await?;
            self.note(&command);
            let verb = command
                .split([' ', ':'])
                .next()
                .unwrap_or_default()
                .to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => {
                    let offer = self.offer();
                    self.turn(Point::Ehlo, &command, &offer).await?;
                }
                "STARTTLS" => {
                    if self
                        .turn(Point::StartTls, &command, "220 2.0.0 go on")
                        .await?
                        .starts_with('2')
                    {
                        self.turn(Point::Handshake, "", "").await?;
                        self.protect().await?;
                    }
                }
                "AUTH" => self.log_in(&command).await?,
                "MAIL" => {
                    self.from = path(&command);
                    self.to.clear();
                    self.turn(Point::Mail, &command, "250 2.1.0 sender ok")
                        .await?;
                }
                "RCPT" => {
                    if self
                        .turn(Point::Rcpt, &command, "250 2.1.5 recipient ok")
                        .await?
                        .starts_with('2')
                    {
                        self.to.push(path(&command));
                    }
                }
                "DATA" => {
                    if self
                        .turn(Point::Data, &command, "354 go on")
                        .await?
                        .starts_with('3')
                    {
                        self.take_message().await?;
                    }
                }
                "QUIT" => {
                    self.turn(Point::Quit, &command, "221 2.0.0 bye").await?;
                    return None;
                }
                "RSET" | "NOOP" => self.line.say("250 2.0.0 ok").await?,
                _ => self.line.say("500 5.5.1 what").await?,
            }
        }
    }

    fn note(&self, command: &str) {
        self.stage.record().sessions[self.number].push(command.to_owned());
    }

    /// What EHLO is answered with.
    fn offer(&self) -> String {
        let setup = &self.stage.setup;
        let mut lines = vec!["250-mx.example".to_owned()];
        if matches!(setup.protection, Protection::StartTls(_)) && !self.line.is_protected() {
            lines.push("250-STARTTLS".to_owned());
        }
        if setup.login.is_some() && !setup.extensions.iter().any(|name| name.starts_with("AUTH")) {
            lines.push("250-AUTH PLAIN LOGIN".to_owned());
        }
        lines.extend(setup.extensions.iter().map(|name| format!("250-{name}")));
        lines.push("250 ENHANCEDSTATUSCODES".to_owned());
        lines.join("\n")
    }

    async fn protect(&mut self) -> Turn<()> {
        match &self.stage.setup.protection {
            Protection::StartTls(identity) | Protection::Implicit(identity) => {
                self.line
                    .protect(TlsAcceptor::from(Arc::clone(&identity.config)))
                    .await
            }
            Protection::None => None,
        }
    }

    async fn log_in(&mut self, command: &str) -> Turn<()> {
        let (user, password) = self.stage.setup.login.unwrap_or_default();
        let mut words = command.split_whitespace().skip(1);
        let given = if words.next() == Some("LOGIN") {
            if !self
                .turn(Point::Auth, command, "334 VXNlcm5hbWU6")
                .await?
                .starts_with('3')
            {
                return Some(());
            }
            let name = self.line.hear_text().await?;
            self.turn(Point::Auth, "", "334 UGFzc3dvcmQ6").await?;
            format!("{name} {}", self.line.hear_text().await?)
        } else {
            words.next().unwrap_or_default().to_owned()
        };
        let plain = base64(&format!("\0{user}\0{password}"));
        let login = format!("{} {}", base64(user), base64(password));
        let is_right = given == plain || given == login;
        let answer = if is_right {
            "235 2.7.0 welcome"
        } else {
            "535 5.7.8 wrong name or password"
        };
        self.turn(Point::Auth, command, answer).await.map(drop)
    }

    async fn take_message(&mut self) -> Turn<()> {
        let mut data = Vec::new();
        let mut line = self.line.hear().await?;
        self.turn(Point::Body, "", "").await?;
        while line != b".\r\n" {
            data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            line = self.line.hear().await?;
        }
        self.turn(Point::BeforeDot, "", "").await?;
        let index = {
            let mut record = self.stage.record();
            let (from, to) = (self.from.clone(), self.to.clone());
            record.messages.push(Received {
                from,
                to,
                data,
                accepted: false,
            });
            record.messages.len() - 1
        };
        let usual = "250 2.0.0 queued";
        let act = self.stage.ask(Point::Dot, self.number, "");
        let is_accepted = act.says(usual).starts_with('2');
        // Before it is said, or a test could look in between.
        self.stage.record().messages[index].accepted = is_accepted;
        self.perform_act(act, usual).await?;
        if is_accepted {
            self.turn(Point::Accepted, "", "").await?;
        }
        Some(())
    }

    /// Asks what to do at `point` and does it. Gives what was said; `None` ends the session.
    async fn turn(&mut self, point: Point, heard: &str, usual: &str) -> Turn<String> {
        let act = self.stage.ask(point, self.number, heard);
        self.perform_act(act, usual).await
    }

    async fn perform_act(&mut self, act: Act, usual: &str) -> Turn<String> {
        let said = act.says(usual).to_owned();
        let line = &mut self.line;
        match act {
            Act::Normal | Act::Say(_) => line.say(&said).await?,
            Act::Late(wait, _) => {
                tokio::time::sleep(wait).await;
                line.say(&said).await?;
            }
            Act::Drip(pause, _) => {
                for byte in format!("{}\r\n", said.replace('\n', "\r\n")).bytes() {
                    line.send(&[byte]).await?;
                    tokio::time::sleep(pause).await;
                }
            }
            Act::Raw(bytes) => line.send(&bytes).await?,
            Act::Bye(_) => {
                line.say(&said).await?;
                return None;
            }
            Act::Endless => loop {
                line.send(&[b'2'; 8192]).await?;
            },
            Act::Stall => std::future::pending().await,
            Act::Close => return None,
            Act::Reset => {
                line.reset();
                return None;
            }
        }
        Some(said)
    }
}

/// The bytes to and from one client.
struct Line {
    wire: Wire,
    unread: Vec<u8>,
}

enum Wire {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Gone,
}

impl Line {
    fn is_protected(&self) -> bool {
        matches!(self.wire, Wire::Tls(_))
    }

    async fn protect(&mut self, acceptor: TlsAcceptor) -> Turn<()> {
        if let Wire::Plain(stream) = std::mem::replace(&mut self.wire, Wire::Gone) {
            self.wire = Wire::Tls(Box::new(acceptor.accept(stream).await.ok()?));
        }
        Some(())
    }

    /// One line with its end.
    async fn hear(&mut self) -> Turn<Vec<u8>> {
        loop {
            if let Some(end) = self.unread.iter().position(|&byte| byte == b'\n') {
                return Some(self.unread.drain(..=end).collect());
            }
            let read = match &mut self.wire {
                Wire::Plain(stream) => stream.read_buf(&mut self.unread).await,
                Wire::Tls(stream) => stream.read_buf(&mut self.unread).await,
                Wire::Gone => Ok(0),
            };
            read.ok().filter(|&count| count > 0)?;
        }
    }

    async fn hear_text(&mut self) -> Turn<String> {
        Some(
            String::from_utf8_lossy(&self.hear().await?)
                .trim_end()
                .to_owned(),
        )
    }

    async fn say(&mut self, text: &str) -> Turn<()> {
        match text {
            "" => Some(()),
            text => {
                self.send(format!("{}\r\n", text.replace('\n', "\r\n")).as_bytes())
                    .await
            }
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> Turn<()> {
        let sent = match &mut self.wire {
            Wire::Plain(stream) => stream.write_all(bytes).await,
            Wire::Tls(stream) => {
                stream.write_all(bytes).await.ok()?;
                stream.flush().await
            }
            Wire::Gone => return None,
        };
        sent.ok()
    }

    fn reset(&mut self) {
        let stream = match &self.wire {
            Wire::Plain(stream) => stream,
            Wire::Tls(stream) => stream.get_ref().0,
            Wire::Gone => return,
        };
        let _ = stream.set_zero_linger();
        self.wire = Wire::Gone;
    }
}

/// The address between the brackets of MAIL and RCPT.
fn path(command: &str) -> String {
    let inner = command
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    inner
        .map(|(address, _)| address.to_owned())
        .unwrap_or_default()
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = (0..3).fold(0u32, |bits, at| {
            bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0))
        });
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize];
            encoded.push(if at <= chunk.len() {
                digit as char
            } else {
                '='
            });
        }
    }
    encoded
}
