//! `[lists]` and `[[topic]]`: what to look for.

use std::ops::Range;

use toml::de::DeValue;

use super::digests::note_empty;
use super::expects;
use super::feeds::tags;
use super::keys::TOPIC;
use super::names::Names;
use super::notes::{Notes, Text};
use super::reader::{Table, as_texts, wrong_type};
use super::report::Finding;
use super::settings::all;
use super::{times, values};
use crate::query::Rule;
use crate::topic::Topic;

/// A list and where each of its terms stands.
pub(super) struct ListSource<'t> {
    pub(super) name: Text<'t>,
    pub(super) terms: Vec<Text<'t>>,
}

/// A topic and where each of its parts stands.
pub(super) struct TopicSource<'t> {
    pub(super) topic: Topic,
    /// The name, or the header of a topic without.
    pub(super) span: Range<usize>,
    pub(super) terms: TermsSource<'t>,
    /// One for each of the topic's tests.
    pub(super) expects: Vec<Text<'t>>,
}

/// The strings of a topic that the query language reads.
pub(super) struct TermsSource<'t> {
    pub(super) any: Vec<Text<'t>>,
    pub(super) all: Vec<Text<'t>>,
    pub(super) none: Vec<Text<'t>>,
    pub(super) query: Option<Text<'t>>,
    pub(super) fields: Option<Vec<Text<'t>>>,
    /// If nothing must occur, that has been noted.
    pub(super) absence_noted: bool,
}

/// Reads `[lists]`.
pub(super) fn lists<'t>(root: &Table<'t>, notes: &mut Notes<'t>) -> Vec<ListSource<'t>> {
    let Some(value) = root.value("lists") else {
        return Vec::new();
    };
    let DeValue::Table(entries) = value.get_ref() else {
        notes.add(wrong_type("`lists`", "a table", value).hint("begin it with [lists]"));
        return Vec::new();
    };
    let mut lists = Vec::new();
    for (name, value) in Table::free(value.span(), entries).entries() {
        let fits = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if name.value.is_empty() || !name.value.chars().all(fits) {
            let message = format!("`{}` cannot be used in a query as {{{0}}}", name.value);
            notes.add(
                Finding::problem(name.span.clone(), message)
                    .hint("a list's name has letters from a to z, digits, `_`, `.` and `-`"),
            );
        }
        if let Some(terms) = as_texts(&format!("the list `{}`", name.value), value, notes) {
            if value
                .get_ref()
                .as_array()
                .is_some_and(|members| members.is_empty())
            {
                notes.add(Finding::problem(
                    value.span(),
                    format!("the list `{}` is empty", name.value),
                ));
            }
            lists.push(ListSource { name, terms });
        }
    }
    lists
}

/// Reads all topics.
pub(super) fn read<'t>(
    root: &Table<'t>,
    feeds: &mut Names,
    notes: &mut Notes<'t>,
) -> (Vec<TopicSource<'t>>, Names) {
    let mut names = Names::new("topic");
    let tables = root.tables("topic", &TOPIC, notes);
    if !root.has("topic") || root.is_empty_list("topic") {
        let message = "there is nothing to look for: the watchlist has no [[topic]]";
        let hint = "add `[[topic]]`, and below it `name = \"Mosul\"` and `any = [\"Mosul\"]`";
        notes.add_absence(Finding::of_file(message).hint(hint));
    }
    let topics = tables
        .iter()
        .map(|table| one(table, feeds, &mut names, notes))
        .collect();
    names.note_clashes(notes);
    (topics, names)
}

fn one<'t>(
    table: &Table<'t>,
    feeds: &mut Names,
    names: &mut Names,
    notes: &mut Notes<'t>,
) -> TopicSource<'t> {
    let hint = "the digest needs a heading for it: `name = \"Mosul\"`";
    table.require("name", hint, notes);
    let name = table.parsed("name", notes, values::line);
    if let Some(name) = &name {
        names.add_name(name, notes);
    }
    let tags = tags(table, names, notes);
    let terms = terms(table, notes);
    let rule = rule(table, &terms, feeds, notes);
    let priority = table.parsed("priority", notes, values::high_priority);
    let snooze = table.parsed("snooze", notes, times::date);
    let (expects, expect_texts) = expects::read(table, feeds, notes).into_iter().unzip();
    let topic = Topic {
        name: name
            .as_ref()
            .map(|name| name.value.clone())
            .unwrap_or_default(),
        tags,
        rule,
        high_priority: priority.is_some_and(|high| high.value),
        sensitive: table.flag("sensitive", notes).unwrap_or(false),
        snooze: snooze.map(|date| date.value),
        group: table.flag("group", notes).unwrap_or(true),
        expects,
    };
    let span = name.map_or(table.span.clone(), |name| name.span);
    TopicSource {
        topic,
        span,
        terms,
        expects: expect_texts,
    }
}

fn terms<'t>(table: &Table<'t>, notes: &mut Notes<'t>) -> TermsSource<'t> {
    let keys = ["any", "all", "query"];
    let hint = "give it `any`, `all` or `query`";
    table.require_one(
        &keys,
        "this topic says nothing that must occur",
        hint,
        notes,
    );
    let fields = table.texts("fields", notes);
    note_empty(table, "fields", "nothing would be searched", notes);
    let mut texts = |key| table.texts(key, notes).unwrap_or_default();
    TermsSource {
        any: texts("any"),
        all: texts("all"),
        none: texts("none"),
        query: table.text("query", notes),
        fields,
        absence_noted: !table.is_empty_list("any") && !table.is_empty_list("all"),
    }
}

fn rule<'t>(
    table: &Table<'t>,
    terms: &TermsSource<'t>,
    feeds: &mut Names,
    notes: &mut Notes<'t>,
) -> Rule {
    Rule {
        any: owned(&terms.any),
        all: owned(&terms.all),
        none: owned(&terms.none),
        query: terms.query.as_ref().map(|query| query.value.to_owned()),
        fields: terms.fields.as_deref().map(owned),
        feeds: chosen_feeds(table, feeds, notes),
        languages: languages(table, notes),
        min_outlets: table.whole("min_outlets", 1..=1000, notes).unwrap_or(1),
        min_score: table.number("min_score", notes).unwrap_or(0.0),
    }
}

fn owned(texts: &[Text<'_>]) -> Vec<String> {
    texts.iter().map(|text| text.value.to_owned()).collect()
}

fn chosen_feeds<'t>(table: &Table<'t>, feeds: &mut Names, notes: &mut Notes<'t>) -> Vec<String> {
    let Some(texts) = table.texts("feeds", notes) else {
        return Vec::new();
    };
    note_empty(table, "feeds", "nothing would be read", notes);
    for text in &texts {
        feeds.note_unknown(text, notes);
    }
    owned(&texts)
}

fn languages<'t>(table: &Table<'t>, notes: &mut Notes<'t>) -> Vec<String> {
    let Some(texts) = table.texts("languages", notes) else {
        return Vec::new();
    };
    note_empty(table, "languages", "no item would pass", notes);
    all(&texts, notes, values::language)
}
