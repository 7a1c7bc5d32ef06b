//! One step along a term: which forms of a text it takes.

use crate::query::glob::Glob;
use crate::query::prepared::spelling_hash;
use crate::query::syntax::{Loose, Stemming, Term};
use crate::query::term::cut::Piece;
use crate::query::term::{Reader, Trigger, stem};
use crate::text::words::{Exact, Form, Word, Words};

#[derive(Clone, Debug)]
pub(super) struct Edge {
    /// The node it leaves.
    pub(super) from: usize,
    /// The node it leads to.
    pub(super) to: usize,
    /// Whether it finds only words with a sign.
    signed: bool,
    pub(super) wanted: Wanted,
}

/// What a form of the text must be.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    Equal(Vec<Spelling>),
    Exactly(Spelling),
    Globs(Vec<Glob>),
    ExactGlob(Glob),
    /// So many letters may differ.
    Letters(u8, Vec<Spelling>),
    ExactLetters(u8, Spelling),
    Stem(Stemming, Vec<Stem>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    pub(super) hash: u64,
    folded: String,
    /// Before folding.
    written: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stem(String);

/// One or more words of a text read as one form.
pub(super) struct Read<'t> {
    pub(super) words: u32,
    pub(super) start: u32,
    pub(super) end: u32,
    signed: bool,
    pub(super) form: Form<'t>,
}

/// Every form that begins with a word: its own, and those of joins.
pub(super) fn readings(words: &Words, first: u32) -> impl Iterator<Item = Read<'_>> {
    let word = words.words().get(first as usize);
    let plain = word.into_iter().flat_map(move |word: &Word| {
        words.forms(word).map(|form| Read {
            words: 1,
            start: word.start,
            end: word.end,
            signed: false,
            form,
        })
    });
    let joins = words.joins_at(first as usize).map(|join| Read {
        words: join.words as u32,
        start: join.start,
        end: join.end,
        signed: join.has_sign(),
        form: join.form,
    });
    plain.chain(joins)
}

impl Edge {
    pub(super) fn accepts(&self, reader: &Reader<'_>, read: &Read<'_>) -> bool {
        let form = &read.form;
        match &self.wanted {
            Wanted::Equal(spellings) => spellings.iter().any(|wanted| wanted.folded == form.folded),
            Wanted::Exactly(wanted) => form.equals_exactly(&wanted.written, &wanted.folded),
            _ if self.signed != read.signed => false,
            Wanted::Globs(globs) => {
                read.words == 1 && globs.iter().any(|glob| glob.matches(form.folded))
            }
            Wanted::ExactGlob(glob) => {
                read.words == 1 && written(form).is_some_and(|written| glob.matches(written))
            }
            Wanted::Letters(bound, spellings) => spellings
                .iter()
                .any(|wanted| within(&wanted.folded, form.folded, *bound)),
            Wanted::ExactLetters(bound, wanted) => {
                written(form).is_some_and(|written| within(&wanted.written, written, *bound))
            }
            Wanted::Stem(stemming, stems) => reader.with_stem(*stemming, form.folded, |stem| {
                stems.iter().any(|wanted| wanted.0 == stem)
            }),
        }
    }

    pub(super) fn triggers(&self) -> Option<Vec<Trigger>> {
        let triggers = match &self.wanted {
            Wanted::Equal(spellings) => spellings
                .iter()
                .map(|spelling| Trigger::Spelling(spelling.folded.clone()))
                .collect(),
            Wanted::Exactly(spelling) => vec![Trigger::Spelling(spelling.folded.clone())],
            Wanted::Globs(globs) => globs
                .iter()
                .map(|glob| Trigger::Prefix(glob.prefix()))
                .collect(),
            Wanted::Stem(stemming, stems) => stems
                .iter()
                .map(|stem| Trigger::Stem(*stemming, stem.0.clone()))
                .collect(),
            Wanted::ExactGlob(_) | Wanted::Letters(..) | Wanted::ExactLetters(..) => return None,
        };
        Some(triggers)
    }
}

impl Wanted {
    pub(super) fn spellings(&self) -> Option<&[Spelling]> {
        match self {
            Wanted::Equal(spellings) => Some(spellings),
            Wanted::Exactly(spelling) => Some(std::slice::from_ref(spelling)),
            _ => None,
        }
    }
}

/// The spelling of a form that `=` compares with.
fn written<'t>(form: &Form<'t>) -> Option<&'t str> {
    match form.exact {
        Exact::Written(written) => Some(written),
        Exact::Folded => Some(form.folded),
        Exact::Never => None,
    }
}

/// Whether two words of the same first letter differ by at most so many letters (optimal string alignment).
fn within(wanted: &str, found: &str, bound: u8) -> bool {
    let bound = usize::from(bound);
    if wanted.chars().next() != found.chars().next() {
        return false;
    }
    let (longer, shorter) = (wanted.chars().count(), found.chars().count());
    longer.abs_diff(shorter) <= bound && strsim::osa_distance(wanted, found) <= bound
}

/// Fewest letters of a word that may differ by one or two (SPEC 3.1).
fn fewest_letters(bound: u8) -> usize {
    match bound {
        1 => 5,
        _ => 8,
    }
}

/// The edge that a piece of a term becomes.
pub(super) fn edge(piece: Piece, term: &Term) -> Edge {
    let has_wildcard = piece.has_wildcard;
    let mut spellings: Vec<Spelling> = piece
        .spellings
        .into_iter()
        .map(|(folded, written)| Spelling {
            hash: spelling_hash(&folded),
            folded,
            written,
        })
        .collect();
    let letters = spellings.first().map_or(0, |spelling| {
        spelling
            .written
            .chars()
            .filter(|c| c.is_alphabetic())
            .count()
    });
    let wanted = match term.loose.map(|(loose, _)| loose) {
        Some(Loose::Stem(stemming)) => {
            let stems = spellings
                .iter()
                .map(|spelling| Stem(stem(stemming, &spelling.folded)));
            Wanted::Stem(stemming, stems.collect())
        }
        Some(Loose::Letters(bound)) if letters >= fewest_letters(bound) => match term.exact {
            true => Wanted::ExactLetters(bound, spellings.swap_remove(0)),
            false => Wanted::Letters(bound, spellings),
        },
        _ if has_wildcard && term.exact => Wanted::ExactGlob(Glob::new(&spellings[0].written)),
        _ if has_wildcard => {
            Wanted::Globs(spellings.iter().map(|s| Glob::new(&s.folded)).collect())
        }
        _ if term.exact => Wanted::Exactly(spellings.swap_remove(0)),
        _ => Wanted::Equal(spellings),
    };
    Edge {
        from: piece.from,
        to: piece.to,
        signed: piece.signed,
        wanted,
    }
}
