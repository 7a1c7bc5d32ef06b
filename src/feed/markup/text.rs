//! The text between the tags: references decoded, CDATA opened, and both written so that XML takes them.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use super::{Missing, Piece, Scanner, local, piece};

/// What a `&` begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::feed) enum Reference {
    /// A character, by number or by one of the five names of XML.
    Character(char),
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
                .map_or(Reference::Nothing, Reference::Character)
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
            Reference::Character(character) => decoded.push(character),
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

/// Writes the inside of an element that holds no elements as well-formed XML text.
pub(in crate::feed) fn write_text(out: &mut String, source: &str) -> Faults {
    let mut faults = Faults::default();
    let mut rest = source;
    let mut missing = Missing::default();
    while let Some(at) = memchr2(b'&', b'<', rest.as_bytes()) {
        let (before, behind) = rest.split_at(at);
        out.push_str(before);
        let length = if behind.starts_with('&') {
            write_reference(out, behind, &mut faults)
        } else {
            write_piece(out, behind, &mut missing, &mut faults)
        };
        rest = behind.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    faults
}

fn write_reference(out: &mut String, source: &str, faults: &mut Faults) -> usize {
    let (found, length) = reference(source);
    let written = source.get(..length).unwrap_or_default();
    match found {
        Reference::Character(_) if !written.starts_with("&#") => {
            out.push_str(&written.to_ascii_lowercase());
        }
        Reference::Character('&') => out.push_str("&amp;"),
        Reference::Character('<') => out.push_str("&lt;"),
        Reference::Character(character) => out.push(character),
        Reference::Nothing => faults.numbers += 1,
        Reference::Named | Reference::Bare => {
            faults.ampersands += usize::from(found == Reference::Bare);
            out.push_str("&amp;");
            out.push_str(written.get(1..).unwrap_or_default());
        }
    }
    length
}

fn write_piece(
    out: &mut String,
    source: &str,
    missing: &mut Missing,
    faults: &mut Faults,
) -> usize {
    let (piece, length) = piece(source, missing);
    match piece {
        Piece::Cdata(text, _) => {
            out.push_str("<![CDATA[");
            out.push_str(text);
            out.push_str("]]>");
        }
        Piece::Other => {}
        Piece::Start(_) | Piece::End(_) | Piece::Stray | Piece::Cut => {
            faults.less_thans += 1;
            out.push_str("&lt;");
            return 1;
        }
    }
    length
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

/// The inside of an element that holds elements as an HTML fragment: prefixes off, CDATA opened, comments out.
pub(in crate::feed) fn html(source: &str) -> String {
    let mut fragment = String::with_capacity(source.len());
    let mut at = 0;
    for found in Scanner::new(source, 0, Missing::default()) {
        fragment.push_str(source.get(at..found.start).unwrap_or_default());
        at = found.end;
        match found.piece {
            Piece::Start(tag) if tag.name.contains(':') => {
                fragment.push('<');
                fragment.push_str(local(tag.name));
                fragment.push_str(tag.attributes);
                fragment.push_str(if tag.is_empty { "/>" } else { ">" });
            }
            Piece::End(name) => {
                fragment.push_str("</");
                fragment.push_str(local(name));
                fragment.push('>');
            }
            Piece::Cdata(text, _) => fragment.push_str(text),
            Piece::Start(_) | Piece::Stray => {
                fragment.push_str(source.get(found.start..found.end).unwrap_or_default())
            }
            Piece::Other | Piece::Cut => {}
        }
    }
    fragment.push_str(source.get(at..).unwrap_or_default());
    fragment
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
        assert_eq!(
            html("<x:p class=\"a\">A &amp; B<br/></x:p><!-- no -->"),
            "<p class=\"a\">A &amp; B<br/></p>"
        );
    }
}
