//! `[[feed]]`: what to read, and what its server wants.

use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::Range;

use ipnet::IpNet;
use jiff::SignedDuration;
use toml::Spanned;
use toml::de::DeValue;
use url::{Host, Url};

use super::find::Places;
use super::keys::{FEED, HEADER};
use super::names::Names;
use super::notes::{Notes, Placed, Text, parse};
use super::reader::{Table, as_text, wrong_type};
use super::report::Finding;
use super::secrets::{Secret, SecretSource};
use super::settings::{login, path};
use super::{Access, FeedConfig, HeaderValue, PollConfig, addresses, times, values};
use crate::model::Feed;

/// The shortest interval for a server that others need too.
const POLITE: SignedDuration = SignedDuration::from_mins(5);

/// A feed, where it was declared, and its address as the URL standard reads it.
struct Declared {
    config: FeedConfig,
    url: Placed<Url>,
}

/// Reads all feeds; one that is listed twice comes back once, with the tags of both.
pub(super) fn read<'t>(
    root: &Table<'t>,
    poll: &PollConfig,
    fastest: Option<Range<usize>>,
    places: &Places,
    notes: &mut Notes<'t>,
) -> (Vec<FeedConfig>, Names) {
    let mut names = Names::new("feed");
    let tables = root.tables("feed", &FEED, notes);
    if !root.has("feed") || root.is_empty_list("feed") {
        let message = "there is nothing to read: the watchlist has no [[feed]]";
        let hint = "add `[[feed]]`, and below it `url = \"https://…\"`";
        notes.add_absence(Finding::of_file(message).hint(hint));
    }
    let declared: Vec<Declared> = tables
        .iter()
        .filter_map(|table| one(table, poll, places, &mut names, notes))
        .collect();
    names.note_clashes(notes);
    if let Some(span) = fastest.filter(|_| poll.fastest < POLITE) {
        note_impolite(span, &declared, poll, notes);
    }
    (merge(declared, notes), names)
}

fn one<'t>(
    table: &Table<'t>,
    poll: &PollConfig,
    places: &Places,
    names: &mut Names,
    notes: &mut Notes<'t>,
) -> Option<Declared> {
    table.require(
        "url",
        "every feed needs its address: `url = \"https://…\"`",
        notes,
    );
    let written = table.text("url", notes);
    let url = written
        .as_ref()
        .and_then(|text| parse(text, notes, addresses::feed_url));
    let name = table.parsed("name", notes, values::line);
    if let Some(name) = &name {
        names.add_name(name, notes);
    }
    let tags = tags(table, names, notes);
    let every = table.parsed("every", notes, times::duration_within("1s", "30d"));
    if let (Some(every), Some(url)) = (&every, &url)
        && every.value < POLITE
        && !is_private(&url.value, &poll.allow_private)
    {
        let finding = Finding::problem(
            every.span.clone(),
            "a public server is not asked more often than every 5 minutes",
        );
        notes.add(
            finding
                .other(url.span.clone(), "this is not on a private network")
                .hint("write \"5m\" or more"),
        );
    }
    let feed = Feed {
        url: written
            .map(|text| text.value.to_owned())
            .unwrap_or_default(),
        name: name.map(|name| name.value),
        tags,
        every: every.map(|every| every.value),
        backfill: table
            .parsed("backfill", notes, times::backfill)
            .map(|days| days.value)
            .unwrap_or_default(),
        paused: table.flag("paused", notes).unwrap_or(false),
    };
    let access = access(table, places, notes);
    Some(Declared {
        config: FeedConfig { feed, access },
        url: url?,
    })
}

/// The words under `tags`, declared as such.
pub(super) fn tags<'t>(table: &Table<'t>, names: &mut Names, notes: &mut Notes<'t>) -> Vec<String> {
    let Some(texts) = table.texts("tags", notes) else {
        return Vec::new();
    };
    let mut tags: Vec<String> = Vec::new();
    for text in &texts {
        if let Some(tag) = parse(text, notes, values::line) {
            names.add_tag(&tag);
            if !tags.contains(&tag.value) {
                tags.push(tag.value);
            }
        }
    }
    tags
}

fn access<'t>(table: &Table<'t>, places: &Places, notes: &mut Notes<'t>) -> Access {
    let login = login(table, "[[feed]]", places, notes);
    let mut headers: Vec<(String, HeaderValue)> = Vec::new();
    let Some(value) = table.value("headers") else {
        return Access { headers, login };
    };
    let DeValue::Table(entries) = value.get_ref() else {
        let hint = "names and values in braces: { User-Agent = \"…\" }";
        notes.add(wrong_type("`headers`", "a table", value).hint(hint));
        return Access { headers, login };
    };
    for (name, value) in Table::free(value.span(), entries).entries() {
        let valid = parse(&name, notes, addresses::header_name);
        if headers
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name.value))
        {
            notes.add(Finding::problem(
                name.span.clone(),
                format!("the header `{}` is set twice", name.value),
            ));
        }
        if name.value.eq_ignore_ascii_case("authorization") && table.has("username") {
            let message = "`username` sends an `Authorization` of its own in place of this header";
            let finding = Finding::warning(name.span.clone(), message);
            let finding = finding.other(table.key_span("username"), "the one that is sent");
            notes.add(finding.hint("keep one of the two"));
            continue;
        }
        if let (Some(name), Some(value)) = (valid, header(&name, value, places, notes)) {
            headers.push((name.value, value));
        }
    }
    Access { headers, login }
}

fn header<'t>(
    name: &Text<'t>,
    value: &'t Spanned<DeValue<'t>>,
    places: &Places,
    notes: &mut Notes<'t>,
) -> Option<HeaderValue> {
    if let DeValue::Table(entries) = value.get_ref() {
        let table = Table::open(&HEADER, value.span(), entries, notes);
        table.require(
            "file",
            "name the file that holds the value: { file = \"token\" }",
            notes,
        );
        let file = table.parsed("file", notes, path)?;
        return Some(HeaderValue::Secret(SecretSource::File(
            places.secret(&file.value),
        )));
    }
    let text = as_text(&format!("the header `{}`", name.value), value, notes)?;
    let text = parse(&text, notes, addresses::header_value)?;
    if ["authorization", "cookie"]
        .iter()
        .any(|secret| name.value.eq_ignore_ascii_case(secret))
    {
        let finding = Finding::warning(
            text.span,
            format!(
                "the secret of `{}` stands in the watchlist itself",
                name.value
            ),
        );
        let hint = format!(
            "put it into a file of its own: {} = {{ file = \"token\" }}",
            name.value
        );
        notes.add(finding.hint(hint));
    }
    Some(HeaderValue::Plain(Secret::new(text.value)))
}

/// Whether the address is certainly not on the public internet.
fn is_private(url: &Url, allowed: &[IpNet]) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => {
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || allowed
                    .iter()
                    .any(|network| network.contains(&IpAddr::V4(address)))
        }
        Some(Host::Ipv6(address)) => {
            address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || allowed
                    .iter()
                    .any(|network| network.contains(&IpAddr::V6(address)))
        }
        // Names that no public registry gives out (RFC 6761, 6762, 8375, and ICANN's `internal`).
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            let top = name.rsplit('.').next().unwrap_or(name);
            ["localhost", "local", "internal", "test", "lan"].contains(&top)
                || name.ends_with(".home.arpa")
                || !name.contains('.')
        }
        None => false,
    }
}

fn note_impolite(
    span: Range<usize>,
    declared: &[Declared],
    poll: &PollConfig,
    notes: &mut Notes<'_>,
) {
    let public = declared
        .iter()
        .find(|feed| !is_private(&feed.url.value, &poll.allow_private));
    let Some(public) = public else { return };
    let finding = Finding::problem(
        span,
        "a public server is not asked more often than every 5 minutes",
    );
    let finding = finding.other(public.url.span.clone(), "this is not on a private network");
    notes.add(
        finding
            .hint("write \"5m\" or more here, and a shorter `every` at feeds of your own network"),
    );
}

/// Joins what is one feed under two spellings. Both names and all tags go on working.
fn merge(declared: Vec<Declared>, notes: &mut Notes<'_>) -> Vec<FeedConfig> {
    let mut first_by_key: HashMap<String, usize> = HashMap::new();
    let mut feeds: Vec<Declared> = Vec::new();
    for feed in declared {
        let key = same_feed_key(&feed.url.value);
        let Some(first) = first_by_key.get(&key).and_then(|at| feeds.get_mut(*at)) else {
            first_by_key.insert(key, feeds.len());
            feeds.push(feed);
            continue;
        };
        let spelt = if first.config.feed.url == feed.config.feed.url {
            "listed twice"
        } else {
            "listed twice, under two spellings"
        };
        let finding = Finding::warning(feed.url.span, format!("this feed is {spelt}"));
        let finding = finding.other(first.url.span.clone(), "the one that counts");
        notes.add(
            finding.hint("it is polled once, as written first, with the tags of both: remove one"),
        );
        let other = feed.config.feed;
        let kept = &mut first.config.feed;
        for word in other.tags.into_iter().chain(other.name) {
            if kept.name.as_ref() != Some(&word) && !kept.tags.contains(&word) {
                kept.tags.push(word);
            }
        }
    }
    let mut configs: Vec<_> = feeds.into_iter().map(|feed| feed.config).collect();
    // They are collected where the larger `Declared` were, and are kept for as long as the program runs.
    configs.shrink_to_fit();
    configs
}

/// Two feeds with one key are one feed. Stricter than the key of articles: a parameter often chooses the feed.
fn same_feed_key(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    let path = url.path().trim_end_matches('/');
    let query = url
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    format!("{host}{port}{path}{query}")
}
