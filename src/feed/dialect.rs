//! The one dialect that mended documents are written in: Atom 1.0, in elements that feed-rs reads without loss.
//!
//! Atom has a place for nearly everything that the others say. What it has none for (isPermaLink, the languages, ttl, skipHours,
//! skipDays) travels as a `category` whose scheme says what it is, a note from the mender to the reader.

use std::borrow::Cow;

/// The beginning of the scheme of a category that is a note.
pub(super) const NOTE: &str = "urn:wirewatch:note:";

/// Stands before every address, so that feed-rs takes it for no address and leaves it as the feed wrote it.
pub(super) const AS_WRITTEN: char = '=';

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
    pub(in crate::feed) const VIA: &str = "via";
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

    /// An element whose text is already written as XML text or CDATA.
    pub(super) fn raw(&mut self, element: &str, form: Form, xml: &str) {
        self.out.push('<');
        self.out.push_str(element);
        if form == Form::Html {
            self.out.push_str(" type=\"html\"");
        }
        self.out.push('>');
        self.out.push_str(xml);
        self.close(element);
    }

    /// An element with this text.
    pub(super) fn text(&mut self, element: &str, form: Form, text: &str) {
        self.raw(element, form, &escape(text));
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
        self.attribute("href", &format!("{AS_WRITTEN}{href}"));
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
        self.attribute("scheme", &format!("{NOTE}{about}"));
        self.out.push_str("/>");
    }

    /// What was written so far, which is forgotten.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        self.out.push_str(&escape(value));
        self.out.push('"');
    }
}

/// Text as XML text or as an attribute value between double quotes.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    const SPECIAL: [char; 4] = ['&', '<', '>', '"'];
    if !text.contains(SPECIAL) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}
