//! When two entries are the same item: the keys that an entry goes by.
//!
//! No single field is "the id": an item is known if any of its trusted keys is known. [`crate::ingest`] judges; this
//! module only says which keys there are, and which of them a document itself proves worthless.
//!
//! | key | made of | found in |
//! | --- | --- | --- |
//! | G | the guid; that of a URL is the key of the address, whatever `isPermaLink` says | everywhere if it is a URI, else publisher, and feed |
//! | L | the key of the link; of the guid if there is no link and `isPermaLink` is not false | everywhere |
//! | T | folded title (of an untitled entry the teaser) and the date to the minute | publisher, and feed |
//! | 0 | folded title and teaser | feed |
//! | S | folded title and the first 200 folded characters of the teaser | what the feed showed until now, or within two days |
//! | D | the date to the minute and a teaser of at least 6 words | the same |
//!
//! S and D are compared with the few items that have just left, not kept: they are no names but marks of a correction.
//! "Publisher, and feed" are two keys: the first finds an item in a sister feed, the second survives a change of host.
//! A guid or link that two different entries of one document share names neither, in that document and from then on in
//! that feed: a status page whose entries all link to `/status` would otherwise lose all but the first.
//!
//! A key is a 64-bit SipHash under the secret of the database, so that no publisher can aim at a key of another.

use std::collections::{HashMap, HashSet};
use std::hash::Hasher;

use siphasher::sip::SipHasher13;
use unicode_segmentation::UnicodeSegmentation;

use crate::feed::FeedDocument;
use crate::model::{Dated, Entry, FeedId, ItemId, Shown, Timestamp};
use crate::text::fold::fold;
use crate::text::html::{shown, shown_capped, shown_values};
use crate::url::{self, Address};

/// The version of the rules in this file, in `url` and in folding. A change of what any key is made of raises it, and
/// the store then renews the keys of its items, so that an upgrade announces nothing again.
pub const RULES: i64 = 1;

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

/// A document as identity sees it.
#[derive(Clone, Debug)]
pub struct Pass {
    /// One for each entry, in document order.
    pub candidates: Vec<Candidate>,
    /// Whether links of this feed differ by their fragment: known before, or shown by this document.
    pub fragment_counts: bool,
}

/// An entry as identity sees it.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Hash of all that the feed wrote in it.
    pub raw: i64,
    /// The item whose entry in the last document was written just like this.
    pub unchanged: Option<ItemId>,
    /// The earlier entry of this document that is the same, written twice.
    pub twin_of: Option<usize>,
    /// As written, if it can name anything.
    pub guid: Option<String>,
    /// Absolute.
    pub link: Option<String>,
    /// Published, else updated; not before 1995, not after now.
    pub date: Option<Timestamp>,
    /// Which of them.
    pub dated: Dated,
    /// As declared, though it may lie in the future: it must not become another one at each poll.
    pub declared: Option<Timestamp>,
    /// Another entry of this document has this guid.
    pub guid_is_shared: bool,
    /// Another entry of this document has this link.
    pub link_is_shared: bool,
    /// The key under which the store remembers that the guid is shared in this feed.
    pub guid_mark: Option<i64>,
    /// The same for the link.
    pub link_mark: Option<i64>,
    /// Its text and keys; `None` for unchanged entries and twins, which need none.
    pub text: Option<Text>,
}

/// What an entry says, and its keys.
#[derive(Clone, Debug)]
pub struct Text {
    /// What a reader sees.
    pub shown: Shown,
    /// Folded title.
    pub title: String,
    /// Folded summary, else the folded start of the content.
    pub teaser: String,
    /// Of title and text, without trailing counters: another hash is an edit.
    pub hash: i64,
    /// What it goes by.
    pub keys: Keys,
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

impl Pass {
    /// Reads a document. `before` gives, for the raw hash of an entry, the item of an entry in the last document.
    pub fn read(
        document: &FeedDocument,
        viewpoint: &Viewpoint,
        before: &HashMap<i64, ItemId>,
        now: Timestamp,
    ) -> Pass {
        let drafts: Vec<Draft> = document
            .entries
            .iter()
            .map(|entry| Draft::read(entry, viewpoint))
            .collect();
        let twins = twins(&drafts);
        let originals = || {
            drafts
                .iter()
                .zip(&twins)
                .filter(|(_, twin)| twin.is_none())
                .map(|(draft, _)| draft)
        };
        let flips = !viewpoint.fragment_counts && differ_by_fragment(originals());
        let fragment_counts = viewpoint.fragment_counts || flips;
        let link_key = |draft: &Draft| draft.link_key(fragment_counts);
        let guid_key = |draft: &Draft| draft.guid_key(fragment_counts);
        let shared_links = repeated(originals().filter_map(link_key));
        let shared_guids = repeated(originals().filter_map(guid_key));
        let mark = |kind, key: Option<String>| {
            key.map(|key| viewpoint.hash(kind, Scope::Feed, &[key.as_bytes()]))
        };
        let candidates = drafts
            .iter()
            .zip(&twins)
            .zip(&document.entries)
            .map(|((draft, twin), entry)| {
                let unchanged = before.get(&draft.raw).copied();
                let (date, dated) = date_of(entry, now);
                // When the fragment begins to count, all entries need their new keys.
                let needs_text = twin.is_none() && (unchanged.is_none() || flips);
                Candidate {
                    raw: draft.raw,
                    unchanged,
                    twin_of: *twin,
                    guid: draft.guid.clone(),
                    link: draft.link.clone(),
                    date,
                    dated,
                    declared: declared_date(entry),
                    guid_is_shared: guid_key(draft).is_some_and(|key| shared_guids.contains(&key)),
                    link_is_shared: link_key(draft).is_some_and(|key| shared_links.contains(&key)),
                    guid_mark: mark(Kind::SharedGuid, guid_key(draft)),
                    link_mark: mark(Kind::SharedLink, link_key(draft)),
                    text: needs_text.then(|| {
                        let source = Source {
                            link_key: link_key(draft),
                            guid_key: guid_key(draft),
                            guid_is_address: draft.guid_address.is_some(),
                            link: draft.link.as_deref(),
                            date: declared_date(entry),
                        };
                        Text::read(show(entry), &source, viewpoint)
                    }),
                }
            })
            .collect();
        Pass {
            candidates,
            fragment_counts,
        }
    }
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
            link: draft.link.as_deref(),
            date,
        };
        Text::read(shown.clone(), &source, viewpoint).keys
    }

    /// All but the text's, which names an item only for want of better.
    pub fn lasting(&self) -> impl Iterator<Item = i64> {
        self.guid
            .iter()
            .chain(&self.link)
            .chain(&self.title_and_date)
            .copied()
    }
}

/// What marks an entry as a correction of an item that has just left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// S: title and opening, if it has both.
    pub title_and_opening: Option<(String, String)>,
    /// D: minute and teaser, if it has a date and enough of a teaser.
    pub minute_and_teaser: Option<(i64, String)>,
}

impl Marks {
    /// Of a folded title and teaser, and a declared date.
    pub fn of(title: &str, teaser: &str, date: Option<Timestamp>) -> Marks {
        let opening = start(teaser, OPENING);
        let is_long = UnicodeSegmentation::unicode_words(teaser).nth(5).is_some();
        Marks {
            title_and_opening: (!title.is_empty() && !opening.is_empty())
                .then(|| (title.to_owned(), opening.to_owned())),
            minute_and_teaser: date
                .filter(|_| is_long)
                .map(|date| (minute(date), teaser.to_owned())),
        }
    }
}

/// Characters of a teaser that mark an entry; what follows is often cut differently.
const OPENING: usize = 200;

fn minute(date: Timestamp) -> i64 {
    date.as_second().div_euclid(60)
}

/// The folded summary, else the folded start of the content.
pub fn teaser(summary: &str, content: &str) -> String {
    let summary = fold(summary);
    if summary.is_empty() {
        fold(start(content, 2_000))
    } else {
        summary
    }
}

impl Text {
    fn read(shown: Shown, source: &Source<'_>, viewpoint: &Viewpoint) -> Text {
        let title = fold(&shown.title);
        let summary = fold(&shown.summary);
        let teaser = teaser(&shown.summary, &shown.content);
        let keys = source.keys(&title, &teaser, viewpoint);
        let content = fold(&shown.content);
        let hash = viewpoint.hash(
            Kind::Edit,
            Scope::Everywhere,
            &[
                without_counter(&title).as_bytes(),
                without_counter(&summary).as_bytes(),
                without_counter(&content).as_bytes(),
            ],
        );
        Text {
            shown,
            title,
            teaser,
            hash,
            keys,
        }
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
        .map(|key| viewpoint.hash(Kind::Address, Scope::Everywhere, &[key.as_bytes()]))
        .collect()
}

/// What a reader sees of an entry.
pub fn show(entry: &Entry) -> Shown {
    let title = |text: &Option<String>| text.as_deref().map(shown).unwrap_or_default();
    let text = |text: &Option<String>| text.as_deref().map(shown_capped).unwrap_or_default();
    Shown {
        title: title(&entry.title),
        summary: text(&entry.summary),
        content: text(&entry.content),
        author: shown_values(&entry.authors),
        category: shown_values(&entry.categories),
    }
}

/// How many of their words two folded texts share, from 0 to 1; 1 if neither has any.
pub fn shared_words(a: &str, b: &str) -> f64 {
    let words = |text| -> HashSet<&str> { UnicodeSegmentation::unicode_words(text).collect() };
    let (a, b) = (words(a), words(b));
    if a.is_empty() && b.is_empty() {
        return 1.0;
    }
    2.0 * a.intersection(&b).count() as f64 / (a.len() + b.len()) as f64
}

/// Whether an edit may be news to who has read the former text: another headline, or much more of it.
pub fn is_significant(former: &Shown, shown: &Shown) -> bool {
    let length = |text: &Shown| text.summary.chars().count() + text.content.chars().count();
    length(shown) > length(former) + 50
        || shared_words(&fold(&former.title), &fold(&shown.title)) < 0.8
}

/// What an entry is before it is compared with others.
struct Draft {
    raw: i64,
    /// Hash of the parts that make two entries of one document the same entry, written twice.
    likeness: i64,
    guid: Option<String>,
    guid_address: Option<Address>,
    link: Option<String>,
    link_address: Option<Address>,
}

impl Draft {
    fn read(entry: &Entry, viewpoint: &Viewpoint) -> Draft {
        let guid = entry.guid.as_deref().and_then(usable_guid);
        let bases = [
            viewpoint.channel_link.as_deref().unwrap_or_default(),
            viewpoint.feed_url.as_str(),
        ];
        let link = entry
            .link
            .as_deref()
            .and_then(|link| url::resolve(link, &bases));
        let guid_address = guid.as_deref().and_then(url::address);
        let link_of_guid = || {
            guid.as_deref()
                .filter(|_| entry.permalink != Some(false))
                .and_then(url::address)
        };
        let link_address = match &link {
            Some(link) => url::address(link),
            None => link_of_guid(),
        };
        let date = declared_date(entry);
        // Without a date the text must tell two entries apart.
        let text = if date.is_none() {
            entry.summary.as_deref()
        } else {
            None
        };
        let date = date.map_or(i64::MIN, Timestamp::as_second).to_be_bytes();
        let bytes = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_owned();
        let likeness = viewpoint.hash(
            Kind::Likeness,
            Scope::Everywhere,
            &[
                bytes(&entry.guid).as_bytes(),
                bytes(&entry.link).as_bytes(),
                bytes(&entry.title).as_bytes(),
                &date,
                text.unwrap_or_default().as_bytes(),
            ],
        );
        Draft {
            raw: raw_hash(entry, viewpoint),
            likeness,
            guid,
            guid_address: guid_address.filter(|address| !address.is_home_page),
            link,
            link_address: link_address.filter(|address| !address.is_home_page),
        }
    }

    fn link_key(&self, fragment_counts: bool) -> Option<String> {
        self.link_address
            .as_ref()
            .map(|address| compared(address, fragment_counts).to_owned())
    }

    fn guid_key(&self, fragment_counts: bool) -> Option<String> {
        match (&self.guid, &self.guid_address) {
            (_, Some(address)) => Some(compared(address, fragment_counts).to_owned()),
            // The address of a front page names no article.
            (Some(guid), None) if url::address(guid).is_none() => Some(guid.clone()),
            _ => None,
        }
    }
}

fn compared(address: &Address, fragment_counts: bool) -> &str {
    if fragment_counts {
        &address.key_with_fragment
    } else {
        &address.key
    }
}

/// Two entries share a link, and only the fragment tells them apart.
fn differ_by_fragment<'a>(drafts: impl Iterator<Item = &'a Draft>) -> bool {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for address in drafts.filter_map(|draft| draft.link_address.as_ref()) {
        let first = *seen
            .entry(address.key.as_str())
            .or_insert(&address.key_with_fragment);
        if first != address.key_with_fragment {
            return true;
        }
    }
    false
}

fn twins(drafts: &[Draft]) -> Vec<Option<usize>> {
    let mut seen = HashMap::new();
    drafts
        .iter()
        .enumerate()
        .map(|(index, draft)| {
            let first = *seen.entry(draft.likeness).or_insert(index);
            (first != index).then_some(first)
        })
        .collect()
}

fn repeated(keys: impl Iterator<Item = String>) -> HashSet<String> {
    let mut seen = HashSet::new();
    let mut repeated = HashSet::new();
    for key in keys {
        if !seen.insert(key.clone()) {
            repeated.insert(key);
        }
    }
    repeated
}

/// What some generators write for want of an id.
fn usable_guid(guid: &str) -> Option<String> {
    const EMPTY: [&str; 9] = [
        "0",
        "-",
        "n/a",
        "na",
        "none",
        "null",
        "nil",
        "undefined",
        "guid",
    ];
    let guid = guid.trim().replace("&amp;", "&");
    let is_empty = guid.is_empty() || EMPTY.iter().any(|word| word.eq_ignore_ascii_case(&guid));
    (!is_empty).then_some(guid)
}

/// Before this there were no feeds: 1970 and 1900 are how a missing date is written.
const FIRST_FEED: i64 = 788_918_400;

fn declared_date(entry: &Entry) -> Option<Timestamp> {
    let sane = |date: &Timestamp| date.as_second() >= FIRST_FEED;
    entry
        .published
        .filter(sane)
        .or_else(|| entry.updated.filter(sane))
}

/// The date of an entry and where it came from: published, else updated, else now; the future counts as now.
fn date_of(entry: &Entry, now: Timestamp) -> (Option<Timestamp>, Dated) {
    let Some(date) = declared_date(entry) else {
        return (None, Dated::Seen);
    };
    let dated = if entry.published == Some(date) {
        Dated::Published
    } else {
        Dated::Updated
    };
    (Some(date.min(now)), dated)
}

/// What the keys of an entry are made of.
struct Source<'a> {
    link_key: Option<String>,
    guid_key: Option<String>,
    guid_is_address: bool,
    link: Option<&'a str>,
    /// As declared: a date in the future must not become another one at each poll.
    date: Option<Timestamp>,
}

impl Source<'_> {
    fn keys(&self, title: &str, teaser: &str, viewpoint: &Viewpoint) -> Keys {
        let publisher = url::publisher(
            self.link,
            viewpoint.channel_link.as_deref(),
            &viewpoint.feed_url,
        );
        let both = |kind, parts: &[&[u8]]| {
            vec![
                viewpoint.hash(kind, Scope::Publisher(&publisher), parts),
                viewpoint.hash(kind, Scope::Feed, parts),
            ]
        };
        let address =
            |key: &String| viewpoint.hash(Kind::Address, Scope::Everywhere, &[key.as_bytes()]);
        let minute = self.date.map(|date| minute(date).to_be_bytes());
        let opening = start(teaser, OPENING).as_bytes();
        let heading = if title.is_empty() {
            opening
        } else {
            title.as_bytes()
        };
        let mut keys = Keys {
            link: self.link_key.as_ref().map(address),
            ..Keys::default()
        };
        match &self.guid_key {
            Some(guid) if self.guid_is_address => keys.guid = vec![address(guid)],
            Some(guid) if is_uri(guid) => {
                keys.guid = vec![viewpoint.hash(Kind::Guid, Scope::Everywhere, &[guid.as_bytes()])];
            }
            Some(guid) => keys.guid = both(Kind::Guid, &[guid.as_bytes()]),
            None => {}
        }
        if let Some(minute) = minute.filter(|_| !heading.is_empty()) {
            keys.title_and_date = both(Kind::TitleAndDate, &[heading, &minute]);
        }
        if !title.is_empty() || !teaser.is_empty() {
            keys.text = Some(viewpoint.hash(
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

/// The first characters of a text.
fn start(text: &str, characters: usize) -> &str {
    let end = text
        .char_indices()
        .nth(characters)
        .map_or(text.len(), |(index, _)| index);
    text.get(..end).unwrap_or(text)
}

#[derive(Clone, Copy)]
enum Kind {
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
}

enum Scope<'a> {
    Everywhere,
    Publisher(&'a str),
    Feed,
}

impl Viewpoint {
    fn hash(&self, kind: Kind, scope: Scope<'_>, parts: &[&[u8]]) -> i64 {
        let mut hasher = SipHasher13::new_with_key(&self.secret);
        hasher.write_u8(kind as u8);
        match scope {
            Scope::Everywhere => hasher.write_u8(0),
            Scope::Publisher(publisher) => {
                hasher.write_u8(1);
                write_part(&mut hasher, publisher.as_bytes());
            }
            Scope::Feed => {
                hasher.write_u8(2);
                hasher.write(&self.feed.0.to_be_bytes());
            }
        }
        for part in parts {
            write_part(&mut hasher, part);
        }
        hasher.finish().cast_signed()
    }
}

/// With its length, so that no two lists of parts run into the same bytes.
fn write_part(hasher: &mut SipHasher13, part: &[u8]) {
    hasher.write(&(part.len() as u64).to_be_bytes());
    hasher.write(part);
}

fn raw_hash(entry: &Entry, viewpoint: &Viewpoint) -> i64 {
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

/// What some publishers append to a text and count up: "(12 comments)", "Views: 1,204", "5 minutes ago".
const COUNTED: [&str; 34] = [
    "comment",
    "comments",
    "view",
    "views",
    "like",
    "likes",
    "share",
    "shares",
    "reply",
    "replies",
    "vote",
    "votes",
    "point",
    "points",
    "read",
    "reads",
    "reader",
    "readers",
    "reaction",
    "reactions",
    "kommentar",
    "kommentare",
    "commentaire",
    "commentaires",
    "comentario",
    "comentarios",
    "min",
    "mins",
    "minute",
    "minutes",
    "hour",
    "hours",
    "day",
    "days",
];

/// The folded text without the counters at its end.
fn without_counter(text: &str) -> &str {
    let is_edge = |character: char| !character.is_alphanumeric();
    let mut kept = text.trim_end();
    for _ in 0..3 {
        let (before, bracketed) = match kept.strip_suffix([')', ']']) {
            Some(inside) => match inside
                .rfind(['(', '['])
                .and_then(|at| inside.split_at_checked(at))
            {
                Some((before, inside)) => (before, Some(inside)),
                None => (kept, None),
            },
            None => (kept, None),
        };
        if bracketed.is_some_and(|inside| {
            is_number(inside.trim_matches(is_edge)) || is_counter(inside).is_some()
        }) {
            kept = before.trim_end();
        } else if let Some(words) = is_counter(kept) {
            kept = cut_words(kept, words);
        } else {
            break;
        }
    }
    kept
}

fn is_number(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit())
        && word
            .chars()
            .all(|character| character.is_ascii_digit() || ",.km%+".contains(character))
}

/// How many words at the end are a counter: "12 comments", "comments: 12", "5 minutes ago".
fn is_counter(text: &str) -> Option<usize> {
    let mut words = text
        .rsplit(|character: char| character.is_whitespace())
        .map(|word| word.trim_matches(|character: char| !character.is_alphanumeric()))
        .filter(|word| !word.is_empty());
    let [last, before, first] = std::array::from_fn(|_| words.next().unwrap_or_default());
    if last == "ago" && COUNTED.contains(&before) && is_number(first) {
        return Some(3);
    }
    let is_pair = (COUNTED.contains(&last) && is_number(before))
        || (is_number(last) && COUNTED.contains(&before));
    is_pair.then_some(2)
}

fn cut_words(text: &str, count: usize) -> &str {
    let mut kept = text;
    for _ in 0..count {
        kept = kept.trim_end_matches(|character: char| !character.is_alphanumeric());
        kept = kept.trim_end_matches(|character: char| !character.is_whitespace());
    }
    kept.trim_end()
}

#[cfg(test)]
mod tests;
