//! Whether a feed went on from what it had shown, or items may be lost; and what is made of torn documents.

use super::*;

impl World {
    /// A poll of a document that broke off behind these entries.
    fn tear(&mut self, entries: &[Entry]) -> String {
        let document = FeedDocument {
            entries: entries.to_vec(),
            torn: Some("it ends inside `rss`".to_owned()),
            ..FeedDocument::default()
        };
        told(&self.take(PAPER, &document))
    }

    /// How many items the paper shows no more.
    fn departed(&self) -> i64 {
        self.store
            .connection
            .query_row(
                "SELECT count(*) FROM sighting WHERE left_at IS NOT NULL",
                [],
                |row| row.get(0),
            )
            .expect("the sightings can be counted")
    }
}

/// So many, published half an hour before `hour` hours after noon and each an hour before; the newest on top.
fn until(hour: i64, count: i64) -> Vec<Entry> {
    let published = |entry: &mut Entry| {
        entry.published = entry
            .published
            .map(|date| date - SignedDuration::from_mins(30));
    };
    each(stories(-hour..count - hour), published)
}

/// An hour after ten stories comes the first of these documents of one or no entry, hour by hour the next, the last one
/// until twelve hours after noon, and then `last`.
#[track_caller]
fn check(between: &[&[Entry]], last: &[Entry], gap: bool) {
    let mut world = World::after(&until(1, 10));
    for hour in 0..11 {
        let entries = between.get(hour).or(between.last()).expect("a document");
        assert!(!world.poll(PAPER, entries).contains("gap"));
    }
    let shown = world.poll(PAPER, last);
    assert_eq!(shown.contains("gap"), gap, "{shown}");
    assert!(!shown.contains("replaced"), "{shown}");
}

#[test]
fn a_feed_that_was_empty_has_a_gap_if_nothing_is_left() {
    check(&[&[]], &until(13, 3), true);
    check(&[&[]], &until(13, 10), true);
    check(&[&[]], &until(13, 13), false);
    check(&[&[]], &until(1, 10), false);
}

#[test]
fn a_gap_is_counted_from_the_last_poll_that_showed_several_entries() {
    let mut world = World::after(&until(1, 10));
    let unchanged = until(1, 10);
    world.poll(PAPER, &unchanged);
    let last = world.now;
    for _ in 0..5 {
        world.poll(PAPER, &[]);
    }
    world.wait(20);
    let document = FeedDocument {
        entries: until(27, 10),
        ..FeedDocument::default()
    };
    assert_eq!(world.take(PAPER, &document).gap, Some(last));
    let events = world.store.events_of(world.state(PAPER).id, 9);
    let details: Vec<String> = events
        .expect("the events can be read")
        .into_iter()
        .map(|event| event.detail)
        .collect();
    assert!(
        details.contains(&format!("nothing that it showed at {last} is left")),
        "{details:?}"
    );
}

#[test]
fn a_feed_that_showed_an_old_entry_alone_has_a_gap_if_nothing_is_left() {
    check(&[&until(1, 1)], &until(13, 10), true);
}

#[test]
fn what_was_shown_one_by_one_is_no_gap() {
    let hours: Vec<Vec<Entry>> = (2..13).map(|hour| until(hour, 1)).collect();
    let between: Vec<&[Entry]> = hours.iter().map(Vec::as_slice).collect();
    check(&between, &until(13, 10), false);
    check(&between, &until(13, 2), false);
}

#[test]
fn what_was_missed_between_single_entries_is_a_gap() {
    check(&[&[], &[], &until(4, 1)], &until(5, 2), false);
    check(&[&[], &[], &until(4, 1)], &until(5, 3), true);
}

#[test]
fn a_feed_that_had_nothing_to_show_begins_anew_without_a_gap() {
    let lately = |count: i64| {
        each(until(13, count), |entry| {
            entry.published = Some(noon() + SignedDuration::from_mins(13 * 60 - 20));
        })
    };
    check(&[&[]], &lately(3), false);
    // As many as it had shown are all that such a feed can show.
    check(&[&[]], &lately(10), true);
    let mut world = World::after(&until(1, 2));
    assert_eq!(world.poll(PAPER, &[]), "");
    assert_eq!(world.poll(PAPER, &until(3, 1)), "0 new");
    assert_eq!(world.poll(PAPER, &[]), "");
    let both = each(until(5, 2), |entry| {
        entry.published = Some(world.now + SignedDuration::from_mins(50));
    });
    assert_eq!(world.poll(PAPER, &both), "0 new, 1 new");
    let undated = each(lately(3), |entry| entry.published = None);
    check(&[&[]], &undated, true);
}

#[test]
fn a_feed_that_always_shows_one_entry_has_no_gap() {
    let mut world = World::after(&until(1, 1));
    for hour in 2..9 {
        assert_eq!(world.poll(PAPER, &until(hour * 3, 1)), "0 new");
        assert_eq!(world.poll(PAPER, &[]), "");
    }
    assert_eq!(world.poll(PAPER, &until(30, 2)), "0 new, 1 new");
}

#[test]
fn a_document_torn_behind_its_first_new_entries_is_no_gap() {
    let mut world = World::after(&until(1, 10));
    world.wait(3);
    assert_eq!(world.tear(&until(5, 3)), "0 new, 1 new, 2 new");
    assert_eq!(world.tear(&[]), "");
    assert_eq!(world.tear(&until(5, 4)), "3 new");
    assert_eq!(world.poll(PAPER, &until(5, 10)), "");
}

#[test]
fn a_gap_that_torn_documents_hid_is_told_by_the_next_whole_one() {
    let mut world = World::after(&until(1, 10));
    world.wait(20);
    assert_eq!(world.tear(&until(22, 2)), "0 new, 1 new");
    assert_eq!(world.tear(&[]), "");
    let shown = world.poll(PAPER, &until(22, 10));
    assert!(shown.ends_with("9 new, gap"), "{shown}");
}

#[test]
fn what_torn_documents_showed_bit_by_bit_is_no_gap() {
    let mut world = World::after(&until(1, 10));
    for hour in 2..20 {
        assert_eq!(world.tear(&until(hour, 3)), "0 new");
    }
    assert_eq!(world.poll(PAPER, &until(20, 10)), "0 new");
}

#[test]
fn a_feed_that_never_comes_whole_has_gaps_all_the_same() {
    let mut world = World::new();
    world.tear(&until(1, 10));
    assert_eq!(world.tear(&until(2, 10)), "0 new");
    world.wait(20);
    assert!(world.tear(&until(23, 10)).ends_with("9 new, gap"));
    assert_eq!(world.tear(&until(24, 10)), "0 new");
}

#[test]
fn what_a_torn_document_broke_off_before_has_not_left() {
    let mut world = World::after(&until(1, 10));
    world.tear(&until(2, 3));
    assert_eq!(
        world.departed(),
        1,
        "one new entry, so one has gone at the end"
    );
    world.tear(&[]);
    assert_eq!(world.departed(), 1);
    assert_eq!(world.poll(PAPER, &until(2, 10)), "");
    assert_eq!(world.departed(), 1);
    assert_eq!(world.poll(PAPER, &until(2, 3)), "");
    assert_eq!(world.departed(), 8);
}

#[test]
fn a_feed_that_never_comes_whole_lets_its_old_entries_go() {
    let mut world = World::after(&until(1, 10));
    for hour in 2..32 {
        world.tear(&until(hour, 3));
    }
    let kept = world
        .store
        .document(world.state(PAPER).id)
        .expect("the document can be read");
    assert_eq!(kept.entries.len(), 10);
    assert_eq!(world.departed(), 30);
}

#[test]
fn the_next_of_a_series_is_no_correction_of_what_was_cut_off() {
    let briefing = |n: i64| Entry {
        title: Some("The news of the hour in five minutes, briefly told".to_owned()),
        summary: Some("What has happened in this hour, and what will in the next one.".to_owned()),
        ..story(n)
    };
    let before = [story(3), briefing(4), story(5)];
    let after = [briefing(1), story(2), story(3), briefing(4), story(5)];
    let mut world = World::after(&before);
    assert_eq!(world.poll(PAPER, &after), "0 new, 1 new");
    let mut world = World::after(&before);
    assert_eq!(world.tear(&after[..3]), "0 new, 1 new");
}

#[test]
fn a_torn_document_repeats_nothing_that_is_known_by_its_text() {
    // Each answer draws guids and links afresh, if there are any, and bears the time of the request, if it is dated.
    for (named, dated) in [(true, true), (true, false), (false, true), (false, false)] {
        let shown = |hour: i64| {
            each(stories(-hour..10 - hour), |entry| {
                let address = format!("https://www.paper.example/{hour}/{:?}", entry.title);
                entry.guid = named.then(|| address.clone());
                entry.link = named.then_some(address);
                entry.published = dated.then(|| noon() + SignedDuration::from_hours(hour));
            })
        };
        let mut world = World::after(&shown(0));
        for hour in 1..30 {
            let told = if hour % 7 == 0 {
                world.poll(PAPER, &shown(hour))
            } else {
                world.tear(&shown(hour)[..7])
            };
            assert_eq!(told, "0 new", "hour {hour}, named {named}, dated {dated}");
        }
        assert_eq!(world.items(), 39);
    }
}

#[test]
fn what_was_published_since_a_torn_first_poll_is_news_and_the_rest_from_before() {
    let mut world = World::new();
    world.tear(&until(1, 2));
    // The desk leaves the first poll open.
    let mut state = world.state(PAPER);
    state.first_read_at = None;
    world.wait(1);
    let document = FeedDocument {
        entries: until(2, 5),
        ..FeedDocument::default()
    };
    let taken = world.store.take_in(&state, &document, world.now);
    assert_eq!(
        told(&taken.expect("taken in")),
        "0 new, 3 backfill, 4 backfill"
    );
}

#[test]
fn an_old_entry_that_is_shown_once_more_does_not_hide_a_gap() {
    let mut world = World::after(&stories(30..40));
    world.poll(PAPER, &stories(0..10));
    world.wait(20);
    let mut entries = until(23, 10);
    entries.push(story(35));
    let shown = world.poll(PAPER, &entries);
    assert!(shown.ends_with("9 new, gap"), "{shown}");
}

#[test]
fn an_entry_that_is_shown_in_part_is_not_edited() {
    let part = |n: i64| Entry {
        summary: None,
        published: None,
        ..story(n)
    };
    let mut world = World::after(&stories(1..4));
    let mut document = FeedDocument {
        entries: vec![story(1), part(2)],
        torn: Some("it ends inside `rss`".to_owned()),
        ends_in_entry: true,
        ..FeedDocument::default()
    };
    assert_eq!(told(&world.take(PAPER, &document)), "");
    assert_eq!(world.poll(PAPER, &stories(1..4)), "");
    // What it shows is better than nothing, and the rest comes with the whole.
    document.entries.push(part(0));
    assert_eq!(told(&world.take(PAPER, &document)), "1 touched, 2 new");
    assert_eq!(world.poll(PAPER, &stories(0..4)), "0 changed, 2 changed");
}

#[test]
fn a_torn_document_does_not_end_the_hours_of_rest() {
    let mut world = World::new();
    let document = |hours: u32, torn: Option<&str>| FeedDocument {
        skip_hours: hours,
        entries: stories(1..3),
        torn: torn.map(str::to_owned),
        ..FeedDocument::default()
    };
    let mut hours = |document| world.take(PAPER, &document).feed.skip_hours;
    assert_eq!(hours(document(0b111, None)), 0b111);
    assert_eq!(hours(document(0, Some("it ends inside `rss`"))), 0b111);
    assert_eq!(hours(document(0b1, Some("it ends inside `rss`"))), 0b1);
    assert_eq!(hours(document(0, None)), 0);
}

#[test]
fn an_entry_that_is_pinned_does_not_hide_a_gap() {
    let pinned = |hour, count| [vec![story(90)], until(hour, count)].concat();
    let mut world = World::after(&pinned(1, 3));
    assert_eq!(world.poll(PAPER, &pinned(2, 3)), "1 new");
    world.wait(10);
    assert_eq!(
        world.poll(PAPER, &pinned(13, 3)),
        "1 new, 2 new, 3 new, gap"
    );
    assert_eq!(world.poll(PAPER, &pinned(14, 3)), "1 new");
    assert_eq!(world.poll(PAPER, &pinned(16, 3)), "1 new, 2 new");
}

#[test]
fn what_is_left_on_top_in_another_order_is_no_gap() {
    let mut oldest_first = until(9, 4);
    oldest_first.reverse();
    let mut world = World::after(&until(1, 4));
    let top = until(1, 1);
    assert_eq!(
        world.poll(PAPER, &[top, oldest_first].concat()),
        "1 new, 2 new, 3 new, 4 new"
    );
    // The first two of the five most read are as before.
    let mut world = World::after(&until(1, 5));
    assert_eq!(
        world.poll(PAPER, &[until(1, 2), until(5, 3)].concat()),
        "2 new, 3 new, 4 new"
    );
}

#[test]
fn a_feed_that_goes_round_between_two_lists_has_lost_nothing() {
    let lists = [stories(0..5), stories(20..25)];
    let mut world = World::after(&lists[0]);
    for (nth, list) in lists.iter().cycle().skip(1).take(6).enumerate() {
        let told = world.poll(PAPER, list);
        assert!(nth == 0 || !told.contains("gap"), "{told}");
        assert!(nth == 0 || !told.contains("replaced"), "{told}");
    }
}

#[test]
fn a_gap_of_dates_without_a_time_of_day_is_no_replacement() {
    let days = |of: std::ops::Range<i64>| {
        each(stories(of), |entry: &mut Entry| {
            entry.published = entry.published.map(|date| {
                let day = date.as_second().div_euclid(86_400) * 86_400;
                jiff::Timestamp::from_second(day).expect("a day")
            });
        })
    };
    let mut world = World::after(&days(0..5));
    world.wait(3);
    let told = world.poll(PAPER, &days(-3..0));
    assert!(
        told.ends_with("gap") && !told.contains("replaced"),
        "{told}"
    );
}
