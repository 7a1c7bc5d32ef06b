//! The smallest pieces of a query: blanks, words, quotations, regexes, operators, modifiers.

use crate::query::error::{Code, Mistake};
use crate::query::syntax::{Pattern, Proximity, Reach};

/// A place in the text of a query.
pub(super) struct Cursor<'a> {
    source: &'a str,
    at: usize,
    /// No field ends before this byte; spares looking for one again at each of its letters.
    no_field_before: usize,
}

/// An operator as it stands in the text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operator {
    And,
    Or,
    Not,
    Proximity(Proximity),
    /// NEAR and its kin without a distance that can be read; the word for the message.
    NoDistance(&'static str),
    /// The operator with a distance over 99.
    TooFar(&'static str),
}

/// The beginning of `ANY/n(` or `ATLEAST/n(`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Counter {
    pub(super) word: &'static str,
    /// `None` where the count is missing.
    pub(super) count: Option<u64>,
    /// The byte of the bracket.
    pub(super) bracket: usize,
}

/// Whether a character only parts words.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”')
}

/// Whether a character ends a `WORD`.
fn ends_word(c: char) -> bool {
    is_blank(c) || is_quote(c) || matches!(c, '(' | ')' | ',' | '^' | '{' | '}' | '~' | ':')
}

/// Whether an operator word is one with this behind it.
fn ends_operator(next: Option<char>) -> bool {
    next.is_none_or(|c| is_blank(c) || is_quote(c) || matches!(c, '(' | ')' | '=' | '{'))
}

impl<'a> Cursor<'a> {
    pub(super) fn new(source: &'a str) -> Cursor<'a> {
        Cursor {
            source,
            at: 0,
            no_field_before: 0,
        }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    pub(super) fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(is_blank).len();
    }

    pub(super) fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    /// The longest run of word characters from here; it may be empty.
    pub(super) fn word(&self) -> &'a str {
        run(self.rest(), |c| !ends_word(c))
    }

    /// The body of a quotation that begins here, read; `None` where no mark stands.
    pub(super) fn quoted(&mut self) -> Option<Result<&'a str, Mistake>> {
        let opening = self.peek().filter(|c| is_quote(*c))?;
        let body = self.rest().get(opening.len_utf8()..).unwrap_or_default();
        let mut characters = body.char_indices();
        while let Some((index, c)) = characters.next() {
            if c == '\\' {
                characters.next();
            } else if is_quote(c) {
                self.at += opening.len_utf8() + index + c.len_utf8();
                return Some(Ok(body.get(..index).unwrap_or_default()));
            }
        }
        Some(Err(Mistake::new(
            Code::QuoteUnclosed,
            self.at,
            "this quotation mark is never closed",
        )))
    }

    /// A regex that begins here, read.
    pub(super) fn regex(&mut self) -> Option<Pattern> {
        let body = self.rest().strip_prefix('/')?;
        let mut characters = body.char_indices();
        let end = loop {
            match characters.next()? {
                (_, '\\') => {
                    characters.next();
                }
                (index, '/') => break index,
                _ => {}
            }
        };
        let behind = body.get(end + 1..).unwrap_or_default();
        let any_case = behind.starts_with('i');
        let next = behind.chars().nth(usize::from(any_case));
        if next.is_some_and(|c| !is_blank(c) && !matches!(c, ')' | '^' | ',')) {
            return None;
        }
        self.at += 1 + end + 1 + usize::from(any_case);
        Some(Pattern {
            source: body.get(..end).unwrap_or_default().to_owned(),
            any_case,
        })
    }

    /// The names before a colon here, not read: small letters and commas, and no blank behind the colon.
    pub(super) fn fields(&mut self) -> Option<&'a str> {
        if self.at < self.no_field_before {
            return None;
        }
        let names = run(self.rest(), |c| c.is_lowercase() || c == ',');
        let mut behind = self.rest().get(names.len()..).unwrap_or_default().chars();
        if behind.next() != Some(':') {
            self.no_field_before = self.at + names.len();
            return None;
        }
        let begins_with_name = !names.is_empty() && !names.starts_with(',');
        let goes_on = behind.next().is_none_or(|c| !is_blank(c));
        (begins_with_name && goes_on).then_some(names)
    }

    /// The operator here, not read, with its length.
    pub(super) fn operator(&self) -> Option<(Operator, usize)> {
        let rest = self.rest();
        let words = [
            ("AND", Operator::And),
            ("OR", Operator::Or),
            ("NOT", Operator::Not),
            ("UNLESS", Operator::Proximity(Proximity::Unless)),
        ];
        for (word, operator) in words {
            let behind = rest.strip_prefix(word);
            if behind.is_some_and(|behind| ends_operator(behind.chars().next())) {
                return Some((operator, word.len()));
            }
        }
        ["NEAR", "ONEAR", "NOTNEAR"]
            .into_iter()
            .find_map(|word| near(word, rest.strip_prefix(word)?))
    }

    /// The `ANY/n(` or `ATLEAST/n(` here, not read.
    pub(super) fn counter(&self) -> Option<Counter> {
        ["ANY", "ATLEAST"].into_iter().find_map(|word| {
            let behind = self.rest().strip_prefix(word)?;
            let number = match behind.strip_prefix('/') {
                Some(number) => run(number, |c| !ends_word(c)),
                None => "",
            };
            let slash = usize::from(behind.starts_with('/'));
            let after = behind.get(slash + number.len()..).unwrap_or_default();
            let bracket = after.trim_start_matches(is_blank);
            bracket.starts_with('(').then(|| Counter {
                word,
                count: integer(number),
                bracket: self.source.len() - bracket.len(),
            })
        })
    }

    pub(super) fn jump(&mut self, at: usize) {
        self.at = at;
    }
}

/// NEAR, ONEAR or NOTNEAR with what stands behind the word.
fn near(word: &'static str, behind: &str) -> Option<(Operator, usize)> {
    let Some(reach) = behind.strip_prefix('/') else {
        let bare = ends_operator(behind.chars().next());
        return bare.then_some((Operator::NoDistance(word), word.len()));
    };
    let reach_text = run(reach, |c| !ends_word(c) && c != '=');
    let next = reach.get(reach_text.len()..).unwrap_or_default();
    if !ends_operator(next.chars().next()) {
        return None;
    }
    let length = word.len() + 1 + reach_text.len();
    let reach = match (reach_text, integer(reach_text)) {
        ("s", _) => Reach::Sentence,
        ("p", _) => Reach::Paragraph,
        (_, Some(words)) if words > super::FARTHEST => {
            return Some((Operator::TooFar(word), length));
        }
        (_, Some(words)) => Reach::Words(words as u32),
        (_, None) => return Some((Operator::NoDistance(word), length)),
    };
    let proximity = match word {
        "NEAR" => Proximity::Near(reach),
        "ONEAR" => Proximity::Ordered(reach),
        _ => Proximity::NotNear(reach),
    };
    Some((Operator::Proximity(proximity), length))
}

/// Decimal digits as a number; one too large for the type is as large as the type allows.
fn integer(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> &str {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}
