//! What is wrong with a watchlist, as a person and as an editor want to see it.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};

use super::hidden;
use crate::text::unseen;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The watchlist is refused.
    Problem,
    /// The watchlist works, but probably not as meant.
    Warning,
}

impl Severity {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Problem => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One thing to change, at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Bytes of the text; `None` if it is about the whole file.
    pub span: Option<Range<usize>>,
    /// What is wrong: lower case, the literal in backticks, no full stop.
    pub message: String,
    /// The slug of the kind of mistake, for those of the query language.
    pub code: Option<&'static str>,
    /// What stands right behind the caret.
    pub label: Option<String>,
    /// What to do.
    pub hint: Option<String>,
    /// Another place that explains this one, such as the first of two equal names.
    pub other: Option<(Range<usize>, String)>,
}

impl Finding {
    /// A reason to refuse the watchlist.
    pub fn problem(span: Range<usize>, message: impl Into<String>) -> Finding {
        Finding {
            severity: Severity::Problem,
            span: Some(span),
            message: message.into(),
            code: None,
            label: None,
            hint: None,
            other: None,
        }
    }

    /// Something that is probably not meant.
    pub fn warning(span: Range<usize>, message: impl Into<String>) -> Finding {
        Finding {
            severity: Severity::Warning,
            ..Finding::problem(span, message)
        }
    }

    /// A reason to refuse the watchlist that has no place in it.
    pub fn of_file(message: impl Into<String>) -> Finding {
        Finding {
            span: None,
            ..Finding::problem(0..0, message)
        }
    }

    /// Adds the words behind the caret.
    pub fn label(mut self, label: impl Into<String>) -> Finding {
        self.label = Some(label.into());
        self
    }

    /// Adds the remedy.
    pub fn hint(mut self, hint: impl Into<String>) -> Finding {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a second place.
    pub fn other(mut self, span: Range<usize>, label: impl Into<String>) -> Finding {
        self.other = Some((span, label.into()));
        self
    }
}

/// So many findings are shown: whoever has mended these looks again.
const MOST: usize = 200;

/// Whether a rendered report has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// For files, mails and tests.
    Plain,
    /// For a terminal (ANSI escapes).
    Ansi,
}

/// All findings about one file, in the order of their places.
#[derive(Clone, Debug)]
pub struct Report {
    file: String,
    text: Arc<str>,
    line_starts: Vec<usize>,
    findings: Vec<Finding>,
}

/// A place as editors count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// Characters from the start of the line, from 1.
    pub column: usize,
}

impl Report {
    /// Puts findings in order. `file` is what the reader calls the file; spans are bytes of `text`.
    pub fn new(file: &str, text: Arc<str>, mut findings: Vec<Finding>) -> Report {
        for finding in &mut findings {
            finding.span = finding.span.take().map(|span| on_characters(&text, span));
            finding.other = finding
                .other
                .take()
                .map(|(span, label)| (on_characters(&text, span), label));
        }
        findings.sort_by_key(|finding| {
            (
                finding.span.as_ref().map(|span| (span.start, span.end)),
                finding.severity,
            )
        });
        findings.dedup();
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        let mut report = Report {
            file: file.to_owned(),
            text,
            line_starts,
            findings: Vec::new(),
        };
        report.findings = findings
            .into_iter()
            .map(|finding| report.without_secrets(finding))
            .collect();
        report
    }

    /// The finding in words that repeat no secret of its lines.
    fn without_secrets(&self, finding: Finding) -> Finding {
        let spans = finding.span.iter();
        let spans = spans.chain(finding.other.iter().map(|(span, _)| span));
        let secrets: Vec<String> = spans
            .flat_map(|span| hidden::without_secrets(self.lines(span).1).1)
            .collect();
        let hide = |sentence: String| hidden::without(&secrets, &sentence);
        Finding {
            message: hide(finding.message),
            label: finding.label.map(hide),
            hint: finding.hint.map(hide),
            other: finding.other.map(|(span, label)| (span, hide(label))),
            ..finding
        }
    }

    /// The same report with more findings.
    pub fn with(self, more: Vec<Finding>) -> Report {
        let findings = self.findings.into_iter().chain(more).collect();
        Report::new(&self.file, self.text, findings)
    }

    /// A report about a file that could not even be read.
    pub fn unreadable(file: &str, message: impl Into<String>, hint: Option<String>) -> Report {
        let finding = Finding {
            hint,
            ..Finding::of_file(message)
        };
        Report::new(file, Arc::from(""), vec![finding])
    }

    /// Everything found, in the order of the file.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many findings refuse the watchlist.
    pub fn problems(&self) -> usize {
        self.count(Severity::Problem)
    }

    /// How many findings are warnings.
    pub fn warnings(&self) -> usize {
        self.count(Severity::Warning)
    }

    /// `2 problems, 1 warning`; `no problems` if nothing was found.
    pub fn summary(&self) -> String {
        let counted = |count: usize, word: &str| match count {
            0 => None,
            1 => Some(format!("1 {word}")),
            _ => Some(format!("{count} {word}s")),
        };
        let parts = [
            counted(self.problems(), "problem"),
            counted(self.warnings(), "warning"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() {
            "no problems".to_owned()
        } else {
            parts.join(", ")
        }
    }

    /// Line and column of a byte of the text.
    pub fn place(&self, at: usize) -> Place {
        let line = self.line_starts.partition_point(|start| *start <= at);
        let start = self.line_start(line);
        let before = self.text.get(start..at).unwrap_or_default();
        // A mark in front of the file is no character to an editor.
        let before = if line == 1 {
            before.trim_start_matches('\u{feff}')
        } else {
            before
        };
        let column = before.chars().count() + 1;
        Place { line, column }
    }

    /// The report, of very many findings the first, one finding after the other, each with file, line, column, caret and remedy.
    pub fn render(&self, colour: Colour) -> String {
        let renderer = match colour {
            Colour::Plain => Renderer::plain(),
            Colour::Ansi => Renderer::styled(),
        };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        let mut out = String::new();
        for finding in self.findings.iter().take(MOST) {
            out.push_str(renderer.render(&[self.group(finding)]).trim_end());
            out.push_str("\n\n");
        }
        match self.findings.len().checked_sub(MOST) {
            None | Some(0) => {}
            Some(more) => {
                let _ = writeln!(
                    out,
                    "And {more} more, which `wirewatch check --json` lists.\n"
                );
            }
        }
        out
    }

    /// For `check --json`: a list of findings, places counted as editors do (from 1, `end` exclusive).
    pub fn to_json(&self) -> Value {
        self.findings
            .iter()
            .map(|finding| {
                let span = finding.span.clone().unwrap_or(0..0);
                let (start, end) = (self.place(span.start), self.place(span.end));
                json!({
                    "file": self.file,
                    "line": start.line,
                    "column": start.column,
                    "end": { "line": end.line, "column": end.column },
                    "severity": finding.severity.as_str(),
                    "code": finding.code,
                    "message": finding.message,
                    "label": finding.label,
                    "hint": finding.hint,
                })
            })
            .collect()
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    }

    fn line_start(&self, line: usize) -> usize {
        self.line_starts
            .get(line - 1)
            .copied()
            .unwrap_or(self.text.len())
    }

    fn group<'a>(&'a self, finding: &'a Finding) -> Group<'a> {
        let level = match finding.severity {
            Severity::Problem => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(finding.message.as_str());
        let title = match finding.code {
            Some(code) => title.id(code),
            None => title,
        };
        let mut group = match &finding.span {
            None => title.element(Origin::path(self.file.as_str())),
            Some(span) => {
                let mut group = title.element(self.snippet(
                    span,
                    AnnotationKind::Primary,
                    finding.label.as_deref(),
                ));
                if let Some((span, label)) = &finding.other {
                    group = group.element(self.snippet(span, AnnotationKind::Context, Some(label)));
                }
                group
            }
        };
        if let Some(hint) = &finding.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        group
    }

    /// Only the lines of the span, so that a report costs the same in a file of ten lines and of a million.
    fn snippet<'a>(
        &'a self,
        span: &Range<usize>,
        kind: AnnotationKind,
        label: Option<&'a str>,
    ) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let (start, lines) = self.lines(span);
        let (source, _) = hidden::without_secrets(lines);
        let source: String = source.chars().map(visible).collect();
        let annotation = kind.span(span.start - start..span.end - start).label(label);
        Snippet::source(source)
            .path(self.file.as_str())
            .line_start(self.place(span.start).line)
            .annotation(annotation)
    }

    /// The whole lines of a span, and where they begin.
    fn lines(&self, span: &Range<usize>) -> (usize, &str) {
        let start = self.line_start(self.place(span.start).line);
        let end = self.line_start(self.place(span.end).line + 1);
        (start, self.text.get(start..end).unwrap_or_default())
    }
}

/// What breaks a line, turns its direction or is not seen would part the caret from its letter; the bytes are as many.
fn visible(c: char) -> char {
    // A byte order mark stands before the first line and is no part of it.
    let is_unseen = (unseen::shows_nothing(c) && c != '\u{feff}') || unseen::joins(c);
    if !is_unseen && !matches!(c, '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}') {
        return c;
    }
    match c.len_utf8() {
        2 => '·',
        3 => '\u{fffd}',
        _ => '𝄽',
    }
}

/// The same span, widened to whole characters and kept inside the text.
fn on_characters(text: &str, span: Range<usize>) -> Range<usize> {
    let mut start = span.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = span.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_that_an_editor_shows() {
        let report = Report::new(
            "f",
            Arc::from("\u{feff}[mial]\nname\u{2028}= 'x'\n"),
            vec![],
        );
        let place = |at| (report.place(at).line, report.place(at).column);
        assert_eq!(
            place(4),
            (1, 2),
            "a mark in front of the file is no character"
        );
        assert_eq!(place(17), (2, 6), "a line separator is none of TOML's");
    }

    #[test]
    fn a_sign_that_would_break_the_line_is_shown_as_one() {
        let text = "a = 'x\u{2028}\u{85}\u{202e}' !\n";
        let at = text.find('!').expect("it is there");
        let report = Report::new(
            "f",
            Arc::from(text),
            vec![Finding::problem(at..at + 1, "m")],
        );
        let shown = report.render(Colour::Plain);
        assert!(
            shown.contains("1 | a = 'x\u{fffd}·\u{fffd}' !\n"),
            "{shown}"
        );
        assert!(shown.contains("\n  |            ^\n"), "{shown}");
    }

    #[test]
    fn of_very_many_findings_the_first_are_shown() {
        let text = "x\n".repeat(1_000);
        let findings = (0..1_000).map(|line| Finding::problem(2 * line..2 * line + 1, "m"));
        let report = Report::new("f", text.into(), findings.collect());
        let shown = report.render(Colour::Plain);
        assert_eq!(shown.matches("error: m").count(), MOST);
        assert!(shown.contains("And 800 more"), "{shown}");
        assert_eq!(report.to_json().as_array().map(Vec::len), Some(1_000));
    }
}
