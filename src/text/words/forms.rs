//! The forms of one word (SPEC 4.6).

use super::cut::Source;
use super::sentence::has_letter_before_dot;
use super::{Rule, Span, StoredExact};
use crate::text::fold;

/// A form beside the plain one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Further {
    pub(super) folded: String,
    pub(super) exact: FurtherExact,
    pub(super) rule: Rule,
}

/// How it compares under `=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FurtherExact {
    Written(String),
    Folded,
    Never,
}

impl FurtherExact {
    /// The same, with its spelling stored.
    pub(super) fn store(&self, store: impl FnOnce(&str) -> Span) -> StoredExact {
        match self {
            FurtherExact::Written(spelling) => StoredExact::Written(store(spelling)),
            FurtherExact::Folded => StoredExact::Folded,
            FurtherExact::Never => StoredExact::Never,
        }
    }
}

/// The spelling of a word without apostrophes, the dots of acronyms, the commas of thousands and Hebrew quotation marks.
pub(super) fn written(word: &str) -> String {
    let is_acronym = has_letter_before_dot(word);
    word.chars()
        .filter(|&c| match c {
            '\'' | ',' | '"' | '\u{05F4}' => false,
            '.' => !is_acronym,
            _ => true,
        })
        .collect()
}

/// The forms beside the plain one of a word, given as it stands in the text and in its two plain spellings. A term has
/// only its umlauts spelled out.
pub(super) fn further(word: &str, plain: &str, folded: &str, source: Source) -> Vec<Further> {
    let mut forms = Vec::new();
    if source == Source::Text {
        apostrophe_forms(word, &mut forms);
    }
    umlaut_forms(plain, &mut forms);
    if source == Source::Text && !word.is_ascii() {
        if folded.chars().all(is_arabic) && !folded.is_empty() {
            arabic_forms(folded, &mut forms);
        } else if folded.chars().all(is_hebrew) && !folded.is_empty() {
            hebrew_forms(folded, &mut forms);
        } else if folded.ends_with(is_hangul) {
            korean_forms(folded, &mut forms);
        }
    }
    forms
}

fn apostrophe_forms(word: &str, forms: &mut Vec<Further>) {
    let (Some((head, tail)), Some((first, behind))) =
        (word.rsplit_once('\''), word.split_once('\''))
    else {
        return;
    };
    let is_possessive = matches!(tail, "s" | "S");
    if is_possessive {
        push_written(head, Rule::Possessive, forms);
    } else if head.chars().filter(|&c| c != '\'').count() >= 2
        && is_turkish_suffix(&fold::fold_word(tail))
    {
        push_written(head, Rule::Turkish, forms);
    }
    let begins_like_vowel =
        fold::fold_word(behind).starts_with(['a', 'e', 'i', 'o', 'u', 'y', 'h']);
    if begins_like_vowel && is_elided(&fold::fold_word(first)) {
        push_written(behind, Rule::Elision, forms);
        if let Some(bare) = behind
            .strip_suffix("'s")
            .or_else(|| behind.strip_suffix("'S"))
        {
            push_written(bare, Rule::Elision, forms);
        }
    }
}

fn push_written(part: &str, rule: Rule, forms: &mut Vec<Further>) {
    let spelling = written(part);
    if spelling.is_empty() {
        return;
    }
    forms.push(Further {
        folded: fold::fold_word(&spelling),
        exact: FurtherExact::Written(spelling),
        rule,
    });
}

fn is_turkish_suffix(folded: &str) -> bool {
    matches!(
        folded,
        "da" | "de"
            | "ta"
            | "te"
            | "dan"
            | "den"
            | "tan"
            | "ten"
            | "nda"
            | "nde"
            | "ndan"
            | "nden"
            | "ya"
            | "ye"
            | "a"
            | "e"
            | "na"
            | "ne"
            | "yi"
            | "yu"
            | "i"
            | "u"
            | "ni"
            | "nu"
            | "in"
            | "un"
            | "nin"
            | "nun"
            | "la"
            | "le"
            | "yla"
            | "yle"
            | "lar"
            | "ler"
            | "lari"
            | "leri"
            | "li"
            | "lu"
            | "lik"
            | "luk"
            | "ki"
            | "daki"
            | "deki"
            | "taki"
            | "teki"
            | "dir"
            | "dur"
            | "tir"
            | "tur"
            | "ca"
            | "ce"
    )
}

fn is_elided(folded: &str) -> bool {
    matches!(
        folded,
        "l" | "d"
            | "j"
            | "m"
            | "t"
            | "s"
            | "n"
            | "c"
            | "qu"
            | "jusqu"
            | "lorsqu"
            | "puisqu"
            | "quoiqu"
            | "un"
            | "dell"
            | "nell"
            | "all"
            | "sull"
            | "dall"
            | "coll"
            | "quell"
    )
}

fn umlaut_forms(plain: &str, forms: &mut Vec<Further>) {
    let mut spelled: Vec<Further> = spell_out(plain).into_iter().collect();
    for form in forms.iter() {
        if let FurtherExact::Written(written) = &form.exact {
            spelled.extend(spell_out(written));
        }
    }
    forms.extend(spelled);
}

fn spell_out(written: &str) -> Option<Further> {
    if written.is_ascii() || !written.contains(['ä', 'ö', 'ü', 'å', 'ø', 'Ä', 'Ö', 'Ü', 'Å', 'Ø'])
    {
        return None;
    }
    let mut spelled = String::with_capacity(written.len() + 2);
    for c in written.chars() {
        match c {
            'ä' | 'Ä' => spelled.push_str("ae"),
            'ö' | 'Ö' | 'ø' | 'Ø' => spelled.push_str("oe"),
            'ü' | 'Ü' => spelled.push_str("ue"),
            'å' | 'Å' => spelled.push_str("aa"),
            _ => spelled.push(c),
        }
    }
    Some(Further {
        folded: fold::fold_word(&spelled),
        exact: FurtherExact::Never,
        rule: Rule::Umlaut,
    })
}

fn is_arabic(c: char) -> bool {
    matches!(c, '\u{0620}'..='\u{064A}' | '\u{066E}'..='\u{06D3}')
}

fn is_hebrew(c: char) -> bool {
    matches!(c, '\u{05D0}'..='\u{05EA}')
}

fn is_hangul(c: char) -> bool {
    matches!(c, '가'..='힣')
}

/// Prefixes that come off a word if so many letters stay.
const ARABIC_PREFIXES: [(&str, usize); 16] = [
    ("وال", 3),
    ("فال", 3),
    ("بال", 3),
    ("كال", 3),
    ("ال", 3),
    ("و", 3),
    ("ف", 4),
    ("ب", 4),
    ("ل", 4),
    ("ك", 4),
    ("وب", 4),
    ("ول", 4),
    ("فب", 4),
    ("فل", 4),
    ("لل", 3),
    ("ولل", 3),
];

fn arabic_forms(folded: &str, forms: &mut Vec<Further>) {
    for (prefix, stay) in ARABIC_PREFIXES {
        let Some(rest) = folded.strip_prefix(prefix) else {
            continue;
        };
        let letters = rest.chars().count();
        if letters >= stay {
            push_cut(rest.to_string(), Rule::Arabic, forms);
        }
        if matches!(prefix, "لل" | "ولل") && letters + 2 >= 4 {
            push_cut(format!("ال{rest}"), Rule::Arabic, forms);
        }
    }
}

fn hebrew_forms(folded: &str, forms: &mut Vec<Further>) {
    let Some(first) = folded.strip_prefix(['ו', 'ה', 'ב', 'ל', 'מ', 'ש', 'כ']) else {
        return;
    };
    if first.chars().count() < 3 {
        return;
    }
    push_cut(first.to_string(), Rule::Hebrew, forms);
    if let Some(second) = first.strip_prefix(['ה', 'ב', 'ל', 'מ', 'ש', 'כ'])
        && second.chars().count() >= 3
    {
        push_cut(second.to_string(), Rule::Hebrew, forms);
    }
}

#[rustfmt::skip]
const PARTICLES: [(Ending, &[&str]); 3] = [
    (Ending::Consonant, &[
        "은", "이", "을", "과", "으로", "이나", "이라", "이라고", "이라는", "이란", "이며", "으로는", "으로도", "으로의", "과의",
        "과는", "이었다", "이다",
    ]),
    (Ending::Vowel, &[
        "는", "가", "를", "와", "로", "나", "라고", "라는", "란", "며", "로는", "로도", "로의", "와의", "와는", "였다",
    ]),
    (Ending::Either, &[
        "의", "에", "에서", "에게", "에게서", "한테", "께", "께서", "도", "만", "까지", "부터", "보다", "처럼", "마다", "조차", "마저",
        "에는", "에도", "에서는", "에서도", "에서의", "에게는", "까지는", "부터는", "만의", "만은",
    ]),
];

fn korean_forms(folded: &str, forms: &mut Vec<Further>) {
    for (after, particles) in PARTICLES {
        for particle in particles {
            let stem = folded.strip_suffix(particle);
            if let Some(stem) = stem.filter(|stem| korean_stem_takes(stem, particle, after)) {
                push_cut(stem.to_string(), Rule::Korean, forms);
            }
        }
    }
}

/// What the word before a particle must end in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Consonant,
    Vowel,
    Either,
}

fn korean_stem_takes(stem: &str, particle: &str, after: Ending) -> bool {
    let Some(last) = stem.chars().next_back() else {
        return false;
    };
    if !is_hangul(last) {
        // How a number or a foreign name ends is heard, not written.
        return true;
    }
    if stem.chars().count() < 2 {
        return false;
    }
    // A syllable is 588 * lead + 28 * vowel + final consonant; number 8 is ㄹ.
    const RIEUL: u32 = 8;
    let final_consonant = (last as u32 - '가' as u32) % 28;
    match after {
        Ending::Either => true,
        Ending::Consonant => {
            final_consonant != 0 && !(particle.starts_with("으로") && final_consonant == RIEUL)
        }
        Ending::Vowel => {
            final_consonant == 0 || particle.starts_with('로') && final_consonant == RIEUL
        }
    }
}

fn push_cut(folded: String, rule: Rule, forms: &mut Vec<Further>) {
    if forms.iter().any(|form| form.folded == folded) {
        return;
    }
    forms.push(Further {
        folded,
        exact: FurtherExact::Folded,
        rule,
    });
}

#[cfg(test)]
mod tests {
    use crate::text::words::{Exact, Words};

    /// Whether the one word of the text has a form that folds to each, or to none, of these.
    #[track_caller]
    fn check(text: &str, has: &[&str], lacks: &[&str]) {
        let words = Words::of_text(text);
        let [word] = words.words() else {
            panic!("`{text}` is not one word");
        };
        let forms: Vec<&str> = words.forms(word).map(|form| form.folded).collect();
        for form in has {
            assert!(forms.contains(form), "{text} lacks {form}: {forms:?}");
        }
        for form in lacks {
            assert!(!forms.contains(form), "{text} has {form}: {forms:?}");
        }
    }

    #[test]
    fn apostrophes_and_dots_of_acronyms_fall() {
        check("Qur’an", &["quran"], &["qur", "an"]);
        check("E.U.", &["eu"], &[]);
        check("U.S’s", &["us", "uss"], &["u.s"]);
        check("1.2.3", &["1.2.3"], &["123", "1.2"]);
        check("ארה״ב", &["ארהב"], &[]);
        check("ארה\"ב", &["ארהב"], &[]);
        check("5,000m", &["5000m"], &[]);
    }

    #[test]
    fn umlauts_are_spelled_out_in_every_form() {
        check("Müller", &["muller", "mueller"], &[]);
        check(
            "Müller’s",
            &["mullers", "muller", "mueller", "muellers"],
            &[],
        );
        check("Ærøskøbing", &["aeroskobing", "aeroeskoebing"], &[]);
        check("ÅRHUS", &["arhus", "aarhus"], &[]);
        check("señor", &["senor"], &[]);
    }

    #[test]
    fn possessives_and_turkish_suffixes_come_off() {
        check("Chad’s", &["chad", "chads"], &[]);
        check("MOSUL’S", &["mosul"], &[]);
        check("Musul'daki", &["musul", "musuldaki"], &[]);
        check("DİYARBAKIR’ın", &["diyarbakir"], &[]);
        check("Ba’ath", &["baath"], &["ba"]);
        check("d'a", &["da"], &["d"]);
        check("Qur’an’s", &["quran", "qurans"], &["qur"]);
    }

    #[test]
    fn elided_articles_come_off() {
        check("l’Iran’s", &["iran", "irans", "liran", "lirans"], &[]);
        check("dell’Italia", &["italia"], &[]);
        check("qu’Érythrée", &["erythree"], &[]);
        check("O’Brien", &["obrien"], &["brien"]);
        check("l’Brien", &[], &["brien"]);
    }

    #[test]
    fn arabic_prefixes_come_off_while_enough_letters_stay() {
        check("للعراق", &["للعراق", "العراق", "عراق"], &[]);
        check("بالموصل", &["موصل", "الموصل"], &[]);
        check("والبغدادي", &["بغدادي", "البغدادي"], &[]);
        check("البَغْدَادي", &["بغدادي"], &[]);
        check("ولد", &[], &["لد"]);
        check("بغداد", &["غداد"], &[]);
        check("بيت", &[], &["يت"]);
        check("وقال", &["قال"], &[]);
        check("كتاب", &[], &["تاب"]);
        check("لله", &[], &["ه", "اله"]);
    }

    #[test]
    fn hebrew_prefixes_come_off_one_or_two() {
        check("ומירושלים", &["מירושלים", "ירושלים"], &[]);
        check("בירושלים", &["ירושלים"], &["רושלים"]);
        check("בארה״ב", &["ארהב"], &[]);
        check("שלום", &["לום"], &["ום"]);
        check("בית", &[], &["ית"]);
    }

    #[test]
    fn korean_particles_come_off_by_the_sound_before_them() {
        check("삼성전자는", &["삼성전자"], &[]);
        check("삼성전자은", &[], &["삼성전자"]);
        check("모술에서", &["모술"], &[]);
        check("모술로", &["모술"], &[]);
        check("모술으로", &[], &["모술"]);
        check("서울에서는", &["서울", "서울에서"], &[]);
        check("북한으로", &["북한"], &[]);
        check("BTS가", &["bts"], &[]);
        check("BTS이", &["bts"], &[]);
        check("제주은행", &[], &["제주"]);
        check("물은", &[], &["물"]);
    }

    #[test]
    fn a_term_has_only_its_umlauts_spelled_out() {
        let words = Words::of_term("Müller's");
        let forms: Vec<&str> = words
            .words()
            .iter()
            .flat_map(|word| words.forms(word))
            .map(|form| form.folded)
            .collect();
        assert_eq!(forms, ["mullers", "muellers"]);
        let words = Words::of_term("البغدادي");
        assert!(!words.has_further_forms(&words.words()[0]));
    }

    #[test]
    fn exact_spellings_keep_case_and_marks() {
        let words = Words::of_text("L’Orbán’s Müller والعراق");
        let forms = |at: usize| {
            words
                .forms(&words.words()[at])
                .map(|form| form.exact)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            forms(0),
            ["LOrbáns", "LOrbán", "Orbáns", "Orbán"].map(Exact::Written)
        );
        assert_eq!(forms(1), [Exact::Written("Müller"), Exact::Never]);
        assert!(forms(2).contains(&Exact::Folded));
    }
}
