//! What grouping costs with a full window of invented headlines: time an item, time of a restart, memory.
//!
//! Times are those of the processor, so that what else the machine does counts little.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wirewatch::config;
use wirewatch::config::find::{Environment, Places};
use wirewatch::config::report::Colour;
use wirewatch::desk::{Desk, Watchlist};
use wirewatch::feed::FeedDocument;
use wirewatch::model::{Entry, Feed, ItemId, StoryId, Timestamp};
use wirewatch::store::Store;
use wirewatch::story::Telling;
use wirewatch::story::group::{Grouper, Placement};
use wirewatch::story::vector::Frequencies;

use super::processor::processor;

/// Places so many items within 72 hours and a hundredth more, times those, and returns the figures.
pub(crate) fn run(items: usize) -> Result<String, Box<dyn Error>> {
    let tellings = headlines(items + items / 100);
    let mut frequencies = Frequencies::default();
    for telling in &tellings {
        frequencies.count(telling);
    }
    // As the store would give them: without the rare.
    let kept: Vec<(String, u32)> = frequencies
        .words()
        .map(|(word, items)| (word.to_string(), items))
        .collect();
    let frequencies = Frequencies::new(frequencies.items(), kept);
    let before = resident();
    let mut grouper = Grouper::new(frequencies.clone());
    let mut placed = Vec::with_capacity(tellings.len());
    let mut times = Vec::with_capacity(tellings.len());
    let begin = processor();
    for telling in &tellings {
        let each = processor();
        let placement = grouper.place(telling, StoryId(telling.item.0));
        times.push(processor() - each);
        placed.push(placement);
    }
    let all = processor() - begin;
    // What the benchmark itself keeps is not the grouper's.
    let reasons: usize = placed
        .iter()
        .map(|placement| placement.why.capacity())
        .sum();
    let kept = placed.capacity() * size_of::<Placement>() + reasons;
    let after = resident().saturating_sub(kept as u64);

    drop(grouper);
    let restart = restart(&tellings, placed)?;

    let mut last = times.split_off(items);
    last.sort_unstable();
    let p99 = last
        .get(last.len() * 99 / 100)
        .copied()
        .unwrap_or(Duration::ZERO);
    let each_second = tellings.len() as f64 / all.as_secs_f64();
    let p50 = last.get(last.len() / 2).copied().unwrap_or_default();
    let memory = after.saturating_sub(before) >> 20;
    Ok(format!(
        "{items} items: {each_second:.0} a second; with all in the window p50 {p50:?}, p99 {p99:?}; restart {restart:.1?} \
         on the wall, \
         memory {memory} MiB"
    ))
}

/// How long a daemon takes, on the wall, to read the open stories from its store with these items placed as they were.
fn restart(tellings: &[Telling], placed: Vec<Placement>) -> Result<Duration, Box<dyn Error>> {
    const ENTRIES: usize = 1000;
    let folder = tempfile::tempdir()?;
    let now = tellings.last().ok_or("no items")?.at;
    let mut store = Store::open(&folder.path().join("stories.db"), now)?;
    let feeds = (0..tellings.len().div_ceil(ENTRIES)).map(feed);
    store.declare_feeds(&feeds.collect::<Vec<_>>(), now)?;
    store.begin_batch()?;
    let mut ids: HashMap<ItemId, ItemId> = HashMap::new();
    let mut placed = placed.into_iter();
    for (state, tellings) in store.feeds()?.iter().zip(tellings.chunks(ENTRIES)) {
        let document = FeedDocument {
            entries: tellings.iter().map(entry).collect(),
            ..FeedDocument::default()
        };
        let mut taken = store.take_in(state, &document, tellings[0].at)?.entries;
        taken.sort_by_key(|entry| entry.index);
        for ((entry, telling), mut placement) in taken.iter().zip(tellings).zip(&mut placed) {
            ids.insert(telling.item, entry.item);
            placement.copy_of = placement.copy_of.map(|item| ids[&item]);
            store.keep_placement(entry.item, &placement, telling.at)?;
        }
    }
    store.commit_batch()?;
    let mut frequencies = Frequencies::default();
    for telling in tellings {
        frequencies.count(telling);
    }
    let midnight = Timestamp::from_second(now.as_second().div_euclid(86_400) * 86_400)?;
    store.keep_frequencies(midnight, frequencies.items(), frequencies.words())?;

    let file = folder.path().join("wirewatch.toml");
    let text = "[mail]\nto = [\"me@mail.example\"]\n[[feed]]\nurl = \"https://outlet.example/\"\n\
                [[topic]]\nname = \"All\"\nany = [\"news\"]\n";
    let places = Places::new(&file, Environment::process());
    let loaded = config::load_text(text.to_owned(), None, &file, &places)
        .map_err(|report| report.render(Colour::Plain))?;
    let mut desk = Desk::open(store, Arc::new(Watchlist::new(loaded, &file)), now)?;
    let begin = Instant::now();
    desk.load_stories(now)?;
    Ok(begin.elapsed())
}

fn feed(number: usize) -> Feed {
    Feed::at(format!("https://outlet{number}.example/rss"))
}

fn entry(telling: &Telling) -> Entry {
    Entry {
        guid: telling.link.clone(),
        link: telling.link.clone(),
        title: Some(telling.title.clone()),
        summary: Some(telling.summary.clone()),
        published: Some(telling.at),
        lang: telling.lang.clone(),
        ..Entry::default()
    }
}

/// Bytes of memory that this process holds, where the system tells.
fn resident() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok())
        .unwrap_or(0)
        * 4096
}

/// Five items an event on average, words as frequent as in language (Zipf), always the same ones.
fn headlines(count: usize) -> Vec<Telling> {
    const WORDS: f64 = 60_000.0;
    let mut seed = 1u64;
    let mut random = move || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 11) as f64 / (1u64 << 53) as f64
    };
    let word = |random: f64| word(WORDS.powf(random) as u64);
    (0..count)
        .map(|item| {
            let event = (item as f64 / 5.0 + random() * 200.0) as u64;
            let names: Vec<String> = (0..4)
                .map(|name| self::word(60_000 + event * 7 % 40_000 + name * 40_000))
                .collect();
            let mut text = |own: usize, other: usize| {
                let own = (0..own).map(|at| names[at % names.len()].clone());
                let other: Vec<String> = (0..other).map(|_| word(random())).collect();
                own.chain(other).collect::<Vec<_>>().join(" ")
            };
            Telling {
                item: ItemId(item as i64),
                at: Timestamp::from_second(1_767_225_600 + (item as i64 * 250_000) / count as i64)
                    .expect("a time of this century"),
                lang: Some("en".to_string()),
                publisher: format!("outlet{}.example", item % 300),
                link: Some(format!("https://outlet.example/{item}")),
                title: text(3, 7),
                summary: text(4, 25),
            }
        })
        .collect()
}

/// A word for each number.
fn word(mut number: u64) -> String {
    const SYLLABLES: [&str; 20] = [
        "ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu", "dal", "fer", "gin", "hol",
        "jun", "pas", "qet", "wim", "xor", "yul",
    ];
    let mut word = String::new();
    loop {
        word.push_str(SYLLABLES[(number % 20) as usize]);
        number /= 20;
        if number == 0 {
            return word;
        }
    }
}
