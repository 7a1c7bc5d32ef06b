//! A member of a story, and how alike it is to an item.

use crate::model::{ItemId, StoryId};
use crate::story::form::Form;

/// A member of a story, as small as it can be compared.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) item: ItemId,
    /// Seconds since 1970.
    pub(super) at: i64,
    pub(super) story: StoryId,
    /// Hash of who tells it.
    pub(super) publisher: u32,
    pub(super) title_hash: u64,
    pub(super) title: Box<[u32]>,
    /// The title's words in their order; empty if nobody is known to tell it.
    pub(super) form: Form,
    /// Hash of the figures and negations of its title.
    pub(super) facts: u64,
    pub(super) pairs: Box<[u32]>,
    /// Hash of the language; 0: unknown.
    pub(super) language: u32,
    /// See [`Features::identifiers`](crate::story::vector::Features::identifiers).
    pub(super) identifiers: Box<[(u32, u32)]>,
    /// Numbers of its words, ascending.
    pub(super) words: Box<[u32]>,
    /// Weights of the same words; their squares sum up to `ONE` squared. Whole numbers, so that sums do not depend on
    /// the order in which they are taken, and a restart groups as before.
    pub(super) weights: Box<[u16]>,
}

/// The length of a member's weights.
pub(super) const ONE: f32 = 32_768.0;

/// An item that has just come.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    /// What will be a member.
    pub(super) member: Member,
    /// The epithets of each of its words, each once.
    pub(super) epithets: Vec<Vec<u32>>,
    /// How much each of its words tells besides its weight, up to `ONE`: little if many members hold it.
    pub(super) tells: Vec<u32>,
}

impl Fresh {
    /// The weight of one of its words, as far as it tells something among the members.
    pub(super) fn told(&self, at: usize) -> u64 {
        u64::from(self.member.weights[at]) * u64::from(self.tells[at]) / ONE as u64
    }
}

/// How alike two members are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Likeness {
    /// The cosine of their words: 0 nothing shared, 1 equal.
    pub(super) whole: f32,
    /// The same without the strongest shared word and its epithets.
    pub(super) besides: f32,
}

impl Member {
    /// Its words and weights, as a story of it alone would have them.
    pub(super) fn sums(&self) -> impl ExactSizeIterator<Item = (u32, u32)> {
        let weights = self.weights.iter().map(|&weight| u32::from(weight));
        self.words.iter().copied().zip(weights)
    }

    /// Whether one outlet tells both in one form with other names.
    pub(super) fn is_bulletin_beside(&self, other: &Member) -> bool {
        self.publisher == other.publisher && self.form.has_other_names(&other.form)
    }

    /// Whether both identify the same (`CVE-2026-41207`).
    pub(super) fn identifies_what(&self, other: &Member) -> bool {
        let mut identifiers = self.identifiers.iter();
        identifiers.any(|identifier| other.identifiers.contains(identifier))
    }

    /// How alike it is to an item that has just come.
    pub(super) fn likeness(&self, fresh: &Fresh) -> Likeness {
        let (mut whole, mut strongest, mut strongest_at) = (0u64, 0u64, 0);
        let product =
            |theirs: usize, mine: usize| fresh.told(theirs) * u64::from(self.weights[mine]);
        each_shared(
            &fresh.member.words,
            &self.words,
            |word| *word,
            |theirs, mine| {
                let product = product(theirs, mine);
                whole += product;
                if product > strongest {
                    (strongest, strongest_at) = (product, theirs);
                }
            },
        );
        let epithets = fresh
            .epithets
            .get(strongest_at)
            .map_or(&[][..], |epithets| epithets);
        let epithets = epithets
            .iter()
            .filter(|&&word| fresh.member.words.get(strongest_at) != Some(&word));
        let named: u64 = epithets
            .filter_map(|word| {
                let theirs = fresh.member.words.binary_search(word).ok()?;
                let mine = self.words.binary_search(word).ok()?;
                Some(product(theirs, mine))
            })
            .sum();
        let part = |product: u64| product as f32 / (ONE * ONE);
        Likeness {
            whole: part(whole),
            besides: part(whole.saturating_sub(strongest + named)),
        }
    }
}

/// Calls with the places of each word that both hold.
pub(super) fn each_shared<T>(
    one: &[T],
    other: &[T],
    word: impl Fn(&T) -> u32,
    mut shared: impl FnMut(usize, usize),
) {
    let (mut i, mut j) = (0, 0);
    while let (Some(left), Some(right)) = (one.get(i), other.get(j)) {
        match word(left).cmp(&word(right)) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                shared(i, j);
                i += 1;
                j += 1;
            }
        }
    }
}
