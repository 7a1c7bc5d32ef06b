use proptest::prelude::*;

use super::*;
use crate::model::Moved;

const SETTINGS: Settings = Settings {
    fastest: SignedDuration::from_mins(30),
    slowest: SignedDuration::from_hours(24),
};

/// Wednesday 25 November 2026, 12:00 GMT.
fn noon() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().expect("valid")
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// A feed that was read an hour ago, had news then, and has no rhythm yet.
fn feed() -> FeedState {
    let hour_ago = noon() - minutes(60);
    FeedState {
        id: FeedId(7),
        url: "https://example.org/feed".to_owned(),
        name: "Example".to_owned(),
        added_at: hour_ago,
        title: None,
        channel_link: None,
        first_read_at: Some(hour_ago),
        last_ok_at: Some(hour_ago),
        last_new_at: Some(hour_ago),
        failing_since: None,
        failures: 0,
        error: None,
        validators: None,
        full_at: Some(hour_ago),
        body_hash: None,
        next_at: noon(),
        hold_until: None,
        hint: None,
        ttl: None,
        rhythm: None,
        skip_hours: 0,
        skip_days: 0,
        moved: None,
        guids: 0,
        guids_volatile: 0,
        fragment_counts: false,
        oddities: 0,
    }
}

const READ: Polled = Polled::Read {
    hint: None,
    gap: false,
};

fn read(hint: i64) -> Polled {
    let hint = Some(minutes(hint));
    Polled::Read { hint, gap: false }
}

fn told(wait: i64) -> Polled {
    let wait = Some(minutes(wait));
    Polled::Throttled {
        wait,
        scope: Scope::Domain,
    }
}

/// The next poll comes after `expected` minutes or up to a tenth later.
#[track_caller]
fn check(polled: Polled, state: &FeedState, every: Option<i64>, expected: i64) -> Next {
    let next = next_after(&polled, state, &SETTINGS, every.map(minutes), noon());
    let distance = next.next_at.duration_since(noon());
    let (least, most) = (minutes(expected), minutes(expected).mul_f64(1.1));
    assert!(
        distance >= least && distance <= most + SignedDuration::from_secs(2),
        "{distance:#} is not {least:#} to {most:#}"
    );
    next
}

#[test]
fn a_new_feed_is_asked_hourly() {
    check(READ, &feed(), None, 60);
}

#[test]
fn the_interval_is_half_the_rhythm_between_fastest_and_slowest() {
    for (rhythm, expected) in [(0, 30), (40, 30), (240, 120), (100 * 60, 24 * 60)] {
        let state = FeedState {
            rhythm: Some(minutes(rhythm)),
            ..feed()
        };
        check(READ, &state, None, expected);
    }
}

#[test]
fn a_silent_feed_is_asked_after_a_tenth_of_its_silence() {
    let last_new_at = Some(noon() - minutes(50 * 60));
    let state = FeedState {
        rhythm: Some(minutes(60)),
        last_new_at,
        ..feed()
    };
    check(READ, &state, None, 300);
}

#[test]
fn the_servers_freshness_makes_it_later_but_never_sooner_and_never_over_a_day() {
    check(read(5), &feed(), None, 60);
    check(read(180), &feed(), None, 180);
    check(read(365 * 24 * 60), &feed(), None, 24 * 60);
}

#[test]
fn the_freshness_of_before_does_not_outlive_an_answer() {
    let state = FeedState {
        hint: Some(minutes(180)),
        ..feed()
    };
    for hint in [None, Some(minutes(90))] {
        let interval = if hint.is_some() { 90 } else { 60 };
        check(Polled::Unchanged { hint }, &state, None, interval);
    }
    check(READ, &state, None, 60);
}

#[test]
fn a_declared_interval_replaces_our_choice_and_the_servers_hint() {
    check(read(180), &feed(), Some(15), 15);
    check(read(180), &feed(), Some(3 * 24 * 60), 3 * 24 * 60);
}

#[test]
fn a_declared_interval_yields_to_back_off_and_to_retry_after() {
    let state = FeedState {
        failures: 3,
        ..feed()
    };
    check(Polled::Failed, &state, Some(15), 240);
    check(told(600), &feed(), Some(15), 600);
}

#[test]
fn failures_back_off_by_doubling_up_to_a_day() {
    for (failures, expected) in [
        (0, 60),
        (1, 60),
        (2, 120),
        (3, 240),
        (5, 960),
        (6, 1440),
        (4_000_000_000, 1440),
    ] {
        let state = FeedState { failures, ..feed() };
        check(Polled::Failed, &state, None, expected);
    }
    let state = FeedState {
        failures: 9,
        ..feed()
    };
    check(Polled::Failed, &state, Some(7 * 24 * 60), 7 * 24 * 60);
}

#[test]
fn a_gap_halves_the_interval() {
    let state = FeedState {
        rhythm: Some(minutes(480)),
        ..feed()
    };
    check(
        Polled::Read {
            hint: None,
            gap: true,
        },
        &state,
        None,
        120,
    );
}

#[test]
fn retry_after_is_a_hold_that_the_next_poll_respects() {
    let next = check(told(300), &feed(), None, 300);
    assert_eq!(next.hold_until, Some(noon() + minutes(300)));
    let next = check(told(1), &feed(), None, 60);
    assert_eq!(next.hold_until, Some(noon() + minutes(1)));
}

#[test]
fn retry_after_is_believed_for_seven_days_at_most() {
    let next = check(told(1_000_000), &feed(), None, 7 * 24 * 60);
    assert_eq!(next.hold_until, Some(noon() + minutes(7 * 24 * 60)));
}

#[test]
fn a_429_that_names_no_time_holds_the_domain_for_four_hours() {
    let next = check(
        Polled::Throttled {
            wait: None,
            scope: Scope::Domain,
        },
        &feed(),
        None,
        240,
    );
    assert_eq!(next.hold_until, Some(noon() + minutes(240)));
    let next = check(
        Polled::Throttled {
            wait: None,
            scope: Scope::Feed,
        },
        &feed(),
        None,
        60,
    );
    assert_eq!(next.hold_until, None);
}

#[test]
fn a_standing_hold_of_the_domain_is_not_shortened() {
    let until = noon() + minutes(500);
    let state = FeedState {
        hold_until: Some(until),
        ..feed()
    };
    let next = check(READ, &state, None, 500);
    assert_eq!(next.hold_until, Some(until));
    let state = FeedState {
        hold_until: Some(noon() - minutes(5)),
        ..feed()
    };
    assert_eq!(check(READ, &state, None, 60).hold_until, None);
}

#[test]
fn a_feed_that_is_gone_is_asked_after_a_day_then_monthly() {
    check(Polled::Gone, &feed(), None, 24 * 60);
    let failing = FeedState {
        failures: 5,
        error: Some("HTTP 404 (not found)".to_owned()),
        ..feed()
    };
    check(Polled::Gone, &failing, None, 24 * 60);
    let gone = FeedState {
        failures: 6,
        error: Some(GONE.to_owned()),
        ..feed()
    };
    check(Polled::Gone, &gone, None, 30 * 24 * 60);
}

#[test]
fn the_same_poll_gives_the_same_time_and_feeds_differ() {
    let at = |id: i64| {
        next_after(
            &READ,
            &FeedState {
                id: FeedId(id),
                ..feed()
            },
            &SETTINGS,
            None,
            noon(),
        )
    };
    assert_eq!(at(1), at(1));
    let distinct: std::collections::HashSet<_> = (0..100).map(|id| at(id).next_at).collect();
    assert!(distinct.len() > 60, "{}", distinct.len());
}

#[test]
fn skipped_hours_and_days_move_the_poll_to_the_next_open_hour() {
    // 13:00 to 17:59.
    let state = FeedState {
        skip_hours: 0b11_1110 << 12,
        ..feed()
    };
    let next = next_after(&READ, &state, &SETTINGS, Some(minutes(60)), noon());
    let open: Timestamp = "2026-11-25T18:00:00Z".parse().expect("valid");
    assert!(
        next.next_at >= open && next.next_at <= open + minutes(7),
        "{}",
        next.next_at
    );

    // Wednesday to Friday.
    let state = FeedState {
        skip_days: 0b001_1100,
        ..feed()
    };
    let next = next_after(&READ, &state, &SETTINGS, None, noon());
    let open: Timestamp = "2026-11-28T00:00:00Z".parse().expect("valid");
    assert!(
        next.next_at >= open && next.next_at <= open + minutes(7),
        "{}",
        next.next_at
    );
}

#[test]
fn masks_that_forbid_everything_forbid_nothing() {
    assert_eq!(allowed(u32::MAX, 0, noon()), noon());
    assert_eq!(allowed(0, u8::MAX, noon()), noon());
    assert_eq!(allowed(0xFF_FFFF, 0x7F, noon()), noon());
    let only_six = 0xFF_FFFF & !(1 << 6);
    let only_tuesday = 0x7F & !(1 << 1);
    let expected: Timestamp = "2026-12-01T06:00:00Z".parse().expect("valid");
    assert_eq!(allowed(only_six, only_tuesday, noon()), expected);
}

#[test]
fn the_rhythm_is_the_median_distance_of_the_last_twenty_dates() {
    let at = |hours: &[i64]| -> Vec<Timestamp> {
        hours
            .iter()
            .map(|&hour| noon() - minutes(60 * hour))
            .collect()
    };
    assert_eq!(rhythm(&at(&[])), None);
    assert_eq!(rhythm(&at(&[3])), None);
    assert_eq!(rhythm(&at(&[0, 4])), Some(minutes(240)));
    assert_eq!(rhythm(&at(&[10, 0, 2, 1, 3])), Some(minutes(60)));
    assert_eq!(rhythm(&at(&[0, 1, 3])), Some(minutes(90)));
    let hourly_then_yearly: Vec<i64> = (0..21).chain((1..50).map(|year| year * 8760)).collect();
    assert_eq!(rhythm(&at(&hourly_then_yearly)), Some(minutes(60)));
    let mut with_epoch = at(&[0, 1, 2]);
    with_epoch.extend([Timestamp::UNIX_EPOCH; 9]);
    assert_eq!(rhythm(&with_epoch), Some(minutes(60)));
}

#[test]
fn after_fourteen_days_of_304_one_request_carries_no_validators() {
    for (days, expected) in [(0, true), (13, true), (14, false), (400, false)] {
        let state = FeedState {
            full_at: Some(noon() - minutes(days * 24 * 60)),
            ..feed()
        };
        assert_eq!(send_validators(&state, noon()), expected, "{days}");
    }
    for (error, without) in [
        ("HTTP 412 (precondition failed)", vec![1, 3, 5]),
        ("HTTP 400 (bad request)", vec![1, 3, 5]),
        ("HTTP 500 (internal server error)", vec![3, 5]),
        ("HTTP 429 (too many requests)", vec![]),
        ("HTTP 503 (service unavailable)", vec![]),
        ("HTTP 404 (not found)", vec![]),
        ("no answer in time", vec![]),
    ] {
        let state = |failures| FeedState {
            full_at: Some(noon()),
            error: Some(error.to_owned()),
            failures,
            ..feed()
        };
        let asked_without = (0..6).filter(|&failures| !send_validators(&state(failures), noon()));
        assert_eq!(asked_without.collect::<Vec<_>>(), without, "{error}");
    }
    assert!(!send_validators(
        &FeedState {
            full_at: None,
            ..feed()
        },
        noon()
    ));
}

#[test]
fn an_edit_lets_a_feed_wait_no_longer_than_its_new_interval() {
    let check = |failures, hold: Option<i64>, every: Option<i64>, way, expected: i64| {
        let mut state = FeedState {
            next_at: noon() + minutes(300),
            failures,
            hold_until: hold.map(|hold| noon() + minutes(hold)),
            ..feed()
        };
        edited(&mut state, &SETTINGS, every.map(minutes), way, noon());
        let shown = (failures, hold, every, way);
        assert_eq!(state.next_at, noon() + minutes(expected), "{shown:?}");
    };
    check(0, None, Some(100), false, 110);
    check(0, None, Some(1_000), false, 300);
    check(0, Some(200), Some(100), true, 200);
    check(3, None, Some(100), false, 300);
    check(3, None, None, true, 0);
    check(3, Some(200), None, true, 200);
}

#[test]
fn a_start_keeps_what_the_schedule_has_chosen() {
    let hourly = Settings {
        fastest: minutes(60),
        slowest: minutes(60),
    };
    for skip_hours in [0, 0x00ff_0000] {
        let state = FeedState {
            skip_hours,
            ..feed()
        };
        for polled in [
            read(240),
            read(1_400),
            READ,
            told(500),
            Polled::Unchanged {
                hint: Some(minutes(300)),
            },
        ] {
            let next = next_after(&polled, &state, &hourly, None, noon());
            let hint = match polled {
                Polled::Read { hint, .. } | Polled::Unchanged { hint } => hint,
                _ => None,
            };
            let mut after = FeedState {
                next_at: next.next_at,
                hold_until: next.hold_until,
                hint,
                ..state.clone()
            };
            edited(&mut after, &hourly, None, false, noon());
            assert_eq!(after.next_at, next.next_at, "{polled:?} {skip_hours}");
        }
    }
}

#[test]
fn instants_from_a_clock_that_was_ahead_become_now() {
    let ahead = noon() + minutes(400 * 24 * 60);
    let mut state = FeedState {
        next_at: ahead,
        hold_until: Some(ahead),
        last_ok_at: Some(ahead),
        last_new_at: Some(ahead),
        full_at: Some(ahead),
        failing_since: Some(ahead),
        moved: Some(Moved {
            adopted_at: None,
            to: "http://a/".to_owned(),
            count: 1,
            since: ahead,
        }),
        ..feed()
    };
    clamp(&mut state, &SETTINGS, None, noon());
    assert_eq!((state.next_at, state.hold_until), (noon(), None));
    let observed = [
        state.last_ok_at,
        state.last_new_at,
        state.full_at,
        state.failing_since,
    ];
    assert_eq!(observed, [Some(noon()); 4]);
    assert_eq!(state.moved.map(|moved| moved.since), Some(noon()));
}

/// How often a server is asked in 72 hours, by rounds a quarter of an hour apart, if it answers its n-th poll like this.
fn polls_in_three_days(answer: impl Fn(usize) -> Polled) -> usize {
    let hourly = Settings {
        fastest: minutes(60),
        slowest: minutes(60),
    };
    let mut state = FeedState {
        first_read_at: None,
        last_new_at: None,
        ..feed()
    };
    let mut polls = 0;
    for round in 0..72 * 4 {
        let now = noon() + minutes(15 * round);
        if now < state.next_at || state.hold_until.is_some_and(|until| now < until) {
            continue;
        }
        let polled = answer(polls);
        polls += 1;
        let next = next_after(&polled, &state, &hourly, None, now);
        let well = matches!(polled, Polled::Read { .. } | Polled::Unchanged { .. });
        state.failures = if well { 0 } else { state.failures + 1 };
        state.error = (polled == Polled::Gone).then(|| GONE.to_owned());
        state.next_at = next.next_at;
        state.hold_until = next.hold_until;
    }
    polls
}

#[test]
fn over_three_days_a_server_is_asked_as_often_as_its_answers_invite() {
    let untold = |scope| Polled::Throttled { wait: None, scope };
    // The jitter moves an hourly feed past every fourth round.
    assert_eq!(polls_in_three_days(|_| READ), 58);
    assert_eq!(polls_in_three_days(|_| read(360)), 12);
    assert_eq!(polls_in_three_days(|_| Polled::Failed), 8);
    assert_eq!(
        polls_in_three_days(|poll| if poll == 0 { Polled::Failed } else { READ }),
        58
    );
    assert_eq!(polls_in_three_days(|_| Polled::Gone), 2);
    assert_eq!(polls_in_three_days(|_| told(24 * 60)), 3);
    assert_eq!(polls_in_three_days(|_| untold(Scope::Domain)), 8);
    assert_eq!(polls_in_three_days(|_| untold(Scope::Feed)), 8);
}

proptest! {
    #[test]
    fn whatever_the_schedule_decides_is_legal_and_respects_whom_it_must(
        polled in any_poll(),
        failures in any::<u32>(),
        gone in any::<bool>(),
        every in prop::option::of(5_i64..20 * 24 * 60),
        rhythm in prop::option::of(0_i64..10_000_000),
        idle in 0_i64..10_000_000,
        held in prop::option::of(-10_000_i64..7 * 24 * 60),
        skip_hours in any::<u32>(),
        skip_days in any::<u8>(),
    ) {
        let mut state = FeedState {
            failures,
            error: gone.then(|| GONE.to_owned()),
            rhythm: rhythm.map(minutes),
            last_new_at: Some(noon() - minutes(idle)),
            hold_until: held.map(|held| noon() + minutes(held)),
            skip_hours,
            skip_days,
            ..feed()
        };
        let every = every.map(minutes);
        let next = next_after(&polled, &state, &SETTINGS, every, noon());

        prop_assert!(next.next_at >= noon() + every.unwrap_or(SETTINGS.fastest));
        prop_assert!(next.hold_until.is_none_or(|until| next.next_at >= until));
        prop_assert!(state.hold_until.is_none_or(|until| until <= noon() || next.hold_until >= Some(until)));
        prop_assert_eq!(allowed(skip_hours, skip_days, next.next_at), next.next_at);

        state.next_at = next.next_at;
        state.hold_until = next.hold_until;
        state.error = (polled == Polled::Gone).then(|| GONE.to_owned());
        let decided = state.clone();
        clamp(&mut state, &SETTINGS, every, noon());
        prop_assert_eq!(state, decided);
    }
}

fn any_poll() -> impl Strategy<Value = Polled> {
    let time = || prop::option::of((0_i64..100_000_000).prop_map(minutes));
    let scope = prop::sample::select(vec![Scope::Domain, Scope::Feed]);
    prop_oneof![
        (time(), any::<bool>()).prop_map(|(hint, gap)| Polled::Read { hint, gap }),
        time().prop_map(|hint| Polled::Unchanged { hint }),
        (time(), scope).prop_map(|(wait, scope)| Polled::Throttled { wait, scope }),
        Just(Polled::Gone),
        Just(Polled::Failed),
    ]
}
