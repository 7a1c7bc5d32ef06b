//! Where words begin and end (SPEC 4.4).

use std::ops::Range;

use super::forms;
use super::joins;
use super::run::{Run, char_at, groups_thousands};
use super::sentence::{self, Break};
use super::{Gap, Kind, Span, StoredForm, Word, Words};
use crate::text::chars::{self, Class};
use crate::text::fold::{self, MatchText, place};

/// What is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Part of an item.
    Text,
    /// Part of a query, with wildcards in it.
    Term,
}

/// Cuts match text into words with all their forms.
pub(super) fn cut(text: MatchText, source: Source) -> Words {
    let arena = text.as_str().to_ascii_lowercase();
    let mut cutter = Cutter {
        text: &text,
        source,
        words: Vec::with_capacity(arena.len() / 6),
        arena,
        forms: Vec::new(),
        sentence: 0,
        paragraph: 0,
        commas_part_until: 0,
    };
    cutter.run();
    let Cutter {
        words,
        arena,
        forms,
        ..
    } = cutter;
    let mut words = Words {
        text,
        words,
        arena,
        forms,
        joins: Vec::new(),
    };
    joins::find(&mut words);
    words
}

struct Cutter<'t> {
    text: &'t MatchText,
    source: Source,
    words: Vec<Word>,
    arena: String,
    forms: Vec<StoredForm>,
    sentence: u32,
    paragraph: u32,
    /// Commas before this place have turned out not to group thousands.
    commas_part_until: usize,
}

impl Cutter<'_> {
    fn run(&mut self) {
        let mut gap = 0;
        while let Some((start, kind)) = self.next_word(gap) {
            self.close_gap(gap..start, Some(kind));
            let end = self.word_end(start, kind);
            self.push(start, end, kind);
            gap = end;
        }
        self.close_gap(gap..self.text.as_str().len(), None);
    }

    /// The first word that begins at or behind `from`.
    fn next_word(&self, from: usize) -> Option<(usize, Kind)> {
        let text = self.text.as_str();
        let mut at = from;
        loop {
            let byte = *text.as_bytes().get(at)?;
            if byte.is_ascii_alphanumeric() {
                return Some((at, Kind::Run));
            }
            if byte == b'*' && self.source == Source::Term {
                return Some((at, Kind::AnyWord));
            }
            if byte.is_ascii() {
                at += 1;
                continue;
            }
            let c = char_at(text, at)?;
            if let Some(kind) = self.kind(c, at) {
                return Some((at, kind));
            }
            at += c.len_utf8();
        }
    }

    /// What kind of word the character at `at`, which is not ASCII, begins.
    fn kind(&self, c: char, at: usize) -> Option<Kind> {
        if chars::is_katakana(c) {
            return Some(Kind::Katakana);
        }
        if matches!(chars::class(c), Class::Letter | Class::Digit) {
            let alone = chars::is_in_block_without_blanks(c);
            return Some(if alone { Kind::Character } else { Kind::Run });
        }
        let next = char_at(self.text.as_str(), at + c.len_utf8());
        let is_flag =
            chars::is_regional_indicator(c) && next.is_some_and(chars::is_regional_indicator);
        (is_flag || chars::is_pictograph(c)).then_some(Kind::Emoji)
    }

    fn word_end(&mut self, start: usize, kind: Kind) -> usize {
        match kind {
            Kind::Emoji => self.emoji_end(start),
            Kind::Character => self.wildcard_end(self.marks_end(self.behind(start))),
            Kind::Katakana => self.katakana_end(start),
            Kind::Run => self.run_end(start),
            Kind::AnyWord => start + 1,
        }
    }

    fn emoji_end(&self, start: usize) -> usize {
        let text = self.text.as_str();
        let mut end = self.behind(start);
        if char_at(text, start).is_some_and(chars::is_regional_indicator) {
            return self.behind(end);
        }
        loop {
            end = self.marks_end(end);
            let tied = self.behind(end);
            let is_tied = char_at(text, end) == Some('\u{200D}')
                && char_at(text, tied).is_some_and(chars::is_pictograph);
            if !is_tied {
                return end;
            }
            end = self.behind(tied);
        }
    }

    fn katakana_end(&self, start: usize) -> usize {
        let mut end = start;
        while char_at(self.text.as_str(), end).is_some_and(chars::is_katakana) {
            end = self.wildcard_end(self.marks_end(self.behind(end)));
        }
        end
    }

    /// A run of letters, digits and marks, with the signs that it goes on across.
    fn run_end(&mut self, start: usize) -> usize {
        let text = self.text;
        let part = text
            .as_str()
            .get(..self.forced_start_behind(start))
            .unwrap_or_default();
        let mut run = Run::new(part, start);
        let mut has_comma = false;
        loop {
            run.take_letters();
            let Some(sign) = char_at(part, run.end()) else {
                break;
            };
            let is_comma = sign == ',';
            if run.crosses(sign) && !(is_comma && run.end() < self.commas_part_until) {
                has_comma |= is_comma;
                run.cross(sign);
                continue;
            }
            let wild = self.wildcard_end(run.end());
            if wild == run.end() {
                break;
            }
            run.take_wildcards(wild);
        }
        if has_comma {
            let whole = part.get(start..run.end()).unwrap_or_default();
            if !groups_thousands(whole) {
                self.commas_part_until = run.end();
                return start + whole.find(',').unwrap_or(whole.len());
            }
        }
        run.end()
    }

    /// The next superscript digit behind `start`, or the end.
    fn forced_start_behind(&self, start: usize) -> usize {
        let forced = self.text.word_starts();
        let next = forced.partition_point(|&forced| forced as usize <= start);
        forced
            .get(next)
            .map_or(self.text.as_str().len(), |&forced| forced as usize)
    }

    /// In terms, the end of the wildcards behind a letter, digit or mark that ends at `end`.
    fn wildcard_end(&self, end: usize) -> usize {
        if self.source == Source::Text {
            return end;
        }
        let rest = self.text.as_str().get(end..).unwrap_or_default();
        let behind = rest.trim_start_matches('?');
        let marks = rest.len() - behind.len();
        if let Some(more) = behind.strip_prefix('*') {
            let stars = more.len() - more.trim_start_matches('*').len();
            return end + marks + 1 + stars;
        }
        let goes_on = behind
            .chars()
            .next()
            .is_some_and(|c| chars::class(c) != Class::Other);
        if goes_on { end + marks } else { end }
    }

    fn marks_end(&self, from: usize) -> usize {
        let mut end = from;
        while let Some(c) =
            char_at(self.text.as_str(), end).filter(|&c| chars::class(c) == Class::Mark)
        {
            end += c.len_utf8();
        }
        end
    }

    /// The place behind the character at `at`.
    fn behind(&self, at: usize) -> usize {
        at + char_at(self.text.as_str(), at).map_or(0, char::len_utf8)
    }

    /// Notes what stands between the last word and the next, and counts the sentences and paragraphs it ends.
    fn close_gap(&mut self, range: Range<usize>, next: Option<Kind>) {
        let Some(word) = self.words.last_mut() else {
            return;
        };
        let text = self.text;
        let gap = text.as_str().get(range.clone()).unwrap_or_default();
        word.gap = gap_kind(gap);
        let Some(next) = next else {
            return;
        };
        // Most gaps by far are one blank.
        if word.gap == Gap::Nothing || gap == " " || gap == "-" {
            return;
        }
        let is_paragraph = gap
            .match_indices('\n')
            .any(|(at, _)| text.ends_paragraph(range.start + at));
        if is_paragraph {
            self.paragraph += 1;
            self.sentence += 1;
            return;
        }
        let before = Break {
            word: text
                .as_str()
                .get(word.start as usize..word.end as usize)
                .unwrap_or_default(),
            folded: spelling(text, &self.arena, word.folded),
            gap,
            next: char_at(text.as_str(), range.end),
            beside_character: [word.kind, next]
                .iter()
                .any(|kind| matches!(kind, Kind::Character | Kind::Katakana)),
        };
        self.sentence += u32::from(sentence::ends(&before));
    }

    fn push(&mut self, start: usize, end: usize, kind: Kind) {
        let text = self.text;
        let word = text.as_str().get(start..end).unwrap_or_default();
        let in_text = Span {
            start: place(start),
            end: place(end),
        };
        let first_form = place(self.forms.len());
        // Nearly all words are, and have one form.
        let is_plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let has_signs = !is_plain && word.contains(['\'', '.', ',', '"', '\u{05F4}']);
        let (written, folded) = if has_signs {
            let written = forms::written(word);
            let span = self.store(&written);
            (span, self.store_folded(&written))
        } else if is_plain || word.is_ascii() {
            (in_text, self.lowered(in_text))
        } else {
            (in_text, self.store_folded(word))
        };
        if has_signs || !is_plain && !word.is_ascii() {
            let written = spelling(text, &self.arena, written).to_string();
            let plain = spelling(text, &self.arena, folded).to_string();
            for form in forms::further(word, &written, &plain, self.source) {
                let stored = StoredForm {
                    folded: self.store(&form.folded),
                    exact: form.exact.store(|spelling| self.store(spelling)),
                    rule: form.rule,
                };
                self.forms.push(stored);
            }
        }
        self.words.push(Word {
            start: in_text.start,
            end: in_text.end,
            sentence: self.sentence,
            paragraph: self.paragraph,
            kind,
            gap: Gap::Nothing,
            written,
            folded,
            first_form,
            forms: place(self.forms.len()) - first_form,
        });
    }

    /// The copy with lower ASCII letters of a part of the text.
    fn lowered(&self, in_text: Span) -> Span {
        let length = place(self.text.as_str().len());
        Span {
            start: in_text.start + length,
            end: in_text.end + length,
        }
    }

    fn store(&mut self, spelling: &str) -> Span {
        store(self.text, &mut self.arena, |arena| arena.push_str(spelling))
    }

    fn store_folded(&mut self, written: &str) -> Span {
        store(self.text, &mut self.arena, |arena| {
            fold::fold_word_into(written, arena)
        })
    }
}

/// Appends to the arena; spans count through the text and on into the arena.
pub(super) fn store(text: &MatchText, arena: &mut String, write: impl FnOnce(&mut String)) -> Span {
    let length = text.as_str().len();
    let start = place(length + arena.len());
    write(arena);
    Span {
        start,
        end: place(length + arena.len()),
    }
}

/// What a span stands for: a part of the text, or, counted on, of the arena.
pub(super) fn spelling<'w>(text: &'w MatchText, arena: &'w str, span: Span) -> &'w str {
    let length = text.as_str().len();
    let (start, end) = (span.start as usize, span.end as usize);
    if end <= length {
        return text.as_str().get(start..end).unwrap_or_default();
    }
    arena
        .get(start.wrapping_sub(length)..end - length)
        .unwrap_or_default()
}

fn gap_kind(gap: &str) -> Gap {
    match gap {
        "" => return Gap::Nothing,
        " " => return Gap::Blank,
        "-" => return Gap::Hyphen,
        _ => {}
    }
    let has_blank = gap.contains(char::is_whitespace);
    let has_sign = gap.contains(|c: char| !c.is_whitespace());
    match (has_blank, has_sign) {
        (true, true) => Gap::BlankAndSigns,
        (true, false) => Gap::Blank,
        (false, _) => Gap::Signs,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_segmentation::UnicodeSegmentation;

    use super::*;

    /// The written spellings of all words, a blank between.
    #[track_caller]
    fn check(pairs: &[(&str, &str)]) {
        for (text, expected) in pairs {
            assert_eq!(spellings(&Words::of_text(text)), *expected, "{text}");
        }
    }

    fn spellings(words: &Words) -> String {
        let spellings: Vec<&str> = words
            .words()
            .iter()
            .map(|word| words.written(word))
            .collect();
        spellings.join(" ")
    }

    #[test]
    fn pictographs_are_words_with_all_that_is_tied_to_them() {
        check(&[
            ("Mosul🔥🔥", "Mosul 🔥 🔥"),
            ("👩\u{200D}💻👩🏽\u{200D}💻", "👩\u{200D}💻 👩\u{200D}💻"),
            ("🇮🇶🇩🇪 🇮x", "🇮🇶 🇩🇪 x"),
            ("❤\u{FE0F}a 1\u{FE0F}\u{20E3}", "❤ a 1\u{20E3}"),
            ("a→b", "a b"),
        ]);
    }

    #[test]
    fn characters_of_scripts_without_blanks_are_words() {
        check(&[
            ("5G手机", "5G 手 机"),
            ("東京都", "東 京 都"),
            ("เมืองที่", "เ มื อ ง ที่"),
            ("ລາວ", "ລ າ ວ"),
            ("မြန်မာ", "မြ န် မာ"),
            ("ខ្មែរ", "ខ្ មែ រ"),
            ("ひらがな々", "ひ ら が な 々"),
            ("𠮷野", "𠮷 野"),
        ]);
    }

    #[test]
    fn a_run_of_katakana_is_a_word() {
        check(&[
            ("インドネシアの", "インドネシア の"),
            ("ﾄﾖﾀ・カー", "トヨタ カー"),
            ("Aインド2", "A インド 2"),
        ]);
    }

    #[test]
    fn runs_go_on_across_some_signs() {
        check(&[
            ("Qur’an rock 'n' roll 9'5", "Quran rock n roll 9 5"),
            ("1.2.3 v1.2 3.x", "1.2.3 v1.2 3 x"),
            (
                "U.S. U.S.A e.g. U.Sam J.K. Rowling",
                "US USA eg U Sam JK Rowling",
            ),
            ("end.A", "end A"),
            ("@wire_desk _x a__b c_", "wire_desk x a b c"),
            ("state-of-the-art", "state of the art"),
            ("ארה״ב צה\"ל \"אב\"", "ארהב צהל אב"),
            ("é.ü", "éü"),
            ("Mosul¹ x²³", "Mosul 1 x 2 3"),
            ("हिन्दी தமிழ் עִבְרִית", "हिन्दी தமிழ் עִבְרִית"),
        ]);
    }

    #[test]
    fn commas_group_thousands_or_part() {
        check(&[
            (
                "109,000 5,000m 1,000,000 1,234.5kg",
                "109000 5000m 1000000 1234.5kg",
            ),
            (
                "1,5 1,5,000 2016,500 12,34 1,0000",
                "1 5 1 5 000 2016 500 12 34 1 0000",
            ),
            ("A1,000 1,000.5.3", "A1 000 1 000.5.3"),
            ("5,000, 6", "5000 6"),
            ("٥,٠٠٠", "٥٠٠٠"),
        ]);
    }

    #[test]
    fn gaps_are_told_apart() {
        let words = Words::of_text("a b-c–d, e—f手机 g\u{A0}h");
        let gaps: Vec<Gap> = words.words().iter().map(|word| word.gap).collect();
        use Gap::*;
        assert_eq!(
            gaps,
            [
                Blank,
                Hyphen,
                Signs,
                BlankAndSigns,
                Signs,
                Nothing,
                Nothing,
                Blank,
                Blank,
                Nothing
            ]
        );
    }

    #[test]
    fn wildcards_are_letters_of_terms_only() {
        let term = |text: &str| spellings(&Words::of_term(text));
        assert_eq!(
            term("Iraq* Pesh*rga wom?n Sm??hs Ira?*"),
            "Iraq* Pesh*rga wom?n Sm??hs Ira?*"
        );
        assert_eq!(term("who? bank of * scotland"), "who bank of * scotland");
        assert_eq!(term("インド* 東京* Düss*"), "インド* 東 京* Düss*");
        assert_eq!(Words::of_term("of * x").words()[1].kind, Kind::AnyWord);
        assert_eq!(
            spellings(&Words::of_text("Iraq* wom?n * x")),
            "Iraq wom n x"
        );
    }

    #[test]
    fn places_are_those_of_the_shown_text() {
        let shown = "“Müller’s” Mo\u{AD}sul 👍🏽 U.S. u\u{308}x";
        let words = Words::of_text(shown);
        let parts: Vec<&str> = words
            .words()
            .iter()
            .map(|word| {
                shown
                    .get(words.shown(word.start..word.end))
                    .unwrap_or_default()
            })
            .collect();
        assert_eq!(parts, ["Müller’s", "Mo\u{AD}sul", "👍🏽", "U.S", "u\u{308}x"]);
    }

    proptest! {
        #[test]
        fn any_text_can_be_cut(shown in any::<String>()) {
            check_laws(&shown);
        }

        #[test]
        fn text_full_of_signs_can_be_cut(
            shown in "([A-C]|[a-c]|[0-3]|['\"’.,_&#$@+%*?!\n -]|ä|Å|é|手|ガ|ー|ที่|س|ال|و|ب|ל|ש|가|는|👩|\u{200D}|💻|¹|\u{AD}|\u{301}|🇩){0,24}"
        ) {
            check_laws(&shown);
        }
    }

    fn check_laws(shown: &str) {
        let mut boundaries: Vec<usize> = shown.grapheme_indices(true).map(|(at, _)| at).collect();
        boundaries.push(shown.len());
        let words = Words::of_text(shown);
        let mut end = 0;
        for (number, word) in words.words().iter().enumerate() {
            assert!(word.start >= end && word.end > word.start, "{shown:?}");
            end = word.end;
            let range = words.shown(word.start..word.end);
            assert!(boundaries.binary_search(&range.start).is_ok(), "{shown:?}");
            assert!(boundaries.binary_search(&range.end).is_ok(), "{shown:?}");
            for form in words.forms(word) {
                assert_eq!(fold::fold_word(form.folded), form.folded, "{shown:?}");
                assert!(
                    !form.folded.is_empty() || words.written(word).is_empty(),
                    "{shown:?}"
                );
            }
            for join in words.joins_at(number) {
                assert!(join.words >= 1 && number + join.words <= words.words().len());
                let range = words.shown(join.start..join.end);
                assert!(shown.get(range).is_some());
            }
        }
        let _ = Words::of_term(shown).joins().count();
    }
}
