//! Keys beyond their items: anew when the rules for them change, longer while a feed shows the item.

use std::collections::HashMap;

use super::keys::{LASTING, Owned};
use super::{Store, StoreError, day, doing, instant, schema};
use crate::identity::{self, Keys, Viewpoint};
use crate::model::{FeedId, ItemId, Shown, Timestamp};

impl Store {
    /// Gives the stored items the keys of the present rules, if the last program that wrote here had others. The old
    /// keys stay: they harm nobody and expire.
    pub(super) fn renew_keys(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let rules = schema::meta(&self.connection, "rules").map_err(doing("read the rules"))?;
        if rules == Some(identity::RULES) {
            return Ok(());
        }
        self.savepoint(|store| {
            store
                .write_renewed_keys(now)
                .map_err(doing("renew the keys of the items"))
        })
    }

    fn write_renewed_keys(&mut self, now: Timestamp) -> rusqlite::Result<()> {
        let mut last = i64::MAX;
        // Newest first, so that of two items with one key the newer owns it; in pages, to hold only some in memory.
        loop {
            let page = self.stored_names("item.id < ?1 ORDER BY item.id DESC LIMIT 500", last)?;
            let Some(end) = page.last() else { break };
            last = end.item.0;
            self.write_keys_of(&page, now)?;
        }
        schema::set_meta(&self.connection, "rules", identity::RULES)
    }

    /// Keeps the keys of an item for their full time from now.
    pub(super) fn prolong_keys(&mut self, item: ItemId, now: Timestamp) -> rusqlite::Result<()> {
        let names = self.stored_names("item.id = ?1", item.0)?;
        self.write_keys_of(&names, now)
    }

    fn write_keys_of(&mut self, items: &[StoredNames], now: Timestamp) -> rusqlite::Result<()> {
        let mut viewpoints: HashMap<FeedId, Viewpoint> = HashMap::new();
        for stored in items {
            if !viewpoints.contains_key(&stored.feed)
                && let Some(feed) = self.read_feed(stored.feed)?
            {
                viewpoints.insert(stored.feed, self.viewpoint(&feed));
            }
            let Some(viewpoint) = viewpoints.get(&stored.feed) else {
                continue;
            };
            let keys = stored.keys(viewpoint);
            // Whether guid and link were shared is not stored, so the text stays a name, too.
            let all = keys.lasting().chain(keys.text);
            self.write_keys(all, stored.item.0, day(now) + LASTING, Owned::Stays)?;
        }
        Ok(())
    }

    /// What the keys of items are made of, by a condition on `item` with one number.
    fn stored_names(&self, condition: &str, number: i64) -> rusqlite::Result<Vec<StoredNames>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT item.id, item.feed, guid, link, CASE WHEN dated <> 'seen' THEN date END,
                    ifnull(title, ''), ifnull(summary, ''), ifnull(content, '')
                 FROM item LEFT JOIN sighting ON sighting.item = item.id AND sighting.feed = item.feed
                 WHERE {condition}"
            ))?
            .query_map([number], |row| {
                Ok(StoredNames {
                    item: ItemId(row.get(0)?),
                    feed: FeedId(row.get(1)?),
                    guid: row.get(2)?,
                    link: row.get(3)?,
                    date: row.get::<_, Option<i64>>(4)?.map(instant),
                    shown: Shown {
                        title: row.get(5)?,
                        summary: row.get(6)?,
                        content: row.get(7)?,
                        ..Shown::default()
                    },
                })
            })?
            .collect()
    }
}

/// What keys are made of, as stored.
struct StoredNames {
    item: ItemId,
    feed: FeedId,
    guid: Option<String>,
    link: Option<String>,
    date: Option<Timestamp>,
    shown: Shown,
}

impl StoredNames {
    fn keys(&self, viewpoint: &Viewpoint) -> Keys {
        Keys::of_item(
            self.guid.as_deref(),
            self.link.as_deref(),
            self.date,
            &self.shown,
            viewpoint,
        )
    }
}
