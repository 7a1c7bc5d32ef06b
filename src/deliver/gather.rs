//! What one message to one recipient is made of, from the store and the watchlist.

use jiff::SignedDuration;

use super::news;
use super::reader::{Reader, Source, wanted_ids};
use super::stories::story_facts;
use crate::desk::Desk;
use crate::digest::DigestSettings;
use crate::digest::material::{
    Edit, Elsewhere, FeedFigures, Material, Topic, Watchlist as WatchlistState,
};
use crate::digest::volume;
use crate::model::{FeedState, MatchId, Timestamp};
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
    let mut reader = Reader::new(desk, now);
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
            history: desk.store.history(*id, &known)?,
        });
    }
    Ok(topics)
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
