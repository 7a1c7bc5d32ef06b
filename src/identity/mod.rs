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
//! A key is a 64-bit SipHash under the secret of the database, so that no publisher can aim at a key of another. Its
//! first bits are those of the feed, the publisher or the site, so that the keys of a document stand together in the store.

use std::collections::{HashMap, HashSet};

use crate::feed::FeedDocument;
use crate::model::{Dated, Entry, ItemId, Shown, Timestamp};
use crate::text::fold::fold;
use crate::text::html::{shown, shown_capped, shown_values};
use crate::url::{self, Address, Link};

mod edit;
mod keys;

use edit::without_counter;
pub use edit::{Marks, is_significant, shared_words, teaser};
pub use keys::{Keys, Viewpoint, address_keys};
use keys::{Kind, Scope, Source, raw_hash};

/// The version of the rules in this file, in `url` and in folding. A change of what any key is made of raises it, and
/// the store then renews the keys of its items, so that an upgrade announces nothing again.
pub const RULES: i64 = 2;

/// A document as identity sees it.
#[derive(Clone, Debug)]
pub struct Pass {
    /// One for each entry, in document order.
    pub candidates: Vec<Candidate>,
    /// Whether links of this feed differ by their fragment: known before, or shown by this document.
    pub fragment_counts: bool,
    /// The key under which the store remembers that this feed shares any guid or link among entries.
    pub sharing_mark: i64,
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
        let shared_links =
            repeated(originals().filter_map(|draft| draft.link_key(fragment_counts)));
        let shared_guids =
            repeated(originals().filter_map(|draft| draft.guid_key(fragment_counts)));
        let mark = |kind, key: Option<&str>| {
            key.map(|key| viewpoint.key(kind, Scope::Feed, &[key.as_bytes()]))
        };
        let candidates = drafts
            .iter()
            .zip(&twins)
            .zip(&document.entries)
            .map(|((draft, twin), entry)| {
                let unchanged = before.get(&draft.raw).copied();
                let (date, dated) = date_of(entry, now);
                let link_key = draft.link_key(fragment_counts);
                let guid_key = draft.guid_key(fragment_counts);
                // When the fragment begins to count, all entries need their new keys.
                let needs_text = twin.is_none() && (unchanged.is_none() || flips);
                Candidate {
                    raw: draft.raw,
                    unchanged,
                    twin_of: *twin,
                    guid: draft.guid.clone(),
                    link: draft.link.as_ref().map(|link| link.text.clone()),
                    date,
                    dated,
                    declared: declared_date(entry),
                    guid_is_shared: guid_key.is_some_and(|key| shared_guids.contains(key)),
                    link_is_shared: link_key.is_some_and(|key| shared_links.contains(key)),
                    guid_mark: mark(Kind::SharedGuid, guid_key),
                    link_mark: mark(Kind::SharedLink, link_key),
                    text: needs_text.then(|| {
                        let source = Source {
                            link_key,
                            guid_key,
                            guid_is_address: draft.guid_address.is_some(),
                            link: draft.link.as_ref(),
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
            sharing_mark: viewpoint.key(Kind::Sharing, Scope::Feed, &[]),
        }
    }
}

impl Text {
    fn read(shown: Shown, source: &Source<'_>, viewpoint: &Viewpoint) -> Text {
        let title = fold(&shown.title);
        let summary = fold(&shown.summary);
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
        let teaser = if summary.is_empty() {
            teaser("", &shown.content)
        } else {
            summary
        };
        let keys = source.keys(&title, &teaser, viewpoint);
        Text {
            shown,
            title,
            teaser,
            hash,
            keys,
        }
    }
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

/// What an entry is before it is compared with others.
struct Draft {
    raw: i64,
    /// Hash of the parts that make two entries of one document the same entry, written twice.
    likeness: i64,
    guid: Option<String>,
    guid_address: Option<Address>,
    /// The address of a front page names no article.
    guid_is_home_page: bool,
    link: Option<Link>,
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
            .and_then(|link| Link::read(link, &bases));
        let guid_address = guid.as_deref().and_then(url::address);
        let link_address = match &link {
            Some(link) => link.address.clone(),
            None => guid_address
                .clone()
                .filter(|_| entry.permalink != Some(false)),
        };
        let date = declared_date(entry);
        // Without a date the text must tell two entries apart.
        let text = if date.is_none() {
            entry.summary.as_deref()
        } else {
            None
        };
        let date = date.map_or(i64::MIN, Timestamp::as_second).to_be_bytes();
        let likeness = viewpoint.hash(
            Kind::Likeness,
            Scope::Everywhere,
            &[
                trimmed(&entry.guid),
                trimmed(&entry.link),
                trimmed(&entry.title),
                &date,
                text.unwrap_or_default().as_bytes(),
            ],
        );
        Draft {
            raw: raw_hash(entry, viewpoint),
            likeness,
            guid,
            guid_is_home_page: guid_address
                .as_ref()
                .is_some_and(|address| address.is_home_page),
            guid_address: guid_address.filter(|address| !address.is_home_page),
            link,
            link_address: link_address.filter(|address| !address.is_home_page),
        }
    }

    fn link_key(&self, fragment_counts: bool) -> Option<&str> {
        self.link_address
            .as_ref()
            .map(|address| compared(address, fragment_counts))
    }

    fn guid_key(&self, fragment_counts: bool) -> Option<&str> {
        match &self.guid_address {
            Some(address) => Some(compared(address, fragment_counts)),
            None => self.guid.as_deref().filter(|_| !self.guid_is_home_page),
        }
    }
}

fn trimmed(text: &Option<String>) -> &[u8] {
    text.as_deref().unwrap_or_default().trim().as_bytes()
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

fn repeated<'k>(keys: impl Iterator<Item = &'k str>) -> HashSet<&'k str> {
    let mut seen = HashSet::new();
    keys.filter(|key| !seen.insert(*key)).collect()
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

#[cfg(test)]
mod tests;
