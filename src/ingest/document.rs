//! What a feed showed at its last poll, as one compact value.
//!
//! It serves gaps, corrections of what has just left, and entries that have not changed: they are told from their hash
//! alone, without touching a row.

use std::collections::{BTreeSet, HashSet};

use super::What;
use crate::feed::FeedDocument;
use crate::identity::Pass;
use crate::model::{ItemId, Timestamp};

/// The entries of a feed's last document, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The newest date of all entries.
    pub newest: Option<Timestamp>,
    /// Entries that could be identified; behind those of a torn document what it may have cut off.
    pub entries: Vec<Showing>,
    /// What a gap is judged against, where that is not this document.
    pub landmark: Option<Landmark>,
    /// When the first document came, as long as none has come whole.
    pub torn_since: Option<Timestamp>,
}

/// The last document from which a feed can be expected to go on: it had several entries, and was not cut after the first
/// of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landmark {
    /// The last poll before another document came.
    pub shown_at: Timestamp,
    /// What it showed, each once.
    pub items: BTreeSet<ItemId>,
}

/// One entry of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Showing {
    /// Which item it was.
    pub item: ItemId,
    /// Hash of all that the feed wrote in it.
    pub raw: i64,
    /// When it said it was published, unless that was missing or absurd.
    pub date: Option<Timestamp>,
}

impl Document {
    /// What `document` shows, of which each entry is one of `items`. It came after `previous`, which was last shown at
    /// `last_shown`; `None` if there was none.
    pub fn after(
        previous: &Document,
        last_shown: Option<Timestamp>,
        document: &FeedDocument,
        pass: &Pass,
        items: &[Option<ItemId>],
        now: Timestamp,
    ) -> Document {
        let shown = pass.candidates.iter().zip(items);
        let mut entries: Vec<Showing> = shown
            .filter_map(|(candidate, item)| {
                Some(Showing {
                    item: (*item)?,
                    raw: candidate.raw,
                    date: candidate.declared,
                })
            })
            .collect();
        let present: HashSet<ItemId> = entries.iter().map(|entry| entry.item).collect();
        let landmark = previous
            .landmark_at(last_shown)
            .filter(|landmark| !landmark.is_followed_by(document, present.len()));
        if document.torn.is_some() {
            // What it broke off before has not left the feed. The feed shows no more entries than it did, so that the last
            // ones go as new ones come, also from one that never comes whole.
            let rest = previous.entries.len().saturating_sub(entries.len());
            let is_cut_off = |entry: &&Showing| !present.contains(&entry.item);
            entries.extend(previous.entries.iter().filter(is_cut_off).take(rest));
        }
        let newest = pass
            .candidates
            .iter()
            .filter_map(|candidate| candidate.date)
            .max();
        Document {
            newest: newest.max(previous.newest),
            entries,
            landmark,
            torn_since: document.torn.as_ref().and(match last_shown {
                None => previous.torn_since.or(Some(now)),
                Some(_) => previous.torn_since,
            }),
        }
    }

    /// What a gap behind it is judged against, if `last_shown` is the last poll that showed it.
    pub fn landmark_at(&self, last_shown: Option<Timestamp>) -> Option<Landmark> {
        let own = || {
            let items: BTreeSet<ItemId> = self.items().collect();
            let shown_at = last_shown.filter(|_| items.len() > 1)?;
            Some(Landmark { shown_at, items })
        };
        self.landmark.clone().or_else(own)
    }

    /// The items it showed; one that it showed twice comes twice.
    pub fn items(&self) -> impl Iterator<Item = ItemId> {
        self.entries.iter().map(|entry| entry.item)
    }

    /// The date that a quarter of its dated entries are older than. One entry that is pinned for years moves it little.
    pub fn lower_quartile(&self) -> Option<Timestamp> {
        let mut dates: Vec<Timestamp> =
            self.entries.iter().filter_map(|entry| entry.date).collect();
        dates.sort_unstable();
        dates.get(dates.len() / 4).copied()
    }

    /// Whether an entry of this date would stand before its end: all entries are dated, the newest first, and the last
    /// is older. A feed in another order drops entries from anywhere, and its end tells nothing.
    pub fn reaches_beyond(&self, date: Timestamp) -> bool {
        let dates: Option<Vec<Timestamp>> = self.entries.iter().map(|entry| entry.date).collect();
        dates.is_some_and(|dates| {
            dates.is_sorted_by(|newer, older| newer >= older)
                && dates.last().is_some_and(|last| *last < date)
        })
    }

    /// Eight bytes for the newest date, then 24 an entry, big-endian. Two numbers that are no item may stand in the place of
    /// one, a time behind each: that since when it is torn, and last that of the landmark, before its items.
    pub fn to_bytes(&self) -> Vec<u8> {
        let date = |date: Option<Timestamp>| date.map_or(i64::MIN, Timestamp::as_second);
        let mut bytes = Vec::with_capacity(8 + 24 * self.entries.len());
        bytes.extend(date(self.newest).to_be_bytes());
        for entry in &self.entries {
            for number in [entry.item.0, entry.raw, date(entry.date)] {
                bytes.extend(number.to_be_bytes());
            }
        }
        if let Some(since) = self.torn_since {
            for number in [TORN_SINCE, since.as_second()] {
                bytes.extend(number.to_be_bytes());
            }
        }
        if let Some(Landmark { shown_at, items }) = &self.landmark {
            let items = items.iter().map(|item| item.0);
            for number in [LANDMARK, shown_at.as_second()].into_iter().chain(items) {
                bytes.extend(number.to_be_bytes());
            }
        }
        bytes
    }

    /// Reads what `to_bytes` wrote; of anything else what can be read.
    pub fn from_bytes(bytes: &[u8]) -> Document {
        let mut numbers = bytes
            .chunks_exact(8)
            .filter_map(|chunk| chunk.try_into().ok())
            .map(i64::from_be_bytes);
        let date = |seconds| Timestamp::from_second(seconds).ok();
        let newest = numbers.next().and_then(date);
        let mut entries = Vec::with_capacity(bytes.len() / 24);
        let (mut landmark, mut torn_since) = (None, None);
        while let (Some(item), Some(number)) = (numbers.next(), numbers.next()) {
            match item {
                TORN_SINCE => torn_since = date(number),
                LANDMARK => {
                    landmark = date(number).map(|shown_at| Landmark {
                        shown_at,
                        items: numbers.by_ref().map(ItemId).collect(),
                    });
                }
                item => entries.extend(numbers.next().map(|seconds| Showing {
                    item: ItemId(item),
                    raw: number,
                    date: date(seconds),
                })),
            }
        }
        Document {
            newest,
            entries,
            landmark,
            torn_since,
        }
    }
}

impl Landmark {
    /// Whether it showed this entry.
    pub(super) fn has(&self, what: &What) -> bool {
        what.item().is_some_and(|item| self.items.contains(&item))
    }

    /// Whether a document of so many items takes its place, so that it shows whether the feed went on. One of a single item
    /// means nothing by showing another, and a torn one shows no more than its first entries; but one that never comes
    /// whole has as many each time.
    pub fn is_followed_by(&self, document: &FeedDocument, items: usize) -> bool {
        items > 1 && (document.torn.is_none() || items >= self.items.len())
    }
}

/// Stands before the landmark, in the place of an item.
const LANDMARK: i64 = 0;

/// Stands before the time since when the feed is torn, in the place of an item.
const TORN_SINCE: i64 = -1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_document_in_order_reaches_beyond_a_date() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let document = |dates: &[Option<i64>]| Document {
            entries: dates
                .iter()
                .map(|date| Showing {
                    item: ItemId(1),
                    raw: 0,
                    date: date.map(at),
                })
                .collect(),
            ..Document::default()
        };
        assert!(document(&[Some(9), Some(9), Some(3)]).reaches_beyond(at(5)));
        assert!(!document(&[Some(9), Some(5)]).reaches_beyond(at(5)));
        assert!(!document(&[Some(3), Some(9), Some(2)]).reaches_beyond(at(5)));
        assert!(!document(&[Some(9), None, Some(2)]).reaches_beyond(at(5)));
        assert!(!document(&[]).reaches_beyond(at(5)));
    }

    #[test]
    fn a_document_survives_its_bytes() {
        let showing = |item, raw| Showing {
            item: ItemId(item),
            raw,
            date: Timestamp::from_second(item).ok(),
        };
        let landmark = |items: &[i64]| Landmark {
            shown_at: Timestamp::UNIX_EPOCH,
            items: items.iter().copied().map(ItemId).collect(),
        };
        for entries in [Vec::new(), vec![showing(1, -1), showing(2, i64::MAX)]] {
            for landmark in [None, Some(landmark(&[])), Some(landmark(&[1, 3, 4]))] {
                for torn_since in [None, Timestamp::from_second(7).ok()] {
                    let document = Document {
                        newest: Some(Timestamp::UNIX_EPOCH),
                        entries: entries.clone(),
                        landmark: landmark.clone(),
                        torn_since,
                    };
                    assert_eq!(Document::from_bytes(&document.to_bytes()), document);
                }
            }
        }
        let empty = Document::default();
        assert_eq!(Document::from_bytes(&empty.to_bytes()), empty);
        assert_eq!(Document::from_bytes(b"torn"), empty);
    }
}
