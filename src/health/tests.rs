use expect_test::{Expect, expect};

use super::*;
use crate::model::{FeedId, FeedState};

/// Wednesday 25 November 2026, 12:00 GMT; the words are in Berlin's time, an hour ahead.
fn noon() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().expect("valid")
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

fn ago(hours_ago: i64) -> Timestamp {
    noon() - hours(hours_ago)
}

/// Read for a month, daily, last new an hour ago.
fn feed() -> FeedState {
    FeedState {
        id: FeedId(1),
        url: "https://example.org/feed".to_owned(),
        name: "Example".to_owned(),
        added_at: ago(720),
        title: None,
        channel_link: None,
        first_read_at: Some(ago(720)),
        last_ok_at: Some(ago(1)),
        last_new_at: Some(ago(1)),
        failing_since: None,
        failures: 0,
        error: None,
        validators: None,
        full_at: Some(ago(1)),
        body_hash: None,
        next_at: noon(),
        hold_until: None,
        hint: None,
        ttl: None,
        rhythm: Some(hours(24)),
        skip_hours: 0,
        skip_days: 0,
        moved: None,
        guids: 0,
        guids_volatile: 0,
        fragment_counts: false,
        oddities: 0,
    }
}

fn failing(error: &str, hours_ago: i64, failures: u32) -> FeedState {
    FeedState {
        failing_since: Some(ago(hours_ago)),
        failures,
        error: Some(error.to_owned()),
        ..feed()
    }
}

fn event(kind: &'static str, hours_ago: i64) -> Event<'static> {
    Event {
        at: ago(hours_ago),
        kind,
        detail: "what happened",
    }
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").expect("a bundled zone")
}

#[track_caller]
fn check(state: &FeedState, events: &[Event<'_>], expect: Expect) {
    let Report { health, words } = judge(state, events, false, &berlin(), noon());
    expect.assert_eq(&format!("{}: {words}", health.as_str()));
}

#[track_caller]
fn check_news(state: &FeedState, events: &[Event<'_>], expect: Expect) {
    check_news_after(state, None, events, expect);
}

#[track_caller]
fn check_news_after(
    state: &FeedState,
    failing_since: Option<Timestamp>,
    events: &[Event<'_>],
    expect: Expect,
) {
    let lines: Vec<String> = news(state, failing_since, events, &berlin(), noon())
        .into_iter()
        .map(|news| format!("{}: {}", news.kind, news.detail))
        .collect();
    expect.assert_eq(&lines.join("\n"));
}

#[test]
fn a_feed_that_answers_is_ok() {
    check(&feed(), &[], expect!["ok: "]);
    check(
        &FeedState {
            first_read_at: None,
            last_new_at: None,
            rhythm: None,
            ..feed()
        },
        &[],
        expect!["ok: not read yet"],
    );
}

#[test]
fn a_failure_says_what_since_when_and_how_often() {
    check(
        &failing("HTTP 404 (not found)", 83, 9),
        &[],
        expect!["failing: HTTP 404 (not found) since Sunday 22 November 02:00, 9 attempts"],
    );
    check(
        &failing("connection refused", 1, 1),
        &[],
        expect!["failing: connection refused since Wednesday 25 November 12:00, 1 attempt"],
    );
    check(
        &failing("no such host", 365 * 24, 400),
        &[],
        expect!["failing: no such host since Tuesday 25 November 2025 13:00, 400 attempts"],
    );
}

#[test]
fn a_hold_says_until_when() {
    let state = FeedState {
        hold_until: Some(noon() + hours(2)),
        ..failing("HTTP 429 (too many requests)", 1, 1)
    };
    check(
        &state,
        &[],
        expect!["throttled: HTTP 429 (too many requests), not before 15:00"],
    );
    let state = FeedState {
        hold_until: Some(noon() + hours(48)),
        ..feed()
    };
    check(
        &state,
        &[],
        expect!["throttled: its domain asked us to stay away, not before Friday 27 November 13:00"],
    );
}

#[test]
fn a_429_stays_a_throttle_when_its_hold_is_over() {
    check(
        &failing("HTTP 429 (too many requests)", 5, 2),
        &[],
        expect![
            "throttled: HTTP 429 (too many requests) since Wednesday 25 November 08:00, 2 attempts"
        ],
    );
}

#[test]
fn a_feed_that_is_well_says_what_its_last_document_lacked() {
    let torn = FeedState {
        error: Some("its document is not whole: it ends inside `rss`".to_owned()),
        ..feed()
    };
    check(
        &torn,
        &[],
        expect!["ok: its document is not whole: it ends inside `rss`"],
    );
    check_news(&torn, &[], expect![[""]]);
}

#[test]
fn a_feed_of_a_held_domain_says_for_whose_sake_and_fails_nothing() {
    let held = |since, until, words: String| FeedState {
        hold_until: Some(noon() + hours(until)),
        ..failing(&words, since, 0)
    };
    let own = || held_words("example.org", false, Some("Evil"));
    check(
        &held(2, 5, own()),
        &[],
        expect![
            "throttled: example.org answered `Evil` with HTTP 429 (too many requests), not before 18:00"
        ],
    );
    check(&held(2, -1, own()), &[], expect!["ok: "]);
    check(
        &held(2, 5, held_words("example.org", true, Some("Evil"))),
        &[],
        expect![
            "throttled: leads to example.org, which answered `Evil` with HTTP 429 (too many requests), not before 18:00"
        ],
    );
    check_news(&held(23, 5, own()), &[], expect![[""]]);
    check_news(
        &held(24, 5, own()),
        &[],
        expect![
            "failing: example.org answered `Evil` with HTTP 429 (too many requests), not asked since Tuesday 24 November 13:00"
        ],
    );
    check_news(&held(30, 5, own()), &[event("failing", 6)], expect![[""]]);
    check_news(
        &held(30, 5, held_words("example.org", false, None)),
        &[],
        expect![
            "failing: example.org answered another feed with HTTP 429 (too many requests), not asked since Tuesday 24 November 07:00"
        ],
    );
}

#[test]
fn a_410_is_gone() {
    check(
        &failing(GONE, 30, 2),
        &[],
        expect!["gone: HTTP 410 (gone) since Tuesday 24 November 07:00, 2 attempts"],
    );
}

#[test]
fn a_gap_is_shown_for_two_days() {
    check(
        &feed(),
        &[event("gap", 47), event("added", 720)],
        expect!["gap: what happened"],
    );
    check(&feed(), &[event("gap", 49)], expect!["ok: "]);
}

#[test]
fn quiet_is_judged_by_the_feeds_own_rhythm() {
    let quiet = |rhythm_hours, idle_hours| FeedState {
        rhythm: Some(hours(rhythm_hours)),
        last_new_at: Some(ago(idle_hours)),
        ..feed()
    };
    check(
        &quiet(24, 9 * 24),
        &[],
        expect!["quiet: nothing new for 9 days, usually daily"],
    );
    check(&quiet(24, 7 * 24), &[], expect!["ok: "]);
    check(&quiet(1, 64), &[], expect!["ok: "]);
    check(
        &quiet(1, 73),
        &[],
        expect!["quiet: nothing new for 3 days, usually hourly"],
    );
    check(&quiet(30 * 24, 100 * 24), &[], expect!["ok: "]);
    check(
        &FeedState {
            rhythm: None,
            last_new_at: Some(ago(9000)),
            ..feed()
        },
        &[],
        expect!["ok: "],
    );
}

#[test]
fn a_paused_feed_is_paused_whatever_else_it_is() {
    let state = failing("HTTP 404 (not found)", 83, 9);
    assert_eq!(
        judge(&state, &[], true, &berlin(), noon()).health,
        Health::Paused
    );
}

#[test]
fn a_hiccup_is_no_news_and_a_death_is_said_once() {
    check_news(&failing("connection refused", 23, 5), &[], expect![""]);
    check_news(
        &failing("connection refused", 24, 6),
        &[],
        expect!["failing: connection refused since Tuesday 24 November 13:00, 6 attempts"],
    );
    check_news(
        &failing("connection refused", 30, 7),
        &[event("failing", 6)],
        expect![""],
    );
}

#[test]
fn a_recovery_is_said_once_and_only_after_a_death() {
    check_news(&feed(), &[], expect![""]);
    check_news(
        &feed(),
        &[event("failing", 48)],
        expect!["recovered: answers again after about 2 days, failed since 2026-11-23T12:00:00Z"],
    );
    check_news_after(
        &feed(),
        Some(ago(80)),
        &[event("failing", 48)],
        expect!["recovered: answers again after about 3 days, failed since 2026-11-22T04:00:00Z"],
    );
    check_news(
        &feed(),
        &[event("failing", 48), event("recovered", 3)],
        expect![""],
    );
}

#[test]
fn a_death_after_a_recovery_is_said_again() {
    check_news(
        &failing("connection refused", 24, 6),
        &[event("failing", 500), event("recovered", 400)],
        expect!["failing: connection refused since Tuesday 24 November 13:00, 6 attempts"],
    );
}

#[test]
fn a_410_is_said_at_once_and_once() {
    check_news(
        &failing(GONE, 0, 1),
        &[],
        expect!["gone: HTTP 410 (gone) since Wednesday 25 November 13:00, 1 attempt"],
    );
    check_news(&failing(GONE, 24, 2), &[event("gone", 24)], expect![""]);
}

#[test]
fn a_silence_is_said_once() {
    let state = FeedState {
        last_new_at: Some(ago(9 * 24)),
        ..feed()
    };
    check_news(
        &state,
        &[],
        expect!["quiet: nothing new for 9 days, usually daily"],
    );
    check_news(&state, &[event("quiet", 5)], expect![""]);
    check_news(
        &state,
        &[event("quiet", 9 * 24 + 50)],
        expect!["quiet: nothing new for 9 days, usually daily"],
    );
}

#[test]
fn the_next_poll_has_a_reason_where_the_rhythm_is_none() {
    let settings = Settings {
        fastest: SignedDuration::from_mins(30),
        slowest: hours(24),
    };
    let hinted = |hours_long| FeedState {
        hint: Some(hours(hours_long)),
        rhythm: Some(hours(4)),
        ..feed()
    };
    let words = |state: &FeedState| next_words(state, &settings, None).unwrap_or_default();
    assert_eq!(words(&feed()), "");
    assert_eq!(words(&hinted(1)), "");
    assert_eq!(
        words(&hinted(3)),
        "its server says that nothing changes for 3 hours"
    );
    assert_eq!(
        words(&hinted(1_000_000)),
        "its server says that nothing changes for 24 hours"
    );
    // The watchlist has decided.
    assert_eq!(next_words(&hinted(3), &settings, Some(hours(1))), None);
    assert_eq!(
        words(&failing("HTTP 404 (not found)", 3, 2)),
        "less often with each failure"
    );
    let held = FeedState {
        hold_until: Some(noon()),
        ..failing("HTTP 429 (too many requests)", 3, 2)
    };
    assert_eq!(words(&held), "");
    assert_eq!(words(&failing(GONE, 3, 2)), "to see whether it is back");
}
