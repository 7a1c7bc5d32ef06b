//! One round of composing and sending.
//!
//! A digest is composed, rendered and put into the outbox on the store's thread, in one transaction with what it
//! tells. Sending reads the stored bytes, so that a message that was composed is sent as it is, whatever happens.

use crate::clock::Clock;
use crate::desk::{Desk, DeskError, Handle};
use crate::digest::DigestSettings;
use crate::model::{DeliveryId, Timestamp};
use crate::schedule::digests as schedule;
use crate::store::StoreError;

pub mod compose;
mod database;
mod edits;
mod gather;
mod letter;
mod news;
mod operator;
mod reader;
pub mod rehearsal;
mod route;
pub mod send;
mod settle;
mod stories;

/// Which digests are composed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that are due.
    Due,
    /// This one, due or not, whatever its days and quiet hours say.
    Named(String),
}

/// What became of a digest for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The digest.
    pub digest: String,
    /// The address.
    pub recipient: String,
    /// What was done.
    pub result: Result<Queued, Reason>,
}

/// A message that was put into the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Its row.
    pub delivery: DeliveryId,
    /// Its subject.
    pub subject: String,
    /// How many stories it tells.
    pub stories: usize,
}

/// Why no message was composed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nothing new, and `when_empty` is `skip`.
    NothingNew,
    /// The last message of this digest still waits to be sent.
    StillWaiting,
    /// The mail server refused this recipient.
    Paused,
    /// What was composed cannot be a message, in words.
    Unwritable(String),
}

/// The digest that is due first.
#[derive(Clone, Debug, PartialEq)]
pub struct NextDue {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub digest: DigestSettings,
}

/// Composes and sends. Cheap to clone.
#[derive(Clone)]
pub struct Deliverer {
    desk: Handle,
    clock: Clock,
    host: String,
}

impl Deliverer {
    /// Works through `desk`; `host` names this machine in the mail.
    pub fn new(desk: Handle, clock: Clock, host: String) -> Deliverer {
        Deliverer { desk, clock, host }
    }

    /// The digest that is due first; `None`: none is, as far as is known now.
    pub async fn next_due(&self) -> Result<Option<NextDue>, DeskError> {
        let now = self.clock.now();
        self.desk.at_once(move |desk| next_due(desk, now)).await
    }

    /// Composes what `which` says and puts it into the outbox; one outcome for each digest and recipient looked at.
    pub async fn compose(&self, which: Which) -> Result<Vec<Outcome>, DeskError> {
        let now = self.clock.now();
        let host = self.host.clone();
        self.desk
            .at_once(move |desk| compose_all(desk, &which, &host, now))
            .await
    }
}

/// All digests with each of their recipients.
fn addressed(desk: &Desk) -> Vec<(DigestSettings, String)> {
    let digests = &desk.watchlist.config.digests;
    digests
        .iter()
        .flat_map(|digest| digest.to.iter().map(|to| (digest.clone(), to.clone())))
        .collect()
}

fn next_due(desk: &Desk, now: Timestamp) -> Result<Option<NextDue>, StoreError> {
    let mut first: Option<NextDue> = None;
    for (digest, recipient) in addressed(desk) {
        let history = history(desk, &digest, &recipient, now)?;
        let Some(at) = schedule::next(&digest.plan, &history, now) else {
            continue;
        };
        if first.as_ref().is_none_or(|first| at < first.at) {
            first = Some(NextDue { at, digest });
        }
    }
    Ok(first)
}

/// The digest of a fixed time that has been due for longest and was not composed, and since when. Of those that go at
/// once nobody can say by looking whether they wait or gather.
pub fn overdue(desk: &Desk, now: Timestamp) -> Result<Option<NextDue>, StoreError> {
    let mut first: Option<NextDue> = None;
    for (digest, recipient) in addressed(desk) {
        let known = desk.store.digest_due(&digest.name, &recipient)?;
        let Some(known) = known.filter(|_| digest.plan.send != schedule::Send::AtOnce) else {
            continue;
        };
        let history = schedule::History {
            known_at: known.known_at,
            last_due: known.last_due,
            at_once: schedule::AtOnce::default(),
        };
        let due = schedule::due(&digest.plan, &history, now);
        if let Some(due) = due
            && first.as_ref().is_none_or(|first| due.at < first.at)
        {
            first = Some(NextDue { at: due.at, digest });
        }
    }
    Ok(first)
}

fn history(
    desk: &Desk,
    digest: &DigestSettings,
    recipient: &str,
    now: Timestamp,
) -> Result<schedule::History, StoreError> {
    let due = desk.store.declare_digest(&digest.name, recipient, now)?;
    let at_once = match digest.plan.send {
        schedule::Send::AtOnce => schedule::AtOnce {
            last_mail: desk.store.last_window(&digest.name, recipient, now)?,
            waiting_since: waiting_since(desk, digest, recipient, Timestamp::MIN, due.known_at)?,
            fresh_since: match due.last_due {
                Some(looked) => waiting_since(desk, digest, recipient, looked, due.known_at)?,
                None => None,
            },
        },
        _ => schedule::AtOnce::default(),
    };
    Ok(schedule::History {
        known_at: due.known_at,
        last_due: due.last_due,
        at_once,
    })
}

/// Since when, but not before `from`, something waits to be told at once; a recipient without a mail waits for the
/// first since `known_at`.
fn waiting_since(
    desk: &Desk,
    digest: &DigestSettings,
    recipient: &str,
    from: Timestamp,
    known_at: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    if desk.store.first_delivery(recipient)?.is_none() {
        return Ok(Some(known_at));
    }
    let topics = desk.wanted_topics(digest);
    let pending = desk.store.pending_since(recipient, &topics, from)?;
    let trouble = news::trouble_since(desk, recipient, digest, from)?;
    Ok(pending.into_iter().chain(trouble).min())
}

fn compose_all(
    desk: &mut Desk,
    which: &Which,
    host: &str,
    now: Timestamp,
) -> Result<Vec<Outcome>, StoreError> {
    let mut outcomes = Vec::new();
    desk.note_deaths(now)?;
    for (digest, recipient) in addressed(desk) {
        let due = match which {
            Which::Due => {
                let history = history(desk, &digest, &recipient, now)?;
                match schedule::due(&digest.plan, &history, now) {
                    Some(due) => Some(due.at),
                    None => continue,
                }
            }
            Which::Named(name) if *name == digest.name => {
                desk.store.declare_digest(&digest.name, &recipient, now)?;
                None
            }
            Which::Named(_) => continue,
        };
        let result = if desk.store.has_unsent(&digest.name, &recipient)? {
            Err(Reason::StillWaiting)
        } else if desk.store.is_paused(&recipient)? {
            Err(Reason::Paused)
        } else {
            compose::compose_for(desk, &digest, &recipient, host, due, now)?
        };
        outcomes.push(Outcome {
            digest: digest.name,
            recipient,
            result,
        });
    }
    Ok(outcomes)
}

#[cfg(test)]
mod laws;
