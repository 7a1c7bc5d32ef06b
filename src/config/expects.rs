//! `[[topic.expect]]`: the tests of a topic.

use toml::de::DeValue;

use super::keys::{EXPECT, EXPECTED_ITEM, in_words};
use super::names::Names;
use super::notes::{Notes, Text, parse};
use super::reader::{Table, as_text};
use super::report::Finding;
use super::values;
use crate::topic::Expect;

/// The topic's tests, each with the text that a failure points at.
pub(super) fn read<'t>(
    topic: &Table<'t>,
    feeds: &mut Names,
    notes: &mut Notes<'t>,
) -> Vec<(Expect, Text<'t>)> {
    let tables = topic.tables("expect", &EXPECT, notes);
    tables
        .iter()
        .filter_map(|table| one(table, feeds, notes))
        .collect()
}

fn one<'t>(
    table: &Table<'t>,
    feeds: &mut Names,
    notes: &mut Notes<'t>,
) -> Option<(Expect, Text<'t>)> {
    let key = wanted(table, notes)?;
    let value = table.value(key)?;
    let (expect, place) = match value.get_ref() {
        DeValue::Table(entries) => item(
            &Table::open(&EXPECTED_ITEM, value.span(), entries, notes),
            feeds,
            notes,
        )?,
        _ => {
            let title = as_text(&format!("`{key}`"), value, notes)?;
            (
                Expect {
                    title: title.value.to_owned(),
                    ..Expect::default()
                },
                title,
            )
        }
    };
    Some((
        Expect {
            matches: key == "match",
            ..expect
        },
        place,
    ))
}

/// Which of its two keys the test has.
fn wanted<'t>(table: &Table<'t>, notes: &mut Notes<'t>) -> Option<&'static str> {
    match (table.has("match"), table.has("reject")) {
        (true, false) => Some("match"),
        (false, true) => Some("reject"),
        (false, false) => {
            let message = "this test has neither `match` nor `reject`";
            let hint = "`match = \"a title\"`, or `reject = \"a title\"`";
            table.require_one(&["match", "reject"], message, hint, notes);
            None
        }
        (true, true) => {
            let message = "one test has both `match` and `reject`";
            let finding = Finding::problem(table.key_span("reject"), message);
            let finding = finding.other(table.key_span("match"), "the other one");
            notes.add(finding.hint("begin another [[topic.expect]] for it"));
            None
        }
    }
}

/// An item with more than a title, and the first of its texts.
fn item<'t>(
    table: &Table<'t>,
    feeds: &mut Names,
    notes: &mut Notes<'t>,
) -> Option<(Expect, Text<'t>)> {
    let keys = ["title", "summary", "content"];
    let hint = format!("give it one of {}", in_words(&keys));
    table.require_one(&keys, "this item has no text", &hint, notes);
    let [title, summary, content] = keys.map(|key| table.text(key, notes));
    let feed = table.text("feed", notes);
    if let Some(feed) = &feed {
        feeds.note_unknown(feed, notes);
    }
    let lang = table
        .text("lang", notes)
        .and_then(|lang| parse(&lang, notes, values::language));
    let written = |text: &Option<Text<'t>>| {
        text.as_ref()
            .map(|text| text.value.to_owned())
            .unwrap_or_default()
    };
    let expect = Expect {
        matches: true,
        title: written(&title),
        summary: written(&summary),
        content: written(&content),
        lang: lang.map(|lang| lang.value).unwrap_or_default(),
        feed: written(&feed),
    };
    Some((expect, title.or(summary).or(content)?))
}
