//! The one dialect that mended documents are written in: Atom 1.0, in elements that feed-rs reads without loss.
//!
//! Atom has a place for nearly everything that the others say. What it has none for (isPermaLink, the languages, ttl, skipHours,
//! skipDays) travels as a `category` whose scheme says what it is, a note from the mender to the reader.

use std::borrow::Cow;

use jiff::Timestamp;

/// The beginning of the scheme of a category that is a note.
pub(super) const NOTE: &str = "urn:wirewatch:note:";

/// Stands before every address, so that feed-rs takes it for no address and leaves it as the feed wrote it.
pub(super) const AS_WRITTEN: char = '=';

/// Stands before a date that is the seconds since 1970.
pub(super) const INSTANT: char = '@';

/// What a note is about, the end of its scheme.
pub(super) mod note {
    /// `true` or `false`.
    pub(in crate::feed) const PERMALINK: &str = "permalink";
    /// A language tag.
    pub(in crate::feed) const LANGUAGE: &str = "language";
    /// Minutes.
    pub(in crate::feed) const TTL: &str = "ttl";
    /// The bits of `skip_hours` as a number.
    pub(in crate::feed) const SKIP_HOURS: &str = "skip-hours";
    /// The bits of `skip_days` as a number.
    pub(in crate::feed) const SKIP_DAYS: &str = "skip-days";
}

/// Relations of links beside those of RFC 4287.
pub(super) mod rel {
    /// The page.
    pub(in crate::feed) const ALTERNATE: &str = "alternate";
    /// The document itself.
    pub(in crate::feed) const SELF: &str = "self";
    /// A file that belongs to the entry.
    pub(in crate::feed) const ENCLOSURE: &str = "enclosure";
    /// The comments page (RFC 4685).
    pub(in crate::feed) const REPLIES: &str = "replies";
    /// The feed that an entry was taken from, with its title.
    pub(in crate::feed) const SOURCE: &str = "urn:wirewatch:source";
}

/// How the text of an element is to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Plain text.
    Plain,
    /// An HTML fragment.
    Html,
}

/// Writes the dialect.
#[derive(Default)]
pub(super) struct Writer {
    out: String,
}

impl Writer {
    pub(super) fn open(&mut self, element: &str) {
        self.out.push('<');
        self.out.push_str(element);
        if element == "feed" {
            self.out.push_str(" xmlns=\"http://www.w3.org/2005/Atom\"");
        }
        self.out.push('>');
    }

    pub(super) fn close(&mut self, element: &str) {
        self.out.push_str("</");
        self.out.push_str(element);
        self.out.push('>');
    }

    /// An element whose text is written by `write`, as XML text or CDATA.
    pub(super) fn element(&mut self, element: &str, form: Form, write: impl FnOnce(&mut String)) {
        self.out.push('<');
        self.out.push_str(element);
        if form == Form::Html {
            self.out.push_str(" type=\"html\"");
        }
        self.out.push('>');
        write(&mut self.out);
        self.close(element);
    }

    /// An element with this text.
    pub(super) fn text(&mut self, element: &str, form: Form, text: &str) {
        self.element(element, form, |out| write_escaped(out, text));
    }

    /// A date, in the shortest form that its reader knows.
    pub(super) fn date(&mut self, element: &str, instant: Timestamp) {
        self.element(element, Form::Plain, |out| {
            out.push(INSTANT);
            out.push_str(&instant.as_second().to_string());
        });
    }

    /// An author.
    pub(super) fn author(&mut self, name: &str) {
        self.open("author");
        self.text("name", Form::Plain, name);
        self.close("author");
    }

    /// A link; `title` may be empty.
    pub(super) fn link(&mut self, rel: &str, href: &str, title: &str) {
        self.out.push_str("<link");
        self.attribute("rel", rel);
        self.out.push_str(" href=\"");
        self.out.push(AS_WRITTEN);
        write_escaped(&mut self.out, href);
        self.out.push('"');
        if !title.is_empty() {
            self.attribute("title", title);
        }
        self.out.push_str("/>");
    }

    /// A category of the entry or feed.
    pub(super) fn category(&mut self, term: &str) {
        self.out.push_str("<category");
        self.attribute("term", term);
        self.out.push_str("/>");
    }

    /// A note to the reader.
    pub(super) fn note(&mut self, about: &str, value: &str) {
        self.out.push_str("<category");
        self.attribute("term", value);
        self.out.push_str(" scheme=\"");
        self.out.push_str(NOTE);
        self.out.push_str(about);
        self.out.push('"');
        self.out.push_str("/>");
    }

    /// What was written so far, which is forgotten.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    /// As `take`, into a buffer whose own memory is written to from now on.
    pub(super) fn take_into(&mut self, buffer: &mut String) {
        buffer.clear();
        std::mem::swap(&mut self.out, buffer);
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        write_escaped(&mut self.out, value);
        self.out.push('"');
    }
}

/// Text as XML text or as an attribute value between double quotes.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(is_special) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    write_escaped(&mut escaped, text);
    Cow::Owned(escaped)
}

fn is_special(byte: u8) -> bool {
    matches!(byte, b'&' | b'<' | b'>' | b'"')
}

fn write_escaped(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(is_special) {
        let (before, behind) = rest.split_at(at);
        out.push_str(before);
        out.push_str(match behind.as_bytes().first() {
            Some(b'&') => "&amp;",
            Some(b'<') => "&lt;",
            Some(b'>') => "&gt;",
            _ => "&quot;",
        });
        rest = behind.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
}
