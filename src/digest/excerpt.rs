//! The few lines of an article that show why it matched.
//!
//! The opening of the teaser, as a rule. If the first hit lies behind it, the excerpt begins at the sentence of that
//! hit; if only the full text has one, it is taken from there.

use std::ops::Range;

use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;

use super::clean::{Cleaner, columns, line};
use super::material::Candidate;
use crate::model::{Field, Hit};

// About four lines of a 600 pixel column.
const LONGEST: usize = 300;

// An excerpt that ends with a sentence is read as whole, so a sentence end behind this many columns is preferred.
const LONG_ENOUGH: usize = 160;

// A hit this close to the end of the opening would be cut off, or stand without its sentence.
const OPENING: usize = 260;

/// A stretch of text, in bold where it made the match true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Clean text.
    pub text: String,
    /// Whether a term stands here.
    pub bold: bool,
}

/// The excerpt of an article; `None` where the feed gave no text beside the title.
pub fn excerpt(candidate: &Candidate) -> Option<Vec<Run>> {
    let shown = &candidate.shown;
    let hit_in = |field| candidate.hits.iter().any(|hit| hit.field == field);
    let fields = if hit_in(Field::Content) && !hit_in(Field::Summary) && !hit_in(Field::Title) {
        [
            (Field::Content, &shown.content),
            (Field::Summary, &shown.summary),
        ]
    } else {
        [
            (Field::Summary, &shown.summary),
            (Field::Content, &shown.content),
        ]
    };
    let title = line(&shown.title);
    fields.into_iter().find_map(|(field, text)| {
        let runs = runs(text, &hits(&candidate.hits, field, text));
        let whole: String = runs.iter().map(|run| run.text.as_str()).collect();
        // Many feeds repeat the title where the teaser should be.
        (!whole.is_empty() && whole != title).then_some(runs)
    })
}

/// The excerpt as plain text.
pub fn plain(runs: &[Run]) -> String {
    runs.iter().map(|run| run.text.as_str()).collect()
}

/// The ranges of the field's hits in order, without overlaps and without those that point nowhere.
fn hits(hits: &[Hit], field: Field, text: &str) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = hits
        .iter()
        .filter(|hit| {
            hit.field == field && hit.start < hit.end && text.get(hit.start..hit.end).is_some()
        })
        .map(|hit| hit.start..hit.end)
        .collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut apart: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match apart.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    apart
}

fn runs(text: &str, hits: &[Range<usize>]) -> Vec<Run> {
    let start = start(text, hits);
    let (end, cut) = end(text, start);
    let mut cleaner = Cleaner::default();
    let mut runs: Vec<Run> = Vec::new();
    let mut at = start;
    let mut push = |range: Range<usize>, bold: bool| {
        let mut clean = cleaner.push(text.get(range).unwrap_or_default());
        // The space before a term belongs to what stands before it.
        if bold && clean.starts_with(' ') {
            clean.remove(0);
            append(&mut runs, " ", false);
        }
        append(&mut runs, &clean, bold);
    };
    for hit in hits.iter().filter(|hit| hit.end > start && hit.start < end) {
        push(at.min(hit.start)..hit.start, false);
        push(hit.start.max(at)..hit.end.min(end), true);
        at = hit.end.min(end);
    }
    push(at..end, false);
    if start > 0 && !runs.is_empty() {
        prepend(&mut runs, "… ");
    }
    if cut {
        append(&mut runs, "…", false);
    }
    runs
}

fn append(runs: &mut Vec<Run>, text: &str, bold: bool) {
    match runs.last_mut() {
        _ if text.is_empty() => {}
        Some(last) if last.bold == bold => last.text.push_str(text),
        _ => runs.push(Run {
            text: text.to_owned(),
            bold,
        }),
    }
}

fn prepend(runs: &mut Vec<Run>, text: &str) {
    match runs.first_mut() {
        Some(first) if !first.bold => first.text.insert_str(0, text),
        _ => runs.insert(
            0,
            Run {
                text: text.to_owned(),
                bold: false,
            },
        ),
    }
}

/// Where the excerpt starts: at the text's start, or at the sentence of the first hit if that lies outside the opening.
fn start(text: &str, hits: &[Range<usize>]) -> usize {
    let Some(hit) = hits.first() else { return 0 };
    let before = text.get(..hit.start).unwrap_or_default();
    if columns(before) + columns(text.get(hit.clone()).unwrap_or_default()) <= OPENING {
        return 0;
    }
    let sentence = sentence_ends(before).last().unwrap_or(0);
    let lead_in = before.get(sentence..).unwrap_or_default();
    if columns(lead_in) <= OPENING / 2 {
        return sentence;
    }
    // A sentence too long to show from its start: the last words before the hit.
    let mut room = OPENING / 4;
    let mut start = hit.start;
    for (at, word) in lead_in.split_word_bound_indices().rev() {
        match room.checked_sub(columns(word)) {
            Some(rest) => room = rest,
            None => break,
        }
        if !word.trim().is_empty() {
            start = sentence + at;
        }
    }
    start
}

/// Where the excerpt ends, and whether that cuts a sentence.
fn end(text: &str, start: usize) -> (usize, bool) {
    let rest = text.get(start..).unwrap_or_default();
    let mut used = 0;
    let mut fits = rest.len();
    let mut enough = None;
    for (at, grapheme) in rest.grapheme_indices(true) {
        used += columns(grapheme).min(2);
        if used > LONG_ENOUGH && enough.is_none() {
            enough = Some(at);
        }
        if used > LONGEST {
            fits = at;
            break;
        }
    }
    if fits == rest.len() {
        return (text.len(), false);
    }
    let opening = rest.get(..fits).unwrap_or_default();
    if let Some(end) = sentence_ends(opening)
        .filter(|end| enough.is_none_or(|enough| *end >= enough))
        .last()
    {
        let sentence = opening.get(..end).unwrap_or_default();
        return (start + sentence.trim_end().len(), false);
    }
    let word = opening
        .rfind(char::is_whitespace)
        .filter(|at| at * 2 > fits)
        .unwrap_or(fits);
    (
        start + opening.get(..word).unwrap_or_default().trim_end().len(),
        true,
    )
}

/// The offsets behind the sentences of a text, white space included. A full stop ends a sentence only before white
/// space and a letter that is not small, so that `approx. 40` and `e.g. this` go on.
fn sentence_ends(text: &str) -> impl Iterator<Item = usize> {
    let mut letters = text.char_indices();
    std::iter::from_fn(move || {
        for (at, letter) in letters.by_ref() {
            let end = at + letter.len_utf8();
            let rest = text.get(end..).unwrap_or_default();
            match letter {
                '。' | '！' | '？' | '\n' => return Some(end + leading_space(rest)),
                '.' | '!' | '?' | '؟' | '…' | '۔' | '।' => {
                    let space = leading_space(rest);
                    let next = rest.trim_start().chars().next();
                    let goes_on = next.is_none_or(|next| next.is_lowercase() || next.is_numeric());
                    if space > 0
                        && !goes_on
                        && !(letter == '.' && is_abbreviated(text.get(..at).unwrap_or_default()))
                    {
                        return Some(end + space);
                    }
                }
                _ => {}
            }
        }
        None
    })
}

/// Whether a text ends with a title or an initial (`Ms`, `Gen`, `J`), whose full stop ends no sentence.
fn is_abbreviated(text: &str) -> bool {
    const TITLES: [&str; 9] = [
        "Mrs", "Gen", "Col", "Sgt", "Rep", "Sen", "Gov", "Prof", "Capt",
    ];
    let word = text
        .rsplit(|letter: char| !letter.is_alphabetic())
        .next()
        .unwrap_or_default();
    TITLES.contains(&word)
        || (word.chars().count() <= 2 && word.chars().next().is_some_and(char::is_uppercase))
}

fn leading_space(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    /// Bold stands in asterisks. The first occurrence of each term is its hit.
    #[track_caller]
    fn check(text: &str, terms: &[&str], expect: Expect) {
        let hits: Vec<Range<usize>> = terms
            .iter()
            .map(|term| {
                let start = text.find(term).expect("the term stands in the text");
                start..start + term.len()
            })
            .collect();
        let marked: String = runs(text, &hits)
            .iter()
            .map(|run| {
                if run.bold {
                    format!("*{}*", run.text)
                } else {
                    run.text.clone()
                }
            })
            .collect();
        expect.assert_eq(&marked);
    }

    const LONG: &str = "The council met on Monday. It heard three speakers on the new bridge, which is planned since the flood of 2019 \
        and was delayed twice. Nobody spoke against it, and the vote was put off until the spring when the river is low. \
        A second point was the harbour. The harbour master, Ms. Lind, reported that the crane had been sold to a yard in Sallow Point for \
        two millions. The yard will fetch it in May.";

    #[test]
    fn a_short_text_is_shown_whole() {
        check(
            "The new linker\n\nhandles relinks.",
            &["linker"],
            expect!["The new *linker* handles relinks."],
        );
    }

    #[test]
    fn a_long_text_ends_with_a_sentence() {
        check(
            LONG,
            &["council"],
            expect![
                "The *council* met on Monday. It heard three speakers on the new bridge, which is planned since the flood of 2019 and was delayed twice. Nobody spoke against it, and the vote was put off until the spring when the river is low. A second point was the harbour."
            ],
        );
    }

    #[test]
    fn a_hit_behind_the_opening_moves_the_start_to_its_sentence() {
        check(
            LONG,
            &["Sallow Point"],
            expect![
                "… The harbour master, Ms. Lind, reported that the crane had been sold to a yard in *Sallow Point* for two millions. The yard will fetch it in May."
            ],
        );
    }

    #[test]
    fn a_text_without_spaces_is_cut_by_columns() {
        let runs = runs(&"次".repeat(1_200), &[]);
        assert_eq!(columns(&plain(&runs)), LONGEST + 1);
    }

    #[test]
    fn a_hit_far_into_one_long_sentence_keeps_the_words_before_it() {
        let text = format!(
            "{}the crane at Sallow Point fell",
            "so it went on and ".repeat(40)
        );
        check(
            &text,
            &["Sallow Point"],
            expect![
                "… it went on and so it went on and so it went on and the crane at *Sallow Point* fell"
            ],
        );
    }

    #[test]
    fn overlapping_hits_are_one() {
        let ranges = hits(
            &[hit(4, 9), hit(0, 6), hit(12, 99)],
            Field::Summary,
            "0123456789abcdef",
        );
        assert_eq!(ranges.len(), 1);
        assert_eq!(ranges.first(), Some(&(0..9)));
    }

    fn hit(start: usize, end: usize) -> Hit {
        Hit {
            field: Field::Summary,
            start,
            end,
            term: String::new(),
            form: String::new(),
            list: None,
        }
    }
}
