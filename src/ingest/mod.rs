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
//! | first poll | the feed was never read, or but once and torn, and it has no date | backfill | nobody wants the archive of a new feed by mail |
//! | held back | no document came whole before, and it is older than the first of them | backfill | a first poll that broke off, so that the rest came with the next |
//! | replaced | nothing is left of all that the feed has shown, and most is older than the last poll, or title and page changed | replaced | a domain sold; a feed re-purposed |
//! | slid in | it is two days older than the last poll, stands below the last known entry and is no newer | late | a window that grew, or a gap that a deletion opened |
//! | re-published | it is two days older than the last poll and than most that the feed showed, and so are at least 4 others and most of what is new | late | 500 old items after a purge |
//! | else | | new | |
//!
//! An entry newer than all that the feed had shown is never late and does not count as a sign of a replaced feed, and
//! neither do those of a feed that usually publishes with old dates: a journal dates its articles by the printed issue.

use std::collections::HashMap;

use crate::feed::FeedDocument;
use crate::identity::{Candidate, Marks, Pass};
use crate::model::{Dated, FeedState, ItemId, Origin, Timestamp};

mod document;
mod judge;
mod origin;

pub use document::{Document, Landmark, Showing};
use judge::Judge;
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
    /// Nothing is left of what the feed showed at this time, so that items between may be lost.
    pub gap: Option<Timestamp>,
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
    let judge = Judge::new(feed, previous, document, pass, known, now);
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
pub(crate) struct Usable<'a> {
    known: &'a Known,
    believes_guids: bool,
}

impl Usable<'_> {
    pub(crate) fn new<'a>(feed: &FeedState, known: &'a Known) -> Usable<'a> {
        Usable {
            known,
            believes_guids: guids_are_believed(feed),
        }
    }

    pub(crate) fn guid(&self, candidate: &Candidate) -> bool {
        self.believes_guids
            && !candidate.guid_is_shared
            && candidate
                .guid_mark
                .is_some_and(|mark| !self.known.keys.contains_key(&mark))
    }

    pub(crate) fn link(&self, candidate: &Candidate) -> bool {
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

#[cfg(test)]
mod tests;
