//! Headlines that outlets changed or withdrew after a recipient was told of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::reader::{Reader, Source};
use crate::desk::Desk;
use crate::digest::DigestSettings;
use crate::digest::material::{Edit, Topic};
use crate::model::{FeedId, ItemId, Timestamp, TopicId};
use crate::schedule::digests::Send;
use crate::store::StoreError;
use crate::text::fold::fold;

/// For how long an edit waits for the first message of a digest.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The edits that a message to the recipient tells, each once over all digests: those since the last message that was
/// about their topic. One that goes at once is about its stories, and leaves them to a digest that has the topic too.
pub(super) fn edits(
    reader: &mut Reader<'_>,
    digest: &DigestSettings,
    recipient: &str,
    topics: &[Topic],
    source: Source<'_>,
    now: Timestamp,
) -> Result<Vec<Edit>, StoreError> {
    let mut edits = Vec::new();
    for (since, topics) in by_last_message(reader, digest, recipient, topics, source, now)? {
        retitled(reader, recipient, &topics, (since, now), &mut edits)?;
        withdrawn(reader, recipient, &topics, (since, now), &mut edits)?;
    }
    Ok(edits)
}

/// The digest's topics by the moment since which their edits are news.
fn by_last_message(
    reader: &Reader<'_>,
    digest: &DigestSettings,
    recipient: &str,
    topics: &[Topic],
    source: Source<'_>,
    now: Timestamp,
) -> Result<BTreeMap<Timestamp, BTreeSet<TopicId>>, StoreError> {
    let mut since: BTreeMap<TopicId, Timestamp> = BTreeMap::new();
    let wanted = topics.iter().filter(|topic| topic.wanted);
    match source {
        // It lists articles as they are now.
        Source::Since(_) | Source::Told(_, Some(_)) => {}
        Source::Told(delivery, None) | Source::Again(delivery) => {
            since.extend(wanted.map(|topic| (topic.id, delivery.window.0)));
        }
        Source::Pending => {
            for topic in wanted {
                let last = last_message(reader.desk, digest, recipient, topic.id, now)?;
                since.extend(last.map(|last| (topic.id, last.unwrap_or(now - LONGEST))));
            }
        }
    }
    let mut topics: BTreeMap<Timestamp, BTreeSet<TopicId>> = BTreeMap::new();
    for (topic, since) in since {
        topics.entry(since).or_default().insert(topic);
    }
    Ok(topics)
}

/// When a message that may tell the edits of a topic last went to the recipient; the outer `None`: this digest leaves
/// them to a calmer one.
fn last_message(
    desk: &Desk,
    digest: &DigestSettings,
    recipient: &str,
    topic: TopicId,
    now: Timestamp,
) -> Result<Option<Option<Timestamp>>, StoreError> {
    let all = desk.watchlist.config.digests.iter();
    let of_topic = all.filter(|other| {
        other.to.iter().any(|to| to == recipient) && desk.wanted_topics(other).contains(&topic)
    });
    let (alerts, calm): (Vec<&DigestSettings>, Vec<_>) =
        of_topic.partition(|other| other.plan.send == Send::AtOnce);
    let tellers = if calm.is_empty() { alerts } else { calm };
    if tellers.iter().all(|teller| teller.name != digest.name) {
        return Ok(None);
    }
    let mut last = None;
    for teller in tellers {
        last = last.max(desk.store.last_window(&teller.name, recipient, now)?);
    }
    Ok(Some(last))
}

fn retitled(
    reader: &mut Reader<'_>,
    recipient: &str,
    topics: &BTreeSet<TopicId>,
    (since, now): (Timestamp, Timestamp),
    edits: &mut Vec<Edit>,
) -> Result<(), StoreError> {
    for change in reader.desk.store.retitled_between(recipient, since, now)? {
        // Capitals, quotes and spaces come and go without anybody having learnt more.
        let is_told = fold(&change.old) == fold(&change.new);
        if is_told || change.at <= since || !topics.contains(&change.topic) {
            continue;
        }
        edits.push(Edit {
            outlet: reader.feed(change.feed)?.name,
            old: change.old,
            new: Some(change.new),
            link: change.link,
        });
    }
    Ok(())
}

fn withdrawn(
    reader: &mut Reader<'_>,
    recipient: &str,
    topics: &BTreeSet<TopicId>,
    (since, now): (Timestamp, Timestamp),
    edits: &mut Vec<Edit>,
) -> Result<(), StoreError> {
    let mut seen: BTreeSet<(FeedId, ItemId)> = BTreeSet::new();
    for missing in reader.desk.store.missing_between(recipient, since, now)? {
        let is_news = missing.at > since && topics.contains(&missing.topic);
        if !is_news || !seen.insert((missing.feed, missing.item)) {
            continue;
        }
        let document = reader.desk.store.document(missing.feed)?;
        if document.reaches_beyond(missing.date) {
            edits.push(Edit {
                outlet: reader.feed(missing.feed)?.name,
                old: missing.title,
                new: None,
                link: None,
            });
        }
    }
    Ok(())
}
