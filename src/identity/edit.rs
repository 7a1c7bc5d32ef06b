//! What two texts have in common: whether one is an edit of the other, and how far it goes.

use std::collections::HashSet;

use unicode_segmentation::UnicodeSegmentation;

use crate::model::{Shown, Timestamp};
use crate::text::fold::fold;

/// What marks an entry as a correction of an item that has just left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// S: title and opening, of which one may be missing.
    pub title_and_opening: Option<(String, String)>,
    /// D: minute and teaser, if it has a date and enough of a teaser.
    pub minute_and_teaser: Option<(i64, String)>,
}

impl Marks {
    /// Of a folded title and teaser, and a declared date.
    pub fn of(title: &str, teaser: &str, date: Option<Timestamp>) -> Marks {
        let opening = start(teaser, OPENING);
        let is_long = UnicodeSegmentation::unicode_words(teaser).nth(5).is_some();
        Marks {
            title_and_opening: (!title.is_empty() || !opening.is_empty())
                .then(|| (title.to_owned(), opening.to_owned())),
            minute_and_teaser: date
                .filter(|_| is_long)
                .map(|date| (minute(date), teaser.to_owned())),
        }
    }

    /// Whether S has both its parts. One alone is often that of a series, and counts only in numbers.
    pub fn is_full(&self) -> bool {
        self.title_and_opening
            .as_ref()
            .is_some_and(|(title, opening)| !title.is_empty() && !opening.is_empty())
    }
}

/// Characters of a teaser that mark an entry; what follows is often cut differently.
pub(super) const OPENING: usize = 200;

pub(super) fn minute(date: Timestamp) -> i64 {
    date.as_second().div_euclid(60)
}

/// The folded summary, else the folded start of the content.
pub fn teaser(summary: &str, content: &str) -> String {
    let summary = fold(summary);
    if summary.is_empty() {
        fold(start(content, 2_000))
    } else {
        summary
    }
}

/// How many of their words two folded texts share, from 0 to 1; 1 if neither has any.
pub fn shared_words(a: &str, b: &str) -> f64 {
    let words = |text| -> HashSet<&str> { UnicodeSegmentation::unicode_words(text).collect() };
    let (a, b) = (words(a), words(b));
    if a.is_empty() && b.is_empty() {
        return 1.0;
    }
    2.0 * a.intersection(&b).count() as f64 / (a.len() + b.len()) as f64
}

/// Whether an edit may be news to who has read the former text: another headline, or much more of it.
pub fn is_significant(former: &Shown, shown: &Shown) -> bool {
    let length = |text: &Shown| text.summary.chars().count() + text.content.chars().count();
    length(shown) > length(former) + 50
        || shared_words(&fold(&former.title), &fold(&shown.title)) < 0.8
}

/// The first characters of a text.
pub(super) fn start(text: &str, characters: usize) -> &str {
    let end = text
        .char_indices()
        .nth(characters)
        .map_or(text.len(), |(index, _)| index);
    text.get(..end).unwrap_or(text)
}

/// What some publishers append to a text and count up: "(12 comments)", "Views: 1,204", "5 minutes ago".
const COUNTED: [&str; 34] = [
    "comment",
    "comments",
    "view",
    "views",
    "like",
    "likes",
    "share",
    "shares",
    "reply",
    "replies",
    "vote",
    "votes",
    "point",
    "points",
    "read",
    "reads",
    "reader",
    "readers",
    "reaction",
    "reactions",
    "kommentar",
    "kommentare",
    "commentaire",
    "commentaires",
    "comentario",
    "comentarios",
    "min",
    "mins",
    "minute",
    "minutes",
    "hour",
    "hours",
    "day",
    "days",
];

/// The folded text without the counters at its end.
pub(super) fn without_counter(text: &str) -> &str {
    let is_edge = |character: char| !character.is_alphanumeric();
    let mut kept = text.trim_end();
    for _ in 0..3 {
        let (before, bracketed) = match kept.strip_suffix([')', ']']) {
            Some(inside) => match inside
                .rfind(['(', '['])
                .and_then(|at| inside.split_at_checked(at))
            {
                Some((before, inside)) => (before, Some(inside)),
                None => (kept, None),
            },
            None => (kept, None),
        };
        if bracketed.is_some_and(|inside| {
            is_number(inside.trim_matches(is_edge)) || is_counter(inside).is_some()
        }) {
            kept = before.trim_end();
        } else if let Some(words) = is_counter(kept) {
            kept = cut_words(kept, words);
        } else {
            break;
        }
    }
    kept
}

fn is_number(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit())
        && word
            .chars()
            .all(|character| character.is_ascii_digit() || ",.km%+".contains(character))
}

/// How many words at the end are a counter: "12 comments", "comments: 12", "5 minutes ago".
fn is_counter(text: &str) -> Option<usize> {
    let mut words = text
        .rsplit(|character: char| character.is_whitespace())
        .map(|word| word.trim_matches(|character: char| !character.is_alphanumeric()))
        .filter(|word| !word.is_empty());
    let [last, before, first] = std::array::from_fn(|_| words.next().unwrap_or_default());
    if last == "ago" && COUNTED.contains(&before) && is_number(first) {
        return Some(3);
    }
    let is_pair = (COUNTED.contains(&last) && is_number(before))
        || (is_number(last) && COUNTED.contains(&before));
    is_pair.then_some(2)
}

fn cut_words(text: &str, count: usize) -> &str {
    let mut kept = text;
    for _ in 0..count {
        kept = kept.trim_end_matches(|character: char| !character.is_alphanumeric());
        kept = kept.trim_end_matches(|character: char| !character.is_whitespace());
    }
    kept.trim_end()
}
