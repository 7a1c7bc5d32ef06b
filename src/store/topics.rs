//! Topics that the watchlist declares, under ids that outlive an edit.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

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
    /// A topic that was renamed keeps its row, also where it takes the name of another that was renamed too; so does one
    /// that was edited under its name. One that does both, or whose name went to another, is new.
    pub fn declare_topics(
        &mut self,
        topics: &[(&str, i64)],
        now: Timestamp,
    ) -> Result<DeclaredTopics, StoreError> {
        self.savepoint(|store| {
            store.ask("make the topics known", |connection| {
                let before = rows(connection)?;
                let chosen = rows_of(topics, &before);
                write(connection, topics, &before, &chosen, now)
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

/// A topic as the store has it.
#[derive(Clone, Debug)]
struct TopicRow {
    id: TopicId,
    name: String,
    hash: i64,
    declared: bool,
}

fn rows(connection: &Connection) -> rusqlite::Result<Vec<TopicRow>> {
    connection
        .prepare_cached("SELECT id, name, query_hash, declared FROM topic ORDER BY id")?
        .query_map([], |row| {
            Ok(TopicRow {
                id: TopicId(row.get(0)?),
                name: row.get(1)?,
                hash: row.get(2)?,
                declared: row.get(3)?,
            })
        })?
        .collect()
}

/// Which of the rows each topic goes on with; `None`: it is new.
fn rows_of(topics: &[(&str, i64)], rows: &[TopicRow]) -> Vec<Option<usize>> {
    let named = |row: &TopicRow| row.name.clone();
    let by_name: HashMap<String, usize> = rows.iter().map(named).zip(0..).collect();
    let mut taken = vec![false; rows.len()];
    let mut chosen: Vec<Option<usize>> = topics
        .iter()
        .map(|(name, hash)| {
            let row = by_name.get(*name).copied();
            row.filter(|row| rows[*row].hash == *hash)
        })
        .collect();
    chosen.iter().flatten().for_each(|row| taken[*row] = true);
    let renamed = renamed(topics, rows, &by_name, &chosen, &mut taken);
    for (chosen, renamed) in chosen.iter_mut().zip(renamed) {
        *chosen = chosen.or(renamed);
    }
    for (chosen, (name, _)) in chosen.iter_mut().zip(topics) {
        let edited = by_name.get(*name).copied().filter(|row| !taken[*row]);
        if let (None, Some(row)) = (*chosen, edited) {
            *chosen = Some(row);
            taken[row] = true;
        }
    }
    // Only once every name that stayed has its row can one be told apart that was renamed, be it long after it went.
    let mut left = by_hash(rows, |row| !taken[row]);
    for (chosen, (_, hash)) in chosen.iter_mut().zip(topics) {
        *chosen = chosen.or_else(|| left.get_mut(hash)?.pop());
    }
    chosen
}

/// For each topic without a row the one of a topic that was declared until now and asked the same, if the name that it
/// takes is free: no row has it, or only one that takes another name as well.
fn renamed(
    topics: &[(&str, i64)],
    rows: &[TopicRow],
    by_name: &HashMap<String, usize>,
    chosen: &[Option<usize>],
    taken: &mut [bool],
) -> Vec<Option<usize>> {
    let mut asked = by_hash(rows, |row| rows[row].declared && !taken[row]);
    let mut renamed: Vec<Option<usize>> = chosen
        .iter()
        .zip(topics)
        .map(|(chosen, (_, hash))| match chosen {
            Some(_) => None,
            None => asked.get_mut(hash)?.pop(),
        })
        .collect();
    renamed.iter().flatten().for_each(|row| taken[*row] = true);
    let topic_named: HashMap<&str, usize> = topics.iter().map(|(name, _)| *name).zip(0..).collect();
    for topic in 0..topics.len() {
        let mut next = Some(topic);
        // A row that keeps its name after all withholds it from the topic that was to take it.
        while let Some(topic) = next.take() {
            let is_held = |name| by_name.get(name).is_some_and(|row| !taken[*row]);
            if let Some(row) = renamed[topic].filter(|_| is_held(topics[topic].0)) {
                renamed[topic] = None;
                taken[row] = false;
                next = topic_named.get(rows[row].name.as_str()).copied();
            }
        }
    }
    renamed
}

/// Those of the rows that are `wanted`, by what they ask, the oldest last.
fn by_hash(rows: &[TopicRow], wanted: impl Fn(usize) -> bool) -> HashMap<i64, Vec<usize>> {
    let mut by_hash: HashMap<i64, Vec<usize>> = HashMap::new();
    for row in (0..rows.len()).rev().filter(|row| wanted(*row)) {
        by_hash.entry(rows[row].hash).or_default().push(row);
    }
    by_hash
}

fn write(
    connection: &Connection,
    topics: &[(&str, i64)],
    before: &[TopicRow],
    chosen: &[Option<usize>],
    now: Timestamp,
) -> rusqlite::Result<DeclaredTopics> {
    connection.execute("UPDATE topic SET declared = 0", [])?;
    let chosen: Vec<Option<&TopicRow>> = chosen.iter().map(|row| Some(&before[(*row)?])).collect();
    for ((name, _), row) in topics.iter().zip(&chosen) {
        // Two that change their names would have the same for a moment. No name of a watchlist has a control in it.
        if let Some(row) = row.filter(|row| row.name != *name) {
            connection
                .prepare_cached("UPDATE topic SET name = char(1) || id WHERE id = ?1")?
                .execute([row.id.0])?;
        }
    }
    let mut ids = Vec::with_capacity(topics.len());
    for ((name, hash), row) in topics.iter().zip(&chosen) {
        ids.push(match row {
            Some(row) => {
                connection
                    .prepare_cached(
                        "UPDATE topic SET declared = 1, name = ?2, query_hash = ?3 WHERE id = ?1",
                    )?
                    .execute(params![row.id.0, name, hash])?;
                row.id
            }
            None => connection
                .prepare_cached(
                    "INSERT INTO topic (name, query_hash, since, declared) VALUES (?1, ?2, ?3, 1) RETURNING id",
                )?
                .query_row(params![name, hash, seconds(now)], |row| row.get(0).map(TopicId))?,
        });
    }
    let present: HashMap<TopicId, i64> = ids
        .iter()
        .copied()
        .zip(topics.iter().map(|(_, hash)| *hash))
        .collect();
    let changed = before
        .iter()
        .filter(|row| row.declared && present.get(&row.id) != Some(&row.hash));
    Ok(DeclaredTopics {
        changed: changed.map(|row| row.id).collect(),
        ids,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::Store;

    /// Declares the first topics, then the others, each written as its name and a number for what it asks; gives the
    /// names that the rows of those had before (`new`: none), and the names of those that are changed.
    #[track_caller]
    fn check(edits: &[&[(&str, i64)]], rows: &[&str], changed: &[&str]) {
        let folder = tempfile::tempdir().expect("a folder");
        let now = "2026-11-23T06:00:00Z".parse().expect("a time");
        let mut store = Store::open(&folder.path().join("wirewatch.db"), now).expect("a store");
        let mut names: HashMap<TopicId, &str> = HashMap::new();
        let mut last = (Vec::new(), Vec::new());
        for topics in edits {
            let declared = store.declare_topics(topics, now).expect("declared");
            let name = |id: &TopicId| names.get(id).copied().unwrap_or("new");
            last = (
                declared.ids.iter().map(name).collect(),
                declared.changed.iter().map(name).collect(),
            );
            let present = topics.iter().map(|(name, _)| *name);
            names.extend(declared.ids.into_iter().zip(present));
        }
        assert_eq!(last, (rows.to_vec(), changed.to_vec()));
    }

    #[test]
    fn a_renamed_topic_and_an_edited_one_keep_their_rows() {
        check(&[&[("a", 1)], &[("b", 1)]], &["a"], &[]);
        check(&[&[("a", 1)], &[("a", 2)]], &["a"], &["a"]);
        check(&[&[("a", 1)], &[("b", 2)]], &["new"], &["a"]);
        check(&[&[("a", 1)], &[], &[("b", 1)]], &["a"], &[]);
        check(&[&[("a", 1)], &[("b", 1), ("a", 2)]], &["a", "new"], &[]);
    }

    #[test]
    fn topics_that_change_their_names_keep_their_rows() {
        let three: &[(&str, i64)] = &[("a", 1), ("b", 2), ("c", 3)];
        check(
            &[three, &[("a", 2), ("b", 1), ("c", 3)]],
            &["b", "a", "c"],
            &[],
        );
        check(
            &[three, &[("a", 2), ("b", 3), ("c", 1)]],
            &["b", "c", "a"],
            &[],
        );
        check(
            &[three, &[("b", 1), ("c", 2), ("d", 3)]],
            &["a", "b", "c"],
            &[],
        );
    }

    #[test]
    fn a_name_is_not_taken_from_a_row_that_keeps_it() {
        let two: &[(&str, i64)] = &[("a", 1), ("b", 2)];
        check(&[two, &[("a", 2)]], &["a"], &["a", "b"]);
        check(&[two, &[("b", 1), ("a", 3)]], &["b", "a"], &["a", "b"]);
        let three: &[(&str, i64)] = &[("a", 1), ("b", 2), ("c", 3)];
        check(
            &[three, &[("b", 1), ("c", 2)]],
            &["b", "c"],
            &["a", "b", "c"],
        );
    }

    #[test]
    fn of_topics_that_ask_the_same_each_keeps_its_own_row() {
        let two: &[(&str, i64)] = &[("a", 1), ("b", 1)];
        check(&[two, &[("b", 1), ("c", 1)]], &["b", "a"], &[]);
        check(&[two, &[("b", 1), ("a", 1)]], &["b", "a"], &[]);
    }

    proptest! {
        /// Whatever the edits, each topic has a row of its own under its name, and to declare the same again changes
        /// nothing.
        #[test]
        fn every_topic_has_a_row_of_its_own(
            edits in prop::collection::vec(prop::collection::btree_map(0..6_usize, 0..4_i64, 0..6), 1..5),
        ) {
            const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
            let folder = tempfile::tempdir().expect("a folder");
            let now = "2026-11-23T06:00:00Z".parse().expect("a time");
            let mut store = Store::open(&folder.path().join("wirewatch.db"), now).expect("a store");
            for edit in edits {
                let topics: Vec<(&str, i64)> = edit.iter().map(|(name, hash)| (NAMES[*name], *hash)).collect();
                let declared = store.declare_topics(&topics, now).expect("declared");
                prop_assert_eq!(store.topic_ids(&topics).expect("read"), declared.ids.clone());
                let again = store.declare_topics(&topics, now).expect("declared");
                prop_assert_eq!(again, DeclaredTopics { ids: declared.ids, changed: Vec::new() });
            }
        }
    }
}
