//! Which stories a digest shows: grouped, ordered, capped.
//!
//! Every pending match of a topic that the digest wants ends in exactly one of three ways: its item is shown, or it is
//! counted (with a command that lists it), or the match stays pending. What an item was told as goes for all topics of
//! the recipient, so nobody reads it twice.

mod articles;
mod headline;
mod others;
mod pile;
mod story;

use std::collections::BTreeSet;

use jiff::SignedDuration;

use self::articles::{Article, Topics};
use self::pile::Pile;
use super::excerpt::Run;
use super::material::{Candidate, Material, ToldBefore, Topic};
use crate::model::{ItemId, MatchId, StoryId, Timestamp, TopicId};

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
    /// As another outlet of a story, with its headline or by name, or as a later article of an outlet that is named.
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
    /// Topics with bars in the glance table.
    pub glance: usize,
    /// Old items of one topic that resurfaced, and feeds that were replaced.
    pub late: usize,
    /// Headlines of other outlets below one story with an excerpt; below one without there is at most one. A message
    /// has no more of them than `stories`.
    pub headlines: usize,
    /// Later articles of one story that are shown with their own headlines.
    pub further: usize,
}

impl Caps {
    /// Everything, for a command that lists what the caps hid.
    pub const NONE: Caps = Caps {
        stories: usize::MAX,
        per_topic: usize::MAX,
        excerpts: usize::MAX,
        glance: usize::MAX,
        late: usize::MAX,
        headlines: usize::MAX,
        further: usize::MAX,
    };

    /// What a message shows where nothing speaks against it.
    pub fn standard(max_stories: usize) -> Caps {
        Caps {
            stories: max_stories,
            per_topic: 12,
            excerpts: 3,
            glance: 16,
            late: 12,
            headlines: 3,
            further: 3,
        }
    }

    /// Half as much, for a server that found the message too big.
    pub fn halved(self) -> Caps {
        Caps {
            stories: self.stories.div_ceil(2),
            per_topic: self.per_topic.div_ceil(2),
            glance: self.glance.div_ceil(2),
            late: self.late.div_ceil(2),
            ..self
        }
    }
}

/// What a message tells, in order, before it is put into words.
#[derive(Debug)]
pub struct Choice<'m> {
    /// The topics that have something, high priority first, then in file order.
    pub sections: Vec<Section<'m>>,
    /// Stories told before that have something new.
    pub updates: Vec<Story<'m>>,
    /// Such stories that the caps hid.
    pub more_updates: usize,
    /// Articles on stories told before without anything new.
    pub again: Again<'m>,
    /// Topics whose snooze has ended, and the articles it hid.
    pub hidden: Vec<(&'m Topic, usize)>,
    /// Topics, and their stories that ended below `min_outlets`.
    pub below: Vec<(&'m Topic, usize)>,
    /// Topics of the digest that are snoozed.
    pub asleep: Vec<&'m Topic>,
    /// Topics of the digest that have nothing.
    pub quiet: Vec<&'m Topic>,
    /// Topics, and their stories that have something new and were told too short a time ago to come back.
    pub resting: Vec<(&'m Topic, usize)>,
    /// New stories, shown or counted.
    pub stories: usize,
    /// Articles of new stories.
    pub articles: usize,
    /// What the store has to settle once this is sent.
    pub settled: Settled,
}

/// So long a headline on a story told before waits for a mail that goes for another reason.
const AGAIN_WAITS: SignedDuration = SignedDuration::from_hours(24);

/// Articles without news on stories told before.
#[derive(Clone, Debug, Default)]
pub struct Again<'m> {
    /// Those whose headlines say it in other words than were told, the newest of each story first.
    pub listed: Vec<&'m Candidate>,
    /// The others, which are counted.
    pub articles: usize,
    /// When the first matched of those with a headline that was not told.
    pub waits_since: Option<Timestamp>,
    /// The stories of those.
    pub stories: usize,
}

/// One topic's part of the message.
#[derive(Debug)]
pub struct Section<'m> {
    /// Whose.
    pub topic: &'m Topic,
    /// The stories that are shown.
    pub stories: Vec<Story<'m>>,
    /// Stories that the caps hid.
    pub more: usize,
    /// Old items that resurfaced, newest first.
    pub late: Vec<&'m Candidate>,
    /// By outlet: items of a feed that was replaced.
    pub replaced: Vec<Vec<&'m Candidate>>,
    /// Such items, late or of replaced feeds, that the caps hid.
    pub more_late: usize,
}

/// One story, told by one or more articles.
#[derive(Debug)]
pub struct Story<'m> {
    /// The article that speaks for it.
    pub lead: &'m Candidate,
    /// The first article of each other outlet, earliest first.
    pub also: Vec<&'m Candidate>,
    /// Those of `also` that are shown with their headlines, since these tell something else; the others are names.
    pub headlines: Vec<&'m Candidate>,
    /// Later articles of outlets that are named already, with headlines of their own, newest first.
    pub further: Vec<&'m Candidate>,
    /// Such articles that the caps hid.
    pub more_further: usize,
    /// The recipient's other topics that it matches.
    pub tags: Vec<&'m Topic>,
    /// Whether one of its topics allows titles only.
    pub sensitive: bool,
    /// When it was told before.
    pub told: Option<&'m ToldBefore>,
    /// What is shown of the lead's text.
    pub excerpt: Option<Vec<Run>>,
    /// The topic it stands under.
    pub topic: &'m Topic,
    articles: Vec<Article<'m>>,
}

impl Story<'_> {
    /// The outlets that tell it.
    pub fn outlets(&self) -> usize {
        1 + self.also.len()
    }

    /// The texts that those outlets have: fewer than they are if one carries another's, or both an agency's.
    pub fn texts(&self) -> usize {
        let outlets = std::iter::once(&self.lead).chain(&self.also);
        let texts: BTreeSet<ItemId> = outlets.map(|candidate| candidate.text).collect();
        texts.len()
    }
}

impl Section<'_> {
    /// Whether it shows anything, rather than mere numbers.
    pub fn has_lines(&self) -> bool {
        self.stories.len() + self.late.len() + self.replaced.len() > 0
    }

    /// Stories shown and hidden.
    pub fn count(&self) -> usize {
        self.stories.len() + self.more
    }
}

impl Choice<'_> {
    /// Whether it has nothing to tell that would be worth a mail. Mere numbers wait for the next one; headlines on
    /// stories told before wait, too, but only for a day: what is told in few other words may be the opposite.
    pub fn is_empty(&self, now: Timestamp) -> bool {
        let is_due = self
            .again
            .waits_since
            .is_some_and(|since| now.duration_since(since) >= AGAIN_WAITS);
        self.sections.is_empty() && self.updates.is_empty() && self.hidden.is_empty() && !is_due
    }

    /// Whether the message has something of a topic beside its section.
    fn mentions(&self, topic: &Topic) -> bool {
        let counted = self.hidden.iter().chain(&self.below);
        counted
            .map(|(counted, _)| counted.id)
            .any(|id| id == topic.id)
            || self.updates.iter().any(|story| story.is_on(topic))
    }

    /// Whether a story that is shown or was told before has later articles beside it.
    pub fn has_further(&self) -> bool {
        self.stories_shown().any(|story| !story.further.is_empty()) || !self.again.listed.is_empty()
    }

    /// Whether a story has headlines of other outlets below it.
    pub fn has_headlines(&self) -> bool {
        self.stories_shown()
            .any(|story| !story.headlines.is_empty())
    }

    /// New stories and updates that are shown.
    pub fn shown(&self) -> usize {
        self.stories_shown().count()
    }

    /// Those stories, in order.
    pub fn stories_shown(&self) -> impl Iterator<Item = &Story<'_>> {
        let sections = self.sections.iter();
        let stories = sections.flat_map(|section| &section.stories);
        stories.chain(&self.updates)
    }
}

/// Decides what a message tells.
pub fn choose<'m>(material: &'m Material<'_>, caps: Caps) -> Choice<'m> {
    let topics = Topics::of(material);
    let mut choice = Choice {
        sections: Vec::new(),
        updates: Vec::new(),
        more_updates: 0,
        again: Again::default(),
        hidden: Vec::new(),
        below: Vec::new(),
        asleep: topics
            .ranked
            .iter()
            .filter(|topic| topic.asleep)
            .map(|topic| topic.topic)
            .collect(),
        quiet: Vec::new(),
        resting: Vec::new(),
        stories: 0,
        articles: 0,
        settled: Settled::default(),
    };
    let pile = Pile::sort(material, &topics, &mut choice);
    pile.lay_out(&topics, caps, &mut choice);
    choice
}
