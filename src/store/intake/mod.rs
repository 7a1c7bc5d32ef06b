//! Taking in what a feed shows: the store's side of [`crate::ingest`].

use std::collections::HashMap;

use super::events::EventKind;
use super::keys::{Aliases, Owned, Writes};
use super::{Store, StoreError, doing};
use crate::feed::FeedDocument;
use crate::identity::{Candidate, Pass, Text, is_significant};
use crate::ingest::{
    Document, Intake, Known, KnownItem, Verdict, What, decide, guids_are_believed,
};
use crate::model::{Dated, Entry, FeedState, ItemId, Origin, Shown, Timestamp};
use crate::text::html::shown;
use crate::url;

mod rows;

/// Some publishers put the current time into every summary. Past this many edits of an item we stop believing them, or
/// each poll would be one.
const MAX_REVISIONS: i64 = 24;

/// What one fetch brought.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The feed as it now stands in the store; go on from it.
    pub feed: FeedState,
    /// Entries whose text is to be matched, in document order.
    pub entries: Vec<TakenEntry>,
    /// Nothing is left of what it showed at this time.
    pub gap: Option<Timestamp>,
    /// Another feed has taken the place of this one.
    pub replaced: bool,
    /// How many of which.
    pub counts: Counts,
}

/// How many entries of a document were what. Entries written twice count once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of items first seen, and new.
    pub new: u32,
    /// Of items first seen, by the first poll of the feed.
    pub backfill: u32,
    /// Of items first seen, but old.
    pub late: u32,
    /// Of items first seen, in a feed that was replaced.
    pub replaced: u32,
    /// Of known items, with nothing to tell.
    pub known: u32,
    /// Of known items, first seen in this feed.
    pub sightings: u32,
    /// Of known items, with another text.
    pub changed: u32,
    /// Without anything by which they could be known again; not stored.
    pub nameless: u32,
}

impl Counts {
    /// Of items first seen, however they may be mailed.
    pub fn stored(&self) -> u32 {
        self.new + self.backfill + self.late + self.replaced
    }
}

/// What an entry with something to match is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenKind {
    /// An item first seen; `origin` says how it may be mailed.
    First,
    /// A known item, first shown by this feed; `origin` is that of the sighting.
    Sighting,
    /// A known item whose text this feed has changed.
    Changed {
        /// Whether the change is more than a touch: another headline, or much more text.
        significant: bool,
    },
}

/// An entry whose text is to be matched.
#[derive(Clone, Debug)]
pub struct TakenEntry {
    /// Its place in the document.
    pub index: usize,
    /// Its item.
    pub item: ItemId,
    /// What it is.
    pub kind: TakenKind,
    /// How the item came to this feed.
    pub origin: Origin,
    /// What it shows.
    pub shown: Shown,
    /// What the item showed before, here or in the feed that was first. `None` if nothing of it could have been mailed
    /// yet: for an item first seen, and for one that so far only first polls had shown.
    pub former: Option<Shown>,
    /// As written, absolute.
    pub link: Option<String>,
    /// BCP 47 tag, as the feed declares it.
    pub lang: Option<String>,
    /// Published, else updated, else now.
    pub date: Timestamp,
    /// Which of them.
    pub dated: Dated,
}

impl Store {
    /// Identifies and stores the entries of a document, all or nothing, and writes the feed's row. `feed` is its state
    /// before this poll, apart from what the fetch itself has set (validators, schedule).
    pub fn take_in(
        &mut self,
        feed: &FeedState,
        document: &FeedDocument,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        self.savepoint(|store| {
            store
                .apply_document(feed, document, now)
                .map_err(doing("store what a feed shows"))
        })
    }

    fn apply_document(
        &mut self,
        feed: &FeedState,
        document: &FeedDocument,
        now: Timestamp,
    ) -> rusqlite::Result<Taken> {
        let mut state = feed.clone();
        if let Some(link) = &document.link {
            state.channel_link = Some(link.clone());
        }
        let mut previous = self.read_document(feed.id)?;
        let viewpoint = self.viewpoint(&state);
        let before: HashMap<i64, ItemId> = previous
            .entries
            .iter()
            .map(|entry| (entry.raw, entry.item))
            .collect();
        let pass = Pass::read(document, &viewpoint, &before, now);
        let known = self.known(feed, &pass, &previous, now)?;
        // The decision compares with the feed as it was: its page and title as of the last poll.
        let mut past = feed.clone();
        if let Some(heritage) = self.heritage(&state, &pass, &known)? {
            previous = self.read_document(heritage.id)?;
            past.first_read_at = heritage.first_read_at;
            past.last_ok_at = heritage.last_ok_at;
            state.first_read_at = heritage.first_read_at;
        }
        let intake = decide(&past, &previous, document, &pass, &known, now);
        let mut writing = Writing {
            feed: &past,
            known: &known,
            now,
            sharing_mark: pass.sharing_mark,
            cut: document
                .ends_in_entry
                .then(|| document.entries.len().saturating_sub(1)),
            taken: Vec::new(),
            counts: Counts::default(),
        };
        let mut items: Vec<Option<ItemId>> = Vec::with_capacity(pass.candidates.len());
        for (index, verdict) in intake.verdicts.iter().enumerate() {
            let source = Source {
                index,
                entry: &document.entries[index],
                candidate: &pass.candidates[index],
                verdict,
            };
            let item = match verdict.what {
                What::Twin(first) => items.get(first).copied().flatten(),
                _ => self.write_entry(&mut writing, &source)?,
            };
            items.push(item);
        }
        let (entries, counts) = (writing.taken, writing.counts);
        let showing = Document::after(&previous, past.last_ok_at, document, &pass, &items, now);
        self.write_departures(feed, &previous, &showing, now)?;
        observe(&mut state, document, &counts, showing.newest, now);
        self.write_document(feed.id, &showing)?;
        self.write_learnt(&mut state, &pass, &intake)?;
        self.write_feed(&state)?;
        self.note_events(feed, &state, &intake, now)?;
        Ok(Taken {
            feed: state,
            entries,
            gap: intake.gap,
            replaced: intake.replaced,
            counts,
        })
    }

    /// The feed whose past one that was never read goes on with: it is no longer declared, had the same page, and at
    /// least half of the present document is known.
    fn heritage(
        &self,
        feed: &FeedState,
        pass: &Pass,
        known: &Known,
    ) -> rusqlite::Result<Option<FeedState>> {
        let (None, Some(page)) = (feed.first_read_at, feed.channel_link.as_deref()) else {
            return Ok(None);
        };
        let is_known = |candidate: &&Candidate| {
            candidate.text.as_ref().is_some_and(|text| {
                text.keys
                    .lasting()
                    .any(|key| known.keys.get(&key).is_some_and(Option::is_some))
            })
        };
        let shown = pass.candidates.iter().filter(is_known).count();
        if shown == 0 || shown * 2 < pass.candidates.len() {
            return Ok(None);
        }
        let page = url::key(page);
        let is_same_page = |past: &FeedState| {
            past.channel_link
                .as_deref()
                .is_some_and(|link| url::key(link) == page)
        };
        Ok(self
            .undeclared_feeds()?
            .into_iter()
            .rev()
            .find(is_same_page))
    }

    fn write_entry(
        &mut self,
        writing: &mut Writing<'_>,
        source: &Source<'_>,
    ) -> rusqlite::Result<Option<ItemId>> {
        let Source {
            candidate, verdict, ..
        } = *source;
        match (verdict.what, &candidate.text) {
            (What::New, Some(text)) => self.write_new(writing, source, text).map(Some),
            (What::Known(item), Some(text)) => match writing.known.items.get(&item) {
                Some(known) => {
                    self.write_known(writing, source, text, (item, known))?;
                    Ok(Some(item))
                }
                None => {
                    self.write_again(writing, source, text, item)?;
                    Ok(Some(item))
                }
            },
            (What::Nameless, _) => {
                writing.counts.nameless += 1;
                Ok(None)
            }
            (what, _) => {
                writing.counts.known += 1;
                if let Some(item) = what.item() {
                    // Only when the fragment begins to count has an unchanged entry new keys.
                    self.write_keys_of_entry(
                        item,
                        candidate,
                        verdict,
                        writing.keys(Owned::Stays, Aliases::All),
                    )?;
                }
                Ok(what.item())
            }
        }
    }

    fn write_new(
        &mut self,
        writing: &mut Writing<'_>,
        source: &Source<'_>,
        text: &Text,
    ) -> rusqlite::Result<ItemId> {
        let Source {
            candidate, verdict, ..
        } = *source;
        let lang = language_of(source.entry);
        let item = self.insert_item(writing, source, lang.as_deref(), (None, verdict.origin))?;
        self.insert_sighting(writing, (item, verdict.origin), text, None)?;
        self.write_keys_of_entry(
            item,
            candidate,
            verdict,
            writing.keys(Owned::Moves, Aliases::All),
        )?;
        match verdict.origin {
            Origin::New => writing.counts.new += 1,
            Origin::Backfill => writing.counts.backfill += 1,
            Origin::Late => writing.counts.late += 1,
            Origin::Replaced => writing.counts.replaced += 1,
        }
        writing.take(source, (text, lang), (item, TakenKind::First), None);
        Ok(item)
    }

    /// A known item of which only the keys were left.
    fn write_again(
        &mut self,
        writing: &mut Writing<'_>,
        source: &Source<'_>,
        text: &Text,
        item: ItemId,
    ) -> rusqlite::Result<()> {
        let lang = language_of(source.entry);
        self.insert_item(
            writing,
            source,
            lang.as_deref(),
            (Some(item), Origin::Backfill),
        )?;
        self.insert_sighting(writing, (item, Origin::Backfill), text, None)?;
        writing.counts.known += 1;
        self.write_keys_of_entry(
            item,
            source.candidate,
            source.verdict,
            writing.keys(Owned::Stays, Aliases::All),
        )
    }

    fn write_known(
        &mut self,
        writing: &mut Writing<'_>,
        source: &Source<'_>,
        text: &Text,
        (item, known): (ItemId, &KnownItem),
    ) -> rusqlite::Result<()> {
        let Source {
            candidate, verdict, ..
        } = *source;
        self.refresh_item(writing, candidate, (item, known))?;
        let Some(sighting) = self.sighting(item, writing.feed.id)? else {
            let first = self.read_first_shown(item)?;
            self.insert_sighting(writing, (item, verdict.origin), text, first.as_ref())?;
            self.write_keys_of_entry(
                item,
                candidate,
                verdict,
                writing.keys(Owned::Stays, Aliases::All),
            )?;
            writing.counts.sightings += 1;
            // A first poll of another feed has shown it, of which nothing is mailed: here it is news.
            let is_news = verdict.origin == Origin::New && !known.was_mailable;
            let former = first.filter(|_| !is_news);
            let lang = language_of(source.entry);
            writing.take(source, (text, lang), (item, TakenKind::Sighting), former);
            return Ok(());
        };
        if sighting.has_left {
            self.return_sighting(item, writing.feed.id)?;
        }
        // What an entry lacks that was cut is no edit.
        let is_edit = writing.cut != Some(source.index)
            && sighting.hash != text.hash
            && self.revisions(item, writing.feed.id)? < MAX_REVISIONS;
        if is_edit {
            self.revise(writing, item, &sighting.shown, text)?;
            let significant = is_significant(&sighting.shown, &text.shown);
            writing.counts.changed += 1;
            let kind = TakenKind::Changed { significant };
            let lang = language_of(source.entry);
            writing.take(source, (text, lang), (item, kind), Some(sighting.shown));
        } else {
            writing.counts.known += 1;
        }
        let renamed = !is_known_by_name(candidate, verdict, writing.known, item);
        let aliases = if is_edit || renamed {
            Aliases::All
        } else {
            Aliases::Names
        };
        self.write_keys_of_entry(
            item,
            candidate,
            verdict,
            writing.keys(Owned::Stays, aliases),
        )
    }

    fn note_events(
        &mut self,
        feed: &FeedState,
        state: &FeedState,
        intake: &Intake,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        if intake.replaced {
            let title = state.title.as_deref().unwrap_or_default();
            self.write_event(feed.id, now, EventKind::Replaced, title)?;
        } else if let Some(last) = intake.gap {
            let detail = format!("nothing that it showed at {last} is left");
            self.write_event(feed.id, now, EventKind::Gap, &detail)?;
        }
        match (guids_are_believed(feed), guids_are_believed(state)) {
            (true, false) => {
                let detail = format!(
                    "{} of its last {} guids had changed, so they are ignored",
                    state.guids_volatile, state.guids
                );
                self.write_event(feed.id, now, EventKind::Guids, &detail)
            }
            (false, true) => self.write_event(
                feed.id,
                now,
                EventKind::Guids,
                "its guids no longer change, so they count again",
            ),
            _ => Ok(()),
        }
    }
}

/// What the writing of one document gathers.
struct Writing<'a> {
    feed: &'a FeedState,
    known: &'a Known,
    now: Timestamp,
    sharing_mark: i64,
    /// The entry that the document broke off in.
    cut: Option<usize>,
    taken: Vec<TakenEntry>,
    counts: Counts,
}

/// An entry with what was made of it.
#[derive(Clone, Copy)]
struct Source<'a> {
    index: usize,
    entry: &'a Entry,
    candidate: &'a Candidate,
    verdict: &'a Verdict,
}

impl Writing<'_> {
    fn keys(&self, owned: Owned, aliases: Aliases) -> Writes {
        Writes {
            owned,
            aliases,
            sharing_mark: self.sharing_mark,
            now: self.now,
        }
    }

    fn take(
        &mut self,
        source: &Source<'_>,
        (text, lang): (&Text, Option<String>),
        (item, kind): (ItemId, TakenKind),
        former: Option<Shown>,
    ) {
        self.taken.push(TakenEntry {
            index: source.index,
            item,
            kind,
            origin: source.verdict.origin,
            shown: text.shown.clone(),
            former,
            link: source.candidate.link.clone(),
            lang,
            date: source.candidate.date.unwrap_or(self.now),
            dated: source.candidate.dated,
        });
    }
}

fn language_of(entry: &Entry) -> Option<String> {
    let declared = entry.lang.as_deref().map(str::trim);
    declared.filter(|lang| !lang.is_empty()).map(str::to_owned)
}

/// Whether all names of the entry that count are already names of the item.
fn is_known_by_name(candidate: &Candidate, verdict: &Verdict, known: &Known, item: ItemId) -> bool {
    let Some(text) = &candidate.text else {
        return true;
    };
    let owns = |key: &i64| {
        known
            .keys
            .get(key)
            .is_some_and(|owner| *owner == Some(item))
    };
    let guid = !verdict.guid_counts || text.keys.guid.iter().all(owns);
    let link = !verdict.link_counts || text.keys.link.iter().all(owns);
    (verdict.guid_counts || verdict.link_counts) && guid && link
}

/// What a read document says of its feed.
fn observe(
    state: &mut FeedState,
    document: &FeedDocument,
    counts: &Counts,
    newest: Option<Timestamp>,
    now: Timestamp,
) {
    if let Some(title) = document
        .title
        .as_deref()
        .map(shown)
        .filter(|title| !title.is_empty())
    {
        // The name that is shown is the feed's own title where the watchlist gives none.
        if state.title.as_deref().unwrap_or(&state.url) == state.name {
            state.name = title.clone();
        }
        state.title = Some(title);
    }
    if state.first_read_at.is_none() {
        state.first_read_at = Some(now);
        state.last_new_at = newest.or(Some(now));
    }
    // What another feed showed first is new here all the same.
    if counts.new + counts.sightings > 0 {
        state.last_new_at = Some(now);
    }
    state.last_ok_at = Some(now);
    // A torn document may have broken off before them.
    let is_whole = document.torn.is_none();
    if is_whole || document.skip_hours != 0 || document.skip_days != 0 {
        state.skip_hours = document.skip_hours;
        state.skip_days = document.skip_days;
    }
    state.oddities = u32::try_from(document.oddities.len()).unwrap_or(u32::MAX);
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
