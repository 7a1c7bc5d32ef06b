//! What one message to one recipient is made of, from the store and the watchlist.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

use jiff::SignedDuration;

use super::news;
use crate::desk::Desk;
use crate::desk::telling;
use crate::digest::DigestSettings;
use crate::digest::material::{
    Candidate, Edit, Elsewhere, FeedFigures, Followup, Material, StoryFacts, Thread, ToldBefore,
    Topic, Watchlist as WatchlistState,
};
use crate::digest::volume;
use crate::model::{
    DeliveryId, FeedId, FeedState, Item, ItemId, MatchId, Origin, Shown, StoryId, Timestamp,
    TopicId,
};
use crate::query::Verdict;
use crate::store::StoreError;
use crate::store::items::StoredItem;
use crate::store::matches::Pending;
use crate::story::Telling;
use crate::story::followup::{self, News};
use crate::story::vector::Frequencies;
use crate::topic::publisher;

/// The material of a message, and the matches that no longer hold.
pub(super) struct Gathered<'a> {
    pub(super) material: Material<'a>,
    /// Pending matches that the present topics do not make: they stop waiting.
    pub(super) stale: Vec<MatchId>,
    /// The events that the material reports.
    pub(super) events: Vec<i64>,
}

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

/// Reads all that a digest to a recipient is made of.
pub(super) fn gather<'a>(
    desk: &Desk,
    digest: &'a DigestSettings,
    recipient: &'a str,
    host: &'a str,
    source: Source,
    now: Timestamp,
) -> Result<Gathered<'a>, StoreError> {
    let store = &desk.store;
    let since = match source {
        Source::Since(since) => Some(since),
        Source::Told { since, .. } => Some(since),
        Source::Pending => store.last_window(&digest.name, recipient)?,
    };
    let topics = topics_of(desk, digest, recipient, now)?;
    let mut reader = Reader {
        desk,
        feeds: HashMap::new(),
        frequencies: None,
        now,
    };
    let (candidates, stale) = reader.candidates(recipient, &topics, source)?;
    // What was told already is shown again as the news it was.
    let stories = match source {
        Source::Pending => story_facts(&mut reader, recipient, &candidates, now)?,
        Source::Since(_) | Source::Told { .. } => Vec::new(),
    };
    let window_from = since.unwrap_or(now - SignedDuration::from_hours(24));
    let (feed_news, events, known_troubles) = news::feed_news(desk, recipient, &topics)?;
    let (polls, failed) = store.polls_since(window_from)?;
    let material = Material {
        digest,
        recipient,
        now,
        since,
        first: !store.was_ever_told(recipient)?,
        lists_stored: matches!(source, Source::Since(_)),
        edits: edits(&mut reader, recipient, &topics, window_from)?,
        elsewhere: elsewhere(desk, digest, recipient, window_from)?,
        feed_news,
        known_troubles,
        feeds: FeedFigures {
            feeds: u32::try_from(desk.watchlist.config.feeds.len()).unwrap_or(u32::MAX),
            failing: failing(&store.feeds()?),
            polls,
            failed,
            gaps: store.gaps_since(window_from)?,
        },
        watchlist: WatchlistState {
            file: desk
                .watchlist
                .file()
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            saved_at: desk.watchlist.version.modified.unwrap_or(now),
            problems: desk.refused.as_ref().map_or(0, |refused| {
                u32::try_from(refused.problems).unwrap_or(u32::MAX)
            }),
        },
        host,
        topics,
        candidates,
        stories,
    };
    Ok(Gathered {
        material,
        stale,
        events,
    })
}

fn failing(feeds: &[FeedState]) -> u32 {
    // A failure that looks like our own network's is not counted against a feed, but moves its turn like any other.
    let unread = |feed: &FeedState| feed.first_read_at.is_none() && feed.next_at > feed.added_at;
    let failing = feeds
        .iter()
        .filter(|feed| feed.failures > 0 || unread(feed));
    u32::try_from(failing.count()).unwrap_or(u32::MAX)
}

fn wanted_ids(topics: &[Topic]) -> Vec<TopicId> {
    topics
        .iter()
        .filter(|topic| topic.wanted)
        .map(|topic| topic.id)
        .collect()
}

/// All topics that the recipient gets in any digest, in file order.
fn topics_of(
    desk: &Desk,
    digest: &DigestSettings,
    recipient: &str,
    now: Timestamp,
) -> Result<Vec<Topic>, StoreError> {
    let bounds = volume::windows(&digest.plan.timezone, now);
    let mut topics = Vec::new();
    for (index, (declared, id)) in desk
        .watchlist
        .config
        .topics()
        .iter()
        .zip(&desk.topics)
        .enumerate()
    {
        if !desk
            .watchlist
            .readers(index)
            .contains(&recipient.to_owned())
        {
            continue;
        }
        let since = desk.store.topic_since(*id)?;
        // A window that began before the topic was known says nothing about how much it usually brings.
        let whole: Vec<_> = bounds
            .iter()
            .copied()
            .skip_while(|start| *start < since)
            .collect();
        let known = if whole.len() < 2 {
            bounds.iter().copied().rev().take(2).rev().collect()
        } else {
            whole
        };
        topics.push(Topic {
            id: *id,
            name: declared.name.clone(),
            wanted: desk.watchlist.wants(digest, declared),
            high_priority: declared.high_priority,
            sensitive: declared.sensitive,
            snooze: declared.snooze,
            min_outlets: declared.rule.min_outlets,
            history: desk.store.history(*id, &known)?,
        });
    }
    Ok(topics)
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
    at: Timestamp,
    origin: Origin,
}

/// Reads items with their texts, each feed once.
struct Reader<'a> {
    desk: &'a Desk,
    feeds: HashMap<FeedId, FeedState>,
    frequencies: Option<Frequencies>,
    now: Timestamp,
}

impl Reader<'_> {
    fn candidates(
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

    fn telling(&mut self, item: ItemId) -> Result<Option<Telling>, StoreError> {
        let Some(told) = self.desk.store.telling(item)? else {
            return Ok(None);
        };
        let name = self.feed(told.feed)?.name;
        Ok(Some(telling(told, &name)))
    }

    /// Read once, and only for a story that was told before.
    fn frequencies(&mut self) -> Result<&Frequencies, StoreError> {
        let frequencies = match self.frequencies.take() {
            Some(frequencies) => frequencies,
            None => self.desk.frequencies()?,
        };
        Ok(self.frequencies.insert(frequencies))
    }

    fn feed(&mut self, id: FeedId) -> Result<FeedState, StoreError> {
        if let Some(feed) = self.feeds.get(&id) {
            return Ok(feed.clone());
        }
        let feed = self.desk.store.feed(id)?;
        self.feeds.insert(id, feed.clone());
        Ok(feed)
    }
}

/// A story is closed so long after its last item.
const OPEN_FOR: SignedDuration = SignedDuration::from_hours(72);

/// What is known of the candidates' stories: who tells them, and what the recipient heard of them before.
fn story_facts(
    reader: &mut Reader<'_>,
    recipient: &str,
    candidates: &[Candidate],
    now: Timestamp,
) -> Result<Vec<StoryFacts>, StoreError> {
    let ids: BTreeSet<StoryId> = candidates
        .iter()
        .filter_map(|candidate| candidate.story)
        .collect();
    let mut facts = Vec::new();
    for id in ids {
        let members = reader.desk.store.story_items(id)?;
        let mut publishers = BTreeSet::new();
        let mut last = Timestamp::MIN;
        for (feed, link, first_seen) in members {
            publishers.insert(publisher(link.as_deref(), &reader.feed(feed)?.name));
            last = last.max(first_seen);
        }
        facts.push(StoryFacts {
            id,
            outlets: u32::try_from(publishers.len()).unwrap_or(u32::MAX),
            closed: now.duration_since(last) >= OPEN_FOR,
            told: told_before(reader, recipient, id, candidates, now)?,
        });
    }
    Ok(facts)
}

fn told_before(
    reader: &mut Reader<'_>,
    recipient: &str,
    story: StoryId,
    candidates: &[Candidate],
    now: Timestamp,
) -> Result<Option<ToldBefore>, StoreError> {
    let desk = reader.desk;
    let told = desk.store.told_of_story(recipient, story)?;
    let Some(last) = told.last() else {
        return Ok(None);
    };
    let mut known = Vec::new();
    for before in &told {
        known.extend(reader.telling(before.item)?);
    }
    let mut fresh = Vec::new();
    let mut new_topics: Vec<TopicId> = Vec::new();
    for candidate in candidates
        .iter()
        .filter(|candidate| candidate.story == Some(story))
    {
        fresh.extend(reader.telling(candidate.item)?);
        if !told.iter().any(|before| before.topic == candidate.topic) {
            new_topics.push(candidate.topic);
        }
    }
    let frequencies = reader.frequencies()?;
    // Whether there is news is asked as if the story had rested; whether it has is asked by itself, since then the
    // items wait.
    let news = fresh
        .iter()
        .find_map(|telling| followup::news(telling, &known, Timestamp::MIN, now, frequencies));
    let soon = now.duration_since(last.at) < followup::REST;
    let followup = match news {
        _ if soon && (news.is_some() || !new_topics.is_empty()) => Followup::TooSoon,
        Some(News::Marked) => Followup::Marked,
        Some(News::Words(words)) => Followup::Words(words),
        None if !new_topics.is_empty() => Followup::Topics(new_topics),
        None => Followup::Nothing,
    };
    let thread = match last.delivery {
        Some(delivery) => desk.store.thread_of(delivery, story)?,
        None => None,
    };
    let thread = thread.map(|(message_id, subject)| Thread {
        message_id,
        subject,
    });
    Ok(Some(ToldBefore {
        at: last.at,
        followup,
        thread,
    }))
}

fn edits(
    reader: &mut Reader<'_>,
    recipient: &str,
    topics: &[Topic],
    since: Timestamp,
) -> Result<Vec<Edit>, StoreError> {
    let changes = reader
        .desk
        .store
        .retitled_since(recipient, &wanted_ids(topics), since)?;
    changes
        .into_iter()
        .map(|change| {
            let outlet = reader.feed(change.feed)?.name;
            Ok(Edit {
                outlet,
                old: change.old,
                new: Some(change.new),
                link: change.link,
            })
        })
        .collect()
}

fn elsewhere(
    desk: &Desk,
    digest: &DigestSettings,
    recipient: &str,
    since: Timestamp,
) -> Result<Vec<Elsewhere>, StoreError> {
    let told = desk.store.told_elsewhere(recipient, &digest.name, since)?;
    Ok(told
        .into_iter()
        .map(|(digest, at, stories)| Elsewhere {
            digest,
            at,
            stories,
        })
        .collect())
}
