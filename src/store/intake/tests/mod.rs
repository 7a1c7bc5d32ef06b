//! The decision tables of `ingest`: a small world of feeds, and a test for each line and known fault of publishers.

use jiff::SignedDuration;

use super::*;
use crate::model::{Feed, FeedId, Validators};

const PAPER: &str = "https://www.paper.example/rss.xml";
const SISTER: &str = "https://www.paper.example/politics.xml";
const AGGREGATOR: &str = "https://planet.example/feed";

/// A store and its clock, which starts at noon and goes on by an hour before each poll.
struct World {
    store: Store,
    now: Timestamp,
}

impl World {
    fn new() -> World {
        let now = noon();
        let mut store = Store::open_in_memory(now).expect("a database in memory");
        declare(&mut store, &[PAPER, SISTER, AGGREGATOR], now);
        World { store, now }
    }

    /// A world in which the paper was polled once and showed these.
    fn after(entries: &[Entry]) -> World {
        let mut world = World::new();
        world.poll(PAPER, entries);
        world
    }

    fn wait(&mut self, hours: i64) {
        self.now += SignedDuration::from_hours(hours);
    }

    fn take(&mut self, feed: &str, document: &FeedDocument) -> Taken {
        self.wait(1);
        let state = self.state(feed);
        self.store
            .take_in(&state, document, self.now)
            .expect("a document is taken in")
    }

    fn poll(&mut self, feed: &str, entries: &[Entry]) -> String {
        let document = FeedDocument {
            entries: entries.to_vec(),
            ..FeedDocument::default()
        };
        told(&self.take(feed, &document))
    }

    fn state(&self, feed: &str) -> FeedState {
        self.store
            .feed_by_url(feed)
            .expect("the feeds can be read")
            .expect("the feed is known")
    }

    fn item_of(&self, link: &str) -> ItemId {
        self.store
            .item_by_link_or_id(link)
            .expect("the items can be read")
            .expect("the item is known")
            .id
    }

    fn items(&self) -> u64 {
        self.store.counts().expect("the items can be counted").items
    }
}

fn noon() -> Timestamp {
    "2026-03-03T12:00:00Z".parse().expect("a time")
}

fn declare(store: &mut Store, urls: &[&str], now: Timestamp) {
    let feed = |url: &&str| Feed::at((*url).to_owned());
    let feeds: Vec<Feed> = urls.iter().map(feed).collect();
    store
        .declare_feeds(&feeds, now)
        .expect("feeds are declared");
}

/// What is to be matched, an index and a word each.
fn told(taken: &Taken) -> String {
    let mut words: Vec<String> = taken
        .entries
        .iter()
        .map(|entry| {
            let word = match entry.kind {
                TakenKind::First => entry.origin.as_str(),
                TakenKind::Sighting => "sighting",
                TakenKind::Changed { significant: true } => "changed",
                TakenKind::Changed { significant: false } => "touched",
            };
            format!("{} {word}", entry.index)
        })
        .collect();
    if taken.replaced {
        words.push("replaced".to_owned());
    } else if taken.gap.is_some() {
        words.push("gap".to_owned());
    }
    words.join(", ")
}

/// Story `n` was published `n` hours before noon; no two share a word.
fn story(n: i64) -> Entry {
    let address = format!("https://www.paper.example/world/story-{n}.html");
    Entry {
        guid: Some(address.clone()),
        permalink: Some(true),
        link: Some(address),
        title: Some(words("title", n, 5)),
        summary: Some(words("summary", n, 9)),
        published: Some(noon() - SignedDuration::from_hours(n)),
        ..Entry::default()
    }
}

fn words(stem: &str, n: i64, count: usize) -> String {
    let letters = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let word = |letter: &&str| format!("{stem}{letter}{n}");
    letters
        .iter()
        .take(count)
        .map(word)
        .collect::<Vec<_>>()
        .join(" ")
}

fn stories(numbers: std::ops::Range<i64>) -> Vec<Entry> {
    numbers.map(story).collect()
}

fn each(mut entries: Vec<Entry>, change: impl Fn(&mut Entry)) -> Vec<Entry> {
    entries.iter_mut().for_each(change);
    entries
}

/// One entry changed, polled after its original among four others.
#[track_caller]
fn check_change(change: impl Fn(&mut Entry), expected: &str) {
    let mut world = World::after(&stories(1..6));
    let mut entries = stories(1..6);
    change(&mut entries[1]);
    assert_eq!(world.poll(PAPER, &entries), expected);
    assert_eq!(world.poll(PAPER, &entries), "", "again");
}

/// All entries changed, with one that is new on top.
#[track_caller]
fn check_move(change: impl Fn(&mut Entry)) {
    let mut world = World::after(&stories(1..6));
    let entries = each(stories(0..6), &change);
    assert_eq!(world.poll(PAPER, &entries), "0 new");
    assert_eq!(world.poll(PAPER, &entries), "", "again");
    assert_eq!(world.items(), 6);
}

fn clear_names(entry: &mut Entry) {
    entry.guid = None;
    entry.link = None;
}

mod feeds;
mod gaps;
mod same;
