//! Which items tell the same event, and when a told event has something new.

use crate::model::{ItemId, Timestamp};

mod dates;
pub mod facts;
pub mod followup;
mod form;
pub mod group;
mod marks;
mod meanings;
mod member;
mod middle;
#[cfg(test)]
mod running;
mod tokens;
pub mod vector;
mod vocabulary;
mod window;

/// What the rules for stories need to know of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// Which item.
    pub item: ItemId,
    /// When it was first seen.
    pub at: Timestamp,
    /// BCP 47 tag; unknown if absent or empty. Only the primary language counts.
    pub lang: Option<String>,
    /// Registrable domain of the link, else the feed: who tells it.
    pub publisher: String,
    /// Absolute address of the page.
    pub link: Option<String>,
    /// Shown title (SPEC 4.1).
    pub title: String,
    /// Shown summary; of an item without one, the shown content.
    pub summary: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An English item of its own publisher, so many minutes after the start of 2026.
    pub(in crate::story) fn telling(
        item: i64,
        minutes: i64,
        title: &str,
        summary: &str,
    ) -> Telling {
        Telling {
            item: ItemId(item),
            at: Timestamp::from_second(1_767_225_600 + minutes * 60)
                .expect("a time of this century"),
            lang: Some("en".to_string()),
            publisher: format!("outlet{item}.example"),
            link: Some(format!("https://outlet{item}.example/{item}")),
            title: title.to_string(),
            summary: summary.to_string(),
        }
    }
}
