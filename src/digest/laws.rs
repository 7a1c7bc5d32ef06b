//! Laws of composing, over random watchlists and matches.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use jiff::civil::date;
use proptest::prelude::*;

use super::compose::{Caps, How, choose};
use super::lint::lint;
use super::material::*;
use super::message;
use super::samples::{Sample, ago, now, sample};
use crate::model::{Field, Hit, ItemId, MatchId, Origin, Shown, StoryId, TopicId};

/// Headlines of which some say the same.
const WORDINGS: &[&str] = &[
    "",
    "Tug crews walk out",
    "TUG CREWS WALK OUT",
    "Tug crews walk out at the quay",
    "Port shut",
    "Pilots talk to the board",
    "Pilots talk to the board again",
    "Fee rises by 4 percent",
    "Fee rises by 6 percent",
    "إضراب عمال الميناء",
];

fn topics() -> impl Strategy<Value = Vec<Topic>> {
    let topic = (
        any::<[bool; 2]>(),
        prop::bool::weighted(0.9),
        0..4u32,
        0..4i8,
        prop::collection::vec(0..20u32, 0..16),
    );
    prop::collection::vec(topic, 1..6).prop_map(|topics| {
        let topics = topics.into_iter().enumerate();
        topics
            .map(
                |(number, ([high_priority, sensitive], wanted, min_outlets, snooze, history))| {
                    Topic {
                        id: TopicId(number as i64 + 1),
                        name: format!("Topic {number}"),
                        wanted,
                        high_priority,
                        sensitive,
                        snooze: [
                            None,
                            None,
                            Some(date(2026, 11, 20)),
                            Some(date(2026, 12, 1)),
                        ][snooze as usize],
                        min_outlets,
                        history,
                    }
                },
            )
            .collect()
    })
}

fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
    let candidate = (
        0..60i64,
        1..8i64,
        0..4usize,
        0..9i64,
        0..9_000i64,
        0..5usize,
        any::<bool>(),
    );
    prop::collection::vec(candidate, 0..120).prop_map(|candidates| {
        let mut seen = BTreeSet::new();
        let candidates = candidates
            .into_iter()
            .filter(|(item, topic, ..)| seen.insert((*item, *topic)))
            .enumerate();
        candidates
            .map(
                |(number, (item, topic, origin, score, minutes, words, grouped))| Candidate {
                    id: MatchId(number as i64),
                    item: ItemId(item),
                    text: ItemId(item / 2 * 2),
                    // As in the store, the story is the item's, and every third item is apart.
                    story: (item % 3 > 0 && grouped).then_some(StoryId(item / 6)),
                    topic: TopicId(topic),
                    matched_at: ago(minutes),
                    origin: [
                        Origin::New,
                        Origin::Backfill,
                        Origin::Late,
                        Origin::Replaced,
                    ][origin],
                    score: score as f64,
                    hits: vec![Hit {
                        field: Field::Title,
                        start: 0,
                        end: 5,
                        term: "Title".into(),
                        form: "title".into(),
                        list: None,
                    }],
                    shown: Shown {
                        title: format!("Title {item}"),
                        summary: "Some words. ".repeat(words),
                        ..Shown::default()
                    },
                    link: Some(format!("https://outlet{}.example/{item}", item % 5)),
                    date: now() - SignedDuration::from_mins(minutes),
                    outlet: format!("Outlet {}", item % 5),
                    publisher: format!("outlet{}.example", item % 5),
                    lang: None,
                },
            )
            .collect()
    })
}

fn stories() -> impl Strategy<Value = Vec<StoryFacts>> {
    let story = (0..4u32, any::<bool>(), 0..6usize);
    prop::collection::vec(story, 0..10).prop_map(|stories| {
        let told = |followup: usize| {
            let followup = match followup {
                0 => Followup::Nothing,
                1 => Followup::TooSoon,
                2 => Followup::Words(vec!["word".to_owned()]),
                _ => return None,
            };
            Some(ToldBefore {
                at: ago(500),
                followup,
                headlines: Vec::new(),
                thread: None,
            })
        };
        let stories = stories.into_iter().enumerate();
        stories
            .map(|(id, (outlets, closed, followup))| StoryFacts {
                id: StoryId(id as i64),
                outlets,
                closed,
                told: told(followup),
            })
            .collect()
    })
}

fn any_sample() -> impl Strategy<Value = Sample> {
    (topics(), candidates(), stories(), 1..50usize).prop_map(
        |(topics, candidates, stories, max_stories)| {
            let mut sample = sample();
            sample.material.topics = topics;
            sample.material.candidates = candidates;
            sample.material.stories = stories;
            sample.digest.max_stories = max_stories;
            sample
        },
    )
}

fn topic_of<'m>(material: &'m Material<'_>, candidate: &Candidate) -> Option<&'m Topic> {
    material
        .topics
        .iter()
        .find(|topic| topic.id == candidate.topic)
}

/// Whether a match has a reason to stay pending.
fn may_wait(material: &Material<'_>, topic: &Topic, candidate: &Candidate) -> bool {
    let facts = material
        .stories
        .iter()
        .find(|facts| Some(facts.id) == candidate.story);
    let told = facts.and_then(|facts| facts.told.as_ref());
    let too_soon = told.is_some_and(|told| told.followup == Followup::TooSoon);
    // An item whose topics disagree about stories goes with the story of the first, which may wait.
    let of_item = |other: &&Candidate| other.item == candidate.item;
    let grouped = material
        .candidates
        .iter()
        .filter(of_item)
        .any(|other| other.story.is_some());
    !topic.wanted || topic.snooze.is_some() || topic.min_outlets > 1 || too_soon || grouped
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Everything that matched is shown, counted, or still pending, and never twice.
    #[test]
    fn nothing_is_lost_and_nothing_told_twice(sample in any_sample()) {
        let material = sample.material();
        let choice = choose(&material, Caps::standard(sample.digest.max_stories));
        let settled = &choice.settled;
        let leaving: BTreeSet<MatchId> = settled.leaving.iter().copied().collect();
        prop_assert_eq!(leaving.len(), settled.leaving.len(), "a match leaves twice");
        let told: BTreeMap<ItemId, How> = settled.told.iter().map(|told| (told.item, told.how)).collect();
        prop_assert_eq!(told.len(), settled.told.len(), "an item is told twice");
        for candidate in &material.candidates {
            let Some(topic) = topic_of(&material, candidate) else { continue };
            let is_told = told.contains_key(&candidate.item);
            let leaves = leaving.contains(&candidate.id);
            prop_assert!(!is_told || leaves, "{candidate:?} is told and stays");
            // Only what a snooze hid may leave while another topic may still tell the item.
            prop_assert!(!leaves || is_told || topic.snooze.is_some(), "{candidate:?} is lost");
            prop_assert!(is_told || may_wait(&material, topic, candidate), "{candidate:?} waits for nothing");
        }
        let unknown = |candidate: &&Candidate| material.topics.iter().all(|topic| topic.id != candidate.topic);
        prop_assert!(material.candidates.iter().filter(unknown).all(|candidate| !leaving.contains(&candidate.id)));
        let heads = |wanted: &[How]| told.values().filter(|how| wanted.contains(how)).count();
        prop_assert_eq!(heads(&[How::Full, How::Compact]), choice.shown(), "each story shown has one head");
        prop_assert!(choice.shown() <= sample.digest.max_stories);
    }

    /// What the message says of itself is what it holds.
    #[test]
    fn a_message_is_sound_and_shows_each_story_once(sample in any_sample()) {
        let material = sample.material();
        let Some(message) = message(&material, Caps::standard(sample.digest.max_stories)) else {
            return Ok(());
        };
        lint(&message.rendered);
        for told in &message.settled.told {
            let title = format!("Title {}\n", told.item);
            let link = format!(".example/{}\n", told.item);
            let shown = message.rendered.text.matches(&link).count();
            match told.how {
                How::Full | How::Compact => {
                    prop_assert_eq!(message.rendered.text.matches(&title).count(), 1, "{}", title);
                    prop_assert_eq!(shown, 1);
                }
                How::Also => prop_assert!(shown <= 1),
                How::Late => prop_assert_eq!(shown, 1),
                How::Counted => prop_assert_eq!(shown, 0),
                How::Replaced | How::Snoozed => {}
            }
        }
        let counted = message.settled.told.iter().any(|told| matches!(told.how, How::Counted | How::Snoozed));
        prop_assert!(!counted || message.rendered.text.contains("wirewatch digest "), "what is counted has its command");
    }

    /// Below a story each outlet stands once, and no headline tells what another does.
    #[test]
    fn what_stands_below_a_story_is_said_once_and_in_bounds(
        mut sample in any_sample(),
        wording in prop::collection::vec(0..WORDINGS.len(), 60),
    ) {
        for candidate in &mut sample.material.candidates {
            // What has no headline is shown with its text.
            let shown = &mut candidate.shown;
            shown.title = WORDINGS[wording[candidate.item.0 as usize]].to_owned();
            if shown.title.is_empty() && shown.summary.is_empty() {
                shown.summary = format!("The text of item {}.", candidate.item);
            }
        }
        let material = sample.material();
        let caps = Caps::standard(sample.digest.max_stories);
        let choice = choose(&material, caps);
        for story in choice.stories_shown() {
            let outlets: Vec<&str> = std::iter::once(&story.lead)
                .chain(&story.also)
                .map(|of| of.publisher.as_str())
                .collect();
            let distinct: BTreeSet<&str> = outlets.iter().copied().collect();
            prop_assert_eq!(distinct.len(), outlets.len(), "an outlet is named twice");
            let is_also = |of: &&Candidate| story.also.iter().any(|also| also.item == of.item);
            prop_assert!(story.headlines.iter().all(is_also), "a headline of no other outlet");
            let below = story.headlines.iter().chain(&story.further);
            let titles: Vec<&str> = std::iter::once(&story.lead)
                .chain(below)
                .map(|of| if of.shown.title.is_empty() { &of.shown.summary } else { &of.shown.title })
                .map(String::as_str)
                .collect();
            let distinct: BTreeSet<String> = titles.iter().map(|title| title.to_lowercase()).collect();
            prop_assert_eq!(distinct.len(), titles.len(), "a headline is said twice: {:?}", titles);
            prop_assert!(story.headlines.iter().all(|of| !of.shown.title.is_empty()), "no headline");
            let texts: BTreeSet<ItemId> = story.headlines.iter().map(|of| of.text).collect();
            prop_assert_eq!(texts.len(), story.headlines.len(), "a text is shown twice");
            prop_assert!(!texts.contains(&story.lead.text), "the lead's text is shown twice");
            prop_assert!(story.headlines.len() <= caps.headlines);
            prop_assert!(story.further.len() <= caps.further);
        }
        let headlines = choice.stories_shown().map(|story| story.headlines.len()).sum::<usize>();
        prop_assert!(headlines <= sample.digest.max_stories, "{headlines} headlines");
        let others = choice.stories_shown().map(|story| story.also.len()).sum::<usize>();
        let rendered = message(&material, caps).map(|message| message.rendered);
        if let Some(rendered) = rendered {
            lint(&rendered);
            prop_assert_eq!(rendered.text.matches("\n    also Outlet ").count(), others);
        }
    }
}
