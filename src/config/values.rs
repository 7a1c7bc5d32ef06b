//! What the strings of a watchlist mean: durations, times, days, zones, addresses, networks, URLs.

use std::net::IpAddr;

use ipnet::IpNet;
use jiff::SignedDuration;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use url::{Host, Url};

use super::keys::{in_words, nearest};
use super::reader::Wrong;
use super::{Mailbox, Tls};
use crate::digest::WhenEmpty;
use crate::model::Backfill;

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

/// A bare mail address, in lower case.
pub(super) fn address(text: &str) -> Result<String, Wrong> {
    if let Some((_, address)) = text.strip_suffix('>').and_then(|text| text.split_once('<')) {
        let wrong = Wrong::new("here stands an address alone, without a name");
        return Err(wrong.hint(format!("write \"{}\"", address.trim())));
    }
    checked_address(text).map(|address| address.to_lowercase())
}

/// An address, alone or behind a name: `wirewatch <wirewatch@example.org>`.
pub(super) fn mailbox(text: &str) -> Result<Mailbox, Wrong> {
    let Some((name, address)) = text
        .strip_suffix('>')
        .and_then(|text| text.rsplit_once('<'))
    else {
        return Ok(Mailbox {
            name: None,
            address: checked_address(text)?.to_owned(),
        });
    };
    let name = name.trim().trim_matches('"').trim();
    if name.chars().any(char::is_control) {
        return Err(Wrong::new("a name in an address is one line"));
    }
    let name = (!name.is_empty()).then(|| name.to_owned());
    Ok(Mailbox {
        name,
        address: checked_address(address)?.to_owned(),
    })
}

fn checked_address(text: &str) -> Result<&str, Wrong> {
    let wrong = || {
        Wrong::new(format!("`{text}` is no mail address"))
            .hint("one address such as \"me@example.org\"")
    };
    let (local, domain) = text.rsplit_once('@').ok_or_else(wrong)?;
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\"\\@".contains(c);
    let labels = domain
        .split('.')
        .all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    if local.is_empty()
        || dots
        || text.len() > 254
        || local.contains(odd)
        || domain.contains(odd)
        || !labels
    {
        return Err(wrong());
    }
    Ok(text)
}

/// One line that people read: a name, a tag.
pub(super) fn line(text: &str) -> Result<String, Wrong> {
    if text.chars().any(char::is_control) {
        return Err(Wrong::new("a name is one line, without tabs"));
    }
    if text == "*" {
        return Err(Wrong::new("`*` stands for all and cannot be a name"));
    }
    Ok(text.trim().to_owned())
}

/// A host of a mail server: a name or an address, without a port.
pub(super) fn host(text: &str) -> Result<String, Wrong> {
    if let Some((host, port)) = text.rsplit_once(':')
        && !host.contains(':')
        && port.bytes().all(|byte| byte.is_ascii_digit())
    {
        let wrong = Wrong::new(format!("`{text}` is a host and a port"));
        return Err(wrong.hint(format!("write `host = \"{host}\"` and `port = {port}`")));
    }
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() {
        return Ok(bare.to_owned());
    }
    match Host::parse(text) {
        Ok(Host::Domain(_)) if !text.contains('/') => Ok(text.to_owned()),
        _ => {
            Err(Wrong::new(format!("`{text}` is no host"))
                .hint("a name such as \"smtp.example.org\""))
        }
    }
}

/// When TLS begins.
pub(super) fn tls(text: &str) -> Result<Tls, Wrong> {
    word(
        text,
        &[
            ("starttls", Tls::StartTls),
            ("implicit", Tls::Implicit),
            ("none", Tls::None),
        ],
    )
}

/// What an empty digest does.
pub(super) fn when_empty(text: &str) -> Result<WhenEmpty, Wrong> {
    word(
        text,
        &[("skip", WhenEmpty::Skip), ("send", WhenEmpty::Send)],
    )
}

/// Whether a topic comes first.
pub(super) fn high_priority(text: &str) -> Result<bool, Wrong> {
    word(text, &[("normal", false), ("high", true)])
}

fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, Wrong> {
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(*value);
    }
    let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let wrong = Wrong::new(format!("`{text}` is none of {}", in_words(&all)));
    Err(match nearest(text, all.iter().copied()) {
        Some(near) => wrong.hint(format!("did you mean \"{near}\"?")),
        None => wrong,
    })
}

/// A language tag: `en`, `zh-Hant`, `pt_BR`.
pub(super) fn language(text: &str) -> Result<String, Wrong> {
    let mut subtags = text.split(['-', '_']);
    let primary = subtags.next().is_some_and(|tag| {
        (2..=3).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    let others = subtags.all(|tag| {
        (1..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    if primary && others {
        return Ok(text.to_owned());
    }
    Err(Wrong::new(format!("`{text}` is no language tag"))
        .hint("two or three letters: \"en\", \"ar\", \"zh-Hant\""))
}

/// A network, `192.168.0.0/16`, or one address.
pub(super) fn network(text: &str) -> Result<IpNet, Wrong> {
    let one = text.parse::<IpAddr>().map(IpNet::from);
    one.or_else(|_| text.parse::<IpNet>())
        .map(|network| network.trunc())
        .map_err(|_| {
            Wrong::new(format!("`{text}` is no network"))
                .hint("an address and a length: \"192.168.0.0/16\", \"fd00::/8\"")
        })
}

/// A proxy, without a password in its URL.
pub(super) fn proxy(text: &str) -> Result<String, Wrong> {
    let form = "such as \"socks5h://127.0.0.1:9050\" or \"http://proxy.example.org:3128\"";
    let url = Url::parse(text).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => Wrong::new("the proxy has no scheme").hint(form),
        error => Wrong::new(format!("this is no proxy: {error}")).hint(form),
    })?;
    if !["socks5h", "socks5", "http", "https"].contains(&url.scheme())
        || url.host_str().is_none_or(str::is_empty)
    {
        return Err(Wrong::new("this is no proxy").hint(form));
    }
    if has_credentials(&url) {
        return Err(Wrong::new("a proxy with a password in its URL is refused")
            .hint("let it trust this machine's address instead"));
    }
    Ok(text.to_owned())
}

/// The address of a feed; nothing of it is changed.
pub(super) fn feed_url(text: &str) -> Result<Url, Wrong> {
    let form = "such as \"https://example.org/feed.xml\"";
    // A password in it must not be repeated where a report goes.
    let meant = |url: &str| {
        if url.contains('@') {
            form.to_owned()
        } else {
            format!("did you mean \"{url}\"?")
        }
    };
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Wrong::new("a URL has no blanks").hint("a blank inside it is written `%20`"));
    }
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            let wrong = Wrong::new("this URL has no scheme");
            return Err(wrong.hint(meant(&format!("https://{}", text.trim_start_matches('/')))));
        }
        Err(error) => return Err(Wrong::new(format!("this is no URL: {error}")).hint(form)),
    };
    match url.scheme() {
        "http" | "https" => {}
        "feed" => {
            let rest = text
                .get("feed:".len()..)
                .unwrap_or_default()
                .trim_start_matches('/');
            let full = if rest.starts_with("http") {
                rest.to_owned()
            } else {
                format!("https://{rest}")
            };
            return Err(Wrong::new("`feed:` is no scheme of the web").hint(meant(&full)));
        }
        // `localhost:8080/feed` parses, with the host as its scheme.
        scheme if !text.contains("://") => {
            let wrong = Wrong::new("this URL has no scheme").at(0..scheme.len());
            return Err(wrong.hint(meant(&format!("https://{text}"))));
        }
        scheme => {
            let wrong = Wrong::new(format!(
                "feeds are read over http and https, not `{scheme}`"
            ));
            return Err(wrong.at(0..scheme.len()).hint(form));
        }
    }
    if has_credentials(&url) {
        let (from, to) = userinfo(text);
        let wrong =
            Wrong::new("a URL with a password in it is refused: it would end up in logs and mails");
        return Err(wrong
            .at(from..to)
            .hint("name the user in `username`, and a file with the password in `password_file`"));
    }
    Ok(url)
}

/// A user name for HTTP Basic or SMTP.
pub(super) fn username(text: &str) -> Result<String, Wrong> {
    if text.chars().any(char::is_control) {
        return Err(Wrong::new("a user name is one line"));
    }
    Ok(text.to_owned())
}

/// The name of an environment variable.
pub(super) fn variable(text: &str) -> Result<String, Wrong> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.chars().all(fits) && !text.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    // The text may be the password itself, so it is not repeated.
    Err(Wrong::new("this is no name of an environment variable")
        .hint("name the variable, such as \"SMTP_PASSWORD\", not its value"))
}

/// A header's name (RFC 9110 section 5.1) that is not ours to set.
pub(super) fn header_name(text: &str) -> Result<String, Wrong> {
    const OURS: [&str; 10] = [
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "te",
        "range",
        "accept-encoding",
        "if-none-match",
        "if-modified-since",
        "proxy-authorization",
    ];
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if text.is_empty() || !text.chars().all(token) {
        return Err(Wrong::new(format!("`{text}` is no name of a header"))
            .hint("letters, digits and hyphens: User-Agent"));
    }
    if OURS.contains(&text.to_ascii_lowercase().as_str()) {
        return Err(
            Wrong::new(format!("wirewatch sets the header `{text}` itself")).hint("leave it out"),
        );
    }
    Ok(text.to_owned())
}

/// A header's value (RFC 9110 section 5.5).
pub(super) fn header_value(text: &str) -> Result<String, Wrong> {
    if text.chars().any(char::is_control) {
        return Err(Wrong::new("the value of a header is one line"));
    }
    Ok(text.trim().to_owned())
}

fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Where `user:password` stands in a URL that has it.
fn userinfo(text: &str) -> (usize, usize) {
    let from = text.find("://").map_or(0, |at| at + 3);
    let rest = text.get(from..).unwrap_or_default();
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let to = rest
        .get(..authority)
        .and_then(|authority| authority.rfind('@'))
        .map_or(text.len(), |at| from + at);
    (from, to)
}

/// A number of so many ASCII digits.
fn digits(text: &str, width: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let number = width.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    number.then(|| text.parse().ok())?
}
