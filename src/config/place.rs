//! From a byte of a string's value back to the bytes of the file that wrote it.
//!
//! A query is checked after TOML has taken the quotes and escapes away; its errors count bytes of the
//! value. The caret must stand in the file, so the string is walked once more, value and source side by side.

use std::ops::Range;

/// The bytes of `token` (a TOML string, quotes included) that wrote the character at byte `at` of its value.
/// Past the end of the value: the closing quotes. `None` if `token` is no TOML string.
pub(super) fn in_token(token: &str, at: usize) -> Option<Range<usize>> {
    let string = Quoted::split(token)?;
    let mut written = 0;
    let mut source = string.start;
    while source < string.end {
        let rest = token.get(source..string.end)?;
        let (taken, value) = if string.escapes {
            step(rest, string.lines)?
        } else {
            plain(rest)?
        };
        if written + value > at {
            // A plain character may be longer than one byte, and `at` may point into it.
            return Some(source..source + taken);
        }
        written += value;
        source += taken;
    }
    Some(string.end..token.len())
}

struct Quoted {
    /// Where the value begins in the token, and where the closing quotes do.
    start: usize,
    end: usize,
    escapes: bool,
    lines: bool,
}

impl Quoted {
    fn split(token: &str) -> Option<Quoted> {
        for (quotes, escapes, lines) in [
            ("\"\"\"", true, true),
            ("'''", false, true),
            ("\"", true, false),
            ("'", false, false),
        ] {
            let Some(inner) = token.strip_prefix(quotes) else {
                continue;
            };
            let end = token
                .len()
                .checked_sub(quotes.len())
                .filter(|end| *end >= quotes.len())?;
            let mut start = quotes.len();
            // TOML drops a line feed right behind the opening quotes.
            if lines {
                start += if inner.starts_with("\r\n") {
                    2
                } else {
                    usize::from(inner.starts_with('\n'))
                };
            }
            return Some(Quoted {
                start: start.min(end),
                end,
                escapes,
                lines,
            });
        }
        None
    }
}

/// One character as it stands: its bytes in the source and in the value.
fn plain(rest: &str) -> Option<(usize, usize)> {
    let length = rest.chars().next()?.len_utf8();
    Some((length, length))
}

/// One character of a basic string, or one escape, or one escaped line end (which is nothing in the value).
fn step(rest: &str, lines: bool) -> Option<(usize, usize)> {
    let Some(escape) = rest.strip_prefix('\\') else {
        return plain(rest);
    };
    let digits = match escape.chars().next()? {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        ' ' | '\t' | '\r' | '\n' if lines => {
            return Some((
                rest.len() - escape.trim_start_matches([' ', '\t', '\r', '\n']).len(),
                0,
            ));
        }
        _ => return Some((2, 1)),
    };
    let code = u32::from_str_radix(escape.get(1..=digits)?, 16).ok()?;
    Some((2 + digits, char::from_u32(code)?.len_utf8()))
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    use super::*;

    /// `mark` is what the value holds at the place; the answer is what the file holds there.
    #[track_caller]
    fn check(token: &str, mark: &str, source: &str) {
        let file = format!("k = {token}");
        let table = DeTable::parse(&file).expect("valid TOML").into_inner();
        let value = table
            .get("k")
            .expect("k")
            .get_ref()
            .as_str()
            .expect("a string")
            .to_owned();
        let at = value.find(mark).expect("the mark stands in the value");
        let range = in_token(token, at).expect("a TOML string");
        let found = token.get(range.start..).expect("on a boundary");
        assert!(
            found.starts_with(source),
            "`{mark}` of {value:?} found at {found:?}"
        );
    }

    #[test]
    fn simple_strings_shift_by_their_quotes() {
        check(r#""Mosul OR""#, "OR", "OR");
        check("'Mosul OR'", "OR", "OR");
    }

    #[test]
    fn multi_line_strings_lose_their_first_line_feed_only() {
        check("'''\nMosul\nOR x'''", "OR", "OR");
        check("'''Mosul\nOR x'''", "OR", "OR");
        check("'''\r\nMosul\r\nOR x'''", "OR", "OR");
        check("\"\"\"\nMosul\n\nOR x\"\"\"", "OR", "OR");
    }

    #[test]
    fn escapes_count_as_what_they_stand_for() {
        check(r#""a \"b\" \u00e9 \U0001F600 \x41 \t OR""#, "OR", "OR");
        check(r#""a \u00e9 b""#, "é", r"\u00e9");
    }

    #[test]
    fn an_escaped_line_end_is_nothing() {
        check("\"\"\"a \\\n   b OR\"\"\"", "OR", "OR");
        check("\"\"\"a \\  \n\n   b OR\"\"\"", "b OR", "b");
    }

    #[test]
    fn other_scripts_are_counted_in_bytes() {
        check(r#""摩苏尔 البغدادي OR""#, "OR", "OR");
        check(r#""摩苏尔""#, "苏", "苏");
    }

    #[test]
    fn the_end_of_the_value_is_the_closing_quote() {
        assert_eq!(in_token("'Mosul AND'", 9), Some(10..11));
        assert_eq!(in_token("''", 0), Some(1..2));
        assert_eq!(in_token("''''''", 0), Some(3..6));
        assert_eq!(in_token("5", 0), None);
    }
}
