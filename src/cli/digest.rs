//! `digest`: a preview, what was sent, or composing and sending what is due.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::SignedDuration;

use super::terminal::plain;
use super::{Context, End, hinted, print_line, say};
use super::{outbox, sent, setup};
use crate::deliver::send::Sent;
use crate::deliver::{Deliverer, NextDue, Outcome, Reason, Which, compose};
use crate::desk::Desk;
use crate::digest::DigestSettings;
use crate::digest::render::Rendered;
use crate::model::Timestamp;
use crate::store::outbox::State;

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
    /// Show what was sent on this day, or at this minute of it, in full, with what its caps hid; without DATE, list what
    /// was sent
    #[arg(long, value_name = "DATE", num_args = 0..=1, value_parser = sent::moment)]
    sent: Option<Option<sent::Moment>>,
    /// Only what it told of this topic, also under another
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
    match arguments.sent {
        Some(None) if arguments.topic.is_some() => Err(hinted(
            "which message?",
            "write its day behind `--sent`, which alone lists them",
        )),
        Some(None) => sent::list(&desk, &digest),
        Some(Some(moment)) => {
            let shown = sent::show(&desk, &digest, moment, arguments.topic.as_deref())?;
            if let (Some(file), [_, _, ..]) = (&arguments.html, shown.as_slice()) {
                return Err(hinted(
                    format!(
                        "{} messages do not fit into `{}`",
                        shown.len(),
                        file.display()
                    ),
                    "write the minute of one behind `--sent`, such as 2026-11-25T07:00",
                ));
            }
            for (number, rendered) in shown.iter().enumerate() {
                if number > 0 {
                    print_line("\n")?;
                }
                print(rendered, arguments.html.as_deref())?;
            }
            Ok(End::Done)
        }
        None => {
            let Some(rendered) = preview(context, &desk, &digest, arguments.since)? else {
                say(match arguments.since {
                    Some(_) => "Nothing that is stored from this time matches.",
                    None => {
                        "Nothing to tell: the digest would be skipped. What is new in a story that was told less than six hours ago comes after that. `--since 7d` shows what the topics match in the store."
                    }
                });
                return Ok(End::Done);
            };
            say(format_args!("Subject: {}", plain(&rendered.subject)));
            print(&rendered, arguments.html.as_deref())?;
            Ok(End::Done)
        }
    }
}

fn print(rendered: &Rendered, html: Option<&Path>) -> anyhow::Result<()> {
    if let Some(file) = html {
        std::fs::write(file, &rendered.html)
            .with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    print_line(rendered.text.trim_end())
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
            say(none_due(deliverer.next_due().await?, clock.now()));
        }
        deliverer.tell_operator().await?;
        sent.extend(deliverer.send(|| true).await?);
        let stuck = desk
            .at_once(|desk| outbox::needs_a_person(&desk.store, &desk.watchlist.config))
            .await?;
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

/// That no digest is due, and when the next one is.
fn none_due(next: Option<NextDue>, now: Timestamp) -> String {
    let next = match next {
        Some(NextDue { at, digest }) => {
            let zone = &digest.plan.timezone;
            let (at, today) = (zone.to_datetime(at), zone.to_datetime(now).date());
            let format = if at.date() == today {
                "at %H:%M"
            } else {
                "on %A %-d %B at %H:%M"
            };
            format!(" The next is `{}`, {}.", digest.name, at.strftime(format))
        }
        None => " What goes at once waits for something to tell.".to_owned(),
    };
    format!("No digest is due.{next} `wirewatch digest NAME --send` sends one at any time.")
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
