//! The contract with programs: one case a line in, one answer a line out.
//!
//! A case holds an expression or a topic, the lists, an item and the other items of its story; the answer holds whether it
//! matches, its score and its evidence, or the first mistake.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::query::error::{Code, QueryError};
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
        Ok(verdict) => matched(&case.id, &verdict),
        Err(errors) => failed(&case.id, errors.first()),
    };
    (answer.to_string(), true)
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
        Prepared::new(&Document {
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

fn matched(id: &Value, verdict: &Verdict) -> Value {
    let evidence: Vec<Value> = verdict
        .evidence
        .iter()
        .map(|hit| {
            let mut piece = json!({
                "field": hit.field.as_str(),
                "start": hit.start,
                "end": hit.end,
                "term": hit.term,
                "form": hit.form,
            });
            if let (Some(list), Some(piece)) = (&hit.list, piece.as_object_mut()) {
                piece.insert("list".to_owned(), json!(list));
            }
            piece
        })
        .collect();
    json!({"id": id, "match": verdict.matched, "score": verdict.score, "evidence": evidence})
}

fn failed(id: &Value, error: Option<&QueryError>) -> Value {
    let code = error.map_or(Code::TermEmpty, |error| error.code).as_str();
    let message = error.map_or("", |error| error.message.as_str());
    let at = error.and_then(|error| error.at);
    json!({"id": id, "error": {"code": code, "message": message, "at": at}})
}

fn bad_line(message: &str) -> String {
    json!({"id": null, "error": {"code": "bad-line", "message": message, "at": null}}).to_string()
}
