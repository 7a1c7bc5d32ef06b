//! A finished message goes into the outbox, in one transaction with all that it settles.

use rusqlite::params;

use super::super::matches::Told;
use super::super::{Store, StoreError, seconds};
use super::Attempt;
use crate::model::{DeliveryId, MatchId, Timestamp};

/// A finished message that is to be put into the outbox.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    /// Name of the digest.
    pub digest: String,
    /// Address in lower case.
    pub recipient: String,
    /// The time it covers.
    pub window: (Timestamp, Timestamp),
    /// With its angle brackets.
    pub message_id: String,
    /// The Message-ID it answers.
    pub thread: Option<String>,
    /// Decoded.
    pub subject: String,
    /// The message (RFC 5322).
    pub bytes: Vec<u8>,
    /// The HTML part, for the folder.
    pub html: String,
    /// What it tells; each row's `delivery` and `at` are set when it is put in.
    pub told: Vec<Told>,
    /// Matches that stop waiting with it.
    pub settled: Vec<MatchId>,
    /// Events it reports.
    pub events: Vec<i64>,
}

impl Store {
    /// Puts a finished message into the outbox and moves what it tells from pending to told, in one transaction.
    ///
    /// `due` is the due time that this serves; `None` leaves the schedule as it is.
    pub fn put_digest(
        &mut self,
        delivery: &NewDelivery,
        due: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<DeliveryId, StoreError> {
        self.savepoint(|store| {
            store.ask("put a message into the outbox", |connection| {
        let id: i64 = connection.query_row(
            "INSERT INTO delivery (digest, recipient, window_from, window_to, message_id, thread, subject, bytes, html,
                                   state, next_at, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'queued', ?10, ?10) RETURNING id",
            params![
                delivery.digest,
                delivery.recipient,
                seconds(delivery.window.0),
                seconds(delivery.window.1),
                delivery.message_id,
                delivery.thread,
                delivery.subject,
                delivery.bytes,
                delivery.html.as_bytes(),
                seconds(now),
            ],
            |row| row.get(0),
        )?;
        for told in &delivery.told {
            connection
                .prepare_cached(
                    "INSERT INTO told (recipient, item, story, topic, delivery, at, how)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
                )?
                .execute(params![
                    delivery.recipient,
                    told.item.0,
                    told.story.map(|story| story.0),
                    told.topic.0,
                    id,
                    seconds(now),
                    told.how,
                ])?;
            // The item may wait under another topic, of this digest or of another one to the same recipient.
            connection
                .prepare_cached(
                    "DELETE FROM pending WHERE recipient = ?1 AND match IN (SELECT id FROM match WHERE item = ?2)",
                )?
                .execute(params![delivery.recipient, told.item.0])?;
        }
        for settled in &delivery.settled {
            connection
                .prepare_cached("DELETE FROM pending WHERE recipient = ?1 AND match = ?2")?
                .execute(params![delivery.recipient, settled.0])?;
        }
        for event in &delivery.events {
            connection
                .prepare_cached(
                    "INSERT INTO event_told (event, recipient, delivery) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                )?
                .execute(params![event, delivery.recipient, id])?;
        }
        if let Some(due) = due {
            connection.execute(
                "UPDATE schedule SET last_due = ?3 WHERE digest = ?1 AND recipient = ?2",
                params![delivery.digest, delivery.recipient, seconds(due)],
            )?;
        }
                Ok(DeliveryId(id))
            })
        })
    }

    /// Whether the operator was told of this.
    pub fn was_noticed(&self, key: &str) -> Result<bool, StoreError> {
        self.ask("look up a notice", |connection| {
            connection
                .prepare_cached("SELECT 1 FROM notice WHERE key = ?1")?
                .exists([key])
        })
    }

    /// Puts a message to the operator into the outbox and notes what it was about, in one transaction.
    pub fn put_notice(
        &mut self,
        key: &str,
        delivery: &NewDelivery,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.savepoint(|store| {
            store.ask("note what the operator is told", |connection| {
                connection
                    .execute(
                        "INSERT INTO notice (key, at) VALUES (?1, ?2)",
                        params![key, seconds(now)],
                    )
                    .map(drop)
            })?;
            store.put_digest(delivery, None, now).map(drop)
        })
    }

    /// Puts a smaller message in the place of one that a server found too big; what it tells stays as it is. The attempt
    /// that found this is noted with it.
    pub fn replace_message(
        &mut self,
        id: DeliveryId,
        message_id: &str,
        bytes: &[u8],
        html: &str,
        attempt: &Attempt<'_>,
    ) -> Result<(), StoreError> {
        self.savepoint(|store| {
            store.ask("replace a message", |connection| {
                connection
                    .execute(
                        "UPDATE delivery SET message_id = ?2, bytes = ?3, html = ?4, halved = 1 WHERE id = ?1",
                        params![id.0, message_id, bytes, html.as_bytes()],
                    )
                    .map(drop)
            })?;
            store.settle(id, attempt, attempt.next_at)
        })
    }
}
