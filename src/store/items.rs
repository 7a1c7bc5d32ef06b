//! Items as they are stored: one, those since a time, and what each feed showed of them.

use std::ops::ControlFlow;

use rusqlite::{OptionalExtension, Row, params};

use super::{Store, StoreError, doing, instant, seconds};
use crate::model::{Dated, FeedId, Item, ItemId, Origin, Shown, Timestamp};

/// One feed showing one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The feed.
    pub feed: FeedId,
    /// When it first showed the item.
    pub first_seen: Timestamp,
    /// When a good poll no longer showed it; `None`: still shown.
    pub left_at: Option<Timestamp>,
    /// How the item came to this feed.
    pub origin: Origin,
    /// What it shows, or last showed.
    pub shown: Shown,
}

/// An item with what each feed showed of it; the first sighting first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredItem {
    /// The item.
    pub item: Item,
    /// At least one, unless its text has been pruned.
    pub sightings: Vec<Sighting>,
}

/// How much the store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreCounts {
    /// Items with their text.
    pub items: u64,
    /// Feeds showing items.
    pub sightings: u64,
    /// Edits.
    pub revisions: u64,
    /// Keys, of items past and present.
    pub keys: u64,
}

/// A sighting as a new document meets it.
pub(super) struct Met {
    pub(super) shown: Shown,
    pub(super) hash: i64,
    pub(super) has_left: bool,
}

impl Store {
    /// An item by its number.
    pub fn item(&self, id: ItemId) -> Result<Option<Item>, StoreError> {
        self.connection
            .prepare_cached(&format!("SELECT {ITEM} FROM item WHERE item.id = ?1"))
            .and_then(|mut statement| statement.query_row([id.0], item).optional())
            .map_err(doing("read an item"))
    }

    /// An item by what a person has at hand: its number, any address it ever had, or its guid.
    pub fn item_by_link_or_id(&self, text: &str) -> Result<Option<Item>, StoreError> {
        let text = text.trim();
        if let Ok(number) = text.parse() {
            return self.item(ItemId(number));
        }
        let id = self
            .item_at(text)
            .and_then(|found| match found {
                Some(id) => Ok(Some(id)),
                None => self
                    .connection
                    .prepare_cached("SELECT max(id) FROM item WHERE guid = ?1 OR link = ?1")?
                    .query_row([text], |row| row.get::<_, Option<i64>>(0))
                    .map(|id| id.map(ItemId)),
            })
            .map_err(doing("find an item"))?;
        match id {
            Some(id) => self.item(id),
            None => Ok(None),
        }
    }

    /// What a feed shows of an item, or last showed.
    pub fn shown(&self, item: ItemId, feed: FeedId) -> Result<Option<Shown>, StoreError> {
        self.sighting(item, feed)
            .map(|sighting| sighting.map(|sighting| sighting.shown))
            .map_err(doing("read the text of an item"))
    }

    /// Hands over the items first seen at or after `since`, the newest first, until told to stop.
    pub fn items_since(
        &self,
        since: Timestamp,
        mut visit: impl FnMut(StoredItem) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.visit_items(since, &mut visit)
            .map_err(doing("read the items"))
    }

    fn visit_items(
        &self,
        since: Timestamp,
        visit: &mut dyn FnMut(StoredItem) -> ControlFlow<()>,
    ) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {ITEM} FROM item WHERE first_seen >= ?1 ORDER BY first_seen DESC, date DESC, item.id DESC"
        ))?;
        let mut rows = statement.query([seconds(since)])?;
        while let Some(row) = rows.next()? {
            let item = item(row)?;
            let sightings = self.sightings(&item)?;
            if visit(StoredItem { item, sightings }).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn sightings(&self, item: &Item) -> rusqlite::Result<Vec<Sighting>> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {SHOWN}, own.feed, own.first_seen, own.left_at, own.origin {SIGHTING}
             WHERE own.item = ?1 ORDER BY own.feed <> item.feed, own.first_seen, own.feed"
        ))?;
        statement
            .query_map([item.id.0], |row| {
                let origin: String = row.get(8)?;
                Ok(Sighting {
                    feed: FeedId(row.get(5)?),
                    first_seen: instant(row.get(6)?),
                    left_at: row.get::<_, Option<i64>>(7)?.map(instant),
                    origin: Origin::from_word(&origin)
                        .ok_or_else(|| super::unknown_word(8, origin))?,
                    shown: shown(row)?,
                })
            })?
            .collect()
    }

    /// The dates of the items that a feed showed last, at most `limit`, the latest sighting first.
    pub fn recent_dates(&self, feed: FeedId, limit: u32) -> Result<Vec<Timestamp>, StoreError> {
        self.connection
            .prepare_cached(
                "SELECT date FROM sighting JOIN item ON item.id = sighting.item
                 WHERE sighting.feed = ?1 ORDER BY sighting.item DESC LIMIT ?2",
            )
            .and_then(|mut statement| {
                statement
                    .query_map(params![feed.0, limit], |row| row.get(0).map(instant))?
                    .collect()
            })
            .map_err(doing("read the dates of items"))
    }

    /// How much the store holds.
    pub fn counts(&self) -> Result<StoreCounts, StoreError> {
        let count = |row: &Row<'_>, column| {
            row.get::<_, i64>(column)
                .map(|count| u64::try_from(count).unwrap_or(0))
        };
        self.connection
            .query_row(
                "SELECT (SELECT count(*) FROM item), (SELECT count(*) FROM sighting),
                    (SELECT count(*) FROM revision), (SELECT count(*) FROM key)",
                (),
                |row| {
                    Ok(StoreCounts {
                        items: count(row, 0)?,
                        sightings: count(row, 1)?,
                        revisions: count(row, 2)?,
                        keys: count(row, 3)?,
                    })
                },
            )
            .map_err(doing("count the items"))
    }

    pub(super) fn sighting(&self, item: ItemId, feed: FeedId) -> rusqlite::Result<Option<Met>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT {SHOWN}, own.hash, own.left_at IS NOT NULL {SIGHTING} WHERE own.item = ?1 AND own.feed = ?2"
            ))?
            .query_row(params![item.0, feed.0], |row| {
                Ok(Met {
                    shown: shown(row)?,
                    hash: row.get(5)?,
                    has_left: row.get(6)?,
                })
            })
            .optional()
    }

    pub(super) fn first_feed(&self, item: ItemId) -> rusqlite::Result<Option<FeedId>> {
        self.connection
            .prepare_cached("SELECT feed FROM item WHERE id = ?1")?
            .query_row([item.0], |row| row.get(0).map(FeedId))
            .optional()
    }

    /// What the feed that was first shows of an item.
    pub(super) fn read_first_shown(&self, item: ItemId) -> rusqlite::Result<Option<Shown>> {
        let Some(feed) = self.first_feed(item)? else {
            return Ok(None);
        };
        Ok(self.sighting(item, feed)?.map(|sighting| sighting.shown))
    }

    pub(super) fn return_sighting(&mut self, item: ItemId, feed: FeedId) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("UPDATE sighting SET left_at = NULL WHERE item = ?1 AND feed = ?2")?
            .execute(params![item.0, feed.0])?;
        Ok(())
    }

    pub(super) fn revisions(&self, item: ItemId, feed: FeedId) -> rusqlite::Result<i64> {
        self.connection
            .prepare_cached("SELECT count(*) FROM revision WHERE item = ?1 AND feed = ?2")?
            .query_row(params![item.0, feed.0], |row| row.get(0))
    }

    /// Keeps what language an item is in whose feed did not say, unless it has been placed in a story without one.
    pub(crate) fn note_language(&mut self, item: ItemId, lang: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE item SET lang = ?2 WHERE id = ?1 AND lang IS NULL
                    AND NOT EXISTS (SELECT 1 FROM story_item WHERE item = ?1)",
            )
            .and_then(|mut statement| statement.execute(params![item.0, lang]))
            .map_err(doing("keep the language of an item"))?;
        Ok(())
    }

    /// Gives the other sightings of an item the text that they had by reference to the first.
    pub(super) fn detach_sightings(
        &mut self,
        item: ItemId,
        first: FeedId,
        shown: &Shown,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "UPDATE sighting SET title = ifnull(title, ?3), summary = ifnull(summary, ?4),
                    content = ifnull(content, ?5), author = ifnull(author, ?6), category = ifnull(category, ?7)
                 WHERE item = ?1 AND feed <> ?2",
            )?
            .execute(params![
                item.0,
                first.0,
                shown.title,
                shown.summary,
                shown.content,
                shown.author,
                shown.category
            ])?;
        Ok(())
    }
}

/// `last_seen` is written when an item changes or leaves; while a feed shows it, its last good poll counts.
const ITEM: &str = "item.id, item.feed, item.guid, item.link, item.date, item.dated, item.first_seen,
    max(item.last_seen, ifnull((SELECT max(feed.last_ok_at) FROM sighting JOIN feed ON feed.id = sighting.feed
        WHERE sighting.item = item.id AND sighting.left_at IS NULL), 0)),
    item.lang, item.origin";

/// A text is NULL where it equals that of the item's first sighting.
const SHOWN: &str =
    "coalesce(own.title, first.title, ''), coalesce(own.summary, first.summary, ''),
    coalesce(own.content, first.content, ''), coalesce(own.author, first.author, ''),
    coalesce(own.category, first.category, '')";

const SIGHTING: &str = "FROM sighting AS own JOIN item ON item.id = own.item
    LEFT JOIN sighting AS first ON first.item = own.item AND first.feed = item.feed";

fn item(row: &Row<'_>) -> rusqlite::Result<Item> {
    let dated: String = row.get(5)?;
    let origin: String = row.get(9)?;
    Ok(Item {
        id: ItemId(row.get(0)?),
        feed: FeedId(row.get(1)?),
        guid: row.get(2)?,
        link: row.get(3)?,
        date: instant(row.get(4)?),
        dated: Dated::from_word(&dated).ok_or_else(|| super::unknown_word(5, dated))?,
        first_seen: instant(row.get(6)?),
        last_seen: instant(row.get(7)?),
        lang: row.get(8)?,
        origin: Origin::from_word(&origin).ok_or_else(|| super::unknown_word(9, origin))?,
    })
}

/// The first five columns of a query for [`SHOWN`].
fn shown(row: &Row<'_>) -> rusqlite::Result<Shown> {
    Ok(Shown {
        title: row.get(0)?,
        summary: row.get(1)?,
        content: row.get(2)?,
        author: row.get(3)?,
        category: row.get(4)?,
    })
}
