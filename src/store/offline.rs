//! Since when nobody can be reached.

use jiff::SignedDuration;

use super::{Store, StoreError, instant, schema, seconds};
use crate::model::Timestamp;

/// In `meta`: the first and the last of the failures in a row that looked like our own network's.
const SINCE: &str = "offline_since";
const LAST: &str = "offline_at";

/// If nobody was asked for so long, the machine was asleep or the program did not run, and what was before tells nothing.
const ASLEEP: SignedDuration = SignedDuration::from_hours(12);

impl Store {
    /// Notes that somebody could not be reached, as it seems for our own network's sake, and gives since when that is so.
    /// It is kept in the store, since a process that only polls once has no memory.
    pub fn note_offline(&self, now: Timestamp) -> Result<Timestamp, StoreError> {
        let since = self.offline_since(now)?.unwrap_or(now);
        self.ask("note that nobody can be reached", |connection| {
            schema::set_meta(connection, SINCE, seconds(since))?;
            schema::set_meta(connection, LAST, seconds(now))?;
            Ok(since)
        })
    }

    /// Notes that somebody answered.
    pub fn note_online(&self) -> Result<(), StoreError> {
        self.ask("note that somebody can be reached", |connection| {
            connection.execute(
                "DELETE FROM meta WHERE name = ?1 OR name = ?2",
                [SINCE, LAST],
            )?;
            Ok(())
        })
    }

    /// Since when nobody can be reached; `None`: somebody can, or nobody was asked of late.
    pub fn offline_since(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.ask("read since when nobody can be reached", |connection| {
            let last = schema::meta(connection, LAST)?.map(instant);
            let goes_on = last.is_some_and(|last| {
                (SignedDuration::ZERO..ASLEEP).contains(&now.duration_since(last))
            });
            let since = schema::meta(connection, SINCE)?.map(instant);
            Ok(since.filter(|_| goes_on))
        })
    }

    /// Whether any feed answered after `since`, to the hour.
    pub fn was_online(&self, since: Timestamp) -> Result<bool, StoreError> {
        self.ask("read whether a feed answered", |connection| {
            connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM hour WHERE hour > ?1 AND unchanged + changed > 0)",
                )?
                .query_row([seconds(since)], |row| row.get(0))
        })
    }
}
