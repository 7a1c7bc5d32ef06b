//! The names a digest's messages go by.

use jiff::Timestamp;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

const LONGEST_SLUG: usize = 40;

/// The ASCII form of a digest's name for its headers: small letters and digits, hyphens between words. `None` where
/// the name has no ASCII letter (the shell then numbers it: `digest-3`).
pub fn slug(name: &str) -> Option<String> {
    let mut slug = String::new();
    for letter in name.nfkd().filter(|letter| !is_combining_mark(*letter)) {
        if slug.len() == LONGEST_SLUG {
            break;
        }
        match letter {
            _ if letter.is_ascii_alphanumeric() => slug.push(letter.to_ascii_lowercase()),
            '\'' | '’' => {}
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    let slug = slug.trim_end_matches('-');
    slug.contains(|letter: char| letter.is_ascii_alphabetic())
        .then(|| slug.to_owned())
}

/// The Message-ID `<digest.SLUG.WINDOW.SEQ.RAND@DOMAIN>`. `window` is when the digest fell due, `sequence` counts the
/// messages of that window, `random` keeps two databases apart. A domain that cannot stand there becomes `localhost`.
pub fn message_id(
    slug: &str,
    window: Timestamp,
    sequence: u32,
    random: u32,
    domain: &str,
) -> String {
    let window = window.strftime("%Y%m%dT%H%MZ");
    format!(
        "<digest.{slug}.{window}.{sequence}.{random:08x}@{}>",
        host(domain)
    )
}

/// The List-Id of a digest, without its name: `SLUG.wirewatch.HOST`.
pub fn list_id(slug: &str, host_name: &str) -> String {
    format!("{slug}.wirewatch.{}", host(host_name))
}

fn host(domain: &str) -> String {
    let ascii = idna::domain_to_ascii(domain.trim_end_matches('.')).unwrap_or_default();
    let sound = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '.';
    if ascii.is_empty() || !ascii.chars().all(sound) {
        "localhost".to_owned()
    } else {
        ascii
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_slug(name: &str, expected: Option<&str>) {
        assert_eq!(slug(name).as_deref(), expected);
    }

    #[test]
    fn a_slug_is_the_ascii_of_a_name() {
        check_slug("Morning digest", Some("morning-digest"));
        check_slug("  Frühe  Nachrichten! ", Some("fruhe-nachrichten"));
        check_slug("Anna's alerts", Some("annas-alerts"));
        check_slug("日報 A", Some("a"));
        check_slug("日報 2", None);
        check_slug("الصباح", None);
        assert_eq!(
            slug(&"long name ".repeat(20)).map(|slug| slug.len() <= 40),
            Some(true)
        );
    }

    #[test]
    fn a_message_id_says_which_digest_and_when() {
        let window = "2026-11-23T06:00:00Z".parse().expect("a timestamp");
        assert_eq!(
            message_id("morning", window, 1, 0x7f3a9c, "atlas.home.example"),
            "<digest.morning.20261123T0600Z.1.007f3a9c@atlas.home.example>"
        );
        assert_eq!(
            message_id("a", window, 2, 0, "bücher.example"),
            "<digest.a.20261123T0600Z.2.00000000@xn--bcher-kva.example>"
        );
        assert_eq!(
            message_id("a", window, 2, 0, "x>\r\nBcc: y"),
            "<digest.a.20261123T0600Z.2.00000000@localhost>"
        );
    }
}
