use super::*;
use crate::model::FeedId;

fn feed() -> FeedState {
    FeedState {
        id: FeedId(1),
        url: "https://example.com/rss".to_owned(),
        name: "Example".to_owned(),
        added_at: Timestamp::UNIX_EPOCH,
        title: None,
        channel_link: None,
        first_read_at: None,
        last_ok_at: None,
        last_new_at: None,
        failing_since: None,
        failures: 0,
        error: None,
        validators: None,
        full_at: None,
        body_hash: None,
        next_at: Timestamp::UNIX_EPOCH,
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

/// Whether guids are believed after these polls, each of so many guids, of which so many had changed.
#[track_caller]
fn check(polls: &[(u32, u32)], believed: bool) {
    let mut feed = feed();
    for (compared, changed) in polls {
        count_guids(&mut feed, *compared, *changed);
    }
    assert_eq!(guids_are_believed(&feed), believed, "{feed:?}");
}

#[test]
fn guids_that_change_in_poll_after_poll_are_not_believed() {
    check(&[(30, 30), (30, 30)], false);
    check(&[(3, 3), (3, 3), (3, 3), (3, 3)], false);
}

#[test]
fn guids_that_change_once_are_believed() {
    check(&[(500, 500)], true);
    check(&[(20, 0), (20, 20), (20, 0)], true);
}

#[test]
fn a_feed_can_win_back_its_name() {
    let mut polls = vec![(30, 30); 50];
    polls.extend([(30, 0); 12]);
    check(&polls, true);
}

#[test]
fn a_few_that_change_among_many_still_weigh() {
    let mut feed = feed();
    count_guids(&mut feed, 100, 1);
    assert_eq!((feed.guids, feed.guids_volatile), (8, 1));
}
