//! `feeds`: the declared feeds and their state, and what the parser sees of one.

use std::path::PathBuf;

use super::setup;
use super::terminal::plain;
use super::{Context, End, hinted, print_line, say};
use crate::config::Config;
use crate::config::secrets::Credentials;
use crate::feed::{self, FeedDocument, NotAFeed};
use crate::http::client::{Client, Settings};
use crate::http::fetch::{Outcome, Request};
use crate::text::html;

mod blocks;
mod list;
mod lists;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Lists the declared feeds: state, last success, next poll, and why
    List {
        /// Only this feed, with its last events
        #[arg(long, value_name = "NAME")]
        feed: Option<String>,
        /// One JSON object a feed
        #[arg(long)]
        json: bool,
    },
    /// Finds the feeds of a page and prints the blocks to append to the watchlist
    Add {
        /// The address of a site or a feed, or a file
        source: String,
    },
    /// Prints the feeds of an OPML file or of newsboat's `urls` as blocks to append
    Import {
        /// The file
        file: PathBuf,
    },
    /// Prints the feeds of the watchlist as OPML
    Export,
    /// Shows what the parser sees of a file, an address, or a feed of the watchlist
    Show {
        /// A file, an address to fetch, or the name of a feed, which is asked as the watchlist says
        source: String,
        /// The address that relative links count from
        #[arg(long = "url", value_name = "BASE")]
        base: Option<String>,
        /// The Content-Type that a server gave
        #[arg(long, value_name = "TYPE")]
        content_type: Option<String>,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<End> {
    match &arguments.action {
        Action::Add { source } => lists::add(context, source),
        Action::Import { file } => lists::import(context, file),
        Action::Export => lists::export(context),
        Action::List { feed, json } => list::run(context, feed.as_deref(), *json),
        Action::Show {
            source,
            base,
            content_type,
            json,
        } => show(
            context,
            source,
            base.as_deref(),
            content_type.as_deref(),
            *json,
        ),
    }
}

fn show(
    context: &Context,
    source: &str,
    base: Option<&str>,
    content_type: Option<&str>,
    json: bool,
) -> anyhow::Result<End> {
    let found = self::source(context, source)?;
    let context = feed::Context {
        url: base.unwrap_or(&found.url),
        content_type: content_type
            .or(found.content_type.as_deref())
            .filter(|given| !given.is_empty()),
    };
    let document = match feed::read(&found.bytes, &context) {
        Ok(document) => document,
        Err(NotAFeed { what }) => {
            say(format_args!("error: `{source}` is not a feed but {what}"));
            return Ok(End::NeedsAPerson);
        }
    };
    if json {
        print_line(feed::show_json(&document))?
    } else {
        print(&document)?
    }
    Ok(End::Done)
}

/// A document that a person named.
struct Source {
    bytes: Vec<u8>,
    /// Where it came from in the end; empty for a file.
    url: String,
    /// As the server gave it.
    content_type: Option<String>,
}

/// Reads a file, or fetches an address or a feed of the watchlist.
fn source(context: &Context, from: &str) -> anyhow::Result<Source> {
    if from.starts_with("http://") || from.starts_with("https://") {
        return fetch(sound_watchlist(context).as_ref(), from);
    }
    let error = match std::fs::read(from) {
        Ok(bytes) => {
            return Ok(Source {
                bytes,
                url: String::new(),
                content_type: None,
            });
        }
        Err(error) => error,
    };
    let config = sound_watchlist(context);
    let named = config.iter().flat_map(|config| &config.feeds);
    let named = named
        .map(|declared| &declared.feed)
        .find(|feed| feed.name.as_deref() == Some(from));
    if let Some(feed) = named {
        return fetch(config.as_ref(), &feed.url);
    }
    let is_missing = error.kind() == std::io::ErrorKind::NotFound;
    // `bbc.co.uk` is what people type for a site.
    if is_missing && from.contains('.') && !from.starts_with(['.', '/']) {
        return fetch(config.as_ref(), &format!("https://{from}"));
    }
    Err(hinted(
        format!("cannot read `{from}`: {error}"),
        "name a file, a feed of the watchlist, or an address that begins with https:// or http://",
    ))
}

/// The watchlist, if there is one without mistakes: whoever tries a feed may not have one yet.
fn sound_watchlist(context: &Context) -> Option<Config> {
    let (_, loaded) = setup::load(context).ok()?;
    loaded.ok().map(|loaded| loaded.config)
}

/// Fetches an address through the proxy of the watchlist, and with the login and headers that it declares for the address.
fn fetch(config: Option<&Config>, url: &str) -> anyhow::Result<Source> {
    let client = match config {
        Some(config) => setup::client(config)?,
        None => Client::new(Settings::default())?,
    };
    let mut feeds = config.iter().flat_map(|config| &config.feeds);
    let declared = feeds.find(|declared| declared.feed.url == url);
    let credentials = match declared {
        Some(declared) => declared.access.open()?,
        None => Credentials::default(),
    };
    let login = credentials.basic_auth.as_ref();
    let request = Request {
        url,
        validators: None,
        headers: &credentials.headers,
        basic_auth: login.map(|(user, password)| (user.as_str(), password.as_str())),
        typed_by_hand: true,
    };
    let response = setup::runtime()?.block_on(client.fetch(&request));
    match response.outcome {
        Outcome::Body {
            bytes,
            content_type,
            torn,
            ..
        } => {
            if let Some(torn) = torn {
                say(format_args!("warning: the document is not whole: {torn}"));
            }
            Ok(Source {
                bytes: bytes.to_vec(),
                url: response.final_url,
                content_type,
            })
        }
        Outcome::Failed { cause, .. } | Outcome::Throttled { said: cause, .. } => {
            Err(anyhow::anyhow!("cannot fetch `{url}`: {cause}"))
        }
        Outcome::Held { domain, .. } => Err(anyhow::anyhow!(
            "cannot fetch `{url}`: {domain} wants to be left alone"
        )),
        Outcome::Gone => Err(anyhow::anyhow!("cannot fetch `{url}`: HTTP 410 (gone)")),
        Outcome::NotModified { .. } => Err(anyhow::anyhow!(
            "cannot fetch `{url}`: HTTP 304, though nothing was known"
        )),
    }
}

fn print(document: &FeedDocument) -> anyhow::Result<()> {
    let title = document
        .title
        .as_deref()
        .map(html::shown)
        .unwrap_or_default();
    print_line(format_args!(
        "{}",
        if title.is_empty() {
            "(no title)"
        } else {
            &title
        }
    ))?;
    print_line(format_args!(
        "  page  {}",
        document.link.as_deref().unwrap_or("-")
    ))?;
    let entries = setup::counted(document.entries.len(), "entry", "entries");
    print_line(format_args!("  {entries}"))?;
    for entry in &document.entries {
        let date = entry.published.or(entry.updated);
        let date = date.map_or_else(
            || "no date         ".to_owned(),
            |date| date.strftime("%Y-%m-%d %H:%M").to_string(),
        );
        let title = entry.title.as_deref().map(html::shown).unwrap_or_default();
        print_line(format_args!("  {date}  {}", plain(&title)))?;
        print_line(format_args!(
            "                    {}",
            entry.link.as_deref().unwrap_or("(no link)")
        ))?;
    }
    if !document.oddities.is_empty() {
        let oddities = setup::counted(document.oddities.len(), "oddity", "oddities");
        print_line(format_args!("  {oddities}"))?;
        for oddity in &document.oddities {
            print_line(format_args!(
                "    {}: {}; {}",
                plain(&oddity.place),
                plain(&oddity.what),
                plain(&oddity.done)
            ))?;
        }
    }
    Ok(())
}
