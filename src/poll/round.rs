//! Which feeds are asked, and their lines as they come.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinSet};
use tokio::time::sleep;

use super::{Job, LEASE, Poller};
use crate::config::Access;
use crate::desk::intake::Line;
use crate::desk::{Desk, DeskError, panic_words};
use crate::http::client::Client;
use crate::model::{FeedId, FeedState, Timestamp};
use crate::schedule::feeds::allowed;
use crate::store::StoreError;

/// How many feeds may wait for their turn at once; more are taken as these finish.
const WAITING: usize = 10_000;

/// The feed that its domain refused last stands in line behind the others that are due: else one that is always refused
/// would hold them up for ever.
const BEHIND: Duration = Duration::from_millis(100);

/// Which feeds a round asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Those that are due by the schedule.
    Due,
    /// All, whatever our own schedule and back-off say.
    All,
    /// Those of this name, or with this address, if they are due.
    Named(String),
    /// Those of this name, or with this address, due or not.
    NamedNow(String),
}

/// A feed that was leased, and how its server is opened.
struct Taken {
    state: FeedState,
    access: Access,
    /// Whether it was the one that its domain refused last.
    was_refused: bool,
}

/// A round under way: feeds are leased from the store and asked as places become free.
pub struct Round {
    poller: Poller,
    /// The feeds still to be taken; `None`: whatever the store says is due.
    queue: Option<Vec<FeedId>>,
    tasks: JoinSet<Result<Line, DeskError>>,
    /// The feeds that the tasks ask. One that waits long for its domain's turn must not be taken twice.
    under_way: HashMap<Id, FeedId>,
    asked: HashSet<FeedId>,
    /// How many feeds may be under way.
    width: usize,
    /// Whether the last look at the store gave any feed, so that there may be more.
    may_be_more: bool,
}

impl Round {
    /// Begins a round.
    pub async fn begin(poller: Poller, choice: Choice) -> Result<Round, DeskError> {
        let now = poller.clock.now();
        let held = poller.desk.at_once(move |desk| desk.store.holds(now));
        for hold in held.await? {
            poller.holds.note(hold.domain, hold.until);
        }
        let queue = match choice {
            Choice::Due => None,
            choice => {
                let chosen = poller
                    .desk
                    .at_once(move |desk| choose(desk, &choice, now))
                    .await?;
                Some(chosen)
            }
        };
        Ok(Round {
            poller,
            queue,
            tasks: JoinSet::new(),
            under_way: HashMap::new(),
            width: WAITING,
            asked: HashSet::new(),
            may_be_more: true,
        })
    }

    /// Asks one feed at a time, so that what comes of it is the same each time.
    pub fn one_by_one(mut self) -> Round {
        self.width = 1;
        self
    }

    /// The line of the next feed that was asked; `None` once there is none left that is due.
    pub async fn next(&mut self) -> Result<Option<Line>, DeskError> {
        // A look at the store ends the batch that is being gathered there, so it is not taken for each line.
        let has_room = self.tasks.len() < self.width.div_ceil(2);
        if self.tasks.is_empty() || has_room && (self.may_be_more || self.is_offline()) {
            self.take_more().await?;
        }
        match self.tasks.is_empty() {
            true => Ok(None),
            false => self.finished().await.map(Some),
        }
    }

    /// The line of the next feed to finish, of those that were taken; waits for ever if none was.
    pub async fn finished(&mut self) -> Result<Line, DeskError> {
        match self.tasks.join_next_with_id().await {
            None => std::future::pending().await,
            Some(Ok((task, line))) => {
                self.forget(task);
                line
            }
            Some(Err(fault)) => {
                self.forget(fault.id());
                if fault.is_panic() {
                    Err(DeskError::Panicked(panic_words(
                        fault.into_panic().as_ref(),
                    )))
                } else {
                    Err(DeskError::Stopped)
                }
            }
        }
    }

    fn forget(&mut self, task: Id) {
        if let Some(feed) = self.under_way.remove(&task) {
            self.asked.remove(&feed);
        }
    }

    /// Asks by other settings from now on; what is under way goes on by the old ones.
    pub fn go_on_with(&mut self, poller: Poller) {
        self.poller = Poller {
            network: Arc::clone(&self.poller.network),
            holds: Arc::clone(&self.poller.holds),
            ..poller
        };
    }

    /// What feeds are asked with.
    pub fn client(&self) -> &Client {
        &self.poller.client
    }

    /// Whether our own network seems to be down, so that feeds that are due are left for later.
    pub fn is_offline(&self) -> bool {
        self.poller.network.is_down()
    }

    /// Whether our own network has come back since this was last asked.
    pub fn came_back(&self) -> bool {
        self.poller.network.came_back()
    }

    /// How many feeds are being asked or wait for their turn.
    pub fn in_flight(&self) -> usize {
        self.tasks.len()
    }

    /// Takes the feeds that are due by now.
    pub async fn take_more(&mut self) -> Result<(), DeskError> {
        let now = self.poller.clock.now();
        let room = self.width.saturating_sub(self.tasks.len());
        let room = self.poller.network.room(room, now);
        if room == 0 {
            return Ok(());
        }
        let for_probe = self.poller.network.is_down();
        let jobs = match &mut self.queue {
            None => {
                self.poller
                    .desk
                    .at_once(move |desk| match for_probe {
                        true => lease_probe(desk, now),
                        false => lease_due(desk, room, now),
                    })
                    .await?
            }
            Some(queue) => {
                let ids: Vec<_> = queue.drain(..queue.len().min(room)).collect();
                if ids.is_empty() {
                    self.may_be_more = false;
                    return Ok(());
                }
                self.poller
                    .desk
                    .at_once(move |desk| lease_these(desk, &ids, now))
                    .await?
            }
        };
        // All are announced before the first is asked.
        let jobs: Vec<_> = jobs
            .into_iter()
            .filter(|taken| self.asked.insert(taken.state.id))
            .map(|taken| {
                let job = Job {
                    state: taken.state,
                    access: taken.access,
                    errand: self.poller.network.expect(),
                };
                (job, taken.was_refused)
            })
            .collect();
        self.may_be_more = !jobs.is_empty();
        for (job, was_refused) in jobs {
            let id = job.state.id;
            let poller = self.poller.clone();
            let task = self.tasks.spawn(async move {
                if was_refused {
                    sleep(BEHIND).await;
                }
                poller.ask(job).await
            });
            self.under_way.insert(task.id(), id);
        }
        Ok(())
    }
}

/// The chosen feeds, in the order of the watchlist; never one that is paused or whose server asked us to wait.
fn choose(desk: &mut Desk, choice: &Choice, now: Timestamp) -> Result<Vec<FeedId>, StoreError> {
    let mut chosen = Vec::new();
    desk.store.each_feed(|state| {
        let (wanted, only_due) = match choice {
            Choice::Due => (true, true),
            Choice::All => (true, false),
            Choice::Named(name) => (state.name == *name || state.url == *name, true),
            Choice::NamedNow(name) => (state.name == *name || state.url == *name, false),
        };
        if wanted && may_ask(desk, &state, now) && (!only_due || state.next_at <= now) {
            chosen.push(state.id);
        }
    })?;
    Ok(chosen)
}

fn may_ask(desk: &Desk, state: &FeedState, now: Timestamp) -> bool {
    state.hold_until.is_none_or(|until| until <= now)
        && desk
            .watchlist
            .feed(&state.url)
            .is_some_and(|declared| !declared.feed.paused)
}

fn lease_due(desk: &mut Desk, room: usize, now: Timestamp) -> Result<Vec<Taken>, StoreError> {
    let mut due = desk.store.due_feeds(now, room)?;
    let mut asleep = Vec::new();
    due.retain(|state| {
        // A daemon that was away may wake in an hour in which the feed does not want to be asked.
        let allowed = allowed(state.skip_hours, state.skip_days, now);
        if allowed > now {
            asleep.push((state.id, allowed));
        }
        allowed <= now
    });
    for (id, allowed) in asleep {
        desk.store.lease_feed(id, allowed)?;
    }
    // Of a domain that refuses all but the first, each feed is the first in its turn.
    due.sort_by_key(|state| state.last_ok_at);
    lease(desk, due, now)
}

/// The feed that tells whether our own network is back: of those that are longest overdue the one that answered last.
/// While nothing is counted, one that is dead looks as healthy as the others, but for that.
fn lease_probe(desk: &mut Desk, now: Timestamp) -> Result<Vec<Taken>, StoreError> {
    const LOOKED_AT: usize = 500;

    let due = desk.store.due_feeds(now, LOOKED_AT)?;
    let probe = due
        .into_iter()
        .max_by_key(|state| (state.failures == 0, state.last_ok_at));
    lease(desk, probe.into_iter().collect(), now)
}

fn lease_these(desk: &mut Desk, ids: &[FeedId], now: Timestamp) -> Result<Vec<Taken>, StoreError> {
    let states = ids
        .iter()
        .map(|id| desk.store.feed(*id))
        .collect::<Result<Vec<_>, _>>()?;
    lease(desk, states, now)
}

/// Moves the feeds' next attempts away before anything else can fail, so that a crash neither loses nor hammers one.
fn lease(
    desk: &mut Desk,
    states: Vec<FeedState>,
    now: Timestamp,
) -> Result<Vec<Taken>, StoreError> {
    desk.store.savepoint(|store| {
        for state in &states {
            store.lease_feed(state.id, now + LEASE)?;
        }
        Ok::<_, StoreError>(())
    })?;
    let refused = desk.store.last_refused()?;
    let jobs = states.into_iter().filter_map(|state| {
        let declared = desk
            .watchlist
            .feed(&state.url)
            .filter(|declared| !declared.feed.paused)?;
        Some(Taken {
            was_refused: refused.contains(&state.id),
            access: declared.access.clone(),
            state,
        })
    });
    Ok(jobs.collect())
}
