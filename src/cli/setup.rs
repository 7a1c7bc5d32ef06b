//! What commands need before they can work: the watchlist, the lock, the store, the runtime.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use jiff::tz::TimeZone;
use tracing::{error, warn};

use super::terminal::report_colour;
use super::{Context, hinted, log, say};
use crate::config::find::{self, Environment, Places};
use crate::config::report::{Colour, Report};
use crate::config::{self, Config, Loaded, Stamp, last_good};
use crate::desk::{self, Desk, Handle, Refused, Watchlist};
use crate::digest::phrases;
use crate::health;
use crate::http::client::{Client, Settings};
use crate::model::{FeedState, Timestamp};
use crate::poll::Poller;
use crate::store::events::Event;
use crate::store::{Lock, Store, StoreError, Work, disk};

/// Finds and reads the watchlist: its path, and what was read or all its problems.
pub(super) fn load(context: &Context) -> anyhow::Result<(PathBuf, Result<Loaded, Report>)> {
    let path = find(context)?.path;
    let loaded = config::load(&path, &Places::new(&path, Environment::process()));
    Ok((path, loaded))
}

fn find(context: &Context) -> anyhow::Result<find::Candidate> {
    Ok(find::find(
        context.config.as_deref(),
        Environment::process(),
    )?)
}

/// Finds, reads and compiles the watchlist; its problems are printed and are an error.
pub(super) fn watchlist(context: &Context) -> anyhow::Result<Watchlist> {
    let (path, loaded) = load(context)?;
    match loaded {
        Ok(loaded) => Ok(Watchlist::new(loaded, &path)),
        Err(report) => Err(refused(&path, &report)),
    }
}

/// The watchlist for the daemon: the present file, else the last good one if the present one is broken.
pub(super) fn watchlist_or_last_good(context: &Context) -> anyhow::Result<Start> {
    let find::Candidate {
        path,
        reason: found_by,
    } = find(context)?;
    // Looked at before it is read, so that an edit in between is noticed.
    let stamp = Stamp::of(&path).ok();
    let report = match config::load(&path, &Places::new(&path, Environment::process())) {
        Ok(loaded) => {
            let watchlist = Watchlist::new(loaded, &path);
            return Ok(Start {
                watchlist,
                path,
                found_by,
                stamp,
                refused: None,
            });
        }
        Err(report) => report,
    };
    let watchlist = match last_good_of(&path) {
        Ok(LastGood::Of(watchlist)) => *watchlist,
        Ok(LastGood::None) => return Err(refused(&path, &report)),
        Ok(LastGood::OfAnother(other)) => return Err(refused_beside(&path, &report, &other)),
        // Who may not read the watchlist may not read this one either, and the remedy stands in the report.
        Err(fault) => {
            say(log::error_lines(&report.render(report_colour())));
            return Err(fault);
        }
    };
    error!(
        "The watchlist `{}` has {} and is not used; the last good one runs:\n{}",
        path.display(),
        count(report.problems(), "problem"),
        report.render(Colour::Plain)
    );
    let refused = Some(Refused::new(&report, context.clock.now()));
    Ok(Start {
        watchlist,
        path,
        found_by,
        stamp,
        refused,
    })
}

/// What a command goes on with.
pub(super) struct Start {
    pub(super) watchlist: Watchlist,
    pub(super) path: PathBuf,
    /// Who named the file: `--config`, a variable, or the default.
    pub(super) found_by: &'static str,
    /// The state of the file that was read; `None`: it was not there.
    pub(super) stamp: Option<Stamp>,
    /// The present file, if it is refused and the last good one is used in its place.
    pub(super) refused: Option<Refused>,
}

/// What is kept beside the database.
enum LastGood {
    /// The last good version of this watchlist.
    Of(Box<Watchlist>),
    /// That of another one, which this file is.
    OfAnother(PathBuf),
    /// Nothing of use.
    None,
}

fn last_good_of(path: &Path) -> anyhow::Result<LastGood> {
    let places = Places::new(path, Environment::process());
    let database = last_good::database_of(&config::broken_text(path), &places);
    let kept = last_good::read(&database)
        .with_context(|| format!("cannot read `{}`", last_good::path(&database).display()))?;
    let Some(kept) = kept else {
        return Ok(LastGood::None);
    };
    if !kept.is_of(path) {
        return Ok(LastGood::OfAnother(kept.of.unwrap_or_default()));
    }
    let loaded = config::load_text(kept.text, last_good::taken_up(&database), path, &places);
    Ok(loaded.map_or(LastGood::None, |loaded| {
        LastGood::Of(Box::new(Watchlist::new(loaded, path)))
    }))
}

/// A broken watchlist by whose database another one was worked.
fn refused_beside(path: &Path, report: &Report, other: &Path) -> anyhow::Error {
    say(log::error_lines(&report.render(report_colour())));
    hinted(
        format!(
            "the watchlist `{}` has {}, and the last good one beside the database is of another file, `{}`",
            path.display(),
            count(report.problems(), "problem"),
            other.display()
        ),
        "mend it and try again; each watchlist needs a database of its own: set `[store] path`, or another $STATE_DIRECTORY",
    )
}

fn refused(path: &Path, report: &Report) -> anyhow::Error {
    say(log::error_lines(&report.render(report_colour())));
    hinted(
        format!(
            "the watchlist `{}` has {}",
            path.display(),
            count(report.problems(), "problem")
        ),
        "mend it and try again; `wirewatch check` shows this report at any time",
    )
}

/// A number with its noun: `1 problem`, `2 problems`.
pub(super) fn count(number: usize, noun: &str) -> String {
    counted(number, noun, &format!("{noun}s"))
}

/// A number with its noun, where the plural is not made with an s alone.
pub(super) fn counted(number: impl TryInto<u64>, one: &str, many: &str) -> String {
    phrases::count(number.try_into().unwrap_or(u64::MAX), one, many)
}

/// The name of this machine, for mail.
pub(super) fn host() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

/// The store, for a command that only reads.
pub(super) fn store_to_read(watchlist: &Watchlist) -> anyhow::Result<Store> {
    Ok(Store::open_read(&watchlist.config.store.path)?)
}

/// A desk over a store that is only read.
pub(super) fn desk_to_read(watchlist: Watchlist) -> anyhow::Result<Desk> {
    let store = store_to_read(&watchlist)?;
    Ok(Desk::open_read(store, Arc::new(watchlist))?)
}

/// Takes the lock and opens the store for work.
pub(super) fn desk_to_work(
    context: &Context,
    watchlist: Watchlist,
) -> anyhow::Result<(Lock, Desk)> {
    let path = watchlist.config.store.path.clone();
    let lock = Lock::take(&path, Work::Command)?;
    let now = context.clock.now();
    let store = store_to_work(&path, now)?;
    let before = worked_by_before(&watchlist);
    keep_as_last_good(&watchlist)?;
    let mut desk = Desk::open(store, Arc::new(watchlist), now)?;
    desk.heal_times(before.as_ref(), now)?;
    Ok((lock, desk))
}

/// The version of a watchlist that the last command or daemon worked by, if it was another.
fn worked_by_before(watchlist: &Watchlist) -> Option<Watchlist> {
    let kept = last_good::read(&watchlist.config.store.path).ok().flatten();
    if kept.is_none_or(|kept| kept.text == watchlist.text) {
        return None;
    }
    match last_good_of(watchlist.file()) {
        Ok(LastGood::Of(before)) => Some(*before),
        _ => None,
    }
}

/// Opens the database to work on it, whose lock is held; creates it at the first start.
pub(super) fn store_to_work(path: &Path, now: Timestamp) -> anyhow::Result<Store> {
    let is_first_start = !last_good::path(path).exists();
    if !is_first_start && disk::is_emptied(path) {
        return Err(StoreError::Damaged {
            path: path.to_owned(),
            cause: "the file is empty, and has held something".to_owned(),
        }
        .into());
    }
    if !is_first_start && !path.exists() {
        warn!(
            "There is no database `{}` any more; a new one begins, in which what feeds show now counts as known",
            path.display()
        );
    }
    Ok(Store::open(path, now)?)
}

/// Keeps the text of a watchlist that is about to be worked by.
pub(super) fn keep_as_last_good(watchlist: &Watchlist) -> anyhow::Result<()> {
    let database = &watchlist.config.store.path;
    last_good::write(database, watchlist.file(), &watchlist.text)
        .with_context(|| format!("cannot write `{}`", last_good::path(database).display()))
}

/// How many events tell a feed's health.
const EVENTS_LOOKED_AT: usize = 20;

/// The state of a feed and the reason in words.
pub(super) fn health(
    store: &Store,
    state: &FeedState,
    paused: bool,
    zone: &TimeZone,
    now: Timestamp,
) -> anyhow::Result<health::Report> {
    let events = store.events_of(state.id, EVENTS_LOOKED_AT)?;
    let events: Vec<_> = events.iter().map(Event::seen).collect();
    Ok(health::judge(state, &events, paused, zone, now))
}

/// The threads that wait for the network.
pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the threads that wait for the network")
}

/// Starts the store's thread, runs `work` with a way to it, and waits until everything is stored.
pub(super) fn with_desk<T, W>(desk: Desk, work: impl FnOnce(Handle) -> W) -> anyhow::Result<T>
where
    W: Future<Output = anyhow::Result<T>>,
{
    let runtime = runtime()?;
    let (handle, thread) =
        desk::start(desk, || {}).context("cannot start the thread of the database")?;
    let result = runtime.block_on(work(handle));
    // Tasks that still hold the way to the store end with the runtime.
    drop(runtime);
    if thread.join().is_err() {
        anyhow::bail!("the thread of the database panicked");
    }
    result
}

/// A poller by the settings of the watchlist.
pub(super) fn poller(
    context: &Context,
    watchlist: &Watchlist,
    desk: Handle,
) -> anyhow::Result<Poller> {
    let client = client(&watchlist.config)?;
    Poller::new(desk, client, context.clock).context("cannot start the threads that read feeds")
}

/// Asks servers by the settings of the watchlist.
pub(super) fn client(config: &Config) -> anyhow::Result<Client> {
    Ok(Client::new(Settings {
        allow_private: config.poll.allow_private.clone(),
        proxy: config.poll.proxy.clone(),
        ..Settings::default()
    })?)
}
