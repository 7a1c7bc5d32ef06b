//! `demo`: the whole job end to end on bundled feeds.

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::setup;
use super::{Context, End, hinted, print_line};
use crate::clock::Clock;
use crate::deliver::{Deliverer, Which};
use crate::demo::{BETWEEN_ROUNDS, FEEDS, Server};
use crate::desk::Handle;
use crate::desk::intake::PollResult;
use crate::poll::{Choice, Round};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where to put the database, the watchlist and the mail; default: a new folder in the temporary directory
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<End> {
    let second = context.clock.now();
    let first = second - BETWEEN_ROUNDS;
    let folder = match &arguments.folder {
        Some(folder) => folder.clone(),
        None => std::env::temp_dir().join(format!(
            "wirewatch-demo-{}-{}",
            second.strftime("%Y%m%d-%H%M%S"),
            std::process::id()
        )),
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("cannot create the folder `{}`", folder.display()))?;
    let file = folder.join("wirewatch.toml");
    if file.exists() {
        return Err(hinted(
            format!("`{}` holds a watchlist already", folder.display()),
            "name a folder that does not exist yet",
        ));
    }
    let server = Server::start(first).context("cannot serve the bundled feeds on loopback")?;
    write_private(&file, &server.watchlist(&folder))?;

    print_line(format_args!(
        "{} invented news outlets now publish on this machine, and nowhere else.",
        FEEDS.len()
    ))?;
    let at = |moment| Context {
        config: Some(file.clone()),
        clock: Clock::starting_at(moment, 1),
        start: None,
    };
    let first_round = round(&at(first))?;
    print_line(format_args!(
        "First round:   {} feeds polled over HTTP, {} items stored, {} of them match your {} topics.",
        first_round.feeds, first_round.items, first_round.matches, first_round.topics
    ))?;
    server.begin_second_round();
    let second_round = round(&at(second))?;
    print_line(format_args!(
        "Two hours on:  {} feeds polled again: {} unchanged (HTTP 304), {} new items, {} more matches, {} corrected.",
        second_round.feeds,
        second_round.unchanged,
        second_round.items,
        second_round.matches,
        second_round.changed
    ))?;
    let (stories, files) = mail(&at(second))?;
    print_line(format_args!(
        "Then the mail: one digest of {stories} stories, each told once, however many outlets carry it.\n\nItems that match, by topic:"
    ))?;
    for (topic, count) in &second_round.by_topic {
        print_line(format_args!("  {count:>3}  {topic}"))?;
    }
    print_line("\nThe digest, as mail and as a page to open in a browser:")?;
    for file in files {
        print_line(format_args!("  {}", file.display()))?;
    }
    print_line(format_args!(
        "\nThe watchlist that made it, to play with: {}",
        file.display()
    ))?;
    print_line(format_args!(
        "  wirewatch --config {} search Mosul",
        shell_word(&file)
    ))?;
    print_line("Your own watchlist begins with: wirewatch init")?;
    Ok(End::Done)
}

/// What one round came to.
#[derive(Default)]
struct Summary {
    feeds: u32,
    items: u32,
    unchanged: u32,
    changed: u32,
    matches: u32,
    topics: usize,
    by_topic: BTreeMap<String, u32>,
}

fn round(context: &Context) -> anyhow::Result<Summary> {
    let (_lock, desk) = setup::desk_to_work(context, setup::watchlist(context)?)?;
    let watchlist = std::sync::Arc::clone(&desk.watchlist);
    setup::with_desk(desk, async |handle: Handle| {
        let round = Round::begin(
            setup::poller(context, &watchlist, handle.clone())?,
            Choice::All,
        )
        .await?;
        let mut round = round.one_by_one();
        let mut summary = Summary {
            topics: watchlist.config.topics().len(),
            ..Summary::default()
        };
        while let Some(line) = round.next().await? {
            summary.feeds += 1;
            match line.result {
                PollResult::Read {
                    counts, matches, ..
                } => {
                    summary.items += counts.stored();
                    summary.changed += counts.changed;
                    summary.matches += matches;
                }
                PollResult::Unchanged => summary.unchanged += 1,
                PollResult::Throttled(cause)
                | PollResult::Held(cause)
                | PollResult::Failed(cause) => {
                    anyhow::bail!("the bundled feed `{}` failed: {cause}", line.name);
                }
            }
        }
        let topics: Vec<_> = watchlist
            .config
            .topics()
            .iter()
            .map(|topic| topic.name.clone())
            .collect();
        let counts = handle
            .at_once(|desk| {
                desk.topics
                    .iter()
                    .map(|id| desk.store.count_matches(*id))
                    .collect()
            })
            .await?;
        let counts: Vec<u32> = counts;
        summary.by_topic = topics.into_iter().zip(counts).collect();
        Ok(summary)
    })
}

fn mail(context: &Context) -> anyhow::Result<(usize, Vec<PathBuf>)> {
    let (_lock, desk) = setup::desk_to_work(context, setup::watchlist(context)?)?;
    let clock = context.clock;
    let name = desk
        .watchlist
        .config
        .digests
        .first()
        .map(|digest| digest.name.clone())
        .unwrap_or_default();
    setup::with_desk(desk, async |handle: Handle| {
        let deliverer = Deliverer::new(handle, clock, setup::host());
        let outcomes = deliverer.compose(Which::Named(name)).await?;
        let stories = outcomes
            .iter()
            .filter_map(|outcome| outcome.result.as_ref().ok())
            .map(|queued| queued.stories)
            .sum();
        let files = deliverer
            .send(|| true)
            .await?
            .into_iter()
            .flat_map(|sent| sent.files)
            .collect();
        Ok((stories, files))
    })
}

fn write_private(file: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut open| open.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write `{}`", file.display()))
}

/// A path as a shell takes it for one word.
fn shell_word(path: &Path) -> String {
    let path = path.display().to_string();
    let is_plain = path
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "/._-+@".contains(c));
    if is_plain {
        path
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}
