//! What has been found wrong with a file so far, and strings that know where they stand.

use std::collections::HashSet;
use std::ops::Range;

use super::place;
use super::report::{Finding, Severity};

/// A value and where the file wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    /// The whole token, quotes included.
    pub(super) span: Range<usize>,
}

/// A string of the file.
pub(super) type Text<'t> = Placed<&'t str>;

/// Why a string is not what its key wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// Bytes of the string; `None`: all of it.
    pub(super) at: Option<Range<usize>>,
}

impl Wrong {
    pub(super) fn new(message: impl Into<String>) -> Wrong {
        Wrong {
            message: message.into(),
            hint: None,
            at: None,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Wrong {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn at(mut self, at: Range<usize>) -> Wrong {
        self.at = Some(at);
        self
    }
}

/// What has been noted about one file so far.
pub(super) struct Notes<'t> {
    text: &'t str,
    findings: Vec<Finding>,
    /// Statements or sections had to be left out, so what seems to be missing may stand in one of them.
    incomplete: bool,
    /// Keys that a misspelt neighbour was probably meant to be, by the place of their table.
    suggested: HashSet<(usize, &'static str)>,
}

impl<'t> Notes<'t> {
    /// `findings` are the mistakes of syntax; after those, absences are no longer noted.
    pub(super) fn new(text: &'t str, findings: Vec<Finding>) -> Notes<'t> {
        Notes {
            text,
            incomplete: !findings.is_empty(),
            findings,
            suggested: HashSet::new(),
        }
    }

    pub(super) fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Remembers which key of a table an unknown one was probably meant to be.
    pub(super) fn suggest(&mut self, table: usize, key: &'static str) {
        self.suggested.insert((table, key));
    }

    /// Whether a misspelt neighbour is probably this key.
    pub(super) fn is_suggested(&self, table: usize, key: &'static str) -> bool {
        self.suggested.contains(&(table, key))
    }

    /// Adds a finding about something that is not there, unless parts of the file could not be read.
    pub(super) fn add_absence(&mut self, finding: Finding) {
        if !self.incomplete {
            self.findings.push(finding);
        }
    }

    /// From here on, what seems to be missing may stand in a part that could not be read.
    pub(super) fn set_incomplete(&mut self) {
        self.incomplete = true;
    }

    /// Whether nothing so far refuses the file. What a broken file would do as a whole cannot be judged.
    pub(super) fn is_sound(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.severity == Severity::Warning)
    }

    /// Adds what is wrong with a string, with the caret inside it.
    pub(super) fn add_wrong(&mut self, text: &Text<'_>, wrong: Wrong) {
        let span = match &wrong.at {
            Some(at) => self.inside(text, at.clone()),
            None => text.span.clone(),
        };
        let finding = Finding::problem(span, wrong.message);
        self.add(match wrong.hint {
            Some(hint) => finding.hint(hint),
            None => finding,
        });
    }

    /// The bytes of the file that wrote these bytes of a string's value.
    pub(super) fn inside(&self, text: &Text<'_>, at: Range<usize>) -> Range<usize> {
        let token = self.text.get(text.span.clone()).unwrap_or_default();
        let base = text.span.start;
        let last = at.end.saturating_sub(1).max(at.start);
        match (
            place::in_token(token, at.start),
            place::in_token(token, last),
        ) {
            (Some(first), Some(last)) => base + first.start..base + last.end.max(first.end),
            _ => text.span.clone(),
        }
    }

    /// What the file says there.
    pub(super) fn source(&self, span: Range<usize>) -> &'t str {
        self.text.get(span).unwrap_or_default()
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}

/// Reads a string, noting what is wrong with it.
pub(super) fn parse<T>(
    text: &Text<'_>,
    notes: &mut Notes<'_>,
    read: impl FnOnce(&str) -> Result<T, Wrong>,
) -> Option<Placed<T>> {
    match read(text.value) {
        Ok(value) => Some(Placed {
            value,
            span: text.span.clone(),
        }),
        Err(wrong) => {
            notes.add_wrong(text, wrong);
            None
        }
    }
}
