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
        self.ask("note that nobody can be reached", |connection| {
            let (since, last) = (
                schema::meta(connection, SINCE)?,
                schema::meta(connection, LAST)?,
            );
            let goes_on = last.is_some_and(|last| {
                (SignedDuration::ZERO..ASLEEP).contains(&now.duration_since(instant(last)))
            });
            let since = since.map(instant).filter(|_| goes_on).unwrap_or(now);
            schema::set_meta(connection, SINCE, seconds(since))?;
            schema::set_meta(connection, LAST, seconds(now))?;
            Ok(since)
        })
    }
}
