//! `[lists]` and `[[topic]]`: what to look for.

use super::digests::note_empty;
use super::feeds::tags;
use super::keys::{EXPECT, EXPECTED_ITEM, TOPIC, in_words};
use super::names::Names;
use super::reader::{Notes, Placed, Table, Text, as_text, as_texts, parse, wrong_type};
use super::report::Finding;
use super::settings::all;
use super::{times, values};
use crate::query::Rule;
use crate::topic::{Expect, Topic};
use toml::de::DeValue;

/// A list and where each of its terms stands.
pub(super) struct ListSource<'t> {
    pub(super) name: Text<'t>,
    pub(super) terms: Vec<Text<'t>>,
}

/// A topic and where each of its parts stands.
pub(super) struct TopicSource<'t> {
    pub(super) topic: Topic,
    /// The name, or the header of a topic without.
    pub(super) span: std::ops::Range<usize>,
    pub(super) any: Vec<Text<'t>>,
    pub(super) all: Vec<Text<'t>>,
    pub(super) none: Vec<Text<'t>>,
    pub(super) query: Option<Text<'t>>,
    pub(super) fields: Vec<Text<'t>>,
    /// Nothing must occur, which has been noted.
    pub(super) lacks_terms: bool,
    /// One for each of the topic's tests.
    pub(super) expects: Vec<Text<'t>>,
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
    if tables.is_empty() && !root.has("topic") {
        let message = "there is nothing to look for: the watchlist has no [[topic]]";
        let finding = Finding {
            span: None,
            ..Finding::problem(0..0, message)
        };
        notes.add_absence(
            finding
                .hint("add `[[topic]]`, and below it `name = \"Mosul\"` and `any = [\"Mosul\"]`"),
        );
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
    table.require(
        "name",
        "the digest needs a heading for it: `name = \"Mosul\"`",
        notes,
    );
    let name = table.parsed("name", notes, values::line);
    if let Some(name) = &name {
        names.add_name(name, notes);
    }
    let tags = tags(table, names, notes);
    let mut texts = |key| table.texts(key, notes);
    let fields = texts("fields");
    let (any, all_terms, none) = (texts("any"), texts("all"), texts("none"));
    note_empty(
        table,
        "fields",
        fields.as_deref().unwrap_or_default(),
        "nothing would be searched",
        notes,
    );
    let query = table.text("query", notes);
    let message = "this topic says nothing that must occur";
    table.require_one(
        &["any", "all", "query"],
        message,
        "give it `any`, `all` or `query`",
        notes,
    );
    let is_empty = |key| {
        let value = table.value(key).map(|value| value.get_ref().as_array());
        value.flatten().is_some_and(|members| members.is_empty())
    };
    let lacks_terms = !is_empty("any") && !is_empty("all");
    let (expects, expect_texts) = expects(table, feeds, notes).into_iter().unzip();
    let rule = Rule {
        any: owned(&any),
        all: owned(&all_terms),
        none: owned(&none),
        query: query.as_ref().map(|query| query.value.to_owned()),
        fields: fields.is_some().then(|| owned(&fields)),
        feeds: chosen_feeds(table, feeds, notes),
        languages: languages(table, notes),
        min_outlets: table.whole("min_outlets", 1..=1000, notes).unwrap_or(1),
        min_score: table.number("min_score", notes).unwrap_or(0.0),
    };
    let topic = Topic {
        name: name
            .as_ref()
            .map(|name| name.value.clone())
            .unwrap_or_default(),
        tags,
        rule,
        high_priority: table
            .parsed("priority", notes, values::high_priority)
            .is_some_and(|high| high.value),
        sensitive: table.flag("sensitive", notes).unwrap_or(false),
        snooze: table
            .parsed("snooze", notes, times::date)
            .map(|date| date.value),
        group: table.flag("group", notes).unwrap_or(true),
        expects,
    };
    TopicSource {
        topic,
        span: name.map_or(table.span.clone(), |name| name.span),
        any: any.unwrap_or_default(),
        all: all_terms.unwrap_or_default(),
        none: none.unwrap_or_default(),
        query,
        fields: fields.unwrap_or_default(),
        lacks_terms,
        expects: expect_texts,
    }
}

fn owned(texts: &Option<Vec<Text<'_>>>) -> Vec<String> {
    texts
        .iter()
        .flatten()
        .map(|text| text.value.to_owned())
        .collect()
}

fn chosen_feeds<'t>(table: &Table<'t>, feeds: &mut Names, notes: &mut Notes<'t>) -> Vec<String> {
    let Some(texts) = table.texts("feeds", notes) else {
        return Vec::new();
    };
    note_empty(table, "feeds", &texts, "nothing would be read", notes);
    for text in &texts {
        feeds.note_unknown(text, notes);
    }
    texts.iter().map(|text| text.value.to_owned()).collect()
}

fn languages<'t>(table: &Table<'t>, notes: &mut Notes<'t>) -> Vec<String> {
    let Some(texts) = table.texts("languages", notes) else {
        return Vec::new();
    };
    note_empty(table, "languages", &texts, "no item would pass", notes);
    all(&texts, notes, values::language)
}

/// The topic's tests, each with the text that a failure points at.
fn expects<'t>(
    table: &Table<'t>,
    feeds: &mut Names,
    notes: &mut Notes<'t>,
) -> Vec<(Expect, Text<'t>)> {
    let tables = table.tables("expect", &EXPECT, notes);
    tables
        .iter()
        .filter_map(|table| expect(table, feeds, notes))
        .collect()
}

fn expect<'t>(
    table: &Table<'t>,
    feeds: &mut Names,
    notes: &mut Notes<'t>,
) -> Option<(Expect, Text<'t>)> {
    let key = match (table.has("match"), table.has("reject")) {
        (true, false) => "match",
        (false, true) => "reject",
        (false, false) => {
            let message = "this test has neither `match` nor `reject`";
            table.require_one(
                &["match", "reject"],
                message,
                "`match = \"a title\"`, or `reject = \"a title\"`",
                notes,
            );
            return None;
        }
        (true, true) => {
            let finding = Finding::problem(
                table.key_span("reject"),
                "one test has both `match` and `reject`",
            );
            let finding = finding.other(table.key_span("match"), "the other one");
            notes.add(finding.hint("begin another [[topic.expect]] for it"));
            return None;
        }
    };
    let value = table.value(key)?;
    let mut expect = Expect {
        matches: key == "match",
        ..Expect::default()
    };
    let DeValue::Table(entries) = value.get_ref() else {
        let title = as_text(&format!("`{key}`"), value, notes)?;
        expect.title = title.value.to_owned();
        return Some((expect, title));
    };
    let item = Table::open(&EXPECTED_ITEM, value.span(), entries, notes);
    let mut part = |key| item.text(key, notes);
    let (title, summary, content, feed) = (
        part("title"),
        part("summary"),
        part("content"),
        part("feed"),
    );
    let texts = [&title, &summary, &content];
    let parts = ["title", "summary", "content"];
    item.require_one(
        &parts,
        "this item has no text",
        &format!("give it one of {}", in_words(&parts)),
        notes,
    );
    let place = texts.iter().copied().flatten().next().cloned();
    if let Some(feed) = &feed {
        feeds.note_unknown(feed, notes);
    }
    let lang: Option<Placed<String>> = item
        .text("lang", notes)
        .and_then(|lang| parse(&lang, notes, values::language));
    let text = |text: Option<Text<'t>>| text.map(|text| text.value.to_owned()).unwrap_or_default();
    expect.title = text(title);
    expect.summary = text(summary);
    expect.content = text(content);
    expect.feed = text(feed);
    expect.lang = lang.map(|lang| lang.value).unwrap_or_default();
    Some((expect, place?))
}
