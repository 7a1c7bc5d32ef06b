//! What operators join: terms, lists, regexes, groups, counts and filters, with their fields and modifiers.

use crate::query::error::{Code, Mistake, nearest};
use crate::query::syntax::parse::{Parser, Reading, Stop, expr};
use crate::query::syntax::scan::{Counter, Operator};
use crate::query::syntax::{At, Expr, FilterKind, Kind, Loose, Scope, Stemming, Term, Value};

/// What stands before a modifier decides which modifiers it takes.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Carrier {
    Term,
    Filter,
    Other,
}

impl<'a> Parser<'a> {
    pub(super) fn unit(&mut self) -> Reading<Expr> {
        self.cursor.skip_blanks();
        let at = self.cursor.at();
        let Some(names) = self.cursor.fields() else {
            let (atom, carrier) = self.atom()?;
            return Ok(self.modified(atom, carrier));
        };
        if let Some(kind) = FilterKind::from_word(names) {
            self.cursor.skip(names.len() + 1);
            let values = self.values()?;
            let filter = expr(at, Kind::Filter(kind, values));
            self.parsed.leaves.push(filter.clone());
            return Ok(self.modified(filter, Carrier::Filter));
        }
        let scopes = self.scopes(names);
        self.cursor.skip(names.len() + 1);
        let (atom, carrier) = self.atom()?;
        let part = self.modified(atom, carrier);
        Ok(expr(at, Kind::Scoped(scopes, Box::new(part))))
    }

    /// The fields before a colon, noting those that are none.
    pub(super) fn scopes(&mut self, names: &str) -> Vec<Scope> {
        let mut at = self.cursor.at();
        let mut scopes = Vec::new();
        for name in names.split(',') {
            match check_field(name) {
                Ok(scope) => scopes.push(scope),
                Err((code, message)) => self.note(code, at, message),
            }
            at += name.len() + 1;
        }
        scopes
    }

    fn values(&mut self) -> Reading<Vec<Value>> {
        let opening = self.cursor.at();
        if !self.cursor.eat('(') {
            return Ok(vec![self.value()?]);
        }
        let mut values = Vec::new();
        loop {
            self.cursor.skip_blanks();
            values.push(self.value()?);
            self.cursor.skip_blanks();
            let at = self.cursor.at();
            match (self.cursor.operator(), self.cursor.peek()) {
                (Some((Operator::Or, length)), _) => self.cursor.skip(length),
                (_, Some(')')) => break,
                (_, None) => return self.unclosed(opening),
                (Some(_), _) | (_, Some('^' | '~')) => {
                    let message = "only OR joins the values of a filter: `site:(a OR b)`";
                    return self.stop(Code::Unexpected, at, message);
                }
                _ => return self.no_operator(),
            }
        }
        self.cursor.eat(')');
        Ok(values)
    }

    pub(super) fn value(&mut self) -> Reading<Value> {
        let at = At(self.cursor.at());
        if let Some(quoted) = self.cursor.quoted() {
            let term = quoted_term(self.accept(quoted)?);
            return Ok(Value {
                text: term.text(),
                at,
            });
        }
        let text = self.bare("a value")?.to_owned();
        Ok(Value { text, at })
    }

    fn unclosed<T>(&mut self, opening: usize) -> Reading<T> {
        let message = "this parenthesis is never closed";
        self.stop(Code::ParenthesisUnclosed, opening, message)
    }

    fn accept<T>(&mut self, result: Result<T, Mistake>) -> Reading<T> {
        result.map_err(|mistake| {
            self.parsed.mistakes.push(mistake);
            Stop
        })
    }

    /// A `WORD` that is no operator; `wanted` is what belongs here.
    pub(super) fn bare(&mut self, wanted: &str) -> Reading<&'a str> {
        let at = self.cursor.at();
        if self.cursor.operator().is_some() {
            let operator = self.cursor.word();
            let message = format!(
                "{wanted} was expected before `{operator}`; quote it to search for the word"
            );
            return self.stop(Code::TermMissing, at, message);
        }
        let word = self.cursor.word();
        if !word.is_empty() {
            self.cursor.skip(word.len());
            return Ok(word);
        }
        match self.cursor.peek() {
            None => {
                let message = format!(
                    "the query ends where {} was expected",
                    wanted.replace("a value", "a value of the filter")
                );
                self.stop(Code::TermMissing, self.length, message)
            }
            Some(':') => self.stop(
                Code::Unexpected,
                at,
                "a field was expected before the colon; a term with a colon needs quotes",
            ),
            Some('}') => self.stop(Code::Unexpected, at, "this brace closes nothing"),
            Some(found) => {
                let message = format!("{wanted} was expected before `{found}`");
                self.stop(Code::TermMissing, at, message)
            }
        }
    }

    fn atom(&mut self) -> Reading<(Expr, Carrier)> {
        let at = self.cursor.at();
        if let Some(counter) = self.cursor.counter() {
            return Ok((self.counted(at, counter)?, Carrier::Other));
        }
        let group = match self.cursor.peek() {
            Some('(') => self.group()?,
            Some('{') => self.list()?,
            Some('/') => match self.cursor.regex() {
                Some(pattern) => {
                    let regex = expr(at, Kind::Regex(pattern));
                    self.parsed.leaves.push(regex.clone());
                    regex
                }
                None => return Ok((self.term()?, Carrier::Term)),
            },
            _ => return Ok((self.term()?, Carrier::Term)),
        };
        self.last_word = None;
        Ok((group, Carrier::Other))
    }

    fn group(&mut self) -> Reading<Expr> {
        let opening = self.cursor.at();
        self.deeper(opening)?;
        self.cursor.skip(1);
        let inner = self.or()?;
        self.close(opening)?;
        // The group begins at its bracket, which is where a mistake about it is shown.
        Ok(expr(opening, inner.kind))
    }

    fn close(&mut self, opening: usize) -> Reading<()> {
        match self.cursor.peek() {
            Some(')') => {
                self.cursor.skip(1);
                self.depth -= 1;
                Ok(())
            }
            None => self.unclosed(opening),
            Some(_) => self.stray_comma(),
        }
    }

    /// `{name}`, read.
    pub(super) fn list(&mut self) -> Reading<Expr> {
        let at = self.cursor.at();
        self.cursor.skip(1);
        self.cursor.skip_blanks();
        let name = self.cursor.word();
        self.cursor.skip(name.len());
        self.cursor.skip_blanks();
        let named = !name.is_empty() && name.bytes().all(is_name_byte);
        if !named || !self.cursor.eat('}') {
            let message = "a list is written {name}, with letters, digits, `_`, `.` and `-`; a term with a brace needs quotes";
            return self.stop(Code::Unexpected, at, message);
        }
        let list = expr(at, Kind::List(name.to_owned()));
        self.parsed.leaves.push(list.clone());
        Ok(list)
    }

    fn counted(&mut self, at: usize, counter: Counter) -> Reading<Expr> {
        let word = counter.word;
        self.deeper(counter.bracket)?;
        self.cursor.jump(counter.bracket + 1);
        let count = counter.count.unwrap_or_else(|| {
            let example = if word == "ANY" {
                "ANY/2(a, b)"
            } else {
                "ATLEAST/2(a)"
            };
            self.note(Code::CountMissing, at, format!("how many? {example}"));
            1
        });
        let mut parts = vec![self.or()?];
        while word == "ANY" && self.cursor.eat(',') {
            parts.push(self.or()?);
        }
        self.close(counter.bracket)?;
        self.last_word = None;
        if count == 0 {
            self.note(
                Code::CountOutOfRange,
                at,
                format!("{word}/0 is always true: at least 1"),
            );
        } else if word == "ANY" && count > parts.len() as u64 {
            let message = match parts.len() {
                1 => "there is only 1 part; commas part them: ANY/2(a, b)".to_owned(),
                many => format!("there are only {many}"),
            };
            self.note(Code::CountOutOfRange, at, message);
        }
        if word == "ANY" {
            return Ok(expr(at, Kind::Any(count, parts)));
        }
        let part = parts.remove(0);
        self.need_places(&part, "ATLEAST");
        Ok(expr(at, Kind::AtLeast(count, Box::new(part))))
    }

    fn term(&mut self) -> Reading<Expr> {
        let at = self.cursor.at();
        let exact = self.cursor.eat('=');
        if exact {
            self.cursor.skip_blanks();
        }
        let term = if let Some(quoted) = self.cursor.quoted() {
            self.last_word = None;
            Term {
                exact,
                ..quoted_term(self.accept(quoted)?)
            }
        } else {
            let word = self.bare("a term")?;
            self.last_word = Some(word);
            Term {
                exact,
                quoted: false,
                raw: word.to_owned(),
                loose: None,
            }
        };
        Ok(expr(at, Kind::Term(term)))
    }

    /// The part with the modifiers behind it. A term becomes a leaf here, complete.
    pub(super) fn modified(&mut self, mut part: Expr, carrier: Carrier) -> Expr {
        let mut weights = Vec::new();
        loop {
            self.cursor.skip_blanks();
            let at = self.cursor.at();
            if self.cursor.eat('^') {
                self.cursor.skip_blanks();
                let number = self.cursor.word();
                self.cursor.skip(number.len());
                weights.extend(self.weight(at, number, carrier));
            } else if self.cursor.eat('~') {
                let name = self.cursor.word();
                self.cursor.skip(name.len());
                self.loosen(at, name, &mut part);
            } else {
                break;
            }
        }
        if carrier == Carrier::Term {
            self.parsed.leaves.push(part.clone());
        }
        let at = part.at.0;
        weights.into_iter().fold(part, |part, weight| {
            expr(at, Kind::Weighted(weight, Box::new(part)))
        })
    }

    fn weight(&mut self, at: usize, number: &str, carrier: Carrier) -> Option<f64> {
        let digits = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let weight = number.parse::<f64>().ok().filter(|_| digits);
        match weight {
            None => {
                let message =
                    format!("there is no ^{number}: a weight is a number, like ^2 or ^0.5");
                self.note(Code::ModifierUnknown, at, message);
            }
            Some(_) if carrier == Carrier::Filter => {
                let message = "a filter has no weight: leave out the ^";
                self.note(Code::ModifierMisplaced, at, message);
            }
            Some(weight) if weight <= 0.0 || weight > 1000.0 => {
                let message = "a weight lies above 0 and is at most 1000";
                self.note(Code::CountOutOfRange, at, message);
            }
            Some(weight) => return Some(weight),
        }
        None
    }

    fn loosen(&mut self, at: usize, name: &str, part: &mut Expr) {
        let loose = match (name, name.strip_prefix("stem.")) {
            ("1", _) => Loose::Letters(1),
            ("2", _) => Loose::Letters(2),
            ("stem", _) => Loose::Stem(Stemming("en")),
            (_, Some(tag)) => match Stemming::from_tag(tag) {
                Some(stemming) => Loose::Stem(stemming),
                None => {
                    let known = Stemming::ALL.map(|stemming| stemming.0).join(", ");
                    let message = format!("there is no stemmer for `{tag}`; there are {known}");
                    return self.note(Code::LanguageUnknown, at, message);
                }
            },
            _ => {
                let message = format!("there is no ~{name}; there are ~1, ~2, ~stem, ^2");
                return self.note(Code::ModifierUnknown, at, message);
            }
        };
        match &mut part.kind {
            Kind::Term(term) if term.loose.is_none() => term.loose = Some((loose, At(at))),
            Kind::Term(_) => self.note(Code::ModifierMisplaced, at, "one ~ is enough"),
            _ => {
                let message = format!(
                    "put ~{name} behind each term; groups, lists, regexes and filters take none"
                );
                self.note(Code::ModifierMisplaced, at, message);
            }
        }
    }
}

/// The field of this name, or what is wrong with it.
pub(crate) fn check_field(name: &str) -> Result<Scope, (Code, String)> {
    if let Some(scope) = Scope::from_word(name) {
        return Ok(scope);
    }
    if FilterKind::from_word(name).is_some() {
        let message = format!("`{name}` stands alone: write `{name}:value` and join it by AND");
        return Err((Code::FieldNotCombinable, message));
    }
    if name.is_empty() {
        let message = "a field belongs on both sides of the comma".to_owned();
        return Err((Code::Unexpected, message));
    }
    let scopes = Scope::ALL.map(Scope::as_str);
    let filters = FilterKind::ALL.map(FilterKind::as_str);
    let names = scopes.into_iter().chain(filters);
    let message = match nearest(name, names) {
        Some(near) => format!(
            "there is no field `{name}`; did you mean `{near}`? If it belongs to the term, quote it"
        ),
        None => format!(
            "there is no field `{name}`; there are {} and {}. If it belongs to the term, quote it",
            scopes.join(", "),
            filters.join(", ")
        ),
    };
    Err((Code::FieldUnknown, message))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

pub(super) fn quoted_term(body: &str) -> Term {
    Term {
        exact: false,
        quoted: true,
        raw: body.to_owned(),
        loose: None,
    }
}
