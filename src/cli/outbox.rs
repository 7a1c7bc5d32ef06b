//! `outbox`: what waits or is held, and letting it go.

use super::terminal::plain;
use super::{Context, End, hinted, local, print_line, rfc3339, say};
use super::{sent, setup};
use crate::config::Config;
use crate::model::{DeliveryId, Timestamp};
use crate::schedule::retry::Outcome;
use crate::store::outbox::{Delivery, State};
use crate::store::{Store, StoreError};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Lists what waits or is held, and why (the default)
    List,
    /// Sends a held message again
    Release {
        /// Its number
        #[arg(value_parser = number)]
        id: i64,
    },
    /// Takes a message out; its stories count as told
    Drop {
        /// Its number
        #[arg(value_parser = number)]
        id: i64,
    },
    /// Lets mail to a paused recipient go again
    Resume {
        /// The address
        address: String,
    },
}

fn number(text: &str) -> Result<i64, String> {
    text.parse()
        .map_err(|_| "ID is the number before a message in `wirewatch outbox`".to_owned())
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<End> {
    // It must work while the watchlist is broken, too.
    let watchlist = setup::watchlist_or_last_good(context)?.watchlist;
    let now = context.clock.now();
    let path = &watchlist.config.store.path;
    match &arguments.action {
        None | Some(Action::List) => {
            list(&Store::open_read(path)?, &watchlist.config, arguments.json)
        }
        Some(Action::Release { id }) => {
            let store = Store::open_existing(path, now)?;
            let delivery = unsettled(&store, *id)?;
            decide(&store, delivery.id, State::Queued, "released by hand", now)?;
            say(format_args!(
                "Message {id} will be sent: by the daemon within a minute, else by `wirewatch digest --send`."
            ));
            Ok(End::Done)
        }
        Some(Action::Drop { id }) => {
            let store = Store::open_existing(path, now)?;
            let delivery = unsettled(&store, *id)?;
            decide(&store, delivery.id, State::Dropped, "dropped by hand", now)?;
            tell_what_is_lost(&store, &watchlist.config, &delivery)?;
            Ok(End::Done)
        }
        Some(Action::Resume { address }) => {
            let store = Store::open_existing(path, now)?;
            if !store.resume_recipient(&address.to_lowercase())? {
                return Err(hinted(
                    format!("`{address}` is not paused"),
                    "see `wirewatch outbox`",
                ));
            }
            say(format_args!("Mail to {address} goes again."));
            Ok(End::Done)
        }
    }
}

fn decide(
    store: &Store,
    id: DeliveryId,
    state: State,
    reply: &str,
    now: Timestamp,
) -> anyhow::Result<()> {
    if store.decide(id, state, reply, now)? {
        return Ok(());
    }
    Err(hinted(
        format!("message {id} is on its way at this moment"),
        "wait for the server's answer; see `wirewatch outbox`",
    ))
}

/// So many headlines of a dropped message are shown.
const SHOWN: usize = 12;

fn tell_what_is_lost(store: &Store, config: &Config, delivery: &Delivery) -> anyhow::Result<()> {
    let (id, recipient) = (delivery.id, &delivery.recipient);
    say(match delivery.state {
        State::Unknown => format!("Message {id} will not be sent again; it may have arrived."),
        _ => format!("Message {id} will not be sent."),
    });
    let headlines = store.headlines_told_in(id)?;
    if headlines.is_empty() {
        say("It had no stories.");
        return Ok(());
    }
    let stories = setup::counted(headlines.len(), "story", "stories");
    say(format_args!(
        "It had {stories}, which {recipient} is not told in another message:"
    ));
    for headline in headlines.iter().take(SHOWN) {
        say(format_args!("  {}", plain(headline)));
    }
    if let Some(more) = headlines.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        say(format_args!("  and {more} more"));
    }
    let mut digests = config.digests.iter();
    if let Some(digest) = digests.find(|digest| digest.name == delivery.digest) {
        say(format_args!(
            "To read them: {}",
            sent::command(digest, delivery)
        ));
    }
    Ok(())
}

fn unsettled(store: &Store, id: i64) -> anyhow::Result<Delivery> {
    store
        .delivery(DeliveryId(id))?
        .filter(|delivery| !matches!(delivery.state, State::Sent | State::Dropped))
        .ok_or_else(|| hinted(format!("no message {id} waits"), "see `wirewatch outbox`"))
}

fn list(store: &Store, config: &Config, json: bool) -> anyhow::Result<End> {
    let waiting = store.unsettled_deliveries()?;
    let paused = store.paused_recipients()?;
    if json {
        let messages: Vec<_> = waiting
            .iter()
            .map(|delivery| {
                serde_json::json!({
                    "id": delivery.id.0,
                    "digest": delivery.digest,
                    "recipient": delivery.recipient,
                    "subject": delivery.subject,
                    "state": delivery.state.as_str(),
                    "attempts": delivery.tries.attempts,
                    "outcome": delivery.outcome.map(Outcome::as_str),
                    "next_at": rfc3339(delivery.next_at),
                    "reply": delivery.reply,
                    "message_id": delivery.message_id,
                    "in_watchlist": config.writes_to(&delivery.recipient),
                })
            })
            .collect();
        let recipients: Vec<_> = paused
            .iter()
            .map(|(address, since, why)| {
                serde_json::json!({ "address": address, "paused_at": rfc3339(*since), "why": why })
            })
            .collect();
        print_line(serde_json::json!({ "messages": messages, "paused": recipients }))?;
    } else {
        for delivery in &waiting {
            print_line(format_args!(
                "{:>5}  {:<8} {} to {}: {}",
                delivery.id.0,
                delivery.state.as_str(),
                plain(&delivery.digest),
                delivery.recipient,
                plain(&delivery.subject)
            ))?;
            let is_paused = paused
                .iter()
                .any(|(address, ..)| *address == delivery.recipient);
            let reply = match &delivery.reply {
                // Said once, below.
                _ if is_paused => "the recipient is paused",
                Some(reply) => reply,
                None => "not tried yet",
            };
            print_line(format_args!(
                "       {}; {}",
                setup::counted(delivery.tries.attempts, "attempt", "attempts"),
                plain(reply)
            ))?;
            if !is_paused || !config.writes_to(&delivery.recipient) {
                let is_wanted = config.writes_to(&delivery.recipient);
                print_line(format_args!("       {}", remedy(delivery, is_wanted)))?;
            }
        }
        for (address, since, why) in &paused {
            print_line(format_args!(
                "{address} is paused since {}: {}",
                rfc3339(*since),
                plain(why)
            ))?;
            print_line(format_args!(
                "       {}",
                match config.writes_to(address) {
                    true => format!("once it is mended: wirewatch outbox resume {address}"),
                    false => "no longer in the watchlist: nothing needs to be done".to_owned(),
                }
            ))?;
        }
        if waiting.is_empty() && paused.is_empty() {
            say("The outbox is empty.");
        }
    }
    Ok(if needs_a_person(store, config)? {
        End::NeedsAPerson
    } else {
        End::Done
    })
}

/// Whether a message or a recipient waits for a person.
pub(super) fn needs_a_person(store: &Store, config: &Config) -> Result<bool, StoreError> {
    let waits =
        |delivery: &Delivery| delivery.needs_a_person() || !config.writes_to(&delivery.recipient);
    let mut paused = store.paused_recipients()?.into_iter();
    Ok(store.unsettled_deliveries()?.iter().any(waits)
        || paused.any(|(address, ..)| config.writes_to(&address)))
}

/// What happens to a message next, and what a person can do; `is_wanted`: its recipient is in the watchlist.
pub(super) fn remedy(delivery: &Delivery, is_wanted: bool) -> String {
    let id = delivery.id;
    if !is_wanted {
        return format!(
            "the recipient is no longer in the watchlist: put the address back, or give it up: wirewatch outbox drop {id}"
        );
    }
    match delivery.state {
        State::Held => format!(
            "send it again: wirewatch outbox release {id}; give it up: wirewatch outbox drop {id}"
        ),
        State::Unknown => format!(
            "it may have arrived; the same message goes again at {}; give it up: wirewatch outbox drop {id}",
            local(delivery.next_at)
        ),
        State::Sending => {
            "it is on its way, or was when wirewatch stopped; then it is looked after at the next start"
                .to_owned()
        }
        _ if delivery.needs_a_person() => format!(
            "nothing is lost; once it is mended: wirewatch outbox release {id}; else next attempt at {}",
            local(delivery.next_at)
        ),
        _ => format!("next attempt at {}", local(delivery.next_at)),
    }
}
