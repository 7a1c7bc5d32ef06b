//! What works in a watchlist without problems, and is probably not meant.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use toml::Spanned;
use toml::de::DeValue;
use url::{Host, Url};

use super::PollConfig;
use super::notes::{Notes, Text};
use super::reader::Table;
use super::report::Finding;
use super::topics::TopicSource;

/// Notes what a person should look at once more. The watchlist has no problems.
pub(super) fn note<'t>(
    root: &Table<'t>,
    poll: &PollConfig,
    topics: &[TopicSource<'t>],
    notes: &mut Notes<'t>,
) {
    note_example_addresses(root, notes);
    note_private_feeds(root, poll, notes);
    for TopicSource { terms, .. } in topics {
        for term in terms.any.iter().chain(&terms.all).chain(&terms.none) {
            note_small_operator(term, notes);
        }
    }
}

/// Domains that are set aside for examples (RFC 2606): mail to them reaches nobody.
const EXAMPLE_DOMAINS: [&str; 3] = ["example.org", "example.com", "example.net"];

fn note_example_addresses<'t>(root: &Table<'t>, notes: &mut Notes<'t>) {
    let mail: Vec<_> = root
        .value("mail")
        .map(Spanned::get_ref)
        .into_iter()
        .collect();
    let recipients = mail
        .iter()
        .copied()
        .chain(tables(root, "digest"))
        .filter_map(|table| table.get("to")?.get_ref().as_array())
        .flat_map(|to| to.iter());
    let operator = mail.iter().filter_map(|mail| mail.get("operator"));
    for address in operator.chain(recipients) {
        let Some(written) = address.get_ref().as_str() else {
            continue;
        };
        let domain = written.rsplit('@').next().unwrap_or_default();
        if EXAMPLE_DOMAINS
            .iter()
            .any(|example| is_below(domain, example))
        {
            let message = format!("nobody reads `{written}`: the domain is one for examples");
            let finding = Finding::warning(address.span(), message);
            notes.add(finding.hint("put your own address here"));
        }
    }
}

/// Whether a domain is this one or a part of it.
fn is_below(domain: &str, above: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    let rest = domain.strip_suffix(above);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The networks that feeds are on at home or in a firm, as `allow_private` takes them.
const PRIVATE_NETWORKS: [&str; 8] = [
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "::1/128",
    "fc00::/7",
];

fn note_private_feeds<'t>(root: &Table<'t>, poll: &PollConfig, notes: &mut Notes<'t>) {
    let mut first = None;
    let mut feeds = 0;
    let mut missing: Vec<&str> = Vec::new();
    for table in tables(root, "feed") {
        let paused = table
            .get("paused")
            .and_then(|paused| paused.get_ref().as_bool());
        let Some(url) = table.get("url").filter(|_| paused != Some(true)) else {
            continue;
        };
        let written = url.get_ref().as_str().unwrap_or_default();
        let Some(network) = unlisted_network(written, &poll.allow_private) else {
            continue;
        };
        first.get_or_insert(url.span());
        feeds += 1;
        if !missing.contains(&network) {
            missing.push(network);
        }
    }
    let Some(span) = first else { return };
    let message = match feeds {
        1 => "this feed is on a private network, so it is not asked".to_owned(),
        _ => format!(
            "this feed and {} more are on private networks, so they are not asked",
            feeds - 1
        ),
    };
    let listed = poll
        .allow_private
        .iter()
        .map(|network| format!("\"{network}\""));
    let added = missing.iter().map(|network| format!("\"{network}\""));
    let networks: Vec<String> = listed.chain(added).collect();
    let line = format!("allow_private = [{}]", networks.join(", "));
    notes.add(
        Finding::warning(span, message).hint(match root.has("poll") {
            true => format!("to have it asked, write below [poll]: {line}"),
            false => format!(
                "to have it asked, write at the end of the file `[poll]`, and below it: {line}"
            ),
        }),
    );
}

/// The private network that an address names outright, if no listed one has it. What a name stands for is not
/// known before it is looked up, `localhost` apart.
fn unlisted_network(url: &str, listed: &[IpNet]) -> Option<&'static str> {
    let addresses: Vec<IpAddr> = match Url::parse(url).ok()?.host()? {
        Host::Ipv4(address) => vec![address.into()],
        Host::Ipv6(address) => vec![address.to_ipv4_mapped().map_or(address.into(), IpAddr::V4)],
        Host::Domain(name) => {
            let local = is_below(name.trim_end_matches('.'), "localhost");
            local.then(|| vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()])?
        }
    };
    let contains = |network: &IpNet| addresses.iter().any(|address| network.contains(address));
    let private = |network: &&str| network.parse().is_ok_and(|network| contains(&network));
    let network = PRIVATE_NETWORKS.into_iter().find(private)?;
    (!listed.iter().any(contains)).then_some(network)
}

/// The tables of a list in brackets, as toml has them.
fn tables<'t>(root: &Table<'t>, key: &'static str) -> impl Iterator<Item = &'t DeValue<'t>> {
    let members = root.value(key).and_then(|value| value.get_ref().as_array());
    members
        .into_iter()
        .flat_map(|members| members.iter())
        .map(Spanned::get_ref)
}

/// Small letters make an operator a word. In quotation marks it is meant as one.
fn note_small_operator(term: &Text<'_>, notes: &mut Notes<'_>) {
    if term.value.contains(['"', '“', '”', '/']) {
        return;
    }
    let words: Vec<&str> = term.value.split_whitespace().collect();
    let inner = words
        .get(1..words.len().saturating_sub(1))
        .unwrap_or_default();
    let Some(word) = inner
        .iter()
        .find(|word| matches!(**word, "and" | "or" | "not"))
    else {
        return;
    };
    let instead = match *word {
        "or" => "for either of the two write two terms, or",
        "and" => "for both of the two write",
        _ => "for the one without the other write",
    };
    let query: Vec<String> = words
        .iter()
        .map(|other| match other == word {
            true => word.to_uppercase(),
            false => (*other).to_owned(),
        })
        .collect();
    let at = between_blanks(term.value, word).unwrap_or_default();
    let message = format!("`{word}` is a word of the phrase here");
    let finding = Finding::warning(notes.inside(term, at..at + word.len()), message);
    let joined = match query.len() {
        3 => format!("query = '{}'", query.join(" ")),
        _ => format!("a query with {}", word.to_uppercase()),
    };
    notes.add(finding.hint(format!(
        "{instead} {joined}; for the phrase itself quote it: '\"{}\"'",
        term.value.trim()
    )));
}

/// Where a word first stands between blanks.
fn between_blanks(text: &str, word: &str) -> Option<usize> {
    let stands_alone = |at: &usize| {
        let before = text.get(..*at).unwrap_or_default();
        let behind = text.get(at + word.len()..).unwrap_or_default();
        before.ends_with(char::is_whitespace) && behind.starts_with(char::is_whitespace)
    };
    let mut places = text.match_indices(word).map(|(at, _)| at);
    places.find(stands_alone)
}
