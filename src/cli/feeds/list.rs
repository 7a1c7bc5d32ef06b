//! `feeds list`: how each declared feed does, when it is asked next, and why.

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use crate::cli::table::folded;
use crate::cli::terminal::{plain, width};
use crate::cli::{Context, End, hinted, print_line, rfc3339, setup};
use crate::desk::Desk;
use crate::health::{Report, next_words, told};
use crate::ingest::guids_are_believed;
use crate::model::{FeedState, Timestamp};

/// How many of its last events a feed is shown with.
const EVENTS: usize = 20;

/// Where the text beside the state begins.
const INDENT: usize = 11;

/// Lists all feeds, or the one of this name or address with its last events.
pub(super) fn run(context: &Context, only: Option<&str>, json: bool) -> anyhow::Result<End> {
    let desk = setup::desk_to_read(setup::watchlist(context)?)?;
    let listing = Listing {
        now: context.clock.now(),
        zone: TimeZone::system(),
        desk: &desk,
    };
    let mut listed = 0;
    let held = desk.held_domains(listing.now)?;
    for mut state in desk.store.feeds()? {
        if only.is_some_and(|name| state.name != name && state.url != name) {
            continue;
        }
        listed += 1;
        held.foresee(&mut state);
        listing.print(&state, json)?;
        if only.is_some() && !json {
            listing.print_events(&state)?;
        }
    }
    if let (0, Some(name)) = (listed, only) {
        return Err(hinted(
            format!("there is no feed `{name}`"),
            "see `wirewatch feeds list`",
        ));
    }
    Ok(End::Done)
}

struct Listing<'a> {
    now: Timestamp,
    zone: TimeZone,
    desk: &'a Desk,
}

impl Listing<'_> {
    fn print(&self, state: &FeedState, json: bool) -> anyhow::Result<()> {
        let declared = self.desk.watchlist.feed(&state.url);
        let paused = declared.is_some_and(|declared| declared.feed.paused);
        let store = &self.desk.store;
        let report = setup::health(store, state, paused, &self.zone, self.now)?;
        match json {
            true => print_line(self.json(state, &report)),
            false => self.print_words(state, &report, paused),
        }
    }

    fn json(&self, state: &FeedState, report: &Report) -> serde_json::Value {
        serde_json::json!({
            "name": state.name,
            "url": state.url,
            "tags": self.desk.watchlist.tags(&state.url),
            "state": report.health.as_str(),
            "words": report.words,
            "last_ok_at": state.last_ok_at.map(rfc3339),
            "last_new_at": state.last_new_at.map(rfc3339),
            "next_at": rfc3339(state.next_at),
            "failures": state.failures,
            "oddities": state.oddities,
            "guids_believed": guids_are_believed(state),
        })
    }

    fn print_words(&self, state: &FeedState, report: &Report, paused: bool) -> anyhow::Result<()> {
        let state_word = report.health.as_str();
        print_folded(&format!("{state_word:<10} {}", plain(&state.name)))?;
        let mut parts = vec![match state.last_ok_at {
            Some(at) => format!("read {}", self.time(at)),
            None => "never read".to_owned(),
        }];
        if !paused {
            parts.push(self.next(state));
        }
        let mut line = parts.join(", ");
        if !report.words.is_empty() {
            line = format!("{line}; {}", report.words);
        }
        print_detail(&line)?;
        print_detail(&state.url)?;
        if !guids_are_believed(state) {
            print_detail(&format!(
                "its guids are not believed: {} of {} changed between polls",
                state.guids_volatile, state.guids
            ))?;
        }
        if state.oddities > 0 {
            print_detail(&format!(
                "{} in its last document, see `wirewatch feeds show`",
                setup::counted(state.oddities, "oddity", "oddities")
            ))?;
        }
        Ok(())
    }

    fn print_events(&self, state: &FeedState) -> anyhow::Result<()> {
        for event in self.desk.store.events_of(state.id, EVENTS)? {
            let at = event.at.to_zoned_datetime(self.zone.clone());
            let at = at.strftime("%Y-%m-%d %H:%M");
            let detail = told(&event.detail, &self.zone, self.now);
            print_detail(&format!("{at}  {}: {detail}", event.kind.as_str()))?;
        }
        Ok(())
    }

    /// "next Mon 22:15 (its server says that nothing changes for 4 hours)".
    fn next(&self, state: &FeedState) -> String {
        if state.next_at <= self.now {
            return "due now".to_owned();
        }
        let pace = self.desk.watchlist.pace();
        let declared = self.desk.watchlist.feed(&state.url);
        let every = declared.and_then(|declared| declared.feed.every);
        let why = next_words(state, &pace, every);
        let why = why.map_or(String::new(), |why| format!(" ({why})"));
        format!("next {}{why}", self.time(state.next_at))
    }

    /// The day of the week tells a moment of these days, a date any other.
    fn time(&self, at: Timestamp) -> String {
        const THESE_DAYS: SignedDuration = SignedDuration::from_hours(6 * 24);

        let is_near = self.now.duration_until(at).abs() < THESE_DAYS;
        let form = if is_near {
            "%a %H:%M"
        } else {
            "%-d %b %Y %H:%M"
        };
        let local = at.to_zoned_datetime(self.zone.clone());
        local.strftime(form).to_string()
    }
}

fn print_detail(detail: &str) -> anyhow::Result<()> {
    print_folded(&format!("{:INDENT$}{}", "", plain(detail)))
}

fn print_folded(line: &str) -> anyhow::Result<()> {
    folded(line, INDENT, width())
        .iter()
        .try_for_each(print_line)
}
