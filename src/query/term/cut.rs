//! The words of a term and what must lie between them.

use crate::query::error::{Code, Mistake};
use crate::query::syntax::{Term, is_blank};
use crate::query::term::{Between, Border, empty};
use crate::text::fold::fold;
use crate::text::html::decode_again;
use crate::text::words::{Form, Join, JoinOf, Kind, Rule, Word, Words};

/// Words of a phrase (SPEC 8).
const MOST_WORDS: usize = 64;
/// Hyphenated words of a phrase (SPEC 8).
const MOST_CHAINS: usize = 6;
/// Spellings of one chain; beyond, umlauts in it are no longer spelled out.
const MOST_SPELLINGS: usize = 64;
/// Characters that a word with a wildcard must have of its own (SPEC 3.1).
const FEWEST_OWN: usize = 3;

/// A term in pieces.
pub(super) struct Cut {
    /// The whole text, folded.
    pub(super) folded: String,
    pub(super) pieces: Vec<Piece>,
    /// One for each word.
    pub(super) borders: Vec<Border>,
}

/// Words `from..to` of the term read as one form.
pub(super) struct Piece {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) signed: bool,
    pub(super) has_wildcard: bool,
    /// Folded and before folding, the one as written first.
    pub(super) spellings: Vec<(String, String)>,
    start: u32,
    end: u32,
}

pub(super) fn cut(term: &Term, at: usize) -> Result<Cut, Mistake> {
    let text = comparable(term);
    let words = Words::of_term(&text);
    let real = check(&words, &term.text(), at)?;
    let mut pieces = units(&words, &real);
    check_wildcards(&pieces, term, &words, at)?;
    let borders = borders(&words, &real, &pieces);
    let chains = chains(&words, &pieces);
    if chains.len() > MOST_CHAINS {
        let message = format!(
            "at most {MOST_CHAINS} hyphenated words in a phrase: split it, or write blanks"
        );
        return Err(Mistake::new(Code::TooLarge, at, message));
    }
    let initials = initials(&words, &real, &pieces);
    pieces.extend(chains);
    pieces.extend(initials);
    Ok(Cut {
        folded: fold(&text),
        pieces,
        borders,
    })
}

/// The term's characters as text: entities decoded once, line breaks blank, protected wildcards as signs of no meaning.
fn comparable(term: &Term) -> String {
    let mut text = String::with_capacity(term.raw.len());
    for (c, protected) in term.characters() {
        text.push(match c {
            '*' if protected => '∗',
            '?' if protected => '‽',
            c if is_blank(c) => ' ',
            c => c,
        });
    }
    decode_again(&text).into_owned()
}

/// The numbers of the words that are not a lone `*`.
fn check(words: &Words, text: &str, at: usize) -> Result<Vec<usize>, Mistake> {
    let all = words.words();
    let is_real = |word: &Word| word.kind != Kind::AnyWord;
    let real: Vec<usize> = (0..all.len())
        .filter(|index| is_real(&all[*index]))
        .collect();
    let stars = words.text().as_str().match_indices('*');
    let in_word = |star: usize| {
        let behind = all.partition_point(|word| word.start as usize <= star);
        behind > 0 && (all[behind - 1].end as usize) > star
    };
    let has_stray_star = stars.map(|(star, _)| star).any(|star| !in_word(star));
    let at_an_end = |word: Option<&Word>| word.is_some_and(|word| !is_real(word));
    if has_stray_star || at_an_end(all.first()) || at_an_end(all.last()) {
        let message = "a * stands behind at least 3 letters, or alone between two words";
        return Err(Mistake::new(Code::WildcardTooBroad, at, message));
    }
    if real.is_empty() {
        return Err(empty(at, text));
    }
    if all.len() > MOST_WORDS {
        let message = format!("at most {MOST_WORDS} words in a phrase: split it");
        return Err(Mistake::new(Code::TooLarge, at, message));
    }
    Ok(real)
}

/// The words from left to right, each with the longest sign that belongs to it.
fn units(words: &Words, real: &[usize]) -> Vec<Piece> {
    let mut units = Vec::new();
    let mut node = 0;
    while let Some(number) = real.get(node) {
        let joins: Vec<Join<'_>> = words.joins_at(*number).filter(Join::has_sign).collect();
        let longest = joins
            .iter()
            .max_by_key(|join| (join.words, join.end - join.start));
        let unit = match longest {
            Some(longest) => {
                let same = joins.iter().filter(|join| {
                    (join.words, join.start, join.end)
                        == (longest.words, longest.start, longest.end)
                });
                Piece {
                    from: node,
                    to: node + longest.words,
                    signed: true,
                    has_wildcard: false,
                    spellings: spellings(same.map(|join| join.form)),
                    start: longest.start,
                    end: longest.end,
                }
            }
            None => {
                let word = &words.words()[*number];
                Piece {
                    from: node,
                    to: node + 1,
                    signed: false,
                    has_wildcard: false,
                    spellings: spellings(words.forms(word)),
                    start: word.start,
                    end: word.end,
                }
            }
        };
        node = unit.to;
        let has_wildcard = unit
            .spellings
            .iter()
            .any(|(folded, _)| folded.contains(['*', '?']));
        units.push(Piece {
            has_wildcard,
            ..unit
        });
    }
    units
}

/// A word of the term counts as written, or with its umlauts spelled out.
fn spellings<'w>(forms: impl Iterator<Item = Form<'w>>) -> Vec<(String, String)> {
    use crate::text::words::Exact;
    let mut spellings: Vec<(String, String)> = Vec::new();
    for form in forms.filter(|form| matches!(form.rule, Rule::Written | Rule::Umlaut)) {
        let written = match form.exact {
            Exact::Written(written) => written,
            Exact::Folded | Exact::Never => form.folded,
        };
        if !spellings.iter().any(|(folded, _)| folded == form.folded) {
            spellings.push((form.folded.to_owned(), written.to_owned()));
        }
    }
    spellings
}

fn check_wildcards(units: &[Piece], term: &Term, words: &Words, at: usize) -> Result<(), Mistake> {
    for unit in units.iter().filter(|unit| unit.has_wildcard) {
        let own = |c: &char| {
            !matches!(
                c,
                '*' | '?' | '.' | ',' | '_' | '\'' | '#' | '@' | '&' | '+'
            )
        };
        let written = unit.spellings.first().map_or("", |(_, written)| written);
        let word = words.words().iter().find(|word| word.start >= unit.start);
        if written.chars().filter(own).count() >= FEWEST_OWN {
            continue;
        }
        let message = match word {
            Some(word) if word.kind == Kind::Character => {
                "no * is needed here: in scripts without blanks a term is found inside longer words"
                    .to_owned()
            }
            _ => format!(
                "`{}` would find too much: at least {FEWEST_OWN} letters before *",
                term.text()
            ),
        };
        return Err(Mistake::new(Code::WildcardTooBroad, at, message));
    }
    let has_wildcard = units.iter().any(|unit| unit.has_wildcard);
    let has_any_word = words.words().iter().any(|word| word.kind == Kind::AnyWord);
    match term.loose {
        Some((_, loose_at)) if has_wildcard || has_any_word => {
            let message = "a term with * or ? takes no ~";
            Err(Mistake::new(Code::ModifierMisplaced, loose_at.0, message))
        }
        _ => Ok(()),
    }
}

fn borders(words: &Words, real: &[usize], units: &[Piece]) -> Vec<Border> {
    let open = Border {
        between: Between::Anything,
        any_words: 0,
        ends_sentence: false,
    };
    let mut borders = vec![open; real.len()];
    for pair in units.windows(2) {
        let (before, behind) = (real[pair[1].from - 1], real[pair[1].from]);
        let any_words = (behind - before - 1) as u32;
        let (last, next) = (&words.words()[before], &words.words()[behind]);
        borders[pair[1].from] = Border {
            between: match gap(words, &pair[0], &pair[1]) {
                _ if any_words > 0 => Between::Anything,
                "-" => Between::Anything,
                "" => Between::Blanks,
                gap if gap.contains(char::is_whitespace) => Between::Anything,
                _ => Between::Signs,
            },
            any_words,
            ends_sentence: last.sentence != next.sentence,
        };
    }
    borders
}

/// Chains of hyphens, each as one word.
fn chains(words: &Words, units: &[Piece]) -> Vec<Piece> {
    let hyphens = |a: &Piece, b: &Piece| gap(words, a, b) == "-";
    units
        .chunk_by(hyphens)
        .filter(|chain| chain.len() > 1)
        .map(|chain| Piece {
            from: chain[0].from,
            to: chain[chain.len() - 1].to,
            signed: chain.iter().any(|unit| unit.signed),
            has_wildcard: chain.iter().any(|unit| unit.has_wildcard),
            spellings: chain.iter().fold(vec![Default::default()], joined),
            start: chain[0].start,
            end: chain[chain.len() - 1].end,
        })
        .collect()
}

fn joined(before: Vec<(String, String)>, unit: &Piece) -> Vec<(String, String)> {
    let most = match before.len() * unit.spellings.len() > MOST_SPELLINGS {
        true => 1,
        false => unit.spellings.len(),
    };
    let mut joined = Vec::new();
    for (folded, written) in &before {
        for (more_folded, more_written) in unit.spellings.iter().take(most) {
            joined.push((
                format!("{folded}{more_folded}"),
                format!("{written}{more_written}"),
            ));
        }
    }
    joined
}

/// Initials, each run as one word.
fn initials(words: &Words, real: &[usize], units: &[Piece]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for unit in units.iter().filter(|unit| !unit.signed) {
        let joins = words.joins_at(real[unit.from]);
        for join in joins.filter(|join| join.of == JoinOf::Initials && !join.has_sign()) {
            let to = unit.from + join.words;
            // The run must end where a unit ends: the last initial may have a sign of its own.
            if to == real.len() || units.iter().any(|unit| unit.from == to) {
                pieces.push(Piece {
                    from: unit.from,
                    to,
                    signed: false,
                    has_wildcard: false,
                    spellings: spellings(std::iter::once(join.form)),
                    start: join.start,
                    end: join.end,
                });
            }
        }
    }
    pieces
}

fn gap<'w>(words: &'w Words, before: &Piece, behind: &Piece) -> &'w str {
    let range = before.end as usize..behind.start as usize;
    words.text().as_str().get(range).unwrap_or_default()
}
