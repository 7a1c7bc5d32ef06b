//! `search`: the language of the topics over the stored items, the last stored first.

use std::io::{self, Write};

use jiff::SignedDuration;

use super::matching::{ranges_in, wrong_query};
use super::setup;
use super::table::folded;
use super::terminal::{colours, highlight, plain, width};
use super::{Context, End, each_item, hinted, local, rfc3339, say};
use crate::desk::{Desk, Watchlist};
use crate::model::{FeedState, Field, Item, Shown, Timestamp};
use crate::query::{self, Compiled, Rule, Verdict};

/// Where the text beside the date begins.
const INDENT: usize = 18;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The query, in the language of the topics
    #[arg(required_unless_present = "topic", conflicts_with = "topic")]
    query: Option<String>,
    /// Only items first seen in this time
    #[arg(long, value_name = "SPAN", value_parser = crate::config::span, default_value = "30d")]
    since: SignedDuration,
    /// What this topic of the watchlist asks
    #[arg(long, value_name = "NAME")]
    topic: Option<String>,
    /// One JSON object an item
    #[arg(long)]
    json: bool,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<End> {
    let watchlist = setup::watchlist(context)?;
    let compiled = compiled(&watchlist, arguments)?;
    let desk = setup::desk_to_read(watchlist)?;
    let since = context
        .clock
        .now()
        .checked_sub(arguments.since)
        .unwrap_or(Timestamp::MIN);
    let mut output = io::BufWriter::new(io::stdout().lock());
    let width = width();
    let mut found = 0_u32;
    each_item(&desk.store, since, |stored| {
        for sighting in &stored.sightings {
            let feed = desk.store.feed(sighting.feed)?;
            let verdict = compiled.judge(&desk.prepare(&stored.item, &feed, &sighting.shown));
            if verdict.matched {
                found += 1;
                let hit = Found {
                    item: &stored.item,
                    feed: &feed,
                    shown: &sighting.shown,
                    verdict: &verdict,
                };
                if arguments.json {
                    hit.write_json(&desk, &mut output)?
                } else {
                    hit.write(&mut output, width)?
                }
                // Found is found: the first feed that shows it so is enough.
                break;
            }
        }
        Ok(())
    })?;
    output.flush()?;
    drop(output);
    if arguments.json {
        return Ok(if found > 0 {
            End::Done
        } else {
            End::NeedsAPerson
        });
    }
    if found == 0 {
        say(
            "Nothing found. `--since 90d` looks further back; `wirewatch match` explains a query on a text.",
        );
        return Ok(End::NeedsAPerson);
    }
    if let Some(query) = &arguments.query {
        say(format_args!(
            "\n{found} found. To be told of the next ones, add to the watchlist:\n\n[[topic]]\nname = {}\nquery = {}",
            toml_string(query),
            toml_string(query)
        ));
    }
    Ok(End::Done)
}

fn compiled(watchlist: &Watchlist, arguments: &Arguments) -> anyhow::Result<Compiled> {
    let rule = match (&arguments.topic, &arguments.query) {
        (Some(name), _) => watchlist
            .config
            .topics()
            .iter()
            .find(|topic| topic.name == *name)
            .map(|topic| topic.rule.clone())
            .ok_or_else(|| {
                hinted(
                    format!("the watchlist has no topic `{name}`"),
                    "see its `[[topic]]` tables",
                )
            })?,
        (None, query) => Rule {
            query: query.clone(),
            ..Rule::default()
        },
    };
    let lists = &watchlist.config.lists;
    // A topic of the watchlist has no mistakes, or the watchlist would have been refused.
    let written = rule.query.clone().unwrap_or_default();
    query::compile(&rule, lists).map_err(|errors| wrong_query(&written, &errors))
}

/// An item that the query found.
struct Found<'a> {
    item: &'a Item,
    feed: &'a FeedState,
    shown: &'a Shown,
    verdict: &'a Verdict,
}

impl Found<'_> {
    /// Writes it for a person, within the width of a terminal.
    fn write(&self, output: &mut impl Write, width: Option<usize>) -> io::Result<()> {
        let title = marked(&self.shown.title, self.verdict, Field::Title);
        let mut lines = vec![
            format!("{}  {}", local(self.item.date), title),
            format!(
                "{:INDENT$}{} · {}",
                "",
                plain(&self.feed.name),
                plain(self.item.link.as_deref().unwrap_or("no link"))
            ),
        ];
        for (field, text) in [
            (Field::Summary, &self.shown.summary),
            (Field::Content, &self.shown.content),
        ] {
            if let Some(excerpt) = excerpt(text, &ranges_in(&self.verdict.evidence, field)) {
                lines.push(format!("{:INDENT$}{excerpt}", ""));
                break;
            }
        }
        let mut lines = lines.iter().flat_map(|line| folded(line, INDENT, width));
        lines.try_for_each(|line| writeln!(output, "{line}"))
    }

    fn write_json(&self, desk: &Desk, output: &mut impl Write) -> anyhow::Result<()> {
        let evidence: Vec<_> = self
            .verdict
            .evidence
            .iter()
            .map(|hit| {
                serde_json::json!({
                    "field": hit.field.as_str(), "start": hit.start, "end": hit.end, "term": hit.term, "form": hit.form,
                })
            })
            .collect();
        let line = serde_json::json!({
            "id": self.item.id.0,
            "feed": self.feed.name,
            "title": self.shown.title,
            "link": self.item.link,
            "published": rfc3339(self.item.date),
            "first_seen": rfc3339(self.item.first_seen),
            "score": self.verdict.score,
            "topics": desk.store.topics_of(self.item.id)?,
            "evidence": evidence,
        });
        Ok(writeln!(output, "{line}")?)
    }
}

fn marked(text: &str, verdict: &Verdict, field: Field) -> String {
    highlight(text, &ranges_in(&verdict.evidence, field), colours())
}

/// About 160 letters round the first hit.
fn excerpt(text: &str, ranges: &[(usize, usize)]) -> Option<String> {
    const BEFORE: usize = 60;
    const AFTER: usize = 100;
    let (start, end) = *ranges.first()?;
    let from = text
        .get(..start)?
        .char_indices()
        .rev()
        .nth(BEFORE)
        .map_or(0, |(at, _)| at);
    let to = text
        .get(end..)?
        .char_indices()
        .nth(AFTER)
        .map_or(text.len(), |(at, _)| end + at);
    let inside: Vec<_> = ranges
        .iter()
        .filter(|(start, end)| *start >= from && *end <= to)
        .map(|(start, end)| (start - from, end - from))
        .collect();
    let piece = highlight(text.get(from..to)?, &inside, colours());
    let (left, right) = (
        if from > 0 { "…" } else { "" },
        if to < text.len() { "…" } else { "" },
    );
    Some(format!("{left}{piece}{right}"))
}

/// A string as TOML takes it: literal where that is possible.
fn toml_string(text: &str) -> String {
    if text.contains(['\'', '\n']) {
        serde_json::Value::from(text).to_string()
    } else {
        format!("'{text}'")
    }
}
