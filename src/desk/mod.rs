//! The one thread that owns the store, and how others ask it.
//!
//! Async tasks only fetch and send; whatever reads or changes the store is a closure that this thread runs, in order.
//! The results of fetches are gathered and committed together, since a commit costs a disk flush; everything else
//! commits at once. An answer is given only after its commit.

use std::hash::Hasher;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use siphasher::sip::SipHasher13;
use tokio::sync::oneshot;
use tracing::error;

use self::returned::Away;
use self::stories::Stories;
pub use self::stories::telling;
use crate::config::report::{Colour, Report};
use crate::digest::DigestSettings;
use crate::model::{FeedState, Timestamp, TopicId};
use crate::schedule::feeds as schedule;
use crate::store::{self, Store, StoreError};

mod census;
mod handing;
mod held;
pub mod intake;
mod matching;
mod moves;
mod news;
mod reading;
mod returned;
mod stories;
mod watchlist;

pub use census::Taken;
pub use held::HeldDomains;
pub use watchlist::Watchlist;

/// Fetches are committed together for this long at most,
const BATCH_TIME: Duration = Duration::from_millis(250);
/// or until there are so many,
const BATCH_SIZE: usize = 500;
/// or until nothing more comes: whoever asks few feeds need not wait.
const IDLE: Duration = Duration::from_millis(20);
/// How long the thread rests when it has caught up in the middle of a batch. While a round is under way something comes
/// every fraction of a millisecond, and to wake for each would cost as much as the work.
const REST: Duration = Duration::from_millis(2);
/// How often the thread shows that it lives, for a watchdog.
const BEAT: Duration = Duration::from_secs(5);

/// A state of the watchlist's file that is not taken up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// How many problems it has.
    pub problems: usize,
    /// All of them, for a person.
    pub report: String,
    /// Tells one such state from another, also after a restart.
    pub version: u64,
    /// When it was first seen.
    pub since: Timestamp,
}

impl Refused {
    /// A state with this report, seen now.
    pub fn new(report: &Report, now: Timestamp) -> Refused {
        let text = report.render(Colour::Plain);
        let mut hasher = SipHasher13::new();
        hasher.write(text.as_bytes());
        Refused {
            problems: report.problems(),
            version: hasher.finish(),
            report: text,
            since: now,
        }
    }
}

/// What the store's thread works with.
pub struct Desk {
    /// The database.
    pub store: Store,
    /// The watchlist in force.
    pub watchlist: Arc<Watchlist>,
    /// The rows of its topics, in file order.
    pub topics: Vec<TopicId>,
    /// A newer watchlist that is refused for its problems.
    pub refused: Option<Refused>,
    /// The open stories; `None`: to be read from the store.
    stories: Option<Stories>,
    /// Topics that were left out of the watchlist lately.
    away: Away,
    /// When the feeds that fail were last looked through.
    looked_for_deaths: Option<Timestamp>,
    /// The start, or the last time that this machine slept or the clock leapt.
    awake_since: Timestamp,
    /// Whether the store may say that nobody can be reached.
    may_be_offline: bool,
}

impl Desk {
    /// Opens the work on a store: makes the feeds, topics and digests of the watchlist known in it.
    pub fn open(
        store: Store,
        watchlist: Arc<Watchlist>,
        now: Timestamp,
    ) -> Result<Desk, StoreError> {
        let mut desk = Desk {
            store,
            watchlist: Arc::clone(&watchlist),
            topics: Vec::new(),
            refused: None,
            stories: None,
            away: Away::new(),
            looked_for_deaths: None,
            awake_since: now,
            may_be_offline: true,
        };
        desk.step(|desk| desk.go_by(watchlist, now))?;
        Ok(desk)
    }

    /// Works by another watchlist from now on; no feed waits by the pace, or for the failures, of the one before.
    pub fn adopt(&mut self, watchlist: Arc<Watchlist>, now: Timestamp) -> Result<(), StoreError> {
        let before = (
            Arc::clone(&self.watchlist),
            self.topics.clone(),
            self.refused.clone(),
            self.away.clone(),
        );
        let adopted = self.step(|desk| desk.take_over(watchlist, now));
        if adopted.is_err() {
            (self.watchlist, self.topics, self.refused, self.away) = before;
        }
        adopted
    }

    fn take_over(&mut self, watchlist: Arc<Watchlist>, now: Timestamp) -> Result<(), StoreError> {
        let before = self.go_by(watchlist, now)?;
        let misfits = self.misfits(Some(&before), now)?;
        misfits
            .iter()
            .try_for_each(|state| self.store.record_feed(state))?;
        let returned = self.note_absences(&before, now);
        self.make_up(&returned, now)
    }

    /// Makes the feeds, topics and digests of a watchlist known, and hands on what waits under topics that it changes;
    /// gives the watchlist before. To be called in a step: the changes are seen only once.
    fn go_by(
        &mut self,
        watchlist: Arc<Watchlist>,
        now: Timestamp,
    ) -> Result<Arc<Watchlist>, StoreError> {
        let feeds = watchlist.config.feeds.iter();
        self.store
            .declare_feeds(feeds.map(|declared| &declared.feed), now)?;
        let topics = self.store.declare_topics(&watchlist.topic_hashes(), now)?;
        self.topics = topics.ids;
        for digest in &watchlist.config.digests {
            for recipient in &digest.to {
                self.store.declare_digest(&digest.name, recipient, now)?;
            }
        }
        self.store.note_watchlist(watchlist.version.hash, now)?;
        self.refused = None;
        let before = std::mem::replace(&mut self.watchlist, watchlist);
        let mut changed = topics.changed;
        changed.extend(self.lately_away(now)?);
        self.hand_on(&changed, now)?;
        Ok(before)
    }

    /// The feeds whose schedule no clock or no present watchlist can have made, as they shall be. `worked_by` is
    /// the watchlist before this one, if there was another.
    fn misfits(
        &self,
        worked_by: Option<&Watchlist>,
        now: Timestamp,
    ) -> Result<Vec<FeedState>, StoreError> {
        let pace = self.watchlist.pace();
        let mut misfits = Vec::new();
        self.store.each_feed(|before| {
            let mut state = before.clone();
            let declared = self.watchlist.feed(&state.url);
            let every = declared.and_then(|declared| declared.feed.every);
            let way = worked_by.is_some_and(|before| {
                before.way_to(&state.url) != self.watchlist.way_to(&state.url)
            });
            schedule::clamp(&mut state, &pace, every, now);
            schedule::edited(&mut state, &pace, every, way, now);
            if state != before {
                misfits.push(state);
            }
        })?;
        Ok(misfits)
    }

    /// Sets instants that only a clock that was ahead can have left to now, so that nothing waits for that time; and lets
    /// no feed wait by the pace of a watchlist, or by the way to it in the one `before`, that was edited while nobody worked.
    pub fn heal_times(
        &mut self,
        before: Option<&Watchlist>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut misfits = self.misfits(before, now)?;
        for state in &mut misfits {
            // Nobody asks yet, so that one who is to be asked at once need not wait until all know the new watchlist.
            if state.next_at.duration_since(now) < SignedDuration::from_secs(1) {
                state.next_at = now;
            }
        }
        self.step(|desk| {
            desk.store.heal_times(now)?;
            misfits
                .iter()
                .try_for_each(|state| desk.store.record_feed(state))
        })
    }

    /// After a start, a sleep or a leap of the clock: no burst of feeds that fell due together.
    pub fn smooth_schedule(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.awake_since = now;
        self.heal_times(None, now)?;
        let pace = self.watchlist.pace();
        let overdue = self.store.overdue_feeds(now)?;
        if overdue.len() < 2 {
            return Ok(());
        }
        self.step(|desk| {
            overdue.iter().try_for_each(|&feed| {
                let next = schedule::spread(feed, overdue.len(), &pace, now);
                desk.store.lease_feed(feed, next)
            })
        })
    }

    /// Opens a store to read. A topic that the daemon has not yet met has no row, and so no history.
    pub fn open_read(store: Store, watchlist: Arc<Watchlist>) -> Result<Desk, StoreError> {
        let topics = store.topic_ids(&watchlist.topic_hashes())?;
        Ok(Desk {
            store,
            watchlist,
            topics,
            refused: None,
            stories: None,
            away: Away::new(),
            looked_for_deaths: None,
            awake_since: Timestamp::MAX,
            may_be_offline: true,
        })
    }

    /// Runs `work` so that all of it happens or nothing, in the store and in what is kept of it in memory.
    fn step<T>(
        &mut self,
        work: impl FnOnce(&mut Desk) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let result = store::step(self, |desk| &mut desk.store, work);
        if result.is_err() {
            // Memory may know of a story that the store has just forgotten.
            self.stories = None;
        }
        result
    }

    /// The rows of the topics that a digest has.
    pub fn wanted_topics(&self, digest: &DigestSettings) -> Vec<TopicId> {
        let topics = self.watchlist.config.topics().iter().zip(&self.topics);
        topics
            .filter(|(topic, _)| self.watchlist.wants(digest, topic))
            .map(|(_, id)| *id)
            .collect()
    }
}

/// The store's thread did not answer: it has stopped, or the work for it panicked.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The batch that held the work could not be committed; nothing of it was kept.
    #[error("a batch of fetches was not kept: {0}")]
    NotKept(String),
    /// A fault of ours; the store is as it was before.
    #[error("a fault in wirewatch stopped this step: {0}")]
    Panicked(String),
    /// The thread has ended.
    #[error("the thread of the database has stopped")]
    Stopped,
}

impl DeskError {
    /// The message and the remedy, if there is one, in one line for the log.
    pub fn with_remedy(&self) -> String {
        match self {
            DeskError::Store(refused) => refused.with_remedy(),
            other => other.to_string(),
        }
    }
}

type Work = Box<dyn FnOnce(&mut Desk) -> Acknowledge + Send>;
type Acknowledge = Box<dyn FnOnce(Option<&StoreError>) + Send>;

enum Job {
    Batched(Work),
    AtOnce(Work),
}

/// A way to the store's thread; it ends when the last one is dropped.
#[derive(Clone)]
pub struct Handle {
    jobs: Sender<Job>,
}

impl Handle {
    /// Runs `work` as part of a batch, undone alone if it fails, and answers once the batch is on the disk.
    pub async fn batched<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Desk) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, DeskError> {
        self.submit(Job::Batched, work).await
    }

    /// Runs `work` and commits it at once, after whatever was gathered before it.
    pub async fn at_once<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Desk) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, DeskError> {
        self.submit(Job::AtOnce, work).await
    }

    async fn submit<T: Send + 'static>(
        &self,
        kind: fn(Work) -> Job,
        work: impl FnOnce(&mut Desk) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, DeskError> {
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move |desk| {
            // The caller may have been cancelled; then nobody waits for the answer.
            let result = catch_unwind(AssertUnwindSafe(|| work(desk)));
            if result.is_err() {
                desk.stories = None;
            }
            match result {
                Ok(Ok(value)) => Box::new(move |lost: Option<&StoreError>| {
                    let _ = answer.send(match lost {
                        None => Ok(value),
                        Some(cause) => Err(DeskError::NotKept(cause.with_remedy())),
                    });
                }),
                Ok(Err(refused)) => Box::new(move |_| {
                    let _ = answer.send(Err(refused.into()));
                }),
                Err(panic) => Box::new(move |_| {
                    let _ = answer.send(Err(DeskError::Panicked(panic_words(panic.as_ref()))));
                }),
            }
        });
        self.jobs.send(kind(work)).map_err(|_| DeskError::Stopped)?;
        answered.await.map_err(|_| DeskError::Stopped)?
    }
}

/// What a panic said.
pub fn panic_words(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|words| (*words).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no reason given".to_owned())
}

/// Starts the store's thread. `beat` is called every few seconds as long as the thread gets round to it.
pub fn start(
    desk: Desk,
    beat: impl FnMut() + Send + 'static,
) -> std::io::Result<(Handle, JoinHandle<Desk>)> {
    let (jobs, waiting) = channel();
    let thread = std::thread::Builder::new()
        .name("store".to_owned())
        .spawn(move || run(desk, &waiting, beat))?;
    Ok((Handle { jobs }, thread))
}

fn run(mut desk: Desk, waiting: &Receiver<Job>, mut beat: impl FnMut()) -> Desk {
    let mut batch = Batch::default();
    loop {
        match next(waiting, &batch) {
            Ok(Job::Batched(work)) => batch.add(&mut desk, work),
            Ok(Job::AtOnce(work)) => {
                batch.commit(&mut desk);
                work(&mut desk)(None);
            }
            Err(RecvTimeoutError::Timeout) => batch.commit(&mut desk),
            Err(RecvTimeoutError::Disconnected) => {
                batch.commit(&mut desk);
                return desk;
            }
        }
        if batch.is_due() {
            batch.commit(&mut desk);
        }
        beat();
    }
}

/// The next job; an error where none came in as much time as the batch may wait.
fn next(waiting: &Receiver<Job>, batch: &Batch) -> Result<Job, RecvTimeoutError> {
    if let Ok(job) = waiting.try_recv() {
        return Ok(job);
    }
    if batch.is_open() {
        sleep(REST);
    }
    waiting.recv_timeout(batch.patience())
}

/// Work that is done but not yet committed.
#[derive(Default)]
struct Batch {
    since: Option<Instant>,
    done: Vec<Acknowledge>,
}

impl Batch {
    fn is_open(&self) -> bool {
        self.since.is_some()
    }

    fn patience(&self) -> Duration {
        match self.since {
            None => BEAT,
            Some(since) => BATCH_TIME.saturating_sub(since.elapsed()).min(IDLE),
        }
    }

    fn is_due(&self) -> bool {
        self.done.len() >= BATCH_SIZE
            || self
                .since
                .is_some_and(|since| since.elapsed() >= BATCH_TIME)
    }

    fn add(&mut self, desk: &mut Desk, work: Work) {
        if let Err(refused) = desk.store.begin_batch() {
            error!("Cannot store what feeds showed: {}", refused.with_remedy());
            // Run outside a batch, the work meets the same refusal and reports it to whoever asked.
            work(desk)(Some(&refused));
            return;
        }
        self.since.get_or_insert_with(Instant::now);
        self.done.push(work(desk));
    }

    fn commit(&mut self, desk: &mut Desk) {
        if self.since.take().is_none() {
            return;
        }
        let lost = desk.store.commit_batch().err();
        if let Some(lost) = &lost {
            desk.stories = None;
            error!(
                "{} fetches were not kept and will be asked again: {}",
                self.done.len(),
                lost.with_remedy()
            );
        }
        for acknowledge in self.done.drain(..) {
            acknowledge(lost.as_ref());
        }
    }
}
