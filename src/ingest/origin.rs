//! How what a feed has not shown before comes to it: see the second table of [`crate::ingest`].

use std::collections::HashSet;

use jiff::SignedDuration;

use super::{Document, Known, What};
use crate::feed::FeedDocument;
use crate::identity::{Candidate, Pass};
use crate::model::{FeedState, ItemId, Origin, Timestamp};
use crate::text::html::shown;
use crate::url;

/// An entry this much older than the last good poll ought to have been seen then.
const OLD: SignedDuration = SignedDuration::from_hours(48);

/// So many old entries at once are the archive and no straggler.
const ARCHIVE: usize = 5;

/// What the document as a whole says about its entries.
pub(super) struct Origins {
    pub(super) gap: bool,
    pub(super) replaced: bool,
    first_poll: bool,
    archive: bool,
    /// Index and date of the last entry that this feed has shown before.
    last_known: Option<(usize, Timestamp)>,
    age: Age,
}

impl Origins {
    pub(super) fn read(
        feed: &FeedState,
        previous: &Document,
        document: &FeedDocument,
        pass: &Pass,
        known: &Known,
        whats: &[What],
    ) -> Origins {
        let age = Age {
            last_ok: feed.last_ok_at,
            newest: previous.newest,
            usually_late: known.usually_late,
        };
        let seen_here = |what: &What| {
            what.item().is_some_and(|item| match what {
                What::Known(_) => known.items.get(&item).is_none_or(|item| item.seen_here),
                _ => true,
            })
        };
        let entries = || pass.candidates.iter().zip(whats.iter());
        let strangers = || {
            entries().filter(|(_, what)| {
                !seen_here(what) && !matches!(what, What::Nameless | What::Twin(_))
            })
        };
        // What fills in between the dates that the feed showed is no archive but published late.
        let archived = previous.lower_quartile();
        let is_below = |date: Timestamp| archived.is_none_or(|archived| date < archived);
        let old = strangers()
            .filter(|(candidate, _)| age.is_old(candidate, OLD))
            .filter(|(candidate, _)| candidate.date.is_some_and(is_below))
            .count();
        let gap = is_gap(previous, whats);
        Origins {
            gap,
            replaced: gap && is_replaced(feed, document, pass, &age),
            first_poll: feed.first_read_at.is_none(),
            archive: old >= ARCHIVE && old * 2 > strangers().count(),
            last_known: entries()
                .enumerate()
                .rfind(|(_, (_, what))| seen_here(what))
                .and_then(|(index, (candidate, _))| Some((index, candidate.date?))),
            age,
        }
    }

    /// The origin of the entry at `index`, if this feed has not shown it before.
    pub(super) fn of(&self, index: usize, candidate: &Candidate) -> Origin {
        if self.first_poll {
            return Origin::Backfill;
        }
        if self.replaced {
            return Origin::Replaced;
        }
        let slid_in = || {
            self.last_known.is_some_and(|(last, date)| {
                index > last && candidate.date.is_some_and(|own| own <= date)
            })
        };
        if self.age.is_old(candidate, OLD) && (self.archive || slid_in()) {
            return Origin::Late;
        }
        Origin::New
    }
}

/// What "old" means in this feed.
struct Age {
    last_ok: Option<Timestamp>,
    /// The newest date that the last document showed.
    newest: Option<Timestamp>,
    usually_late: bool,
}

impl Age {
    /// Dated more than `distance` before the last good poll, and not ahead of all that the feed had shown.
    fn is_old(&self, candidate: &Candidate, distance: SignedDuration) -> bool {
        let (Some(date), Some(last_ok)) = (candidate.date, self.last_ok) else {
            return false;
        };
        let goes_on = self.newest.is_some_and(|newest| date > newest);
        !self.usually_late && !goes_on && last_ok.duration_since(date) > distance
    }
}

/// Whether nothing of the last document is left. A feed of one entry shows that at each new one, and means nothing by it.
fn is_gap(previous: &Document, whats: &[What]) -> bool {
    let before: HashSet<ItemId> = previous.items().collect();
    let shown = whats
        .iter()
        .filter(|what| !matches!(what, What::Nameless | What::Twin(_)))
        .count();
    let overlaps = whats
        .iter()
        .filter_map(|what| what.item())
        .any(|item| before.contains(&item));
    before.len() > 1 && shown > 1 && !overlaps
}

fn is_replaced(feed: &FeedState, document: &FeedDocument, pass: &Pass, age: &Age) -> bool {
    let dated = pass
        .candidates
        .iter()
        .filter(|candidate| candidate.date.is_some());
    let (mut all, mut old) = (0, 0);
    for candidate in dated {
        all += 1;
        old += usize::from(age.is_old(candidate, SignedDuration::ZERO));
    }
    old * 2 > all || has_new_title_and_page(feed, document)
}

fn has_new_title_and_page(feed: &FeedState, document: &FeedDocument) -> bool {
    let differ = |before: &Option<String>, after: Option<String>| match (before, after) {
        (Some(before), Some(after)) => *before != after,
        _ => false,
    };
    let page = feed.channel_link.as_deref().map(url::key);
    differ(&feed.title, document.title.as_deref().map(shown))
        && differ(&page, document.link.as_deref().map(url::key))
}
