//! When two items tell the same event.
//!
//! An item joins the story of its nearest member if the two share enough rare words, and more than a name with what is
//! said to explain it ("hotel chain Marwick"): the same names occur in other events too. Mostly single members decide, as
//! the middle of a story drifts with each item until it is a topic and swallows everything. An item that stands between
//! two stories may show that they are one; then their middles must agree as well, the more so the larger they are, and
//! the more each says again and again what the other never says: that is another place, another name, another event.
//!
//! Only items that a topic asked for come here, so they all share words that are rare elsewhere: the topic's own. What
//! many recent members hold therefore tells less. And what is identified (`CVE-2026-41207`) must not be two things of a
//! kind in one story.

use std::collections::HashMap;

use crate::model::{ItemId, StoryId, Timestamp};
use crate::story::Telling;
use crate::story::marks::Mark;
use crate::story::member::{Fresh, Likeness, Member};
use crate::story::vector::{Features, Frequencies, features, hash, jaccard, title_hash};
use crate::story::window::{OPEN_AFTER_LAST, Window};

/// How alike an item and a story must be; 1 is equal. The nearest member counts, and in part the middle.
const JOIN: f32 = 0.35;
const PART_OF_MIDDLE: f32 = 0.4;
/// How much more alike these and the middles of two stories must be as long as no item has been counted, so that no word
/// is known to be common; less with each item, and nothing from so many on.
const UNCOUNTED: f32 = 0.04;
const COUNTED: f32 = 3000.0;
/// How much of the likeness with a member must be left without the strongest shared word and its epithets, unless they
/// identify the same.
const BESIDES: f32 = 0.11;
/// How alike an item and another story's member must be to ask whether the two stories are one.
const TOUCH: f32 = 0.25;
/// How alike the middles of two stories must be to be one; how much more for each e-fold of the smaller's size; and how
/// much more if each were nothing but words that the other lacks.
const MERGE: f32 = 0.34;
const MERGE_BY_SIZE: f32 = 0.08;
const MERGE_BY_OWN: f32 = 0.8;

const HOUR: i64 = 3600;
/// No story lasts longer.
const OPEN_AT_MOST: i64 = 14 * 24 * HOUR;
/// How long a publisher's title is remembered, to tell a column by.
const COLUMN: i64 = 14 * 24 * HOUR;
/// So soon an agency's update of an article comes under its title.
const MARKED: i64 = 18 * HOUR;
const COPY: i64 = 48 * HOUR;
const COPY_TITLE: f32 = 0.8;
const COPY_SUMMARY: f32 = 0.5;
const COPY_OWN_TITLE: f32 = 0.5;
/// How far back members may matter to an item that comes now.
pub const MEMORY_DAYS: i64 = 17;
/// A story that nothing has joined for so long is over.
pub const OPEN_HOURS: i64 = OPEN_AFTER_LAST / HOUR;

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

/// A member to be put back. Of one whose story is over only the title may matter: it may be a column's.
#[derive(Debug)]
pub struct Prepared {
    telling: Telling,
    title_hash: u64,
    features: Option<Features>,
}

/// The open stories: those with a member in the last 72 hours, none older than 14 days.
#[derive(Clone, Debug)]
pub struct Grouper {
    frequencies: Frequencies,
    window: Window,
    /// The last item of a publisher under a title: when, and the hash of its link and summary.
    columns: HashMap<(u64, u64), (i64, u64)>,
    /// When the over was last forgotten.
    swept: i64,
}

impl Grouper {
    /// No open story yet.
    pub fn new(frequencies: Frequencies) -> Grouper {
        Grouper {
            frequencies,
            window: Window::default(),
            columns: HashMap::new(),
            swept: i64::MIN,
        }
    }

    /// Takes apart a member that was placed before a restart, or before the frequencies were renewed, to be put back.
    /// `is_open`: whether anything joined its story in the last [`OPEN_HOURS`].
    pub fn prepare(&self, telling: Telling, is_open: bool) -> Prepared {
        let features = is_open.then(|| features(&telling, &self.frequencies));
        Prepared {
            title_hash: match &features {
                Some(features) => features.title_hash,
                None => title_hash(&telling, &self.frequencies),
            },
            features,
            telling,
        }
    }

    /// Puts back a member in the order in which they were placed, with the story it belongs to now. Members of the last
    /// [`MEMORY_DAYS`] suffice.
    pub fn restore(&mut self, prepared: &Prepared, story: StoryId) {
        let telling = &prepared.telling;
        let mark = prepared
            .features
            .as_ref()
            .map_or(Mark::None, |features| features.mark);
        let is_column = self.note_column(telling, prepared.title_hash, mark);
        if let Some(features) = &prepared.features {
            let member = self.window.member(telling, features);
            self.add(member, story, is_column);
        }
    }

    /// Places an item: into an open story, or as the first of a new one, which is then `next`. Items come in the order
    /// in which they were first seen.
    pub fn place(&mut self, telling: &Telling, next: StoryId) -> Placement {
        let features = features(telling, &self.frequencies);
        self.sweep(telling.at);
        let fresh = self.window.fresh(telling, &features);
        let is_column = self.note_column(telling, features.title_hash, features.mark);
        let near = if is_column {
            Vec::new()
        } else {
            self.neighbours(&fresh)
        };
        let nearest = self.nearest(&fresh, &near);
        let (story, merged) = match nearest {
            Some(nearest) => self.merge(nearest.story, &near),
            None => (next, Vec::new()),
        };
        let copy_of = self.copied(&fresh.member, story);
        let why = match (copy_of, nearest) {
            (Some(original), _) => {
                format!("tells what item {original} tells, nearly word for word")
            }
            (None, Some(nearest)) => {
                let words = self.window.shared_words(&fresh, &features, nearest.slot);
                format!(
                    "shares {words} with item {}",
                    self.window.item(nearest.slot)
                )
            }
            (None, None) if is_column => {
                "has a title that its publisher used before for something else".to_string()
            }
            (None, None) => "shares too little with any open story".to_string(),
        };
        let why = match merged.len() {
            0 => why,
            others => format!("{why}; it shows that {} stories are one", others + 1),
        };
        self.add(fresh.member, story, is_column);
        Placement {
            story,
            opened: nearest.is_none(),
            merged,
            copy_of,
            why,
        }
    }

    fn add(&mut self, member: Member, story: StoryId, is_column: bool) {
        self.window.add(member, story);
        if is_column {
            self.window.set_apart(story);
        }
    }

    /// Whether the publisher used the title within 14 days for another page or another summary; then it is a column
    /// ("Five things to know today"), and each item of it a story of its own. Remembers the item either way. What an agency
    /// marks as the same article again is none if it comes soon; a column may bear a mark as well, and comes the next day.
    fn note_column(&mut self, telling: &Telling, title_hash: u64, mark: Mark) -> bool {
        let key = (hash(&telling.publisher), title_hash);
        let now = (
            telling.at.as_second(),
            hash(&(&telling.link, &telling.summary)),
        );
        let before = self.columns.insert(key, now);
        let (Some((at, page)), false) = (before, telling.publisher.is_empty()) else {
            return false;
        };
        let is_marked = mark != Mark::None && now.0 - at <= MARKED;
        now.0 - at <= COLUMN && page != now.1 && !is_marked
    }

    /// The members of open stories that share more with an item than a name.
    fn neighbours(&mut self, fresh: &Fresh) -> Vec<Neighbour> {
        let member = &fresh.member;
        let now = member.at;
        let mut near = Vec::new();
        // Stories of which another bulletin of the same outlet is a member.
        let mut bulletins = Vec::new();
        for slot in self.window.candidates(fresh, BESIDES) {
            let other = self.window.slot(slot);
            let Some(story) = self.window.story(other.story) else {
                continue;
            };
            let is_open = now - story.last <= OPEN_AFTER_LAST && now - story.opened <= OPEN_AT_MOST;
            if !is_open || !story.may_take(member) {
                continue;
            }
            if member.is_bulletin_beside(other) {
                bulletins.push(other.story);
                continue;
            }
            let likeness = other.likeness(fresh);
            if likeness.besides >= BESIDES || member.identifies_what(other) {
                near.push(Neighbour {
                    slot,
                    story: other.story,
                    likeness,
                });
            }
        }
        near.retain(|near| !bulletins.contains(&near.story));
        near
    }

    /// The neighbour whose story an item joins.
    fn nearest(&self, fresh: &Fresh, near: &[Neighbour]) -> Option<Neighbour> {
        let nearest = near.iter().max_by(|one, other| {
            let by_likeness = one.likeness.whole.total_cmp(&other.likeness.whole);
            // Of equal ones the earliest.
            by_likeness.then(other.slot.cmp(&one.slot))
        })?;
        let middle = self.window.likeness_with_middle(fresh, nearest.story);
        let alike = nearest.likeness.whole * (1.0 - PART_OF_MIDDLE) + middle * PART_OF_MIDDLE;
        let is_alike = alike >= JOIN + self.uncounted();
        // A text that many print makes its own words common.
        let is_same_text = says_the_same(&fresh.member, self.window.slot(nearest.slot));
        (is_alike || is_same_text).then_some(*nearest)
    }

    /// How much more alike things must be for the items that have not been counted yet.
    fn uncounted(&self) -> f32 {
        UNCOUNTED * (1.0 - self.frequencies.items() as f32 / COUNTED).max(0.0)
    }

    /// Makes one of those stories that an item touches and that are alike as a whole. The oldest remains.
    fn merge(&mut self, story: StoryId, near: &[Neighbour]) -> (StoryId, Vec<StoryId>) {
        let touches = |near: &&Neighbour| near.likeness.whole >= TOUCH;
        let mut others: Vec<StoryId> = near.iter().filter(touches).map(|near| near.story).collect();
        others.sort_unstable();
        others.dedup();
        let mut remains = story;
        let mut merged = Vec::new();
        for other in others.into_iter().filter(|&other| other != story) {
            let Some((alike, smaller)) = self.window.alike(remains, other) else {
                continue;
            };
            let least = MERGE + MERGE_BY_SIZE * (smaller as f32).ln() + self.uncounted();
            let is_alike = alike >= least
                && alike >= least + MERGE_BY_OWN * self.window.own(remains, other)
                && !self.window.are_bulletins(remains, other);
            if !is_alike {
                continue;
            }
            let (older, younger) = self.window.by_age(remains, other);
            self.window.merge(younger, older);
            merged.push(younger);
            remains = older;
        }
        (remains, merged)
    }

    /// The item of the story that an item is a copy of.
    fn copied(&self, member: &Member, story: StoryId) -> Option<ItemId> {
        let slots = self.window.story(story)?.members.iter();
        let mut members = slots.map(|&slot| self.window.slot(slot));
        members
            .find(|other| {
                says_the_same(member, other)
                    || member.at - other.at <= COPY
                        && (member.title_hash == other.title_hash
                            || member.facts == other.facts
                                && jaccard(&member.title, &other.title) >= COPY_TITLE)
            })
            .map(|other| other.item)
    }

    /// Once an hour, forgets the stories that nothing can join any more.
    fn sweep(&mut self, now: Timestamp) {
        let now = now.as_second();
        if now.saturating_sub(self.swept) < HOUR {
            return;
        }
        self.swept = now;
        // Not yet those that have lasted too long: their late members still show which words are common now.
        self.window
            .forget(|story| now - story.last > OPEN_AFTER_LAST);
        self.columns.retain(|_, (at, _)| now - *at <= COLUMN);
    }
}

/// Whether the summary of an item is that of a member that came shortly before. One publisher may put the same teaser
/// under all parts of a series; so its own titles must be alike, too.
fn says_the_same(member: &Member, other: &Member) -> bool {
    let is_series = || {
        member.publisher == other.publisher
            && (member.facts != other.facts
                || jaccard(&member.title, &other.title) < COPY_OWN_TITLE)
    };
    member.at - other.at <= COPY
        && jaccard(&member.pairs, &other.pairs) >= COPY_SUMMARY
        && !is_series()
}

/// A member near an item.
#[derive(Clone, Copy, Debug)]
struct Neighbour {
    slot: u32,
    story: StoryId,
    likeness: Likeness,
}

#[cfg(test)]
mod bridges;
#[cfg(test)]
mod tests;
