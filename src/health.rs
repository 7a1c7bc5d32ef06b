//! What a feed's history means for a person.

use jiff::{SignedDuration, Timestamp};

use crate::model::FeedState;

/// The state of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Health {
    /// Answers, and says something as often as it does.
    Ok,
    /// The last poll failed.
    Failing,
    /// The server asked us to stay away.
    Throttled,
    /// Answers, but has had nothing new for longer than is usual for it.
    Quiet,
    /// Items may have been lost between its last two documents.
    Gap,
    /// 410.
    Gone,
    /// Declared, but not asked.
    Paused,
}

/// An event of the feed, as the store keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// When.
    pub at: Timestamp,
    /// The word in the store: `gap`, `failing`, ...
    pub kind: &'a str,
    /// In words.
    pub detail: &'a str,
}

/// The state of a feed and the reason in words, without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The state.
    pub health: Health,
    /// "HTTP 404 since Sunday 22 November 02:10, 9 attempts".
    pub words: String,
}

/// Judges a feed. `every` is the declared interval; `zone` is for the times in the words.
pub fn judge(
    state: &FeedState,
    events: &[Event<'_>],
    paused: bool,
    zone: &jiff::tz::TimeZone,
    now: Timestamp,
) -> Report {
    let _: Option<SignedDuration> = state.rhythm;
    todo!("{events:?} {paused} {zone:?} {now}")
}
