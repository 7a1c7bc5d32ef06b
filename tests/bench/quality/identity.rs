//! Sequences of polls: which entries are new?

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use jiff::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use wirewatch::feed::FeedDocument;
use wirewatch::model::{Entry, Feed, FeedState, Moved, Origin};
use wirewatch::store::Store;
use wirewatch::store::intake::{Taken, TakenEntry, TakenKind};

#[derive(Deserialize)]
struct Scenario {
    id: String,
    feeds: BTreeMap<String, Declared>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Declared {
    url: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    link: Option<String>,
}

#[derive(Deserialize)]
struct Step {
    #[serde(deserialize_with = "instant")]
    t: Timestamp,
    feed: String,
    items: Vec<Parsed>,
    /// The feed, or its address, that now redirects here.
    #[serde(default)]
    moved_from: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    link: Option<String>,
}

#[derive(Deserialize)]
struct Parsed {
    guid: Option<String>,
    permalink: Option<bool>,
    link: Option<String>,
    title: Option<String>,
    summary: Option<String>,
    #[serde(default)]
    content: Option<String>,
    #[serde(default, deserialize_with = "date")]
    published: Option<Timestamp>,
    #[serde(default, deserialize_with = "date")]
    updated: Option<Timestamp>,
}

/// Writes `{"id", "step", "new", "update"}` for each step.
pub(crate) fn run(cases: &str, out: &str) -> super::Outcome {
    let mut answers = String::new();
    let (mut scenarios, mut polls, mut new) = (0, 0, 0);
    for line in cases.lines().filter(|line| !line.trim().is_empty()) {
        let scenario: Scenario = serde_json::from_str(line)?;
        scenarios += 1;
        for (step, taken) in play(&scenario)?.iter().enumerate() {
            let news = indexes(taken, is_news);
            polls += 1;
            new += news.len();
            let changed = |entry: &_| matches!(entry, TakenKind::Changed { .. });
            let answer = serde_json::json!({
                "id": scenario.id,
                "step": step,
                "new": news,
                "update": indexes(taken, |entry| changed(&entry.kind)),
            });
            writeln!(answers, "{answer}")?;
        }
    }
    std::fs::write(out, answers)?;
    Ok(format!(
        "{scenarios} scenarios, {polls} polls, {new} new items"
    ))
}

fn indexes(taken: &Taken, wanted: impl Fn(&TakenEntry) -> bool) -> Vec<usize> {
    let entries = taken.entries.iter().filter(|entry| wanted(entry));
    entries.map(|entry| entry.index).collect()
}

/// What is mailed if a topic wants it: an item first seen as new, or first shown here after mere first polls elsewhere.
fn is_news(entry: &TakenEntry) -> bool {
    entry.origin == Origin::New
        && match entry.kind {
            TakenKind::First => true,
            TakenKind::Sighting => entry.former.is_none(),
            TakenKind::Changed { .. } => false,
        }
}

/// Polls as the daemon does, from an empty store.
fn play(scenario: &Scenario) -> Result<Vec<Taken>, Box<dyn std::error::Error>> {
    let start = scenario
        .steps
        .first()
        .map_or(Timestamp::UNIX_EPOCH, |step| step.t);
    let mut store = Store::open_in_memory(start)?;
    let mut declared: Vec<String> = Vec::new();
    let mut taken = Vec::new();
    // A feed that has moved keeps the name that the scenario first gave it.
    let mut addresses: HashMap<&str, String> = scenario
        .feeds
        .iter()
        .map(|(name, feed)| (name.as_str(), feed.url.clone()))
        .collect();
    for step in &scenario.steps {
        let address = addresses
            .get(step.feed.as_str())
            .cloned()
            .unwrap_or_else(|| step.feed.clone());
        if let Some(from) = &step.moved_from {
            let from = addresses.get(from.as_str()).unwrap_or(from).clone();
            redirect(&mut store, &from, &address, step.t)?;
            declared.retain(|url| *url != from);
            addresses.insert(&step.feed, address.clone());
        }
        if !declared.contains(&address) {
            declared.push(address.clone());
            let feeds: Vec<Feed> = declared.iter().map(|url| feed(url)).collect();
            store.declare_feeds(&feeds, step.t)?;
        }
        let state = store
            .feed_by_url(&address)?
            .ok_or("the feed is not declared")?;
        taken.push(store.take_in(&state, &document(scenario, step), step.t)?);
    }
    Ok(taken)
}

/// A permanent redirect, as a poll notes it.
fn redirect(
    store: &mut Store,
    from: &str,
    to: &str,
    now: Timestamp,
) -> Result<(), Box<dyn std::error::Error>> {
    let Some(state) = store.feed_by_url(from)? else {
        return Ok(());
    };
    let moved = Moved {
        to: to.to_owned(),
        count: 3,
        since: now,
        adopted_at: Some(now),
    };
    store.record_feed(&FeedState {
        moved: Some(moved),
        ..state
    })?;
    Ok(())
}

fn feed(url: &str) -> Feed {
    Feed {
        url: url.to_owned(),
        name: None,
        tags: Vec::new(),
        every: None,
        backfill: Default::default(),
        paused: false,
    }
}

fn document(scenario: &Scenario, step: &Step) -> FeedDocument {
    let declared = scenario.feeds.get(&step.feed);
    let title = step.title.clone().or_else(|| declared?.title.clone());
    let link = step.link.clone().or_else(|| declared?.link.clone());
    let entry = |parsed: &Parsed| Entry {
        guid: parsed.guid.clone(),
        permalink: parsed.permalink,
        link: parsed.link.clone(),
        title: parsed.title.clone(),
        summary: parsed.summary.clone(),
        content: parsed.content.clone(),
        published: parsed.published,
        updated: parsed.updated,
        ..Entry::default()
    };
    FeedDocument {
        title,
        link,
        entries: step.items.iter().map(entry).collect(),
        ..FeedDocument::default()
    }
}

fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    String::deserialize(deserializer)?
        .parse()
        .map_err(D::Error::custom)
}

/// A date that cannot be read is missing, as in a feed.
fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.parse().ok()))
}
