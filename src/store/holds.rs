//! Domains that asked to be left alone, whichever of their feeds was told so.

use rusqlite::{OptionalExtension, Row, params};

use super::{Store, StoreError, doing, instant, seconds};
use crate::model::{FeedId, Timestamp};
use crate::schedule::feeds::hints::LONGEST_HOLD;

/// A row of `hold`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The registrable domain, or `host:port` where there is none.
    pub domain: String,
    /// It is not to be asked before this.
    pub until: Timestamp,
    /// The feed that was refused.
    pub feed: FeedId,
}

impl Store {
    /// Leaves a domain alone until a moment that its server named to a feed; never shortens a longer wait.
    pub fn hold_domain(&mut self, hold: &Hold, now: Timestamp) -> Result<(), StoreError> {
        self.write_hold(hold, now)
            .map_err(doing("hold a domain back"))
    }

    fn write_hold(&mut self, hold: &Hold, now: Timestamp) -> rusqlite::Result<()> {
        let (from, to) = in_force(now);
        self.connection
            .prepare_cached("DELETE FROM hold WHERE until <= ?1 OR until > ?2")?
            .execute([from, to])?;
        self.connection
            .prepare_cached(
                "INSERT INTO hold (domain, until, feed) VALUES (?1, ?2, ?3)
                 ON CONFLICT (domain) DO UPDATE SET until = excluded.until, feed = excluded.feed
                    WHERE excluded.until > until",
            )?
            .execute(params![hold.domain, seconds(hold.until), hold.feed.0])?;
        Ok(())
    }

    /// The domains that are not to be asked now.
    pub fn holds(&self, now: Timestamp) -> Result<Vec<Hold>, StoreError> {
        let (from, to) = in_force(now);
        self.ask("read which domains are held back", |connection| {
            connection
                .prepare_cached(
                    "SELECT domain, until, feed FROM hold WHERE until > ?1 AND until <= ?2",
                )?
                .query_map([from, to], hold)?
                .collect()
        })
    }

    /// The wish of one domain, if it still holds.
    pub fn hold_of(&self, domain: &str, now: Timestamp) -> Result<Option<Hold>, StoreError> {
        let (from, to) = in_force(now);
        self.ask("read whether a domain is held back", |connection| {
            connection
                .prepare_cached(
                    "SELECT domain, until, feed FROM hold WHERE domain = ?1 AND until > ?2 AND until <= ?3",
                )?
                .query_row(params![domain, from, to], hold)
                .optional()
        })
    }
}

/// A hold ends after the first and not after the second of these.
fn in_force(now: Timestamp) -> (i64, i64) {
    let now = seconds(now);
    (now, now + LONGEST_HOLD.as_secs())
}

fn hold(row: &Row<'_>) -> rusqlite::Result<Hold> {
    Ok(Hold {
        domain: row.get(0)?,
        until: instant(row.get(1)?),
        feed: FeedId(row.get(2)?),
    })
}
