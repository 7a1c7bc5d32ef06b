//! What the operator hears in the mail, each once: a watchlist that stays refused, a database that was put back or has
//! no room, a recipient who is paused, a message that is held.

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::Deliverer;
use super::compose::{Letter, random};
use super::database;
use crate::desk::{Desk, DeskError, Refused};
use crate::digest::naming;
use crate::mail::message::{Draft, ListId, Mailbox};
use crate::model::Timestamp;
use crate::store::StoreError;
use crate::store::outbox::{NewDelivery, State};

/// The name that these messages go by in the outbox.
const SENDER: &str = "(operator)";

/// A file may be broken for so long while somebody works on it.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// Something that only a person can mend.
pub(super) struct Notice {
    /// What it is about; told once.
    pub(super) key: String,
    pub(super) subject: String,
    /// Lines for a person, with the remedy.
    pub(super) text: String,
}

impl Deliverer {
    /// Puts what the operator has yet to hear into the outbox; gives the number of messages.
    pub async fn tell_operator(&self) -> Result<usize, DeskError> {
        let now = self.clock.now();
        let host = self.host.clone();
        self.desk.at_once(move |desk| tell(desk, &host, now)).await
    }
}

fn tell(desk: &mut Desk, host: &str, now: Timestamp) -> Result<usize, StoreError> {
    let Some(operator) = desk.watchlist.config.operator().map(str::to_owned) else {
        return Ok(0);
    };
    // Who is paused cannot hear; `status`, the log and the exit code tell then.
    if desk.store.is_paused(&operator)? {
        return Ok(0);
    }
    let mut told = 0;
    for notice in notices(desk, now)? {
        if desk.store.was_noticed(&notice.key)? {
            continue;
        }
        let Some(delivery) = letter(desk, &operator, &notice, host, now) else {
            continue;
        };
        desk.store.put_notice(&notice.key, &delivery, now)?;
        told += 1;
    }
    Ok(told)
}

fn notices(desk: &Desk, now: Timestamp) -> Result<Vec<Notice>, StoreError> {
    let mut notices = Vec::new();
    if let Some(refused) = desk
        .refused
        .as_ref()
        .filter(|refused| now.duration_since(refused.since) >= PATIENCE)
    {
        notices.push(of_watchlist(desk, refused));
    }
    notices.extend(database::restored(desk)?);
    notices.extend(database::short_of_room(desk, now));
    for (address, at, why) in desk.store.paused_recipients()? {
        notices.push(Notice {
            key: format!("paused:{address}:{}", at.as_second()),
            subject: format!("Mail to {address} is paused"),
            text: format!(
                "The mail server refuses the recipient {address}:\n\n  {why}\n\nNothing is lost: what this recipient has \
                 yet to be told waits. Once it is mended, run\n\n  wirewatch outbox resume {address}\n\nor take the \
                 address out of the watchlist."
            ),
        });
    }
    for delivery in desk.store.unsettled_deliveries()? {
        // A notice that is itself held must not breed others.
        if delivery.state == State::Held && delivery.digest != SENDER {
            let (id, digest, recipient) = (delivery.id, &delivery.digest, &delivery.recipient);
            let reply = delivery.reply.as_deref().unwrap_or("no answer");
            notices.push(Notice {
                key: format!("held:{id}:{}", delivery.tries.attempts),
                subject: format!("A message of {digest} is held"),
                text: format!(
                    "Message {id}, the digest {digest} to {recipient}, is not sent again until you decide:\n\n  {reply}\n\n\
                     To send it again, run\n\n  wirewatch outbox release {id}\n\nTo give it up\n\n  wirewatch outbox drop {id}\n\n\
                     Until then the next message of this digest is not composed; its stories wait."
                ),
            });
        }
    }
    Ok(notices)
}

fn of_watchlist(desk: &Desk, refused: &Refused) -> Notice {
    let file = desk.watchlist.file().display();
    Notice {
        key: format!("watchlist:{:016x}", refused.version),
        subject: "The watchlist is refused".to_owned(),
        text: format!(
            "`{file}` has mistakes and is not used; the last good one runs on. Nothing is lost meanwhile.\n\n{}\n\n\
             A saved correction is taken up within seconds. `wirewatch check` shows this report at any time.",
            refused.report.trim_end()
        ),
    }
}

/// A notice as a message; `None` if the address cannot carry one, which `check` would have said.
fn letter(
    desk: &Desk,
    operator: &str,
    notice: &Notice,
    host: &str,
    now: Timestamp,
) -> Option<NewDelivery> {
    let Letter { sender, domain } = Letter::of(desk, host);
    let message_id = naming::message_id("operator", now, 1, random(), &domain);
    let escaped = notice
        .text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>wirewatch</title></head>\n\
         <body><pre style=\"font-family:monospace;white-space:pre-wrap\">{escaped}</pre></body></html>\n"
    );
    let subject = format!("wirewatch: {}", notice.subject);
    let draft = Draft {
        from: Mailbox {
            name: "wirewatch".to_owned(),
            address: sender,
        },
        to: operator.to_owned(),
        subject: subject.clone(),
        date: now.to_zoned_datetime(TimeZone::system()),
        message_id: message_id.clone(),
        in_reply_to: None,
        references: Vec::new(),
        list: ListId {
            name: "wirewatch".to_owned(),
            id: naming::list_id("operator", &domain),
        },
        text: format!("{}\n", notice.text),
        html: html.clone(),
    };
    Some(NewDelivery {
        digest: SENDER.to_owned(),
        recipient: operator.to_owned(),
        window: (now, now),
        message_id,
        thread: None,
        subject,
        bytes: draft.to_bytes().ok()?,
        html,
        told: Vec::new(),
        settled: Vec::new(),
        events: Vec::new(),
    })
}
