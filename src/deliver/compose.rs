//! From what is pending to a finished message in the outbox.

use std::collections::BTreeSet;

use super::gather::{Gathered, gather};
use super::letter::{Sender, random};
use super::reader::Source;
use super::{Queued, Reason};
use crate::desk::Desk;
use crate::digest::compose::{Caps, How, Settled};
use crate::digest::render::Rendered;
use crate::digest::{self, DigestSettings, WhenEmpty, naming};
use crate::mail::message::{Draft, ListId, Mailbox};
use crate::model::{Timestamp, TopicId};
use crate::store::StoreError;
use crate::store::matches::Told;
use crate::store::outbox::{Attempt, Delivery, NewDelivery};

/// Composes a digest for a recipient and puts it into the outbox; `due` is the due time it serves.
pub(super) fn compose_for(
    desk: &mut Desk,
    digest: &DigestSettings,
    recipient: &str,
    host: &str,
    due: Option<Timestamp>,
    now: Timestamp,
) -> Result<Result<Queued, Reason>, StoreError> {
    let Gathered {
        material,
        stale,
        events,
    } = gather(desk, digest, recipient, host, Source::Pending, now)?;
    let window_from = material.since.unwrap_or(now);
    let message = digest::message(&material, Caps::standard(digest.max_stories));
    drop(material);
    let Some(message) = message else {
        for id in stale {
            desk.store.drop_pending(recipient, id)?;
        }
        if let Some(due) = due {
            desk.store.skip_digest(&digest.name, recipient, due)?;
        }
        return Ok(Err(Reason::NothingNew));
    };
    let (rendered, settled) = (message.rendered, message.settled);
    let written = match write(desk, &rendered, digest, recipient, host, now)? {
        Ok(written) => written,
        Err(cause) => return Ok(Err(Reason::Unwritable(cause))),
    };
    let told = settled.told.iter().map(|told| Told {
        item: told.item,
        story: told.story,
        topic: told.topic,
        delivery: None,
        at: now,
        how: told.how.as_str().to_owned(),
    });
    let stories = stories(&settled);
    let delivery = NewDelivery {
        digest: digest.name.clone(),
        recipient: recipient.to_owned(),
        window: (window_from, now),
        message_id: written.message_id,
        thread: rendered.thread.map(|thread| thread.message_id),
        subject: rendered.subject.clone(),
        bytes: written.bytes,
        html: rendered.html,
        told: told.collect(),
        settled: stale
            .into_iter()
            .chain(settled.leaving.iter().copied())
            .collect(),
        events,
    };
    let id = desk.store.put_digest(&delivery, due, now)?;
    Ok(Ok(Queued {
        delivery: id,
        subject: rendered.subject,
        stories,
    }))
}

/// How many stories a message tells, shown or counted.
fn stories(settled: &Settled) -> usize {
    let leads = settled
        .told
        .iter()
        .filter(|told| !matches!(told.how, How::Late | How::Replaced | How::Snoozed));
    // An item without a story is one by itself.
    let distinct: BTreeSet<_> = leads
        .map(|told| told.story.map_or(-told.item.0, |story| story.0))
        .collect();
    distinct.len()
}

/// What `digest NAME` would send now; `None`: nothing.
pub fn preview(
    desk: &Desk,
    digest: &DigestSettings,
    recipient: &str,
    host: &str,
    since: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<Rendered>, StoreError> {
    let source = since.map_or(Source::Pending, Source::Since);
    let Gathered { material, .. } = gather(desk, digest, recipient, host, source, now)?;
    Ok(
        digest::message(&material, Caps::standard(digest.max_stories))
            .map(|message| message.rendered),
    )
}

/// A sent digest in full, with what its caps hid; only what stood under one topic if it is given. `None`: nothing did.
pub fn sent_in_full(
    desk: &Desk,
    digest: &DigestSettings,
    delivery: &Delivery,
    topic: Option<TopicId>,
    host: &str,
) -> Result<Option<Rendered>, StoreError> {
    // Of one that told no stories, the rest is shown.
    let mut digest = digest.clone();
    if topic.is_none() {
        digest.when_empty = WhenEmpty::Send;
    }
    let source = Source::Told(delivery, topic);
    let (recipient, at) = (&delivery.recipient, delivery.window.1);
    let Gathered { material, .. } = gather(desk, &digest, recipient, host, source, at)?;
    Ok(digest::message(&material, Caps::NONE).map(|message| message.rendered))
}

/// Renders a message that a server found too big in `attempt` once more at half the caps; false if its matter is gone.
pub(super) fn halve(
    desk: &mut Desk,
    delivery: &Delivery,
    host: &str,
    attempt: &Attempt<'_>,
) -> Result<bool, StoreError> {
    let digests = &desk.watchlist.config.digests;
    let Some(digest) = digests
        .iter()
        .find(|digest| digest.name == delivery.digest)
        .cloned()
    else {
        return Ok(false);
    };
    let source = Source::Again(delivery);
    let (recipient, at) = (&delivery.recipient, delivery.window.1);
    let Gathered { material, .. } = gather(desk, &digest, recipient, host, source, at)?;
    let Some(message) = digest::message(&material, Caps::standard(digest.max_stories).halved())
    else {
        return Ok(false);
    };
    drop(material);
    let rendered = message.rendered;
    let now = attempt.next_at;
    let Ok(written) = write(desk, &rendered, &digest, &delivery.recipient, host, now)? else {
        return Ok(false);
    };
    desk.store.replace_message(
        delivery.id,
        &written.message_id,
        &written.bytes,
        &rendered.html,
        attempt,
    )?;
    Ok(true)
}

/// A message with the identifier it goes by.
struct Written {
    message_id: String,
    bytes: Vec<u8>,
}

/// Makes what was rendered a message; the inner error says why it cannot be one.
fn write(
    desk: &Desk,
    rendered: &Rendered,
    digest: &DigestSettings,
    recipient: &str,
    host: &str,
    now: Timestamp,
) -> Result<Result<Written, String>, StoreError> {
    let Sender { address, domain } = Sender::of(&desk.watchlist.config, host);
    let slug = desk
        .store
        .slug(&digest.name, naming::slug(&digest.name).as_deref())?;
    let sequence = desk.store.sequence(&digest.name, now)?;
    let message_id = naming::message_id(&slug, now, sequence, random(), &domain);
    let thread = rendered.thread.as_ref();
    let references = thread.map(|thread| {
        let before = thread.parent.iter();
        before.chain([&thread.message_id]).cloned().collect()
    });
    let draft = Draft {
        from: Mailbox {
            name: rendered.from_name.clone(),
            address,
        },
        to: recipient.to_owned(),
        subject: rendered.subject.clone(),
        date: now.to_zoned_datetime(digest.plan.timezone.clone()),
        message_id: message_id.clone(),
        references: references.unwrap_or_default(),
        in_reply_to: thread.map(|thread| thread.message_id.clone()),
        list: ListId {
            name: digest.name.clone(),
            id: naming::list_id(&slug, &domain),
        },
        text: rendered.text.clone(),
        html: rendered.html.clone(),
    };
    Ok(match draft.to_bytes() {
        Ok(bytes) => Ok(Written { message_id, bytes }),
        Err(error) => Err(error.to_string()),
    })
}
