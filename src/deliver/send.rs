//! From the outbox to a mail server or a folder, and what became of each message.

use std::sync::Arc;

use tracing::{info, warn};

use super::Deliverer;
use super::compose::halve;
use crate::config::{Config, SmtpConfig, Transport};
use crate::desk::{Desk, DeskError};
use crate::mail::folder::{self, Label};
use crate::mail::smtp::{Session, SmtpSettings, Tls};
use crate::mail::{Outcome, Report, Step};
use crate::model::Timestamp;
use crate::schedule::retry::{self, Next, Tries};
use crate::store::StoreError;
use crate::store::outbox::{Content, Delivery, State};

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The row of the outbox, as it was before the attempt.
    pub delivery: Delivery,
    /// How the attempt ended.
    pub report: Report,
    /// Where the row stands now.
    pub state: State,
    /// Files that were written, where mail goes into a folder.
    pub files: Vec<std::path::PathBuf>,
}

impl Deliverer {
    /// Sends what the outbox holds and is due; one line for each message that was tried.
    pub async fn send(&self) -> Result<Vec<Sent>, DeskError> {
        let now = self.clock.now();
        let (due, config) = self
            .desk
            .at_once(move |desk| Ok((desk.store.due_deliveries(now)?, Arc::clone(&desk.watchlist))))
            .await?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        match &config.config.mail.transport {
            Transport::Folder(folder) => self.send_to_folder(due, folder).await,
            Transport::Smtp(smtp) => self.send_by_smtp(due, &config.config, smtp).await,
        }
    }

    async fn send_to_folder(
        &self,
        due: Vec<Delivery>,
        folder: &std::path::Path,
    ) -> Result<Vec<Sent>, DeskError> {
        let mut sent = Vec::new();
        for delivery in due {
            let Some(Content { bytes, html }) = self.begin(&delivery).await? else {
                continue;
            };
            let slug = {
                let digest = delivery.digest.clone();
                self.desk
                    .at_once(move |desk| desk.store.slug(&digest, None))
                    .await?
            };
            let folder = folder.to_owned();
            let label_of = delivery.clone();
            let written = tokio::task::spawn_blocking(move || {
                let label = Label {
                    at: label_of.window.1,
                    slug: &slug,
                    recipient: &label_of.recipient,
                    delivery: label_of.id,
                };
                folder::write(&folder, label, &bytes, &html)
            })
            .await
            .map_err(|_| DeskError::Stopped)?;
            let (report, files) = match written {
                Ok(written) => {
                    let reply = format!("written to `{}`", written.eml.display());
                    let report = Report {
                        outcome: Outcome::Accepted,
                        step: Step::Folder,
                        reply,
                        hint: None,
                    };
                    (report, vec![written.eml, written.html])
                }
                Err(report) => (report, Vec::new()),
            };
            let state = self.settle(&delivery, &report).await?;
            sent.push(Sent {
                delivery,
                report,
                state,
                files,
            });
        }
        Ok(sent)
    }

    async fn send_by_smtp(
        &self,
        due: Vec<Delivery>,
        config: &Config,
        smtp: &SmtpConfig,
    ) -> Result<Vec<Sent>, DeskError> {
        let sender = config.mail.sender(&self.host).address;
        let settings = match smtp_settings(smtp, &self.host) {
            Ok(settings) => settings,
            Err(report) => return self.settle_all(due, &report).await,
        };
        let mut sent = Vec::new();
        let mut session: Option<Session> = None;
        let mut due = due.into_iter();
        while let Some(delivery) = due.next() {
            // A session that met any error is not used again.
            let open = match session.take().filter(Session::is_ready) {
                Some(open) => Ok(open),
                None => Session::open(&settings).await,
            };
            let mut open = match open {
                Ok(open) => open,
                // No message can go now, so that each waits its own time and none is tried in vain.
                Err(report) => {
                    let rest = std::iter::once(delivery).chain(due).collect();
                    sent.extend(self.settle_all(rest, &report).await?);
                    return Ok(sent);
                }
            };
            let report = self.send_one(&mut open, &sender, &delivery).await?;
            let Some(report) = report else { continue };
            // The answer is on the disk before the server hears goodbye.
            let state = self.settle(&delivery, &report).await?;
            sent.push(Sent {
                delivery,
                report,
                state,
                files: Vec::new(),
            });
            session = Some(open);
        }
        if let Some(session) = session.filter(Session::is_ready) {
            session.quit().await;
        }
        Ok(sent)
    }

    async fn send_one(
        &self,
        session: &mut Session,
        sender: &str,
        delivery: &Delivery,
    ) -> Result<Option<Report>, DeskError> {
        let id = delivery.id;
        let content = self
            .desk
            .at_once(move |desk| desk.store.delivery_content(id))
            .await?;
        let Some(Content { bytes, .. }) = content else {
            return Ok(None);
        };
        if let Err(report) = session
            .prepare(sender, &delivery.recipient, bytes.len())
            .await
        {
            return Ok(Some(report));
        }
        let is_ours = self
            .desk
            .at_once(move |desk| desk.store.mark_sending(id))
            .await?;
        if !is_ours {
            return Ok(None);
        }
        Ok(Some(session.data(&bytes).await))
    }

    /// Notes that a message is on its way, and gives its content.
    async fn begin(&self, delivery: &Delivery) -> Result<Option<Content>, DeskError> {
        let id = delivery.id;
        self.desk
            .at_once(move |desk| {
                let content = desk.store.delivery_content(id)?;
                let is_ours = content.is_some() && desk.store.mark_sending(id)?;
                Ok(content.filter(|_| is_ours))
            })
            .await
    }

    async fn settle_all(
        &self,
        deliveries: Vec<Delivery>,
        report: &Report,
    ) -> Result<Vec<Sent>, DeskError> {
        let mut sent = Vec::new();
        for delivery in deliveries {
            let state = self.settle(&delivery, report).await?;
            sent.push(Sent {
                delivery,
                report: report.clone(),
                state,
                files: Vec::new(),
            });
        }
        Ok(sent)
    }

    async fn settle(&self, delivery: &Delivery, report: &Report) -> Result<State, DeskError> {
        let now = self.clock.now();
        let host = self.host.clone();
        let (delivery, report) = (delivery.clone(), report.clone());
        log(&delivery, &report);
        self.desk
            .at_once(move |desk| settle(desk, &delivery, &report, &host, now))
            .await
    }
}

/// Writes the outcome of an attempt into the outbox.
fn settle(
    desk: &mut Desk,
    delivery: &Delivery,
    report: &Report,
    host: &str,
    now: Timestamp,
) -> Result<State, StoreError> {
    let reply = report.to_string();
    let tries = Tries {
        attempts: delivery.tries.attempts + 1,
        unknowns: delivery.tries.unknowns + u32::from(report.outcome == Outcome::Unknown),
        halved: delivery.tries.halved,
    };
    let (state, next_at) = match retry::next(delivery.id, report.outcome, tries, now) {
        Next::Settle => (State::Sent, now),
        Next::Retry(at) => (State::Queued, at),
        Next::Resend(at) => (State::Unknown, at),
        Next::Halve => match halve(desk, delivery, host, &reply, now)? {
            true => return Ok(State::Queued),
            false => (State::Held, now),
        },
        Next::PauseRecipient => {
            desk.store
                .pause_recipient(&delivery.recipient, &reply, now)?;
            (State::Queued, now)
        }
        Next::Hold => (State::Held, now),
    };
    desk.store
        .settle(delivery.id, state, next_at, tries, &reply, now)?;
    Ok(state)
}

/// One line for each attempt; never an address, since logs travel.
fn log(delivery: &Delivery, report: &Report) {
    let (id, digest, step) = (delivery.id, &delivery.digest, report.step);
    match report.outcome {
        Outcome::Accepted => info!(delivery = id.0, digest, "Sent digest `{digest}`"),
        Outcome::Transient | Outcome::Unknown => {
            warn!(delivery = id.0, digest, %step, "Could not send digest `{digest}` yet; `wirewatch outbox` tells why");
        }
        Outcome::Permanent | Outcome::TooBig | Outcome::Refused | Outcome::Config => {
            tracing::error!(
                delivery = id.0, digest, %step,
                "Cannot send digest `{digest}`; `wirewatch outbox` tells why and what to do"
            );
        }
    }
}

fn smtp_settings(smtp: &SmtpConfig, host: &str) -> Result<SmtpSettings, Report> {
    let wrong = |reply: String, hint: &str| Report {
        outcome: Outcome::Config,
        step: Step::Auth,
        reply,
        hint: Some(hint.to_owned()),
    };
    let credentials = match &smtp.login {
        None => None,
        Some(login) => {
            let password = login.password.read().map_err(|error| {
                wrong(
                    error.to_string(),
                    "mend `password_file` or `password_env` of `[mail.smtp]`",
                )
            })?;
            Some((login.username.clone(), password.reveal().to_owned()))
        }
    };
    let ca = match &smtp.ca_file {
        None => None,
        Some(file) => Some(std::fs::read(file).map_err(|error| {
            wrong(
                format!("cannot read `{}`: {error}", file.display()),
                "mend `ca_file` of `[mail.smtp]`",
            )
        })?),
    };
    Ok(SmtpSettings {
        host: smtp.host.clone(),
        port: smtp.port,
        tls: match smtp.tls {
            crate::config::Tls::StartTls => Tls::StartTls,
            crate::config::Tls::Implicit => Tls::Implicit,
            crate::config::Tls::None => Tls::None,
        },
        credentials,
        ca,
        timeout: smtp.timeout.unsigned_abs(),
        hello: host.to_owned(),
    })
}
