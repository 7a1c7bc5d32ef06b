//! Rows of columns, and lines, that fit the terminal. Where there is none each line is whole, whatever its length: a
//! program that reads it needs to put nothing together again.

use unicode_width::UnicodeWidthStr;

use crate::digest::clean::cut;

/// On a terminal a column other than the last is at most so wide.
const WIDEST: usize = 24;
/// A last column narrower than this is left to wrap by itself.
const NARROWEST: usize = 20;

/// Lays rows out in columns, each as wide as its widest cell, two spaces between. On a terminal of `width` columns names
/// are cut with an ellipsis and the last column wraps below itself, so that nothing of it is lost.
pub(super) fn table(rows: &[Vec<String>], indent: usize, width: Option<usize>) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.width()).max().unwrap_or(0)
    };
    let limit = width.map_or(usize::MAX, |_| WIDEST);
    let widths: Vec<usize> = (0..columns)
        .map(|column| widest(column).min(limit))
        .collect();
    rows.iter()
        .flat_map(|row| lay_out(row, indent, &widths, width))
        .collect()
}

fn lay_out(row: &[String], indent: usize, widths: &[usize], width: Option<usize>) -> Vec<String> {
    let mut line = " ".repeat(indent);
    let Some((last, names)) = row.split_last() else {
        return Vec::new();
    };
    for (cell, room) in names.iter().zip(widths) {
        let cell = cut(cell, *room);
        line.push_str(&cell);
        line.push_str(&" ".repeat(room.saturating_sub(cell.width()) + 2));
    }
    let hanging = line.width();
    let left = width
        .map(|width| width.saturating_sub(hanging))
        .filter(|left| *left >= NARROWEST);
    let mut lines = Vec::new();
    for part in wrapped(last, left.unwrap_or(usize::MAX)) {
        lines.push(format!("{line}{part}").trim_end().to_owned());
        line = " ".repeat(hanging);
    }
    lines
}

/// A line as it fits a terminal of `width` columns: what is too long goes on below, indented by `indent` as the text beside
/// a heading is, or as the line itself if that begins with spaces. A word that is too long is left whole.
pub(super) fn folded(line: &str, indent: usize, width: Option<usize>) -> Vec<String> {
    let spaces = line.len() - line.trim_start_matches(' ').len();
    let hanging = if spaces == 0 { indent } else { spaces };
    let left = width
        .filter(|width| columns(line) > *width)
        .map(|width| width.saturating_sub(hanging))
        .filter(|left| *left >= NARROWEST);
    let head = line.char_indices().nth(hanging).map(|(at, _)| at);
    let (Some(left), Some((head, text))) = (left, head.and_then(|at| line.split_at_checked(at)))
    else {
        return vec![line.to_owned()];
    };
    let mut before = head.to_owned();
    let mut lines = Vec::new();
    for part in wrapped(text, left) {
        lines.push(format!("{before}{part}"));
        before = " ".repeat(hanging);
    }
    lines
}

/// How many columns a text takes; marks that switch a terminal to bold and back take none.
fn columns(text: &str) -> usize {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default();
    let marked = parts.map(|part| part.split_once('m').map_or(part, |(_, rest)| rest));
    first.width() + marked.map(UnicodeWidthStr::width).sum::<usize>()
}

/// A text in lines of at most `room` columns, broken between words; a longer word has a line of its own.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if columns(line) + 1 + columns(word) <= room {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<String>> {
        [
            [
                "gone",
                "Old Paper",
                "HTTP 410 since Sunday 22 November 02:10, 3 attempts",
            ],
            ["failing", "朝日新聞", "HTTP 404"],
        ]
        .map(|row| row.map(str::to_owned).to_vec())
        .to_vec()
    }

    #[test]
    fn columns_line_up_whatever_the_script() {
        assert_eq!(
            table(&rows(), 2, None),
            [
                "  gone     Old Paper  HTTP 410 since Sunday 22 November 02:10, 3 attempts",
                "  failing  朝日新聞   HTTP 404",
            ]
        );
    }

    #[test]
    fn a_terminal_gets_no_line_that_is_wider_and_loses_no_reason() {
        for width in 42..100 {
            let lines = table(&rows(), 2, Some(width));
            for line in &lines {
                assert!(line.width() <= width, "{width}: {line}");
            }
            let words: Vec<&str> = lines
                .iter()
                .flat_map(|line| line.split_whitespace())
                .collect();
            assert!(
                words
                    .join(" ")
                    .contains("Sunday 22 November 02:10, 3 attempts")
            );
        }
        assert_eq!(
            table(&rows(), 2, Some(56)),
            [
                "  gone     Old Paper  HTTP 410 since Sunday 22 November",
                "                      02:10, 3 attempts",
                "  failing  朝日新聞   HTTP 404",
            ]
        );
    }

    #[test]
    fn a_long_name_is_cut_on_a_terminal_only() {
        let rows = [vec![
            "A newspaper of a very long name".to_owned(),
            "ok".to_owned(),
        ]];
        assert_eq!(table(&rows, 0, Some(80)), ["A newspaper of a very…    ok"]);
        assert_eq!(
            table(&rows, 0, None),
            ["A newspaper of a very long name  ok"]
        );
    }

    #[test]
    fn a_line_goes_on_beside_its_heading() {
        let line = "Last       stored 2026-11-23 06:00, matched 2026-11-23 06:00, mailed never";
        assert_eq!(folded(line, 11, None), [line]);
        assert_eq!(folded(line, 11, Some(74)), [line]);
        assert_eq!(
            folded(line, 11, Some(50)),
            [
                "Last       stored 2026-11-23 06:00, matched",
                "           2026-11-23 06:00, mailed never",
            ]
        );
        let under = "    look at it with `wirewatch feeds show`, or pause it";
        assert_eq!(
            folded(under, 11, Some(40)),
            [
                "    look at it with `wirewatch feeds",
                "    show`, or pause it",
            ]
        );
        let path = "Watchlist  /a/folder/of/a/long/name/wirewatch.toml (--config)";
        assert_eq!(
            folded(path, 11, Some(40)),
            [
                "Watchlist  /a/folder/of/a/long/name/wirewatch.toml",
                "           (--config)",
            ]
        );
    }

    #[test]
    fn bold_letters_are_as_wide_as_others() {
        let line = "06:00  Troops \u{1b}[1menter Mosul\u{1b}[0m today";
        assert_eq!(folded(line, 7, Some(31)), [line]);
        assert_eq!(
            folded(line, 7, Some(30)),
            [
                "06:00  Troops \u{1b}[1menter Mosul\u{1b}[0m",
                "       today"
            ]
        );
    }

    #[test]
    fn a_terminal_too_narrow_for_columns_gets_all_of_the_last_one() {
        let lines = table(&rows(), 2, Some(30));
        assert!(
            lines.iter().any(|line| line.ends_with("3 attempts")),
            "{lines:?}"
        );
    }
}
