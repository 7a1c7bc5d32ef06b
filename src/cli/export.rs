//! `export`: the stored items as JSON lines.

use std::io::{self, Write};

use jiff::SignedDuration;

use super::setup;
use super::{Context, End, each_item, rfc3339};
use crate::model::Timestamp;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only items first seen in this time, such as `7d`
    #[arg(long, value_name = "SPAN", value_parser = crate::config::span)]
    since: Option<SignedDuration>,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<End> {
    let watchlist = setup::watchlist(context)?;
    let store = setup::store_to_read(&watchlist)?;
    let now = context.clock.now();
    let since = arguments.since.map_or(Timestamp::MIN, |span| {
        now.checked_sub(span).unwrap_or(Timestamp::MIN)
    });
    let mut output = io::BufWriter::new(io::stdout().lock());
    let names = store.feed_names()?;
    each_item(&store, since, |stored| {
        let item = &stored.item;
        let line = serde_json::json!({
            "id": item.id.0,
            "feed": names.get(&item.feed),
            "title": stored.sightings.first().map(|first| &first.shown.title),
            "link": item.link,
            "guid": item.guid,
            "published": rfc3339(item.date),
            "first_seen": rfc3339(item.first_seen),
            "origin": item.origin.as_str(),
            "topics": store.topics_of(item.id)?,
            "story": store.story_of(item.id)?.map(|story| story.0),
        });
        writeln!(output, "{line}")?;
        Ok(())
    })?;
    output.flush()?;
    Ok(End::Done)
}
