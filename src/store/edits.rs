//! What outlets did to articles after a recipient was told of them.

use jiff::SignedDuration;
use rusqlite::params;

use super::{Store, StoreError, instant, seconds};
use crate::model::{FeedId, ItemId, Timestamp, TopicId};

/// Articles that were told longer ago than this are old news when they vanish.
const FRESH: SignedDuration = SignedDuration::from_hours(14 * 24);

/// For so long after it left, an article waits for a newer one to show that the feed is no stale copy.
const WAITS: SignedDuration = SignedDuration::from_hours(48);

/// Known older articles that a feed must still show before one that it lacks counts as missing. In a shorter row an
/// article may simply have had its time.
const OLDER: i64 = 3;

/// A headline that changed after it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retitled {
    /// The topic it was told under.
    pub topic: TopicId,
    /// When it was changed.
    pub at: Timestamp,
    /// The feed that changed it.
    pub feed: FeedId,
    /// What was told.
    pub old: String,
    /// What it is now.
    pub new: String,
    /// The page.
    pub link: Option<String>,
}

/// An article that no feed shows any more, though a feed that told it shows older ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The topic it was told under.
    pub topic: TopicId,
    /// When it was seen to have vanished.
    pub at: Timestamp,
    /// The article.
    pub item: ItemId,
    /// The feed whose text was told.
    pub feed: FeedId,
    /// Its headline.
    pub title: String,
    /// When it was published, else first seen.
    pub date: Timestamp,
}

impl Store {
    /// Headlines that a recipient was shown and that changed from one moment to another, in the order of the changes.
    pub fn retitled_between(
        &self,
        recipient: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Retitled>, StoreError> {
        self.ask("read what was changed", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT told.topic, revision.at, revision.feed, revision.title,
                        COALESCE(now.title, first.title, ''), item.link
                 FROM revision JOIN told ON told.item = revision.item AND told.recipient = ?1 AND told.at <= revision.at
                   AND told.how IN ('full', 'compact', 'late')
                 JOIN match ON match.item = told.item AND match.topic = told.topic AND match.feed = revision.feed
                 JOIN item ON item.id = revision.item
                 JOIN sighting AS now ON now.item = revision.item AND now.feed = revision.feed
                 LEFT JOIN sighting AS first ON first.item = item.id AND first.feed = item.feed
                 WHERE revision.at >= ?2 AND revision.at <= ?3
                   AND revision.id = (SELECT MIN(id) FROM revision AS other WHERE other.item = revision.item
                                      AND other.feed = revision.feed AND other.at >= ?2 AND other.at >= told.at)
                 ORDER BY revision.id",
            )?;
            let rows = statement.query_map(
                params![recipient, seconds(from), seconds(to)],
                |row| {
                    Ok(Retitled {
                        topic: TopicId(row.get(0)?),
                        at: instant(row.get(1)?),
                        feed: FeedId(row.get(2)?),
                        old: row.get(3)?,
                        new: row.get(4)?,
                        link: row.get(5)?,
                    })
                },
            )?;
            rows.collect()
        })
    }

    /// Articles that a recipient was shown and that vanished from one moment to another, though the feed that told them
    /// is well and still shows older ones that it showed then. One that nothing newer stands above may be missing from a
    /// stale copy, and counts from when the feed shows something newer. Whether that feed keeps an order by date, so that
    /// they are missing from the middle, is for the caller to see in its document.
    pub fn missing_between(
        &self,
        recipient: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Missing>, StoreError> {
        let told_from = to.saturating_sub(FRESH).unwrap_or(Timestamp::MIN);
        let left_from = from.saturating_sub(WAITS).unwrap_or(Timestamp::MIN);
        self.ask("read what has vanished", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT told.topic,
                        MAX(own.left_at,
                            (SELECT MIN(above.first_seen) FROM sighting AS above JOIN item AS newer ON newer.id = above.item
                             WHERE above.feed = own.feed AND above.item <> own.item AND newer.date >= item.date
                               AND (above.left_at IS NULL OR above.left_at > own.left_at))) AS seen_at,
                        told.item, own.feed, COALESCE(own.title, first.title, ''), item.date
                 FROM told
                 JOIN match ON match.item = told.item AND match.topic = told.topic
                 JOIN item ON item.id = told.item
                 JOIN sighting AS own ON own.item = told.item AND own.feed = match.feed
                 JOIN feed ON feed.id = own.feed AND feed.declared = 1 AND feed.failures = 0
                 LEFT JOIN sighting AS first ON first.item = item.id AND first.feed = item.feed
                 WHERE told.recipient = ?1 AND told.at >= ?4 AND told.how IN ('full', 'compact', 'late')
                   AND own.left_at >= ?6 AND own.left_at <= ?3 AND own.left_at >= told.at
                   AND seen_at >= ?2 AND seen_at <= ?3
                   AND NOT EXISTS (SELECT 1 FROM sighting WHERE item = told.item AND left_at IS NULL)
                   AND (SELECT COUNT(*) FROM sighting AS older JOIN item AS elder ON elder.id = older.item
                        WHERE older.feed = own.feed AND older.left_at IS NULL AND older.first_seen <= told.at
                          AND elder.date < item.date) >= ?5
                 ORDER BY seen_at, told.item",
            )?;
            let rows = statement.query_map(
                params![recipient, seconds(from), seconds(to), seconds(told_from), OLDER, seconds(left_from)],
                |row| {
                    Ok(Missing {
                        topic: TopicId(row.get(0)?),
                        at: instant(row.get(1)?),
                        item: ItemId(row.get(2)?),
                        feed: FeedId(row.get(3)?),
                        title: row.get(4)?,
                        date: instant(row.get(5)?),
                    })
                },
            )?;
            rows.collect()
        })
    }
}
