//! From the bytes a server sent to the entries of a feed.
//!
//! `decode` makes text of them, `survey` says what the text is and whether feed-rs reads it right as it stands; if so, feed-rs
//! reads it at once. If not, or if feed-rs refuses it, `mend` rewrites it as well-formed Atom in names that feed-rs knows, whatever
//! dialect and damage it had, and feed-rs reads that. Broken documents yield every complete entry, and say what was done.

use jiff::SignedDuration;

use crate::model::Entry;
use mend::Mender;
use survey::Kind;

pub mod dates;
mod decode;
mod dialect;
pub mod discover;
mod json;
pub mod lists;
mod markup;
mod mend;
mod names;
mod person;
mod read;
mod show;
mod survey;

pub use show::show_json;

/// What is known of a document from outside it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// Its address, for relative links; may be empty.
    pub url: &'a str,
    /// The Content-Type header it came with.
    pub content_type: Option<&'a str>,
}

/// A feed document, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeedDocument {
    /// HTML fragment, as the entries' titles.
    pub title: Option<String>,
    /// The page the feed belongs to, absolute.
    pub link: Option<String>,
    /// Where the feed says it lives, absolute.
    pub self_link: Option<String>,
    /// BCP 47 tag.
    pub lang: Option<String>,
    /// `ttl`, or the period of the syndication module.
    pub ttl: Option<SignedDuration>,
    /// Bit h: hour h (GMT) is in `skipHours`.
    pub skip_hours: u32,
    /// Bit d: day d (0 is Monday, GMT) is in `skipDays`.
    pub skip_days: u8,
    /// In document order.
    pub entries: Vec<Entry>,
    /// What was wrong and what was done about it.
    pub oddities: Vec<Oddity>,
    /// Why it is not whole, in words, if it is not: whoever wrote or sent it broke off before the end. What of it came is read,
    /// the rest is still to be asked for.
    pub torn: Option<String>,
    /// Whether the document broke off inside the last entry, so that what that does not say may still come.
    pub ends_in_entry: bool,
}

/// A fault in a document that was read all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// What is wrong, in a few words.
    pub what: String,
    /// Where: a line, an element or an entry, in words.
    pub place: String,
    /// What was done about it.
    pub done: String,
}

/// Something that is no feed, and what it is instead ("an HTML page", "an empty body").
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a feed but {what}")]
pub struct NotAFeed {
    /// What it is, with its article.
    pub what: String,
}

impl NotAFeed {
    /// In words; of a document that broke off that comes first, since the rest may have been one.
    pub fn words(&self, torn: Option<&str>) -> String {
        match torn {
            Some(torn) => format!("{torn}, and what came of it is {self}"),
            None => self.to_string(),
        }
    }
}

/// Reads a feed of any dialect in any state, or says what the bytes are instead. Never panics, never asks the network.
///
/// # Errors
///
/// [`NotAFeed`] where no feed could be found in the bytes.
pub fn read(bytes: &[u8], context: &Context<'_>) -> Result<FeedDocument, NotAFeed> {
    if let Some(what) = decode::not_text(bytes) {
        return Err(refuse(what));
    }
    let decoded = decode::decode(bytes, context.content_type);
    let text = &*decoded.text;
    let mut document = match survey::survey(text) {
        Kind::Not(what) => return Err(NotAFeed { what }),
        Kind::Json => match from_json(text, context) {
            Err(refusal) if survey::holds_feed(text) => found_inside(text, context, refusal)?,
            read => read?,
        },
        Kind::Plain => plain(text, context)?,
        Kind::Mend => mended(text, context)?,
        Kind::Maybe(what) => found_inside(text, context, NotAFeed { what })?,
    };
    document.oddities.splice(..0, decoded.oddities);
    Ok(document)
}

/// A feed inside something else; `refusal` if there is nothing in it.
fn found_inside(
    text: &str,
    context: &Context<'_>,
    refusal: NotAFeed,
) -> Result<FeedDocument, NotAFeed> {
    let document = mended(text, context)?;
    if document.entries.is_empty() && document.title.is_none() && document.link.is_none() {
        return Err(refusal);
    }
    Ok(document)
}

fn from_json(text: &str, context: &Context<'_>) -> Result<FeedDocument, NotAFeed> {
    if json::is_too_heavy(text) {
        return Err(refuse("a JSON document of more parts than a feed has"));
    }
    let Some(mended) = json::mend(text) else {
        let is_markup = text.trim_start().starts_with('<');
        return Err(refuse(if is_markup {
            "an HTML page"
        } else {
            "a JSON document"
        }));
    };
    let mut document =
        read::parse(mended.atom.as_bytes(), context.url).map_err(|error| unreadable(&error))?;
    document.oddities = mended.oddities;
    document.torn = mended.torn;
    Ok(document)
}

fn plain(text: &str, context: &Context<'_>) -> Result<FeedDocument, NotAFeed> {
    let error = match read::parse(without_declaration(text).as_bytes(), context.url) {
        Ok(document) => return Ok(document),
        Err(error) => error,
    };
    let mut document = mended(text, context)?;
    if document.oddities.is_empty() {
        document.oddities.push(Oddity {
            what: "XML that is not well formed".to_owned(),
            place: error,
            done: "mended".to_owned(),
        });
    }
    Ok(document)
}

/// The text is UTF-8 by now, whatever it declared; feed-rs would believe the declaration.
fn without_declaration(text: &str) -> &str {
    let text = text
        .trim_start_matches(|character: char| character.is_whitespace() || character == '\u{FEFF}');
    let declaration = text
        .strip_prefix("<?xml")
        .and_then(|rest| rest.split_once("?>"));
    match declaration {
        Some((inside, document)) if !inside.contains('<') => document,
        _ => text,
    }
}

fn mended(text: &str, context: &Context<'_>) -> Result<FeedDocument, NotAFeed> {
    let mut mender = Mender::new(text, context.url);
    let mut document = read::parse(&mut mender, context.url).map_err(|error| unreadable(&error))?;
    document.oddities = mender.oddities();
    document.torn = mender.torn();
    document.ends_in_entry = mender.ends_in_item();
    Ok(document)
}

fn unreadable(error: &str) -> NotAFeed {
    refuse(&format!("a feed beyond mending: {error}"))
}

fn refuse(what: &str) -> NotAFeed {
    NotAFeed {
        what: what.to_owned(),
    }
}

#[cfg(test)]
mod tests;
