//! What only a person can mend, each with the remedy.

use jiff::SignedDuration;

use super::{DAY, Seen, Status};
use crate::cli::local;
use crate::cli::setup::{count, counted};
use crate::cli::terminal::plain;
use crate::deliver::NextDue;
use crate::health::Health;
use crate::model::Timestamp;
use crate::store::Work;
use crate::store::outbox::{Delivery, State};

/// Something that does not mend itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) what: String,
    pub(super) remedy: String,
}

/// A message that was tried and has waited for so long is no hiccup.
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// A daemon that lives asks within seconds; this allows for a restart.
const DAEMON_IS_LATE: SignedDuration = SignedDuration::from_mins(10);
/// Whoever polls by cron may do so once a day.
const CRON_IS_LATE: SignedDuration = SignedDuration::from_hours(26);
const START: &str = "start it: `systemctl start wirewatch`, or `wirewatch run`";
const NETWORK: &str = "look at this machine's network, its name server and `[poll] proxy`";
/// So many feeds are named; `feeds list` has the rest.
const NAMED: usize = 5;

pub(super) fn of(status: &Status, now: Timestamp) -> Vec<Need> {
    let mut needs = Vec::new();
    if status.problems > 0 {
        let problems = count(status.problems, "problem");
        needs.push(need(
            format!("the watchlist has {problems} and is not used; the last good one is"),
            "see `wirewatch check`, mend it and save",
        ));
    }
    needs.extend(idle(status, now));
    if status.room.is_short() {
        let free = status.room.free.unwrap_or(0) >> 20;
        needs.push(need(
            format!("the disk of the database has {free} MiB left"),
            "make room there, or set a shorter `[store] keep`",
        ));
    }
    needs.extend(of_feeds(status, now));
    needs.extend(of_mail(status, now));
    needs
}

fn need(what: impl Into<String>, remedy: impl Into<String>) -> Need {
    Need {
        what: what.into(),
        remedy: remedy.into(),
    }
}

/// Nobody asks the feeds though they are due.
fn idle(status: &Status, now: Timestamp) -> Option<Need> {
    let holder = status.holder?;
    if let Some(NextDue { at, digest }) = &status.overdue
        && holder.work == Work::Daemon
        && !holder.is_working
        && now.duration_since(*at) >= DAEMON_IS_LATE
    {
        return Some(need(
            format!(
                "the daemon does not run, and the digest `{}` has been due since {}",
                plain(&digest.name),
                local(*at)
            ),
            START,
        ));
    }
    let late = now.duration_since(status.next_poll()?);
    let hours = counted(late.as_hours(), "hour", "hours");
    match holder.work {
        Work::Daemon if holder.is_working && late >= HOUR => Some(need(
            format!("the daemon runs, but feeds have been due for {hours}"),
            "its log says why: journalctl -u wirewatch",
        )),
        Work::Daemon if !holder.is_working && late >= DAEMON_IS_LATE => {
            Some(need("the daemon does not run, and feeds are due", START))
        }
        Work::Command if late >= CRON_IS_LATE => Some(need(
            format!("nobody polls, and feeds have been due for {hours}"),
            "start the daemon, `wirewatch run`, or have cron call `wirewatch poll`",
        )),
        _ => None,
    }
}

fn of_feeds(status: &Status, now: Timestamp) -> Vec<Need> {
    if let Some(since) = status.offline
        && now.duration_since(since) >= HOUR
    {
        let what = format!("no feed could be reached since {}", local(since));
        return vec![need(what, NETWORK)];
    }
    let asked = status.feeds.len() - status.with(Health::Paused).count();
    let failing = status.with(Health::Failing).count();
    if asked > 1 && failing == asked {
        let all_say = |part: &str| {
            let mut failing = status.with(Health::Failing);
            failing.all(|seen| seen.words.contains(part))
        };
        let todo = if all_say("allow_private") {
            "name their network in `[poll] allow_private`, if they are yours"
        } else if all_say("HTTP") {
            "`wirewatch feeds list` tells what each server answers"
        } else {
            NETWORK
        };
        return vec![need(format!("all {asked} feeds fail"), todo)];
    }
    let mut needs: Vec<Need> = status
        .with(Health::Gone)
        .map(|seen| {
            need(
                format!("the feed `{}` is gone: {}", plain(&seen.feed.name), plain(&seen.words)),
                "take it out of the watchlist, or find its new address with `wirewatch feeds add SITE`",
            )
        })
        .collect();
    let is_dead = |seen: &&Seen| {
        seen.health != Health::Gone
            && seen.health != Health::Paused
            && seen
                .feed
                .failing_since
                .is_some_and(|since| now.duration_since(since) >= DAY)
    };
    needs.extend(status.feeds.iter().filter(is_dead).map(|seen| {
        if seen.feed.failures == 0 {
            return need(
                format!(
                    "the feed `{}` is not asked: {}",
                    plain(&seen.feed.name),
                    plain(&seen.words)
                ),
                "it will be by itself; if its domain keeps refusing, set `paused = true`",
            );
        }
        need(
            format!(
                "the feed `{}` fails: {}",
                plain(&seen.feed.name),
                plain(&seen.words)
            ),
            format!(
                "look at it with `wirewatch feeds show {}`, or set `paused = true`",
                seen.feed.url
            ),
        )
    }));
    let more = needs.len().saturating_sub(NAMED);
    needs.truncate(NAMED);
    if more > 0 {
        needs.push(need(
            format!(
                "{} are gone or fail",
                counted(more, "more feed", "more feeds")
            ),
            "see `wirewatch feeds list`",
        ));
    }
    needs
}

fn of_mail(status: &Status, now: Timestamp) -> Vec<Need> {
    let mut needs: Vec<Need> = status
        .paused
        .iter()
        .filter(|(address, ..)| status.writes_to(address))
        .map(|(address, _, why)| {
            need(
                format!("mail to {address} is paused: {}", plain(why)),
                format!("once it is mended: wirewatch outbox resume {address}"),
            )
        })
        .collect();
    let is_absent = |delivery: &&Delivery| !status.writes_to(&delivery.recipient);
    needs.extend(status.outbox.iter().find(is_absent).map(|delivery| {
        need(
            format!(
                "mail waits for {}, who is no longer in the watchlist",
                delivery.recipient
            ),
            format!(
                "put the address back, or give it up: wirewatch outbox drop {}",
                delivery.id
            ),
        )
    }));
    let held = status.held().filter(|held| !is_absent(held)).count();
    if held > 0 {
        needs.push(need(
            format!("{} held back", counted(held, "message is", "messages are")),
            "see `wirewatch outbox`, then release or drop",
        ));
    }
    // What only a person can change is said at once; everything else may come right by itself.
    let is_stuck = |delivery: &&Delivery| {
        delivery.state != State::Held
            && !is_absent(delivery)
            && delivery.tries.attempts > 0
            && (delivery.needs_a_person() || now.duration_since(delivery.created_at) >= HOUR)
            && !status
                .paused
                .iter()
                .any(|(address, ..)| *address == delivery.recipient)
    };
    if let Some(stuck) = status.outbox.iter().find(is_stuck) {
        needs.push(need(
            format!(
                "mail waits: {}",
                plain(stuck.reply.as_deref().unwrap_or("no answer"))
            ),
            "try the way to the mail server: wirewatch check --online",
        ));
    }
    needs
}
