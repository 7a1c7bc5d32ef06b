//! Many queries against one item, in one pass.
//!
//! Of each topic the compiler knows triggers: words, beginnings of words and stems of which one at least is in every item
//! that the topic can match. All triggers of a watchlist stand in one dictionary. An item's spellings are looked up in it
//! once, and only the topics touched are judged, besides the few that have no trigger (a lone regex, `~1`, a filter).
//! Looking up costs the same however many topics there are.

use std::collections::{BTreeMap, HashMap};

use crate::query::compile::{Compiled, Compiler, Node};
use crate::query::error::QueryError;
use crate::query::lists::Goal;
use crate::query::prepared::{Prepared, spelling_hash};
use crate::query::syntax::{Proximity, Stemming};
use crate::query::term::{Reader, Trigger};
use crate::query::{Lists, Rule, Verdict};

/// The topics of a watchlist, found by what an item contains.
#[derive(Debug)]
pub struct Index {
    topics: Vec<Compiled>,
    spellings: Spellings,
    prefixes: Prefixes,
    stems: BTreeMap<Stemming, HashMap<String, Vec<u32>>>,
    /// Topics that no trigger announces.
    always: Vec<u32>,
    /// Whether any topic looks into author, category or link.
    beside_text: bool,
}

impl Index {
    /// Builds the dictionary; a topic keeps its position.
    pub fn new(topics: Vec<Compiled>) -> Index {
        let mut index = Index {
            topics: Vec::new(),
            spellings: Spellings::default(),
            prefixes: Prefixes::default(),
            stems: BTreeMap::new(),
            always: Vec::new(),
            beside_text: topics.iter().any(|topic| looks_beside_text(&topic.root)),
        };
        let mut spellings: Vec<(u64, u32)> = Vec::new();
        let mut prefixes: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for (topic, number) in topics.iter().zip(0..) {
            let Some(triggers) = triggers(&topic.root) else {
                index.always.push(number);
                continue;
            };
            for trigger in triggers {
                let topics = match trigger {
                    Trigger::Spelling(text) => {
                        spellings.push((spelling_hash(&text), number));
                        continue;
                    }
                    Trigger::Prefix(text) => prefixes.entry(text).or_default(),
                    Trigger::Stem(stemming, text) => index
                        .stems
                        .entry(stemming)
                        .or_default()
                        .entry(text)
                        .or_default(),
                };
                if topics.last() != Some(&number) {
                    topics.push(number);
                }
            }
        }
        index.spellings = Spellings::new(spellings);
        index.prefixes = Prefixes::new(prefixes);
        index.topics = topics;
        index
    }

    /// Compiles rules that share their lists, or names all mistakes, each with the position of its rule.
    pub fn compile<'r>(
        rules: impl Iterator<Item = &'r Rule>,
        lists: &Lists,
    ) -> Result<Index, Vec<(usize, QueryError)>> {
        let compiler = Compiler::new(lists);
        let mut topics = Vec::new();
        let mut errors = Vec::new();
        for (number, rule) in rules.enumerate() {
            match compiler.compile(rule) {
                Ok(compiled) => topics.push(compiled),
                Err(mistakes) => {
                    errors.extend(mistakes.into_iter().map(|mistake| (number, mistake)))
                }
            }
        }
        match errors.is_empty() {
            true => Ok(Index::new(topics)),
            false => Err(errors),
        }
    }

    /// The topic at a position.
    pub fn compiled(&self, topic: usize) -> Option<&Compiled> {
        self.topics.get(topic)
    }

    /// The topics that match an item, in order.
    pub fn judge(&self, prepared: &Prepared) -> Vec<(usize, Verdict)> {
        let reader = Reader::new(prepared);
        let touched = self
            .touched(&reader)
            .into_iter()
            .map(|topic| topic as usize);
        touched
            .map(|topic| (topic, self.topics[topic].judge_with(&reader)))
            .filter(|(_, verdict)| verdict.matched)
            .collect()
    }

    /// The topics that an item may match, in order.
    fn touched(&self, reader: &Reader<'_>) -> Vec<u32> {
        let mut touched = self.always.clone();
        // Of chained parts all are given faster than one after the other.
        let places = reader.prepared.places(self.beside_text);
        places.for_each(|place| self.spellings.find(place.hash, &mut touched));
        if !self.prefixes.entries.is_empty() || !self.stems.is_empty() {
            reader.prepared.each_form(self.beside_text, |form| {
                self.prefixes.find(form, &mut touched);
                for (stemming, stems) in &self.stems {
                    let topics = reader.with_stem(*stemming, form, |stem| stems.get(stem));
                    touched.extend(topics.into_iter().flatten());
                }
            });
        }
        touched.sort_unstable();
        touched.dedup();
        touched
    }
}

/// Whether anything in a part looks into author, category or link.
fn looks_beside_text(node: &Node) -> bool {
    match node {
        Node::Or(parts) | Node::And(parts) | Node::Any(_, parts) => {
            parts.iter().any(looks_beside_text)
        }
        Node::Not(_, part) | Node::AtLeast(_, part) => looks_beside_text(part),
        Node::Chain(first, links) => {
            looks_beside_text(first) || links.iter().any(|(_, part)| looks_beside_text(part))
        }
        Node::Leaf(_, placed) => placed.scopes.go_beside_text(),
    }
}

/// Triggers of a part: if it is true, one of them at least is in the item. `None`: it may be true without any.
fn triggers(node: &Node) -> Option<Vec<Trigger>> {
    match node {
        Node::Or(parts) => union(parts.iter().map(triggers)),
        Node::And(parts) => rarest(parts.iter()),
        Node::Any(least, parts) => {
            // So many parts may be false that one of the rest must be true.
            let spared = usize::try_from(*least)
                .unwrap_or(usize::MAX)
                .saturating_sub(1);
            let mut all: Vec<Option<Vec<Trigger>>> = parts.iter().map(triggers).collect();
            all.sort_by_key(|triggers| triggers.as_deref().map_or(0, rarity));
            union(all.into_iter().skip(spared))
        }
        Node::AtLeast(_, part) => triggers(part),
        Node::Chain(first, links) => {
            // What only excludes announces nothing.
            let wanted = links
                .iter()
                .filter_map(|(proximity, part)| match proximity {
                    Proximity::Near(_) | Proximity::Ordered(_) => Some(part),
                    Proximity::NotNear(_) | Proximity::Unless => None,
                });
            rarest(std::iter::once(&**first).chain(wanted))
        }
        Node::Not(..) => None,
        Node::Leaf(_, placed) => match &placed.leaf.goal {
            Goal::Term(plan) => plan.triggers(),
            Goal::Regex(_) | Goal::Filter(_) => None,
        },
    }
}

fn union(parts: impl Iterator<Item = Option<Vec<Trigger>>>) -> Option<Vec<Trigger>> {
    let mut all = Vec::new();
    for part in parts {
        all.extend(part?);
    }
    Some(all)
}

fn rarest<'n>(parts: impl Iterator<Item = &'n Node>) -> Option<Vec<Trigger>> {
    parts
        .filter_map(triggers)
        .max_by_key(|triggers| rarity(triggers))
}

/// A guess how seldom one of these occurs: by the shortest, and by how many there are.
fn rarity(triggers: &[Trigger]) -> usize {
    let shortest = triggers
        .iter()
        .map(Trigger::length)
        .min()
        .unwrap_or_default();
    1 + (shortest * 64).saturating_sub(triggers.len())
}

/// Topics by the hash of a spelling. Two spellings of one hash are taken for each other, which costs one judgement and
/// changes nothing.
#[derive(Debug, Default)]
struct Spellings {
    /// Two bits for each hash, both in one word. Most words of a text are in no topic and end here, in little memory.
    filter: Vec<u64>,
    /// A table of hashes, at most half full, so that nearly each look-up reads one place of memory.
    slots: Vec<Slot>,
    /// Topics of the hashes that have several.
    topics: Vec<u32>,
}

/// The topics of one hash; none in a slot that is free.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    hash: u64,
    /// The only topic, or where several stand in `topics`.
    topic: u32,
    count: u32,
}

impl Spellings {
    fn new(mut pairs: Vec<(u64, u32)>) -> Spellings {
        /// Bits of the filter for each pair.
        const BITS: usize = 16;
        pairs.sort_unstable();
        pairs.dedup();
        if pairs.is_empty() {
            return Spellings::default();
        }
        let mut spellings = Spellings {
            filter: vec![0; (pairs.len() * BITS / 64).next_power_of_two()],
            slots: vec![Slot::default(); (pairs.len() * 2).next_power_of_two()],
            topics: Vec::new(),
        };
        for same in pairs.chunk_by(|a, b| a.0 == b.0) {
            let (hash, only) = same[0];
            let (word, bits) = spellings.filtered(hash);
            spellings.filter[word] |= bits;
            let topic = match same.len() {
                1 => only,
                _ => spellings.topics.len() as u32,
            };
            if same.len() > 1 {
                spellings
                    .topics
                    .extend(same.iter().map(|(_, topic)| *topic));
            }
            let free = spellings
                .probe(hash)
                .find(|at| spellings.slots[*at].count == 0);
            spellings.slots[free.expect("the table is never more than half full")] = Slot {
                hash,
                topic,
                count: same.len() as u32,
            };
        }
        spellings
    }

    /// Adds the topics of a hash to those touched.
    fn find(&self, hash: u64, touched: &mut Vec<u32>) {
        let (word, bits) = self.filtered(hash);
        if self
            .filter
            .get(word)
            .is_none_or(|filter| filter & bits != bits)
        {
            return;
        }
        for at in self.probe(hash) {
            let slot = self.slots[at];
            match slot.count {
                0 => return,
                _ if slot.hash != hash => {}
                1 => return touched.push(slot.topic),
                count => {
                    let range = slot.topic as usize..(slot.topic + count) as usize;
                    return touched.extend(self.topics.get(range).unwrap_or_default());
                }
            }
        }
    }

    /// The slots where a hash may be, in the order of search.
    fn probe(&self, hash: u64) -> impl Iterator<Item = usize> + use<> {
        let last = self.slots.len() - 1;
        (0..=last).map(move |step| ((hash >> 20) as usize).wrapping_add(step) & last)
    }

    fn filtered(&self, hash: u64) -> (usize, u64) {
        let word = (hash >> 12) as usize & self.filter.len().saturating_sub(1);
        (word, 1 << (hash & 63) | 1 << (hash >> 6 & 63))
    }
}

/// Beginnings of words, sorted. Each knows the longest other one that it begins with, so that all beginnings of a word are
/// found by one search.
#[derive(Debug, Default)]
struct Prefixes {
    entries: Vec<Prefix>,
}

#[derive(Debug)]
struct Prefix {
    text: String,
    shorter: Option<usize>,
    topics: Vec<u32>,
}

impl Prefixes {
    fn new(prefixes: BTreeMap<String, Vec<u32>>) -> Prefixes {
        let mut entries: Vec<Prefix> = Vec::with_capacity(prefixes.len());
        for (text, topics) in prefixes {
            let mut shorter = entries.len().checked_sub(1);
            while let Some(candidate) = shorter {
                if text.starts_with(&entries[candidate].text) {
                    break;
                }
                shorter = entries[candidate].shorter;
            }
            entries.push(Prefix {
                text,
                shorter,
                topics,
            });
        }
        Prefixes { entries }
    }

    fn find(&self, form: &str, touched: &mut Vec<u32>) {
        let behind = self
            .entries
            .partition_point(|prefix| prefix.text.as_str() <= form);
        let mut candidate = behind.checked_sub(1);
        while let Some(prefix) = candidate.and_then(|number| self.entries.get(number)) {
            if form.starts_with(&prefix.text) {
                touched.extend(&prefix.topics);
            }
            candidate = prefix.shorter;
        }
    }
}
