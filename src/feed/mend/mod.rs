//! A feed of any dialect, in any state, to well-formed Atom that feed-rs reads.
//!
//! No tree is built. The document is walked from tag to tag; between the tags of an item only the elements that are parts of one
//! are looked at, each up to its end tag, or where that is missing to where it must have been. What is found is written at once in
//! the one dialect, so that a document of any size costs the memory of one item. Elements inside texts become text, which is why
//! nothing in a document can be nested too deep for what comes after.

use std::borrow::Cow;
use std::io::{self, Read};

use url::Url;

use super::Oddity;
use super::dialect::Writer;
use super::markup::{CDATA_OPENER, Found, Piece, Scanner, Tag};
use super::names::{self, Space, Spaces};
use channel::Channel;
use field::{Capturer, Ending, Field};
use item::{Item, join_base};
use log::Log;

mod channel;
mod field;
mod item;
mod log;

/// More items than any feed has. The rest of a longer one is not read: 32 MiB hold a million, which would take a gibibyte
/// of memory and minutes of the store's thread.
pub(super) const MAX_ITEMS: usize = 50_000;

/// The mended document, written while it is read.
pub(super) struct Mender<'a> {
    source: &'a str,
    /// How far the source is read.
    at: usize,
    state: State,
    is_finished: bool,
    capturer: Capturer<'a>,
    spaces: Spaces,
    /// The address of the document.
    url: Option<Url>,
    /// What `xml:base` of the containers makes of it; `None` if they have none.
    base: Option<Url>,
    channel: Channel<'a>,
    items: usize,
    /// Whether items without a start tag are still looked for.
    has_orphans: bool,
    /// Just behind the start of the last item that was looked for behind the end of the feed; 0 before that end.
    next_item: usize,
    /// Whether the end tag of the element that holds the feed was found.
    is_closed: bool,
    /// Whether the document ended inside the last item.
    is_cut: bool,
    /// Whether that item was kept all the same.
    ends_in_item: bool,
    torn: Option<String>,
    writer: Writer,
    log: Log,
    /// Written, and not read yet from `offset` on.
    pending: String,
    offset: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first container or item.
    Before,
    /// Inside the container that the capturer knows.
    Inside,
    /// A single entry, or items without anything round them.
    Bare,
}

/// How an item ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// By its own end tag.
    Own,
    /// Without one, where the next item begins or the feed ends.
    Missing,
    /// With the document, between two fields.
    Document,
    /// With the document, inside a field.
    Cut,
}

impl<'a> Mender<'a> {
    /// Mends `source`; `url` is its address or empty.
    pub(super) fn new(source: &'a str, url: &str) -> Mender<'a> {
        let mut writer = Writer::default();
        writer.open("feed");
        Mender {
            source,
            at: 0,
            state: State::Before,
            is_finished: false,
            capturer: Capturer::new(source),
            spaces: Spaces::new(Space::Rss),
            url: Url::parse(url).ok(),
            base: None,
            channel: Channel::default(),
            items: 0,
            has_orphans: true,
            next_item: 0,
            is_closed: false,
            is_cut: false,
            ends_in_item: false,
            torn: None,
            writer,
            log: Log::default(),
            pending: String::new(),
            offset: 0,
        }
    }

    /// What was wrong with the document; complete once it is read to its end.
    pub(super) fn oddities(&mut self) -> Vec<Oddity> {
        self.log.finish()
    }

    /// Why the document is not whole, if it is not; known once it is read to its end.
    pub(super) fn torn(&mut self) -> Option<String> {
        self.torn.take()
    }

    /// Whether the document broke off inside the last item that it gave.
    pub(super) fn ends_in_item(&self) -> bool {
        self.ends_in_item
    }

    /// Goes on to the next container, item or field; `false` at the end.
    fn step(&mut self) -> bool {
        let mut scanner = Scanner::new(self.source, self.at, self.capturer.missing);
        let Some(found) = scanner.next() else {
            self.break_off("its end");
            return false;
        };
        self.capturer.missing = scanner.missing;
        self.at = found.end;
        match found.piece {
            // Behind the end of the feed another one is not this one's.
            Piece::Start(tag) if self.next_item > 0 && names::is_root(&names::small(tag.name)) => {
                return false;
            }
            Piece::Start(tag) => self.start(tag, found.start),
            Piece::End(name) => {
                let is_end =
                    self.state == State::Inside && names::small(name) == self.capturer.root;
                self.is_closed |= is_end;
                return !is_end || self.goes_on();
            }
            Piece::Cut => {
                self.is_cut = true;
                self.break_off("inside a tag");
                self.at = self.source.len();
                return false;
            }
            Piece::Cdata(_, false) => self.at = found.start + CDATA_OPENER,
            Piece::Other if self.is_open_comment(&found) => self.at = found.start + 4,
            Piece::Cdata(..) | Piece::Other | Piece::Stray => {}
        }
        if self.items >= MAX_ITEMS {
            self.log.note(
                "too many items",
                &format!("behind item {MAX_ITEMS}"),
                "not read",
            );
            return false;
        }
        // A lone entry has no end tag round it that could be missing.
        let is_over = self.state == State::Bare
            && self
                .source
                .get(self.at..)
                .is_none_or(|rest| rest.trim().is_empty());
        if is_over && self.is_cut {
            self.break_off("its end");
        }
        !is_over
    }

    /// The document ends before the feed does. A feed without an element round it may end behind any item.
    fn break_off(&mut self, place: &str) {
        self.log
            .note("the document breaks off", place, "kept what was complete");
        self.torn = match self.state {
            State::Inside if !self.is_closed => {
                Some(format!("it ends inside `{}`", self.capturer.root))
            }
            State::Bare if self.is_cut => Some("it ends inside an item".to_owned()),
            _ => None,
        };
    }

    /// Whether items stand behind the end of the feed, before another feed or the end of the document.
    fn goes_on(&mut self) -> bool {
        // Several end tags may stand before the same item; it is looked for once.
        if self.next_item > self.at {
            return true;
        }
        let behind = Scanner::new(self.source, self.at, self.capturer.missing)
            .filter_map(|found| match found.piece {
                Piece::Start(tag) => Some((names::small(tag.name), found.start)),
                _ => None,
            })
            .find(|(small, _)| names::is_item(small) || names::is_root(small));
        match behind {
            Some((small, start)) if names::is_item(&small) => {
                self.next_item = start + 1;
                self.log.note(
                    "items behind the end of the feed",
                    &format!("item {}", self.items + 1),
                    "kept",
                );
                true
            }
            _ => false,
        }
    }

    fn start(&mut self, tag: Tag<'a>, at: usize) {
        let small = names::small(tag.name);
        if self.is_container(&small) {
            return self.enter(&tag, small, at);
        }
        let space = self.spaces.of(&tag);
        if names::is_item(&small) && space != Space::Other {
            if self.state == State::Before {
                self.state = State::Bare;
                if small == "entry" {
                    self.spaces = Spaces::new(Space::Atom);
                }
            }
            self.spaces.declare(&tag);
            return self.item(tag);
        }
        // `items` of RSS 1.0 lists their addresses; some put the items themselves there.
        if self.state == State::Before {
            return self.log.note(
                "elements before the feed",
                &format!("`{}`", tag.name),
                "passed over",
            );
        }
        if small == "items" {
            return;
        }
        let begins_items = names::item_part(space, &small).is_some();
        if self.has_orphans && self.items > 0 && begins_items && self.orphan(at) {
            return;
        }
        let (field, _) = self.field(tag, space);
        self.channel.take(field);
    }

    /// Whether an element holds the feed: the first one that may, and the channel in it. An RDF inside Atom is metadata.
    fn is_container(&self, small: &str) -> bool {
        names::is_root(small) && (self.state == State::Before || small == "channel")
    }

    fn enter(&mut self, tag: &Tag<'a>, small: Cow<'a, str>, at: usize) {
        if self.state == State::Before {
            self.note_text_before(at);
            self.state = State::Inside;
            self.capturer.root.clone_from(&small);
            self.is_closed = tag.is_empty;
            if small == "feed" {
                self.spaces = Spaces::new(Space::Atom);
            }
            self.note_root(tag, &small);
        }
        self.spaces.declare(tag);
        let outside = self.base.as_ref().or(self.url.as_ref());
        if let Some(base) = join_base(outside, tag) {
            self.base = Some(base);
        }
        let filled = |name| {
            tag.attribute(name)
                .filter(|value| !value.trim().is_empty())
                .map(|value| value.into_owned())
        };
        self.channel.language = self.channel.language.take().or_else(|| filled("xml:lang"));
        if small == "channel" {
            self.channel.about = filled("rdf:about").or_else(|| filled("href"));
        }
    }

    /// A server's notice or header before the feed; `at` is where the feed begins.
    fn note_text_before(&mut self, at: usize) {
        let before = self.source.get(..at).unwrap_or_default();
        let before = before.trim_start_matches(|character: char| {
            character.is_whitespace() || character == '\u{FEFF}'
        });
        if !before.is_empty() && !before.starts_with('<') {
            self.log
                .note("text before the feed", "the beginning", "passed over");
        }
    }

    /// What is odd about the element that holds the feed.
    fn note_root(&mut self, tag: &Tag<'a>, small: &str) {
        let version = tag.attribute("version").unwrap_or_default();
        let place = format!("`{}`", tag.name);
        match small {
            "rss"
                if !matches!(
                    &*version,
                    "2.0" | "1.0" | "0.90" | "0.91" | "0.92" | "0.93" | "0.94"
                ) =>
            {
                self.log
                    .note("no known version of RSS", &place, "read as RSS 2.0");
            }
            "channel" => self.log.note(
                "a channel without an element round it",
                &place,
                "read as RSS 2.0",
            ),
            _ => {}
        }
        if tag.name.bytes().any(|byte| byte.is_ascii_uppercase()) && small != "rdf" {
            self.log.note(
                "element names in capitals",
                &place,
                "read as in small letters",
            );
        }
    }

    /// An element up to its end.
    fn field(&mut self, tag: Tag<'a>, space: Space) -> (Field<'a>, Ending) {
        let capture = self.capturer.capture(&tag, self.at);
        self.at = capture.next;
        match capture.ending {
            Ending::Closed => {}
            Ending::OpenCdata => self.log.note(
                "a CDATA section without an end",
                &self.place(tag.name),
                "ended with its element",
            ),
            Ending::Guessed => self.log.note(
                "an element without its end tag",
                &self.place(tag.name),
                "ended where the next begins",
            ),
            Ending::Cut => self.log.note(
                "the document breaks off",
                &self.place(tag.name),
                "kept what was complete",
            ),
        }
        let (inner, has_tags) = (capture.inner, capture.has_tags);
        (
            Field {
                tag,
                space,
                small: names::small(tag.name),
                inner,
                has_tags,
            },
            capture.ending,
        )
    }

    /// Whether a comment holds the beginning of another and of an item: then its own end is missing, and the one found is that of a
    /// later comment.
    fn is_open_comment(&mut self, found: &Found<'a>) -> bool {
        let comment = self.source.get(found.start..found.end).unwrap_or_default();
        let Some(inside) = comment.strip_prefix("<!--") else {
            return false;
        };
        let is_open =
            inside.contains("<!--") && (inside.contains("<item") || inside.contains("<entry"));
        is_open && self.capturer.spend(inside.len())
    }

    fn place(&self, element: &str) -> String {
        format!("`{element}` in item {}", self.items + 1)
    }

    /// An item whose start tag was just read.
    fn item(&mut self, tag: Tag<'a>) {
        let mut item = Item::new(tag);
        let outside = self.base.as_ref().or(self.url.as_ref());
        let base = join_base(outside, &tag).or_else(|| self.base.clone());
        let end = if tag.is_empty {
            End::Own
        } else {
            self.fill(&mut item)
        };
        let place = format!("item {}", self.items + 1);
        self.is_cut = matches!(end, End::Document | End::Cut);
        match end {
            End::Own => {}
            End::Missing => self.log.note(
                "an item without its end tag",
                &place,
                "ended where the next begins",
            ),
            End::Document if item.is_usable() => self.ends_in_item = true,
            End::Document | End::Cut => return,
        }
        item.write(&mut self.writer, base.as_ref(), &mut self.log);
        self.items += 1;
    }

    /// Behind the first item, fields up to an `</item>` are an item whose start tag is missing. `start` is where the first field
    /// begins; `false` leaves everything as it was.
    fn orphan(&mut self, start: usize) -> bool {
        let behind = std::mem::replace(&mut self.at, start);
        let mut item = Item::new(Tag::default());
        if self.fill(&mut item) != End::Own {
            self.at = behind;
            // Each try may read as far as the end, so there is but one in vain.
            self.has_orphans = false;
            return false;
        }
        self.log.note(
            "an item without its start tag",
            &format!("item {}", self.items + 1),
            "begun with its first field",
        );
        item.write(&mut self.writer, self.base.as_ref(), &mut self.log);
        self.items += 1;
        true
    }

    /// Reads the fields of an item up to its end.
    fn fill(&mut self, item: &mut Item<'a>) -> End {
        loop {
            let mut scanner = Scanner::new(self.source, self.at, self.capturer.missing);
            let Some(found) = scanner.next() else {
                return End::Document;
            };
            self.capturer.missing = scanner.missing;
            self.at = found.end;
            match found.piece {
                Piece::Start(tag) => {
                    let small = names::small(tag.name);
                    let space = self.spaces.of(&tag);
                    let is_item = names::is_item(&small) && space != Space::Other;
                    if is_item || self.is_container(&small) {
                        self.at = found.start;
                        return End::Missing;
                    }
                    let (field, ending) = self.field(tag, space);
                    if ending == Ending::Cut {
                        return End::Cut;
                    }
                    item.take(field);
                }
                Piece::End(name) => {
                    let small = names::small(name);
                    if names::is_item(&small) {
                        return End::Own;
                    }
                    if self.capturer.ends_feed(&small) {
                        self.at = found.start;
                        return End::Missing;
                    }
                }
                Piece::Cut => {
                    self.at = found.start;
                    // Between its fields only the item itself can end.
                    let rest = self.source.get(found.start..).unwrap_or_default();
                    return if rest.starts_with("</") {
                        End::Own
                    } else {
                        End::Cut
                    };
                }
                Piece::Cdata(_, false) => self.at = found.start + CDATA_OPENER,
                Piece::Other if self.is_open_comment(&found) => self.at = found.start + 4,
                Piece::Cdata(..) | Piece::Other | Piece::Stray => {}
            }
        }
    }

    fn finish(&mut self) {
        self.channel
            .write(&mut self.writer, self.base.as_ref(), &mut self.log);
        self.writer.close("feed");
        self.is_finished = true;
    }
}

impl Read for Mender<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.offset == self.pending.len() {
            if self.is_finished {
                return Ok(0);
            }
            if !self.step() {
                self.finish();
            }
            self.writer.take_into(&mut self.pending);
            self.offset = 0;
        }
        let mut rest = self
            .pending
            .as_bytes()
            .get(self.offset..)
            .unwrap_or_default();
        let length = rest.read(buffer)?;
        self.offset += length;
        Ok(length)
    }
}
