//! Lengths and moments as a person says them.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// "9 attempts", "1 attempt".
pub(super) fn count(number: u32, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// "9 days": rounded down, in the largest unit that leaves at least two, or one.
pub(super) fn length(length: SignedDuration) -> String {
    let minutes = length.as_mins().max(0);
    let (number, noun) = match minutes {
        0..120 => (minutes, "minute"),
        120..2880 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    count(u32::try_from(number).unwrap_or(u32::MAX), noun)
}

/// "daily", "every 3 hours".
pub(super) fn rhythm(gap: SignedDuration) -> String {
    let minutes = gap.as_mins();
    let close_to = |usual: i64| minutes * 4 >= usual * 3 && minutes * 4 <= usual * 5;
    match minutes {
        ..1 => "many at once".to_owned(),
        _ if close_to(60) => "hourly".to_owned(),
        _ if close_to(1440) => "daily".to_owned(),
        _ if close_to(7 * 1440) => "weekly".to_owned(),
        _ if close_to(30 * 1440) => "monthly".to_owned(),
        1 => "every minute".to_owned(),
        _ => format!("every {}", length(gap)),
    }
}

/// "Sunday 22 November 02:10", with the year once it is half a year away.
pub(super) fn since(at: Timestamp, zone: &TimeZone, now: Timestamp) -> String {
    const HALF_A_YEAR: SignedDuration = SignedDuration::from_hours(183 * 24);

    let local = at.to_zoned_datetime(zone.clone());
    let form = if now.duration_since(at).abs() > HALF_A_YEAR {
        "%A %-d %B %Y %H:%M"
    } else {
        "%A %-d %B %H:%M"
    };
    local.strftime(form).to_string()
}

/// "14:30" on the same local day, else like `since`.
pub(super) fn moment(at: Timestamp, zone: &TimeZone, now: Timestamp) -> String {
    let local = at.to_zoned_datetime(zone.clone());
    if local.date() == now.to_zoned_datetime(zone.clone()).date() {
        return local.strftime("%H:%M").to_string();
    }
    since(at, zone, now)
}

/// Words of the store, in which moments are written for programs, for a person.
pub(super) fn in_zone(words: &str, zone: &TimeZone, now: Timestamp) -> String {
    let said = words.split(' ').map(|word| match word.parse() {
        Ok(at) => Cow::Owned(moment(at, zone, now)),
        Err(_) => Cow::Borrowed(word),
    });
    said.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_said_in_a_unit_of_their_size() {
        for (minutes, expected) in [
            (0, "0 minutes"),
            (1, "1 minute"),
            (119, "119 minutes"),
            (120, "2 hours"),
            (47 * 60, "47 hours"),
            (48 * 60, "2 days"),
            (9 * 1440 + 600, "9 days"),
        ] {
            assert_eq!(length(SignedDuration::from_mins(minutes)), expected);
        }
    }

    #[test]
    fn moments_in_stored_words_are_said_in_the_zone() {
        let now = "2026-11-25T12:00:00Z".parse().expect("a time");
        let zone = TimeZone::get("Europe/Berlin").expect("a bundled zone");
        for (stored, said) in [
            (
                "nothing that it showed at 2026-11-24T20:50:00Z is left",
                "nothing that it showed at Tuesday 24 November 21:50 is left",
            ),
            (
                "nothing that it showed at 2026-11-25T06:05:00Z is left",
                "nothing that it showed at 07:05 is left",
            ),
            (
                "https://example.org/2026-11-25T06:05:00Z",
                "https://example.org/2026-11-25T06:05:00Z",
            ),
            ("2026 guids  changed", "2026 guids  changed"),
        ] {
            assert_eq!(in_zone(stored, &zone, now), said);
        }
    }

    #[test]
    fn rhythms_have_names() {
        for (minutes, expected) in [
            (0, "many at once"),
            (1, "every minute"),
            (20, "every 20 minutes"),
            (58, "hourly"),
            (180, "every 3 hours"),
            (1500, "daily"),
            (3 * 1440, "every 3 days"),
            (7 * 1440, "weekly"),
            (29 * 1440, "monthly"),
        ] {
            assert_eq!(rhythm(SignedDuration::from_mins(minutes)), expected);
        }
    }
}
