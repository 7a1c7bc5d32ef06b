//! `feeds add`, `import` and `export`: blocks to append to the watchlist, and lists for other programs.

use std::path::Path;

use anyhow::Context as _;

use super::{Source, source};
use crate::cli::{Context, End, hinted, print_line, say, setup};
use crate::feed::discover::{Candidate, feeds_of_page, usual_places};
use crate::feed::{self, opml};
use crate::model::{Backfill, Feed};
use crate::text::html;

/// Finds the feeds of a page, or names the one that the address is.
pub(super) fn add(context: &Context, from: &str) -> anyhow::Result<End> {
    let found = source(from)?;
    let known = Known::of(context);
    if let Ok(document) = feed::read(&found.bytes, &found.context()) {
        let url = if found.url.is_empty() {
            document.self_link.clone().ok_or_else(|| {
                hinted(
                    format!("`{from}` is a feed that does not say where it lives"),
                    "name its address in place of the file",
                )
            })?
        } else {
            found.url.clone()
        };
        let title = document.title.as_deref().map(html::shown);
        return print(&[declared(url, title)], &known);
    }
    let candidates = feeds_of_page(&found.bytes, &found.context());
    if !candidates.is_empty() {
        return print_candidates(&candidates, &known);
    }
    // The last resort asks the server, so a file cannot have it.
    for place in usual_places(&found.url) {
        let Ok(tried) = source(&place.url) else {
            continue;
        };
        if let Ok(document) = feed::read(&tried.bytes, &tried.context()) {
            let title = document.title.as_deref().map(html::shown);
            return print(&[declared(tried.url, title)], &known);
        }
    }
    say(format_args!(
        "error: found no feed at `{from}`, nor in the usual places of its site"
    ));
    Ok(End::NeedsAPerson)
}

fn print_candidates(candidates: &[Candidate], known: &Known) -> anyhow::Result<End> {
    let of_articles: Vec<_> = candidates
        .iter()
        .filter(|candidate| !candidate.is_comments)
        .map(|candidate| declared(candidate.url.clone(), candidate.title.clone()))
        .collect();
    if of_articles.len() > 1 {
        say(format_args!(
            "The page points to {} feeds, the likeliest first. Keep those you want.",
            of_articles.len()
        ));
    }
    let end = print(&of_articles, known)?;
    for candidate in candidates.iter().filter(|candidate| candidate.is_comments) {
        print_line(format_args!("# Comments of readers: {}", candidate.url))?;
    }
    Ok(end)
}

/// Prints the feeds of an OPML file or of newsboat's `urls` as blocks.
pub(super) fn import(context: &Context, file: &Path) -> anyhow::Result<End> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read `{}`", file.display()))?;
    let feeds = opml::import(&String::from_utf8_lossy(&bytes));
    if feeds.is_empty() {
        return Err(hinted(
            format!("`{}` lists no feeds", file.display()),
            "OPML 1 and 2 and newsboat's `urls` can be read",
        ));
    }
    print(&feeds, &Known::of(context))
}

/// Prints the feeds of the watchlist as OPML.
pub(super) fn export(context: &Context) -> anyhow::Result<End> {
    let watchlist = setup::watchlist(context)?;
    let feeds: Vec<_> = watchlist
        .config
        .feeds
        .iter()
        .map(|declared| declared.feed.clone())
        .collect();
    print_line(opml::export(&feeds, "wirewatch").trim_end())?;
    Ok(End::Done)
}

/// The addresses that the watchlist has already; none if there is no watchlist yet, or it is broken.
struct Known(Vec<String>);

impl Known {
    fn of(context: &Context) -> Known {
        let loaded = setup::load(context)
            .ok()
            .and_then(|(_, loaded)| loaded.ok());
        let feeds = loaded.map(|loaded| loaded.config.feeds).unwrap_or_default();
        Known(
            feeds
                .into_iter()
                .map(|declared| crate::url::key(&declared.feed.url))
                .collect(),
        )
    }
}

fn declared(url: String, name: Option<String>) -> Feed {
    Feed {
        url,
        name: name.filter(|name| !name.is_empty()),
        tags: Vec::new(),
        every: None,
        backfill: Backfill::None,
        paused: false,
    }
}

fn print(feeds: &[Feed], known: &Known) -> anyhow::Result<End> {
    let mut skipped = 0;
    for feed in feeds {
        if known.0.contains(&crate::url::key(&feed.url)) {
            skipped += 1;
            say(format_args!(
                "Skipped `{}`: the watchlist has it already.",
                feed.url
            ));
            continue;
        }
        print_line(block(feed))?;
    }
    if skipped < feeds.len() {
        say("Append this to the watchlist; a running daemon takes it up within seconds.");
    }
    Ok(End::Done)
}

/// A `[[feed]]` table.
fn block(feed: &Feed) -> String {
    let mut block = format!("[[feed]]\nurl = {}\n", quoted(&feed.url));
    if let Some(name) = &feed.name {
        block.push_str(&format!("name = {}\n", quoted(name)));
    }
    if !feed.tags.is_empty() {
        let tags: Vec<_> = feed.tags.iter().map(|tag| quoted(tag)).collect();
        block.push_str(&format!("tags = [{}]\n", tags.join(", ")));
    }
    block
}

/// A TOML string; JSON writes one the same way. Control characters of a feed's title go.
fn quoted(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    serde_json::Value::from(plain.trim()).to_string()
}

impl Source {
    fn context(&self) -> feed::Context<'_> {
        feed::Context {
            url: &self.url,
            content_type: self.content_type.as_deref(),
        }
    }
}
