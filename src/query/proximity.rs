//! Which hits lie near each other (SPEC 3.2).

use crate::query::prepared::Prepared;
use crate::query::syntax::{Proximity, Reach};
use crate::query::term::Span;
use crate::text::words::Word;

/// Pairs of one operator that are followed up in one item. Beyond it a text only repeats two words; that one of the pairs
/// exists is known by then, and time must not grow with the square of the text.
const MOST_PAIRS: usize = 50_000;

/// A hit of an operator, and which hits of its sides it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pair {
    pub(crate) span: Span,
    /// Index among the hits of the left side.
    pub(crate) left: usize,
    /// Index among the hits of the right side; of operators that only exclude none.
    pub(crate) right: Option<usize>,
}

/// The hits of `left operator right`. Both sides are sorted and without doubles, and so is what returns, except that
/// several pairs may make one hit.
pub(crate) fn pairs(
    prepared: &Prepared,
    operator: Proximity,
    left: &[Span],
    right: &[Span],
) -> Vec<Pair> {
    let right = Sorted::new(right);
    let mut pairs = Vec::new();
    for (index, span) in left.iter().enumerate() {
        match operator {
            Proximity::Near(reach) => {
                right.behind(prepared, *span, reach, |other| {
                    pairs.push(pair(*span, index, other))
                });
                right.before(prepared, *span, reach, |other| {
                    pairs.push(pair(*span, index, other))
                });
            }
            Proximity::Ordered(reach) => {
                right.behind(prepared, *span, reach, |other| {
                    pairs.push(pair(*span, index, other))
                });
            }
            Proximity::NotNear(reach) => {
                if !right.overlaps(*span) && !right.is_near(prepared, *span, reach) {
                    pairs.push(alone(*span, index));
                }
            }
            Proximity::Unless => {
                if !right.overlaps(*span) {
                    pairs.push(alone(*span, index));
                }
            }
        }
        if pairs.len() > MOST_PAIRS {
            break;
        }
    }
    pairs.sort_unstable();
    pairs
}

/// How many of the hits share no word, taken by their last word (SPEC 3.3).
pub(crate) fn apart(spans: &[Span]) -> usize {
    let mut by_last: Vec<Span> = spans.to_vec();
    by_last.sort_unstable_by_key(|span| (span.field, span.last, span.first));
    let mut taken: Option<Span> = None;
    let mut count = 0;
    for span in by_last {
        let free = taken.is_none_or(|taken| taken.field != span.field || taken.last < span.first);
        if free {
            count += 1;
            taken = Some(span);
        }
    }
    count
}

/// The fewest words between a hit of each side that lie in one paragraph, for the explanation of a miss.
pub(crate) fn nearest(prepared: &Prepared, left: &[Span], right: &[Span]) -> Option<u32> {
    let right = Sorted::new(right);
    let mut nearest: Option<u32> = None;
    for span in left {
        let mut look = |other: Found<'_>| {
            let between = match other.span.first > span.last {
                true => other.span.first - span.last - 1,
                false => span.first - other.span.last - 1,
            };
            nearest = Some(nearest.map_or(between, |known| known.min(between)));
        };
        right.behind_at_most(prepared, *span, Reach::Paragraph, 1, &mut look);
        right.before_at_most(prepared, *span, Reach::Paragraph, 1, &mut look);
    }
    nearest
}

fn pair(span: Span, left: usize, other: Found<'_>) -> Pair {
    Pair {
        span: Span {
            field: span.field,
            first: span.first.min(other.span.first),
            last: span.last.max(other.span.last),
        },
        left,
        right: Some(other.index),
    }
}

fn alone(span: Span, left: usize) -> Pair {
    Pair {
        span,
        left,
        right: None,
    }
}

/// Hits in both orders.
struct Sorted<'s> {
    by_first: &'s [Span],
    /// Indices into `by_first`, by field and last word.
    by_last: Vec<usize>,
    /// For each of `by_first`, the highest last word in its field up to it.
    highest: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Found<'s> {
    index: usize,
    span: &'s Span,
}

impl<'s> Sorted<'s> {
    fn new(spans: &'s [Span]) -> Sorted<'s> {
        let mut by_last: Vec<usize> = (0..spans.len()).collect();
        by_last.sort_by_key(|index| (spans[*index].field, spans[*index].last));
        let mut highest: Vec<u32> = Vec::with_capacity(spans.len());
        for (index, span) in spans.iter().enumerate() {
            let before = index
                .checked_sub(1)
                .filter(|before| spans[*before].field == span.field);
            let known = before.map_or(0, |before| highest[before]);
            highest.push(known.max(span.last));
        }
        Sorted {
            by_first: spans,
            by_last,
            highest,
        }
    }

    fn behind(&self, prepared: &Prepared, span: Span, reach: Reach, look: impl FnMut(Found<'s>)) {
        self.behind_at_most(prepared, span, reach, MOST_PAIRS, look);
    }

    fn before(&self, prepared: &Prepared, span: Span, reach: Reach, look: impl FnMut(Found<'s>)) {
        self.before_at_most(prepared, span, reach, MOST_PAIRS, look);
    }

    /// Hits that begin behind the span and within reach, nearest first.
    fn behind_at_most(
        &self,
        prepared: &Prepared,
        span: Span,
        reach: Reach,
        most: usize,
        look: impl FnMut(Found<'s>),
    ) {
        let words = prepared.words(span.field).words();
        let from = self
            .by_first
            .partition_point(|other| (other.field, other.first) <= (span.field, span.last));
        (from..self.by_first.len())
            .map(|index| Found {
                index,
                span: &self.by_first[index],
            })
            .take_while(|found| {
                found.span.field == span.field
                    && together(words, span.last, found.span.first, reach)
            })
            .take(most)
            .for_each(look);
    }

    /// Hits that end before the span and within reach, nearest first.
    fn before_at_most(
        &self,
        prepared: &Prepared,
        span: Span,
        reach: Reach,
        most: usize,
        look: impl FnMut(Found<'s>),
    ) {
        let words = prepared.words(span.field).words();
        let end = self.by_last.partition_point(|index| {
            let other = &self.by_first[*index];
            (other.field, other.last) < (span.field, span.first)
        });
        self.by_last[..end]
            .iter()
            .rev()
            .map(|index| Found {
                index: *index,
                span: &self.by_first[*index],
            })
            .take_while(|found| {
                found.span.field == span.field
                    && together(words, found.span.last, span.first, reach)
            })
            .take(most)
            .for_each(look);
    }

    fn is_near(&self, prepared: &Prepared, span: Span, reach: Reach) -> bool {
        let mut near = false;
        self.behind_at_most(prepared, span, reach, 1, |_| near = true);
        self.before_at_most(prepared, span, reach, 1, |_| near = true);
        near
    }

    /// Whether a hit shares a word with the span.
    fn overlaps(&self, span: Span) -> bool {
        let behind = self
            .by_first
            .partition_point(|other| (other.field, other.first) <= (span.field, span.last));
        let last = behind.checked_sub(1);
        last.is_some_and(|last| {
            self.by_first[last].field == span.field && self.highest[last] >= span.first
        })
    }
}

/// Whether the later of two words is within reach of the earlier; both are in one field.
fn together(words: &[Word], earlier: u32, later: u32, reach: Reach) -> bool {
    let (Some(one), Some(other)) = (words.get(earlier as usize), words.get(later as usize)) else {
        return false;
    };
    match reach {
        Reach::Words(most) => later - earlier - 1 <= most && one.paragraph == other.paragraph,
        Reach::Sentence => one.sentence == other.sentence,
        Reach::Paragraph => one.paragraph == other.paragraph,
    }
}
