//! The daemon: polls and mails until it is stopped, takes up edits of the watchlist, and stops cleanly.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::{error, info, warn};

use crate::clock::Clock;
use crate::config::Stamp;
use crate::deliver::{Deliverer, Reason, Which};
use crate::desk::intake::{Line, PollResult};
use crate::desk::{self, Desk, DeskError, Handle, Refused, Watchlist};
use crate::digest::phrases;
use crate::http::client::{Client, Settings};
use crate::poll::{Choice, Poller, Round};
use crate::store::Store;

mod doubts;
mod housekeeping;
mod leap;
mod reload;
mod start;
mod systemd;

use self::leap::Leap;

/// How long a stop waits for a mail server's answer to a message that is on its way.
const LAST_ANSWER: Duration = Duration::from_secs(30);

/// How often the daemon looks for what is due.
const TICK: Duration = Duration::from_secs(1);

/// What the daemon works with.
pub struct Daemon {
    /// The opened database, locked by the caller.
    pub store: Store,
    /// The watchlist to begin with.
    pub watchlist: Watchlist,
    /// Where it is read from.
    pub file: PathBuf,
    /// The state of the file that was read; `None`: it was not there.
    pub stamp: Option<Stamp>,
    /// The present file, if it is refused and the last good watchlist runs in its place.
    pub refused: Option<Refused>,
    /// The clock of this run.
    pub clock: Clock,
    /// The name of this machine.
    pub host: String,
}

/// Why the daemon ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was asked to.
    Asked,
    /// The database was removed or replaced: it is to be opened anew.
    Displaced,
}

/// Runs until SIGTERM or SIGINT; a second one stops at once. A database that was removed meanwhile is put back.
pub fn run(daemon: Daemon) -> anyhow::Result<Ended> {
    let Daemon {
        store,
        watchlist,
        file,
        stamp,
        refused,
        clock,
        host,
    } = daemon;
    let now = clock.now();
    start::raise_limit_of_files();
    start::name_time_zone();
    start::compare_clock(&store, now)?;
    let mut desk = Desk::open(store, Arc::new(watchlist), now)?;
    let source = Source {
        file,
        stamp,
        is_refused: refused.is_some(),
    };
    desk.refused = refused;
    desk.smooth_schedule(now)?;
    desk.load_stories(now)?;
    let watchlist = Arc::clone(&desk.watchlist);
    let (handle, thread) =
        desk::start(desk, systemd::beat).context("cannot start the thread of the database")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let result = runtime.block_on(serve(handle, watchlist, source, clock, host));
    runtime.shutdown_timeout(Duration::from_secs(1));
    let Ok(desk) = thread.join() else {
        anyhow::bail!("the thread of the database panicked");
    };
    let path = desk.watchlist.config.store.path.clone();
    if desk.store.close(clock.now())? {
        warn!(
            "The database `{}` had been removed and was put back",
            path.display()
        );
    }
    result
}

/// Where the watchlist is read from.
struct Source {
    file: PathBuf,
    stamp: Option<Stamp>,
    /// What the file says now is refused, so that its last good version is in force.
    is_refused: bool,
}

async fn serve(
    desk: Handle,
    watchlist: Arc<Watchlist>,
    source: Source,
    clock: Clock,
    host: String,
) -> anyhow::Result<Ended> {
    let mut terminate = Signals::listen()?;
    // Before anybody hears that we are ready: a SIGHUP that nobody listens for ends the process.
    let hangup = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
    let (stop, stopping) = watch::channel(false);
    let (changed, current) = watch::channel(Arc::clone(&watchlist));
    let Source {
        file,
        stamp,
        is_refused,
    } = source;
    info!(
        "Watching {} by {}`{}`",
        extent(&watchlist),
        if is_refused {
            "the last good version of "
        } else {
            ""
        },
        file.display()
    );
    let deliverer = Deliverer::new(desk.clone(), clock, host);
    let polling = tokio::spawn(poll_until(desk.clone(), current, clock, stopping.clone()));
    let mailing = tokio::spawn(mail_until(deliverer, stopping.clone()));
    let watched = desk.clone();
    let housekeeping = tokio::spawn(housekeeping::keep_house(
        desk.clone(),
        clock,
        stopping.clone(),
    ));
    let reloading = reload::watch_file(desk, file, stamp, clock, changed, hangup, stopping);
    if is_refused {
        systemd::not_taken_up();
    } else {
        systemd::watching(&watchlist);
    }
    let database = watchlist.config.store.path.clone();
    drop(watchlist);

    let ended = tokio::select! {
        () = terminate.first() => Ended::Asked,
        () = reloading => Ended::Asked,
        () = housekeeping::displaced(watched) => Ended::Displaced,
    };
    match ended {
        Ended::Asked => {
            info!("Stopping");
            systemd::stopping();
        }
        Ended::Displaced => error!(
            "The database `{}` was removed or replaced; opening it anew",
            database.display()
        ),
    }
    // The tasks end when they next look; they cannot all be gone before this is read.
    let _ = stop.send(true);
    tokio::select! {
        () = finish([("polling", polling), ("housekeeping", housekeeping), ("mailing", mailing)]) => info!("Stopped"),
        () = terminate.first() => warn!("Stopped at once by a second signal"),
    }
    Ok(ended)
}

/// How much is watched: `2 feeds for 1 topic`.
fn extent(watchlist: &Watchlist) -> String {
    let count = |number: usize, one, many| phrases::count(number as u64, one, many);
    format!(
        "{} for {}",
        count(watchlist.config.feeds.len(), "feed", "feeds"),
        count(watchlist.config.topics().len(), "topic", "topics")
    )
}

async fn finish(tasks: [(&str, JoinHandle<()>); 3]) {
    for (name, task) in tasks {
        match timeout(LAST_ANSWER, task).await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => error!("The task for {name} ended in a fault: {fault}"),
            Err(_) => warn!(
                "The task for {name} did not end in {} seconds",
                LAST_ANSWER.as_secs()
            ),
        }
    }
}

/// SIGTERM and SIGINT.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?,
        })
    }

    async fn first(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Asks feeds as they fall due. Stopping abandons the fetches that are under way: their feeds are leased and come
/// again.
async fn poll_until(
    desk: Handle,
    mut current: watch::Receiver<Arc<Watchlist>>,
    clock: Clock,
    mut stopping: watch::Receiver<bool>,
) {
    let mut tally = Tally::default();
    let mut leap = Leap::new(clock);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut round = None;
    loop {
        if round.is_none() || current.has_changed().unwrap_or(false) {
            let watchlist = Arc::clone(&current.borrow_and_update());
            round = match begin(&watchlist, desk.clone(), clock, round.take()).await {
                Ok(round) => Some(round),
                Err(fault) => {
                    error!("Cannot poll: {fault:#}");
                    None
                }
            };
        }
        let Some(open) = round.as_mut() else {
            tokio::select! {
                _ = stopping.changed() => return,
                _ = ticks.tick() => continue,
            }
        };
        tokio::select! {
            _ = stopping.changed() => return,
            _ = ticks.tick() => {
                // What an edit has made due is asked by the settings of that edit.
                if current.has_changed().unwrap_or(false) {
                    continue;
                }
                // Not one for the other: each look moves on what it compares with.
                let was_away = leap.happened() | open.came_back();
                if was_away {
                    let now = clock.now();
                    warn!("The clock leapt, or this machine slept; what fell due meanwhile is spread over the next minutes");
                    if let Err(fault) = desk.at_once(move |desk| desk.smooth_schedule(now)).await {
                        error!("Cannot spread what fell due while this machine was away: {}", fault.with_remedy());
                    }
                }
                if let Err(fault) = open.take_more().await {
                    error!("Cannot see which feeds are due: {fault:#}");
                }
            }
            line = open.finished(), if open.in_flight() > 0 => {
                tally.add(line);
                if open.in_flight() == 0 {
                    tally.tell();
                }
            }
        }
    }
}

/// A round by the settings of this watchlist; fetches of the round before go on in it.
async fn begin(
    watchlist: &Watchlist,
    desk: Handle,
    clock: Clock,
    before: Option<Round>,
) -> anyhow::Result<Round> {
    let poll = &watchlist.config.poll;
    let settings = Settings {
        allow_private: poll.allow_private.clone(),
        proxy: poll.proxy.clone(),
        ..Settings::default()
    };
    let client = match &before {
        Some(before) => before.client().renewed(settings)?,
        None => Client::new(settings)?,
    };
    let poller =
        Poller::new(desk, client, clock).context("cannot start the threads that read feeds")?;
    match before {
        Some(mut before) => {
            before.go_on_with(poller);
            Ok(before)
        }
        None => Ok(Round::begin(poller, Choice::Due).await?),
    }
}

/// What the feeds of one round came to, for one line of the log.
#[derive(Default)]
struct Tally {
    feeds: u32,
    unchanged: u32,
    failed: u32,
    stored: u32,
    matches: u32,
}

impl Tally {
    fn add(&mut self, line: Result<Line, DeskError>) {
        self.feeds += 1;
        match line {
            Ok(line) => match line.result {
                PollResult::Read {
                    counts, matches, ..
                } => {
                    self.stored += counts.stored();
                    self.matches += matches;
                }
                PollResult::Unchanged => self.unchanged += 1,
                PollResult::Held(why) => {
                    // It was not polled.
                    self.feeds -= 1;
                    info!(feed = %line.name, "Feed `{}` is not asked: {why}", line.name);
                }
                PollResult::Throttled(cause) | PollResult::Failed(cause) => {
                    self.failed += 1;
                    warn!(feed = %line.name, "Feed `{}` failed: {cause}", line.name);
                }
            },
            Err(fault) => {
                self.failed += 1;
                error!("A feed's answer was not stored: {}", fault.with_remedy());
            }
        }
    }

    fn tell(&mut self) {
        let Tally {
            feeds,
            unchanged,
            failed,
            stored,
            matches,
        } = std::mem::take(self);
        if feeds == 0 {
            return;
        }
        let count = |number: u32, one, many| phrases::count(number.into(), one, many);
        info!(
            "Polled {}: {} stored, {}, {unchanged} unchanged, {failed} failed",
            count(feeds, "feed", "feeds"),
            count(stored, "new item", "new items"),
            count(matches, "match", "matches")
        );
    }
}

/// Composes digests as they fall due and sends what the outbox holds. Stopping waits for the message under way.
async fn mail_until(deliverer: Deliverer, mut stopping: watch::Receiver<bool>) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stopping.changed() => return,
            _ = ticks.tick() => {}
        }
        match deliverer.compose(Which::Due).await {
            Ok(outcomes) => outcomes.iter().for_each(|outcome| match &outcome.result {
                Ok(queued) => info!(
                    "Composed digest `{}` with {}",
                    outcome.digest,
                    phrases::count(queued.stories as u64, "story", "stories")
                ),
                Err(Reason::Unwritable(cause)) => {
                    error!("Cannot write digest `{}`: {cause}", outcome.digest)
                }
                Err(Reason::NothingNew | Reason::StillWaiting | Reason::Paused) => {}
            }),
            Err(fault) => error!("Cannot compose: {}", fault.with_remedy()),
        }
        if let Err(fault) = deliverer.tell_operator().await {
            error!("Cannot tell the operator: {}", fault.with_remedy());
        }
        let stop = stopping.clone();
        if let Err(fault) = deliverer.send(move || !*stop.borrow()).await {
            error!("Cannot send: {}", fault.with_remedy());
        }
    }
}
