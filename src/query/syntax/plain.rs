//! A plain term: one string of `any`, `all`, `none` or of a list (SPEC 1.2).

use crate::query::error::Code;
use crate::query::syntax::parse::{Parser, Reading, expr, parse};
use crate::query::syntax::scan::{Cursor, is_blank};
use crate::query::syntax::units::{Carrier, quoted_term};
use crate::query::syntax::{Expr, FilterKind, Kind, Parsed, Term};

/// Reads a plain term. Its tree holds one term, list, regex or filter, perhaps in fields and with a weight.
pub fn parse_plain(source: &str) -> Parsed {
    let mut parser = Parser::new(source);
    if source.trim_matches(is_blank).is_empty() {
        parser.note(
            Code::TermEmpty,
            0,
            "this term is empty: nothing to search for",
        );
    } else if let Some((operator, at)) = operator_inside(source) {
        let message = format!(
            "`{operator}` does not work in a term: {}",
            remedy(source.trim())
        );
        parser.note(Code::OperatorInTerm, at, message);
    } else if let Ok(root) = plain(&mut parser) {
        parser.parsed.root = Some(root);
    }
    parser.parsed
}

/// What to do with a term that holds an operator. One that is no query either is a word to be searched for.
fn remedy(source: &str) -> String {
    let (exact, words) = match source.strip_prefix('=') {
        Some(words) => ("=", words),
        None => ("", source),
    };
    if let Some(unwanted) = source.strip_prefix("NOT ")
        && operator_inside(unwanted).is_none()
    {
        format!("put `{}` into `none`, or quote the words", unwanted.trim())
    } else if parse(source).mistakes.is_empty() {
        format!("write it as query = '{source}', or quote the words")
    } else if words.contains(['"', '“', '”', '\'']) {
        "quote the words to search for them".to_owned()
    } else {
        format!("to search for the words, quote them: '{exact}\"{words}\"'")
    }
}

/// The first operator word, or list beside other words, outside of quotation marks and regexes.
fn operator_inside(source: &str) -> Option<(String, usize)> {
    let mut cursor = Cursor::new(source);
    let mut begins_atom = true;
    loop {
        cursor.skip_blanks();
        let at = cursor.at();
        let next = cursor.peek()?;
        if let Some(fields) = cursor.fields().filter(|_| begins_atom) {
            cursor.skip(fields.len() + 1);
            continue;
        }
        if next == '{' && !begins_atom {
            return Some((cursor.rest().split_inclusive('}').next()?.to_owned(), at));
        }
        if let Some((_, length)) = cursor.operator() {
            return Some((cursor.rest().get(..length)?.to_owned(), at));
        }
        if let Some(counter) = cursor.counter() {
            return Some((counter.word.to_owned(), at));
        }
        let is_regex = begins_atom && cursor.regex().is_some();
        begins_atom = false;
        if is_regex {
            continue;
        }
        match cursor.quoted() {
            Some(Ok(_)) => continue,
            // The reading names it.
            Some(Err(_)) => return None,
            None => {}
        }
        match cursor.word().len() {
            // An operator behind `=` is one all the same.
            _ if next == '=' => cursor.skip(1),
            0 => cursor.skip(next.len_utf8()),
            word => cursor.skip(word),
        }
    }
}

fn plain(parser: &mut Parser<'_>) -> Reading<Expr> {
    parser.cursor.skip_blanks();
    let root = match parser.cursor.fields() {
        Some(name) => match FilterKind::from_word(name) {
            Some(kind) => filter(parser, kind, name.len() + 1)?,
            None => {
                let scopes = parser.scopes(name);
                parser.cursor.skip(name.len() + 1);
                let part = atom(parser)?;
                expr(0, Kind::Scoped(scopes, Box::new(part)))
            }
        },
        None => atom(parser)?,
    };
    match parser.cursor.peek() {
        None => Ok(root),
        Some(_) => parser.no_operator(),
    }
}

fn filter(parser: &mut Parser<'_>, kind: FilterKind, prefix: usize) -> Reading<Expr> {
    parser.cursor.skip(prefix);
    let value = parser.value()?;
    let filter = expr(0, Kind::Filter(kind, vec![value]));
    parser.parsed.leaves.push(filter.clone());
    Ok(parser.modified(filter, Carrier::Filter))
}

fn atom(parser: &mut Parser<'_>) -> Reading<Expr> {
    if parser.cursor.peek() == Some('{') {
        let list = parser.list()?;
        return Ok(parser.modified(list, Carrier::Other));
    }
    if let Some(pattern) = parser.cursor.regex() {
        let regex = expr(0, Kind::Regex(pattern));
        parser.parsed.leaves.push(regex.clone());
        return Ok(parser.modified(regex, Carrier::Other));
    }
    let exact = parser.cursor.eat('=');
    parser.cursor.skip_blanks();
    let term = match parser.cursor.quoted() {
        Some(Ok(body)) => quoted_term(body),
        Some(Err(mistake)) => return parser.stop(mistake.code, mistake.at, mistake.message),
        None => words(parser)?,
    };
    let term = expr(0, Kind::Term(Term { exact, ..term }));
    Ok(parser.modified(term, Carrier::Term))
}

/// Words up to a modifier or the end: one term, as if they were quoted.
fn words(parser: &mut Parser<'_>) -> Reading<Term> {
    let (start, source) = (parser.cursor.at(), parser.cursor.rest());
    let first = parser.bare("a term")?;
    let mut end = parser.cursor.at();
    loop {
        parser.cursor.skip_blanks();
        let word = parser.cursor.word();
        if word.is_empty() {
            break;
        }
        parser.cursor.skip(word.len());
        end = parser.cursor.at();
    }
    let text = source.get(..end - start).unwrap_or(first);
    Ok(match text.len() == first.len() {
        true => Term {
            exact: false,
            quoted: false,
            raw: text.to_owned(),
            loose: None,
        },
        false => quoted_term(&text.replace('\\', "\\\\")),
    })
}
