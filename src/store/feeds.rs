//! Feeds: which are declared, and what was observed of them.

use std::collections::{HashMap, HashSet};

use jiff::SignedDuration;
use rusqlite::types::FromSql;
use rusqlite::{OptionalExtension, Row, params};

use super::events::EventKind;
use super::{Store, StoreError, doing, instant, seconds};
use crate::ingest::Document;
use crate::model::{Feed, FeedId, FeedState, Moved, Timestamp, Validators};

impl Store {
    /// Makes exactly these feeds the declared ones. A new one is due now; one that comes back goes on where it was;
    /// one that is declared under the address it had moved to keeps its past.
    pub fn declare_feeds<'a>(
        &mut self,
        feeds: impl IntoIterator<Item = &'a Feed>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.savepoint(|store| {
            store
                .apply_declarations(feeds, now)
                .map_err(doing("write the feeds of the watchlist"))
        })
    }

    fn apply_declarations<'a>(
        &mut self,
        feeds: impl IntoIterator<Item = &'a Feed>,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        // Resumed is who was undeclared before this, so the marks go to a second value first.
        self.connection
            .execute("UPDATE feed SET declared = 2 WHERE declared = 1", ())?;
        let mut strangers: Vec<&Feed> = Vec::new();
        let mut met = HashSet::new();
        for feed in feeds {
            let before: Option<(i64, bool)> = self
                .connection
                .prepare_cached("SELECT declared, paused FROM feed WHERE url = ?1")?
                .query_row([&feed.url], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            match before {
                None if !met.insert(&feed.url) => {}
                None => strangers.push(feed),
                Some((declared, paused)) => {
                    let resumed = !feed.paused && (paused || declared == 0);
                    self.continue_feed(feed, &feed.url, resumed, now)?;
                }
            }
        }
        for feed in strangers {
            // Only rows that no declaration has claimed may give their past away.
            let past: Option<String> = self
                .connection
                .prepare_cached(
                    "SELECT url FROM feed WHERE moved_to = ?1 AND declared <> 1 ORDER BY id DESC LIMIT 1",
                )?
                .query_row([&feed.url], |row| row.get(0))
                .optional()?;
            match past {
                Some(url) => self.continue_feed(feed, &url, !feed.paused, now)?,
                None => self.add_feed(feed, now)?,
            }
        }
        self.connection
            .execute("UPDATE feed SET declared = 0 WHERE declared = 2", ())?;
        Ok(())
    }

    fn add_feed(&mut self, feed: &Feed, now: Timestamp) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO feed (url, declared, paused, name, added_at, next_at) VALUES (?1, 1, ?4, ?2, ?3, ?3)",
            )?
            .execute(params![feed.url, feed.name, seconds(now), feed.paused])?;
        let id = FeedId(self.connection.last_insert_rowid());
        self.write_event(id, now, EventKind::Added, &feed.url)
    }

    fn continue_feed(
        &mut self,
        feed: &Feed,
        url: &str,
        resumed: bool,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        let (id, was_read): (i64, bool) = self
            .connection
            .prepare_cached(
                "UPDATE feed SET declared = 1, name = ?2, url = ?3, paused = ?6,
                    moved_to = nullif(moved_to, ?3),
                    next_at = CASE WHEN ?4 THEN min(next_at, ?5) ELSE next_at END
                 WHERE url = ?1 RETURNING id, first_read_at IS NOT NULL",
            )?
            .query_row(
                params![url, feed.name, feed.url, resumed, seconds(now), feed.paused],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
        // One that was never read has nowhere to go on from; that it was added is still to be told.
        if resumed && was_read {
            self.write_event(FeedId(id), now, EventKind::Resumed, &feed.url)?;
        }
        Ok(())
    }

    /// What was observed of a feed, declared or not.
    pub fn feed(&self, id: FeedId) -> Result<FeedState, StoreError> {
        // Rows of feeds are never deleted, since items name them.
        let found = self
            .read_feed(id)
            .and_then(|found| found.ok_or(rusqlite::Error::QueryReturnedNoRows));
        found.map_err(doing("read a feed"))
    }

    pub(super) fn read_feed(&self, id: FeedId) -> rusqlite::Result<Option<FeedState>> {
        self.connection
            .prepare_cached(&select("WHERE id = ?1"))?
            .query_row([id.0], feed_state)
            .optional()
    }

    pub(super) fn undeclared_feeds(&self) -> rusqlite::Result<Vec<FeedState>> {
        self.connection
            .prepare_cached(&select(
                "WHERE declared = 0 AND first_read_at IS NOT NULL ORDER BY id",
            ))?
            .query_map((), feed_state)?
            .collect()
    }

    /// The same by its declared address.
    pub fn feed_by_url(&self, url: &str) -> Result<Option<FeedState>, StoreError> {
        self.connection
            .prepare_cached(&select("WHERE url = ?1"))
            .and_then(|mut statement| statement.query_row([url], feed_state).optional())
            .map_err(doing("read a feed"))
    }

    /// The declared feeds, in the order in which they were first declared.
    pub fn feeds(&self) -> Result<Vec<FeedState>, StoreError> {
        self.connection
            .prepare_cached(&select("WHERE declared = 1 ORDER BY id"))
            .and_then(|mut statement| statement.query_map((), feed_state)?.collect())
            .map_err(doing("read the feeds"))
    }

    /// Shows the declared feeds one after the other, in the same order: of very many, few need to be in memory at once.
    pub fn each_feed(&self, mut visit: impl FnMut(FeedState)) -> Result<(), StoreError> {
        self.ask("read the feeds", |connection| {
            let mut statement =
                connection.prepare_cached(&select("WHERE declared = 1 ORDER BY id"))?;
            for state in statement.query_map((), feed_state)? {
                visit(state?);
            }
            Ok(())
        })
    }

    /// The declared feeds that have been read before and may be asked now.
    pub fn overdue_feeds(&self, now: Timestamp) -> Result<Vec<FeedId>, StoreError> {
        self.ask("read the feeds that are due", |connection| {
            connection
                .prepare_cached(
                    "SELECT id FROM feed WHERE declared = 1 AND first_read_at IS NOT NULL AND next_at <= ?1",
                )?
                .query_map([seconds(now)], |row| row.get(0).map(FeedId))?
                .collect()
        })
    }

    /// How many declared feeds fail, or are not asked because their domain wants to be left alone. A failure that looks like
    /// our own network's is not counted against a feed, but moves its turn like any other, so one that was never read and
    /// has been asked fails too.
    pub fn failing_feeds(&self) -> Result<u32, StoreError> {
        self.ask("count the feeds that fail", |connection| {
            connection
                .prepare_cached(
                    "SELECT count(*) FROM feed WHERE declared = 1 AND paused = 0
                        AND (failing_since IS NOT NULL OR (last_ok_at IS NULL AND next_at > added_at))",
                )?
                .query_row((), |row| row.get(0))
        })
    }

    /// Declared feeds that have failed, or were not asked, since `since` or longer without being said to be dead or gone.
    /// Of those that are due since before `asked_from` nobody can tell what they would answer now, so they are left out.
    pub fn unsaid_failures(
        &self,
        since: Timestamp,
        asked_from: Timestamp,
    ) -> Result<Vec<FeedState>, StoreError> {
        let query = select(
            "WHERE failing_since <= ?1 AND declared = 1 AND paused = 0
                AND max(next_at, ifnull(hold_until, 0)) > ?2
                AND NOT EXISTS (SELECT 1 FROM event WHERE event.feed = feed.id
                    AND event.kind IN ('failing', 'gone') AND event.at >= feed.failing_since)",
        );
        self.ask("read the feeds that fail", |connection| {
            connection
                .prepare_cached(&query)?
                .query_map([seconds(since), seconds(asked_from)], feed_state)?
                .collect()
        })
    }

    /// The declared feed, other than `feed`, that is asked at this address: as declared, or after a move.
    pub fn other_at(&self, url: &str, feed: FeedId) -> Result<Option<FeedState>, StoreError> {
        let declared = select("WHERE url = ?1 AND id <> ?2 AND declared = 1");
        let moved = select(
            "WHERE moved_to = ?1 AND adopted_at IS NOT NULL AND id <> ?2 AND declared = 1 ORDER BY id LIMIT 1",
        );
        self.ask("read a feed", |connection| {
            for query in [declared, moved] {
                let mut statement = connection.prepare_cached(&query)?;
                let found = statement.query_row(params![url, feed.0], feed_state);
                if let Some(found) = found.optional()? {
                    return Ok(Some(found));
                }
            }
            Ok(None)
        })
    }

    /// Declared feeds that may be asked now, the longest overdue first, at most `limit`.
    pub fn due_feeds(&self, now: Timestamp, limit: usize) -> Result<Vec<FeedState>, StoreError> {
        let query = select(
            "WHERE declared = 1 AND next_at <= ?1 AND ifnull(hold_until, 0) <= ?1
             ORDER BY next_at, id LIMIT ?2",
        );
        self.connection
            .prepare_cached(&query)
            .and_then(|mut statement| {
                let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                statement
                    .query_map(params![seconds(now), limit], feed_state)?
                    .collect()
            })
            .map_err(doing("read the feeds that are due"))
    }

    /// The earliest instant at which a declared feed is due; `None` without feeds.
    pub fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.connection
            .prepare_cached(
                "SELECT min(max(next_at, ifnull(hold_until, 0))) FROM feed WHERE declared = 1",
            )
            .and_then(|mut statement| statement.query_row((), |row| row.get::<_, Option<i64>>(0)))
            .map(|due| due.map(instant))
            .map_err(doing("read when a feed is due"))
    }

    /// The names of all feeds, declared or not.
    pub fn feed_names(&self) -> Result<HashMap<FeedId, String>, StoreError> {
        self.ask("read the feeds", |connection| {
            connection
                .prepare_cached("SELECT id, coalesce(name, nullif(title, ''), url) FROM feed")?
                .query_map((), |row| Ok((FeedId(row.get(0)?), row.get(1)?)))?
                .collect()
        })
    }

    /// Moves `next_at`: before the feed is asked, so that a crash neither loses it nor hammers it, and where feeds that fell
    /// due together are spread.
    pub fn lease_feed(&mut self, id: FeedId, until: Timestamp) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE feed SET next_at = ?2 WHERE id = ?1")
            .and_then(|mut statement| statement.execute(params![id.0, seconds(until)]))
            .map(drop)
            .map_err(doing("lease a feed"))
    }

    /// Writes what a poll observed of the feed and of its schedule. What identity learns (`guids`, `guids_volatile`,
    /// `fragment_counts`) is written by `take_in` alone, and what is declared by `declare_feeds`.
    pub fn record_feed(&mut self, feed: &FeedState) -> Result<(), StoreError> {
        self.write_feed(feed).map_err(doing("write a feed"))
    }

    pub(super) fn write_feed(&mut self, feed: &FeedState) -> rusqlite::Result<()> {
        let validators = feed.validators.as_ref();
        let moved = feed.moved.as_ref();
        self.connection
            .prepare_cached(
                "UPDATE feed SET title = ?2, channel_link = ?3, first_read_at = ?4, last_ok_at = ?5, last_new_at = ?6,
                    failing_since = ?7, failures = ?8, error = ?9, etag = ?10, last_modified = ?11,
                    validated_url = ?12, full_at = ?13, body_hash = ?14, next_at = ?15, hold_until = ?16, hint = ?17,
                    rhythm = ?18, skip_hours = ?19, skip_days = ?20, moved_to = ?21, moved_count = ?22,
                    moved_since = ?23, adopted_at = ?24, oddities = ?25, ttl = ?26
                 WHERE id = ?1",
            )?
            .execute(params![
                feed.id.0,
                feed.title,
                feed.channel_link,
                feed.first_read_at.map(seconds),
                feed.last_ok_at.map(seconds),
                feed.last_new_at.map(seconds),
                feed.failing_since.map(seconds),
                feed.failures,
                feed.error,
                validators.and_then(|v| v.etag.as_deref()),
                validators.and_then(|v| v.last_modified.as_deref()),
                validators.map(|v| v.url.as_str()),
                feed.full_at.map(seconds),
                feed.body_hash,
                seconds(feed.next_at),
                feed.hold_until.map(seconds),
                feed.hint.map(|hint| hint.as_secs()),
                feed.rhythm.map(|rhythm| rhythm.as_secs()),
                feed.skip_hours,
                feed.skip_days,
                moved.map(|moved| moved.to.as_str()),
                moved.map_or(0, |moved| moved.count),
                moved.map(|moved| seconds(moved.since)),
                moved.and_then(|moved| moved.adopted_at.map(seconds)),
                feed.oddities,
                feed.ttl.map(|ttl| ttl.as_secs()),
            ])?;
        Ok(())
    }

    /// What the feed showed when it was last read; empty if it never was.
    pub fn document(&self, feed: FeedId) -> Result<Document, StoreError> {
        self.read_document(feed)
            .map_err(doing("read what a feed showed"))
    }

    pub(super) fn read_document(&self, feed: FeedId) -> rusqlite::Result<Document> {
        let blob: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT entries FROM document WHERE feed = ?1")?
            .query_row([feed.0], |row| row.get(0))
            .optional()?;
        Ok(blob.map_or_else(Document::default, |blob| Document::from_bytes(&blob)))
    }
}

fn select(condition: &str) -> String {
    format!(
        "SELECT id, url, name, added_at, title, channel_link, first_read_at, last_ok_at, last_new_at, failing_since,
            failures, error, etag, last_modified, validated_url, full_at, body_hash, next_at, hold_until, hint, ttl,
            rhythm, skip_hours, skip_days, moved_to, moved_count, moved_since, adopted_at,
            guids, guids_volatile, fragment_counts, oddities
         FROM feed {condition}"
    )
}

/// Reads the columns of `select`, in their order: each look-up by name compares up to thirty of them.
fn feed_state(row: &Row<'_>) -> rusqlite::Result<FeedState> {
    let mut columns = Columns { row, next: 0 };
    let id = FeedId(columns.next()?);
    let url: String = columns.next()?;
    let declared_name: Option<String> = columns.next()?;
    let added_at = instant(columns.next()?);
    let title: Option<String> = columns.next()?;
    let name = declared_name
        .or_else(|| title.clone().filter(|title| !title.is_empty()))
        .unwrap_or_else(|| url.clone());
    Ok(FeedState {
        id,
        url,
        name,
        added_at,
        title,
        channel_link: columns.next()?,
        first_read_at: columns.next_instant()?,
        last_ok_at: columns.next_instant()?,
        last_new_at: columns.next_instant()?,
        failing_since: columns.next_instant()?,
        failures: columns.next()?,
        error: columns.next()?,
        validators: columns.next_validators()?,
        full_at: columns.next_instant()?,
        body_hash: columns.next()?,
        next_at: instant(columns.next()?),
        hold_until: columns.next_instant()?,
        hint: columns.next_span()?,
        ttl: columns.next_span()?,
        rhythm: columns.next_span()?,
        skip_hours: columns.next()?,
        skip_days: columns.next()?,
        moved: columns.next_moved()?,
        guids: columns.next()?,
        guids_volatile: columns.next()?,
        fragment_counts: columns.next()?,
        oddities: columns.next()?,
    })
}

/// The columns of a row, one after the other.
struct Columns<'row> {
    row: &'row Row<'row>,
    next: usize,
}

impl Columns<'_> {
    fn next<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let column = self.next;
        self.next += 1;
        self.row.get(column)
    }

    fn next_instant(&mut self) -> rusqlite::Result<Option<Timestamp>> {
        Ok(self.next::<Option<i64>>()?.map(instant))
    }

    fn next_span(&mut self) -> rusqlite::Result<Option<SignedDuration>> {
        Ok(self.next::<Option<i64>>()?.map(SignedDuration::from_secs))
    }

    fn next_validators(&mut self) -> rusqlite::Result<Option<Validators>> {
        let etag = self.next()?;
        let last_modified = self.next()?;
        let url: Option<String> = self.next()?;
        Ok(url.map(|url| Validators {
            etag,
            last_modified,
            url,
        }))
    }

    fn next_moved(&mut self) -> rusqlite::Result<Option<Moved>> {
        let to: Option<String> = self.next()?;
        let count = self.next()?;
        let since = self.next_instant()?;
        let adopted_at = self.next_instant()?;
        Ok(to.zip(since).map(|(to, since)| Moved {
            to,
            count,
            since,
            adopted_at,
        }))
    }
}
