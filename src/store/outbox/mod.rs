//! Messages and what became of them.
//!
//! `put` lays a finished message in, with all that it settles; `recipients` knows who is paused.

use rusqlite::{OptionalExtension, Row, params};

use super::{Store, StoreError, instant, seconds};
use crate::digest::material::Thread;
use crate::model::{DeliveryId, StoryId, Timestamp};
use crate::schedule::retry::{Outcome, Tries};

mod put;
mod recipients;

pub use put::NewDelivery;

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// To be sent at `next_at`.
    Queued,
    /// Handed to the server at `next_at`; the answer is not known yet.
    Sending,
    /// The server took it.
    Sent,
    /// The connection broke before the server's answer; the same bytes go again.
    Unknown,
    /// Not tried again until a person releases it.
    Held,
    /// A person took it out.
    Dropped,
}

impl State {
    /// The word in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Sending => "sending",
            State::Sent => "sent",
            State::Unknown => "unknown",
            State::Held => "held",
            State::Dropped => "dropped",
        }
    }

    fn from_word(word: &str) -> State {
        [
            State::Queued,
            State::Sending,
            State::Sent,
            State::Unknown,
            State::Dropped,
        ]
        .into_iter()
        .find(|state| state.as_str() == word)
        .unwrap_or(State::Held)
    }
}

/// A row of the outbox, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its row.
    pub id: DeliveryId,
    /// Name of the digest.
    pub digest: String,
    /// Address in lower case.
    pub recipient: String,
    /// The time it covers.
    pub window: (Timestamp, Timestamp),
    /// With its angle brackets.
    pub message_id: String,
    /// Decoded.
    pub subject: String,
    /// Where it stands.
    pub state: State,
    /// How often it was tried, and with what effect.
    pub tries: Tries,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// What the last attempt came to; `None`: not tried yet.
    pub outcome: Option<Outcome>,
    /// The last answer, in the server's words or ours.
    pub reply: Option<String>,
    /// When it was composed.
    pub created_at: Timestamp,
}

/// What became of an attempt to hand over a message.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// What it came to.
    pub outcome: Outcome,
    /// Where the message stands now.
    pub state: State,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// This attempt included.
    pub tries: Tries,
    /// The answer, in the server's words or ours.
    pub reply: &'a str,
}

impl Delivery {
    /// Whether it goes no further until a person has acted: it is held, or our settings or the server's are wrong.
    pub fn needs_a_person(&self) -> bool {
        self.state == State::Held || self.outcome == Some(Outcome::Config)
    }
}

/// What a message consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The message (RFC 5322).
    pub bytes: Vec<u8>,
    /// Its HTML part.
    pub html: Vec<u8>,
}

const COLUMNS: &str = "id, digest, recipient, window_from, window_to, message_id, subject, state, attempts, unknowns, halved, \
                       next_at, outcome, reply, created_at";

impl Store {
    /// The end of the time that the last message of this digest to this recipient covered, up to now.
    pub fn last_window(
        &self,
        digest: &str,
        recipient: &str,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.ask("read the outbox", |connection| {
            let end: Option<i64> = connection
                .prepare_cached(
                    "SELECT MAX(window_to) FROM delivery WHERE digest = ?1 AND recipient = ?2 AND window_to <= ?3",
                )?
                .query_row(params![digest, recipient, seconds(now)], |row| row.get(0))?;
            Ok(end.map(instant))
        })
    }

    /// The how many-th message of a digest in this minute the next one is, from 1.
    pub fn sequence(&self, digest: &str, now: Timestamp) -> Result<u32, StoreError> {
        self.ask("read the outbox", |connection| {
            connection.query_row(
                "SELECT COUNT(*) + 1 FROM delivery WHERE digest = ?1 AND window_to / 60 = ?2 / 60",
                params![digest, seconds(now)],
                |row| row.get(0),
            )
        })
    }

    /// Whether a message of this digest still waits for this recipient, so that the next is not composed yet.
    pub fn has_unsent(&self, digest: &str, recipient: &str) -> Result<bool, StoreError> {
        self.ask("read the outbox", |connection| {
        let unsent = connection
            .prepare_cached(
                "SELECT 1 FROM delivery WHERE digest = ?1 AND recipient = ?2 AND settled_at IS NULL",
            )?
            .exists(params![digest, recipient])?;
        Ok(unsent)
        })
    }

    /// Messages that are to be sent by now, oldest first, none to a paused recipient.
    pub fn due_deliveries(&self, now: Timestamp) -> Result<Vec<Delivery>, StoreError> {
        self.deliveries_where(
            "settled_at IS NULL AND state IN ('queued', 'unknown') AND next_at <= ?1
             AND recipient NOT IN (SELECT address FROM recipient WHERE paused_at IS NOT NULL)",
            params![seconds(now)],
        )
    }

    /// What waits or is held.
    pub fn unsettled_deliveries(&self) -> Result<Vec<Delivery>, StoreError> {
        self.deliveries_where("settled_at IS NULL", params![])
    }

    /// Messages that were handed over and whose answer nobody has noted.
    pub fn deliveries_on_their_way(&self) -> Result<Vec<Delivery>, StoreError> {
        self.deliveries_where("settled_at IS NULL AND state = 'sending'", params![])
    }

    /// The messages of a digest whose window ended between two moments, newest first.
    pub fn deliveries_of(
        &self,
        digest: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut deliveries = self.deliveries_where(
            "digest = ?1 AND window_to >= ?2 AND window_to < ?3",
            params![digest, seconds(from), seconds(to)],
        )?;
        deliveries.reverse();
        Ok(deliveries)
    }

    fn deliveries_where(
        &self,
        condition: &str,
        values: &[&dyn rusqlite::ToSql],
    ) -> Result<Vec<Delivery>, StoreError> {
        self.ask("read the outbox", |connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM delivery WHERE {condition} ORDER BY id"
            ))?;
            let rows = statement.query_map(values, delivery_from_row)?;
            rows.collect()
        })
    }

    /// The bytes of a message and its HTML part; `None` once they were cleaned up.
    pub fn delivery_content(&self, id: DeliveryId) -> Result<Option<Content>, StoreError> {
        self.ask("read a message", |connection| {
            let content = connection.query_row(
                "SELECT bytes, html FROM delivery WHERE id = ?1",
                [id.0],
                |row| {
                    Ok((
                        row.get::<_, Option<Vec<u8>>>(0)?,
                        row.get::<_, Option<Vec<u8>>>(1)?,
                    ))
                },
            )?;
            let (bytes, html) = content;
            Ok(bytes.map(|bytes| Content {
                bytes,
                html: html.unwrap_or_default(),
            }))
        })
    }

    /// Notes that a message is about to be handed over; committed before the first byte of it leaves. False if a person
    /// has taken it out or held it meanwhile.
    pub fn mark_sending(&self, id: DeliveryId, now: Timestamp) -> Result<bool, StoreError> {
        self.ask("note an attempt", |connection| {
            let rows = connection.execute(
                "UPDATE delivery SET state = 'sending', next_at = ?2 WHERE id = ?1 AND state IN ('queued', 'unknown')",
                params![id.0, seconds(now)],
            )?;
            Ok(rows == 1)
        })
    }

    /// Notes what became of an attempt.
    pub fn settle(
        &self,
        id: DeliveryId,
        attempt: &Attempt<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.ask("note an attempt", |connection| {
            let settled_at =
                matches!(attempt.state, State::Sent | State::Dropped).then(|| seconds(now));
            connection.execute(
                "UPDATE delivery SET state = ?2, next_at = ?3, outcome = ?4, reply = ?5, settled_at = ?6,
                        attempts = ?7, unknowns = ?8 WHERE id = ?1",
                params![
                    id.0,
                    attempt.state.as_str(),
                    seconds(attempt.next_at),
                    attempt.outcome.as_str(),
                    attempt.reply,
                    settled_at,
                    attempt.tries.attempts,
                    attempt.tries.unknowns
                ],
            )?;
            Ok(())
        })
    }

    /// A person's decision on a message; false if it is on its way at this moment, or settled.
    pub fn decide(
        &self,
        id: DeliveryId,
        state: State,
        reply: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let settled_at = matches!(state, State::Dropped).then(|| seconds(now));
        self.ask("note a decision", |connection| {
            let rows = connection.execute(
                "UPDATE delivery SET state = ?2, next_at = ?3, reply = ?4, settled_at = ?5
                 WHERE id = ?1 AND state IN ('queued', 'unknown', 'held')",
                params![id.0, state.as_str(), seconds(now), reply, settled_at],
            )?;
            Ok(rows == 1)
        })
    }

    /// After the clock was ahead: what cannot have been set by a legal schedule counts as now.
    pub fn heal_times(&self, now: Timestamp) -> Result<(), StoreError> {
        // The longest that an attempt waits is two hours and a tenth; a digest falls due in the past.
        const LONGEST_WAIT: i64 = 3 * 3600;
        const CLOCK_STEP: i64 = 3600;
        self.ask("mend times of a clock that was ahead", |connection| {
            let now = seconds(now);
            connection.execute(
                "UPDATE delivery SET next_at = ?1 WHERE next_at > ?2",
                [now, now + LONGEST_WAIT],
            )?;
            for column in ["last_due", "known_at"] {
                connection.execute(
                    &format!("UPDATE schedule SET {column} = ?1 WHERE {column} > ?2"),
                    [now, now + CLOCK_STEP],
                )?;
            }
            for (table, column) in [
                ("recipient", "known_at"),
                ("told", "at"),
                ("delivery", "created_at"),
                ("delivery", "window_to"),
            ] {
                connection.execute(
                    &format!("UPDATE {table} SET {column} = ?1 WHERE {column} > ?1"),
                    [now],
                )?;
            }
            Ok(())
        })
    }

    /// A message as one that can be answered, if the story was all that it told.
    pub fn thread_of(&self, id: DeliveryId, story: StoryId) -> Result<Option<Thread>, StoreError> {
        self.ask("read the outbox", |connection| {
            connection
                .prepare_cached(
                    "SELECT message_id, thread, subject FROM delivery WHERE id = ?1
                     AND NOT EXISTS (SELECT 1 FROM told WHERE delivery = ?1 AND story IS NOT ?2)",
                )?
                .query_row(params![id.0, story.0], |row| {
                    Ok(Thread {
                        message_id: row.get(0)?,
                        parent: row.get(1)?,
                        subject: row.get(2)?,
                    })
                })
                .optional()
        })
    }

    /// A row of the outbox.
    pub fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        Ok(self.deliveries_where("id = ?1", params![id.0])?.pop())
    }

    /// Forgets the bytes of messages that were settled 30 days ago; what they told stays known.
    pub fn forget_sent(&self, now: Timestamp) -> Result<(), StoreError> {
        const KEPT: i64 = 30 * 86_400;
        self.ask("forget old messages", |connection| {
            connection.execute(
                "UPDATE delivery SET bytes = NULL, html = NULL WHERE settled_at < ?1 AND bytes IS NOT NULL",
                [seconds(now) - KEPT],
            )?;
            Ok(())
        })
    }
}

fn delivery_from_row(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        id: DeliveryId(row.get(0)?),
        digest: row.get(1)?,
        recipient: row.get(2)?,
        window: (instant(row.get(3)?), instant(row.get(4)?)),
        message_id: row.get(5)?,
        subject: row.get(6)?,
        state: State::from_word(&row.get::<_, String>(7)?),
        tries: Tries {
            attempts: row.get(8)?,
            unknowns: row.get(9)?,
            halved: row.get(10)?,
        },
        next_at: instant(row.get(11)?),
        outcome: row
            .get::<_, Option<String>>(12)?
            .and_then(|word| Outcome::from_word(&word)),
        reply: row.get(13)?,
        created_at: instant(row.get(14)?),
    })
}
