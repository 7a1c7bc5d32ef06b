//! What commands need before they can work: the watchlist, the lock, the store, the runtime.

use std::sync::Arc;

use anyhow::Context as _;

use super::{Context, hinted};
use crate::config::{self, find};
use crate::desk::{self, Desk, Handle, Watchlist};
use crate::http::client::{Client, Settings};
use crate::poll::Poller;
use crate::store::{Lock, Store};

/// Finds, reads and compiles the watchlist; its problems are printed and are an error.
pub(super) fn watchlist(context: &Context) -> anyhow::Result<Watchlist> {
    let environment = find::Environment::of_process();
    let path = find::watchlist(context.config.as_deref(), &environment).map_err(|missing| {
        hinted(missing.to_string(), "write one with: wirewatch init")
    })?;
    let loaded = config::load(&path, &environment).map_err(|report| {
        super::say(report.for_terminal());
        hinted(
            format!("the watchlist `{}` has {}", path.display(), report.summary()),
            "nothing was done; mend it and try again",
        )
    })?;
    Ok(Watchlist::new(loaded, path)?)
}

/// The store, for a command that only reads.
pub(super) fn store_to_read(watchlist: &Watchlist) -> anyhow::Result<Store> {
    Ok(Store::open_read(&watchlist.config.store.path)?)
}

/// A desk over a store that is only read: the topics' rows must be there already.
pub(super) fn desk_to_read(watchlist: Watchlist) -> anyhow::Result<Desk> {
    let store = store_to_read(&watchlist)?;
    Ok(Desk::open_read(store, Arc::new(watchlist))?)
}

/// Takes the lock and opens the store for work.
pub(super) fn desk_to_work(context: &Context, watchlist: Watchlist) -> anyhow::Result<(Lock, Desk)> {
    let path = watchlist.config.store.path.clone();
    let lock = Lock::take(&path)?;
    let now = context.clock.now();
    let store = Store::open(&path, now)?;
    Ok((lock, Desk::open(store, Arc::new(watchlist), now)?))
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
    let (handle, thread) = desk::start(desk, || {}).context("cannot start the thread of the database")?;
    let result = runtime.block_on(work(handle));
    // Tasks that still hold the way to the store end with the runtime.
    drop(runtime);
    if thread.join().is_err() {
        anyhow::bail!("the thread of the database panicked");
    }
    result
}

/// A poller by the settings of the watchlist.
pub(super) fn poller(context: &Context, watchlist: &Watchlist, desk: Handle) -> anyhow::Result<Poller> {
    let client = Client::new(Settings {
        allow_private: watchlist.config.poll.allow_private.clone(),
        proxy: watchlist.config.poll.proxy.clone(),
        ..Settings::default()
    })?;
    Ok(Poller::new(desk, client, context.clock))
}
