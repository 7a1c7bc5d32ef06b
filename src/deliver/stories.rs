//! What is known of the stories that a message would tell: who tells them, and what the recipient heard before.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::reader::Reader;
use crate::digest::compose::How;
use crate::digest::material::{Candidate, Followup, StoryFacts, ToldBefore};
use crate::model::{DeliveryId, StoryId, Timestamp, TopicId};
use crate::store::StoreError;
use crate::story::followup::{self, News};
use crate::topic::publisher;

/// A story is closed so long after its last item.
const OPEN_FOR: SignedDuration = SignedDuration::from_hours(72);

/// What is known of the candidates' stories: who tells them, and what the recipient heard of them before, but for
/// what `again` told, which is composed once more.
pub(super) fn story_facts(
    reader: &mut Reader<'_>,
    recipient: &str,
    candidates: &[Candidate],
    again: Option<DeliveryId>,
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
            told: told_before(reader, recipient, id, candidates, again, now)?,
        });
    }
    Ok(facts)
}

fn told_before(
    reader: &mut Reader<'_>,
    recipient: &str,
    story: StoryId,
    candidates: &[Candidate],
    again: Option<DeliveryId>,
    now: Timestamp,
) -> Result<Option<ToldBefore>, StoreError> {
    let desk = reader.desk;
    let mut told = desk.store.told_of_story(recipient, story)?;
    // What a snooze hid was never told.
    told.retain(|before| {
        before.how != How::Snoozed.as_str()
            && again.is_none_or(|again| before.delivery != Some(again))
    });
    let Some(last) = told.last() else {
        return Ok(None);
    };
    let mut known = Vec::new();
    for before in &told {
        known.extend(reader.telling(before.item)?);
    }
    let known_topics = desk.store.topics_told(recipient, story, again)?;
    let mut pending: Vec<&Candidate> = candidates
        .iter()
        .filter(|candidate| candidate.story == Some(story))
        .collect();
    pending.sort_by_key(|candidate| candidate.matched_at);
    let mut news = None;
    let mut new_topics: Vec<TopicId> = Vec::new();
    let mut waits_since: Option<Timestamp> = None;
    for candidate in pending {
        let is_new_topic = !known_topics.contains(&candidate.topic);
        if is_new_topic && !new_topics.contains(&candidate.topic) {
            new_topics.push(candidate.topic);
        }
        if news.is_none()
            && let Some(telling) = reader.telling(candidate.item)?
        {
            news = followup::news(&telling, &known, last.at, now, reader.frequencies()?);
        }
        if news.is_some() || is_new_topic {
            waits_since = waits_since.or(Some(candidate.matched_at));
        }
    }
    let headlines = known.iter().map(|telling| telling.title.clone()).collect();
    // A number is no telling after which a story could rest.
    let tellings = told
        .iter()
        .filter(|before| before.how != How::Counted.as_str());
    let tellings = tellings.map(|before| before.at);
    let soon = waits_since.is_some_and(|since| now < followup::comes_back(tellings, since));
    let followup = match news {
        _ if soon => Followup::TooSoon,
        Some(News::Marked) => Followup::Marked,
        Some(News::Words(words)) => Followup::Words(words),
        None if !new_topics.is_empty() => Followup::Topics(new_topics),
        None => Followup::Nothing,
    };
    // A digest that only counted the story since does not end the thread.
    let mut thread = None;
    let deliveries = told.iter().rev().filter_map(|before| before.delivery);
    for delivery in deliveries.collect::<BTreeSet<_>>().into_iter().rev() {
        thread = thread.or(desk.store.thread_of(delivery, story)?);
    }
    Ok(Some(ToldBefore {
        at: last.at,
        followup,
        headlines,
        thread,
    }))
}
