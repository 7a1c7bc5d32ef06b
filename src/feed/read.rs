//! Text to entries, by feed-rs.
//!
//! feed-rs keeps what it reads in one model for all dialects; here that becomes ours: one link chosen among many, addresses made
//! absolute, plain text escaped so that every text is HTML, and the notes of the mender unpacked.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::SystemTime;

use feed_rs::model::{
    Category, Entry as ParsedEntry, Feed, FeedType, Link, LinkTarget, MediaObject, Person, Text,
};
use feed_rs::parser::Builder;
use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::dialect::{AS_WRITTEN, INSTANT, NOTE, note, rel};
use super::{FeedDocument, dates};
use crate::model::{Entry, Source};

/// Reads well-formed XML that feed-rs understands; `base` is the address of the document, for relative links.
///
/// # Errors
///
/// What feed-rs has against the document. It dies of some; that is an error here, too.
pub(super) fn parse(source: impl Read, base: &str) -> Result<FeedDocument, String> {
    let parser = Builder::new()
        // Its own id for an entry without one is random, so that every poll would show new entries.
        .id_generator(|_, _, _| String::new())
        .timestamp_parser(|text| Some(SystemTime::try_from(instant(text)?).ok()?.into()))
        .sanitize_content(false)
        .build();
    match catch_unwind(AssertUnwindSafe(|| parser.parse(source))) {
        Ok(Ok(feed)) => Ok(document(feed, Url::parse(base).ok())),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the parser panicked".to_owned()),
    }
}

/// A date of the mender, or of a feed.
fn instant(text: &str) -> Option<Timestamp> {
    match text.strip_prefix(INSTANT) {
        Some(seconds) => Timestamp::from_second(seconds.parse().ok()?).ok(),
        None => dates::parse(text),
    }
}

fn document(feed: Feed, base: Option<Url>) -> FeedDocument {
    let is_rss = feed.feed_type != FeedType::Atom;
    let site = alternate(&feed.links).and_then(|link| absolute(&link.href, base.as_ref()));
    let base = base.or_else(|| site.as_deref().and_then(|link| Url::parse(link).ok()));
    let (notes, _) = split_notes(feed.categories);
    let minutes = feed.ttl.or_else(|| notes.get(note::TTL)?.parse().ok());
    let lang = feed
        .language
        .or_else(|| notes.get(note::LANGUAGE).map(str::to_owned))
        .and_then(language);
    let mut document = FeedDocument {
        title: feed.title.and_then(|title| fragment(title, is_rss)),
        self_link: feed
            .links
            .iter()
            .find(|link| has_rel(link, rel::SELF))
            .and_then(|link| absolute(&link.href, base.as_ref())),
        link: site,
        ttl: minutes.map(|minutes| SignedDuration::from_mins(i64::from(minutes))),
        skip_hours: notes
            .get(note::SKIP_HOURS)
            .and_then(|bits| bits.parse().ok())
            .unwrap_or(0),
        skip_days: notes
            .get(note::SKIP_DAYS)
            .and_then(|bits| bits.parse().ok())
            .unwrap_or(0),
        ..FeedDocument::default()
    };
    let authors = names(feed.authors);
    for parsed in feed.entries {
        let mut entry = entry(parsed, is_rss, base.as_ref());
        // RFC 4287 section 4.2.1: the feed's authors are those of an entry that names none.
        if entry.authors.is_empty() && !is_rss {
            entry.authors.clone_from(&authors);
        }
        entry.lang = entry.lang.or_else(|| lang.clone());
        document.entries.push(entry);
    }
    document.lang = lang;
    document
}

fn entry(parsed: ParsedEntry, is_rss: bool, base: Option<&Url>) -> Entry {
    let (notes, categories) = split_notes(parsed.categories);
    let published = parsed
        .published
        .and_then(|date| Timestamp::from_second(date.timestamp()).ok());
    let updated = parsed
        .updated
        .and_then(|date| Timestamp::from_second(date.timestamp()).ok());
    let content = parsed.content.and_then(|content| {
        let is_plain = content.content_type.as_str() == "text/plain" && !is_rss;
        html(content.body?, is_plain)
    });
    let source = parsed.links.iter().find(|link| has_rel(link, rel::SOURCE));
    let link = alternate(&parsed.links).and_then(|link| absolute(&link.href, base));
    let comments = parsed.links.iter().find(|link| is_comments(link));
    Entry {
        guid: Some(parsed.id.trim().to_owned()).filter(|id| !id.is_empty()),
        permalink: notes.get(note::PERMALINK).map(|value| value == "true"),
        title: parsed.title.and_then(|title| fragment(title, is_rss)),
        summary: parsed.summary.and_then(|summary| fragment(summary, is_rss)),
        content,
        published,
        // feed-rs copies an RSS date into both.
        updated: updated.filter(|_| !(is_rss && updated == published)),
        authors: names(parsed.authors),
        categories,
        lang: parsed
            .language
            .or_else(|| notes.get(note::LANGUAGE).map(str::to_owned))
            .and_then(language),
        enclosures: enclosures(&parsed.links, &parsed.media, base),
        comments: comments
            .and_then(|link| absolute(&link.href, base))
            // The page itself, which some give as its comments, tells nothing.
            .filter(|comments| link.as_ref() != Some(comments)),
        link,
        source: source.map(|link| Source {
            title: link.title.clone(),
            url: absolute(&link.href, base),
        }),
    }
}

/// Of authors, categories and enclosures this many are kept, so that telling them apart stays cheap.
const MAX_EACH: usize = 200;

/// Linked and embedded files, each once.
fn enclosures(links: &[Link], media: &[MediaObject], base: Option<&Url>) -> Vec<String> {
    let linked = links
        .iter()
        .filter(|link| has_rel(link, rel::ENCLOSURE))
        .filter_map(|link| absolute(&link.href, base));
    let embedded = media
        .iter()
        .flat_map(|media| &media.content)
        .filter_map(|content| content.url.as_ref().map(ToString::to_string));
    let mut addresses: Vec<String> = Vec::new();
    for address in linked.chain(embedded) {
        if addresses.len() < MAX_EACH && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

fn is_comments(link: &Link) -> bool {
    let is_page = link
        .media_type
        .as_deref()
        .is_none_or(|kind| kind.contains("html"));
    link.target == Some(LinkTarget::Comments) || (has_rel(link, rel::REPLIES) && is_page)
}

/// The page: the first alternate link that is HTML, else the first.
fn alternate(links: &[Link]) -> Option<&Link> {
    let is_page = |link: &&Link| {
        link.target.is_none() && (link.rel.is_none() || has_rel(link, rel::ALTERNATE))
    };
    let is_html = |link: &&Link| {
        link.media_type
            .as_deref()
            .is_none_or(|kind| kind.contains("html"))
    };
    links
        .iter()
        .filter(is_page)
        .find(is_html)
        .or_else(|| links.iter().find(is_page))
}

fn has_rel(link: &Link, rel: &str) -> bool {
    link.rel.as_deref() == Some(rel)
}

fn absolute(href: &str, base: Option<&Url>) -> Option<String> {
    let (href, may_be_empty) = match href.trim().strip_prefix(AS_WRITTEN) {
        Some(written) => (written.trim(), true),
        None => (href.trim(), false),
    };
    // Line ends and tabs inside an address mean nothing (WHATWG URL section 4.4).
    let joined: String;
    let href = if href.contains(['\n', '\r', '\t']) {
        joined = href.split(['\n', '\r', '\t']).map(str::trim).collect();
        &joined
    } else {
        href
    };
    // An empty reference is the document itself (RFC 3986 section 4.4).
    if href.is_empty() && !may_be_empty {
        return None;
    }
    if is_absolute(href) {
        return Some(href.to_owned());
    }
    match (Url::parse(href), base) {
        (Ok(url), _) if url.scheme() == "javascript" => None,
        (Ok(_), _) => Some(href.to_owned()),
        (Err(_), Some(base)) => base.join(href).ok().map(String::from),
        (Err(_), None) => None,
    }
}

/// Whether it needs no parser to see that an address is complete.
fn is_absolute(href: &str) -> bool {
    let rest = href
        .strip_prefix("https://")
        .or_else(|| href.strip_prefix("http://"));
    rest.and_then(|rest| rest.bytes().next())
        .is_some_and(|first| first.is_ascii_alphanumeric())
}

/// A text as an HTML fragment. RSS never says what its texts are; they are HTML wherever it matters.
fn fragment(text: Text, is_rss: bool) -> Option<String> {
    let is_plain = text.content_type.as_str() == "text/plain" && !is_rss;
    html(text.content, is_plain)
}

fn html(text: String, is_plain: bool) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    let needs_escape = is_plain && text.contains(['&', '<']);
    Some(if needs_escape {
        text.replace('&', "&amp;").replace('<', "&lt;")
    } else {
        text
    })
}

/// Names, else addresses, each once.
fn names(people: Vec<Person>) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(people.len());
    for person in people {
        let filled = |text: Option<String>| {
            text.map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty())
        };
        if let Some(name) = filled(person.name).or_else(|| filled(person.email))
            && names.len() < MAX_EACH
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// The mender's notes by what they are about.
struct Notes(Vec<(String, String)>);

impl Notes {
    fn get(&self, about: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == about)
            .map(|(_, value)| value.as_str())
    }
}

fn split_notes(categories: Vec<Category>) -> (Notes, Vec<String>) {
    let mut notes = Vec::new();
    let mut names: Vec<String> = Vec::with_capacity(categories.len());
    for category in categories {
        if let Some(about) = category
            .scheme
            .as_deref()
            .and_then(|scheme| scheme.strip_prefix(NOTE))
        {
            notes.push((about.to_owned(), category.term));
            continue;
        }
        for name in [Some(category.term), category.label].into_iter().flatten() {
            let name = name.trim();
            if !name.is_empty()
                && names.len() < MAX_EACH
                && !names.iter().any(|known| known == name)
            {
                names.push(name.to_owned());
            }
        }
    }
    (Notes(notes), names)
}

/// A language tag in the letters that BCP 47 recommends (`en-GB`), or nothing where the feed wrote something else there.
fn language(tag: String) -> Option<String> {
    let tag = tag.trim().replace('_', "-").to_ascii_lowercase();
    let first = tag.split('-').next().unwrap_or_default();
    let is_language =
        (2..=3).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_tag = tag
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let spelt = |(at, part): (usize, &str)| match (at, part.len()) {
        (1.., 2) => part.to_ascii_uppercase(),
        _ => part.to_owned(),
    };
    (is_language && is_tag).then(|| {
        tag.split('-')
            .enumerate()
            .map(spelt)
            .collect::<Vec<_>>()
            .join("-")
    })
}
