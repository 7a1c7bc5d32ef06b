//! Dates in titles: what daily lists of links share, however different they are (`Morning links for March 10`).

use crate::text::words::{Gap, Word, Words};

/// Months and what they are cut to, folded, by language.
#[rustfmt::skip]
const MONTHS: [(&str, &[&str]); 7] = [
    ("en", &[
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
    ]),
    ("de", &[
        "januar", "janner", "februar", "marz", "april", "mai", "juni", "juli", "august", "september", "oktober",
        "november", "dezember",
    ]),
    ("fr", &[
        "janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre",
        "decembre",
    ]),
    ("es", &[
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
        "diciembre",
    ]),
    ("it", &[
        "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre",
        "novembre", "dicembre",
    ]),
    ("pt", &[
        "janeiro", "fevereiro", "marco", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro",
        "dezembro",
    ]),
    ("nl", &[
        "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november",
        "december",
    ]),
];

/// For each word of a text whether it is part of a date: a month beside its day or year, or three numbers that signs
/// join (`3/10/14`).
pub(super) fn dates(words: &Words, language: &str) -> Vec<bool> {
    let months = MONTHS.into_iter().find(|(known, _)| *known == language);
    let months = months.map_or(&[][..], |(_, months)| months);
    let all = words.words();
    let mut dates = vec![false; all.len()];
    let is_number = |at: usize| {
        let digits = all.get(at).map_or("", |word| words.folded(word));
        (1..=4).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
    };
    let mut mark = |from: usize, to: usize| {
        let part = dates.get_mut(from..to).into_iter().flatten();
        part.for_each(|is_date| *is_date = true);
    };
    for (at, word) in all.iter().enumerate() {
        let joined = |word: Option<&Word>| {
            word.is_some_and(|word| matches!(word.gap, Gap::Signs | Gap::Hyphen))
        };
        if months.contains(&words.folded(word)) {
            let before = at.saturating_sub(1);
            let from = if is_number(before) { before } else { at };
            let numbers = (at + 1..).take(2).take_while(|&at| is_number(at)).count();
            if from < at || numbers > 0 {
                mark(from, at + 1 + numbers);
            }
        } else if (at..at + 3).all(is_number) && joined(Some(word)) && joined(all.get(at + 1)) {
            mark(at, at + 3);
        }
    }
    dates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(language: &str, text: &str, expected: &[&str]) {
        let words = Words::of_text(text);
        let dates = dates(&words, language);
        let found = words
            .words()
            .iter()
            .zip(dates)
            .filter(|(_, is_date)| *is_date);
        let found: Vec<&str> = found.map(|(word, _)| words.written(word)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn months_with_numbers_and_joined_numbers_are_dates() {
        check(
            "en",
            "Morning links for March 10, 2031",
            &["March", "10", "2031"],
        );
        check("en", "Links: March/10", &["March", "10"]);
        check("en", "Recap 3/10/31: the finale", &["3", "10", "31"]);
        check("en", "Digest 2031-03-10", &["2031", "03", "10"]);
        check("de", "Am 10. März 2031", &["10", "März", "2031"]);
    }

    #[test]
    fn other_months_and_numbers_are_none() {
        check("en", "Thousands march in Mosul", &[]);
        check("en", "Mosul beats Raqqa 3-1, 12 hurt", &[]);
        check("de", "March 10", &[]);
        check("", "10 March", &[]);
    }
}
