//! Passwords and tokens that stand where none should, in a watchlist that is reported on: reports are mailed and logged.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// So short a secret is not looked for in sentences, where it would blot out words.
const LEAST: usize = 4;

/// A key that is called like a secret, up to its value; it begins a line, or stands in a list, a table or behind a dot.
static KEYS: LazyLock<Regex> = LazyLock::new(|| {
    let name =
        r"[\w-]*?(?:passw|pasw|pwd|passphrase|secret|token|api[_-]?key|credential)[\w-]*|pass";
    let header = r"authori[sz]ation|[\w-]*cookie|x-[\w-]*key";
    let pattern = format!(
        r#"(?im)(?:(?P<begins>^[ \t]*["']?)|[\[{{,.][ \t]*["']?)(?P<key>{name}|{header})["']?[ \t]*[=:][ \t]*|=[ \t]*["'](?:{header})[ \t]*:[ \t]*"#
    );
    Regex::new(&pattern).expect("a constant pattern")
});

/// What stands behind the key on a line of headers.
static HEADERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?im)^[ \t]*headers?\b(?P<rest>.*)$").expect("a constant pattern")
});

/// A header with its value, as TOML writes it or as HTTP does.
static HEADER: LazyLock<Regex> = LazyLock::new(|| {
    let name = r"(?P<name>[\w-]+)";
    let pattern = format!(
        r#"{name}(?:["']?[ \t]*[=:][ \t]*["']|[ \t]*:[ \t]*)(?P<value>[^"'{{}}\s][^"'\n]*)"#
    );
    Regex::new(&pattern).expect("a constant pattern")
});

/// The user and password of an address, also of one without a scheme.
static USERS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    let compile = |pattern| Regex::new(pattern).expect("a constant pattern");
    [
        compile(r#"://(?P<value>[^/\s"']+)@"#),
        compile(r#"(?m)(?:^|[\s"'=,\[])(?P<value>[^\s"'/:@=,]+:[^\s"'@/][^\s"']*)@"#),
    ]
});

/// Where secrets stand in lines of a watchlist, in no order; some may overlap.
fn secrets(lines: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for captures in KEYS.captures_iter(lines) {
        let start = captures.get(0).map_or(0, |all| all.end());
        let rest = lines.get(start..).unwrap_or_default();
        let key = captures.name("key").map_or("", |key| key.as_str());
        if is_named_elsewhere(key, rest) {
            continue;
        }
        let value = value(rest, captures.name("begins").is_some());
        found.push(start + value.start..start + value.end);
    }
    let rests = HEADERS.captures_iter(lines);
    for rest in rests.filter_map(|line| line.name("rest")) {
        let values = HEADER.captures_iter(rest.as_str());
        for header in values.filter(|header| !["file", "env"].contains(&&header["name"])) {
            let value = header.name("value").map(|value| value.range());
            found.extend(value.map(|value| rest.start() + value.start..rest.start() + value.end));
        }
    }
    for pattern in USERS.iter() {
        let values = pattern.captures_iter(lines);
        let values = values.filter_map(|user| user.name("value"));
        found.extend(
            values
                .filter(|value| !value.as_str().starts_with("mailto:"))
                .map(|value| value.range()),
        );
    }
    found.retain(|secret| !secret.is_empty());
    found
}

/// `password_file` and `password_env` name a place, as long as what they hold can be one.
fn is_named_elsewhere(key: &str, rest: &str) -> bool {
    if rest.starts_with('{') {
        let names = ["file", "env"];
        let table = rest.trim_start_matches(['{', ' ', '\t']);
        return names.iter().any(|name| table.starts_with(name));
    }
    let key = key.to_ascii_lowercase();
    let variable = || {
        let value = rest.get(value(rest, true)).unwrap_or_default();
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        value.chars().all(is_part) && !value.starts_with(|c: char| c.is_ascii_digit())
    };
    key.ends_with("_file") || key.ends_with("_env") && variable()
}

/// Where the value is at the start of `rest`, without its quotes; a value that is not well quoted takes the whole line,
/// or, within a table, what stands up to the next comma.
fn value(rest: &str, begins_line: bool) -> Range<usize> {
    let quotes = ["\"\"\"", "'''", "\"", "'", "“", "„", "‘", "«"];
    let line = rest.lines().next().unwrap_or_default().trim_end();
    let Some(quote) = quotes.into_iter().find(|quote| rest.starts_with(quote)) else {
        let end = line
            .find([',', '}', ']', '"', '\''])
            .filter(|_| !begins_line);
        return 0..end.unwrap_or(line.len());
    };
    let inside = rest.get(quote.len()..).unwrap_or_default();
    let closed = inside.find(quote);
    if quote.len() == 3 && quote.is_ascii() {
        return quote.len()..quote.len() + closed.unwrap_or(inside.len());
    }
    let in_line = line.get(quote.len()..).unwrap_or_default();
    let closed = closed.filter(|end| *end <= in_line.len());
    let is_well_closed = |end: &usize| {
        let behind = in_line.get(end + quote.len()..).unwrap_or_default();
        !begins_line || behind.trim_start().is_empty() || behind.trim_start().starts_with('#')
    };
    let end = closed.filter(is_well_closed).unwrap_or_else(|| {
        in_line
            .trim_end_matches(['"', '\'', '”', '“', '’', '»'])
            .len()
    });
    quote.len()..quote.len() + end
}

/// The lines with what may be a secret made unreadable, and what was: all places stay.
pub(super) fn without_secrets(lines: &str) -> (String, Vec<String>) {
    let mut hidden = lines.to_owned();
    let mut found = Vec::new();
    for secret in secrets(lines) {
        let Some(text) = lines.get(secret.clone()) else {
            continue;
        };
        found.push(text.to_owned());
        let stars = text.chars().map(|c| match c.len_utf8() {
            1 if c == '\n' => '\n',
            1 => '*',
            2 => '·',
            3 => '•',
            _ => '𝄽',
        });
        hidden.replace_range(secret, &stars.collect::<String>());
    }
    (hidden, found)
}

/// A sentence about such lines, without the secrets that they held.
pub(super) fn without(secrets: &[String], sentence: &str) -> String {
    let mut sentence = sentence.to_owned();
    for secret in secrets.iter().filter(|secret| secret.len() >= LEAST) {
        sentence = sentence.replace(secret.as_str(), "***");
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &str, expected: &str) {
        assert_eq!(without_secrets(lines).0, expected);
    }

    #[test]
    fn a_value_of_a_key_that_is_called_like_a_secret_is_hidden() {
        check(r#"password = "hunter2""#, r#"password = "*******""#);
        check("password = hunter2", "password = *******");
        check(r#"password: "hunter2""#, r#"password: "*******""#);
        check(
            r#"pasword = "hunter2" # why"#,
            r#"pasword = "*******" # why"#,
        );
        check("pass = 'hunter2", "pass = '*******");
        check(r#"password = "hunt"er2""#, r#"password = "********""#);
        check("password = “hunter2”", "password = “*******”");
        check(
            "password = \"\"\"\nhunter2\n\"\"\"",
            "password = \"\"\"\n*******\n\"\"\"",
        );
        check(
            r#"smtp = {host="h", password="hunter2", prt=3}"#,
            r#"smtp = {host="h", password="*******", prt=3}"#,
        );
    }

    #[test]
    fn the_place_of_a_secret_is_shown_unless_it_can_be_none() {
        for line in [
            r#"password_file = "smtp-password""#,
            r#"password_env = "SMTP_PASSWORD""#,
            r#"X-Token = { file = "feed-token" }"#,
            r#"headers = { Authorization = { file = "feed-token" } }"#,
            r#"any = ["passage", "secretary"]"#,
            r#"to = ["mailto:me@mail.example"]"#,
        ] {
            check(line, line);
        }
        check(
            r#"password_env = "hunter2!""#,
            r#"password_env = "********""#,
        );
        check(
            r#"password_file = { text = "hunter2" }"#,
            "password_file = ********************",
        );
    }

    #[test]
    fn headers_and_users_of_addresses_are_hidden() {
        check(r#"headers={X-Id="hunter2"}"#, r#"headers={X-Id="*******"}"#);
        check(
            r#"headers=["Authorization: Bearer hunter2"]"#,
            r#"headers=["Authorization: **************"]"#,
        );
        check(
            r#"headers="Authorization: Bearer hunter2""#,
            r#"headers="Authorization: **************""#,
        );
        check(r#"Cookie = "id=hunter2""#, r#"Cookie = "**********""#);
        check(
            r#"url="https://u:hun@ter2@a.example/x""#,
            r#"url="https://**********@a.example/x""#,
        );
        check(
            r#"proxy="u:hunter2@p.example:1""#,
            r#"proxy="*********@p.example:1""#,
        );
    }

    #[test]
    fn sentences_do_not_repeat_them() {
        let secrets = without_secrets("password = hunter2").1;
        assert_eq!(without(&secrets, "write \"hunter2\""), "write \"***\"");
    }
}
