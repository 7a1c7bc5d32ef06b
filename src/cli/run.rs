//! `run`: the daemon.

use super::setup;
use super::{Context, End};
use crate::clock::Clock;
use crate::service::{self, Daemon, Ended};
use crate::store::{Lock, Work};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Seconds that the clock of `--now` runs in a second
    #[arg(long, value_name = "N", hide = true, requires = "now", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pace: u32,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<End> {
    let clock = context.start.map_or(Clock::Real, |start| {
        Clock::starting_at(start, arguments.pace)
    });
    // Not every end is for good: a database that was removed or replaced is opened anew.
    while start(context, clock)? == Ended::Displaced {}
    Ok(End::Done)
}

fn start(context: &Context, clock: Clock) -> anyhow::Result<Ended> {
    let setup::Start {
        watchlist,
        path: file,
        stamp,
        refused,
        ..
    } = setup::watchlist_or_last_good(context)?;
    let path = watchlist.config.store.path.clone();
    let _lock = Lock::take(&path, Work::Daemon)?;
    let store = setup::store_to_work(&path, clock.now())?;
    if refused.is_none() {
        setup::keep_as_last_good(&watchlist)?;
    }
    service::run(Daemon {
        store,
        watchlist,
        file,
        stamp,
        refused,
        clock,
        host: setup::host(),
    })
}
