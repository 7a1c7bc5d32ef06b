//! One normal form for text that is compared (SPEC 4.2, 4.3).

mod match_text;

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;

use crate::text::chars;

pub use match_text::MatchText;
pub(super) use match_text::place;

/// Folds a whole text for keys: its match text folded as words are (SPEC 4.3, but every `ー` stays), each run of white
/// space become one blank, the ends trimmed. Folding twice is folding once.
///
/// ```
/// use wirewatch::text::fold::fold;
/// assert_eq!(fold("  Die  Straße\nnach İSTANBUL’da "), "die strasse nach istanbul'da");
/// ```
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return fold_ascii(text);
    }
    fold_any(text)
}

fn fold_any(text: &str) -> String {
    let text = MatchText::new(text);
    let mut folded = String::with_capacity(text.as_str().len());
    fold_into(text.as_str(), &mut folded);
    let mut collapsed = String::with_capacity(folded.len());
    for word in folded.split_whitespace() {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    collapsed
}

/// [`fold`] of text in which nothing composes and nothing is wide.
fn fold_ascii(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded.make_ascii_lowercase();
    match folded.contains('`') {
        true => folded.replace('`', "'"),
        false => folded,
    }
}

/// Appends the folded form (SPEC 4.3) of a word of match text.
pub fn fold_word_into(word: &str, folded: &mut String) {
    let start = folded.len();
    fold_into(word, folded);
    let length = |text: &str| text.chars().count();
    while folded.ends_with('ー') && folded.get(start..).is_some_and(|word| length(word) >= 4) {
        folded.pop();
    }
}

/// The folded form (SPEC 4.3) of a word of match text.
pub fn fold_word(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    fold_word_into(word, &mut folded);
    folded
}

fn fold_into(text: &str, folded: &mut String) {
    let start = folded.len();
    for c in text.chars() {
        match fold_simple(c) {
            Some(c) => folded.push(c),
            None => {
                folded.truncate(start);
                fold_fully_into(text, folded);
                return;
            }
        }
    }
}

/// The whole rule: full case folding, marks off, letters and digits unified, composed again.
fn fold_fully_into(text: &str, folded: &mut String) {
    let mut base = '\0';
    let mut bare = String::with_capacity(text.len());
    for c in text.chars().default_case_fold().nfd() {
        if is_dropped_mark(c) {
            if belongs_to_letter(base, c) {
                bare.push(c);
            }
            continue;
        }
        base = c;
        push_unified(c, &mut bare);
    }
    folded.extend(bare.nfc());
}

/// Folds those characters that most texts are made of and that fold each by itself.
fn fold_simple(c: char) -> Option<char> {
    Some(match c {
        'A'..='Z' => c.to_ascii_lowercase(),
        '\0'..='\u{7F}' => c,
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'ç' => 'c',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' | 'ı' => 'i',
        'ñ' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'α'..='ρ' | 'σ'..='ω' => c,
        'й' => return None,
        'а'..='я' => c,
        'А'..='И' | 'К'..='Я' => char::from_u32(c as u32 + 0x20)?,
        'א'..='ת' => c,
        'ء' | 'ا' | 'ب' | 'ت'..='غ' | 'ف'..='و' | 'ي' => c,
        'ى' => 'ي',
        'ة' => 'ه',
        '–' | '—' | '“' | '”' | '、' | '。' | '「' | '」' => c,
        'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ー' => c,
        '一'..='\u{9FFF}' => c,
        '가'..='힣' => c,
        _ => return None,
    })
}

fn is_dropped_mark(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}'
        | '\u{FE20}'..='\u{FE2F}'
        | '\u{0591}'..='\u{05BD}' | '\u{05BF}' | '\u{05C1}' | '\u{05C2}' | '\u{05C4}' | '\u{05C5}' | '\u{05C7}'
        | '\u{0610}'..='\u{061A}' | '\u{064B}'..='\u{065F}' | '\u{0670}'
        | '\u{06D6}'..='\u{06DC}' | '\u{06DF}'..='\u{06E4}' | '\u{06E7}' | '\u{06E8}' | '\u{06EA}'..='\u{06ED}'
        | '\u{093C}' | '\u{09BC}')
}

/// й ў ї are letters of their own, not и у і with a mark.
fn belongs_to_letter(base: char, mark: char) -> bool {
    matches!((base, mark), ('и' | 'у', '\u{0306}') | ('і', '\u{0308}'))
}

fn push_unified(c: char, out: &mut String) {
    let unified = match c {
        'ı' => 'i',
        'ø' => 'o',
        'ł' => 'l',
        'đ' | 'ð' | 'ɗ' => 'd',
        'þ' => return out.push_str("th"),
        'æ' => return out.push_str("ae"),
        'œ' => return out.push_str("oe"),
        'ħ' => 'h',
        'ŧ' => 't',
        'ŋ' => 'n',
        'ə' => 'e',
        'ɓ' => 'b',
        'ƙ' => 'k',
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ى' | 'ی' | 'ے' | 'ئ' => 'ي',
        'ة' | 'ە' | 'ہ' | 'ھ' | 'ۀ' => 'ه',
        'ک' | 'ڪ' => 'ك',
        'ؤ' => 'و',
        '\u{0901}' => '\u{0902}',
        // The capital of an apostrophe (SPEC 4.2) folds to it.
        '\u{A78C}' => '\'',
        _ => match chars::decimal_value(c) {
            Some(value) => char::from(b'0' + value),
            None => c,
        },
    };
    out.push(unified);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(pairs: &[(&str, &str)]) {
        for (word, expected) in pairs {
            let text = MatchText::new(word);
            assert_eq!(fold_word(text.as_str()), *expected, "{word}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_of_ascii_gives_the_same(text in "[ -~\t\r\n\x0b\x00\x1c\x7f]{0,40}") {
            prop_assert_eq!(fold_ascii(&text), fold_any(&text));
        }
    }

    #[test]
    fn case_goes_and_special_letters_become_common_ones() {
        check(&[
            ("İSTANBUL", "istanbul"),
            ("ıĞDIR", "igdir"),
            ("Straße", "strasse"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
            ("Οδυσσεύς", "οδυσσευσ"),
            ("Ærøskøbing", "aeroskobing"),
            ("Łódź", "lodz"),
            ("Đorđe", "dorde"),
            ("Þórður", "thordur"),
            ("œuvre", "oeuvre"),
            ("Ħamrun", "hamrun"),
            ("Bakı Əliyev", "baki eliyev"),
            ("Ɓauna Ɗan Ƙasa", "bauna dan kasa"),
            ("Việt", "viet"),
            ("Ǽlfric Ǿrsted", "aelfric orsted"),
            ("ᾳ", "αι"),
        ]);
    }

    #[test]
    fn three_cyrillic_letters_keep_their_mark() {
        check(&[
            ("мой", "мой"),
            ("мои", "мои"),
            ("Королёв", "королев"),
            ("ЎЙЇЁЌ", "ўйїек"),
        ]);
        check(&[("и\u{306}", "й"), ("и\u{301}", "и"), ("а\u{306}", "а")]);
    }

    #[test]
    fn semitic_marks_go_and_variants_unify() {
        check(&[
            ("البَغْدَادي", "البغدادي"),
            ("أإآٱ", "اااا"),
            ("ىیےئ", "يييي"),
            ("ةەہھۀ", "ههههه"),
            ("کڪ", "كك"),
            ("ؤ", "و"),
            ("على", "علي"),
            ("שָׁלוֹם", "שלום"),
        ]);
    }

    #[test]
    fn indic_vowels_and_kana_marks_stay() {
        check(&[
            ("इराक़", "इराक"),
            ("ड़", "ड"),
            ("ড়", "ড"),
            ("ँ", "ं"),
            ("हिन्दी", "हिन्दी"),
            ("が", "が"),
            ("ｶﾞ", "ガ"),
            ("ที่", "ที่"),
        ]);
    }

    #[test]
    fn digits_of_all_scripts_are_one() {
        check(&[("٤٢", "42"), ("४२", "42"), ("４２", "42"), ("๔๒", "42")]);
    }

    #[test]
    fn a_long_vowel_at_the_end_falls_from_four_characters_on() {
        check(&[
            ("コンピューター", "コンピュータ"),
            ("サッカー", "サッカ"),
            ("コピー", "コピー"),
            ("カー", "カー"),
            ("アーーーー", "アーー"),
        ]);
    }

    #[test]
    fn simple_folding_is_full_folding() {
        for c in (0..=0x10FFFF).filter_map(char::from_u32) {
            if let Some(folded) = fold_simple(c) {
                let mut fully = String::new();
                fold_fully_into(&String::from(c), &mut fully);
                assert_eq!(fully, String::from(folded), "U+{:04X}", c as u32);
            }
        }
    }

    #[test]
    fn every_character_folds_once_and_for_all() {
        for c in (0..=0x10FFFF).filter_map(char::from_u32) {
            let once = fold(&String::from(c));
            assert_eq!(fold(&once), once, "U+{:04X}", c as u32);
        }
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once.clone());
            let word = fold_word(&text);
            prop_assert_eq!(fold_word(&word), word.clone());
        }

        #[test]
        fn folding_words_of_odd_letters_twice_is_folding_once(
            text in "[aÄøßİıиіуйñ\u{301}\u{306}\u{308}\u{345}\u{327}ͅٱئۀکىー٤\u{93C}ड़가ㅏΣςﬁ`´\u{200B}\u{200D}👩¹ ]{0,12}"
        ) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once.clone());
            let word = fold_word(&text);
            prop_assert_eq!(fold_word(&word), word.clone());
        }
    }
}
