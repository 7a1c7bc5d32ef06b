//! What a feed showed at its last poll, as one compact value.
//!
//! It serves gaps, corrections of what has just left, and entries that have not changed: they are told from their hash
//! alone, without touching a row.

use crate::model::{ItemId, Timestamp};

/// The entries of a feed's last document, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The newest date of all entries.
    pub newest: Option<Timestamp>,
    /// Entries that could be identified.
    pub entries: Vec<Showing>,
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

    /// Eight bytes for the newest date, then 24 an entry, big-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let date = |date: Option<Timestamp>| date.map_or(i64::MIN, Timestamp::as_second);
        let mut bytes = Vec::with_capacity(8 + 24 * self.entries.len());
        bytes.extend(date(self.newest).to_be_bytes());
        for entry in &self.entries {
            for number in [entry.item.0, entry.raw, date(entry.date)] {
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
        while let (Some(item), Some(raw), Some(seconds)) =
            (numbers.next(), numbers.next(), numbers.next())
        {
            entries.push(Showing {
                item: ItemId(item),
                raw,
                date: date(seconds),
            });
        }
        Document { newest, entries }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_document_in_order_reaches_beyond_a_date() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let document = |dates: &[Option<i64>]| Document {
            newest: None,
            entries: dates
                .iter()
                .map(|date| Showing {
                    item: ItemId(1),
                    raw: 0,
                    date: date.map(at),
                })
                .collect(),
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
        let document = Document {
            newest: Some(Timestamp::UNIX_EPOCH),
            entries: vec![showing(1, -1), showing(2, i64::MAX)],
        };
        assert_eq!(Document::from_bytes(&document.to_bytes()), document);
        let empty = Document::default();
        assert_eq!(Document::from_bytes(&empty.to_bytes()), empty);
        assert_eq!(Document::from_bytes(b"torn"), empty);
    }
}
