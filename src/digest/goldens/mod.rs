//! Whole messages. `UPDATE_EXPECT=1` rewrites them under `tests/data/mail`: read the diff, and look at them.

use expect_test::{ExpectFile, expect_file};
use jiff::SignedDuration;

use super::lint::lint;
use super::material::*;
use super::samples::{Sample, ago, alert, sample};

/// Compares both parts with their files, and the HTML with what mail clients can do.
#[track_caller]
fn check(sample: &Sample, text: ExpectFile, html: ExpectFile) {
    let message = sample.message().expect("a message");
    let rendered = &message.rendered;
    let head = format!(
        "From: {}\nSubject: {}\n",
        rendered.from_name, rendered.subject
    );
    text.assert_eq(&format!("{head}\n{}", rendered.text));
    html.assert_eq(&rendered.html);
    lint(rendered);
}

macro_rules! golden {
    ($sample:expr, $name:literal) => {
        check(
            &$sample,
            expect_file![concat!("../../../tests/data/mail/", $name, ".txt")],
            expect_file![concat!("../../../tests/data/mail/", $name, ".html")],
        )
    };
}

mod rich;
mod scripts;

pub(super) use self::rich::{developing, morning, odds};

#[test]
fn an_empty_digest_with_trouble() {
    let mut sample = sample();
    sample.topic("River ports", &[0; 15]);
    sample.topic("Grain prices", &[1; 15]);
    sample.material.known_troubles = 2;
    sample.material.feeds.gaps = 1;
    sample.news(
        "Delta Pilots",
        FeedEvent::Quiet {
            last_new: ago(9 * 1_440),
            usual: SignedDuration::from_hours(24),
        },
        &[],
    );
    sample.news(
        "Lower Ferry Gazette",
        FeedEvent::Failing {
            since: ago(1_730),
            attempts: 9,
            error: "HTTP 404".to_owned(),
            until: None,
        },
        &["Grain prices"],
    );
    sample.news(
        "Estuary Post",
        FeedEvent::Gap {
            from: ago(700),
            to: ago(460),
        },
        &["River ports", "Grain prices"],
    );
    sample.news(
        "Old Quay Bulletin",
        FeedEvent::Gone { since: ago(1_500) },
        &[],
    );
    sample.news(
        "Mill Lane News",
        FeedEvent::Recovered {
            after: SignedDuration::from_mins(4_700),
        },
        &[],
    );
    sample.news(
        "Weir Watch",
        FeedEvent::Added {
            stored: 40,
            matching: 3,
        },
        &[],
    );
    golden!(sample, "empty-with-trouble");
}

#[test]
fn one_story() {
    let mut sample = sample();
    sample.topic("River ports", &[0, 1, 1]);
    sample.article(
        "Estuary Post",
        18,
        "Pilots at Low Ferry accept the night roster",
        "The vote ends a dispute of five weeks. Tugs return to three shifts on Monday, and the dredger follows in January.",
        &["Pilots", "dredger"],
    );
    golden!(sample, "one-story");
}

#[test]
fn the_first_digest_is_empty_and_says_that_all_is_well() {
    let mut sample = sample();
    sample.topic("River ports", &[]);
    sample.topic("Grain prices", &[]);
    sample.material.first = true;
    sample.material.since = None;
    sample.material.feeds = FeedFigures {
        feeds: 12,
        failing: 0,
        polls: 12,
        failed: 0,
        gaps: 0,
    };
    sample.digest.declared = false;
    golden!(sample, "first");
}

#[test]
fn five_hundred_matches() {
    let mut sample = sample();
    for topic in 0..25 {
        sample.topic(&format!("Topic {topic} of many"), &[topic; 15]);
        for number in 0..20 {
            sample.article(
                &format!("Outlet {}", number % 7),
                number * 13 + i64::from(topic),
                &format!("Headline {number} of topic {topic}, which is as long as headlines are wont to be"),
                &"A sentence of the teaser that says a little more. ".repeat(8),
                &["Headline"],
            );
        }
    }
    golden!(sample, "five-hundred");
    let settled = sample.message().expect("a message").settled;
    assert_eq!(settled.leaving.len(), 500);
}

#[test]
fn an_alert() {
    golden!(port_alert(), "alert");
}

pub(super) fn port_alert() -> Sample {
    let mut sample = alert();
    sample.topic("Strikes", &[1; 15]);
    sample.article(
        "Harbour & Freight",
        4,
        "Crane drivers at Sallow Point begin a fourth day of strike over remote control rooms",
        "Talks resume at noon. The union wants one driver within sight of each remote control crane.",
        &["Sallow Point", "remote control"],
    );
    sample.also(
        "Sallow Evening News",
        9,
        "Port calls union to talks at noon",
    );
    sample
}

#[test]
fn a_follow_up_alert_answers_the_first() {
    let mut sample = port_alert();
    let thread = Thread {
        message_id: "<digest.alerts.1@x>".to_owned(),
        parent: None,
        subject: "Crane drivers walk out".to_owned(),
    };
    sample.material.stories[0].told = Some(ToldBefore {
        at: ago(500),
        followup: Followup::Marked,
        headlines: Vec::new(),
        thread: Some(thread.clone()),
    });
    golden!(sample, "alert-follow-up");
    assert_eq!(
        sample.message().expect("a message").rendered.thread,
        Some(thread)
    );
}

#[test]
fn an_alert_with_more() {
    let mut sample = port_alert();
    sample.article(
        "Estuary Post",
        3,
        "Tug crews join the strike",
        "They met at dawn.",
        &["strike"],
    );
    sample.topic("Grain prices", &[1; 15]);
    sample.article(
        "Mill Lane News",
        2,
        "Wheat jumps on strike news",
        "",
        &["Wheat"],
    );
    golden!(sample, "alert-with-more");
}
