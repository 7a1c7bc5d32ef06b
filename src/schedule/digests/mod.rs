//! When a digest is next due.
//!
//! A plan names moments of local time ("slots"). A digest is due once a slot has passed that was not served yet,
//! at the first moment that `days` and `quiet` both allow; however many slots were missed, it is due once.

use jiff::{SignedDuration, Timestamp};

use self::moments::{first_open, last_slot, next_slot, open};

mod moments;
mod plan;

#[cfg(test)]
mod tests;

pub use moments::moment;
pub use plan::{Days, Plan, Send};

/// How long matches are gathered before a digest that goes at once.
pub const GATHERING: SignedDuration = SignedDuration::from_mins(2);

/// The least distance of two mails of a digest that goes at once.
pub const SPACING: SignedDuration = SignedDuration::from_mins(15);

// Instants of ours further in the future than this come from a clock that was ahead and count as now. A small
// step backwards must not do that, or the slot that was just served would be due again.
const CLOCK_STEP: SignedDuration = SignedDuration::from_hours(1);

/// What is known of one digest and recipient when asking whether it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// When the digest was first known for this recipient.
    pub known_at: Timestamp,
    /// [`Due::at`] of the last digest composed, or looked at and found to have nothing to tell.
    pub last_due: Option<Timestamp>,
    /// Only for [`Send::AtOnce`].
    pub at_once: AtOnce,
}

/// What a digest that goes at once is waiting with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AtOnce {
    /// When its last mail was composed.
    pub last_mail: Option<Timestamp>,
    /// Since when something waits to be told (the first pending match or trouble; for a recipient who never got a
    /// mail, `known_at`).
    pub waiting_since: Option<Timestamp>,
    /// The same of what came since `last_due`. What was there already could not be told then, be it that a story rests
    /// or that too few outlets tell it, and is looked at again every [`SPACING`].
    pub fresh_since: Option<Timestamp>,
}

/// A digest is due now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The moment it fell due, to be stored as the next `last_due`: the last slot that has passed; at once: now.
    pub at: Timestamp,
}

/// Whether the digest is due at `now`.
pub fn due(plan: &Plan, history: &History, now: Timestamp) -> Option<Due> {
    if !open(plan, now) {
        return None;
    }
    if plan.send == Send::AtOnce {
        return (gathered(history, now)? <= now).then_some(Due { at: now });
    }
    let slot = last_slot(plan, now)?;
    (slot > served(history, now)).then_some(Due { at: slot })
}

/// When the digest is due next, `now` if it already is. `None`: never, as far as is known now (nothing waits for a
/// digest that goes at once, or the plan allows no moment).
pub fn next(plan: &Plan, history: &History, now: Timestamp) -> Option<Timestamp> {
    if due(plan, history, now).is_some() {
        return Some(now);
    }
    let moment = match plan.send {
        Send::AtOnce => gathered(history, now)?,
        _ if last_slot(plan, now).is_some_and(|slot| slot > served(history, now)) => now,
        _ => next_slot(plan, served(history, now).max(now))?,
    };
    first_open(plan, moment.max(now))
}

/// The moment up to which slots are served. A digest first falls due after it was first known.
fn served(history: &History, now: Timestamp) -> Timestamp {
    sane(history.last_due.unwrap_or(history.known_at), now)
}

fn sane(instant: Timestamp, now: Timestamp) -> Timestamp {
    if instant.duration_since(now) > CLOCK_STEP {
        now
    } else {
        instant
    }
}

/// When a digest that goes at once has gathered for long enough and is far enough from its last mail.
fn gathered(history: &History, now: Timestamp) -> Option<Timestamp> {
    let AtOnce {
        last_mail,
        waiting_since,
        fresh_since,
    } = history.at_once;
    let after = |instant: Timestamp, time| sane(instant, now).saturating_add(time).ok();
    let gathered = |since| after(since, GATHERING);
    let ready = match (history.last_due, fresh_since) {
        (None, _) => gathered(waiting_since?)?,
        (Some(_), Some(fresh)) => gathered(fresh)?,
        (Some(looked), None) => waiting_since.and(after(looked, SPACING))?,
    };
    match last_mail {
        Some(mail) => Some(ready.max(after(mail, SPACING)?)),
        None => Some(ready),
    }
}
