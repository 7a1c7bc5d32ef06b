//! Which topics want an entry that was just stored, who hears of it, and which story it tells.

use super::Desk;
use super::reading::prepare_text;
use crate::model::{FeedId, FeedState, ItemId, Origin, Shown, Timestamp};
use crate::query::{Prepared, Verdict};
use crate::store::StoreError;
use crate::store::intake::{TakenEntry, TakenKind};
use crate::store::matches::Match;
use crate::topic::TopicMatch;

/// A topic, by its index, that wants an item as a feed showed it.
pub(super) struct Found {
    pub(super) item: ItemId,
    pub(super) feed: FeedId,
    pub(super) origin: Origin,
    pub(super) link: Option<String>,
    pub(super) lang: Option<String>,
    pub(super) topic: usize,
    pub(super) verdict: Verdict,
}

impl Desk {
    /// Matches an entry of a feed with these tags, and keeps what was found; gives the number of new matches.
    ///
    /// An entry that was known is matched again with what it shows now, but only for topics that did not match what
    /// it showed before: an edit by itself is no news.
    pub(super) fn match_entry(
        &mut self,
        (feed, tags): (&FeedState, &[String]),
        entry: &TakenEntry,
        is_mailed: bool,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let prepared = prepare_entry((feed, tags), entry, &entry.shown);
        let found = self.watchlist.config.watch.judge(&prepared);
        if found.is_empty() {
            return Ok(0);
        }
        let before = self.matched_before((feed, tags), entry)?;
        let mut kept = 0;
        for TopicMatch { topic, verdict } in found {
            if before.contains(&topic) {
                continue;
            }
            let found = Found {
                item: entry.item,
                feed: feed.id,
                origin: entry.origin,
                link: entry.link.clone(),
                lang: language(entry.lang.as_deref(), &prepared),
                topic,
                verdict,
            };
            kept += u32::from(self.keep_match(found, is_mailed, now)?);
        }
        Ok(kept)
    }

    /// Keeps a match for those who get its topic, if it `is_mailed`, and finds its story; `false`: the topic had the item.
    pub(super) fn keep_match(
        &mut self,
        found: Found,
        is_mailed: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let topic = found.topic;
        let (Some(id), Some(declared)) = (
            self.topics.get(topic).copied(),
            self.watchlist.config.topics().get(topic),
        ) else {
            return Ok(false);
        };
        let has_story = declared.group && found.origin != Origin::Replaced;
        let item = found.item;
        let found = Match {
            topic: id,
            item,
            feed: found.feed,
            at: now,
            origin: found.origin,
            score: found.verdict.score,
            evidence: found.verdict.evidence,
            query_hash: self.watchlist.query_hash(topic),
            link: found.link,
            lang: found.lang,
        };
        let readers: &[String] = if is_mailed {
            self.watchlist.readers(topic)
        } else {
            &[]
        };
        if let Some(lang) = &found.lang {
            self.store.note_language(item, lang)?;
        }
        let is_new = self.store.add_match(&found, readers)?.is_some();
        if has_story {
            self.place_in_story(item, now)?;
        }
        Ok(is_new)
    }

    /// The present topics that match what a known item showed before, here or in the feed that was first.
    fn matched_before(
        &self,
        feed: (&FeedState, &[String]),
        entry: &TakenEntry,
    ) -> Result<Vec<usize>, StoreError> {
        let Some(former) = &entry.former else {
            return Ok(Vec::new());
        };
        let prepared = match entry.kind {
            TakenKind::First => return Ok(Vec::new()),
            TakenKind::Changed { .. } => prepare_entry(feed, entry, former),
            TakenKind::Sighting => {
                let Some(item) = self.store.item(entry.item)? else {
                    return Ok(Vec::new());
                };
                let first = self.store.feed(item.feed)?;
                self.prepare(&item, &first, former)
            }
        };
        Ok(self
            .watchlist
            .config
            .watch
            .judge(&prepared)
            .into_iter()
            .map(|found| found.topic)
            .collect())
    }
}

fn prepare_entry(
    (feed, tags): (&FeedState, &[String]),
    entry: &TakenEntry,
    shown: &Shown,
) -> Prepared {
    let (link, lang) = (entry.link.as_deref(), entry.lang.as_deref());
    prepare_text(shown, link, lang, feed, tags)
}

/// The language of a matched item: as its feed declares it, else as its text looks. It takes longer to find out than all
/// else that a new item needs, so it is done for those that are matched, or that a topic asks it of.
pub(super) fn language(declared: Option<&str>, prepared: &Prepared) -> Option<String> {
    declared.or_else(|| prepared.lang()).map(str::to_owned)
}
