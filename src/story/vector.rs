//! Words of an item and their weights.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::story::Telling;
use crate::story::form::Form;
use crate::story::marks::Mark;
use crate::story::tokens::{self, Token};
use crate::text::fold::fold;
use crate::text::words::Words;

/// Words that stand in fewer items than this weigh as much as unseen ones, so they need not be kept.
pub const MIN_ITEMS: u32 = 3;

/// So much of the summary is compared, in characters; what follows is background.
pub const SUMMARY_LENGTH: usize = 400;
/// What a word of the summary weighs beside one of the title.
const SUMMARY_STRESS: f32 = 0.6;
/// What a name weighs beside another word.
const NAME_STRESS: f32 = 1.5;
/// Until some thousand items have been counted, words are taken to be as frequent as they are in many: a young store
/// counts as if it held this many items more, in this share of which each word stands.
const PRIOR_ITEMS: f32 = 4000.0;
const PRIOR_SHARE: f32 = 0.002;
/// However often an item says a word, it stresses it no more than this.
const MAX_STRESS: f32 = 2.0;
/// Below 1, so that the one rarest word of an item does not stand for all of it.
pub(super) const RARITY_POWER: f32 = 0.7;

/// In how many stored items each word stands: what makes a word rare, and a publisher's mark a mark.
///
/// Renewed from the store at each UTC midnight, when the open stories are restored with it, and otherwise left alone, so
/// that a restart groups as before. Words are opaque: stems, pairs of CJK characters, and marks of publishers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frequencies {
    items: u64,
    words: HashMap<String, u32>,
}

impl Frequencies {
    /// From what the store kept: the number of items, and for each word in how many of them it stands. Words below
    /// [`MIN_ITEMS`] may be left out.
    pub fn new(items: u64, words: impl IntoIterator<Item = (String, u32)>) -> Frequencies {
        let words = words.into_iter().filter(|(_, items)| *items >= MIN_ITEMS);
        Frequencies {
            items,
            words: words.collect(),
        }
    }

    /// Counts one item.
    pub fn count(&mut self, telling: &Telling) {
        self.items += 1;
        let words = features(telling, &Frequencies::default()).words;
        let mark = tokens::mark_key(telling);
        for word in words.into_iter().map(|word| word.word).chain(mark) {
            *self.words.entry(word).or_default() += 1;
        }
    }

    /// How many items were counted.
    pub fn items(&self) -> u64 {
        self.items
    }

    /// All words with the number of items they stand in, in no order.
    pub fn words(&self) -> impl Iterator<Item = (&str, u32)> {
        self.words
            .iter()
            .map(|(word, &items)| (word.as_str(), items))
    }

    /// In how many items a word, or the mark of a publisher, stands.
    pub(super) fn of(&self, word: &str) -> u32 {
        self.words.get(word).copied().unwrap_or(0)
    }

    /// How much a word tells: the logarithm of its rarity, from 0.
    pub(super) fn weight(&self, word: &str) -> f32 {
        let with = self.of(word).max(MIN_ITEMS - 1) as f32 + PRIOR_SHARE * PRIOR_ITEMS;
        let items = self.items as f32 + PRIOR_ITEMS;
        (items / with).ln().max(0.0).powf(RARITY_POWER)
    }
}

/// A word of an item.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Weighted {
    /// What is compared.
    pub(super) word: String,
    /// Its hash.
    pub(super) hash: u64,
    /// How it is written.
    pub(super) written: String,
    /// How much it weighs: its stress in the item times its rarity.
    pub(super) weight: f32,
}

/// What the rules compare of an item.
#[derive(Clone, Debug, Default)]
pub(super) struct Features {
    /// Each word once, in the order of the hashes.
    pub(super) words: Vec<Weighted>,
    /// Hashes of all words of title and summary as they stand there, and how many right before and behind each are its
    /// epithets or belong to the same name.
    pub(super) texts: [Vec<(u64, [usize; 2])>; 2],
    /// Hashes of the title's words, sorted, each once.
    pub(super) title: Box<[u32]>,
    /// Hash of the folded title without marks.
    pub(super) title_hash: u64,
    /// Hashes of pairs of neighbouring words of the summary, sorted, each once; empty if it is too short to compare.
    pub(super) pairs: Box<[u32]>,
    /// The identifiers in title and summary, sorted: hash of what they identify, hash of all.
    pub(super) identifiers: Box<[(u32, u32)]>,
    /// The title's words in their order.
    pub(super) form: Form,
    /// What an agency put before the title.
    pub(super) mark: Mark,
}

/// A summary of fewer words may equal another by chance.
const MIN_SUMMARY_WORDS: usize = 20;

/// Takes an item apart and weighs its words.
pub(super) fn features(telling: &Telling, frequencies: &Frequencies) -> Features {
    let (title, mark) = tokens::bare_title(telling, frequencies);
    let summary: String = telling.summary.chars().take(SUMMARY_LENGTH).collect();
    let title_text = Words::of_text(title);
    let summary_text = Words::of_text(tokens::bare_summary(&summary));
    let language = tokens::language_of(telling.lang.as_deref(), [&title_text, &summary_text]);
    let title_words = tokens::title_tokens(&title_text, language);
    let summary_words = tokens::tokens(&summary_text, language);
    let title_hashes: Vec<u64> = title_words.iter().map(|token| hash(&token.word)).collect();
    let summary_hashes: Vec<u64> = summary_words
        .iter()
        .map(|token| hash(&token.word))
        .collect();

    let texts = [&title_words, &summary_words].map(|tokens| {
        let words = tokens.iter();
        words
            .map(|token| {
                let around = [token.epithets, usize::from(token.goes_on)];
                (hash(&token.word), around)
            })
            .collect()
    });
    let identifiers = title_words
        .iter()
        .chain(&summary_words)
        .filter_map(|token| {
            let kind = token.kind.as_ref()?;
            Some((hash(kind) as u32, hash(&token.word) as u32))
        });
    let identifiers = sorted(identifiers);
    let pairs = summary_hashes.windows(2).map(|pair| hash(&pair) as u32);
    let is_long = summary_words.len() >= MIN_SUMMARY_WORDS;
    let pairs = if is_long {
        sorted(pairs)
    } else {
        Box::default()
    };
    let mut words: Vec<Weighted> = stressed(title_words, &title_hashes, 1.0).collect();
    words.extend(stressed(summary_words, &summary_hashes, SUMMARY_STRESS));
    Features {
        words: weighed(words, frequencies),
        title: sorted(title_hashes.iter().map(|&hash| hash as u32)),
        texts,
        title_hash: hash(&fold(title)),
        pairs,
        identifiers,
        form: Form::of(title),
        mark,
    }
}

/// [`Features::title_hash`] alone.
pub(super) fn title_hash(telling: &Telling, frequencies: &Frequencies) -> u64 {
    hash(&fold(tokens::bare_title(telling, frequencies).0))
}

/// The words of a text with their stress for a weight, function words left out.
fn stressed(tokens: Vec<Token>, hashes: &[u64], stress: f32) -> impl Iterator<Item = Weighted> {
    let words = tokens.into_iter().zip(hashes);
    let words = words.filter(|(token, _)| !token.is_function_word);
    words.map(move |(token, &hash)| Weighted {
        word: token.word,
        hash,
        written: token.written,
        weight: if token.is_name {
            stress * NAME_STRESS
        } else {
            stress
        },
    })
}

/// Each word once, in the order of the hashes, with its stresses summed up and weighed.
fn weighed(mut words: Vec<Weighted>, frequencies: &Frequencies) -> Vec<Weighted> {
    words.sort_by_key(|word| word.hash);
    words.dedup_by(|word, first| {
        let is_same = word.hash == first.hash;
        if is_same {
            first.weight += word.weight;
        }
        is_same
    });
    for word in &mut words {
        word.weight = word.weight.min(MAX_STRESS) * frequencies.weight(&word.word);
    }
    words
}

fn sorted<T: Ord>(hashes: impl Iterator<Item = T>) -> Box<[T]> {
    let mut hashes: Vec<T> = hashes.collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes.into_boxed_slice()
}

/// A hash that is the same in every run of one build of the program; it is never stored.
pub(super) fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// What two sets, sorted, share of what they hold together; 0 if one is empty.
pub(super) fn jaccard(one: &[u32], other: &[u32]) -> f32 {
    if one.is_empty() || other.is_empty() {
        return 0.0;
    }
    let both = one
        .iter()
        .filter(|hash| other.binary_search(hash).is_ok())
        .count();
    both as f32 / (one.len() + other.len() - both) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::tests::telling;

    #[test]
    fn rare_words_weigh_more_than_common_ones() {
        let counts = [
            ("iraq".to_string(), 900),
            ("mosul".to_string(), 30),
            ("once".to_string(), 1),
        ];
        let frequencies = Frequencies::new(10_000, counts);
        assert!(frequencies.weight("mosul") > frequencies.weight("iraq"));
        assert_eq!(frequencies.weight("once"), frequencies.weight("never"));
        assert!(frequencies.weight("once") > frequencies.weight("mosul"));
    }

    #[test]
    fn an_item_counts_each_of_its_words_once() {
        let mut frequencies = Frequencies::default();
        frequencies.count(&telling(
            1,
            0,
            "Mosul falls",
            "Mosul fell, and Mosul burns.",
        ));
        frequencies.count(&telling(2, 0, "Mosul again", ""));
        assert_eq!(frequencies.items(), 2);
        assert_eq!(frequencies.of("mosul"), 2);
    }

    #[test]
    fn counting_what_was_kept_changes_no_weight() {
        let mut counted = Frequencies::default();
        for at in 0..5 {
            counted.count(&telling(
                at,
                0,
                "Mosul falls",
                if at == 0 { "Rain" } else { "Troops" },
            ));
        }
        let kept = counted
            .words()
            .map(|(word, items)| (word.to_string(), items));
        let restored = Frequencies::new(counted.items(), kept);
        for (word, _) in counted.words() {
            assert_eq!(restored.weight(word), counted.weight(word), "{word}");
        }
    }

    #[test]
    fn titles_weigh_more_than_summaries_and_names_more_than_words() {
        let features = features(
            &telling(1, 0, "Troops enter Mosul today", "Villages near Raqqa"),
            &Frequencies::default(),
        );
        let weight = |word: &str| {
            features
                .words
                .iter()
                .find(|weighted| weighted.word == word)
                .map(|found| found.weight)
        };
        assert!(weight("mosul") > weight("troop").or(weight("soldier")));
        assert!(weight("enter") > weight("raqqa"));
        assert_eq!(weight("the"), None);
    }

    #[test]
    fn jaccard_is_the_shared_part() {
        assert_eq!(jaccard(&[1, 2, 3], &[2, 3, 4]), 0.5);
        assert_eq!(jaccard(&[], &[]), 0.0);
    }
}
