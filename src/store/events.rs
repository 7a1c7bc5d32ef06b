//! What happened to feeds, who was told, and what polling did by the hour.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Row, params};

use super::{Store, StoreError, doing, instant, seconds};
use crate::health;
use crate::model::{DeliveryId, FeedId, Timestamp, TopicId};

/// What happened to a feed that a person may want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// It is declared for the first time.
    Added,
    /// It is declared again after it was not, or under the address it moved to.
    Resumed,
    /// Its polls have begun to fail.
    Failing,
    /// Its polls succeed again.
    Recovered,
    /// It shows nothing new for longer than it used to.
    Quiet,
    /// A poll showed nothing that the last one had shown: items between may be lost.
    Gap,
    /// Another feed has taken its place.
    Replaced,
    /// A permanent redirect was adopted.
    Moved,
    /// The server says it is gone for good.
    Gone,
    /// Its guids change from poll to poll and are not believed, or are believed again.
    Guids,
}

impl EventKind {
    const ALL: [EventKind; 10] = [
        EventKind::Added,
        EventKind::Resumed,
        EventKind::Failing,
        EventKind::Recovered,
        EventKind::Quiet,
        EventKind::Gap,
        EventKind::Replaced,
        EventKind::Moved,
        EventKind::Gone,
        EventKind::Guids,
    ];

    /// The word in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            EventKind::Added => "added",
            EventKind::Resumed => "resumed",
            EventKind::Failing => "failing",
            EventKind::Recovered => "recovered",
            EventKind::Quiet => "quiet",
            EventKind::Gap => "gap",
            EventKind::Replaced => "replaced",
            EventKind::Moved => "moved",
            EventKind::Gone => "gone",
            EventKind::Guids => "guids",
        }
    }

    /// The kind that `as_str` gave this word for.
    pub fn from_word(word: &str) -> Option<EventKind> {
        EventKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// A row of `event`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its row.
    pub id: i64,
    /// Whom it happened to.
    pub feed: FeedId,
    /// When we saw it.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
    /// More of it, in words.
    pub detail: String,
}

impl Event {
    /// What the rules for a feed's health need to know of it.
    pub fn seen(&self) -> health::Event<'_> {
        health::Event {
            at: self.at,
            kind: self.kind.as_str(),
            detail: &self.detail,
        }
    }
}

/// How a poll ended, for the counts of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PollOutcome {
    /// A 304, or a body equal to the last.
    Unchanged,
    /// A feed.
    Changed,
    /// Anything else.
    Failed,
}

/// What polling did in one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hour {
    /// Its start.
    pub start: Timestamp,
    /// Polls that ended, in whatever way.
    pub polls: u32,
    /// Of those, with nothing to read.
    pub unchanged: u32,
    /// Of those, with a feed.
    pub changed: u32,
    /// Of those, failed.
    pub failed: u32,
    /// Items first seen.
    pub new: u32,
}

/// When each step of an item's way was last taken; `None`: never yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastTimes {
    /// An item was first seen.
    pub stored: Option<Timestamp>,
    /// A topic matched.
    pub matched: Option<Timestamp>,
    /// A message was sent.
    pub mailed: Option<Timestamp>,
}

impl Store {
    /// Notes what happened to a feed.
    pub fn event(
        &mut self,
        feed: FeedId,
        at: Timestamp,
        kind: EventKind,
        detail: &str,
    ) -> Result<(), StoreError> {
        self.write_event(feed, at, kind, detail)
            .map_err(doing("write an event"))
    }

    pub(super) fn write_event(
        &mut self,
        feed: FeedId,
        at: Timestamp,
        kind: EventKind,
        detail: &str,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("INSERT INTO event (feed, at, kind, detail) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![feed.0, seconds(at), kind.as_str(), detail])?;
        Ok(())
    }

    /// What happened to feeds since `since`, oldest first.
    pub fn events_since(&self, since: Timestamp) -> Result<Vec<Event>, StoreError> {
        self.connection
            .prepare_cached(
                "SELECT id, feed, at, kind, detail FROM event WHERE at >= ?1 ORDER BY at, id",
            )
            .and_then(|mut statement| statement.query_map([seconds(since)], event)?.collect())
            .map_err(doing("read the events"))
    }

    /// Counts a poll and the items it brought in the hour of `now`.
    pub fn count_hour(
        &mut self,
        now: Timestamp,
        outcome: PollOutcome,
        new_items: u32,
    ) -> Result<(), StoreError> {
        let hour = seconds(now).div_euclid(3600) * 3600;
        let is = |wanted: PollOutcome| u32::from(outcome == wanted);
        self.connection
            .prepare_cached(
                "INSERT INTO hour (hour, polls, unchanged, changed, failed, new) VALUES (?1, 1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (hour) DO UPDATE SET polls = polls + 1, unchanged = unchanged + ?2,
                    changed = changed + ?3, failed = failed + ?4, new = new + ?5",
            )
            .and_then(|mut statement| {
                statement.execute(params![
                    hour,
                    is(PollOutcome::Unchanged),
                    is(PollOutcome::Changed),
                    is(PollOutcome::Failed),
                    new_items
                ])
            })
            .map(drop)
            .map_err(doing("count a poll"))
    }

    /// The hours since `since` in which a poll ended, oldest first.
    pub fn hours_since(&self, since: Timestamp) -> Result<Vec<Hour>, StoreError> {
        self.connection
            .prepare_cached(
                "SELECT hour, polls, unchanged, changed, failed, new FROM hour WHERE hour >= ?1 ORDER BY hour",
            )
            .and_then(|mut statement| {
                let hour = |row: &Row<'_>| {
                    Ok(Hour {
                        start: instant(row.get(0)?),
                        polls: row.get(1)?,
                        unchanged: row.get(2)?,
                        changed: row.get(3)?,
                        failed: row.get(4)?,
                        new: row.get(5)?,
                    })
                };
                statement.query_map([seconds(since)], hour)?.collect()
            })
            .map_err(doing("read the counts of polls"))
    }

    /// Events of declared feeds that this recipient has yet to hear of, oldest first.
    ///
    /// What happened before the recipient was first known is not news to him.
    pub fn events_for(&self, recipient: &str) -> Result<Vec<Event>, StoreError> {
        self.ask("read events", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT event.id, event.feed, event.at, event.kind, event.detail
                 FROM event JOIN feed ON feed.id = event.feed AND feed.declared = 1
                 WHERE event.at >= COALESCE((SELECT known_at FROM recipient WHERE address = ?1), 0)
                   AND NOT EXISTS (SELECT 1 FROM event_told WHERE event = event.id AND recipient = ?1)
                 ORDER BY event.id",
            )?;
            let rows = statement.query_map([recipient], event)?;
            rows.collect()
        })
    }

    /// Whether a recipient was told of another gap of a feed that was seen after `from`, and not after `to`.
    pub fn was_told_of_gap(
        &self,
        recipient: &str,
        feed: FeedId,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<bool, StoreError> {
        self.ask("read events", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM event JOIN event_told ON event_told.event = event.id
                 WHERE event.feed = ?1 AND event.kind = 'gap' AND event.at > ?2 AND event.at <= ?3
                   AND event_told.recipient = ?4)",
            )?;
            statement.query_row(
                params![feed.0, seconds(from), seconds(to), recipient],
                |row| row.get(0),
            )
        })
    }

    /// Events that one message told of, oldest first.
    pub fn events_told_in(&self, delivery: DeliveryId) -> Result<Vec<Event>, StoreError> {
        self.ask("read events", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT event.id, event.feed, event.at, event.kind, event.detail
                 FROM event JOIN event_told ON event_told.event = event.id
                 WHERE event_told.delivery = ?1 ORDER BY event.id",
            )?;
            let rows = statement.query_map([delivery.0], event)?;
            rows.collect()
        })
    }

    /// The last events of a feed, newest first.
    pub fn events_of(&self, feed: FeedId, most: usize) -> Result<Vec<Event>, StoreError> {
        self.ask("read events", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, feed, at, kind, detail FROM event WHERE feed = ?1 ORDER BY id DESC LIMIT ?2",
            )?;
            let rows = statement.query_map(params![feed.0, i64::try_from(most).unwrap_or(i64::MAX)], event)?;
            rows.collect()
        })
    }

    /// Feeds that fail now and of whose failure the recipient was told.
    pub fn known_failing(&self, recipient: &str) -> Result<Vec<FeedId>, StoreError> {
        self.ask("read events", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT DISTINCT feed.id FROM feed JOIN event ON event.feed = feed.id
                 JOIN event_told ON event_told.event = event.id AND event_told.recipient = ?1
                 WHERE feed.declared = 1 AND feed.failing_since IS NOT NULL AND event.kind IN ('failing', 'gone')
                   AND event.at >= feed.failing_since",
            )?;
            let rows = statement.query_map([recipient], |row| row.get(0).map(FeedId))?;
            rows.collect()
        })
    }

    /// Requests from one moment to another, in whole hours, and how many of them failed.
    pub fn polls_between(&self, from: Timestamp, to: Timestamp) -> Result<(u64, u64), StoreError> {
        self.ask("count polls", |connection| {
            connection.query_row(
                "SELECT COALESCE(SUM(polls), 0), COALESCE(SUM(failed), 0) FROM hour WHERE hour >= ?1 AND hour <= ?2",
                [seconds(from).div_euclid(3600) * 3600, seconds(to)],
                |row| Ok((row.get::<_, u32>(0)?.into(), row.get::<_, u32>(1)?.into())),
            )
        })
    }

    /// When an item was last stored, matched, and mailed.
    pub fn last_times(&self) -> Result<LastTimes, StoreError> {
        self.ask("read when all was last well", |connection| {
            connection.query_row(
                "SELECT (SELECT MAX(first_seen) FROM item), (SELECT at FROM match ORDER BY id DESC LIMIT 1),
                        (SELECT MAX(settled_at) FROM delivery WHERE state = 'sent')",
                [],
                |row| {
                    let at = |column| row.get::<_, Option<i64>>(column).map(|at| at.map(instant));
                    Ok(LastTimes { stored: at(0)?, matched: at(1)?, mailed: at(2)? })
                },
            )
        })
    }

    /// Gaps seen from one moment to another.
    pub fn gaps_between(&self, from: Timestamp, to: Timestamp) -> Result<u32, StoreError> {
        self.ask("count gaps", |connection| {
            connection.query_row(
                "SELECT COUNT(*) FROM event WHERE kind = 'gap' AND at >= ?1 AND at <= ?2",
                [seconds(from), seconds(to)],
                |row| row.get(0),
            )
        })
    }

    /// Stories of these topics that other digests told the recipient after one moment and until another: digest, when,
    /// how many; oldest first.
    pub fn told_elsewhere(
        &self,
        recipient: &str,
        digest: &str,
        topics: &[TopicId],
        (after, until): (Timestamp, Timestamp),
    ) -> Result<Vec<(String, Timestamp, u32)>, StoreError> {
        self.ask("read what was told", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT DISTINCT delivery.id, delivery.digest, delivery.created_at,
                        COALESCE(told.story, -told.item), match.topic
                 FROM told JOIN delivery ON delivery.id = told.delivery
                 JOIN match ON match.item = told.item
                 WHERE told.recipient = ?1 AND delivery.digest <> ?2
                   AND delivery.created_at > ?3 AND delivery.created_at <= ?4
                   AND told.how IN ('full', 'compact', 'counted')",
            )?;
            let rows = statement.query_map(
                params![recipient, digest, seconds(after), seconds(until)],
                |row| {
                    let (delivery, digest, at): (i64, String, i64) =
                        (row.get(0)?, row.get(1)?, row.get(2)?);
                    Ok((
                        (delivery, digest, at),
                        row.get::<_, i64>(3)?,
                        TopicId(row.get(4)?),
                    ))
                },
            )?;
            let mut told: BTreeMap<(i64, String, i64), BTreeSet<i64>> = BTreeMap::new();
            let mut known = BTreeSet::new();
            for row in rows {
                let (delivery, story, topic) = row?;
                if topics.contains(&topic) {
                    told.entry(delivery).or_default().insert(story);
                }
            }
            // A story that came back as an update, or whose later articles were counted, is one story.
            let counted = told.into_iter().filter_map(|((_, digest, at), stories)| {
                let first = |story: &i64| known.insert((digest.clone(), *story));
                let stories = u32::try_from(stories.into_iter().filter(first).count());
                let stories = stories.unwrap_or(u32::MAX);
                (stories > 0).then_some((digest, instant(at), stories))
            });
            Ok(counted.collect())
        })
    }

    /// What a feed's first document brought: items stored, and those that any of these topics matched.
    pub fn first_document(
        &self,
        feed: FeedId,
        topics: &[TopicId],
    ) -> Result<(u32, u32), StoreError> {
        self.ask("count the items of a feed", |connection| {
            let stored = connection.query_row(
                "SELECT COUNT(*) FROM sighting WHERE feed = ?1 AND origin = 'backfill'",
                [feed.0],
                |row| row.get(0),
            )?;
            let mut statement = connection.prepare_cached(
                "SELECT DISTINCT item FROM match WHERE feed = ?1 AND origin = 'backfill' AND topic = ?2",
            )?;
            let mut matching = BTreeSet::new();
            for topic in topics {
                for item in statement.query_map(params![feed.0, topic.0], |row| row.get::<_, i64>(0))? {
                    matching.insert(item?);
                }
            }
            Ok((stored, u32::try_from(matching.len()).unwrap_or(u32::MAX)))
        })
    }
}

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let kind: String = row.get(3)?;
    Ok(Event {
        id: row.get(0)?,
        feed: FeedId(row.get(1)?),
        at: instant(row.get(2)?),
        kind: EventKind::from_word(&kind).ok_or_else(|| super::unknown_word(3, kind))?,
        detail: row.get(4)?,
    })
}
