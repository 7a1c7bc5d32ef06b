//! `digest`: a preview, what was sent, or composing and sending what is due.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use jiff::SignedDuration;
use jiff::civil::Date;

use super::setup;
use super::terminal::plain;
use super::{Context, End, hinted, print_line, say};
use crate::deliver::send::Sent;
use crate::deliver::{Deliverer, Outcome, Reason, Which, compose};
use crate::desk::Desk;
use crate::digest::DigestSettings;
use crate::digest::render::Rendered;
use crate::model::Timestamp;
use crate::store::outbox::{Delivery, State};
use crate::store::{Store, StoreError};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The digest's name; default: the only one, or all that are due with `--send`
    name: Option<String>,
    /// Compose what is due, or NAME due or not, then send what the outbox holds
    #[arg(long, conflicts_with_all = ["since", "sent", "html"])]
    send: bool,
    /// Show what the present topics match in the items of this time, such as `7d`, told or not
    #[arg(long, value_name = "SPAN", value_parser = crate::config::span)]
    since: Option<SignedDuration>,
    /// Show a sent digest in full, with what its caps hid; of this day, else the last
    #[arg(long, value_name = "DATE", num_args = 0..=1, value_parser = date)]
    sent: Option<Option<Date>>,
    /// Only this topic of a sent digest
    #[arg(long, value_name = "TOPIC", requires = "sent")]
    topic: Option<String>,
    /// Also write the HTML part here
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<End> {
    let watchlist = setup::watchlist(context)?;
    if let Some(name) = &arguments.name
        && !watchlist
            .config
            .digests
            .iter()
            .any(|digest| digest.name == *name)
    {
        let known: Vec<_> = watchlist
            .config
            .digests
            .iter()
            .map(|digest| format!("`{}`", digest.name))
            .collect();
        return Err(hinted(
            format!("there is no digest `{name}`"),
            format!("there are: {}", known.join(", ")),
        ));
    }
    if arguments.send {
        return send(context, watchlist, arguments.name.clone());
    }
    let desk = setup::desk_to_read(watchlist)?;
    let digest = chosen(&desk, arguments.name.as_deref())?;
    let rendered = match &arguments.sent {
        Some(day) => sent(&desk, &digest, *day, arguments.topic.as_deref())?,
        None => preview(context, &desk, &digest, arguments.since)?,
    };
    let Some(rendered) = rendered else {
        say(
            "Nothing to tell: the digest would be skipped. `--since 7d` shows what the topics match in the store.",
        );
        return Ok(End::Done);
    };
    say(format_args!("Subject: {}", plain(&rendered.subject)));
    if let Some(file) = &arguments.html {
        std::fs::write(file, &rendered.html)
            .with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    print_line(rendered.text.trim_end())?;
    Ok(End::Done)
}

/// Reads a day of the calendar.
fn date(text: &str) -> Result<Date, String> {
    text.parse()
        .map_err(|_| "write the day as 2026-11-25".to_owned())
}

fn chosen(desk: &Desk, name: Option<&str>) -> anyhow::Result<DigestSettings> {
    let digests = &desk.watchlist.config.digests;
    let found = match name {
        Some(name) => digests.iter().find(|digest| digest.name == name),
        None if digests.len() == 1 => digests.first(),
        None => None,
    };
    found.cloned().ok_or_else(|| {
        let known: Vec<_> = digests
            .iter()
            .map(|digest| format!("`{}`", digest.name))
            .collect();
        hinted("which digest?", format!("name one of {}", known.join(", ")))
    })
}

fn preview(
    context: &Context,
    desk: &Desk,
    digest: &DigestSettings,
    since: Option<SignedDuration>,
) -> anyhow::Result<Option<Rendered>> {
    let now = context.clock.now();
    let recipient = digest.to.first().ok_or_else(|| {
        hinted(
            format!("digest `{}` has no recipient", digest.name),
            "set `to` in `[mail]`",
        )
    })?;
    let since = since.map(|span| now.checked_sub(span).unwrap_or(Timestamp::MIN));
    Ok(compose::preview(
        desk,
        digest,
        recipient,
        &setup::host(),
        since,
        now,
    )?)
}

fn sent(
    desk: &Desk,
    digest: &DigestSettings,
    day: Option<Date>,
    topic: Option<&str>,
) -> anyhow::Result<Option<Rendered>> {
    let zone = &digest.plan.timezone;
    let (from, to) = match day {
        Some(day) => {
            let start = day.to_zoned_datetime(zone.clone())?;
            let end = day.tomorrow()?.to_zoned_datetime(zone.clone())?;
            (start.timestamp(), end.timestamp())
        }
        None => (Timestamp::MIN, Timestamp::MAX),
    };
    let deliveries = desk.store.deliveries_of(&digest.name, from, to)?;
    let sent = deliveries
        .iter()
        .find(|delivery| delivery.state == State::Sent);
    let delivery = sent.ok_or_else(|| {
        let when = day.map_or_else(|| "yet".to_owned(), |day| format!("on {day}"));
        hinted(
            format!("digest `{}` was not sent {when}", digest.name),
            "`--sent` without a day shows the last; `wirewatch outbox` what waits",
        )
    })?;
    Ok(compose::sent_in_full(
        desk,
        digest,
        delivery,
        topic,
        &setup::host(),
    )?)
}

fn send(
    context: &Context,
    watchlist: crate::desk::Watchlist,
    name: Option<String>,
) -> anyhow::Result<End> {
    let (_lock, desk) = setup::desk_to_work(context, watchlist)?;
    let clock = context.clock;
    let which = name.map_or(Which::Due, Which::Named);
    let all_well = setup::with_desk(desk, async |handle| {
        let desk = handle.clone();
        let deliverer = Deliverer::new(handle, clock, setup::host());
        // A message of last time first: while it waits, the next of its digest is not composed.
        let mut sent = deliverer.send(|| true).await?;
        let outcomes = deliverer.compose(which).await?;
        let mut all_well = true;
        for outcome in &outcomes {
            say(words(outcome));
            all_well &= !matches!(
                outcome.result,
                Err(Reason::StillWaiting | Reason::Paused | Reason::Unwritable(_))
            );
        }
        if outcomes.is_empty() {
            say("No digest is due. `wirewatch digest NAME --send` sends one at any time.");
        }
        deliverer.tell_operator().await?;
        sent.extend(deliverer.send(|| true).await?);
        let stuck = desk.at_once(|desk| needs_a_person(&desk.store)).await?;
        for attempt in &sent {
            tell(attempt)?;
        }
        // What was cut short or too big may have been sent after that.
        let last: BTreeMap<_, _> = sent
            .iter()
            .map(|attempt| (attempt.delivery.id.0, attempt.state))
            .collect();
        all_well &= last.values().all(|state| *state == State::Sent);
        if stuck {
            say("Some mail needs you; see `wirewatch outbox`.");
        }
        Ok(all_well && !stuck)
    })?;
    Ok(if all_well {
        End::Done
    } else {
        End::NeedsAPerson
    })
}

/// Whether a message or a recipient waits for a person.
fn needs_a_person(store: &Store) -> Result<bool, StoreError> {
    let is_held = store
        .unsettled_deliveries()?
        .iter()
        .any(Delivery::needs_a_person);
    Ok(is_held || !store.paused_recipients()?.is_empty())
}

/// Tells what became of a message.
fn tell(sent: &Sent) -> anyhow::Result<()> {
    let subject = plain(&sent.delivery.subject);
    let recipient = &sent.delivery.recipient;
    match sent.state {
        State::Sent if sent.files.is_empty() => {
            say(format_args!("Sent `{subject}` to {recipient}."))
        }
        State::Sent => {
            for file in &sent.files {
                print_line(file.display())?;
            }
        }
        state => say(format_args!(
            "Not sent: `{subject}` to {recipient} is {}: {}",
            state.as_str(),
            plain(&sent.report.to_string())
        )),
    }
    Ok(())
}

fn words(outcome: &Outcome) -> String {
    let (digest, recipient) = (&outcome.digest, &outcome.recipient);
    match &outcome.result {
        Ok(queued) => format!(
            "Composed `{digest}` for {recipient}: {}.",
            setup::counted(
                u32::try_from(queued.stories).unwrap_or(u32::MAX),
                "story",
                "stories"
            )
        ),
        Err(Reason::NothingNew) => format!("Nothing new to tell in `{digest}` for {recipient}."),
        Err(Reason::StillWaiting) => format!(
            "Not composed: the last message of `{digest}` to {recipient} still waits; see `wirewatch outbox`."
        ),
        Err(Reason::Paused) => {
            format!(
                "Not composed: {recipient} is paused; see `wirewatch outbox`, then `wirewatch outbox resume {recipient}`."
            )
        }
        Err(Reason::Unwritable(cause)) => {
            format!("Not composed: `{digest}` for {recipient}: {cause}.")
        }
    }
}
