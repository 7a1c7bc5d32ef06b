//! What a server's headers say about time, as distances from now.
//!
//! Dates in headers count from the answer's own `Date`: the server's clock may be wrong, but it is wrong twice.

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};

/// Beyond this a `Retry-After` is taken for a mistake and cut.
pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A hold that still lasts longer is of a clock that was ahead; one that was set back a little is none.
pub const LONGEST_HOLD: SignedDuration = SignedDuration::from_hours(7 * 24 + 1);

/// How long `Retry-After` (RFC 9110 section 10.2.3) asks to wait: seconds, or a date in one of the three forms.
///
/// Nothing for what is neither, and for a time that has passed: such an answer tells no time.
pub fn retry_after(value: &str, date: Timestamp) -> Option<SignedDuration> {
    let value = value.trim();
    let wait = match seconds(value) {
        Some(wait) => wait,
        None => positive(http_date(value)?.duration_since(date))?,
    };
    Some(wait.min(LONGEST_WAIT))
}

/// How long `x-ratelimit-reset` asks to wait: some servers send seconds, others the second or millisecond since 1970.
pub fn ratelimit_reset(value: &str, date: Timestamp) -> Option<SignedDuration> {
    // A wait of over 30 years is an instant.
    const EPOCH: SignedDuration = SignedDuration::from_secs(1_000_000_000);
    // And an instant of over 3,000 years is in milliseconds.
    const IN_MILLIS: i64 = 100_000_000_000;

    // Reddit sends fractions.
    let whole = value.trim().split('.').next()?;
    let seconds = match whole.parse::<i64>() {
        Ok(millis) if millis >= IN_MILLIS => SignedDuration::from_secs(millis / 1_000),
        _ => seconds(whole)?,
    };
    let wait = if seconds < EPOCH {
        seconds
    } else {
        let instant = Timestamp::UNIX_EPOCH.saturating_add(seconds);
        positive(instant.ok()?.duration_since(date))?
    };
    Some(wait.min(LONGEST_WAIT))
}

/// How long an answer stays fresh: the longest of `max-age - Age` and `Expires - Date` (RFC 9111 section 4.2).
///
/// Zero where it is stale already, where `Expires` is no date (section 5.3), and where `no-cache` or `no-store` asks to be
/// asked each time; `None` where nothing is said of it.
pub fn freshness(
    cache_control: &str,
    age: Option<&str>,
    expires: Option<&str>,
    date: Timestamp,
) -> Option<SignedDuration> {
    let mut max_age = None;
    for directive in directives(cache_control) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-cache" | "no-store" => return Some(SignedDuration::ZERO),
            "max-age" => max_age = max_age.max(seconds(value.trim().trim_matches('"'))),
            _ => {}
        }
    }
    let age = age.and_then(|age| seconds(age.trim())).unwrap_or_default();
    let by_age = max_age.map(|max_age| max_age.saturating_sub(age));
    let by_date = expires.map(|expires| {
        let expires = http_date(expires.trim());
        expires.map_or(SignedDuration::ZERO, |expires| expires.duration_since(date))
    });
    let longest = by_age.max(by_date)?;
    Some(longest.max(SignedDuration::ZERO))
}

/// The parts of a list between its commas; one inside a quoted string parts nothing (RFC 9110 section 5.6.4).
fn directives(list: &str) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    list.split(move |c: char| {
        let was_escaped = std::mem::replace(&mut is_escaped, false);
        match c {
            _ if was_escaped => {}
            '"' => is_quoted = !is_quoted,
            '\\' => is_escaped = is_quoted,
            _ => {}
        }
        c == ',' && !is_quoted
    })
}

/// A date in one of the three forms of RFC 9110 section 5.6.7, or as mail writes it, which servers also send.
pub fn http_date(value: &str) -> Option<Timestamp> {
    if let Ok(time) = httpdate::parse_http_date(value) {
        return Timestamp::try_from(time).ok();
    }
    const MAIL: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    MAIL.parse_timestamp(value).ok()
}

/// Digits only, so that neither a sign nor a fraction passes; more than fit are the most that does.
fn seconds(value: &str) -> Option<SignedDuration> {
    // 30,000 years; later sums of such durations and instants stay in range or saturate.
    const MOST: i64 = 1_000_000_000_000;

    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = value.parse::<i64>().unwrap_or(MOST).min(MOST);
    Some(SignedDuration::from_secs(seconds))
}

fn positive(duration: SignedDuration) -> Option<SignedDuration> {
    duration.is_positive().then_some(duration)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All tests stand at this instant, which is a Wednesday.
    const DATE: &str = "Wed, 25 Nov 2026 12:00:00 GMT";

    fn date() -> Timestamp {
        http_date(DATE).expect("valid date")
    }

    fn secs(seconds: i64) -> Option<SignedDuration> {
        Some(SignedDuration::from_secs(seconds))
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_in_three_forms() {
        for (value, expected) in [
            ("120", secs(120)),
            (" 120 ", secs(120)),
            ("0", secs(0)),
            ("Wed, 25 Nov 2026 13:00:00 GMT", secs(3600)),
            ("Wednesday, 25-Nov-26 13:00:00 GMT", secs(3600)),
            ("Wed Nov 25 13:00:00 2026", secs(3600)),
            ("Wed, 25 Nov 2026 15:00:00 +0200", secs(3600)),
            ("999999999999999999999", Some(LONGEST_WAIT)),
            ("Fri, 25 Nov 2033 13:00:00 GMT", Some(LONGEST_WAIT)),
        ] {
            assert_eq!(retry_after(value, date()), expected, "{value}");
        }
    }

    #[test]
    fn a_retry_after_that_tells_no_time_counts_as_absent() {
        for value in [
            "",
            "-5",
            "soon",
            "1.5",
            "Tue, 24 Nov 2026 13:00:00 GMT",
            "25 Nov",
        ] {
            assert_eq!(retry_after(value, date()), None, "{value}");
        }
    }

    #[test]
    fn ratelimit_reset_is_seconds_or_an_instant() {
        let instant = (date().as_second() + 90).to_string();
        for (value, expected) in [
            ("300", secs(300)),
            ("42.0", secs(42)),
            (instant.as_str(), secs(90)),
            (format!("{instant}250").as_str(), secs(90)),
            ("1500000000", None),
            ("-3", None),
            ("later", None),
        ] {
            assert_eq!(ratelimit_reset(value, date()), expected, "{value}");
        }
    }

    #[test]
    fn freshness_is_the_longest_that_the_headers_grant() {
        let later = Some("Wed, 25 Nov 2026 12:30:00 GMT");
        for (cache_control, age, expires, expected) in [
            ("max-age=600", None, None, secs(600)),
            ("public, Max-Age=\"600\"", None, None, secs(600)),
            ("max-age=600", Some("100"), None, secs(500)),
            ("max-age=600", Some("700"), None, secs(0)),
            ("max-age=600", Some("-7"), None, secs(600)),
            ("max-age=600", None, later, secs(1800)),
            ("", None, later, secs(1800)),
            ("max-age=3600", None, later, secs(3600)),
            ("", None, Some("0"), secs(0)),
            ("", None, Some("-1"), secs(0)),
            ("", None, Some("Thu, 01 Jan 1970 00:00:00 GMT"), secs(0)),
            ("no-cache, max-age=600", None, later, secs(0)),
            ("no-store", None, later, secs(0)),
            ("max-age=banana", None, None, None),
            (
                "private=\"x, max-age=9999\", max-age=600",
                None,
                None,
                secs(600),
            ),
            ("a=\"\\\", no-store\", max-age=600", None, None, secs(600)),
            ("private, must-revalidate", None, None, None),
            (
                "max-age=99999999999999999999",
                None,
                None,
                secs(1_000_000_000_000),
            ),
        ] {
            let found = freshness(cache_control, age, expires, date());
            assert_eq!(found, expected, "{cache_control} {age:?} {expires:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_header_says_a_wait_is_within_its_limits(
            value in "(-?[0-9.]{0,25}|[A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{2,5} [0-9:]{5,8} GMT|.{0,30})",
            second in -377_705_023_201_i64..253_402_207_200,
        ) {
            let date = Timestamp::from_second(second).expect("in range");
            for wait in [retry_after(&value, date), ratelimit_reset(&value, date)].into_iter().flatten() {
                prop_assert!(wait >= SignedDuration::ZERO && wait <= LONGEST_WAIT);
            }
            let fresh = freshness(&format!("max-age={value}"), Some(&value), Some(&value), date);
            prop_assert!(fresh.is_none_or(|fresh| !fresh.is_negative()));
        }
    }
}
