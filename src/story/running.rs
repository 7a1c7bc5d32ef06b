//! Stories as they run through days: what joins, what a reader hears again, and that nothing new hides.

use std::collections::HashMap;

use super::followup::{REST, news};
use super::group::Grouper;
use super::tests::telling;
use super::vector::Frequencies;
use super::*;
use crate::model::StoryId;

/// What a reader who is told of everything at once makes of an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    /// A story of its own.
    New,
    /// A told story with something new.
    News,
    /// Nothing: it is counted.
    Nothing,
}

use Heard::{New, News, Nothing};

/// An article: after how many minutes, on which event, what the reader hears, its title and its summary.
type Article = (i64, &'static str, Heard, &'static str, &'static str);

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

const QUAKE: [Article; 7] = [
    (
        0,
        "quake",
        New,
        "Magnitude 7.0 earthquake strikes Batura range",
        "A strong earthquake struck the Batura range on Sunday, the survey said.",
    ),
    (
        20,
        "quake",
        Nothing,
        "Strong quake shakes Batura mountains",
        "Houses fell in villages of the Batura range after a quake of magnitude 7.",
    ),
    (
        2 * HOUR,
        "quake",
        Nothing,
        "Batura quake kills at least 12",
        "Dozens are missing in the Batura range after the tremor.",
    ),
    (
        8 * HOUR,
        "quake",
        News,
        "Batura earthquake death toll passes 200",
        "More than 200 died in Sunday's earthquake in the Batura range, the army said.",
    ),
    (
        9 * HOUR,
        "quake",
        Nothing,
        "Death toll in Batura earthquake passes 200",
        "Helicopters reached the last villages of the range.",
    ),
    (
        20 * HOUR,
        "quake",
        News,
        "UPDATE 3-Batura quake toll rises to 410",
        "Snow slows rescuers in the Batura range.",
    ),
    (
        44 * HOUR,
        "quake",
        News,
        "Batura earthquake: toll at 640 as survivors wait for tents",
        "Survivors of Sunday's earthquake in the Batura range spent a third night outside.",
    ),
];

const OTHER_QUAKE: [Article; 3] = [
    (
        40 * HOUR,
        "other quake",
        New,
        "Earthquake of magnitude 5.1 felt in Pellan",
        "A moderate earthquake shook the Pellan capital, without damage.",
    ),
    (
        41 * HOUR,
        "other quake",
        Nothing,
        "Pellan capital shaken by moderate earthquake",
        "No damage was reported in Pellan after a quake of magnitude 5.1.",
    ),
    (
        4 * DAY,
        "third quake",
        New,
        "Magnitude 6.4 earthquake strikes off Orlow islands",
        "Fishermen of the Orlow islands were told to stay in port.",
    ),
];

const MERGER: [Article; 6] = [
    (
        5,
        "merger",
        New,
        "Helix in talks to buy Corvane",
        "Drugmaker Helix is in talks to buy cancer specialist Corvane, three people said.",
    ),
    (
        40,
        "merger",
        Nothing,
        "Drugmaker Helix said to be in talks over Corvane",
        "A deal for Corvane could be worth 9 billion.",
    ),
    (
        7 * HOUR,
        "merger",
        News,
        "Helix denies takeover talks with Corvane",
        "Helix said it was not in talks over a takeover of Corvane.",
    ),
    (
        60 * HOUR,
        "merger",
        News,
        "Helix completes Corvane takeover",
        "Helix has completed its purchase of cancer specialist Corvane.",
    ),
    (
        10 * HOUR,
        "recall",
        New,
        "Helix recalls heart drug after contamination",
        "Batches of the heart drug made in Alden held traces of a solvent.",
    ),
    (
        30 * HOUR,
        "verdict",
        New,
        "Court fines Corvane over cartel of 2019",
        "Judges fined cancer specialist Corvane for fixing prices with rivals.",
    ),
];

const COLUMN: [Article; 3] = [
    (
        30,
        "column 1",
        New,
        "Five things to know today",
        "Rates, trains and a parrot.",
    ),
    (
        30 + 7 * DAY,
        "column 2",
        New,
        "Five things to know today",
        "A typhoon, two mergers and bread.",
    ),
    (
        30 + 14 * DAY,
        "column 3",
        New,
        "Five things to know today",
        "Elections in Orlow, and rates again.",
    ),
];

const WIRE: &str = "A commuter train left the tracks near Alden on Monday morning, injuring sixteen people, two of them \
                    seriously, the fire brigade said, while the line was expected to stay closed for the rest of the week.";

const DERAILMENT: [Article; 8] = [
    (
        50,
        "train",
        New,
        "Commuter train derails near Alden, 16 hurt",
        WIRE,
    ),
    (
        51,
        "train",
        Nothing,
        "Sixteen hurt as train leaves tracks",
        WIRE,
    ),
    (55, "train", Nothing, "Alden derailment injures 16", WIRE),
    (58, "train", Nothing, "Train derails in Alden", WIRE),
    (
        70,
        "train",
        Nothing,
        "Rail line closed after accident",
        WIRE,
    ),
    (
        10 * HOUR,
        "train",
        Nothing,
        "Two seriously hurt in derailment",
        WIRE,
    ),
    (
        11 * HOUR,
        "train",
        Nothing,
        "Monday morning train crash near Alden",
        WIRE,
    ),
    (
        12 * HOUR,
        "bridge",
        New,
        "Alden closes its old bridge to lorries",
        "Cracks were found in two pillars of the old bridge in Alden.",
    ),
];

const LIVE: [Article; 4] = [
    (
        15,
        "typhoon",
        New,
        "Live: Typhoon Rosal nears Varga coast",
        "Latest: ferries stay in port as typhoon Rosal nears the Varga coast.",
    ),
    (
        3 * HOUR,
        "typhoon",
        Nothing,
        "Live: Typhoon Rosal strikes Varga coast, power is out",
        "Latest: landfall of typhoon Rosal at noon.",
    ),
    (
        9 * HOUR,
        "typhoon",
        News,
        "Live: Twelve dead in Varga as Rosal moves on",
        "Latest: roofs lost, twelve dead, roads flooded on the Varga coast.",
    ),
    (
        10 * HOUR,
        "typhoon",
        Nothing,
        "Live: Rosal moves on, twelve dead in Varga",
        "Latest: roads still flooded on the Varga coast.",
    ),
];

/// What a reader knows of one story.
#[derive(Default)]
struct Reader {
    /// What was told or counted, and when something was last told.
    told: Vec<Telling>,
    at: Timestamp,
    /// News that came too soon after that.
    waiting: Vec<Telling>,
}

impl Reader {
    /// As a digest after every article does it.
    fn hears(&mut self, telling: Telling) -> Heard {
        let now = telling.at;
        let is_first = self.told.is_empty();
        self.waiting.push(telling);
        let has_news = |waiting: &Telling| {
            let told = self.told.iter();
            news(waiting, told, self.at, now, &Frequencies::default()).is_some()
        };
        let heard = match self.waiting.iter().any(has_news) {
            _ if is_first => New,
            true if now.duration_since(self.at) < REST => return Nothing,
            true => News,
            false => Nothing,
        };
        if heard != Nothing {
            self.at = now;
        }
        self.told.append(&mut self.waiting);
        heard
    }
}

/// Runs articles through in the order of their time; the reader is told of each that brings something at once.
#[track_caller]
fn check(scripts: &[&[Article]]) {
    let mut articles: Vec<Article> = scripts.concat();
    articles.sort_by_key(|(minutes, ..)| *minutes);
    let mut grouper = Grouper::new(Frequencies::default());
    let mut readers: HashMap<StoryId, Reader> = HashMap::new();
    let mut events: HashMap<StoryId, &str> = HashMap::new();
    let mut faults = Vec::new();
    for (number, (minutes, event, expected, title, summary)) in (0..).zip(articles) {
        let mut telling = telling(number, minutes, title, summary);
        if event.starts_with("column") || event == "typhoon" {
            telling.publisher = format!("{}.example", event.get(..6).unwrap_or(event));
        }
        let placement = grouper.place(&telling, StoryId(number));
        assert_eq!(placement.merged, [], "{title}");
        let opener = *events.entry(placement.story).or_insert(event);
        let reader = readers.entry(placement.story).or_default();
        let heard = reader.hears(telling);
        if opener != event || heard != expected {
            let why = placement.why;
            faults.push(format!(
                "{title}: {heard:?} of `{opener}`, expected {expected:?} of `{event}`: {why}"
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_quake_with_a_rising_toll() {
    check(&[&QUAKE]);
}

#[test]
fn quakes_of_one_week() {
    check(&[&QUAKE, &OTHER_QUAKE]);
}

#[test]
fn a_merger_announced_denied_and_completed() {
    check(&[&MERGER]);
}

#[test]
fn a_weekly_column() {
    check(&[&COLUMN]);
}

#[test]
fn a_wire_text_under_seven_headlines() {
    check(&[&DERAILMENT]);
}

#[test]
fn a_live_page() {
    check(&[&LIVE]);
}

#[test]
fn all_of_them_in_one_stream() {
    check(&[&QUAKE, &OTHER_QUAKE, &MERGER, &COLUMN, &DERAILMENT, &LIVE]);
}
