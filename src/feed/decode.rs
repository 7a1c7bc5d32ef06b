//! Bytes to text: what they are, and in which charset.
//!
//! A byte order mark decides; then whether the bytes are valid UTF-8, because no other charset is so by chance; then what the XML
//! declaration says, what the HTTP header says, what the bytes look like, and windows-1252. A declaration that the bytes
//! contradict is not believed: half of the feeds that claim Latin-1 are UTF-8, and some that claim UTF-8 are not.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::Oddity;

/// The text of a document, without the control characters that XML forbids.
pub(super) struct Decoded<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) oddities: Vec<Oddity>,
}

/// What bytes are that are no text at all, with the article, if their first ones say so.
pub(super) fn not_text(bytes: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 12] = [
        (b"\x1f\x8b", "data compressed with gzip"),
        (b"\x28\xb5\x2f\xfd", "data compressed with zstd"),
        (b"BZh", "data compressed with bzip2"),
        (b"\xfd7zXZ", "data compressed with xz"),
        (b"PK\x03\x04", "a zip archive"),
        (b"%PDF", "a PDF document"),
        (b"\x89PNG", "an image"),
        (b"GIF8", "an image"),
        (b"\xff\xd8\xff", "an image"),
        (b"ID3", "an audio file"),
        (b"\x7fELF", "a program"),
        (b"SQLite format", "a database"),
    ];
    let known = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic));
    known.map(|&(_, what)| what)
}

/// Decodes a document; never fails, and says what it had to do.
pub(super) fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Decoded<'a> {
    let mut oddities = Vec::new();
    let text = match unicode(bytes) {
        Some(text) => text,
        None => legacy(bytes, content_type, &mut oddities),
    };
    let text = without_controls(text, &mut oddities);
    Decoded { text, oddities }
}

/// By byte order mark, by the zeros of UTF-16 and 32, or because it is valid UTF-8.
fn unicode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    match *bytes {
        [0xFF, 0xFE, 0, 0, ref rest @ ..] => return Some(utf_32(rest, u32::from_le_bytes)),
        [0, 0, 0xFE, 0xFF, ref rest @ ..] => return Some(utf_32(rest, u32::from_be_bytes)),
        [0xFF, 0xFE, ref rest @ ..] => return Some(UTF_16LE.decode_without_bom_handling(rest).0),
        [0xFE, 0xFF, ref rest @ ..] => return Some(UTF_16BE.decode_without_bom_handling(rest).0),
        _ => {}
    }
    // The first character of a document without a mark is ASCII, so the places of the zeros tell the width and the order.
    match *bytes {
        [first, 0, 0, 0, ..] if first != 0 => return Some(utf_32(bytes, u32::from_le_bytes)),
        [0, 0, 0, first, ..] if first != 0 => return Some(utf_32(bytes, u32::from_be_bytes)),
        [first, 0, second, 0, ..] if first != 0 && second != 0 => {
            return Some(UTF_16LE.decode_without_bom_handling(bytes).0);
        }
        [0, first, 0, second, ..] if first != 0 && second != 0 => {
            return Some(UTF_16BE.decode_without_bom_handling(bytes).0);
        }
        _ => {}
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    // ISO-2022-JP is pure ASCII to the eye of UTF-8; its escapes are what shows it.
    let text = std::str::from_utf8(bytes).ok()?;
    memchr::memchr(0x1B, bytes)
        .is_none()
        .then_some(Cow::Borrowed(text))
}

fn utf_32<'a>(bytes: &[u8], join: fn([u8; 4]) -> u32) -> Cow<'a, str> {
    let units = bytes.chunks(4).map(|unit| match *unit {
        [a, b, c, d] => char::from_u32(join([a, b, c, d])).unwrap_or(char::REPLACEMENT_CHARACTER),
        _ => char::REPLACEMENT_CHARACTER,
    });
    Cow::Owned(units.collect())
}

/// In a charset of before Unicode, or in broken UTF-8.
fn legacy<'a>(
    bytes: &'a [u8],
    content_type: Option<&str>,
    oddities: &mut Vec<Oddity>,
) -> Cow<'a, str> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let declared = declared_label(bytes).and_then(|label| encoding(&label));
    let header = content_type.and_then(header_label).and_then(encoding);
    if std::str::from_utf8(bytes).is_ok()
        && declared
            .or(header)
            .is_none_or(|named| named.name() != "ISO-2022-JP")
    {
        return String::from_utf8_lossy(bytes);
    }
    if is_mostly_utf_8(bytes, declared.or(header)) {
        let (text, strays) = mend_utf_8(bytes);
        oddities.push(Oddity {
            what: "bytes that are not UTF-8".to_owned(),
            place: format!("{strays} in the document"),
            done: "replaced".to_owned(),
        });
        return Cow::Owned(text);
    }
    for named in [declared, header].into_iter().flatten() {
        // A declaration of UTF-8 or 16 was just found to be wrong.
        if [UTF_8, UTF_16LE, UTF_16BE].contains(&named) {
            continue;
        }
        let (text, _, errors) = named.decode(bytes);
        if !errors || replacements_are_few(&text) {
            return text;
        }
    }
    let detected = detect(bytes);
    oddities.push(Oddity {
        what: "the charset is not the declared one".to_owned(),
        place: "the whole document".to_owned(),
        done: format!("read as {}", detected.name()),
    });
    detected.decode_without_bom_handling(bytes).0
}

fn detect(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    // Markup is ASCII and tells nothing; a megabyte holds enough of the rest.
    detector.feed(bytes.get(..1 << 20).unwrap_or(bytes), true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    if guess.is_single_byte() || !guess.decode_without_bom_handling(bytes).1 {
        guess
    } else {
        WINDOWS_1252
    }
}

/// Whether broken UTF-8 is still UTF-8: most of what is beyond ASCII is well formed.
///
/// In another charset well-formed sequences are rare accidents. Where nothing else is declared one good character for each
/// bad place is enough; against a declaration it takes ten.
fn is_mostly_utf_8(bytes: &[u8], declared: Option<&'static Encoding>) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in without_cut(bytes).utf8_chunks() {
        good += chunk
            .valid()
            .chars()
            .filter(|character| !character.is_ascii())
            .count();
        bad += usize::from(!chunk.invalid().is_empty());
        // A page of either tells.
        if good + bad > 2000 {
            break;
        }
    }
    match declared {
        _ if bad == 0 => true,
        Some(other) if other != UTF_8 => good >= 10 * bad,
        _ => good > bad,
    }
}

/// The bytes without a character that the end of the document cut in two.
fn without_cut(bytes: &[u8]) -> &[u8] {
    let Some(last) = bytes.utf8_chunks().last() else {
        return bytes;
    };
    let is_cut =
        std::str::from_utf8(last.invalid()).is_err_and(|error| error.error_len().is_none());
    let end = if is_cut {
        bytes.len() - last.invalid().len()
    } else {
        bytes.len()
    };
    bytes.get(..end).unwrap_or(bytes)
}

/// Well-formed parts as they are; a stray byte as what windows-1252 means by it, since that is where it came from.
fn mend_utf_8(bytes: &[u8]) -> (String, usize) {
    let whole = without_cut(bytes);
    let mut text = String::with_capacity(bytes.len());
    let mut strays = usize::from(whole.len() < bytes.len());
    for chunk in whole.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            strays += 1;
            text.push_str(&WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
        }
    }
    (text, strays)
}

fn replacements_are_few(text: &str) -> bool {
    let replaced = text.matches(char::REPLACEMENT_CHARACTER).count();
    let foreign = text
        .chars()
        .filter(|character| !character.is_ascii())
        .count();
    replaced * 10 <= foreign
}

/// The label in `<?xml … encoding="…"?>`, wherever it stands in the first bytes.
fn declared_label(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..2048).unwrap_or(bytes);
    let head: String = head.iter().map(|&byte| char::from(byte)).collect();
    let declaration = head.get(head.find("<?xml")?..)?;
    let declaration = declaration.get(..declaration.find('>')?)?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let label = value
        .trim_start_matches(['"', '\''])
        .split(['"', '\'', '?', ' '])
        .next()?;
    Some(label.to_owned())
}

/// The `charset` parameter of a Content-Type header (RFC 9110 section 8.3).
fn header_label(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim().trim_matches(['"', '\'']))
    })
}

/// A label of the WHATWG list, or one of the spellings that feeds add to it.
fn encoding(label: &str) -> Option<&'static Encoding> {
    if let Some(known) = Encoding::for_label(label.as_bytes()) {
        // GB 18030 contains the older sets and more; many declare the older one and use the newer.
        return Some(if known.name() == "GBK" {
            GB18030
        } else {
            known
        });
    }
    let plain: String = label
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    let number = |prefix: &str| plain.strip_prefix(prefix).map(str::to_owned);
    let windows = number("windows")
        .or_else(|| number("win"))
        .or_else(|| number("cp"))
        .or_else(|| number("ansi"));
    if let Some(page) = windows
        && let Some(known) = Encoding::for_label(format!("windows-{page}").as_bytes())
    {
        return Some(known);
    }
    let standard = match plain.as_str() {
        "utf8" | "utf" | "unicode" | "utf8mb4" | "u8" => "utf-8",
        "latin" | "iso8859" | "iso" | "ansi" | "cp437" | "cp850" => "windows-1252",
        "cp936" | "gb231280" | "euccn" => "gb18030",
        "cp949" | "uhc" | "euckr" | "ksc5601" => "euc-kr",
        "cp932" | "sjis" | "shiftjis" | "mskanji" => "shift_jis",
        "cp950" | "big5eten" => "big5",
        "eucjp" => "euc-jp",
        "koi8" => "koi8-r",
        "tis620" => "windows-874",
        other => match other.strip_prefix("iso8859") {
            Some(part) => return Encoding::for_label(format!("iso-8859-{part}").as_bytes()),
            None => return None,
        },
    };
    Encoding::for_label(standard.as_bytes())
}

/// Drops what XML 1.0 section 2.2 forbids; feeds carry it from pasted text, and every XML parser dies of it.
fn without_controls<'a>(text: Cow<'a, str>, oddities: &mut Vec<Oddity>) -> Cow<'a, str> {
    let is_forbidden = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    // Without a way out inside the chunk the compiler looks at many bytes at once.
    let has_forbidden = |chunk: &[u8]| {
        chunk
            .iter()
            .fold(false, |any, &byte| any | is_forbidden(byte))
    };
    if !text.as_bytes().chunks(256).any(has_forbidden) {
        return text;
    }
    let count = text.bytes().filter(|&byte| is_forbidden(byte)).count();
    oddities.push(Oddity {
        what: "control characters".to_owned(),
        place: format!("{count} in the document"),
        done: "dropped".to_owned(),
    });
    let kept = text
        .chars()
        .filter(|&character| u8::try_from(character).map_or(true, |byte| !is_forbidden(byte)));
    Cow::Owned(kept.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], content_type: Option<&str>, expect: &str) {
        assert_eq!(decode(bytes, content_type).text, expect);
    }

    #[test]
    fn a_byte_order_mark_decides() {
        check(b"\xEF\xBB\xBF<a>\xC3\xA9", None, "<a>é");
        check(b"\xFF\xFE<\0a\0>\0\xE9\0", None, "<a>é");
        check(b"\xFE\xFF\0<\0a\0>\0\xE9", None, "<a>é");
        check(b"\xFF\xFE\0\0<\0\0\0\xE9\0\0\0", None, "<é");
    }

    #[test]
    fn utf_16_and_32_are_known_by_their_zeros() {
        check(b"<\0a\0>\0\xE9\0", None, "<a>é");
        check(b"\0<\0a\0>\0\xE9", None, "<a>é");
        check(b"\0\0\0<\0\0\0\xE9", None, "<é");
    }

    #[test]
    fn valid_utf_8_beats_every_declaration() {
        let text = "<?xml version='1.0' encoding='iso-8859-1'?><a>é";
        check(text.as_bytes(), Some("text/xml; charset=koi8-r"), text);
    }

    #[test]
    fn the_declaration_beats_the_header() {
        let bytes = b"<?xml version='1.0' encoding='windows-1251'?>\xEF\xF0\xE8\xE2\xE5\xF2";
        check(
            bytes,
            Some("text/xml; charset=koi8-r"),
            "<?xml version='1.0' encoding='windows-1251'?>привет",
        );
        check(
            b"<a>\xF0\xD2\xC9\xD7\xC5\xD4",
            Some("text/xml; charset=\"koi8-r\""),
            "<a>Привет",
        );
    }

    #[test]
    fn a_stray_byte_does_not_spoil_the_rest() {
        check("<a>čeština\u{0}".as_bytes(), None, "<a>čeština");
        check(b"<a>\xC4\x8De\xC5\xA1tina \x80", None, "<a>čeština €");
    }

    #[test]
    fn a_false_declaration_of_utf_8_is_seen_through() {
        check(
            b"<?xml encoding='utf-8'?><a>caf\xE9 cr\xE8me",
            None,
            "<?xml encoding='utf-8'?><a>café crème",
        );
    }
}
