//! Which stories a digest shows: grouped, ordered, capped.

use crate::model::{ItemId, MatchId, StoryId, TopicId};

/// What one message tells, for the store to settle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Each item that the recipient is told of with this message, once.
    pub told: Vec<Told>,
    /// The matches that are pending no longer.
    pub leaving: Vec<MatchId>,
}

/// How the recipient was told of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The item.
    pub item: ItemId,
    /// Its story.
    pub story: Option<StoryId>,
    /// The topic it stands under.
    pub topic: TopicId,
    /// In which form.
    pub how: How,
}

/// The forms in which an item is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// With title and excerpt.
    Full,
    /// With its title.
    Compact,
    /// As another outlet of a story.
    Also,
    /// In a number, with the command that lists it.
    Counted,
    /// In the block of old items that resurfaced.
    Late,
    /// In the line of a feed that was replaced.
    Replaced,
    /// In the number that a snooze hid.
    Snoozed,
}

impl How {
    /// The word in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            How::Full => "full",
            How::Compact => "compact",
            How::Also => "also",
            How::Counted => "counted",
            How::Late => "late",
            How::Replaced => "replaced",
            How::Snoozed => "snoozed",
        }
    }
}

/// The most that one message shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Stories of all topics.
    pub stories: usize,
    /// Stories of one topic.
    pub per_topic: usize,
    /// Stories of one topic that have an excerpt: its first.
    pub excerpts: usize,
}

impl Caps {
    /// What a message shows where nothing speaks against it.
    pub fn standard(max_stories: usize) -> Caps {
        Caps { stories: max_stories, per_topic: 12, excerpts: 3 }
    }

    /// Everything, for a command that lists what the caps hid.
    pub const NONE: Caps = Caps { stories: usize::MAX, per_topic: usize::MAX, excerpts: usize::MAX };

    /// Half as much, for a server that found the message too big.
    pub fn halved(self) -> Caps {
        Caps { stories: self.stories.div_ceil(2), per_topic: self.per_topic.div_ceil(2), ..self }
    }
}
