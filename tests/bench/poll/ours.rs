//! wirewatch: what the daemon does with the same feeds, by the code that the daemon calls.

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use wirewatch::clock::Clock;
use wirewatch::config::find::{Environment, Places};
use wirewatch::config::{self, Loaded};
use wirewatch::desk::intake::PollResult;
use wirewatch::desk::{self, Desk, Handle, Watchlist};
use wirewatch::http::client::{Client, Settings};
use wirewatch::poll::{Choice, Poller, Round};
use wirewatch::store::Store;

use crate::measure::Meter;
use crate::world;

/// From a round's end to the next, by the feeds' clock: past an interval of 30 minutes and its jitter.
const BETWEEN: SignedDuration = SignedDuration::from_mins(34);

pub(crate) fn run(folder: &Path, feeds: u32) -> Result<(), Box<dyn Error>> {
    let mut meter = Meter::start();
    let mut now = world::start();
    let desk = open(folder, now)?;
    super::answer(&meter.lap().to_string())?;
    let watchlist = Arc::clone(&desk.watchlist);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let (handle, thread) = desk::start(desk, || {})?;
    for line in io::stdin().lines() {
        if line?.as_str() != "round" {
            break;
        }
        meter.lap();
        // In a task, as the daemon polls.
        let clock = Clock::starting_at(now, 1);
        let round = runtime.spawn(round(handle.clone(), Arc::clone(&watchlist), clock));
        let polled = runtime
            .block_on(round)?
            .map_err(|error| error.to_string())?;
        assert_eq!(polled, feeds, "every feed is asked once a round");
        super::answer(&meter.lap().to_string())?;
        now = clock.now() + BETWEEN;
    }
    drop((handle, runtime));
    thread.join().map_err(|_| "the store's thread panicked")?;
    Ok(())
}

/// Writes the watchlist that `open` reads.
pub(crate) fn write_watchlist(folder: &Path, feeds: u32, port: u16) -> io::Result<()> {
    use std::fmt::Write as _;

    let mut text = format!(
        "[mail]\nto = [\"me@example.org\"]\nfolder = {:?}\n[store]\npath = {:?}\n[poll]\nfastest = \"30m\"\nslowest = \"30m\"\n\
         allow_private = [\"127.0.0.0/8\"]\n{}",
        folder.join("outbox"),
        folder.join("wirewatch.db"),
        world::TOPICS
    );
    for feed in 0..feeds {
        writeln!(text, "[[feed]]\nurl = \"{}\"", world::url(feed, port))
            .expect("a string takes all");
    }
    std::fs::write(folder.join("wirewatch.toml"), text)
}

/// What the daemon does before its first round.
pub(crate) fn open(folder: &Path, now: Timestamp) -> Result<Desk, Box<dyn Error>> {
    let path = folder.join("wirewatch.toml");
    let places = Places::new(&path, Environment::new(&|_| None));
    let loaded: Loaded = config::load(&path, &places)
        .map_err(|report| report.render(config::report::Colour::Plain))?;
    let watchlist = Arc::new(Watchlist::new(loaded, &path));
    let store = Store::open(&watchlist.config.store.path, now)?;
    let mut desk = Desk::open(store, watchlist, now)?;
    desk.smooth_schedule(now)?;
    desk.load_stories(now)?;
    Ok(desk)
}

async fn round(
    handle: Handle,
    watchlist: Arc<Watchlist>,
    clock: Clock,
) -> Result<u32, Box<dyn Error + Send + Sync>> {
    let client = Client::new(Settings {
        allow_private: watchlist.config.poll.allow_private.clone(),
        ..Settings::default()
    })?;
    let poller = Poller::new(handle, client, clock)?;
    let mut round = Round::begin(poller, Choice::Due).await?;
    let mut polled = 0;
    while let Some(line) = round.next().await? {
        if let PollResult::Failed(cause) | PollResult::Throttled(cause) = &line.result {
            return Err(format!("{}: {cause}", line.url).into());
        }
        polled += 1;
    }
    Ok(polled)
}
