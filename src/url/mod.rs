//! One definition of "the same address".
//!
//! A [`key`] is compared, never fetched and never shown. Two addresses with one key are taken for one article, so a rule
//! belongs here only if it cannot join two articles: a false merge loses news, a missed one costs one duplicate.
//!
//! | part | rule | because |
//! | --- | --- | --- |
//! | escapes | `&amp;` is `&` | feeds escape once too often |
//! | wrapper | a redirector or cache that carries its target is its target (`wrapper.rs`) | aggregators link through them |
//! | scheme, user, port | off; a port only if it is not the scheme's own | http and https serve one page; credentials name no page |
//! | host | lower case, Punycode, final dot off; `www. m. mobile. touch. amp.` off while a registrable domain is left | one article, several skins |
//! | path | dot segments, `//` and the final slash resolved; index files, AMP marks and session ids off; case kept | servers answer these alike, but `/Ab` and `/aB` are two short links |
//! | escapes in path and query | `%XX` decoded where that cannot change the meaning, then Unicode NFC | `%e4%b8%ad` is `中` |
//! | query | sorted; what only tells where the click came from off (`decoration.rs`); identifiers kept | counters differ per feed, `id=1` and `id=2` are two articles |
//! | fragment | off, but `#!` and `#/` are pages | a fragment is a place in a page, except in an application |
//! | site | a few sites have several addresses for one page (`site.rs`) | public and stable facts about large sites |

use ::url::Url;
use unicode_normalization::UnicodeNormalization;

mod decoration;
mod domain;
mod site;
mod wrapper;

pub use self::domain::domain;

/// An http(s) address, as far as it tells articles apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Equal for addresses of the same page.
    pub key: String,
    /// The same with the fragment, for feeds whose links differ by nothing else.
    pub key_with_fragment: String,
    /// The front page of a host: it names no article.
    pub is_home_page: bool,
}

/// What is compared of an address. What is no http(s) address (`tag:`, `urn:`, a bare string) stands for itself.
pub fn key(text: &str) -> String {
    address(text).map_or_else(|| text.trim().to_owned(), |address| address.key)
}

/// Reads an http(s) address; `None` for anything else.
pub fn address(text: &str) -> Option<Address> {
    let url = parse(text)?;
    let target = target(&url).map(innermost);
    compared(&target.unwrap_or(url))
}

/// A link of an entry, read once for all that is asked of it.
#[derive(Clone, Debug)]
pub struct Link {
    /// Absolute.
    pub text: String,
    /// What is compared of it.
    pub address: Option<Address>,
    /// Who publishes the page, as [`publisher`] has it.
    pub publisher: Option<String>,
}

impl Link {
    /// Makes an address absolute, against each base in turn; `None` if that gives no http(s) address.
    pub fn read(text: &str, bases: &[&str]) -> Option<Link> {
        let resolved = resolved(text, bases)?;
        let text = resolved.as_str().to_owned();
        // What holds no escape is read as it stands.
        let url = match text.contains('&') {
            true => parse(&text),
            false => Some(resolved),
        };
        let target = url.as_ref().and_then(target);
        let publisher = target.as_ref().or(url.as_ref()).and_then(registrable);
        let page = target.map(innermost).or(url);
        Some(Link {
            text,
            publisher,
            address: page.as_ref().and_then(compared),
        })
    }
}

fn resolved(text: &str, bases: &[&str]) -> Option<Url> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(_) => bases
            .iter()
            .filter_map(|base| Url::parse(base).ok())
            .find_map(|base| base.join(text).ok())?,
    };
    is_web(&url).then_some(url)
}

/// Who publishes a page: the registrable domain of its address (a subdomain of a shared host such as `github.io` counts
/// as its own), else of the feed's page, else of the feed.
pub fn publisher(link: Option<&Link>, channel_link: Option<&str>, feed_url: &str) -> String {
    let domain = |text: &str| {
        let url = parse(text)?;
        registrable(&target(&url).unwrap_or(url))
    };
    link.and_then(|link| link.publisher.clone())
        .or_else(|| channel_link.and_then(domain))
        .or_else(|| domain(feed_url))
        .unwrap_or_else(|| feed_url.trim().to_lowercase())
}

/// Where a wrapper leads.
fn target(url: &Url) -> Option<Url> {
    wrapper::target(url).as_deref().and_then(parse)
}

fn registrable(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_end_matches('.');
    let registrable = if is_literal(url) {
        None
    } else {
        psl::domain_str(host)
    };
    Some(registrable.unwrap_or(host).to_owned())
}

/// Where a target leads that is a wrapper itself. A cache of a redirector of a cache is real; a deeper nest is a game.
fn innermost(mut url: Url) -> Url {
    for _ in 0..3 {
        match target(&url) {
            Some(target) => url = target,
            None => break,
        }
    }
    url
}

/// What is compared of an address that was taken out of its wrapper.
fn compared(url: &Url) -> Option<Address> {
    let mut page = Page::read(url)?;
    site::settle(&mut page);
    page.query
        .retain(|(name, value)| !decoration::is_decoration(&page.host, name, value));
    page.query.sort();
    page.query.dedup();
    let fragment = fragment(url.fragment().unwrap_or_default(), &page.host);
    let is_home_page =
        page.segments.is_empty() && page.query.is_empty() && !matches!(fragment, Fragment::Page(_));
    let key = page.key();
    let (key, key_with_fragment) = match fragment {
        Fragment::None => (key.clone(), key),
        Fragment::Place(place) => {
            let with_fragment = format!("{key}#{place}");
            (key, with_fragment)
        }
        Fragment::Page(route) => {
            let key = format!("{key}#{route}");
            (key.clone(), key)
        }
    };
    Some(Address {
        key,
        key_with_fragment,
        is_home_page,
    })
}

/// The parts of an address that are compared.
struct Page {
    /// With the port, if it is unusual.
    host: String,
    segments: Vec<String>,
    query: Vec<(String, String)>,
}

impl Page {
    fn read(url: &Url) -> Option<Page> {
        let host = host(url)?;
        let mut segments: Vec<String> = url
            .path()
            .split('/')
            .map(without_session)
            .filter(|segment| !segment.is_empty())
            .map(|segment| decode(segment, Part::Path))
            .collect();
        if let Some(last) = segments.last_mut()
            && let Some((page, _)) = last.split_once("&utm_")
        {
            // Appended by tools that expect a query where there is none.
            *last = page.to_owned();
        }
        remove_amp(&mut segments);
        if segments.last().is_some_and(|last| is_index(last)) {
            segments.pop();
        }
        let query = url
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|parameter| !parameter.is_empty())
            .map(|parameter| {
                let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
                (decode(name, Part::Query), decode(value, Part::Query))
            })
            .filter(|(name, value)| !name.is_empty() || !value.is_empty())
            .collect();
        Some(Page {
            host,
            segments,
            query,
        })
    }

    /// What is compared, but for the fragment.
    fn key(&self) -> String {
        let mut key = self.host.clone();
        for segment in &self.segments {
            key.push('/');
            key.push_str(segment);
        }
        for (index, (name, value)) in self.query.iter().enumerate() {
            key.push(if index == 0 { '?' } else { '&' });
            key.push_str(name);
            if !value.is_empty() {
                key.push('=');
                key.push_str(value);
            }
        }
        key
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Reads what feeds write: escaped once too often, with blanks, without a scheme behind `//`, or with `feed:` before it.
fn parse(text: &str) -> Option<Url> {
    let text = text.trim();
    // Nearly all are written as they should be.
    let is_clean = !text.contains('&') && !text.starts_with("feed:") && !text.starts_with("//");
    if is_clean {
        return Url::parse(text).ok().filter(is_web);
    }
    let mut text = text.to_owned();
    // Twice, since some feeds escape what was escaped.
    for _ in 0..2 {
        for escape in ["&amp;", "&AMP;", "&#38;", "&#038;", "&#x26;", "&#X26;"] {
            if text.contains(escape) {
                text = text.replace(escape, "&");
            }
        }
    }
    if let Some(rest) = text.strip_prefix("feed:") {
        text = match rest.strip_prefix("//") {
            Some(rest) => format!("http://{rest}"),
            None => rest.to_owned(),
        };
    } else if text.starts_with("//") {
        text.insert_str(0, "https:");
    }
    Url::parse(&text).ok().filter(is_web)
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

fn is_literal(url: &Url) -> bool {
    !matches!(url.host(), Some(::url::Host::Domain(_)))
}

/// Subdomains under which sites show the same articles to other devices.
const SKINS: [&str; 5] = ["www.", "m.", "mobile.", "touch.", "amp."];

fn host(url: &Url) -> Option<String> {
    let mut host = url.host_str()?.trim_end_matches('.');
    if !is_literal(url) {
        // `m.example.com` loses its label, `m.com` and `www.gov.uk` have none to lose.
        while let Some(rest) = SKINS
            .iter()
            .find_map(|skin| host.strip_prefix(skin))
            .filter(|rest| psl::domain_str(rest).is_some())
        {
            host = rest;
        }
    }
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// Servlet containers and ASP.NET write the session into the path of visitors without cookies.
fn without_session(segment: &str) -> &str {
    if segment.starts_with("(S(") && segment.ends_with("))") {
        return "";
    }
    match segment.split_once(';') {
        Some((page, parameter))
            if ["jsessionid=", "phpsessid=", "sessionid="]
                .iter()
                .any(|name| starts_with_ignoring_case(parameter, name)) =>
        {
            page
        }
        _ => segment,
    }
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// What servers answer when asked for the folder.
fn is_index(segment: &str) -> bool {
    const INDEX_FILES: [&str; 12] = [
        "index.html",
        "index.htm",
        "index.xhtml",
        "index.shtml",
        "index.php",
        "index.asp",
        "index.aspx",
        "index.jsp",
        "index.cfm",
        "default.html",
        "default.asp",
        "default.aspx",
    ];
    INDEX_FILES
        .iter()
        .any(|name| name.eq_ignore_ascii_case(segment))
}

/// Accelerated Mobile Pages stand beside the page, under its address and one of these marks.
fn remove_amp(segments: &mut Vec<String>) {
    let is_amp = |segment: &String| matches!(segment.as_str(), "amp" | "amp.html");
    if segments.len() > 1 && segments.last().is_some_and(is_amp) {
        segments.pop();
    }
    if let Some(last) = segments.last_mut() {
        // `story.amp`, `story.amp.html`
        if let Some(name) = last.strip_suffix(".amp") {
            *last = name.to_owned();
        } else if let Some((name, end)) = last.rsplit_once(".amp.") {
            *last = format!("{name}.{end}");
        }
    }
    // In front it may also be a section about amplifiers, whose pages have short paths.
    let is_deep = segments.len() > 2 || segments.get(1).is_some_and(|slug| slug.len() > 12);
    if is_deep && segments.first().is_some_and(is_amp) {
        segments.remove(0);
    }
}

enum Fragment {
    /// None, or one that only tells where the click came from.
    None,
    /// A place in the page.
    Place(String),
    /// A page of an application.
    Page(String),
}

fn fragment(raw: &str, host: &str) -> Fragment {
    // The words to be highlighted are a wish of whoever made the link.
    let raw = raw.split(":~:").next().unwrap_or_default();
    let route = raw.strip_prefix('!').unwrap_or(raw);
    if raw.starts_with(['!', '/']) && !route.trim_matches('/').is_empty() {
        return Fragment::Page(decode(raw, Part::Path));
    }
    let is_click = |parameter: &str| {
        parameter
            .split_once('=')
            .is_some_and(|(name, value)| decoration::is_decoration(host, name, value))
    };
    if matches!(raw, "" | "!" | "/") || raw.starts_with('.') || raw.split('&').all(is_click) {
        return Fragment::None;
    }
    Fragment::Place(decode(raw, Part::Path))
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Path,
    Query,
}

/// Decodes `%XX` where the character cannot be taken for a delimiter, and brings the rest into one form.
fn decode(text: &str, part: Part) -> String {
    let stands = |byte: &u8| byte.is_ascii() && *byte != b'%' && *byte != b'+';
    if text.as_bytes().iter().all(stands) {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes().iter();
    while let Some(&byte) = rest.next() {
        match byte {
            b'+' if part == Part::Query => bytes.extend(b"%20"),
            b'%' => match escaped(rest.as_slice()) {
                Some(value) => {
                    rest.nth(1);
                    let is_delimiter = match part {
                        Part::Path => b"/?#%;".contains(&value),
                        Part::Query => b"&=+#%;".contains(&value),
                    };
                    if is_delimiter || value <= b' ' || value == 0x7f {
                        bytes.extend(format!("%{value:02X}").bytes());
                    } else {
                        bytes.push(value);
                    }
                }
                None => bytes.push(byte),
            },
            _ => bytes.push(byte),
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) => text.nfc().collect(),
        // Escapes of an older encoding: only the case of the hexadecimal digits is free.
        Err(_) => with_upper_case_escapes(text),
    }
}

fn escaped(rest: &[u8]) -> Option<u8> {
    let [high, low, ..] = rest else { return None };
    let digit = |byte: u8| (byte as char).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

fn with_upper_case_escapes(text: &str) -> String {
    let mut digits = 0;
    text.chars()
        .map(|character| {
            if character == '%' {
                digits = 2;
                return character;
            }
            let is_digit = digits > 0;
            digits = i32::max(digits - 1, 0);
            if is_digit {
                character.to_ascii_uppercase()
            } else {
                character
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
