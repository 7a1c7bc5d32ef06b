//! `backup`: a copy of the database that can be put in its place.

use std::path::PathBuf;

use super::progress::Progress;
use super::terminal::size;
use super::{Context, End, say, setup};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The copy; it must not exist yet
    file: PathBuf,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<End> {
    // It must work while the watchlist is broken, too.
    let watchlist = setup::watchlist_or_last_good(context)?.watchlist;
    let store = setup::store_to_read(&watchlist)?;
    let mut progress = Progress::begin("Copying the database:");
    let bytes = store.backup(&arguments.file, context.clock.now(), |done, all| {
        progress.at(done, all);
    })?;
    drop(progress);
    let database = watchlist.config.store.path.display();
    say(format_args!(
        "Copied `{database}` to `{copy}`: {size}, and the copy is sound. It holds no secrets and no watchlist.\n\
         To put it back: stop wirewatch, remove `{database}-wal` and `{database}-shm`, copy the file to `{database}`, start wirewatch.",
        copy = arguments.file.display(),
        size = size(bytes),
    ));
    Ok(End::Done)
}
