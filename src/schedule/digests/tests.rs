//! Days and weeks of plans, in zones whose clocks change.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

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
            days: Days::ALL.iter().filter(|day| days & (1 << day.to_monday_zero_offset()) != 0).collect(),
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
