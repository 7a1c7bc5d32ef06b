//! One element of an item or channel, from its start tag to where it ends or ought to have ended.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memmem;

use super::log::Log;
use crate::feed::dialect::{Form, escape};
use crate::feed::markup::{self, CDATA_OPENER, Found, Missing, Piece, Scanner, Tag};
use crate::feed::names::{self, Space};

/// An element with everything between its tags.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    pub(super) tag: Tag<'a>,
    pub(super) space: Space,
    /// Its name without prefix, in small letters.
    pub(super) small: Cow<'a, str>,
    pub(super) inner: &'a str,
    /// Whether elements stand between its tags.
    pub(super) has_tags: bool,
}

/// How an element ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// By its own end tag.
    Closed,
    /// Its CDATA section had no end, but it had.
    OpenCdata,
    /// Without an end tag, where the next field begins.
    Guessed,
    /// With the document.
    Cut,
}

/// What is between the tags, and where the document goes on.
pub(super) struct Capture<'a> {
    pub(super) inner: &'a str,
    pub(super) has_tags: bool,
    pub(super) next: usize,
    pub(super) ending: Ending,
}

/// Finds the ends of elements.
pub(super) struct Capturer<'a> {
    source: &'a str,
    /// The small name of the element that holds the feed, once it is known.
    pub(super) root: Cow<'a, str>,
    pub(super) missing: Missing,
    /// Bytes that may still be read in vain. A document of nothing but unclosed tags would otherwise cost the square of its size.
    budget: usize,
}

impl<'a> Capturer<'a> {
    pub(super) fn new(source: &'a str) -> Capturer<'a> {
        Capturer {
            source,
            root: Cow::Borrowed(""),
            missing: Missing::default(),
            budget: source.len().saturating_mul(4) + (1 << 20),
        }
    }

    /// The element whose start tag ends at `from`.
    pub(super) fn capture(&mut self, tag: &Tag<'a>, from: usize) -> Capture<'a> {
        if tag.is_empty {
            return Capture {
                inner: "",
                has_tags: false,
                next: from,
                ending: Ending::Closed,
            };
        }
        self.closed(tag, from).unwrap_or_else(|| self.guessed(from))
    }

    /// Whether an end tag of this name ends the feed or its channel.
    pub(super) fn ends_feed(&self, small: &str) -> bool {
        small == self.root || (small == "channel" && self.root != "feed")
    }

    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.source.get(from..to).unwrap_or_default()
    }

    /// Up to the element's own end tag, if that comes before the end of the item.
    fn closed(&mut self, tag: &Tag<'a>, from: usize) -> Option<Capture<'a>> {
        if self.budget == 0 {
            return None;
        }
        let (mut depth, mut items, mut has_tags) = (0_usize, 0_usize, false);
        let mut scanner = Scanner::new(self.source, from, self.missing);
        let mut stopped = self.source.len();
        while let Some(found) = scanner.next() {
            match found.piece {
                Piece::End(name) if name.eq_ignore_ascii_case(tag.name) => {
                    if depth == 0 {
                        self.missing = scanner.missing;
                        let inner = self.slice(from, found.start);
                        return Some(Capture {
                            inner,
                            has_tags,
                            next: found.end,
                            ending: Ending::Closed,
                        });
                    }
                    depth -= 1;
                }
                Piece::End(name) => {
                    has_tags = true;
                    let small = names::small(name);
                    let is_inner = names::is_item(&small) && items > 0;
                    if (names::is_item(&small) || self.ends_feed(&small)) && !is_inner {
                        stopped = found.start;
                        break;
                    }
                    items -= usize::from(is_inner);
                }
                Piece::Start(inner) => {
                    has_tags = true;
                    if !inner.is_empty {
                        depth += usize::from(inner.name.eq_ignore_ascii_case(tag.name));
                        items += usize::from(names::is_item(&names::small(inner.name)));
                    }
                }
                Piece::Cdata(text, ended) if !ended || self.swallows(text) => {
                    self.missing = scanner.missing;
                    // Each open tag before it reads as far as this, so that many of them would read it all many times.
                    self.spend(found.start - from);
                    return self.open_cdata(tag, from, found, has_tags);
                }
                Piece::Cdata(..) | Piece::Other | Piece::Stray | Piece::Cut => {}
            }
        }
        self.missing = scanner.missing;
        self.spend(stopped - from);
        None
    }

    /// Takes bytes read in vain from the budget; `false` if it is used up.
    pub(super) fn spend(&mut self, bytes: usize) -> bool {
        self.budget = self.budget.saturating_sub(bytes);
        self.budget > 0
    }

    /// Whether a CDATA section holds the beginning of another and the end of an item: then its own end is missing, and the one
    /// found belongs to a later section.
    fn swallows(&mut self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let is_open = memmem::find(bytes, b"<![CDATA[").is_some()
            && (memmem::find(bytes, b"</item").is_some()
                || memmem::find(bytes, b"</entry").is_some());
        if is_open {
            self.missing.cdata_end |= !self.spend(text.len());
        }
        is_open
    }

    /// An element whose CDATA section has no end ends at its end tag all the same.
    fn open_cdata(
        &mut self,
        tag: &Tag<'a>,
        from: usize,
        found: Found<'a>,
        has_tags: bool,
    ) -> Option<Capture<'a>> {
        let mark = format!("</{}", tag.name);
        let rest = self.source.as_bytes().get(found.start..)?;
        let Some(length) = memmem::find(rest, mark.as_bytes()) else {
            self.spend(rest.len());
            return None;
        };
        let end = found.start + length;
        let next = memchr::memchr(b'>', self.source.as_bytes().get(end..)?)? + end + 1;
        Some(Capture {
            inner: self.slice(from, end),
            has_tags,
            next,
            ending: Ending::OpenCdata,
        })
    }

    /// Up to where the next field begins, a tag ends that was never begun, or the item ends.
    fn guessed(&mut self, from: usize) -> Capture<'a> {
        let mut open: Vec<&str> = Vec::new();
        let mut has_tags = false;
        let mut scanner = Scanner::new(self.source, from, self.missing);
        let ended = |inner: &'a str, has_tags, next| Capture {
            inner,
            has_tags,
            next,
            ending: Ending::Guessed,
        };
        while let Some(found) = scanner.next() {
            match found.piece {
                Piece::Start(tag) => {
                    let small = names::small(tag.name);
                    if names::is_field(&small) || names::is_item(&small) || names::is_root(&small) {
                        return ended(self.slice(from, found.start), has_tags, found.start);
                    }
                    has_tags = true;
                    if !tag.is_empty && open.len() < 100 {
                        open.push(tag.name);
                    }
                }
                Piece::End(name) => {
                    let small = names::small(name);
                    if names::is_item(&small) || self.ends_feed(&small) {
                        return ended(self.slice(from, found.start), has_tags, found.start);
                    }
                    match open
                        .iter()
                        .rposition(|begun| begun.eq_ignore_ascii_case(name))
                    {
                        Some(at) => open.truncate(at),
                        // `<title>A headline</titel>`.
                        None if !is_html(&small) => {
                            return ended(self.slice(from, found.start), has_tags, found.end);
                        }
                        None => {}
                    }
                    has_tags = true;
                }
                Piece::Cdata(_, false) => {
                    scanner = Scanner::new(self.source, found.start + CDATA_OPENER, scanner.missing)
                }
                Piece::Cdata(..) | Piece::Other | Piece::Stray | Piece::Cut => {}
            }
        }
        let end = self.source.len();
        Capture {
            inner: self.slice(from, end),
            has_tags,
            next: end,
            ending: Ending::Cut,
        }
    }
}

/// Elements of HTML whose end tags stand in texts without having begun there.
fn is_html(small: &str) -> bool {
    const NAMES: [&str; 30] = [
        "a",
        "b",
        "blockquote",
        "br",
        "center",
        "code",
        "div",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "i",
        "iframe",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "script",
        "small",
        "span",
        "strong",
        "table",
        "td",
        "tr",
        "u",
        "ul",
        "body",
    ];
    NAMES.contains(&small)
}

/// Where the text of an element comes from.
pub(super) enum Source {
    /// Its text, references and CDATA.
    Text,
    /// The elements in it, as HTML.
    Markup,
    /// Base64.
    Decoded(String),
}

/// The most of one text that is kept. The reader is shown 64 KiB of it; markup may take the rest.
const MAX_TEXT: usize = 1 << 20;

impl<'a> Field<'a> {
    /// Its text as plain text.
    pub(super) fn plain(&self) -> Cow<'a, str> {
        markup::plain(self.cut())
    }

    fn cut(&self) -> &'a str {
        self.inner
            .get(..floor(self.inner, MAX_TEXT))
            .unwrap_or_default()
    }

    /// Whether there is nothing to read in it.
    pub(super) fn is_blank(&self) -> bool {
        let start = self.inner.trim_start();
        match start.as_bytes().first() {
            None => true,
            Some(b'<' | b'&') => {
                !self.has_tags && self.inner.len() < 200 && self.plain().is_empty()
            }
            Some(_) => false,
        }
    }

    /// What its text is, and how it is to be written.
    pub(super) fn text(&self) -> (Form, Source) {
        match self.space {
            Space::Atom => self.atom_text(),
            _ if self.has_tags => (Form::Html, Source::Markup),
            Space::Media | Space::Itunes
                if self.tag.attribute("type").as_deref() != Some("html") =>
            {
                (self.guessed_form(), Source::Text)
            }
            _ => (Form::Html, Source::Text),
        }
    }

    /// The text constructs of Atom 1.0 (RFC 4287 section 3.1) and the content constructs of 0.3, with their usual mistakes.
    fn atom_text(&self) -> (Form, Source) {
        let attribute = |name| {
            self.tag
                .attribute(name)
                .unwrap_or_default()
                .to_ascii_lowercase()
        };
        let (kind, mode) = (attribute("type"), attribute("mode"));
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let is_text = matches!(
            kind,
            "" | "text" | "text/plain" | "html" | "text/html" | "xhtml"
        ) || kind.ends_with("xml");
        if (mode == "base64" || !is_text)
            && !self.has_tags
            && let Some(text) = base64(&self.plain())
        {
            let form = if kind.contains("plain") {
                Form::Plain
            } else {
                Form::Html
            };
            return (form, Source::Decoded(text));
        }
        match kind {
            _ if self.has_tags => (Form::Html, Source::Markup),
            "html" | "text/html" => (Form::Html, Source::Text),
            _ if mode == "escaped" && kind != "text/plain" => (Form::Html, Source::Text),
            _ if kind.ends_with("html") || kind.ends_with("xml") => (Form::Html, Source::Markup),
            "" => (self.guessed_form(), Source::Text),
            _ => (Form::Plain, Source::Text),
        }
    }

    /// Of a text that ought to be plain and often is not.
    fn guessed_form(&self) -> Form {
        if looks_like_html(self.inner) {
            Form::Html
        } else {
            Form::Plain
        }
    }

    /// Writes its text for the dialect, and says what was wrong with it.
    pub(super) fn write(&self, source: Source, out: &mut String, log: &mut Log) {
        let place = || format!("`{}`", self.tag.name);
        if self.inner.len() > MAX_TEXT {
            log.note("a text over 1 MiB", &place(), "cut");
        }
        match source {
            Source::Decoded(text) => out.push_str(&escape(&text)),
            Source::Markup => {
                if self.space == Space::Rss {
                    log.note("markup that is not escaped", &place(), "taken as HTML");
                }
                markup::write_html(out, self.cut());
            }
            Source::Text => {
                let faults = markup::write_text(out, self.cut());
                log.count(
                    faults.ampersands,
                    "a bare `&`",
                    &place,
                    "taken as a character",
                );
                log.count(
                    faults.less_thans,
                    "a bare `<`",
                    &place,
                    "taken as a character",
                );
                log.count(
                    faults.numbers,
                    "the number of a forbidden character",
                    &place,
                    "dropped",
                );
            }
        }
    }

    /// The first element with this name inside, at any depth.
    pub(super) fn child(&self, name: &'static str) -> Option<Field<'a>> {
        self.children(move |small| small == name).next()
    }

    /// The elements inside, at any depth, whose small name is wanted.
    pub(super) fn children(
        &self,
        wanted: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = Field<'a>> {
        let (inner, space) = (self.inner, self.space);
        let mut tags = Scanner::new(inner, 0, Missing::default());
        let mut capturer = Capturer::new(inner);
        // Elements may stand inside each other; the deeper ones are read once for each level, so the levels are limited.
        let mut budget = inner.len().saturating_mul(8);
        std::iter::from_fn(move || {
            loop {
                let found = tags.next()?;
                let Piece::Start(tag) = found.piece else {
                    continue;
                };
                let small = names::small(tag.name);
                if !wanted(&small) {
                    continue;
                }
                let capture = capturer.capture(&tag, found.end);
                budget = budget.checked_sub(capture.inner.len())?;
                let (inner, has_tags) = (capture.inner, capture.has_tags);
                return Some(Field {
                    tag,
                    space,
                    small,
                    inner,
                    has_tags,
                });
            }
        })
    }
}

/// The greatest place up to `most` where a character begins.
fn floor(text: &str, most: usize) -> usize {
    if text.len() <= most {
        return text.len();
    }
    (0..=most)
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}

/// Whether text that is escaped once more than it should be holds markup: an end tag or an empty line break.
fn looks_like_html(source: &str) -> bool {
    [
        "&lt;/",
        "</",
        "&lt;br",
        "<br",
        "&lt;img ",
        "<img ",
        "&lt;p&gt;",
        "<p>",
    ]
    .iter()
    .any(|mark| source.contains(mark))
}

fn base64(text: &str) -> Option<String> {
    const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let packed: String = text
        .chars()
        .filter(|character| !character.is_whitespace())
        .collect();
    let bytes = GeneralPurpose::new(&STANDARD, CONFIG).decode(packed).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    (!text.is_empty() && !text.contains('\0')).then_some(text)
}
