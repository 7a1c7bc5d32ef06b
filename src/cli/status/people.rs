//! `status` for people.

use jiff::tz::TimeZone;

use super::needs::Need;
use super::{STATES, Seen, Status, version};
use crate::cli::local;
use crate::cli::outbox::remedy;
use crate::cli::print_line;
use crate::cli::setup::{count, counted};
use crate::cli::table::{folded, table};
use crate::cli::terminal::{plain, size, width};
use crate::health::Health;
use crate::model::Timestamp;
use crate::store::Work;
use crate::store::events::Hour;

/// So many feeds that are not well are listed; `feeds list` has the rest.
const LISTED: usize = 12;

/// Where the text beside the headings begins.
const INDENT: usize = 11;

pub(super) fn print_all(status: &Status, needs: &[Need]) -> anyhow::Result<()> {
    let lines = [
        watchlist(status),
        daemon(status),
        feeds(status),
        polls(status),
        outbox(status),
        path(status),
        database(status),
    ];
    for line in lines.into_iter().flatten() {
        print(&line)?;
    }
    if needs.is_empty() {
        return print_line("\nAll is well: nothing needs you.");
    }
    print_line("\nNeeds you:")?;
    for need in needs {
        print(&format!("  {}", need.what))?;
        print(&format!("    {}", need.remedy))?;
    }
    Ok(())
}

fn print(line: &str) -> anyhow::Result<()> {
    folded(line, INDENT, width())
        .iter()
        .try_for_each(print_line)
}

fn beside(text: impl std::fmt::Display) -> String {
    format!("{}{text}", " ".repeat(INDENT))
}

fn watchlist(status: &Status) -> Vec<String> {
    let mut lines = vec![format!(
        "Watchlist  {} ({})",
        status.file.display(),
        status.found_by
    )];
    let size = format!(
        "{}, {}",
        count(status.feeds.len(), "feed"),
        count(status.topics, "topic")
    );
    let since = status.in_force.map(|in_force| when(Some(in_force.since)));
    match status.in_force {
        _ if status.problems > 0 => lines.push(beside(format_args!(
            "refused, it has {}; the last good version {} is in force: {size}",
            count(status.problems, "problem"),
            version(status.version)
        ))),
        Some(in_force) if in_force.hash != status.version => lines.push(beside(format_args!(
            "version {}: {size}; version {} is still in force",
            version(status.version),
            version(in_force.hash)
        ))),
        _ => lines.push(beside(format_args!(
            "version {}, in force since {}: {size}",
            version(status.version),
            since.as_deref().unwrap_or("never")
        ))),
    }
    lines
}

fn daemon(status: &Status) -> Vec<String> {
    let line = match status.holder {
        Some(holder) if holder.is_working && holder.work == Work::Daemon => {
            format!("runs, process {}", holder.process)
        }
        Some(holder) if holder.is_working => {
            format!("does not run; a command works, process {}", holder.process)
        }
        _ => "does not run".to_owned(),
    };
    vec![format!("Daemon     {line}")]
}

fn feeds(status: &Status) -> Vec<String> {
    let counts: Vec<String> = STATES
        .iter()
        .rev()
        .map(|state| (status.with(*state).count(), state.as_str()))
        .filter(|(number, state)| *number > 0 || *state == "ok")
        .map(|(number, state)| format!("{number} {state}"))
        .collect();
    let mut lines = vec![format!("Feeds      {}", counts.join(", "))];
    let unwell: Vec<&Seen> = status
        .feeds
        .iter()
        .filter(|seen| seen.health != Health::Ok)
        .collect();
    let rows: Vec<Vec<String>> = unwell
        .iter()
        .take(LISTED)
        .map(|seen| {
            vec![
                seen.health.as_str().to_owned(),
                plain(&seen.feed.name),
                plain(&seen.words),
            ]
        })
        .collect();
    lines.extend(table(&rows, INDENT, width()));
    let more = unwell.len().saturating_sub(LISTED);
    if more > 0 {
        lines.push(beside(format_args!(
            "and {more} more; see `wirewatch feeds list`"
        )));
    }
    lines
}

fn polls(status: &Status) -> Vec<String> {
    let sum = |hours: &[Hour]| {
        let total = |part: fn(&Hour) -> u32| hours.iter().map(part).sum::<u32>();
        format!(
            "{}: {} unchanged, {} changed, {} failed; {}",
            counted(total(|hour| hour.polls), "poll", "polls"),
            total(|hour| hour.unchanged),
            total(|hour| hour.changed),
            total(|hour| hour.failed),
            counted(total(|hour| hour.new), "new item", "new items")
        )
    };
    let Some(last) = status.hours.last() else {
        return vec!["Polls      none in the last 24 hours".to_owned()];
    };
    let rows = [
        (
            format!("since {}", when(Some(last.start))),
            sum(std::slice::from_ref(last)),
        ),
        ("in 24 hours".to_owned(), sum(&status.hours)),
        ("next".to_owned(), when(status.next_poll())),
    ];
    let rows: Vec<Vec<String>> = rows.map(|(label, words)| vec![label, words]).to_vec();
    headed("Polls", table(&rows, INDENT, width()))
}

fn outbox(status: &Status) -> Vec<String> {
    let held = status.held().count();
    let summary = match (status.outbox.len(), held) {
        (0, _) => "empty".to_owned(),
        (waiting, 0) => format!("{waiting} waiting"),
        (waiting, held) => format!("{waiting} waiting, {held} of them held"),
    };
    let mut lines = vec![format!("Outbox     {summary}")];
    for delivery in status.outbox.iter().take(LISTED) {
        lines.push(beside(format_args!(
            "{}, {} to {}: {}",
            delivery.state.as_str(),
            plain(&delivery.digest),
            delivery.recipient,
            plain(&delivery.subject)
        )));
        if let Some(reply) = &delivery.reply {
            let attempts = counted(delivery.tries.attempts, "attempt", "attempts");
            lines.push(beside(format_args!("  {attempts}; {}", plain(reply))));
        }
        let is_paused = status
            .paused
            .iter()
            .any(|(address, ..)| *address == delivery.recipient);
        let is_wanted = status.writes_to(&delivery.recipient);
        if !is_paused || !is_wanted {
            lines.push(beside(format_args!("  {}", remedy(delivery, is_wanted))));
        }
    }
    for (address, since, _) in &status.paused {
        lines.push(beside(format_args!(
            "{address} is paused since {}",
            when(Some(*since))
        )));
    }
    lines
}

fn path(status: &Status) -> Vec<String> {
    vec![format!(
        "Last       stored {}, matched {}, mailed {}",
        when(status.last.stored),
        when(status.last.matched),
        when(status.last.mailed)
    )]
}

fn database(status: &Status) -> Vec<String> {
    let free = status.room.free.map_or(String::new(), |free| {
        format!("; {} free on its disk", size(free))
    });
    let items = u32::try_from(status.items).unwrap_or(u32::MAX);
    let mut lines = vec![
        format!("Database   {}", status.database.display()),
        beside(format_args!(
            "{}, {}{free}",
            counted(items, "item", "items"),
            size(status.room.database)
        )),
    ];
    if let Some(restored) = status.restored {
        lines.push(beside(format_args!(
            "restored {} from a copy of {}",
            when(Some(restored.at)),
            when(Some(restored.copied_at))
        )));
    }
    let zone = TimeZone::system();
    lines.push(format!(
        "Times      {}",
        zone.iana_name().unwrap_or("of this machine's zone")
    ));
    lines
}

/// Puts a heading into the indent of the first line.
fn headed(heading: &str, mut lines: Vec<String>) -> Vec<String> {
    if let Some(first) = lines.first_mut() {
        *first = format!("{heading:<INDENT$}{}", first.trim_start());
    }
    lines
}

fn when(moment: Option<Timestamp>) -> String {
    moment.map_or_else(|| "never".to_owned(), local)
}
