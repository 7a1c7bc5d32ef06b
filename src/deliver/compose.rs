//! From what is pending to a finished message in the outbox.

use std::hash::{BuildHasher, Hasher, RandomState};

use super::gather::{Gathered, Source, gather};
use super::{Queued, Reason};
use crate::desk::Desk;
use crate::digest::compose::{Caps, Composition, compose};
use crate::digest::material::Material;
use crate::digest::render::{self, Rendered};
use crate::digest::{DigestSettings, WhenEmpty};
use crate::mail::message::{Draft, ListId, Mailbox};
use crate::model::{DeliveryId, Timestamp};
use crate::store::StoreError;
use crate::store::matches::Told;
use crate::store::outbox::{Delivery, NewDelivery};

/// Composes a digest for a recipient and puts it into the outbox; `due` is the due time it serves.
pub(super) fn compose_for(
    desk: &mut Desk,
    digest: &DigestSettings,
    recipient: &str,
    host: &str,
    due: Option<Timestamp>,
    now: Timestamp,
) -> Result<Result<Queued, Reason>, StoreError> {
    let Gathered { material, stale, events } = gather(desk, digest, recipient, host, Source::Pending, now)?;
    let composition = compose(&material, Caps::standard(digest.max_stories));
    if !composition.is_worth_sending() {
        for id in stale.iter().chain(&composition.settled.leaving) {
            desk.store.drop_pending(recipient, *id)?;
        }
        if let Some(due) = due {
            desk.store.skip_digest(&digest.name, recipient, due)?;
        }
        return Ok(Err(Reason::NothingNew));
    }
    let written = match write(desk, &composition, digest, recipient, host, now)? {
        Ok(written) => written,
        Err(cause) => return Ok(Err(Reason::Unwritable(cause))),
    };
    let window_from = material.since.unwrap_or(now);
    let told = composition.settled.told.iter().map(|told| Told {
        item: told.item,
        story: told.story,
        topic: told.topic,
        delivery: None,
        at: now,
        how: told.how.as_str().to_owned(),
    });
    let stories = composition.digest.stories();
    let delivery = NewDelivery {
        digest: digest.name.clone(),
        recipient: recipient.to_owned(),
        window: (window_from, now),
        message_id: written.message_id,
        thread: written.thread,
        subject: written.rendered.subject.clone(),
        bytes: written.bytes,
        html: written.rendered.html,
        told: told.collect(),
        settled: stale.into_iter().chain(composition.settled.leaving.iter().copied()).collect(),
        events,
    };
    let subject = delivery.subject.clone();
    let id = desk.store.put_digest(&delivery, due, now)?;
    Ok(Ok(Queued { delivery: id, subject, stories }))
}

/// What `digest NAME` would send now.
pub fn preview(
    desk: &Desk,
    digest: &DigestSettings,
    recipient: &str,
    host: &str,
    since: Option<Timestamp>,
    now: Timestamp,
) -> Result<Rendered, StoreError> {
    let source = since.map_or(Source::Pending, Source::Since);
    let Gathered { material, .. } = gather(desk, digest, recipient, host, source, now)?;
    Ok(render::render(&compose(&material, Caps::standard(digest.max_stories)).digest))
}

/// A sent digest in full, with what its caps hid; of one topic only if `topic` names it.
pub fn sent_in_full(
    desk: &Desk,
    digest: &DigestSettings,
    delivery: &Delivery,
    topic: Option<&str>,
    host: &str,
) -> Result<Rendered, StoreError> {
    let source = Source::Told(delivery.id);
    let Gathered { mut material, .. } =
        gather(desk, digest, &delivery.recipient, host, source, delivery.window.1)?;
    if let Some(topic) = topic {
        let kept: Vec<_> = material.topics.iter().filter(|known| known.name == topic).map(|known| known.id).collect();
        material.candidates.retain(|candidate| kept.contains(&candidate.topic));
        material.topics.retain(|known| kept.contains(&known.id));
    }
    // It was told already; here it is shown as it was news.
    material.stories.iter_mut().for_each(|story| story.told = None);
    Ok(render::render(&compose(&material, Caps::NONE).digest))
}

/// Renders a message that a server found too big once more at half the caps; false if its matter is gone.
pub(super) fn halve(
    desk: &mut Desk,
    delivery: &Delivery,
    host: &str,
    reply: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(digest) = desk.watchlist.config.digests.iter().find(|digest| digest.name == delivery.digest).cloned()
    else {
        return Ok(false);
    };
    let source = Source::Told(delivery.id);
    let Gathered { mut material, .. } =
        gather(desk, &digest, &delivery.recipient, host, source, delivery.window.1)?;
    material.stories.iter_mut().for_each(|story| story.told = None);
    let composition = compose(&material, Caps::standard(digest.max_stories).halved());
    let Ok(written) = write(desk, &composition, &digest, &delivery.recipient, host, now)? else { return Ok(false) };
    desk.store.replace_message(
        delivery.id,
        &written.message_id,
        &written.bytes,
        &written.rendered.html,
        now,
        reply,
    )?;
    Ok(true)
}

/// A message, finished.
struct Written {
    rendered: Rendered,
    message_id: String,
    thread: Option<String>,
    bytes: Vec<u8>,
}

/// Renders a composition and makes it a message; the inner error says why it cannot be one.
fn write(
    desk: &Desk,
    composition: &Composition,
    digest: &DigestSettings,
    recipient: &str,
    host: &str,
    now: Timestamp,
) -> Result<Result<Written, String>, StoreError> {
    let rendered = render::render(&composition.digest);
    let sender = desk.watchlist.config.mail.sender(host);
    let slug = desk.store.slug(&digest.name, render::slug(&digest.name).as_deref())?;
    let domain = sender.address.rsplit_once('@').map_or(host, |(_, domain)| domain);
    let message_id = render::message_id(&slug, now, sequence(recipient), random(), domain);
    let thread = composition.digest.thread().map(|thread| thread.message_id.clone());
    let draft = Draft {
        from: Mailbox { name: rendered.from_name.clone(), address: sender.address.clone() },
        to: recipient.to_owned(),
        subject: rendered.subject.clone(),
        date: now.to_zoned(digest.plan.timezone.clone()),
        message_id: message_id.clone(),
        in_reply_to: thread.clone(),
        references: thread.iter().cloned().collect(),
        list: ListId { name: digest.name.clone(), id: format!("{slug}.wirewatch.{domain}") },
        text: rendered.text.clone(),
        html: rendered.html.clone(),
    };
    Ok(match draft.to_bytes() {
        Ok(bytes) => Ok(Written { rendered, message_id, thread, bytes }),
        Err(error) => Err(error.to_string()),
    })
}

/// A number that nobody guesses, so that no Message-ID is ever given twice.
fn random() -> u32 {
    let hash = RandomState::new().build_hasher().finish();
    u32::try_from(hash >> 40).unwrap_or_default()
}
