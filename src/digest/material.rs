//! What a digest is made of: everything the store and the watchlist know, as values.
//!
//! The shell fills a [`Material`], [`super::compose`] decides what of it is told. Text in it is raw: it may come from a
//! feed and is cleaned where it is put into words.

use jiff::SignedDuration;
use jiff::civil::Date;

use super::DigestSettings;
use crate::model::{Hit, ItemId, MatchId, Origin, Shown, StoryId, Timestamp, TopicId};

/// All that one message to one recipient is made of.
#[derive(Clone, Debug)]
pub struct Material<'a> {
    /// The digest that is due.
    pub digest: &'a DigestSettings,
    /// The address it goes to.
    pub recipient: &'a str,
    /// The moment of composing; the message speaks of the time up to it.
    pub now: Timestamp,
    /// The end of this digest's last window for this recipient; `None`: its first.
    pub since: Option<Timestamp>,
    /// Whether the recipient never had a message. The first goes even if empty.
    pub first: bool,
    /// Whether it lists what the topics match in the store (`--since`), rather than what waits to be told.
    pub lists_stored: bool,
    /// All topics the recipient has in any digest, in file order.
    pub topics: Vec<Topic>,
    /// All pending matches of the recipient, in any order; also those of topics that only another digest wants, since
    /// they tag a story and leave with it.
    pub candidates: Vec<Candidate>,
    /// What is known of the candidates' stories.
    pub stories: Vec<StoryFacts>,
    /// Changes of headlines that this recipient was told, and did not yet hear of.
    pub edits: Vec<Edit>,
    /// Stories this recipient got from other digests since `since`, oldest first.
    pub elsewhere: Vec<Elsewhere>,
    /// What happened to feeds that the digest's topics read, and this recipient did not yet hear of.
    pub feed_news: Vec<FeedNews>,
    /// Feeds in trouble that this recipient was told of before.
    pub known_troubles: u32,
    /// Polling since `since`.
    pub feeds: FeedFigures,
    /// The watchlist that made this digest.
    pub watchlist: Watchlist,
    /// The name of this machine.
    pub host: &'a str,
}

/// A topic of the recipient.
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    /// Its row.
    pub id: TopicId,
    /// Its name.
    pub name: String,
    /// Whether this digest wants it; `false`: only another digest of the recipient does.
    pub wanted: bool,
    /// `priority = "high"`.
    pub high_priority: bool,
    /// Titles only.
    pub sensitive: bool,
    /// Silent until the start of this day.
    pub snooze: Option<Date>,
    /// A story is told once so many outlets tell it.
    pub min_outlets: u32,
    /// Stories by their first match in this topic, in each window of [`super::volume::windows`] that lies wholly
    /// after the topic's `since`, oldest first; the last is today.
    pub history: Vec<u32>,
}

/// One pending match.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its row.
    pub id: MatchId,
    /// What matched.
    pub item: ItemId,
    /// The item whose text it carries, as outlets do with a wire text; itself if it has its own.
    pub text: ItemId,
    /// The story it belongs to; `None` where stories are off for it.
    pub story: Option<StoryId>,
    /// The topic that wants it.
    pub topic: TopicId,
    /// When it matched.
    pub matched_at: Timestamp,
    /// How the sighting that matched came to us.
    pub origin: Origin,
    /// How well it matches; only the order counts.
    pub score: f64,
    /// Why; the ranges point into `shown`.
    pub hits: Vec<Hit>,
    /// The text of the sighting that matched.
    pub shown: Shown,
    /// The page, as the feed wrote it.
    pub link: Option<String>,
    /// When it was published, else first seen.
    pub date: Timestamp,
    /// What the feed is called.
    pub outlet: String,
    /// Whom outlets are counted by: the registrable domain of the link, else what else tells publishers apart.
    pub publisher: String,
    /// BCP 47 tag, if known.
    pub lang: Option<String>,
}

/// What is known of a story beside the pending matches.
#[derive(Clone, Debug, PartialEq)]
pub struct StoryFacts {
    /// Its row.
    pub id: StoryId,
    /// Distinct publishers of all its items, told ones included.
    pub outlets: u32,
    /// Whether no more items can join it.
    pub closed: bool,
    /// When the recipient was told of it before; `None`: never.
    pub told: Option<ToldBefore>,
}

/// A story the recipient had before.
#[derive(Clone, Debug, PartialEq)]
pub struct ToldBefore {
    /// When it was last told.
    pub at: Timestamp,
    /// Whether its pending items bring something new.
    pub followup: Followup,
    /// The headlines of what was told of it, shown or counted.
    pub headlines: Vec<String>,
    /// The message that told it, if that was an alert on this story alone.
    pub thread: Option<Thread>,
}

/// What a story that was told before has to say now (`story::followup` decides).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followup {
    /// Nothing new: its articles are counted.
    Nothing,
    /// Something new, but too soon after the last time: its matches wait.
    TooSoon,
    /// An agency marked it as an update.
    Marked,
    /// Words that were not in what was told, the most telling first.
    Words(Vec<String>),
    /// Topics that had not matched when it was told.
    Topics(Vec<TopicId>),
}

/// A message that a later one answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// Its Message-ID, with angle brackets.
    pub message_id: String,
    /// The Message-ID that it answers itself.
    pub parent: Option<String>,
    /// Its subject.
    pub subject: String,
}

/// An outlet changed or withdrew what the recipient was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Whose.
    pub outlet: String,
    /// The headline that was told.
    pub old: String,
    /// The headline now; `None`: withdrawn.
    pub new: Option<String>,
    /// The page.
    pub link: Option<String>,
}

/// Stories that another digest sent to the same recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// Its name.
    pub digest: String,
    /// When.
    pub at: Timestamp,
    /// How many.
    pub stories: u32,
}

/// Something that happened to a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedNews {
    /// What the feed is called.
    pub feed: String,
    /// What happened.
    pub what: FeedEvent,
    /// The recipient's topics that suffer if it is in trouble, by name; empty: not said.
    pub topics: Vec<String>,
}

/// The kinds of [`FeedNews`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedEvent {
    /// Read for the first time.
    Added {
        /// Items its first document brought.
        stored: u32,
        /// Those that the digest's topics match, and that are not mailed.
        matching: u32,
    },
    /// Back in the watchlist, or no longer paused.
    Resumed,
    /// No good answer for a day or longer.
    Failing {
        /// Of the first failure, or since when it was not asked.
        since: Timestamp,
        /// Failures in a row; 0: it is not asked for the sake of its domain.
        attempts: u32,
        /// What the last failure was, or why it is not asked, in words.
        error: String,
        /// When it may be asked again, if a server has named a time.
        until: Option<Timestamp>,
    },
    /// Read again after a failure that was reported.
    Recovered {
        /// For about how long it had failed.
        after: SignedDuration,
    },
    /// It answers, but shows nothing new for unusually long.
    Quiet {
        /// When it last showed something new.
        last_new: Timestamp,
        /// How far apart its items usually are.
        usual: SignedDuration,
    },
    /// Items between two polls may have been missed.
    Gap {
        /// The poll before.
        from: Timestamp,
        /// The poll that showed nothing we knew.
        to: Timestamp,
    },
    /// Its document was replaced by another.
    Replaced {
        /// When that was seen.
        at: Timestamp,
    },
    /// It moved for good.
    Moved {
        /// Where to.
        to: String,
        /// The feed that is asked there already, so that this one is still asked at its old address.
        same_as: Option<String>,
    },
    /// The server says that it is gone for good.
    Gone {
        /// Since when.
        since: Timestamp,
    },
    /// Its guids are not believed any more.
    Guids,
}

/// What polling did since the last digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedFigures {
    /// Declared feeds.
    pub feeds: u32,
    /// Declared feeds whose last poll failed, or that were never read though asked.
    pub failing: u32,
    /// Requests made.
    pub polls: u64,
    /// Those that failed.
    pub failed: u64,
    /// Gaps seen.
    pub gaps: u32,
}

/// The watchlist's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watchlist {
    /// The file's name without its folder.
    pub file: String,
    /// When the version in use was saved.
    pub saved_at: Timestamp,
    /// Problems of a newer version that is refused for them; 0: there is none.
    pub problems: u32,
}

impl FeedEvent {
    /// Whether a person should look; such news stands in the box and makes an empty digest go.
    pub fn is_trouble(&self) -> bool {
        matches!(
            self,
            FeedEvent::Failing { .. }
                | FeedEvent::Quiet { .. }
                | FeedEvent::Gap { .. }
                | FeedEvent::Replaced { .. }
                | FeedEvent::Gone { .. }
        )
    }

    /// Whether trouble that was reported is over; that too makes an empty digest go.
    pub fn is_recovery(&self) -> bool {
        matches!(self, FeedEvent::Recovered { .. })
    }
}
