//! What became of an attempt goes into the outbox.

use tracing::{error, info, warn};

use super::compose::halve;
use super::send::Sent;
use crate::desk::Desk;
use crate::mail::{Outcome, Report, Step};
use crate::model::Timestamp;
use crate::schedule::retry::{self, Next, Tries};
use crate::store::StoreError;
use crate::store::outbox::{Attempt, Delivery, State};

/// Writes the outcome of an attempt that ended at `now` into the outbox.
pub(super) fn settle(
    desk: &mut Desk,
    delivery: &Delivery,
    report: &Report,
    host: &str,
    now: Timestamp,
) -> Result<State, StoreError> {
    let reply = report.to_string();
    let tries = Tries {
        attempts: delivery.tries.attempts + 1,
        unknowns: delivery.tries.unknowns + u32::from(report.outcome == Outcome::Unknown),
        halved: delivery.tries.halved,
    };
    let attempt = |state, next_at| Attempt {
        outcome: report.outcome,
        state,
        next_at,
        tries,
        reply: &reply,
    };
    let attempt = match retry::next(delivery.id, report.outcome, tries, now) {
        Next::Settle => attempt(State::Sent, now),
        Next::Retry(at) => attempt(State::Queued, at),
        Next::Resend(at) => attempt(State::Unknown, at),
        Next::Halve => {
            let again = attempt(State::Queued, now);
            if halve(desk, delivery, host, &again)? {
                return Ok(State::Queued);
            }
            attempt(State::Held, now)
        }
        Next::PauseRecipient => {
            desk.store
                .pause_recipient(&delivery.recipient, &reply, now)?;
            attempt(State::Queued, now)
        }
        Next::Hold => attempt(State::Held, now),
    };
    desk.store.settle(delivery.id, &attempt, now)?;
    Ok(attempt.state)
}

/// Settles what was handed over and never settled: we were killed meanwhile, or the disk was full when the answer came.
/// Only one process and one task sends, so when it begins nothing can be on its way. The wait counts from the handing
/// over, so that a nightly `digest --send` need not wait for the next night.
pub(super) fn settle_cut_short(
    desk: &mut Desk,
    host: &str,
    now: Timestamp,
) -> Result<Vec<Sent>, StoreError> {
    let mut settled = Vec::new();
    for delivery in desk.store.deliveries_on_their_way()? {
        let report = Report {
            outcome: Outcome::Unknown,
            step: Step::Message,
            reply: "wirewatch stopped before the answer came".to_owned(),
            hint: None,
        };
        let state = settle(desk, &delivery, &report, host, delivery.next_at.min(now))?;
        log(&delivery, &report, state);
        settled.push(Sent {
            delivery,
            report,
            state,
            files: Vec::new(),
        });
    }
    Ok(settled)
}

/// One line for each attempt; never an address, since logs travel.
pub(super) fn log(delivery: &Delivery, report: &Report, state: State) {
    let (id, digest, step) = (delivery.id, &delivery.digest, report.step);
    match (report.outcome, state) {
        (Outcome::Accepted, _) => info!(delivery = id.0, digest, "Sent digest `{digest}`"),
        (Outcome::Permanent | Outcome::Config, _) | (_, State::Held) => error!(
            delivery = id.0, digest, %step,
            "Cannot send digest `{digest}`; `wirewatch outbox` tells why and what to do"
        ),
        _ => warn!(
            delivery = id.0, digest, %step,
            "Could not send digest `{digest}` yet; `wirewatch outbox` tells why"
        ),
    }
}
