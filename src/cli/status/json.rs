//! `status --json`: the same for programs. Instants are RFC 3339, UTC.

use serde_json::{Value, json};

use super::needs::Need;
use super::{STATES, Seen, Status, version};
use crate::cli::outbox::remedy;
use crate::cli::rfc3339;
use crate::health::Health;
use crate::store::Work;
use crate::store::events::Hour;
use crate::store::outbox::Delivery;

pub(super) fn of(status: &Status, needs: &[Need]) -> Value {
    let needs: Vec<Value> = needs
        .iter()
        .map(|need| json!({ "what": need.what, "remedy": need.remedy }))
        .collect();
    json!({
        "needs_a_person": !needs.is_empty(),
        "needs": needs,
        "watchlist": {
            "file": status.file.display().to_string(),
            "found_by": status.found_by,
            "looked_for": status.looked_for.iter().map(|place| place.path.display().to_string()).collect::<Vec<_>>(),
            "version": version(status.version),
            "version_in_force": status.in_force.map(|in_force| version(in_force.hash)),
            "in_force_since": status.in_force.map(|in_force| rfc3339(in_force.since)),
            "problems": status.problems,
            "feeds": status.feeds.len(),
            "topics": status.topics,
        },
        "daemon": daemon(status),
        "feeds": feeds(status),
        "polls": {
            "hours": status.hours.iter().map(hour).collect::<Vec<_>>(),
            "next_at": status.next_poll().map(rfc3339),
        },
        "outbox": {
            "waiting": status.outbox.len(),
            "held": status.held().count(),
            "messages": status.outbox.iter().map(|delivery| message(status, delivery)).collect::<Vec<_>>(),
            "paused": status.paused.iter().map(|(address, since, why)| {
                json!({ "address": address, "paused_at": rfc3339(*since), "why": why })
            }).collect::<Vec<_>>(),
        },
        "last": {
            "stored": status.last.stored.map(rfc3339),
            "matched": status.last.matched.map(rfc3339),
            "mailed": status.last.mailed.map(rfc3339),
        },
        "database": {
            "file": status.database.display().to_string(),
            "items": status.items,
            "bytes": status.room.database,
            "disk_free_bytes": status.room.free,
            "restored_at": status.restored.map(|restored| rfc3339(restored.at)),
            "restored_from": status.restored.map(|restored| rfc3339(restored.copied_at)),
        },
    })
}

fn daemon(status: &Status) -> Value {
    let daemon = status
        .holder
        .filter(|holder| holder.is_working && holder.work == Work::Daemon);
    json!({
        "running": daemon.is_some(),
        "process": daemon.map(|daemon| daemon.process),
    })
}

fn feeds(status: &Status) -> Value {
    let counts: serde_json::Map<String, Value> = STATES
        .iter()
        .map(|state| {
            let number = status.with(*state).count();
            (state.as_str().to_owned(), number.into())
        })
        .collect();
    let unwell = status
        .feeds
        .iter()
        .filter(|seen| seen.health != Health::Ok)
        .map(feed);
    json!({ "counts": counts, "not_ok": unwell.collect::<Vec<_>>() })
}

fn feed(
    Seen {
        feed,
        health,
        words,
    }: &Seen,
) -> Value {
    json!({
        "name": feed.name,
        "url": feed.url,
        "state": health.as_str(),
        "words": words,
        "failures": feed.failures,
        "failing_since": feed.failing_since.map(rfc3339),
        "last_ok_at": feed.last_ok_at.map(rfc3339),
        "last_new_at": feed.last_new_at.map(rfc3339),
        "next_at": rfc3339(feed.next_at),
    })
}

fn hour(hour: &Hour) -> Value {
    json!({
        "start": rfc3339(hour.start),
        "polls": hour.polls,
        "unchanged": hour.unchanged,
        "changed": hour.changed,
        "failed": hour.failed,
        "new": hour.new,
    })
}

fn message(status: &Status, delivery: &Delivery) -> Value {
    json!({
        "id": delivery.id.0,
        "digest": delivery.digest,
        "recipient": delivery.recipient,
        "subject": delivery.subject,
        "state": delivery.state.as_str(),
        "attempts": delivery.tries.attempts,
        "created_at": rfc3339(delivery.created_at),
        "next_at": rfc3339(delivery.next_at),
        "reply": delivery.reply,
        "remedy": remedy(delivery, status.writes_to(&delivery.recipient)),
    })
}
