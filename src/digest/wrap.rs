//! Lines of the text part: at most so many columns, wide letters counting two.

use unicode_segmentation::UnicodeSegmentation;

use super::clean::{columns, has_right_to_left};

/// The columns of the text part.
pub const WIDTH: usize = 72;

const ISOLATE: char = '\u{2068}';
const END_ISOLATE: char = '\u{2069}';

/// The text, set apart from its surroundings if any of it runs from right to left.
pub fn isolated(text: &str) -> String {
    if has_right_to_left(text) {
        format!("{ISOLATE}{text}{END_ISOLATE}")
    } else {
        text.to_owned()
    }
}

/// The text in lines of at most [`WIDTH`] columns, the first after `prefix`, the others after `indent` spaces. It
/// breaks at spaces, beside wide letters, and inside a word only if the word alone is too long. An isolate that spans
/// lines is closed and opened again.
pub fn wrap(text: &str, prefix: &str, indent: usize) -> String {
    let room = WIDTH.saturating_sub(columns(prefix));
    let mut lines = Lines {
        done: prefix.to_owned(),
        line: String::new(),
        used: 0,
        room,
        indent,
    };
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let mut gap = if lines.line.is_empty() { "" } else { " " };
        for piece in pieces(word) {
            lines.put(gap, &piece);
            gap = "";
        }
    }
    lines.finish()
}

struct Lines {
    done: String,
    line: String,
    used: usize,
    room: usize,
    indent: usize,
}

impl Lines {
    fn put(&mut self, gap: &str, piece: &str) {
        let width = columns(piece);
        if self.used + gap.len() + width <= self.room {
            self.line.push_str(gap);
            self.line.push_str(piece);
            self.used += gap.len() + width;
            return;
        }
        if !self.line.is_empty() {
            self.end_line();
        }
        for grapheme in piece.graphemes(true) {
            let width = columns(grapheme);
            if self.used + width > self.room && !self.line.is_empty() {
                self.end_line();
            }
            self.line.push_str(grapheme);
            self.used += width;
        }
    }

    fn end_line(&mut self) {
        let opened = self.line.matches(ISOLATE).count();
        let open = opened.saturating_sub(self.line.matches(END_ISOLATE).count());
        self.done.push_str(&self.line);
        self.done.extend(std::iter::repeat_n(END_ISOLATE, open));
        self.done.push('\n');
        self.done.push_str(&" ".repeat(self.indent));
        self.line = std::iter::repeat_n(ISOLATE, open).collect();
        self.used = 0;
        self.room = WIDTH.saturating_sub(self.indent);
    }

    fn finish(mut self) -> String {
        self.done.push_str(&self.line);
        self.done
    }
}

/// The parts of a word between which a line may break: beside wide letters, but not before a mark that closes or
/// after one that opens.
fn pieces(word: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut before = "";
    for grapheme in word.graphemes(true) {
        let breaks = (columns(before) == 2 || columns(grapheme) == 2)
            && !OPENING.contains(before)
            && !CLOSING.contains(grapheme);
        match pieces.last_mut() {
            Some(piece) if !breaks => piece.push_str(grapheme),
            _ => pieces.push(grapheme.to_owned()),
        }
        before = grapheme;
    }
    pieces
}

const OPENING: &str = "([{«“‘（［｛〈《「『【〔\u{2068}";
const CLOSING: &str = ")]}»”’）］｝〉》」』】〕、。，．！？：；・ー々\u{3000},.!?:;…%\u{2069}";

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expect: Expect) {
        expect.assert_eq(&wrap(text, "1. ", 3));
    }

    #[test]
    fn words_stay_whole() {
        check(
            "Parliamentary committee on critical infrastructure publishes 214-page interim report on single-supplier risk",
            expect![[r#"
                1. Parliamentary committee on critical infrastructure publishes 214-page
                   interim report on single-supplier risk"#]],
        );
    }

    #[test]
    fn wide_letters_count_two_and_closing_marks_do_not_begin_a_line() {
        check(
            "三社は来年四月から露光装置の部品在庫を共有し、停止時間を平均で四割減らす、計画。海外の保守拠点との連携も検討する。",
            expect![[r#"
                 1. 三社は来年四月から露光装置の部品在庫を共有し、停止時間を平均で四割減
                    らす、計画。海外の保守拠点との連携も検討する。"#]],
        );
    }

    #[test]
    fn a_word_that_is_too_long_is_split() {
        let wrapped = wrap(&"x".repeat(150), "", 0);
        assert_eq!(
            wrapped.lines().map(str::len).collect::<Vec<_>>(),
            [72, 72, 6]
        );
    }

    #[test]
    fn an_isolate_is_closed_on_every_line() {
        let wrapped = wrap(&isolated(&"رافعات الحاويات ".repeat(12)), "    ", 4);
        assert!(wrapped.lines().count() > 1);
        for line in wrapped.lines() {
            assert_eq!(line.matches(ISOLATE).count(), 1, "{line:?}");
            assert_eq!(line.matches(END_ISOLATE).count(), 1, "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_nothing_is_lost(text in "[a-z .,次世代露、。رافع\u{301}]{0,300}", first in 0usize..8, rest in 0usize..8) {
            let wrapped = wrap(&text, &" ".repeat(first), rest);
            for line in wrapped.lines() {
                prop_assert!(columns(line) <= WIDTH + 1, "{line:?}");
            }
            let letters = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&wrapped), letters(&text));
        }
    }
}
