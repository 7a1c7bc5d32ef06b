//! What kind of character a character is, as far as SPEC 4 asks.

use icu_properties::props::{ExtendedPictographic, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

/// The three categories that words are made of, and the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// General category L.
    Letter,
    /// General category N.
    Digit,
    /// General category M.
    Mark,
    /// Anything else.
    Other,
}

/// The class of a character.
pub(super) fn class(c: char) -> Class {
    if c.is_ascii() {
        return match c {
            'a'..='z' | 'A'..='Z' => Class::Letter,
            '0'..='9' => Class::Digit,
            _ => Class::Other,
        };
    }
    use GeneralCategory as G;
    match category(c) {
        G::UppercaseLetter
        | G::LowercaseLetter
        | G::TitlecaseLetter
        | G::ModifierLetter
        | G::OtherLetter => Class::Letter,
        G::DecimalNumber | G::LetterNumber | G::OtherNumber => Class::Digit,
        G::NonspacingMark | G::SpacingMark | G::EnclosingMark => Class::Mark,
        _ => Class::Other,
    }
}

/// Whether it is of category L.
pub(super) fn is_letter(c: char) -> bool {
    class(c) == Class::Letter
}

/// Whether it is of category Nd.
pub(super) fn is_decimal(c: char) -> bool {
    c.is_ascii_digit() || (!c.is_ascii() && category(c) == GeneralCategory::DecimalNumber)
}

/// Whether it is of category Ll.
pub(super) fn is_small(c: char) -> bool {
    c.is_ascii_lowercase() || (!c.is_ascii() && category(c) == GeneralCategory::LowercaseLetter)
}

/// Whether it is of category Lu.
pub(super) fn is_capital(c: char) -> bool {
    c.is_ascii_uppercase() || (!c.is_ascii() && category(c) == GeneralCategory::UppercaseLetter)
}

/// Whether it is a pictograph in the sense of SPEC 4.4: Extended_Pictographic, from U+2600.
pub(super) fn is_pictograph(c: char) -> bool {
    c >= '\u{2600}' && CodePointSetData::new::<ExtendedPictographic>().contains(c)
}

/// Whether two of it make a flag.
pub(super) fn is_regional_indicator(c: char) -> bool {
    ('\u{1F1E6}'..='\u{1F1FF}').contains(&c)
}

/// Whether it lies in a block whose letters and digits are words of their own: Thai, Lao, Burmese, Khmer, hiragana, Han.
pub(super) fn is_in_block_without_blanks(c: char) -> bool {
    matches!(c,
        '\u{0E00}'..='\u{0EFF}'
        | '\u{1000}'..='\u{109F}'
        | '\u{1780}'..='\u{17FF}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{309F}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}')
}

/// Whether it is katakana in the sense of SPEC 4.4.
pub(super) fn is_katakana(c: char) -> bool {
    matches!(c, '\u{30A1}'..='\u{30FA}' | '\u{30FC}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}')
}

/// Whether it is a letter of Hebrew.
pub(super) fn is_hebrew_letter(c: char) -> bool {
    matches!(c, '\u{05D0}'..='\u{05EA}' | '\u{05EF}'..='\u{05F2}')
}

/// The value of a decimal digit of any script.
pub(super) fn decimal_value(c: char) -> Option<u8> {
    if !is_decimal(c) {
        return None;
    }
    // Unicode encodes decimal digits in rows of ten in ascending order; where rows touch, they do so at a zero.
    let below = (0..c as u32)
        .rev()
        .map_while(char::from_u32)
        .take_while(|&before| is_decimal(before))
        .count();
    Some((below % 10) as u8)
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_every_script_have_their_value() {
        for (digit, value) in [
            ('7', 7),
            ('٤', 4),
            ('۹', 9),
            ('०', 0),
            ('๓', 3),
            ('𝟗', 9),
            ('၅', 5),
        ] {
            assert_eq!(decimal_value(digit), Some(value), "{digit}");
        }
        assert_eq!(decimal_value('½'), None);
        assert_eq!(decimal_value('x'), None);
    }

    #[test]
    fn pictographs_begin_where_symbols_of_text_end() {
        assert!(is_pictograph('🔥') && is_pictograph('☎'));
        assert!(!is_pictograph('©') && !is_pictograph('™') && !is_pictograph('\u{1F3FD}'));
    }
}
