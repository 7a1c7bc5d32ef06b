//! Times, numbers and plans in the words of a mail.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::schedule::digests::{Days, Plan, Send};

/// Tells times as a reader in one zone at one moment would.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: TimeZone,
    now: Timestamp,
}

impl Clock {
    /// A clock that shows `now` in `zone`.
    pub fn new(zone: &TimeZone, now: Timestamp) -> Clock {
        Clock {
            zone: zone.clone(),
            now,
        }
    }

    /// The moment it shows.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// `Monday 23 November 2026, 07:00 CET`.
    pub fn heading(&self) -> String {
        self.now
            .to_zoned_datetime(self.zone.clone())
            .strftime("%A %-d %B %Y, %H:%M %Z")
            .to_string()
    }

    /// `2026-11-23`, as commands take it.
    pub fn today(&self) -> String {
        self.zone.to_datetime(self.now).date().to_string()
    }

    /// `2026-11-23T07:00`, as commands take it.
    pub fn minute(&self) -> String {
        self.format(self.now, "%Y-%m-%dT%H:%M")
    }

    /// For an article: `06:42` today, `Sun 22:05` within the week, `3 Nov` in the year, else `3 Nov 2024`.
    pub fn short(&self, at: Timestamp) -> String {
        let format = match self.days_ago(at) {
            0 => "%H:%M",
            1..=6 => "%a %H:%M",
            _ if self.same_year(at) => "%-d %b",
            _ => "%-d %b %Y",
        };
        self.format(at, format)
    }

    /// After "since": `05:00` today, `Sunday 07:00` within the week, else `12 November, 07:00`.
    pub fn since(&self, at: Timestamp) -> String {
        let format = match self.days_ago(at) {
            0 => "%H:%M",
            1..=6 => "%A %H:%M",
            _ => return self.date(at),
        };
        self.format(at, format)
    }

    /// Two moments as [`Clock::since`] writes them; the second has a day wherever the first has one, as else it would be
    /// read as of the same day.
    pub fn span(&self, from: Timestamp, to: Timestamp) -> (String, String) {
        let is_ambiguous = self.days_ago(to) == 0 && self.days_ago(from) > 0;
        let to = match is_ambiguous {
            true => format!("today {}", self.since(to)),
            false => self.since(to),
        };
        (self.since(from), to)
    }

    /// `22 November, 18:04`, with the year if it is another.
    pub fn date(&self, at: Timestamp) -> String {
        self.format(
            at,
            if self.same_year(at) {
                "%-d %B, %H:%M"
            } else {
                "%-d %B %Y, %H:%M"
            },
        )
    }

    /// `Sunday 22 November 02:10`, with the year if it is another.
    pub fn moment(&self, at: Timestamp) -> String {
        self.format(
            at,
            if self.same_year(at) {
                "%A %-d %B %H:%M"
            } else {
                "%A %-d %B %Y, %H:%M"
            },
        )
    }

    /// `24 December`, with the year if it is another.
    pub fn day(&self, date: Date) -> String {
        let same_year = date.year() == self.zone.to_datetime(self.now).year();
        date.strftime(if same_year { "%-d %B" } else { "%-d %B %Y" })
            .to_string()
    }

    fn format(&self, at: Timestamp, format: &str) -> String {
        self.zone.to_datetime(at).strftime(format).to_string()
    }

    fn same_year(&self, at: Timestamp) -> bool {
        self.zone.to_datetime(at).year() == self.zone.to_datetime(self.now).year()
    }

    /// Whole local dates since then; a date to come counts as today.
    fn days_ago(&self, at: Timestamp) -> i64 {
        let then = self.zone.to_datetime(at.min(self.now)).date();
        then.duration_until(self.zone.to_datetime(self.now).date())
            .as_hours()
            / 24
    }
}

/// `1 story`, `1,213 stories`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        grouped(number),
        if number == 1 { one } else { many }
    )
}

/// `1,213`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `A, B and C`.
pub fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `A, B, C and 12 more`, naming at most `most`.
pub fn some_of(words: &[String], most: usize) -> String {
    match words.get(..most) {
        Some(named) if words.len() > most => {
            format!("{} and {} more", named.join(", "), words.len() - most)
        }
        _ => words.join(", "),
    }
}

/// About how long: `9 days`, `30 minutes`.
pub fn span(duration: SignedDuration) -> String {
    let minutes = duration.as_mins().max(0).unsigned_abs();
    match minutes {
        0..120 => count(minutes, "minute", "minutes"),
        120..2_880 => count((minutes + 30) / 60, "hour", "hours"),
        _ => count((minutes + 720) / 1_440, "day", "days"),
    }
}

/// How often things come that are so far apart: `hourly`, `daily`, `every 3 days`.
pub fn rhythm(distance: SignedDuration) -> String {
    match distance.as_hours() {
        ..=1 => "hourly or more often".to_owned(),
        2..=11 => "several times a day".to_owned(),
        12..=35 => "daily".to_owned(),
        36..=143 => format!("every {}", span(distance)),
        144..=191 => "weekly".to_owned(),
        _ => format!("every {}", span(distance)),
    }
}

/// When a plan sends: `every day at 07:00`, `every 2 hours, Monday to Friday, never from 22:00 to 06:30`.
pub fn plan(plan: &Plan) -> String {
    let days = days(plan.days);
    let mut text = match &plan.send {
        Send::At(times) => {
            let mut times = times.clone();
            times.sort();
            let times: Vec<String> = times.into_iter().map(time).collect();
            format!(
                "{} at {}",
                days.as_deref().unwrap_or("every day"),
                list(&times)
            )
        }
        Send::Every(every) => with_days(format!("every {}", interval(*every)), days),
        Send::AtOnce => with_days("at once".to_owned(), days),
    };
    if let Some((from, to)) = plan.quiet {
        text.push_str(&format!(", never from {} to {}", time(from), time(to)));
    }
    text
}

fn with_days(text: String, days: Option<String>) -> String {
    match days {
        Some(days) => format!("{text}, {days}"),
        None => text,
    }
}

/// `hour`, `2 hours`, `90 minutes`.
fn interval(every: SignedDuration) -> String {
    let minutes = every.as_mins().max(1).unsigned_abs();
    let (number, one, many) = match minutes {
        _ if minutes.is_multiple_of(1_440) => (minutes / 1_440, "day", "days"),
        _ if minutes.is_multiple_of(60) => (minutes / 60, "hour", "hours"),
        _ => (minutes, "minute", "minutes"),
    };
    if number == 1 {
        one.to_owned()
    } else {
        count(number, one, many)
    }
}

/// `Monday to Friday`, `Tuesday and Thursday`; `None`: every day.
fn days(days: Days) -> Option<String> {
    let named: Vec<Weekday> = days.iter().collect();
    let names: Vec<String> = named.iter().map(|day| format!("{day:?}")).collect();
    match (named.as_slice(), names.as_slice()) {
        (_, names) if names.len() == 7 => None,
        ([first, .., last], [from, .., to])
            if names.len() > 2 && first.until(*last) as usize == names.len() - 1 =>
        {
            Some(format!("{from} to {to}"))
        }
        _ => Some(list(&names)),
    }
}

fn time(time: Time) -> String {
    time.strftime("%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(zone: &str, now: &str) -> Clock {
        Clock::new(
            &TimeZone::get(zone).expect("a zone"),
            now.parse().expect("a timestamp"),
        )
    }

    #[test]
    fn times_are_local_and_as_short_as_they_can_be() {
        let clock = clock("Europe/Berlin", "2026-11-23T06:00:00Z");
        let short = |at: &str| clock.short(at.parse().expect("a timestamp"));
        assert_eq!(clock.heading(), "Monday 23 November 2026, 07:00 CET");
        assert_eq!(short("2026-11-23T05:42:00Z"), "06:42");
        assert_eq!(short("2026-11-22T23:30:00Z"), "00:30");
        assert_eq!(short("2026-11-22T21:05:00Z"), "Sun 22:05");
        assert_eq!(short("2026-11-16T21:05:00Z"), "16 Nov");
        assert_eq!(short("2024-11-16T21:05:00Z"), "16 Nov 2024");
        assert_eq!(short("2027-11-16T21:05:00Z"), "22:05");
        assert_eq!(
            clock.since("2026-11-22T06:00:00Z".parse().expect("a timestamp")),
            "Sunday 07:00"
        );
        assert_eq!(
            clock.since("2026-10-12T05:00:00Z".parse().expect("a timestamp")),
            "12 October, 07:00"
        );
        let span = |from: &str, to: &str| {
            let at = |text: &str| text.parse().expect("a timestamp");
            let (from, to) = clock.span(at(from), at(to));
            format!("between {from} and {to}")
        };
        assert_eq!(
            span("2026-11-20T07:45:00Z", "2026-11-22T23:45:00Z"),
            "between Friday 08:45 and today 00:45"
        );
        assert_eq!(
            span("2026-11-23T03:45:00Z", "2026-11-23T04:45:00Z"),
            "between 04:45 and 05:45"
        );
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(count(1, "poll", "polls"), "1 poll");
        assert_eq!(count(0, "poll", "polls"), "0 polls");
        assert_eq!(count(1_234_567, "poll", "polls"), "1,234,567 polls");
    }

    #[test]
    fn a_plan_is_told_in_words() {
        let mut told = Plan::default();
        assert_eq!(plan(&told), "every day at 07:00");
        told.send = Send::At(vec![
            Time::constant(18, 0, 0, 0),
            Time::constant(7, 30, 0, 0),
        ]);
        told.days = [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday]
            .into_iter()
            .collect();
        assert_eq!(plan(&told), "Monday to Wednesday at 07:30 and 18:00");
        told.send = Send::Every(SignedDuration::from_mins(120));
        told.days = [Weekday::Sunday, Weekday::Tuesday].into_iter().collect();
        told.quiet = Some((Time::constant(22, 0, 0, 0), Time::constant(6, 30, 0, 0)));
        assert_eq!(
            plan(&told),
            "every 2 hours, Tuesday and Sunday, never from 22:00 to 06:30"
        );
    }
}
