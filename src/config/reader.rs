//! A typed look into a TOML table that notes every mistake and goes on.
//!
//! A key that is absent and one that is wrong both read as `None`; the wrong one has left its finding behind.

use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{FREE, ROOT, Section};
use super::notes::{Notes, Placed, Text, Wrong, parse};
use super::report::Finding;

/// Keys that hold a duration, which needs a unit as well as quotes.
const DURATIONS: [&str; 6] = ["keep", "fastest", "slowest", "every", "backfill", "timeout"];

/// Those of them that are rather days than minutes.
const DAYS: [&str; 2] = ["keep", "backfill"];

/// One table of the file, read by a [`Section`]'s keys.
#[derive(Clone)]
pub(super) struct Table<'t> {
    section: &'static Section,
    /// The header, or the whole inline table.
    pub(super) span: Range<usize>,
    /// Tells it from all others.
    id: usize,
    entries: &'t DeTable<'t>,
}

impl<'t> Table<'t> {
    /// Looks at a table; keys that the section does not have are noted at once.
    pub(super) fn open(
        section: &'static Section,
        span: Range<usize>,
        entries: &'t DeTable<'t>,
        notes: &mut Notes<'t>,
    ) -> Table<'t> {
        let id = span.start;
        for (key, _) in entries {
            if section.keys.contains(&key.get_ref().as_ref()) {
                continue;
            }
            let (finding, meant) = section.unknown(key.get_ref(), key.span());
            if let Some(meant) = meant {
                notes.suggest(id, meant);
                // What stands in a section of a wrong name is not missing, and its words are not undeclared.
                if std::ptr::eq(section, &ROOT) {
                    notes.set_incomplete();
                }
            }
            notes.add(finding);
        }
        Table {
            section,
            span,
            id,
            entries,
        }
    }

    /// Looks at a table whose keys are the user's own.
    pub(super) fn free(span: Range<usize>, entries: &'t DeTable<'t>) -> Table<'t> {
        Table {
            section: &FREE,
            id: span.start,
            span,
            entries,
        }
    }

    /// The value of a key that is there.
    pub(super) fn value(&self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        debug_assert!(
            self.section.keys.contains(&key),
            "`{key}` is missing in keys.rs"
        );
        self.entries.get(key)
    }

    /// Where the key itself stands.
    pub(super) fn key_span(&self, key: &'static str) -> Range<usize> {
        self.entries
            .get_key_value(key)
            .map_or(self.span.clone(), |(key, _)| key.span())
    }

    /// The same table, whose absences are noted at one of its keys.
    pub(super) fn seen_at(&self, key: &'static str) -> Table<'t> {
        Table {
            span: self.key_span(key),
            ..self.clone()
        }
    }

    /// Where the value of a key stands.
    pub(super) fn value_span(&self, key: &'static str) -> Range<usize> {
        self.value(key)
            .map_or(self.span.clone(), |value| value.span())
    }

    /// Whether the key holds a list without members.
    pub(super) fn is_empty_list(&self, key: &'static str) -> bool {
        let members = self.value(key).and_then(|value| value.get_ref().as_array());
        members.is_some_and(|members| members.is_empty())
    }

    /// Whether the key is there, right or wrong.
    pub(super) fn has(&self, key: &'static str) -> bool {
        self.entries.contains_key(key)
    }

    /// All entries in file order, for tables whose keys are the user's own.
    pub(super) fn entries(&self) -> Vec<(Text<'t>, &'t Spanned<DeValue<'t>>)> {
        let mut entries: Vec<_> = self
            .entries
            .iter()
            .map(|(key, value)| {
                (
                    Placed {
                        value: key.get_ref().as_ref(),
                        span: key.span(),
                    },
                    value,
                )
            })
            .collect();
        entries.sort_by_key(|(key, _)| key.span.start);
        entries
    }

    /// Notes that a key must be there, unless a misspelt neighbour is probably it.
    pub(super) fn require(&self, key: &'static str, hint: &str, notes: &mut Notes<'t>) {
        if self.has(key) || notes.is_suggested(self.id, key) {
            return;
        }
        let message = format!("{} has no `{key}`", self.section.title);
        notes.add_absence(Finding::problem(self.span.clone(), message).hint(hint));
    }

    /// Notes that one of several keys must be there, unless a misspelt neighbour is probably it.
    pub(super) fn require_one(
        &self,
        keys: &[&'static str],
        message: &str,
        hint: &str,
        notes: &mut Notes<'t>,
    ) {
        let meant = |key: &&'static str| self.has(key) || notes.is_suggested(self.id, key);
        if !keys.iter().any(meant) {
            notes.add_absence(Finding::problem(self.span.clone(), message).hint(hint));
        }
    }

    /// A string that is not blank.
    pub(super) fn text(&self, key: &'static str, notes: &mut Notes<'t>) -> Option<Text<'t>> {
        as_text(&format!("`{key}`"), self.value(key)?, notes)
    }

    /// A string read by `read`.
    pub(super) fn parsed<T>(
        &self,
        key: &'static str,
        notes: &mut Notes<'t>,
        read: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<Placed<T>> {
        let text = match self.value(key)?.get_ref() {
            DeValue::Integer(number) if DURATIONS.contains(&key) => {
                let finding = wrong_type(&format!("`{key}`"), "a text", self.value(key)?);
                notes.add(finding.hint(format!(
                    "put it in quotes, with its unit: \"{}{}\"",
                    number.as_str(),
                    if DAYS.contains(&key) { "d" } else { "m" }
                )));
                return None;
            }
            _ => self.text(key, notes)?,
        };
        parse(&text, notes, read)
    }

    /// A list of strings that are not blank; wrong members are noted and left out.
    pub(super) fn texts(&self, key: &'static str, notes: &mut Notes<'t>) -> Option<Vec<Text<'t>>> {
        as_texts(&format!("`{key}`"), self.value(key)?, notes)
    }

    /// A list of strings, or one string alone.
    pub(super) fn texts_or_one(
        &self,
        key: &'static str,
        notes: &mut Notes<'t>,
    ) -> Option<Vec<Text<'t>>> {
        match self.value(key)?.get_ref() {
            DeValue::Array(_) => self.texts(key, notes),
            _ => Some(vec![self.text(key, notes)?]),
        }
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, key: &'static str, notes: &mut Notes<'t>) -> Option<bool> {
        let value = self.value(key)?;
        if let DeValue::Boolean(flag) = value.get_ref() {
            return Some(*flag);
        }
        let finding = wrong_type(&format!("`{key}`"), "true or false", value);
        notes.add(finding.hint(format!(
            "write `{key} = true` or `{key} = false`, without quotes"
        )));
        None
    }

    /// A whole number within bounds.
    pub(super) fn whole(
        &self,
        key: &'static str,
        bounds: RangeInclusive<u32>,
        notes: &mut Notes<'t>,
    ) -> Option<u32> {
        let value = self.value(key)?;
        let DeValue::Integer(number) = value.get_ref() else {
            let finding = wrong_type(&format!("`{key}`"), "a whole number", value);
            notes.add(match value.get_ref() {
                DeValue::String(_) => finding.hint("leave the quotes out"),
                _ => finding,
            });
            return None;
        };
        let number = u32::from_str_radix(number.as_str(), number.radix()).ok();
        let within = number.filter(|number| bounds.contains(number));
        if within.is_none() {
            let (least, most) = (bounds.start(), bounds.end());
            notes.add(Finding::problem(
                value.span(),
                format!("`{key}` must be from {least} to {most}"),
            ));
        }
        within
    }

    /// A number of at least 0.
    pub(super) fn number(&self, key: &'static str, notes: &mut Notes<'t>) -> Option<f64> {
        let value = self.value(key)?;
        let number: Option<f64> = match value.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .ok()
                .map(|n| n as f64),
            DeValue::Float(number) => number.as_str().parse().ok(),
            _ => {
                notes.add(wrong_type(&format!("`{key}`"), "a number", value));
                return None;
            }
        };
        let sane = number.filter(|number| number.is_finite() && *number >= 0.0);
        if sane.is_none() {
            notes.add(Finding::problem(
                value.span(),
                format!("`{key}` must be a number of at least 0"),
            ));
        }
        sane
    }

    /// The one table under a key.
    pub(super) fn table(
        &self,
        key: &'static str,
        section: &'static Section,
        notes: &mut Notes<'t>,
    ) -> Option<Table<'t>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Table(entries) => Some(Table::open(
                section,
                self.header(key, value),
                entries,
                notes,
            )),
            DeValue::Array(members) if notes.source(value.span()).starts_with("[[") => {
                let finding = Finding::problem(
                    value.span(),
                    format!("`{key}` is one table, not a list of them"),
                );
                notes.add(finding.hint(format!(
                    "write it once, in single brackets: {}",
                    section.title
                )));
                let first = members.iter().next()?;
                Some(Table::open(
                    section,
                    first.span(),
                    first.get_ref().as_table()?,
                    notes,
                ))
            }
            _ => {
                notes.add(
                    wrong_type(&format!("`{key}`"), "a table", value)
                        .hint(format!("begin it with {}", section.title)),
                );
                None
            }
        }
    }

    /// The tables of a list, in file order.
    pub(super) fn tables(
        &self,
        key: &'static str,
        section: &'static Section,
        notes: &mut Notes<'t>,
    ) -> Vec<Table<'t>> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        match value.get_ref() {
            DeValue::Array(members) => members
                .iter()
                .filter_map(|member| match member.get_ref() {
                    DeValue::Table(entries) => {
                        Some(Table::open(section, member.span(), entries, notes))
                    }
                    _ => {
                        notes.add(wrong_type(
                            &format!("a member of `{key}`"),
                            "a table",
                            member,
                        ));
                        None
                    }
                })
                .collect(),
            DeValue::Table(entries) => {
                let span = self.header(key, value);
                // A table that is only implied by one below it has no header or braces of its own.
                if !notes.source(span.clone()).starts_with(['[', '{']) {
                    let message = format!("this is of a {}, and none stands above", section.title);
                    notes.add_absence(Finding::problem(span.clone(), message));
                } else {
                    let message =
                        format!("there may be several of `{key}`, so it takes double brackets");
                    let finding = Finding::problem(span.clone(), message);
                    notes.add(finding.hint(format!("write {}", section.title)));
                }
                vec![Table::open(section, span, entries, notes)]
            }
            _ => {
                notes.add(
                    wrong_type(&format!("`{key}`"), "a list of tables", value)
                        .hint(format!("begin each with {}", section.title)),
                );
                Vec::new()
            }
        }
    }

    /// Where a table begins: its header or braces; of a table that only dotted keys imply, the key.
    fn header(&self, key: &'static str, value: &Spanned<DeValue<'_>>) -> Range<usize> {
        if value.span().is_empty() {
            self.key_span(key)
        } else {
            value.span()
        }
    }
}

/// A string that is not blank. A bare date or time is taken as written: `07:00` means the same as `"07:00"`.
pub(super) fn as_text<'t>(
    what: &str,
    value: &'t Spanned<DeValue<'t>>,
    notes: &mut Notes<'t>,
) -> Option<Text<'t>> {
    let text = match value.get_ref() {
        DeValue::String(text) => text.as_ref(),
        DeValue::Datetime(_) => notes.source(value.span()),
        DeValue::Array(members) if members.len() == 1 => {
            notes.add(wrong_type(what, "one text", value).hint("leave the brackets out"));
            return None;
        }
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) => {
            let quoted = format!("\"{}\"", notes.source(value.span()));
            // Of a key the whole line can be shown; a member of a list stands among others.
            let hint = match what.strip_prefix('`').and_then(|key| key.strip_suffix('`')) {
                Some(key) => format!("put it in quotes: {key} = {quoted}"),
                None => format!("put it in quotes: {quoted}"),
            };
            notes.add(wrong_type(what, "a text", value).hint(hint));
            return None;
        }
        _ => {
            notes.add(wrong_type(what, "a text", value));
            return None;
        }
    };
    if text.trim().is_empty() {
        notes.add(Finding::problem(value.span(), format!("{what} is empty")));
        return None;
    }
    if let Some(sign) = text
        .chars()
        .find(|c| c.is_control() && !"\n\r\t".contains(*c))
    {
        let message = format!(
            "{what} holds a control character, U+{:04X}",
            u32::from(sign)
        );
        let finding = Finding::problem(value.span(), message);
        notes.add(match sign {
            '\u{8}' => finding.hint(
                "between \"…\", `\\b` is a backspace: write the text between single quotes, '…', which take a backslash as it is",
            ),
            _ => finding,
        });
        return None;
    }
    Some(Placed {
        value: text,
        span: value.span(),
    })
}

/// A list of strings that are not blank.
pub(super) fn as_texts<'t>(
    what: &str,
    value: &'t Spanned<DeValue<'t>>,
    notes: &mut Notes<'t>,
) -> Option<Vec<Text<'t>>> {
    let DeValue::Array(members) = value.get_ref() else {
        let finding = wrong_type(what, "a list of texts", value);
        notes.add(match value.get_ref() {
            DeValue::String(_) => finding.hint(format!(
                "put it in brackets: [{}]",
                notes.source(value.span())
            )),
            _ => finding,
        });
        return None;
    };
    let member = format!("a member of {what}");
    Some(
        members
            .iter()
            .filter_map(|value| as_text(&member, value, notes))
            .collect(),
    )
}

/// The finding for a value of the wrong type.
pub(super) fn wrong_type(what: &str, wanted: &str, value: &Spanned<DeValue<'_>>) -> Finding {
    let found = match value.get_ref() {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    Finding::problem(value.span(), format!("{what} must be {wanted}"))
        .label(format!("this is {found}"))
}
