//! Redirectors and caches whose addresses carry their target, so that it can be read without asking them.

use ::url::Url;

/// A redirector: where it stands, and the parameters that may hold its target.
struct Redirector {
    /// The host and its subdomains; one that ends in a dot stands under any public suffix.
    host: &'static str,
    /// Start of the path.
    path: &'static str,
    parameters: &'static [&'static str],
}

#[rustfmt::skip]
const REDIRECTORS: &[Redirector] = &[
    Redirector { host: "google.", path: "/url", parameters: &["q", "url"] },
    Redirector { host: "google.", path: "/news/url", parameters: &["url"] },
    Redirector { host: "bing.com", path: "/news/apiclick.aspx", parameters: &["url"] },
    Redirector { host: "facebook.com", path: "/l.php", parameters: &["u"] },
    Redirector { host: "facebook.com", path: "/flx/warn", parameters: &["u"] },
    Redirector { host: "l.instagram.com", path: "/", parameters: &["u"] },
    Redirector { host: "l.messenger.com", path: "/l.php", parameters: &["u"] },
    Redirector { host: "l.threads.net", path: "/", parameters: &["u"] },
    Redirector { host: "l.threads.com", path: "/", parameters: &["u"] },
    Redirector { host: "out.reddit.com", path: "/", parameters: &["url"] },
    Redirector { host: "youtube.com", path: "/redirect", parameters: &["q"] },
    Redirector { host: "linkedin.com", path: "/redir/redirect", parameters: &["url"] },
    Redirector { host: "linkedin.com", path: "/safety/go", parameters: &["url"] },
    Redirector { host: "duckduckgo.com", path: "/l/", parameters: &["uddg"] },
    Redirector { host: "vk.com", path: "/away.php", parameters: &["to"] },
    Redirector { host: "t.umblr.com", path: "/redirect", parameters: &["z"] },
    Redirector { host: "slack-redir.net", path: "/link", parameters: &["url"] },
    Redirector { host: "safelinks.protection.outlook.com", path: "/", parameters: &["url"] },
    Redirector { host: "getpocket.com", path: "/redirect", parameters: &["url"] },
    Redirector { host: "flipboard.com", path: "/redirect", parameters: &["url"] },
    Redirector { host: "medium.com", path: "/r/", parameters: &["url"] },
    Redirector { host: "exit.sc", path: "/", parameters: &["url"] },
    Redirector { host: "steamcommunity.com", path: "/linkfilter", parameters: &["url", "u"] },
    Redirector { host: "go.redirectingat.com", path: "/", parameters: &["url"] },
    Redirector { host: "go.skimresources.com", path: "/", parameters: &["url"] },
];

/// The address that a wrapper leads to; `None` if it is none, or does not say.
pub(super) fn target(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_end_matches('.');
    let target = redirected(url, host)
        .or_else(|| amp_cache(url, host))
        .or_else(|| bing_click(url, host))
        .or_else(|| yahoo_click(url, host))
        .or_else(|| hidden_referrer(url, host))
        .or_else(|| google_news(url, host))?;
    let is_web = target.starts_with("http://") || target.starts_with("https://");
    is_web.then_some(target)
}

fn redirected(url: &Url, host: &str) -> Option<String> {
    REDIRECTORS
        .iter()
        .filter(|redirector| {
            url.path().starts_with(redirector.path) && stands_at(host, redirector.host)
        })
        .flat_map(|redirector| redirector.parameters)
        .find_map(|name| parameter(url, name))
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs()
        .find(|(own, value)| own == name && value.starts_with("http"))
        .map(|(_, value)| value.into_owned())
}

fn stands_at(host: &str, site: &str) -> bool {
    let host = match site.strip_suffix('.') {
        // `google.` is `google.com` and `google.co.uk`, but not `google.example.com`.
        Some(name) => {
            return psl::domain_str(host)
                .and_then(|domain| domain.split_once('.'))
                .is_some_and(|(label, _)| label == name);
        }
        None => host.strip_suffix(site),
    };
    host.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// `news-example-com.cdn.ampproject.org/c/s/news.example.com/story`, `google.com/amp/s/news.example.com/story` and
/// `www.bing-amp.com/c/s/...`: a letter for the kind, `s` for https, then the address without its scheme.
fn amp_cache(url: &Url, host: &str) -> Option<String> {
    let is_cache = stands_at(host, "cdn.ampproject.org") || stands_at(host, "bing-amp.com");
    let is_viewer = url.path().starts_with("/amp/") && stands_at(host, "google.");
    if !is_cache && !is_viewer {
        return None;
    }
    let rest = url.path().trim_start_matches('/').split_once('/')?.1;
    let (scheme, rest) = match rest.strip_prefix("s/") {
        Some(rest) => ("https", rest),
        None => ("http", rest),
    };
    // The cache's own parameters go with the rest of the decoration.
    Some(match url.query() {
        Some(query) => format!("{scheme}://{rest}?{query}"),
        None => format!("{scheme}://{rest}"),
    })
}

/// `bing.com/ck/a?...&u=a1aHR0cHM6Ly8...`: two characters, then base64.
fn bing_click(url: &Url, host: &str) -> Option<String> {
    if !stands_at(host, "bing.com") || !url.path().starts_with("/ck/a") {
        return None;
    }
    let (_, value) = url.query_pairs().find(|(name, _)| name == "u")?;
    String::from_utf8(base64(value.strip_prefix("a1")?)?).ok()
}

/// `r.search.yahoo.com/.../RU=https%3a%2f%2fnews.example.com%2fstory/RK=2/...`
fn yahoo_click(url: &Url, host: &str) -> Option<String> {
    if !stands_at(host, "r.search.yahoo.com") {
        return None;
    }
    let value = url
        .path()
        .split('/')
        .find_map(|segment| segment.strip_prefix("RU="))?;
    let target = percent_encoding::percent_decode_str(value)
        .decode_utf8()
        .ok()?;
    Some(target.into_owned())
}

/// `href.li/?https://news.example.com/story`: the whole query is the target.
fn hidden_referrer(url: &Url, host: &str) -> Option<String> {
    let hides = stands_at(host, "href.li") || stands_at(host, "anonym.to");
    url.query().filter(|_| hides).map(str::to_owned)
}

/// `news.google.com/rss/articles/CBMi...`: until 2024 a Protocol Buffers message (fields 1: 0x08, 4: 0x22 with the
/// address) in base64. Later ones hold a reference that only Google resolves.
fn google_news(url: &Url, host: &str) -> Option<String> {
    if host != "news.google.com" {
        return None;
    }
    let mut segments = url
        .path_segments()?
        .skip_while(|segment| *segment != "articles");
    let message = base64(segments.nth(1)?)?;
    let [0x08, _, 0x22, rest @ ..] = message.as_slice() else {
        return None;
    };
    let (length, rest) = length(rest)?;
    String::from_utf8(rest.get(..length)?.to_owned()).ok()
}

/// A number of at most two bytes, seven bits each, the lower first.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [low, rest @ ..] if *low < 0x80 => Some((usize::from(*low), rest)),
        [low, high, rest @ ..] if *high < 0x80 => {
            Some((usize::from(*low & 0x7f) | usize::from(*high) << 7, rest))
        }
        _ => None,
    }
}

/// RFC 4648, both alphabets, with or without padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for character in text.trim_end_matches('=').bytes() {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(bytes)
}
