//! What the head of an answer says: status, time, validators, target, and who blocks us.

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap, HeaderName};
use url::Url;

use super::cause::quoted;
use super::fetch::{Outcome, Scope, Stage};
use crate::model::Validators;
use crate::schedule::feeds::hints;

/// The time by the server's clock.
pub(super) fn server_date(headers: &HeaderMap) -> Option<Timestamp> {
    hints::http_date(&text(headers, header::DATE)?)
}

/// How long the answer stays fresh; `date` is the server's clock, else ours.
pub(super) fn freshness(headers: &HeaderMap, date: Timestamp) -> Option<SignedDuration> {
    let cache_control: Vec<String> = headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect();
    let age = text(headers, header::AGE);
    let expires = text(headers, header::EXPIRES);
    hints::freshness(
        &cache_control.join(","),
        age.as_deref(),
        expires.as_deref(),
        date,
    )
}

/// The validators of this answer, byte for byte; empty ones are none.
pub(super) fn validators(headers: &HeaderMap, url: &Url) -> Validators {
    let bytes = |name: HeaderName| {
        let value = headers.get(name)?.as_bytes();
        (!value.is_empty()).then(|| value.to_vec())
    };
    Validators {
        etag: bytes(header::ETAG),
        last_modified: bytes(header::LAST_MODIFIED),
        url: url.to_string(),
    }
}

/// The validators we sent, with those that a 304 carries in their place.
pub(super) fn freshened(sent: &Validators, headers: &HeaderMap, url: &Url) -> Validators {
    let carried = validators(headers, url);
    Validators {
        etag: carried.etag.or_else(|| sent.etag.clone()),
        last_modified: carried.last_modified.or_else(|| sent.last_modified.clone()),
        url: carried.url,
    }
}

/// `Content-Type` as sent.
pub(super) fn content_type(headers: &HeaderMap) -> Option<String> {
    text(headers, header::CONTENT_TYPE)
}

/// Where a redirect leads, without fragment and credentials; `None` if `status` is no redirect.
pub(super) fn redirect(
    status: StatusCode,
    headers: &HeaderMap,
    from: &Url,
) -> Option<Result<Url, String>> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    // Servers write raw UTF-8 here, and some write Latin-1.
    let location =
        headers
            .get(header::LOCATION)
            .map(|value| match std::str::from_utf8(value.as_bytes()) {
                Ok(utf8) => utf8.trim().to_owned(),
                Err(_) => value
                    .as_bytes()
                    .iter()
                    .map(|&byte| char::from(byte))
                    .collect(),
            });
    Some(target(location, from).map_err(|words| format!("{} {words}", named(status))))
}

fn target(location: Option<String>, from: &Url) -> Result<Url, String> {
    let Some(location) = location.filter(|location| !location.is_empty()) else {
        return Err("without a target".to_owned());
    };
    let mut target = from
        .join(&location)
        .map_err(|error| format!("leads to {}: {error}", quoted(&location)))?;
    if !matches!(target.scheme(), "http" | "https") {
        return Err(format!(
            "leads to {}, which is not http or https",
            quoted(&format!("{}:", target.scheme()))
        ));
    }
    strip(&mut target);
    Ok(target)
}

/// Takes off what is never sent: the fragment, and credentials, which the engine would send unasked.
pub(super) fn strip(url: &mut Url) {
    url.set_fragment(None);
    // These fail only for addresses without a host, which http and https always have.
    let _ = url.set_username("");
    let _ = url.set_password(None);
}

/// Whether a 301 or 308.
pub(super) fn is_permanent(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 308)
}

/// What an answer that is neither document, 304 nor redirect comes to. `with_password`: we sent credentials.
pub(super) fn refusal(
    status: StatusCode,
    headers: &HeaderMap,
    first_bytes: &[u8],
    with_password: bool,
    date: Timestamp,
) -> Outcome {
    if status == StatusCode::GONE {
        return Outcome::Gone;
    }
    let wait = wait(status, headers, date);
    let scope = match status {
        StatusCode::TOO_MANY_REQUESTS => Scope::Domain,
        _ => Scope::Feed,
    };
    let cause = match wall(status, headers, first_bytes) {
        Some(wall) => format!("blocked by {wall} ({})", status.as_u16()),
        None => match status {
            StatusCode::UNAUTHORIZED if with_password => {
                "HTTP 401 (the user name or password was refused)".to_owned()
            }
            StatusCode::UNAUTHORIZED => "HTTP 401 (asks for a user name and password)".to_owned(),
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                "HTTP 407 (the proxy asks for a user name and password)".to_owned()
            }
            _ => named(status),
        },
    };
    if scope == Scope::Domain {
        return Outcome::Throttled {
            wait,
            scope,
            said: named(status),
        };
    }
    if wait.is_some() {
        return Outcome::Throttled {
            wait,
            scope,
            said: cause,
        };
    }
    let stage = Stage::Status;
    Outcome::Failed { stage, cause }
}

/// "HTTP 404 (not found)".
pub(super) fn named(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("HTTP {} ({})", status.as_u16(), reason.to_lowercase()),
        None => format!("HTTP {}", status.as_u16()),
    }
}

/// How long an error asks to be left alone.
fn wait(status: StatusCode, headers: &HeaderMap, date: Timestamp) -> Option<SignedDuration> {
    if !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    // A server and a proxy before it may each send one.
    let retry_after = texts(headers, header::RETRY_AFTER)
        .filter_map(|value| hints::retry_after(&value, date))
        .max();
    if retry_after.is_some() {
        return retry_after;
    }
    // Some servers send their limits with every answer; they bind only where the limit is what refuses us.
    let limit_reached = matches!(status.as_u16(), 429 | 503)
        || text(headers, HeaderName::from_static("x-ratelimit-remaining"))
            .is_some_and(|left| left == "0");
    if !limit_reached {
        return None;
    }
    ["x-ratelimit-reset", "ratelimit-reset"]
        .into_iter()
        .filter_map(|name| text(headers, HeaderName::from_static(name)))
        .find_map(|value| hints::ratelimit_reset(&value, date))
}

/// Which bot wall stands before the server, by the marks it leaves.
fn wall(status: StatusCode, headers: &HeaderMap, first_bytes: &[u8]) -> Option<&'static str> {
    const MARKS: [(&str, &str, &str); 7] = [
        ("cf-mitigated", "challenge", "a Cloudflare challenge"),
        ("x-vercel-mitigated", "", "a Vercel challenge"),
        ("x-amzn-waf-action", "", "an AWS challenge"),
        ("x-datadome", "", "DataDome"),
        ("x-sucuri-block", "", "Sucuri"),
        ("server", "ddos-guard", "DDoS-Guard"),
        ("server", "akamaighost", "Akamai"),
    ];
    const CHALLENGE: [&[u8]; 4] = [
        b"Just a moment",
        b"challenge-platform",
        b"cf-chl",
        b"cf_chl",
    ];

    if !matches!(status.as_u16(), 202 | 401 | 403 | 405 | 503) {
        return None;
    }
    let has = |name: &'static str, part: &str| {
        let value = text(headers, HeaderName::from_static(name));
        value.is_some_and(|value| value.to_ascii_lowercase().contains(part))
    };
    if let Some((_, _, wall)) = MARKS.iter().find(|&&(name, part, _)| {
        // An overloaded origin is not the wall's doing.
        has(name, part) && !(name == "server" && status == StatusCode::SERVICE_UNAVAILABLE)
    }) {
        return Some(wall);
    }
    if !has("server", "cloudflare") {
        return None;
    }
    let shows = |mark: &[u8]| first_bytes.windows(mark.len()).any(|window| window == mark);
    if CHALLENGE.into_iter().any(shows) {
        return Some("a Cloudflare challenge");
    }
    (status == StatusCode::FORBIDDEN).then_some("Cloudflare")
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    texts(headers, name).next()
}

fn texts(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = String> {
    let values = headers.get_all(name).into_iter();
    values.map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
}
