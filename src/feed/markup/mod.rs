//! Markup as it is found, well formed or not.
//!
//! A scanner that never fails: whatever is no tag is text. Positions are bytes of the source, always at the sign of some markup and
//! so between characters.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memmem};

pub(super) use text::{Reference, decode, plain, reference, write_html, write_text};

mod text;

/// One piece of markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A start tag, or the tag of an empty element.
    Start(Tag<'a>),
    /// An end tag, by its name.
    End(&'a str),
    /// The text of a CDATA section, and whether its end was found.
    Cdata(&'a str, bool),
    /// A comment, processing instruction or declaration.
    Other,
    /// A `<` that begins nothing.
    Stray,
    /// A tag that the end of the document cut.
    Cut,
}

/// A start tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// The name with its prefix, as written.
    pub(super) name: &'a str,
    /// Its attributes, as written.
    pub(super) attributes: &'a str,
    /// Whether it is closed by its own slash.
    pub(super) is_empty: bool,
}

impl<'a> Tag<'a> {
    /// The decoded value of an attribute, whose name is compared without case; the first of several.
    pub(super) fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        let found = attributes(self.attributes).find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| decode(value))
    }
}

/// The name behind the prefix.
pub(super) fn local(name: &str) -> &str {
    match name.bytes().rposition(|byte| byte == b':') {
        Some(colon) => name.get(colon + 1..).unwrap_or_default(),
        None => name,
    }
}

/// The prefix of a name, empty if it has none.
pub(super) fn prefix(name: &str) -> &str {
    match name.bytes().position(|byte| byte == b':') {
        Some(colon) => name.get(..colon).unwrap_or_default(),
        None => "",
    }
}

/// Walks over the markup of a source.
#[derive(Clone, Copy)]
pub(super) struct Scanner<'a> {
    source: &'a str,
    at: usize,
    /// Kept by whoever makes many scanners over one source.
    pub(super) missing: Missing,
}

/// Which marks do not occur any more from here to the end of the source.
///
/// Without this memory each of a million `<!--` that never end would search the whole rest for its end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Missing {
    comment_end: bool,
    pub(super) cdata_end: bool,
}

/// A piece and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) piece: Piece<'a>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(source: &'a str, at: usize, missing: Missing) -> Scanner<'a> {
        Scanner {
            source,
            at,
            missing,
        }
    }
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Found<'a>;

    fn next(&mut self) -> Option<Found<'a>> {
        let rest = self.source.as_bytes().get(self.at..)?;
        let start = self.at + memchr(b'<', rest)?;
        let (piece, length) = piece(self.source.get(start..)?, &mut self.missing);
        self.at = start + length;
        Some(Found {
            start,
            end: self.at,
            piece,
        })
    }
}

/// The piece at the beginning of `source`, which begins with `<`, and its length.
fn piece<'a>(source: &'a str, missing: &mut Missing) -> (Piece<'a>, usize) {
    let bytes = source.as_bytes();
    match bytes.get(1) {
        Some(b'/') => end_tag(source),
        Some(b'!') => declaration(source, missing),
        Some(b'?') => instruction(source),
        Some(first) if is_name_start(*first) => start_tag(source),
        Some(_) => (Piece::Stray, 1),
        None => (Piece::Cut, 1),
    }
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn until(source: &str, mark: &str) -> Option<usize> {
    memmem::find(source.as_bytes(), mark.as_bytes()).map(|at| at + mark.len())
}

/// `<?xml …>` without its second question mark ends at the first `>`, and not at some `?>` far behind.
fn instruction(source: &str) -> (Piece<'_>, usize) {
    let rest = source.get(1..).unwrap_or_default();
    let window = rest
        .get(..memchr(b'<', rest.as_bytes()).unwrap_or(rest.len()))
        .unwrap_or_default();
    let length = until(window, "?>").map(|length| length + 1);
    match length.or_else(|| until(source, ">")) {
        Some(length) => (Piece::Other, length),
        None => (Piece::Cut, source.len()),
    }
}

/// As `until`, unless it is known to be in vain.
fn search(source: &str, mark: &str, is_missing: &mut bool) -> Option<usize> {
    if *is_missing {
        return None;
    }
    let found = until(source, mark);
    *is_missing = found.is_none();
    found
}

fn end_tag(source: &str) -> (Piece<'_>, usize) {
    let blanks = source.len() - 2 - source.get(2..).unwrap_or_default().trim_ascii_start().len();
    let rest = source.get(2 + blanks..).unwrap_or_default();
    if !rest.bytes().next().is_some_and(is_name_start) {
        return if rest.is_empty() {
            (Piece::Cut, source.len())
        } else {
            (Piece::Stray, 1)
        };
    }
    match memchr2(b'>', b'<', rest.as_bytes()) {
        Some(end) => {
            let name = rest.get(..end).unwrap_or_default().trim_end();
            // `</title<link>`: the next tag begins before this one ends.
            let closed = usize::from(rest.as_bytes().get(end) == Some(&b'>'));
            (
                Piece::End(name.split_ascii_whitespace().next().unwrap_or(name)),
                2 + blanks + end + closed,
            )
        }
        None => (Piece::Cut, source.len()),
    }
}

/// How CDATA sections begin, and how people who write them by hand believe that they do.
const CDATA_OPENERS: [&str; 4] = ["<![CDATA[", "<!CDATA[", "<![cdata[", "<! [CDATA["];

/// The length of the shortest opener: what may be passed over where a section has no end.
pub(super) const CDATA_OPENER: usize = 8;

fn declaration<'a>(source: &'a str, missing: &mut Missing) -> (Piece<'a>, usize) {
    let opener = CDATA_OPENERS
        .iter()
        .find(|opener| source.starts_with(**opener));
    if let Some(text) = opener.and_then(|opener| source.strip_prefix(opener)) {
        return match search(text, "]]>", &mut missing.cdata_end) {
            Some(end) => (
                Piece::Cdata(text.get(..end - 3).unwrap_or_default(), true),
                source.len() - text.len() + end,
            ),
            None => (Piece::Cdata(text, false), source.len()),
        };
    }
    if source.starts_with("<!--") {
        // A comment that never ends is no comment, or it would swallow every item behind it.
        return match search(source, "-->", &mut missing.comment_end) {
            Some(length) => (Piece::Other, length),
            None => (Piece::Stray, 4),
        };
    }
    if !source
        .as_bytes()
        .get(2)
        .is_some_and(u8::is_ascii_alphabetic)
    {
        return (Piece::Stray, 1);
    }
    match doctype_end(source) {
        Some(length) => (Piece::Other, length),
        None => (Piece::Cut, source.len()),
    }
}

/// A document type may hold declarations between brackets; they are skipped with it, entities and all.
fn doctype_end(source: &str) -> Option<usize> {
    let end = until(source, ">")?;
    let head = source.get(..end)?;
    if !head.contains('[') {
        return Some(end);
    }
    let close = until(source, "]")?;
    // The `]` of a CDATA section far behind is not the end of an internal subset.
    let subset = source.get(..close)?;
    if subset.contains("<![CDATA[") {
        return Some(end);
    }
    let rest = source.get(close..)?;
    until(rest, ">").map(|length| close + length)
}

fn start_tag(source: &str) -> (Piece<'_>, usize) {
    let rest = source.get(1..).unwrap_or_default();
    let ends_name = |byte: &u8| {
        byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/' | b'<' | b'=' | b'"' | b'\'')
    };
    let Some(name_end) = rest.as_bytes().iter().position(ends_name) else {
        return (Piece::Cut, source.len());
    };
    if matches!(
        rest.as_bytes().get(name_end),
        Some(b'<' | b'=' | b'"' | b'\'')
    ) {
        return (Piece::Stray, 1);
    }
    let (name, behind) = rest.split_at(name_end);
    let end = match tag_end(behind.as_bytes()) {
        TagEnd::At(end) => end,
        // `<title A headline</title>`: the tag ends where its own name does.
        TagEnd::Broken(next) if closes(behind, next, name) => 0,
        TagEnd::Broken(_) => return (Piece::Stray, 1),
        TagEnd::Cut => return (Piece::Cut, source.len()),
    };
    let inside = behind.get(..end).unwrap_or_default();
    let is_empty = inside.ends_with('/');
    let tag = Tag {
        name,
        attributes: if is_empty {
            inside.get(..end - 1).unwrap_or_default()
        } else {
            inside
        },
        is_empty,
    };
    (Piece::Start(tag), 1 + name_end + end + 1)
}

/// Whether an end tag of this name begins at `at`.
fn closes(source: &str, at: usize, name: &str) -> bool {
    let rest = source.get(at..).and_then(|rest| rest.strip_prefix("</"));
    rest.and_then(|rest| rest.strip_prefix(name))
        .is_some_and(|rest| rest.starts_with('>'))
}

enum TagEnd {
    /// The place of the `>`.
    At(usize),
    /// Another tag begins first, here.
    Broken(usize),
    /// The document ends first.
    Cut,
}

/// Finds the `>` of a tag. One between quotes does not count, as long as the quotes are what they seem: opened behind a `=`, and
/// closed before a sign that may follow a value.
fn tag_end(bytes: &[u8]) -> TagEnd {
    let mut at = 0;
    let mut is_value_next = false;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'>' => return TagEnd::At(at),
            b'<' => return TagEnd::Broken(at),
            b'"' | b'\'' if is_value_next => {
                let rest = bytes.get(at + 1..).unwrap_or_default();
                if let Some(length) = memchr(byte, rest)
                    && rest.get(length + 1).is_none_or(|next| {
                        next.is_ascii_whitespace() || matches!(next, b'/' | b'>' | b'?')
                    })
                {
                    at += length + 1;
                }
                is_value_next = false;
            }
            b'=' => is_value_next = true,
            byte if byte.is_ascii_whitespace() => {}
            _ => is_value_next = false,
        }
        at += 1;
    }
    TagEnd::Cut
}

/// More attributes than any tag of a feed has; the rest of a longer list is not looked at.
const MAX_ATTRIBUTES: usize = 256;

/// Names and raw values, with or without quotes or value.
pub(super) fn attributes(source: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = source;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|character: char| {
            character.is_whitespace() || matches!(character, '/' | '"' | '\'' | '=')
        });
        if rest.is_empty() {
            return None;
        }
        let name_end = rest.find(|character: char| {
            character.is_whitespace() || matches!(character, '=' | '/' | '"' | '\'')
        });
        let (name, behind) = rest.split_at(name_end.unwrap_or(rest.len()));
        let Some(value) = behind.trim_start().strip_prefix('=') else {
            rest = behind;
            return Some((name, ""));
        };
        let value = value.trim_start();
        let quote = value
            .chars()
            .next()
            .filter(|first| matches!(first, '"' | '\''));
        let (value, behind) = match quote {
            Some(quote) => {
                let inside = value.get(1..).unwrap_or_default();
                inside.split_once(quote).unwrap_or((inside, ""))
            }
            None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        rest = behind;
        Some((name, value))
    })
    .take(MAX_ATTRIBUTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(source: &str) -> Vec<Piece<'_>> {
        Scanner::new(source, 0, Missing::default())
            .map(|found| found.piece)
            .collect()
    }

    fn tag<'a>(name: &'a str, attributes: &'a str) -> Piece<'a> {
        Piece::Start(Tag {
            name,
            attributes,
            is_empty: false,
        })
    }

    #[test]
    fn a_less_than_sign_is_a_tag_only_before_a_name() {
        assert_eq!(
            pieces("1 < 2 <b>x</b> <3"),
            [Piece::Stray, tag("b", ""), Piece::End("b"), Piece::Stray]
        );
    }

    #[test]
    fn a_greater_than_sign_between_quotes_ends_no_tag() {
        assert_eq!(pieces("<a t=\"x > y\">"), [tag("a", " t=\"x > y\"")]);
        assert_eq!(pieces("<a t=5\" u>"), [tag("a", " t=5\" u")]);
    }

    #[test]
    fn attributes_need_no_quotes_and_no_values() {
        let found: Vec<_> = attributes(" a=1 b='2 3' c d=\"4\"e=5").collect();
        assert_eq!(
            found,
            [("a", "1"), ("b", "2 3"), ("c", ""), ("d", "4"), ("e", "5")]
        );
    }
}
