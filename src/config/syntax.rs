//! Mistakes of TOML itself: one finding a mistake, and the rest of the file still read.
//!
//! A bracket or quote that is never closed makes every later line an error too. So the statement that holds
//! the first error is explained alone, blanked out, and the rest is parsed again; places stay what they were.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use toml::de::{DeTable, Error};

use super::report::Finding;

/// Past this many mistakes a report helps nobody.
const MOST: usize = 40;

/// A line that begins a statement: a key with its `=`, or a header in brackets.
static STATEMENT: LazyLock<Regex> = LazyLock::new(|| {
    let key = r#"(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"#;
    let pattern = format!(r"(?m)^[ \t]*(?:{key}(?:[ \t]*\.[ \t]*{key})*[ \t]*=|\[\[?[ \t]*{key}[ \t]*[.\]\r\n])");
    Regex::new(&pattern).expect("a constant pattern")
});

/// The text with all broken statements blanked out, and what was wrong with each.
pub(super) fn mend(text: &str) -> (String, Vec<Finding>) {
    let mut mended = text.to_owned();
    let mut findings = Vec::new();
    let mut starts: Vec<usize> = STATEMENT.find_iter(text).map(|line| line.start()).collect();
    while let Some(error) = first_error(&mended, 0) {
        if findings.len() == MOST {
            break;
        }
        let at = error.span.start;
        let statement = broken_statement(&mended, &starts, at);
        let slice = mended.get(statement.clone()).unwrap_or_default();
        let alone = first_error(slice, statement.start);
        // A key or table that is set twice is an error only beside the first one.
        let duplicate = alone.is_none();
        let error = alone.unwrap_or(error);
        findings.push(explain(slice, statement.start, error));
        let header = slice.trim_start().starts_with('[');
        let end = if header { next_header(&mended, &starts, statement.end) } else { statement.end };
        // What is below a header that could not be read has no home, and would be taken for the table above.
        blank(&mut mended, statement.start..if header || !duplicate { end } else { statement.end });
        starts.retain(|start| !(statement.start..end).contains(start));
    }
    (mended, findings)
}

/// An error as toml words it, with bytes of the whole file.
struct Mistake {
    span: Range<usize>,
    message: String,
}

fn first_error(text: &str, base: usize) -> Option<Mistake> {
    let (_, errors) = DeTable::parse_recoverable(text);
    let place = |error: &Error| error.span().map_or(0, |span| span.start);
    let unclosed = errors.iter().find(|error| error.message().starts_with("unclosed"));
    let first = errors.iter().min_by_key(|error| place(error))?;
    // An error behind an open bracket is most often that bracket's.
    let chosen = if base > 0 || unclosed.is_none() { unclosed.unwrap_or(first) } else { first };
    let span = chosen.span().unwrap_or_default();
    Some(Mistake { span: base + span.start..base + span.end, message: chosen.message().to_owned() })
}

/// The statement to blame for an error noticed at `at`.
fn broken_statement(text: &str, starts: &[usize], at: usize) -> Range<usize> {
    let line = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |feed| feed + 1);
    let before = starts.get(starts.partition_point(|start| *start < line).wrapping_sub(1)).copied();
    let next = |from: usize| starts.get(starts.partition_point(|start| *start < from)).copied().unwrap_or(text.len());
    let begins_here = starts.binary_search(&line).is_ok();
    if let Some(before) = before
        && text.get(before..line).is_some_and(|earlier| first_error(earlier, 0).is_some())
    {
        return before..if begins_here { line } else { next(line + 1) };
    }
    line..next(line + 1).max(line + 1).min(text.len())
}

fn next_header(text: &str, starts: &[usize], from: usize) -> usize {
    let header = |start: &&usize| **start >= from && text.get(**start..).is_some_and(|rest| rest.trim_start().starts_with('['));
    starts.iter().find(header).copied().unwrap_or(text.len())
}

fn blank(text: &mut String, span: Range<usize>) {
    let Some(part) = text.get(span.clone()) else { return };
    let blanks: String = part.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
    text.replace_range(span, &blanks);
}

/// Says what is wrong in words of the person who writes the file, where toml's own are those of its grammar.
fn explain(statement: &str, base: usize, error: Mistake) -> Finding {
    let value_at = statement.find('=').map_or(0, |equals| equals + 1);
    let value_at = value_at + statement.get(value_at..).map_or(0, |rest| rest.len() - rest.trim_start().len());
    let value = statement.get(value_at..).unwrap_or_default();
    let line = value.lines().next().unwrap_or_default();
    let whole = base + value_at..base + value_at + line.trim_end().len();
    let found = |wanted: char| statement.find(wanted).map(|at| base + at..base + at + wanted.len_utf8());
    if let Some(quote) = statement.chars().find(|c| "“”„‘’«»".contains(*c)).filter(|_| !line.starts_with(['"', '\''])) {
        let span = found(quote).unwrap_or(whole);
        return Finding::problem(span, "curly quotes are no quotes in TOML").hint("write straight ones: \"…\"");
    }
    if error.message.starts_with("unclosed array table") || error.message.starts_with("unclosed table") {
        return Finding::problem(error.span, "the brackets of this header are never closed").hint("a header is [name] or [[name]], alone on its line");
    }
    if error.message.starts_with("unclosed array") {
        let span = found('[').unwrap_or(whole);
        return Finding::problem(span, "this list is never closed").hint("put a `]` behind its last member");
    }
    if error.message.starts_with("unclosed inline table") {
        let span = found('{').unwrap_or(whole);
        return Finding::problem(span, "this brace is never closed").hint("put a `}` behind its last value");
    }
    if error.message == "duplicate key" {
        return Finding::problem(error.span, format!("`{}` stands here a second time", statement_key(statement)))
            .hint("keep one of the two; a list of tables takes double brackets");
    }
    if error.message.starts_with("key with no value") && statement.contains(':') {
        let span = found(':').unwrap_or(error.span);
        return Finding::problem(span, "between a key and its value stands `=`").hint("write `=` instead of `:`");
    }
    if let Some(finding) = explain_string(line, &whole, &error) {
        return finding;
    }
    if ["true", "false", "yes", "no", "on", "off"].iter().any(|word| line.trim_end().eq_ignore_ascii_case(word)) {
        return Finding::problem(whole, format!("`{}` is not how TOML says it", line.trim_end())).hint("write `true` or `false`, in small letters");
    }
    if error.message.starts_with("string values must be quoted") || error.message.starts_with("invalid float") || error.message.starts_with("invalid boolean") {
        let bare = line.trim_end().trim_start_matches(['[', ' ']);
        if bare.is_empty() {
            return Finding::problem(error.span, "the value is missing").hint("write it behind the `=`");
        }
        let word: String = bare.chars().take_while(|c| !",]}#".contains(*c)).collect();
        return Finding::problem(error.span, "a text needs quotes").hint(format!("write \"{}\"", word.trim()));
    }
    if error.message.starts_with("missing comma between array elements") {
        return Finding::problem(error.span, "a comma is missing between two members of the list").hint("put `,` between them");
    }
    Finding::problem(error.span, error.message)
}

fn explain_string(line: &str, whole: &Range<usize>, error: &Mistake) -> Option<Finding> {
    let about_escape = ["unicode", "escape", "backslash"].iter().any(|word| error.message.contains(word));
    if about_escape {
        let finding = Finding::problem(error.span.clone(), "a backslash between \"…\" begins an escape, and there is none like this");
        return Some(finding.hint("write the text between single quotes, '…', which take a backslash as it is, or write `\\\\`"));
    }
    let multi_line = line.starts_with("\"\"\"") || line.starts_with("'''");
    let string = |quote: char| line.starts_with(quote) && !multi_line;
    if string('\'') && line.matches('\'').count() > 2 {
        let finding = Finding::problem(error.span.clone(), "a text between single quotes cannot hold one");
        return Some(finding.hint("write it between '''…''' or \"…\""));
    }
    if string('"') && line.matches('"').count() > 2 {
        let finding = Finding::problem(error.span.clone(), "a text between \"…\" ends at the next quote");
        return Some(finding.hint("write the whole text between single quotes: '…\"…\"…'"));
    }
    if error.message.contains("basic string") || error.message.contains("literal string, expected") {
        let finding = Finding::problem(whole.clone(), "this text is never closed");
        let quotes = if multi_line { "the same three quotes" } else { "the same quote" };
        return Some(finding.hint(format!("put {quotes} at its end")));
    }
    None
}

fn statement_key(statement: &str) -> &str {
    let line = statement.trim_start().lines().next().unwrap_or_default();
    let key = if line.starts_with('[') { line } else { line.split('=').next().unwrap_or_default() };
    key.trim()
}
