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
    Equal(Box<[Spelling]>),
    Exactly(Spelling, Box<str>),
    Globs(Box<[Glob]>),
    ExactGlob(Exactly<Glob>),
    /// So many letters may differ.
    Letters(u8, Box<[Box<str>]>),
    ExactLetters(u8, Exactly<Box<str>>),
    Stem(Stemming, Box<[Stem]>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    pub(super) hash: u64,
    folded: Box<str>,
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

/// What `=` compares with: forms as written, and forms that only compare folded.
#[derive(Clone, Debug)]
pub(super) struct Exactly<T> {
    written: T,
    folded: T,
}

impl<T> Exactly<T> {
    fn takes(&self, form: &Form<'_>, equals: impl Fn(&T, &str) -> bool) -> bool {
        match form.exact {
            Exact::Written(written) => equals(&self.written, written),
            Exact::Folded => equals(&self.folded, form.folded),
            Exact::Never => false,
        }
    }
}

impl Edge {
    pub(super) fn accepts(&self, reader: &Reader<'_>, read: &Read<'_>) -> bool {
        let form = &read.form;
        match &self.wanted {
            Wanted::Equal(spellings) => spellings
                .iter()
                .any(|wanted| *wanted.folded == *form.folded),
            Wanted::Exactly(wanted, written) => form.equals_exactly(written, &wanted.folded),
            _ if self.signed != read.signed => false,
            Wanted::Globs(globs) => {
                read.words == 1 && globs.iter().any(|glob| glob.matches(form.folded))
            }
            Wanted::ExactGlob(glob) => read.words == 1 && glob.takes(form, Glob::matches),
            Wanted::Letters(bound, spellings) => spellings
                .iter()
                .any(|wanted| within(wanted, form.folded, *bound)),
            Wanted::ExactLetters(bound, wanted) => {
                wanted.takes(form, |wanted, found| within(wanted, found, *bound))
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
                .map(|spelling| Trigger::Spelling(spelling.folded.to_string()))
                .collect(),
            Wanted::Exactly(spelling, _) => vec![Trigger::Spelling(spelling.folded.to_string())],
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
            Wanted::Exactly(spelling, _) => Some(std::slice::from_ref(spelling)),
            _ => None,
        }
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
    let exact = piece.spellings.first().cloned().unwrap_or_default();
    let letters = exact.1.chars().filter(|c| c.is_alphabetic()).count();
    let folded = piece.spellings.iter().map(|(folded, _)| folded.as_str());
    let wanted = match term.loose.map(|(loose, _)| loose) {
        Some(Loose::Stem(stemming)) => {
            let stems = folded.map(|folded| Stem(stem(stemming, folded)));
            Wanted::Stem(stemming, stems.collect())
        }
        Some(Loose::Letters(bound)) if letters >= fewest_letters(bound) => match term.exact {
            true => Wanted::ExactLetters(bound, exactly(&exact, |text| text.into())),
            false => Wanted::Letters(bound, folded.map(Box::from).collect()),
        },
        _ if piece.has_wildcard && term.exact => Wanted::ExactGlob(exactly(&exact, Glob::new)),
        _ if piece.has_wildcard => Wanted::Globs(folded.map(Glob::new).collect()),
        _ if term.exact => Wanted::Exactly(spelling(&exact.0), exact.1.as_str().into()),
        _ => Wanted::Equal(folded.map(spelling).collect()),
    };
    Edge {
        from: piece.from,
        to: piece.to,
        signed: piece.signed,
        wanted,
    }
}

fn spelling(folded: &str) -> Spelling {
    Spelling {
        hash: spelling_hash(folded),
        folded: folded.into(),
    }
}

fn exactly<T>((folded, written): &(String, String), make: impl Fn(&str) -> T) -> Exactly<T> {
    Exactly {
        written: make(written),
        folded: make(folded),
    }
}
