//! What the operator hears in the mail, each once: a watchlist that stays refused, a database that was put back or has
//! no room, a network that is down, a recipient who is paused, a message that is held or does not get through for a day.

use jiff::SignedDuration;

use super::Deliverer;
use super::database::{self, when};
use super::letter::Letter;
use crate::desk::{Desk, DeskError, Refused};
use crate::mail::Step;
use crate::model::Timestamp;
use crate::store::StoreError;
use crate::store::outbox::{Delivery, NewDelivery, State};

/// The name that these messages go by in the outbox.
const SENDER: &str = "(operator)";

/// A file may be broken for so long while somebody works on it.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// A network may be down for so long, and comes back by itself.
const OFFLINE: SignedDuration = SignedDuration::from_hours(6);

/// A mail server may be away for a night.
const STUCK: SignedDuration = SignedDuration::from_hours(24);

/// After an outage every message that waits is tried within this time, so that only then it tells something that one
/// got through and another did not.
const ALL_TRIED: SignedDuration = SignedDuration::from_hours(3);

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
    for notice in notices(desk, &operator, now)? {
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

fn notices(desk: &Desk, operator: &str, now: Timestamp) -> Result<Vec<Notice>, StoreError> {
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
    let offline = desk.store.offline_since(now)?;
    notices.extend(
        offline
            .filter(|&since| now.duration_since(since) >= OFFLINE)
            .map(of_network),
    );
    let config = &desk.watchlist.config;
    for (address, at, why) in desk.store.paused_recipients()? {
        if !config.writes_to(&address) {
            continue;
        }
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
    let waiting = desk.store.unsettled_deliveries()?;
    let mut stuck = Stuck::new(desk, operator, &waiting, now);
    for delivery in &waiting {
        // A notice that does not go must not breed others, and whoever took out a recipient knows it.
        if delivery.digest == SENDER || !config.writes_to(&delivery.recipient) {
            continue;
        }
        if delivery.state == State::Held {
            notices.push(of_held(delivery));
        } else if stuck.is_news(delivery)? {
            notices.push(of_stuck(delivery));
        }
    }
    Ok(notices)
}

/// Which messages do not get through for a day though a notice would.
struct Stuck<'a> {
    desk: &'a Desk,
    operator: &'a str,
    now: Timestamp,
    /// Whether a notice is on its way already.
    notice_waits: bool,
    /// When mail last went through, to anybody, of what is long enough ago; looked up once and only if needed.
    went_through: Option<Option<Timestamp>>,
}

impl<'a> Stuck<'a> {
    fn new(desk: &'a Desk, operator: &'a str, waiting: &[Delivery], now: Timestamp) -> Stuck<'a> {
        Stuck {
            desk,
            operator,
            now,
            notice_waits: waiting.iter().any(|delivery| delivery.digest == SENDER),
            went_through: None,
        }
    }

    /// Whether the operator is to hear of this message. Where nothing gets through, neither would a notice; many would
    /// only lie on top of the rest afterwards.
    fn is_news(&mut self, delivery: &Delivery) -> Result<bool, StoreError> {
        let age = self.now.duration_since(delivery.created_at);
        // The daemon asks every second, so the long look at what was sent comes last.
        if delivery.tries.attempts == 0
            || age < STUCK
            || self.desk.store.was_noticed(&stuck_key(delivery))?
            || self.desk.store.is_paused(&delivery.recipient)?
        {
            return Ok(false);
        }
        if self.others_got_through_since(delivery.created_at)? {
            return Ok(true);
        }
        // Where nobody else is written to, one notice tries whether the server has something against this recipient only.
        let is_tried = !self.notice_waits && is_about_another(delivery, self.operator);
        self.notice_waits |= is_tried;
        Ok(is_tried)
    }

    fn others_got_through_since(&mut self, created_at: Timestamp) -> Result<bool, StoreError> {
        let last = match self.went_through {
            Some(last) => last,
            None => self.desk.store.last_sent_before(self.now - ALL_TRIED)?,
        };
        self.went_through = Some(last);
        Ok(last.is_some_and(|at| at >= created_at))
    }
}

/// Whether the server answered last when it heard the name of a recipient who is not the operator.
fn is_about_another(delivery: &Delivery, operator: &str) -> bool {
    let at_rcpt = format!("{}: ", Step::Rcpt);
    let reply = delivery.reply.as_deref().unwrap_or_default();
    delivery.recipient != operator && reply.starts_with(&at_rcpt)
}

fn stuck_key(delivery: &Delivery) -> String {
    format!("stuck:{}", delivery.id)
}

fn of_held(delivery: &Delivery) -> Notice {
    let (id, digest, recipient) = (delivery.id, &delivery.digest, &delivery.recipient);
    let reply = delivery.reply.as_deref().unwrap_or("no answer");
    Notice {
        key: format!("held:{id}:{}", delivery.tries.attempts),
        subject: format!("A message of {digest} is held"),
        text: format!(
            "Message {id}, the digest {digest} to {recipient}, is not sent again until you decide:\n\n  {reply}\n\n\
             To send it again, run\n\n  wirewatch outbox release {id}\n\nTo give it up\n\n  wirewatch outbox drop {id}\n\n\
             Until then the next message of this digest is not composed; its stories wait."
        ),
    }
}

fn of_stuck(delivery: &Delivery) -> Notice {
    let (id, digest, recipient) = (delivery.id, &delivery.digest, &delivery.recipient);
    let reply = delivery.reply.as_deref().unwrap_or("no answer");
    let tries = delivery.tries.attempts;
    Notice {
        key: stuck_key(delivery),
        subject: format!("A message of {digest} has not got through for a day"),
        text: format!(
            "Message {id}, the digest {digest} to {recipient}, was tried {tries} times. The last answer:\n\n  {reply}\n\n\
             It is tried again every two hours. To give it up, run\n\n  wirewatch outbox drop {id}\n\n\
             Until then the next message of this digest is not composed; its stories wait."
        ),
    }
}

fn of_network(since: Timestamp) -> Notice {
    let when = when(since);
    Notice {
        key: format!("offline:{}", since.as_second()),
        subject: "No feed can be reached".to_owned(),
        text: format!(
            "Since {when} no feed could be reached. So many do not fail together: look at this machine's network, its name \
             server and `[poll] proxy`.\n\n\
             The feeds are asked again as soon as one of them answers. What they published and dropped meanwhile is lost; \
             digests say of which feeds that may be."
        ),
    }
}

fn of_watchlist(desk: &Desk, refused: &Refused) -> Notice {
    let file = desk.watchlist.file().display();
    Notice {
        key: format!("watchlist:{:016x}", refused.version),
        subject: "The watchlist is refused".to_owned(),
        text: format!(
            "`{file}` cannot be used; the last good one runs on. Nothing is lost meanwhile.\n\n{}\n\n\
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
    let draft = Letter {
        slug: "operator",
        to: operator,
        subject: &notice.subject,
        text: &notice.text,
    }
    .draft(&desk.watchlist.config, host, now);
    Some(NewDelivery {
        digest: SENDER.to_owned(),
        recipient: operator.to_owned(),
        window: (now, now),
        bytes: draft.to_bytes().ok()?,
        message_id: draft.message_id,
        thread: None,
        subject: draft.subject,
        html: draft.html,
        told: Vec::new(),
        settled: Vec::new(),
        events: Vec::new(),
    })
}
