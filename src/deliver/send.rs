//! From the outbox to a mail server or a folder, and what became of each message.

use std::sync::Arc;

use super::Deliverer;
use super::route::smtp_settings;
use super::settle::{log, settle, settle_cut_short};
use crate::config::{Config, SmtpConfig, Transport};
use crate::desk::DeskError;
use crate::mail::folder::{self, Label};
use crate::mail::smtp::Session;
use crate::mail::{Outcome, Report};
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

impl Sent {
    /// Whether a smaller message takes its place.
    fn was_halved(&self) -> bool {
        self.report.outcome == Outcome::TooBig && self.state == State::Queued
    }
}

impl Deliverer {
    /// Sends what the outbox holds and is due, one after the other, while `goes_on`; tells what became of each message
    /// that was tried.
    ///
    /// Nobody else sends meanwhile: the caller has the lock of the database.
    pub async fn send(
        &self,
        goes_on: impl Fn() -> bool + Send + Sync,
    ) -> Result<Vec<Sent>, DeskError> {
        let mut sent = self.send_round(&goes_on).await?;
        // What was made smaller need not wait for the next time that somebody looks.
        if sent.iter().any(Sent::was_halved) {
            sent.extend(self.send_round(&goes_on).await?);
        }
        Ok(sent)
    }

    async fn send_round(
        &self,
        goes_on: &(impl Fn() -> bool + Send + Sync),
    ) -> Result<Vec<Sent>, DeskError> {
        let now = self.clock.now();
        let host = self.host.clone();
        let (mut sent, due, config) = self
            .desk
            .at_once(move |desk| {
                let cut_short = settle_cut_short(desk, &host, now)?;
                let mut due = desk.store.due_deliveries(now)?;
                // Who was taken out of the watchlist gets nothing more; it waits in case he is put back.
                due.retain(|delivery| desk.watchlist.config.writes_to(&delivery.recipient));
                Ok((cut_short, due, Arc::clone(&desk.watchlist)))
            })
            .await?;
        if !due.is_empty() {
            sent.extend(match &config.config.mail.transport {
                Transport::Folder(folder) => self.send_to_folder(due, folder, goes_on).await?,
                Transport::Smtp(smtp) => {
                    self.send_by_smtp(due, &config.config, smtp, goes_on)
                        .await?
                }
            });
        }
        Ok(sent)
    }

    async fn send_to_folder(
        &self,
        due: Vec<Delivery>,
        folder: &std::path::Path,
        goes_on: &(impl Fn() -> bool + Send + Sync),
    ) -> Result<Vec<Sent>, DeskError> {
        let mut sent = Vec::new();
        for delivery in due {
            if !goes_on() {
                break;
            }
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
                Ok(written) => (written.report(), vec![written.eml, written.html]),
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
        goes_on: &(impl Fn() -> bool + Send + Sync),
    ) -> Result<Vec<Sent>, DeskError> {
        let sender = config.mail.sender(&self.host).address;
        let settings = match smtp_settings(smtp, &self.host) {
            Ok(settings) => settings,
            Err(report) => return self.settle_all(due, &report).await,
        };
        let mut sent = Vec::new();
        let mut session: Option<Session> = None;
        let mut due = due.into_iter();
        while let Some(delivery) = due.next().filter(|_| goes_on()) {
            let Some(bytes) = self.bytes_of(&delivery).await? else {
                continue;
            };
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
            let report = self.send_one(&mut open, &sender, &delivery, &bytes).await?;
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

    /// The bytes of a message, unless its recipient was paused or taken out since the round began.
    async fn bytes_of(&self, delivery: &Delivery) -> Result<Option<Vec<u8>>, DeskError> {
        let (id, recipient) = (delivery.id, delivery.recipient.clone());
        self.desk
            .at_once(move |desk| {
                let is_wanted = desk.watchlist.config.writes_to(&recipient);
                if !is_wanted || desk.store.is_paused(&recipient)? {
                    return Ok(None);
                }
                let content = desk.store.delivery_content(id)?;
                Ok(content.map(|content| content.bytes))
            })
            .await
    }

    /// `None`: a person has taken the message out meanwhile.
    async fn send_one(
        &self,
        session: &mut Session,
        sender: &str,
        delivery: &Delivery,
        bytes: &[u8],
    ) -> Result<Option<Report>, DeskError> {
        let prepared = session.prepare(sender, &delivery.recipient, bytes.len());
        if let Err(report) = prepared.await {
            return Ok(Some(report));
        }
        let (id, now) = (delivery.id, self.clock.now());
        let is_ours = self
            .desk
            .at_once(move |desk| desk.store.mark_sending(id, now))
            .await?;
        if !is_ours {
            return Ok(None);
        }
        Ok(Some(session.data(bytes).await))
    }

    /// Notes that a message is on its way, and gives its content.
    async fn begin(&self, delivery: &Delivery) -> Result<Option<Content>, DeskError> {
        let id = delivery.id;
        let now = self.clock.now();
        self.desk
            .at_once(move |desk| {
                let content = desk.store.delivery_content(id)?;
                let is_ours = content.is_some() && desk.store.mark_sending(id, now)?;
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
        self.desk
            .at_once(move |desk| {
                let state = settle(desk, &delivery, &report, &host, now)?;
                log(&delivery, &report, state);
                Ok(state)
            })
            .await
    }
}
