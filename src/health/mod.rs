//! What a feed's history means for a person.
//!
//! Every server hiccups, so a failure is shown at once but is news only after a day; and a feed is quiet only by the
//! measure of its own rhythm.

mod words;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use self::words::{count, length, rhythm, since};
use crate::model::FeedState;
use crate::schedule::feeds::{GONE, LONGEST_HINT, Settings};

/// The state of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Health {
    /// Answers, and says something as often as it does.
    Ok,
    /// The last poll failed.
    Failing,
    /// The server asked us to stay away.
    Throttled,
    /// Answers, but has had nothing new for much longer than is usual for it.
    Quiet,
    /// Items may have been lost between two of its documents.
    Gap,
    /// 410: the server says it is no more.
    Gone,
    /// Declared, but not asked.
    Paused,
}

impl Health {
    /// The word in tables and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Health::Ok => "ok",
            Health::Failing => "failing",
            Health::Throttled => "throttled",
            Health::Quiet => "quiet",
            Health::Gap => "gap",
            Health::Gone => "gone",
            Health::Paused => "paused",
        }
    }
}

/// The state of a feed and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The state.
    pub health: Health,
    /// "HTTP 404 since Sunday 22 November 02:10, 9 attempts"; empty where there is nothing to say.
    pub words: String,
}

/// Something that happened to a feed, as the store keeps it in `event`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// When.
    pub at: Timestamp,
    /// The word in the store: `gap`, `failing`, ...
    pub kind: &'a str,
    /// In words.
    pub detail: &'a str,
}

/// An event that has just become true and is to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The word in the store: `failing`, `recovered`, `quiet`, `gone`.
    pub kind: &'static str,
    /// In words.
    pub detail: String,
}

/// Failing, or not being asked for a domain's sake, for this long is news.
pub const DEATH: SignedDuration = SignedDuration::from_hours(24);
/// A gap is shown for this long.
const GAP_SHOWN: SignedDuration = SignedDuration::from_hours(48);
/// Refusals begin with this in `FeedState::error`.
const TOO_MANY: &str = "HTTP 429";

/// Judges a feed by its state and its stored events, in any order; the times in the words are in `zone`.
pub fn judge(
    state: &FeedState,
    events: &[Event<'_>],
    paused: bool,
    zone: &TimeZone,
    now: Timestamp,
) -> Report {
    if paused {
        return report(Health::Paused, String::new());
    }
    if state.error.as_deref() == Some(GONE) {
        return report(Health::Gone, failure(state, zone, now));
    }
    if let Some(until) = state.hold_until.filter(|&until| until > now) {
        let until = words::moment(until, zone, now);
        let why = state
            .error
            .as_deref()
            .unwrap_or("its domain asked us to stay away");
        return report(Health::Throttled, format!("{why}, not before {until}"));
    }
    if state.failures > 0 {
        let refused = state
            .error
            .as_deref()
            .is_some_and(|error| error.starts_with(TOO_MANY));
        let health = if refused {
            Health::Throttled
        } else {
            Health::Failing
        };
        return report(health, failure(state, zone, now));
    }
    let gaps = events
        .iter()
        .filter(|event| matches!(event.kind, "gap" | "replaced"));
    if let Some(gap) = gaps.max_by_key(|event| event.at)
        && now.duration_since(gap.at) < GAP_SHOWN
    {
        let words = match gap.kind {
            "replaced" if gap.detail.is_empty() => "its whole content was replaced".to_owned(),
            "replaced" => format!("its whole content was replaced, now it is `{}`", gap.detail),
            _ => told(gap.detail, zone, now),
        };
        return report(Health::Gap, words);
    }
    match silence(state, now) {
        Some(words) => report(Health::Quiet, words),
        None => report(Health::Ok, beside_well(state)),
    }
}

/// The words of an event as a person reads them.
pub fn told(detail: &str, zone: &TimeZone, now: Timestamp) -> String {
    words::in_zone(detail, zone, now)
}

/// Whether a poll that led from `before` to `after` can be news at all, so that the events need be looked at.
pub fn may_be_news(before: &FeedState, after: &FeedState, now: Timestamp) -> bool {
    before.failing_since.is_some() || after.failing_since.is_some() || silence(after, now).is_some()
}

/// What has become news by this poll, or since the last one. `state` is the feed after it, `failing_since` is of before it,
/// and `events` are all that the store has of it.
///
/// Each is said once: a death after a day of failures, the recovery from a death that was said, a silence, a 410.
pub fn news(
    state: &FeedState,
    failing_since: Option<Timestamp>,
    events: &[Event<'_>],
    zone: &TimeZone,
    now: Timestamp,
) -> Vec<News> {
    let mut news = Vec::new();
    let last = |kinds: &[&str]| {
        let events = events.iter().filter(|event| kinds.contains(&event.kind));
        events.max_by_key(|event| event.at)
    };
    let said = last(&["failing", "gone", "recovered"]).filter(|event| event.kind != "recovered");

    match state.failing_since {
        Some(_) if state.error.as_deref() == Some(GONE) => {
            if said.is_none_or(|event| event.kind != "gone") {
                news.push(item("gone", failure(state, zone, now)));
            }
        }
        Some(since) => {
            if said.is_none() && now.duration_since(since) >= DEATH {
                news.push(item("failing", failure(state, zone, now)));
            }
        }
        None => {
            if let Some(said) = said {
                let since = failing_since.unwrap_or(said.at);
                let after = length(now.duration_since(since));
                news.push(item(
                    "recovered",
                    format!("answers again after about {after}, failed since {since}"),
                ));
            }
            let since_new = state.last_new_at.or(state.first_read_at);
            let known = last(&["quiet"]).is_some_and(|event| Some(event.at) >= since_new);
            if !known && let Some(words) = silence(state, now) {
                news.push(item("quiet", words));
            }
        }
    }
    news
}

/// Why a feed is asked next when it is, where that is not its own rhythm or the watchlist: for after "next Mon 14:30".
pub fn next_words(
    state: &FeedState,
    settings: &Settings,
    every: Option<SignedDuration>,
) -> Option<String> {
    if state.error.as_deref() == Some(GONE) {
        return Some("to see whether it is back".to_owned());
    }
    if state.hold_until == Some(state.next_at) {
        // The reason for its state tells already until when a server wants to be left alone.
        return None;
    }
    if state.failures > 0 {
        return Some("less often with each failure".to_owned());
    }
    let hint = state.hint.filter(|_| every.is_none())?;
    let hint = hint.min(LONGEST_HINT);
    let is_longer = hint > settings.fastest && hint > state.rhythm.unwrap_or_default() / 2;
    is_longer.then(|| format!("its server says that nothing changes for {}", length(hint)))
}

/// Why a feed is not asked that belongs to a domain which has refused another feed, or that leads there.
pub fn held_words(domain: &str, leads_there: bool, refused: Option<&str>) -> String {
    let refused = refused.map_or("another feed".to_owned(), |name| format!("`{name}`"));
    let leads = if leads_there { "leads to " } else { "" };
    let which = if leads_there { ", which" } else { "" };
    format!("{leads}{domain}{which} answered {refused} with {TOO_MANY} (too many requests)")
}

fn report(health: Health, words: String) -> Report {
    Report { health, words }
}

fn item(kind: &'static str, detail: String) -> News {
    News { kind, detail }
}

/// What a person may want to know of a feed that is well: what its last document lacked, or that there was none yet.
fn beside_well(state: &FeedState) -> String {
    match (&state.error, state.first_read_at) {
        (Some(torn), _) if state.failing_since.is_none() => torn.clone(),
        (_, Some(_)) => String::new(),
        (_, None) => "not read yet".to_owned(),
    }
}

/// "HTTP 404 since Sunday 22 November 02:10, 9 attempts".
fn failure(state: &FeedState, zone: &TimeZone, now: Timestamp) -> String {
    let error = state.error.as_deref().unwrap_or("no answer");
    let since = state.failing_since.map_or(String::new(), |at| {
        format!(" since {}", since(at, zone, now))
    });
    if state.failures == 0 {
        return format!("{error}, not asked{since}");
    }
    let attempts = count(state.failures, "attempt");
    format!("{error}{since}, {attempts}")
}

/// "nothing new for 9 days, usually daily", if that is unusual for the feed.
fn silence(state: &FeedState, now: Timestamp) -> Option<String> {
    // Eight times the median distance: of a source that publishes at random, one pause in 250 is that long.
    const UNUSUAL: i32 = 8;
    // An office that publishes hourly is silent over a weekend, one that publishes daily over Easter.
    const WEEKEND: SignedDuration = SignedDuration::from_hours(3 * 24);
    const HOLIDAYS: SignedDuration = SignedDuration::from_hours(5 * 24);

    let usual = state.rhythm?;
    let idle = now.duration_since(state.last_new_at.or(state.first_read_at)?);
    let least = if usual <= SignedDuration::from_hours(2) {
        WEEKEND
    } else {
        HOLIDAYS
    };
    if idle < usual.saturating_mul(UNUSUAL).max(least) {
        return None;
    }
    Some(format!(
        "nothing new for {}, usually {}",
        length(idle),
        rhythm(usual)
    ))
}

#[cfg(test)]
mod tests;
