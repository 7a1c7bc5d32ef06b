//! What one fetch changes: new, changed, known, backfill, late, gap. The one decision per fetch.
//!
//! Missing is worse than repeating. For each entry the first line that applies decides which item it is; the letters are
//! the keys of [`crate::identity`].
//!
//! | line | the entry | is | the case that taught it |
//! | --- | --- | --- | --- |
//! | written twice | is like an earlier one of this document | that one | an article listed in two sections of one feed |
//! | unchanged | is written just like one in the last document | its item | every poll of a feed that has not moved |
//! | L | has a known link | its item: a new guid is a new spelling | guids drawn afresh at each fetch, `http` to `https`, tracking |
//! | L reused | the same, but a believed guid is unknown, the text is another and it is over 1 h newer | new | a live page that gets a new subject |
//! | G | has a known guid | its item: the slug changed | addresses that follow the headline |
//! | G reused | has a known guid or link, but the text is another and it is over 24 h newer | new | guids counted from 1 again, one page for all entries |
//! | T | has a known title and minute | its item, unless another entry here is it | a change of the publishing system, random guids without links |
//! | 0 | has neither guid nor link, but a known text | its item, likewise | status pages |
//! | D | has the minute and the teaser of an item that has just left | its item, corrected, likewise | headline and slug rewritten together |
//! | S | has the title and the teaser of an item that has just left | its item, corrected, likewise | published once more under a new address and date |
//! | else | | new | |
//!
//! "Another entry here is it": two entries of one document that differ in guid and link are two items, whatever else
//! they share; flood warnings for two counties bear one title and one minute. The text is another when the titles share
//! under 0.3 of their words and the teasers under half.
//!
//! What is seen for the first time in this feed then gets its origin, again by the first line that applies:
//!
//! | line | applies when | origin | the case that taught it |
//! | --- | --- | --- | --- |
//! | first poll | the feed was never read | backfill | nobody wants the archive of a new feed by mail |
//! | replaced | nothing of the last document is left, and most is older than the last poll, or title and page changed | replaced | a domain sold; a feed re-purposed |
//! | slid in | it is two days older than the last poll, stands below the last known entry and is no newer | late | a window that grew, or a gap that a deletion opened |
//! | re-published | it is two days older than the last poll and than most that the feed showed, and so are at least 4 others and most of what is new | late | 500 old items after a purge |
//! | else | | new | |
//!
//! An entry newer than all that the feed had shown is never late and does not count as a sign of a replaced feed, and
//! neither do those of a feed that usually publishes with old dates: a journal dates its articles by the printed issue.

use std::collections::{HashMap, HashSet};

use jiff::SignedDuration;

use crate::feed::FeedDocument;
use crate::identity::{Candidate, Marks, Pass, Text, shared_words};
use crate::model::{Dated, FeedState, ItemId, Origin, Timestamp};
use crate::text::fold::fold;

mod document;
mod origin;

pub use document::{Document, Showing};
use origin::Origins;

/// What the store knows of the items that this document may show again.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The owner of each key that is known; `None` for a mark that a guid or link is shared in this feed.
    pub keys: HashMap<i64, Option<ItemId>>,
    /// The owners that are still stored.
    pub items: HashMap<ItemId, KnownItem>,
    /// Of `items`, those that may have left this feed with this poll, or did lately, each with its marks.
    pub left: Vec<(ItemId, Marks)>,
    /// Whether most of the last items of this feed were dated two days before they were first seen.
    pub usually_late: bool,
}

/// What is known of an item.
#[derive(Clone, Debug)]
pub struct KnownItem {
    /// As written by the feed that was first.
    pub guid: Option<String>,
    /// The same.
    pub link: Option<String>,
    /// Of the item.
    pub date: Timestamp,
    /// Where `date` came from.
    pub dated: Dated,
    /// When a poll last wrote that it is shown.
    pub last_seen: Timestamp,
    /// As this feed showed it, else as the first feed did.
    pub title: String,
    /// The same of the summary.
    pub summary: String,
    /// The same of the first 2,000 characters of the content.
    pub content_start: String,
    /// Whether this feed has shown it.
    pub seen_here: bool,
    /// Whether another declared feed still shows it.
    pub shown_elsewhere: bool,
    /// Whether this feed was the first to show it.
    pub is_first_here: bool,
    /// Whether any feed showed it other than in its first poll.
    pub was_mailable: bool,
}

/// The decision on one document.
#[derive(Clone, Debug)]
pub struct Intake {
    /// One for each entry, in document order.
    pub verdicts: Vec<Verdict>,
    /// Nothing of the last document is left, so that items between may be lost.
    pub gap: bool,
    /// Another feed has taken the place of this one.
    pub replaced: bool,
    /// Known entries whose guid could be compared.
    pub guids_compared: u32,
    /// Of those, how many had changed.
    pub guids_changed: u32,
}

/// The decision on one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Which item it is.
    pub what: What,
    /// How the item comes to this feed, if this feed has not shown it before.
    pub origin: Origin,
    /// Whether its guid names it: present, not shared, and believed of this feed.
    pub guid_counts: bool,
    /// Whether its link names it: present and not shared.
    pub link_counts: bool,
}

/// Which item an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It says nothing by which it could be known again.
    Nameless,
    /// The entry at this index of the document, once more.
    Twin(usize),
    /// As it was in the last document.
    Unchanged(ItemId),
    /// A known item.
    Known(ItemId),
    /// The known item that an earlier entry of this document is.
    Again(ItemId),
    /// An item not seen before.
    New,
}

impl What {
    /// The item, if it is known.
    pub fn item(self) -> Option<ItemId> {
        match self {
            What::Unchanged(item) | What::Known(item) | What::Again(item) => Some(item),
            What::Nameless | What::Twin(_) | What::New => None,
        }
    }
}

/// Whether the guids of a feed are believed. A feed that draws them afresh shows only changed ones in poll after poll;
/// one move of its publishing system changes them all once, which must not be enough.
pub fn guids_are_believed(feed: &FeedState) -> bool {
    feed.guids < 12 || feed.guids_volatile * 2 <= feed.guids
}

/// The counters after a poll in which `changed` of `compared` guids had changed. One poll weighs at most 8, and the past
/// fades, so that the feed can win back its name.
pub fn count_guids(feed: &mut FeedState, compared: u32, changed: u32) {
    const WEIGHT: u32 = 8;
    let (compared, changed) = if compared > WEIGHT {
        let scaled = (u64::from(changed) * u64::from(WEIGHT)).div_ceil(u64::from(compared));
        (WEIGHT, u32::try_from(scaled).unwrap_or(WEIGHT))
    } else {
        (compared, changed)
    };
    feed.guids += compared;
    feed.guids_volatile += changed;
    if feed.guids > 64 {
        feed.guids /= 2;
        feed.guids_volatile /= 2;
    }
}

/// Decides what one fetch changes. `feed` is its state before this poll, `previous` what it showed then.
pub fn decide(
    feed: &FeedState,
    previous: &Document,
    document: &FeedDocument,
    pass: &Pass,
    known: &Known,
    now: Timestamp,
) -> Intake {
    let judge = Judge::new(feed, previous, pass, known, now);
    let whats = judge.settle();
    let origins = Origins::read(feed, previous, document, pass, known, &whats);
    let mut intake = Intake {
        verdicts: Vec::with_capacity(whats.len()),
        gap: origins.gap,
        replaced: origins.replaced,
        guids_compared: 0,
        guids_changed: 0,
    };
    let usable = Usable::new(feed, known);
    for (index, (candidate, what)) in pass.candidates.iter().zip(whats).enumerate() {
        if let Some(changed) = guid_changed(candidate, what, known, usable.believes_guids) {
            intake.guids_compared += 1;
            intake.guids_changed += u32::from(changed);
        }
        intake.verdicts.push(Verdict {
            what,
            origin: origins.of(index, candidate),
            guid_counts: usable.guid(candidate),
            link_counts: usable.link(candidate),
        });
    }
    intake
}

/// Which names of entries count in this feed.
#[derive(Clone, Copy)]
struct Usable<'a> {
    known: &'a Known,
    believes_guids: bool,
}

impl Usable<'_> {
    fn new<'a>(feed: &FeedState, known: &'a Known) -> Usable<'a> {
        Usable {
            known,
            believes_guids: guids_are_believed(feed),
        }
    }

    fn guid(&self, candidate: &Candidate) -> bool {
        self.believes_guids
            && !candidate.guid_is_shared
            && candidate
                .guid_mark
                .is_some_and(|mark| !self.known.keys.contains_key(&mark))
    }

    fn link(&self, candidate: &Candidate) -> bool {
        !candidate.link_is_shared
            && candidate
                .link_mark
                .is_some_and(|mark| !self.known.keys.contains_key(&mark))
    }
}

/// Whether the guid of a known entry is another than before; `None` if it cannot be compared.
fn guid_changed(candidate: &Candidate, what: What, known: &Known, believed: bool) -> Option<bool> {
    let guid = candidate
        .guid
        .as_ref()
        .filter(|_| !candidate.guid_is_shared)?;
    match what {
        What::Unchanged(_) => Some(false),
        What::Known(item) => {
            let before = known.items.get(&item).filter(|item| item.seen_here)?;
            let is_alias = candidate.text.as_ref().is_some_and(|text| {
                let owns = |key| {
                    known
                        .keys
                        .get(key)
                        .is_some_and(|owner| *owner == Some(item))
                };
                text.keys.guid.iter().any(owns)
            });
            if is_alias || !before.is_first_here {
                // What another feed called it is kept as a key only, and only while guids are believed.
                return (is_alias || believed).then_some(!is_alias);
            }
            Some(before.guid.as_ref()? != guid)
        }
        _ => None,
    }
}

/// An item may still be corrected for this long after it left.
const CORRECTION: SignedDuration = SignedDuration::from_hours(48);

/// Finds the item of each entry, the surest ways first.
struct Judge<'a> {
    previous: HashSet<ItemId>,
    known: &'a Known,
    pass: &'a Pass,
    usable: Usable<'a>,
    now: Timestamp,
    /// The known items that entries of this document are.
    claimed: HashSet<ItemId>,
    whats: Vec<Option<What>>,
}

impl<'a> Judge<'a> {
    fn new(
        feed: &FeedState,
        previous: &Document,
        pass: &'a Pass,
        known: &'a Known,
        now: Timestamp,
    ) -> Judge<'a> {
        Judge {
            previous: previous.items().collect(),
            known,
            pass,
            usable: Usable::new(feed, known),
            now,
            claimed: HashSet::new(),
            whats: vec![None; pass.candidates.len()],
        }
    }

    fn settle(mut self) -> Vec<What> {
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
        let bulk = self.is_bulk();
        for (index, candidate, text) in self.open() {
            let text_alone = text.keys.text.filter(|_| !self.is_named(candidate));
            let marks = marks_of(candidate, text);
            let item = self
                .free_owner(&text.keys.title_and_date)
                .or_else(|| {
                    // A dated text that recurs, such as "we are investigating", is a new report.
                    self.free_owner(text_alone.as_slice()).filter(|item| {
                        let repeats = bulk || !self.is_next(candidate, *item);
                        candidate.date.is_none() || (self.has_just_left(*item) && repeats)
                    })
                })
                .or_else(|| {
                    let minute_and_teaser = marks.minute_and_teaser.as_ref()?;
                    self.free_leaver(|left| {
                        left.minute_and_teaser.as_ref() == Some(minute_and_teaser)
                    })
                })
                .or_else(|| {
                    self.republished(&marks)
                        .filter(|item| bulk || self.is_correction(candidate, &marks, *item))
                });
            if let Some(item) = item {
                self.claim(index, item);
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

    /// The item that has just left and bears these marks.
    fn free_leaver(&self, bears: impl Fn(&Marks) -> bool) -> Option<ItemId> {
        self.known
            .left
            .iter()
            .filter(|(_, marks)| bears(marks))
            .map(|(item, _)| *item)
            .find(|item| !self.claimed.contains(item) && self.has_just_left(*item))
    }

    fn republished(&self, marks: &Marks) -> Option<ItemId> {
        let title_and_opening = marks.title_and_opening.as_ref()?;
        self.free_leaver(|left| left.title_and_opening.as_ref() == Some(title_and_opening))
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
        self.known.items.get(&item).is_some_and(|known| {
            let lately = self.now.duration_since(known.last_seen) <= CORRECTION;
            !known.shown_elsewhere && (lately || self.previous.contains(&item))
        })
    }

    /// Whether an entry with the title and teaser of an item that has left is that item, published once more, rather
    /// than the next of a series ("Morning briefing: five things to know today").
    fn is_correction(&self, candidate: &Candidate, marks: &Marks, item: ItemId) -> bool {
        if !marks.is_full() || self.is_next(candidate, item) {
            return false;
        }
        let recurs = || {
            self.open()
                .iter()
                .filter(|(_, other, text)| {
                    marks_of(other, text).title_and_opening == marks.title_and_opening
                })
                .count()
                > 1
        };
        // A feed of one entry loses the last of a series whenever the next appears.
        let is_series = || self.pass.candidates.len() == 1 || recurs();
        !self.is_named(candidate) || !is_series()
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

    /// Whether what has left comes back in numbers, as after a move to another publishing system.
    fn is_bulk(&self) -> bool {
        let open = self.open();
        let returned: HashSet<ItemId> = open
            .iter()
            .filter_map(|(_, candidate, text)| self.republished(&marks_of(candidate, text)))
            .collect();
        returned.len() >= 3 && returned.len() * 2 >= open.len()
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

#[cfg(test)]
mod tests;
