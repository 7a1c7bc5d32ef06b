//! `digest NAME --sent`: which messages were sent, and one in full.

use jiff::civil::{Date, DateTime};

use super::setup;
use super::terminal::plain;
use super::{End, hinted, print_line, say};
use crate::deliver::compose;
use crate::desk::Desk;
use crate::digest::render::Rendered;
use crate::digest::{DigestSettings, quoted};
use crate::model::{MatchId, Timestamp, TopicId};
use crate::store::outbox::{Delivery, State};

// Of a digest that goes at once, more than anybody looks through.
const LISTED: usize = 60;

/// Which messages: all of a day, or that of a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Day(Date),
    Minute(DateTime),
}

/// Reads a day of the calendar, or a minute of it.
pub(super) fn moment(text: &str) -> Result<Moment, String> {
    let day = text.parse().map(Moment::Day);
    let is_day = !text.contains(['T', ' ', ':']);
    day.ok()
        .filter(|_| is_day)
        .or_else(|| text.parse().map(Moment::Minute).ok())
        .ok_or_else(|| "write the day as 2026-11-25, or 2026-11-25T07:00".to_owned())
}

/// Lists the messages of a digest, newest first.
pub(super) fn list(desk: &Desk, digest: &DigestSettings) -> anyhow::Result<End> {
    let sent = sent_between(desk, digest, Timestamp::MIN, Timestamp::MAX)?;
    if sent.is_empty() {
        say(format_args!(
            "Digest `{}` has sent no message yet.",
            plain(&digest.name)
        ));
        return Ok(End::Done);
    }
    for delivery in sent.iter().take(LISTED) {
        let at = local(digest, delivery).strftime("%Y-%m-%dT%H:%M");
        let stories = setup::counted(desk.store.stories_told_in(delivery.id)?, "story", "stories");
        let fate = match delivery.state {
            State::Dropped => " (dropped)",
            _ => "",
        };
        print_line(format_args!(
            "{at}  {stories:>11}  {}  {}{fate}",
            delivery.recipient,
            plain(&delivery.subject)
        ))?;
    }
    if let Some(rest) = sent.len().checked_sub(LISTED).filter(|rest| *rest > 0) {
        say(format_args!("And {rest} older ones."));
    }
    say("With a day or a minute behind `--sent`, a message is shown in full.");
    Ok(End::Done)
}

/// Shows the messages of a moment in full, oldest first, the same one to several recipients once.
pub(super) fn show(
    desk: &Desk,
    digest: &DigestSettings,
    moment: Moment,
    topic: Option<&str>,
) -> anyhow::Result<Vec<Rendered>> {
    let sent = sent_at(desk, digest, moment)?;
    let topic = match topic {
        Some(name) => Some(told_topic(desk, &sent, name)?),
        None => None,
    };
    let mut shown = Vec::new();
    for (delivery, recipients) in distinct(desk, sent)? {
        let rendered = compose::sent_in_full(desk, digest, &delivery, topic, &setup::host())?;
        let Some(rendered) = rendered else { continue };
        let fate = match delivery.state {
            State::Dropped => "; dropped by hand",
            _ => "",
        };
        say(format_args!(
            "Subject: {} (to {}, {}{fate})",
            plain(&delivery.subject),
            recipients.join(", "),
            local(digest, &delivery).strftime("%H:%M")
        ));
        shown.push(rendered);
    }
    Ok(shown)
}

/// The command that shows what a message told.
pub(super) fn command(digest: &DigestSettings, delivery: &Delivery) -> String {
    format!(
        "wirewatch digest {} --sent {}",
        quoted(&digest.name),
        local(digest, delivery).strftime("%Y-%m-%dT%H:%M")
    )
}

fn local(digest: &DigestSettings, delivery: &Delivery) -> DateTime {
    digest.plan.timezone.to_datetime(delivery.window.1)
}

fn sent_between(
    desk: &Desk,
    digest: &DigestSettings,
    from: Timestamp,
    to: Timestamp,
) -> anyhow::Result<Vec<Delivery>> {
    let mut deliveries = desk.store.deliveries_of(&digest.name, from, to)?;
    // One that waits is in the outbox; one whose answer was lost may well have come; of one that was dropped nobody else
    // would tell what it said.
    deliveries.retain(|delivery| {
        matches!(
            delivery.state,
            State::Sent | State::Unknown | State::Dropped
        )
    });
    Ok(deliveries)
}

/// The messages of a moment, oldest first.
fn sent_at(desk: &Desk, digest: &DigestSettings, moment: Moment) -> anyhow::Result<Vec<Delivery>> {
    let day = match moment {
        Moment::Day(day) => day,
        Moment::Minute(minute) => minute.date(),
    };
    let zone = &digest.plan.timezone;
    let start = day.to_zoned_datetime(zone.clone())?.timestamp();
    let end = day.tomorrow()?.to_zoned_datetime(zone.clone())?.timestamp();
    let mut sent = sent_between(desk, digest, start, end)?;
    sent.reverse();
    if let Moment::Minute(minute) = moment {
        let is_of = |at: DateTime| (at.hour(), at.minute()) == (minute.hour(), minute.minute());
        sent.retain(|delivery| is_of(local(digest, delivery)));
    }
    if sent.is_empty() {
        let when = match moment {
            Moment::Day(day) => format!("on {day}"),
            Moment::Minute(minute) => format!("at {}", minute.strftime("%Y-%m-%dT%H:%M")),
        };
        return Err(not_sent(digest, &when));
    }
    Ok(sent)
}

fn not_sent(digest: &DigestSettings, when: &str) -> anyhow::Error {
    hinted(
        format!("digest `{}` was not sent {when}", digest.name),
        "`--sent` alone lists what was sent, `wirewatch outbox` what waits",
    )
}

fn told_topic(desk: &Desk, sent: &[Delivery], name: &str) -> anyhow::Result<TopicId> {
    let mut known = Vec::new();
    for delivery in sent {
        for (id, told) in topics_in(desk, delivery)? {
            if told == name {
                return Ok(id);
            }
            let told = format!("`{told}`");
            if !known.contains(&told) {
                known.push(told);
            }
        }
    }
    Err(hinted(
        format!("nothing was told of a topic `{name}` then"),
        match known.as_slice() {
            [] => "it told no stories at all".to_owned(),
            known => format!("there are: {}", known.join(", ")),
        },
    ))
}

/// The topics that a message told something of, in a section of theirs or as what else a story is on.
fn topics_in(desk: &Desk, delivery: &Delivery) -> anyhow::Result<Vec<(TopicId, String)>> {
    let under = desk.store.topics_told_in(delivery.id)?;
    let mut topics = desk.store.topics_mentioned_in(delivery.id)?;
    topics.retain(|topic| {
        let declared = desk.topics.iter().position(|id| *id == topic.0);
        // What others have is not in his mail; of one that is gone nobody knows who had it.
        let is_read = |index| desk.watchlist.readers(index).contains(&delivery.recipient);
        under.contains(topic) || declared.is_none_or(is_read)
    });
    Ok(topics)
}

/// The messages with those they went to; two that tell the same at the same time are one.
fn distinct(desk: &Desk, sent: Vec<Delivery>) -> anyhow::Result<Vec<(Delivery, Vec<String>)>> {
    let mut apart: Vec<(Vec<MatchId>, Delivery, Vec<String>)> = Vec::new();
    for delivery in sent {
        let told = desk.store.matches_told_in(delivery.id)?;
        let told: Vec<MatchId> = told.into_iter().map(|(told, _)| told.id).collect();
        let was_dropped = |delivery: &Delivery| delivery.state == State::Dropped;
        let same = apart.iter_mut().find(|(of, before, _)| {
            *of == told
                && before.window == delivery.window
                && was_dropped(before) == was_dropped(&delivery)
        });
        match same {
            Some((_, _, recipients)) => recipients.push(delivery.recipient),
            None => {
                let recipients = vec![delivery.recipient.clone()];
                apart.push((told, delivery, recipients));
            }
        }
    }
    let apart = apart.into_iter();
    Ok(apart
        .map(|(_, delivery, recipients)| (delivery, recipients))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_day_or_a_minute() {
        let day: Date = "2026-11-25".parse().expect("a day");
        assert_eq!(moment("2026-11-25"), Ok(Moment::Day(day)));
        assert_eq!(
            moment("2026-11-25T07:30"),
            Ok(Moment::Minute(day.at(7, 30, 0, 0)))
        );
        assert_eq!(
            moment("2026-11-25 07:30"),
            Ok(Moment::Minute(day.at(7, 30, 0, 0)))
        );
        assert!(moment("25.11.2026").is_err());
        assert!(moment("2026-11-31").is_err());
    }
}
