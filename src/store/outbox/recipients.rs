//! Who mail goes to, and who is paused.

use rusqlite::params;

use super::super::{Store, StoreError, instant, seconds};
use crate::model::{DeliveryId, Timestamp};

impl Store {
    /// The first message that the recipient was ever sent, which proves the path; `None`: there was none yet.
    pub fn first_delivery(&self, recipient: &str) -> Result<Option<DeliveryId>, StoreError> {
        self.ask("read the outbox", |connection| {
            let first: Option<i64> = connection
                .prepare_cached("SELECT MIN(id) FROM delivery WHERE recipient = ?1")?
                .query_row([recipient], |row| row.get(0))?;
            Ok(first.map(DeliveryId))
        })
    }

    /// When a message last reached anybody, up to this moment.
    pub fn last_sent_before(&self, moment: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.ask("read the outbox", |connection| {
            let last: Option<i64> = connection
                .prepare_cached(
                    "SELECT MAX(settled_at) FROM delivery WHERE settled_at <= ?1 AND state = 'sent'",
                )?
                .query_row([seconds(moment)], |row| row.get(0))?;
            Ok(last.map(instant))
        })
    }

    /// A headline for each story that a message told, in about the order of the message.
    pub fn headlines_told_in(&self, delivery: DeliveryId) -> Result<Vec<String>, StoreError> {
        self.ask("read what was told", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT (SELECT title FROM sighting WHERE sighting.item = story.item AND title IS NOT NULL
                         ORDER BY first_seen LIMIT 1)
                 FROM (SELECT item, MIN(CASE how WHEN 'full' THEN 0 WHEN 'compact' THEN 1 WHEN 'also' THEN 2
                                                 WHEN 'counted' THEN 3 ELSE 4 END) AS place
                       FROM told WHERE delivery = ?1 AND how <> 'snoozed' GROUP BY COALESCE(story, -item)) AS story
                 ORDER BY place, item",
            )?;
            let titles = statement.query_map([delivery.0], |row| row.get::<_, Option<String>>(0))?;
            titles
                .map(|title| Ok(title?.unwrap_or_else(|| "(without a headline)".to_owned())))
                .collect()
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
