//! Which watchlist is in force, for those who read beside the daemon.

use super::{Store, StoreError, instant, schema, seconds};
use crate::model::Timestamp;

/// The watchlist that the last work on the database went by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The hash of its text.
    pub hash: u64,
    /// When it was taken up.
    pub since: Timestamp,
}

impl Store {
    /// Notes that a watchlist with this hash is in force from now on; without effect if it is already.
    pub fn note_watchlist(&self, hash: u64, now: Timestamp) -> Result<(), StoreError> {
        if self
            .watchlist_in_force()?
            .is_some_and(|known| known.hash == hash)
        {
            return Ok(());
        }
        self.ask("note the watchlist in force", |connection| {
            schema::set_meta(connection, "watchlist", hash.cast_signed())?;
            schema::set_meta(connection, "watchlist_since", seconds(now))
        })
    }

    /// The watchlist in force; `None`: nobody has worked on the database yet.
    pub fn watchlist_in_force(&self) -> Result<Option<InForce>, StoreError> {
        self.ask("read which watchlist is in force", |connection| {
            let hash = schema::meta(connection, "watchlist")?;
            let since = schema::meta(connection, "watchlist_since")?;
            Ok(hash.zip(since).map(|(hash, since)| InForce {
                hash: hash.cast_unsigned(),
                since: instant(since),
            }))
        })
    }
}
