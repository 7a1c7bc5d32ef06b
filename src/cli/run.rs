//! `run`: the daemon.

use super::setup;
use super::terminal::print_error;
use super::{Context, End};
use crate::clock::Clock;
use crate::service::{self, Daemon, Ended};
use crate::store::{Lock, StoreError, Work};
use tracing::error;

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
    loop {
        match start(context, clock) {
            // Not every end is for good: a database that was removed or replaced is opened anew.
            Ok(Ended::Displaced) => {}
            Ok(Ended::Asked) => return Ok(End::Done),
            // A disk has room again some day: whoever starts services shall try again, which 2 forbids.
            Err(error) if is_full(&error) => {
                print_error(&error);
                return Ok(End::NeedsAPerson);
            }
            Err(error) => return Err(error),
        }
    }
}

fn is_full(error: &anyhow::Error) -> bool {
    let store = error.chain().find_map(|cause| cause.downcast_ref());
    store.is_some_and(StoreError::is_out_of_space)
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
    if refused.is_none()
        && let Err(fault) = setup::keep_as_last_good(&watchlist)
    {
        error!("The watchlist is not kept for the case that its file breaks: {fault:#}");
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
