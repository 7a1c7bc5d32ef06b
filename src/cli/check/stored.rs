//! The stored items asked about the watchlist: warnings that only past news can give.

use serde_json::{Value, json};

use super::super::progress::Progress;
use super::super::{Context, setup};
use crate::config::report::Finding;
use crate::desk::Watchlist;
use crate::model::Timestamp;
use crate::store::StoreError;

/// Items that are read at most: some ten seconds of work.
const MOST: u32 = 100_000;

/// What the stored items said.
pub(super) enum Answer {
    /// So many items since that moment were asked.
    Asked {
        items: u32,
        since: Timestamp,
        now: Timestamp,
    },
    /// They could not be asked, and why.
    Unasked(String),
}

/// Asks the stored items of a month. Reading needs no lock: the daemon may write meanwhile.
pub(super) fn ask(context: &Context, watchlist: Watchlist) -> (Answer, Vec<Finding>) {
    let now = context.clock.now();
    let mut progress = Progress::begin("Stored items read:");
    let taken = setup::desk_to_read(watchlist)
        .and_then(|desk| Ok(desk.census(now, MOST, |items| progress.reached(items))?));
    drop(progress);
    match taken {
        Ok(taken) => {
            let answer = Answer::Asked {
                items: taken.items,
                since: taken.since,
                now,
            };
            (answer, taken.findings)
        }
        Err(cause) => {
            let why = match cause.downcast_ref::<StoreError>() {
                Some(StoreError::Missing { .. }) => {
                    "there is no database yet; the first `wirewatch poll` or `run` makes it"
                        .to_owned()
                }
                Some(fault) => match fault.hint() {
                    Some(hint) => format!("{fault}; {hint}"),
                    None => fault.to_string(),
                },
                None => format!("{cause:#}"),
            };
            (Answer::Unasked(why), Vec::new())
        }
    }
}

impl Answer {
    /// One sentence for a person.
    pub(super) fn in_words(&self) -> String {
        match self {
            Answer::Asked { items: 0, .. } => {
                "No stored items yet: they could not be asked about the topics.".to_owned()
            }
            Answer::Asked { items, since, now } => {
                let days = (now.duration_since(*since).as_hours() + 12) / 24;
                format!(
                    "Asked {} of {} about the topics.",
                    setup::counted(*items, "stored item", "stored items"),
                    setup::counted(days.max(1), "day", "days"),
                )
            }
            Answer::Unasked(why) => {
                format!("The stored items could not be asked about the topics: {why}.")
            }
        }
    }

    pub(super) fn to_json(&self) -> Value {
        match self {
            Answer::Asked { items, since, .. } => {
                json!({ "items": items, "since": super::super::rfc3339(*since), "error": null })
            }
            Answer::Unasked(why) => json!({ "items": 0, "since": null, "error": why }),
        }
    }
}
