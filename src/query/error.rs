//! What can be wrong with a query, and where (SPEC 7).

use std::fmt;

/// The kind of mistake; its slug is part of the contract with programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// Two terms side by side.
    OperatorMissing,
    /// An operator, bracket, comma or the end where a term or value belongs.
    TermMissing,
    /// A stray closing bracket, comma, colon or brace.
    Unexpected,
    /// A quotation mark that nothing closes.
    QuoteUnclosed,
    /// A bracket that nothing closes.
    ParenthesisUnclosed,
    /// NEAR without `/n`, `/s` or `/p`.
    DistanceMissing,
    /// NEAR over 99 words.
    DistanceTooLarge,
    /// An operand of NEAR, UNLESS or ATLEAST that has no places.
    OperandNotPositional,
    /// ANY or ATLEAST without `/n`.
    CountMissing,
    /// A count or weight outside its range.
    CountOutOfRange,
    /// No such field.
    FieldUnknown,
    /// A filter in a list of fields.
    FieldNotCombinable,
    /// A `~…` or `^…` that does not exist.
    ModifierUnknown,
    /// A modifier where it has no meaning.
    ModifierMisplaced,
    /// No stemmer for this language.
    LanguageUnknown,
    /// A term without a letter, digit or emoji.
    TermEmpty,
    /// A wildcard with too little of its own.
    WildcardTooBroad,
    /// A regular expression that does not compile.
    RegexInvalid,
    /// `{name}` of no list.
    ListUnknown,
    /// A list without terms.
    ListEmpty,
    /// A list that contains itself.
    ListRecursive,
    /// An operator or a list inside a plain term.
    OperatorInTerm,
    /// Nothing that must occur.
    NoPositiveTerm,
    /// True of an item with nothing in it.
    MatchesEverything,
    /// Nested deeper than section 8 allows.
    TooDeep,
    /// Larger than section 8 allows.
    TooLarge,
}

impl Code {
    /// The slug of SPEC 7.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::OperatorMissing => "operator-missing",
            Code::TermMissing => "term-missing",
            Code::Unexpected => "unexpected",
            Code::QuoteUnclosed => "quote-unclosed",
            Code::ParenthesisUnclosed => "parenthesis-unclosed",
            Code::DistanceMissing => "distance-missing",
            Code::DistanceTooLarge => "distance-too-large",
            Code::OperandNotPositional => "operand-not-positional",
            Code::CountMissing => "count-missing",
            Code::CountOutOfRange => "count-out-of-range",
            Code::FieldUnknown => "field-unknown",
            Code::FieldNotCombinable => "field-not-combinable",
            Code::ModifierUnknown => "modifier-unknown",
            Code::ModifierMisplaced => "modifier-misplaced",
            Code::LanguageUnknown => "language-unknown",
            Code::TermEmpty => "term-empty",
            Code::WildcardTooBroad => "wildcard-too-broad",
            Code::RegexInvalid => "regex-invalid",
            Code::ListUnknown => "list-unknown",
            Code::ListEmpty => "list-empty",
            Code::ListRecursive => "list-recursive",
            Code::OperatorInTerm => "operator-in-term",
            Code::NoPositiveTerm => "no-positive-term",
            Code::MatchesEverything => "matches-everything",
            Code::TooDeep => "too-deep",
            Code::TooLarge => "too-large",
        }
    }

    /// Whether this mistake is named only after all others.
    pub(crate) fn comes_last(self) -> bool {
        matches!(self, Code::MatchesEverything | Code::TooLarge)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which key of a topic, or which list, a mistake stands in; the number counts from 0 within it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A plain term of `any`.
    Any(usize),
    /// A plain term of `all`.
    All(usize),
    /// The expression.
    Query,
    /// A plain term of `none`.
    None(usize),
    /// A name in `fields`.
    Fields(usize),
    /// A tag in `languages`.
    Languages(usize),
    /// A name in `feeds`.
    Feeds(usize),
    /// The topic as a whole.
    Topic,
    /// A plain term of a list.
    List(String, usize),
}

/// One mistake, with what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// Its kind.
    pub code: Code,
    /// What to do, for a person; lower case, without a full stop.
    pub message: String,
    /// The byte in the query where it was noticed; `None` in plain terms and other keys.
    pub at: Option<usize>,
    /// The string it stands in.
    pub place: Place,
}

/// A mistake before it is known which key its string belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Its kind.
    pub code: Code,
    /// What to do.
    pub message: String,
    /// The byte in the string.
    pub at: usize,
}

impl Mistake {
    pub(crate) fn new(code: Code, at: usize, message: impl Into<String>) -> Mistake {
        Mistake {
            code,
            message: message.into(),
            at,
        }
    }

    /// The mistake as one of a key; only an expression keeps its position.
    pub(crate) fn in_place(self, place: Place) -> QueryError {
        let at = match (&place, self.code) {
            (Place::Query, Code::TooLarge) if self.at == usize::MAX => None,
            (Place::Query, _) => Some(self.at),
            _ => None,
        };
        QueryError {
            code: self.code,
            message: self.message,
            at,
            place,
        }
    }
}

/// The name among `names` that `word` is most likely a slip of.
pub(crate) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let bound = (word.chars().count() / 3).clamp(1, 3);
    names
        .map(|name| (strsim::osa_distance(&word, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= bound)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
