//! Which topics want an entry that was just stored, who hears of it, and which story it tells.

use super::Desk;
use crate::config::FeedConfig;
use crate::model::{FeedState, Item, ItemId, Origin, Shown, Timestamp};
use crate::query::{Document, Prepared};
use crate::store::StoreError;
use crate::store::items::{TakenEntry, What};
use crate::store::matches::Match;
use crate::topic::TopicMatch;

impl Desk {
    /// Matches an entry and keeps what was found; gives the number of new matches.
    ///
    /// An entry that was known is matched again with what it shows now, but only for topics that did not match what
    /// it showed before: an edit by itself is no news.
    pub(super) fn match_entry(
        &mut self,
        feed: &FeedState,
        declared: &FeedConfig,
        entry: &TakenEntry,
        is_mailed: bool,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        if entry.what == What::Unchanged {
            return Ok(0);
        }
        let prepared = prepare(feed, declared, entry, &entry.shown);
        let found = self.watchlist.watch.judge(&prepared);
        if found.is_empty() {
            return Ok(0);
        }
        let before = self.matched_before(feed, declared, entry)?;
        let mut kept = 0;
        for TopicMatch { topic, verdict } in found {
            let Some(id) = self.topics.get(topic).copied() else { continue };
            if before.contains(&topic) || self.store.has_match(id, entry.item)? {
                continue;
            }
            let found = Match {
                topic: id,
                item: entry.item,
                feed: feed.id,
                at: now,
                origin: entry.origin,
                score: verdict.score,
                evidence: verdict.evidence,
                text_hash: entry.hash,
            };
            let readers: &[String] = if is_mailed { self.watchlist.readers(topic) } else { &[] };
            kept += u32::from(self.store.add_match(&found, readers)?.is_some());
            if entry.origin != Origin::Replaced && self.watchlist.config.topics.get(topic).is_some_and(|topic| topic.group)
            {
                self.place_in_story(entry.item, now)?;
            }
        }
        Ok(kept)
    }

    /// The present topics that match what a known item showed before, here or elsewhere.
    fn matched_before(
        &self,
        feed: &FeedState,
        declared: &FeedConfig,
        entry: &TakenEntry,
    ) -> Result<Vec<usize>, StoreError> {
        let mut topics = Vec::new();
        let mut judge = |prepared: &Prepared| {
            topics.extend(self.watchlist.watch.judge(prepared).into_iter().map(|found| found.topic));
        };
        match &entry.what {
            What::New | What::Unchanged => {}
            What::Changed { before, .. } => judge(&prepare(feed, declared, entry, before)),
            What::NewSighting => {
                for (item, other, shown) in self.other_sightings(entry.item, feed.id)? {
                    judge(&self.prepare(&item, &other, &shown));
                }
            }
        }
        Ok(topics)
    }

    fn other_sightings(
        &self,
        item: ItemId,
        but: crate::model::FeedId,
    ) -> Result<Vec<(Item, FeedState, Shown)>, StoreError> {
        let mut others = Vec::new();
        for feed in self.store.sighted_by(item)? {
            if feed == but {
                continue;
            }
            if let Some((item, shown)) = self.item_in(item, feed)? {
                others.push((item, self.store.feed(feed)?, shown));
            }
        }
        Ok(others)
    }
}
