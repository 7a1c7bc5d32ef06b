//! The decision tables of `ingest`, a test for each line and for each fault that publishers are known for.

use jiff::SignedDuration;

use super::*;
use crate::model::{Feed, FeedId, Validators};

const PAPER: &str = "https://www.paper.example/rss.xml";
const SISTER: &str = "https://www.paper.example/politics.xml";
const AGGREGATOR: &str = "https://planet.example/feed";

/// A store and its clock, which starts at noon and goes on by an hour before each poll.
struct World {
    store: Store,
    now: Timestamp,
}

impl World {
    fn new() -> World {
        let now = noon();
        let mut store = Store::open_in_memory(now).expect("a database in memory");
        declare(&mut store, &[PAPER, SISTER, AGGREGATOR], now);
        World { store, now }
    }

    /// A world in which the paper was polled once and showed these.
    fn after(entries: &[Entry]) -> World {
        let mut world = World::new();
        world.poll(PAPER, entries);
        world
    }

    fn wait(&mut self, hours: i64) {
        self.now += SignedDuration::from_hours(hours);
    }

    fn take(&mut self, feed: &str, document: &FeedDocument) -> Taken {
        self.wait(1);
        let state = self.state(feed);
        self.store
            .take_in(&state, document, self.now)
            .expect("a document is taken in")
    }

    fn poll(&mut self, feed: &str, entries: &[Entry]) -> String {
        let document = FeedDocument {
            entries: entries.to_vec(),
            ..FeedDocument::default()
        };
        told(&self.take(feed, &document))
    }

    fn state(&self, feed: &str) -> FeedState {
        self.store
            .feed_by_url(feed)
            .expect("the feeds can be read")
            .expect("the feed is known")
    }

    fn item_of(&self, link: &str) -> ItemId {
        self.store
            .item_by_link_or_id(link)
            .expect("the items can be read")
            .expect("the item is known")
            .id
    }

    fn items(&self) -> u64 {
        self.store.counts().expect("the items can be counted").items
    }
}

fn noon() -> Timestamp {
    "2026-03-03T12:00:00Z".parse().expect("a time")
}

fn declare(store: &mut Store, urls: &[&str], now: Timestamp) {
    let feed = |url: &&str| Feed {
        url: (*url).to_owned(),
        name: None,
        tags: Vec::new(),
        every: None,
        backfill: crate::model::Backfill::None,
        paused: false,
    };
    let feeds: Vec<Feed> = urls.iter().map(feed).collect();
    store
        .declare_feeds(&feeds, now)
        .expect("feeds are declared");
}

/// What is to be matched, an index and a word each.
fn told(taken: &Taken) -> String {
    let mut words: Vec<String> = taken
        .entries
        .iter()
        .map(|entry| {
            let word = match entry.kind {
                TakenKind::First => entry.origin.as_str(),
                TakenKind::Sighting => "sighting",
                TakenKind::Changed { significant: true } => "changed",
                TakenKind::Changed { significant: false } => "touched",
            };
            format!("{} {word}", entry.index)
        })
        .collect();
    if taken.replaced {
        words.push("replaced".to_owned());
    } else if taken.gap.is_some() {
        words.push("gap".to_owned());
    }
    words.join(", ")
}

/// Story `n` was published `n` hours before noon; no two share a word.
fn story(n: i64) -> Entry {
    let address = format!("https://www.paper.example/world/story-{n}.html");
    Entry {
        guid: Some(address.clone()),
        permalink: Some(true),
        link: Some(address),
        title: Some(words("title", n, 5)),
        summary: Some(words("summary", n, 9)),
        published: Some(noon() - SignedDuration::from_hours(n)),
        ..Entry::default()
    }
}

fn words(stem: &str, n: i64, count: usize) -> String {
    let letters = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let word = |letter: &&str| format!("{stem}{letter}{n}");
    letters
        .iter()
        .take(count)
        .map(word)
        .collect::<Vec<_>>()
        .join(" ")
}

fn stories(numbers: std::ops::Range<i64>) -> Vec<Entry> {
    numbers.map(story).collect()
}

fn each(mut entries: Vec<Entry>, change: impl Fn(&mut Entry)) -> Vec<Entry> {
    entries.iter_mut().for_each(change);
    entries
}

/// One entry changed, polled after its original among four others.
#[track_caller]
fn check_change(change: impl Fn(&mut Entry), expected: &str) {
    let mut world = World::after(&stories(1..6));
    let mut entries = stories(1..6);
    change(&mut entries[1]);
    assert_eq!(world.poll(PAPER, &entries), expected);
    assert_eq!(world.poll(PAPER, &entries), "", "again");
}

/// All entries changed, with one that is new on top.
#[track_caller]
fn check_move(change: impl Fn(&mut Entry)) {
    let mut world = World::after(&stories(1..6));
    let entries = each(stories(0..6), &change);
    assert_eq!(world.poll(PAPER, &entries), "0 new");
    assert_eq!(world.poll(PAPER, &entries), "", "again");
    assert_eq!(world.items(), 6);
}

fn clear_names(entry: &mut Entry) {
    entry.guid = None;
    entry.link = None;
}

#[test]
fn a_first_poll_is_backfill() {
    let mut world = World::new();
    let shown = world.poll(PAPER, &stories(1..3));
    assert_eq!(shown, "0 backfill, 1 backfill");
}

#[test]
fn what_comes_on_top_is_new_and_the_rest_is_known() {
    let mut world = World::after(&stories(2..5));
    assert_eq!(world.poll(PAPER, &stories(0..5)), "0 new, 1 new");
}

#[test]
fn the_same_bytes_are_nothing_new() {
    let mut world = World::after(&stories(1..5));
    assert_eq!(world.poll(PAPER, &stories(1..5)), "");
}

#[test]
fn order_does_not_matter() {
    let mut world = World::after(&stories(1..5));
    let mut entries = stories(1..5);
    entries.reverse();
    assert_eq!(world.poll(PAPER, &entries), "");
}

#[test]
fn without_guid_the_link_decides() {
    check_move(|entry| entry.guid = None);
}

#[test]
fn a_guid_that_is_no_permalink_still_names_the_item() {
    check_change(
        |entry| {
            entry.permalink = Some(false);
            entry.link = Some("https://www.paper.example/new-slug".to_owned());
        },
        "",
    );
}

#[test]
fn http_becomes_https_and_links_are_tracked() {
    check_move(|entry| {
        for field in [&mut entry.guid, &mut entry.link] {
            *field = field.take().map(|text| {
                format!(
                    "{}?utm_source=rss",
                    text.replace("https://www.", "http://m.")
                )
            });
        }
    });
}

#[test]
fn a_guid_that_is_new_at_each_poll_repeats_nothing_and_is_soon_not_believed() {
    let mut world = World::new();
    let drawn = |poll: i64| {
        each(stories(1..6), |entry| {
            let title = entry.title.as_deref().unwrap_or_default();
            entry.guid = Some(format!("{poll}-{title}"));
            entry.permalink = Some(false);
        })
    };
    world.poll(PAPER, &drawn(0));
    for poll in 1..6 {
        assert_eq!(world.poll(PAPER, &drawn(poll)), "");
    }
    assert!(!guids_are_believed(&world.state(PAPER)));
    let keys = world.store.counts().expect("counts").keys;
    assert_eq!(world.poll(PAPER, &drawn(7)), "");
    assert_eq!(world.store.counts().expect("counts").keys, keys);
    let kinds: Vec<EventKind> = world
        .store
        .events_since(noon())
        .expect("events")
        .iter()
        .map(|event| event.kind)
        .collect();
    assert!(kinds.contains(&EventKind::Guids));
}

#[test]
fn a_move_of_the_publishing_system_repeats_nothing() {
    check_move(|entry| {
        let slug = entry.title.as_deref().unwrap_or_default().replace(' ', "-");
        let address = format!("https://www.paper.example/2026/03/{slug}");
        entry.guid = Some(address.clone());
        entry.link = Some(address);
    });
}

#[test]
fn a_move_of_undated_headlines_repeats_nothing() {
    let bare = |entry: &mut Entry| {
        entry.published = None;
        entry.summary = None;
        entry.guid = None;
    };
    let mut world = World::after(&each(stories(1..6), bare));
    let entries = each(stories(0..6), |entry| {
        bare(entry);
        entry.link = entry.link.take().map(|link| link.replace("world", "new"));
    });
    assert_eq!(world.poll(PAPER, &entries), "0 new");
}

#[test]
fn a_move_to_another_host_repeats_nothing() {
    check_move(|entry| {
        let address = entry.link.as_deref().unwrap_or_default();
        let address = address.replace("www.paper.example/world", "news.gazette.example/a");
        entry.guid = Some(address.clone());
        entry.link = Some(address);
    });
}

#[test]
fn dates_rewritten_at_each_poll_repeat_nothing() {
    let mut world = World::after(&stories(1..6));
    let mut keys = 0;
    for hours in 2..6 {
        let date = noon() + SignedDuration::from_hours(hours);
        let entries = each(stories(1..6), |entry| entry.published = Some(date));
        assert_eq!(world.poll(PAPER, &entries), "");
        let now = world.store.counts().expect("counts").keys;
        assert!(keys == 0 || keys == now, "keys do not pile up");
        keys = now;
    }
}

#[test]
fn a_title_edited_is_a_change() {
    check_change(
        |entry| entry.title = Some("Another headline altogether".to_owned()),
        "1 changed",
    );
}

#[test]
fn a_word_edited_is_a_touch() {
    check_change(
        |entry| {
            entry.summary = entry
                .summary
                .take()
                .map(|text| format!("{text} Corrected."))
        },
        "1 touched",
    );
}

#[test]
fn a_counter_is_no_edit() {
    check_change(
        |entry| {
            entry.summary = entry
                .summary
                .take()
                .map(|text| format!("{text} (12 comments)"))
        },
        "",
    );
}

#[test]
fn a_clock_in_the_summary_is_believed_for_a_while_only() {
    let mut world = World::after(&stories(1..4));
    let mut touched = 0;
    for poll in 0..40 {
        let entries = each(stories(1..4), |entry| {
            entry.summary = entry
                .summary
                .take()
                .map(|text| format!("At {poll}: {text}"));
        });
        touched += world.poll(PAPER, &entries).matches("touched").count();
    }
    assert_eq!(touched, 3 * 24);
}

#[test]
fn guid_and_link_that_follow_the_title_are_a_correction() {
    check_change(
        |entry| {
            let address = "https://www.paper.example/world/another-headline-altogether.html";
            entry.title = Some("Another headline altogether".to_owned());
            entry.guid = Some(address.to_owned());
            entry.link = Some(address.to_owned());
        },
        "1 changed",
    );
}

#[test]
fn published_once_more_under_a_new_address_and_date_is_a_correction() {
    check_change(
        |entry| {
            let address = "https://www.paper.example/world/again.html";
            entry.guid = Some(address.to_owned());
            entry.link = Some(address.to_owned());
            entry.published = Some(noon() + SignedDuration::from_hours(1));
        },
        "",
    );
}

#[test]
fn a_guid_used_again_for_another_article_is_new() {
    let counted = |n: i64, guid: &str| Entry {
        guid: Some(guid.to_owned()),
        permalink: Some(false),
        ..story(n)
    };
    let mut world = World::after(&[counted(30, "1"), counted(31, "2")]);
    assert_eq!(
        world.poll(PAPER, &[counted(0, "1"), counted(31, "2")]),
        "0 new"
    );
}

#[test]
fn a_live_page_with_a_new_subject_is_new() {
    let live = |n: i64| Entry {
        guid: Some(format!("live-{n}")),
        permalink: Some(false),
        link: Some("https://www.paper.example/live".to_owned()),
        ..story(n)
    };
    let mut world = World::after(&[live(9), story(3), story(4)]);
    assert_eq!(world.poll(PAPER, &[live(1), story(3), story(4)]), "0 new");
    assert_eq!(world.poll(PAPER, &[live(1), story(3), story(4)]), "");
}

#[test]
fn one_page_for_a_feed_of_one_entry_does_not_swallow_the_next() {
    let page = |n: i64| Entry {
        guid: None,
        link: Some("https://www.paper.example/today".to_owned()),
        ..story(n)
    };
    let mut world = World::after(&[page(50)]);
    assert_eq!(world.poll(PAPER, &[page(20)]), "0 new");
}

#[test]
fn a_link_that_all_entries_share_names_none() {
    let status = |n: i64| Entry {
        guid: None,
        link: Some("https://status.paper.example/history".to_owned()),
        ..story(n)
    };
    let all = |numbers: std::ops::Range<i64>| numbers.map(status).collect::<Vec<_>>();
    let mut world = World::after(&all(3..6));
    assert_eq!(world.poll(PAPER, &all(2..6)), "0 new");
    assert_eq!(world.poll(PAPER, &all(2..6)), "");
    // One alone, after so many: the feed is remembered for sharing its link.
    assert_eq!(world.poll(PAPER, &all(1..2)), "0 new");
}

#[test]
fn a_guid_that_all_entries_share_names_none() {
    let same = |n: i64| Entry {
        guid: Some("paper".to_owned()),
        permalink: Some(false),
        ..story(n)
    };
    let mut world = World::after(&[same(3), same(4)]);
    assert_eq!(world.poll(PAPER, &[same(2), same(3), same(4)]), "0 new");
    assert_eq!(world.poll(PAPER, &[same(1)]), "0 new");
}

#[test]
fn entries_without_names_are_known_by_their_text() {
    let mut world = World::new();
    let bare = |n: i64| {
        let mut entry = story(n);
        clear_names(&mut entry);
        entry.published = None;
        entry
    };
    world.poll(PAPER, &[bare(2), bare(3)]);
    assert_eq!(world.poll(PAPER, &[bare(1), bare(2), bare(3)]), "0 new");
    assert_eq!(world.poll(PAPER, &[bare(3), bare(1)]), "");
}

#[test]
fn a_report_without_names_that_recurs_is_new() {
    let report = |hours: i64| Entry {
        title: Some("Outage".to_owned()),
        summary: Some("We are investigating reports of an outage.".to_owned()),
        published: Some(noon() + SignedDuration::from_hours(hours)),
        ..Entry::default()
    };
    let mut world = World::after(&[report(0)]);
    world.wait(24 * 30);
    assert_eq!(world.poll(PAPER, &[report(24 * 30)]), "0 new");
}

#[test]
fn fragments_count_once_they_tell_entries_apart() {
    let update = |n: i64| {
        let address = format!("https://www.paper.example/live#update-{n}");
        Entry {
            guid: Some(address.clone()),
            link: Some(address),
            published: None,
            ..story(n)
        }
    };
    let mut world = World::after(&[update(3)]);
    assert_eq!(world.poll(PAPER, &[update(2), update(3)]), "0 new");
    assert!(world.state(PAPER).fragment_counts);
    assert_eq!(
        world.poll(PAPER, &[update(1), update(2), update(3)]),
        "0 new"
    );
    let mut edited = update(2);
    edited.title = Some("Another headline altogether".to_owned());
    assert_eq!(world.poll(PAPER, &[update(1), edited]), "1 changed");
}

#[test]
fn one_title_every_day_is_new_every_day() {
    let briefing = |n: i64| Entry {
        title: Some("Morning briefing".to_owned()),
        summary: Some("Five things to know today.".to_owned()),
        ..story(n)
    };
    let mut world = World::after(&[briefing(48)]);
    assert_eq!(world.poll(PAPER, &[briefing(24), briefing(48)]), "0 new");
    // Also where the last one has to leave for the next.
    assert_eq!(world.poll(PAPER, &[briefing(0)]), "0 new");
}

#[test]
fn one_title_at_one_minute_for_two_counties_is_two_items() {
    let warning = |n: i64| Entry {
        title: Some("Flood warning".to_owned()),
        published: Some(noon()),
        ..story(n)
    };
    let mut world = World::after(&[story(8), story(9)]);
    let both = [warning(1), warning(2), story(8)];
    assert_eq!(world.poll(PAPER, &both), "0 new, 1 new");
    let three = [warning(3), warning(1), warning(2)];
    assert_eq!(world.poll(PAPER, &three), "0 new");
}

#[test]
fn an_entry_written_twice_is_one_item() {
    let mut world = World::after(&[story(3)]);
    let mut twin = story(1);
    twin.categories = vec!["Politics".to_owned()];
    assert_eq!(
        world.poll(PAPER, &[story(1), story(3), twin.clone()]),
        "0 new"
    );
    assert_eq!(world.poll(PAPER, &[twin, story(3)]), "");
    assert_eq!(world.items(), 2);
}

#[test]
fn what_was_deleted_and_comes_back_is_known() {
    let mut world = World::after(&stories(1..5));
    assert_eq!(world.poll(PAPER, &stories(2..5)), "");
    assert_eq!(world.poll(PAPER, &stories(1..5)), "");
    world.poll(PAPER, &stories(2..5));
    world.wait(24 * 200);
    assert_eq!(world.poll(PAPER, &stories(1..5)), "");
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
    let parked = document("Cheap shoes", "https://shoes.example/", stories(0..2));
    assert!(world.take(PAPER, &parked).replaced);
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
fn a_purge_and_republication_of_what_we_know_is_known() {
    let mut world = World::new();
    world.poll(PAPER, &stories(1..200));
    world.poll(PAPER, &stories(0..5));
    let entries = each(stories(0..200), |entry| {
        let address = entry
            .link
            .take()
            .unwrap_or_default()
            .replace("world", "archive");
        entry.guid = Some(address.clone());
        entry.link = Some(address);
    });
    assert_eq!(world.poll(PAPER, &entries), "");
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
