//! Domains that asked to be left alone, whichever of their feeds was told so.

use std::collections::HashSet;

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
        let (_, to) = in_force(now);
        let (over_for_long, _) = in_force(now - LONGEST_HOLD);
        self.connection
            .prepare_cached("DELETE FROM hold WHERE until <= ?1 OR until > ?2")?
            .execute([over_for_long, to])?;
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

    /// The feeds that were refused last, one of each domain, also where that is over.
    pub fn last_refused(&self) -> Result<HashSet<FeedId>, StoreError> {
        self.ask("read which feeds were refused last", |connection| {
            connection
                .prepare_cached("SELECT feed FROM hold")?
                .query_map((), |row| row.get(0).map(FeedId))?
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

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::model::Feed;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hour * 3600).expect("in range")
    }

    fn store() -> (Store, FeedId) {
        let mut store = Store::open_in_memory(at(0)).expect("a database in memory");
        let url = "https://example.org/feed";
        let feed = Feed::at(url.to_owned());
        store.declare_feeds([&feed], at(0)).expect("declared");
        let feed = store.feed_by_url(url).expect("readable").expect("there");
        (store, feed.id)
    }

    fn hold(store: &mut Store, domain: &str, until: Timestamp, feed: FeedId) {
        let hold = Hold {
            domain: domain.to_owned(),
            until,
            feed,
        };
        store.hold_domain(&hold, at(0)).expect("held");
    }

    fn until(store: &Store, domain: &str, now: Timestamp) -> Option<Timestamp> {
        let hold = store.hold_of(domain, now).expect("readable");
        hold.map(|hold| hold.until)
    }

    #[test]
    fn a_domain_is_held_until_the_latest_moment_that_was_named() {
        let (mut store, feed) = store();
        hold(&mut store, "example.org", at(4), feed);
        hold(&mut store, "example.org", at(2), feed);
        assert_eq!(until(&store, "example.org", at(3)), Some(at(4)));
        assert_eq!(until(&store, "example.org", at(4)), None);
        assert_eq!(until(&store, "example.com", at(3)), None);
        let held = store.holds(at(3)).expect("readable");
        assert_eq!(held.len(), 1);
        assert!(store.holds(at(4)).expect("readable").is_empty());
    }

    #[test]
    fn a_hold_of_a_clock_that_was_ahead_is_none() {
        let (mut store, feed) = store();
        hold(&mut store, "example.org", at(0) + LONGEST_HOLD, feed);
        let second = SignedDuration::from_secs(1);
        let ahead = at(0) + LONGEST_HOLD + second;
        hold(&mut store, "example.com", ahead, feed);
        assert!(until(&store, "example.org", at(0)).is_some());
        assert_eq!(until(&store, "example.com", at(0)), None);
    }
}
