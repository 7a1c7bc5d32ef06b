//! What happened to feeds, who was told, and what polling did by the hour.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::params;

use super::feeds::{Event, event};
use super::{Store, StoreError, instant, seconds};
use crate::model::{DeliveryId, FeedId, Timestamp, TopicId};

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
                 WHERE feed.declared = 1 AND feed.failures > 0 AND event.kind IN ('failing', 'gone')
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
