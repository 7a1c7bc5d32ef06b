//! The contract with programs: one case a line in, one answer a line out.
//!
//! A case holds an expression or a topic, the lists, an item and the other items of its story; the answer holds whether it
//! matches, its score and its evidence, or the first mistake.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::query::error::QueryError;
use crate::query::{Document, Prepared, Rule, Verdict, compile};
use crate::text::html::{shown, shown_plain, shown_values};
use crate::topic::publisher;

/// Answers one line, and says whether it was a case; a wrong query is a case all the same.
pub fn answer_case(line: &str) -> (String, bool) {
    let case = match serde_json::from_str::<Case>(line) {
        Ok(case) if case.query.is_some() != case.topic.is_some() => case,
        Ok(_) => return (bad_line("a case holds either `query` or `topic`"), false),
        Err(error) => return (bad_line(&format!("not a case: {error}")), false),
    };
    let answer = match case.judge() {
        Ok(verdict) => judged(&case.id, &verdict),
        Err(errors) => {
            let first = errors.first().expect("what fails to compile has a mistake");
            failed(&case.id, first.code.as_str(), &first.message, first.at)
        }
    };
    (answer, true)
}

#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    id: Value,
    query: Option<String>,
    topic: Option<Topic>,
    #[serde(default)]
    lists: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    doc: Option<Item>,
    #[serde(default)]
    story: Option<Vec<Item>>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Topic {
    any: Vec<String>,
    all: Vec<String>,
    none: Vec<String>,
    query: Option<String>,
    fields: Option<Vec<String>>,
    feeds: Vec<String>,
    languages: Vec<String>,
    min_outlets: u32,
    min_score: f64,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Item {
    title: Option<String>,
    summary: Option<String>,
    content: Option<String>,
    author: Option<Vec<String>>,
    category: Option<Vec<String>>,
    link: Option<String>,
    feed: Option<Feed>,
    lang: Option<String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Feed {
    name: String,
    tags: Vec<String>,
}

impl Case {
    fn judge(&self) -> Result<Verdict, Vec<QueryError>> {
        let lists = self.lists.clone().unwrap_or_default();
        let compiled = compile(&self.rule(), &lists)?;
        let item = self.doc.clone().unwrap_or_default();
        let verdict = compiled.judge(&item.prepare());
        let story = self.story.iter().flatten().chain([&item]);
        let publishers: BTreeSet<String> = story.map(Item::publisher).collect();
        if publishers.len() < compiled.min_outlets() as usize {
            return Ok(Verdict {
                score: verdict.score,
                ..Verdict::default()
            });
        }
        Ok(verdict)
    }

    fn rule(&self) -> Rule {
        let topic = self.topic.clone().unwrap_or_default();
        Rule {
            any: topic.any,
            all: topic.all,
            none: topic.none,
            query: self.query.clone().or(topic.query),
            fields: topic.fields,
            feeds: topic.feeds,
            languages: topic.languages,
            min_outlets: topic.min_outlets,
            min_score: topic.min_score,
        }
    }
}

impl Item {
    fn prepare(&self) -> Prepared {
        let text = |fragment: &Option<String>| shown(fragment.as_deref().unwrap_or_default());
        let values =
            |values: &Option<Vec<String>>| shown_values(values.as_deref().unwrap_or_default());
        let feed = self.feed.clone().unwrap_or_default();
        Prepared::as_declared(&Document {
            title: &text(&self.title),
            summary: &text(&self.summary),
            content: &text(&self.content),
            author: &values(&self.author),
            category: &values(&self.category),
            link: self.link.as_deref(),
            feed: &shown_plain(&feed.name),
            tags: &feed.tags,
            lang: self.lang.as_deref(),
        })
    }

    fn publisher(&self) -> String {
        let feed = self.feed.as_ref().map_or("", |feed| feed.name.as_str());
        publisher(self.link.as_deref(), feed)
    }
}

/// The answer to a case that could be judged.
#[derive(Serialize)]
struct Judged<'a> {
    id: &'a Value,
    #[serde(rename = "match")]
    matched: bool,
    score: f64,
    evidence: Vec<Piece<'a>>,
}

#[derive(Serialize)]
struct Piece<'a> {
    field: &'a str,
    start: usize,
    end: usize,
    term: &'a str,
    form: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<&'a str>,
}

/// The answer to a wrong query, or to no case.
#[derive(Serialize)]
struct Failed<'a> {
    id: &'a Value,
    error: Mistake<'a>,
}

#[derive(Serialize)]
struct Mistake<'a> {
    code: &'a str,
    message: &'a str,
    at: Option<usize>,
}

fn judged(id: &Value, verdict: &Verdict) -> String {
    let pieces = verdict.evidence.iter().map(|hit| Piece {
        field: hit.field.as_str(),
        start: hit.start,
        end: hit.end,
        term: &hit.term,
        form: &hit.form,
        list: hit.list.as_deref(),
    });
    line(&Judged {
        id,
        matched: verdict.matched,
        score: verdict.score,
        evidence: pieces.collect(),
    })
}

fn failed(id: &Value, code: &str, message: &str, at: Option<usize>) -> String {
    let error = Mistake { code, message, at };
    line(&Failed { id, error })
}

fn bad_line(message: &str) -> String {
    failed(&Value::Null, "bad-line", message, None)
}

fn line(answer: &impl Serialize) -> String {
    serde_json::to_string(answer).expect("texts, numbers and finite scores can be written as JSON")
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::answer_case;

    #[track_caller]
    fn check(line: &str, expected: Expect) {
        let (answer, _) = answer_case(line);
        expected.assert_eq(&answer);
    }

    #[test]
    fn a_match_has_score_and_evidence() {
        check(
            r#"{"id": "a", "query": "{n}", "lists": {"n": ["ISIS"]}, "doc": {"title": "<b>ISIS</b>"}, "why": "x"}"#,
            expect![[
                r#"{"id":"a","match":true,"score":3.0,"evidence":[{"field":"title","start":0,"end":4,"term":"ISIS","form":"isis","list":"n"}]}"#
            ]],
        );
    }

    #[test]
    fn a_mistake_has_code_message_and_place() {
        check(
            r#"{"id": "b", "query": "Abu Bakr"}"#,
            expect![[
                r#"{"id":"b","error":{"code":"operator-missing","message":"write AND or OR before `Bakr`, or quotes: \"Abu Bakr\"","at":4}}"#
            ]],
        );
        check(
            r#"{"id": 7, "topic": {"any": ["a OR b"]}}"#,
            expect![[
                r#"{"id":7,"error":{"code":"operator-in-term","message":"`OR` does not work in a term: write it as query = 'a OR b', or quote the words","at":null}}"#
            ]],
        );
    }

    #[test]
    fn outlets_are_publishers_of_the_story() {
        let case = |other: &str| {
            format!(
                r#"{{"id": "c", "topic": {{"query": "Mosul", "min_outlets": 2}}, "doc": {{"title": "Mosul", "link": "https://www.cnn.com/a"}}, "story": [{{"link": "{other}"}}]}}"#
            )
        };
        check(
            &case("https://cnn.com/b"),
            expect![[r#"{"id":"c","match":false,"score":3.0,"evidence":[]}"#]],
        );
        check(
            &case("https://bbc.co.uk/b"),
            expect![[
                r#"{"id":"c","match":true,"score":3.0,"evidence":[{"field":"title","start":0,"end":5,"term":"Mosul","form":"mosul"}]}"#
            ]],
        );
    }

    #[test]
    fn what_is_no_case_is_said_to_be_none() {
        for line in [
            "",
            "7",
            "{}",
            r#"{"id": "d"}"#,
            r#"{"id": "d", "query": "x", "topic": {"any": ["x"]}}"#,
        ] {
            let (answer, was_case) = answer_case(line);
            assert!(
                !was_case
                    && answer.contains(r#""code":"bad-line""#)
                    && answer.contains(r#""id":null"#),
                "{answer}"
            );
        }
    }
}
