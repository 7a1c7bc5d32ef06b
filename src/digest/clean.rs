//! Text and links of feeds made safe to stand in a mail.
//!
//! Feed text is hostile: it may carry controls, overrides of the writing direction, a thousand letters without a space,
//! or links that run code. Whatever it holds, it comes out as one line of visible text; a link comes out as plain http
//! or https, or not at all.

use icu_properties::CodePointMapData;
use icu_properties::props::BidiClass;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;
use url::Url;

use crate::text::unseen;

// No language piles more marks on one letter; jokers do, and paint over the lines above.
const MARKS_PER_LETTER: usize = 4;

// Longer links are not links that a person follows, and some clients cut them.
const LONGEST_LINK: usize = 2_000;

/// One line of visible text: controls, direction overrides, tag characters and piled-up marks are gone, white space
/// is one space. The ideographic space stays, since it separates phrases.
pub fn line(raw: &str) -> String {
    let mut cleaner = Cleaner::default();
    let mut text = cleaner.push(raw);
    text.truncate(text.trim_end().len());
    text
}

/// [`line()`] for a header: without the marks that begin an encoded word, so that nothing in it is decoded again.
pub fn header(raw: &str) -> String {
    let mut text = line(raw);
    while text.contains("=?") {
        text = text.replace("=?", "=");
    }
    text
}

/// Cleans a text that comes in pieces, as [`line()`] would clean the whole.
#[derive(Debug, Default)]
pub struct Cleaner {
    started: bool,
    space: bool,
    marks: usize,
}

impl Cleaner {
    /// The clean form of the next piece. A space that ends a piece is given with the next visible letter.
    pub fn push(&mut self, piece: &str) -> String {
        let mut clean = String::with_capacity(piece.len());
        for letter in piece.chars() {
            if is_space(letter) {
                self.space = self.started;
                continue;
            }
            if is_unwanted(letter) {
                continue;
            }
            self.marks = if is_combining_mark(letter) {
                self.marks + 1
            } else {
                0
            };
            if self.marks > MARKS_PER_LETTER {
                continue;
            }
            if std::mem::take(&mut self.space) {
                clean.push(' ');
            }
            self.started = true;
            clean.push(letter);
        }
        clean
    }
}

/// How many columns a terminal or a fixed-width mail reader needs: wide letters take two.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// The text within so many columns: if it is longer, cut at a word, else between graphemes, and ended by `…`.
pub fn cut(text: &str, limit: usize) -> String {
    if columns(text) <= limit {
        return text.to_owned();
    }
    let mut room = limit.saturating_sub(1);
    let mut end = 0;
    let mut word = 0;
    for (start, grapheme) in text.grapheme_indices(true) {
        if grapheme == " " {
            word = start;
        }
        match room.checked_sub(columns(grapheme)) {
            Some(rest) => room = rest,
            None => break,
        }
        end = start + grapheme.len();
    }
    // A space right behind the last letter that fits means that the word is whole.
    if text.get(end..).is_some_and(|rest| rest.starts_with(' ')) {
        word = end;
    }
    // Half the room given away for a word's sake is too much: then it is no text of words.
    let end = if word * 2 > end { word } else { end };
    let kept = text.get(..end).unwrap_or(text);
    format!(
        "{}…",
        kept.trim_end_matches(|letter: char| letter.is_whitespace() || ",;:·-–—".contains(letter))
    )
}

/// An address that may be linked: http or https, without credentials, the host in its ASCII form (so that no host
/// looks like another), controls and letters outside ASCII percent-encoded.
pub fn link(raw: &str) -> Option<String> {
    let mut url = Url::parse(raw.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return None;
    }
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    let link = String::from(url);
    (link.len() <= LONGEST_LINK).then_some(link)
}

/// Whether most of its letters run from right to left.
pub fn is_right_to_left(text: &str) -> bool {
    let classes = CodePointMapData::<BidiClass>::new();
    let (mut left, mut right) = (0, 0);
    for letter in text.chars() {
        match classes.get(letter) {
            BidiClass::LeftToRight => left += 1,
            BidiClass::RightToLeft | BidiClass::ArabicLetter => right += 1,
            _ => {}
        }
    }
    right > left
}

/// Whether any of its letters runs from right to left.
pub fn has_right_to_left(text: &str) -> bool {
    let classes = CodePointMapData::<BidiClass>::new();
    text.chars().any(|letter| {
        matches!(
            classes.get(letter),
            BidiClass::RightToLeft | BidiClass::ArabicLetter
        )
    })
}

/// Whether it has letters outside the Latin script.
pub fn has_other_script(text: &str) -> bool {
    text.chars()
        .any(|letter| letter.is_alphabetic() && !is_latin(letter))
}

fn is_latin(letter: char) -> bool {
    matches!(letter, '\0'..='\u{24f}' | '\u{2b0}'..='\u{2ff}' | '\u{1e00}'..='\u{1eff}' | '\u{ff21}'..='\u{ff5a}')
}

fn is_space(letter: char) -> bool {
    letter != '\u{3000}' && letter.is_whitespace()
}

fn is_unwanted(letter: char) -> bool {
    letter.is_control()
        || unseen::shows_nothing(letter)
        || matches!(letter,
            '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}') // private use
        || u32::from(letter) & 0xfffe == 0xfffe // never a character
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_line(raw: &str, clean: &str) {
        assert_eq!(line(raw), clean);
    }

    #[test]
    fn a_line_is_one_line() {
        check_line(
            "  One\r\nBcc: two\u{2028}three\tfour  ",
            "One Bcc: two three four",
        );
    }

    #[test]
    fn controls_and_overrides_are_gone() {
        check_line(
            "a\u{1b}[31mb\0c\u{202e}dlrow\u{2066}x\u{200f}",
            "a[31mbcdlrowx",
        );
    }

    #[test]
    fn marks_do_not_pile_up() {
        let zalgo = format!("Z{}algo", "\u{301}".repeat(50));
        check_line(
            &zalgo,
            &format!("Z{}algo", "\u{301}".repeat(MARKS_PER_LETTER)),
        );
    }

    #[test]
    fn joiners_of_scripts_and_emoji_stay() {
        check_line(
            "می\u{200c}خواهم 👩\u{200d}🚀",
            "می\u{200c}خواهم 👩\u{200d}🚀",
        );
    }

    #[test]
    fn a_header_has_no_encoded_word() {
        assert_eq!(header("=?utf-8?Q?=0D=0ABcc:x?="), "=utf-8?Q?=0D=0ABcc:x?=");
        assert_eq!(header("==???"), "==");
    }

    #[test]
    fn a_cut_ends_at_a_word() {
        let title = "Six trading partners agree common export licence rules for lithography tools";
        assert_eq!(
            cut(title, 56),
            "Six trading partners agree common export licence rules…"
        );
        assert_eq!(cut("short", 56), "short");
    }

    #[test]
    fn a_cut_never_splits_a_grapheme() {
        assert_eq!(cut("次世代露光装置", 7), "次世代…");
        assert_eq!(
            cut("👩\u{200d}🚀👩\u{200d}🚀👩\u{200d}🚀", 5),
            "👩\u{200d}🚀👩\u{200d}🚀…"
        );
        assert_eq!(columns(&cut(&"x".repeat(1_200), 56)), 56);
    }

    #[track_caller]
    fn check_link(raw: &str, safe: Option<&str>) {
        assert_eq!(link(raw).as_deref(), safe);
    }

    #[test]
    fn a_link_is_http_without_credentials() {
        check_link(
            "https://example.org/a?b=c&d#e",
            Some("https://example.org/a?b=c&d#e"),
        );
        check_link(
            "https://me:secret@example.org/",
            Some("https://example.org/"),
        );
        check_link("javascript:alert(1)", None);
        check_link("\u{1}java\nscript:alert(1)", None);
        check_link("data:text/html,x", None);
        check_link("/relative", None);
        check_link(&format!("https://example.org/{}", "a".repeat(3_000)), None);
    }

    #[test]
    fn a_link_shows_its_true_host() {
        check_link("https://аpple.com/", Some("https://xn--pple-43d.com/"));
        check_link(
            "https://example.org/\u{202e}gpj.exe\"<x>",
            Some("https://example.org/%E2%80%AEgpj.exe%22%3Cx%3E"),
        );
    }

    #[test]
    fn direction_is_that_of_most_letters() {
        assert!(is_right_to_left("IDF: הודעה חדשה"));
        assert!(!is_right_to_left("The word سلام means peace"));
        assert!(!is_right_to_left("2026"));
    }
}
