//! The way of the mail without the outbox: would the server take it, and a sample that a person asked for.
//!
//! Nothing here is promised: what goes wrong is told to the person who waits for it, and is not tried again.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::letter::{Letter, Sender};
use super::route::smtp_settings;
use crate::config::{Config, SmtpConfig, Transport};
use crate::mail::folder::{self, Label};
use crate::mail::smtp::Session;
use crate::mail::{Outcome, Report, Step};
use crate::model::{DeliveryId, Timestamp};

/// What a mail server said when it was asked, nothing being sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsed {
    /// The recipient it was about; `None`: it did not come to that.
    pub recipient: Option<String>,
    /// `Accepted`: the server would go on.
    pub report: Report,
}

/// Bytes of a large digest, for servers that have a limit.
const LARGE: usize = 100 * 1024;

/// Connects and logs in, then asks for each recipient and the operator whether the server would take a message to them.
pub async fn rehearse(config: &Config, smtp: &SmtpConfig, host: &str) -> Vec<Rehearsed> {
    let sender = Sender::of(config, host).address;
    let of_server = |report| Rehearsed {
        recipient: None,
        report,
    };
    let settings = match smtp_settings(smtp, host) {
        Ok(settings) => settings,
        Err(report) => return vec![of_server(report)],
    };
    let mut session = match Session::open(&settings).await {
        Ok(session) => session,
        Err(report) => return vec![of_server(report)],
    };
    let mut rehearsed = Vec::new();
    for recipient in recipients(config) {
        // A session that met any error is not used again.
        if !session.is_ready() {
            session = match Session::open(&settings).await {
                Ok(session) => session,
                Err(report) => {
                    rehearsed.push(of_server(report));
                    return rehearsed;
                }
            };
        }
        let report = session.would_take(&sender, &recipient, LARGE).await;
        // What is wrong with the sender is so for everybody.
        let is_of_sender = report.step == Step::Mail && report.outcome != Outcome::Accepted;
        rehearsed.push(Rehearsed {
            recipient: Some(recipient).filter(|_| !is_of_sender),
            report,
        });
        if is_of_sender {
            return rehearsed;
        }
    }
    if session.is_ready() {
        session.quit().await;
    }
    rehearsed
}

/// Everybody who is written to, each once.
fn recipients(config: &Config) -> BTreeSet<String> {
    let of_digests = config.digests.iter().flat_map(|digest| &digest.to);
    of_digests
        .cloned()
        .chain(config.operator().map(str::to_owned))
        .collect()
}

/// How a sample went, and the files it became where mail goes into a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampled {
    /// The answer.
    pub report: Report,
    /// The message and its HTML part.
    pub files: Vec<PathBuf>,
}

/// Sends a sample to `to` the way that digests go. It stands in no outbox and is not tried again.
///
/// # Errors
/// In words, if `to` or the sender cannot stand in a message.
pub async fn send_sample(
    config: &Config,
    host: &str,
    to: &str,
    now: Timestamp,
) -> Result<Sampled, String> {
    let text = format!(
        "This is a sample from wirewatch on {host}. Somebody ran\n\n  wirewatch check --mail-to {to}\n\nYou read it, so \
         mail from wirewatch reaches you. Digests come the same way."
    );
    let letter = Letter {
        slug: "sample",
        to,
        subject: "A sample, so that you know that mail arrives",
        text: &text,
    };
    let draft = letter.draft(config, host, now);
    let bytes = draft.to_bytes().map_err(|error| error.to_string())?;
    Ok(match &config.mail.transport {
        Transport::Folder(folder) => {
            let label = Label {
                at: now,
                slug: letter.slug,
                recipient: to,
                // No row of the outbox has this number.
                delivery: DeliveryId(0),
            };
            match folder::write(folder, label, &bytes, draft.html.as_bytes()) {
                Ok(written) => Sampled {
                    report: written.report(),
                    files: vec![written.eml, written.html],
                },
                Err(report) => Sampled {
                    report,
                    files: Vec::new(),
                },
            }
        }
        Transport::Smtp(smtp) => {
            let sender = Sender::of(config, host).address;
            Sampled {
                report: by_smtp(smtp, host, &sender, to, &bytes).await,
                files: Vec::new(),
            }
        }
    })
}

async fn by_smtp(smtp: &SmtpConfig, host: &str, from: &str, to: &str, bytes: &[u8]) -> Report {
    let send = async {
        let mut session = Session::open(&smtp_settings(smtp, host)?).await?;
        session.prepare(from, to, bytes.len()).await?;
        let report = session.data(bytes).await;
        if session.is_ready() {
            session.quit().await;
        }
        Ok(report)
    };
    send.await.unwrap_or_else(|report| report)
}
