//! What the topics of a watchlist would have found in the stored items, and what is doubtful about it.
//!
//! One pass: a [`Census`] is shown each item once and counts what each topic, each term and each exclusion does with it.
//! Then `judge` says in words what a person should look at once more, each [`Doubt`] with the place to change.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::model::{Field, Hit, Shown, Timestamp};
use crate::query::index::Index;
use crate::query::parts::{self, Exclusion, Part, Sort};
use crate::query::{Lists, Place, Prepared};
use crate::text::segment;
use crate::topic::Watch;

mod judge;
#[cfg(test)]
mod tests;

/// Where in a watchlist something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Index of the topic; `None`: the place is one of `[lists]`.
    pub topic: Option<usize>,
    /// The string.
    pub place: Place,
    /// The byte in an expression.
    pub at: Option<usize>,
}

/// Something that works and is probably not meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The slug of its kind, for programs.
    pub code: &'static str,
    /// What to change.
    pub spot: Spot,
    /// What was seen, as a message of the watchlist's reports.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// Further places that the same is true of.
    pub more: Vec<Spot>,
    /// Another place that explains this one, and what to write beside it.
    pub other: Option<(Spot, String)>,
}

/// What there was to be found for a topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Items shown by feeds that it reads.
    pub items: u32,
    /// Since when one of these feeds has been read.
    pub since: Option<Timestamp>,
}

impl Reach {
    /// Adds what one more feed brought.
    pub fn add(&mut self, feed: Reach) {
        self.items += feed.items;
        self.since = match (self.since, feed.since) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

/// What the doubts are judged by, beside what was counted.
#[derive(Clone, Debug)]
pub struct Circumstances<'a> {
    /// Now.
    pub now: Timestamp,
    /// The first moment that the pass covered.
    pub since: Timestamp,
    /// What there was of all feeds together.
    pub whole: Reach,
    /// What there was for each topic.
    pub reach: Vec<Reach>,
    /// Who gets each topic.
    pub readers: Vec<&'a [String]>,
}

/// Counts what a watchlist does with items.
pub struct Census<'w> {
    watch: &'w Watch,
    items: u32,
    topics: Vec<TopicTally>,
    parts: Vec<PartTally>,
    /// One query for each of `parts`.
    part_index: Index,
    /// The topics that exclude something, and each without that.
    excluding: Vec<usize>,
    relaxed_index: Index,
}

/// What one topic did.
#[derive(Default)]
struct TopicTally {
    matched: u32,
    /// Other topics that have matched all that this one did; `None` before its first item.
    inside: Option<Vec<usize>>,
    exclusions: Vec<(Exclusion, u32)>,
    /// Items that would match without the exclusions.
    swallowed: u32,
    /// The headline of the first of them.
    example: String,
}

/// What one term did.
struct PartTally {
    /// Index of the topic; `None`: a term of a list.
    topic: Option<usize>,
    part: Part,
    /// Whether it is a word that means something else in small letters.
    is_acronym: bool,
    is_two_characters: bool,
    items: u32,
    /// Items where it hit a word in small letters, and such a word.
    small: u32,
    small_word: String,
    /// Items where it hit inside a longer word, by that word.
    longer: BTreeMap<String, u32>,
}

/// What one term hit in one item.
#[derive(Default)]
struct Seen {
    small: Option<String>,
    longer: BTreeSet<String>,
}

impl<'w> Census<'w> {
    /// A census of this watchlist, with nothing counted yet.
    pub fn new(watch: &'w Watch, lists: &Lists) -> Census<'w> {
        let mut tallies = Vec::with_capacity(watch.topics().len());
        let mut parts = Vec::new();
        let mut excluding = Vec::new();
        let mut relaxed = Vec::new();
        for (index, topic) in watch.topics().iter().enumerate() {
            let mut tally = TopicTally::default();
            if let Some(compiled) = watch.compiled(index) {
                let own = compiled.parts(&topic.rule).into_iter();
                parts.extend(own.map(|part| PartTally::new(Some(index), part)));
                let exclusions = compiled.exclusions(&topic.rule).into_iter();
                tally.exclusions = exclusions.map(|exclusion| (exclusion, 0)).collect();
                if let Some(without) = compiled.relaxed() {
                    excluding.push(index);
                    relaxed.push(without);
                }
            }
            tallies.push(tally);
        }
        let of_lists = parts::of_lists(lists).into_iter();
        parts.extend(of_lists.map(|part| PartTally::new(None, part)));
        let alone = parts.iter().map(|tally| tally.part.alone.clone());
        Census {
            watch,
            items: 0,
            topics: tallies,
            part_index: Index::new(alone.collect()),
            parts,
            excluding,
            relaxed_index: Index::new(relaxed),
        }
    }

    /// Counts one item, as each feed that has it shows it.
    pub fn add(&mut self, sightings: &[(Prepared, &Shown)]) {
        self.items += 1;
        let mut matched = BTreeSet::new();
        let mut relaxed = BTreeSet::new();
        let mut seen: BTreeMap<usize, Seen> = BTreeMap::new();
        for (prepared, shown) in sightings {
            let topics = self.watch.judge(prepared).into_iter();
            matched.extend(topics.map(|found| found.topic));
            let without = self.relaxed_index.judge(prepared).into_iter();
            relaxed.extend(without.filter_map(|(index, _)| self.excluding.get(index)));
            for (index, verdict) in self.part_index.judge(prepared) {
                let seen = seen.entry(index).or_default();
                if let Some(tally) = self.parts.get(index) {
                    tally.look_at(&verdict.evidence, shown, seen);
                }
            }
        }
        let matched: Vec<usize> = matched.into_iter().collect();
        for topic in &matched {
            self.topics[*topic].note_match(*topic, &matched);
        }
        for topic in relaxed {
            if matched.binary_search(&topic).is_err() {
                self.topics[topic].note_swallowed(sightings);
            }
        }
        for (index, seen) in seen {
            self.parts[index].note(seen);
        }
    }

    /// How many items were counted.
    pub fn items(&self) -> u32 {
        self.items
    }

    /// What is doubtful, in the order of the topics.
    pub fn doubts(&self, circumstances: &Circumstances<'_>) -> Vec<Doubt> {
        judge::doubts(self, circumstances)
    }
}

impl TopicTally {
    /// `matched` are all topics of the item, this one too.
    fn note_match(&mut self, own: usize, matched: &[usize]) {
        self.matched += 1;
        match &mut self.inside {
            Some(inside) => inside.retain(|other| matched.binary_search(other).is_ok()),
            None => {
                let others = matched.iter().copied().filter(|other| *other != own);
                self.inside = Some(others.collect());
            }
        }
    }

    fn note_swallowed(&mut self, sightings: &[(Prepared, &Shown)]) {
        self.swallowed += 1;
        // A topic that matches something is not swallowed, so nobody will ask for the culprit.
        if self.matched > 0 {
            return;
        }
        if let Some((_, shown)) = sightings.first().filter(|_| self.example.is_empty()) {
            self.example.clone_from(&shown.title);
        }
        for (exclusion, count) in &mut self.exclusions {
            let hits = |(prepared, _): &(Prepared, _)| exclusion.alone.judge(prepared).matched;
            *count += u32::from(sightings.iter().any(hits));
        }
    }
}

impl PartTally {
    fn new(topic: Option<usize>, part: Part) -> PartTally {
        let is_term = part.sort == Sort::Term;
        PartTally {
            is_acronym: is_term && is_acronym(&part.written),
            is_two_characters: part.sort != Sort::Regex
                && segment::is_two_characters(&part.written),
            topic,
            part,
            items: 0,
            small: 0,
            small_word: String::new(),
            longer: BTreeMap::new(),
        }
    }

    fn spot(&self) -> Spot {
        Spot {
            topic: self.topic,
            place: self.part.place.clone(),
            at: self.part.at,
        }
    }

    fn look_at(&self, hits: &[Hit], shown: &Shown, seen: &mut Seen) {
        if !self.is_acronym && !self.is_two_characters {
            return;
        }
        for hit in hits {
            let Some(text) = text_of(shown, hit.field) else {
                continue;
            };
            let piece: Range<usize> = hit.start..hit.end;
            if self.is_acronym && text.get(piece.clone()).is_some_and(is_small) {
                seen.small = Some(hit.form.clone());
            }
            if self.is_two_characters {
                let longer = segment::longer_word(text, piece);
                seen.longer.extend(longer.map(str::to_owned));
            }
        }
    }

    fn note(&mut self, seen: Seen) {
        self.items += 1;
        if let Some(word) = seen.small {
            self.small += 1;
            self.small_word = word;
        }
        for longer in seen.longer {
            *self.longer.entry(longer).or_default() += 1;
        }
    }
}

/// Whether a term is one word in capitals, or letters with dots behind, as `US`, `WHO`, `U.S.` and `u.s.` are: written
/// so because the word in small letters is another one.
fn is_acronym(term: &str) -> bool {
    let letters = || term.chars().filter(|c| *c != '.');
    let all_letters = letters().all(char::is_alphabetic);
    let dotted = term.contains('.') && term.split('.').all(|piece| piece.chars().count() <= 1);
    let in_capitals = letters().all(char::is_uppercase);
    all_letters && letters().nth(1).is_some() && (dotted || in_capitals)
}

/// Whether a piece of text has letters, all of them small.
fn is_small(piece: &str) -> bool {
    let mut letters = piece.chars().filter(|c| c.is_alphabetic()).peekable();
    letters.peek().is_some() && letters.all(char::is_lowercase)
}

fn text_of(shown: &Shown, field: Field) -> Option<&str> {
    match field {
        Field::Title => Some(&shown.title),
        Field::Summary => Some(&shown.summary),
        Field::Content => Some(&shown.content),
        Field::Author => Some(&shown.author),
        Field::Category => Some(&shown.category),
        // The address as it is shown is not at hand, and no text either.
        Field::Link => None,
    }
}
