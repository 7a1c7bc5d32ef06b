//! Takes up edits of the watchlist: a whole file that has no problems, or nothing.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{error, info};

use super::{doubts, extent, systemd};
use crate::clock::Clock;
use crate::config::find::{Environment, Places};
use crate::config::report::{Colour, Finding, Report};
use crate::config::{self, Stamp, last_good};
use crate::desk::{Handle, Refused, Watchlist, panic_words};

/// How often the file is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Reads the file again when two looks agree that it changed, and on SIGHUP. `read` is what was read last: an edit
/// between that and the first look must not be missed.
///
/// To be awaited on the thread that read the first watchlist: a large one takes a hundred megabytes to read, which the
/// allocator keeps for the thread that took them. That thread does nothing else but wait for signals.
pub(super) async fn watch_file(
    desk: Handle,
    file: PathBuf,
    mut read: Option<Stamp>,
    clock: Clock,
    changed: watch::Sender<Arc<Watchlist>>,
    mut hangup: Signal,
    mut stopping: watch::Receiver<bool>,
) {
    let mut last = read;
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let asked = tokio::select! {
            _ = stopping.changed() => return,
            _ = hangup.recv() => true,
            _ = looks.tick() => false,
        };
        let look = Stamp::of(&file).ok();
        // One look may catch a file that is still being written, or none while an editor puts another in its place.
        // A file that stays away is refused like one with mistakes, so that its reader hears of it.
        let settled = look == last && look != read;
        last = look;
        if !asked && !settled {
            continue;
        }
        read = look;
        systemd::reloading();
        let database = changed.borrow().config.store.path.clone();
        match take_up(&desk, &file, &database, clock).await {
            Some(watchlist) => {
                systemd::watching(&watchlist);
                changed.send_replace(watchlist);
            }
            None => systemd::not_taken_up(),
        }
    }
}

/// Reads the file. Another database cannot be taken up on the way: what was told stands in this one.
fn load(file: &Path, database: &Path) -> Result<Watchlist, Report> {
    let loaded = config::load(file, &Places::new(file, Environment::process()))?;
    if loaded.config.store.path == database {
        return Ok(Watchlist::new(loaded, file));
    }
    let (from, to) = (database.display(), loaded.config.store.path.display());
    let finding =
        Finding::of_file("`[store] path` cannot change while wirewatch works with the database");
    let hint = format!("stop wirewatch, move `{from}` to `{to}`, and start it again");
    let name = file.display().to_string();
    Err(Report::new(
        &name,
        loaded.text.as_str().into(),
        vec![finding.hint(hint)],
    ))
}

/// Says that the file is refused: in the log now, and in the mail if it stays so.
async fn refuse(desk: &Handle, file: &Path, report: &Report, clock: Clock) {
    error!(
        "The watchlist `{}` was not taken up; the last good one runs on:\n{}",
        file.display(),
        report.render(Colour::Plain)
    );
    let refused = Refused::new(report, clock.now());
    let noted = desk
        .at_once(move |desk| {
            desk.refused = Some(refused);
            Ok(())
        })
        .await;
    if let Err(fault) = noted {
        error!("The problems of the watchlist were not noted for the mail: {fault}");
    }
}

/// Reads the file and goes by it from now on; `None`: the one before runs on, and the log says why.
async fn take_up(
    desk: &Handle,
    file: &Path,
    database: &Path,
    clock: Clock,
) -> Option<Arc<Watchlist>> {
    let loaded = catch_unwind(|| load(file, database));
    let watchlist = match loaded {
        Ok(Ok(watchlist)) => Arc::new(watchlist),
        Ok(Err(report)) => {
            refuse(desk, file, &report, clock).await;
            return None;
        }
        Err(panic) => {
            let words = panic_words(panic.as_ref());
            error!("The watchlist could not be read: {words}");
            return None;
        }
    };
    let adopted = Arc::clone(&watchlist);
    let now = clock.now();
    if let Err(fault) = desk.at_once(move |desk| desk.adopt(adopted, now)).await {
        error!("The watchlist was not taken up: {}", fault.with_remedy());
        return None;
    }
    info!(
        "Took up the watchlist `{}`: {}",
        file.display(),
        extent(&watchlist)
    );
    let database = &watchlist.config.store.path;
    if let Err(cause) = last_good::write(database, file, &watchlist.text) {
        error!(
            "Cannot keep the watchlist as `{}`: {cause}",
            last_good::path(database).display()
        );
    }
    let asked = Arc::clone(&watchlist);
    drop(tokio::task::spawn_blocking(move || {
        doubts::tell(&asked, now)
    }));
    Some(watchlist)
}
