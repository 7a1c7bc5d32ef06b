//! Mistakes of TOML itself: one finding a mistake, and the rest of the file still read.
//!
//! A bracket or quote that is never closed makes every later line an error too. So the statement that holds
//! the first error is explained alone, blanked out, and the rest is parsed again; places stay what they were.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use toml::de::{DeTable, Error};

use super::lost_header::lost_header;
use super::report::Finding;
use crate::text::unseen;

/// Past this many mistakes a report helps nobody.
const MOST: usize = 40;

/// A line that begins a statement: a key with its `=`, or a header in brackets.
static STATEMENT: LazyLock<Regex> = LazyLock::new(|| {
    let key = r#"(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"#;
    let pattern = format!(
        r"(?m)^[ \t]*(?:{key}(?:[ \t]*\.[ \t]*{key})*[ \t]*=|\[\[?[ \t]*{key}[ \t]*[.\]\r\n])"
    );
    Regex::new(&pattern).expect("a constant pattern")
});

/// The text with all broken statements blanked out, and what was wrong with each.
pub(super) fn mend(text: &str) -> (String, Vec<Finding>) {
    let mut mended = text.to_owned();
    let mut findings = Vec::new();
    let mut starts: Vec<usize> = STATEMENT.find_iter(text).map(|line| line.start()).collect();
    while findings.len() < MOST
        && let Some(mistake) = first_mistake(&mended)
    {
        let span = broken_statement(&mended, &starts, &mistake);
        if span.is_empty() {
            // Noticed behind the last line and to blame on none: there is nothing to leave out.
            findings.push(
                Statement {
                    source: "",
                    base: span.start,
                }
                .explain(&mistake),
            );
            break;
        }
        let source = mended.get(span.clone()).unwrap_or_default();
        // A key or table that is set twice is a mistake only beside the first one, so alone it has none.
        let mistake = root_mistake(source)
            .map(|alone| alone.moved(span.start))
            .unwrap_or(mistake);
        let statement = Statement {
            source,
            base: span.start,
        };
        let lost = (mistake.is("duplicate key") && !statement.is_header())
            .then(|| lost_header(&mended, &starts, span.start))
            .flatten();
        // What is below a header that could not be read, or is not there, has no home, and would be taken for the
        // table above.
        let end = match &lost {
            Some(lost) => lost.end,
            None if statement.is_header() => next_header(&mended, &starts, span.end),
            None => span.end,
        };
        findings.push(match lost {
            Some(lost) => lost.explain(&mistake, statement.key()),
            None => statement.explain(&mistake),
        });
        blank(&mut mended, span.start..end);
        starts.retain(|start| !(span.start..end).contains(start));
    }
    (mended, findings)
}

/// An error as toml words it.
pub(super) struct Mistake {
    pub(super) span: Range<usize>,
    message: String,
}

impl Mistake {
    fn new(error: &Error) -> Mistake {
        Mistake {
            span: error.span().unwrap_or_default(),
            message: error.message().to_owned(),
        }
    }

    fn moved(self, by: usize) -> Mistake {
        Mistake {
            span: self.span.start + by..self.span.end + by,
            ..self
        }
    }

    fn is(&self, start: &str) -> bool {
        self.message.starts_with(start)
    }

    /// Whether a quote is open; toml then expects it by name.
    fn is_open_text(&self) -> bool {
        self.is("invalid")
            && ["string, expected `\"", "string, expected `'"]
                .iter()
                .any(|end| self.message.contains(end))
    }
}

fn mistakes(text: &str) -> Vec<Mistake> {
    DeTable::parse_recoverable(text)
        .1
        .iter()
        .map(Mistake::new)
        .collect()
}

/// The mistake that stands first.
fn first_mistake(text: &str) -> Option<Mistake> {
    mistakes(text)
        .into_iter()
        .min_by_key(|mistake| mistake.span.start)
}

/// The mistake of a statement that explains its others: what is never closed, else the first.
fn root_mistake(statement: &str) -> Option<Mistake> {
    let rank = |mistake: &Mistake| match mistake {
        open if open.is_open_text() => 0,
        open if open.is("unclosed") => 1,
        _ => 2,
    };
    mistakes(statement)
        .into_iter()
        .min_by_key(|mistake| (rank(mistake), mistake.span.start))
}

/// Where a text of several lines begins whose end is missing: no such quotes stand behind its own.
fn opened_for_good(text: &str, mistake: &Mistake) -> Option<usize> {
    if !mistake.is_open_text() || !mistake.message.contains("multi-line") {
        return None;
    }
    let quotes = if mistake.message.contains("literal") {
        "'''"
    } else {
        "\"\"\""
    };
    text.rfind(quotes)
}

/// The statement to blame for a mistake.
fn broken_statement(text: &str, starts: &[usize], mistake: &Mistake) -> Range<usize> {
    let at = mistake.span.start;
    let line = text
        .get(..at)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |feed| feed + 1);
    let next = |from: usize| {
        starts
            .get(starts.partition_point(|start| *start < from))
            .copied()
            .unwrap_or(text.len())
    };
    if let Some(opened) = opened_for_good(text, mistake) {
        let line = text.get(..opened).and_then(|before| before.rfind('\n'));
        let line = line.map_or(0, |feed| feed + 1);
        return line..next(opened + 1);
    }
    let before = starts
        .partition_point(|start| *start < line)
        .checked_sub(1)
        .and_then(|at| starts.get(at));
    if let Some(before) = before
        && text
            .get(*before..line)
            .is_some_and(|earlier| first_mistake(earlier).is_some())
    {
        let begins_here = starts.binary_search(&line).is_ok();
        return *before..if begins_here { line } else { next(line + 1) };
    }
    line..next(line + 1)
}

/// Whether a sign looks like a blank or like nothing, and is no blank to TOML.
fn is_unseen(sign: char) -> bool {
    let is_blank = sign.is_whitespace() || sign.is_control();
    let is_nothing = unseen::shows_nothing(sign) || unseen::joins(sign);
    (is_blank || is_nothing) && !matches!(sign, ' ' | '\t' | '\n' | '\r')
}

/// Where the next header begins, or the text ends.
pub(super) fn next_header(text: &str, starts: &[usize], from: usize) -> usize {
    let is_header = |start: usize| {
        text.get(start..)
            .is_some_and(|rest| rest.trim_start().starts_with('['))
    };
    starts
        .iter()
        .copied()
        .find(|start| *start >= from && is_header(*start))
        .unwrap_or(text.len())
}

fn blank(text: &mut String, span: Range<usize>) {
    let Some(part) = text.get(span.clone()) else {
        return;
    };
    let blanks: String = part
        .bytes()
        .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
        .collect();
    text.replace_range(span, &blanks);
}

/// A statement that toml could not read, and where it stands in the file.
struct Statement<'s> {
    source: &'s str,
    base: usize,
}

impl<'s> Statement<'s> {
    /// Says what is wrong in words of the person who writes the file, where toml's own are those of its grammar.
    fn explain(&self, mistake: &Mistake) -> Finding {
        self.about_signs(mistake)
            .or_else(|| self.about_quotes(mistake))
            .or_else(|| self.about_brackets(mistake))
            .or_else(|| self.about_keys(mistake))
            .or_else(|| self.about_values(mistake))
            .or_else(|| self.about_the_rest_of_the_line(mistake))
            .unwrap_or_else(|| Finding::problem(mistake.span.clone(), mistake.message.as_str()))
    }

    /// What looks like a blank or like nothing at all, and notes of other languages.
    fn about_signs(&self, mistake: &Mistake) -> Option<Finding> {
        let rest = self.rest(mistake);
        let sign = rest.chars().next()?;
        let span = mistake.span.start..mistake.span.start + sign.len_utf8();
        if is_unseen(sign) {
            let message = format!(
                "a sign that nobody sees stands here: U+{:04X}",
                u32::from(sign)
            );
            return Some(
                Finding::problem(span, message).hint("delete it, or put a plain blank there"),
            );
        }
        let is_first = self.before(mistake).trim().is_empty();
        (is_first && (rest.starts_with("//") || rest.starts_with(';')))
            .then(|| Finding::problem(span, "a note begins with `#`"))
    }

    fn about_quotes(&self, mistake: &Mistake) -> Option<Finding> {
        let here = |message: &str| Finding::problem(mistake.span.clone(), message);
        let (before, rest) = (self.before(mistake), self.rest(mistake));
        if rest.starts_with(['“', '”', '„', '‘', '’', '«', '»']) {
            return Some(
                here("curly quotes are no quotes in TOML").hint("write straight ones: \"…\""),
            );
        }
        if ["unicode", "escape", "backslash"]
            .iter()
            .any(|word| mistake.message.contains(word))
        {
            let finding =
                here("a backslash between \"…\" begins an escape, and there is none like this");
            return Some(finding.hint("write the text between single quotes, '…', which take a backslash as it is, or write `\\\\`"));
        }
        let goes_on = rest.starts_with(|c: char| c.is_alphanumeric());
        if goes_on && before.ends_with('\'') {
            let finding = here("a text between single quotes cannot hold one");
            return Some(finding.hint("write it between '''…''' or \"…\""));
        }
        if let Some(finding) = self.about_missing_quote(mistake) {
            return Some(finding);
        }
        if goes_on && before.ends_with('"') {
            let finding = here("a text between \"…\" ends at the next quote");
            return Some(finding.hint("write the whole text between single quotes: '…\"…\"…'"));
        }
        if mistake.is_open_text() {
            let (at, quotes) = self.open_quote(mistake)?;
            let finding = Finding::problem(at.clone(), "this text is never closed");
            let text = self.source.get(at.start - self.base..at.end - self.base);
            // The bracket behind the last member of a list was not meant as a part of it.
            let member = text
                .and_then(|text| text.strip_suffix(']')?.strip_prefix(quotes))
                .filter(|member| !member.is_empty() && !member.contains('['));
            return Some(finding.hint(match member {
                Some(member) => format!("put `{quotes}` behind `{member}`"),
                None => format!("put `{quotes}` at its end"),
            }));
        }
        None
    }

    /// `["Mosul, "Nineveh"]`: the quote that was to begin the second text has ended the first.
    fn about_missing_quote(&self, mistake: &Mistake) -> Option<Finding> {
        let before = self.before(mistake).strip_suffix('"')?;
        let open = before.rfind('"')?;
        let text = before.get(open + 1..)?;
        let word = text.trim_end().strip_suffix(',')?.trim_end();
        let is_member = before
            .get(..open)
            .is_some_and(|before| before.trim_end().ends_with(['[', ',']));
        if !is_member || word.is_empty() || word.contains('\n') {
            return None;
        }
        let start = self.base + open;
        let span = start..start + 1 + word.len();
        let message = format!("a quotation mark is missing behind `{word}`");
        Some(Finding::problem(span, message).hint(format!("write \"{word}\",")))
    }

    fn about_brackets(&self, mistake: &Mistake) -> Option<Finding> {
        let opened = |bracket| self.find(bracket).unwrap_or(mistake.span.clone());
        if mistake.is("unclosed array table") || mistake.is("unclosed table") {
            let finding = Finding::problem(
                mistake.span.clone(),
                "the brackets of this header are never closed",
            );
            return Some(finding.hint("a header is [name] or [[name]], alone on its line"));
        }
        if mistake.is("unclosed array") {
            return Some(
                Finding::problem(opened('['), "this list is never closed")
                    .hint("put a `]` behind its last member"),
            );
        }
        if mistake.is("unclosed inline table") {
            return Some(
                Finding::problem(opened('{'), "this brace is never closed")
                    .hint("put a `}` behind its last value"),
            );
        }
        if mistake.is("missing comma between array elements") {
            let finding = Finding::problem(
                mistake.span.clone(),
                "a comma is missing between two members of the list",
            );
            return Some(finding.hint("put `,` between them"));
        }
        None
    }

    fn about_keys(&self, mistake: &Mistake) -> Option<Finding> {
        if mistake.is("duplicate key") {
            if self.key().starts_with("[[") {
                let name = self.key().trim_matches(['[', ']', ' ']);
                let message =
                    format!("`[{name}]`, or a part of it, stands above the first `[[{name}]]`");
                let finding = Finding::problem(mistake.span.clone(), message);
                return Some(finding.hint(
                    "each part stands below its header, and the header is in double brackets",
                ));
            }
            let message = format!("`{}` stands here a second time", self.key());
            let hint = if self.is_header() {
                "move its keys below the first one"
            } else {
                "keep one of the two"
            };
            return Some(Finding::problem(mistake.span.clone(), message).hint(hint));
        }
        if let Some(finding) = self.about_stray_words(mistake) {
            return Some(finding);
        }
        let colon = self.find(':').filter(|_| !self.source.contains('='));
        if let Some(colon) = colon {
            let finding = Finding::problem(colon, "between a key and its value stands `=`");
            return Some(finding.hint("write `=` instead of `:`"));
        }
        None
    }

    /// A line that is neither a header nor a key with its value.
    fn about_stray_words(&self, mistake: &Mistake) -> Option<Finding> {
        let start = self.source.len() - self.source.trim_start().len();
        let line = self.source.trim_start().lines().next()?.trim_end();
        if !mistake.is("key with no value") || line.contains(['=', ':', '[']) {
            return None;
        }
        let start = self.base + start;
        let finding = Finding::problem(
            start..start + line.len(),
            "this line is no key with its value, and no header in brackets",
        );
        Some(finding.hint("write `key = value`, or begin the line with `#` if it is a note"))
    }

    fn about_values(&self, mistake: &Mistake) -> Option<Finding> {
        let unreadable = [
            "string values must be quoted",
            "invalid float",
            "invalid boolean",
            "invalid integer",
            "missing opening quote",
        ];
        if !unreadable.iter().any(|start| mistake.is(start)) {
            return None;
        }
        let word: &str = self
            .rest(mistake)
            .split([',', ']', '}', '#', '\n'])
            .next()
            .unwrap_or_default()
            .trim();
        if word.is_empty() {
            return Some(
                Finding::problem(mistake.span.clone(), "the value is missing")
                    .hint("write it behind the `=`"),
            );
        }
        if ["true", "false", "yes", "no", "on", "off"]
            .iter()
            .any(|flag| word.eq_ignore_ascii_case(flag))
        {
            let finding = Finding::problem(
                mistake.span.clone(),
                format!("`{word}` is not how TOML says it"),
            );
            return Some(finding.hint("write `true` or `false`, in small letters"));
        }
        if let Some(unquoted) = word.strip_suffix(['"', '\'']) {
            let message = format!("a quotation mark is missing before `{unquoted}`");
            let finding = Finding::problem(mistake.span.clone(), message);
            return Some(finding.hint(format!("write \"{unquoted}\"")));
        }
        let finding = Finding::problem(mistake.span.clone(), "a text needs quotes");
        Some(if word.contains(['"', '\'']) {
            finding
        } else {
            finding.hint(format!("write \"{word}\""))
        })
    }

    /// `any = ["Mosul"],` and `query = "Mosul" AND "Iraq"`: something stands behind the value.
    fn about_the_rest_of_the_line(&self, mistake: &Mistake) -> Option<Finding> {
        if !mistake.is("unexpected key or value") || self.is_header() {
            return None;
        }
        let rest = self.rest(mistake).lines().next()?.trim_end();
        let found = |message: &str, length: usize| {
            let start = mistake.span.start;
            Finding::problem(start..start + length, message)
        };
        if rest == "," {
            let finding = found("a comma stands only inside brackets and braces", 1);
            return Some(finding.hint("take the `,` away"));
        }
        let line = self.source.trim_start().lines().next()?.trim_end();
        let (key, value) = line.split_once('=')?;
        let finding = found("a key has one value, and this stands behind it", rest.len());
        let is_one_text = value.trim_start().starts_with('"') && !value.contains('\'');
        Some(finding.hint(match is_one_text {
            true => format!(
                "if all of it is one text, write it between single quotes: {} = '{}'",
                key.trim(),
                value.trim()
            ),
            false => "begin a line of its own for each key; a note begins with `#`".to_owned(),
        }))
    }

    fn is_header(&self) -> bool {
        self.source.trim_start().starts_with('[')
    }

    /// The key or header, as written.
    fn key(&self) -> &'s str {
        let line = self.source.trim_start().lines().next().unwrap_or_default();
        let key = if self.is_header() {
            line
        } else {
            line.split('=').next().unwrap_or_default()
        };
        key.trim()
    }

    /// Where a character first stands behind the key.
    fn find(&self, wanted: char) -> Option<Range<usize>> {
        let value = self.source.find('=').unwrap_or(0);
        let at = self.base + value + self.source.get(value..)?.find(wanted)?;
        Some(at..at + wanted.len_utf8())
    }

    fn before(&self, mistake: &Mistake) -> &'s str {
        self.source
            .get(..mistake.span.start.saturating_sub(self.base))
            .unwrap_or_default()
    }

    fn rest(&self, mistake: &Mistake) -> &'s str {
        self.source
            .get(mistake.span.start.saturating_sub(self.base)..)
            .unwrap_or_default()
    }

    /// The text that is open: from its quotes to the end of their line, and those quotes.
    fn open_quote(&self, mistake: &Mistake) -> Option<(Range<usize>, &'static str)> {
        let long = ["\"\"\"", "'''"]
            .into_iter()
            .find(|quotes| self.source.contains(quotes));
        let quotes = long.unwrap_or(if mistake.message.contains("`\"`") {
            "\""
        } else {
            "'"
        });
        let before = self.before(mistake);
        // A text on one line ends with it, so the open one is the last on the line; a long one is the first.
        let at = if long.is_some() {
            self.source.find(quotes)
        } else {
            before.rfind(quotes)
        }?;
        let line = self.source.get(at..)?.lines().next()?.trim_end();
        Some((self.base + at..self.base + at + line.len(), quotes))
    }
}
