//! Topics that were away for a while: a watchlist that was read half written, or a table that was a comment for an hour.

use std::collections::HashMap;
use std::ops::ControlFlow;

use jiff::SignedDuration;

use super::matching::{Found, language};
use super::{Desk, Watchlist};
use crate::model::{FeedState, Origin, Timestamp, TopicId};
use crate::store::StoreError;

/// A topic that comes back later is a new one: it applies to what is first seen after that.
const SOON: SignedDuration = SignedDuration::from_hours(24);

/// By name, what a topic that was left out asked, and since when it is away.
pub(super) type Away = HashMap<String, (i64, Timestamp)>;

impl Desk {
    /// Notes which topics `before` has had and the present watchlist has not, and gives those that soon came back and ask
    /// the same: their indexes, and since when they were away.
    pub(super) fn note_absences(
        &mut self,
        before: &Watchlist,
        now: Timestamp,
    ) -> Vec<(usize, Timestamp)> {
        self.away
            .retain(|_, (_, since)| now.duration_since(*since) < SOON);
        let mut returned = Vec::new();
        for (index, (name, hash)) in self.watchlist.topic_hashes().into_iter().enumerate() {
            if let Some((asked, since)) = self.away.remove(name)
                && asked == hash
            {
                returned.push((index, since));
            }
        }
        let present: HashMap<&str, i64> = self.watchlist.topic_hashes().into_iter().collect();
        for (name, hash) in before.topic_hashes() {
            if !present.contains_key(name) {
                self.away.insert(name.to_owned(), (hash, now));
            }
        }
        returned
    }

    /// The rows of topics that were left out within the time in which they could come back.
    pub(super) fn lately_away(&self, now: Timestamp) -> Result<Vec<TopicId>, StoreError> {
        let lately = self
            .away
            .iter()
            .filter(|(_, (_, since))| now.duration_since(*since) < SOON);
        let topics: Vec<(&str, i64)> = lately
            .map(|(name, (hash, _))| (name.as_str(), *hash))
            .collect();
        self.store.topic_ids(&topics)
    }

    /// Lets topics that are back have what came while they were away, as if they had been there.
    pub(super) fn make_up(
        &mut self,
        returned: &[(usize, Timestamp)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(since) = returned.iter().map(|(_, since)| *since).min() else {
            return Ok(());
        };
        let feeds: HashMap<_, FeedState> = self
            .store
            .feeds()?
            .into_iter()
            .map(|feed| (feed.id, feed))
            .collect();
        let mut missed = Vec::new();
        self.store.items_since(since, |stored| {
            for sighting in &stored.sightings {
                let Some(feed) = feeds.get(&sighting.feed) else {
                    continue;
                };
                let prepared = self.prepare(&stored.item, feed, &sighting.shown);
                for (topic, since) in returned {
                    let verdict = self.judge(*topic, &prepared);
                    if verdict.matched && sighting.first_seen.as_second() >= since.as_second() {
                        missed.push(Found {
                            item: stored.item.id,
                            feed: feed.id,
                            origin: sighting.origin,
                            link: stored.item.link.clone(),
                            lang: language(stored.item.lang.as_deref(), &prepared),
                            topic: *topic,
                            verdict,
                        });
                    }
                }
            }
            ControlFlow::Continue(())
        })?;
        // The oldest first, as they came.
        for found in missed.into_iter().rev() {
            let is_mailed = found.origin != Origin::Backfill;
            self.keep_match(found, is_mailed, now)?;
        }
        Ok(())
    }
}
