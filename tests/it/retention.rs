//! Texts go after their time, keys stay, the file shrinks, and polling never waits for it.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use wirewatch::store::Store;
use wirewatch::store::cleaning::Cleaning;

use crate::processor::processor;
use crate::wirewatch::tell;

/// What an administrator would see.
#[derive(Debug)]
struct Cleaned {
    items: i64,
    keys: i64,
    steps: usize,
    /// The time that a step took: of half of them at most, of 99 in 100 at most, and of the longest.
    half: Duration,
    most: Duration,
    longest: Duration,
    /// The longest that a step computed, which a busy machine does not change.
    computed: Duration,
    before: u64,
    after: u64,
}

/// Cleans a database of so many items, first seen evenly over 400 days, down to those of the last 100.
fn clean(items: u32) -> Cleaned {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("watch.db");
    let now: Timestamp = "2026-11-23T12:00:00Z".parse().expect("a time");
    drop(Store::open(&path, now).expect("created"));
    fill(&path, items, now);
    let mut store = Store::open(&path, now).expect("opened");
    let size = || std::fs::metadata(&path).expect("there").len();
    let before = size();
    let keep = SignedDuration::from_hours(100 * 24);
    let mut cleaning = Cleaning::begin(now, keep);
    let (mut steps, mut computed) = (Vec::new(), Duration::ZERO);
    while !cleaning.is_done() {
        let (began, before) = (Instant::now(), processor());
        cleaning = store.clean(cleaning).expect("cleaned");
        steps.push(began.elapsed());
        computed = computed.max(processor().saturating_sub(before));
    }
    steps.sort_unstable();
    drop(store);
    let database = Connection::open(&path).expect("a database");
    let count = |query: &str| {
        let number: i64 = database
            .query_row(query, (), |row| row.get(0))
            .expect("a number");
        number
    };
    assert_eq!(
        count("PRAGMA freelist_count"),
        0,
        "all free pages went back to the disk"
    );
    assert_eq!(
        count("SELECT COUNT(*) FROM sighting"),
        count("SELECT COUNT(*) FROM item")
    );
    Cleaned {
        items: count("SELECT COUNT(*) FROM item"),
        keys: count("SELECT COUNT(*) FROM key"),
        steps: steps.len(),
        half: steps[steps.len() / 2],
        most: steps[steps.len() * 99 / 100],
        longest: steps[steps.len() - 1],
        computed,
        before,
        after: size(),
    }
}

/// Items with half a kilobyte of text and three keys each, as years of polling leave them.
fn fill(path: &std::path::Path, items: u32, now: Timestamp) {
    let database = Connection::open(path).expect("a database");
    let (now, items) = (now.as_second(), i64::from(items));
    let until = now / 86_400 + 365;
    database
        .execute_batch(&format!(
            "PRAGMA synchronous = off; BEGIN;
             INSERT INTO feed (id, url, declared, added_at, next_at) VALUES (1, 'https://a.example/rss', 1, 0, 0);
             WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {items})
             INSERT INTO item (feed, guid, link, date, dated, first_seen, last_seen, origin)
             SELECT 1, 'g' || i, 'https://a.example/' || i, {now} - (400 * 86400 * i) / {items}, 'seen',
                    {now} - (400 * 86400 * i) / {items}, {now} - (400 * 86400 * i) / {items}, 'new' FROM n;
             INSERT INTO sighting (item, feed, first_seen, left_at, origin, title, summary, hash)
             SELECT id, 1, first_seen, first_seen + 86400, 'new', 'Headline ' || id,
                    hex(zeroblob(240)), id FROM item;
             INSERT INTO key (hash, item, until)
             SELECT item.id * 2654435761 + k.value, item.id, {until} FROM item, json_each('[1, 2, 3]') AS k;
             COMMIT;"
        ))
        .expect("filled");
    drop(database);
    // Years of polling did not leave it in the system's memory, for the first step to write out.
    let file = std::fs::File::open(path).expect("there");
    file.sync_all().expect("on the disk");
}

#[test]
fn texts_go_after_their_time_keys_stay_and_the_file_shrinks() {
    let cleaned = clean(4_000);
    assert_eq!(cleaned.items, 1_001, "{cleaned:?}");
    assert_eq!(cleaned.keys, 12_000, "{cleaned:?}");
    assert!(cleaned.after * 2 < cleaned.before, "{cleaned:?}");
}

/// The proof at full size. The time that passes counts only on a machine that has nothing else to do, so that what is
/// computed must stay below the limit: `cargo test --release --test it retention -- --ignored --nocapture`.
#[test]
#[ignore = "takes minutes"]
fn a_million_items_are_cleaned_without_a_pause_of_a_tenth_of_a_second() {
    let cleaned = clean(1_000_000);
    tell(format_args!(
        "{} steps: half of them within {:?}, 99 in 100 within {:?}, the longest {:?}; at most {:?} were computed; \
         {:.0} MB became {:.0} MB",
        cleaned.steps,
        cleaned.half,
        cleaned.most,
        cleaned.longest,
        cleaned.computed,
        cleaned.before as f64 / 1e6,
        cleaned.after as f64 / 1e6,
    ));
    assert_eq!((cleaned.items, cleaned.keys), (250_001, 3_000_000));
    assert!(cleaned.after * 2 < cleaned.before, "{cleaned:?}");
    assert!(cleaned.computed < Duration::from_millis(100), "{cleaned:?}");
    assert!(cleaned.most < Duration::from_millis(100), "{cleaned:?}");
}
