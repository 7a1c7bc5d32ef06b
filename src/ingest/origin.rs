//! How what a feed has not shown before comes to it: see the second table of [`crate::ingest`].

use jiff::SignedDuration;

use super::{Document, Known, Landmark, What};
use crate::feed::FeedDocument;
use crate::identity::{Candidate, Pass};
use crate::model::{FeedState, Origin, Timestamp};
use crate::text::html::shown;
use crate::url;

/// An entry this much older than the last good poll ought to have been seen then.
const OLD: SignedDuration = SignedDuration::from_hours(48);

/// So many old entries at once are the archive and no straggler.
const ARCHIVE: usize = 5;

/// A feed that shows the last of its entries shows so many at least. One that shows what is in force may have fewer.
const LIST: usize = 5;

/// What the document as a whole says about its entries.
pub(super) struct Origins {
    pub(super) gap: Option<Timestamp>,
    pub(super) replaced: bool,
    first_poll: bool,
    /// When the first document came, if none came whole before this.
    torn_since: Option<Timestamp>,
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
        let landmark = previous.landmark_at(feed.last_ok_at);
        let age = Age {
            last_shown: landmark
                .as_ref()
                .map(|landmark| landmark.shown_at)
                .or(feed.last_ok_at),
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
        let named =
            || entries().filter(|(_, what)| !matches!(what, What::Nameless | What::Twin(_)));
        let strangers = || named().filter(|(_, what)| !seen_here(what));
        // What fills in between the dates that the feed showed is no archive but published late.
        let archived = previous.lower_quartile();
        let is_below = |date: Timestamp| archived.is_none_or(|archived| date < archived);
        let old = strangers()
            .filter(|(candidate, _)| age.is_old(candidate, OLD))
            .filter(|(candidate, _)| candidate.date.is_some_and(is_below))
            .count();
        let shown: Vec<_> = named().collect();
        // A feed that goes round between a few lists, or a server behind the others, has lost nothing.
        let unseen = strangers().count();
        let returns = unseen * 2 < shown.len();
        let is_left = landmark
            .as_ref()
            .is_some_and(|landmark| shown.iter().any(|(_, what)| landmark.has(what)));
        let gap = landmark
            .filter(|landmark| {
                !returns && is_gap(feed, landmark, previous, document, known, &shown)
            })
            .map(|landmark| landmark.shown_at);
        let strange = strangers().map(|(candidate, _)| candidate);
        // One that shows what it showed once has come back, from a page of its host, say.
        let all_are_strange = unseen == shown.len();
        Origins {
            gap,
            replaced: gap.is_some()
                && !is_left
                && all_are_strange
                && is_replaced(feed, document, strange, &age),
            first_poll: feed.first_read_at.is_none(),
            torn_since: previous.torn_since,
            archive: old >= ARCHIVE && old * 2 > unseen,
            last_known: entries()
                .enumerate()
                .rfind(|(_, (_, what))| seen_here(what))
                .and_then(|(index, (candidate, _))| Some((index, candidate.date?))),
            age,
        }
    }

    /// The origin of the entry at `index`, if this feed has not shown it before.
    pub(super) fn of(&self, index: usize, candidate: &Candidate) -> Origin {
        // What torn documents held back is from before, and what was published since the first of them is news.
        let is_from_before = match (candidate.date, self.torn_since) {
            (Some(date), Some(first)) => date < first,
            _ => self.first_poll,
        };
        if is_from_before {
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
    /// The last poll that showed what the feed had to show.
    last_shown: Option<Timestamp>,
    /// The newest date that the last document showed.
    newest: Option<Timestamp>,
    usually_late: bool,
}

impl Age {
    /// Dated more than `distance` before that poll, and not ahead of all that the feed had shown.
    fn is_old(&self, candidate: &Candidate, distance: SignedDuration) -> bool {
        let (Some(date), Some(last_shown)) = (candidate.date, self.last_shown) else {
            return false;
        };
        let goes_on = self.newest.is_some_and(|newest| date > newest);
        !self.usually_late && !goes_on && last_shown.duration_since(date) > distance
    }
}

/// An entry that can be known again, and what it is.
type Shown<'a> = (&'a Candidate, &'a What);

/// Whether items may be lost: nothing of the landmark is left, and what is shown does not go on otherwise from what the
/// feed has shown.
fn is_gap(
    feed: &FeedState,
    landmark: &Landmark,
    previous: &Document,
    document: &FeedDocument,
    known: &Known,
    shown: &[Shown<'_>],
) -> bool {
    let again = |(_, what): &&Shown<'_>| matches!(what, What::Again(_));
    let items = shown.len() - shown.iter().filter(again).count();
    let is_left = |(_, what): &&Shown<'_>| landmark.has(what);
    let on_top = shown.iter().take_while(is_left).count();
    let shown = without_pinned(shown, on_top);
    let has_fewer = items < landmark.items.len().max(LIST);
    let goes_on = shown.iter().any(|entry| is_left(&entry))
        || reaches_down(landmark, known, shown)
        || (has_fewer && begins_anew(feed, previous, shown));
    landmark.is_followed_by(document, items) && !goes_on
}

/// The entries below those that a feed holds on top for weeks: the first `on_top`, if they are few, and older than all of a
/// list below them that has the newest first. They are left at any poll, and tell nothing of what has passed below.
fn without_pinned<'a, 'b>(shown: &'b [Shown<'a>], on_top: usize) -> &'b [Shown<'a>] {
    let (top, list) = shown.split_at_checked(on_top).unwrap_or((&[], shown));
    let dates = |entries: &[Shown<'_>]| -> Option<Vec<Timestamp>> {
        entries
            .iter()
            .map(|(candidate, _)| candidate.date)
            .collect()
    };
    let (Some(pinned), Some(listed)) = (dates(top), dates(list)) else {
        return shown;
    };
    let has_newest_first = listed.len() >= 3 && listed.is_sorted_by(|newer, older| newer > older);
    let are_older = pinned.iter().max() < listed.last();
    let are_few = on_top * 4 <= shown.len();
    if has_newest_first && are_older && are_few {
        list
    } else {
        shown
    }
}

/// Whether the oldest entry is one that the feed has shown since the landmark: one by one, say, or in torn documents.
fn reaches_down(landmark: &Landmark, known: &Known, shown: &[Shown<'_>]) -> bool {
    let oldest = shown
        .iter()
        .rev()
        .min_by_key(|(candidate, _)| candidate.date.unwrap_or(Timestamp::MAX));
    oldest.is_some_and(|(_, what)| match what {
        What::Unchanged(_) => true,
        What::Known(item) | What::Again(item) => known
            .items
            .get(item)
            .is_some_and(|item| item.seen_here && item.last_seen > landmark.shown_at),
        What::New | What::Nameless | What::Twin(_) => false,
    })
}

/// Whether the feed had nothing to show, and all that it shows was published since: warnings that are in force, say, or
/// the quakes of the last hour.
fn begins_anew(feed: &FeedState, previous: &Document, shown: &[Shown<'_>]) -> bool {
    let is_later = |date| feed.last_ok_at.is_some_and(|last_ok| date > last_ok);
    previous.entries.len() < 2
        && shown
            .iter()
            .all(|(candidate, _)| candidate.date.is_some_and(is_later))
}

/// Whether another feed has taken the place of this one. `strange` are the entries that it has not shown before.
fn is_replaced<'a>(
    feed: &FeedState,
    document: &FeedDocument,
    strange: impl Iterator<Item = &'a Candidate>,
    age: &Age,
) -> bool {
    const DAY: SignedDuration = SignedDuration::from_hours(24);

    let (mut all, mut old) = (0, 0);
    for candidate in strange {
        let Some(date) = candidate.date else { continue };
        // A date without a time of day stands for the whole day.
        let is_a_day = date.as_second().rem_euclid(DAY.as_secs()) == 0;
        let distance = if is_a_day { DAY } else { SignedDuration::ZERO };
        all += 1;
        old += usize::from(age.is_old(candidate, distance));
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
