//! Which topics want an item.

use jiff::civil::Date;

use crate::query::Rule;

/// A topic as the watchlist declares it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Topic {
    /// Unique in the watchlist.
    pub name: String,
    /// Names a digest's `topics` may use.
    pub tags: Vec<String>,
    /// What it asks for.
    pub rule: Rule,
    /// First in the digest and in its subject.
    pub high_priority: bool,
    /// Titles only in the mail, no excerpt.
    pub sensitive: bool,
    /// Silent until the start of this day.
    pub snooze: Option<Date>,
    /// Whether its items are grouped into stories.
    pub group: bool,
    /// Its tests, run by `check` and at every reload.
    pub expects: Vec<Expect>,
}

/// One `[[topic.expect]]`: an item that the topic must take or leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// Whether it must match.
    pub matches: bool,
    /// HTML fragment.
    pub title: String,
    /// HTML fragment.
    pub summary: String,
    /// HTML fragment.
    pub content: String,
    /// BCP 47 tag; empty: unknown.
    pub lang: String,
    /// A declared name or tag; empty: none.
    pub feed: String,
}
