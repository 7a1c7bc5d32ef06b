//! One message to one recipient.
//!
//! `message` makes the bytes, `smtp` and `folder` hand them over. Whatever a mail server or a disk answers comes back as
//! a [`Report`]: an outcome for the schedule and words for the person who reads `status`.

pub mod folder;
pub mod message;
pub mod smtp;

mod reach;
mod tls;
mod verdict;
mod wire;

use std::fmt;

pub use crate::schedule::retry::Outcome;

/// How one attempt to hand over one message ended, or why it could not begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What decides the next attempt.
    pub outcome: Outcome,
    /// Where it ended.
    pub step: Step,
    /// The server's own words, every line with its codes, or ours where it said nothing. It can name the recipient
    /// and so belongs into `status` and the store, never into a log.
    pub reply: String,
    /// What a person can change, where we know.
    pub hint: Option<String>,
}

/// One line: the step, the words, and what to change.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.step, self.reply.replace('\n', " / "))?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// The steps of a delivery, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Finding the server's addresses.
    Dns,
    /// Connecting to one of them.
    Tcp,
    /// The certificate and the handshake.
    Tls,
    /// The server's first line.
    Greeting,
    /// Saying who we are, learning what it can.
    Ehlo,
    /// Asking for TLS.
    StartTls,
    /// Logging in.
    Auth,
    /// Naming the sender.
    Mail,
    /// Naming the recipient.
    Rcpt,
    /// Asking to send the message; nothing of it has been sent.
    Data,
    /// The message itself and the answer to its final dot.
    Message,
    /// Writing into the folder, where there is no server.
    Folder,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Dns => "DNS",
            Step::Tcp => "TCP",
            Step::Tls => "TLS",
            Step::Greeting => "greeting",
            Step::Ehlo => "EHLO",
            Step::StartTls => "STARTTLS",
            Step::Auth => "AUTH",
            Step::Mail => "MAIL",
            Step::Rcpt => "RCPT",
            Step::Data => "DATA",
            Step::Message => "message",
            Step::Folder => "folder",
        })
    }
}
