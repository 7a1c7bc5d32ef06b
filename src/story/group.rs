//! When two items tell the same event.

use crate::model::{ItemId, StoryId, Timestamp};
use crate::story::Telling;
use crate::story::vector::Frequencies;

/// Where an item went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The story it belongs to now.
    pub story: StoryId,
    /// Whether it opened that story.
    pub opened: bool,
    /// Younger stories that became part of `story` by this item; each is an alias of it from now on.
    pub merged: Vec<StoryId>,
    /// The item that it is a copy of, inside the same story.
    pub copy_of: Option<ItemId>,
    /// In words: what it shares with whom.
    pub why: String,
}

/// The open stories: those with a member in the last 72 hours, none older than 14 days.
#[derive(Clone, Debug)]
pub struct Grouper {
    frequencies: Frequencies,
}

impl Grouper {
    /// No open story yet.
    pub fn new(frequencies: Frequencies) -> Grouper {
        Grouper { frequencies }
    }

    /// Puts back a member that was placed before a restart; in the order in which they were placed. Members of the last
    /// 17 days suffice.
    pub fn restore(&mut self, telling: &Telling, story: StoryId) {
        let _ = (telling, story);
    }

    /// Takes new frequencies; all open stories are weighed again, as a restart would do.
    pub fn renew(&mut self, frequencies: Frequencies) {
        self.frequencies = frequencies;
    }

    /// Places an item: into an open story, or as the first of a new one, which is then `fresh`.
    pub fn place(&mut self, telling: &Telling, fresh: StoryId) -> Placement {
        Placement {
            story: fresh,
            opened: true,
            merged: Vec::new(),
            copy_of: None,
            why: telling.title.clone(),
        }
    }

    /// Forgets the stories that no item at `now` can join any more.
    pub fn forget(&mut self, now: Timestamp) {
        let _ = now;
    }
}
