//! What a text is, and whether feed-rs reads it right as it stands.
//!
//! One look over the tags. It knows the elements that feed-rs reads without loss; the first thing that is not among them asks
//! for mending and ends the look. Depth is bounded here, because feed-rs reads nested elements by recursion and overflows its
//! stack at some nine hundred.

use std::borrow::Cow;

use memchr::memmem;

use super::markup::{self, Missing, Piece, Reference, Scanner, Tag, local, prefix};
use super::mend::MAX_ITEMS;
use super::names;

/// What a text is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A feed that feed-rs reads right.
    Plain,
    /// A feed of which feed-rs would refuse, drop or mangle something.
    Mend,
    /// Something in which a feed may be found; if there is none, this is what it is.
    Maybe(String),
    /// JSON, a feed or not.
    Json,
    /// No feed, but this, with its article.
    Not(String),
}

/// Says what a text is.
pub(super) fn survey(text: &str) -> Kind {
    let text = text
        .trim_start_matches(|character: char| character.is_whitespace() || character == '\u{FEFF}');
    if text.starts_with(['{', '[']) {
        return Kind::Json;
    }
    match find_root(text) {
        Err(_) if memmem::find(text.as_bytes(), b"jsonfeed.org/version/").is_some() => Kind::Json,
        Err(what) => Kind::Not(what),
        Ok(Root::Whole) if text.starts_with('<') && is_plain(text) => Kind::Plain,
        Ok(Root::Whole) => Kind::Mend,
        Ok(Root::Inside(first)) => Kind::Maybe(describe(text, Some(&first))),
    }
}

/// Whether markup of a feed stands in a text that looked like something else: `[notice] ... <rss>`.
pub(super) fn holds_feed(text: &str) -> bool {
    find_root(text).is_ok()
}

/// Where the feed begins.
enum Root<'a> {
    /// With the first element, which is one that only feeds begin with.
    Whole,
    /// Further in, or with an element that occurs elsewhere, too; this is the first one.
    Inside(Cow<'a, str>),
}

/// Finds where the feed begins, or what the text is instead.
fn find_root(text: &str) -> Result<Root<'_>, String> {
    let mut first = None;
    let mut rdf = false;
    for found in Scanner::new(text, 0, Missing::default()) {
        let Piece::Start(tag) = found.piece else {
            continue;
        };
        let small = names::small(tag.name);
        match &*small {
            "rss" | "backslash" => return Ok(first.map_or(Root::Whole, Root::Inside)),
            "feed" if first.is_none() || tag.attributes.contains("tom") => {
                return Ok(first.map_or(Root::Whole, Root::Inside));
            }
            // Not every RDF is a feed, and elements of these names occur elsewhere: only at the root they are feeds by themselves.
            "rdf" => rdf = true,
            "channel" | "item" if rdf => return Ok(Root::Whole),
            "channel" | "entry" | "item" if first.is_none() => return Ok(Root::Inside(small)),
            _ => {}
        }
        first = first.or(Some(small));
    }
    Err(describe(text, first.as_deref()))
}

fn describe(text: &str, first: Option<&str>) -> String {
    let head = text
        .get(..floor(text, 4096))
        .unwrap_or_default()
        .to_ascii_lowercase();
    match first {
        None if text.is_empty() => "an empty body".to_owned(),
        None => "plain text".to_owned(),
        Some("opml") => "an OPML list of feeds".to_owned(),
        Some("urlset" | "sitemapindex") => "a sitemap".to_owned(),
        Some("rdf") => "an RDF document without a channel".to_owned(),
        Some("html" | "head" | "body" | "title" | "meta" | "script" | "div" | "p" | "h1") => {
            html_page(&head)
        }
        Some(_) if head.contains("<!doctype html") || head.contains("<html") => html_page(&head),
        Some(root) => format!(
            "an XML document of `{}`",
            root.chars().take(40).collect::<String>()
        ),
    }
}

/// Pages that stand between us and the feed are named, because the remedy is another one.
fn html_page(head: &str) -> String {
    const CHALLENGES: [&str; 9] = [
        "just a moment",
        "cf-chl",
        "challenge-platform",
        "attention required",
        "checking your browser",
        "ddos-guard",
        "captcha",
        "enable javascript and cookies",
        "are you a robot",
    ];
    let is_challenge = CHALLENGES.iter().any(|mark| head.contains(mark));
    if is_challenge {
        "a page that asks for proof of a person".to_owned()
    } else {
        "an HTML page".to_owned()
    }
}

fn floor(text: &str, most: usize) -> usize {
    let most = most.min(text.len());
    (0..=most)
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}

/// Documents of more elements are mended. feed-rs keeps each, be it `<enclosure/>`, in some hundred bytes; the mender leaves
/// out those that are too many.
const MAX_ELEMENTS: usize = 500_000;

/// Deeper documents are mended, which makes them flat.
const MAX_DEPTH: usize = 100;

/// The most bytes of attributes that feed-rs is given.
const MAX_ATTRIBUTES: usize = 4096;

/// Whether feed-rs reads the document right as it stands, if it is well formed.
fn is_plain(text: &str) -> bool {
    let mut walk = Walk::default();
    for found in Scanner::new(text, 0, Missing::default()) {
        match found.piece {
            Piece::Start(tag) => {
                let text = text.get(found.end..).unwrap_or_default();
                if !walk.accepts(&tag, text) || walk.is_too_long() {
                    return false;
                }
            }
            Piece::End(_) => {
                walk.depth = walk.depth.saturating_sub(1);
            }
            Piece::Stray | Piece::Cut => return false,
            Piece::Other => {
                // It may be one that lost its end, and items with it.
                let comment = text.get(found.start..found.end).unwrap_or_default();
                if comment.contains("<item") || comment.contains("<entry") {
                    return false;
                }
            }
            Piece::Cdata(..) => {}
        }
    }
    // Of one whose root has no end the mender tells that it is torn.
    walk.depth == 0 && walk.items == walk.links && has_only_plain_numbers(text)
}

/// feed-rs takes `&#150;` for the control character that it is by the letter.
fn has_only_plain_numbers(text: &str) -> bool {
    memmem::find_iter(text.as_bytes(), b"&#1").all(|at| {
        let source = text.get(at..).unwrap_or_default();
        !matches!(markup::reference(source), (Reference::Meant(_), _))
    })
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Dialect {
    #[default]
    Unknown,
    Rss,
    Atom,
}

/// Whether feed-rs leaves the address in this element as it is; it rewrites some as the URL standard spells them.
fn has_settled_address(tag: &Tag<'_>, text: &str) -> bool {
    match tag.name {
        "link" | "comments" if !tag.attributes.contains("href") => {
            inner(text).is_some_and(|inner| is_settled(&markup::plain(inner)))
        }
        "link" | "enclosure" => ["href", "url"].iter().all(|name| {
            tag.attribute(name)
                .is_none_or(|address| is_settled(&address))
        }),
        _ => true,
    }
}

/// The inside of a short element that holds no others; `text` begins behind its tag.
fn inner(text: &str) -> Option<&str> {
    let window = text.as_bytes().get(..4096).unwrap_or(text.as_bytes());
    text.get(..memmem::find(window, b"</")?)
}

/// Whether an address is spelt so plainly that no two programs write it differently: `https://lower.case/path`.
fn is_settled(address: &str) -> bool {
    let rest = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"));
    let Some((host, path)) = rest.and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    let is_host = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-')
    };
    let is_path =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&()*+,;=%".contains(&byte);
    let has_name = host.bytes().any(|byte| byte.is_ascii_lowercase());
    has_name
        && host.bytes().all(is_host)
        && path.bytes().all(is_path)
        && !path.contains("./")
        && !path.ends_with('.')
        && !path.contains("%2")
}

/// Which element with elements was begun last.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Inside {
    #[default]
    Nothing,
    Item,
    Image,
    Person,
}

#[derive(Default)]
struct Walk {
    dialect: Dialect,
    depth: usize,
    inside: Inside,
    elements: usize,
    entries: usize,
    items: usize,
    links: usize,
}

impl Walk {
    /// Whether feed-rs does right by this element; `text` begins behind its tag.
    fn accepts(&mut self, tag: &Tag<'_>, text: &str) -> bool {
        self.depth += 1;
        self.elements += 1;
        let is_fine = self.depth <= MAX_DEPTH
            // Attributes are compared each with each.
            && tag.attributes.len() < MAX_ATTRIBUTES
            && !tag.attributes.contains("xml:base")
            && (self.depth == 1 || !tag.attributes.contains("xmlns"))
            && has_settled_address(tag, text)
            && match self.dialect {
                Dialect::Unknown => self.begins(tag),
                Dialect::Rss => self.accepts_in_rss(tag, text),
                Dialect::Atom => self.accepts_in_atom(tag, text),
            };
        self.depth -= usize::from(tag.is_empty);
        is_fine
    }

    fn is_too_long(&self) -> bool {
        self.items.max(self.entries) > MAX_ITEMS || self.elements > MAX_ELEMENTS
    }

    fn begins(&mut self, tag: &Tag<'_>) -> bool {
        let attribute = |name| tag.attribute(name).unwrap_or_default();
        self.dialect = match tag.name {
            "rss"
                if matches!(&*attribute("version"), "2.0" | "0.91" | "0.92")
                    && attribute("xmlns").is_empty() =>
            {
                Dialect::Rss
            }
            "feed" if attribute("xmlns") == "http://www.w3.org/2005/Atom" => Dialect::Atom,
            _ => return false,
        };
        true
    }

    fn accepts_in_rss(&mut self, tag: &Tag<'_>, text: &str) -> bool {
        let is_bare = tag.attributes.trim().is_empty();
        match (self.depth, tag.name) {
            (2, "channel") => is_bare,
            (3, name) => {
                self.inside = match name {
                    "item" => Inside::Item,
                    "image" | "textInput" => Inside::Image,
                    _ => Inside::Nothing,
                };
                self.items += usize::from(name == "item");
                match name {
                    "item" | "title" | "link" | "description" | "language" | "copyright"
                    | "pubDate" | "lastBuildDate" => is_bare,
                    "image" | "textInput" | "generator" | "docs" | "category" | "ttl" | "cloud"
                    | "rating" | "atom:link" => true,
                    _ => self.is_ignored(tag),
                }
            }
            (4, name) if self.inside == Inside::Item => {
                self.links += usize::from(name == "link");
                match name {
                    "title" | "link" | "description" | "pubDate" | "comments"
                    | "content:encoded" | "guid" => is_bare,
                    "category" | "enclosure" => true,
                    // The guess of feed-rs at names and addresses panics on some texts that hold both.
                    "dc:creator" => inner(text).is_some_and(|inner| !inner.contains('@')),
                    _ => self.is_ignored(tag),
                }
            }
            (4, "url" | "title" | "link" | "width" | "height" | "description" | "name") => {
                self.inside == Inside::Image
            }
            _ => self.is_ignored(tag),
        }
    }

    fn accepts_in_atom(&mut self, tag: &Tag<'_>, text: &str) -> bool {
        match (self.depth, tag.name) {
            (2, "entry") => {
                self.inside = Inside::Item;
                self.entries += 1;
                tag.attributes.trim().is_empty()
            }
            (2 | 3, "author" | "contributor") => {
                self.inside = Inside::Person;
                true
            }
            (
                2,
                "id" | "title" | "updated" | "link" | "category" | "generator" | "icon" | "logo"
                | "rights" | "subtitle",
            )
            | (
                3,
                "id" | "title" | "updated" | "published" | "link" | "category" | "rights"
                | "summary" | "content",
            ) => {
                self.inside = Inside::Nothing;
                let kind = tag.attribute("type").unwrap_or_default();
                match tag.name {
                    "content" | "summary" => {
                        kind == "html"
                            && !tag.attributes.contains("src")
                            && !tag.attributes.contains("mode")
                    }
                    // Without a type markup in it is taken for markup, against the letter.
                    "title" if kind.is_empty() => {
                        tag.attributes.trim().is_empty()
                            && inner(text).is_some_and(|inner| !inner.contains(['&', '<']))
                    }
                    "title" | "subtitle" | "rights" => {
                        matches!(&*kind, "" | "text" | "html") && !tag.attributes.contains("mode")
                    }
                    _ => true,
                }
            }
            (3 | 4, "name" | "email" | "uri") => self.inside == Inside::Person,
            _ => self.is_ignored(tag),
        }
    }

    /// Extensions that neither feed-rs nor we read. Each has only elements of its own inside.
    fn is_ignored(&self, tag: &Tag<'_>) -> bool {
        const PREFIXES: [&str; 12] = [
            "thr",
            "gd",
            "georss",
            "gml",
            "feedburner",
            "blogger",
            "app",
            "yt",
            "slash",
            "wfw",
            "openSearch",
            "opensearch",
        ];
        PREFIXES.contains(&prefix(tag.name)) && !local(tag.name).is_empty()
    }
}
