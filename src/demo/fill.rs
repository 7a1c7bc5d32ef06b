//! Placeholders of the bundled files: `{{rfc2822 -3h}}`, `{{rfc3339 -26h10m}}`, `{{base}}`, `{{feed NAME}}`, `{{folder}}`.

use std::path::Path;

use jiff::SignedDuration;

use crate::model::Timestamp;

/// A bundled feed with its dates and its own address in place.
pub(super) fn feed(template: &str, base: &str, now: Timestamp) -> String {
    fill(template, |word, rest| match word {
        "base" => Some(base.to_owned()),
        "rfc2822" => moment(rest, now)
            .map(|moment| moment.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()),
        "rfc3339" => {
            moment(rest, now).map(|moment| moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        }
        _ => None,
    })
}

/// The demo's watchlist with the addresses of the feeds and its folder in place.
pub(super) fn watchlist(
    template: &str,
    folder: &Path,
    address: impl Fn(&str) -> Option<String>,
) -> String {
    // Inside a TOML string a backslash and a quotation mark have a meaning of their own.
    let folder = folder
        .display()
        .to_string()
        .replace('\\', "\\\\")
        .replace('"', "\\\"");
    fill(template, |word, rest| match word {
        "folder" => Some(folder.clone()),
        "feed" => address(rest),
        _ => None,
    })
}

/// Replaces each `{{word rest}}`; one that `value` does not know stays, so that a test finds it.
fn fill(template: &str, value: impl Fn(&str, &str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((inside, after)) = behind.split_once("}}") else {
            filled.push_str("{{");
            rest = behind;
            continue;
        };
        let (word, argument) = inside.split_once(' ').unwrap_or((inside, ""));
        match value(word, argument.trim()) {
            Some(value) => filled.push_str(&value),
            None => {
                filled.push_str("{{");
                filled.push_str(inside);
                filled.push_str("}}");
            }
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

fn moment(offset: &str, now: Timestamp) -> Option<Timestamp> {
    let (sign, span) = match offset.strip_prefix('-') {
        Some(span) => (-1, span),
        None => (1, offset.trim_start_matches('+')),
    };
    let span: SignedDuration = span.parse().ok()?;
    now.checked_add(span * sign).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::bundle::{FEEDS, WATCHLIST};

    #[test]
    fn placeholders_become_dates_and_addresses() {
        let now = "2026-11-23T06:00:00Z".parse().expect("a moment");
        assert_eq!(
            feed(
                "<d>{{rfc2822 -26h10m}}</d>{{rfc3339 -3h}} {{base}}/x",
                "http://127.0.0.1:9",
                now
            ),
            "<d>Sun, 22 Nov 2026 03:50:00 +0000</d>2026-11-23T03:00:00Z http://127.0.0.1:9/x"
        );
    }

    #[test]
    fn no_bundled_file_has_a_placeholder_that_nobody_fills() {
        let now = "2026-11-23T06:00:00Z".parse().expect("a moment");
        for bundled in FEEDS {
            for text in [Some(bundled.first), bundled.second].into_iter().flatten() {
                let filled = feed(text, "http://127.0.0.1:9", now);
                assert!(
                    !filled.contains("{{"),
                    "{}: {:?}",
                    bundled.name,
                    filled.find("{{")
                );
            }
        }
        let names: Vec<_> = FEEDS.iter().map(|bundled| bundled.name).collect();
        let filled = watchlist(WATCHLIST, Path::new("/tmp/demo"), |name| {
            names
                .contains(&name)
                .then(|| "http://127.0.0.1:9/feed".to_owned())
        });
        assert!(
            !filled.contains("{{"),
            "a feed of the watchlist is not bundled"
        );
    }
}
