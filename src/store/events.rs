//! What happened to feeds, who was told, and what polling did by the hour.

use rusqlite::params;

use super::feeds::{Event, event};
use super::{Store, StoreError, instant, seconds};
use crate::model::{FeedId, Timestamp, TopicId};

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

/// A headline that changed after it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retitled {
    /// The feed that changed it.
    pub feed: FeedId,
    /// What was told.
    pub old: String,
    /// What it is now.
    pub new: String,
    /// The page.
    pub link: Option<String>,
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

    /// Requests since a moment, in whole hours, and how many of them failed.
    pub fn polls_since(&self, since: Timestamp) -> Result<(u64, u64), StoreError> {
        self.ask("count polls", |connection| {
            connection.query_row(
                "SELECT COALESCE(SUM(polls), 0), COALESCE(SUM(failed), 0) FROM hour WHERE hour >= ?1",
                [seconds(since).div_euclid(3600) * 3600],
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

    /// Gaps seen since a moment.
    pub fn gaps_since(&self, since: Timestamp) -> Result<u32, StoreError> {
        self.ask("count gaps", |connection| {
            connection.query_row(
                "SELECT COUNT(*) FROM event WHERE kind = 'gap' AND at >= ?1",
                [seconds(since)],
                |row| row.get(0),
            )
        })
    }

    /// Headlines that a recipient was told under these topics and that changed since a moment.
    pub fn retitled_since(
        &self,
        recipient: &str,
        topics: &[TopicId],
        since: Timestamp,
    ) -> Result<Vec<Retitled>, StoreError> {
        self.ask("read what was changed", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT revision.feed, revision.title, COALESCE(now.title, first.title, ''), item.link, told.topic
                 FROM revision JOIN told ON told.item = revision.item AND told.recipient = ?1 AND told.at <= revision.at
                 JOIN item ON item.id = revision.item
                 JOIN sighting AS now ON now.item = revision.item AND now.feed = revision.feed
                 LEFT JOIN sighting AS first ON first.item = item.id AND first.feed = item.feed
                 WHERE revision.at >= ?2
                   AND revision.id = (SELECT MIN(id) FROM revision AS other WHERE other.item = revision.item
                                      AND other.feed = revision.feed AND other.at >= ?2 AND other.at >= told.at)
                 ORDER BY revision.id",
            )?;
            let rows = statement.query_map(params![recipient, seconds(since)], |row| {
                let retitled =
                    Retitled { feed: FeedId(row.get(0)?), old: row.get(1)?, new: row.get(2)?, link: row.get(3)? };
                Ok((TopicId(row.get(4)?), retitled))
            })?;
            let mut changes = Vec::new();
            for row in rows {
                let (topic, retitled) = row?;
                if topics.contains(&topic) && retitled.old != retitled.new {
                    changes.push(retitled);
                }
            }
            Ok(changes)
        })
    }

    /// Stories that other digests told the recipient since a moment: digest, when, how many; oldest first.
    pub fn told_elsewhere(
        &self,
        recipient: &str,
        digest: &str,
        since: Timestamp,
    ) -> Result<Vec<(String, Timestamp, u32)>, StoreError> {
        self.ask("read what was told", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT delivery.digest, delivery.created_at, COUNT(DISTINCT COALESCE(told.story, -told.item))
                 FROM told JOIN delivery ON delivery.id = told.delivery
                 WHERE told.recipient = ?1 AND delivery.digest <> ?2 AND delivery.created_at > ?3
                   AND told.how IN ('full', 'compact', 'counted')
                 GROUP BY delivery.id ORDER BY delivery.id",
            )?;
            let rows = statement.query_map(params![recipient, digest, seconds(since)], |row| {
                Ok((row.get(0)?, instant(row.get(1)?), row.get(2)?))
            })?;
            rows.collect()
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
            let mut matching = std::collections::BTreeSet::new();
            for topic in topics {
                for item in statement.query_map(params![feed.0, topic.0], |row| row.get::<_, i64>(0))? {
                    matching.insert(item?);
                }
            }
            Ok((stored, u32::try_from(matching.len()).unwrap_or(u32::MAX)))
        })
    }
}
