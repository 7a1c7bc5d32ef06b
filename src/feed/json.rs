//! JSON Feed 1.0 and 1.1, every field optional, to the one dialect.
//!
//! feed-rs wants a version, a title and strings; the feeds of the world leave them out, number their ids, or break off.

use serde_json::{Map, Value};

use super::dialect::{Form, Writer, note, rel};
use super::mend::MAX_ITEMS;
use super::person::person;
use super::{Oddity, dates};

/// A JSON feed, rewritten.
pub(super) struct Mended {
    pub(super) atom: String,
    pub(super) oddities: Vec<Oddity>,
    /// Why it is not whole, if it is not.
    pub(super) torn: Option<String>,
}

/// Rewrites a JSON feed; `None` if the JSON, whole or broken, is none.
pub(super) fn mend(text: &str) -> Option<Mended> {
    let mut oddities = Vec::new();
    // What stands before and behind the object is not looked at.
    let text = text.get(text.find('{')?..)?;
    let mut torn = None;
    let feed = match first(text) {
        Ok(Value::Object(feed)) => feed,
        Ok(_) => return None,
        Err(error) => {
            let tidied = tidy(text);
            let (place, done, feed) = match first(&tidied) {
                Ok(Value::Object(feed)) => {
                    ("commas, line ends or escapes".to_owned(), "mended", feed)
                }
                tidied_error => {
                    let is_cut = tidied_error.is_err_and(|error| error.is_eof());
                    torn = is_cut.then(|| "its JSON ends too soon".to_owned());
                    let done = "kept what was complete before it";
                    (format!("line {}", error.line()), done, salvage(&tidied)?)
                }
            };
            oddities.push(Oddity {
                what: "broken JSON".to_owned(),
                place,
                done: done.to_owned(),
            });
            feed
        }
    };
    let items = feed.get("items").and_then(Value::as_array);
    let version = feed
        .get("version")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !version.contains("jsonfeed.org") && !items.is_some_and(|items| items.iter().any(is_item)) {
        return None;
    }
    let mut writer = Writer::default();
    writer.open("feed");
    write_head(&mut writer, &feed);
    let mut items = items.into_iter().flatten().filter_map(Value::as_object);
    for item in items.by_ref().take(MAX_ITEMS) {
        write_item(&mut writer, item);
    }
    if items.next().is_some() {
        oddities.push(Oddity {
            what: "too many items".to_owned(),
            place: format!("behind item {MAX_ITEMS}"),
            done: "not read".to_owned(),
        });
    }
    writer.close("feed");
    Some(Mended {
        atom: writer.take(),
        oddities,
        torn,
    })
}

fn first(text: &str) -> serde_json::Result<Value> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter();
    values.next().unwrap_or(Ok(Value::Null))
}

fn is_item(item: &Value) -> bool {
    ["content_html", "content_text", "date_published", "url"]
        .iter()
        .any(|key| item.get(key).is_some())
}

/// The most memory that the values of a document may take. A feed of 10,000 items takes a fifth.
const MOST_MEMORY: usize = 128 << 20;

/// Whether the values of a text may take far more memory than the text itself: two bytes can make a list, and six an object.
pub(super) fn is_too_heavy(text: &str) -> bool {
    // What serde_json takes at least: a node of a tree for an object, room for four values for a list.
    let weigh = |mark: u8| match mark {
        b'{' => 700,
        b'[' => 160,
        _ => 96,
    };
    // Marks inside strings count, too: where a string ends in broken JSON is a matter of opinion.
    let marks = text
        .bytes()
        .filter(|byte| matches!(byte, b'{' | b'[' | b','));
    marks.map(weigh).sum::<usize>() > MOST_MEMORY
}

/// JSON without the commas that close a list, and with its blanks, and the line ends and escapes in its strings, as they should be.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len() + 16);
    let mut in_string = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => {
                in_string = !in_string;
                tidy.push('"');
            }
            '\\' if in_string => match characters.next() {
                Some(escaped @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u')) => {
                    tidy.extend(['\\', escaped])
                }
                Some(other) => tidy.push(other),
                None => {}
            },
            '\n' if in_string => tidy.push_str("\\n"),
            '\r' if in_string => tidy.push_str("\\r"),
            '\t' if in_string => tidy.push_str("\\t"),
            '}' | ']' if !in_string => {
                let kept = tidy.trim_end().trim_end_matches(',').len();
                tidy.truncate(kept);
                tidy.push(character);
            }
            blank if !in_string && (blank.is_whitespace() || blank == '\u{FEFF}') => tidy.push(' '),
            other => tidy.push(other),
        }
    }
    tidy
}

/// The head and the complete items of a document that breaks off.
fn salvage(text: &str) -> Option<Map<String, Value>> {
    let key = text.find("\"items\"")?;
    let (head, list) = text.split_at(key);
    let closed = format!("{head}\"items\":[]}}");
    let mut feed: Map<String, Value> = serde_json::from_str(&closed).unwrap_or_default();
    let mut rest = list.split_once('[')?.1;
    let mut items = Vec::new();
    loop {
        rest = rest
            .trim_start_matches(|character: char| character.is_whitespace() || character == ',');
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let Some(Ok(item)) = values.next() else {
            break;
        };
        let end = values.byte_offset();
        items.push(item);
        rest = rest.get(end..)?;
    }
    feed.insert("items".to_owned(), Value::Array(items));
    Some(feed)
}

fn write_head(writer: &mut Writer, feed: &Map<String, Value>) {
    if let Some(title) = text(feed, "title") {
        writer.text("title", Form::Plain, &title);
    }
    for (key, relation) in [("home_page_url", rel::ALTERNATE), ("feed_url", rel::SELF)] {
        if let Some(address) = text(feed, key) {
            writer.link(relation, &address, "");
        }
    }
    if let Some(language) = text(feed, "language") {
        writer.note(note::LANGUAGE, &language);
    }
    write_authors(writer, feed);
}

fn write_item(writer: &mut Writer, item: &Map<String, Value>) {
    writer.open("entry");
    for (key, element) in [("id", "id"), ("title", "title"), ("summary", "summary")] {
        if let Some(value) = text(item, key) {
            writer.text(element, Form::Plain, &value);
        }
    }
    if let Some(address) = text(item, "url").or_else(|| text(item, "external_url")) {
        writer.link(rel::ALTERNATE, &address, "");
    }
    for (key, element) in [
        ("date_published", "published"),
        ("date_modified", "updated"),
    ] {
        if let Some(instant) = text(item, key).and_then(|date| dates::parse(&date)) {
            writer.date(element, instant);
        }
    }
    if let Some(content) = text(item, "content_html") {
        writer.text("content", Form::Html, &content);
    } else if let Some(content) = text(item, "content_text") {
        writer.text("content", Form::Plain, &content);
    }
    write_authors(writer, item);
    for tag in list(item, "tags").filter_map(string) {
        writer.category(&tag);
    }
    for attachment in list(item, "attachments").filter_map(Value::as_object) {
        if let Some(address) = text(attachment, "url") {
            writer.link(rel::ENCLOSURE, &address, "");
        }
    }
    if let Some(language) = text(item, "language") {
        writer.note(note::LANGUAGE, &language);
    }
    writer.close("entry");
}

/// `authors` of version 1.1, `author` of 1.0; objects, or names alone.
fn write_authors(writer: &mut Writer, object: &Map<String, Value>) {
    for author in object
        .get("author")
        .into_iter()
        .chain(list(object, "authors"))
    {
        let name = match author {
            Value::Object(author) => text(author, "name"),
            other => string(other),
        };
        if let Some(name) = name
            .map(|name| person(&name))
            .filter(|name| !name.is_empty())
        {
            writer.author(&name);
        }
    }
}

fn list<'a>(object: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a Value> {
    object
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    object.get(key).and_then(string)
}

/// A string, or a number as one; nothing where there is nothing to read.
fn string(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}
