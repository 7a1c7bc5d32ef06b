//! Matches, what each recipient has yet to be told of, and what he was told.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};

use super::{Store, StoreError, instant, seconds};
use crate::model::{
    DeliveryId, FeedId, Field, Hit, ItemId, MatchId, Origin, StoryId, Timestamp, TopicId,
};

/// A topic wants an item, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The topic.
    pub topic: TopicId,
    /// The item.
    pub item: ItemId,
    /// The feed whose text of the item matched.
    pub feed: FeedId,
    /// When we found it.
    pub at: Timestamp,
    /// How the item came to this feed.
    pub origin: Origin,
    /// SPEC section 5.
    pub score: f64,
    /// SPEC section 6; it points into the text that `feed` showed then.
    pub evidence: Vec<Hit>,
    /// The hash of what the topic asked.
    pub query_hash: i64,
    /// The page as `feed` wrote it, which may not be how the first feed did.
    pub link: Option<String>,
    /// The language as `feed` has it.
    pub lang: Option<String>,
}

/// A match that a recipient has yet to be told of.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// The row of `match`.
    pub id: MatchId,
    /// What it says.
    pub found: Match,
    /// The story the item tells, if it was grouped.
    pub story: Option<StoryId>,
}

/// What a recipient was told of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The item.
    pub item: ItemId,
    /// Its story when it was told.
    pub story: Option<StoryId>,
    /// The topic it stood under.
    pub topic: TopicId,
    /// The message it stood in.
    pub delivery: Option<DeliveryId>,
    /// When that was composed.
    pub at: Timestamp,
    /// `full`, `compact`, `also`, `counted`, `late`, `replaced` or `snoozed`.
    pub how: String,
}

impl Store {
    /// Keeps a match and hands it to everyone who has yet to be told; nothing happens if the topic has the item, unless it
    /// had it only from a first poll, of which nothing is mailed, and another feed now shows it as news.
    ///
    /// `recipients` are addresses in lower case. One who was told of the item under another topic is left out:
    /// a story reaches a recipient once.
    pub fn add_match(
        &self,
        found: &Match,
        recipients: &[String],
    ) -> Result<Option<MatchId>, StoreError> {
        self.ask("keep a match", |connection| {
            let id = connection
                .prepare_cached(
                    "INSERT INTO match (topic, item, feed, at, origin, score, evidence, query_hash, link, lang)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                 ON CONFLICT (topic, item) DO UPDATE SET feed = ?3, at = ?4, origin = ?5, score = ?6, evidence = ?7,
                     query_hash = ?8, link = ?9, lang = ?10
                     WHERE origin = 'backfill' AND ?5 = 'new'
                 RETURNING id",
                )?
                .query_row(
                    params![
                        found.topic.0,
                        found.item.0,
                        found.feed.0,
                        seconds(found.at),
                        found.origin.as_str(),
                        found.score,
                        evidence_to_json(&found.evidence),
                        found.query_hash,
                        found.link,
                        found.lang,
                    ],
                    |row| row.get(0).map(MatchId),
                )
                .optional()?;
            if id.is_some() {
                owe(connection, found.topic, found.item, recipients)?;
            }
            Ok(id)
        })
    }

    /// Lets a match that is kept wait for recipients, but for those who were told of its item.
    pub fn let_wait(
        &self,
        topic: TopicId,
        item: ItemId,
        recipients: &[String],
    ) -> Result<(), StoreError> {
        self.ask("let a match wait", |connection| {
            owe(connection, topic, item, recipients)
        })
    }

    /// What waits under any of these topics, oldest match first, and the recipients it waits for.
    pub fn waiting_under(
        &self,
        topics: &[TopicId],
    ) -> Result<Vec<(Match, Vec<String>)>, StoreError> {
        let topics: HashSet<&TopicId> = topics.iter().collect();
        self.ask("read what waits to be told", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT match.id, match.topic, match.item, match.feed, match.at, match.origin, match.score,
                        match.evidence, match.query_hash, match.link, match.lang, NULL, pending.recipient
                 FROM pending JOIN match ON match.id = pending.match ORDER BY match.id, pending.recipient",
            )?;
            let rows = statement.query_map([], |row| Ok((pending_from_row(row)?, row.get(12)?)))?;
            let mut waiting: Vec<(Pending, Vec<String>)> = Vec::new();
            for row in rows {
                let (pending, recipient): (Pending, String) = row?;
                match waiting.last_mut() {
                    Some((last, recipients)) if last.id == pending.id => recipients.push(recipient),
                    _ if topics.contains(&pending.found.topic) => {
                        waiting.push((pending, vec![recipient]));
                    }
                    _ => {}
                }
            }
            let without_id = |(pending, recipients): (Pending, _)| (pending.found, recipients);
            Ok(waiting.into_iter().map(without_id).collect())
        })
    }

    /// What a recipient has yet to be told of these topics, oldest match first.
    pub fn pending(&self, recipient: &str, topics: &[TopicId]) -> Result<Vec<Pending>, StoreError> {
        self.ask("read what waits to be told", |connection| {
        let mut statement = connection.prepare_cached(
            "SELECT match.id, match.topic, match.item, match.feed, match.at, match.origin, match.score,
                    match.evidence, match.query_hash, match.link, match.lang, story_item.story
             FROM pending JOIN match ON match.id = pending.match
             LEFT JOIN story_item ON story_item.item = match.item
             WHERE pending.recipient = ?1 ORDER BY match.id",
        )?;
        let rows = statement.query_map([recipient], pending_from_row)?;
        let mut pending = Vec::new();
        for row in rows {
            let row = row?;
            if topics.contains(&row.found.topic) {
                pending.push(row);
            }
        }
        Ok(pending)
        })
    }

    /// The first moment, not before `from`, at which something that waits for this recipient under these topics was
    /// found.
    pub fn pending_since(
        &self,
        recipient: &str,
        topics: &[TopicId],
        from: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.ask("read what waits to be told", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT match.topic, MIN(match.at) FROM pending JOIN match ON match.id = pending.match
                 WHERE pending.recipient = ?1 AND match.at >= ?2 GROUP BY match.topic",
            )?;
            let rows = statement.query_map(params![recipient, seconds(from)], |row| {
                Ok((TopicId(row.get(0)?), row.get::<_, i64>(1)?))
            })?;
            let mut first = None;
            for row in rows {
                let (topic, at) = row?;
                if topics.contains(&topic) {
                    first = Some(first.map_or(at, |first: i64| first.min(at)));
                }
            }
            Ok(first.map(instant))
        })
    }

    /// The matches of the items that one message told, each with the topic that its item stood under. A clock that was
    /// set back a little between matching and telling hides none.
    pub fn matches_told_in(
        &self,
        delivery: DeliveryId,
    ) -> Result<Vec<(Pending, TopicId)>, StoreError> {
        self.ask("read what was told", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT match.id, match.topic, match.item, match.feed, match.at, match.origin, match.score,
                        match.evidence, match.query_hash, match.link, match.lang, told.story, told.topic
                 FROM told JOIN match ON match.item = told.item AND match.at <= told.at + 3600
                 WHERE told.delivery = ?1 ORDER BY match.id",
            )?;
            let rows = statement.query_map([delivery.0], |row| {
                Ok((pending_from_row(row)?, TopicId(row.get(12)?)))
            })?;
            rows.collect()
        })
    }

    /// The topics, by row and name, that one message told items under.
    pub fn topics_told_in(
        &self,
        delivery: DeliveryId,
    ) -> Result<Vec<(TopicId, String)>, StoreError> {
        self.ask("read what was told", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, name FROM topic
                 WHERE id IN (SELECT topic FROM told WHERE delivery = ?1) ORDER BY id",
            )?;
            let rows =
                statement.query_map([delivery.0], |row| Ok((TopicId(row.get(0)?), row.get(1)?)))?;
            rows.collect()
        })
    }

    /// The topics, by row and name, that one message told items under, and those that its items were found for besides.
    pub fn topics_mentioned_in(
        &self,
        delivery: DeliveryId,
    ) -> Result<Vec<(TopicId, String)>, StoreError> {
        self.ask("read what was told", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, name FROM topic
                 WHERE id IN (SELECT topic FROM told WHERE delivery = ?1)
                 OR id IN (SELECT match.topic FROM told JOIN match ON match.item = told.item AND match.at <= told.at + 3600
                           WHERE told.delivery = ?1)
                 ORDER BY id",
            )?;
            let rows =
                statement.query_map([delivery.0], |row| Ok((TopicId(row.get(0)?), row.get(1)?)))?;
            rows.collect()
        })
    }

    /// How many stories one message told, shown or counted.
    pub fn stories_told_in(&self, delivery: DeliveryId) -> Result<u32, StoreError> {
        self.ask("count what was told", |connection| {
            connection
                .prepare_cached(
                    "SELECT COUNT(DISTINCT COALESCE(story, -item)) FROM told
                     WHERE delivery = ?1 AND how IN ('full', 'compact', 'also', 'counted')",
                )?
                .query_row([delivery.0], |row| row.get(0))
        })
    }

    /// The names of all topics, declared or not, that have the item.
    pub fn topics_of(&self, item: ItemId) -> Result<Vec<String>, StoreError> {
        self.ask("read the topics of an item", |connection| {
        let mut statement = connection.prepare_cached(
            "SELECT topic.name FROM match JOIN topic ON topic.id = match.topic WHERE match.item = ?1 ORDER BY match.id",
        )?;
        let names = statement.query_map([item.0], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(names)
        })
    }

    /// Takes a match off the list of what a recipient has yet to be told.
    pub fn drop_pending(&self, recipient: &str, id: MatchId) -> Result<(), StoreError> {
        self.ask("drop a match that waits", |connection| {
            connection
                .prepare_cached("DELETE FROM pending WHERE recipient = ?1 AND match = ?2")?
                .execute(params![recipient, id.0])?;
            Ok(())
        })
    }

    /// What a recipient was told of a story, oldest first.
    pub fn told_of_story(&self, recipient: &str, story: StoryId) -> Result<Vec<Told>, StoreError> {
        self.ask("read what was told", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT item, story, topic, delivery, at, how FROM told
             WHERE recipient = ?1 AND story = ?2 ORDER BY at, item",
            )?;
            let rows = statement.query_map(params![recipient, story.0], |row| {
                Ok(Told {
                    item: ItemId(row.get(0)?),
                    story: row.get::<_, Option<i64>>(1)?.map(StoryId),
                    topic: TopicId(row.get(2)?),
                    delivery: row.get::<_, Option<i64>>(3)?.map(DeliveryId),
                    at: instant(row.get(4)?),
                    how: row.get(5)?,
                })
            })?;
            rows.collect()
        })
    }

    /// The topics that had matched a story when a recipient was told of it, by any message but `except`.
    pub fn topics_told(
        &self,
        recipient: &str,
        story: StoryId,
        except: Option<DeliveryId>,
    ) -> Result<Vec<TopicId>, StoreError> {
        self.ask("read what was told", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT DISTINCT match.topic FROM told JOIN match ON match.item = told.item AND match.at <= told.at
                 WHERE told.recipient = ?1 AND told.story = ?2 AND (?3 IS NULL OR told.delivery IS NOT ?3)",
            )?;
            let except = except.map(|delivery| delivery.0);
            let rows = statement.query_map(params![recipient, story.0, except], |row| {
                row.get(0).map(TopicId)
            })?;
            rows.collect()
        })
    }

    /// How many stories a topic found between each two neighbours of `bounds`, which ascend.
    ///
    /// A story counts where its first match in the topic lies; an item without a story counts as one, and so does each
    /// item of a topic that is not `grouped`. What a feed's first poll showed counts by its own date: it was not all
    /// news on the day the feed was added.
    pub fn history(
        &self,
        topic: TopicId,
        grouped: bool,
        bounds: &[Timestamp],
    ) -> Result<Vec<u32>, StoreError> {
        let (Some(first), Some(last)) = (bounds.first(), bounds.last()) else {
            return Ok(Vec::new());
        };
        let firsts: Vec<i64> = self.ask("count stories", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT MIN(CASE match.origin WHEN 'backfill' THEN MIN(item.date, match.at) ELSE match.at END) AS first
                 FROM match JOIN item ON item.id = match.item
                 LEFT JOIN story_item ON story_item.item = match.item
                 WHERE match.topic = ?1 AND match.origin <> 'replaced'
                 GROUP BY COALESCE(IIF(?4, story_item.story, NULL), -match.item) HAVING first >= ?2 AND first <= ?3",
            )?;
            let rows = statement.query_map(params![topic.0, seconds(*first), seconds(*last), grouped], |row| row.get(0))?;
            rows.collect()
        })?;
        let mut counts = vec![0; bounds.len().saturating_sub(1)];
        for first in firsts {
            // A match of this very second belongs to the window that ends now.
            let window = bounds
                .iter()
                .skip(1)
                .position(|end| first < seconds(*end))
                .unwrap_or(counts.len() - 1);
            if let Some(count) = counts.get_mut(window) {
                *count += 1;
            }
        }
        Ok(counts)
    }

    /// How many items a topic has matched.
    pub fn count_matches(&self, topic: TopicId) -> Result<u32, StoreError> {
        self.ask("count matches", |connection| {
            connection.query_row(
                "SELECT COUNT(*) FROM match WHERE topic = ?1",
                [topic.0],
                |row| row.get(0),
            )
        })
    }

    /// When a topic last matched an item, what was replaced by its feed apart.
    pub fn last_match(&self, topic: TopicId) -> Result<Option<Timestamp>, StoreError> {
        self.ask("read the last match of a topic", |connection| {
            connection
                .prepare_cached(
                    "SELECT at FROM match WHERE topic = ?1 AND origin <> 'replaced' ORDER BY at DESC LIMIT 1",
                )?
                .query_row([topic.0], |row| row.get(0).map(instant))
                .optional()
        })
    }

    /// When a topic was first known; `None`: it has no row yet.
    pub fn topic_since(&self, topic: TopicId) -> Result<Option<Timestamp>, StoreError> {
        self.ask("read a topic", |connection| {
            connection
                .query_row("SELECT since FROM topic WHERE id = ?1", [topic.0], |row| {
                    row.get(0).map(instant)
                })
                .optional()
        })
    }
}

fn owe(
    connection: &Connection,
    topic: TopicId,
    item: ItemId,
    recipients: &[String],
) -> rusqlite::Result<()> {
    for recipient in recipients {
        connection
            .prepare_cached(
                "INSERT INTO pending (recipient, match) SELECT ?1, id FROM match WHERE topic = ?2 AND item = ?3
                 AND NOT EXISTS (SELECT 1 FROM told WHERE recipient = ?1 AND item = ?3)
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![recipient, topic.0, item.0])?;
    }
    Ok(())
}

fn pending_from_row(row: &Row<'_>) -> rusqlite::Result<Pending> {
    Ok(Pending {
        id: MatchId(row.get(0)?),
        found: Match {
            topic: TopicId(row.get(1)?),
            item: ItemId(row.get(2)?),
            feed: FeedId(row.get(3)?),
            at: instant(row.get(4)?),
            origin: origin_from(row, 5)?,
            score: row.get(6)?,
            evidence: evidence_from(row, 7)?,
            query_hash: row.get(8)?,
            link: row.get(9)?,
            lang: row.get(10)?,
        },
        story: row.get::<_, Option<i64>>(11)?.map(StoryId),
    })
}

fn origin_from(row: &Row<'_>, column: usize) -> rusqlite::Result<Origin> {
    let word: String = row.get(column)?;
    Origin::from_word(&word).ok_or_else(|| unreadable(column, format!("unknown origin `{word}`")))
}

/// So many hits of a match are kept. A text that says one word ten thousand times would else take half a megabyte.
const MOST_HITS: usize = 200;

/// The first hits, and of each term at least one.
fn kept(evidence: &[Hit]) -> impl Iterator<Item = &Hit> {
    let mut terms = HashSet::new();
    let hits = evidence.iter().enumerate();
    hits.filter(move |(at, hit)| terms.insert(&hit.term) || *at < MOST_HITS)
        .map(|(_, hit)| hit)
}

/// Evidence as it is stored: `[["title", 0, 5, "Mosul", "mosul", null], ...]`.
fn evidence_to_json(evidence: &[Hit]) -> String {
    let hits: Vec<_> = kept(evidence)
        .map(|hit| {
            serde_json::json!([
                hit.field.as_str(),
                hit.start,
                hit.end,
                hit.term,
                hit.form,
                hit.list
            ])
        })
        .collect();
    serde_json::Value::Array(hits).to_string()
}

fn evidence_from(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<Hit>> {
    type Stored = (String, usize, usize, String, String, Option<String>);
    let text: String = row.get(column)?;
    let stored: Vec<Stored> =
        serde_json::from_str(&text).map_err(|error| unreadable(column, error.to_string()))?;
    stored
        .into_iter()
        .map(|(field, start, end, term, form, list)| {
            let field = Field::from_word(&field)
                .ok_or_else(|| unreadable(column, format!("unknown field `{field}`")))?;
            Ok(Hit {
                field,
                start,
                end,
                term,
                form,
                list,
            })
        })
        .collect()
}

fn unreadable(column: usize, cause: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, cause.into())
}

#[cfg(test)]
impl Store {
    /// What became of the article at a link for a recipient: the messages that told it and how, and whether it waits.
    pub(crate) fn told_and_pending(
        &self,
        recipient: &str,
        link: &str,
    ) -> Result<(Vec<(DeliveryId, String)>, bool), StoreError> {
        self.ask("read what became of an article", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT told.delivery, told.how FROM told JOIN item ON item.id = told.item
                 WHERE told.recipient = ?1 AND item.link = ?2",
            )?;
            let rows = statement.query_map([recipient, link], |row| {
                Ok((DeliveryId(row.get(0)?), row.get(1)?))
            })?;
            let told = rows.collect::<Result<_, _>>()?;
            let waits = connection
                .prepare_cached(
                    "SELECT 1 FROM pending JOIN match ON match.id = pending.match JOIN item ON item.id = match.item
                     WHERE pending.recipient = ?1 AND item.link = ?2",
                )?
                .exists([recipient, link])?;
            Ok((told, waits))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_very_many_hits_the_first_are_kept_and_each_term() {
        let hit = |at: usize| Hit {
            field: Field::Summary,
            start: at,
            end: at + 1,
            term: if at == 9_000 { "seldom" } else { "often" }.to_owned(),
            form: String::new(),
            list: None,
        };
        let evidence: Vec<Hit> = (0..10_000).map(hit).collect();
        let kept: Vec<usize> = kept(&evidence).map(|hit| hit.start).collect();
        let expected: Vec<usize> = (0..MOST_HITS).chain([9_000]).collect();
        assert_eq!(kept, expected);
    }
}
