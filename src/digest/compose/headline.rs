//! When two headlines of one story say the same.

use std::collections::BTreeSet;

use crate::digest::material::Candidate;
use crate::story::facts::facts;
use crate::text::fold::fold;
use crate::text::words::Words;

// From this share of common words on, two headlines are one that was touched up, as for copies in a story.
const ALIKE: f64 = 0.8;

/// A headline, ready to be compared.
pub(super) struct Headline {
    folded: String,
    words: BTreeSet<String>,
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

    /// A headline by its text; `None`: it is blank.
    pub(super) fn of_text(text: &str) -> Option<Headline> {
        let folded = Some(fold(text)).filter(|folded| !folded.is_empty())?;
        let words = Words::of_text(text);
        let folded_words = words
            .words()
            .iter()
            .map(|word| words.folded(word).to_owned());
        Some(Headline {
            folded,
            words: folded_words.collect(),
            facts: facts(text),
        })
    }

    /// Whether a reader of one would learn nothing from the other.
    pub(super) fn is_like(&self, other: &Headline) -> bool {
        let shared = self.words.intersection(&other.words).count();
        let all = self.words.len() + other.words.len() - shared;
        let is_alike = all > 0 && shared as f64 >= ALIKE * all as f64;
        self.folded == other.folded || (is_alike && self.facts == other.facts)
    }
}
