//! Words with their places, and the forms a word may take (SPEC 4.4 to 4.7).
//!
//! One cutter serves texts and terms. Everything a matcher asks of a word is computed once, here: where it stands, what
//! lies behind it, in which sentence it is, and every spelling under which it may be found. The plain folded spelling
//! of a word costs no allocation; further forms exist only where an apostrophe, an umlaut or a sign makes one.

use std::ops::Range;

use crate::text::fold::MatchText;

mod cut;
mod forms;
mod joins;
mod run;
mod sentence;

/// The words of one text (one field of an item, or one term), numbered from 0.
///
/// Places are bytes of the match text (SPEC 4.2) unless a name says `shown`.
#[derive(Clone, Debug)]
pub struct Words {
    text: MatchText,
    words: Vec<Word>,
    /// The match text with its ASCII letters lowered, so that most words need no storage of their own; then every other
    /// spelling, one behind the other. A span counts through the match text and on into this.
    arena: String,
    /// Further forms (SPEC 4.6), those of one word side by side, in the order of words.
    forms: Vec<StoredForm>,
    /// Signs and joins (SPEC 4.7), in the order of their first words.
    joins: Vec<StoredJoin>,
}

/// A word of a text: where it stands and what lies behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// First byte in the match text.
    pub start: u32,
    /// One past the last byte in the match text.
    pub end: u32,
    /// Number of the sentence, from 0 at the start of the text; never equal in two paragraphs.
    pub sentence: u32,
    /// Number of the paragraph, from 0.
    pub paragraph: u32,
    /// Which rule of SPEC 4.4 made it a word.
    pub kind: Kind,
    /// What stands between it and the next word; of the last word, what follows it.
    pub gap: Gap,
    written: Span,
    folded: Span,
    first_form: u32,
    forms: u32,
}

/// Which rule of SPEC 4.4 made a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A pictograph with all that is tied to it, or a flag.
    Emoji,
    /// One letter or digit of a script without blanks, with its marks.
    Character,
    /// A run of katakana.
    Katakana,
    /// A run of other letters and digits.
    Run,
    /// Only in terms: a lone `*`, which stands for exactly one word.
    AnyWord,
}

/// What stands between a word and the next one, as the table of SPEC 3.1 tells gaps apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// No character at all.
    Nothing,
    /// White space only.
    Blank,
    /// One hyphen, nothing else.
    Hyphen,
    /// Other signs, no white space among them.
    Signs,
    /// White space and other signs.
    BlankAndSigns,
}

impl Gap {
    /// Whether white space is part of it.
    pub fn has_blank(self) -> bool {
        matches!(self, Gap::Blank | Gap::BlankAndSigns)
    }
}

/// Which rule of SPEC 4.6 made a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// As written, without apostrophes and the dots of acronyms.
    Written,
    /// ä ö ü å ø spelled out.
    Umlaut,
    /// `'s` off.
    Possessive,
    /// A Turkish suffix behind an apostrophe off.
    Turkish,
    /// What stands behind an elided article or pronoun.
    Elision,
    /// An Arabic prefix off or replaced.
    Arabic,
    /// One or two Hebrew prefix letters off.
    Hebrew,
    /// A Korean particle off.
    Korean,
}

/// How a form compares under `=` (SPEC 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exact<'w> {
    /// With this spelling, case and marks included.
    Written(&'w str),
    /// Folded with folded: forms that cut Arabic, Hebrew or Korean.
    Folded,
    /// Never: spelled-out umlauts.
    Never,
}

/// One spelling under which a word, or several joined, may be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form<'w> {
    /// Folded (SPEC 4.3); what plain terms compare with.
    pub folded: &'w str,
    /// What terms with `=` compare with.
    pub exact: Exact<'w>,
    /// What made it; of a join, of that word whose form is not as written.
    pub rule: Rule,
}

impl Form<'_> {
    /// Whether a term's word, given in both spellings, equals this form under `=`.
    pub fn equals_exactly(&self, written: &str, folded: &str) -> bool {
        match self.exact {
            Exact::Written(form) => form == written,
            Exact::Folded => self.folded == folded,
            Exact::Never => false,
        }
    }
}

/// What a join is made of (SPEC 4.7), signs before and behind apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinOf {
    /// One word, with a sign before or behind it.
    Word,
    /// Two to four words with only `&` between.
    Ampersand,
    /// Two words with only `-` between.
    Hyphen,
    /// Two or more single capitals with only dots and blanks between.
    Initials,
}

/// One form of one or more words together with their signs (SPEC 4.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Join<'w> {
    /// Number of its first word.
    pub first: usize,
    /// How many words it takes, at least one.
    pub words: usize,
    /// First byte in the match text, a sign before included.
    pub start: u32,
    /// One past the last byte in the match text, a sign behind included.
    pub end: u32,
    /// What is joined.
    pub of: JoinOf,
    /// Whether a sign stands before and is part of the form.
    pub sign_before: bool,
    /// Whether a sign stands behind and is part of the form.
    pub sign_behind: bool,
    /// The spelling, signs included: `#mosul`, `c++`, `at&t`, `email`, `jk`.
    pub form: Form<'w>,
}

impl Join<'_> {
    /// Whether a term that can be read like this finds only texts that have the sign too.
    pub fn has_sign(&self) -> bool {
        self.sign_before || self.sign_behind || self.of == JoinOf::Ampersand
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    start: u32,
    end: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StoredExact {
    Written(Span),
    Folded,
    Never,
}

#[derive(Clone, Copy, Debug)]
struct StoredForm {
    folded: Span,
    exact: StoredExact,
    rule: Rule,
}

#[derive(Clone, Copy, Debug)]
struct StoredJoin {
    first: u32,
    words: u32,
    start: u32,
    end: u32,
    of: JoinOf,
    sign_before: bool,
    sign_behind: bool,
    form: StoredForm,
}

impl Words {
    /// Cuts shown text into words.
    pub fn of_text(shown: &str) -> Words {
        cut::cut(MatchText::new(shown), cut::Source::Text)
    }

    /// Cuts a term into words: as text is, but `*` behind a letter, digit or mark, and `?` between two of them or before
    /// such a `*`, count as letters of the word (they stay in its spellings), and a `*` that stands alone is a word of
    /// kind [`Kind::AnyWord`].
    pub fn of_term(term: &str) -> Words {
        cut::cut(MatchText::new(term), cut::Source::Term)
    }

    /// The match text: what regexes search.
    pub fn text(&self) -> &MatchText {
        &self.text
    }

    /// All words in order.
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// The plain folded spelling of a word: its first form.
    pub fn folded(&self, word: &Word) -> &str {
        self.spelling(word.folded)
    }

    /// The spelling of a word before folding, without apostrophes and the dots of acronyms.
    pub fn written(&self, word: &Word) -> &str {
        self.spelling(word.written)
    }

    /// All forms of a word (SPEC 4.6), the plain one first.
    pub fn forms(&self, word: &Word) -> impl Iterator<Item = Form<'_>> {
        let plain = Form {
            folded: self.folded(word),
            exact: Exact::Written(self.written(word)),
            rule: Rule::Written,
        };
        let further = word.first_form as usize..(word.first_form + word.forms) as usize;
        let further = self.forms.get(further).unwrap_or_default();
        std::iter::once(plain).chain(further.iter().map(|form| self.form(form)))
    }

    /// Whether the word has forms beside the plain one.
    pub fn has_further_forms(&self, word: &Word) -> bool {
        word.forms > 0
    }

    /// All joins (SPEC 4.7), by first word.
    pub fn joins(&self) -> impl Iterator<Item = Join<'_>> {
        self.joins.iter().map(|join| self.join(join))
    }

    /// The joins whose first word is number `first`.
    pub fn joins_at(&self, first: usize) -> impl Iterator<Item = Join<'_>> {
        let from = self
            .joins
            .partition_point(|join| (join.first as usize) < first);
        self.joins
            .iter()
            .skip(from)
            .take_while(move |join| join.first as usize == first)
            .map(|join| self.join(join))
    }

    /// Bytes of the shown text that a range of the match text came from, widened to whole grapheme clusters (SPEC 6).
    pub fn shown(&self, range: Range<u32>) -> Range<usize> {
        self.text.shown(range.start as usize..range.end as usize)
    }

    fn join(&self, join: &StoredJoin) -> Join<'_> {
        Join {
            first: join.first as usize,
            words: join.words as usize,
            start: join.start,
            end: join.end,
            of: join.of,
            sign_before: join.sign_before,
            sign_behind: join.sign_behind,
            form: self.form(&join.form),
        }
    }

    fn form(&self, form: &StoredForm) -> Form<'_> {
        Form {
            folded: self.spelling(form.folded),
            exact: match form.exact {
                StoredExact::Written(span) => Exact::Written(self.spelling(span)),
                StoredExact::Folded => Exact::Folded,
                StoredExact::Never => Exact::Never,
            },
            rule: form.rule,
        }
    }

    fn spelling(&self, span: Span) -> &str {
        cut::spelling(&self.text, &self.arena, span)
    }
}
