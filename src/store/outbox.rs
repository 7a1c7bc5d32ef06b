//! Messages and what became of them, and when each digest was last due.

use rusqlite::{OptionalExtension, Row, params};

use super::matches::Told;
use super::{Store, StoreError, instant, seconds};
use crate::digest::material::Thread;
use crate::model::{DeliveryId, MatchId, StoryId, Timestamp};
use crate::schedule::retry::Tries;

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// To be sent at `next_at`.
    Queued,
    /// Handed to the server; the answer is not known yet.
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
    /// The last answer, in the server's words or ours.
    pub reply: Option<String>,
    /// When it was composed.
    pub created_at: Timestamp,
}

/// What a message consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The message (RFC 5322).
    pub bytes: Vec<u8>,
    /// Its HTML part.
    pub html: Vec<u8>,
}

/// When a digest was first known for a recipient and last fell due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// First known.
    pub known_at: Timestamp,
    /// The due time that was last served; `None`: none yet.
    pub last_due: Option<Timestamp>,
}

const COLUMNS: &str = "id, digest, recipient, window_from, window_to, message_id, subject, state, attempts, unknowns, halved, \
                       next_at, reply, created_at";

impl Store {
    /// Makes a digest known for a recipient; what was known before stays.
    pub fn declare_digest(
        &self,
        digest: &str,
        recipient: &str,
        now: Timestamp,
    ) -> Result<Due, StoreError> {
        self.ask("make a digest known", |connection| {
        connection
            .prepare_cached("INSERT INTO recipient (address, known_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute(params![recipient, seconds(now)])?;
        connection
            .prepare_cached(
                "INSERT INTO schedule (digest, recipient, known_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            )?
            .execute(params![digest, recipient, seconds(now)])?;
        let due = connection
            .prepare_cached("SELECT known_at, last_due FROM schedule WHERE digest = ?1 AND recipient = ?2")?
            .query_row(params![digest, recipient], |row| {
                Ok(Due {
                    known_at: instant(row.get(0)?),
                    last_due: row.get::<_, Option<i64>>(1)?.map(instant),
                })
            })?;
        Ok(due)
        })
    }

    /// Gives a digest the slug of its Message-ID and List-Id: `wanted`, or that with a number, fixed once given.
    pub fn slug(&self, digest: &str, wanted: Option<&str>) -> Result<String, StoreError> {
        self.ask("name a digest", |connection| {
            let given = connection
                .query_row("SELECT slug FROM slug WHERE digest = ?1", [digest], |row| {
                    row.get(0)
                })
                .optional()?;
            if let Some(slug) = given {
                return Ok(slug);
            }
            let base = wanted.unwrap_or("digest");
            for number in 1_u32.. {
                let slug = match (number, wanted) {
                    (1, Some(_)) => base.to_owned(),
                    _ => format!("{base}-{number}"),
                };
                let added = connection.execute(
                    "INSERT INTO slug (digest, slug) VALUES (?1, ?2) ON CONFLICT (slug) DO NOTHING",
                    params![digest, slug],
                )?;
                if added == 1 {
                    return Ok(slug);
                }
            }
            Ok(base.to_owned())
        })
    }

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

    /// Notes that a due time was served by an empty digest that nobody wants.
    pub fn skip_digest(
        &self,
        digest: &str,
        recipient: &str,
        due: Timestamp,
    ) -> Result<(), StoreError> {
        self.ask("note a digest", |connection| {
            connection.execute(
                "UPDATE schedule SET last_due = ?3 WHERE digest = ?1 AND recipient = ?2",
                params![digest, recipient, seconds(due)],
            )?;
            Ok(())
        })
    }

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

    /// The first message that the recipient was ever sent, which proves the path; `None`: there was none yet.
    pub fn first_delivery(&self, recipient: &str) -> Result<Option<DeliveryId>, StoreError> {
        self.ask("read the outbox", |connection| {
            let first: Option<i64> = connection
                .prepare_cached("SELECT MIN(id) FROM delivery WHERE recipient = ?1")?
                .query_row([recipient], |row| row.get(0))?;
            Ok(first.map(DeliveryId))
        })
    }

    /// Whether a message of this digest still waits for this recipient, so that the next is not composed yet.
    pub fn has_unsent(&self, digest: &str, recipient: &str) -> Result<bool, StoreError> {
        self.ask("read the outbox", |connection| {
        let unsent = connection
            .prepare_cached(
                "SELECT 1 FROM delivery WHERE digest = ?1 AND recipient = ?2 AND state NOT IN ('sent', 'dropped')",
            )?
            .exists(params![digest, recipient])?;
        Ok(unsent)
        })
    }

    /// Messages that are to be sent by now, oldest first, none to a paused recipient.
    pub fn due_deliveries(&self, now: Timestamp) -> Result<Vec<Delivery>, StoreError> {
        self.deliveries_where(
            "state IN ('queued', 'unknown') AND next_at <= ?1
             AND recipient NOT IN (SELECT address FROM recipient WHERE paused_at IS NOT NULL)",
            params![seconds(now)],
        )
    }

    /// What waits or is held.
    pub fn unsettled_deliveries(&self) -> Result<Vec<Delivery>, StoreError> {
        self.deliveries_where("state NOT IN ('sent', 'dropped')", params![])
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
    pub fn mark_sending(&self, id: DeliveryId) -> Result<bool, StoreError> {
        self.ask("note an attempt", |connection| {
            let rows = connection.execute(
                "UPDATE delivery SET state = 'sending' WHERE id = ?1 AND state IN ('queued', 'unknown')",
                [id.0],
            )?;
            Ok(rows == 1)
        })
    }

    /// Notes what became of an attempt.
    pub fn settle(
        &self,
        id: DeliveryId,
        state: State,
        next_at: Timestamp,
        tries: Tries,
        reply: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.ask("note an attempt", |connection| {
            let settled_at = matches!(state, State::Sent | State::Dropped).then(|| seconds(now));
            connection.execute(
                "UPDATE delivery SET state = ?2, next_at = ?3, reply = ?4, settled_at = ?5,
                        attempts = ?6, unknowns = ?7 WHERE id = ?1",
                params![
                    id.0,
                    state.as_str(),
                    seconds(next_at),
                    reply,
                    settled_at,
                    tries.attempts,
                    tries.unknowns
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

    /// Puts a smaller message in the place of one that a server found too big; what it tells stays as it is.
    pub fn replace_message(
        &self,
        id: DeliveryId,
        message_id: &str,
        bytes: &[u8],
        html: &str,
        next_at: Timestamp,
        reply: &str,
    ) -> Result<(), StoreError> {
        self.ask("replace a message", |connection| {
            connection.execute(
                "UPDATE delivery SET message_id = ?2, bytes = ?3, html = ?4, halved = 1, state = 'queued',
                        next_at = ?5, reply = ?6 WHERE id = ?1",
                params![id.0, message_id, bytes, html.as_bytes(), seconds(next_at), reply],
            )?;
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

    /// Rows that a crash left at `sending`: the server may have taken them. Gives their number.
    pub fn recover_sending(&self, next_at: Timestamp) -> Result<usize, StoreError> {
        self.ask("look for attempts that were cut short", |connection| {
            let rows = connection.execute(
            "UPDATE delivery SET state = CASE WHEN unknowns >= 2 THEN 'held' ELSE 'unknown' END,
                    attempts = attempts + 1, unknowns = unknowns + 1, next_at = ?1,
                    reply = 'wirewatch stopped before the answer came' WHERE state = 'sending'",
            [seconds(next_at)],
        )?;
            Ok(rows)
        })
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

    /// Stops all mail to a recipient whom the server refuses.
    pub fn pause_recipient(
        &self,
        address: &str,
        why: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.ask("pause a recipient", |connection| {
            connection.execute(
                "INSERT INTO recipient (address, known_at, paused_at, why) VALUES (?1, ?2, ?2, ?3)
             ON CONFLICT (address) DO UPDATE SET paused_at = ?2, why = ?3",
                params![address, seconds(now), why],
            )?;
            Ok(())
        })
    }

    /// Whether mail to this recipient is stopped.
    pub fn is_paused(&self, address: &str) -> Result<bool, StoreError> {
        self.ask("look up a recipient", |connection| {
            connection
                .prepare_cached(
                    "SELECT 1 FROM recipient WHERE address = ?1 AND paused_at IS NOT NULL",
                )?
                .exists([address])
        })
    }

    /// Lets mail to a paused recipient go again; false if he was not paused.
    pub fn resume_recipient(&self, address: &str) -> Result<bool, StoreError> {
        self.ask("resume a recipient", |connection| {
        let rows = connection.execute(
            "UPDATE recipient SET paused_at = NULL, why = NULL WHERE address = ?1 AND paused_at IS NOT NULL",
            [address],
        )?;
        Ok(rows == 1)
        })
    }

    /// Paused recipients: address, since when, and the server's words.
    pub fn paused_recipients(&self) -> Result<Vec<(String, Timestamp, String)>, StoreError> {
        self.ask("read the paused recipients", |connection| {
        let mut statement = connection.prepare_cached(
            "SELECT address, paused_at, COALESCE(why, '') FROM recipient WHERE paused_at IS NOT NULL ORDER BY address",
        )?;
        let rows =
            statement.query_map([], |row| Ok((row.get(0)?, instant(row.get(1)?), row.get(2)?)))?;
        rows.collect()
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
        reply: row.get(12)?,
        created_at: instant(row.get(13)?),
    })
}
