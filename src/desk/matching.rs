//! Which topics want an entry that was just stored, who hears of it, and which story it tells.

use super::Desk;
use crate::model::{FeedState, Origin, Shown, Timestamp};
use crate::query::Prepared;
use crate::store::StoreError;
use crate::store::intake::{TakenEntry, TakenKind};
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
        entry: &TakenEntry,
        is_mailed: bool,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let prepared = self.prepare_entry(feed, entry, &entry.shown);
        let found = self.watchlist.config.watch.judge(&prepared);
        if found.is_empty() {
            return Ok(0);
        }
        let before = self.matched_before(feed, entry)?;
        let mut kept = 0;
        for TopicMatch { topic, verdict } in found {
            let Some(id) = self.topics.get(topic).copied() else {
                continue;
            };
            if before.contains(&topic) {
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
                query_hash: self.watchlist.query_hash(topic),
                link: entry.link.clone(),
                lang: entry.lang.clone(),
            };
            let readers: &[String] = if is_mailed {
                self.watchlist.readers(topic)
            } else {
                &[]
            };
            kept += u32::from(self.store.add_match(&found, readers)?.is_some());
            if entry.origin != Origin::Replaced
                && self
                    .watchlist
                    .config
                    .topics()
                    .get(topic)
                    .is_some_and(|topic| topic.group)
            {
                self.place_in_story(entry.item, now)?;
            }
        }
        Ok(kept)
    }

    /// The present topics that match what a known item showed before, here or in the feed that was first.
    fn matched_before(
        &self,
        feed: &FeedState,
        entry: &TakenEntry,
    ) -> Result<Vec<usize>, StoreError> {
        let Some(former) = &entry.former else {
            return Ok(Vec::new());
        };
        let prepared = match entry.kind {
            TakenKind::First => return Ok(Vec::new()),
            TakenKind::Changed { .. } => self.prepare_entry(feed, entry, former),
            TakenKind::Sighting => {
                let Some(item) = self.store.item(entry.item)? else {
                    return Ok(Vec::new());
                };
                let first = self.store.feed(item.feed)?;
                self.prepare(&item, &first, former)
            }
        };
        Ok(self
            .watchlist
            .config
            .watch
            .judge(&prepared)
            .into_iter()
            .map(|found| found.topic)
            .collect())
    }

    fn prepare_entry(&self, feed: &FeedState, entry: &TakenEntry, shown: &Shown) -> Prepared {
        self.prepare_text(shown, entry.link.as_deref(), entry.lang.as_deref(), feed)
    }
}
