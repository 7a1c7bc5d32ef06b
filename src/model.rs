//! What several rooms share: feeds, entries, items and their ids.
//!
//! A noun that only one room needs lives beside its rule, in that room.

use std::fmt;

use jiff::SignedDuration;
pub use jiff::Timestamp;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// A row of `feed`.
    FeedId;
    /// A row of `item`. Printed for people as a plain number.
    ItemId;
    /// A row of `topic`; it survives edits of the topic's query.
    TopicId;
    /// A row of `match`.
    MatchId;
    /// A row of `story`.
    StoryId;
    /// A row of `delivery`, the number that `outbox` takes.
    DeliveryId;
}

/// A feed as the watchlist declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// The address as written, scheme `http` or `https`, without credentials.
    pub url: String,
    /// What to call it; the feed's own title where the watchlist gives none.
    pub name: Option<String>,
    /// Names a topic's `feeds` may use.
    pub tags: Vec<String>,
    /// Replaces our own choice of interval.
    pub every: Option<SignedDuration>,
    /// How much of what the first poll shows is mailed.
    pub backfill: Backfill,
    /// Declared, but not asked.
    pub paused: bool,
}

impl Feed {
    /// A feed of which nothing but its address was declared.
    pub fn at(url: String) -> Feed {
        Feed {
            url,
            name: None,
            tags: Vec::new(),
            every: None,
            backfill: Backfill::None,
            paused: false,
        }
    }
}

/// How much of a feed's first document is mailed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backfill {
    /// Stored and matched, never mailed.
    #[default]
    None,
    /// Entries dated within this time before the first poll.
    Since(SignedDuration),
    /// Whatever it shows.
    All,
}

/// What a feed published, as the parser read it; nothing about it is believed yet.
///
/// `title`, `summary` and `content` are HTML fragments with the XML decoded once, as SPEC 4.1 expects them;
/// text that the feed declared to be plain has its `<` and `&` escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// `guid`, `atom:id`, `rdf:about` or JSON `id`, trimmed, otherwise as written.
    pub guid: Option<String>,
    /// `isPermaLink` where the feed wrote it.
    pub permalink: Option<bool>,
    /// Absolute address of the page, as written apart from resolving.
    pub link: Option<String>,
    /// HTML fragment.
    pub title: Option<String>,
    /// HTML fragment: the teaser.
    pub summary: Option<String>,
    /// HTML fragment: the full text, where the feed has one apart from the teaser.
    pub content: Option<String>,
    /// When it says it was published.
    pub published: Option<Timestamp>,
    /// When it says it was last changed.
    pub updated: Option<Timestamp>,
    /// Names of the authors.
    pub authors: Vec<String>,
    /// Category terms or labels.
    pub categories: Vec<String>,
    /// BCP 47 tag of the entry, else of the feed.
    pub lang: Option<String>,
    /// Absolute addresses of enclosures and media.
    pub enclosures: Vec<String>,
    /// Absolute address of the comments page.
    pub comments: Option<String>,
    /// Where a planet feed took it from.
    pub source: Option<Source>,
}

/// The feed that an aggregated entry came from (`source` of RSS and Atom).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Its title.
    pub title: Option<String>,
    /// Its address.
    pub url: Option<String>,
}

/// The text a reader sees of an entry (SPEC 4.1): no markup, at most 64 KiB a field.
///
/// Evidence points into these strings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The headline.
    pub title: String,
    /// The teaser.
    pub summary: String,
    /// The full text; empty where the feed has none.
    pub content: String,
    /// All authors, two line feeds between them.
    pub author: String,
    /// All categories, two line feeds between them.
    pub category: String,
}

/// How an item came to us, which decides how it may be mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// First seen in a poll after the feed's first: mailed.
    New,
    /// Shown by the first poll of a feed: not mailed unless `backfill` says so.
    Backfill,
    /// An old item that resurfaced: listed by title in one block.
    Late,
    /// Part of a document that replaced the feed's old one: listed in one line.
    Replaced,
}

impl Origin {
    /// The word in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Origin::New => "new",
            Origin::Backfill => "backfill",
            Origin::Late => "late",
            Origin::Replaced => "replaced",
        }
    }

    /// The origin that `as_str` gave this word for.
    pub fn from_word(word: &str) -> Option<Origin> {
        [
            Origin::New,
            Origin::Backfill,
            Origin::Late,
            Origin::Replaced,
        ]
        .into_iter()
        .find(|origin| origin.as_str() == word)
    }
}

/// Where an item's date came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dated {
    /// The feed's date of publication.
    Published,
    /// The feed's date of the last change.
    Updated,
    /// No usable date in the feed: the time we first saw it.
    Seen,
}

impl Dated {
    /// The word in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Dated::Published => "published",
            Dated::Updated => "updated",
            Dated::Seen => "seen",
        }
    }

    /// The variant that `as_str` gave this word for.
    pub fn from_word(word: &str) -> Option<Dated> {
        [Dated::Published, Dated::Updated, Dated::Seen]
            .into_iter()
            .find(|dated| dated.as_str() == word)
    }
}

/// An entry identified and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its row.
    pub id: ItemId,
    /// The feed that showed it first.
    pub feed: FeedId,
    /// As the feed wrote it.
    pub guid: Option<String>,
    /// As the feed wrote it, absolute.
    pub link: Option<String>,
    /// Published, else updated, else first seen.
    pub date: Timestamp,
    /// Which of the three `date` is.
    pub dated: Dated,
    /// When a poll first showed it.
    pub first_seen: Timestamp,
    /// When a poll last showed it.
    pub last_seen: Timestamp,
    /// BCP 47 tag, from the feed; if it gives none, what the text looked like when a topic matched it.
    pub lang: Option<String>,
    /// How it came to us.
    pub origin: Origin,
}

/// A field of an item that a query can look into, in the order of evidence (SPEC 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// The headline.
    Title,
    /// The teaser.
    Summary,
    /// The full text.
    Content,
    /// All authors.
    Author,
    /// All categories.
    Category,
    /// The address.
    Link,
}

impl Field {
    /// The word in queries and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Field::Title => "title",
            Field::Summary => "summary",
            Field::Content => "content",
            Field::Author => "author",
            Field::Category => "category",
            Field::Link => "link",
        }
    }

    /// The field that `as_str` gave this word for.
    pub fn from_word(word: &str) -> Option<Field> {
        [
            Field::Title,
            Field::Summary,
            Field::Content,
            Field::Author,
            Field::Category,
            Field::Link,
        ]
        .into_iter()
        .find(|field| field.as_str() == word)
    }
}

/// One place that made a match true (SPEC 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Where.
    pub field: Field,
    /// First byte in the shown text, on a grapheme boundary.
    pub start: usize,
    /// One past the last byte in the shown text, on a grapheme boundary.
    pub end: usize,
    /// The term as the watchlist writes it, without quotes, `=`, field and modifiers.
    pub term: String,
    /// The form of the text's word that was equal; of a regex the text.
    pub form: String,
    /// The list the term stands in, if it came from one.
    pub list: Option<String>,
}

/// The two validators of a conditional GET (RFC 9110 section 8.8): opaque bytes, returned as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`, quotes and weakness mark included.
    pub etag: Option<Vec<u8>>,
    /// `Last-Modified`, in whatever form the server wrote it.
    pub last_modified: Option<Vec<u8>>,
    /// The address whose answer carried them; they are sent to no other.
    pub url: String,
}

/// What we have observed of a feed: the row of `feed`, as the daemon holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedState {
    /// Its row.
    pub id: FeedId,
    /// The declared address.
    pub url: String,
    /// What to call it: the declared name, else its title, else its address.
    pub name: String,
    /// When it was first declared.
    pub added_at: Timestamp,
    /// The feed's own title.
    pub title: Option<String>,
    /// The page the feed belongs to.
    pub channel_link: Option<String>,
    /// The first poll that ended in a feed; `None`: never read.
    pub first_read_at: Option<Timestamp>,
    /// The last poll that ended in a feed or a 304.
    pub last_ok_at: Option<Timestamp>,
    /// The last poll that showed a new item.
    pub last_new_at: Option<Timestamp>,
    /// Since when it has failed, or has not been asked because its domain wants to be left alone.
    pub failing_since: Option<Timestamp>,
    /// Failures in a row; 0 although it is not reached, where none was its own.
    pub failures: u32,
    /// What the last failure was, or why it is not asked, in words; of a feed that is well, what its last document lacked.
    pub error: Option<String>,
    /// For the next conditional GET.
    pub validators: Option<Validators>,
    /// The last 200 that was a feed.
    pub full_at: Option<Timestamp>,
    /// Hash of the last decoded body.
    pub body_hash: Option<i64>,
    /// When it is next due by our own schedule.
    pub next_at: Timestamp,
    /// What a server asked for (Retry-After, 429): not before this, whoever asks.
    pub hold_until: Option<Timestamp>,
    /// How long to believe that nothing changes: the longest of the answer's freshness and `ttl`.
    pub hint: Option<SignedDuration>,
    /// What the feed says of it in its last document.
    pub ttl: Option<SignedDuration>,
    /// Median distance of its last 20 items.
    pub rhythm: Option<SignedDuration>,
    /// Bit h: do not ask in hour h, GMT.
    pub skip_hours: u32,
    /// Bit d: do not ask on day d (0 is Monday), GMT.
    pub skip_days: u8,
    /// Where permanent redirects have pointed, how often, and since when.
    pub moved: Option<Moved>,
    /// Known entries whose guid could be compared with the one stored.
    pub guids: u32,
    /// Of those, how many had changed.
    pub guids_volatile: u32,
    /// Whether links of this feed differ by their fragment.
    pub fragment_counts: bool,
    /// Faults that the parser mended in the last document.
    pub oddities: u32,
}

impl FeedState {
    /// The address that is asked next: where it has moved for good, or the declared one. If it fails again and again they
    /// take turns, since nobody knows which of them will be well first.
    pub fn asked_at(&self) -> &str {
        const HICCUPS: u32 = 2;

        let is_its_turn = self.failures <= HICCUPS || self.failures.is_multiple_of(2);
        self.adopted()
            .filter(|_| is_its_turn)
            .map_or(&self.url, |moved| &moved.to)
    }

    /// Whether it is asked at another address than the declared one.
    pub fn has_moved(&self) -> bool {
        self.adopted().is_some()
    }

    /// Whether the address that is asked next is one that the feed has left.
    pub fn is_asked_where_it_was(&self) -> bool {
        self.adopted()
            .is_some_and(|moved| self.asked_at() != moved.to)
    }

    fn adopted(&self) -> Option<&Moved> {
        self.moved
            .as_ref()
            .filter(|moved| moved.adopted_at.is_some())
    }
}

/// A permanent redirect that a feed's address answers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The target at the end of the chain.
    pub to: String,
    /// How many polls saw it.
    pub count: u32,
    /// When it was first seen.
    pub since: Timestamp,
    /// When it was adopted: from then on the target is asked in place of the declared address.
    pub adopted_at: Option<Timestamp>,
}
