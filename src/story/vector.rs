//! Words of an item and their weights.

use std::collections::HashMap;

use crate::story::Telling;

/// In how many stored items each word stands: what makes a word rare, and a publisher's mark a mark.
///
/// Renewed from the store at each UTC midnight and otherwise left alone, so that a restart groups as before. Words are
/// opaque: stems, pairs of CJK characters, and marks of publishers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frequencies {
    items: u64,
    words: HashMap<String, u32>,
}

impl Frequencies {
    /// From what the store kept: the number of items, and for each word in how many of them it stands.
    pub fn new(items: u64, words: impl IntoIterator<Item = (String, u32)>) -> Frequencies {
        Frequencies {
            items,
            words: words.into_iter().collect(),
        }
    }

    /// Counts one item.
    pub fn count(&mut self, telling: &Telling) {
        let _ = telling;
        self.items += 1;
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
}
