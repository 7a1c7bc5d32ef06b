//! When a feed is next due.

use jiff::{SignedDuration, Timestamp};

use crate::model::{FeedState, Moved};

/// `[poll]` of the watchlist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Never sooner by our own choice.
    pub fastest: SignedDuration,
    /// Never later by our own choice.
    pub slowest: SignedDuration,
}

/// Whom a server's wish to be left alone covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All feeds of the registrable domain that answered.
    Domain,
    /// This feed.
    Feed,
}

/// What one poll came to, as far as the next one depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polled {
    /// A document that is a feed.
    Read {
        /// The longest of the answer's freshness and the feed's own `ttl`.
        hint: Option<SignedDuration>,
        /// Nothing of the last document was left.
        gap: bool,
    },
    /// 304.
    Unchanged {
        /// The freshness of the 304; without one, that of the last document holds.
        hint: Option<SignedDuration>,
    },
    /// 429, or another refusal that names a time.
    Throttled {
        /// What it asked for.
        wait: Option<SignedDuration>,
        /// Whom it meant.
        scope: Scope,
    },
    /// 410.
    Gone,
    /// Anything else, a page that is no feed included.
    Failed,
}

/// When to ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// By our own schedule.
    pub next_at: Timestamp,
    /// By the server's wish; nobody asks earlier. For `Scope::Domain` this holds for the whole domain.
    pub hold_until: Option<Timestamp>,
}

/// What to write into `FeedState::error` for a 410; the schedule knows the second in a row by it.
pub const GONE: &str = "HTTP 410 (gone)";

/// When to ask the feed again after this poll.
///
/// `state` is the feed before this poll (`failures`, `error` and `hint` above all), except for what a document just
/// taught: `rhythm`, `last_new_at`, `skip_hours` and `skip_days`. `every` is the feed's own interval, if declared.
pub fn next_after(
    polled: &Polled,
    state: &FeedState,
    settings: &Settings,
    every: Option<SignedDuration>,
    now: Timestamp,
) -> Next {
    todo!("{polled:?} {state:?} {settings:?} {every:?} {now}")
}

/// The median distance of the last 20 dates, in any order; `None` from fewer than two.
pub fn rhythm(dates: &[Timestamp]) -> Option<SignedDuration> {
    todo!("{dates:?}")
}

/// Whether the next request should carry validators: after 14 days of 304 only, one asks for the whole document.
pub fn send_validators(state: &FeedState, now: Timestamp) -> bool {
    todo!("{state:?} {now}")
}

/// What is known of permanent redirects after a poll that ended in a feed or a 304.
pub fn moved(before: Option<&Moved>, target: Option<&str>, now: Timestamp) -> Option<Moved> {
    todo!("{before:?} {target:?} {now}")
}

/// Whether the feed's address is to become `moved.to` (unless that belongs to another feed): seen 3 times over 24 h.
pub fn adopts(moved: &Moved, now: Timestamp) -> bool {
    todo!("{moved:?} {now}")
}

/// Sets instants that no legal schedule can have produced (a clock that was ahead) to `now`.
pub fn clamp(state: &mut FeedState, settings: &Settings, every: Option<SignedDuration>, now: Timestamp) {
    todo!("{state:?} {settings:?} {every:?} {now}")
}

/// The first instant from `at` on that skipHours and skipDays allow; masks that forbid every hour or day count as empty.
pub fn allowed(skip_hours: u32, skip_days: u8, at: Timestamp) -> Timestamp {
    todo!("{skip_hours} {skip_days} {at}")
}

/// Due times for feeds that became overdue together (a start, a suspend): spread, in place of a burst.
pub fn spread(overdue: &mut [FeedState], settings: &Settings, now: Timestamp) {
    todo!("{} {settings:?} {now}", overdue.len())
}

/// How the last contact with a host went, as far as the network between us is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact<'a> {
    /// Host name or address.
    pub host: &'a str,
    /// Whether it answered at all.
    pub reached: bool,
}

/// Whether failures mean our own network: more than half of the last 20 hosts, or all where there are fewer (at least 2).
///
/// `contacts` are those of the last minutes, oldest first. Then one host is probed and nothing is counted.
pub fn own_network_down(contacts: &[Contact<'_>]) -> bool {
    todo!("{contacts:?}")
}
