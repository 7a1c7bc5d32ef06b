//! The text between the tags: references decoded, CDATA opened, and both written so that XML takes them.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3};

use super::{Missing, Piece, Scanner, local, piece};

/// What a `&` begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::feed) enum Reference {
    /// A character, by number or by one of the five names of XML.
    Character(char),
    /// The character that a number of windows-1252 means.
    Meant(char),
    /// A number that XML does not allow.
    Nothing,
    /// Some other name: of HTML, or of a document type that is never read.
    Named,
    /// A bare ampersand.
    Bare,
}

/// The reference at the beginning of `source`, which begins with `&`, and its length.
pub(in crate::feed) fn reference(source: &str) -> (Reference, usize) {
    let bytes = source.as_bytes();
    // The longest name of HTML has 31 letters.
    let window = bytes.get(..40).unwrap_or(bytes);
    let Some(end) = memchr(b';', window) else {
        return (Reference::Bare, 1);
    };
    let name = source.get(1..end).unwrap_or_default();
    let length = end + 1;
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
            None => number.parse::<u32>(),
        };
        return match code {
            Ok(code) => (numbered(code), length),
            Err(_) => (Reference::Bare, 1),
        };
    }
    let character = match name {
        "amp" | "AMP" => '&',
        "lt" | "LT" => '<',
        "gt" | "GT" => '>',
        "quot" | "QUOT" => '"',
        "apos" => '\'',
        _ if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            return (Reference::Named, length);
        }
        _ => return (Reference::Bare, 1),
    };
    (Reference::Character(character), length)
}

/// Numbers from 128 to 159 mean windows-1252, as everywhere on the web.
fn numbered(code: u32) -> Reference {
    match code {
        9 | 10 | 13 => Reference::Character(char::from_u32(code).unwrap_or(' ')),
        0..=31 => Reference::Nothing,
        128..=159 => {
            let byte = [u8::try_from(code).unwrap_or(b'?')];
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&byte);
            text.chars()
                .next()
                .map_or(Reference::Nothing, Reference::Meant)
        }
        0xFFFE | 0xFFFF => Reference::Nothing,
        _ => char::from_u32(code).map_or(Reference::Nothing, Reference::Character),
    }
}

/// Text with its references decoded once; names of HTML stay, since every text ends as HTML.
pub(in crate::feed) fn decode(text: &str) -> Cow<'_, str> {
    if memchr(b'&', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr(b'&', rest.as_bytes()) {
        let (before, behind) = rest.split_at(at);
        decoded.push_str(before);
        let (found, length) = reference(behind);
        let (written, behind) = behind.split_at(length);
        match found {
            Reference::Character(character) | Reference::Meant(character) => {
                decoded.push(character)
            }
            Reference::Nothing => {}
            Reference::Named | Reference::Bare => decoded.push_str(written),
        }
        rest = behind;
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// What was no XML in a text, and was made XML.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::feed) struct Faults {
    /// Ampersands that begin no reference.
    pub(in crate::feed) ampersands: usize,
    /// `<` that begin no tag.
    pub(in crate::feed) less_thans: usize,
    /// Numbers of characters that XML forbids.
    pub(in crate::feed) numbers: usize,
}

/// Writes the inside of an element that holds no elements as well-formed XML text. What is well formed already is copied whole.
pub(in crate::feed) fn write_text(out: &mut String, source: &str) -> Faults {
    let mut faults = Faults::default();
    let mut missing = Missing::default();
    let (mut copied, mut at) = (0, 0);
    while let Some(rest) = source.get(at..)
        && let Some(offset) = memchr2(b'&', b'<', rest.as_bytes())
    {
        let here = at + offset;
        let rest = rest.get(offset..).unwrap_or_default();
        let (length, instead) = if rest.starts_with('&') {
            mend_reference(rest, &mut faults)
        } else {
            mend_piece(rest, &mut missing, &mut faults)
        };
        at = here + length;
        if let Some(instead) = instead {
            out.push_str(source.get(copied..here).unwrap_or_default());
            out.push_str(&instead);
            copied = at;
        }
    }
    out.push_str(source.get(copied..).unwrap_or_default());
    faults
}

/// The length of a reference, and what to write instead if it is no XML.
fn mend_reference<'a>(source: &'a str, faults: &mut Faults) -> (usize, Option<Cow<'a, str>>) {
    let (found, length) = reference(source);
    match found {
        Reference::Character(_) if source.as_bytes().get(1).is_some_and(u8::is_ascii_uppercase) => {
            let written = source.get(..length).unwrap_or_default();
            (length, Some(Cow::Owned(written.to_ascii_lowercase())))
        }
        Reference::Character(_) => (length, None),
        Reference::Meant(character) => (length, Some(Cow::Owned(character.into()))),
        Reference::Nothing => {
            faults.numbers += 1;
            (length, Some(Cow::Borrowed("")))
        }
        Reference::Named => (1, Some(Cow::Borrowed("&amp;"))),
        Reference::Bare => {
            faults.ampersands += 1;
            (1, Some(Cow::Borrowed("&amp;")))
        }
    }
}

/// The length of a piece of markup, and what to write instead if it is no XML.
fn mend_piece<'a>(
    source: &'a str,
    missing: &mut Missing,
    faults: &mut Faults,
) -> (usize, Option<Cow<'a, str>>) {
    let (piece, length) = piece(source, missing);
    match piece {
        Piece::Cdata(_, true) if source.starts_with("<![CDATA[") => (length, None),
        Piece::Cdata(text, _) => (length, Some(Cow::Owned(format!("<![CDATA[{text}]]>")))),
        Piece::Other => (length, Some(Cow::Borrowed(""))),
        Piece::Start(_) | Piece::End(_) | Piece::Stray | Piece::Cut => {
            faults.less_thans += 1;
            (1, Some(Cow::Borrowed("&lt;")))
        }
    }
}

/// The inside of an element as plain text: CDATA opened, references decoded, tags dropped, white space trimmed.
pub(in crate::feed) fn plain(source: &str) -> Cow<'_, str> {
    if memchr(b'<', source.as_bytes()).is_none() {
        return match decode(source) {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        };
    }
    let mut text = String::with_capacity(source.len());
    let mut at = 0;
    for found in Scanner::new(source, 0, Missing::default()) {
        text.push_str(&decode(source.get(at..found.start).unwrap_or_default()));
        at = found.end;
        match found.piece {
            Piece::Cdata(inside, _) => text.push_str(inside),
            Piece::Stray => text.push_str(source.get(found.start..found.end).unwrap_or_default()),
            Piece::Start(_) | Piece::End(_) | Piece::Other | Piece::Cut => {}
        }
    }
    text.push_str(&decode(source.get(at..).unwrap_or_default()));
    Cow::Owned(text.trim().to_owned())
}

/// Writes the inside of an element that holds elements as XML text that is an HTML fragment: prefixes off, CDATA opened, comments
/// out.
pub(in crate::feed) fn write_html(out: &mut String, source: &str) {
    let (mut copied, mut escaped) = (0, Escaped(out));
    for found in Scanner::new(source, 0, Missing::default()) {
        let stays = match found.piece {
            Piece::Start(tag) => !tag.name.contains(':'),
            Piece::End(name) => !name.contains(':'),
            Piece::Stray => true,
            Piece::Cdata(..) | Piece::Other | Piece::Cut => false,
        };
        if stays {
            continue;
        }
        escaped.push(source.get(copied..found.start).unwrap_or_default());
        copied = found.end;
        match found.piece {
            Piece::Start(tag) => {
                for part in [
                    "<",
                    local(tag.name),
                    tag.attributes,
                    if tag.is_empty { "/>" } else { ">" },
                ] {
                    escaped.push(part);
                }
            }
            Piece::End(name) => {
                for part in ["</", local(name), ">"] {
                    escaped.push(part);
                }
            }
            Piece::Cdata(text, _) => escaped.push(text),
            Piece::Stray | Piece::Other | Piece::Cut => {}
        }
    }
    escaped.push(source.get(copied..).unwrap_or_default());
}

/// Writes text as XML text.
struct Escaped<'a>(&'a mut String);

impl Escaped<'_> {
    fn push(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = memchr3(b'&', b'<', b'>', rest.as_bytes()) {
            let (before, behind) = rest.split_at(at);
            self.0.push_str(before);
            self.0.push_str(match behind.as_bytes().first() {
                Some(b'&') => "&amp;",
                Some(b'<') => "&lt;",
                _ => "&gt;",
            });
            rest = behind.get(1..).unwrap_or_default();
        }
        self.0.push_str(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_decoded_once() {
        assert_eq!(
            decode("AT&amp;T &lt;b&gt; &#150; &#x41;&#11; &nbsp; law&order &amp;amp;"),
            "AT&T <b> – A &nbsp; law&order &amp;"
        );
    }

    #[test]
    fn text_is_written_well_formed() {
        let mut out = String::new();
        write_text(
            &mut out,
            "a & b < c <![CDATA[<i>]]> &eacute; &#150; &#0;<!-- x -->&quot;",
        );
        assert_eq!(
            out,
            "a &amp; b &lt; c <![CDATA[<i>]]> &amp;eacute; – &quot;"
        );
    }

    #[test]
    fn inner_markup_becomes_html() {
        let mut out = String::new();
        write_html(
            &mut out,
            "<x:p class=\"a\">A &amp; B<br/></x:p><!-- no --><![CDATA[<i>]]>",
        );
        assert_eq!(decode(&out), "<p class=\"a\">A &amp; B<br/></p><i>");
    }
}
