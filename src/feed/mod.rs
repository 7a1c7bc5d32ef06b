//! From the bytes a server sent to the entries of a feed.

use jiff::SignedDuration;

use crate::model::Entry;

pub mod dates;
pub mod decode;
pub mod discover;
pub mod mend;
pub mod opml;
pub mod read;

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
