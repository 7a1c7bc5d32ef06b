//! The open stories, kept in memory as the store has them.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use jiff::SignedDuration;

use super::Desk;
use crate::model::{ItemId, StoryId, Timestamp};
use crate::store::stories::{Told, WordCounts};
use crate::store::{Store, StoreError};
use crate::story::Telling;
use crate::story::group::{self, Grouper, Prepared};
use crate::story::vector::Frequencies;
use crate::topic::publisher;

/// Members of this time suffice to rebuild the open stories.
const WINDOW: SignedDuration = SignedDuration::from_hours(group::MEMORY_DAYS * 24);
/// Nothing joins a story that nothing has joined for this time.
const OPEN: SignedDuration = SignedDuration::from_hours(group::OPEN_HOURS);

/// The open stories, and when their word counts are renewed.
#[derive(Debug)]
pub(super) struct Stories {
    grouper: Grouper,
    counted_to: Timestamp,
}

impl Stories {
    /// Rebuilds the open stories from the store, exactly as they were.
    pub(super) fn restore(store: &Store, now: Timestamp) -> Result<Stories, StoreError> {
        let WordCounts {
            counted_to,
            items,
            words,
        } = store.frequencies()?;
        let mut grouper = Grouper::new(Frequencies::new(items, words));
        let feeds = store.feed_names()?;
        let before = |span| now.checked_sub(span).unwrap_or(Timestamp::MIN);
        let mut waiting = Vec::with_capacity(TOGETHER);
        store.each_placed(before(WINDOW), before(OPEN), |told, story, is_open| {
            let name = feeds.get(&told.feed).map_or("", String::as_str);
            waiting.push((telling(told, name), is_open, story));
            if waiting.len() == TOGETHER {
                restore(&mut grouper, &mut waiting);
            }
        })?;
        restore(&mut grouper, &mut waiting);
        Ok(Stories {
            grouper,
            counted_to,
        })
    }
}

/// So many items are taken apart together.
const TOGETHER: usize = 4096;

/// Puts back what waits. Most of the work is to take the items apart, which all processors do together.
fn restore(grouper: &mut Grouper, waiting: &mut Vec<(Telling, bool, StoryId)>) {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let (tellings, stories): (Vec<_>, Vec<_>) = waiting
        .drain(..)
        .map(|(telling, is_open, story)| ((telling, is_open), story))
        .unzip();
    let prepared: Vec<Prepared> = thread::scope(|scope| {
        let grouper = &*grouper;
        let parts = tellings.chunks(tellings.len().div_ceil(threads).max(1));
        let started: Vec<_> = parts
            .map(|part| {
                let prepare = |(telling, is_open): &(Telling, bool)| {
                    grouper.prepare(telling.clone(), *is_open)
                };
                scope.spawn(move || part.iter().map(prepare).collect::<Vec<_>>())
            })
            .collect();
        let done = started.into_iter().map(|part| part.join());
        done.flat_map(|part| part.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    });
    for (prepared, story) in prepared.iter().zip(stories) {
        grouper.restore(prepared, story);
    }
}

/// An item as the rules for stories want it.
pub fn telling(told: Told, feed: &str) -> Telling {
    Telling {
        item: told.item,
        at: told.at,
        lang: told.lang,
        publisher: publisher(told.link.as_deref(), feed),
        link: told.link,
        title: told.title,
        summary: told.summary,
    }
}

impl Desk {
    /// Gives a matched item its place among the stories, once.
    pub(super) fn place_in_story(
        &mut self,
        item: ItemId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if self.store.story_of(item)?.is_some() {
            return Ok(());
        }
        let Some(told) = self.store.telling(item)? else {
            return Ok(());
        };
        let name = self.store.feed(told.feed)?.name;
        let fresh = self.store.next_story()?;
        let telling = telling(told, &name);
        self.renew_counts(now)?;
        let placement = self.stories(now)?.grouper.place(&telling, fresh);
        self.store.keep_placement(item, &placement, now)
    }

    /// How often each word stands in the stored items, as counted at the last midnight.
    pub fn frequencies(&self) -> Result<Frequencies, StoreError> {
        let WordCounts { items, words, .. } = self.store.frequencies()?;
        Ok(Frequencies::new(items, words))
    }

    /// Reads the open stories from the store, so that the first item that comes need not wait for them.
    pub fn load_stories(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.renew_counts(now)?;
        self.stories(now)?;
        Ok(())
    }

    /// The open stories; read from the store where a step that failed has left them in doubt.
    fn stories(&mut self, now: Timestamp) -> Result<&mut Stories, StoreError> {
        let stories = match self.stories.take() {
            Some(stories) => stories,
            None => Stories::restore(&self.store, now)?,
        };
        Ok(self.stories.insert(stories))
    }

    /// Counts the words of the days that have passed since the last count, up to the last UTC midnight.
    ///
    /// Only whole days count, so that a restart in mid-day changes nothing.
    fn renew_counts(&mut self, now: Timestamp) -> Result<(), StoreError> {
        const DAY: i64 = 86_400;
        let midnight = Timestamp::from_second(now.as_second().div_euclid(DAY) * DAY).unwrap_or(now);
        let counted_to = match &self.stories {
            Some(stories) => stories.counted_to,
            None => self.store.counted_to()?,
        };
        if counted_to >= midnight {
            return Ok(());
        }
        let WordCounts {
            counted_to,
            items,
            words,
        } = self.store.frequencies()?;
        let mut frequencies = Frequencies::new(items, words);
        self.store.each_told(counted_to, midnight, |told| {
            frequencies.count(&telling(told, ""));
        })?;
        self.store
            .keep_frequencies(midnight, frequencies.items(), frequencies.words())?;
        // All open stories are weighed again, exactly as a restart would do.
        self.stories = None;
        Ok(())
    }
}
