//! How items come to feeds, stay and go.

use super::*;

#[test]
fn a_first_poll_is_backfill() {
    let mut world = World::new();
    let shown = world.poll(PAPER, &stories(1..3));
    assert_eq!(shown, "0 backfill, 1 backfill");
}

#[test]
fn an_item_in_three_feeds_of_a_publisher_is_one_item() {
    let mut world = World::after(&[story(3)]);
    world.poll(SISTER, &[story(5)]);
    let elsewhere = |path: &str| {
        let address = format!("https://www.paper.example/{path}/1");
        Entry {
            guid: Some(address.clone()),
            link: Some(address),
            ..story(1)
        }
    };
    assert_eq!(world.poll(PAPER, &[elsewhere("world"), story(3)]), "0 new");
    assert_eq!(
        world.poll(SISTER, &[elsewhere("politics"), story(5)]),
        "0 sighting"
    );
    assert_eq!(world.poll(SISTER, &[elsewhere("politics"), story(5)]), "");
    assert_eq!(world.items(), 3);
}

#[test]
fn a_sighting_keeps_the_text_of_its_feed() {
    let mut world = World::after(&[story(3)]);
    world.poll(AGGREGATOR, &[story(8)]);
    let mut teaser = story(1);
    teaser.guid = Some("planet-1".to_owned());
    teaser.summary = Some("What the planet says of it.".to_owned());
    world.poll(AGGREGATOR, &[teaser, story(8)]);
    // Then at the source, whose text is another.
    let taken = world.take(
        PAPER,
        &FeedDocument {
            entries: vec![story(1), story(3)],
            ..FeedDocument::default()
        },
    );
    assert_eq!(told(&taken), "0 sighting");
    let entry = &taken.entries[0];
    assert_eq!(entry.origin, Origin::New);
    assert_eq!(entry.shown.summary, words("summary", 1, 9));
    let former = entry.former.as_ref().expect("the planet had shown it");
    assert_eq!(former.summary, "What the planet says of it.");
    let stored = |feed: FeedId| {
        world
            .store
            .shown(entry.item, feed)
            .expect("readable")
            .expect("shown")
            .summary
    };
    assert_eq!(stored(taken.feed.id), words("summary", 1, 9));
    assert_eq!(
        stored(world.state(AGGREGATOR).id),
        "What the planet says of it."
    );
}

#[test]
fn an_edit_in_the_first_feed_does_not_change_what_others_show() {
    let mut world = World::after(&[story(1), story(2)]);
    world.poll(SISTER, &[story(1), story(9)]);
    let mut edited = story(1);
    edited.title = Some("Another headline altogether".to_owned());
    assert_eq!(world.poll(PAPER, &[edited.clone(), story(2)]), "0 changed");
    let item = world.item_of("https://www.paper.example/world/story-1.html");
    let sister = world.state(SISTER).id;
    let title = |world: &World| {
        let shown = world.store.shown(item, sister).expect("readable");
        shown.expect("shown").title
    };
    assert_eq!(title(&world), words("title", 1, 5));
    assert_eq!(world.poll(SISTER, &[edited, story(9)]), "0 changed");
    assert_eq!(title(&world), "Another headline altogether");
}

#[test]
fn what_only_a_first_poll_had_shown_is_news_in_a_feed_that_was_read_before() {
    let mut world = World::after(&[story(5)]);
    world.poll(SISTER, &[story(1), story(6)]);
    let taken = world.take(
        PAPER,
        &FeedDocument {
            entries: vec![story(1), story(5)],
            ..FeedDocument::default()
        },
    );
    assert_eq!(told(&taken), "0 sighting");
    assert_eq!(taken.entries[0].origin, Origin::New);
    assert_eq!(taken.entries[0].former, None);
}

#[test]
fn a_first_poll_of_what_another_feed_has_shown_is_backfill() {
    let mut world = World::after(&[story(5)]);
    world.poll(PAPER, &[story(1), story(5)]);
    let taken = world.take(
        SISTER,
        &FeedDocument {
            entries: vec![story(1), story(7)],
            ..FeedDocument::default()
        },
    );
    assert_eq!(told(&taken), "0 sighting, 1 backfill");
    assert_eq!(taken.entries[0].origin, Origin::Backfill);
}

#[test]
fn a_gap_loses_nothing_that_is_still_shown() {
    let mut world = World::after(&stories(10..15));
    let entries = each(stories(1..5), |entry| {
        entry.published = entry
            .published
            .map(|date| date + SignedDuration::from_hours(40));
    });
    world.wait(40);
    assert_eq!(
        world.poll(PAPER, &entries),
        "0 new, 1 new, 2 new, 3 new, gap"
    );
}

#[test]
fn a_feed_of_one_entry_has_no_gaps() {
    let mut world = World::after(&[story(2)]);
    assert_eq!(world.poll(PAPER, &[story(0)]), "0 new");
}

#[test]
fn a_feed_whose_entries_are_all_others_and_old_is_replaced() {
    let mut world = World::after(&stories(1..5));
    assert_eq!(
        world.poll(PAPER, &stories(500..503)),
        "0 replaced, 1 replaced, 2 replaced, replaced"
    );
}

#[test]
fn a_feed_with_another_title_and_page_is_replaced() {
    let document = |title: &str, link: &str, entries: Vec<Entry>| FeedDocument {
        title: Some(title.to_owned()),
        link: Some(link.to_owned()),
        entries,
        ..FeedDocument::default()
    };
    let mut world = World::new();
    world.take(
        PAPER,
        &document("Paper", "https://paper.example/", stories(3..6)),
    );
    let parked = document("Cheap shoes", "https://shoes.example/", stories(40..42));
    assert!(world.take(PAPER, &parked).replaced);

    // Back again, it shows what it showed, and its news are news.
    world.wait(6);
    let back = document("Paper", "https://paper.example/", stories(-5..5));
    let taken = world.take(PAPER, &back);
    assert!(!taken.replaced && taken.counts.new == 8, "{}", told(&taken));
}

#[test]
fn a_feed_that_shows_what_another_showed_first_is_not_silent() {
    let mut world = World::after(&stories(1..5));
    world.poll(SISTER, &stories(1..5));
    world.wait(5);
    world.poll(PAPER, &stories(-3..2));
    world.poll(SISTER, &stories(-3..2));
    assert_eq!(world.state(SISTER).last_new_at, Some(world.now));
}

#[test]
fn an_archive_that_comes_back_is_late() {
    let mut world = World::after(&stories(1..5));
    let mut entries = stories(200..230);
    entries.extend(stories(0..5));
    let shown = world.poll(PAPER, &entries);
    assert_eq!(shown.matches("late").count(), 30);
    assert_eq!(shown.matches("new").count(), 1);
}

#[test]
fn what_slides_in_from_below_is_late() {
    let mut world = World::after(&stories(1..5));
    let mut entries = stories(1..5);
    entries.remove(1);
    entries.push(story(300));
    assert_eq!(world.poll(PAPER, &entries), "3 late");
}

#[test]
fn a_straggler_on_top_is_new() {
    let mut world = World::after(&stories(1..5));
    let mut entries = stories(1..5);
    entries.insert(0, story(300));
    assert_eq!(world.poll(PAPER, &entries), "0 new");
}

#[test]
fn a_journal_that_dates_by_the_printed_issue_has_new_items() {
    let mut world = World::after(&stories(600..620));
    let issue = world.poll(PAPER, &stories(400..420));
    assert_eq!(issue.matches("new").count(), 20, "{issue}");
}

#[test]
fn a_journal_that_fills_in_between_its_dates_has_new_items() {
    let mut world = World::after(&each(stories(300..320), |entry| {
        entry.published = entry
            .published
            .map(|date| date - SignedDuration::from_mins(30));
    }));
    let mut entries = stories(300..310);
    for (index, entry) in entries.iter_mut().enumerate() {
        let address = format!("https://www.paper.example/article/{index}");
        entry.guid = Some(address.clone());
        entry.link = Some(address);
        entry.title = Some(words("other", index as i64, 5));
        entry.summary = Some(words("text", index as i64, 9));
    }
    entries.extend(each(stories(300..320), |entry| {
        entry.published = entry
            .published
            .map(|date| date - SignedDuration::from_mins(30));
    }));
    let shown = world.poll(PAPER, &entries);
    assert_eq!(shown.matches("new").count(), 10, "{shown}");
}

#[test]
fn an_undated_entry_is_dated_now_and_keeps_that() {
    let mut world = World::after(&[story(1)]);
    let undated = Entry {
        published: None,
        ..story(0)
    };
    world.poll(PAPER, &[undated.clone(), story(1)]);
    let seen = world.now;
    let item = world.item_of("https://www.paper.example/world/story-0.html");
    let stored = |world: &World| world.store.item(item).expect("readable").expect("stored");
    assert_eq!(
        (stored(&world).date, stored(&world).dated),
        (seen, Dated::Seen)
    );
    world.poll(PAPER, &[story(0), story(1)]);
    assert_eq!(
        (stored(&world).date, stored(&world).dated),
        (noon(), Dated::Published)
    );
}

#[test]
fn the_future_counts_as_now_and_1970_as_missing() {
    let mut world = World::new();
    let dated = |n: i64, date: &str| Entry {
        published: Some(date.parse().expect("a date")),
        ..story(n)
    };
    let taken = world.take(
        PAPER,
        &FeedDocument {
            entries: vec![
                dated(1, "2031-01-01T00:00:00Z"),
                dated(2, "1970-01-01T00:00:00Z"),
            ],
            ..FeedDocument::default()
        },
    );
    let dates: Vec<_> = taken
        .entries
        .iter()
        .map(|entry| (entry.date, entry.dated))
        .collect();
    assert_eq!(
        dates,
        [(world.now, Dated::Published), (world.now, Dated::Seen)]
    );
}

#[test]
fn a_feed_that_moved_keeps_its_past() {
    let mut world = World::after(&stories(1..5));
    let state = world.state(PAPER);
    let moved = crate::model::Moved {
        to: "https://feeds.paper.example/all".to_owned(),
        count: 3,
        since: world.now,
        adopted_at: Some(world.now),
    };
    let redirected = FeedState {
        moved: Some(moved),
        ..state
    };
    world.store.record_feed(&redirected).expect("recorded");
    declare(
        &mut world.store,
        &["https://feeds.paper.example/all"],
        world.now,
    );
    let shown = world.poll("https://feeds.paper.example/all", &stories(0..5));
    assert_eq!(shown, "0 new");
}

#[test]
fn a_feed_declared_anew_with_the_same_page_goes_on() {
    let document = |entries: Vec<Entry>| FeedDocument {
        link: Some("https://www.paper.example/".to_owned()),
        entries,
        ..FeedDocument::default()
    };
    let mut world = World::new();
    world.take(PAPER, &document(stories(1..5)));
    declare(&mut world.store, &["https://paper.example/atom"], world.now);
    let taken = world.take("https://paper.example/atom", &document(stories(0..5)));
    assert_eq!(taken.counts.new, 1);
    assert_eq!(taken.counts.backfill, 0);
}

#[test]
fn a_feed_that_comes_back_goes_on_where_it_was() {
    let mut world = World::after(&stories(1..5));
    declare(&mut world.store, &[SISTER], world.now);
    world.wait(1);
    declare(&mut world.store, &[PAPER, SISTER], world.now);
    assert_eq!(world.poll(PAPER, &stories(0..5)), "0 new");
    let events = world.store.events_since(noon()).expect("events");
    assert!(events.iter().any(|event| event.kind == EventKind::Resumed));
}

#[test]
fn nothing_by_which_to_know_it_again_is_not_stored() {
    let mut world = World::after(&[story(1), story(2)]);
    let taken = world.take(
        PAPER,
        &FeedDocument {
            entries: vec![Entry::default(), story(1), story(2)],
            ..FeedDocument::default()
        },
    );
    assert_eq!(taken.counts.nameless, 1);
    assert_eq!(world.items(), 2);
}

#[test]
fn new_rules_for_keys_announce_nothing_again() {
    let mut world = World::after(&stories(1..5));
    // As if other rules had made all keys.
    world
        .store
        .connection
        .execute_batch("DELETE FROM key; UPDATE meta SET value = 0 WHERE name = 'rules'")
        .expect("keys are gone");
    world.store.renew_keys(world.now).expect("keys are renewed");
    let entries = each(stories(0..5), |entry| entry.guid = None);
    assert_eq!(world.poll(PAPER, &entries), "0 new");
}

#[test]
fn keys_outlive_texts_by_far() {
    let keep = SignedDuration::from_hours(400 * 24);
    let mut world = World::after(&stories(1..5));
    world.poll(PAPER, &stories(3..7));
    world.wait(500 * 24);
    let pruned = world.store.prune(world.now, keep).expect("pruned");
    assert_eq!((pruned.items, pruned.keys), (2, 0), "two are still shown");
    assert_eq!(world.poll(PAPER, &stories(1..7)), "", "old news is no news");
    let back = world.item_of("https://www.paper.example/world/story-1.html");
    let item = world
        .store
        .item(back)
        .expect("readable")
        .expect("stored again");
    assert_eq!(item.origin, Origin::Backfill);
}

#[test]
fn keys_of_what_is_shown_for_years_are_kept() {
    let keep = SignedDuration::from_hours(400 * 24);
    let mut world = World::after(&stories(1..3));
    for _ in 0..(5 * 365) {
        world.wait(24);
        world.store.prune(world.now, keep).expect("pruned");
    }
    let entries = each(stories(1..3), |entry| entry.guid = None);
    assert_eq!(world.poll(PAPER, &entries), "");
    world.poll(PAPER, &[story(1)]);
    world.wait(4 * 365 * 24);
    world.store.prune(world.now, keep).expect("pruned");
    assert_eq!(
        world.poll(PAPER, &entries),
        "1 late",
        "forgotten in the end"
    );
}

#[test]
fn what_the_fetch_set_is_kept_and_what_the_document_says_is_added() {
    let mut world = World::new();
    world.wait(1);
    let mut state = world.state(PAPER);
    state.validators = Some(Validators {
        etag: Some(b"\"1\"".to_vec()),
        ..Validators::default()
    });
    let document = FeedDocument {
        title: Some("The <b>Paper</b>".to_owned()),
        link: Some("https://www.paper.example/".to_owned()),
        entries: stories(1..3),
        ..FeedDocument::default()
    };
    let taken = world
        .store
        .take_in(&state, &document, world.now)
        .expect("taken in");
    let stored = world.state(PAPER);
    assert_eq!(stored, taken.feed);
    assert_eq!(stored.name, "The Paper");
    assert_eq!(stored.validators, state.validators);
    assert_eq!(stored.first_read_at, Some(world.now));
}
