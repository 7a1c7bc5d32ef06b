//! Pending matches judged again by the present topics and texts, as candidates for a message.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;

use jiff::SignedDuration;

use crate::desk::{Desk, telling};
use crate::digest::material::{Candidate, Topic};
use crate::model::{
    FeedId, FeedState, Hit, Item, ItemId, MatchId, Origin, Shown, StoryId, Timestamp, TopicId,
};
use crate::query::Verdict;
use crate::store::StoreError;
use crate::store::items::StoredItem;
use crate::store::matches::{Match, Pending};
use crate::store::outbox::Delivery;
use crate::story::Telling;
use crate::story::vector::Frequencies;
use crate::topic::publisher;

/// Which matches a message is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source<'a> {
    /// What waits to be told.
    Pending,
    /// All that the present topics match in the items first seen since a moment, told or not.
    Since(Timestamp),
    /// All that one message told, as a list; of one topic only if it is named, also what stood under another.
    Told(&'a Delivery, Option<TopicId>),
    /// The same, to compose that message again.
    Again(&'a Delivery),
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
        source: Source<'_>,
    ) -> Result<(Vec<Candidate>, Vec<MatchId>), StoreError> {
        let store = &self.desk.store;
        let ids: Vec<_> = topics.iter().map(|topic| topic.id).collect();
        let pending = match source {
            Source::Pending => store.pending(recipient, &ids)?,
            Source::Told(delivery, topic) => {
                return Ok((self.told_in(delivery, topic)?, Vec::new()));
            }
            Source::Again(delivery) => return Ok((self.told_in(delivery, None)?, Vec::new())),
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
                        story: self.story_for(found.topic, story),
                        text: self.desk.store.carried(item.id)?,
                        at: item.first_seen,
                        origin: Origin::New,
                    };
                    candidates.push(candidate_of(
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

    /// What a message told, whatever became of its topics and texts since, or what of it is one topic's, wherever it
    /// stood. Each item has a match of that topic, or of the one that it stood under.
    fn told_in(
        &mut self,
        delivery: &Delivery,
        topic: Option<TopicId>,
    ) -> Result<Vec<Candidate>, StoreError> {
        let mut items: BTreeMap<ItemId, (TopicId, Vec<Candidate>)> = BTreeMap::new();
        for (told, stood_under) in self.desk.store.matches_told_in(delivery.id)? {
            let item = told.found.item;
            if let Some(candidate) = self.remembered(told)? {
                let (_, candidates) = items.entry(item).or_insert((stood_under, Vec::new()));
                candidates.push(candidate);
            }
        }
        items.retain(|_, (stood_under, candidates)| {
            let has = |topic| candidates.iter().any(|found| found.topic == topic);
            let (is_there, is_asked) = (has(*stood_under), topic.is_some_and(has));
            // It came with a story of that topic, of which it matches another.
            if let Some(first) = candidates.first_mut().filter(|_| !is_there && !is_asked) {
                first.topic = *stood_under;
            }
            is_asked || topic.is_none_or(|topic| topic == *stood_under)
        });
        let candidates = items.into_values().flat_map(|(_, candidates)| candidates);
        Ok(candidates.collect())
    }

    /// A match that was told; `None`: its item is forgotten.
    fn remembered(&mut self, told: Pending) -> Result<Option<Candidate>, StoreError> {
        let desk = self.desk;
        let Some((item, feed, shown)) = self.reread(&told.found)? else {
            return Ok(None);
        };
        let found = told.found;
        let index = desk.topics.iter().position(|id| *id == found.topic);
        let judged = index.map(|index| desk.judge(index, &desk.prepare(&item, &feed, &shown)));
        let verdict = match judged {
            Some(verdict) if verdict.matched => verdict,
            // The text or the topic was edited since. What hit is still the reason, but it may stand elsewhere.
            _ => Verdict {
                matched: true,
                score: found.score,
                evidence: found.evidence.into_iter().map(without_place).collect(),
            },
        };
        let place = Place {
            id: told.id,
            topic: found.topic,
            story: told.story,
            text: desk.store.carried(found.item)?,
            at: found.at,
            origin: found.origin,
        };
        Ok(Some(candidate_of(place, &item, &feed, &shown, verdict)))
    }

    /// The item of a match, its feed, and what that feed shows of it; `None`: the item is forgotten.
    fn reread(&mut self, found: &Match) -> Result<Option<(Item, FeedState, Shown)>, StoreError> {
        let Some((item, shown)) = self.desk.item_of(found)? else {
            return Ok(None);
        };
        Ok(Some((item, self.feed(found.feed)?, shown)))
    }

    /// The story that an item is told with under the topic of this index.
    fn story_for(&self, index: usize, story: Option<StoryId>) -> Option<StoryId> {
        let topic = self.desk.watchlist.config.topics().get(index);
        story.filter(|_| topic.is_some_and(|topic| topic.group))
    }

    /// Judges a match again by the present topic and text.
    fn candidate(&mut self, waiting: Pending) -> Result<Judged, StoreError> {
        let desk = self.desk;
        let Some(index) = desk.topics.iter().position(|id| *id == waiting.found.topic) else {
            return Ok(Judged::Stale);
        };
        let Some((item, feed, shown)) = self.reread(&waiting.found)? else {
            return Ok(Judged::Stale);
        };
        let found = waiting.found;
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
            story: self.story_for(index, waiting.story),
            text: desk.store.carried(found.item)?,
            at: found.at,
            origin: found.origin,
        };
        let verdict = Verdict {
            matched: true,
            score,
            evidence,
        };
        Ok(Judged::Holds(Box::new(candidate_of(
            place, &item, &feed, &shown, verdict,
        ))))
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

fn candidate_of(
    place: Place,
    item: &Item,
    feed: &FeedState,
    shown: &Shown,
    verdict: Verdict,
) -> Candidate {
    Candidate {
        id: place.id,
        item: item.id,
        text: place.text,
        story: place.story,
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

fn without_place(hit: Hit) -> Hit {
    Hit {
        start: 0,
        end: 0,
        ..hit
    }
}
