//! An expression, by recursive descent over the grammar of SPEC 2.

use crate::query::error::{Code, Mistake};
use crate::query::syntax::scan::{Cursor, Operator};
use crate::query::syntax::{
    At, DEEPEST, Expr, FARTHEST, FilterKind, Kind, LONGEST_CHAIN, Operand, Parsed, Proximity,
    Reach, Scope,
};

/// Reads an expression. Mistakes that leave the meaning of the rest clear do not end the reading.
pub fn parse(source: &str) -> Parsed {
    let mut parser = Parser::new(source);
    if source.trim_matches(super::scan::is_blank).is_empty() {
        let message = "the query is empty: add what must occur";
        parser.note(Code::NoPositiveTerm, 0, message);
    } else if let Ok(root) = parser.whole() {
        parser.parsed.root = Some(root);
    }
    parser.parsed
}

/// The reading ended; why is among the mistakes.
pub(super) struct Stop;

pub(super) type Reading<T> = Result<T, Stop>;

pub(super) struct Parser<'a> {
    pub(super) cursor: Cursor<'a>,
    pub(super) parsed: Parsed,
    pub(super) length: usize,
    pub(super) depth: usize,
    /// The bare word read last, for the advice to quote.
    pub(super) last_word: Option<&'a str>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(source: &'a str) -> Parser<'a> {
        Parser {
            cursor: Cursor::new(source),
            parsed: Parsed::default(),
            length: source.len(),
            depth: 0,
            last_word: None,
        }
    }

    pub(super) fn note(&mut self, code: Code, at: usize, message: impl Into<String>) {
        self.parsed.mistakes.push(Mistake::new(code, at, message));
    }

    pub(super) fn stop<T>(
        &mut self,
        code: Code,
        at: usize,
        message: impl Into<String>,
    ) -> Reading<T> {
        self.note(code, at, message);
        Err(Stop)
    }

    fn whole(&mut self) -> Reading<Expr> {
        let root = self.or()?;
        match self.cursor.peek() {
            None => Ok(root),
            Some(')') => {
                let at = self.cursor.at();
                self.stop(Code::Unexpected, at, "this bracket closes nothing")
            }
            Some(_) => self.stray_comma(),
        }
    }

    pub(super) fn stray_comma<T>(&mut self) -> Reading<T> {
        let message =
            "a comma stands only between the parts of ANY/n(…); a term with a comma needs quotes";
        self.stop(Code::Unexpected, self.cursor.at(), message)
    }

    pub(super) fn or(&mut self) -> Reading<Expr> {
        let mut parts = vec![self.and()?];
        while let Some((Operator::Or, length)) = self.cursor.operator() {
            self.cursor.skip(length);
            parts.push(self.and()?);
        }
        Ok(joined(parts, Kind::Or))
    }

    fn and(&mut self) -> Reading<Expr> {
        let mut parts = vec![self.not()?];
        loop {
            self.cursor.skip_blanks();
            match self.cursor.operator() {
                Some((Operator::And, length)) => {
                    self.cursor.skip(length);
                    parts.push(self.not()?);
                }
                Some((Operator::Not, _)) => parts.push(self.not()?),
                Some((Operator::Or, _)) => break,
                _ if matches!(self.cursor.peek(), None | Some(')' | ',')) => break,
                _ => return self.no_operator(),
            }
        }
        Ok(joined(parts, Kind::And))
    }

    /// Something follows a complete part that is no operator.
    pub(super) fn no_operator<T>(&mut self) -> Reading<T> {
        let at = self.cursor.at();
        match self.cursor.peek() {
            Some(':') => {
                let message = match self.last_word.map(str::to_lowercase) {
                    Some(word)
                        if Scope::from_word(&word).is_some()
                            || FilterKind::from_word(&word).is_some() =>
                    {
                        format!(
                            "a field is written in small letters and with no blank after the colon: `{word}:term`"
                        )
                    }
                    _ => "a term with a colon needs quotes".to_owned(),
                };
                self.stop(Code::Unexpected, at, message)
            }
            Some('}') => self.stop(Code::Unexpected, at, "this brace closes nothing"),
            Some(')') => self.stop(Code::Unexpected, at, "this bracket closes nothing"),
            Some(',') => self.stray_comma(),
            _ => {
                let message = self.advice_to_join();
                self.stop(Code::OperatorMissing, at, message)
            }
        }
    }

    fn advice_to_join(&self) -> String {
        let next = self.cursor.word();
        let capitals = next.to_uppercase();
        let operator = capitals.split('/').next().unwrap_or_default();
        if matches!(
            operator,
            "AND" | "OR" | "NOT" | "UNLESS" | "NEAR" | "ONEAR" | "NOTNEAR"
        ) {
            return format!(
                "operators are capitals: {operator}; or quote the words to search for them"
            );
        }
        let behind = self.cursor.rest().get(next.len()..).unwrap_or_default();
        if let Some(meant) = symbol_meant(next, behind) {
            return format!("write {meant} instead of `{next}`");
        }
        if let Some(meant) = distance_meant(next) {
            return format!("write AND or OR before `{next}`; or did you mean `{meant}`?");
        }
        match (self.last_word, next) {
            (_, "") => "write AND or OR between the two".to_owned(),
            (None, next) => format!("write AND or OR before `{next}`"),
            (Some(last), next) => {
                format!("write AND or OR before `{next}`, or quotes: \"{last} {next}\"")
            }
        }
    }

    fn not(&mut self) -> Reading<Expr> {
        self.cursor.skip_blanks();
        let at = self.cursor.at();
        let Some((Operator::Not, length)) = self.cursor.operator() else {
            return self.near();
        };
        self.deeper(at)?;
        self.cursor.skip(length);
        let part = self.not()?;
        self.depth -= 1;
        Ok(expr(at, Kind::Not(At(at), Box::new(part))))
    }

    pub(super) fn deeper(&mut self, at: usize) -> Reading<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            let message =
                format!("at most {DEEPEST} levels of brackets and NOTs: move a part into a list");
            return self.stop(Code::TooDeep, at, message);
        }
        Ok(())
    }

    fn near(&mut self) -> Reading<Expr> {
        let first = self.unit()?;
        let mut links: Vec<(Proximity, Expr)> = Vec::new();
        loop {
            self.cursor.skip_blanks();
            let at = self.cursor.at();
            let Some((operator, length)) = self.cursor.operator() else {
                break;
            };
            let proximity = match operator {
                Operator::Proximity(proximity) => proximity,
                Operator::NoDistance(word) => {
                    let message = format!(
                        "how near? {word}/5, {word}/s for one sentence or {word}/p for one paragraph"
                    );
                    self.note(Code::DistanceMissing, at, message);
                    Proximity::Near(Reach::Paragraph)
                }
                Operator::TooFar(word) => {
                    let message = format!("at most {FARTHEST} words; {word}/p for the paragraph");
                    self.note(Code::DistanceTooLarge, at, message);
                    Proximity::Near(Reach::Paragraph)
                }
                Operator::And | Operator::Or | Operator::Not => break,
            };
            if links.len() == LONGEST_CHAIN {
                let message = format!(
                    "at most {LONGEST_CHAIN} of NEAR, ONEAR, NOTNEAR and UNLESS in a row: split it"
                );
                return self.stop(Code::TooDeep, at, message);
            }
            self.cursor.skip(length);
            if links.is_empty() {
                self.need_places(&first, proximity.as_str());
            }
            let operand = self.unit()?;
            self.need_places(&operand, proximity.as_str());
            links.push((proximity, operand));
        }
        if links.is_empty() {
            return Ok(first);
        }
        Ok(expr(first.at.0, Kind::Chain(Box::new(first), links)))
    }

    /// Notes an operand that has no hits, or the lists that decide whether it has.
    pub(super) fn need_places(&mut self, operand: &Expr, operator: &'static str) {
        let mut lists = Vec::new();
        match without_places(operand, &mut lists) {
            Some(reason) => {
                let message = format!("{operator} joins terms, lists and OR groups: {reason}");
                self.note(Code::OperandNotPositional, operand.at.0, message);
            }
            None if !lists.is_empty() => self.parsed.operands.push(Operand {
                at: operand.at.0,
                operator,
                lists,
            }),
            None => {}
        }
    }
}

/// The operator that other query languages write with this sign; `behind` follows the word.
fn symbol_meant(word: &str, behind: &str) -> Option<String> {
    let operator = |sign: &str| match sign {
        "&&" | "&" | "+" => Some("AND"),
        "||" | "|" => Some("OR"),
        "-" | "!" => Some("NOT"),
        _ => None,
    };
    let letters = word.trim_start_matches(['&', '|', '+', '-', '!']);
    let sign = word.strip_suffix(letters)?;
    // A dash between blanks is one of the text.
    let dash = sign == "-" && letters.is_empty() && !behind.starts_with(['"', '“', '(', '{']);
    let operator = operator(sign).filter(|_| !dash)?;
    Some(match letters {
        "" => operator.to_owned(),
        _ => format!("`{operator} {letters}`"),
    })
}

/// `NEAR/5` of `NEAR5`: the slash was left out.
fn distance_meant(word: &str) -> Option<String> {
    let capitals = word.to_uppercase();
    ["NEAR", "ONEAR", "NOTNEAR"].iter().find_map(|operator| {
        let reach = capitals
            .strip_prefix(operator)?
            .trim_start_matches(['-', '_', '~']);
        let number = !reach.is_empty() && reach.bytes().all(|byte| byte.is_ascii_digit());
        (number || matches!(reach, "S" | "P"))
            .then(|| format!("{operator}/{}", reach.to_lowercase()))
    })
}

/// Why an operand has no places, or `None` with the lists that it takes them from.
fn without_places(operand: &Expr, lists: &mut Vec<String>) -> Option<&'static str> {
    match &operand.kind {
        Kind::Term(_) | Kind::Chain(..) => None,
        Kind::List(name) => {
            lists.push(name.clone());
            None
        }
        Kind::Or(parts) => parts.iter().find_map(|part| without_places(part, lists)),
        Kind::Weighted(_, part) => without_places(part, lists),
        Kind::And(_) => Some("AND has no place in the text"),
        Kind::Not(..) => Some("NOT has no place in the text"),
        Kind::Any(..) => Some("ANY has no place in the text"),
        Kind::AtLeast(..) => Some("ATLEAST has no place in the text"),
        Kind::Scoped(..) => Some("put the field in front of the whole: title:(a NEAR/3 b)"),
        Kind::Filter(..) => Some("a filter looks at the whole item, join it by AND"),
        Kind::Regex(_) => Some("a regex has no words"),
    }
}

pub(super) fn expr(at: usize, kind: Kind) -> Expr {
    Expr { at: At(at), kind }
}

fn joined(mut parts: Vec<Expr>, join: fn(Vec<Expr>) -> Kind) -> Expr {
    match parts.len() {
        1 => parts.remove(0),
        _ => expr(parts[0].at.0, join(parts)),
    }
}
