//! Words of a watchlist: names, and choices among a few.

use super::Tls;
use super::keys::{in_words, nearest};
use super::notes::Wrong;
use crate::digest::WhenEmpty;
use crate::text::unseen;

/// Longer names fit no line of a digest.
const LONGEST_NAME: usize = 200;

/// One line that people read: a name, a tag.
pub(super) fn line(text: &str) -> Result<String, Wrong> {
    if text.chars().any(char::is_control) {
        return Err(Wrong::new("a name is one line, without tabs"));
    }
    if let Some(sign) = text.chars().find(|c| unseen::encloses(*c)) {
        let sign = u32::from(sign);
        let message = format!("a sign that nobody sees turns this text around: U+{sign:04X}");
        return Err(Wrong::new(message).hint("delete it"));
    }
    if text.chars().count() > LONGEST_NAME {
        let message = format!("a name has at most {LONGEST_NAME} characters");
        return Err(Wrong::new(message));
    }
    if text == "*" {
        return Err(Wrong::new("`*` stands for all and cannot be a name"));
    }
    Ok(text.trim().to_owned())
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
