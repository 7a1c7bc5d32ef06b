//! The keys that a watchlist may have, and what an unknown one was probably meant to be.

use std::ops::Range;

use super::report::Finding;

/// A kind of table and its keys.
#[derive(Debug)]
pub(super) struct Section {
    /// As its header is written.
    pub(super) title: &'static str,
    pub(super) keys: &'static [&'static str],
}

pub(super) static ROOT: Section = Section {
    title: "the watchlist",
    keys: &["store", "mail", "poll", "digest", "feed", "lists", "topic"],
};

pub(super) static STORE: Section = Section {
    title: "[store]",
    keys: &["path", "keep"],
};

pub(super) static MAIL: Section = Section {
    title: "[mail]",
    keys: &["from", "to", "operator", "folder", "smtp"],
};

pub(super) static SMTP: Section = Section {
    title: "[mail.smtp]",
    keys: &[
        "host",
        "port",
        "tls",
        "username",
        "password_file",
        "password_env",
        "ca_file",
        "timeout",
    ],
};

pub(super) static POLL: Section = Section {
    title: "[poll]",
    keys: &["fastest", "slowest", "allow_private", "proxy"],
};

pub(super) static DIGEST: Section = Section {
    title: "[[digest]]",
    keys: &[
        "name",
        "to",
        "send",
        "days",
        "timezone",
        "quiet",
        "topics",
        "max_stories",
        "when_empty",
    ],
};

pub(super) static FEED: Section = Section {
    title: "[[feed]]",
    keys: &[
        "url",
        "name",
        "tags",
        "every",
        "backfill",
        "paused",
        "headers",
        "username",
        "password_file",
        "password_env",
    ],
};

/// The value of a header that is not written in the watchlist itself.
pub(super) static HEADER: Section = Section {
    title: "a header",
    keys: &["file"],
};

pub(super) static TOPIC: Section = Section {
    title: "[[topic]]",
    keys: &[
        "name",
        "tags",
        "any",
        "all",
        "none",
        "query",
        "fields",
        "feeds",
        "languages",
        "min_outlets",
        "min_score",
        "priority",
        "sensitive",
        "snooze",
        "group",
        "expect",
    ],
};

pub(super) static EXPECT: Section = Section {
    title: "[[topic.expect]]",
    keys: &["match", "reject"],
};

/// The item of an `expect` that is more than a title.
pub(super) static EXPECTED_ITEM: Section = Section {
    title: "the item of an `expect`",
    keys: &["title", "summary", "content", "lang", "feed"],
};

/// A table whose keys are the user's own.
pub(super) static FREE: Section = Section {
    title: "",
    keys: &[],
};

/// Every section with keys of its own, in file order.
pub(super) static SECTIONS: [&Section; 10] = [
    &STORE,
    &MAIL,
    &SMTP,
    &POLL,
    &DIGEST,
    &FEED,
    &HEADER,
    &TOPIC,
    &EXPECT,
    &EXPECTED_ITEM,
];

/// Whether a key is what people call a password, however they spell it.
fn is_a_password(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key == "pwd" || key.starts_with("pas") && !key.contains('_')
}

/// Words of other tools for what we have under another name.
const SYNONYMS: &[(&str, &str)] = &[
    ("link", "url"),
    ("href", "url"),
    ("address", "url"),
    ("xmlUrl", "url"),
    ("title", "name"),
    ("label", "name"),
    ("interval", "every"),
    ("refresh", "every"),
    ("category", "tags"),
    ("categories", "tags"),
    ("tag", "tags"),
    ("disabled", "paused"),
    ("user", "username"),
    ("login", "username"),
    ("server", "host"),
    ("hostname", "host"),
    ("security", "tls"),
    ("ssl", "tls"),
    ("encryption", "tls"),
    ("sender", "from"),
    ("recipient", "to"),
    ("recipients", "to"),
    ("email", "to"),
    ("emails", "to"),
    ("admin", "operator"),
    ("retention", "keep"),
    ("database", "path"),
    ("file", "path"),
    ("directory", "folder"),
    ("dir", "folder"),
    ("schedule", "send"),
    ("time", "send"),
    ("times", "send"),
    ("at", "send"),
    ("tz", "timezone"),
    ("time_zone", "timezone"),
    ("limit", "max_stories"),
    ("keywords", "any"),
    ("terms", "any"),
    ("include", "any"),
    ("match", "any"),
    ("not", "none"),
    ("exclude", "none"),
    ("ignore", "none"),
    ("expression", "query"),
    ("lang", "languages"),
    ("language", "languages"),
    ("sources", "feeds"),
    ("mute", "snooze"),
    ("matches", "match"),
    ("rejects", "reject"),
    ("text", "content"),
    ("language", "lang"),
    ("minimum", "fastest"),
    ("maximum", "slowest"),
];

impl Section {
    /// The finding for a key that this section does not have, and the key that was probably meant.
    pub(super) fn unknown(&self, key: &str, span: Range<usize>) -> (Finding, Option<&'static str>) {
        let finding = Finding::problem(span, format!("unknown key `{key}` in {}", self.title));
        if std::ptr::eq(self, &ROOT) && (self.meant(key).is_some() || self.home(key).is_none()) {
            return self.unknown_section(key, finding);
        }
        let means_paused = self.meant(key) == Some("paused");
        if is_a_password(key) && !means_paused && self.keys.contains(&"password_file") {
            let hint = "a password never stands in this file: name a file in `password_file`, or a variable in `password_env`";
            return (finding.hint(hint), Some("password_file"));
        }
        if std::ptr::eq(self, &ROOT) && key == "expect" {
            let hint = "a test stands below its topic: write [[topic.expect]] there";
            return (finding.hint(hint), None);
        }
        if std::ptr::eq(self, &EXPECT) && EXPECTED_ITEM.keys.contains(&key) {
            let hint = format!("write it into the item: `match = {{ {key} = \"…\" }}`");
            return (finding.hint(hint), Some("match"));
        }
        if let Some(meant) = self.meant(key) {
            return (
                finding.hint(format!("did you mean `{meant}`?")),
                Some(meant),
            );
        }
        if let Some(home) = self.home(key) {
            let inside = self.title.starts_with(home.title.trim_end_matches(']'));
            let hint = if inside {
                format!(
                    "`{key}` is a key of {}: it must stand above the first {}",
                    home.title, self.title
                )
            } else if home.title.starts_with("[[") {
                format!(
                    "`{key}` belongs to a {}: is that line missing above?",
                    home.title
                )
            } else {
                format!(
                    "`{key}` is a key of {}: it must stand below that line and above the next one in brackets",
                    home.title
                )
            };
            return (finding.hint(hint), None);
        }
        (
            finding.hint(format!("{} has {}", self.title, in_words(self.keys))),
            None,
        )
    }

    fn unknown_section(&self, key: &str, finding: Finding) -> (Finding, Option<&'static str>) {
        let finding = Finding {
            message: format!("there is no section `{key}`"),
            ..finding
        };
        let Some(meant) = self.meant(key) else {
            return (
                finding.hint(format!("there are {}", in_words(self.keys))),
                None,
            );
        };
        let named = |section: &&&Section| section.title.trim_matches(['[', ']']) == meant;
        let title = SECTIONS
            .iter()
            .find(named)
            .map_or("[lists]", |section| section.title);
        (finding.hint(format!("did you mean {title}?")), Some(meant))
    }

    fn meant(&self, key: &str) -> Option<&'static str> {
        nearest(key, self.keys.iter().copied()).or_else(|| {
            let mut ours = SYNONYMS
                .iter()
                .filter(|(_, meant)| self.keys.contains(meant));
            let word = nearest(key, ours.clone().map(|(word, _)| *word))?;
            ours.find(|(synonym, _)| *synonym == word)
                .map(|(_, meant)| *meant)
        })
    }

    /// The other section that has this key. A key below the wrong header is the commonest mistake in TOML.
    fn home(&self, key: &str) -> Option<&'static Section> {
        let has = |section: &&&'static Section| {
            section.keys.contains(&key) && !std::ptr::eq(**section, self)
        };
        // What stands below an `expect` belongs to its topic.
        let near = [&TOPIC, &MAIL];
        let near = near.iter().filter(|section| {
            self.title
                .trim_start_matches('[')
                .starts_with(section.title.trim_matches(['[', ']']))
        });
        near.chain(SECTIONS.iter()).find(has).copied()
    }
}

/// The candidate that `word` is probably a misspelling of.
pub(super) fn nearest<'c>(
    word: &str,
    candidates: impl Iterator<Item = &'c str>,
) -> Option<&'c str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let word = plain(word);
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&word, &plain(candidate)),
                candidate,
            )
        })
        .filter(|(distance, candidate)| {
            *distance <= allowed && *distance < candidate.chars().count()
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `a`, `b` and `c`.
pub(super) fn in_words(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
