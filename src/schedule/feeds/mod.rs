//! When a feed is next due.
//!
//! Our own wish is half the feed's rhythm, or a tenth of its silence; the server's hints can only make it later.
//! Failures back off, refusals are obeyed, and nothing is ever given up.

mod crowd;
pub mod hints;
mod redirects;

use std::hash::Hasher;

use jiff::{SignedDuration, Timestamp};
use siphasher::sip::SipHasher13;

pub use self::crowd::{Contact, HOSTS, own_network_down, spread};
pub use self::redirects::{adopts, led_on, moved};
use crate::model::{FeedId, FeedState};

/// `[poll]` of the watchlist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Never sooner by our own choice.
    pub fastest: SignedDuration,
    /// Never later by our own choice.
    pub slowest: SignedDuration,
}

/// Whom a server's wish to be left alone covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All feeds of the registrable domain that answered.
    Domain,
    /// This feed.
    Feed,
}

/// What one poll came to, as far as the next one depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polled {
    /// A document that is a feed.
    Read {
        /// The longest of the answer's freshness and the feed's own `ttl`; to be kept as `FeedState::hint`.
        hint: Option<SignedDuration>,
        /// Nothing of the last document was left.
        gap: bool,
    },
    /// 304.
    Unchanged {
        /// The same; that of the last document, if the answer says nothing of it.
        hint: Option<SignedDuration>,
    },
    /// 429, or another refusal that names a time.
    Throttled {
        /// What it asked for.
        wait: Option<SignedDuration>,
        /// Whom it meant.
        scope: Scope,
    },
    /// 410.
    Gone,
    /// Anything else, a page that is no feed included.
    Failed,
}

/// When to ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// By our own schedule; never before `hold_until`.
    pub next_at: Timestamp,
    /// By the server's wish: nobody asks earlier. Of `Scope::Domain` it holds for every feed of the domain.
    pub hold_until: Option<Timestamp>,
}

/// What to write into `FeedState::error` for a 410; the schedule knows the second in a row by it.
pub const GONE: &str = "HTTP 410 (gone)";

/// A feed whose rhythm is unknown is asked this often.
const HOURLY: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How long a server's hint is believed at most.
pub const LONGEST_HINT: SignedDuration = DAY;
/// How long back-off grows.
const LONGEST: SignedDuration = DAY;
/// The first step of back-off.
const BACK_OFF: SignedDuration = SignedDuration::from_mins(30);
/// A 429 that names no time.
const UNTOLD_WAIT: SignedDuration = SignedDuration::from_hours(4);
/// A 410 is asked once more after a day, then in this distance.
const MONTH: SignedDuration = SignedDuration::from_hours(30 * 24);
/// After this time of 304 only, a server that validates wrongly gets the chance to send a document.
const TRUST_IN_304: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Dates before this year are mistakes.
const YEAR_1995: i64 = 788_918_400;

/// When to ask the feed again after this poll.
///
/// `state` is the feed as it was before this poll (`failures`, `error`, `hint`), except for what a document has just
/// taught: `rhythm`, `last_new_at`, `skip_hours`, `skip_days`. `every` is the feed's own interval, if declared.
pub fn next_after(
    polled: &Polled,
    state: &FeedState,
    settings: &Settings,
    every: Option<SignedDuration>,
    now: Timestamp,
) -> Next {
    let base = base(state, settings, every, now);
    let interval = match *polled {
        Polled::Read { hint, gap: false } => respectful(base, hint, every),
        Polled::Read { hint, gap: true } => {
            respectful(shortened(base, settings, every), hint, every)
        }
        Polled::Unchanged { hint } => respectful(base, hint, every),
        Polled::Failed | Polled::Throttled { .. } => base.max(back_off(state.failures)),
        Polled::Gone if state.error.as_deref() == Some(GONE) => base.max(MONTH),
        Polled::Gone => base.max(DAY),
    };
    let asked = match *polled {
        Polled::Throttled {
            wait: None,
            scope: Scope::Feed,
        } => None,
        Polled::Throttled { wait, .. } => Some(held_until(wait, now)),
        _ => None,
    };
    // Another feed of the domain may have been told to wait meanwhile.
    let standing = state.hold_until.filter(|&until| until > now);
    let hold_until = asked.max(standing);

    let due = later(now, interval);
    let jitter = share(state.id, due);
    let due = later(due, interval.mul_f64(0.10 * jitter));
    let due = hold_until.map_or(due, |until| due.max(until));
    Next {
        next_at: past_skipped(state, due, jitter),
        hold_until,
    }
}

/// How long a 429 holds that named this time, or none.
pub fn held_until(wait: Option<SignedDuration>, now: Timestamp) -> Timestamp {
    later(now, wait.unwrap_or(UNTOLD_WAIT).min(hints::LONGEST_WAIT))
}

/// When to ask a feed that was not asked because its domain, or one that it leads to, wants to be left alone.
pub fn put_off(state: &FeedState, until: Timestamp) -> Next {
    let until = state.hold_until.map_or(until, |own| own.max(until));
    let jitter = share(state.id, until);
    Next {
        next_at: past_skipped(state, until, jitter),
        hold_until: Some(until),
    }
}

/// The median distance of the last 20 dates, in any order; `None` from fewer than two.
///
/// Dates before 1995 are left out. The caller leaves out those of the future, and puts first-seen where dates are missing.
pub fn rhythm(dates: &[Timestamp]) -> Option<SignedDuration> {
    const LAST: usize = 20;

    let mut seconds: Vec<i64> = dates.iter().map(|date| date.as_second()).collect();
    seconds.retain(|&second| second >= YEAR_1995);
    seconds.sort_unstable_by(|a, b| b.cmp(a));
    seconds.truncate(LAST);

    let mut gaps: Vec<i64> = seconds.windows(2).map(|pair| pair[0] - pair[1]).collect();
    gaps.sort_unstable();
    let above = *gaps.get(gaps.len() / 2)?;
    let below = *gaps.get((gaps.len() - 1) / 2)?;
    Some(SignedDuration::from_secs((above + below) / 2))
}

/// Whether the next request should carry validators: after 14 days of 304 only, one asks for the whole document; and where
/// a server may have refused just what is conditional, every other one does.
pub fn send_validators(state: &FeedState, now: Timestamp) -> bool {
    let is_trusted = state
        .full_at
        .is_some_and(|full_at| now.duration_since(full_at) < TRUST_IN_304);
    let may_go_without = !state.failures.is_multiple_of(2) && may_refuse_validators(state);
    is_trusted && !may_go_without
}

/// Some servers fail a precondition (412), or take no long header (400, 431); others break at them, which is not believed
/// before the third time. Who was busy, or away, gets back what he gave us.
fn may_refuse_validators(state: &FeedState) -> bool {
    const REFUSALS: [&str; 3] = ["HTTP 412", "HTTP 400", "HTTP 431"];
    const FAULTS: [&str; 2] = ["HTTP 500", "HTTP 403"];

    let Some(error) = state.error.as_deref() else {
        return false;
    };
    let is_one_of = |said: &[&str]| said.iter().any(|said| error.starts_with(said));
    is_one_of(&REFUSALS) || state.failures >= 3 && is_one_of(&FAULTS)
}

/// Mends instants that no legal schedule can have produced, as after a clock that was ahead: they become `now`.
pub fn clamp(
    state: &mut FeedState,
    settings: &Settings,
    every: Option<SignedDuration>,
    now: Timestamp,
) {
    let own = every
        .unwrap_or(settings.slowest)
        .max(settings.fastest)
        .max(LONGEST);
    let gone = state.error.as_deref() == Some(GONE);
    let interval = if gone { own.max(MONTH) } else { own };
    let skips = state.skip_hours != 0 || state.skip_days != 0;
    let skipped = if skips { DAY * 8 } else { SignedDuration::ZERO };

    let longest_hold = later(now, hints::LONGEST_HOLD);
    state.hold_until = state.hold_until.filter(|&until| until <= longest_hold);
    let latest = later(now, interval.mul_f64(1.10).saturating_add(skipped));
    let latest = state
        .hold_until
        .map_or(latest, |until| latest.max(later(until, skipped)));
    if state.next_at > latest {
        state.next_at = now;
    }

    let observed = [
        &mut state.first_read_at,
        &mut state.last_ok_at,
        &mut state.last_new_at,
        &mut state.failing_since,
        &mut state.full_at,
    ];
    for instant in observed.into_iter().flatten() {
        *instant = (*instant).min(now);
    }
    if let Some(moved) = &mut state.moved {
        moved.since = moved.since.min(now);
    }
}

/// Makes an edited watchlist take effect on a feed that waits by the one before: it waits no longer than its interval of
/// now, and one that fails is asked at once if the `way` to it was edited. A server's own wish stands.
pub fn edited(
    state: &mut FeedState,
    settings: &Settings,
    every: Option<SignedDuration>,
    way: bool,
    now: Timestamp,
) {
    let fails = state.failures > 0;
    let interval = match (fails, way) {
        (true, true) => SignedDuration::ZERO,
        (true, false) => return,
        (false, _) => {
            let own = every.unwrap_or(settings.slowest).max(settings.fastest);
            respectful(own, state.hint, every)
        }
    };
    let latest = later(now, interval.mul_f64(1.10));
    let latest = state.hold_until.map_or(latest, |until| latest.max(until));
    let latest = past_skipped(state, latest, 1.0);
    // What is due already keeps its turn.
    state.next_at = state.next_at.min(latest.max(now));
}

/// The first instant from `at` on that skipHours and skipDays allow; masks that forbid every hour or day count as empty.
///
/// Bit h of `skip_hours` is hour h, bit d of `skip_days` is day d from Monday on, both GMT.
pub fn allowed(skip_hours: u32, skip_days: u8, at: Timestamp) -> Timestamp {
    const ALL_HOURS: u32 = (1 << 24) - 1;
    const ALL_DAYS: u8 = (1 << 7) - 1;

    let hours = if skip_hours & ALL_HOURS == ALL_HOURS {
        0
    } else {
        skip_hours
    };
    let days = if skip_days & ALL_DAYS == ALL_DAYS {
        0
    } else {
        skip_days
    };
    let first = at.as_second().div_euclid(3600);
    let open = |&hour: &i64| {
        // 1 January 1970 was a Thursday.
        let day = (hour.div_euclid(24) + 3).rem_euclid(7);
        hours >> hour.rem_euclid(24) & 1 == 0 && days >> day & 1 == 0
    };
    match (first..first + 8 * 24).find(open) {
        Some(hour) if hour > first => Timestamp::from_second(hour * 3600).unwrap_or(at),
        _ => at,
    }
}

/// Our own interval: the declared one, or what the feed's rhythm and its silence suggest.
fn base(
    state: &FeedState,
    settings: &Settings,
    every: Option<SignedDuration>,
    now: Timestamp,
) -> SignedDuration {
    if let Some(every) = every {
        return every;
    }
    let idle = state
        .last_new_at
        .or(state.first_read_at)
        .map_or(SignedDuration::ZERO, |last| now.duration_since(last));
    let wanted = state.rhythm.map_or(HOURLY, |gap| gap / 2).max(idle / 10);
    wanted.min(settings.slowest).max(settings.fastest)
}

/// After a gap: half of our own interval, so that the next document overlaps with this one.
fn shortened(
    base: SignedDuration,
    settings: &Settings,
    every: Option<SignedDuration>,
) -> SignedDuration {
    if every.is_some() {
        return base;
    }
    (base / 2).max(settings.fastest)
}

/// Not before the server's answer may have changed, unless the watchlist has decided.
fn respectful(
    base: SignedDuration,
    hint: Option<SignedDuration>,
    every: Option<SignedDuration>,
) -> SignedDuration {
    match hint {
        Some(hint) if every.is_none() => base.max(hint.min(LONGEST_HINT)),
        _ => base,
    }
}

/// Doubles from half an hour to a day with each failure in a row.
fn back_off(failures_before: u32) -> SignedDuration {
    // 30 minutes doubled six times are over a day.
    let doublings = failures_before.min(6);
    (BACK_OFF * (1 << doublings)).min(LONGEST)
}

fn past_skipped(state: &FeedState, due: Timestamp, jitter: f64) -> Timestamp {
    let open = allowed(state.skip_hours, state.skip_days, due);
    if open == due {
        return due;
    }
    // All feeds with the same hours would come at once on the stroke of the hour.
    later(open, SignedDuration::from_mins(6).mul_f64(jitter))
}

/// `at + duration` in whole seconds, rounded up, since the store keeps whole seconds and a hold must not end early.
fn later(at: Timestamp, duration: SignedDuration) -> Timestamp {
    let sum = at.saturating_add(duration).unwrap_or(Timestamp::MAX);
    if sum.subsec_nanosecond() == 0 {
        return sum;
    }
    Timestamp::from_second(sum.as_second() + 1).unwrap_or(Timestamp::MAX)
}

/// A number from 0 up to 1 that looks like chance and is the same for the same feed and instant.
fn share(feed: FeedId, at: Timestamp) -> f64 {
    let mut hasher = SipHasher13::new();
    hasher.write_i64(feed.0);
    hasher.write_i64(at.as_second());
    // 53 bits are what an f64 holds exactly.
    (hasher.finish() >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests;
