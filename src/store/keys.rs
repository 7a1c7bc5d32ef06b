//! The keys that items go by: asking for them and writing them.

use std::collections::{HashMap, HashSet};

use rusqlite::{OptionalExtension, Row, params};

use super::{Store, day, instant, seconds};
use crate::identity::{self, Candidate, Keys, Marks, Pass, Viewpoint};
use crate::ingest::{Document, Known, KnownItem, Usable, Verdict};
use crate::model::{Dated, FeedId, FeedState, ItemId, Timestamp};
use crate::text::fold::fold;

/// Days that a key is kept after its item was last seen: old news must not come back as new.
pub(super) const LASTING: i64 = 3 * 366;

/// How many of the items that lately left a feed are looked at for a correction.
const LEFT: u32 = 64;

/// The item of a key that marks a guid or link as shared by several entries of a feed.
const NOBODY: i64 = 0;

/// What becomes of a key that another item owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owned {
    /// It stays there: the entry was judged known.
    Stays,
    /// It moves here: the entry was judged new.
    Moves,
}

/// Which keys of a known item are worth writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aliases {
    /// All that count.
    All,
    /// Guid and link, since nothing else changed but the date or a text that is not believed: a feed that rewrites them
    /// at each poll would fill the table.
    Names,
}

/// How the keys of an entry are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writes {
    pub(super) owned: Owned,
    pub(super) aliases: Aliases,
    /// Of the pass.
    pub(super) sharing_mark: i64,
    pub(super) now: Timestamp,
}

impl Store {
    pub(super) fn viewpoint(&self, feed: &FeedState) -> Viewpoint {
        Viewpoint {
            secret: self.secret,
            feed: feed.id,
            feed_url: feed.url.clone(),
            channel_link: feed.channel_link.clone(),
            fragment_counts: feed.fragment_counts,
        }
    }

    /// What is known of the entries of a document, and of what may have left with it. The names are asked for first, and
    /// title and text only of entries that those leave unknown.
    pub(super) fn known(
        &self,
        feed: &FeedState,
        pass: &Pass,
        previous: &Document,
        now: Timestamp,
    ) -> rusqlite::Result<Known> {
        let mut known = Known::default();
        let texts: Vec<(&Candidate, &Keys)> = pass
            .candidates
            .iter()
            .filter_map(|candidate| Some((candidate, &candidate.text.as_ref()?.keys)))
            .collect();
        self.look_up([pass.sharing_mark].into_iter(), &mut known.keys)?;
        if known.keys.contains_key(&pass.sharing_mark) {
            let marks = |(candidate, _): &(&Candidate, &Keys)| {
                candidate.guid_mark.into_iter().chain(candidate.link_mark)
            };
            self.look_up(texts.iter().flat_map(marks), &mut known.keys)?;
        }
        let names = texts.iter().flat_map(|(_, keys)| keys.names());
        self.look_up(names, &mut known.keys)?;
        let usable = Usable::new(feed, &known);
        let is_known = |candidate: &Candidate, keys: &Keys| {
            let owned = |key: &i64| known.keys.get(key).is_some_and(Option::is_some);
            (usable.link(candidate) && keys.link.iter().any(owned))
                || (usable.guid(candidate) && keys.guid.iter().any(owned))
        };
        let unknown: Vec<&Keys> = texts
            .iter()
            .filter(|(candidate, keys)| !is_known(candidate, keys))
            .map(|(_, keys)| *keys)
            .collect();
        let by_text = |keys: &&Keys| {
            let Keys {
                title_and_date,
                text,
                ..
            } = *keys;
            title_and_date
                .iter()
                .copied()
                .chain(*text)
                .collect::<Vec<_>>()
        };
        self.look_up(unknown.iter().flat_map(by_text), &mut known.keys)?;
        let items: HashSet<ItemId> = known.keys.values().flatten().copied().collect();
        for item in items {
            self.add_known_item(&mut known, item, feed.id)?;
        }
        if !unknown.is_empty() {
            known.usually_late = self.is_usually_late(feed.id)?;
            self.add_left(&mut known, feed.id, pass, previous, now)?;
        }
        Ok(known)
    }

    fn add_known_item(
        &self,
        known: &mut Known,
        item: ItemId,
        feed: FeedId,
    ) -> rusqlite::Result<()> {
        if !known.items.contains_key(&item)
            && let Some(found) = self.known_item(item, feed)?
        {
            known.items.insert(item, found);
        }
        Ok(())
    }

    /// Adds what the last document showed, other than unchanged, and what left the feed in the last two days.
    fn add_left(
        &self,
        known: &mut Known,
        feed: FeedId,
        pass: &Pass,
        previous: &Document,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        let unchanged: HashSet<ItemId> = pass
            .candidates
            .iter()
            .filter_map(|candidate| candidate.unchanged)
            .collect();
        let mut dates: Vec<(ItemId, Option<Timestamp>)> = previous
            .entries
            .iter()
            .filter(|entry| !unchanged.contains(&entry.item))
            .map(|entry| (entry.item, entry.date))
            .collect();
        let lately = seconds(now) - 2 * 86_400;
        dates.extend(self.departed(feed, lately)?);
        for (item, date) in dates {
            self.add_known_item(known, item, feed)?;
            if let Some(found) = known.items.get(&item) {
                let teaser = identity::teaser(&found.summary, &found.content_start);
                let marks = Marks::of(&fold(&found.title), &teaser, date);
                known.left.push((item, marks));
            }
        }
        Ok(())
    }

    fn departed(
        &self,
        feed: FeedId,
        since: i64,
    ) -> rusqlite::Result<Vec<(ItemId, Option<Timestamp>)>> {
        self.connection
            .prepare_cached(
                "SELECT item.id, CASE WHEN dated <> 'seen' THEN date END
                 FROM sighting JOIN item ON item.id = sighting.item
                 WHERE sighting.feed = ?1 AND left_at >= ?2 ORDER BY left_at DESC LIMIT ?3",
            )?
            .query_map(params![feed.0, since, LEFT], |row| {
                let date = row.get::<_, Option<i64>>(1)?.map(instant);
                Ok((ItemId(row.get(0)?), date))
            })?
            .collect()
    }

    fn look_up(
        &self,
        hashes: impl Iterator<Item = i64>,
        found: &mut HashMap<i64, Option<ItemId>>,
    ) -> rusqlite::Result<()> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT item FROM key WHERE hash = ?1")?;
        for hash in hashes {
            let item: Option<i64> = statement.query_row([hash], |row| row.get(0)).optional()?;
            if let Some(item) = item {
                found.insert(hash, (item != NOBODY).then_some(ItemId(item)));
            }
        }
        Ok(())
    }

    /// The item that an address names, by any of the addresses it ever had.
    pub(super) fn item_at(&self, address: &str) -> rusqlite::Result<Option<ItemId>> {
        let mut found = HashMap::new();
        let hashes = identity::address_keys(&self.secret, address);
        self.look_up(hashes.into_iter(), &mut found)?;
        Ok(found.into_values().flatten().next())
    }

    fn known_item(&self, item: ItemId, feed: FeedId) -> rusqlite::Result<Option<KnownItem>> {
        let read = |row: &Row<'_>| {
            let dated: String = row.get(2)?;
            Ok(KnownItem {
                guid: row.get(0)?,
                date: instant(row.get(1)?),
                dated: Dated::from_word(&dated).ok_or_else(|| super::unknown_word(2, dated))?,
                last_seen: instant(row.get(3)?),
                title: row.get(4)?,
                summary: row.get(5)?,
                seen_here: row.get(6)?,
                shown_elsewhere: row.get(7)?,
                is_first_here: row.get(8)?,
                was_mailable: row.get(9)?,
                link: row.get(10)?,
                content_start: row.get(11)?,
            })
        };
        self.connection
            .prepare_cached(
                "SELECT item.guid, item.date, item.dated,
                    max(item.last_seen, ifnull((SELECT max(feed.last_ok_at) FROM sighting JOIN feed ON feed.id = feed
                        WHERE item = item.id AND left_at IS NULL), 0)),
                    coalesce(here.title, first.title, ''), coalesce(here.summary, first.summary, ''),
                    here.item IS NOT NULL,
                    EXISTS (SELECT 1 FROM sighting AS other JOIN feed ON feed.id = other.feed
                        WHERE other.item = item.id AND other.feed <> ?2 AND left_at IS NULL AND declared = 1),
                    item.feed = ?2,
                    EXISTS (SELECT 1 FROM sighting AS other WHERE other.item = item.id AND origin <> 'backfill'),
                    item.link, substr(coalesce(here.content, first.content, ''), 1, 2000)
                 FROM item
                 LEFT JOIN sighting AS first ON first.item = item.id AND first.feed = item.feed
                 LEFT JOIN sighting AS here ON here.item = item.id AND here.feed = ?2
                 WHERE item.id = ?1",
            )?
            .query_row(params![item.0, feed.0], read)
            .optional()
    }

    fn is_usually_late(&self, feed: FeedId) -> rusqlite::Result<bool> {
        self.connection
            .prepare_cached(
                "SELECT count(*) >= 3 AND ifnull(sum(late), 0) * 2 >= count(*) FROM (
                    SELECT item.date < sighting.first_seen - 172800 AS late
                    FROM sighting JOIN item ON item.id = sighting.item
                    WHERE sighting.feed = ?1 AND sighting.origin = 'new' AND dated <> 'seen'
                    ORDER BY sighting.item DESC LIMIT 20)",
            )?
            .query_row([feed.0], |row| row.get(0))
    }

    /// Writes the keys of an entry that its verdict lets count.
    pub(super) fn write_keys_of_entry(
        &mut self,
        item: ItemId,
        candidate: &Candidate,
        verdict: &Verdict,
        Writes {
            owned,
            aliases,
            sharing_mark,
            now,
        }: Writes,
    ) -> rusqlite::Result<()> {
        let Some(text) = &candidate.text else {
            return Ok(());
        };
        let keys = &text.keys;
        let is_named = verdict.guid_counts || verdict.link_counts;
        let guid = keys.guid.iter().copied().filter(|_| verdict.guid_counts);
        // Often they are one name.
        let link = keys.link.filter(|link| {
            verdict.link_counts && !(verdict.guid_counts && keys.guid.contains(link))
        });
        let only_name = keys.text.filter(|_| !is_named);
        let heading = match aliases == Aliases::All || !is_named {
            true => keys.title_and_date.as_slice(),
            false => &[],
        };
        let lasting = day(now) + LASTING;
        let own = guid
            .chain(link)
            .chain(only_name)
            .chain(heading.iter().copied());
        self.write_keys(own, item.0, lasting, owned)?;
        let shared = [
            candidate.guid_mark.filter(|_| candidate.guid_is_shared),
            candidate.link_mark.filter(|_| candidate.link_is_shared),
        ];
        let marks = shared.into_iter().flatten();
        let marks = marks.flat_map(|mark| [mark, sharing_mark]);
        self.write_keys(marks, NOBODY, lasting, Owned::Stays)
    }

    pub(super) fn write_keys(
        &mut self,
        hashes: impl Iterator<Item = i64>,
        item: i64,
        until: i64,
        owned: Owned,
    ) -> rusqlite::Result<()> {
        let mut hashes = hashes.peekable();
        if hashes.peek().is_none() {
            return Ok(());
        }
        let mut statement = self.connection.prepare_cached(match owned {
            Owned::Moves => {
                "INSERT INTO key (hash, item, until) VALUES (?1, ?2, ?3)
                 ON CONFLICT (hash) DO UPDATE SET item = ?2, until = ?3"
            }
            // A month sooner or later does not matter, and most keys are written again and again.
            Owned::Stays => {
                "INSERT INTO key (hash, item, until) VALUES (?1, ?2, ?3)
                 ON CONFLICT (hash) DO UPDATE SET until = ?3 WHERE until < ?3 - 30"
            }
        })?;
        for hash in hashes {
            statement.execute([hash, item, until])?;
        }
        Ok(())
    }
}
