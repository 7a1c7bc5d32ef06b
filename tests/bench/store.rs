//! What identity costs: `cargo bench --bench store [-- ITEMS...]`, by default at 2,000, 20,000 and 200,000 items.
//!
//! For each size it prints how fast items are taken in, what the keys weigh, and what a poll of a feed of 100 entries
//! costs: unchanged, each entry touched (all keys asked for, nothing new), and the look-ups alone.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::error::Error;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use wirewatch::feed::FeedDocument;
use wirewatch::model::{Entry, Feed};
use wirewatch::store::Store;

#[path = "processor.rs"]
mod processor;

use processor::processor;

/// Entries of one document.
const ENTRIES: usize = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let mut sizes: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse().ok())
        .collect();
    if sizes.is_empty() {
        sizes = vec![2_000, 20_000, 200_000];
    }
    println!(
        "     items       keys  items/s  keys MB/M  file MB/M  unchanged ms  touched ms  look-ups/s  known ms  unknown ms"
    );
    for size in sizes {
        measure(size)?;
    }
    Ok(())
}

fn measure(items: usize) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("watch.db");
    let mut now: Timestamp = "2026-01-01T00:00:00Z".parse()?;
    let mut store = Store::open(&path, now)?;
    let feeds = items.div_ceil(ENTRIES * 10);
    store.declare_feeds(&(0..feeds).map(feed).collect::<Vec<_>>(), now)?;

    let start = processor();
    for round in 0..10 {
        now += SignedDuration::from_hours(1);
        store.begin_batch()?;
        for (number, state) in store.feeds()?.iter().enumerate() {
            store.take_in(state, &document(number, round, ""), now)?;
            if number % 500 == 499 {
                store.commit_batch()?;
                store.begin_batch()?;
            }
        }
        store.commit_batch()?;
    }
    let taken = store.counts()?;
    let speed = taken.items as f64 / (processor() - start).as_secs_f64();

    let states = store.feeds()?;
    let polls: Vec<_> = states
        .iter()
        .enumerate()
        .step_by((feeds / 50).max(1))
        .collect();
    let mut poll = |mark: &str| -> Result<f64, Box<dyn Error>> {
        now += SignedDuration::from_hours(1);
        store.begin_batch()?;
        let start = processor();
        for (number, state) in &polls {
            store.take_in(state, &document(*number, 9, mark), now)?;
        }
        let spent = (processor() - start).as_secs_f64() * 1_000.0 / polls.len() as f64;
        store.commit_batch()?;
        Ok(spent)
    };
    let unchanged = poll("")?;
    let touched = poll("Politics")?;
    drop(store);

    let (key_bytes, file_bytes) = sizes(&path)?;
    let look_ups = look_ups(&path)?;
    println!(
        "{:10} {:10} {speed:8.0} {:10.1} {:10.0} {unchanged:13.3} {touched:11.3} {look_ups:11.0} {:9.3} {:11.3}",
        taken.items,
        taken.keys,
        key_bytes / taken.keys as f64,
        file_bytes / taken.items as f64,
        // Of a known entry guid and link are asked for, which are one name here; of another title and text, too.
        ENTRIES as f64 * 1_000.0 / look_ups,
        (4 * ENTRIES) as f64 * 1_000.0 / look_ups,
    );
    Ok(())
}

/// Bytes of the table of keys and of the file. A byte a row is a megabyte a million rows.
fn sizes(path: &Path) -> Result<(f64, f64), Box<dyn Error>> {
    let connection = Connection::open(path)?;
    let keys: f64 = connection.query_row(
        "SELECT CAST(sum(pgsize) AS REAL) FROM dbstat WHERE name = 'key'",
        (),
        |row| row.get(0),
    )?;
    Ok((keys, std::fs::metadata(path)?.len() as f64))
}

/// Keys looked up in a second, half of them known, in no order.
fn look_ups(path: &Path) -> Result<f64, Box<dyn Error>> {
    let connection = Connection::open(path)?;
    let mut statement = connection
        .prepare("SELECT hash + (hash & 1) FROM key ORDER BY item * 7919 % 10007 LIMIT 100000")?;
    let hashes: Vec<i64> = statement
        .query_map((), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut statement = connection.prepare("SELECT item FROM key WHERE hash = ?1")?;
    let start = processor();
    for hash in &hashes {
        statement.exists([hash])?;
    }
    Ok(hashes.len() as f64 / (processor() - start).as_secs_f64())
}

fn feed(number: usize) -> Feed {
    Feed::at(format!("https://feeds.paper{number}.example/rss"))
}

/// Each round shows a hundred others.
fn document(feed: usize, round: usize, category: &str) -> FeedDocument {
    let base: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
    let entry = |index: usize| {
        let number = round * ENTRIES + index;
        let link = format!("https://www.paper{feed}.example/world/2026/01/story-{number}.html");
        let date = base + SignedDuration::from_mins(i64::try_from(number).unwrap_or(0));
        Entry {
            guid: Some(link.clone()),
            link: Some(link),
            title: Some(format!(
                "Headline {number} of paper {feed} about what happened today"
            )),
            summary: Some(format!(
                "The teaser of story {number}: officials said on Tuesday that it would go on for {number} days, and \
                 that nobody knew how it had come to pass in the {feed} districts of the city."
            )),
            published: Some(date),
            categories: vec![category.to_owned()],
            ..Entry::default()
        }
    };
    FeedDocument {
        title: Some(format!("Paper {feed}")),
        link: Some(format!("https://www.paper{feed}.example/")),
        entries: (0..ENTRIES).rev().map(entry).collect(),
        ..FeedDocument::default()
    }
}
