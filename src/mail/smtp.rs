//! One message over SMTP to an outcome (RFC 5321).
//!
//! lettre speaks, over a wire of ours, one command at a time: the caller writes down that a message is being sent
//! between [`Session::prepare`] and [`Session::data`], and what the server answered before [`Session::quit`]. Every step has
//! its own timeout. After anything but an accepted message the session is over, and the next message needs a new one.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Auth, Data, Ehlo, Mail, Quit, Rcpt, Rset, Starttls};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter, ServerInfo};
use lettre::transport::smtp::response::Response;

use super::message::ascii_domain;
use super::reach::{client_id, reach, secure};
use super::verdict::{Reply, goes_on, redact, report, report_early, silence};
use super::wire::Wire;
use super::{Outcome, Report, Step, tls};

/// How to reach a mail server.
#[derive(Clone)]
pub struct SmtpSettings {
    /// Name or address; the name that its certificate must have.
    pub host: String,
    /// Usually 587 with STARTTLS, 465 with TLS from the start.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// User name and password.
    pub credentials: Option<(String, String)>,
    /// Certificates in PEM form that are trusted beside the system's: what `ca_file` holds.
    pub ca: Option<Vec<u8>>,
    /// For each step; the answer to the final dot may take five times that.
    pub timeout: Duration,
    /// The name this machine goes by in EHLO.
    pub hello: String,
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// In the clear until STARTTLS, which must be offered.
    StartTls,
    /// TLS from the first byte.
    Implicit,
    /// Not at all; only over loopback.
    None,
}

/// Without the password, and without the user name, which often is an address.
impl fmt::Debug for SmtpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpSettings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// A server takes its time after the final dot (RFC 5321 section 4.5.3.2.6 asks for ten minutes), and giving up too
/// early is what makes second copies.
const PATIENCE_AFTER_DOT: u32 = 5;

/// A conversation with a mail server, logged in and ready for a message.
pub struct Session {
    connection: AsyncSmtpConnection,
    wire: Wire,
    server: ServerInfo,
    /// The largest message that the server says it takes (RFC 1870), in bytes.
    largest: Option<usize>,
    takes_size: bool,
    timeout: Duration,
    is_over: bool,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Connects, protects the connection, says hello and logs in.
    ///
    /// # Errors
    /// A report that names the step, one of `Dns` to `Auth`; its outcome is `Transient` or `Config`.
    pub async fn open(settings: &SmtpSettings) -> Result<Session, Report> {
        let hello = client_id(&settings.hello);
        let connector = match settings.tls {
            Tls::None => None,
            Tls::StartTls | Tls::Implicit => Some(tls::connector(settings.ca.as_deref())?),
        };
        let stream = reach(settings).await?;
        let wire = Wire::new(stream, settings.timeout)
            .map_err(|error| silence(Step::Tcp, error.to_string()))?;
        if let (Tls::Implicit, Some(connector)) = (settings.tls, &connector) {
            secure(&wire, connector, &settings.host).await?;
        }
        let mut session = greet(settings, wire, &hello).await?;
        if let (Tls::StartTls, Some(connector)) = (settings.tls, &connector) {
            session.ask_for_tls().await?;
            secure(&session.wire, connector, &settings.host).await?;
            let response = session.say(Step::Ehlo, Ehlo::new(hello)).await?;
            session.learn(&response)?;
        }
        if let Some((username, password)) = &settings.credentials {
            session.log_in(username, password).await?;
        }
        Ok(session)
    }

    /// Names sender and recipient of a message of `size` bytes (MAIL, RCPT). Nothing has been sent when this returns.
    ///
    /// # Errors
    /// A report whose outcome is `Transient`, `Permanent`, `TooBig` or `Config`.
    pub async fn prepare(&mut self, from: &str, to: &str, size: usize) -> Result<(), Report> {
        let sender = address(from)
            .ok_or_else(|| unfit_sender("the sender is no address that mail can come from"))?;
        let recipient = address(to)
            .ok_or_else(|| no_such_recipient("the recipient is no address that mail can go to"))?;
        if self.largest.is_some_and(|largest| size > largest) {
            return Err(Report {
                outcome: Outcome::TooBig,
                step: Step::Mail,
                reply: format!(
                    "the message has {size} bytes, and the server announces its limit as {}",
                    self.largest.unwrap_or(0)
                ),
                hint: None,
            });
        }
        let mut parameters = Vec::new();
        if self.takes_size {
            parameters.push(MailParameter::Size(size));
        }
        let is_ascii = |address: &Address| address.user().is_ascii() && address.domain().is_ascii();
        if !is_ascii(&sender) || !is_ascii(&recipient) {
            let is_known = self.server.supports_feature(Extension::SmtpUtfEight);
            if !is_known && !is_ascii(&sender) {
                return Err(unfit_sender(
                    "the server takes no sender with letters outside ASCII",
                ));
            }
            if !is_known {
                return Err(no_such_recipient(
                    "the server takes no addresses with letters outside ASCII",
                ));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        self.say(Step::Mail, Mail::new(Some(sender), parameters))
            .await?;
        self.say(Step::Rcpt, Rcpt::new(recipient, Vec::new()))
            .await?;
        Ok(())
    }

    /// Whether the server would take a message of `size` bytes (MAIL, RCPT, then RSET). Nothing is sent.
    pub async fn would_take(&mut self, from: &str, to: &str, size: usize) -> Report {
        if let Err(report) = self.prepare(from, to, size).await {
            return report;
        }
        let reply = self.wire.reply().map(|reply| reply.lines.join("\n"));
        match self.say(Step::Rcpt, Rset).await {
            Ok(_) => Report {
                outcome: Outcome::Accepted,
                step: Step::Rcpt,
                reply: reply.unwrap_or_default(),
                hint: None,
            },
            Err(report) => report,
        }
    }

    /// Sends the message, CRLF line ends and ASCII, and waits for the answer to its final dot. An `Accepted` message leaves
    /// the session ready for the next one.
    pub async fn data(&mut self, message: &[u8]) -> Report {
        if let Err(report) = self.say(Step::Data, Data).await {
            return report;
        }
        // From here on a refusal may be one of the message, which it cannot be before there is any of it.
        if self.wire.expect_quiet().await.is_err() {
            self.is_over = true;
            return verdict(Step::Data, None, &self.wire);
        }
        self.wire
            .wait_for_answers(self.timeout * PATIENCE_AFTER_DOT);
        // lettre ends the last line itself.
        let body = message.strip_suffix(b"\r\n").unwrap_or(message);
        let sent = self.connection.message(body).await;
        let answer = self.hear(Step::Message, sent).await;
        self.wire.wait_for_answers(self.timeout);
        match answer {
            Ok(_) => Report {
                outcome: Outcome::Accepted,
                step: Step::Message,
                reply: self
                    .wire
                    .reply()
                    .map(|reply| reply.lines.join("\n"))
                    .unwrap_or_default(),
                hint: None,
            },
            Err(report) => report,
        }
    }

    /// Whether the next message can go over this session: nothing has gone wrong so far.
    pub fn is_ready(&self) -> bool {
        !self.is_over
    }

    /// Takes leave. What the server says to that changes nothing, so it is given a short while only.
    pub async fn quit(mut self) {
        self.wire.allow_quit();
        self.wire
            .wait_for_answers(self.timeout.min(Duration::from_secs(5)));
        let _ = self.connection.command(Quit).await;
    }

    async fn ask_for_tls(&mut self) -> Result<(), Report> {
        if !self.server.supports_feature(Extension::StartTls) {
            return Err(Report {
                outcome: Outcome::Config,
                step: Step::StartTls,
                reply: "the server does not offer STARTTLS".to_owned(),
                hint: Some(
                    "try `tls = \"implicit\"` with port 465; nothing was sent in the clear"
                        .to_owned(),
                ),
            });
        }
        self.say(Step::StartTls, Starttls).await.map(drop)
    }

    async fn log_in(&mut self, username: &str, password: &str) -> Result<(), Report> {
        let Some(mechanism) = self
            .server
            .get_auth_mechanism(&[Mechanism::Plain, Mechanism::Login])
        else {
            return Err(Report {
                outcome: Outcome::Config,
                step: Step::Auth,
                reply: "the server offers neither AUTH PLAIN nor AUTH LOGIN".to_owned(),
                hint: Some(
                    "remove `username` if it wants no login here, or try another port".to_owned(),
                ),
            });
        };
        let credentials = Credentials::new(username.to_owned(), password.to_owned());
        let mut secrets = vec![password.to_owned()];
        let mut response = None;
        // LOGIN asks twice; whoever asks more often is not asking for a login.
        for _ in 0..3 {
            let command = match &response {
                None => Auth::new(mechanism, credentials.clone(), None),
                Some(challenge) => {
                    Auth::new_from_response(mechanism, credentials.clone(), challenge)
                }
            };
            let command = command.map_err(|_| strange_login())?;
            secrets.extend(
                command
                    .to_string()
                    .split_whitespace()
                    .last()
                    .map(str::to_owned),
            );
            let answer = self
                .say(Step::Auth, command)
                .await
                .map_err(|report| redact(report, &secrets))?;
            if !answer.has_code(334) {
                return Ok(());
            }
            response = Some(answer);
        }
        Err(strange_login())
    }

    /// Takes up what an answer to EHLO offers.
    fn learn(&mut self, response: &Response) -> Result<(), Report> {
        self.server = ServerInfo::from_response(response)
            .map_err(|_| silence(Step::Ehlo, "the answer names no server".to_owned()))?;
        (self.takes_size, self.largest) = size_limit(response.message());
        Ok(())
    }

    /// Sends one command and hears its answer.
    async fn say(&mut self, step: Step, command: impl fmt::Display) -> Result<Response, Report> {
        if self.is_over {
            return Err(silence(step, "the session is over".to_owned()));
        }
        let result = self.connection.command(command).await;
        self.hear(step, result).await
    }

    /// Judges the answer that lettre's `result` is about.
    async fn hear(
        &mut self,
        step: Step,
        result: Result<Response, lettre::transport::smtp::Error>,
    ) -> Result<Response, Report> {
        let result = match result {
            // The connection broke while we wrote; the server may have said why before that.
            Err(_) if self.wire.reply().is_none() && self.wire.trouble().is_none() => {
                self.connection.read_response().await
            }
            other => other,
        };
        match (result, self.wire.reply()) {
            (Ok(response), Some(reply)) if goes_on(step, reply.code) => Ok(response),
            (_, reply) => {
                self.is_over = true;
                Err(verdict(step, reply.as_ref(), &self.wire))
            }
        }
    }
}

/// Hears the server's greeting and says hello.
async fn greet(settings: &SmtpSettings, wire: Wire, hello: &ClientId) -> Result<Session, Report> {
    let connected =
        AsyncSmtpConnection::connect_with_transport(Box::new(wire.clone()), hello).await;
    let is_welcome = |reply: Reply| goes_on(Step::Ehlo, reply.code);
    match connected {
        Ok(connection) if wire.reply().is_some_and(is_welcome) => {
            let server = connection.server_info().clone();
            let lines = wire.reply().map(|reply| reply.lines).unwrap_or_default();
            let (takes_size, largest) = size_limit(lines.iter().filter_map(|line| line.get(4..)));
            let timeout = settings.timeout;
            Ok(Session {
                connection,
                wire,
                server,
                largest,
                takes_size,
                timeout,
                is_over: false,
            })
        }
        _ => {
            let step = if wire.has_spoken() {
                Step::Ehlo
            } else {
                Step::Greeting
            };
            let is_early = wire.early().is_some();
            let mut report = verdict(step, wire.reply().as_ref(), &wire);
            if !is_early
                && step == Step::Greeting
                && settings.tls != Tls::Implicit
                && settings.port == 465
            {
                report.hint = Some("port 465 usually wants `tls = \"implicit\"`".to_owned());
            }
            Err(report)
        }
    }
}

/// The report on an answer, or on none, that ends the session.
fn verdict(step: Step, reply: Option<&Reply>, wire: &Wire) -> Report {
    let cause = wire.trouble().unwrap_or_else(|| "no answer".to_owned());
    match (reply, wire.early()) {
        (_, Some(said)) => report_early(step, said.as_ref(), cause),
        (Some(reply), None) => report(step, reply),
        (None, None) => silence(step, cause),
    }
}

/// The fault is ours, so that nobody is paused for it.
fn unfit_sender(reply: &str) -> Report {
    Report {
        outcome: Outcome::Config,
        step: Step::Mail,
        reply: reply.to_owned(),
        hint: Some("check `from` of `[mail]`".to_owned()),
    }
}

fn no_such_recipient(reply: &str) -> Report {
    Report {
        outcome: Outcome::Permanent,
        step: Step::Rcpt,
        reply: reply.to_owned(),
        hint: Some("check the address in `to`".to_owned()),
    }
}

/// The server has heard name and password and goes on asking.
fn strange_login() -> Report {
    Report {
        outcome: Outcome::Config,
        step: Step::Auth,
        reply: "the server asks for more than a user name and a password".to_owned(),
        hint: Some(
            "this login is not by password: ask whoever runs the server for one that is, such as an app password"
                .to_owned(),
        ),
    }
}

/// What the lines of an answer to EHLO say about SIZE: whether it is known, and the limit if there is one.
fn size_limit<'a>(lines: impl Iterator<Item = &'a str>) -> (bool, Option<usize>) {
    for line in lines {
        let mut words = line.split_whitespace();
        if words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case("SIZE"))
        {
            let limit = words.next().and_then(|number| number.parse().ok());
            return (true, limit.filter(|&limit| limit > 0));
        }
    }
    (false, None)
}

fn address(text: &str) -> Option<Address> {
    let (local, domain) = text.rsplit_once('@')?;
    Address::from_str(&format!("{local}@{}", ascii_domain(domain))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_do_not_show_the_login() {
        let settings = SmtpSettings {
            host: "smtp.example.org".to_owned(),
            port: 587,
            tls: Tls::StartTls,
            credentials: Some(("me@example.org".to_owned(), "hunter2".to_owned())),
            ca: Some(b"pem".to_vec()),
            timeout: Duration::from_secs(60),
            hello: "host.example".to_owned(),
        };
        let shown = format!("{settings:?}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("me@"),
            "{shown}"
        );
    }

    #[test]
    fn the_limit_of_a_server_is_read_from_its_hello() {
        assert_eq!(
            size_limit(["mx.example", "SIZE 1000"].into_iter()),
            (true, Some(1000))
        );
        assert_eq!(
            size_limit(["mx.example", "size 0"].into_iter()),
            (true, None)
        );
        assert_eq!(size_limit(["mx.example", "SIZE"].into_iter()), (true, None));
        assert_eq!(size_limit(["SIZEABLE 3"].into_iter()), (false, None));
    }

    #[test]
    fn addresses_with_line_ends_are_no_addresses() {
        assert!(address("reader@example.org").is_some());
        assert!(address("reader@example.org>\r\nDATA").is_none());
        assert!(address("reader\r\n@example.org").is_none());
        assert_eq!(
            address("reader@bücher.example")
                .map(|a| a.to_string())
                .as_deref(),
            Some("reader@xn--bcher-kva.example")
        );
    }
}
