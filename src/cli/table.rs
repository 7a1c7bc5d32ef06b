//! Rows of columns that fit the terminal.

use unicode_width::UnicodeWidthStr;

use crate::digest::clean::cut;

/// A column other than the last is at most so wide.
const WIDEST: usize = 32;
/// A last column narrower than this is left to wrap by itself.
const NARROWEST: usize = 20;

/// Lays rows out in columns, each as wide as its widest cell, two spaces between. The last column is cut to fit `width`
/// (columns of the terminal), if there is one, with an ellipsis; all text is shown where nobody's terminal counts.
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
        .map(|row| {
            let mut line = " ".repeat(indent);
            for (column, cell) in row.iter().enumerate() {
                let is_last = column + 1 == row.len();
                if !is_last {
                    let room = widths.get(column).copied().unwrap_or(0);
                    let cell = cut(cell, room);
                    line.push_str(&cell);
                    line.push_str(&" ".repeat(room.saturating_sub(cell.width()) + 2));
                    continue;
                }
                let left = width.map(|width| width.saturating_sub(line.width()));
                match left.filter(|left| *left >= NARROWEST) {
                    Some(left) => line.push_str(&cut(cell, left)),
                    None => line.push_str(cell),
                }
            }
            line.trim_end().to_owned()
        })
        .collect()
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
    fn a_terminal_gets_no_line_that_is_wider() {
        for width in 42..100 {
            for line in table(&rows(), 2, Some(width)) {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
        assert_eq!(
            table(&rows(), 2, Some(48)).first().map(String::as_str),
            Some("  gone     Old Paper  HTTP 410 since Sunday 22…")
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
