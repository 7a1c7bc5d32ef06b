//! The text that is compared, and the way back to the text that is shown (SPEC 4.2).

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::text::chars::{self, Class};

/// Shown text made comparable: one kind of apostrophe and hyphen, nothing invisible, NFKC.
///
/// A line break and a paragraph break are one line feed each, so a regex may run over it as it is (SPEC 3.1).
#[derive(Clone, Debug, Default)]
pub struct MatchText {
    text: String,
    /// Where each part of `text` came from, in order, without holes.
    pieces: Vec<Piece>,
    /// Places of the line feeds that end a paragraph.
    paragraph_ends: Vec<u32>,
    /// Places of superscript digits, which begin a word of their own.
    word_starts: Vec<u32>,
}

/// A part of the match text, up to the next piece.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Its first byte in the match text.
    at: u32,
    /// Its first byte in the shown text.
    start: u32,
    /// How it was made.
    made: Made,
}

#[derive(Clone, Copy, Debug)]
enum Made {
    /// Copied, and each character of it is a grapheme cluster.
    Copied,
    /// From the whole grapheme clusters that end before this byte of the shown text.
    From { end: u32 },
}

impl MatchText {
    /// Makes the match text of shown text.
    pub fn new(shown: &str) -> MatchText {
        let mut maker = Maker {
            shown,
            made: MatchText {
                text: String::with_capacity(shown.len()),
                ..MatchText::default()
            },
            unit: Vec::new(),
            unit_range: 0..0,
        };
        let mut from = 0;
        while from < shown.len() {
            let rest = shown.get(from..).unwrap_or_default();
            let line = rest.find('\n').unwrap_or(rest.len());
            maker.line(from..from + line);
            let breaks = rest
                .bytes()
                .skip(line)
                .take_while(|&byte| byte == b'\n')
                .count();
            maker.line_break(from + line, breaks);
            from += line + breaks;
        }
        maker.made
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Bytes of the shown text that a range of the match text came from, widened to whole extended grapheme clusters.
    pub fn shown(&self, range: Range<usize>) -> Range<usize> {
        let start = match self.piece(range.start) {
            Some(Piece {
                at,
                start,
                made: Made::Copied,
            }) => start as usize + range.start - at as usize,
            Some(piece) => piece.start as usize,
            None => 0,
        };
        let end = match self.piece(range.end.saturating_sub(1)) {
            Some(Piece {
                at,
                start,
                made: Made::Copied,
            }) => start as usize + range.end - at as usize,
            Some(Piece {
                made: Made::From { end },
                ..
            }) => end as usize,
            None => 0,
        };
        start..end.max(start)
    }

    /// Whether the line feed at `at` ends a paragraph.
    pub fn ends_paragraph(&self, at: usize) -> bool {
        self.paragraph_ends
            .binary_search_by_key(&at, |&end| end as usize)
            .is_ok()
    }

    /// Places where a superscript digit begins a word, in order.
    pub(in crate::text) fn word_starts(&self) -> &[u32] {
        &self.word_starts
    }

    fn piece(&self, at: usize) -> Option<Piece> {
        let after = self.pieces.partition_point(|piece| piece.at as usize <= at);
        self.pieces.get(after.checked_sub(1)?).copied()
    }
}

/// Texts are at most 32 MiB (a feed's whole document), so places fit.
pub(in crate::text) fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

struct Maker<'s> {
    shown: &'s str,
    made: MatchText,
    /// Characters that wait to be normalised together, and the bytes of the shown text they came from.
    unit: Vec<char>,
    unit_range: Range<usize>,
}

impl Maker<'_> {
    fn line(&mut self, range: Range<usize>) {
        let line = self.shown.get(range.clone()).unwrap_or_default();
        if line.is_ascii() && !line.contains('`') {
            self.copy(range);
            return;
        }
        let mut copied = 0;
        while copied < line.len() {
            let (plain, odd) = next_odd_stretch(line, copied);
            self.copy(range.start + copied..range.start + plain);
            self.stretch(range.start + plain..range.start + odd);
            copied = odd;
        }
    }

    fn line_break(&mut self, at: usize, breaks: usize) {
        if breaks == 0 {
            return;
        }
        if breaks > 1 {
            self.made.paragraph_ends.push(place(self.made.text.len()));
            self.piece(at..at + breaks);
            self.made.text.push('\n');
        } else {
            self.copy(at..at + 1);
        }
    }

    fn copy(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let goes_on = self.made.pieces.last().is_some_and(|piece| {
            matches!(piece.made, Made::Copied)
                && piece.start as usize + (self.made.text.len() - piece.at as usize) == range.start
        });
        if !goes_on {
            self.made.pieces.push(Piece {
                at: place(self.made.text.len()),
                start: place(range.start),
                made: Made::Copied,
            });
        }
        self.made
            .text
            .push_str(self.shown.get(range).unwrap_or_default());
    }

    fn piece(&mut self, range: Range<usize>) {
        self.made.pieces.push(Piece {
            at: place(self.made.text.len()),
            start: place(range.start),
            made: Made::From {
                end: place(range.end),
            },
        });
    }

    /// A stretch that begins and ends at cluster boundaries and in which anything may happen.
    fn stretch(&mut self, range: Range<usize>) {
        let shown = self.shown;
        let stretch = shown.get(range.clone()).unwrap_or_default();
        for (offset, cluster) in stretch.grapheme_indices(true) {
            let start = range.start + offset;
            let end = start + cluster.len();
            for (inner, c) in cluster.char_indices() {
                if let Some(c) = substitute(c, shown, start + inner) {
                    self.take(c, start..end);
                }
            }
        }
        self.finish_unit();
    }

    fn take(&mut self, c: char, cluster: Range<usize>) {
        let same_cluster = cluster.start < self.unit_range.end;
        if is_superscript_digit(c) || !(same_cluster || joins_previous(c)) {
            self.finish_unit();
        }
        if is_superscript_digit(c) {
            self.made.word_starts.push(place(self.made.text.len()));
        }
        if self.unit.is_empty() {
            self.unit_range = cluster;
        } else {
            self.unit_range.end = cluster.end;
        }
        self.unit.push(c);
    }

    fn finish_unit(&mut self) {
        if self.unit.is_empty() {
            return;
        }
        let unit = std::mem::take(&mut self.unit);
        let range = self.unit_range.clone();
        let written = self.shown.get(range.clone()).unwrap_or_default();
        if let [only] = unit.as_slice()
            && written.chars().eq([*only])
            && written.nfkc().eq([*only])
        {
            self.copy(range);
        } else {
            self.piece(range);
            // Some compatibility characters hide an apostrophe, a hyphen or a tatweel.
            let made = unit.iter().copied().nfkc().filter_map(substitute_alone);
            self.made.text.extend(made);
        }
        self.unit = unit;
        self.unit.clear();
    }
}

/// From `from` on: where the plain part ends, and where the stretch after it ends.
///
/// Plain characters stand for themselves and are clusters of their own between plain neighbours, so the stretch takes
/// one of them along on either side of what is odd.
fn next_odd_stretch(line: &str, from: usize) -> (usize, usize) {
    let rest = line.get(from..).unwrap_or_default();
    let mut previous = 0;
    let mut chars = rest.char_indices();
    let begin = loop {
        match chars.next() {
            Some((at, c)) if is_plain(c) => previous = at,
            Some(_) => break previous,
            None => return (line.len(), line.len()),
        }
    };
    let mut after_plain = false;
    for (at, c) in chars {
        let plain = is_plain(c);
        if plain && after_plain {
            return (from + begin, from + at);
        }
        after_plain = plain;
    }
    (from + begin, line.len())
}

/// Whether a character is left alone by all of SPEC 4.2 and neither joins the grapheme cluster of a plain neighbour nor
/// composes with one. Not complete; it need only cover what most texts are made of.
fn is_plain(c: char) -> bool {
    matches!(c,
        '\0'..='_' | 'a'..='\u{7F}'
        | 'À'..='ı' | 'Ĵ'..='ľ' | 'Ł'..='ň' | 'Ŋ'..='ž'
        | 'Α'..='Ρ' | 'Σ'..='ώ'
        | 'Ѐ'..='ѿ'
        | 'א'..='ת'
        | 'ء'..='ؿ' | 'ف'..='ي'
        | '–' | '—' | '“' | '”'
        | '、' | '。' | '「' | '」'
        | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ー'
        | '一'..='\u{9FFF}'
        | '가'..='힣')
}

/// What becomes of a character before normalising; `None`: it is deleted.
fn substitute(c: char, shown: &str, at: usize) -> Option<char> {
    match c {
        '\u{200D}' => pictograph_follows(shown, at).then_some(c),
        '\u{200B}' => (!stands_in_word(shown, at)).then_some(' '),
        _ => substitute_alone(c),
    }
}

fn substitute_alone(c: char) -> Option<char> {
    Some(match c {
        '\u{2018}' | '\u{2019}' | '\u{201B}' | '\u{2032}' | '\u{00B4}' | '\u{0060}'
        | '\u{FF07}' | '\u{02BC}' | '\u{02B9}' | '\u{055A}' | '\u{05F3}' | '\u{A78C}' => '\'',
        '\u{2010}' | '\u{2011}' | '\u{2212}' | '\u{FE63}' | '\u{FF0D}' | '\u{058A}'
        | '\u{05BE}' => '-',
        '™' | '®' | '©' | '℠' => ' ',
        '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}' => ' ',
        _ if is_deleted(c) => return None,
        _ => c,
    })
}

fn is_deleted(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{180B}'..='\u{180E}' | '\u{200C}' | '\u{200E}' | '\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206F}' | '\u{FEFF}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}'
        | '\u{02BB}' | '\u{02BE}' | '\u{02BF}' | '\u{0640}'
        | '\u{1F3FB}'..='\u{1F3FF}')
}

fn is_superscript_digit(c: char) -> bool {
    matches!(c, '¹' | '²' | '³' | '\u{2070}' | '\u{2074}'..='\u{2079}')
}

/// Whether a character may normalise together with what stands before it, although a deleted character or a cluster
/// boundary lies between: marks, and the jamo that make a syllable.
fn joins_previous(c: char) -> bool {
    matches!(c,
        '\u{1160}'..='\u{11FF}' | '\u{D7B0}'..='\u{D7FF}' | '\u{3131}'..='\u{318E}' | '\u{FFA0}'..='\u{FFDC}'
        | '\u{FF9E}' | '\u{FF9F}')
        || chars::class(c) == Class::Mark
}

fn pictograph_follows(shown: &str, joiner: usize) -> bool {
    behind(shown, joiner)
        .find(|&c| !is_deleted(c))
        .is_some_and(chars::is_pictograph)
}

/// Whether the zero-width space at `at` stands between letters or digits; marks belong to their letter. Looks only so
/// far, or a text of nothing but such characters would cost its square.
fn stands_in_word(shown: &str, at: usize) -> bool {
    let passes = |c: &char| is_deleted(*c) || *c == '\u{200B}';
    const FAR: usize = 32;
    let before = shown.get(..at).unwrap_or_default().chars().rev().take(FAR);
    let before = before
        .filter(|c| !passes(c))
        .map(chars::class)
        .find(|&class| class != Class::Mark);
    let after = behind(shown, at).take(FAR).find(|c| !passes(c));
    let after = after.map(chars::class);
    let is_word = |class: Option<Class>| matches!(class, Some(Class::Letter | Class::Digit));
    is_word(before) && is_word(after)
}

/// The characters behind the one at `at`.
fn behind(shown: &str, at: usize) -> impl Iterator<Item = char> {
    shown.get(at..).unwrap_or_default().chars().skip(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn made(shown: &str) -> String {
        MatchText::new(shown).text
    }

    #[test]
    fn apostrophes_and_hyphens_are_of_one_kind() {
        assert_eq!(
            made("a‘b’c‛d′e´f`g＇hʼiʹj՚k׳lꞌm"),
            "a'b'c'd'e'f'g'h'i'j'k'l'm"
        );
        assert_eq!(
            made("a\u{2010}b\u{2011}c−d﹣e－f֊g־h–i—j"),
            "a-b-c-d-e-f-g-h–i—j"
        );
    }

    #[test]
    fn the_invisible_is_deleted() {
        assert_eq!(made("Mo\u{AD}s\u{200C}u\u{2060}l\u{FE0F}"), "Mosul");
        assert_eq!(made("\u{202B}Mosul\u{202C}"), "Mosul");
        assert_eq!(made("Ba\u{02BF}th al-ʻIraq محـــمد"), "Bath al-Iraq محمد");
    }

    #[test]
    fn a_joiner_stays_only_before_a_pictograph() {
        assert_eq!(made("👩🏽\u{200D}💻"), "👩\u{200D}💻");
        assert_eq!(made("a\u{200D}b 👩\u{200D}x"), "ab 👩x");
    }

    #[test]
    fn a_zero_width_space_parts_only_what_it_does_not_join() {
        assert_eq!(made("Mo\u{200B}sul"), "Mosul");
        assert_eq!(made("Mosul,\u{200B}Iraq"), "Mosul, Iraq");
    }

    #[test]
    fn trade_marks_and_private_characters_are_blanks() {
        assert_eq!(made("Kleenex™x ®©℠ \u{E000}a"), "Kleenex x      a");
    }

    #[test]
    fn compatibility_characters_are_resolved() {
        assert_eq!(made("ＩＳＩＳ ﬁre CO₂ 5㎞ … ｶﾞ"), "ISIS fire CO2 5km ... ガ");
        assert_eq!(made("ㅎㅏㄴ"), "ㅎㅏㄴ".nfkc().collect::<String>());
    }

    #[test]
    fn a_superscript_digit_begins_a_word() {
        let text = MatchText::new("Mosul¹ x");
        assert_eq!(text.as_str(), "Mosul1 x");
        assert_eq!(text.word_starts(), [5]);
    }

    #[test]
    fn breaks_are_one_line_feed_each() {
        let text = MatchText::new("a\n\nb\nc");
        assert_eq!(text.as_str(), "a\nb\nc");
        assert!(text.ends_paragraph(1) && !text.ends_paragraph(3));
        assert_eq!(text.shown(2..3), 3..4);
        assert_eq!(text.shown(1..2), 1..3);
    }

    #[test]
    fn ranges_are_widened_to_clusters() {
        for (shown, part, expected) in [
            ("für Mu\u{308}ller’s", "Mü", "Mu\u{308}"),
            ("x 👍🏽 y", "👍", "👍🏽"),
            ("5㎞ weit", "m", "㎞"),
            ("Mo\u{AD}sul", "Mosul", "Mo\u{AD}sul"),
            ("a…b", ".", "…"),
        ] {
            let text = MatchText::new(shown);
            let at = text.as_str().find(part).expect(part);
            let range = text.shown(at..at + part.len());
            assert_eq!(shown.get(range), Some(expected), "{shown}");
        }
    }

    #[test]
    fn plain_characters_are_what_their_name_says() {
        for c in (0..=0x10FFFF)
            .filter_map(char::from_u32)
            .filter(|&c| is_plain(c) && c != '\n' && c != '\r')
        {
            let text = String::from(c);
            assert!(text.nfkc().eq([c]), "U+{:04X} normalises", c as u32);
            assert_eq!(
                substitute(c, &text, 0),
                Some(c),
                "U+{:04X} is substituted",
                c as u32
            );
            let between = format!("a{c}a");
            assert_eq!(
                between.graphemes(true).count(),
                3,
                "U+{:04X} joins a cluster",
                c as u32
            );
            assert!(!is_superscript_digit(c));
        }
    }

    proptest! {
        #[test]
        fn ranges_lie_on_grapheme_boundaries(shown in "[a-z `’éи\u{301}\u{308}\u{200D}\u{200B}\u{AD}👩💻🏽🇩ｶﾞ각ㅏ¹…ﬁ\n\u{600}]{0,24}") {
            check_ranges(&shown);
        }

        #[test]
        fn ranges_lie_on_grapheme_boundaries_of_any_text(shown in any::<String>()) {
            check_ranges(&shown);
        }
    }

    fn check_ranges(shown: &str) {
        let text = MatchText::new(shown);
        let mut boundaries: Vec<usize> = shown.grapheme_indices(true).map(|(at, _)| at).collect();
        boundaries.push(shown.len());
        let mut last = 0;
        for (at, c) in text.as_str().char_indices() {
            let range = text.shown(at..at + c.len_utf8());
            assert!(
                boundaries.contains(&range.start) || shown.contains('\n'),
                "{shown:?} {at}"
            );
            assert!(
                boundaries.contains(&range.end) || shown.contains('\n'),
                "{shown:?} {at}"
            );
            assert!(
                range.start < range.end && range.start >= last,
                "{shown:?} {at}"
            );
            last = range.start;
        }
        let plain: String = shown
            .chars()
            .filter_map(|c| match c {
                '\u{200B}' | '\u{200D}' => None,
                _ => substitute_alone(c),
            })
            .collect();
        if !shown.contains(['\u{200B}', '\u{200D}', '\n']) {
            let expected: String = plain.nfkc().filter_map(substitute_alone).collect();
            assert_eq!(text.as_str(), expected, "{shown:?}");
        }
    }
}
