//! Topics that the watchlist declares, under ids that outlive an edit.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, params};

use super::{Store, StoreError, seconds};
use crate::model::{Timestamp, TopicId};

/// What a declaration of topics came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredTopics {
    /// The rows of the topics, in the order they were given.
    pub ids: Vec<TopicId>,
    /// Those that were declared until now, and are left out or ask something else from now on.
    pub changed: Vec<TopicId>,
}

impl Store {
    /// Makes the declared topics known, each given as its name and the hash of what it asks.
    ///
    /// An edited topic keeps its row. One that is new under its name inherits the row of a topic that is no longer
    /// declared and asked exactly the same: it was renamed.
    pub fn declare_topics(
        &mut self,
        topics: &[(&str, i64)],
        now: Timestamp,
    ) -> Result<DeclaredTopics, StoreError> {
        self.savepoint(|store| {
            store.ask("make the topics known", |connection| {
        let before: Vec<(TopicId, i64)> = connection
            .prepare_cached("SELECT id, query_hash FROM topic WHERE declared = 1 ORDER BY id")?
            .query_map([], |row| Ok((TopicId(row.get(0)?), row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        connection.execute("UPDATE topic SET declared = 0", [])?;
        let mut ids = vec![None; topics.len()];
        for (id, (name, hash)) in ids.iter_mut().zip(topics) {
            *id = connection
                .query_row(
                    "UPDATE topic SET declared = 1, query_hash = ?2 WHERE name = ?1 RETURNING id",
                    params![name, hash],
                    |row| row.get(0).map(TopicId),
                )
                .optional()?;
        }
        // Only once every name that stayed has its row can one be told apart that was renamed.
        for (id, (name, hash)) in ids.iter_mut().zip(topics).filter(|(id, _)| id.is_none()) {
            let renamed = connection
                .query_row(
                    "UPDATE topic SET declared = 1, name = ?1 WHERE id =
                     (SELECT id FROM topic WHERE declared = 0 AND query_hash = ?2 ORDER BY id LIMIT 1)
                     RETURNING id",
                    params![name, hash],
                    |row| row.get(0).map(TopicId),
                )
                .optional()?;
            *id = match renamed {
                Some(id) => Some(id),
                None => Some(connection.query_row(
                    "INSERT INTO topic (name, query_hash, since, declared) VALUES (?1, ?2, ?3, 1) RETURNING id",
                    params![name, hash, seconds(now)],
                    |row| row.get(0).map(TopicId),
                )?),
            };
        }
        let ids: Vec<TopicId> = ids.into_iter().flatten().collect();
        let hashes = topics.iter().map(|(_, hash)| hash);
        let present: HashMap<&TopicId, &i64> = ids.iter().zip(hashes).collect();
        let is_changed = |(id, hash): &(TopicId, i64)| present.get(id) != Some(&hash);
        let changed = before.into_iter().filter(is_changed).map(|(id, _)| id);
        let changed = changed.collect();
        Ok(DeclaredTopics { ids, changed })
            })
        })
    }

    /// The rows of these topics, for a command that only reads; one that has none yet gets a number that no row has.
    pub fn topic_ids(&self, topics: &[(&str, i64)]) -> Result<Vec<TopicId>, StoreError> {
        self.ask("read the topics", |connection| {
            let mut statement =
                connection.prepare_cached("SELECT id FROM topic WHERE name = ?1")?;
            let mut ids = Vec::with_capacity(topics.len());
            for (index, (name, _)) in (1_i64..).zip(topics) {
                let id = statement.query_row([name], |row| row.get(0)).optional()?;
                ids.push(TopicId(id.unwrap_or(-index)));
            }
            Ok(ids)
        })
    }
}
