//! A query as text, every bracket that its precedence implies written out.

use std::fmt;

use crate::query::syntax::scan::{Cursor, is_blank};
use crate::query::syntax::{Expr, FilterKind, Kind, Loose, Pattern, Proximity, Reach, Term, Value};

impl Proximity {
    /// The operator's word, without its distance.
    pub fn as_str(self) -> &'static str {
        match self {
            Proximity::Near(_) => "NEAR",
            Proximity::Ordered(_) => "ONEAR",
            Proximity::NotNear(_) => "NOTNEAR",
            Proximity::Unless => "UNLESS",
        }
    }
}

impl fmt::Display for Proximity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Proximity::Near(reach) | Proximity::Ordered(reach) | Proximity::NotNear(reach)) = self
        else {
            return f.write_str(self.as_str());
        };
        match reach {
            Reach::Words(words) => write!(f, "{}/{words}", self.as_str()),
            Reach::Sentence => write!(f, "{}/s", self.as_str()),
            Reach::Paragraph => write!(f, "{}/p", self.as_str()),
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Or(parts) => joined(f, parts, " OR "),
            Kind::And(parts) => joined(f, parts, " AND "),
            Kind::Not(_, part) => write!(f, "NOT {}", Conjunct(part)),
            Kind::Chain(first, links) => {
                write!(f, "{}", Part(first))?;
                links
                    .iter()
                    .try_for_each(|(proximity, part)| write!(f, " {proximity} {}", Part(part)))
            }
            Kind::Any(least, parts) => {
                write!(f, "ANY/{least}(")?;
                for (index, part) in parts.iter().enumerate() {
                    write!(f, "{}{part}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str(")")
            }
            Kind::AtLeast(least, part) => write!(f, "ATLEAST/{least}({part})"),
            Kind::Scoped(scopes, part) => {
                let names: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
                write!(f, "{}:{}", names.join(","), Scopable(part))
            }
            Kind::Weighted(weight, part) => write!(f, "{}^{weight}", Weighable(part)),
            Kind::Filter(kind, values) => filter(f, *kind, values),
            Kind::List(name) => write!(f, "{{{name}}}"),
            Kind::Regex(pattern) => pattern.fmt(f),
            Kind::Term(term) => term.fmt(f),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "/{}/{}",
            self.source,
            if self.any_case { "i" } else { "" }
        )
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.quoted { "\"" } else { "" };
        let exact = if self.exact { "=" } else { "" };
        write!(f, "{exact}{mark}{}{mark}", self.raw)?;
        match self.loose {
            None => Ok(()),
            Some((Loose::Letters(letters), _)) => write!(f, "~{letters}"),
            Some((Loose::Stem(stemming), _)) if stemming.0 == "en" => f.write_str("~stem"),
            Some((Loose::Stem(stemming), _)) => write!(f, "~stem.{}", stemming.0),
        }
    }
}

/// An operand, in brackets unless it is of one piece.
struct Part<'a>(&'a Expr);

impl fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            Kind::Or(_) | Kind::And(_) | Kind::Not(..) | Kind::Chain(..) => {
                write!(f, "({})", self.0)
            }
            _ => self.0.fmt(f),
        }
    }
}

/// A side of AND or OR, or what NOT takes; there a NOT needs no brackets.
struct Conjunct<'a>(&'a Expr);

impl fmt::Display for Conjunct<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            Kind::Not(..) => self.0.fmt(f),
            _ => Part(self.0).fmt(f),
        }
    }
}

/// What stands behind the colon of a field.
struct Scopable<'a>(&'a Expr);

impl fmt::Display for Scopable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            Kind::Scoped(..) | Kind::Filter(..) => write!(f, "({})", self.0),
            _ => Part(self.0).fmt(f),
        }
    }
}

/// What stands before a weight.
struct Weighable<'a>(&'a Expr);

impl fmt::Display for Weighable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Scopable(self.0).fmt(f)
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Expr], operator: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        write!(
            f,
            "{}{}",
            if index == 0 { "" } else { operator },
            Conjunct(part)
        )?;
    }
    Ok(())
}

fn filter(f: &mut fmt::Formatter<'_>, kind: FilterKind, values: &[Value]) -> fmt::Result {
    let values: Vec<String> = values
        .iter()
        .map(|value| quoted_if_needed(&value.text))
        .collect();
    match values.as_slice() {
        [value] => write!(f, "{}:{value}", kind.as_str()),
        _ => write!(f, "{}:({})", kind.as_str(), values.join(" OR ")),
    }
}

fn quoted_if_needed(text: &str) -> String {
    let cursor = Cursor::new(text);
    let whole = cursor.word().len() == text.len() && !text.is_empty();
    if whole && cursor.operator().is_none() && !text.starts_with(is_blank) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        if matches!(c, '"' | '“' | '”' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}
