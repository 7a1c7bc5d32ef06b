//! What happened to the feeds that a recipient's topics read.

use std::collections::HashSet;

use jiff::SignedDuration;

use super::reader::wanted_ids;
use crate::desk::Desk;
use crate::digest::DigestSettings;
use crate::digest::material::{FeedEvent, FeedNews, Topic};
use crate::health;
use crate::model::{FeedState, Timestamp, TopicId};
use crate::schedule::digests::Send;
use crate::store::StoreError;
use crate::store::events::{Event, EventKind};
use crate::topic::Topic as DeclaredTopic;

/// What these events are to a recipient of these topics, and those of them that are news to him.
pub(super) fn feed_news(
    desk: &Desk,
    digest: &DigestSettings,
    recipient: &str,
    events: Vec<Event>,
    topics: &[Topic],
    now: Timestamp,
) -> Result<(Vec<FeedNews>, Vec<i64>), StoreError> {
    let wanted = wanted_ids(topics);
    let declared = declared(desk, &wanted);
    let mut news = Vec::new();
    let mut reported = Vec::new();
    for event in events {
        let feed = desk.store.feed(event.feed)?;
        if event.kind == EventKind::Added && feed.first_read_at.is_none() {
            // Too early to tell what it brings. Asked first, since an import brings thousands.
            continue;
        }
        let readers = desk.watchlist.reading(&declared, &feed.url);
        let can_wait = !is_trouble(event.kind) && event.kind != EventKind::Recovered;
        if readers.is_empty() || can_wait && has_calmer(desk, digest, recipient, &feed) {
            continue;
        }
        let what = what_happened(desk, &event, &feed, &wanted, now)?;
        let topics = if readers.len() == wanted.len() {
            Vec::new()
        } else {
            readers.iter().map(|topic| topic.name.clone()).collect()
        };
        reported.push(event.id);
        if let Some(what) = what {
            news.push(FeedNews {
                feed: feed.name,
                what,
                topics,
            });
        }
    }
    Ok((news, reported))
}

/// When the first trouble happened, not before `from`, that the recipient has yet to hear of from this digest.
pub(super) fn trouble_since(
    desk: &Desk,
    recipient: &str,
    digest: &DigestSettings,
    from: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let wanted = declared(desk, &desk.wanted_topics(digest));
    for event in desk.store.events_for(recipient)? {
        if is_trouble(event.kind)
            && event.at >= from
            && !desk
                .watchlist
                .reading(&wanted, &desk.store.feed(event.feed)?.url)
                .is_empty()
            && !is_one_gap_of_many(desk, recipient, &event)?
        {
            return Ok(Some(event.at));
        }
    }
    Ok(None)
}

/// Whether the recipient was told of another gap of the feed within a day: a feed that shows less than it publishes has one
/// at each poll, and they wait for a mail that goes by itself.
fn is_one_gap_of_many(desk: &Desk, recipient: &str, event: &Event) -> Result<bool, StoreError> {
    const APART: SignedDuration = SignedDuration::from_hours(24);

    let before = (event.at - APART, event.at);
    Ok(
        event.kind == EventKind::Gap
            && desk.store.was_told_of_gap(recipient, event.feed, before)?,
    )
}

fn is_trouble(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Failing
            | EventKind::Gone
            | EventKind::Quiet
            | EventKind::Gap
            | EventKind::Replaced
    )
}

/// Whether the digest goes at once while another of the recipient, that has more topics to tell the news by, does not.
fn has_calmer(desk: &Desk, digest: &DigestSettings, recipient: &str, feed: &FeedState) -> bool {
    let is_calmer = |other: &&DigestSettings| {
        other.plan.send != Send::AtOnce
            && other.to.iter().any(|to| to == recipient)
            && !desk
                .watchlist
                .reading(&declared(desk, &desk.wanted_topics(other)), &feed.url)
                .is_empty()
    };
    digest.plan.send == Send::AtOnce
        && desk
            .watchlist
            .config
            .digests
            .iter()
            .any(|other| is_calmer(&other))
}

/// The topics of these rows, as declared.
fn declared<'d>(desk: &'d Desk, wanted: &[TopicId]) -> Vec<&'d DeclaredTopic> {
    let wanted: HashSet<&TopicId> = wanted.iter().collect();
    let topics = desk.watchlist.config.topics().iter().zip(&desk.topics);
    topics
        .filter(|(_, id)| wanted.contains(id))
        .map(|(topic, _)| topic)
        .collect()
}

/// An event as the digest tells it; `None` if it is over and not worth a word.
fn what_happened(
    desk: &Desk,
    event: &Event,
    feed: &FeedState,
    wanted: &[TopicId],
    now: Timestamp,
) -> Result<Option<FeedEvent>, StoreError> {
    let still_failing = feed.failing_since.is_some();
    let told = match event.kind {
        EventKind::Added => {
            let (stored, matching) = desk.store.first_document(feed.id, wanted)?;
            // What `backfill` mails is told as news and not as a number.
            let matching = if desk.watchlist.mails_backfill(&feed.url) {
                0
            } else {
                matching
            };
            Some(FeedEvent::Added { stored, matching })
        }
        EventKind::Resumed => Some(FeedEvent::Resumed),
        EventKind::Failing if still_failing => Some(FeedEvent::Failing {
            since: feed.failing_since.unwrap_or(event.at),
            attempts: feed.failures,
            error: feed.error.clone().unwrap_or_default(),
            until: feed.hold_until.filter(|&until| until > now),
        }),
        EventKind::Gone if still_failing => Some(FeedEvent::Gone {
            since: feed.failing_since.unwrap_or(event.at),
        }),
        EventKind::Recovered => {
            // It was told after it had failed for so long at least.
            let since = moment_in(&event.detail).unwrap_or(event.at - health::DEATH);
            Some(FeedEvent::Recovered {
                after: event.at.duration_since(since),
            })
        }
        EventKind::Quiet => match (feed.last_new_at, feed.rhythm) {
            (Some(last_new), Some(usual)) if last_new <= event.at => {
                Some(FeedEvent::Quiet { last_new, usual })
            }
            _ => None,
        },
        EventKind::Gap => Some(FeedEvent::Gap {
            from: moment_in(&event.detail).unwrap_or(event.at),
            to: event.at,
        }),
        EventKind::Replaced => Some(FeedEvent::Replaced { at: event.at }),
        EventKind::Moved => moved(desk, event, feed)?,
        EventKind::Guids => Some(FeedEvent::Guids),
        EventKind::Failing | EventKind::Gone => None,
    };
    Ok(told)
}

/// A move as the digest tells it: the feed is asked at the new address, or another feed is there already. `None`: neither
/// is so any more.
fn moved(desk: &Desk, event: &Event, feed: &FeedState) -> Result<Option<FeedEvent>, StoreError> {
    let Some(moved) = feed
        .moved
        .as_ref()
        .filter(|moved| event.detail.starts_with(&moved.to))
    else {
        return Ok(None);
    };
    let other = desk.store.other_at(&moved.to, feed.id)?;
    let is_adopted = moved.adopted_at.is_some();
    Ok((is_adopted || other.is_some()).then(|| FeedEvent::Moved {
        to: moved.to.clone(),
        same_as: other.map(|other| other.name).filter(|_| !is_adopted),
    }))
}

/// The moment that an event's words name.
fn moment_in(detail: &str) -> Option<Timestamp> {
    detail.split_whitespace().find_map(|word| word.parse().ok())
}
