//! `status`: whether all is well, and what to do if not.

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::setup;
use super::terminal::plain;
use super::{Context, End, print_line, rfc3339};
use crate::desk::Desk;
use crate::health::Health;
use crate::model::Timestamp;
use crate::store::outbox::State;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<End> {
    let setup::Start {
        watchlist,
        path,
        refused,
        ..
    } = setup::watchlist_or_last_good(context)?;
    let desk = setup::desk_to_read(watchlist)?;
    let now = context.clock.now();
    let problems = refused.map_or(0, |refused| refused.problems);
    let status = Status::read(&desk, problems, now)?;
    if arguments.json {
        print_line(status.json(&desk, &path.display().to_string()))?;
    } else {
        status.print(&desk, &path.display().to_string())?;
    }
    Ok(if status.needs_a_person() {
        End::NeedsAPerson
    } else {
        End::Done
    })
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What `status` tells.
struct Status {
    /// Problems of the present watchlist, if it is refused.
    problems: usize,
    /// Feeds that are not well: name, health, words.
    feeds: Vec<(String, Health, String)>,
    well: usize,
    items: u64,
    last_stored: Option<Timestamp>,
    last_matched: Option<Timestamp>,
    last_mailed: Option<Timestamp>,
    waiting: usize,
    held: usize,
    /// Messages that were tried and have waited for an hour.
    stuck: usize,
    /// Feeds that have failed for a day.
    dead: usize,
    paused: Vec<String>,
    bytes: u64,
}

impl Status {
    fn read(desk: &Desk, problems: usize, now: Timestamp) -> anyhow::Result<Status> {
        let store = &desk.store;
        let mut feeds = Vec::new();
        let (mut well, mut dead) = (0, 0);
        for state in store.feeds()? {
            dead += usize::from(
                state
                    .failing_since
                    .is_some_and(|since| now.duration_since(since) >= DAY),
            );
            let paused = desk
                .watchlist
                .feed(&state.url)
                .is_some_and(|declared| declared.feed.paused);
            let report = setup::health(store, &state, paused, &TimeZone::system(), now)?;
            if report.health == Health::Ok {
                well += 1
            } else {
                feeds.push((state.name, report.health, report.words))
            }
        }
        let outbox = store.unsettled_deliveries()?;
        let times = store.last_times()?;
        Ok(Status {
            problems,
            feeds,
            well,
            items: store.counts()?.items,
            last_stored: times.stored,
            last_matched: times.matched,
            last_mailed: times.mailed,
            dead,
            stuck: outbox
                .iter()
                .filter(|delivery| {
                    delivery.tries.attempts > 0 && now.duration_since(delivery.created_at) >= HOUR
                })
                .count(),
            waiting: outbox.len(),
            held: outbox
                .iter()
                .filter(|delivery| delivery.state == State::Held)
                .count(),
            paused: store
                .paused_recipients()?
                .into_iter()
                .map(|(address, ..)| address)
                .collect(),
            bytes: std::fs::metadata(&desk.watchlist.config.store.path)
                .map_or(0, |metadata| metadata.len()),
        })
    }

    fn needs_a_person(&self) -> bool {
        let is_dead = |health: &Health| matches!(health, Health::Gone);
        self.problems > 0
            || self.held > 0
            || self.stuck > 0
            || !self.paused.is_empty()
            || self.dead > 0
            || (self.well == 0
                && self
                    .feeds
                    .iter()
                    .any(|(_, health, _)| *health == Health::Failing))
            || self.feeds.iter().any(|(_, health, _)| is_dead(health))
    }

    fn print(&self, desk: &Desk, path: &str) -> anyhow::Result<()> {
        let config = &desk.watchlist.config;
        if self.problems > 0 {
            print_line(format_args!(
                "Watchlist  {path}: refused, it has {}; see `wirewatch check`",
                setup::count(self.problems, "problem")
            ))?;
        } else {
            print_line(format_args!(
                "Watchlist  {path}: {}, {}",
                setup::count(config.feeds.len(), "feed"),
                setup::count(config.topics().len(), "topic")
            ))?;
        }
        print_line(format_args!(
            "Feeds      {} well, {} to look at",
            self.well,
            self.feeds.len()
        ))?;
        for (name, health, words) in &self.feeds {
            print_line(format_args!(
                "           {}: {}: {}",
                plain(name),
                health.as_str(),
                plain(words)
            ))?;
        }
        let outbox = match (self.waiting, self.held) {
            (0, _) => "empty".to_owned(),
            (waiting, 0) => format!("{waiting} waiting"),
            (waiting, held) => {
                format!("{waiting} waiting, {held} of them held; see `wirewatch outbox`")
            }
        };
        print_line(format_args!("Outbox     {outbox}"))?;
        for address in &self.paused {
            print_line(format_args!(
                "           {address} is paused; see `wirewatch outbox`"
            ))?;
        }
        print_line(format_args!(
            "Last       stored {}, matched {}, mailed {}",
            when(self.last_stored),
            when(self.last_matched),
            when(self.last_mailed)
        ))?;
        print_line(format_args!(
            "Database   {}: {}, {:.1} MB",
            config.store.path.display(),
            setup::count(usize::try_from(self.items).unwrap_or(usize::MAX), "item"),
            self.bytes as f64 / 1e6
        ))
    }

    fn json(&self, desk: &Desk, path: &str) -> serde_json::Value {
        let config = &desk.watchlist.config;
        let feeds: Vec<_> = self
            .feeds
            .iter()
            .map(|(name, health, words)| serde_json::json!({ "name": name, "state": health.as_str(), "words": words }))
            .collect();
        serde_json::json!({
            "watchlist": { "file": path, "problems": self.problems, "feeds": config.feeds.len(), "topics": config.topics().len() },
            "feeds": { "ok": self.well, "other": feeds },
            "outbox": { "waiting": self.waiting, "held": self.held, "paused": self.paused },
            "last": {
                "stored": self.last_stored.map(rfc3339),
                "matched": self.last_matched.map(rfc3339),
                "mailed": self.last_mailed.map(rfc3339),
            },
            "database": { "file": config.store.path.display().to_string(), "items": self.items, "bytes": self.bytes },
            "needs_a_person": self.needs_a_person(),
        })
    }
}

fn when(moment: Option<Timestamp>) -> String {
    moment.map_or_else(
        || "never".to_owned(),
        |moment| {
            moment
                .to_zoned_datetime(TimeZone::system())
                .strftime("%Y-%m-%d %H:%M")
                .to_string()
        },
    )
}
