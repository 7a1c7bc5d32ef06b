//! A term as it is compared with a text (SPEC 3.1).
//!
//! The words of a term are the nodes of a small graph. An edge takes one or more of them: a word, a word with its sign, a
//! chain of hyphens read as one word, initials read as one. A hit is a way from the first node to the last along words of
//! the text; at each step only the states reached so far count, so that readings never multiply.

use std::cell::RefCell;
use std::collections::HashMap;

use rust_stemmers::{Algorithm, Stemmer};

use crate::query::compile::Guard;
use crate::query::error::{Code, Mistake};
use crate::query::prepared::{Prepared, Scopes, spelling_hash};
use crate::query::syntax::{Stemming, Term};
use crate::text::words::Words;
use edge::{Edge, Read, Spelling, edge, readings};

mod cut;
mod edge;

/// A hit (SPEC 3.2): a field, a first and a last word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Span {
    pub(crate) field: u8,
    pub(crate) first: u32,
    pub(crate) last: u32,
}

/// How a hit is spelled in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spelled {
    /// First byte in the match text.
    pub(crate) start: u32,
    /// One past the last byte in the match text.
    pub(crate) end: u32,
    /// The forms that were equal, parted by blanks.
    pub(crate) form: String,
}

/// A term, ready to be found.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// What makes two terms one for the score: the folded text and whether it is exact.
    pub(crate) identity: (Box<str>, bool),
    /// By the node they leave.
    edges: Box<[Edge]>,
    /// What must lie before each node's word; that of the first means nothing.
    borders: Box<[Border]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Border {
    between: Between,
    /// Words that a lone `*` stands for.
    any_words: u32,
    /// The term has the end of a sentence here, so the text may have one.
    ends_sentence: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Between {
    Anything,
    /// Nothing or blanks.
    Blanks,
    /// Any signs or none, no blank.
    Signs,
}

/// What an item must contain for a term to hit; `index.rs` looks for it in all topics at once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Trigger {
    /// A form with this folded spelling.
    Spelling(String),
    /// A form that begins with this, folded.
    Prefix(String),
    /// A form with this stem.
    Stem(Stemming, String),
}

impl Plan {
    /// Cuts a term; a mistake stands at `at`, one about its `~` at that.
    pub(crate) fn new(term: &Term, at: usize) -> Result<Plan, Mistake> {
        let cut = cut::cut(term, at)?;
        let mut edges: Vec<Edge> = cut
            .pieces
            .into_iter()
            .map(|piece| edge(piece, term))
            .collect();
        edges.sort_by_key(|edge| edge.from);
        Ok(Plan {
            identity: (cut.folded.into(), term.exact),
            edges: edges.into(),
            borders: cut.borders.into(),
        })
    }

    /// All hits in the fields of a scope, in order.
    pub(crate) fn hits(&self, reader: &Reader<'_>, scopes: Scopes) -> Vec<Span> {
        let mut spans = Vec::new();
        match self.first_spellings() {
            Some(spellings) => {
                for spelling in spellings {
                    for place in reader.prepared.places_of(spelling.hash, scopes) {
                        self.hits_from(reader, scopes, place.field, place.word, &mut spans);
                    }
                }
            }
            None => {
                for field in 0..6 {
                    let limit = reader.prepared.limit(scopes, field);
                    if limit == 0 {
                        continue;
                    }
                    let words = reader.prepared.words(field).words().len() as u32;
                    for word in 0..words.min(limit) {
                        self.hits_from(reader, scopes, field, word, &mut spans);
                    }
                }
            }
        }
        spans.sort_unstable();
        spans.dedup();
        spans
    }

    fn is_one_word(&self) -> bool {
        self.borders.len() == 1
    }

    fn edges_from(&self, node: usize) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.from == node)
    }

    fn hits_from(
        &self,
        reader: &Reader<'_>,
        scopes: Scopes,
        field: u8,
        word: u32,
        spans: &mut Vec<Span>,
    ) {
        let limit = reader.prepared.limit(scopes, field);
        if word >= limit {
            return;
        }
        if self.is_one_word() {
            // Nearly all terms are one word, and need no ways.
            for read in readings(reader.prepared.words(field), word) {
                let last = word + read.words - 1;
                if last < limit && self.edges.iter().any(|edge| edge.accepts(reader, &read)) {
                    spans.push(Span {
                        field,
                        first: word,
                        last,
                    });
                }
            }
            return;
        }
        for state in self.run(reader, reader.prepared.words(field), word) {
            if state.node == self.borders.len() && state.word <= limit {
                spans.push(Span {
                    field,
                    first: word,
                    last: state.word - 1,
                });
            }
        }
    }

    /// Whether the term hits anywhere in a text.
    pub(crate) fn hits_in(&self, reader: &Reader<'_>, words: &Words) -> bool {
        let ends = |state: &State<'_>| state.node == self.borders.len();
        (0..words.words().len() as u32).any(|word| self.run(reader, words, word).iter().any(ends))
    }

    /// How a hit is spelled.
    pub(crate) fn spelled(&self, reader: &Reader<'_>, span: Span) -> Option<Spelled> {
        if self.is_one_word() {
            let words = reader.prepared.words(span.field);
            let is_it = |read: &Read<'_>| {
                span.first + read.words == span.last + 1
                    && self.edges.iter().any(|edge| edge.accepts(reader, read))
            };
            return readings(words, span.first).find(is_it).map(|read| Spelled {
                start: read.start,
                end: read.end,
                form: read.form.folded.to_owned(),
            });
        }
        let states = self.run(reader, reader.prepared.words(span.field), span.first);
        let is_end =
            |state: &&State<'_>| state.node == self.borders.len() && state.word == span.last + 1;
        let last = states.iter().find(is_end)?;
        let mut forms = Vec::new();
        let mut start = last.start;
        let mut step = Some(last);
        while let Some(state) = step {
            forms.push(state.form);
            start = state.start;
            step = state.from.and_then(|from| states.get(from));
        }
        forms.reverse();
        Some(Spelled {
            start,
            end: last.end,
            form: forms.join(" "),
        })
    }

    /// Every state that can be reached from a word of the text, in the order of discovery.
    fn run<'t>(&self, reader: &Reader<'t>, words: &'t Words, first: u32) -> Vec<State<'t>> {
        let mut states: Vec<State<'t>> = Vec::new();
        self.step(reader, words, (0, first), None, &mut states);
        let mut next = 0;
        while let Some(state) = states.get(next).copied() {
            if let Some(word) = self.next_word(words, &state) {
                self.step(reader, words, (state.node, word), Some(next), &mut states);
            }
            next += 1;
        }
        states
    }

    /// Takes every edge from a node along the words of the text from `word`.
    fn step<'t>(
        &self,
        reader: &Reader<'t>,
        words: &'t Words,
        (node, word): (usize, u32),
        from: Option<usize>,
        states: &mut Vec<State<'t>>,
    ) {
        let before = from
            .and_then(|from| states.get(from))
            .map(|state| state.end);
        for edge in self.edges_from(node) {
            for read in readings(words, word).filter(|read| edge.accepts(reader, read)) {
                if before.is_some_and(|end| !self.border_holds(node, words, end..read.start)) {
                    continue;
                }
                let reached = State {
                    node: edge.to,
                    word: word + read.words,
                    start: read.start,
                    end: read.end,
                    form: read.form.folded,
                    from,
                };
                let known = |state: &State<'_>| {
                    (state.node, state.word, state.end) == (reached.node, reached.word, reached.end)
                };
                if !states.iter().any(known) {
                    states.push(reached);
                }
            }
        }
    }

    fn border_holds(&self, node: usize, words: &Words, gap: std::ops::Range<u32>) -> bool {
        let gap = gap.start as usize..gap.end as usize;
        let gap = || words.text().as_str().get(gap.clone()).unwrap_or_default();
        match self.borders[node].between {
            Between::Anything => true,
            Between::Blanks => gap().chars().all(char::is_whitespace),
            Between::Signs => !gap().contains(char::is_whitespace),
        }
    }

    /// The word of the text that the next edge begins at, if nothing parts it from the words before.
    fn next_word(&self, words: &Words, state: &State<'_>) -> Option<u32> {
        let border = self.borders.get(state.node)?;
        let all = words.words();
        let last = all.get(state.word as usize - 1)?;
        let next = state.word + border.any_words;
        let found = all.get(next as usize)?;
        // Sentences are numbered in order, so equal ends mean that nothing between ends one.
        let together = match border.ends_sentence && border.any_words == 0 {
            true => last.paragraph == found.paragraph,
            false => last.sentence == found.sentence,
        };
        together.then_some(next)
    }

    fn first_spellings(&self) -> Option<Vec<&Spelling>> {
        let mut all = Vec::new();
        for edge in self.edges_from(0) {
            all.extend(edge.wanted.spellings()?);
        }
        Some(all)
    }

    /// One or two spellings of which one is in every item that the term hits.
    pub(crate) fn guard(&self) -> Guard {
        let hashes: Option<Vec<u64>> = self
            .triggers()?
            .iter()
            .map(|trigger| match trigger {
                Trigger::Spelling(text) => Some(spelling_hash(text)),
                Trigger::Prefix(_) | Trigger::Stem(..) => None,
            })
            .collect();
        match hashes?.as_slice() {
            [one] => Some([*one, *one]),
            [one, other] => Some([*one, *other]),
            _ => None,
        }
    }

    /// Of which triggers one at least is in every item that the term hits; `None` if there are none to name.
    pub(crate) fn triggers(&self) -> Option<Vec<Trigger>> {
        // Every way passes each node that no edge jumps over; the longest word there is the rarest guess.
        let nodes = (0..self.borders.len()).filter(|node| {
            let mut earlier = self.edges.iter().take_while(|edge| edge.from < *node);
            earlier.all(|edge| edge.to <= *node)
        });
        nodes
            .filter_map(|node| {
                let triggers: Option<Vec<_>> = self.edges_from(node).map(Edge::triggers).collect();
                Some(triggers?.into_iter().flatten().collect::<Vec<_>>())
            })
            .max_by_key(|triggers| triggers.iter().map(Trigger::length).min())
    }
}

/// A node of the term reached at a word of the text.
#[derive(Clone, Copy)]
struct State<'t> {
    node: usize,
    /// The word behind those taken.
    word: u32,
    start: u32,
    end: u32,
    form: &'t str,
    from: Option<usize>,
}

impl Trigger {
    /// Letters of it, as a guess how rare it is.
    pub(crate) fn length(&self) -> usize {
        match self {
            Trigger::Spelling(text) | Trigger::Stem(_, text) => text.chars().count(),
            // A prefix finds many words.
            Trigger::Prefix(text) => text.chars().count() / 2,
        }
    }
}

/// What is worked out once for an item and shared by all topics that ask for it.
pub(crate) struct Reader<'p> {
    pub(crate) prepared: &'p Prepared,
    stems: RefCell<HashMap<Stemming, HashMap<String, String>>>,
}

impl<'p> Reader<'p> {
    pub(crate) fn new(prepared: &'p Prepared) -> Reader<'p> {
        Reader {
            prepared,
            stems: RefCell::default(),
        }
    }

    /// Gives a word's stem to a function; each word is stemmed once.
    pub(crate) fn with_stem<T>(
        &self,
        stemming: Stemming,
        word: &str,
        look: impl FnOnce(&str) -> T,
    ) -> T {
        let mut stems = self.stems.borrow_mut();
        let stems = stems.entry(stemming).or_default();
        if let Some(known) = stems.get(word) {
            return look(known);
        }
        look(
            stems
                .entry(word.to_owned())
                .or_insert_with(|| stem(stemming, word)),
        )
    }
}

/// The Snowball stem of a folded word.
fn stem(stemming: Stemming, word: &str) -> String {
    let algorithm = match stemming.0 {
        "ar" => Algorithm::Arabic,
        "da" => Algorithm::Danish,
        "de" => Algorithm::German,
        "el" => Algorithm::Greek,
        "es" => Algorithm::Spanish,
        "fi" => Algorithm::Finnish,
        "fr" => Algorithm::French,
        "hu" => Algorithm::Hungarian,
        "it" => Algorithm::Italian,
        "nl" => Algorithm::Dutch,
        "no" => Algorithm::Norwegian,
        "pt" => Algorithm::Portuguese,
        "ro" => Algorithm::Romanian,
        "ru" => Algorithm::Russian,
        "sv" => Algorithm::Swedish,
        "tr" => Algorithm::Turkish,
        _ => Algorithm::English,
    };
    Stemmer::create(algorithm).stem(word).into_owned()
}

pub(crate) fn empty(at: usize, text: &str) -> Mistake {
    let message = format!("`{text}` has no letter, digit or emoji: nothing to search for");
    Mistake::new(Code::TermEmpty, at, message)
}
