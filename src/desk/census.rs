//! What a watchlist would have found in the stored items of a month, for `check` and for the log.

use std::collections::HashMap;
use std::ops::ControlFlow;

use jiff::SignedDuration;

use super::Desk;
use crate::census::{Census, Circumstances, Reach};
use crate::config::report::Finding;
use crate::config::stored;
use crate::model::{FeedId, FeedState, Shown, Timestamp};
use crate::query::Prepared;
use crate::store::StoreError;
use crate::store::items::StoredItem;
use crate::text::fold::fold;

/// How far back a census looks.
const SPAN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What a census came to.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Items read.
    pub items: u32,
    /// The first moment that was covered.
    pub since: Timestamp,
    /// Warnings about the watchlist, at their places.
    pub findings: Vec<Finding>,
}

impl Desk {
    /// Shows the stored items of 30 days, the newest `most` of them, to the watchlist, and gives what is doubtful in it.
    /// `progress` is told the number of items read so far, after each.
    pub fn census(
        &self,
        now: Timestamp,
        most: u32,
        mut progress: impl FnMut(u32),
    ) -> Result<Taken, StoreError> {
        let config = &self.watchlist.config;
        let states = self.store.feeds()?;
        let feeds: HashMap<FeedId, &FeedState> =
            states.iter().map(|state| (state.id, state)).collect();
        let mut census = Census::new(&config.watch, &config.lists);
        let mut shown_by: HashMap<FeedId, u32> = HashMap::new();
        let mut since = now.checked_sub(SPAN).unwrap_or(Timestamp::MIN);
        self.store
            .items_since(since, |StoredItem { item, sightings }| {
                if census.items() == most {
                    return ControlFlow::Break(());
                }
                let prepared: Vec<(Prepared, &Shown)> = sightings
                    .iter()
                    .filter_map(|sighting| {
                        *shown_by.entry(sighting.feed).or_default() += 1;
                        let feed = feeds.get(&sighting.feed)?;
                        Some((self.prepare(&item, feed, &sighting.shown), &sighting.shown))
                    })
                    .collect();
                census.add(&prepared);
                if census.items() == most {
                    since = item.first_seen;
                }
                progress(census.items());
                ControlFlow::Continue(())
            })?;
        let topics = config.topics().len();
        let circumstances = Circumstances {
            now,
            since,
            whole: Reach {
                items: census.items(),
                since: states.iter().filter_map(|state| state.first_read_at).min(),
            },
            reach: self.reach(&states, &shown_by, census.items()),
            readers: (0..topics)
                .map(|topic| self.watchlist.readers(topic))
                .collect(),
        };
        let doubts = census.doubts(&circumstances);
        Ok(Taken {
            items: census.items(),
            since,
            findings: stored::findings(&self.watchlist.text, &doubts),
        })
    }

    /// What there was to be found for each topic, by the names and tags of feeds that it reads.
    fn reach(
        &self,
        states: &[FeedState],
        shown_by: &HashMap<FeedId, u32>,
        items: u32,
    ) -> Vec<Reach> {
        let mut whole = Reach::default();
        let mut by_name: HashMap<String, Reach> = HashMap::new();
        for state in states {
            let Some(declared) = self.watchlist.feed(&state.url) else {
                continue;
            };
            let one = Reach {
                items: shown_by.get(&state.id).copied().unwrap_or_default(),
                since: state.first_read_at,
            };
            whole.add(one);
            for name in declared.feed.tags.iter().chain(&declared.feed.name) {
                by_name.entry(fold(name)).or_default().add(one);
            }
        }
        // An item in several feeds is one item.
        whole.items = items;
        let topics = self.watchlist.config.topics().iter();
        topics
            .map(|topic| {
                if topic.rule.feeds.is_empty() {
                    return whole;
                }
                let mut reach = Reach::default();
                for name in &topic.rule.feeds {
                    reach.add(by_name.get(&fold(name)).copied().unwrap_or_default());
                }
                Reach {
                    items: reach.items.min(items),
                    ..reach
                }
            })
            .collect()
    }
}
