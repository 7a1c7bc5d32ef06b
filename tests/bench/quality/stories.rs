//! How well items are grouped into stories, in the formats of the story data (`id`, `ts`, `lang`, `publisher`, `url`,
//! `title`, `summary`; gold: `id`, `story`, `copy`, `kind`).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::error::Error;
use std::fmt::{self, Write as _};
use std::fs;
use std::hash::Hash;
use std::time::Duration;

use serde_json::{Value, json};
use wirewatch::model::{ItemId, StoryId, Timestamp};
use wirewatch::story::Telling;
use wirewatch::story::followup::{REST, news};
use wirewatch::story::group::{Grouper, Placement};
use wirewatch::story::vector::Frequencies;

use super::processor::processor;
use super::story_order;

/// One line of a set of items.
struct Item {
    id: String,
    set: usize,
    telling: Telling,
}

/// What is known of an item.
struct Gold {
    story: String,
    copy: Option<String>,
    kind: Option<String>,
}

/// What the rules made of an item.
struct Placed {
    placement: Placement,
    alert: bool,
}

/// `stories ITEMS... --out OUT`: groups all items as one stream, as if a topic matched everything, writes a line for
/// each, and returns the figures of every set that has a gold file beside it.
pub(crate) fn run(arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let (sets, out) = parse(arguments)?;
    let mut items = Vec::new();
    for (set, path) in sets.iter().enumerate() {
        items.extend(
            read(path)?
                .iter()
                .map(|line| item(set, line))
                .collect::<Result<Vec<_>, _>>()?,
        );
    }
    items.sort_by_key(|item| item.telling.at);
    for (number, item) in items.iter_mut().enumerate() {
        item.telling.item = ItemId(number as i64);
    }
    let mut frequencies = Frequencies::default();
    for item in &items {
        frequencies.count(&item.telling);
    }

    let mut times = Vec::with_capacity(items.len());
    let placed = place_all(&items, &frequencies, &mut times);
    let clusters = clusters(&placed);
    if let Some(out) = out {
        fs::write(out, lines(&items, &placed, &clusters))
            .map_err(|error| format!("{out}: {error}"))?;
    }
    let mut figures = String::new();
    for (set, path) in sets.iter().enumerate() {
        if let Some(gold) = gold(path)? {
            writeln!(figures, "{path}")?;
            report(&mut figures, set, &items, &placed, &clusters, &gold)?;
        }
    }
    let tellings: Vec<Telling> = items.into_iter().map(|item| item.telling).collect();
    figures.push_str(&story_order::figures(&tellings, &frequencies));
    figures.push_str(&speed(&mut times));
    Ok(figures)
}

fn parse<'a>(arguments: &[&'a str]) -> Result<(Vec<&'a str>, Option<&'a str>), String> {
    let mut sets = Vec::new();
    let mut out = None;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if *argument == "--out" {
            out = Some(*arguments.next().ok_or("`--out` needs a file")?);
        } else {
            sets.push(*argument);
        }
    }
    if sets.is_empty() {
        return Err("usage: stories ITEMS... --out OUT".to_string());
    }
    Ok((sets, out))
}

fn read(path: &str) -> Result<Vec<Value>, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| serde_json::from_str(line).map_err(|error| format!("{path}: {error}")))
        .collect()
}

fn text(line: &Value, key: &str) -> String {
    line.get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_string()
}

fn item(set: usize, line: &Value) -> Result<Item, String> {
    let seconds = line
        .get("ts")
        .and_then(Value::as_i64)
        .ok_or("an item has no `ts`")?;
    let or_none = |text: String| (!text.is_empty()).then_some(text);
    Ok(Item {
        id: text(line, "id"),
        set,
        telling: Telling {
            item: ItemId(0),
            at: Timestamp::from_second(seconds).map_err(|error| error.to_string())?,
            lang: or_none(text(line, "lang")),
            publisher: text(line, "publisher"),
            link: or_none(text(line, "url")),
            title: text(line, "title"),
            summary: text(line, "summary"),
        },
    })
}

/// The gold file beside `X.items.jsonl` is `X.gold.jsonl`.
fn gold(path: &str) -> Result<Option<HashMap<String, Gold>>, String> {
    let path = path.replace(".items.", ".gold.");
    if !path.contains(".gold.") || fs::metadata(&path).is_err() {
        return Ok(None);
    }
    let or_none =
        |line: &Value, key: &str| line.get(key).and_then(Value::as_str).map(str::to_string);
    let gold = read(&path)?.into_iter().map(|line| {
        let gold = Gold {
            story: text(&line, "story"),
            copy: or_none(&line, "copy"),
            kind: or_none(&line, "kind"),
        };
        (text(&line, "id"), gold)
    });
    Ok(Some(gold.collect()))
}

/// Places every item; a digest is taken as sent after each, so an item alerts if it opens a story or has news for it.
fn place_all(items: &[Item], frequencies: &Frequencies, times: &mut Vec<Duration>) -> Vec<Placed> {
    let mut grouper = Grouper::new(frequencies.clone());
    let mut told: HashMap<StoryId, (Timestamp, Vec<usize>)> = HashMap::new();
    let mut placed = Vec::with_capacity(items.len());
    for (number, item) in items.iter().enumerate() {
        let begin = processor();
        let placement = grouper.place(&item.telling, StoryId(number as i64));
        times.push(processor() - begin);
        for younger in &placement.merged {
            if let Some((at, members)) = told.remove(younger) {
                let older = told.entry(placement.story).or_insert((at, Vec::new()));
                older.0 = older.0.max(at);
                older.1.extend(members);
            }
        }
        let now = item.telling.at;
        let (told_at, members) = told.entry(placement.story).or_insert((now, Vec::new()));
        let before = members.iter().map(|&member| &items[member].telling);
        let rested = now.duration_since(*told_at) >= REST;
        let alert = members.is_empty()
            || rested && news(&item.telling, before, *told_at, now, frequencies).is_some();
        if alert {
            *told_at = now;
        }
        members.push(number);
        placed.push(Placed { placement, alert });
    }
    placed
}

/// The story of each item when all are placed, aliases followed.
fn clusters(placed: &[Placed]) -> Vec<StoryId> {
    let mut alias = HashMap::new();
    for placed in placed {
        alias.extend(
            placed
                .placement
                .merged
                .iter()
                .map(|&younger| (younger, placed.placement.story)),
        );
    }
    let follow = |mut story: StoryId| {
        while let Some(&older) = alias.get(&story) {
            story = older;
        }
        story
    };
    placed
        .iter()
        .map(|placed| follow(placed.placement.story))
        .collect()
}

/// The item at the head of each item's chain of copies; `None` for one that neither is a copy nor has one.
fn copies(placed: &[Placed]) -> Vec<Option<usize>> {
    let mut heads: Vec<Option<usize>> = vec![None; placed.len()];
    for (number, placed) in placed.iter().enumerate() {
        if let Some(original) = placed.placement.copy_of {
            let original = original.0 as usize;
            let head = heads[original].unwrap_or(original);
            heads[head] = Some(head);
            heads[number] = Some(head);
        }
    }
    heads
}

fn lines(items: &[Item], placed: &[Placed], clusters: &[StoryId]) -> String {
    let copies = copies(placed);
    let mut lines = String::new();
    for (number, item) in items.iter().enumerate() {
        let line = json!({
            "id": item.id,
            "cluster": clusters[number].to_string(),
            "copy": copies[number].map(|head| head.to_string()),
            "alert": placed[number].alert,
            "why": placed[number].placement.why,
        });
        let _ = writeln!(lines, "{line}");
    }
    lines
}

fn report(
    figures: &mut String,
    set: usize,
    items: &[Item],
    placed: &[Placed],
    clusters: &[StoryId],
    gold: &HashMap<String, Gold>,
) -> fmt::Result {
    let all = items.iter().enumerate().filter(|(_, item)| item.set == set);
    let known: Vec<(usize, &Gold)> = all
        .filter_map(|(number, item)| Some((number, gold.get(&item.id)?)))
        .collect();
    let pairs: Vec<(StoryId, &str)> = known
        .iter()
        .map(|&(number, gold)| (clusters[number], gold.story.as_str()))
        .collect();
    write_scores(figures, "BCubed", bcubed(&pairs))?;
    write_scores(
        figures,
        "pairs ",
        pairwise(
            pairs
                .iter()
                .map(|&(cluster, story)| (Some(cluster), Some(story))),
        ),
    )?;
    let copies = copies(placed);
    if known.iter().any(|(_, gold)| gold.copy.is_some()) {
        write_scores(
            figures,
            "copies",
            pairwise(
                known
                    .iter()
                    .map(|&(number, gold)| (copies[number], gold.copy.as_deref())),
            ),
        )?;
    }
    let stories: HashSet<&str> = pairs.iter().map(|(_, story)| *story).collect();
    writeln!(
        figures,
        "  hidden {} of {} stories",
        hidden(&pairs),
        stories.len()
    )?;
    let own: HashSet<StoryId> = pairs.iter().map(|(cluster, _)| *cluster).collect();
    let others = items.iter().enumerate().filter(|(_, item)| item.set != set);
    let others: Vec<bool> = others
        .map(|(number, _)| own.contains(&clusters[number]))
        .collect();
    if !others.is_empty() {
        let absorbed = others.iter().filter(|&&absorbed| absorbed).count();
        writeln!(
            figures,
            "  with {absorbed} of {} items of other sets in its clusters",
            others.len()
        )?;
    }
    let mut kinds: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (number, gold) in &known {
        if let Some(kind) = &gold.kind {
            let (alerts, all) = kinds.entry(kind).or_default();
            *alerts += usize::from(placed[*number].alert);
            *all += 1;
        }
    }
    for (kind, (alerts, all)) in kinds {
        writeln!(figures, "  alerts on {kind}: {alerts} of {all}")?;
    }
    Ok(())
}

fn write_scores(figures: &mut String, name: &str, (precision, recall): (f64, f64)) -> fmt::Result {
    let f1 = 2.0 * precision * recall / (precision + recall).max(f64::MIN_POSITIVE);
    writeln!(
        figures,
        "  {name}  P {precision:.3}  R {recall:.3}  F1 {f1:.3}"
    )
}

/// Precision and recall, averaged over items.
pub(crate) fn bcubed<S: Hash + Eq + Copy>(pairs: &[(StoryId, S)]) -> (f64, f64) {
    let (mut clusters, mut stories, mut both) = (HashMap::new(), HashMap::new(), HashMap::new());
    for &(cluster, story) in pairs {
        *clusters.entry(cluster).or_insert(0.0) += 1.0;
        *stories.entry(story).or_insert(0.0) += 1.0;
        *both.entry((cluster, story)).or_insert(0.0) += 1.0;
    }
    let sum = |size: &dyn Fn(&(StoryId, S)) -> f64| -> f64 {
        both.iter()
            .map(|(key, shared): (_, &f64)| shared * shared / size(key))
            .sum::<f64>()
            / pairs.len() as f64
    };
    (
        sum(&|(cluster, _)| clusters[cluster]),
        sum(&|(_, story)| stories[story]),
    )
}

/// Precision and recall over pairs of items that are together.
fn pairwise<C: Hash + Eq + Copy, S: Hash + Eq + Copy>(
    items: impl Iterator<Item = (Option<C>, Option<S>)>,
) -> (f64, f64) {
    let (mut clusters, mut stories, mut both) = (HashMap::new(), HashMap::new(), HashMap::new());
    for (cluster, story) in items {
        if let Some(cluster) = cluster {
            *clusters.entry(cluster).or_insert(0u64) += 1;
        }
        if let Some(story) = story {
            *stories.entry(story).or_insert(0u64) += 1;
        }
        if let (Some(cluster), Some(story)) = (cluster, story) {
            *both.entry((cluster, story)).or_insert(0u64) += 1;
        }
    }
    let count = |sizes: &mut dyn Iterator<Item = &u64>| {
        sizes.map(|size| size * (size - 1) / 2).sum::<u64>() as f64
    };
    let together = count(&mut both.values());
    let part = |of: f64| if of > 0.0 { together / of } else { 1.0 };
    (
        part(count(&mut clusters.values())),
        part(count(&mut stories.values())),
    )
}

/// Stories whose first item went into a cluster that another story had opened.
fn hidden(pairs: &[(StoryId, &str)]) -> usize {
    let mut opened: HashMap<StoryId, &str> = HashMap::new();
    let mut seen = HashSet::new();
    let mut hidden = 0;
    for &(cluster, story) in pairs {
        let opener = *opened.entry(cluster).or_insert(story);
        hidden += usize::from(seen.insert(story) && opener != story);
    }
    hidden
}

fn speed(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |part: f64| {
        times
            .get((times.len() as f64 * part) as usize)
            .copied()
            .unwrap_or_default()
    };
    let all: Duration = times.iter().sum();
    let each_second = times.len() as f64 / all.as_secs_f64().max(f64::MIN_POSITIVE);
    format!(
        "placed {} items: {each_second:.0} a second, p50 {:?}, p99 {:?}",
        times.len(),
        at(0.5),
        at(0.99)
    )
}
