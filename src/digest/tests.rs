//! Rules of composing, one claim each.

use jiff::civil::date;

use super::compose::{Caps, How};
use super::goldens::{morning, odds, port_alert};
use super::lint::lint;
use super::material::*;
use super::message;
use super::samples::{ago, sample};
use crate::model::Origin;

#[test]
fn forty_full_stories_fit() {
    let mut sample = sample();
    for topic in 0..14 {
        sample.topic(&format!("Topic {topic}"), &[3; 15]);
        for number in 0..3 {
            let text = "The council heard three speakers on the bridge and put the vote off until the spring. ".repeat(6);
            sample.article(
                "Estuary Post",
                number,
                &format!("Story {number} of topic {topic}"),
                &text,
                &["Story", "bridge"],
            );
        }
    }
    let message = sample.message().expect("a message");
    let full = message
        .settled
        .told
        .iter()
        .filter(|told| told.how == How::Full)
        .count();
    assert_eq!(full, 40, "HTML has {} bytes", message.rendered.html.len());
    lint(&message.rendered);
}

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
