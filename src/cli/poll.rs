//! `poll`: one round, a line a feed.

use jiff::tz::TimeZone;

use super::progress::Progress;
use super::setup;
use super::terminal::plain;
use super::{Context, End, hinted, print_line, rfc3339};
use crate::desk::intake::{Line, PollResult};
use crate::desk::{Desk, Handle};
use crate::model::{FeedState, Timestamp};
use crate::poll::{Choice, Round};

/// So many lines nobody counts himself.
const MANY: u32 = 20;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Ask all feeds, due or not (never before a time that a server asked us to wait for)
    #[arg(long)]
    force: bool,
    /// Only this feed, by its name or address
    #[arg(long, value_name = "NAME")]
    feed: Option<String>,
    /// One JSON object a feed
    #[arg(long)]
    json: bool,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<End> {
    let watchlist = setup::watchlist(context)?;
    let choice = match (&arguments.feed, arguments.force) {
        (None, false) => Choice::Due,
        (None, true) => Choice::All,
        (Some(name), false) => Choice::Named(name.clone()),
        (Some(name), true) => Choice::NamedNow(name.clone()),
    };
    let (_lock, desk) = setup::desk_to_work(context, watchlist)?;
    let why_none = match (&arguments.feed, arguments.force) {
        (Some(name), _) => {
            let feeds = desk.store.feeds()?;
            let is_it = |feed: &&FeedState| feed.name == *name || feed.url == *name;
            let Some(feed) = feeds.iter().find(is_it) else {
                return Err(hinted(
                    format!("the watchlist has no feed `{name}`"),
                    "see `wirewatch feeds list`",
                ));
            };
            why_not(&desk, feed, context.clock.now())?
        }
        (None, true) => "No feed may be asked now: each is paused, or its server asked us to wait. `wirewatch feeds list` \
                         tells until when."
            .to_owned(),
        (None, false) => "No feed is due. `wirewatch poll --force` asks all; `wirewatch feeds list` tells when each is due."
            .to_owned(),
    };
    let watchlist = std::sync::Arc::clone(&desk.watchlist);
    let (asked, failed, offline) = setup::with_desk(desk, async |handle| {
        let poller = setup::poller(context, &watchlist, handle.clone())?;
        let mut round = Round::begin(poller, choice).await?;
        let (mut asked, mut failed) = (0_u32, 0_u32);
        let mut progress = Progress::begin("Feeds asked:");
        while let Some(line) = round.next().await? {
            asked += 1;
            progress.wipe();
            failed += u32::from(matches!(
                line.result,
                PollResult::Failed(_) | PollResult::Throttled(_) | PollResult::Held(_)
            ));
            if arguments.json {
                print_line(json(&line))?
            } else {
                print_line(words(&line))?
            }
            progress.of(asked as usize, asked as usize + round.in_flight());
        }
        progress.wipe();
        keep_house(handle, context.clock.now()).await?;
        Ok((asked, failed, round.is_offline()))
    })?;
    if asked >= MANY {
        super::say(format_args!(
            "{asked} feeds asked; {failed} failed or must wait."
        ));
    }
    if offline {
        super::say(
            "Our own network seems to be down: of many hosts none was reached. Nothing is held against the feeds, and \
             the next `wirewatch poll` asks them again.",
        );
    }
    if asked == 0 {
        super::say(why_none);
    }
    Ok(if asked > 0 && failed == asked {
        End::NeedsAPerson
    } else {
        End::Done
    })
}

/// Why a feed that was named was not asked, and what to do.
fn why_not(desk: &Desk, feed: &FeedState, now: Timestamp) -> anyhow::Result<String> {
    let name = plain(&feed.name);
    let declared = desk.watchlist.feed(&feed.url);
    if declared.is_some_and(|declared| declared.feed.paused) {
        return Ok(format!(
            "`{name}` is not asked: the watchlist says `paused = true`."
        ));
    }
    if feed.hold_until.is_some_and(|until| until > now) {
        let report = setup::health(&desk.store, feed, false, &TimeZone::system(), now)?;
        let words = plain(&report.words);
        return Ok(format!(
            "`{name}` is not asked, with `--force` or without: {words}."
        ));
    }
    let next = moment(feed.next_at);
    Ok(format!(
        "`{name}` is not due before {next}. `wirewatch poll --force --feed` asks it now."
    ))
}

/// Notes which feeds have been dead for long enough, and once a day forgets what has been kept long enough, as the daemon
/// does: whoever polls by cron has no other occasion.
async fn keep_house(desk: Handle, now: Timestamp) -> anyhow::Result<()> {
    desk.at_once(move |desk| {
        desk.note_deaths(now)?;
        if desk.store.cleaning_is_due(now)? {
            desk.store.forget_sent(now)?;
            let keep = desk.watchlist.config.store.keep;
            desk.store.prune(now, keep)?;
        }
        Ok(())
    })
    .await?;
    Ok(())
}

/// A feed's line for people: `BBC World: 3 new, 22 known; 1 match`, or what went wrong and when it is asked again.
pub(super) fn words(line: &Line) -> String {
    let what = match &line.result {
        PollResult::Read {
            counts,
            matches,
            oddities,
            gap,
            torn,
            ..
        } => {
            let mut parts: Vec<String> = [
                (counts.new, "new"),
                (counts.backfill, "from before"),
                (counts.late, "late"),
                (counts.replaced, "of a replaced feed"),
                (counts.sightings, "shown by another feed before"),
                (counts.changed, "changed"),
                (counts.known, "known"),
            ]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
            if parts.is_empty() {
                parts.push("no items".to_owned());
            }
            let mut words = parts.join(", ");
            if *matches > 0 {
                words.push_str(&format!(
                    "; {}",
                    setup::counted(*matches, "match", "matches")
                ));
            }
            if *oddities > 0 {
                words.push_str(&format!(
                    "; {}, see `wirewatch feeds show`",
                    setup::counted(*oddities, "oddity", "oddities")
                ));
            }
            if *gap {
                words.push_str("; items before these may have been missed");
            }
            if let Some(torn) = torn {
                words.push_str(&format!("; the document was not whole: {torn}"));
            }
            words
        }
        PollResult::Unchanged => "unchanged".to_owned(),
        PollResult::Throttled(said) => format!("asked to wait: {said}; next try {}", next(line)),
        PollResult::Held(why) => format!("not asked: {why}; next try {}", next(line)),
        PollResult::Failed(cause) => format!("failed: {cause}; next try {}", next(line)),
    };
    format!("{}: {}", plain(&line.name), plain(&what))
}

fn next(line: &Line) -> String {
    moment(line.next_at)
}

fn moment(at: Timestamp) -> String {
    let local = at.to_zoned_datetime(TimeZone::system());
    local.strftime("%a %-d %b %H:%M").to_string()
}

fn json(line: &Line) -> serde_json::Value {
    let mut object = serde_json::json!({
        "feed": line.name,
        "url": line.url,
        "next_at": rfc3339(line.next_at),
    });
    let more = match &line.result {
        PollResult::Read {
            counts,
            named,
            matches,
            oddities,
            gap,
            torn,
        } => serde_json::json!({
            "state": "read",
            "items": named.iter().map(|named| serde_json::json!({
                "id": named.item.0,
                "what": named.what,
                "title": named.title,
                "link": named.link,
            })).collect::<Vec<_>>(),
            "new": counts.new,
            "backfill": counts.backfill,
            "late": counts.late,
            "replaced": counts.replaced,
            "changed": counts.changed,
            "known": counts.known,
            "sightings": counts.sightings,
            "matches": matches,
            "oddities": oddities,
            "gap": gap,
            "torn": torn,
        }),
        PollResult::Unchanged => serde_json::json!({ "state": "unchanged" }),
        PollResult::Throttled(said) => serde_json::json!({ "state": "throttled", "error": said }),
        PollResult::Held(why) => serde_json::json!({ "state": "held", "error": why }),
        PollResult::Failed(cause) => serde_json::json!({ "state": "failed", "error": cause }),
    };
    if let (Some(object), serde_json::Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}
