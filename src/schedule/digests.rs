//! When a digest is next due.
//!
//! A plan names moments of local time ("slots"). A digest is due once a slot has passed that was not served yet,
//! at the first moment that `days` and `quiet` both allow; however many slots were missed, it is due once. Local
//! time is resolved so that a time that does not exist is the first moment after it, and one that happens twice
//! counts once.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// How long matches are gathered before a digest that goes at once.
pub const GATHERING: SignedDuration = SignedDuration::from_mins(2);

/// The least distance of two mails of a digest that goes at once.
pub const SPACING: SignedDuration = SignedDuration::from_mins(15);

// Instants of ours further in the future than this come from a clock that was ahead and count as now. A small
// step backwards must not do that, or the slot that was just served would be due again.
const CLOCK_STEP: SignedDuration = SignedDuration::from_hours(1);

// Longer than any hold: a week of one allowed day, and a zone that skips a day.
const HORIZON_DAYS: i64 = 16;

/// When one digest is sent: the `send`, `days`, `timezone` and `quiet` keys of `[[digest]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// At which moments.
    pub send: Send,
    /// On which local days it may be sent.
    pub days: Days,
    /// The zone that all local times count in.
    pub timezone: TimeZone,
    /// From and to, local: nothing is sent from the first until the second, which may lie on the next day.
    pub quiet: Option<(Time, Time)>,
}

/// The moments a plan names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Send {
    /// At these local times.
    At(Vec<Time>),
    /// At local midnight and every so long after it, between a minute and a day.
    Every(SignedDuration),
    /// As soon as something matches: gathered for [`GATHERING`], at most one mail in [`SPACING`].
    AtOnce,
}

/// A set of days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days(u8);

/// What is known of one digest and recipient when asking whether it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// When the digest was first known for this recipient.
    pub known_at: Timestamp,
    /// [`Due::at`] of the last digest composed.
    pub last_due: Option<Timestamp>,
    /// Only for [`Send::AtOnce`]: since when something waits to be told (the first pending match or trouble; for a
    /// recipient who never got a mail, `known_at`).
    pub waiting_since: Option<Timestamp>,
}

/// A digest is due now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The moment it fell due, to be stored as the next `last_due`: the last slot that has passed; at once: now.
    pub at: Timestamp,
}

impl Default for Plan {
    /// Daily at 07:00 UTC. The shell puts the system's zone in.
    fn default() -> Plan {
        Plan {
            send: Send::At(vec![Time::constant(7, 0, 0, 0)]),
            days: Days::ALL,
            timezone: TimeZone::UTC,
            quiet: None,
        }
    }
}

impl Days {
    /// Every day of the week.
    pub const ALL: Days = Days(0b111_1111);

    /// Whether `day` is one of them.
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & bit(day) != 0
    }

    /// The days of the set, Monday first.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        Weekday::Monday
            .cycle_forward()
            .take(7)
            .filter(move |day| self.contains(*day))
    }
}

impl FromIterator<Weekday> for Days {
    fn from_iter<I: IntoIterator<Item = Weekday>>(days: I) -> Days {
        Days(days.into_iter().fold(0, |set, day| set | bit(day)))
    }
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
        _ => next_slot(plan, now)?,
    };
    first_open(plan, moment.max(now))
}

/// The first moment of `zone` at which its clocks show `local` or later: a time that does not exist is the first
/// moment after the gap, of a time that happens twice the first counts.
pub fn moment(zone: &TimeZone, local: DateTime) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let gap = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
    let earlier = ambiguous.earlier().ok()?;
    if !gap {
        return Some(earlier);
    }
    // Read with the offset that holds after the gap, a time inside it lies before it.
    zone.following(earlier)
        .next()
        .map(|change| change.timestamp())
}

fn bit(day: Weekday) -> u8 {
    1 << day.to_monday_zero_offset()
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

/// When a digest that goes at once has gathered for long enough and is far enough from the last.
fn gathered(history: &History, now: Timestamp) -> Option<Timestamp> {
    let ready = sane(history.waiting_since?, now)
        .saturating_add(GATHERING)
        .ok()?;
    match history.last_due {
        Some(last) => Some(ready.max(sane(last, now).saturating_add(SPACING).ok()?)),
        None => Some(ready),
    }
}

fn open(plan: &Plan, at: Timestamp) -> bool {
    let local = plan.timezone.to_datetime(at);
    if !plan.days.contains(local.date().weekday()) {
        return false;
    }
    match plan.quiet {
        Some((from, to)) if from < to => !(from <= local.time() && local.time() < to),
        Some((from, to)) if from > to => to <= local.time() && local.time() < from,
        // From a time to itself is no time at all; the watchlist's check refuses it.
        _ => true,
    }
}

/// The first moment from `from` on that `days` and `quiet` both allow.
fn first_open(plan: &Plan, from: Timestamp) -> Option<Timestamp> {
    if open(plan, from) {
        return Some(from);
    }
    // It can only open at a local midnight, at the end of the quiet hours, or where the clocks change.
    let zone = &plan.timezone;
    let mut candidates = Vec::new();
    for date in dates(plan, from, 0..HORIZON_DAYS) {
        candidates.extend(moment(zone, date.to_datetime(Time::midnight())));
        if let Some((_, to)) = plan.quiet {
            let end = date.to_datetime(to);
            candidates.extend(moment(zone, end));
            candidates.extend(zone.to_ambiguous_timestamp(end).later());
        }
    }
    let horizon = from
        .saturating_add(SignedDuration::from_hours(24 * HORIZON_DAYS))
        .ok()?;
    candidates.extend(
        zone.following(from)
            .map(|change| change.timestamp())
            .take_while(|at| *at < horizon),
    );
    candidates
        .into_iter()
        .filter(|at| *at >= from && open(plan, *at))
        .min()
}

fn last_slot(plan: &Plan, now: Timestamp) -> Option<Timestamp> {
    // Backwards, for the last is usually today's or yesterday's.
    dates(plan, now, -HORIZON_DAYS..2)
        .rev()
        .find_map(|date| slots(plan, date).filter(|slot| *slot <= now).max())
}

fn next_slot(plan: &Plan, after: Timestamp) -> Option<Timestamp> {
    dates(plan, after, -1..HORIZON_DAYS)
        .find_map(|date| slots(plan, date).filter(|slot| *slot > after).min())
}

/// The local dates at these distances in days from the date of `at`.
fn dates(
    plan: &Plan,
    at: Timestamp,
    days: std::ops::Range<i64>,
) -> impl DoubleEndedIterator<Item = Date> {
    let today = plan.timezone.to_datetime(at).date();
    days.filter_map(move |distance| {
        today
            .checked_add(SignedDuration::from_hours(24 * distance))
            .ok()
    })
}

/// The slots of one local date. A date outside `days` has none: who wants mail at 07:00 from Monday to Friday does
/// not want Saturday's at midnight before Monday.
fn slots(plan: &Plan, date: Date) -> impl Iterator<Item = Timestamp> {
    let local: Vec<Timestamp> = match &plan.send {
        _ if !plan.days.contains(date.weekday()) => Vec::new(),
        Send::At(times) => times
            .iter()
            .filter_map(|time| moment(&plan.timezone, date.to_datetime(*time)))
            .collect(),
        Send::Every(every) => every_from_midnight(plan, date, *every).unwrap_or_default(),
        Send::AtOnce => Vec::new(),
    };
    local.into_iter()
}

/// Real time from the first moment of the day, so that an interval keeps its length when the clocks change; the
/// last one is cut short by the next midnight.
fn every_from_midnight(plan: &Plan, date: Date, every: SignedDuration) -> Option<Vec<Timestamp>> {
    let every = every.max(SignedDuration::from_mins(1));
    let start = moment(&plan.timezone, date.to_datetime(Time::midnight()))?;
    let end = moment(
        &plan.timezone,
        date.tomorrow().ok()?.to_datetime(Time::midnight()),
    )?;
    let slots = std::iter::successors(Some(start), |slot| slot.checked_add(every).ok());
    Some(slots.take_while(|slot| *slot < end).collect())
}
