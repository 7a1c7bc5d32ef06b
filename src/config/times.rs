//! Durations, times, days, dates and zones, as the strings of a watchlist write them.

use std::ops::RangeInclusive;

use jiff::SignedDuration;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use super::keys::{in_words, nearest};
use super::notes::Wrong;
use crate::model::Backfill;

/// Reads a span of a command line, as the watchlist writes them; the error is for a person.
pub fn span(text: &str) -> Result<SignedDuration, String> {
    duration(text).map_err(|wrong| match wrong.hint {
        Some(hint) => format!("{}; write {hint}", wrong.message),
        None => wrong.message,
    })
}

/// `400d`, `90s`, `1h30m`.
pub(super) fn duration(text: &str) -> Result<SignedDuration, Wrong> {
    let wrong = || {
        Wrong::new(format!("`{text}` is no duration"))
            .hint("a number and a unit: \"90s\", \"30m\", \"2h\", \"7d\"")
    };
    let mut seconds: i64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, tail) = rest.split_at(digits);
        let unit = tail.chars().next().ok_or_else(wrong)?;
        let scale = match unit {
            's' => 1,
            'm' => 60,
            'h' => 60 * 60,
            'd' => 24 * 60 * 60,
            'w' => 7 * 24 * 60 * 60,
            _ => return Err(wrong()),
        };
        let number: i64 = number.parse().map_err(|_| wrong())?;
        let part = number.checked_mul(scale);
        seconds = part
            .and_then(|part| seconds.checked_add(part))
            .ok_or_else(wrong)?;
        rest = tail.get(unit.len_utf8()..).unwrap_or_default();
    }
    if text.is_empty() {
        return Err(wrong());
    }
    Ok(SignedDuration::from_secs(seconds))
}

/// A duration within bounds, which the message names as `least` and `most` were written.
pub(super) fn duration_within(
    least: &str,
    most: &str,
) -> impl Fn(&str) -> Result<SignedDuration, Wrong> {
    let bound = |text| duration(text).unwrap_or_default();
    let (from, to) = (bound(least), bound(most));
    let message = format!("must be from {least} to {most}");
    move |text| {
        let value = duration(text)?;
        if value < from || value > to {
            return Err(Wrong::new(format!("`{text}` {message}")));
        }
        Ok(value)
    }
}

/// `none`, `all`, or a duration.
pub(super) fn backfill(text: &str) -> Result<Backfill, Wrong> {
    match text {
        "all" => Ok(Backfill::All),
        "none" => Ok(Backfill::None),
        _ => duration_within("1m", "3650d")(text)
            .map(Backfill::Since)
            .map_err(|wrong| wrong.hint("a time such as \"3d\", or \"all\"")),
    }
}

/// A local time, `7:00` or `07:00`; with seconds only if they are 0, as TOML's own times have them.
pub(super) fn time(text: &str) -> Result<Time, Wrong> {
    let wrong = || {
        Wrong::new(format!("`{text}` is no time")).hint("hours and minutes: \"07:00\", \"18:30\"")
    };
    let mut parts = text.split(':');
    let hour = digits(parts.next().unwrap_or_default(), 1..=2).ok_or_else(wrong)?;
    let minute = digits(parts.next().ok_or_else(wrong)?, 2..=2).ok_or_else(wrong)?;
    let seconds = parts.next().is_none_or(|seconds| seconds == "00");
    if !seconds || parts.next().is_some() {
        return Err(wrong());
    }
    let time = i8::try_from(hour).ok().zip(i8::try_from(minute).ok());
    time.and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok())
        .ok_or_else(|| {
            let wrong = Wrong::new(format!("the time `{text}` does not exist"));
            let midnight = hour == 24 && minute == 0;
            wrong.hint(if midnight {
                "midnight is \"00:00\""
            } else {
                "from \"00:00\" to \"23:59\""
            })
        })
}

/// `22:00-06:30`.
pub(super) fn quiet(text: &str) -> Result<(Time, Time), Wrong> {
    let hint = "from and to: \"22:00-06:30\"";
    let split = text.split_once(['-', '–']);
    let (from, to) =
        split.ok_or_else(|| Wrong::new(format!("`{text}` is no range of times")).hint(hint))?;
    let start = text.len() - to.len();
    let (from_time, to_time) = (time(from.trim()), time(to.trim()));
    let from_time = from_time.map_err(|wrong| wrong.at(0..from.len()))?;
    let to_time = to_time.map_err(|wrong| wrong.at(start..text.len()))?;
    if from_time == to_time {
        return Err(Wrong::new(format!("`{text}` begins and ends at the same time")).hint(hint));
    }
    Ok((from_time, to_time))
}

/// `mon` to `sun`.
pub(super) fn weekday(text: &str) -> Result<Weekday, Wrong> {
    const DAYS: [(&str, &str, Weekday); 7] = [
        ("mon", "monday", Weekday::Monday),
        ("tue", "tuesday", Weekday::Tuesday),
        ("wed", "wednesday", Weekday::Wednesday),
        ("thu", "thursday", Weekday::Thursday),
        ("fri", "friday", Weekday::Friday),
        ("sat", "saturday", Weekday::Saturday),
        ("sun", "sunday", Weekday::Sunday),
    ];
    let word = text.to_lowercase();
    if let Some((_, _, day)) = DAYS.iter().find(|(short, _, _)| *short == word) {
        return Ok(*day);
    }
    let long = DAYS.iter().find(|(short, long, _)| {
        word.len() > 3 && (long.starts_with(&word) || word.starts_with(short))
    });
    let near = || nearest(&word, DAYS.iter().map(|(short, _, _)| *short));
    let wrong = Wrong::new(format!("`{text}` is no day"));
    Err(match long.map(|(short, _, _)| *short).or_else(near) {
        Some(short) => wrong.hint(format!("did you mean \"{short}\"?")),
        None => wrong.hint(format!(
            "the days are {}",
            in_words(&DAYS.map(|(short, _, _)| short))
        )),
    })
}

/// A calendar day, `2026-12-24`.
pub(super) fn date(text: &str) -> Result<Date, Wrong> {
    let form = "year, month and day: \"2026-12-24\"";
    let mut parts = text.split('-');
    let mut part = |width: usize| parts.next().and_then(|part| digits(part, width..=width));
    let (Some(year), Some(month), Some(day)) = (part(4), part(2), part(2)) else {
        return Err(Wrong::new(format!("`{text}` is no date")).hint(form));
    };
    if parts.next().is_some() {
        return Err(Wrong::new(format!("`{text}` is no date")).hint(form));
    }
    let narrow = i16::try_from(year)
        .ok()
        .zip(i8::try_from(month).ok())
        .zip(i8::try_from(day).ok());
    narrow
        .and_then(|((year, month), day)| Date::new(year, month, day).ok())
        .ok_or_else(|| Wrong::new(format!("the date `{text}` does not exist")).hint(form))
}

/// A time zone of the IANA database.
pub(super) fn timezone(text: &str) -> Result<TimeZone, Wrong> {
    let known: Vec<String> = jiff::tz::db()
        .available()
        .map(|name| name.as_str().to_owned())
        .collect();
    // Offsets and abbreviations would not follow the clocks of a place.
    let listed = known.iter().any(|name| name.eq_ignore_ascii_case(text));
    match TimeZone::get(text) {
        Ok(zone) if listed || known.is_empty() => Ok(zone),
        _ => {
            let wrong = Wrong::new(format!("there is no time zone `{text}`"));
            let city = |name: &&String| {
                name.rsplit('/')
                    .next()
                    .is_some_and(|city| city.eq_ignore_ascii_case(&text.replace(' ', "_")))
            };
            let near = known.iter().find(city).map(String::as_str);
            Err(
                match near.or_else(|| nearest(text, known.iter().map(String::as_str))) {
                    Some(near) => wrong.hint(format!("did you mean \"{near}\"?")),
                    None => wrong
                        .hint("a name of the IANA database, such as \"Europe/Berlin\" or \"UTC\""),
                },
            )
        }
    }
}

/// A number of so many ASCII digits.
fn digits(text: &str, width: RangeInclusive<usize>) -> Option<u32> {
    let number = width.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn seconds(text: &str, expect: Option<i64>) {
        let found = duration(text).ok().map(|duration| duration.as_secs());
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn a_duration_is_numbers_with_units() {
        seconds("0s", Some(0));
        seconds("90s", Some(90));
        seconds("1h30m", Some(5400));
        seconds("2w", Some(14 * 24 * 3600));
        for wrong in [
            "",
            "5",
            "m",
            "-5m",
            "5 m",
            "5m ",
            "1.5h",
            "5M",
            "٥m",
            "99999999999999999999d",
            "9999999999999999d",
        ] {
            seconds(wrong, None);
        }
    }

    #[test]
    fn a_time_is_hours_and_minutes_of_a_day() {
        for right in ["07:00", "7:00", "00:00", "23:59", "07:00:00"] {
            assert!(time(right).is_ok(), "{right}");
        }
        for wrong in [
            "24:00",
            "23:60",
            "7",
            "7:0",
            "07:00:01",
            "007:00",
            "+7:00",
            "07:00:00:00",
            "7h00",
            "",
        ] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_date_is_one_of_the_calendar() {
        for right in ["2026-12-24", "2028-02-29"] {
            assert!(date(right).is_ok(), "{right}");
        }
        for wrong in [
            "2026-02-29",
            "2026-13-01",
            "2026-1-1",
            "26-01-01",
            "2026-01-01-01",
            "2026-01-01T00:00",
        ] {
            assert!(date(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn quiet_hours_may_go_past_midnight() {
        let (from, to) = quiet("22:00-06:30").expect("two times");
        assert_eq!(
            (from, to),
            (
                jiff::civil::time(22, 0, 0, 0),
                jiff::civil::time(6, 30, 0, 0)
            )
        );
        assert!(quiet("22:00 – 06:30").is_ok());
    }

    #[test]
    fn an_offset_is_no_zone() {
        for right in ["Europe/Berlin", "europe/berlin", "UTC"] {
            assert!(timezone(right).is_ok(), "{right}");
        }
        for wrong in ["+02:00", "UTC+2", "Berlin", "../etc/passwd", ""] {
            assert!(timezone(wrong).is_err(), "{wrong}");
        }
    }
}
