//! The parts of an item, gathered, and written as an Atom entry.

use std::borrow::Cow;

use jiff::Timestamp;
use url::Url;

use super::field::Field;
use super::log::Log;
use crate::feed::dates;
use crate::feed::dialect::{Form, Writer, note, rel};
use crate::feed::markup::Tag;
use crate::feed::names::{self, LAST_RESORT, Part, Space};
use crate::feed::person::person;

/// The parts of an item as they were found. Of several for one part those of the lowest rank come first.
#[derive(Default)]
pub(super) struct Item<'a> {
    ids: Ranked<'a>,
    titles: Ranked<'a>,
    links: Ranked<'a>,
    published: Ranked<'a>,
    updated: Ranked<'a>,
    summaries: Ranked<'a>,
    contents: Ranked<'a>,
    authors: Vec<Field<'a>>,
    categories: Vec<Field<'a>>,
    keywords: Vec<Field<'a>>,
    files: Vec<Cow<'a, str>>,
    comments: Option<Field<'a>>,
    source: Option<Field<'a>>,
    languages: Ranked<'a>,
    /// The start tag, for `rdf:about`, `xml:lang` and the `href` of CDF.
    tag: Tag<'a>,
}

/// Of each part this many are kept; no feed that means well has more.
const MAX_EACH: usize = 200;

#[derive(Default)]
struct Ranked<'a>(Vec<(u8, Field<'a>)>);

impl<'a> Ranked<'a> {
    fn push(&mut self, rank: u8, field: Field<'a>) {
        if self.0.len() < MAX_EACH && !(field.is_blank() && field.tag.attributes.is_empty()) {
            let at = self.0.partition_point(|(other, _)| *other <= rank);
            self.0.insert(at, (rank, field));
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Field<'a>> {
        self.0.iter().map(|(_, field)| field)
    }

    /// The best one that is not blank.
    fn best(&self) -> Option<&Field<'a>> {
        self.iter().find(|field| !field.is_blank())
    }
}

impl<'a> Item<'a> {
    pub(super) fn new(tag: Tag<'a>) -> Item<'a> {
        Item {
            tag,
            ..Item::default()
        }
    }

    /// Whether it holds enough to be worth showing although the document broke off inside it.
    pub(super) fn is_usable(&self) -> bool {
        self.titles.best().is_some() && (self.links.0.iter().chain(&self.ids.0).next().is_some())
    }

    /// Takes an element of the item.
    pub(super) fn take(&mut self, field: Field<'a>) {
        let Some((part, rank)) = names::item_part(field.space, &field.small) else {
            return;
        };
        let list = match part {
            Part::Id => &mut self.ids,
            Part::Title => &mut self.titles,
            Part::Link => &mut self.links,
            Part::Published => &mut self.published,
            Part::Updated => &mut self.updated,
            Part::Summary => &mut self.summaries,
            Part::Content => &mut self.contents,
            Part::Language => &mut self.languages,
            Part::Author => return push(&mut self.authors, field),
            Part::Category => return push(&mut self.categories, field),
            Part::Keywords => return push(&mut self.keywords, field),
            Part::Enclosure => return self.take_enclosure(&field),
            Part::Media => return self.take_media(&field),
            Part::Comments => {
                self.comments.get_or_insert(field);
                return;
            }
            Part::Source => {
                self.source.get_or_insert(field);
                return;
            }
        };
        list.push(rank, field);
    }

    fn take_enclosure(&mut self, field: &Field<'a>) {
        let address = ["url", "href", "src"]
            .iter()
            .find_map(|name| field.tag.attribute(name));
        self.push_file(address.unwrap_or_else(|| field.plain()));
    }

    fn push_file(&mut self, address: Cow<'a, str>) {
        if self.files.len() < MAX_EACH && !address.trim().is_empty() {
            self.files.push(address);
        }
    }

    /// `media:content`, alone or in groups: its address or that of its player, and texts for items that have none of their own.
    fn take_media(&mut self, field: &Field<'a>) {
        if &*field.small == "content"
            && let Some(address) = field.tag.attribute("url")
        {
            self.push_file(address);
        }
        if field.inner.trim().is_empty() {
            return;
        }
        let wanted = |small: &str| {
            matches!(
                small,
                "content" | "player" | "title" | "description" | "credit"
            )
        };
        for inner in field.children(wanted) {
            match &*inner.small {
                "title" => self.titles.push(4, inner),
                "description" => self.summaries.push(4, inner),
                "player" if field.tag.attribute("url").is_some() => {}
                "content" | "player" => {
                    if let Some(address) = inner.tag.attribute("url") {
                        self.push_file(address);
                    }
                }
                _ => {}
            }
        }
    }

    /// Writes the entry. `base` is what `xml:base` says, if anything does.
    pub(super) fn write(&self, writer: &mut Writer, base: Option<&Url>, log: &mut Log) {
        writer.open("entry");
        self.write_id(writer);
        if let Some(title) = self.titles.best() {
            write_text(writer, "title", title, log);
        }
        self.write_links(writer, base);
        for (element, dates) in [("published", &self.published), ("updated", &self.updated)] {
            if let Some(instant) = first_date(dates, log) {
                writer.date(element, instant);
            }
        }
        if let Some(summary) = self.summaries.best() {
            write_text(writer, "summary", summary, log);
        }
        if let Some(content) = self.content() {
            write_text(writer, "content", content, log);
        }
        self.write_people_and_categories(writer);
        writer.close("entry");
    }

    /// The full text. An element without a namespace that is merely called so counts if it holds more than the summary.
    fn content(&self) -> Option<&Field<'a>> {
        let (rank, content) = self
            .contents
            .0
            .iter()
            .find(|(_, field)| !field.is_blank())?;
        let is_full = *rank < LAST_RESORT
            || self
                .summaries
                .best()
                .is_none_or(|summary| summary.inner.len() < content.inner.len());
        is_full.then_some(content)
    }

    fn write_id(&self, writer: &mut Writer) {
        let about = self
            .tag
            .attribute("rdf:about")
            .filter(|about| !about.trim().is_empty());
        let (own, last) = self
            .ids
            .0
            .split_at(self.ids.0.partition_point(|(rank, _)| *rank < LAST_RESORT));
        let first = |ids: &[(u8, Field<'a>)]| {
            ids.iter()
                .map(|(_, id)| id.plain())
                .find(|id| !id.is_empty())
        };
        if let Some(text) = first(own).or(about).or_else(|| first(last)) {
            writer.text("id", Form::Plain, &text);
        }
        let id = self.ids.best();
        if let Some(says) = id.and_then(|id| id.tag.attribute("isPermaLink")) {
            match says.trim().to_ascii_lowercase().as_str() {
                "false" | "0" | "no" => writer.note(note::PERMALINK, "false"),
                "true" | "1" | "yes" => writer.note(note::PERMALINK, "true"),
                _ => {}
            }
        }
    }

    fn write_links(&self, writer: &mut Writer, base: Option<&Url>) {
        if let Some((field, address)) = self.page() {
            writer.link(rel::ALTERNATE, &resolve(&address, field, base), "");
        }
        for link in self.links.iter() {
            let Some(address) = link.tag.attribute("href") else {
                continue;
            };
            let relation = link
                .tag
                .attribute("rel")
                .unwrap_or_default()
                .to_ascii_lowercase();
            let kind = link.tag.attribute("type").unwrap_or_default();
            let is_comments =
                relation == rel::REPLIES && (kind.is_empty() || kind.contains("html"));
            if relation == rel::ENCLOSURE || is_comments {
                writer.link(&relation, &resolve(&address, Some(link), base), "");
            }
        }
        for file in &self.files {
            writer.link(rel::ENCLOSURE, &resolve(file, None, base), "");
        }
        if let Some(comments) = &self.comments {
            writer.link(
                rel::REPLIES,
                &resolve(&comments.plain(), Some(comments), base),
                "",
            );
        }
        if let Some(source) = &self.source {
            write_source(writer, source, base);
        }
    }

    /// The address of the page: a link, else a guid that is one.
    fn page(&self) -> Option<(Option<&Field<'a>>, Cow<'a, str>)> {
        let addresses: Vec<(&Field<'a>, Cow<'a, str>, bool)> =
            self.links.iter().filter_map(page_address).collect();
        let best = addresses
            .iter()
            .find(|(_, _, is_html)| *is_html)
            .or_else(|| addresses.first());
        if let Some((field, address, _)) = best {
            return Some((Some(field), address.clone()));
        }
        let own = ["href", "rdf:about", "rdf:resource"]
            .iter()
            .find_map(|name| self.tag.attribute(name));
        if let Some(address) = own.filter(|address| is_web(address)) {
            return Some((None, address));
        }
        let guid = self.ids.iter().find(|id| &*id.small == "guid")?;
        let says_no = guid
            .tag
            .attribute("isPermaLink")
            .is_some_and(|says| says.trim().eq_ignore_ascii_case("false"));
        let address = guid.plain();
        (!says_no && is_web(&address)).then_some((None, address))
    }

    fn write_people_and_categories(&self, writer: &mut Writer) {
        for name in self.authors.iter().flat_map(author_names) {
            writer.author(&name);
        }
        for category in &self.categories {
            let attribute = |name| {
                category
                    .tag
                    .attribute(name)
                    .filter(|value| !value.trim().is_empty())
            };
            let term = attribute("term")
                .or_else(|| attribute("text"))
                .unwrap_or_else(|| category.plain());
            for name in [Some(term), attribute("label")]
                .into_iter()
                .flatten()
                .filter(|name| !name.trim().is_empty())
            {
                writer.category(&name);
            }
        }
        for keywords in &self.keywords {
            for keyword in keywords
                .plain()
                .split(',')
                .take(MAX_EACH)
                .filter(|keyword| !keyword.trim().is_empty())
            {
                writer.category(keyword.trim());
            }
        }
        let language = self
            .tag
            .attribute("xml:lang")
            .or_else(|| self.languages.best().map(Field::plain));
        if let Some(language) = language.filter(|language| !language.trim().is_empty()) {
            writer.note(note::LANGUAGE, &language);
        }
    }
}

fn push<'a>(list: &mut Vec<Field<'a>>, field: Field<'a>) {
    if list.len() < MAX_EACH {
        list.push(field);
    }
}

/// Writes a text in its own form.
pub(super) fn write_text(writer: &mut Writer, element: &str, field: &Field<'_>, log: &mut Log) {
    let (form, source) = field.text();
    writer.element(element, form, |out| field.write(source, out, log));
}

/// The first date that is one; says so if there were some and none is.
fn first_date(dates: &Ranked<'_>, log: &mut Log) -> Option<Timestamp> {
    let instant = dates.iter().find_map(|field| dates::parse(&field.plain()));
    if instant.is_none()
        && let Some(field) = dates.best()
    {
        log.note(
            "a date that cannot be read",
            &format!("`{}`", field.tag.name),
            "left out",
        );
    }
    instant
}

/// The address of a link to the page, and whether it says that it is HTML or nothing.
pub(super) fn page_address<'b, 'a>(
    link: &'b Field<'a>,
) -> Option<(&'b Field<'a>, Cow<'a, str>, bool)> {
    let relation = link
        .tag
        .attribute("rel")
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if !relation.is_empty()
        && relation != rel::ALTERNATE
        && relation != "http://www.iana.org/assignments/relation/alternate"
    {
        return None;
    }
    let text = || Some(link.plain()).filter(|text| !text.is_empty());
    let address = match link.space {
        Space::Atom => link.tag.attribute("href").or_else(text),
        _ => text()
            .or_else(|| link.tag.attribute("href"))
            .or_else(|| link.tag.attribute("rdf:resource")),
    };
    let is_html = link
        .tag
        .attribute("type")
        .is_none_or(|kind| kind.is_empty() || kind.contains("html"));
    address.map(|address| (link, address, is_html))
}

fn is_web(address: &str) -> bool {
    let address = address.trim();
    let starts = |scheme: &str| {
        address
            .get(..scheme.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(scheme))
    };
    (starts("http://") || starts("https://")) && !address.contains(char::is_whitespace)
}

/// An address made absolute by `xml:base`, that of its own element included; as written where there is none.
pub(super) fn resolve<'b>(
    address: &'b str,
    field: Option<&Field<'_>>,
    base: Option<&Url>,
) -> Cow<'b, str> {
    let own = field.and_then(|field| join_base(base, &field.tag));
    match own.as_ref().or(base).map(|base| base.join(address.trim())) {
        // An absolute address stays as written.
        Some(Ok(url)) if Url::parse(address.trim()).is_err() => Cow::Owned(url.into()),
        _ => Cow::Borrowed(address),
    }
}

/// What `xml:base` of this tag makes of the base outside it; `None` if the tag has none.
pub(super) fn join_base(outside: Option<&Url>, tag: &Tag<'_>) -> Option<Url> {
    if !tag.attributes.contains("base") {
        return None;
    }
    let own = tag.attribute("xml:base")?;
    match outside {
        Some(outside) => outside.join(own.trim()).ok(),
        None => Url::parse(own.trim()).ok(),
    }
}

/// `source` of RSS has an address and a text, that of Atom is a feed without entries.
fn write_source(writer: &mut Writer, source: &Field<'_>, base: Option<&Url>) {
    let (address, title) = match source.space {
        Space::Atom => {
            let link = source
                .children(|small| small == "link")
                .find_map(|link| page_address(&link).map(|(_, address, _)| address));
            let title = source.child("title").map(|title| title.plain());
            (
                link.or_else(|| source.child("id").map(|id| id.plain())),
                title,
            )
        }
        _ => (source.tag.attribute("url"), Some(source.plain())),
    };
    let title = title.unwrap_or_default();
    let address = address.unwrap_or_default();
    if !title.is_empty() || !address.is_empty() {
        writer.link(rel::SOURCE, &resolve(&address, Some(source), base), &title);
    }
}

/// The names in an author element: of Atom's persons their names, else what is left of a text without its address.
pub(super) fn author_names(field: &Field<'_>) -> Vec<String> {
    if field.has_tags {
        let names: Vec<String> = field
            .children(|small| small == "name")
            .take(MAX_EACH)
            .map(|name| name.plain().into_owned())
            .collect();
        let filled: Vec<String> = names.into_iter().filter(|name| !name.is_empty()).collect();
        if !filled.is_empty() {
            return filled;
        }
        let email = field.child("email").map(|email| email.plain().into_owned());
        if let Some(email) = email.filter(|email| !email.is_empty()) {
            return vec![email];
        }
    }
    let name = person(&field.plain());
    if name.is_empty() {
        Vec::new()
    } else {
        vec![name]
    }
}
