//! Which item an entry is.

use super::*;

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
