//! What the terminal can show: errors with their remedy, colour, highlights.

use std::io::{self, IsTerminal, Write};

use super::{Hinted, log};
use crate::config::report::Colour;
use crate::store::StoreError;
use crate::text::unseen;

/// Prints an error for a person: what happened, the causes behind it, and the remedy apart.
pub(super) fn print_error(error: &anyhow::Error) {
    let mut text = format!("error: {error}");
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Some errors repeat their source in their own words.
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    if let Some(hint) = hint_of(error) {
        text.push_str("\n\nhint: ");
        text.push_str(&hint);
    }
    // Nobody is left to tell if standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{}", log::error_lines(&text));
}

fn hint_of(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        let ours = cause
            .downcast_ref::<Hinted>()
            .map(|hinted| hinted.hint.clone());
        ours.or_else(|| {
            cause
                .downcast_ref::<StoreError>()
                .and_then(StoreError::hint)
                .map(str::to_owned)
        })
    })
}

/// Whether standard output may be coloured.
pub(super) fn colours() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// How many columns the terminal of standard output has; `None`: it is no terminal.
pub(super) fn width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Whether standard error may be coloured.
fn colours_on_stderr() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// How reports on standard error look.
pub(super) fn report_colour() -> Colour {
    if colours_on_stderr() {
        Colour::Ansi
    } else {
        Colour::Plain
    }
}

/// Marks the ranges (bytes, ascending, not overlapping) of a text: bold on a terminal, `*so*` elsewhere.
pub(super) fn highlight(text: &str, ranges: &[(usize, usize)], colours: bool) -> String {
    let (on, off) = if colours {
        ("\u{1b}[1m", "\u{1b}[0m")
    } else {
        ("*", "*")
    };
    let mut marked = String::with_capacity(text.len() + ranges.len() * 8);
    let mut from = 0;
    for &(start, end) in ranges {
        let (Some(before), Some(hit)) = (text.get(from..start), text.get(start..end)) else {
            continue;
        };
        marked.push_str(&plain(before));
        marked.push_str(on);
        marked.push_str(&plain(hit));
        marked.push_str(off);
        from = end;
    }
    marked.push_str(&plain(text.get(from..).unwrap_or_default()));
    marked
}

/// Text from outside without what would steer a terminal: control characters, and marks that turn the direction of text.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !unseen::turns(*c))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Bytes in the unit that leaves the fewest digits: `44.1 MB`.
pub(super) fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    match bytes {
        ..1e6 => format!("{:.0} kB", bytes / 1e3),
        ..1e9 => format!("{:.1} MB", bytes / 1e6),
        _ => format!("{:.1} GB", bytes / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_marked_where_they_stand() {
        assert_eq!(
            highlight("Troops enter Mosul today", &[(13, 18)], false),
            "Troops enter *Mosul* today"
        );
    }

    #[test]
    fn a_range_that_cuts_a_letter_is_left_out() {
        assert_eq!(highlight("ä b", &[(1, 2)], false), "ä b");
    }
}
