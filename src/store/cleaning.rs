//! Forgetting what has been kept long enough: texts for `[store] keep`, keys for years.
//!
//! Cleaning goes in short steps, so that polling never waits for it, and ends with giving the room back to the disk.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use rusqlite::{OptionalExtension, params};

use super::{Store, StoreError, day, doing, schema, seconds};
use crate::model::{ItemId, Timestamp};

/// A step ends when it has taken so long; its commit comes on top.
const STEP: Duration = Duration::from_millis(10);

/// Items looked at, keys looked at, and pages given back between two looks at the time.
const ITEMS_AT_ONCE: i64 = 20;
const KEYS_AT_ONCE: i64 = 1_000;
const PAGES_AT_ONCE: usize = 16;

/// In `meta`: the day on which cleaning last came to its end.
const CLEANED_ON: &str = "cleaned_on";

/// What cleaning removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Items with their texts, matches and places in stories.
    pub items: usize,
    /// Keys that nobody has gone by for three years.
    pub keys: usize,
    /// Pages of the file that were given back to the disk.
    pub pages: usize,
}

/// How far the cleaning of a day has come.
#[derive(Clone, Debug)]
pub struct Cleaning {
    now: Timestamp,
    /// What was last seen before this may go.
    cutoff: Timestamp,
    stage: Stage,
    pruned: Pruned,
}

#[derive(Clone, Debug)]
enum Stage {
    /// Looks for items that a feed has shown for years.
    Begin,
    /// Keeps their keys.
    Prolong(Vec<ItemId>),
    /// Removes old items; when the last one looked at was first seen, and its number.
    Items(i64, i64),
    /// Removes keys past their time; the last one looked at.
    Keys(i64),
    /// Gives free pages back.
    Pages,
    Done,
}

impl Cleaning {
    /// Forgets items last seen longer than `keep` before `now`, unless a declared feed still shows them or somebody is
    /// still to be told of them, and keys past their time. To be done once a day.
    pub fn begin(now: Timestamp, keep: SignedDuration) -> Cleaning {
        Cleaning {
            now,
            cutoff: now.saturating_sub(keep).unwrap_or(Timestamp::UNIX_EPOCH),
            stage: Stage::Begin,
            pruned: Pruned::default(),
        }
    }

    /// Whether nothing is left to do.
    pub fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }

    /// What is gone so far.
    pub fn pruned(&self) -> Pruned {
        self.pruned
    }
}

impl Store {
    /// Goes on cleaning for a moment, in one transaction, and gives how far it has come.
    pub fn clean(&mut self, mut cleaning: Cleaning) -> Result<Cleaning, StoreError> {
        let began = Instant::now();
        self.savepoint(|store| {
            while !cleaning.is_done() && began.elapsed() < STEP {
                store
                    .clean_on(&mut cleaning)
                    .map_err(doing("forget what is old"))?;
            }
            Ok(cleaning)
        })
    }

    /// Whether no cleaning has come to its end on this day (UTC) yet.
    pub fn cleaning_is_due(&self, now: Timestamp) -> Result<bool, StoreError> {
        self.ask("see whether it is time to clean", |connection| {
            Ok(schema::meta(connection, CLEANED_ON)? != Some(day(now)))
        })
    }

    /// Cleans to the end, for a command that nobody waits behind.
    pub fn prune(&mut self, now: Timestamp, keep: SignedDuration) -> Result<Pruned, StoreError> {
        let mut cleaning = Cleaning::begin(now, keep);
        while !cleaning.is_done() {
            cleaning = self.clean(cleaning)?;
        }
        Ok(cleaning.pruned)
    }

    fn clean_on(&mut self, cleaning: &mut Cleaning) -> rusqlite::Result<()> {
        let Cleaning {
            now,
            cutoff,
            ref mut stage,
            ref mut pruned,
        } = *cleaning;
        let next = match stage {
            Stage::Begin => {
                self.forget_hours(cutoff)?;
                Some(Stage::Prolong(self.shown_for_years(now)?))
            }
            Stage::Prolong(items) => match items.pop() {
                Some(item) => {
                    self.prolong_keys(item, now)?;
                    None
                }
                None => Some(Stage::Items(i64::MIN, 0)),
            },
            Stage::Items(first_seen, id) => {
                let after = (*first_seen, *id);
                let next = self.remove_items(cutoff, after, &mut pruned.items)?;
                let next = next.map(|(first_seen, id)| Stage::Items(first_seen, id));
                Some(next.unwrap_or(Stage::Keys(i64::MIN)))
            }
            Stage::Keys(after) => {
                let next = self.remove_keys(now, *after, &mut pruned.keys)?;
                Some(next.map_or(Stage::Pages, Stage::Keys))
            }
            Stage::Pages => match self.give_back()? {
                0 => {
                    schema::set_meta(&self.connection, CLEANED_ON, day(now))?;
                    Some(Stage::Done)
                }
                pages => {
                    pruned.pages += pages;
                    None
                }
            },
            Stage::Done => None,
        };
        if let Some(next) = next {
            *stage = next;
        }
        Ok(())
    }

    fn forget_hours(&self, cutoff: Timestamp) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("DELETE FROM hour WHERE hour < ?1")?
            .execute([seconds(cutoff)])
            .map(drop)
    }

    /// Items that a declared feed still shows, on the days on which they become one, two, ... years old: their keys last
    /// for three.
    fn shown_for_years(&self, now: Timestamp) -> rusqlite::Result<Vec<ItemId>> {
        const DAY: i64 = 86_400;
        let oldest: Option<i64> = self
            .connection
            .prepare_cached("SELECT MIN(first_seen) FROM item")?
            .query_row((), |row| row.get(0))?;
        let Some(oldest) = oldest else {
            return Ok(Vec::new());
        };
        let mut statement = self.connection.prepare_cached(
            "SELECT id FROM item WHERE first_seen >= ?1 AND first_seen < ?2
                AND EXISTS (SELECT 1 FROM sighting JOIN feed ON feed.id = sighting.feed
                    WHERE sighting.item = item.id AND left_at IS NULL AND declared = 1)",
        )?;
        let mut items = Vec::new();
        let mut birthday = day(now) - 365;
        while (birthday + 1) * DAY > oldest {
            let born = statement.query_map([birthday * DAY, (birthday + 1) * DAY], |row| {
                row.get(0).map(ItemId)
            })?;
            for item in born {
                items.push(item?);
            }
            birthday -= 365;
        }
        Ok(items)
    }

    /// Removes some of the old items after this one; gives the last one looked at, `None`: there are no more.
    fn remove_items(
        &self,
        cutoff: Timestamp,
        after: (i64, i64),
        removed: &mut usize,
    ) -> rusqlite::Result<Option<(i64, i64)>> {
        let looked_at: Vec<(i64, i64)> = self
            .connection
            .prepare_cached(
                "SELECT first_seen, id FROM item WHERE (first_seen, id) > (?1, ?2) AND first_seen < ?3
                 ORDER BY first_seen, id LIMIT ?4",
            )?
            .query_map(
                params![after.0, after.1, seconds(cutoff), ITEMS_AT_ONCE],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?
            .collect::<rusqlite::Result<_>>()?;
        let mut remove = self.connection.prepare_cached(
            "DELETE FROM item WHERE id = ?1 AND last_seen < ?2
                AND NOT EXISTS (SELECT 1 FROM sighting JOIN feed ON feed.id = sighting.feed
                    WHERE sighting.item = item.id AND left_at IS NULL AND declared = 1)
                AND NOT EXISTS (SELECT 1 FROM match JOIN pending ON pending.match = match.id
                    WHERE match.item = item.id)",
        )?;
        for (_, id) in &looked_at {
            *removed += remove.execute([*id, seconds(cutoff)])?;
        }
        Ok(looked_at.last().copied())
    }

    /// Removes the keys past their time among those that come after this one; gives the last one looked at.
    fn remove_keys(
        &self,
        now: Timestamp,
        after: i64,
        removed: &mut usize,
    ) -> rusqlite::Result<Option<i64>> {
        let last: Option<i64> = self
            .connection
            .prepare_cached(
                "SELECT MAX(hash) FROM (SELECT hash FROM key WHERE hash > ?1 ORDER BY hash LIMIT ?2)",
            )?
            .query_row([after, KEYS_AT_ONCE], |row| row.get(0))
            .optional()?
            .flatten();
        if let Some(last) = last {
            *removed += self
                .connection
                .prepare_cached("DELETE FROM key WHERE hash > ?1 AND hash <= ?2 AND until < ?3")?
                .execute([after, last, day(now)])?;
        }
        Ok(last)
    }

    /// Gives some free pages back to the disk; how many went, 0: none is left.
    fn give_back(&self) -> rusqlite::Result<usize> {
        // The pragma moves one page a row, so it must be read to its end.
        let mut statement = self
            .connection
            .prepare_cached(&format!("PRAGMA incremental_vacuum({PAGES_AT_ONCE})"))?;
        let free = || {
            self.connection
                .query_row("PRAGMA freelist_count", (), |row| row.get::<_, u32>(0))
        };
        let before = free()?;
        let mut rows = statement.query(())?;
        while rows.next()?.is_some() {}
        drop(rows);
        Ok(usize::try_from(before.saturating_sub(free()?)).unwrap_or(usize::MAX))
    }
}
