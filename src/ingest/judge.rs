//! Which item each entry of a document is: the first table of [`crate::ingest`], line by line.

use std::collections::{HashMap, HashSet};

use jiff::SignedDuration;

use super::{Document, Known, KnownItem, Usable, What};
use crate::feed::FeedDocument;
use crate::identity::{Candidate, Marks, Pass, Text, shared_words};
use crate::model::{FeedState, ItemId, Timestamp};
use crate::text::fold::fold;

/// An item may still be corrected for this long after it left.
const CORRECTION: SignedDuration = SignedDuration::from_hours(48);

/// Finds the item of each entry, the surest ways first.
pub(super) struct Judge<'a> {
    previous: HashSet<ItemId>,
    /// What the document does not show may stand where it broke off.
    is_torn: bool,
    known: &'a Known,
    pass: &'a Pass,
    usable: Usable<'a>,
    now: Timestamp,
    leavers: Leavers<'a>,
    /// The known items that entries of this document are.
    claimed: HashSet<ItemId>,
    whats: Vec<Option<What>>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        feed: &FeedState,
        previous: &Document,
        document: &FeedDocument,
        pass: &'a Pass,
        known: &'a Known,
        now: Timestamp,
    ) -> Judge<'a> {
        Judge {
            previous: previous.items().collect(),
            is_torn: document.torn.is_some(),
            known,
            pass,
            usable: Usable::new(feed, known),
            now,
            leavers: Leavers::of(known),
            claimed: HashSet::new(),
            whats: vec![None; pass.candidates.len()],
        }
    }

    pub(super) fn settle(mut self) -> Vec<What> {
        self.settle_plain();
        // An entry that looks like the item it is named as goes first, so that no stranger under an old name of the
        // item can push it out.
        self.settle_by_name(Likeness::Alike);
        self.settle_by_name(Likeness::Any);
        self.settle_by_text();
        let nameless = |candidate: &Candidate| !self.is_named(candidate) && !has_text(candidate);
        self.whats
            .iter()
            .zip(&self.pass.candidates)
            .map(|(what, candidate)| match what {
                Some(what) => *what,
                None if nameless(candidate) => What::Nameless,
                None => What::New,
            })
            .collect()
    }

    fn settle_plain(&mut self) {
        for (index, candidate) in self.pass.candidates.iter().enumerate() {
            if let Some(first) = candidate.twin_of {
                self.whats[index] = Some(What::Twin(first));
            } else if let Some(item) = candidate.unchanged {
                self.claimed.insert(item);
                self.whats[index] = Some(What::Unchanged(item));
            }
        }
    }

    fn settle_by_name(&mut self, likeness: Likeness) {
        for (index, candidate, text) in self.open() {
            let link = text.keys.link.filter(|_| self.usable.link(candidate));
            let by_link = link.and_then(|key| self.owner(key));
            let by_guid = if self.usable.guid(candidate) {
                text.keys.guid.iter().find_map(|key| self.owner(*key))
            } else {
                None
            };
            let Some(item) = self.nearer(text, by_link, by_guid) else {
                continue;
            };
            let alike = self.title_share(text, item) >= 0.5;
            if likeness == Likeness::Alike && !alike {
                continue;
            }
            let is_taken = self.claimed.contains(&item);
            let is_stranger = is_taken && !alike;
            if is_stranger || self.is_reused(candidate, text, item, by_guid.is_some()) {
                self.whats[index] = Some(What::New);
            } else {
                self.claim(index, item);
            }
        }
    }

    fn settle_by_text(&mut self) {
        let open: Vec<_> = self
            .open()
            .into_iter()
            .map(|(index, candidate, text)| (index, candidate, text, marks_of(candidate, text)))
            .collect();
        let series = Series::of(open.iter().map(|(_, _, _, marks)| marks), self);
        for (index, candidate, text, marks) in &open {
            let text_alone = text.keys.text.filter(|_| !self.is_named(candidate));
            let item = self
                .free_owner(&text.keys.title_and_date)
                .or_else(|| {
                    // A dated text that recurs, such as "we are investigating", is a new report.
                    self.free_owner(text_alone.as_slice()).filter(|item| {
                        let is_the_same = || !self.is_next(candidate, *item);
                        candidate.date.is_none()
                            || (series.in_bulk && self.is_gone(*item))
                            || (self.has_just_left(*item) && is_the_same())
                    })
                })
                .or_else(|| {
                    let key = marks.minute_and_teaser.as_ref()?;
                    self.free(self.leavers.by_teaser.get(key)?, |item| {
                        self.has_just_left(item)
                    })
                })
                .or_else(|| {
                    self.republished(marks).filter(|item| {
                        series.in_bulk
                            || (self.has_just_left(*item)
                                && self.is_correction(candidate, marks, &series, *item))
                    })
                });
            if let Some(item) = item {
                self.claim(*index, item);
            }
        }
    }

    /// The entries that are not settled, with their index.
    fn open(&self) -> Vec<(usize, &'a Candidate, &'a Text)> {
        self.pass
            .candidates
            .iter()
            .enumerate()
            .filter(|(index, _)| self.whats[*index].is_none())
            .filter_map(|(index, candidate)| Some((index, candidate, candidate.text.as_ref()?)))
            .collect()
    }

    fn claim(&mut self, index: usize, item: ItemId) {
        let what = if self.claimed.insert(item) {
            What::Known(item)
        } else {
            What::Again(item)
        };
        self.whats[index] = Some(what);
    }

    fn owner(&self, key: i64) -> Option<ItemId> {
        self.known.keys.get(&key).copied().flatten()
    }

    fn free_owner(&self, keys: &[i64]) -> Option<ItemId> {
        keys.iter()
            .filter_map(|key| self.owner(*key))
            .find(|item| !self.claimed.contains(item))
    }

    /// The first of these that is such and not settled otherwise.
    fn free(&self, items: &[ItemId], is_such: impl Fn(ItemId) -> bool) -> Option<ItemId> {
        items
            .iter()
            .copied()
            .find(|item| !self.claimed.contains(item) && is_such(*item))
    }

    fn republished(&self, marks: &Marks) -> Option<ItemId> {
        let key = marks.title_and_opening.as_ref()?;
        self.free(self.leavers.by_title.get(key)?, |item| self.is_gone(item))
    }

    fn is_named(&self, candidate: &Candidate) -> bool {
        self.usable.guid(candidate) || self.usable.link(candidate)
    }

    /// Where link and guid are names of two items, the one with the more similar title; the link decides a tie.
    fn nearer(
        &self,
        text: &Text,
        by_link: Option<ItemId>,
        by_guid: Option<ItemId>,
    ) -> Option<ItemId> {
        match (by_link, by_guid) {
            (Some(link), Some(guid))
                if self.title_share(text, guid) > self.title_share(text, link) =>
            {
                Some(guid)
            }
            _ => by_link.or(by_guid),
        }
    }

    fn title_share(&self, text: &Text, item: ItemId) -> f64 {
        // An item whose text is gone is compared with nothing.
        self.known
            .items
            .get(&item)
            .map_or(1.0, |item| shared_words(&fold(&item.title), &text.title))
    }

    /// Whether a known name stands for something else by now.
    fn is_reused(
        &self,
        candidate: &Candidate,
        text: &Text,
        item: ItemId,
        guid_is_known: bool,
    ) -> bool {
        let (Some(date), Some(before)) = (candidate.date, self.known.items.get(&item)) else {
            return false;
        };
        // An aggregator that gives another headline to a known link shows the same article.
        let contradicts = !guid_is_known && before.seen_here && self.usable.guid(candidate);
        let least = if contradicts {
            SignedDuration::from_hours(1)
        } else {
            SignedDuration::from_hours(24)
        };
        date.duration_since(before.date) > least && is_another_text(before, text)
    }

    /// Gone from the document only now, or from all feeds for less than two days.
    fn has_just_left(&self, item: ItemId) -> bool {
        let is_cut_off = self.is_torn && self.previous.contains(&item);
        !is_cut_off && self.is_gone(item)
    }

    /// Has just left, or may have been cut off.
    fn is_gone(&self, item: ItemId) -> bool {
        self.known.items.get(&item).is_some_and(|known| {
            let lately = self.now.duration_since(known.last_seen) <= CORRECTION;
            !known.shown_elsewhere && (lately || self.previous.contains(&item))
        })
    }

    /// Whether an entry with the title and teaser of an item that has left is that item, published once more, rather
    /// than the next of a series ("Morning briefing: five things to know today").
    fn is_correction(
        &self,
        candidate: &Candidate,
        marks: &Marks,
        series: &Series<'_>,
        item: ItemId,
    ) -> bool {
        if !marks.is_full() || self.is_next(candidate, item) {
            return false;
        }
        // A feed of one entry loses the last of a series whenever the next appears.
        let is_series = self.pass.candidates.len() == 1 || series.recurs(marks);
        !self.is_named(candidate) || !is_series
    }

    /// Whether the entry is dated about a day after the item: the next of a daily series.
    fn is_next(&self, candidate: &Candidate, item: ItemId) -> bool {
        match (candidate.date, self.known.items.get(&item)) {
            (Some(date), Some(before)) => {
                date.duration_since(before.date) >= SignedDuration::from_hours(20)
            }
            _ => false,
        }
    }
}

/// What may have left, by its marks.
struct Leavers<'a> {
    by_title: HashMap<&'a (String, String), Vec<ItemId>>,
    by_teaser: HashMap<&'a (i64, String), Vec<ItemId>>,
}

impl<'a> Leavers<'a> {
    fn of(known: &'a Known) -> Leavers<'a> {
        let mut leavers = Leavers {
            by_title: HashMap::new(),
            by_teaser: HashMap::new(),
        };
        for (item, marks) in &known.left {
            if let Some(key) = &marks.title_and_opening {
                leavers.by_title.entry(key).or_default().push(*item);
            }
            if let Some(key) = &marks.minute_and_teaser {
                leavers.by_teaser.entry(key).or_default().push(*item);
            }
        }
        leavers
    }
}

/// What the unsettled entries of a document say together.
struct Series<'a> {
    counts: HashMap<&'a (String, String), usize>,
    /// What has left comes back in numbers, as after a move to another publishing system.
    in_bulk: bool,
}

impl<'a> Series<'a> {
    fn of(open: impl Iterator<Item = &'a Marks>, judge: &Judge<'_>) -> Series<'a> {
        let (mut entries, mut counts, mut returned) = (0, HashMap::new(), HashSet::new());
        for marks in open {
            entries += 1;
            if let Some(key) = &marks.title_and_opening {
                *counts.entry(key).or_insert(0) += 1;
            }
            returned.extend(judge.republished(marks));
        }
        Series {
            counts,
            in_bulk: returned.len() >= 3 && returned.len() * 2 >= entries,
        }
    }

    /// Whether several entries bear these marks.
    fn recurs(&self, marks: &Marks) -> bool {
        marks
            .title_and_opening
            .as_ref()
            .and_then(|key| self.counts.get(key))
            .is_some_and(|count| *count > 1)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Likeness {
    Alike,
    Any,
}

fn marks_of(candidate: &Candidate, text: &Text) -> Marks {
    Marks::of(&text.title, &text.teaser, candidate.declared)
}

fn has_text(candidate: &Candidate) -> bool {
    candidate
        .text
        .as_ref()
        .is_some_and(|text| text.keys.text.is_some())
}

fn is_another_text(before: &KnownItem, text: &Text) -> bool {
    let summaries = (fold(&before.summary), fold(&text.shown.summary));
    let same_teaser = !summaries.0.is_empty()
        && !summaries.1.is_empty()
        && shared_words(&summaries.0, &summaries.1) >= 0.5;
    !same_teaser && shared_words(&fold(&before.title), &text.title) < 0.3
}
