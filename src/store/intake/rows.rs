//! The rows that one document writes.

use std::collections::HashSet;

use rusqlite::{OptionalExtension, params};

use super::{Source, Writing};
use crate::identity::{Candidate, Pass, Text};
use crate::ingest::{Document, Intake, KnownItem, count_guids};
use crate::model::{Dated, FeedId, FeedState, ItemId, Origin, Shown, Timestamp};
use crate::store::{Store, seconds};

impl Store {
    pub(super) fn insert_item(
        &mut self,
        writing: &Writing<'_>,
        source: &Source<'_>,
        lang: Option<&str>,
        (id, origin): (Option<ItemId>, Origin),
    ) -> rusqlite::Result<ItemId> {
        let now = writing.now;
        self.connection
            .prepare_cached(
                "INSERT INTO item (id, feed, guid, link, date, dated, first_seen, last_seen, lang, origin)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9)",
            )?
            .execute(params![
                id.map(|id| id.0),
                writing.feed.id.0,
                source.candidate.guid,
                source.candidate.link,
                seconds(source.candidate.date.unwrap_or(now)),
                source.candidate.dated.as_str(),
                seconds(now),
                lang,
                origin.as_str(),
            ])?;
        Ok(ItemId(self.connection.last_insert_rowid()))
    }

    /// Keeps what the item is called now, so that changed rules can renew its keys, and a date that came later.
    pub(super) fn refresh_item(
        &mut self,
        writing: &Writing<'_>,
        candidate: &Candidate,
        (item, known): (ItemId, &KnownItem),
    ) -> rusqlite::Result<()> {
        if known.dated == Dated::Seen
            && let Some(date) = candidate.date
        {
            self.connection
                .prepare_cached("UPDATE item SET date = ?2, dated = ?3 WHERE id = ?1")?
                .execute(params![item.0, seconds(date), candidate.dated.as_str()])?;
        }
        // The names that another feed gives it are kept as keys only.
        let renamed = known.is_first_here
            && ((candidate.guid.is_some() && candidate.guid != known.guid)
                || (candidate.link.is_some() && candidate.link != known.link));
        if renamed {
            self.connection
                .prepare_cached(
                    "UPDATE item SET guid = ifnull(?2, guid), link = ifnull(?3, link), last_seen = ?4 WHERE id = ?1",
                )?
                .execute(params![
                    item.0,
                    candidate.guid,
                    candidate.link,
                    seconds(writing.now)
                ])?;
        }
        Ok(())
    }

    pub(super) fn insert_sighting(
        &mut self,
        writing: &Writing<'_>,
        (item, origin): (ItemId, Origin),
        text: &Text,
        first: Option<&Shown>,
    ) -> rusqlite::Result<()> {
        let own = Own::of(&text.shown, first);
        self.connection
            .prepare_cached(
                "INSERT INTO sighting (item, feed, first_seen, origin, title, summary, content, author, category, hash)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                item.0,
                writing.feed.id.0,
                seconds(writing.now),
                origin.as_str(),
                own.title,
                own.summary,
                own.content,
                own.author,
                own.category,
                text.hash,
            ])?;
        Ok(())
    }

    /// Replaces the text of a sighting and keeps the former one.
    pub(super) fn revise(
        &mut self,
        writing: &Writing<'_>,
        item: ItemId,
        former: &Shown,
        text: &Text,
    ) -> rusqlite::Result<()> {
        let feed = writing.feed.id;
        self.connection
            .prepare_cached(
                "INSERT INTO revision (item, feed, at, title, summary, content) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                item.0,
                feed.0,
                seconds(writing.now),
                former.title,
                former.summary,
                former.content
            ])?;
        let is_first = self.first_feed(item)? == Some(feed);
        let first = if is_first {
            // What others show does not change with it: they get the text that they had by reference.
            self.detach_sightings(item, feed, former)?;
            None
        } else {
            self.read_first_shown(item)?
        };
        let own = Own::of(&text.shown, first.as_ref());
        self.connection
            .prepare_cached(
                "UPDATE sighting SET title = ?3, summary = ?4, content = ?5, author = ?6, category = ?7, hash = ?8
                 WHERE item = ?1 AND feed = ?2",
            )?
            .execute(params![
                item.0,
                feed.0,
                own.title,
                own.summary,
                own.content,
                own.author,
                own.category,
                text.hash
            ])?;
        self.connection
            .prepare_cached("UPDATE item SET last_seen = ?2 WHERE id = ?1")?
            .execute(params![item.0, seconds(writing.now)])?;
        Ok(())
    }

    /// Notes what the last document showed and this one does not.
    pub(super) fn write_departures(
        &mut self,
        feed: &FeedState,
        previous: &Document,
        showing: &Document,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        let present: HashSet<ItemId> = showing.items().collect();
        let last_shown = seconds(feed.last_ok_at.unwrap_or(now));
        for item in previous.items().filter(|item| !present.contains(item)) {
            self.connection
                .prepare_cached(
                    "UPDATE sighting SET left_at = ?3 WHERE item = ?1 AND feed = ?2 AND left_at IS NULL",
                )?
                .execute(params![item.0, feed.id.0, seconds(now)])?;
            let first_seen: Option<i64> = self
                .connection
                .prepare_cached(
                    "UPDATE item SET last_seen = max(last_seen, ?2) WHERE id = ?1 RETURNING first_seen",
                )?
                .query_row(params![item.0, last_shown], |row| row.get(0))
                .optional()?;
            // Its keys were written when it came, and are to last from when it was last seen.
            if first_seen.is_some_and(|first| seconds(now) - first > 30 * 86_400) {
                self.prolong_keys(item, now)?;
            }
        }
        Ok(())
    }

    /// Keeps what the document shows, for the next poll to compare with.
    pub(super) fn write_document(
        &mut self,
        feed: FeedId,
        showing: &Document,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO document (feed, entries) VALUES (?1, ?2) ON CONFLICT (feed) DO UPDATE SET entries = ?2",
            )?
            .execute(params![feed.0, showing.to_bytes()])?;
        Ok(())
    }

    pub(super) fn write_learnt(
        &mut self,
        state: &mut FeedState,
        pass: &Pass,
        intake: &Intake,
    ) -> rusqlite::Result<()> {
        count_guids(state, intake.guids_compared, intake.guids_changed);
        state.fragment_counts = pass.fragment_counts;
        self.connection
            .prepare_cached(
                "UPDATE feed SET guids = ?2, guids_volatile = ?3, fragment_counts = ?4 WHERE id = ?1",
            )?
            .execute(params![
                state.id.0,
                state.guids,
                state.guids_volatile,
                state.fragment_counts
            ])?;
        Ok(())
    }
}

/// The texts that differ from those of the item's first sighting.
struct Own<'a> {
    title: Option<&'a str>,
    summary: Option<&'a str>,
    content: Option<&'a str>,
    author: Option<&'a str>,
    category: Option<&'a str>,
}

impl<'a> Own<'a> {
    fn of(shown: &'a Shown, first: Option<&Shown>) -> Own<'a> {
        let own = |field: fn(&Shown) -> &str| {
            let text = field(shown);
            (first.map(field) != Some(text)).then_some(text)
        };
        Own {
            title: own(|shown| &shown.title),
            summary: own(|shown| &shown.summary),
            content: own(|shown| &shown.content),
            author: own(|shown| &shown.author),
            category: own(|shown| &shown.category),
        }
    }
}
