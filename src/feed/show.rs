//! A read document as JSON, in the format `feed-show-1`.

use serde_json::{Value, json};

use super::FeedDocument;
use crate::model::Entry;

/// The JSON of `feeds show --json`: title, link and the items in document order; texts are HTML, addresses absolute, and `date` is
/// published, else updated, in RFC 3339. What was mended follows under `oddities`, and
/// under `torn` why the document is not whole, if it is not.
pub fn show_json(document: &FeedDocument) -> Value {
    let items: Vec<Value> = document.entries.iter().map(item).collect();
    let oddities: Vec<Value> = document
        .oddities
        .iter()
        .map(|oddity| json!({"what": oddity.what, "place": oddity.place, "done": oddity.done}))
        .collect();
    json!({
        "title": document.title,
        "link": document.link,
        "self_link": document.self_link,
        "lang": document.lang,
        "items": items,
        "oddities": oddities,
        "torn": document.torn,
    })
}

fn item(entry: &Entry) -> Value {
    let date = entry.published.or(entry.updated);
    json!({
        "id": entry.guid,
        "title": entry.title,
        "link": entry.link,
        "date": date.map(|date| date.to_string()),
        "updated": entry.updated.map(|date| date.to_string()),
        "authors": entry.authors,
        "categories": entry.categories,
        "content": entry.content.as_ref().or(entry.summary.as_ref()),
        "summary": entry.summary,
        "enclosures": entry.enclosures,
        "comments": entry.comments,
        "lang": entry.lang,
        "source": entry.source.as_ref().map(|source| json!({"title": source.title, "url": source.url})),
    })
}
