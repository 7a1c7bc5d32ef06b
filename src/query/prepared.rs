//! An item cut into words once, for all topics.

use std::sync::OnceLock;

use crate::model::Field;
use crate::query::syntax::Scope;
use crate::text::fold::fold;
use crate::text::html::shown_link;
use crate::text::language;
use crate::text::words::Words;

/// All fields in the order of evidence, which is the order of their discriminants.
pub(crate) const FIELDS: [Field; 6] = [
    Field::Title,
    Field::Summary,
    Field::Content,
    Field::Author,
    Field::Category,
    Field::Link,
];

/// Words that `lead` takes of the summary or the content (SPEC 3.4).
const LEAD: u32 = 60;

/// An item as a query sees it. All texts are shown text (SPEC 4.1).
#[derive(Clone, Copy, Debug, Default)]
pub struct Document<'a> {
    /// The headline.
    pub title: &'a str,
    /// The teaser.
    pub summary: &'a str,
    /// The full text.
    pub content: &'a str,
    /// All authors, two line feeds between them.
    pub author: &'a str,
    /// All categories, two line feeds between them.
    pub category: &'a str,
    /// The address as the feed wrote it.
    pub link: Option<&'a str>,
    /// The feed's name, only its white space collapsed.
    pub feed: &'a str,
    /// The feed's tags.
    pub tags: &'a [String],
    /// BCP 47 tag; `None` or empty: not known.
    pub lang: Option<&'a str>,
}

/// A [`Document`] cut into words, ready to be judged by any number of topics.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Title, summary, content.
    text: Part,
    author: String,
    category: String,
    link: String,
    /// Name and tags of the feed.
    feed_names: Vec<String>,
    /// The rest is made when a topic first asks for it: most never do. Author, category, link.
    beside: OnceLock<Part>,
    feed_words: OnceLock<Words>,
    folded_names: OnceLock<Vec<String>>,
    host: OnceLock<Option<String>>,
    lang: OnceLock<Option<String>>,
}

/// Three fields that stand side by side in [`FIELDS`].
#[derive(Clone, Debug)]
struct Part {
    fields: [Words; 3],
    places: Places,
}

/// How many of the first fields are the text.
const TEXT_FIELDS: u8 = 3;

/// Where each spelling stands, found by its hash: buckets of chains, each chain in the order of the text.
#[derive(Clone, Debug)]
struct Places {
    all: Vec<Place>,
    /// The first place of each bucket; their number is a power of two.
    buckets: Vec<u32>,
    /// The next place of the same bucket.
    next: Vec<u32>,
}

/// The end of a chain.
const NONE: u32 = u32::MAX;

/// A word that has a spelling with this hash, or begins a join that has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) hash: u64,
    pub(crate) field: u8,
    pub(crate) word: u32,
}

/// The fields a part of a query looks into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scopes {
    /// Bit n: the field `FIELDS[n]`.
    whole: u8,
    lead: bool,
}

impl Scopes {
    /// Title, summary and content.
    pub(crate) const TEXT: Scopes = Scopes {
        whole: 0b111,
        lead: false,
    };

    pub(crate) fn new(scopes: &[Scope]) -> Scopes {
        let mut all = Scopes {
            whole: 0,
            lead: false,
        };
        for scope in scopes {
            match scope {
                Scope::Title => all.whole |= 1,
                Scope::Summary => all.whole |= 1 << 1,
                Scope::Content => all.whole |= 1 << 2,
                Scope::Text => all.whole |= 0b111,
                Scope::Lead => all.lead = true,
                Scope::Author => all.whole |= 1 << 3,
                Scope::Category => all.whole |= 1 << 4,
                Scope::Link => all.whole |= 1 << 5,
            }
        }
        all
    }

    /// Whether author, category or link are among them.
    pub(crate) fn go_beside_text(self) -> bool {
        self.whole >> TEXT_FIELDS != 0
    }

    /// How the fields are called in a sentence: "the title".
    pub(crate) fn in_words(self) -> String {
        if self == Scopes::TEXT {
            return "the text".to_owned();
        }
        let lead = self.lead.then_some("lead");
        let whole = FIELDS
            .iter()
            .enumerate()
            .filter_map(|(index, field)| (self.whole & 1 << index != 0).then_some(field.as_str()));
        let names: Vec<&str> = lead.into_iter().chain(whole).collect();
        format!("the {}", names.join(" or "))
    }
}

impl Prepared {
    /// Cuts the text of an item into words. If its language is not known, it is what the text looks like.
    pub fn new(document: &Document<'_>) -> Prepared {
        let declared = document.lang.map(language_tag);
        let lang = match declared.filter(|tag| !tag.is_empty()) {
            Some(tag) => OnceLock::from(Some(tag)),
            None => OnceLock::new(),
        };
        Prepared::with_language(document, lang)
    }

    /// The same of a text whose language, if it is not known, is nothing to be found out.
    pub fn as_declared(document: &Document<'_>) -> Prepared {
        let declared = document.lang.map(language_tag);
        let lang = OnceLock::from(declared.filter(|tag| !tag.is_empty()));
        Prepared::with_language(document, lang)
    }

    fn with_language(document: &Document<'_>, lang: OnceLock<Option<String>>) -> Prepared {
        let text = [document.title, document.summary, document.content];
        let names = std::iter::once(document.feed).chain(document.tags.iter().map(String::as_str));
        Prepared {
            text: Part::new(text.map(Words::of_text), 0),
            author: document.author.to_owned(),
            category: document.category.to_owned(),
            link: document.link.unwrap_or_default().to_owned(),
            feed_names: names.map(str::to_owned).collect(),
            beside: OnceLock::new(),
            feed_words: OnceLock::new(),
            folded_names: OnceLock::new(),
            host: OnceLock::new(),
            lang,
        }
    }

    fn beside(&self) -> &Part {
        self.beside.get_or_init(|| {
            let link = shown_link(&self.link);
            let texts = [self.author.as_str(), self.category.as_str(), link.as_str()];
            Part::new(texts.map(Words::of_text), TEXT_FIELDS)
        })
    }

    /// The text, and what stands beside it if it is asked for.
    fn parts(&self, beside_text: bool) -> impl Iterator<Item = &Part> {
        let beside = beside_text.then(|| self.beside());
        std::iter::once(&self.text).chain(beside)
    }

    /// The words of a field.
    pub(crate) fn words(&self, field: u8) -> &Words {
        match field.checked_sub(TEXT_FIELDS) {
            None => &self.text.fields[usize::from(field)],
            Some(field) => &self.beside().fields[usize::from(field)],
        }
    }

    /// How many words of a field a scope takes.
    pub(crate) fn limit(&self, scopes: Scopes, field: u8) -> u32 {
        let whole = scopes.whole & 1 << field != 0;
        let summary_has_words = !self.text.fields[1].words().is_empty();
        match field {
            _ if whole => u32::MAX,
            0 if scopes.lead => u32::MAX,
            1 if scopes.lead => LEAD,
            2 if scopes.lead && !summary_has_words => LEAD,
            _ => 0,
        }
    }

    /// Every place, in the order of the text, and perhaps what stands beside it; a spelling with further forms may come
    /// twice.
    pub(crate) fn places(&self, beside_text: bool) -> impl Iterator<Item = &Place> {
        self.parts(beside_text).flat_map(|part| &part.places.all)
    }

    /// Gives every form of every word, and every join, to a function.
    pub(crate) fn each_form(&self, beside_text: bool, mut look: impl FnMut(&str)) {
        for words in self.parts(beside_text).flat_map(|part| &part.fields) {
            for word in words.words() {
                words.forms(word).for_each(|form| look(form.folded));
            }
            words.joins().for_each(|join| look(join.form.folded));
        }
    }

    /// The places of a spelling, and of others that share its hash, wherever a scope may look and perhaps elsewhere.
    pub(crate) fn places_of(&self, hash: u64, scopes: Scopes) -> impl Iterator<Item = &Place> {
        self.parts(scopes.go_beside_text())
            .flat_map(move |part| part.places.of(hash))
    }

    /// Whether a spelling of this hash stands where a scope may look; perhaps it stands only elsewhere.
    pub(crate) fn has(&self, hash: u64, scopes: Scopes) -> bool {
        self.places_of(hash, scopes).next().is_some()
    }

    pub(crate) fn feed_words(&self) -> &Words {
        self.feed_words.get_or_init(|| {
            let name = self.feed_names.first().map_or("", String::as_str);
            Words::of_text(name)
        })
    }

    /// Name and tags of the feed, folded.
    fn folded_names(&self) -> &[String] {
        self.folded_names
            .get_or_init(|| self.feed_names.iter().map(|name| fold(name)).collect())
    }

    /// Whether a folded name is the feed's whole name or one of its tags.
    pub(crate) fn is_feed(&self, folded: &str) -> bool {
        self.folded_names().iter().any(|name| name == folded)
    }

    /// Whether a folded name is one of the feed's tags.
    pub(crate) fn has_tag(&self, folded: &str) -> bool {
        self.folded_names().iter().skip(1).any(|tag| tag == folded)
    }

    /// Whether the link's host is this or lies below it.
    pub(crate) fn is_on(&self, site: &str) -> bool {
        let host = self.host.get_or_init(|| host(&self.link));
        let Some(host) = host else { return false };
        host.strip_suffix(site)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    }

    /// Whether the language is this one or a variety of it; `None` where it is unknown.
    pub(crate) fn speaks(&self, wanted: &str) -> Option<bool> {
        let lang = self.lang()?;
        Some(
            lang.strip_prefix(wanted)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('-')),
        )
    }

    /// Whether the language is declared, or has been asked for before.
    pub(crate) fn knows_language(&self) -> bool {
        self.lang.get().is_some()
    }

    /// The language: as declared, in small letters, else found out now; `None` if that gives none.
    pub fn lang(&self) -> Option<&str> {
        let found_out = || {
            let [title, summary, content] = &self.text.fields;
            let [title, summary, content] =
                [title, summary, content].map(|words| words.text().as_str());
            language::of_item(title, summary, content).map(str::to_owned)
        };
        self.lang.get_or_init(found_out).as_deref()
    }
}

/// A language tag in the form that is compared (SPEC 3.5).
pub(crate) fn language_tag(tag: &str) -> String {
    tag.trim().replace('_', "-").to_ascii_lowercase()
}

/// A host in the form that is compared: lower case, punycode, without the dot at its end.
pub(crate) fn ascii_host(host: &str) -> String {
    let host = host.trim_end_matches('.');
    idna::domain_to_ascii(host).unwrap_or_else(|_| host.to_lowercase())
}

fn host(link: &str) -> Option<String> {
    let address = url::Url::parse(link.trim()).ok()?;
    address.host_str().map(ascii_host)
}

impl Part {
    /// `first`: what place the first field has in [`FIELDS`].
    fn new(fields: [Words; 3], first: u8) -> Part {
        Part {
            places: Places::new(&fields, first),
            fields,
        }
    }
}

impl Places {
    fn new(fields: &[Words; 3], first: u8) -> Places {
        let count = fields
            .iter()
            .map(|words| words.words().len())
            .sum::<usize>();
        let mut all = Vec::with_capacity(count + count / 4);
        for (words, field) in fields.iter().zip(first..) {
            for (word, number) in words.words().iter().zip(0..) {
                let place = |spelling| Place {
                    hash: spelling_hash(spelling),
                    field,
                    word: number,
                };
                all.push(place(words.folded(word)));
                // Few have any.
                if words.has_further_forms(word) {
                    let further = words.forms(word).skip(1);
                    all.extend(further.map(|form| place(form.folded)));
                }
            }
            all.extend(words.joins().map(|join| Place {
                hash: spelling_hash(join.form.folded),
                field,
                word: join.first as u32,
            }));
        }
        let mut places = Places {
            buckets: vec![NONE; (all.len() * 2).next_power_of_two()],
            next: vec![NONE; all.len()],
            all,
        };
        for index in (0..places.all.len()).rev() {
            let bucket = places.bucket(places.all[index].hash);
            places.next[index] = std::mem::replace(&mut places.buckets[bucket], index as u32);
        }
        places
    }

    fn of(&self, hash: u64) -> impl Iterator<Item = &Place> {
        let first = self.buckets[self.bucket(hash)];
        let follow = |at: &u32| self.next.get(*at as usize).copied();
        std::iter::successors(Some(first), follow)
            .take_while(|at| *at != NONE)
            .map(|at| &self.all[at as usize])
            .filter(move |place| place.hash == hash)
    }

    fn bucket(&self, hash: u64) -> usize {
        (hash >> 32) as usize & (self.buckets.len() - 1)
    }
}

/// Hash of a folded spelling. It only narrows the search: whoever finds a place compares the spelling itself, so words
/// that were made to collide cost time in proportion to their number and nothing else.
pub(crate) fn spelling_hash(spelling: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for chunk in spelling.as_bytes().chunks(8) {
        let bytes = chunk
            .iter()
            .fold(0, |bytes, byte| bytes << 8 | u64::from(*byte));
        hash = (hash ^ bytes).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^= hash >> 29;
    }
    hash
}
