//! What keys are made of, and their hashes.

use super::edit::{OPENING, minute, start};
use super::{Draft, Text};
use crate::model::{Entry, FeedId, Shown, Timestamp};
use crate::url::{self, Link};
use siphasher::sip::SipHasher13;

/// From where entries are looked at.
#[derive(Clone, Debug)]
pub struct Viewpoint {
    /// Of the database.
    pub secret: [u8; 16],
    /// The feed.
    pub feed: FeedId,
    /// Its declared address.
    pub feed_url: String,
    /// The page it belongs to.
    pub channel_link: Option<String>,
    /// Whether its links are known to differ by their fragment.
    pub fragment_counts: bool,
}

/// The hashes of an entry's keys. The letters are those of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// G.
    pub guid: Vec<i64>,
    /// L.
    pub link: Option<i64>,
    /// T.
    pub title_and_date: Vec<i64>,
    /// 0.
    pub text: Option<i64>,
}

impl Keys {
    /// The keys of a stored item by the present rules.
    pub fn of_item(
        guid: Option<&str>,
        link: Option<&str>,
        date: Option<Timestamp>,
        shown: &Shown,
        viewpoint: &Viewpoint,
    ) -> Keys {
        let entry = Entry {
            guid: guid.map(str::to_owned),
            link: link.map(str::to_owned),
            ..Entry::default()
        };
        let draft = Draft::read(&entry, viewpoint);
        let source = Source {
            link_key: draft.link_key(viewpoint.fragment_counts),
            guid_key: draft.guid_key(viewpoint.fragment_counts),
            guid_is_address: draft.guid_address.is_some(),
            link: draft.link.as_ref(),
            date,
        };
        Text::read(shown.clone(), &source, viewpoint).keys
    }

    /// G and L; one if they are one name.
    pub fn names(&self) -> impl Iterator<Item = i64> {
        let link = self.link.filter(|link| !self.guid.contains(link));
        self.guid.iter().copied().chain(link)
    }

    /// All but the text's, which names an item only for want of better.
    pub fn lasting(&self) -> impl Iterator<Item = i64> {
        self.names().chain(self.title_and_date.iter().copied())
    }
}

/// The keys of an address, whether its fragment counts or not.
pub fn address_keys(secret: &[u8; 16], text: &str) -> Vec<i64> {
    let viewpoint = Viewpoint {
        secret: *secret,
        feed: FeedId(0),
        feed_url: String::new(),
        channel_link: None,
        fragment_counts: false,
    };
    let Some(address) = url::address(text) else {
        return Vec::new();
    };
    [address.key_with_fragment, address.key]
        .iter()
        .map(|key| viewpoint.key(Kind::Address, Scope::Everywhere, &[key.as_bytes()]))
        .collect()
}

/// What the keys of an entry are made of.
pub(super) struct Source<'a> {
    pub(super) link_key: Option<&'a str>,
    pub(super) guid_key: Option<&'a str>,
    pub(super) guid_is_address: bool,
    pub(super) link: Option<&'a Link>,
    /// As declared: a date in the future must not become another one at each poll.
    pub(super) date: Option<Timestamp>,
}

impl Source<'_> {
    pub(super) fn keys(&self, title: &str, teaser: &str, viewpoint: &Viewpoint) -> Keys {
        let publisher = url::publisher(
            self.link,
            viewpoint.channel_link.as_deref(),
            &viewpoint.feed_url,
        );
        let both = |kind, parts: &[&[u8]]| {
            vec![
                viewpoint.key(kind, Scope::Publisher(&publisher), parts),
                viewpoint.key(kind, Scope::Feed, parts),
            ]
        };
        let address =
            |key: &str| viewpoint.key(Kind::Address, Scope::Everywhere, &[key.as_bytes()]);
        let minute = self.date.map(|date| minute(date).to_be_bytes());
        let opening = start(teaser, OPENING).as_bytes();
        let heading = if title.is_empty() {
            opening
        } else {
            title.as_bytes()
        };
        let mut keys = Keys {
            link: self.link_key.map(address),
            ..Keys::default()
        };
        match self.guid_key {
            Some(guid) if self.guid_is_address => keys.guid = vec![address(guid)],
            Some(guid) if is_uri(guid) => {
                keys.guid = vec![viewpoint.key(Kind::Guid, Scope::Everywhere, &[guid.as_bytes()])];
            }
            Some(guid) => keys.guid = both(Kind::Guid, &[guid.as_bytes()]),
            None => {}
        }
        if let Some(minute) = minute.filter(|_| !heading.is_empty()) {
            keys.title_and_date = both(Kind::TitleAndDate, &[heading, &minute]);
        }
        if !title.is_empty() || !teaser.is_empty() {
            keys.text = Some(viewpoint.key(
                Kind::Text,
                Scope::Feed,
                &[title.as_bytes(), teaser.as_bytes()],
            ));
        }
        keys
    }
}

/// `tag:`, `urn:` and other names that their owner made unique in the world (RFC 3986 section 3).
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let is_scheme = scheme.len() > 2
        && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme && rest.len() > 2 && !rest.contains(char::is_whitespace)
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// An address, whether it stood as guid or as link.
    Address = 1,
    Guid,
    TitleAndDate,
    Text,
    SharedGuid,
    SharedLink,
    Edit,
    Raw,
    Likeness,
    Sharing,
}

pub(super) enum Scope<'a> {
    Everywhere,
    Publisher(&'a str),
    Feed,
}

/// How many shelves there are, as bits.
const SHELVES: u32 = 14;

impl Viewpoint {
    /// A hash under which the store finds an item.
    ///
    /// What a document asks for stands together there: the first bits tell the shelf, which is that of the feed, of the
    /// publisher or of the site. A document then touches a few pages of a table of millions, and not one for each key.
    /// The other 50 bits tell the keys of a shelf apart.
    pub(super) fn key(&self, kind: Kind, scope: Scope<'_>, parts: &[&[u8]]) -> i64 {
        let feed = self.feed.0.to_be_bytes();
        let stands_by = match scope {
            Scope::Everywhere => {
                let name = parts.first().copied().unwrap_or_default();
                site(name, matches!(kind, Kind::Address))
            }
            Scope::Publisher(publisher) => publisher.as_bytes(),
            Scope::Feed => &feed,
        };
        let shelf = self.hasher().hash(stands_by) >> (u64::BITS - SHELVES) << (u64::BITS - SHELVES);
        let within = self.hash(kind, scope, parts).cast_unsigned() << SHELVES >> SHELVES;
        (shelf | within).cast_signed()
    }

    pub(super) fn hash(&self, kind: Kind, scope: Scope<'_>, parts: &[&[u8]]) -> i64 {
        // In one piece: the hasher takes longer for each piece than for the few bytes in it.
        let length = parts.iter().map(|part| part.len() + LENGTH).sum::<usize>();
        let mut whole = Vec::with_capacity(length + 64);
        whole.push(kind as u8);
        match scope {
            Scope::Everywhere => whole.push(0),
            Scope::Publisher(publisher) => {
                whole.push(1);
                push_part(&mut whole, publisher.as_bytes());
            }
            Scope::Feed => {
                whole.push(2);
                whole.extend(self.feed.0.to_be_bytes());
            }
        }
        for part in parts {
            push_part(&mut whole, part);
        }
        self.hasher().hash(&whole).cast_signed()
    }

    fn hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_key(&self.secret)
    }
}

/// What names of one site have in common: the host of an address as it is compared, and of another URI all but its last
/// part (`tag:example.org,2005:post-`).
fn site(name: &[u8], is_address: bool) -> &[u8] {
    let end = if is_address {
        name.iter().position(|byte| b"/?#".contains(byte))
    } else {
        name.iter().rposition(|byte| !byte.is_ascii_alphanumeric())
    };
    name.get(..end.unwrap_or(name.len())).unwrap_or(name)
}

/// Bytes of the length that stands before each part.
const LENGTH: usize = 8;

/// With its length, so that no two lists of parts run into the same bytes.
fn push_part(whole: &mut Vec<u8>, part: &[u8]) {
    whole.extend((part.len() as u64).to_be_bytes());
    whole.extend_from_slice(part);
}

pub(super) fn raw_hash(entry: &Entry, viewpoint: &Viewpoint) -> i64 {
    let mut parts: Vec<&[u8]> = Vec::new();
    for field in [
        &entry.guid,
        &entry.link,
        &entry.title,
        &entry.summary,
        &entry.content,
        &entry.lang,
        &entry.comments,
    ] {
        // A missing field and an empty one differ in number.
        match field {
            Some(text) => parts.extend([b"+".as_slice(), text.as_bytes()]),
            None => parts.push(b"-"),
        }
    }
    for list in [&entry.authors, &entry.categories, &entry.enclosures] {
        parts.push(b"*");
        parts.extend(list.iter().map(|text| text.as_bytes()));
    }
    let permalink = [match entry.permalink {
        None => 0,
        Some(false) => 1,
        Some(true) => 2,
    }];
    let date = |date: Option<Timestamp>| date.map_or(i64::MIN, Timestamp::as_second).to_be_bytes();
    let (published, updated) = (date(entry.published), date(entry.updated));
    parts.extend([permalink.as_slice(), &published, &updated]);
    viewpoint.hash(Kind::Raw, Scope::Everywhere, &parts)
}
