//! What one message to one recipient is made of, from the store and the watchlist.

use jiff::SignedDuration;

use super::edits::edits;
use super::news;
use super::reader::{Reader, Source, wanted_ids};
use super::stories::story_facts;
use crate::desk::Desk;
use crate::digest::DigestSettings;
use crate::digest::material::{
    Elsewhere, FeedFigures, Material, Topic, Watchlist as WatchlistState,
};
use crate::digest::volume;
use crate::model::{MatchId, Timestamp, TopicId};
use crate::store::StoreError;

/// The material of a message, and the matches that no longer hold.
pub(super) struct Gathered<'a> {
    pub(super) material: Material<'a>,
    /// Pending matches that the present topics do not make: they stop waiting.
    pub(super) stale: Vec<MatchId>,
    /// The events that the material reports.
    pub(super) events: Vec<i64>,
}

/// Reads all that a digest to a recipient is made of.
pub(super) fn gather<'a>(
    desk: &Desk,
    digest: &'a DigestSettings,
    recipient: &'a str,
    host: &'a str,
    source: Source<'_>,
    now: Timestamp,
) -> Result<Gathered<'a>, StoreError> {
    let store = &desk.store;
    let since = match source {
        Source::Since(since) => Some(since),
        // The first of a digest has no time before it.
        Source::Told(delivery, _) | Source::Again(delivery) => {
            Some(delivery.window.0).filter(|from| *from < delivery.window.1)
        }
        Source::Pending => store.last_window(&digest.name, recipient, now)?,
    };
    let window_from = since.unwrap_or(now - SignedDuration::from_hours(24));
    let mut topics = topics_of(desk, digest, recipient, now)?;
    let mut reader = Reader::new(desk, now);
    let (candidates, stale) = reader.candidates(recipient, &topics, source)?;
    let stories = match source {
        Source::Pending => story_facts(&mut reader, recipient, &candidates, None, now)?,
        Source::Again(delivery) => {
            story_facts(&mut reader, recipient, &candidates, Some(delivery.id), now)?
        }
        // What was told already is listed as the news it was.
        Source::Since(_) | Source::Told(..) => Vec::new(),
    };
    let happened = match source {
        Source::Pending | Source::Since(_) => store.events_for(recipient)?,
        Source::Told(delivery, None) | Source::Again(delivery) => {
            store.events_told_in(delivery.id)?
        }
        Source::Told(_, Some(_)) => Vec::new(),
    };
    let (feed_news, events) = news::feed_news(desk, digest, recipient, happened, &topics, now)?;
    let edits = edits(&mut reader, digest, recipient, &topics, source, now)?;
    let elsewhere = elsewhere(desk, digest, recipient, &topics, (window_from, now))?;
    if let Source::Told(delivery, topic) = source {
        let told = match topic {
            None => store.topics_told_in(delivery.id)?,
            Some(_) => store.topics_mentioned_in(delivery.id)?,
        };
        list_as_told(&mut topics, told, topic);
    }
    let first = store.first_delivery(recipient)?;
    let material = Material {
        digest,
        recipient,
        now,
        since,
        first: match source {
            Source::Pending => first.is_none(),
            Source::Told(delivery, _) | Source::Again(delivery) => first == Some(delivery.id),
            Source::Since(_) => false,
        },
        lists_stored: matches!(source, Source::Since(_)),
        edits,
        elsewhere,
        feed_news,
        known_troubles: u32::try_from(store.known_failing(recipient)?.len()).unwrap_or(u32::MAX),
        feeds: feed_figures(desk, window_from, now)?,
        watchlist: watchlist_state(desk, now),
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

fn feed_figures(desk: &Desk, from: Timestamp, now: Timestamp) -> Result<FeedFigures, StoreError> {
    let (polls, failed) = desk.store.polls_between(from, now)?;
    Ok(FeedFigures {
        feeds: u32::try_from(desk.watchlist.config.feeds.len()).unwrap_or(u32::MAX),
        failing: desk.store.failing_feeds()?,
        polls,
        failed,
        gaps: desk.store.gaps_between(from, now)?,
    })
}

fn watchlist_state(desk: &Desk, now: Timestamp) -> WatchlistState {
    let file = desk.watchlist.file().file_name().unwrap_or_default();
    WatchlistState {
        file: file.to_string_lossy().into_owned(),
        saved_at: desk.watchlist.version.modified.unwrap_or(now),
        problems: desk.refused.as_ref().map_or(0, |refused| {
            u32::try_from(refused.problems).unwrap_or(u32::MAX)
        }),
    }
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
        let since = desk.store.topic_since(*id)?.unwrap_or(now);
        let known = volume::windows_since(&bounds, since);
        topics.push(Topic {
            id: *id,
            name: declared.name.clone(),
            wanted: desk.watchlist.wants(digest, declared),
            high_priority: declared.high_priority,
            sensitive: declared.sensitive,
            snooze: declared.snooze,
            min_outlets: declared.rule.min_outlets,
            history: desk.store.history(*id, declared.group, &known)?,
        });
    }
    Ok(topics)
}

/// Makes the topics show all that a message told under them, or under one of them: what they are now decides nothing,
/// and one that the recipient no longer has is there for its name.
fn list_as_told(topics: &mut Vec<Topic>, told: Vec<(TopicId, String)>, only: Option<TopicId>) {
    let was_told = |id: TopicId| told.iter().any(|(told, _)| *told == id);
    for topic in topics.iter_mut() {
        topic.wanted = match only {
            Some(only) => topic.id == only,
            None => topic.wanted || was_told(topic.id),
        };
        topic.snooze = None;
        topic.min_outlets = 1;
    }
    for (id, name) in &told {
        if only.is_none_or(|only| only == *id) && topics.iter().all(|topic| topic.id != *id) {
            topics.push(Topic {
                id: *id,
                name: name.clone(),
                wanted: true,
                high_priority: false,
                sensitive: false,
                snooze: None,
                min_outlets: 1,
                history: Vec::new(),
            });
        }
    }
}

fn elsewhere(
    desk: &Desk,
    digest: &DigestSettings,
    recipient: &str,
    topics: &[Topic],
    window: (Timestamp, Timestamp),
) -> Result<Vec<Elsewhere>, StoreError> {
    let wanted = wanted_ids(topics);
    let told = desk
        .store
        .told_elsewhere(recipient, &digest.name, &wanted, window)?;
    Ok(told
        .into_iter()
        .map(|(digest, at, stories)| Elsewhere {
            digest,
            at,
            stories,
        })
        .collect())
}
