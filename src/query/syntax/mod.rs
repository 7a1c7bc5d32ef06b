//! Text to query, or what was expected where (SPEC 2).
//!
//! [`parse()`] reads an expression and [`parse_plain`] a plain term into the same tree. They know nothing of lists, of words
//! or of regular expressions; what only those can judge is left in [`Parsed`] for `compile.rs`, also when the text ends in
//! a mistake, so that the first mistake from left to right can be named. An [`Expr`] prints itself with all brackets
//! that its precedence implies, and what it prints parses to the same tree.

mod parse;
mod plain;
mod print;
mod scan;
#[cfg(test)]
mod tests;
mod units;

use crate::query::error::Mistake;

pub use parse::parse;
pub use plain::parse_plain;
pub(crate) use scan::is_blank;
pub(crate) use units::check_field;

/// Levels of brackets and NOTs (SPEC 8).
pub const DEEPEST: usize = 64;
/// Proximity operators in a row (SPEC 8).
pub const LONGEST_CHAIN: usize = 64;
/// Most words that NEAR allows between (SPEC 3.2).
pub const FARTHEST: u64 = 99;
/// Bytes of a query (SPEC 8).
pub const LARGEST_QUERY: usize = 64 * 1024;

/// The byte where a part begins. All positions are equal, so that trees compare by meaning alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct At(pub usize);

impl PartialEq for At {
    fn eq(&self, _: &At) -> bool {
        true
    }
}

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// Where it begins, field and bracket included.
    pub at: At,
    /// What it is.
    pub kind: Kind,
}

/// What a part of an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// One of these.
    Or(Vec<Expr>),
    /// All of these.
    And(Vec<Expr>),
    /// Not this; where the word itself stands, which a bracket may precede.
    Not(At, Box<Expr>),
    /// Operands joined from left to right by what relates places.
    Chain(Box<Expr>, Vec<(Proximity, Expr)>),
    /// At least so many of these are true.
    Any(u64, Vec<Expr>),
    /// At least so many hits.
    AtLeast(u64, Box<Expr>),
    /// The part looks into these fields.
    Scoped(Vec<Scope>, Box<Expr>),
    /// The part weighs more or less.
    Weighted(f64, Box<Expr>),
    /// A property of the item as a whole.
    Filter(FilterKind, Vec<Value>),
    /// The OR of a list's terms.
    List(String),
    /// A regular expression.
    Regex(Pattern),
    /// A word or phrase.
    Term(Term),
}

/// An operator between places (SPEC 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proximity {
    /// Both, in any order.
    Near(Reach),
    /// Both, in this order.
    Ordered(Reach),
    /// The left one, where the right one is not so near.
    NotNear(Reach),
    /// The left one, where it shares no word with the right one.
    Unless,
}

/// How far apart two hits may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Words between.
    Words(u32),
    /// In one sentence.
    Sentence,
    /// In one paragraph.
    Paragraph,
}

/// A field as queries name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The headline.
    Title,
    /// The teaser.
    Summary,
    /// The full text.
    Content,
    /// The three above.
    Text,
    /// The title and the first 60 words.
    Lead,
    /// All authors.
    Author,
    /// All categories.
    Category,
    /// The words of the address.
    Link,
}

impl Scope {
    /// All of them, in the order of the specification.
    pub const ALL: [Scope; 8] = [
        Scope::Title,
        Scope::Summary,
        Scope::Content,
        Scope::Text,
        Scope::Lead,
        Scope::Author,
        Scope::Category,
        Scope::Link,
    ];

    /// The word in queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Title => "title",
            Scope::Summary => "summary",
            Scope::Content => "content",
            Scope::Text => "text",
            Scope::Lead => "lead",
            Scope::Author => "author",
            Scope::Category => "category",
            Scope::Link => "link",
        }
    }

    /// The field of this name.
    pub fn from_word(word: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// A filter (SPEC 3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterKind {
    /// The host of the link.
    Site,
    /// The feed's name or one of its tags.
    Feed,
    /// The item's language.
    Lang,
}

impl FilterKind {
    /// All of them.
    pub const ALL: [FilterKind; 3] = [FilterKind::Site, FilterKind::Feed, FilterKind::Lang];

    /// The word in queries.
    pub fn as_str(self) -> &'static str {
        match self {
            FilterKind::Site => "site",
            FilterKind::Feed => "feed",
            FilterKind::Lang => "lang",
        }
    }

    /// The filter of this name.
    pub fn from_word(word: &str) -> Option<FilterKind> {
        FilterKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// One value of a filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Without quotation marks and their backslashes.
    pub text: String,
    /// Where it begins.
    pub at: At,
}

/// A word or phrase as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// Compared before folding.
    pub exact: bool,
    /// Whether it stands in quotation marks.
    pub quoted: bool,
    /// What stands between the marks, backslashes included; without marks the word itself.
    pub raw: String,
    /// How loosely its words are compared, and where that is said.
    pub loose: Option<(Loose, At)>,
}

impl Term {
    /// The term for people: without quotation marks and their backslashes.
    pub fn text(&self) -> String {
        self.characters().map(|(c, _)| c).collect()
    }

    /// The characters, each with whether a backslash protects it from being a wildcard.
    pub fn characters(&self) -> impl Iterator<Item = (char, bool)> + '_ {
        let mut rest = self.raw.chars();
        std::iter::from_fn(move || match rest.next()? {
            '\\' if self.quoted => Some(rest.next().map_or(('\\', true), |c| (c, true))),
            c => Some((c, false)),
        })
    }
}

/// A `~` modifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loose {
    /// `~1`, `~2`: so many letters may differ.
    Letters(u8),
    /// `~stem`: the stems are equal.
    Stem(Stemming),
}

/// A language with a Snowball stemmer, by its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stemming(pub &'static str);

impl Stemming {
    /// The tags that `~stem.` takes.
    pub const ALL: [Stemming; 17] = [
        Stemming("ar"),
        Stemming("da"),
        Stemming("de"),
        Stemming("el"),
        Stemming("en"),
        Stemming("es"),
        Stemming("fi"),
        Stemming("fr"),
        Stemming("hu"),
        Stemming("it"),
        Stemming("nl"),
        Stemming("no"),
        Stemming("pt"),
        Stemming("ro"),
        Stemming("ru"),
        Stemming("sv"),
        Stemming("tr"),
    ];

    /// The stemmer of a tag, in any case.
    pub fn from_tag(tag: &str) -> Option<Stemming> {
        Stemming::ALL
            .into_iter()
            .find(|stemming| stemming.0.eq_ignore_ascii_case(tag))
    }
}

/// A regular expression as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// What stands between the slashes, backslashes included.
    pub source: String,
    /// Whether `i` stands behind it.
    pub any_case: bool,
}

/// What reading a text gave, whole or up to the mistake that ended it.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The tree; `None` after a mistake that ended the reading.
    pub root: Option<Expr>,
    /// The mistakes of syntax.
    pub mistakes: Vec<Mistake>,
    /// Every term, list, filter and regex that was read, from left to right.
    pub leaves: Vec<Expr>,
    /// Every operand that needs places and takes them from lists, as far as the lists have any.
    pub operands: Vec<Operand>,
}

/// An operand that has places if its lists have them.
#[derive(Clone, Debug)]
pub struct Operand {
    /// Where it begins.
    pub at: usize,
    /// The operator that needs them.
    pub operator: &'static str,
    /// The lists in it.
    pub lists: Vec<String>,
}
