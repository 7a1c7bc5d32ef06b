//! Dates as feeds write them.
//!
//! RFC 822 and its heirs, RFC 3339, the parts of W3CDTF, ISO 8601 with weeks and days of the year, seconds since 1970, and what
//! people make up: named months in some twenty languages, AM and PM, zones by name, either order of day and month. One reader for
//! all of them: it cuts the text into numbers, words and signs, takes out the time and the zone, and asks what date is left.
//! A date without a zone is UTC, as every other reader has it.

use std::borrow::Cow;

use jiff::civil::{Date, ISOWeekDate, Time, Weekday};
use jiff::fmt::rfc2822;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};

mod names;

/// The instant that a feed's date means; `None` if it is not a date, or no day of the calendar.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    // Longer ones are articles in the wrong element, not dates.
    if text.len() < 4 || text.len() > 120 {
        return None;
    }
    if let Some(instant) = by_the_letter(text) {
        return Some(instant);
    }
    if let Some(instant) = epoch(text) {
        return instant;
    }
    let mut tokens = tokens(&without_comments(text));
    let clock = take_clock(&mut tokens);
    let zone = take_zone(
        &mut tokens,
        clock.as_ref().map_or(usize::MAX, |clock| clock.end),
    );
    let date = date(&tokens)?;
    let clock = clock.unwrap_or_default();
    let date = if clock.hour == 24 {
        date.tomorrow().ok()?
    } else {
        date
    };
    // A leap second is shown as the second before it.
    let time = Time::new(
        clock.hour % 24,
        clock.minute,
        clock.second.min(59),
        clock.nanosecond,
    )
    .ok()?;
    let zone = match zone {
        Some(minutes) => Offset::from_seconds(minutes * 60).ok()?.to_time_zone(),
        // Only Korea writes its dates in Hangul.
        None if text.contains(|letter| matches!(letter, '가'..='힣')) => {
            Offset::constant(9).to_time_zone()
        }
        None => named_zone(text).unwrap_or(TimeZone::UTC),
    };
    zone.to_timestamp(date.to_datetime(time)).ok()
}

/// The two formats of the standards in their strict form, which nearly every date has, by jiff, which reads them fastest.
fn by_the_letter(text: &str) -> Option<Timestamp> {
    static RFC_2822: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    if text.as_bytes().get(4) == Some(&b'-') {
        return text.parse().ok();
    }
    // Zones by other names it takes for UTC.
    let sign = text
        .len()
        .checked_sub(5)
        .and_then(|at| text.as_bytes().get(at));
    let has_clear_zone = matches!(sign, Some(b'+' | b'-')) || text.ends_with(" GMT");
    if !has_clear_zone {
        return None;
    }
    RFC_2822.parse_timestamp(text).ok()
}

/// Seconds or milliseconds since 1970; `Some(None)` is such a number without meaning.
fn epoch(text: &str) -> Option<Option<Timestamp>> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) || !matches!(text.len(), 9 | 10 | 13) {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    Some(match text.len() {
        13 => Timestamp::from_millisecond(number).ok(),
        _ => Timestamp::from_second(number).ok(),
    })
}

/// Comments in parentheses (RFC 822 section 3.4.3) say nothing; they may be nested.
fn without_comments(text: &str) -> Cow<'_, str> {
    if !text.contains('(') {
        return Cow::Borrowed(text);
    }
    let (mut kept, mut depth) = (String::with_capacity(text.len()), 0_u32);
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '(' => {
                depth += 1;
                kept.push(' ');
            }
            ')' => depth = depth.saturating_sub(1),
            '\\' if depth > 0 => {
                characters.next();
            }
            other if depth == 0 => kept.push(other),
            _ => {}
        }
    }
    Cow::Owned(kept)
}

/// `Europe/Berlin`, from the bundled database so that no disk is asked.
fn named_zone(text: &str) -> Option<TimeZone> {
    let name = text.split([' ', '[', ']', '(', ')']).find(|word| {
        word.contains('/') && word.starts_with(|first: char| first.is_ascii_uppercase())
    })?;
    TimeZoneDatabase::bundled().get(name).ok()
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// A number and how many digits it was written with.
    Number(u64, usize),
    /// A folded word.
    Word(String),
    Sign(char),
    Blank,
    /// Taken out by an earlier step.
    Gone,
}

use Token::{Blank, Gone, Number, Sign, Word};

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(16);
    let mut rest = text.chars().peekable();
    while let Some(first) = rest.next() {
        if let Some(first) = digit(first) {
            let (mut value, mut digits) = (first, 1);
            while let Some(next) = rest.peek().copied().and_then(digit) {
                value = value.saturating_mul(10).saturating_add(next);
                digits += 1;
                rest.next();
            }
            tokens.push(Number(value, digits));
        } else if first.is_alphabetic() {
            let mut word = String::from(first);
            while let Some(&next) = rest.peek()
                && (next.is_alphabetic() || unicode_normalization::char::is_combining_mark(next))
            {
                word.push(next);
                rest.next();
            }
            tokens.push(Word(names::fold(&word)));
        } else if first.is_whitespace() {
            if tokens.last() != Some(&Blank) {
                tokens.push(Blank);
            }
        } else {
            tokens.push(Sign(match first {
                '\u{2212}' | '\u{2013}' | '\u{2010}' => '-',
                '\u{FF1A}' => ':',
                other => other,
            }));
        }
    }
    tokens
}

/// ASCII, Arabic, Persian, Devanagari and full-width digits.
fn digit(character: char) -> Option<u64> {
    let zero = match character {
        '0'..='9' => '0',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6F0}'..='\u{6F9}' => '\u{6F0}',
        '\u{966}'..='\u{96F}' => '\u{966}',
        '\u{FF10}'..='\u{FF19}' => '\u{FF10}',
        _ => return None,
    };
    Some(u64::from(u32::from(character) - u32::from(zero)))
}

#[derive(Default)]
struct Clock {
    hour: i8,
    minute: i8,
    second: i8,
    nanosecond: i32,
    /// The first token behind it.
    end: usize,
}

/// Takes `18:30`, `18:30:02.25`, `T18`, `T183002`, `14h30` or `오후 11시 23분` out of the tokens, with AM and PM.
fn take_clock(tokens: &mut [Token]) -> Option<Clock> {
    let start = clock_start(tokens)?;
    let mut clock = Clock::default();
    let mut at = start;
    let Number(first, digits) = tokens[at] else {
        return None;
    };
    at += 1;
    let (hour, mut minute, mut second) = match digits {
        1 | 2 => (first, 0, 0),
        3 | 4 => (first / 100, first % 100, 0),
        5 | 6 => (first / 10_000, first / 100 % 100, first % 100),
        _ => return None,
    };
    if digits <= 2 {
        if let Some(next) = part(tokens, at) {
            (minute, at) = next;
        }
        if let Some(next) = part(tokens, at) {
            (second, at) = next;
        }
    }
    if let (Some(Sign('.' | ',')), Some(&Number(fraction, digits))) =
        (tokens.get(at), tokens.get(at + 1))
    {
        clock.nanosecond = nanoseconds(fraction, digits);
        at += 2;
    }
    // `분`, `秒` and the like behind the last number.
    if matches!(tokens.get(at), Some(Word(word)) if is_clock_unit(word)) {
        at += 1;
    }
    clock.hour = i8::try_from(hour).ok()?;
    clock.minute = i8::try_from(minute).ok()?;
    clock.second = i8::try_from(second).ok()?;
    for token in tokens.iter_mut().take(at).skip(start) {
        *token = Gone;
    }
    clock.end = at;
    match take_half(tokens, start, at) {
        Some(Half::Morning) if clock.hour == 12 => clock.hour = 0,
        Some(Half::Afternoon) if clock.hour < 12 => clock.hour += 12,
        _ => {}
    }
    Some(clock)
}

/// Where the number of the hour stands.
fn clock_start(tokens: &[Token]) -> Option<usize> {
    let is_number = |at: usize| matches!(tokens.get(at), Some(Number(_, 1..=2)));
    let colon = (0..tokens.len()).find(|&at| is_number(at) && part(tokens, at + 1).is_some());
    colon
        .or_else(|| {
            // `T18`, `T1830`: only behind a date, else it is the day of a weekday that is cut to one letter.
            (2..tokens.len()).find(|&at| {
                matches!(&tokens[at - 1], Word(word) if word == "t")
                    && matches!(tokens[at - 2], Number(..))
                    && matches!(tokens[at], Number(_, 1 | 2 | 4 | 6))
            })
        })
        .or_else(|| {
            // `20040523 183002`.
            (2..tokens.len()).find(|&at| {
                matches!(
                    (&tokens[at - 2], &tokens[at - 1], &tokens[at]),
                    (Number(_, 8), Blank, Number(_, 4 | 6))
                )
            })
        })
}

/// The next part of a time at `at`: a colon or a unit, then one or two digits.
fn part(tokens: &[Token], at: usize) -> Option<(u64, usize)> {
    let mut next = match tokens.get(at)? {
        Sign(':') => at + 1,
        Word(word) if is_clock_unit(word) => at + 1,
        _ => return None,
    };
    while matches!(tokens.get(next), Some(Blank)) {
        next += 1;
    }
    match tokens.get(next) {
        Some(&Number(value, 1 | 2)) => Some((value, next + 1)),
        _ => None,
    }
}

fn is_clock_unit(word: &str) -> bool {
    matches!(word, "h" | "時" | "时" | "시" | "分" | "분" | "秒" | "초")
        // Hangul is taken apart by the folding.
        || matches!(word, "\u{1109}\u{1175}" | "\u{1107}\u{116E}\u{11AB}" | "\u{110E}\u{1169}")
}

fn nanoseconds(fraction: u64, digits: usize) -> i32 {
    let scaled = match digits {
        1..=9 => fraction * 10u64.pow(9 - u32::try_from(digits).unwrap_or(9)),
        _ => 0,
    };
    i32::try_from(scaled).unwrap_or(0)
}

enum Half {
    Morning,
    Afternoon,
}

/// AM or PM, behind the time or, in East Asia, before it.
fn take_half(tokens: &mut [Token], start: usize, end: usize) -> Option<Half> {
    let behind = (end..tokens.len()).find(|&at| tokens[at] != Blank);
    let before = (0..start).rev().find(|&at| tokens[at] != Blank);
    for at in [behind, before].into_iter().flatten() {
        let Word(word) = &tokens[at] else {
            continue;
        };
        let dotted = matches!((tokens.get(at + 1), tokens.get(at + 2)), (Some(Sign('.')), Some(Word(m))) if m == "m");
        let half = match (word.as_str(), dotted) {
            ("a", true) => Half::Morning,
            ("p", true) => Half::Afternoon,
            (word, _) if MORNING.iter().any(|name| names::fold(name) == word) => Half::Morning,
            (word, _) if AFTERNOON.iter().any(|name| names::fold(name) == word) => Half::Afternoon,
            _ => continue,
        };
        let last = if dotted { at + 2 } else { at };
        for token in tokens.iter_mut().take(last + 1).skip(at) {
            *token = Gone;
        }
        return Some(half);
    }
    None
}

const MORNING: [&str; 5] = ["am", "오전", "上午", "午前", "πμ"];
const AFTERNOON: [&str; 5] = ["pm", "오후", "下午", "午後", "μμ"];

/// Takes the zone out of the tokens: minutes east of Greenwich.
fn take_zone(tokens: &mut [Token], after: usize) -> Option<i32> {
    let mut named = None;
    let mut at = after;
    while at < tokens.len() {
        match &tokens[at] {
            Sign(sign @ ('+' | '-')) => {
                if let Some((minutes, end)) = offset(tokens, at + 1) {
                    let minutes = if *sign == '-' { -minutes } else { minutes };
                    for token in tokens.iter_mut().take(end).skip(at) {
                        *token = Gone;
                    }
                    return Some(minutes);
                }
            }
            // The first one counts: `Mon, 4 Jan 2016 16:29 PST (GMT minus eight)`.
            Word(word) if named.is_none() => {
                if let Some(minutes) = names::zone(word) {
                    named = Some(minutes);
                    tokens[at] = Gone;
                }
            }
            _ => {}
        }
        at += 1;
    }
    named
}

/// `0200`, `02:00`, `2`: minutes, and the first token behind them.
fn offset(tokens: &[Token], at: usize) -> Option<(i32, usize)> {
    let &Number(value, digits) = tokens.get(at)? else {
        return None;
    };
    let value = i32::try_from(value).ok()?;
    let (minutes, end) = match (digits, tokens.get(at + 1), tokens.get(at + 2)) {
        (1 | 2, Some(Sign(':')), Some(&Number(minutes, 2))) => {
            (value * 60 + i32::try_from(minutes).ok()?, at + 3)
        }
        (1 | 2, ..) => (value * 60, at + 1),
        (3 | 4, ..) => (value / 100 * 60 + value % 100, at + 1),
        _ => return None,
    };
    // No place on earth is further from Greenwich; such a number is a mistake, and the time most likely UTC.
    Some((if minutes > 14 * 60 { 0 } else { minutes }, end))
}

/// The date that is left when time and zone are gone.
fn date(tokens: &[Token]) -> Option<Date> {
    let numbers: Vec<(usize, u64, usize)> = tokens
        .iter()
        .enumerate()
        .filter_map(|(at, token)| match token {
            Number(value, digits) => Some((at, *value, *digits)),
            _ => None,
        })
        .collect();
    // A weekday may look like a month (`mar. 5 janv.`), so the last one counts.
    let month = tokens.iter().rev().find_map(|token| match token {
        Word(word) => names::month(word),
        _ => None,
    });
    match month {
        Some(month) => with_month(&numbers, month),
        None => in_numbers(tokens, &numbers),
    }
}

/// Day and year in either order round a named month.
fn with_month(numbers: &[(usize, u64, usize)], month: i8) -> Option<Date> {
    let (year, day) = match *numbers {
        [(_, year, 4..)] => (year, 1),
        [(_, year, 4..), (_, day, _), ..] => (year, day),
        [(_, day, 1 | 2), (_, year, digits), ..] if day <= 31 => (full_year(year, digits), day),
        [(_, year, digits), (_, day, _), ..] => (full_year(year, digits), day),
        _ => return None,
    };
    civil(year, month, day)
}

/// A date of numbers only.
fn in_numbers(tokens: &[Token], numbers: &[(usize, u64, usize)]) -> Option<Date> {
    match *numbers {
        [(_, day, 8), ..] => civil(day / 10_000, i8::try_from(day / 100 % 100).ok()?, day % 100),
        [(_, day, 7), ..] => of_year(day / 1000, day % 1000),
        [(_, year, 4), (at, week, 2), (_, weekday, 1)] if is_week(tokens, at) => {
            of_week(year, week, weekday)
        }
        [(_, year, 4), (at, week, 2)] if is_week(tokens, at) => of_week(year, week, 1),
        [(_, year, 4), (_, month, 1 | 2), (_, day, _), ..] => {
            civil(year, i8::try_from(month).ok()?, day)
        }
        [(_, year, 4), (_, day, 3)] => of_year(year, day),
        [(_, year, 4), (_, month, _)] => civil(year, i8::try_from(month).ok()?, 1),
        [(_, year, 4)] => civil(year, 1, 1),
        [
            (at, first, 1 | 2),
            (_, second, 1 | 2),
            (_, third, digits),
            ..,
        ] => {
            let separator = tokens.get(at + 1);
            let (year, month, day) = match separator {
                // ISO 8601 once allowed two digits for the year.
                Some(Sign('-')) if digits == 2 && second <= 12 && third <= 31 => {
                    (full_year(first, 2), second, third)
                }
                Some(Sign('/')) if first <= 12 => (full_year(third, digits), first, second),
                _ if second > 12 => (full_year(third, digits), first, second),
                _ => (full_year(third, digits), second, first),
            };
            civil(year, i8::try_from(month).ok()?, day)
        }
        _ => None,
    }
}

fn is_week(tokens: &[Token], at: usize) -> bool {
    at > 0 && matches!(&tokens[at - 1], Word(word) if word == "w")
}

fn of_week(year: u64, week: u64, weekday: u64) -> Option<Date> {
    let weekday = Weekday::from_monday_one_offset(i8::try_from(weekday).ok()?).ok()?;
    let week =
        ISOWeekDate::new(i16::try_from(year).ok()?, i8::try_from(week).ok()?, weekday).ok()?;
    Some(week.date())
}

fn of_year(year: u64, day: u64) -> Option<Date> {
    let first = civil(year, 1, 1)?;
    let date = first
        .checked_add((i64::try_from(day).ok()? - 1).days())
        .ok()?;
    (date.year() == first.year()).then_some(date)
}

/// Two digits are of this century until 49, and three count from 1900 (RFC 2822 section 4.3).
fn full_year(year: u64, digits: usize) -> u64 {
    match digits {
        1 | 2 if year < 50 => 2000 + year,
        1..=3 => 1900 + year,
        _ => year,
    }
}

fn civil(year: u64, month: i8, day: u64) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, month, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let got = parse(text).map_or("none".to_owned(), |instant| instant.to_string());
        assert_eq!(got, expect, "{text}");
    }

    #[test]
    fn rfc_822_is_read_with_its_zones_and_their_misspellings() {
        check("Thu, 01 Jan 2004 19:48:21 GMT", "2004-01-01T19:48:21Z");
        check("Thu, 1 Jan 04 19:48 EST", "2004-01-02T00:48:00Z");
        check(
            "Wednesday, 19 August 2009 18:48:00 +0530",
            "2009-08-19T13:18:00Z",
        );
        check("Mon, 07 Jan 2019 18:12:17 GMT+0100", "2019-01-07T17:12:17Z");
        check("Mon, 07 Jan 2019 18:12:17 MESZ", "2019-01-07T16:12:17Z");
        check("Mon, 07 Jan 2019 18:12:17 +02:00", "2019-01-07T16:12:17Z");
        check("Mon, 07 Jan 2019 18:12:17 -0000", "2019-01-07T18:12:17Z");
        check("Mon, 07 Jan 2019 18:12:17 Z", "2019-01-07T18:12:17Z");
        check(
            "09 (nested (Mar) \\) 2005) Feb 2006()18:12 GMT",
            "2006-02-09T18:12:00Z",
        );
        check("Mon, 07 Jan 2019 18:12:17", "2019-01-07T18:12:17Z");
        check("Mon, 07 Jan 2019 24:00:00 GMT", "2019-01-08T00:00:00Z");
        check("Sat, 31 Dec 2016 23:59:60 GMT", "2016-12-31T23:59:59Z");
        check("Mon, 07 Jan 2019", "2019-01-07T00:00:00Z");
        check(
            "Mon, 07 Jan 2019 18:12:17 Europe/Berlin",
            "2019-01-07T17:12:17Z",
        );
        check(
            "Mon, 07 Jan 2019 18:12:17 +0100 (CET)",
            "2019-01-07T17:12:17Z",
        );
    }

    #[test]
    fn iso_8601_is_read_whole_and_in_parts() {
        check("2003-12-31T10:14:55Z", "2003-12-31T10:14:55Z");
        check("2003-12-31T10:14:55.25-08:00", "2003-12-31T18:14:55.25Z");
        check("2003-12-31 10:14:55", "2003-12-31T10:14:55Z");
        check("2003-12-31T10:14Z", "2003-12-31T10:14:00Z");
        check("2003-12-31T18Z", "2003-12-31T18:00:00Z");
        check("20031231T101455Z", "2003-12-31T10:14:55Z");
        check("20031231101455", "none");
        check("2003-12", "2003-12-01T00:00:00Z");
        check("2003", "2003-01-01T00:00:00Z");
        check("2003-335", "2003-12-01T00:00:00Z");
        check("2003-W52-3", "2003-12-24T00:00:00Z");
        check("1073045901", "2004-01-02T12:18:21Z");
    }

    #[test]
    fn am_and_pm_and_american_order_are_read() {
        check(
            "Monday, January 07, 2019 09:19:19 AM PDT",
            "2019-01-07T16:19:19Z",
        );
        check("1/7/2019 12:05 AM", "2019-01-07T00:05:00Z");
        check("7 Jan 2019 9:05 p.m. EST", "2019-01-08T02:05:00Z");
        check("25/12/2019 14:00", "2019-12-25T14:00:00Z");
        check("25.12.2019 14:00", "2019-12-25T14:00:00Z");
        check("Sun Jan  4 16:29:06 PST 2004", "2004-01-05T00:29:06Z");
    }

    #[test]
    fn months_are_read_in_many_languages() {
        check("Do, 12 März 2015 10:00:00 +0100", "2015-03-12T09:00:00Z");
        check("mar., 5 janv. 2016 10:00:00 GMT", "2016-01-05T10:00:00Z");
        check("sáb, 6 ago 2016 10:00:00 GMT", "2016-08-06T10:00:00Z");
        check("Seg, 12 Set 2016 10:00:00 -0300", "2016-09-12T13:00:00Z");
        check("mer, 12 ott 2016 10:00:00 +0200", "2016-10-12T08:00:00Z");
        check("Чт, 12 мая 2016 10:00:00 +0300", "2016-05-12T07:00:00Z");
        check("12 Şubat 2016 10:00", "2016-02-12T10:00:00Z");
        check("Κυρ, 11 Ιούλ 2004 12:00:00 EST", "2004-07-11T17:00:00Z");
        check("2004-július-13T9:15-05:00", "2004-07-13T14:15:00Z");
        check("12 października 2016", "2016-10-12T00:00:00Z");
        check("2004年5月23日 14:05", "2004-05-23T14:05:00Z");
        check("2004-05-25 오후 11:23:17", "2004-05-25T14:23:17Z");
        check("2004년 05월 28일  01:31:15", "2004-05-27T16:31:15Z");
        check("2004년 5월 28일 오전 1시 31분", "2004-05-27T16:31:00Z");
        check("١٢ مارس ٢٠١٦", "2016-03-12T00:00:00Z");
    }

    #[test]
    fn what_is_no_date_is_none() {
        check("", "none");
        check("yesterday", "none");
        check("30 February 2016 10:00:00 GMT", "none");
        check("99:99:99", "none");
    }
}
