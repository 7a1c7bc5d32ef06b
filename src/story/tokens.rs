//! The words of titles and summaries: stems, pairs of CJK characters, and no marks of publishers.

use rust_stemmers::{Algorithm, Stemmer};

use crate::story::Telling;
use crate::story::dates::dates;
use crate::story::marks::{Mark, without_marks};
use crate::story::vector::Frequencies;
use crate::story::{meanings, vocabulary};
use crate::text::fold::fold;
use crate::text::words::{Gap, Kind, Rule, Word, Words};

/// A word as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// What is compared: a stem, a pair of characters.
    pub(super) word: String,
    /// How the text writes it.
    pub(super) written: String,
    /// Whether it is capitalised where not every word is.
    pub(super) is_name: bool,
    /// Whether it only holds the sentence together, or says when it was written.
    pub(super) is_function_word: bool,
    /// Of an identifier (`CVE-2026-41207`), what it identifies: `cve`.
    pub(super) kind: Option<String>,
    /// So many words right before it may say no more than what it is: `hotel chain Marwick`.
    pub(super) epithets: usize,
    /// Whether the next word goes on with the name that it is part of: `Sundria Times`.
    pub(super) goes_on: bool,
}

/// A word has at most so many epithets.
const EPITHETS: usize = 2;

/// By whose rules a text is cut: its language's; English where none is known, as it is the likeliest, and as texts that
/// do not tell their language must at least be cut alike; and no rules (empty) for a language that we have none for.
fn rules_of(lang: Option<&str>) -> &'static str {
    let Some(language) = primary(lang) else {
        return "en";
    };
    let known = STEMMERS.iter().map(|(known, _)| *known);
    known
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(language))
        .unwrap_or_default()
}

/// The primary language of a tag; `None` where it is unknown.
pub(super) fn primary(lang: Option<&str>) -> Option<&str> {
    let primary = lang?.split(['-', '_']).next()?;
    (!primary.is_empty() && !primary.eq_ignore_ascii_case("und")).then_some(primary)
}

#[rustfmt::skip]
const STEMMERS: [(&str, Algorithm); 18] = [
    ("ar", Algorithm::Arabic), ("da", Algorithm::Danish), ("de", Algorithm::German), ("el", Algorithm::Greek),
    ("en", Algorithm::English), ("es", Algorithm::Spanish), ("fi", Algorithm::Finnish), ("fr", Algorithm::French),
    ("hu", Algorithm::Hungarian), ("it", Algorithm::Italian), ("nb", Algorithm::Norwegian),
    ("nl", Algorithm::Dutch), ("no", Algorithm::Norwegian), ("pt", Algorithm::Portuguese),
    ("ro", Algorithm::Romanian), ("ru", Algorithm::Russian), ("sv", Algorithm::Swedish), ("tr", Algorithm::Turkish),
];

/// The language by whose rules texts are cut that are declared to be in `lang`.
pub(super) fn language_of(lang: Option<&str>, texts: [&Words; 2]) -> &'static str {
    let words = texts.into_iter().flat_map(|text| {
        let words = text.words().iter();
        words.map(|word| text.folded(word))
    });
    vocabulary::language_of(rules_of(lang), words)
}

/// Makes of the words of a title what is compared.
pub(super) fn title_tokens(words: &Words, language: &'static str) -> Vec<Token> {
    let mut tokens = cut(words, language, &dates(words, language));
    // `5 things to know about`: how many there are tells no event.
    if let [count, things, ..] = tokens.as_mut_slice()
        && things.is_function_word
        && words
            .words()
            .first()
            .is_some_and(|word| vocabulary::is_number(words.folded(word)))
    {
        count.is_function_word = true;
    }
    tokens
}

/// Makes of the words of a summary what is compared.
pub(super) fn tokens(words: &Words, language: &'static str) -> Vec<Token> {
    cut(words, language, &[])
}

fn cut(words: &Words, language: &'static str, dates: &[bool]) -> Vec<Token> {
    let cutter = Cutter {
        words,
        language,
        capitals_mean_names: !is_title_case(words),
    };
    let mut tokens: Vec<Token> = Vec::new();
    let mut rest = words.words();
    let mut sentence = None;
    // So many words before the next one that only blanks part from it.
    let mut phrase = 0;
    while let Some((word, behind)) = rest.split_first() {
        let begins_sentence = sentence != Some(word.sentence);
        let (mut found, behind) = if word.kind == Kind::Character {
            let touching = |pair: &[Word]| matches!(pair, [one, next] if one.gap == Gap::Nothing && next.kind == Kind::Character);
            let run = 1 + rest.windows(2).take_while(|pair| touching(pair)).count();
            let (run, behind) = rest.split_at(run);
            (cutter.pairs(run), behind)
        } else if let Some((token, behind)) = cutter.identifier(rest) {
            (vec![token], behind)
        } else {
            let mut token = cutter.token(word, begins_sentence);
            let at = words.words().len() - rest.len();
            token.is_function_word |= dates.get(at).is_some_and(|is_date| *is_date);
            (vec![token], behind)
        };
        phrase = if begins_sentence { 0 } else { phrase };
        if let (Some(before), Some(token), 1..) = (tokens.last_mut(), found.first(), phrase) {
            let is_part = |token: &Token| token.written.starts_with(char::is_uppercase);
            before.goes_on = cutter.capitals_mean_names && is_part(before) && is_part(token);
        }
        for token in &mut found {
            token.epithets = cutter.epithets(token, phrase);
            phrase += 1;
        }
        let last = rest.get(rest.len() - behind.len() - 1).unwrap_or(word);
        if !matches!(last.gap, Gap::Blank | Gap::Nothing) || cutter.names_event(last) {
            phrase = 0;
        }
        tokens.append(&mut found);
        rest = behind;
        sentence = Some(word.sentence);
    }
    tokens
}

/// Whether a headline writes most of its words with a capital, so that a capital tells nothing.
pub(super) fn is_title_case(words: &Words) -> bool {
    let inside = words.words().windows(2).filter_map(|pair| match pair {
        [before, word] if before.sentence == word.sentence && word.end - word.start > 3 => {
            Some(word)
        }
        _ => None,
    });
    let inside: Vec<bool> = inside.map(|word| capitals(words.written(word)).0).collect();
    let capitalised = inside.iter().filter(|&&is_capital| is_capital).count();
    inside.len() >= 3 && capitalised * 10 >= inside.len() * 6
}

/// Whether the first character is a capital, and whether more are.
fn capitals(written: &str) -> (bool, bool) {
    let mut chars = written.chars();
    (
        chars.next().is_some_and(char::is_uppercase),
        chars.any(char::is_uppercase),
    )
}

struct Cutter<'w> {
    words: &'w Words,
    language: &'static str,
    capitals_mean_names: bool,
}

impl Cutter<'_> {
    fn token(&self, word: &Word, begins_sentence: bool) -> Token {
        let written = self.words.written(word);
        let folded = self.base_form(word);
        let (is_capital, has_more) = capitals(written);
        let is_name = is_capital && (has_more || self.capitals_mean_names && !begins_sentence);
        Token {
            word: stem(self.language, &folded),
            written: written.to_string(),
            is_name,
            is_function_word: vocabulary::is_function_word(self.language, &folded),
            kind: None,
            epithets: 0,
            goes_on: false,
        }
    }

    /// How many of the words in one phrase before a token may be its epithets: none of what is no name, as far as the
    /// capitals tell.
    fn epithets(&self, token: &Token, phrase: usize) -> usize {
        let is_lower = token.written.starts_with(char::is_lowercase);
        match self.capitals_mean_names && is_lower {
            true => 0,
            false => phrase.min(EPITHETS),
        }
    }

    fn names_event(&self, word: &Word) -> bool {
        vocabulary::names_event(self.words.folded(word))
    }

    /// The identifier that words begin with, as one token, and the words behind it: capitals, then parts joined by
    /// hyphens, of which numbers are more than a year (`CVE-2026-41207`, `DSA-5555-1`, but not `COVID-19`, `EXPO-2030`).
    fn identifier<'r>(&self, words: &'r [Word]) -> Option<(Token, &'r [Word])> {
        let hyphens = words
            .iter()
            .take_while(|word| word.gap == Gap::Hyphen)
            .count();
        let joined = words.get(..=hyphens)?;
        let digits = |word: &Word| {
            let folded = self.words.folded(word).chars();
            folded.filter(char::is_ascii_digit).count()
        };
        // In `CVE-2026-41207-like` the rest is another word.
        let last = joined.iter().rposition(|word| digits(word) > 0)?;
        let (parts, behind) = words.split_at_checked(last + 1)?;
        let (kind, numbers) = parts.split_first()?;
        let written = self.words.written(kind);
        let is_kind = written.chars().count() >= 2 && written.chars().all(char::is_uppercase);
        let is_year_alone = matches!(numbers, [only] if is_year(self.words.folded(only)));
        if !is_kind || is_year_alone || numbers.iter().map(digits).sum::<usize>() < MIN_DIGITS {
            return None;
        }
        let join = |part: fn(&Words, &Word) -> String| {
            let parts = parts.iter().map(|word| part(self.words, word));
            parts.collect::<Vec<_>>().join("-")
        };
        let token = Token {
            word: join(|words, word| words.folded(word).to_string()),
            written: join(|words, word| words.written(word).to_string()),
            is_name: true,
            is_function_word: false,
            kind: Some(self.words.folded(kind).to_string()),
            epithets: 0,
            goes_on: false,
        };
        Some((token, behind))
    }

    /// The form of a word without what grammar has hung on it: articles, possessives, particles.
    fn base_form(&self, word: &Word) -> String {
        let forms = self.words.forms(word).filter(|form| {
            matches!(
                form.rule,
                Rule::Written
                    | Rule::Possessive
                    | Rule::Turkish
                    | Rule::Elision
                    | Rule::Arabic
                    | Rule::Korean
            )
        });
        forms
            .min_by_key(|form| form.folded.len())
            .map_or_else(String::new, |form| form.folded.to_string())
    }

    /// A run of characters of a script without blanks as pairs of neighbours; a single one stands for itself.
    fn pairs(&self, run: &[Word]) -> Vec<Token> {
        let token = |characters: &[Word]| {
            let pair: String = characters
                .iter()
                .map(|word| self.words.folded(word))
                .collect();
            Token {
                word: pair.clone(),
                written: pair,
                is_name: false,
                is_function_word: false,
                kind: None,
                epithets: 0,
                goes_on: false,
            }
        };
        match run {
            [only] => vec![token(std::slice::from_ref(only))],
            many => many.windows(2).map(token).collect(),
        }
    }
}

/// An identifier has at least so many digits.
const MIN_DIGITS: usize = 4;

fn is_year(number: &str) -> bool {
    number
        .parse()
        .is_ok_and(|year: u32| (1900..2100).contains(&year))
}

fn stem(language: &str, folded: &str) -> String {
    let algorithm = STEMMERS.iter().find(|(known, _)| *known == language);
    let Some((_, algorithm)) = algorithm.filter(|_| folded.chars().all(char::is_alphabetic)) else {
        return folded.to_string();
    };
    let stem = Stemmer::create(*algorithm).stem(folded).into_owned();
    match meanings::same(language, &stem) {
        Some(same) => same.to_string(),
        None => stem,
    }
}

/// A title without the marks that agencies and publishers put round it, and what the former say.
pub(super) fn bare_title<'t>(telling: &'t Telling, frequencies: &Frequencies) -> (&'t str, Mark) {
    let (title, agency) = without_marks(&telling.title);
    let Some((bare, mark)) = mark_at_end(title) else {
        return (title, agency);
    };
    let is_learnt = mark_key(telling).is_some_and(|key| frequencies.of(&key) >= LEARNT);
    // A station puts its town behind its name: `KTVN Channel 2 - Reno`.
    let with_place = mark_at_end(bare).filter(|(_, mark)| names(mark, &telling.publisher));
    match with_place {
        Some((bare, _)) => (bare, agency),
        None if is_learnt || names(mark, &telling.publisher) => (bare, agency),
        None => (title, agency),
    }
}

/// What a publisher has put at the end of so many titles is its mark.
const LEARNT: u32 = 3;
const MAX_MARK_WORDS: usize = 5;
const SEPARATORS: [&str; 6] = [" - ", " | ", " – ", " — ", " » ", " · "];

/// Splits off what may be the name of the publisher: `Troops enter Mosul - BBC News`.
fn mark_at_end(title: &str) -> Option<(&str, &str)> {
    let splits = SEPARATORS
        .iter()
        .filter_map(|separator| title.rsplit_once(separator));
    let (bare, mark) = splits.min_by_key(|(_, mark)| mark.len())?;
    let words = mark.split_whitespace().count();
    ((1..=MAX_MARK_WORDS).contains(&words) && !bare.trim().is_empty())
        .then_some((bare.trim(), mark.trim()))
}

/// The key under which a publisher's mark is counted among the words; no word holds a line feed.
pub(super) fn mark_key(telling: &Telling) -> Option<String> {
    let (title, _) = without_marks(&telling.title);
    let (_, mark) = mark_at_end(title)?;
    Some(format!("{}\n{}", telling.publisher, fold(mark)))
}

/// Whether a mark names the publisher: `BBC News` and `bbc.co.uk`.
fn names(mark: &str, publisher: &str) -> bool {
    let letters =
        |text: &str| -> String { fold(text).chars().filter(|c| c.is_alphanumeric()).collect() };
    let label = letters(publisher.split('.').next().unwrap_or_default());
    let mark = letters(mark);
    label.len() >= 3 && mark.len() >= 3 && (mark.contains(&label) || label.contains(&mark))
}

/// A summary without an agency's dateline: `LONDON (Reuters) - `.
pub(super) fn bare_summary(summary: &str) -> &str {
    const DATELINE: usize = 60;
    let end = summary
        .char_indices()
        .nth(DATELINE)
        .map_or(summary.len(), |(at, _)| at);
    let head = summary.get(..end).unwrap_or_default();
    [") - ", ") -- ", ") – ", ") — "]
        .iter()
        .filter_map(|dash| summary.get(head.find(dash)? + dash.len()..))
        .next()
        .unwrap_or(summary)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::tests::telling;

    fn compared(text: &str, language: &'static str) -> Vec<String> {
        let tokens = tokens(&Words::of_text(text), language).into_iter();
        tokens
            .filter(|token| !token.is_function_word)
            .map(|token| token.word)
            .collect()
    }

    #[test]
    fn words_are_stems_without_what_grammar_adds() {
        assert_eq!(
            compared("The trials in Mosul’s villages", "en"),
            ["trial", "mosul", "villag"]
        );
        assert_eq!(compared("quakes", "en"), compared("earthquake", "en"));
        assert_eq!(compared("Nachtflüge in Alden", "de"), ["nachtflug", "ald"]);
        assert_eq!(compared("l’Irak", "fr"), ["irak"]);
    }

    #[test]
    fn identifiers_are_one_word_and_years_and_variants_are_none() {
        assert_eq!(
            compared("NSA-2031-007: Lumen flaw (CVE-2031-20417)", "en"),
            ["nsa-2031-007", "lumen", "flaw", "cve-2031-20417"]
        );
        assert_eq!(
            compared("CVE-2031-20417-like flaws", "en"),
            ["cve-2031-20417", "like", "flaw"]
        );
        assert_eq!(
            compared("EXPO-2030 on COVID-19", "en"),
            ["expo", "2030", "covid", "19"]
        );
        assert_eq!(compared("a 40-year-1000 x-2031", "en").len(), 5);
    }

    #[test]
    fn epithets_stand_in_one_phrase_before_what_may_be_a_name() {
        let epithets = |text: &str| {
            let tokens = tokens(&Words::of_text(text), "en");
            tokens.last().map(|last| last.epithets)
        };
        for (text, expected) in [
            ("Data of the hotel chain Marwick", 2),
            ("Data of Marwick", 2),
            ("Marwick", 0),
            ("Fund opposes the deal Helix-Corvane", 0),
            ("Fund opposes the deal: Corvane", 0),
            ("It is over. Corvane", 0),
            ("Flights cancelled as Typhoon Rosal", 0),
            ("Cracked rail seen after Alden derailment", 0),
            ("Cracked Rail Seen After Alden Derailment", 2),
        ] {
            assert_eq!(epithets(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_name_goes_on_over_words_with_capitals() {
        let parts = |text: &str| -> Vec<String> {
            let tokens = tokens(&Words::of_text(text), "en").into_iter();
            let parts = tokens.filter(|token| token.goes_on);
            parts.map(|token| token.written).collect()
        };
        assert_eq!(
            parts("Printers of the New Sundria Times walk out over late wages"),
            ["New", "Sundria"]
        );
        assert_eq!(parts("Deal of Helix, Corvane after Typhoon Rosal"), [""; 0]);
        assert_eq!(parts("Printers Of Sundria Times Walk Out"), [""; 0]);
    }

    #[test]
    fn scripts_without_blanks_are_compared_in_pairs() {
        assert_eq!(compared("摩苏尔 市", ""), ["摩苏", "苏尔", "市"]);
    }

    #[test]
    fn capitals_mean_names_only_where_not_every_word_has_one() {
        let names = |text: &str| {
            let tokens = tokens(&Words::of_text(text), "en").into_iter();
            tokens
                .filter(|token| token.is_name)
                .map(|token| token.written)
                .collect::<Vec<_>>()
        };
        assert_eq!(names("Troops enter Mosul. Iraqis cheer"), ["Mosul"]);
        assert_eq!(
            names("Iraqi Troops Enter Mosul Again As ISIS Flees"),
            ["ISIS"]
        );
    }

    #[test]
    fn marks_of_publishers_fall() {
        let bare = |title: &str, publisher: &str, frequencies: &Frequencies| {
            let mut telling = telling(1, 0, title, "");
            telling.publisher = publisher.to_string();
            bare_title(&telling, frequencies).0.to_string()
        };
        let none = Frequencies::default();
        assert_eq!(
            bare("Mosul falls - BBC News", "bbc.co.uk", &none),
            "Mosul falls"
        );
        assert_eq!(
            bare("Mosul falls - what next", "bbc.co.uk", &none),
            "Mosul falls - what next"
        );
        assert_eq!(
            bare("Mosul falls - KTVN Channel 2 - Reno ...", "ktvn.com", &none),
            "Mosul falls"
        );
        assert_eq!(
            bare("BBC News - Mosul falls - what next", "bbc.co.uk", &none),
            "BBC News - Mosul falls - what next"
        );
        let learnt = Frequencies::new(9, [("x.org\nthe daily".to_string(), 3)]);
        assert_eq!(
            bare("Mosul falls | The Daily", "x.org", &learnt),
            "Mosul falls"
        );
        assert_eq!(
            bare("Mosul falls | The Daily", "y.org", &learnt),
            "Mosul falls | The Daily"
        );
    }

    #[test]
    fn datelines_fall() {
        assert_eq!(
            bare_summary("LONDON (Reuters) - Mosul fell."),
            "Mosul fell."
        );
        assert_eq!(bare_summary("Mosul (city) fell."), "Mosul (city) fell.");
    }
}
