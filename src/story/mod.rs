//! Which items tell the same event, and when a told event has something new.

use crate::model::{ItemId, Timestamp};

pub mod followup;
pub mod group;
pub mod vector;

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
