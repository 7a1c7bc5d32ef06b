//! What a feed says of itself, gathered, and written as the head of an Atom feed.

use url::Url;

use super::field::Field;
use super::item::{author_names, page_address, resolve, write_text};
use super::log::Log;
use crate::feed::dialect::{Writer, note, rel};
use crate::feed::names::{self, ChannelPart};

/// The parts of a channel as they were found.
#[derive(Default)]
pub(super) struct Channel<'a> {
    title: Option<(u8, Field<'a>)>,
    links: Vec<Field<'a>>,
    authors: Vec<Field<'a>>,
    /// Of `xml:lang` or the language elements, the first.
    pub(super) language: Option<String>,
    /// Of `rdf:about` or the `href` of CDF.
    pub(super) about: Option<String>,
    ttl: Option<u32>,
    period: Option<u32>,
    frequency: Option<u32>,
    skip_hours: u32,
    skip_days: u8,
}

const MAX_LINKS: usize = 50;

impl<'a> Channel<'a> {
    /// Takes an element of the channel.
    pub(super) fn take(&mut self, field: Field<'a>) {
        let Some((part, rank)) = names::channel_part(field.space, &field.small) else {
            return;
        };
        match part {
            ChannelPart::Title => {
                let is_better = self.title.as_ref().is_none_or(|(known, _)| rank < *known);
                if is_better && !field.is_blank() {
                    self.title = Some((rank, field));
                }
            }
            ChannelPart::Link if self.links.len() < MAX_LINKS => self.links.push(field),
            ChannelPart::Author if self.authors.len() < MAX_LINKS => self.authors.push(field),
            ChannelPart::Link | ChannelPart::Author => {}
            ChannelPart::Language => {
                let language = field.plain().into_owned();
                self.language = self
                    .language
                    .take()
                    .or(Some(language))
                    .filter(|language| !language.is_empty());
            }
            ChannelPart::Ttl => self.ttl = minutes(&field.plain()),
            ChannelPart::UpdatePeriod => self.period = period(&field.plain()),
            ChannelPart::UpdateFrequency => self.frequency = field.plain().parse().ok(),
            ChannelPart::SkipHours => {
                for hour in field.children(|small| small == "hour") {
                    // RSS 0.91 counts them from 1 to 24.
                    if let Ok(hour @ 0..=24) = hour.plain().parse::<u32>() {
                        self.skip_hours |= 1 << (hour % 24);
                    }
                }
            }
            ChannelPart::SkipDays => {
                for day in field.children(|small| small == "day") {
                    self.skip_days |= weekday(&day.plain()).map_or(0, |day| 1 << day);
                }
            }
        }
    }

    /// Writes the head of the feed.
    pub(super) fn write(&self, writer: &mut Writer, base: Option<&Url>, log: &mut Log) {
        if let Some((_, title)) = &self.title {
            write_text(writer, "title", title, log);
        }
        let pages: Vec<_> = self.links.iter().filter_map(page_address).collect();
        match pages
            .iter()
            .find(|(_, _, is_html)| *is_html)
            .or_else(|| pages.first())
        {
            Some((field, address, _)) => {
                writer.link(rel::ALTERNATE, &resolve(address, Some(field), base), "")
            }
            None => {
                if let Some(about) = &self.about {
                    writer.link(rel::ALTERNATE, about, "");
                }
            }
        }
        let is_self = |link: &&Field<'_>| {
            link.tag
                .attribute("rel")
                .is_some_and(|relation| relation.eq_ignore_ascii_case(rel::SELF))
        };
        if let Some(link) = self.links.iter().find(is_self)
            && let Some(address) = link.tag.attribute("href")
        {
            writer.link(rel::SELF, &resolve(&address, Some(link), base), "");
        }
        for name in self.authors.iter().flat_map(author_names) {
            writer.author(&name);
        }
        let period = self
            .period
            .map(|minutes| minutes / self.frequency.unwrap_or(1).max(1));
        let notes = [
            (note::LANGUAGE, self.language.clone()),
            (
                note::TTL,
                self.ttl.or(period).map(|minutes| minutes.to_string()),
            ),
            (note::SKIP_HOURS, Some(self.skip_hours.to_string())),
            (note::SKIP_DAYS, Some(self.skip_days.to_string())),
        ];
        for (about, value) in notes {
            if let Some(value) = value.filter(|value| value != "0") {
                writer.note(about, &value);
            }
        }
    }
}

/// A number of minutes; one beyond counting is the largest.
fn minutes(written: &str) -> Option<u32> {
    let is_number = !written.is_empty() && written.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| written.parse().unwrap_or(u32::MAX))
}

/// Minutes of `sy:updatePeriod`.
fn period(word: &str) -> Option<u32> {
    const DAY: u32 = 24 * 60;
    Some(match word.to_ascii_lowercase().as_str() {
        "hourly" => 60,
        "daily" => DAY,
        "weekly" => 7 * DAY,
        "monthly" => 30 * DAY,
        "yearly" => 365 * DAY,
        _ => return None,
    })
}

/// The number of a day, Monday first, by its English name.
fn weekday(name: &str) -> Option<u8> {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let start = name.get(..3)?;
    let at = DAYS
        .iter()
        .position(|day| day.eq_ignore_ascii_case(start))?;
    u8::try_from(at).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_minutes_beyond_counting_is_the_largest() {
        assert_eq!(minutes("60"), Some(60));
        assert_eq!(minutes("99999999999999999999"), Some(u32::MAX));
        assert_eq!(
            (minutes("an hour"), minutes("-5"), minutes("")),
            (None, None, None)
        );
    }
}
