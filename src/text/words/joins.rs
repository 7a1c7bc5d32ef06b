//! Words together with signs, and words written apart that are one (SPEC 4.7).

use super::cut::store;
use super::forms::{Further, FurtherExact};
use super::{Exact, Gap, JoinOf, Rule, StoredForm, StoredJoin, Word, Words};
use crate::text::chars::{self, Class};
use crate::text::fold::place;

/// Forms of words multiply when words are joined; more than this only hostile text has.
const MAX_FORMS: usize = 64;
const MAX_AMPERSAND: usize = 4;
/// More single capitals in a row are no initials but a list.
const MAX_INITIALS: usize = 8;

/// Finds all signs and joins of a text that has been cut.
pub(super) fn find(words: &mut Words) {
    let mut before = None;
    for first in 0..words.words.len() {
        let Some(word) = words.words.get(first) else {
            break;
        };
        let behind = word.gap;
        // Nearly all words stand between blanks, or in an address between hyphens, and are no initials.
        let is_alone = |gap| matches!(gap, Gap::Blank | Gap::Hyphen);
        let is_plain = before.is_some_and(is_alone)
            && is_alone(behind)
            && !is_single_capital(words, word)
            && !hyphen_joins(words, first);
        if !is_plain {
            find_at(words, first);
        }
        before = Some(behind);
    }
}

fn find_at(words: &mut Words, first: usize) {
    let before = sign_before(words, first);
    for (count, of) in bases(words, first) {
        let Some(last) = words.words.get(first + count - 1) else {
            continue;
        };
        let behind = sign_behind(words, last);
        if of == JoinOf::Word && before.is_none() && behind.is_none() {
            continue;
        }
        let spellings = joined(words, first, count, of);
        for before in [None, before.clone()]
            .into_iter()
            .take(1 + usize::from(before.is_some()))
        {
            for behind in [None, behind]
                .into_iter()
                .take(1 + usize::from(behind.is_some()))
            {
                if of != JoinOf::Word || before.is_some() || behind.is_some() {
                    push(
                        words,
                        (first, count, of),
                        before.as_deref(),
                        behind,
                        &spellings,
                    );
                }
            }
        }
    }
}

/// What begins with word number `first`: how many words, and how they are joined.
fn bases(words: &Words, first: usize) -> Vec<(usize, JoinOf)> {
    let mut bases = vec![(1, JoinOf::Word)];
    if hyphen_joins(words, first) {
        bases.push((2, JoinOf::Hyphen));
    }
    let ampersands = (first..)
        .take_while(|&at| gap_after(words, at) == Some("&"))
        .take(MAX_AMPERSAND - 1);
    bases.extend((2..=ampersands.count() + 1).map(|count| (count, JoinOf::Ampersand)));
    let initials = (first..)
        .take_while(|&at| initials_go_on(words, at))
        .take(MAX_INITIALS - 1);
    bases.extend((2..=initials.count() + 1).map(|count| (count, JoinOf::Initials)));
    bases
}

/// Every spelling of the words joined: from each form of each.
fn joined(words: &Words, first: usize, count: usize, of: JoinOf) -> Vec<Further> {
    let between = if of == JoinOf::Ampersand { "&" } else { "" };
    let mut spellings: Vec<Further> = Vec::new();
    for (number, word) in words.words.iter().skip(first).take(count).enumerate() {
        let forms = words.forms(word).map(|form| Further {
            folded: form.folded.to_string(),
            exact: match form.exact {
                Exact::Written(spelling) => FurtherExact::Written(spelling.to_string()),
                Exact::Folded => FurtherExact::Folded,
                Exact::Never => FurtherExact::Never,
            },
            rule: form.rule,
        });
        spellings = if number == 0 {
            forms.collect()
        } else {
            let forms: Vec<Further> = forms.collect();
            let pairs = spellings
                .iter()
                .flat_map(|left| forms.iter().map(move |right| (left, right)));
            pairs
                .map(|(left, right)| concatenated(left, between, right))
                .take(MAX_FORMS)
                .collect()
        };
    }
    spellings
}

fn concatenated(left: &Further, between: &str, right: &Further) -> Further {
    Further {
        folded: format!("{}{between}{}", left.folded, right.folded),
        exact: match (&left.exact, &right.exact) {
            (FurtherExact::Written(left), FurtherExact::Written(right)) => {
                FurtherExact::Written(format!("{left}{between}{right}"))
            }
            (FurtherExact::Never, _) | (_, FurtherExact::Never) => FurtherExact::Never,
            _ => FurtherExact::Folded,
        },
        rule: if left.rule == Rule::Written {
            right.rule
        } else {
            left.rule
        },
    }
}

/// Stores a join once for each spelling of its words.
fn push(
    words: &mut Words,
    (first, count, of): (usize, usize, JoinOf),
    before: Option<&str>,
    behind: Option<&str>,
    spellings: &[Further],
) {
    let range = words
        .words
        .get(first)
        .zip(words.words.get(first + count - 1));
    let Some((start, end)) = range.map(|(first, last)| (first.start, last.end)) else {
        return;
    };
    let (prefix, suffix) = (before.unwrap_or_default(), behind.unwrap_or_default());
    for spelling in spellings {
        let Words { text, arena, .. } = words;
        let mut store = |spelling: &str| {
            store(text, arena, |arena| {
                arena.extend([prefix, spelling, suffix])
            })
        };
        let form = StoredForm {
            folded: store(&spelling.folded),
            exact: spelling.exact.store(store),
            rule: spelling.rule,
        };
        words.joins.push(StoredJoin {
            first: place(first),
            words: place(count),
            start: start - place(prefix.len()),
            end: end + place(suffix.len()),
            of,
            sign_before: before.is_some(),
            sign_behind: behind.is_some(),
            form,
        });
    }
}

/// The sign right before a word.
fn sign_before(words: &Words, first: usize) -> Option<String> {
    let word = words.words.get(first)?;
    let mut before = before(words, word.start).chars().rev();
    let sign = before.next()?;
    let further = before.next();
    let is_sign = match sign {
        '#' | '@' | '$' | '€' | '£' | '¥' | '₹' | '₽' | '₺' | '₩' => {
            further.is_none_or(|c| c != sign && chars::class(c) == Class::Other)
        }
        '.' => {
            further.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '[' | '"' | '\''))
                && behind(words, word.start)
                    .chars()
                    .next()
                    .is_some_and(chars::is_letter)
        }
        _ => false,
    };
    is_sign.then(|| String::from(sign))
}

/// The sign right behind a word.
fn sign_behind(words: &Words, word: &Word) -> Option<&'static str> {
    const SIGNS: [&str; 9] = ["+", "#", "%", "€", "£", "$", "¥", "°", "‰"];
    let behind = behind(words, word.end);
    if behind.starts_with("++") {
        return Some("++");
    }
    let sign = SIGNS.into_iter().find(|sign| behind.starts_with(sign))?;
    let further = behind.strip_prefix(sign)?.chars().next();
    let is_free = further.is_none_or(|c| !matches!(chars::class(c), Class::Letter | Class::Digit));
    is_free.then_some(sign)
}

/// Whether a word and the next, with only a hyphen between, may be written as one.
fn hyphen_joins(words: &Words, first: usize) -> bool {
    let pair = words.words.get(first).zip(words.words.get(first + 1));
    let Some((word, next)) = pair.filter(|(word, _)| word.gap == Gap::Hyphen) else {
        return false;
    };
    let mut left = classes(words, word);
    match classes(words, next).next() {
        Some(Class::Letter) => left.eq([Class::Letter]),
        Some(Class::Digit) => left.all(|class| class == Class::Letter),
        _ => false,
    }
}

/// The classes of a word's characters that are no marks.
fn classes(words: &Words, word: &Word) -> impl Iterator<Item = Class> {
    let classes = in_text(words, word).chars().map(chars::class);
    classes.filter(|&class| class != Class::Mark)
}

fn initials_go_on(words: &Words, at: usize) -> bool {
    let pair = words.words.get(at).zip(words.words.get(at + 1));
    pair.is_some_and(|(word, next)| {
        is_single_capital(words, word)
            && is_single_capital(words, next)
            && word.sentence == next.sentence
            && gap_after(words, at)
                .is_some_and(|gap| !gap.is_empty() && gap.chars().all(|c| matches!(c, '.' | ' ')))
    })
}

fn is_single_capital(words: &Words, word: &Word) -> bool {
    // A capital and its marks; no more than that fits into so few bytes.
    if word.end - word.start > 12 {
        return false;
    }
    let mut chars = in_text(words, word).chars();
    chars.next().is_some_and(chars::is_capital) && chars.all(|c| chars::class(c) == Class::Mark)
}

fn in_text<'w>(words: &'w Words, word: &Word) -> &'w str {
    let text = words.text.as_str();
    text.get(word.start as usize..word.end as usize)
        .unwrap_or_default()
}

fn gap_after(words: &Words, at: usize) -> Option<&str> {
    let (word, next) = (words.words.get(at)?, words.words.get(at + 1)?);
    words
        .text
        .as_str()
        .get(word.end as usize..next.start as usize)
}

fn before(words: &Words, at: u32) -> &str {
    words.text.as_str().get(..at as usize).unwrap_or_default()
}

fn behind(words: &Words, at: u32) -> &str {
    words.text.as_str().get(at as usize..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the text has joins with each, or with none, of these folded spellings.
    #[track_caller]
    fn check(text: &str, has: &[&str], lacks: &[&str]) {
        let words = Words::of_text(text);
        let joins: Vec<&str> = words.joins().map(|join| join.form.folded).collect();
        for join in has {
            assert!(joins.contains(join), "{text} lacks {join}: {joins:?}");
        }
        for join in lacks {
            assert!(!joins.contains(join), "{text} has {join}: {joins:?}");
        }
    }

    #[test]
    fn signs_before_stand_free() {
        check(
            "#Mosul (@UN) $5bn £5 €1,000",
            &["#mosul", "@un", "$5bn", "£5", "€1000"],
            &[],
        );
        check("press@un.org a$b ##x", &[], &["@un", "$b", "#x"]);
        check("#Mosul’s", &["#mosul", "#mosuls"], &[]);
        check("＃東京 @wire_desk", &["#東", "@wire_desk"], &[]);
        check(".NET (.NET x .net", &[".net"], &[]);
        check("example.net .5", &[], &[".net", ".5"]);
    }

    #[test]
    fn signs_behind_stand_free() {
        check(
            "C++, C# and 50%. 20° 5€",
            &["c++", "c#", "50%", "20°", "5€"],
            &["c+"],
        );
        check("A+B 5%x C++11", &["c++"], &["a+", "5%"]);
        check("$100+", &["$100", "100+", "$100+"], &[]);
    }

    #[test]
    fn ampersands_join_up_to_four_words() {
        check("AT&T S&P 500", &["at&t", "s&p"], &["s&p500"]);
        check("B&B&C", &["b&b", "b&c", "b&b&c"], &[]);
        check("a&b&c&d&e", &["a&b&c&d", "b&c&d&e"], &["a&b&c&d&e"]);
        check("R & D", &[], &["r&d"]);
        check("H&M’s", &["h&m", "h&ms"], &[]);
    }

    #[test]
    fn hyphens_join_a_letter_with_a_word_and_letters_with_a_number() {
        check("e-mail MH-17 COVID-19", &["email", "mh17", "covid19"], &[]);
        check(
            "re-sign 9-11 F16-A e--mail",
            &[],
            &["resign", "911", "f16a", "email"],
        );
        check("F-16’s #COVID-19", &["f16", "#covid19"], &[]);
    }

    #[test]
    fn single_capitals_join_over_dots_and_blanks() {
        check("J. K. Rowling J K Smith", &["jk"], &[]);
        check("J. R. R. Tolkien", &["jrr", "jr", "rr"], &[]);
        check("J, K. j. k. J.\nK", &[], &["jk"]);
        check("É. Ö. Kovács", &["eo", "eoe"], &[]);
    }

    #[test]
    fn places_take_the_signs_in() {
        let text = "x #Mosul C++!";
        let words = Words::of_text(text);
        let parts: Vec<&str> = words
            .joins()
            .map(|join| {
                text.get(words.shown(join.start..join.end))
                    .unwrap_or_default()
            })
            .collect();
        assert_eq!(parts, ["#Mosul", "C++"]);
        assert_eq!(words.joins_at(1).count(), 1);
        assert_eq!(words.joins_at(0).count(), 0);
        assert!(words.joins().all(|join| join.has_sign()));
    }

    #[test]
    fn exact_spellings_are_joined_too() {
        let words = Words::of_text("#OSINT Ü. Ö.");
        let exact: Vec<Exact<'_>> = words.joins().map(|join| join.form.exact).collect();
        assert_eq!(
            exact,
            [
                Exact::Written("#OSINT"),
                Exact::Written("ÜÖ"),
                Exact::Never,
                Exact::Never,
                Exact::Never
            ]
        );
    }
}
