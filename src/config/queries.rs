//! The queries of a watchlist and their tests, checked with the caret inside the string that holds the mistake.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::FeedConfig;
use super::notes::{Notes, Text};
use super::report::{Finding, Report};
use super::topics::{ListSource, TopicSource};
use crate::query::{Code, Lists, Place, QueryError, check_lists};
use crate::text::fold::fold;
use crate::topic::{Topic, Watch, run_expect};

/// The table `[lists]` as the query language takes it.
pub(super) fn table(lists: &[ListSource<'_>]) -> Lists {
    let terms = |list: &ListSource<'_>| {
        list.terms
            .iter()
            .map(|term| term.value.to_owned())
            .collect()
    };
    lists
        .iter()
        .map(|list| (list.name.value.to_owned(), terms(list)))
        .collect()
}

/// Makes all topics ready to judge items, or notes every mistake in a list, a term or a query.
pub(super) fn compile(
    lists: &[ListSource<'_>],
    topics: &[TopicSource<'_>],
    notes: &mut Notes<'_>,
) -> Option<Watch> {
    let table = table(lists);
    let list_errors = check_lists(&table);
    // Whatever holds a list that is too large is too large as well.
    let mut too_large = HashSet::new();
    for error in &list_errors {
        if error.code != Code::TooLarge || too_large.insert(&error.message) {
            note_in_list(error, lists, notes);
        }
    }
    let rules: Vec<Topic> = topics.iter().map(|source| source.topic.clone()).collect();
    match Watch::compile(rules, &table) {
        Ok(watch) => list_errors.is_empty().then_some(watch),
        Err(errors) => {
            let broken: HashSet<&str> = list_errors
                .iter()
                .filter_map(|error| match &error.place {
                    Place::List(name, _) => Some(name.as_str()),
                    _ => None,
                })
                .collect();
            for (topic, error) in errors {
                if let Some(source) = topics.get(topic) {
                    note_in_topic(&error, source, &broken, notes);
                }
            }
            None
        }
    }
}

/// The mistakes of a query that stands in no watchlist, such as one from the command line.
pub fn query_report(query: &str, errors: &[QueryError]) -> Report {
    let found = errors.iter().map(|error| {
        let span = match error.at {
            Some(at) => at..at + word_length(query, at),
            None => 0..query.len(),
        };
        finding(error, span)
    });
    Report::new("the query", query.into(), found.collect())
}

/// Runs the tests of all topics and notes those that fail.
pub(super) fn run_tests(
    watch: &Watch,
    topics: &[TopicSource<'_>],
    feeds: &[FeedConfig],
    notes: &mut Notes<'_>,
) {
    let named =
        |feed: &FeedConfig| Some((fold(feed.feed.name.as_deref()?), feed.feed.tags.clone()));
    let tags: HashMap<String, Vec<String>> = feeds.iter().filter_map(named).collect();
    for (number, source) in topics.iter().enumerate() {
        let Some(compiled) = watch.compiled(number) else {
            continue;
        };
        for (expect, text) in source.topic.expects.iter().zip(&source.expects) {
            let mut expect = expect.clone();
            // A test that names no feed is about the text: it comes from a feed that the topic reads.
            if let (true, Some(feed)) = (expect.feed.is_empty(), source.topic.rule.feeds.first()) {
                expect.feed.clone_from(feed);
            }
            let tags = tags
                .get(&fold(&expect.feed))
                .map(Vec::as_slice)
                .unwrap_or_default();
            if let Err(reason) = run_expect(compiled, &expect, tags) {
                let message = format!("a test of `{}` fails: {reason}", source.topic.name);
                notes.add(Finding::problem(text.span.clone(), message));
            }
        }
    }
}

fn note_in_list(error: &QueryError, lists: &[ListSource<'_>], notes: &mut Notes<'_>) {
    let Place::List(name, term) = &error.place else {
        return;
    };
    let Some(list) = lists.iter().find(|list| list.name.value == name) else {
        return;
    };
    if error.code == Code::ListEmpty && list.terms.is_empty() {
        return; // It was noted where the list was read.
    }
    let span = match list.terms.get(*term) {
        Some(term) if error.code != Code::Unexpected => term.span.clone(),
        _ => list.name.span.clone(),
    };
    notes.add(finding(error, span));
}

fn note_in_topic(
    error: &QueryError,
    source: &TopicSource<'_>,
    broken_lists: &HashSet<&str>,
    notes: &mut Notes<'_>,
) {
    let text = text_of(source, &error.place);
    // A topic without any of the keys, or with a blank one, has been noted where it was read.
    let noted = error.code == Code::NoPositiveTerm && source.terms.absence_noted;
    if noted || text.is_some_and(|text| is_about_list(error, text, broken_lists)) {
        return;
    }
    notes.add(finding(error, span(source, &error.place, error.at, notes)));
}

/// The string of a topic at a place; `None`: the topic as a whole.
fn text_of<'s, 't>(source: &'s TopicSource<'t>, place: &Place) -> Option<&'s Text<'t>> {
    match place {
        Place::Any(number) => source.terms.any.get(*number),
        Place::All(number) => source.terms.all.get(*number),
        Place::None(number) => source.terms.none.get(*number),
        Place::Fields(number) => source.terms.fields.iter().flatten().nth(*number),
        Place::Query => source.terms.query.as_ref(),
        Place::Languages(_) | Place::Feeds(_) | Place::Topic | Place::List(..) => None,
    }
}

/// What the caret underlines for a place of a topic: the word at a byte of its string, the string, or the topic's name.
pub(super) fn span(
    source: &TopicSource<'_>,
    place: &Place,
    at: Option<usize>,
    notes: &Notes<'_>,
) -> Range<usize> {
    match (text_of(source, place), at) {
        (Some(text), Some(at)) => notes.inside(text, at..at + word_length(text.value, at)),
        (Some(text), None) => text.span.clone(),
        (None, _) => source.span.clone(),
    }
}

/// Whether the mistake is one of a list that the text uses; it has been noted at the list.
fn is_about_list(error: &QueryError, text: &Text<'_>, broken_lists: &HashSet<&str>) -> bool {
    let from = text.value.get(error.at.unwrap_or(0)..).unwrap_or_default();
    let from = if error.at.is_some() {
        from
    } else {
        from.trim_start_matches(|c| c != '{')
    };
    let name = from
        .strip_prefix('{')
        .and_then(|rest| rest.split('}').next());
    error.code != Code::ListUnknown && name.is_some_and(|name| broken_lists.contains(name.trim()))
}

/// How much of a query the caret underlines: the word, list, regex or bracket that begins there.
fn word_length(query: &str, at: usize) -> usize {
    let rest = query.get(at..).unwrap_or_default();
    if rest.starts_with('{') {
        return rest.find('}').map_or(1, |end| end + 1);
    }
    if rest.starts_with('/') {
        return regex_length(rest);
    }
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let ends = |c: char| c.is_whitespace() || "(),{}\"“”".contains(c);
    first.max(rest.find(ends).unwrap_or(rest.len()))
}

/// From the first slash of a regex to the one that closes it.
fn regex_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if c == '/' && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}

fn finding(error: &QueryError, span: Range<usize>) -> Finding {
    Finding {
        code: Some(error.code.as_str()),
        ..Finding::problem(span, error.message.as_str())
    }
}
