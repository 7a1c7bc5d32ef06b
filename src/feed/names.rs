//! What the elements of feeds are called, in every dialect, and what they are to us.

use std::borrow::Cow;

use super::markup::{Tag, attributes, local, prefix};

/// Which vocabulary a name belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// RSS of any version, and every default namespace we do not know.
    Rss,
    /// Atom 0.3 and 1.0.
    Atom,
    /// `content:encoded`.
    Content,
    /// Dublin Core, elements 1.0 and 1.1.
    DublinCore,
    /// Dublin Core terms.
    Terms,
    /// Podcasts.
    Itunes,
    /// Media RSS.
    Media,
    /// `sy:updatePeriod`.
    Syndication,
    /// XHTML.
    Xhtml,
    /// Anything else.
    Other,
}

/// Parts of namespace names, without scheme and in small letters: what is misspelt in the wild is the rest.
const BY_URI: [(&str, Space); 18] = [
    ("purl.org/rss/1.0/modules/content", Space::Content),
    ("purl.org/rss/1.0/modules/syndication", Space::Syndication),
    ("purl.org/rss/1.0/modules/", Space::Other),
    ("w3.org/2005/atom", Space::Atom),
    ("purl.org/atom/ns", Space::Atom),
    ("purl.org/dc/elements/1.", Space::DublinCore),
    ("purl.org/metadata/dublin_core", Space::DublinCore),
    ("purl.org/dc/terms", Space::Terms),
    ("itunes.com/dtds/podcast", Space::Itunes),
    ("search.yahoo.com/mrss", Space::Media),
    ("w3.org/1999/xhtml", Space::Xhtml),
    ("purl.org/rss/1.0", Space::Rss),
    ("purl.org/net/rss1.1", Space::Rss),
    ("netscape.com/rdf/simple/0.9", Space::Rss),
    ("backend.userland.com/rss", Space::Rss),
    ("harvard.edu/", Space::Rss),
    ("rssboard.org/rss", Space::Rss),
    ("my.netscape.com/publish/formats/rss", Space::Rss),
];

/// What a prefix means that the document does not declare, or declares to be something unknown.
const BY_PREFIX: [(&str, Space); 14] = [
    ("atom", Space::Atom),
    ("atom10", Space::Atom),
    ("atom03", Space::Atom),
    ("a10", Space::Atom),
    ("content", Space::Content),
    ("dc", Space::DublinCore),
    ("dcterms", Space::Terms),
    ("dct", Space::Terms),
    ("itunes", Space::Itunes),
    ("media", Space::Media),
    ("sy", Space::Syndication),
    ("xhtml", Space::Xhtml),
    ("rss", Space::Rss),
    ("rdf", Space::Other),
];

fn by_uri(uri: &str) -> Option<Space> {
    let uri = uri.trim().to_ascii_lowercase();
    BY_URI
        .iter()
        .find(|(part, _)| uri.contains(part))
        .map(|&(_, space)| space)
}

fn by_prefix(prefix: &str) -> Option<Space> {
    let known = BY_PREFIX
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(prefix));
    known.map(|&(_, space)| space)
}

/// More declarations than any feed has; further ones are not remembered.
const MAX_DECLARATIONS: usize = 128;

/// The namespaces that a document has declared so far.
pub(super) struct Spaces {
    /// Of names without a prefix.
    default: Space,
    prefixes: Vec<(String, Space)>,
}

impl Spaces {
    pub(super) fn new(default: Space) -> Spaces {
        Spaces {
            default,
            prefixes: Vec::new(),
        }
    }

    /// Remembers what a container declares; what it calls its own default becomes ours if we know it.
    pub(super) fn declare(&mut self, tag: &Tag<'_>) {
        if !declares(tag) {
            return;
        }
        for (name, uri) in attributes(tag.attributes) {
            if name.eq_ignore_ascii_case("xmlns") {
                self.default = by_uri(uri).unwrap_or(self.default);
            } else if prefix(name).eq_ignore_ascii_case("xmlns")
                && self.prefixes.len() < MAX_DECLARATIONS
            {
                let prefix = local(name).to_ascii_lowercase();
                let space = by_uri(uri)
                    .or_else(|| by_prefix(&prefix))
                    .unwrap_or(Space::Other);
                self.prefixes.retain(|(known, _)| *known != prefix);
                self.prefixes.push((prefix, space));
            }
        }
    }

    /// The vocabulary of an element, which may bring its own namespace.
    pub(super) fn of(&self, tag: &Tag<'_>) -> Space {
        let prefix = prefix(tag.name);
        if declares(tag) {
            let is_own = |(name, _): &(&str, &str)| match prefix {
                "" => name.eq_ignore_ascii_case("xmlns"),
                _ => name
                    .to_ascii_lowercase()
                    .strip_prefix("xmlns:")
                    .is_some_and(|own| own.eq_ignore_ascii_case(prefix)),
            };
            if let Some((_, uri)) = attributes(tag.attributes).find(is_own) {
                let fallback = if prefix.is_empty() && uri.is_empty() {
                    Space::Rss
                } else {
                    Space::Other
                };
                return by_uri(uri).unwrap_or(fallback);
            }
        }
        if prefix.is_empty() {
            return self.default;
        }
        let declared = self
            .prefixes
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(prefix));
        declared
            .map(|&(_, space)| space)
            .or_else(|| by_prefix(prefix))
            .unwrap_or(Space::Other)
    }
}

fn declares(tag: &Tag<'_>) -> bool {
    tag.attributes.len() > 5
        && (tag.attributes.contains("xmlns") || tag.attributes.contains("XMLNS"))
}

/// A name without its prefix, in small letters.
pub(super) fn small(name: &str) -> Cow<'_, str> {
    let local = local(name);
    if local.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(local.to_ascii_lowercase())
    } else {
        Cow::Borrowed(local)
    }
}

/// Elements that hold a feed.
pub(super) fn is_root(small: &str) -> bool {
    matches!(small, "rss" | "rdf" | "feed" | "channel" | "backslash")
}

/// Elements that are entries.
pub(super) fn is_item(small: &str) -> bool {
    matches!(small, "item" | "entry")
}

/// What an element of an item is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Id,
    Title,
    Link,
    Published,
    Updated,
    Summary,
    Content,
    Author,
    Category,
    /// Several categories between commas.
    Keywords,
    Enclosure,
    /// `media:content` and `media:group`, which hold files and more.
    Media,
    Comments,
    Source,
    Language,
}

/// The rank of elements that count only where nothing better says the same.
pub(super) const LAST_RESORT: u8 = 9;

/// What an element of an item is, and its rank: of several for one part the lowest counts.
pub(super) fn item_part(space: Space, small: &str) -> Option<(Part, u8)> {
    use Part::*;
    Some(match (space, small) {
        (Space::Rss, "guid") | (Space::Rss | Space::Atom, "id") => (Id, 0),
        (Space::DublinCore, "identifier") => (Id, LAST_RESORT),
        (Space::Rss | Space::Atom, "title") => (Title, 0),
        (Space::DublinCore | Space::Terms, "title") => (Title, 1),
        (Space::Media, "title") => (Title, 2),
        (Space::Itunes, "title") => (Title, 3),
        (Space::Rss | Space::Atom, "link" | "url") => (Link, 0),
        (Space::Rss | Space::Atom, "pubdate" | "published" | "issued") => (Published, 0),
        (Space::Terms, "issued") => (Published, 1),
        (Space::DublinCore | Space::Terms | Space::Rss, "date") => (Published, 2),
        (Space::Atom | Space::Rss | Space::Terms, "created") => (Published, 3),
        (Space::Rss | Space::Atom, "updated" | "modified" | "lastbuilddate" | "lastmod") => {
            (Updated, 0)
        }
        (Space::Terms, "modified") => (Updated, 1),
        (Space::Rss, "description") => (Summary, 0),
        (Space::Atom | Space::Rss, "summary") => (Summary, 0),
        (Space::DublinCore | Space::Terms, "description") => (Summary, 1),
        (Space::Rss | Space::Terms, "abstract") => (Summary, 1),
        (Space::Itunes, "summary") => (Summary, 2),
        (Space::Media, "description") => (Summary, 3),
        (Space::Itunes, "subtitle") => (Summary, 4),
        (Space::Content, "encoded") | (Space::Atom, "content") => (Content, 0),
        (Space::Rss, "content") => (Content, LAST_RESORT),
        (Space::Rss, "encoded" | "fullitem" | "body") | (Space::Xhtml, "body" | "div") => {
            (Content, 1)
        }
        (Space::Rss | Space::Atom | Space::DublinCore | Space::Itunes, "author") => (Author, 0),
        (Space::DublinCore | Space::Terms, "creator") => (Author, 0),
        (Space::Rss | Space::Atom, "category") | (Space::DublinCore | Space::Terms, "subject") => {
            (Category, 0)
        }
        (Space::Media, "category") => (Category, 1),
        (Space::Itunes | Space::Media, "keywords") => (Keywords, 0),
        (Space::Rss, "enclosure") => (Enclosure, 0),
        (Space::Media, "content" | "group") => (Media, 0),
        (Space::Rss, "comments") => (Comments, 0),
        (Space::Rss | Space::Atom, "source") => (Source, 0),
        (Space::DublinCore | Space::Terms | Space::Rss, "language") => (Language, 0),
        _ => return None,
    })
}

/// What an element of the channel is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChannelPart {
    Title,
    Link,
    Language,
    Author,
    Ttl,
    SkipHours,
    SkipDays,
    UpdatePeriod,
    UpdateFrequency,
}

/// What an element of the channel is, and its rank.
pub(super) fn channel_part(space: Space, small: &str) -> Option<(ChannelPart, u8)> {
    use ChannelPart::*;
    Some(match (space, small) {
        (Space::Rss | Space::Atom, "title") => (Title, 0),
        (Space::DublinCore | Space::Terms, "title") => (Title, 1),
        (Space::Itunes | Space::Media, "title") => (Title, 2),
        (Space::Rss | Space::Atom, "link" | "url") => (Link, 0),
        (Space::Rss | Space::DublinCore | Space::Terms, "language") => (Language, 0),
        (Space::Atom, "author") => (Author, 0),
        (Space::Rss, "ttl") => (Ttl, 0),
        (Space::Rss, "skiphours") => (SkipHours, 0),
        (Space::Rss, "skipdays") => (SkipDays, 0),
        (Space::Syndication, "updateperiod") => (UpdatePeriod, 0),
        (Space::Syndication, "updatefrequency") => (UpdateFrequency, 0),
        _ => return None,
    })
}

/// Whether a name is that of a field, wherever it stands: where one begins, a field that was not closed has ended.
pub(super) fn is_field(small: &str) -> bool {
    const NAMES: [&str; 34] = [
        "title",
        "link",
        "description",
        "guid",
        "id",
        "pubdate",
        "published",
        "updated",
        "issued",
        "modified",
        "created",
        "date",
        "lastbuilddate",
        "author",
        "creator",
        "category",
        "subject",
        "enclosure",
        "comments",
        "source",
        "summary",
        "content",
        "encoded",
        "language",
        "copyright",
        "rights",
        "image",
        "generator",
        "ttl",
        "docs",
        "webmaster",
        "managingeditor",
        "thumbnail",
        "subtitle",
    ];
    NAMES.contains(&small)
}
