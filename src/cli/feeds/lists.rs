//! `feeds add`, `import` and `export`: blocks to append to the watchlist, and lists for other programs.

use std::path::Path;

use super::blocks::Blocks;
use super::{Source, source};
use crate::cli::terminal::plain;
use crate::cli::{Context, End, hinted, print_line, say, setup};
use crate::config::Access;
use crate::feed::discover::{Candidate, feeds_of_page, usual_places};
use crate::feed::{self, lists};
use crate::model::Feed;
use crate::text::html;

/// Finds the feeds of a page, or names the one that the address is.
pub(super) fn add(context: &Context, from: &str) -> anyhow::Result<End> {
    let found = source(context, from)?;
    let mut blocks = Blocks::of(context);
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
        blocks.print(&[declared(url, title)])?;
        return Ok(End::Done);
    }
    let candidates = feeds_of_page(&found.bytes, &found.context());
    if !candidates.is_empty() {
        return print_candidates(&candidates, &mut blocks);
    }
    // The last resort asks the server, so a file cannot have it.
    for place in usual_places(&found.url) {
        let Ok(tried) = source(context, &place.url) else {
            continue;
        };
        if let Ok(document) = feed::read(&tried.bytes, &tried.context()) {
            let title = document.title.as_deref().map(html::shown);
            blocks.print(&[declared(tried.url, title)])?;
            return Ok(End::Done);
        }
    }
    say(format_args!(
        "error: found no feed at `{from}`, nor in the usual places of its site"
    ));
    Ok(End::NeedsAPerson)
}

fn print_candidates(candidates: &[Candidate], blocks: &mut Blocks) -> anyhow::Result<End> {
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
    blocks.print(&of_articles)?;
    for candidate in candidates.iter().filter(|candidate| candidate.is_comments) {
        print_line(format_args!("# Comments of readers: {}", candidate.url))?;
    }
    Ok(End::Done)
}

/// Prints the feeds of an OPML file or of newsboat's `urls` as blocks.
pub(super) fn import(context: &Context, file: &Path) -> anyhow::Result<End> {
    let bytes = std::fs::read(file).map_err(|error| {
        hinted(
            format!("cannot read `{}`: {error}", file.display()),
            "name an OPML file, or newsboat's `urls`",
        )
    })?;
    let list = lists::import(&bytes);
    for note in &list.notes {
        say(plain(note));
    }
    if list.feeds.is_empty() {
        return Err(hinted(
            format!("`{}` lists no feeds", file.display()),
            "OPML 1 and 2 and newsboat's `urls` can be read",
        ));
    }
    Blocks::of(context).print(&list.feeds)?;
    Ok(End::Done)
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
    print_line(lists::export(&feeds, "wirewatch").trim_end())?;
    let with_access = watchlist.config.feeds.iter();
    let with_access = with_access.filter(|declared| declared.access != Access::default());
    for declared in with_access {
        let feed = &declared.feed;
        say(format_args!(
            "Left out the headers or login of `{}`: they stay in the watchlist.",
            plain(feed.name.as_ref().unwrap_or(&feed.url))
        ));
    }
    Ok(End::Done)
}

fn declared(url: String, name: Option<String>) -> Feed {
    Feed {
        name: name.filter(|name| !name.is_empty()),
        ..Feed::at(url)
    }
}

impl Source {
    fn context(&self) -> feed::Context<'_> {
        feed::Context {
            url: &self.url,
            content_type: self.content_type.as_deref(),
        }
    }
}
