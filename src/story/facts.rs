//! Figures and negations: what makes two headlines of nearly the same words say different things.
//!
//! "Magnitude 4.5 earthquake near Mosul" and the same with 6.8 share all their words but one, and a jury that finds
//! somebody guilty says the opposite of one that does not.

use std::collections::BTreeSet;

use crate::text::words::Words;

/// Words that turn a headline round, folded.
const NEGATIONS: &[&str] = &[
    "not", "no", "never", "without", "denies", "nicht", "kein", "keine", "nie", "ohne", "ne",
    "pas", "jamais", "sans", "ni", "nunca", "sin", "non", "mai", "senza", "nao", "sem", "niet",
    "geen", "nooit", "не", "нет", "без", "ні",
];

/// The words of a text with a digit in them, and its negations, folded.
pub fn facts(text: &str) -> BTreeSet<String> {
    let words = Words::of_text(text);
    let folded = words.words().iter().map(|word| words.folded(word));
    folded
        .filter(|word| word.bytes().any(|c| c.is_ascii_digit()) || NEGATIONS.contains(word))
        .map(str::to_owned)
        .collect()
}

/// Whether one headline states a figure or a negation that the other does not.
pub fn differ(one: &str, other: &str) -> bool {
    facts(one) != facts(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_and_negations_make_a_difference() {
        for (one, other) in [
            (
                "Magnitude 4.5 earthquake near Mosul",
                "Magnitude 6.8 earthquake near Mosul",
            ),
            (
                "Court finds minister guilty",
                "Court finds minister not guilty",
            ),
            ("Flood: two dead, 12 missing", "Flood: two dead, 14 missing"),
            (
                "Corvane repairs CVE-2026-1001",
                "Corvane repairs CVE-2026-2002",
            ),
            ("Суд признал его виновным", "Суд не признал его виновным"),
        ] {
            assert!(differ(one, other), "{one}");
        }
    }

    #[test]
    fn other_words_and_signs_make_none() {
        assert!(!differ("Troops enter Mosul", "Troops have entered Mosul"));
        assert!(!differ("Quake: “12 dead”", "12 dead in quake"));
    }
}
