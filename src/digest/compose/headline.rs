//! When a headline tells a reader nothing beside another of its story.

use std::collections::BTreeSet;

use crate::digest::clean::{columns, line};
use crate::digest::material::Candidate;
use crate::story::facts::facts;
use crate::text::fold::fold;
use crate::text::words::Words;

// From this share of common words on, two headlines are one that was touched up, as for copies in a story.
const ALIKE: f64 = 0.8;

/// A headline, ready to be compared.
pub(super) struct Headline {
    folded: String,
    /// Folded, in order.
    words: Vec<String>,
    vocabulary: BTreeSet<String>,
    /// Figures and negations.
    facts: BTreeSet<String>,
}

impl Headline {
    /// The headline of an article, or of one without the text that stands for it; `None`: it has neither.
    pub(super) fn of(candidate: &Candidate) -> Option<Headline> {
        let shown = &candidate.shown;
        let mut texts = [&shown.title, &shown.summary, &shown.content].into_iter();
        texts.find_map(|text| Headline::of_text(text))
    }

    /// A headline by its text; `None`: a reader would see nothing of it.
    pub(super) fn of_text(text: &str) -> Option<Headline> {
        let text = Some(line(text)).filter(|text| columns(text) > 0)?;
        let words = Words::of_text(&text);
        let folded_words = words.words().iter().map(|word| words.folded(word));
        let words: Vec<String> = folded_words.map(str::to_owned).collect();
        Some(Headline {
            folded: fold(&text),
            vocabulary: words.iter().cloned().collect(),
            words,
            facts: facts(&text),
        })
    }

    /// Whether a reader of this one would learn nothing from the other: it says the same, or this one quotes it whole.
    pub(super) fn covers(&self, other: &Headline) -> bool {
        let quotes = || {
            let length = other.words.len();
            length > 0 && self.words.windows(length).any(|run| run == other.words)
        };
        self.folded == other.folded
            || (self.facts == other.facts && (self.likeness(other) >= ALIKE || quotes()))
    }

    /// The share of their words that both have: 0 if none, 1 if all.
    pub(super) fn likeness(&self, other: &Headline) -> f64 {
        let shared = self.vocabulary.intersection(&other.vocabulary).count();
        let all = self.vocabulary.len() + other.vocabulary.len() - shared;
        if all == 0 {
            0.0
        } else {
            shared as f64 / all as f64
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(shown: &str, other: &str, expected: bool) {
        let headline = |text| Headline::of_text(text).expect("a headline");
        let covers = headline(shown).covers(&headline(other));
        assert_eq!(covers, expected, "{shown:?} beside {other:?}");
    }

    #[test]
    fn a_headline_that_was_touched_up_tells_nothing() {
        check("Fee agreed", "FEE AGREED!", true);
        check(
            "Six towns agree one pilotage fee for barges",
            "Six towns agree one pilotage fee for all barges",
            true,
        );
        check(
            "Quake near Pellan: 12 dead",
            "Quake near Pellan: 14 dead",
            false,
        );
        check("Towns agree one fee", "Barge owners go to court", false);
        check(
            "港のクレーン運転士、四日目に入る",
            "港のクレーン運転士、四日目に入る",
            true,
        );
    }

    #[test]
    fn a_headline_that_another_quotes_whole_tells_nothing() {
        check(
            "Crane drivers begin a fourth day of strike over pay",
            "Fourth day of strike",
            true,
        );
        check(
            "Fourth day of strike",
            "Crane drivers begin a fourth day of strike over pay",
            false,
        );
        // The same words in another order may say the contrary, as may a part without its denial.
        check(
            "Talks to end the strike fail",
            "Talks end the strike",
            false,
        );
        check(
            "No talks to end the strike",
            "Talks to end the strike",
            false,
        );
    }
}
