//! Which language a text is in, where the feed does not say.

use whatlang::Lang;

use crate::text::chars;

/// Below this many letters a guess is not worth more than not knowing, and an unknown language passes every filter.
const MIN_LETTERS: usize = 100;

/// The language of a text as ISO 639-1 code, if it is long enough and the guess is reliable.
pub fn detect(text: &str) -> Option<&'static str> {
    let letters = text.chars().filter(|&c| chars::is_letter(c));
    if letters.take(MIN_LETTERS).count() < MIN_LETTERS {
        return None;
    }
    let guess = whatlang::detect(text)?;
    if !guess.is_reliable() {
        return None;
    }
    two_letters(guess.lang())
}

/// Of a content so many characters are looked at.
const OPENING: usize = 1_000;

/// What language the texts of an item look like, for one whose feed does not say.
pub fn of_item(title: &str, summary: &str, content: &str) -> Option<&'static str> {
    let opening: String = content.chars().take(OPENING).collect();
    detect(&format!("{title}\n{summary}\n{opening}"))
}

/// ISO 639-1 for the codes of ISO 639-3 that whatlang knows.
fn two_letters(lang: Lang) -> Option<&'static str> {
    CODES
        .iter()
        .find(|(three, _)| *three == lang.code())
        .map(|(_, two)| *two)
}

const CODES: [(&str, &str); 70] = [
    ("afr", "af"),
    ("aka", "ak"),
    ("amh", "am"),
    ("ara", "ar"),
    ("aze", "az"),
    ("bel", "be"),
    ("ben", "bn"),
    ("bul", "bg"),
    ("cat", "ca"),
    ("ces", "cs"),
    ("cmn", "zh"),
    ("cym", "cy"),
    ("dan", "da"),
    ("deu", "de"),
    ("ell", "el"),
    ("eng", "en"),
    ("epo", "eo"),
    ("est", "et"),
    ("fin", "fi"),
    ("fra", "fr"),
    ("guj", "gu"),
    ("heb", "he"),
    ("hin", "hi"),
    ("hrv", "hr"),
    ("hun", "hu"),
    ("hye", "hy"),
    ("ind", "id"),
    ("ita", "it"),
    ("jav", "jv"),
    ("jpn", "ja"),
    ("kan", "kn"),
    ("kat", "ka"),
    ("khm", "km"),
    ("kor", "ko"),
    ("lat", "la"),
    ("lav", "lv"),
    ("lit", "lt"),
    ("mal", "ml"),
    ("mar", "mr"),
    ("mkd", "mk"),
    ("mya", "my"),
    ("nep", "ne"),
    ("nld", "nl"),
    ("nob", "nb"),
    ("ori", "or"),
    ("pan", "pa"),
    ("pes", "fa"),
    ("pol", "pl"),
    ("por", "pt"),
    ("ron", "ro"),
    ("rus", "ru"),
    ("sin", "si"),
    ("slk", "sk"),
    ("slv", "sl"),
    ("sna", "sn"),
    ("spa", "es"),
    ("srp", "sr"),
    ("swe", "sv"),
    ("tam", "ta"),
    ("tel", "te"),
    ("tgl", "tl"),
    ("tha", "th"),
    ("tuk", "tk"),
    ("tur", "tr"),
    ("ukr", "uk"),
    ("urd", "ur"),
    ("uzb", "uz"),
    ("vie", "vi"),
    ("yid", "yi"),
    ("zul", "zu"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_of_the_detector_has_a_code() {
        for lang in Lang::all() {
            assert!(two_letters(*lang).is_some(), "{lang:?}");
        }
    }

    #[test]
    fn a_paragraph_is_told_by_its_language() {
        let english = "Iraqi troops have entered Mosul for the first time in two years, the army said on Tuesday, as \
                       the battle for the last stronghold of the group in the country reached the eastern suburbs.";
        let german = "Irakische Truppen sind zum ersten Mal seit zwei Jahren in Mossul eingedrungen, teilte die Armee \
                      am Dienstag mit, während die Schlacht um die letzte Hochburg der Gruppe im Land begann.";
        let arabic = "دخلت القوات العراقية مدينة الموصل للمرة الأولى منذ عامين بحسب ما أعلن الجيش العراقي يوم الثلاثاء مع \
                      وصول المعركة من أجل آخر معقل للتنظيم في البلاد إلى الضواحي الشرقية للمدينة القديمة";
        assert_eq!(detect(english), Some("en"));
        assert_eq!(detect(german), Some("de"));
        assert_eq!(detect(arabic), Some("ar"));
    }

    #[test]
    fn a_headline_is_too_short_to_tell() {
        assert_eq!(
            detect("Iraqi troops enter Mosul for the first time in two years"),
            None
        );
        assert_eq!(detect(""), None);
    }
}
