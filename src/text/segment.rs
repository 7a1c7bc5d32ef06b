//! Where the words of Chinese, Japanese and Thai text probably end: scripts that write no blanks.
//!
//! Matching does not rely on it (a name is found wherever its characters stand); it tells a person when a short name
//! was found inside a longer word.

use std::ops::Range;
use std::sync::LazyLock;

use icu_segmenter::options::WordBreakInvariantOptions;
use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed};

use super::chars::is_in_block_without_blanks;

static SEGMENTER: LazyLock<WordSegmenterBorrowed<'static>> =
    LazyLock::new(|| WordSegmenter::new_auto(WordBreakInvariantOptions::default()));

/// How many characters on both sides decide where the words end.
const AROUND: usize = 12;

/// Whether a text is two characters of scripts without blanks.
pub fn is_two_characters(text: &str) -> bool {
    let mut characters = text.chars();
    let two = [characters.next(), characters.next()];
    characters.next().is_none()
        && two
            .iter()
            .all(|c| c.is_some_and(is_in_block_without_blanks))
}

/// The longer word that a piece of a text (bytes) is only a part of; `None` if words begin and end with the piece.
pub fn longer_word(text: &str, piece: Range<usize>) -> Option<&str> {
    let runs_on = |c: &char| is_in_block_without_blanks(*c);
    let width = |characters: Vec<char>| characters.into_iter().map(char::len_utf8).sum::<usize>();
    let before = text.get(..piece.start)?.chars().rev();
    let behind = text.get(piece.end..)?.chars();
    let start = piece.start - width(before.take_while(runs_on).take(AROUND).collect());
    let end = piece.end + width(behind.take_while(runs_on).take(AROUND).collect());
    let breaks = SEGMENTER.segment_str(text.get(start..end)?);
    let breaks: Vec<usize> = breaks.map(|at| start + at).collect();
    let first = breaks.iter().copied().rfind(|at| *at <= piece.start)?;
    let last = breaks.iter().copied().find(|at| *at >= piece.end)?;
    ((first..last) != piece)
        .then(|| text.get(first..last))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, piece: &str, longer: Option<&str>) {
        let start = text.find(piece).expect("the piece is in the text");
        assert_eq!(longer_word(text, start..start + piece.len()), longer);
    }

    #[test]
    fn a_piece_that_ends_inside_words_is_part_of_a_longer_one() {
        check("昨日、東京都で会議", "京都", Some("東京都"));
        check("中国人民大学宣布", "国人", Some("中国人"));
        check("ประเทศมาเลเซียและไทย", "เล", Some("มาเลเซีย"));
    }

    #[test]
    fn a_word_of_its_own_is_no_part() {
        check("京都で会議", "京都", None);
        check("伊朗总统访问北京", "伊朗", None);
        check("伊朗总统访问北京", "北京", None);
        check("Mosul", "Mosul", None);
    }

    #[test]
    fn two_characters_are_counted_as_letters_not_as_bytes() {
        assert!(is_two_characters("京都") && is_two_characters("เล"));
        for other in ["京", "東京都", "US", "", "イン"] {
            assert!(!is_two_characters(other), "{other}");
        }
    }
}
