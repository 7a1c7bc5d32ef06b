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
        _ => next_slot(plan, served(history, now).max(now))?,
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    fn time(hour: i8, minute: i8) -> Time {
        Time::constant(hour, minute, 0, 0)
    }

    fn plan(zone: &str, send: Send) -> Plan {
        Plan {
            send,
            timezone: TimeZone::get(zone).expect("a zone"),
            ..Plan::default()
        }
    }

    fn daily(zone: &str, hour: i8, minute: i8) -> Plan {
        plan(zone, Send::At(vec![time(hour, minute)]))
    }

    fn known(text: &str) -> History {
        History {
            known_at: at(text),
            last_due: None,
            at_once: AtOnce::default(),
        }
    }

    fn weekdays() -> Days {
        Weekday::Monday.cycle_forward().take(5).collect()
    }

    /// Runs a daemon from `from` for so many days: it sleeps until the next due moment each time. Gives the local times
    /// of sending.
    fn run(plan: &Plan, from: &str, days: i64) -> Vec<String> {
        let mut history = known(from);
        let mut now = history.known_at;
        let end = now + SignedDuration::from_hours(24 * days);
        let mut sent = Vec::new();
        while let Some(due_at) = next(plan, &history, now).filter(|at| *at < end) {
            assert!(due_at >= now, "the next moment lies behind");
            assert_eq!(
                due(plan, &history, due_at - SignedDuration::from_secs(1)).filter(|_| due_at > now),
                None
            );
            let due = due(plan, &history, due_at).expect("due at the moment that was named");
            sent.push(
                due_at
                    .to_zoned_datetime(plan.timezone.clone())
                    .strftime("%a %d %H:%M %:z")
                    .to_string(),
            );
            history.last_due = Some(due.at);
            now = due_at;
        }
        sent
    }

    #[track_caller]
    fn check(plan: &Plan, from: &str, days: i64, sent: &[&str]) {
        assert_eq!(run(plan, from, days), sent);
    }

    #[test]
    fn a_new_digest_first_goes_at_its_next_time() {
        check(
            &daily("Europe/Berlin", 7, 0),
            "2026-11-23T06:00:00Z",
            2,
            &["Tue 24 07:00 +01:00"],
        );
        check(
            &daily("Europe/Berlin", 7, 0),
            "2026-11-23T05:59:59Z",
            1,
            &["Mon 23 07:00 +01:00"],
        );
    }

    #[test]
    fn a_time_that_does_not_exist_is_the_first_moment_after() {
        check(
            &daily("Europe/Berlin", 2, 30),
            "2026-03-28T12:00:00Z",
            2,
            &["Sun 29 03:00 +02:00", "Mon 30 02:30 +02:00"],
        );
        check(
            &daily("America/New_York", 2, 30),
            "2026-03-07T12:00:00Z",
            2,
            &["Sun 08 03:00 -04:00", "Mon 09 02:30 -04:00"],
        );
        check(
            &daily("Australia/Lord_Howe", 2, 15),
            "2026-10-03T12:00:00Z",
            2,
            &["Sun 04 02:30 +11:00", "Mon 05 02:15 +11:00"],
        );
        // Morocco goes back to summer time after Ramadan.
        check(
            &daily("Africa/Casablanca", 2, 30),
            "2026-03-21T12:00:00Z",
            2,
            &["Sun 22 03:00 +01:00", "Mon 23 02:30 +01:00"],
        );
    }

    #[test]
    fn a_time_that_happens_twice_counts_once() {
        check(
            &daily("Europe/Berlin", 2, 30),
            "2026-10-24T12:00:00Z",
            2,
            &["Sun 25 02:30 +02:00", "Mon 26 02:30 +01:00"],
        );
        check(
            &daily("America/New_York", 1, 30),
            "2026-10-31T12:00:00Z",
            2,
            &["Sun 01 01:30 -04:00", "Mon 02 01:30 -05:00"],
        );
        check(
            &daily("Australia/Lord_Howe", 1, 45),
            "2026-04-04T12:00:00Z",
            2,
            &["Sun 05 01:45 +11:00", "Mon 06 01:45 +10:30"],
        );
        check(
            &daily("Africa/Casablanca", 2, 30),
            "2026-02-14T12:00:00Z",
            2,
            &["Sun 15 02:30 +01:00", "Mon 16 02:30 +00:00"],
        );
    }

    #[test]
    fn two_times_that_one_change_makes_the_same_are_one() {
        let plan = plan(
            "Europe/Berlin",
            Send::At(vec![time(2, 0), time(2, 30), time(3, 0)]),
        );
        check(&plan, "2026-03-28T23:00:00Z", 1, &["Sun 29 03:00 +02:00"]);
    }

    #[test]
    fn an_interval_counts_from_local_midnight() {
        check(
            &plan("Europe/Berlin", Send::Every(SignedDuration::from_hours(7))),
            "2026-11-23T06:00:00Z",
            1,
            &[
                "Mon 23 14:00 +01:00",
                "Mon 23 21:00 +01:00",
                "Tue 24 00:00 +01:00",
            ],
        );
    }

    #[test]
    fn an_interval_keeps_its_length_when_the_clocks_change() {
        let hourly = plan("Europe/Berlin", Send::Every(SignedDuration::from_hours(1)));
        assert_eq!(run(&hourly, "2026-10-24T21:59:59Z", 1).len(), 24);
        check(
            &plan("Europe/Berlin", Send::Every(SignedDuration::from_hours(6))),
            "2026-10-24T22:00:00Z",
            1,
            &[
                "Sun 25 05:00 +01:00",
                "Sun 25 11:00 +01:00",
                "Sun 25 17:00 +01:00",
            ],
        );
    }

    #[test]
    fn a_month_of_downtime_owes_one_digest() {
        let plan = plan("Europe/Berlin", Send::At(vec![time(7, 0), time(18, 0)]));
        let mut history = known("2026-10-20T12:00:00Z");
        history.last_due = Some(at("2026-10-20T16:00:00Z"));
        let now = at("2026-11-23T09:30:00Z");
        assert_eq!(next(&plan, &history, now), Some(now));
        let owed = due(&plan, &history, now).expect("it was missed");
        assert_eq!(owed.at, at("2026-11-23T06:00:00Z"));
        history.last_due = Some(owed.at);
        assert_eq!(due(&plan, &history, now), None);
        assert_eq!(next(&plan, &history, now), Some(at("2026-11-23T17:00:00Z")));
    }

    #[test]
    fn a_clock_that_was_a_day_ahead_silences_nothing() {
        let plan = daily("Europe/Berlin", 7, 0);
        let mut history = known("2026-11-01T12:00:00Z");
        history.last_due = Some(at("2026-11-24T06:00:00Z"));
        let now = at("2026-11-23T05:00:00Z");
        assert_eq!(due(&plan, &history, now), None);
        assert_eq!(next(&plan, &history, now), Some(at("2026-11-23T06:00:00Z")));
    }

    #[test]
    fn a_small_step_backwards_repeats_nothing() {
        let plan = daily("Europe/Berlin", 7, 0);
        let mut history = known("2026-11-01T12:00:00Z");
        history.last_due = Some(at("2026-11-23T06:00:00Z"));
        assert_eq!(
            next(&plan, &history, at("2026-11-23T05:59:40Z")),
            Some(at("2026-11-24T06:00:00Z"))
        );
    }

    #[test]
    fn days_without_sending_have_no_slots() {
        let mut plan = daily("Europe/Berlin", 7, 0);
        plan.days = weekdays();
        check(
            &plan,
            "2026-11-20T05:00:00Z",
            4,
            &["Fri 20 07:00 +01:00", "Mon 23 07:00 +01:00"],
        );
    }

    #[test]
    fn what_falls_into_quiet_hours_goes_at_their_end() {
        let mut plan = plan("Europe/Berlin", Send::At(vec![time(6, 0), time(23, 0)]));
        plan.quiet = Some((time(22, 0), time(6, 30)));
        check(
            &plan,
            "2026-11-23T12:00:00Z",
            2,
            &["Tue 24 06:30 +01:00", "Wed 25 06:30 +01:00"],
        );
    }

    #[test]
    fn quiet_hours_that_end_in_a_gap_end_with_it() {
        let mut plan = daily("Europe/Berlin", 1, 0);
        plan.quiet = Some((time(0, 30), time(2, 30)));
        check(&plan, "2026-03-28T12:00:00Z", 1, &["Sun 29 03:00 +02:00"]);
    }

    #[test]
    fn a_late_friday_waits_for_monday() {
        let mut plan = plan("Europe/Berlin", Send::AtOnce);
        plan.days = weekdays();
        plan.quiet = Some((time(22, 0), time(6, 30)));
        let mut history = known("2026-11-01T00:00:00Z");
        history.at_once.waiting_since = Some(at("2026-11-20T22:00:00Z"));
        let now = at("2026-11-20T22:03:00Z");
        assert_eq!(due(&plan, &history, now), None);
        assert_eq!(next(&plan, &history, now), Some(at("2026-11-23T05:30:00Z")));
    }

    #[test]
    fn at_once_gathers_and_keeps_its_distance() {
        let plan = plan("Europe/Berlin", Send::AtOnce);
        let mut history = known("2026-11-01T00:00:00Z");
        let now = at("2026-11-23T12:00:00Z");
        assert_eq!(next(&plan, &history, now), None);
        history.at_once.waiting_since = Some(now);
        assert_eq!(next(&plan, &history, now), Some(at("2026-11-23T12:02:00Z")));
        assert_eq!(due(&plan, &history, at("2026-11-23T12:01:59Z")), None);
        let sent = due(&plan, &history, at("2026-11-23T12:02:03Z")).expect("gathered");
        assert_eq!(sent.at, at("2026-11-23T12:02:03Z"));
        history.last_due = Some(sent.at);
        history.at_once = AtOnce {
            last_mail: Some(sent.at),
            waiting_since: Some(at("2026-11-23T12:03:00Z")),
            fresh_since: Some(at("2026-11-23T12:03:00Z")),
        };
        assert_eq!(
            next(&plan, &history, at("2026-11-23T12:04:00Z")),
            Some(at("2026-11-23T12:17:03Z"))
        );
    }

    #[test]
    fn what_must_wait_does_not_hold_up_what_need_not() {
        let plan = plan("Europe/Berlin", Send::AtOnce);
        let mut history = known("2026-11-01T00:00:00Z");
        let looked = at("2026-11-23T12:00:00Z");
        history.last_due = Some(looked);
        history.at_once.waiting_since = Some(at("2026-11-23T09:00:00Z"));
        let again = Some(at("2026-11-23T12:15:00Z"));
        assert_eq!(next(&plan, &history, looked), again);
        history.at_once.fresh_since = Some(at("2026-11-23T12:01:00Z"));
        let soon = Some(at("2026-11-23T12:03:00Z"));
        assert_eq!(next(&plan, &history, looked), soon);
        history.at_once.last_mail = Some(at("2026-11-23T11:55:00Z"));
        let apart = Some(at("2026-11-23T12:10:00Z"));
        assert_eq!(next(&plan, &history, looked), apart);
    }

    #[test]
    fn a_plan_that_allows_nothing_is_never_due() {
        let mut plan = daily("Europe/Berlin", 7, 0);
        plan.days = [].into_iter().collect();
        assert_eq!(
            next(
                &plan,
                &known("2026-11-01T00:00:00Z"),
                at("2026-11-23T12:00:00Z")
            ),
            None
        );
    }

    const ZONES: [&str; 8] = [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "America/St_Johns",
        "Asia/Kathmandu",
        "Pacific/Apia",
        "UTC",
    ];

    proptest! {
        /// Whatever the plan, the moment that `next` names is the first at which `due` agrees, and serving it ends it.
        #[test]
        fn next_is_the_first_moment_that_is_due(
            zone in 0..ZONES.len(),
            times in prop::collection::vec((0..24i8, 0..60i8), 1..4),
            every in prop::option::of(1..1_440i64),
            days in 1..128u8,
            quiet in prop::option::of(((0..24i8, 0..60i8), (0..24i8, 0..60i8))),
            start in 1_740_000_000..1_900_000_000i64,
            minutes in 0..50_000i64,
        ) {
            let times = times.into_iter().map(|(hour, minute)| time(hour, minute)).collect();
            let plan = Plan {
                send: every.map_or(Send::At(times), |every| Send::Every(SignedDuration::from_mins(every))),
                days: Days(days),
                timezone: TimeZone::get(ZONES[zone]).expect("a zone"),
                quiet: quiet.map(|(from, to)| (time(from.0, from.1), time(to.0, to.1))),
            };
            let known_at = Timestamp::from_second(start).expect("a timestamp");
            let now = known_at + SignedDuration::from_mins(minutes);
            let mut history = History { known_at, last_due: None, at_once: AtOnce::default() };
            let Some(moment) = next(&plan, &history, now) else {
                // Quiet from one midnight to a minute before the next, on a single day, may leave nothing.
                return Ok(());
            };
            prop_assert!(moment >= now);
            let due_then = due(&plan, &history, moment);
            prop_assert!(due_then.is_some());
            for step in 1..40 {
                let before = moment - SignedDuration::from_mins(step * step);
                prop_assert!(before < now || due(&plan, &history, before).is_none(), "due at {before}, before {moment}");
            }
            history.last_due = due_then.map(|due| due.at);
            prop_assert!(due(&plan, &history, moment).is_none());
        }
    }
}
