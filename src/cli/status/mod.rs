//! `status`: whether all is well, and what to do if not.

mod json;
mod needs;
mod people;

use std::path::PathBuf;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::setup;
use super::{Context, End, print_line};
use crate::config::find::{self, Candidate, Environment};
use crate::deliver::{self, NextDue};
use crate::desk::Desk;
use crate::health::Health;
use crate::model::{FeedState, Timestamp};
use crate::store::disk::Room;
use crate::store::events::Hour;
use crate::store::events::LastTimes;
use crate::store::in_force::InForce;
use crate::store::outbox::{Delivery, State};
use crate::store::{Holder, Lock, Restored};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<End> {
    let start = setup::watchlist_or_last_good(context)?;
    let (file, found_by) = (start.path, start.found_by);
    let looked_for = find::candidates(context.config.as_deref(), Environment::process());
    let problems = start.refused.map_or(0, |refused| refused.problems);
    let desk = setup::desk_to_read(start.watchlist)?;
    let now = context.clock.now();
    let status = Status {
        file,
        found_by,
        looked_for,
        problems,
        ..Status::read(&desk, now)?
    };
    let needs = needs::of(&status, now);
    if arguments.json {
        print_line(json::of(&status, &needs))?;
    } else {
        people::print_all(&status, &needs)?;
    }
    Ok(if needs.is_empty() {
        End::Done
    } else {
        End::NeedsAPerson
    })
}

/// What `status` tells.
struct Status {
    file: PathBuf,
    /// Who named the file: `--config`, a variable, or the default.
    found_by: &'static str,
    /// All places where it is looked for, in order.
    looked_for: Vec<Candidate>,
    /// Problems of the present watchlist, if it is refused and the last good one is used.
    problems: usize,
    /// The hash of the watchlist that these figures are by.
    version: u64,
    topics: usize,
    /// The watchlist that the last work went by.
    in_force: Option<InForce>,
    /// Who works on the database, or did last.
    holder: Option<Holder>,
    /// The declared feeds, the worst first.
    feeds: Vec<Seen>,
    /// Of the last 24 hours, those with polls, oldest first.
    hours: Vec<Hour>,
    /// Since when nobody can be reached.
    offline: Option<Timestamp>,
    /// A digest that has been due since then and was not composed.
    overdue: Option<NextDue>,
    /// Unsettled messages, the held ones first.
    outbox: Vec<Delivery>,
    /// Recipients whom the server refuses: address, since when, its words.
    paused: Vec<(String, Timestamp, String)>,
    /// Those of them, and of the recipients of messages, who are no longer in the watchlist.
    absent: Vec<String>,
    last: LastTimes,
    database: PathBuf,
    items: u64,
    room: Room,
    restored: Option<Restored>,
}

/// A feed and what its history means.
struct Seen {
    feed: FeedState,
    health: Health,
    words: String,
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

impl Status {
    /// All but how the watchlist was found.
    fn read(desk: &Desk, now: Timestamp) -> anyhow::Result<Status> {
        let store = &desk.store;
        let config = &desk.watchlist.config;
        let mut outbox = store.unsettled_deliveries()?;
        outbox.sort_by_key(|delivery| delivery.state != State::Held);
        let paused = store.paused_recipients()?;
        let known = outbox.iter().map(|delivery| &delivery.recipient);
        let known = known.chain(paused.iter().map(|(address, ..)| address));
        let absent = known
            .filter(|address| !config.writes_to(address))
            .cloned()
            .collect();
        Ok(Status {
            file: PathBuf::new(),
            found_by: "",
            looked_for: Vec::new(),
            problems: 0,
            version: desk.watchlist.version.hash,
            topics: config.topics().len(),
            in_force: store.watchlist_in_force()?,
            holder: Lock::holder(&config.store.path),
            feeds: feeds(desk, now)?,
            hours: store.hours_since(now - DAY)?,
            offline: store.offline_since(now)?,
            overdue: deliver::overdue(desk, now)?,
            outbox,
            paused,
            absent,
            last: store.last_times()?,
            database: config.store.path.clone(),
            items: store.counts()?.items,
            room: Room::of(&config.store.path),
            restored: store.restored()?,
        })
    }

    fn with(&self, health: Health) -> impl Iterator<Item = &Seen> {
        self.feeds.iter().filter(move |seen| seen.health == health)
    }

    /// Whether this address is in the watchlist.
    fn writes_to(&self, address: &str) -> bool {
        !self.absent.iter().any(|absent| absent == address)
    }

    fn held(&self) -> impl Iterator<Item = &Delivery> {
        self.outbox
            .iter()
            .filter(|delivery| delivery.state == State::Held)
    }

    /// When the next feed is to be asked.
    fn next_poll(&self) -> Option<Timestamp> {
        let asked = self
            .feeds
            .iter()
            .filter(|seen| seen.health != Health::Paused);
        asked
            .map(|Seen { feed, .. }| feed.next_at.max(feed.hold_until.unwrap_or(feed.next_at)))
            .min()
    }
}

fn feeds(desk: &Desk, now: Timestamp) -> anyhow::Result<Vec<Seen>> {
    let zone = TimeZone::system();
    let mut feeds = Vec::new();
    let held = desk.held_domains(now)?;
    for mut feed in desk.store.feeds()? {
        held.foresee(&mut feed);
        let declared = desk.watchlist.feed(&feed.url);
        let paused = declared.is_some_and(|declared| declared.feed.paused);
        let report = setup::health(&desk.store, &feed, paused, &zone, now)?;
        feeds.push(Seen {
            feed,
            health: report.health,
            words: report.words,
        });
    }
    // Of two that fail, the one that has failed for longer.
    feeds.sort_by_key(|seen| {
        let since = seen.feed.failing_since.unwrap_or(now);
        (rank(seen.health), since, seen.feed.name.clone())
    });
    Ok(feeds)
}

/// The states, the worst first.
const STATES: [Health; 7] = [
    Health::Gone,
    Health::Failing,
    Health::Throttled,
    Health::Gap,
    Health::Quiet,
    Health::Paused,
    Health::Ok,
];

fn rank(health: Health) -> usize {
    STATES
        .iter()
        .position(|state| *state == health)
        .unwrap_or(STATES.len())
}

/// A version of a watchlist, short: enough to tell those of one file apart.
fn version(hash: u64) -> String {
    format!("{:08x}", hash >> 32)
}
