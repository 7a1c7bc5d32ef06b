//! Stories, who tells them, and how often each word stands in the stored items.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, StoreError, instant, seconds};
use crate::model::{FeedId, ItemId, StoryId, Timestamp};
use crate::story::group::Placement;
use crate::story::vector::SUMMARY_LENGTH;

/// An item with what the rules for stories need to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The item.
    pub item: ItemId,
    /// The feed that showed it first.
    pub feed: FeedId,
    /// When it was first seen.
    pub at: Timestamp,
    /// BCP 47 tag.
    pub lang: Option<String>,
    /// As the feed wrote it.
    pub link: Option<String>,
    /// Shown title of the first sighting.
    pub title: String,
    /// Shown summary of the first sighting, else its content; no more of it than is compared.
    pub summary: String,
}

/// One event, with when its first and last items were placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Story {
    /// Its row.
    pub id: StoryId,
    /// When it was opened.
    pub opened: Timestamp,
    /// When its last item joined.
    pub last: Timestamp,
}

/// An item of a story, and how it got there.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// What it tells.
    pub told: Told,
    /// The item of the story that it is a copy of.
    pub copy_of: Option<ItemId>,
    /// In words: what it shares with whom.
    pub why: String,
    /// Of its matches the best.
    pub score: f64,
}

/// In how many stored items each word stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordCounts {
    /// Items first seen before this moment were counted.
    pub counted_to: Timestamp,
    /// How many.
    pub items: u64,
    /// In no order.
    pub words: Vec<(String, u32)>,
}

/// The columns of [`Told`]; of a text no more than is compared.
fn told_columns() -> String {
    format!(
        "item.id, item.feed, item.first_seen, item.lang, item.link, COALESCE(sighting.title, ''),
         substr(COALESCE(NULLIF(sighting.summary, ''), sighting.content, ''), 1, {SUMMARY_LENGTH})"
    )
}

const TELLING: &str =
    "FROM item JOIN sighting ON sighting.item = item.id AND sighting.feed = item.feed";

impl Store {
    /// The number that the next story gets.
    pub fn next_story(&self) -> Result<StoryId, StoreError> {
        self.ask("number a story", |connection| {
            connection
                .prepare_cached("SELECT COALESCE(MAX(id), 0) + 1 FROM story")?
                .query_row([], |row| row.get(0).map(StoryId))
        })
    }

    /// Keeps where an item was placed, with the stories that became one by it.
    pub fn keep_placement(
        &self,
        item: ItemId,
        placement: &Placement,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.ask("keep a story", |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO story (id, opened, last) VALUES (?1, ?2, ?2)
                     ON CONFLICT (id) DO UPDATE SET last = ?2",
                )?
                .execute(params![placement.story.0, seconds(now)])?;
            for merged in &placement.merged {
                connection
                    .prepare_cached("UPDATE story SET merged_into = ?2 WHERE id = ?1 OR merged_into = ?1")?
                    .execute(params![merged.0, placement.story.0])?;
                for table in ["story_item", "told"] {
                    connection
                        .prepare_cached(&format!("UPDATE {table} SET story = ?2 WHERE story = ?1"))?
                        .execute(params![merged.0, placement.story.0])?;
                }
            }
            connection
                .prepare_cached(
                    "INSERT INTO story_item (item, story, copy_of, why) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                )?
                .execute(params![
                    item.0,
                    placement.story.0,
                    placement.copy_of.map(|copied| copied.0),
                    placement.why
                ])?;
            Ok(())
        })
    }

    /// The story that an item tells.
    pub fn story_of(&self, item: ItemId) -> Result<Option<StoryId>, StoreError> {
        self.ask("look up a story", |connection| {
            connection
                .prepare_cached("SELECT story FROM story_item WHERE item = ?1")?
                .query_row([item.0], |row| row.get(0).map(StoryId))
                .optional()
        })
    }

    /// The items of a story: which feed showed each first, its link, and when it was first seen.
    pub fn story_items(
        &self,
        story: StoryId,
    ) -> Result<Vec<(FeedId, Option<String>, Timestamp)>, StoreError> {
        self.ask("read a story", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT item.feed, item.link, item.first_seen FROM story_item JOIN item ON item.id = story_item.item
                 WHERE story_item.story = ?1 ORDER BY story_item.id",
            )?;
            let rows = statement
                .query_map([story.0], |row| Ok((FeedId(row.get(0)?), row.get(1)?, instant(row.get(2)?))))?;
            rows.collect()
        })
    }

    /// The stories that an item joined at or after a moment, the one that grew last first.
    pub fn stories_since(&self, since: Timestamp) -> Result<Vec<Story>, StoreError> {
        self.ask("read the stories", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, opened, last FROM story WHERE last >= ?1 AND merged_into IS NULL
                 ORDER BY last DESC, id DESC",
            )?;
            let story = |row: &rusqlite::Row<'_>| {
                Ok(Story {
                    id: StoryId(row.get(0)?),
                    opened: instant(row.get(1)?),
                    last: instant(row.get(2)?),
                })
            };
            statement.query_map([seconds(since)], story)?.collect()
        })
    }

    /// The items of a story as they were placed.
    pub fn members(&self, story: StoryId) -> Result<Vec<Member>, StoreError> {
        self.ask("read a story", |connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {}, story_item.copy_of, story_item.why,
                        (SELECT COALESCE(MAX(score), 0.0) FROM match WHERE match.item = item.id)
                 {TELLING} JOIN story_item ON story_item.item = item.id
                 WHERE story_item.story = ?1 ORDER BY story_item.id",
                told_columns()
            ))?;
            let member = |row: &rusqlite::Row<'_>| {
                Ok(Member {
                    told: told_from_row(row)?,
                    copy_of: row.get::<_, Option<i64>>(7)?.map(ItemId),
                    why: row.get(8)?,
                    score: row.get(9)?,
                })
            };
            statement.query_map([story.0], member)?.collect()
        })
    }

    /// The item whose text an item carries, through copies of copies: itself if it has a text of its own.
    pub fn carried(&self, item: ItemId) -> Result<ItemId, StoreError> {
        self.ask("look up a copy", |connection| {
            connection
                .prepare_cached(
                    "WITH RECURSIVE chain (item, length) AS (
                         SELECT ?1, 0 UNION ALL
                         SELECT story_item.copy_of, length + 1 FROM chain JOIN story_item USING (item)
                         WHERE story_item.copy_of IS NOT NULL
                     ) SELECT item FROM chain ORDER BY length DESC LIMIT 1",
                )?
                .query_row([item.0], |row| row.get(0).map(ItemId))
        })
    }

    /// Calls `each` with all items in stories that were first seen at or after `since`, in the order of placing, with the
    /// story; and whether anything joined that story at or after `open_since`.
    pub fn each_placed(
        &self,
        since: Timestamp,
        open_since: Timestamp,
        mut each: impl FnMut(Told, StoryId, bool),
    ) -> Result<(), StoreError> {
        self.ask("read the open stories", |connection| {
            // Edits since an item was placed do not move it, so what was placed is the text before the first of them.
            let mut statement = connection.prepare_cached(&format!(
                "SELECT item.id, item.feed, item.first_seen, item.lang, item.link,
                        COALESCE(revision.title, sighting.title, ''),
                        substr(COALESCE(NULLIF(COALESCE(revision.summary, sighting.summary), ''),
                                        revision.content, sighting.content, ''), 1, {SUMMARY_LENGTH}),
                        story.id, story.last >= ?2 {TELLING}
                 JOIN story_item ON story_item.item = item.id JOIN story ON story.id = story_item.story
                 LEFT JOIN revision ON revision.id = (
                     SELECT MIN(before.id) FROM revision AS before WHERE before.item = item.id
                     AND before.feed = item.feed
                     AND before.at > (SELECT MIN(match.at) FROM match WHERE match.item = item.id))
                 WHERE item.first_seen >= ?1 ORDER BY story_item.id"
            ))?;
            let mut rows = statement.query([seconds(since), seconds(open_since)])?;
            while let Some(row) = rows.next()? {
                each(told_from_row(row)?, StoryId(row.get(7)?), row.get(8)?);
            }
            Ok(())
        })
    }

    /// What an item tells.
    pub fn telling(&self, item: ItemId) -> Result<Option<Told>, StoreError> {
        self.ask("read an item", |connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT {} {TELLING} WHERE item.id = ?1",
                    told_columns()
                ))?
                .query_row([item.0], told_from_row)
                .optional()
        })
    }

    /// Calls `each` with what every item first seen from one moment to before another tells.
    pub fn each_told(
        &self,
        from: Timestamp,
        to: Timestamp,
        mut each: impl FnMut(Told),
    ) -> Result<(), StoreError> {
        self.ask("read the items", |connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {} {TELLING} WHERE item.first_seen >= ?1 AND item.first_seen < ?2",
                told_columns()
            ))?;
            for told in statement.query_map([seconds(from), seconds(to)], told_from_row)? {
                each(told?);
            }
            Ok(())
        })
    }

    /// Up to when words were counted last.
    pub fn counted_to(&self) -> Result<Timestamp, StoreError> {
        self.ask("read the word counts", |connection| {
            Ok(instant(number(connection, "corpus_at")?))
        })
    }

    /// The word counts that were kept last.
    pub fn frequencies(&self) -> Result<WordCounts, StoreError> {
        self.ask("read the word counts", |connection| {
            let counted_to = instant(number(connection, "corpus_at")?);
            let items = u64::try_from(number(connection, "corpus_items")?).unwrap_or(0);
            let mut statement = connection.prepare_cached("SELECT word, items FROM frequency")?;
            let words = statement
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            Ok(WordCounts {
                counted_to,
                items,
                words,
            })
        })
    }

    /// Keeps new word counts.
    pub fn keep_frequencies<'w>(
        &mut self,
        counted_to: Timestamp,
        items: u64,
        words: impl Iterator<Item = (&'w str, u32)>,
    ) -> Result<(), StoreError> {
        self.savepoint(|store| {
            store.ask("keep the word counts", |connection| {
                for (name, value) in [
                    ("corpus_at", seconds(counted_to)),
                    ("corpus_items", i64::try_from(items).unwrap_or(i64::MAX)),
                ] {
                    connection.execute(
                        "INSERT INTO meta (name, value) VALUES (?1, ?2)
                         ON CONFLICT (name) DO UPDATE SET value = ?2",
                        params![name, value],
                    )?;
                }
                let mut statement = connection.prepare_cached(
                    "INSERT INTO frequency (word, items) VALUES (?1, ?2)
                     ON CONFLICT (word) DO UPDATE SET items = ?2 WHERE items <> ?2",
                )?;
                for (word, items) in words {
                    statement.execute(params![word, items])?;
                }
                Ok(())
            })
        })
    }
}

/// A number of the table of single values; 0 if it was never kept.
fn number(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    let value = connection
        .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    Ok(value.unwrap_or(0))
}

fn told_from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Told> {
    Ok(Told {
        item: ItemId(row.get(0)?),
        feed: FeedId(row.get(1)?),
        at: instant(row.get(2)?),
        lang: row.get(3)?,
        link: row.get(4)?,
        title: row.get(5)?,
        summary: row.get(6)?,
    })
}
