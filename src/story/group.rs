//! When two items tell the same event.
//!
//! An item joins the story of its nearest member if the two share enough rare words, and more than a name with what is
//! said to explain it ("hotel chain Marwick"): the same names occur in other events too. Mostly single members decide, as
//! the middle of a story drifts with each item until it is a topic and swallows everything. An item that stands between two stories may show that they are
//! one; then their middles must agree as well, the more so the larger they are.

use std::collections::HashMap;

use crate::model::{ItemId, StoryId, Timestamp};
use crate::story::Telling;
use crate::story::vector::{Features, Frequencies, features, hash, jaccard};
use crate::story::window::{Fresh, Likeness, Member, Window};

/// How alike an item and a story must be; 1 is equal. The nearest member counts, and in part the middle.
const JOIN: f32 = 0.345;
const PART_OF_MIDDLE: f32 = 0.4;
/// How much of the likeness with a member must be left without the strongest shared word and its epithets.
const BESIDES: f32 = 0.1;
/// How alike an item and another story's member must be to ask whether the two stories are one.
const TOUCH: f32 = 0.25;
/// How alike the middles of two stories must be to be one; and how much more for each e-fold of the smaller's size.
const MERGE: f32 = 0.45;
const MERGE_BY_SIZE: f32 = 0.05;

const HOUR: i64 = 3600;
/// After so long without a new member a story is over.
pub(super) const OPEN_AFTER_LAST: i64 = 72 * HOUR;
/// No story lasts longer.
const OPEN_AT_MOST: i64 = 14 * 24 * HOUR;
/// How long a publisher's title is remembered, to tell a column by.
const COLUMN: i64 = 14 * 24 * HOUR;
const COPY: i64 = 48 * HOUR;
const COPY_TITLE: f32 = 0.8;
const COPY_SUMMARY: f32 = 0.5;
/// How far back members may matter to an item that comes now.
pub const MEMORY_DAYS: i64 = 17;

/// Where an item went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The story it belongs to now.
    pub story: StoryId,
    /// Whether it opened that story.
    pub opened: bool,
    /// Younger stories that became part of `story` by this item; each is an alias of it from now on.
    pub merged: Vec<StoryId>,
    /// The item that it is a copy of, inside the same story.
    pub copy_of: Option<ItemId>,
    /// In words: what it shares with whom.
    pub why: String,
}

/// The open stories: those with a member in the last 72 hours, none older than 14 days.
#[derive(Clone, Debug)]
pub struct Grouper {
    frequencies: Frequencies,
    window: Window,
    /// The last item of a publisher under a title: when, and the hash of its link and summary.
    columns: HashMap<(u64, u64), (i64, u64)>,
    /// When the over was last forgotten.
    swept: i64,
}

impl Grouper {
    /// No open story yet.
    pub fn new(frequencies: Frequencies) -> Grouper {
        Grouper {
            frequencies,
            window: Window::default(),
            columns: HashMap::new(),
            swept: i64::MIN,
        }
    }

    /// Puts back a member that was placed before a restart, or before the frequencies were renewed; in the order in
    /// which they were placed, with the story each belongs to now. Members of the last [`MEMORY_DAYS`] suffice.
    pub fn restore(&mut self, telling: &Telling, story: StoryId) {
        let features = features(telling, &self.frequencies);
        self.note_column(telling, &features);
        let fresh = self.window.fresh(telling, &features);
        self.window.add(fresh.member, story);
    }

    /// Places an item: into an open story, or as the first of a new one, which is then `next`. Items come in the order
    /// in which they were first seen.
    pub fn place(&mut self, telling: &Telling, next: StoryId) -> Placement {
        let features = features(telling, &self.frequencies);
        self.sweep(telling.at);
        let fresh = self.window.fresh(telling, &features);
        let is_column = self.note_column(telling, &features);
        let near = if is_column {
            Vec::new()
        } else {
            self.neighbours(&fresh)
        };
        let nearest = self.nearest(&fresh, &near);
        let (story, merged) = match nearest {
            Some(nearest) => self.merge(nearest.story, &near),
            None => (next, Vec::new()),
        };
        let copy_of = self.copied(&fresh.member, story);
        let why = match (copy_of, nearest) {
            (Some(original), _) => {
                format!("tells what item {original} tells, nearly word for word")
            }
            (None, Some(nearest)) => {
                let words = self.window.shared_words(&fresh, &features, nearest.slot);
                format!(
                    "shares {words} with item {}",
                    self.window.item(nearest.slot)
                )
            }
            (None, None) if is_column => {
                "has a title that its publisher used before for something else".to_string()
            }
            (None, None) => "shares too little with any open story".to_string(),
        };
        self.window.add(fresh.member, story);
        Placement {
            story,
            opened: nearest.is_none(),
            merged,
            copy_of,
            why,
        }
    }

    /// Whether the publisher used the title within 14 days for another page or another summary; then it is a column
    /// ("Five things to know today"), and each item of it a story of its own. Remembers the item either way.
    fn note_column(&mut self, telling: &Telling, features: &Features) -> bool {
        let key = (hash(&telling.publisher), features.title_hash);
        let now = (
            telling.at.as_second(),
            hash(&(&telling.link, &telling.summary)),
        );
        let before = self.columns.insert(key, now);
        let (Some((at, page)), false) = (before, telling.publisher.is_empty()) else {
            return false;
        };
        now.0 - at <= COLUMN && page != now.1
    }

    /// The members of open stories that share more with an item than a name.
    fn neighbours(&mut self, fresh: &Fresh) -> Vec<Neighbour> {
        let member = &fresh.member;
        let now = member.at;
        let mut near = Vec::new();
        for slot in self.window.candidates(member) {
            let other = self.window.slot(slot);
            let Some(story) = self.window.story(other.story) else {
                continue;
            };
            let is_open = now - story.last <= OPEN_AFTER_LAST && now - story.opened <= OPEN_AT_MOST;
            if !is_open || !story.may_take(member) {
                continue;
            }
            let likeness = other.likeness(fresh);
            if likeness.besides >= BESIDES {
                near.push(Neighbour {
                    slot,
                    story: other.story,
                    likeness,
                });
            }
        }
        near
    }

    /// The neighbour whose story an item joins.
    fn nearest(&self, fresh: &Fresh, near: &[Neighbour]) -> Option<Neighbour> {
        let nearest = near.iter().max_by(|one, other| {
            let by_likeness = one.likeness.whole.total_cmp(&other.likeness.whole);
            // Of equal ones the earliest.
            by_likeness.then(other.slot.cmp(&one.slot))
        })?;
        let middle = self.window.likeness_with_middle(fresh, nearest.story);
        let alike = nearest.likeness.whole * (1.0 - PART_OF_MIDDLE) + middle * PART_OF_MIDDLE;
        (alike >= JOIN).then_some(*nearest)
    }

    /// Makes one of those stories that an item touches and that are alike as a whole. The oldest remains.
    fn merge(&mut self, story: StoryId, near: &[Neighbour]) -> (StoryId, Vec<StoryId>) {
        let touches = |near: &&Neighbour| near.likeness.whole >= TOUCH;
        let mut others: Vec<StoryId> = near.iter().filter(touches).map(|near| near.story).collect();
        others.sort_unstable();
        others.dedup();
        let mut remains = story;
        let mut merged = Vec::new();
        for other in others.into_iter().filter(|&other| other != story) {
            let Some((alike, smaller)) = self.window.alike(remains, other) else {
                continue;
            };
            if alike < MERGE + MERGE_BY_SIZE * (smaller as f32).ln() {
                continue;
            }
            let (older, younger) = self.window.by_age(remains, other);
            self.window.merge(younger, older);
            merged.push(younger);
            remains = older;
        }
        (remains, merged)
    }

    /// The item of the story that an item is a copy of.
    fn copied(&self, member: &Member, story: StoryId) -> Option<ItemId> {
        let slots = self.window.story(story)?.members.iter();
        let mut members = slots.map(|&slot| self.window.slot(slot));
        members
            .find(|other| {
                member.at - other.at <= COPY
                    && (member.title_hash == other.title_hash
                        || jaccard(&member.title, &other.title) >= COPY_TITLE
                        || jaccard(&member.pairs, &other.pairs) >= COPY_SUMMARY)
            })
            .map(|other| other.item)
    }

    /// Once an hour, forgets the stories that nothing can join any more.
    fn sweep(&mut self, now: Timestamp) {
        let now = now.as_second();
        if now.saturating_sub(self.swept) < HOUR {
            return;
        }
        self.swept = now;
        // Not yet those that have lasted too long: their late members still show which words are common now.
        self.window
            .forget(|story| now - story.last > OPEN_AFTER_LAST);
        self.columns.retain(|_, (at, _)| now - *at <= COLUMN);
    }
}

/// A member near an item.
#[derive(Clone, Copy, Debug)]
struct Neighbour {
    slot: u32,
    story: StoryId,
    likeness: Likeness,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::tests::telling;

    const HOURS: i64 = 60;

    /// Places items given as minutes, title and summary; the story of each, numbered by its first item.
    fn stories(items: &[(i64, &str, &str)]) -> Vec<i64> {
        let mut grouper = Grouper::new(Frequencies::default());
        let tellings = items
            .iter()
            .enumerate()
            .map(|(number, (minutes, title, summary))| {
                telling(number as i64, *minutes, title, summary)
            });
        place_all(&mut grouper, &tellings.collect::<Vec<_>>())
            .iter()
            .map(|story| story.0)
            .collect()
    }

    /// The final story of each item.
    fn place_all(grouper: &mut Grouper, tellings: &[Telling]) -> Vec<StoryId> {
        let mut stories: Vec<StoryId> = Vec::new();
        for telling in tellings {
            let placement = grouper.place(telling, StoryId(telling.item.0));
            for story in &mut stories {
                if placement.merged.contains(story) {
                    *story = placement.story;
                }
            }
            stories.push(placement.story);
        }
        stories
    }

    #[test]
    fn a_quake_with_a_rising_toll_is_one_story() {
        let quake = [
            (
                0,
                "Magnitude 7.0 earthquake strikes Batura range",
                "A strong earthquake struck the Batura range on Sunday.",
            ),
            (
                20,
                "Batura quake kills at least 12",
                "Dozens are missing in the Batura range after the tremor.",
            ),
            (
                9 * HOURS,
                "Batura earthquake death toll passes 200",
                "More than 200 died in Sunday's earthquake in the Batura range.",
            ),
        ];
        assert_eq!(stories(&quake), [0, 0, 0]);
    }

    #[test]
    fn two_quakes_in_one_week_are_two_stories() {
        let quakes = [
            (
                0,
                "Magnitude 7.0 earthquake strikes Batura range",
                "A strong earthquake struck the Batura range on Sunday.",
            ),
            (
                40 * HOURS,
                "Earthquake of magnitude 5.1 felt in Pellan",
                "A moderate earthquake shook the Pellan capital, without damage.",
            ),
        ];
        assert_eq!(stories(&quakes), [0, 1]);
    }

    #[test]
    fn a_merger_announced_denied_and_completed_is_one_story() {
        let merger = [
            (
                0,
                "Helix in talks to buy Corvane",
                "Drugmaker Helix is in talks to buy cancer specialist Corvane.",
            ),
            (
                5 * HOURS,
                "Helix denies takeover talks with Corvane",
                "Helix said it was not in talks over a takeover of Corvane.",
            ),
            (
                60 * HOURS,
                "Helix completes Corvane takeover",
                "Helix has completed its purchase of cancer specialist Corvane.",
            ),
        ];
        assert_eq!(stories(&merger), [0, 0, 0]);
    }

    #[test]
    fn a_name_with_its_epithets_is_no_event() {
        let hotel = [
            (
                0,
                "Hotel chain Marwick confirms breach of guest data",
                "Hackers had accessed guest names.",
            ),
            (
                9 * HOURS,
                "Hotel chain Marwick to open 40 resorts in Asia",
                "Resorts open by 2030 with a local partner.",
            ),
        ];
        assert_eq!(stories(&hotel), [0, 1]);
    }

    #[test]
    fn a_weekly_column_is_a_story_each_week() {
        let mut grouper = Grouper::new(Frequencies::default());
        let column = |item: i64, days: i64, summary: &str| Telling {
            publisher: "star.example".to_string(),
            link: Some("https://star.example/five".to_string()),
            ..telling(
                item,
                days * 24 * HOURS,
                "Five things to know today",
                summary,
            )
        };
        let tellings = [
            column(0, 0, "Rates and trains."),
            column(1, 7, "A typhoon."),
        ];
        assert_eq!(place_all(&mut grouper, &tellings), [StoryId(0), StoryId(1)]);
        let again = grouper.place(&column(2, 8, "A parrot."), StoryId(2));
        assert!(
            again.opened && again.why.contains("used before"),
            "{}",
            again.why
        );
    }

    #[test]
    fn a_wire_text_under_seven_headlines_is_one_story_and_copies() {
        let text = "A commuter train left the tracks near Alden on Monday morning, injuring sixteen people, two of them \
                    seriously, the fire brigade said, while the line was expected to stay closed for the rest of the week.";
        let headlines = [
            "Commuter train derails near Alden, 16 hurt",
            "Sixteen hurt as train leaves tracks",
            "Alden derailment injures 16",
            "Train derails in Alden",
            "Rail line closed after accident",
            "Two seriously hurt in derailment",
            "Monday morning train crash near Alden",
        ];
        let mut grouper = Grouper::new(Frequencies::default());
        for (number, headline) in headlines.iter().enumerate() {
            let placement = grouper.place(
                &telling(number as i64, number as i64, headline, text),
                StoryId(number as i64),
            );
            assert_eq!(placement.story, StoryId(0), "{headline}");
            assert_eq!(placement.copy_of.is_some(), number > 0, "{headline}");
        }
    }

    #[test]
    fn why_names_the_words_that_decided() {
        let mut grouper = Grouper::new(Frequencies::default());
        grouper.place(
            &telling(
                7,
                0,
                "Typhoon Rosal makes landfall",
                "Thousands evacuated on the coast",
            ),
            StoryId(0),
        );
        let placement = grouper.place(
            &telling(8, 9, "Flights cancelled as Rosal typhoon nears coast", ""),
            StoryId(1),
        );
        assert!(
            placement.why.starts_with("shares `Rosal`") && placement.why.ends_with("with item 7"),
            "{}",
            placement.why
        );
    }

    #[test]
    fn a_story_ends_three_days_after_its_last_item_and_after_two_weeks() {
        let title = "Magnitude 7.0 earthquake strikes Batura range";
        assert_eq!(
            stories(&[
                (0, title, ""),
                (71 * HOURS, title, ""),
                (144 * HOURS, title, "")
            ]),
            [0, 0, 2]
        );
        let items: Vec<(i64, &str, &str)> = (0..8)
            .map(|number| (number * 60 * HOURS, title, ""))
            .collect();
        assert_eq!(stories(&items), [0, 0, 0, 0, 0, 0, 6, 6]);
    }

    #[test]
    fn two_known_languages_never_mix() {
        let mut grouper = Grouper::new(Frequencies::default());
        let speaking = |item: i64, lang: Option<&str>| Telling {
            lang: lang.map(str::to_string),
            ..telling(item, item, "Batura 7.0", "Helix Corvane Pingo")
        };
        let tellings = [
            speaking(0, Some("en-US")),
            speaking(1, Some("de")),
            speaking(2, None),
            speaking(3, Some("EN_gb")),
        ];
        let stories = place_all(&mut grouper, &tellings);
        assert_ne!(stories[0], stories[1]);
        assert_eq!(stories[0], stories[3]);
        assert!(stories[2] == stories[0] || stories[2] == stories[1]);
    }

    /// Headlines of some dozen events, told in turns; always the same.
    fn stream(length: i64) -> Vec<Telling> {
        let mut seed = 7u64;
        let mut random = move |below: u64| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let names = [
            "Batura", "Pellan", "Alden", "Helix", "Corvane", "Marwick", "Quill", "Pingo", "Rosal",
            "Varga",
        ];
        let deeds = [
            "sinks", "burns", "strikes", "wins", "sells", "opens", "closes", "votes", "sues",
            "falls",
        ];
        let things = [
            "bridge",
            "factory",
            "election",
            "tunnel",
            "harbour",
            "museum",
            "satellite",
            "reactor",
            "dam",
            "mine",
        ];
        let pick = |words: &[&str], at: u64| words[at as usize % words.len()].to_string();
        (0..length)
            .map(|item| {
                let event = random(40) + item as u64 / 100;
                let title = format!(
                    "{} {} {} {}",
                    pick(&names, event),
                    pick(&deeds, event / 3 + random(2)),
                    pick(&things, event / 7),
                    pick(&things, random(10))
                );
                telling(
                    item,
                    item * 30,
                    &title,
                    &format!(
                        "The {} near {}",
                        pick(&things, event / 7),
                        pick(&names, event / 2)
                    ),
                )
            })
            .collect()
    }

    #[test]
    fn a_restart_changes_nothing() {
        let stream = stream(600);
        let (before, after) = stream.split_at(350);
        let mut running = Grouper::new(Frequencies::default());
        let stories = place_all(&mut running, before);
        let mut restarted = Grouper::new(Frequencies::default());
        let from = before.last().expect("a stream").at.as_second() - MEMORY_DAYS * 24 * HOUR;
        for (telling, story) in before
            .iter()
            .zip(stories)
            .filter(|(telling, _)| telling.at.as_second() >= from)
        {
            restarted.restore(telling, story);
        }
        for telling in after {
            let next = StoryId(telling.item.0);
            assert_eq!(running.place(telling, next), restarted.place(telling, next));
        }
    }

    #[test]
    fn odd_items_are_placed() {
        let items = [
            (0, "", ""),
            (1, "", ""),
            (2, "!!!", "???"),
            (3, "the of and", ""),
            (4, "🔥", "東京で火災"),
        ];
        assert_eq!(stories(&items), [0, 1, 2, 3, 4]);
    }
}
