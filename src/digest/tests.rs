//! Rules of composing, one claim each.

use jiff::civil::date;

use super::compose::{Caps, How};
use super::goldens::{developing, morning, odds, port_alert};
use super::lint::lint;
use super::material::*;
use super::message;
use super::samples::{ago, sample};
use crate::model::Origin;

#[test]
fn what_a_snooze_hid_is_counted_once_at_its_end() {
    let mut sample = sample();
    sample.topic("Coast rail", &[1; 15]).snooze = Some(date(2026, 11, 23));
    sample
        .article(
            "Estuary Post",
            500,
            "Coast rail works begin",
            "",
            &["Coast rail"],
        )
        .matched_at = ago(8 * 60);
    let message = sample
        .message()
        .expect("the end of a snooze is worth a mail");
    assert!(
        message
            .rendered
            .text
            .contains("Coast rail was snoozed until 23 November, which hid 1 article.")
    );
    assert_eq!(message.settled.told.len(), 1);
    assert_eq!(message.settled.told[0].how, How::Snoozed);
    sample.material.topics[0].snooze = Some(date(2026, 11, 24));
    assert!(sample.message().is_none(), "until then it waits");
}

#[test]
fn a_story_below_min_outlets_waits_until_it_closes() {
    let mut sample = sample();
    sample.topic("Strikes", &[1; 15]).min_outlets = 2;
    sample.article("Estuary Post", 5, "Tug crews walk out", "", &["walk out"]);
    assert!(sample.message().is_none());
    sample.material.stories[0].closed = true;
    assert!(
        sample.message().is_none(),
        "a mere number waits for the next message"
    );
    sample.topic("Grain prices", &[1; 15]);
    sample.article("Mill Lane News", 2, "Wheat jumps", "", &["Wheat"]);
    let message = sample.message().expect("a message");
    assert!(
        message
            .rendered
            .text
            .contains("Strikes: 1 story stayed below 2 outlets.")
    );
    assert_eq!(message.settled.told.len(), 2);
}

#[test]
fn a_story_told_too_recently_waits() {
    let mut sample = port_alert();
    sample.material.stories[0].told = Some(ToldBefore {
        at: ago(60),
        followup: Followup::TooSoon,
        headlines: Vec::new(),
        thread: None,
    });
    assert!(sample.message().is_none());
}

#[test]
fn an_archive_that_comes_back_does_not_crowd_out_the_news() {
    let mut sample = sample();
    for topic in 0..60 {
        sample.topic(&format!("Topic {topic}"), &[1; 15]);
        sample.article(
            "Estuary Post",
            topic,
            &format!("News of topic {topic}"),
            "",
            &["News"],
        );
        for number in 0..20 {
            let title =
                format!("Old headline {number} of topic {topic} from the archive of the paper");
            sample
                .article("Estuary Post", 600_000 + number, &title, "", &[])
                .origin = Origin::Late;
        }
    }
    let message = sample.message().expect("a message");
    lint(&message.rendered);
    assert_eq!(message.settled.told.len(), 60 * 21);
    let shown = message
        .settled
        .told
        .iter()
        .filter(|told| told.how == How::Compact)
        .count();
    assert_eq!(shown, 40);
}

#[test]
fn every_topic_shows_its_best_story_before_any_shows_its_second() {
    let mut sample = sample();
    sample.digest.max_stories = 4;
    for topic in ["A", "B", "C"] {
        sample.topic(topic, &[1; 15]);
        for number in 0..5 {
            sample.article(
                "Estuary Post",
                number,
                &format!("{topic}{number} title"),
                "",
                &[topic],
            );
        }
    }
    let text = sample.message().expect("a message").rendered.text;
    for shown in [
        "A0 title",
        "A1 title",
        "B0 title",
        "C0 title",
        "And 3 more",
        "And 4 more",
    ] {
        assert!(text.contains(shown), "{shown}");
    }
    assert!(!text.contains("B1 title"));
}

#[test]
fn without_caps_everything_is_shown() {
    let mut sample = sample();
    sample.topic("A", &[1; 15]);
    for number in 0..100 {
        sample.article(
            "Estuary Post",
            number,
            &format!("Story {number}."),
            "",
            &["Story"],
        );
    }
    let message = message(&sample.material(), Caps::NONE).expect("a message");
    assert!(message.rendered.text.contains("Story 99."));
    assert!(
        message
            .settled
            .told
            .iter()
            .all(|told| told.how != How::Counted)
    );
}

#[test]
fn an_item_that_another_digest_wants_too_leaves_both() {
    let mut sample = sample();
    sample.topic("Elsewhere", &[]).wanted = false;
    let other = sample.material.topics[0].id;
    sample.topic("Here", &[1; 15]);
    sample.article("Estuary Post", 5, "Tug crews walk out", "", &["walk out"]);
    sample.also_in(other);
    let message = sample.message().expect("a message");
    assert_eq!(message.settled.leaving.len(), 2);
    assert_eq!(message.settled.told.len(), 1);
    assert!(message.rendered.text.contains("Also in Elsewhere"));
}

#[test]
fn what_only_another_digest_wants_stays() {
    let mut sample = sample();
    sample.topic("Elsewhere", &[]).wanted = false;
    sample.article("Estuary Post", 5, "Tug crews walk out", "", &["walk out"]);
    assert!(sample.message().is_none());
}

#[test]
fn a_sensitive_topic_shows_titles_only() {
    let mut sample = sample();
    sample.topic("Company matters", &[1; 15]).sensitive = true;
    sample.article(
        "Capital Record",
        25,
        "Hollis to close",
        "The secret board met.",
        &["Hollis", "secret board"],
    );
    let rendered = sample.message().expect("a message").rendered;
    for part in [&rendered.text, &rendered.html, &rendered.preheader] {
        assert!(!part.contains("secret"), "{part}");
    }
    assert!(rendered.text.contains("Hollis to close"));
}

#[test]
fn the_same_material_in_another_order_makes_the_same_message() {
    for mut sample in [morning(), odds()] {
        let message = sample.message().expect("a message");
        sample.material.candidates.reverse();
        sample.material.stories.reverse();
        assert_eq!(
            sample.message().expect("a message").rendered,
            message.rendered
        );
    }
}

#[test]
fn every_later_headline_of_an_outlet_is_shown_or_counted() {
    let sample = developing();
    let message = sample.message().expect("a message");
    let text = &message.rendered.text;
    assert!(text.contains("    more: Second round of talks ends without a deal\n"));
    assert!(text.contains("    and 2 more articles\n"), "{text}");
    let also = |told: &&super::compose::Told| told.how == How::Also;
    assert_eq!(message.settled.told.iter().filter(also).count(), 10);
    let whole = super::message(&sample.material(), Caps::NONE).expect("a message");
    assert!(whole.rendered.text.contains("more: Eleven vessels leave"));
    assert!(
        !whole.rendered.text.contains("remote control room\n"),
        "a headline that was touched up"
    );
}

#[test]
fn a_story_of_many_articles_keeps_the_message_small() {
    let mut sample = sample();
    for topic in 0..40 {
        sample.topic(&format!("Topic {topic}"), &[3; 15]);
        let text =
            "The council heard three speakers on the bridge and put the vote off. ".repeat(6);
        sample.article(
            "Estuary Post",
            900,
            &format!("Bridge {topic} waits"),
            &text,
            &["Bridge"],
        );
        for number in 0..12 {
            let title = format!(
                "Speaker{number} argues against{number} the plan{number} of bridge {topic}"
            );
            sample.also("Estuary Post", number, &title);
        }
    }
    let message = sample.message().expect("a message");
    lint(&message.rendered);
    let shown = |told: &&super::compose::Told| matches!(told.how, How::Full | How::Compact);
    assert_eq!(message.settled.told.iter().filter(shown).count(), 40);
    assert_eq!(message.settled.told.len(), 40 * 13);
}

#[test]
fn outlets_that_carry_one_text_are_counted_with_it() {
    let mut sample = sample();
    sample.topic("River ports", &[3; 15]);
    let wire = sample
        .article("Estuary Post", 40, "Fee agreed", "For barges.", &["Fee"])
        .text;
    sample.also("Northgate Business", 30, "One fee").text = wire;
    sample.also("Capital Record", 20, "Fee for all").text = wire;
    sample.also("Delta Pilots", 10, "Pilots keep theirs");
    let rendered = sample.message().expect("a message").rendered;
    for part in [&rendered.text, &rendered.html] {
        assert!(part.contains("4 outlets, 2 texts"), "{part}");
    }
}

#[test]
fn the_first_mail_does_not_call_failing_feeds_well() {
    let mut sample = sample();
    sample.topic("River ports", &[]);
    sample.material.first = true;
    let mut check = |feeds: u32, failing: u32, subject: &str, intro: &str| {
        sample.material.feeds.feeds = feeds;
        sample.material.feeds.failing = failing;
        let rendered = sample.message().expect("a first message").rendered;
        assert_eq!(rendered.subject, subject);
        let text = rendered.text.replace('\n', " ");
        assert!(text.contains(intro), "{text}");
    };
    check(
        13,
        0,
        "13 feeds, 1 topic, all well",
        "13 feeds, 1 topic, all well. This first",
    );
    check(
        13,
        13,
        "13 feeds, 1 topic, 13 of the feeds fail",
        "13 feeds, 1 topic; 13 of the feeds could not be read so far. `wirewatch feeds list` tells why. This first",
    );
    check(
        13,
        1,
        "13 feeds, 1 topic, 1 of the feeds fails",
        "1 of the feeds could not be read so far.",
    );
    check(
        1,
        1,
        "1 feed, 1 topic, the feed fails",
        "1 feed, 1 topic; the feed could not be read so far.",
    );
}

#[test]
fn a_refused_watchlist_stands_in_the_box_but_makes_no_message_go() {
    let mut sample = sample();
    sample.topic("River ports", &[1; 15]);
    sample.material.watchlist.problems = 1;
    assert!(sample.message().is_none(), "the operator is told apart");
    sample.article("Estuary Post", 5, "Tug crews walk out", "", &["walk out"]);
    let rendered = sample.message().expect("a message").rendered;
    assert!(rendered.text.contains("THE WATCHLIST NEEDS A LOOK\n"));
    assert!(rendered.text.replace("\n    ", " ").contains(
        "  - The watchlist `wirewatch.toml` has 1 problem and is not used; the last good one runs. `wirewatch check` \
         names it."
    ));
    assert!(rendered.html.contains("the last good one runs"));
}

#[test]
fn articles_without_news_are_counted_in_the_next_message_that_goes() {
    let mut sample = sample();
    sample.topic("Ferry fares", &[1; 15]);
    sample.article("Delta Pilots", 300, "Ferry fares once more", "", &["Ferry"]);
    sample.told(900, Followup::Nothing).headlines = vec!["Ferry fares once more".to_owned()];
    assert!(
        sample.message().is_none(),
        "a number alone makes no message go"
    );
    sample.article("Mill Lane News", 2, "Ferry sinks", "", &["Ferry"]);
    let message = sample.message().expect("a message");
    assert!(
        message
            .rendered
            .text
            .contains("1 more article on a story you had before, with nothing new."),
        "{}",
        message.rendered.text
    );
    let told = &message.settled.told;
    assert!(
        told.iter()
            .any(|told| told.item.0 == 1 && told.how == How::Counted)
    );
    assert_eq!(message.settled.leaving.len(), 2);
}

#[test]
fn what_is_no_news_but_has_a_headline_of_its_own_is_listed_by_it() {
    let mut sample = sample();
    sample.topic("Strikes", &[1; 15]);
    sample.article(
        "Delta Pilots",
        300,
        "Tug crews join the strike",
        "",
        &["strike"],
    );
    sample.also("Estuary Post", 290, "Crane drivers begin a strike");
    for minutes in 1..5 {
        let title = format!("Report {minutes} from the quay number {minutes} of day {minutes}");
        sample.also("Mill Lane News", minutes, &title);
    }
    let facts = &mut sample.material.stories[0];
    facts.told = Some(ToldBefore {
        at: ago(900),
        followup: Followup::Nothing,
        headlines: vec!["CRANE DRIVERS BEGIN A STRIKE".to_owned()],
        thread: None,
    });
    assert!(sample.message().is_none(), "it makes no message go");
    sample.material.candidates[0].matched_at = ago(24 * 60);
    let message = sample.message().expect("it has waited for a day");
    assert_eq!(
        message.rendered.subject,
        "6 more articles on stories you had before"
    );
    assert!(
        message.rendered.text.contains(
            "Nothing new in 1 topic since Sunday 07:00. 6 more articles on stories\nyou had before."
        ),
        "{}",
        message.rendered.text
    );
    assert_eq!(message.settled.leaving.len(), 6);
    sample.material.candidates[0].matched_at = ago(24 * 60 - 1);
    assert!(sample.message().is_none(), "not yet");
    sample.article(
        "Harbour & Freight",
        2,
        "Union calls a second strike",
        "",
        &["strike"],
    );
    let message = sample.message().expect("a message");
    let text = &message.rendered.text;
    assert!(
        text.contains("MORE ON STORIES YOU HAD BEFORE   3 articles"),
        "{text}"
    );
    assert!(text.contains(
        "  - Report 1 from the quay number 1 of day 1 · Mill Lane News · 06:59\n    https://"
    ));
    assert!(
        text.contains("3 more articles on a story you had before, with nothing new."),
        "{text}"
    );
    assert!(message.rendered.html.contains("Report 3 from"));
    let also = message
        .settled
        .told
        .iter()
        .filter(|told| told.how == How::Also);
    assert_eq!(also.count(), 3);
    lint(&message.rendered);
    let whole = super::message(&sample.material(), Caps::NONE).expect("a message");
    assert!(whole.rendered.text.contains("Tug crews join"));
    assert!(
        !whole.rendered.text.contains("Crane drivers begin"),
        "told before"
    );
}

#[test]
fn news_that_came_too_soon_waits_and_is_told_as_an_update() {
    let mut sample = sample();
    sample.topic("Ferry fares", &[1; 15]);
    sample.article(
        "Delta Pilots",
        30,
        "Ferry fares to rise after all",
        "",
        &["Ferry"],
    );
    sample.told(60, Followup::TooSoon);
    sample.article("Mill Lane News", 2, "Ferry sinks", "", &["Ferry"]);
    let message = sample.message().expect("a message");
    let text = message.rendered.text.replace('\n', " ");
    assert!(!text.contains("to rise after all"));
    assert!(
        text.contains("1 story you had less than six hours ago has something new, which follows then: Ferry fares."),
        "{text}"
    );
    assert!(!text.contains("Nothing further in Ferry fares"), "{text}");
    assert!(message.settled.told.iter().all(|told| told.item.0 != 1));
    assert_eq!(message.settled.leaving, [sample.material.candidates[1].id]);
    // Six hours later: what was told has left, and the story has rested.
    sample.material.candidates.pop();
    sample.material.stories[0].told = Some(ToldBefore {
        at: ago(6 * 60),
        followup: Followup::Words(Vec::new()),
        headlines: Vec::new(),
        thread: None,
    });
    let text = sample.message().expect("an update").rendered.text;
    assert!(
        text.contains("UPDATES") && text.contains("to rise after all"),
        "{text}"
    );
    assert!(
        text.contains("Something new since you had this story 01:00"),
        "{text}"
    );
}

#[test]
fn a_list_of_what_is_stored_does_not_name_its_own_command() {
    let mut sample = sample();
    sample.topic("Ferry fares", &[1; 15]);
    sample.article("Delta Pilots", 30, "Ferry fares to rise", "", &["Ferry"]);
    let what = FeedEvent::Added {
        stored: 40,
        matching: 3,
    };
    sample.news("Weir Watch", what, &[]);
    let command = "wirewatch digest \"Morning digest\" --since 7d";
    assert!(
        sample
            .message()
            .expect("a message")
            .rendered
            .text
            .contains(command)
    );
    sample.material.lists_stored = true;
    let text = sample.message().expect("a message").rendered.text;
    assert!(!text.contains(command));
    assert!(text.contains("Feed added: Weir Watch. 40 items stored."));
}
