//! The moments that a plan names and allows.
//!
//! Local time is resolved so that a time that does not exist is the first moment after it, and one that happens twice
//! counts once.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::{Plan, Send};

// Longer than any hold: a week of one allowed day, and a zone that skips a day.
const HORIZON_DAYS: i64 = 16;

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

/// Whether `days` and `quiet` allow sending at this moment.
pub(super) fn open(plan: &Plan, at: Timestamp) -> bool {
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
pub(super) fn first_open(plan: &Plan, from: Timestamp) -> Option<Timestamp> {
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

/// The last slot that has passed.
pub(super) fn last_slot(plan: &Plan, now: Timestamp) -> Option<Timestamp> {
    // Backwards, for the last is usually today's or yesterday's.
    dates(plan, now, -HORIZON_DAYS..2)
        .rev()
        .find_map(|date| slots(plan, date).filter(|slot| *slot <= now).max())
}

/// The first slot after this moment.
pub(super) fn next_slot(plan: &Plan, after: Timestamp) -> Option<Timestamp> {
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
