//! Pending matches judged again by the present topics and texts, as candidates for a message.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

use jiff::SignedDuration;

use crate::desk::{Desk, telling};
use crate::digest::material::{Candidate, Topic};
use crate::model::{
    DeliveryId, FeedId, FeedState, Item, ItemId, MatchId, Origin, Shown, StoryId, Timestamp,
    TopicId,
};
use crate::query::Verdict;
use crate::store::StoreError;
use crate::store::items::StoredItem;
use crate::store::matches::Pending;
use crate::story::Telling;
use crate::story::vector::Frequencies;
use crate::topic::publisher;

/// Which matches a message is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// What waits to be told.
    Pending,
    /// All that the present topics match in the items first seen since a moment, told or not.
    Since(Timestamp),
    /// What one message told.
    Told {
        delivery: DeliveryId,
        /// The beginning of its window.
        since: Timestamp,
    },
}

/// The rows of the topics that the digest itself wants.
pub(super) fn wanted_ids(topics: &[Topic]) -> Vec<TopicId> {
    topics
        .iter()
        .filter(|topic| topic.wanted)
        .map(|topic| topic.id)
        .collect()
}

/// What became of a pending match when it was judged again.
enum Judged {
    Holds(Box<Candidate>),
    /// It does not hold by the present text, but may again.
    Waits,
    /// It does not hold any more.
    Stale,
}

/// For how long a match waits for an edit to be taken back.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a candidate is besides its item and its verdict.
struct Place {
    id: MatchId,
    topic: TopicId,
    /// Of the topic in the watchlist.
    index: usize,
    story: Option<StoryId>,
    /// The item whose text it carries.
    text: ItemId,
    at: Timestamp,
    origin: Origin,
}

/// Reads items with their texts, each feed once.
pub(super) struct Reader<'a> {
    pub(super) desk: &'a Desk,
    feeds: HashMap<FeedId, FeedState>,
    frequencies: Option<Frequencies>,
    now: Timestamp,
}

impl<'a> Reader<'a> {
    pub(super) fn new(desk: &'a Desk, now: Timestamp) -> Reader<'a> {
        Reader {
            desk,
            feeds: HashMap::new(),
            frequencies: None,
            now,
        }
    }

    pub(super) fn candidates(
        &mut self,
        recipient: &str,
        topics: &[Topic],
        source: Source,
    ) -> Result<(Vec<Candidate>, Vec<MatchId>), StoreError> {
        let store = &self.desk.store;
        let ids: Vec<_> = topics.iter().map(|topic| topic.id).collect();
        let pending = match source {
            Source::Pending => store.pending(recipient, &ids)?,
            Source::Told { delivery, .. } => store.matches_told_in(delivery)?,
            Source::Since(since) => {
                return Ok((self.matching_since(&wanted_ids(topics), since)?, Vec::new()));
            }
        };
        let mut candidates = Vec::new();
        let mut stale = Vec::new();
        for waiting in pending {
            let id = waiting.id;
            match self.candidate(waiting)? {
                Judged::Holds(candidate) => candidates.push(*candidate),
                Judged::Waits => {}
                Judged::Stale => stale.push(id),
            }
        }
        Ok((candidates, stale))
    }

    /// All that the present topics match in the items first seen since a moment, whatever was matched or told.
    fn matching_since(
        &mut self,
        wanted: &[TopicId],
        since: Timestamp,
    ) -> Result<Vec<Candidate>, StoreError> {
        let mut stored_items = Vec::new();
        self.desk.store.items_since(since, |stored| {
            stored_items.push(stored);
            ControlFlow::Continue(())
        })?;
        let mut candidates = Vec::new();
        for StoredItem { item, sightings } in stored_items {
            let mut found_for = BTreeSet::new();
            for sighting in sightings {
                let feed = self.feed(sighting.feed)?;
                let prepared = self.desk.prepare(&item, &feed, &sighting.shown);
                for found in self.desk.watchlist.config.watch.judge(&prepared) {
                    let topic = self
                        .desk
                        .topics
                        .get(found.topic)
                        .filter(|topic| wanted.contains(topic));
                    let Some(topic) = topic.filter(|topic| found_for.insert(**topic)) else {
                        continue;
                    };
                    // No row of `match` stands behind it, so it gets a number that none has.
                    let id = MatchId(-1 - i64::try_from(candidates.len()).unwrap_or(i64::MAX - 1));
                    let story = self.desk.store.story_of(item.id)?;
                    let place = Place {
                        id,
                        topic: *topic,
                        index: found.topic,
                        story,
                        text: self.desk.store.carried(item.id)?,
                        at: item.first_seen,
                        origin: Origin::New,
                    };
                    candidates.push(self.candidate_of(
                        place,
                        &item,
                        &feed,
                        &sighting.shown,
                        found.verdict,
                    ));
                }
            }
        }
        Ok(candidates)
    }

    /// Judges a match again by the present topic and text.
    fn candidate(&mut self, waiting: Pending) -> Result<Judged, StoreError> {
        let desk = self.desk;
        let found = waiting.found;
        let Some(index) = desk.topics.iter().position(|id| *id == found.topic) else {
            return Ok(Judged::Stale);
        };
        let Some((mut item, shown)) = desk.item_in(found.item, found.feed)? else {
            return Ok(Judged::Stale);
        };
        // Address and language are those of the feed that matched, not of the one that was first.
        item.link = found.link.or(item.link);
        item.lang = found.lang.or(item.lang);
        let feed = self.feed(found.feed)?;
        let verdict = desk.judge(index, &desk.prepare(&item, &feed, &shown));
        let is_edited = found.query_hash != desk.watchlist.query_hash(index);
        let is_undeclared = desk.watchlist.feed(&feed.url).is_none();
        if !verdict.matched && is_edited && !is_undeclared {
            return Ok(Judged::Stale);
        }
        let (score, evidence) = if verdict.matched {
            (verdict.score, verdict.evidence)
        } else if is_undeclared && !is_edited {
            // The feed left the watchlist with its tags, but what it showed was matched and is owed.
            (found.score, found.evidence)
        } else {
            // The text was edited away and may be edited back; it waits for that, but not for ever.
            let is_old = self.now.duration_since(found.at) > LONGEST_WAIT;
            return Ok(if is_old { Judged::Stale } else { Judged::Waits });
        };
        let place = Place {
            id: waiting.id,
            topic: found.topic,
            index,
            story: waiting.story,
            text: desk.store.carried(found.item)?,
            at: found.at,
            origin: found.origin,
        };
        let verdict = Verdict {
            matched: true,
            score,
            evidence,
        };
        Ok(Judged::Holds(Box::new(
            self.candidate_of(place, &item, &feed, &shown, verdict),
        )))
    }

    fn candidate_of(
        &self,
        place: Place,
        item: &Item,
        feed: &FeedState,
        shown: &Shown,
        verdict: Verdict,
    ) -> Candidate {
        let topic = self.desk.watchlist.config.topics().get(place.index);
        Candidate {
            id: place.id,
            item: item.id,
            text: place.text,
            story: place
                .story
                .filter(|_| topic.is_some_and(|topic| topic.group)),
            topic: place.topic,
            matched_at: place.at,
            origin: place.origin,
            score: verdict.score,
            hits: verdict.evidence,
            publisher: publisher(item.link.as_deref(), &feed.name),
            link: item.link.clone(),
            date: item.date,
            outlet: feed.name.clone(),
            lang: item.lang.clone(),
            shown: shown.clone(),
        }
    }

    pub(super) fn telling(&mut self, item: ItemId) -> Result<Option<Telling>, StoreError> {
        let Some(told) = self.desk.store.telling(item)? else {
            return Ok(None);
        };
        let name = self.feed(told.feed)?.name;
        Ok(Some(telling(told, &name)))
    }

    /// Read once, and only for a story that was told before.
    pub(super) fn frequencies(&mut self) -> Result<&Frequencies, StoreError> {
        let frequencies = match self.frequencies.take() {
            Some(frequencies) => frequencies,
            None => self.desk.frequencies()?,
        };
        Ok(self.frequencies.insert(frequencies))
    }

    pub(super) fn feed(&mut self, id: FeedId) -> Result<FeedState, StoreError> {
        if let Some(feed) = self.feeds.get(&id) {
            return Ok(feed.clone());
        }
        let feed = self.desk.store.feed(id)?;
        self.feeds.insert(id, feed.clone());
        Ok(feed)
    }
}
