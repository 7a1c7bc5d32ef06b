//! Whether a query matches a text, and the evidence (SPEC 3, 5, 6).
//!
//! Truth comes first and is all that most topics need. Only of a match the evidence is collected: the same tree is walked
//! again along its true parts, and of proximity along the hits that are left at the end back to the terms they are made of.

use crate::model::Hit;
use crate::query::compile::{Compiled, Guard, Node, Placed};
use crate::query::lists::{Filter, Goal};
use crate::query::prepared::{FIELDS, Prepared, Scopes};
use crate::query::proximity::{Pair, apart, pairs};
use crate::query::syntax::{FilterKind, Proximity};
use crate::query::term::{Plan, Reader, Span};

/// What a topic says of an item.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Whether all keys hold, `min_outlets` apart.
    pub matched: bool,
    /// SPEC 5; kept where only `min_score` fails.
    pub score: f64,
    /// Ordered and without doubles (SPEC 6); empty without a match.
    pub evidence: Vec<Hit>,
}

impl Compiled {
    /// Judges one item.
    pub fn judge(&self, prepared: &Prepared) -> Verdict {
        self.judge_with(&Reader::new(prepared))
    }

    /// Judges one item with what other topics have worked out about it.
    pub(crate) fn judge_with(&self, reader: &Reader<'_>) -> Verdict {
        // The language last: to find it out takes longer than all else.
        let matches = self.feed_holds(reader.prepared)
            && holds(&self.root, reader, false)
            && self.language_holds(reader.prepared);
        if !matches {
            return Verdict::default();
        }
        let mut proofs = Vec::new();
        collect(&self.root, reader, false, &mut proofs);
        let score = score(&proofs);
        if score < self.min_score {
            return Verdict {
                score,
                ..Verdict::default()
            };
        }
        Verdict {
            matched: true,
            score,
            evidence: evidence(reader, &proofs),
        }
    }

    pub(crate) fn feed_holds(&self, prepared: &Prepared) -> bool {
        self.feeds.is_empty()
            || self
                .feeds
                .iter()
                .any(|(_, folded)| prepared.is_feed(folded))
    }

    pub(crate) fn language_holds(&self, prepared: &Prepared) -> bool {
        let speaks = |tag: &String| prepared.speaks(tag).unwrap_or(true);
        self.languages.is_empty() || self.languages.iter().any(speaks)
    }
}

/// Whether a part is true. `odd`: an odd number of NOTs is round it.
pub(crate) fn holds(node: &Node, reader: &Reader<'_>, odd: bool) -> bool {
    match node {
        Node::Or(parts) => parts.iter().any(|part| holds(part, reader, odd)),
        Node::And(parts) => all_hold(parts, reader, odd),
        Node::Not(_, part) => !holds(part, reader, !odd),
        Node::Any(least, parts) => {
            let least = usize::try_from(*least).unwrap_or(usize::MAX);
            let mut true_parts = parts.iter().filter(|part| holds(part, reader, odd));
            least == 0 || true_parts.nth(least - 1).is_some()
        }
        Node::AtLeast(least, part) => apart(&find(part, reader).spans) as u64 >= *least,
        Node::Chain(..) => !find(node, reader).spans.is_empty(),
        Node::Leaf(guard, placed) if !passes(guard, reader, placed.scopes) => false,
        Node::Leaf(_, placed) => match &placed.leaf.goal {
            Goal::Term(plan) => !plan.hits(reader, placed.scopes).is_empty(),
            Goal::Regex(regex) => {
                haystacks(reader.prepared, placed.scopes).any(|(_, text)| regex.is_match(text))
            }
            Goal::Filter(filter) => filter_holds(filter, reader, odd),
        },
    }
}

/// Whether all parts are true, those last that ask for a language that has yet to be found out.
fn all_hold(parts: &[Node], reader: &Reader<'_>, odd: bool) -> bool {
    let is_known = reader.prepared.knows_language();
    let is_last = |part: &&Node| !is_known && asks_for_language(part);
    let holds = |part: &Node| holds(part, reader, odd);
    parts.iter().filter(|part| !is_last(part)).all(holds) && parts.iter().filter(is_last).all(holds)
}

fn asks_for_language(node: &Node) -> bool {
    match node {
        Node::Or(parts) | Node::And(parts) | Node::Any(_, parts) => {
            parts.iter().any(asks_for_language)
        }
        Node::Not(_, part) => asks_for_language(part),
        // Only what has places.
        Node::AtLeast(..) | Node::Chain(..) => false,
        Node::Leaf(_, placed) => match &placed.leaf.goal {
            Goal::Filter(filter) => filter.kind == FilterKind::Lang,
            Goal::Term(_) | Goal::Regex(_) => false,
        },
    }
}

/// Whether an item has what a leaf cannot do without.
fn passes(guard: &Guard, reader: &Reader<'_>, scopes: Scopes) -> bool {
    let has = |hash| reader.prepared.has(hash, scopes);
    guard.is_none_or(|[one, other]| has(one) || has(other))
}

/// Whether a filter holds; an unknown language passes under an even number of NOTs and fails under an odd one.
fn filter_holds(filter: &Filter, reader: &Reader<'_>, odd: bool) -> bool {
    let prepared = reader.prepared;
    filter.values.iter().any(|value| match filter.kind {
        FilterKind::Site => prepared.is_on(&value.folded),
        FilterKind::Lang => prepared.speaks(&value.folded).unwrap_or(!odd),
        FilterKind::Feed => {
            let hits = |plan: &Plan| plan.hits_in(reader, prepared.feed_words());
            prepared.has_tag(&value.folded) || value.plan.as_deref().is_some_and(hits)
        }
    })
}

/// The match texts that a regex searches; `lead` ends with the last of its words.
fn haystacks(prepared: &Prepared, scopes: Scopes) -> impl Iterator<Item = (u8, &str)> {
    (0..6).filter_map(move |field| {
        let limit = prepared.limit(scopes, field);
        if limit == 0 {
            return None;
        }
        let words = prepared.words(field);
        let text = words.text().as_str();
        match limit {
            u32::MAX => Some((field, text)),
            _ => {
                let end = words
                    .words()
                    .get(limit as usize - 1)
                    .map_or(text.len(), |word| word.end as usize);
                Some((field, text.get(..end)?))
            }
        }
    })
}

/// The hits of a part that has places, and those of its own parts.
pub(crate) struct Found {
    /// Sorted, without doubles.
    pub(crate) spans: Vec<Span>,
    inner: Inner,
}

enum Inner {
    Leaf,
    Or(Vec<Found>),
    /// The first operand, then what each operator made of all before it and its own operand.
    Chain(Box<Found>, Vec<(Vec<Pair>, Found)>),
}

/// All hits of a part. A part without places has none; the parser lets no such part through.
pub(crate) fn find(node: &Node, reader: &Reader<'_>) -> Found {
    match node {
        Node::Or(parts) => {
            let parts: Vec<Found> = parts.iter().map(|part| find(part, reader)).collect();
            let mut spans: Vec<Span> = parts
                .iter()
                .flat_map(|part| part.spans.iter().copied())
                .collect();
            spans.sort_unstable();
            spans.dedup();
            Found {
                spans,
                inner: Inner::Or(parts),
            }
        }
        Node::Chain(first, links) => chain(first, links, reader),
        Node::Leaf(guard, placed) => Found {
            spans: match &placed.leaf.goal {
                Goal::Term(plan) if passes(guard, reader, placed.scopes) => {
                    plan.hits(reader, placed.scopes)
                }
                _ => Vec::new(),
            },
            inner: Inner::Leaf,
        },
        Node::And(_) | Node::Not(..) | Node::Any(..) | Node::AtLeast(..) => Found {
            spans: Vec::new(),
            inner: Inner::Leaf,
        },
    }
}

fn chain(first: &Node, links: &[(Proximity, Node)], reader: &Reader<'_>) -> Found {
    let first = find(first, reader);
    let mut spans = first.spans.clone();
    let mut steps = Vec::new();
    for (proximity, part) in links {
        // Nothing is left to be near anything.
        if spans.is_empty() {
            break;
        }
        let part = find(part, reader);
        let pairs = pairs(reader.prepared, *proximity, &spans, &part.spans);
        spans = pairs.iter().map(|pair| pair.span).collect();
        spans.dedup();
        steps.push((pairs, part));
    }
    Found {
        spans,
        inner: Inner::Chain(Box::new(first), steps),
    }
}

/// A place that makes the match true.
pub(crate) enum Proof<'c> {
    Term(&'c Placed, &'c Plan, Span),
    /// A match of a regex: its range in the match text of a field.
    Regex(&'c Placed, u8, std::ops::Range<usize>),
}

/// Collects the places that make a true part true.
fn collect<'c>(node: &'c Node, reader: &Reader<'_>, odd: bool, proofs: &mut Vec<Proof<'c>>) {
    match node {
        Node::Or(parts) | Node::Any(_, parts) => {
            for part in parts {
                // The proofs of a leaf are its truth; nothing is asked twice.
                if matches!(part, Node::Leaf(..)) || holds(part, reader, odd) {
                    collect(part, reader, odd, proofs);
                }
            }
        }
        Node::And(parts) => parts
            .iter()
            .for_each(|part| collect(part, reader, odd, proofs)),
        Node::Not(..) => {}
        Node::Leaf(guard, placed) if !passes(guard, reader, placed.scopes) => {}
        Node::AtLeast(_, part) => {
            let found = find(part, reader);
            trace(part, &found, &found.spans, proofs);
        }
        Node::Chain(..) => {
            let found = find(node, reader);
            trace(node, &found, &found.spans, proofs);
        }
        Node::Leaf(_, placed) => match &placed.leaf.goal {
            Goal::Term(plan) => {
                let spans = plan.hits(reader, placed.scopes);
                proofs.extend(
                    spans
                        .into_iter()
                        .map(|span| Proof::Term(placed, plan, span)),
                );
            }
            Goal::Regex(regex) => {
                for (field, text) in haystacks(reader.prepared, placed.scopes) {
                    let matches = regex.find_iter(text).filter(|found| !found.is_empty());
                    proofs.extend(matches.map(|found| Proof::Regex(placed, field, found.range())));
                }
            }
            Goal::Filter(_) => {}
        },
    }
}

/// Follows hits of a part, sorted, back to the terms they are made of.
fn trace<'c>(node: &'c Node, found: &Found, live: &[Span], proofs: &mut Vec<Proof<'c>>) {
    match (node, &found.inner) {
        (Node::Or(parts), Inner::Or(inner)) => {
            for (part, found) in parts.iter().zip(inner) {
                let is_live = |span: &&Span| live.binary_search(span).is_ok();
                let live: Vec<Span> = found.spans.iter().filter(is_live).copied().collect();
                trace(part, found, &live, proofs);
            }
        }
        (Node::Chain(first, links), Inner::Chain(first_found, steps)) => {
            let mut live = live.to_vec();
            for (index, (pairs, right)) in steps.iter().enumerate().rev() {
                let is_live = |pair: &&Pair| live.binary_search(&pair.span).is_ok();
                let used: Vec<&Pair> = pairs.iter().filter(is_live).collect();
                let right_used = used
                    .iter()
                    .filter_map(|pair| Some(right.spans[pair.right?]));
                trace(&links[index].1, right, &sorted(right_used), proofs);
                let before = match index {
                    0 => first_found.spans.clone(),
                    _ => {
                        let mut spans: Vec<Span> =
                            steps[index - 1].0.iter().map(|pair| pair.span).collect();
                        spans.dedup();
                        spans
                    }
                };
                live = sorted(used.iter().map(|pair| before[pair.left]));
            }
            trace(first, first_found, &live, proofs);
        }
        (Node::Leaf(_, placed), _) => {
            if let Goal::Term(plan) = &placed.leaf.goal {
                proofs.extend(live.iter().map(|span| Proof::Term(placed, plan, *span)));
            }
        }
        _ => {}
    }
}

fn sorted(spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut spans: Vec<Span> = spans.collect();
    spans.sort_unstable();
    spans.dedup();
    spans
}

/// Each distinct term once, by its best place (SPEC 5).
fn score(proofs: &[Proof<'_>]) -> f64 {
    let weighted = proofs.iter().map(|proof| {
        let (identity, placed, field) = match proof {
            Proof::Term(placed, plan, span) => {
                let (text, exact) = &plan.identity;
                ((&**text, Some(*exact)), placed, span.field)
            }
            Proof::Regex(placed, field, _) => ((&*placed.leaf.written, None), placed, *field),
        };
        (identity, placed.weight * if field == 0 { 3.0 } else { 1.0 })
    });
    let mut weights: Vec<((&str, Option<bool>), f64)> = weighted.collect();
    weights.sort_by(|(a, weight), (b, other)| a.cmp(b).then(other.total_cmp(weight)));
    weights.dedup_by_key(|(identity, _)| *identity);
    weights
        .into_iter()
        .map(|(_, weight)| weight)
        // The sum of nothing is -0 otherwise.
        .fold(0.0, |sum, weight| sum + weight)
}

/// The proofs as hits of the shown text, in the order of SPEC 6.
fn evidence(reader: &Reader<'_>, proofs: &[Proof<'_>]) -> Vec<Hit> {
    let mut hits: Vec<Hit> = Vec::with_capacity(proofs.len());
    for proof in proofs {
        let (placed, field, range, form) = match proof {
            Proof::Term(placed, plan, span) => {
                let Some(spelled) = plan.spelled(reader, *span) else {
                    continue;
                };
                let range = spelled.start..spelled.end;
                (placed, span.field, range, spelled.form)
            }
            Proof::Regex(placed, field, range) => {
                let text = reader.prepared.words(*field).text().as_str();
                let form = text.get(range.clone()).unwrap_or_default().to_owned();
                (placed, *field, range.start as u32..range.end as u32, form)
            }
        };
        let shown = reader.prepared.words(field).shown(range);
        hits.push(Hit {
            field: FIELDS[usize::from(field)],
            start: shown.start,
            end: shown.end,
            term: placed.leaf.written.to_string(),
            form,
            list: placed.leaf.list.as_deref().map(str::to_owned),
        });
    }
    let place = |hit: &Hit| (hit.field, hit.start, hit.end);
    hits.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.term.cmp(&b.term)));
    hits.dedup_by(|a, b| place(a) == place(b) && a.term == b.term);
    hits
}
