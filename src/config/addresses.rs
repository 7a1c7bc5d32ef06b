//! Addresses of people, servers, networks and feeds, and what opens a server's door.

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

use super::Mailbox;
use super::notes::Wrong;

/// A bare mail address, in lower case.
pub(super) fn address(text: &str) -> Result<String, Wrong> {
    if let Some((_, address)) = text.strip_suffix('>').and_then(|text| text.split_once('<')) {
        let wrong = Wrong::new("here stands an address alone, without a name");
        return Err(wrong.hint(format!("write \"{}\"", address.trim())));
    }
    checked_address(text).map(|address| address.to_lowercase())
}

/// An address, alone or behind a name: `wirewatch <wirewatch@example.org>`.
pub(super) fn mailbox(text: &str) -> Result<Mailbox, Wrong> {
    let Some((name, address)) = text
        .strip_suffix('>')
        .and_then(|text| text.rsplit_once('<'))
    else {
        return Ok(Mailbox {
            name: None,
            address: checked_address(text)?.to_owned(),
        });
    };
    let name = name.trim().trim_matches('"').trim();
    if name.chars().any(char::is_control) {
        return Err(Wrong::new("a name in an address is one line"));
    }
    let name = (!name.is_empty()).then(|| name.to_owned());
    Ok(Mailbox {
        name,
        address: checked_address(address)?.to_owned(),
    })
}

fn checked_address(text: &str) -> Result<&str, Wrong> {
    let wrong = || {
        Wrong::new(format!("`{text}` is no mail address"))
            .hint("one address such as \"me@example.org\"")
    };
    let (local, domain) = text.rsplit_once('@').ok_or_else(wrong)?;
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\"\\@".contains(c);
    let labels = domain
        .split('.')
        .all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    if local.is_empty()
        || dots
        || text.len() > 254
        || local.contains(odd)
        || domain.contains(odd)
        || !labels
    {
        return Err(wrong());
    }
    Ok(text)
}

/// A host of a mail server: a name or an address, without a port.
pub(super) fn host(text: &str) -> Result<String, Wrong> {
    if let Some((host, port)) = text.rsplit_once(':')
        && !host.contains(':')
        && port.bytes().all(|byte| byte.is_ascii_digit())
    {
        let wrong = Wrong::new(format!("`{text}` is a host and a port"));
        return Err(wrong.hint(format!("write `host = \"{host}\"` and `port = {port}`")));
    }
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() {
        return Ok(bare.to_owned());
    }
    match Host::parse(text) {
        Ok(Host::Domain(_)) if !text.contains('/') => Ok(text.to_owned()),
        _ => {
            Err(Wrong::new(format!("`{text}` is no host"))
                .hint("a name such as \"smtp.example.org\""))
        }
    }
}

/// A network, `192.168.0.0/16`, or one address.
pub(super) fn network(text: &str) -> Result<IpNet, Wrong> {
    let one = text.parse::<IpAddr>().map(IpNet::from);
    one.or_else(|_| text.parse::<IpNet>())
        .map(|network| network.trunc())
        .map_err(|_| {
            Wrong::new(format!("`{text}` is no network"))
                .hint("an address and a length: \"192.168.0.0/16\", \"fd00::/8\"")
        })
}

/// A proxy, without a password in its URL.
pub(super) fn proxy(text: &str) -> Result<String, Wrong> {
    let form = "such as \"socks5h://127.0.0.1:9050\" or \"http://proxy.example.org:3128\"";
    let url = Url::parse(text).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => Wrong::new("the proxy has no scheme").hint(form),
        error => Wrong::new(format!("this is no proxy: {error}")).hint(form),
    })?;
    if !["socks5h", "socks5", "http", "https"].contains(&url.scheme())
        || url.host_str().is_none_or(str::is_empty)
    {
        return Err(Wrong::new("this is no proxy").hint(form));
    }
    if has_credentials(&url) {
        return Err(Wrong::new("a proxy with a password in its URL is refused")
            .hint("let it trust this machine's address instead"));
    }
    Ok(text.to_owned())
}

/// The address of a feed; nothing of it is changed.
pub(super) fn feed_url(text: &str) -> Result<Url, Wrong> {
    let form = "such as \"https://example.org/feed.xml\"";
    // A password in it must not be repeated where a report goes.
    let meant = |url: &str| {
        if url.contains('@') {
            form.to_owned()
        } else {
            format!("did you mean \"{url}\"?")
        }
    };
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Wrong::new("a URL has no blanks").hint("a blank inside it is written `%20`"));
    }
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            let wrong = Wrong::new("this URL has no scheme");
            return Err(wrong.hint(meant(&format!("https://{}", text.trim_start_matches('/')))));
        }
        Err(error) => return Err(Wrong::new(format!("this is no URL: {error}")).hint(form)),
    };
    match url.scheme() {
        "http" | "https" => {}
        "feed" => {
            let rest = text
                .get("feed:".len()..)
                .unwrap_or_default()
                .trim_start_matches('/');
            let full = if rest.starts_with("http") {
                rest.to_owned()
            } else {
                format!("https://{rest}")
            };
            return Err(Wrong::new("`feed:` is no scheme of the web").hint(meant(&full)));
        }
        // `localhost:8080/feed` parses, with the host as its scheme.
        scheme if !text.contains("://") => {
            let wrong = Wrong::new("this URL has no scheme").at(0..scheme.len());
            return Err(wrong.hint(meant(&format!("https://{text}"))));
        }
        scheme => {
            let wrong = Wrong::new(format!(
                "feeds are read over http and https, not `{scheme}`"
            ));
            return Err(wrong.at(0..scheme.len()).hint(form));
        }
    }
    if has_credentials(&url) {
        let (from, to) = userinfo(text);
        let wrong =
            Wrong::new("a URL with a password in it is refused: it would end up in logs and mails");
        return Err(wrong
            .at(from..to)
            .hint("name the user in `username`, and a file with the password in `password_file`"));
    }
    Ok(url)
}

/// A user name for HTTP Basic or SMTP.
pub(super) fn username(text: &str) -> Result<String, Wrong> {
    if text.chars().any(char::is_control) {
        return Err(Wrong::new("a user name is one line"));
    }
    Ok(text.to_owned())
}

/// The name of an environment variable.
pub(super) fn variable(text: &str) -> Result<String, Wrong> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.chars().all(fits) && !text.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    // The text may be the password itself, so it is not repeated.
    Err(Wrong::new("this is no name of an environment variable")
        .hint("name the variable, such as \"SMTP_PASSWORD\", not its value"))
}

/// A header's name (RFC 9110 section 5.1) that is not ours to set.
pub(super) fn header_name(text: &str) -> Result<String, Wrong> {
    const OURS: [&str; 10] = [
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "te",
        "range",
        "accept-encoding",
        "if-none-match",
        "if-modified-since",
        "proxy-authorization",
    ];
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if text.is_empty() || !text.chars().all(token) {
        return Err(Wrong::new(format!("`{text}` is no name of a header"))
            .hint("letters, digits and hyphens: User-Agent"));
    }
    if OURS.contains(&text.to_ascii_lowercase().as_str()) {
        return Err(
            Wrong::new(format!("wirewatch sets the header `{text}` itself")).hint("leave it out"),
        );
    }
    Ok(text.to_owned())
}

/// A header's value (RFC 9110 section 5.5).
pub(super) fn header_value(text: &str) -> Result<String, Wrong> {
    if text.chars().any(char::is_control) {
        return Err(Wrong::new("the value of a header is one line"));
    }
    Ok(text.trim().to_owned())
}

fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Where `user:password` stands in a URL that has it.
fn userinfo(text: &str) -> (usize, usize) {
    let from = text.find("://").map_or(0, |at| at + 3);
    let rest = text.get(from..).unwrap_or_default();
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let to = rest
        .get(..authority)
        .and_then(|authority| authority.rfind('@'))
        .map_or(text.len(), |at| from + at);
    (from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_two_sides_and_no_more() {
        for right in [
            "me@example.org",
            "a.b+c@sub.example.org",
            "root@localhost",
            "ü@exämple.org",
        ] {
            assert!(address(right).is_ok(), "{right}");
        }
        let wrong = [
            "me",
            "@example.org",
            "me@",
            "me@a@b",
            "me@.org",
            "me@example..org",
            ".me@example.org",
            "me@-a.org",
            "me@ex ample.org",
            "me@example.org\r\nBcc: x@y.org",
            "<me@example.org",
            "me@example.org,x@y.org",
        ];
        for wrong in wrong {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn recipients_are_compared_in_lower_case() {
        assert_eq!(
            address("Me@Example.ORG").ok().as_deref(),
            Some("me@example.org")
        );
    }

    #[test]
    fn a_sender_may_have_a_name() {
        let plain = mailbox("me@example.org").expect("an address");
        assert_eq!(
            (plain.name, plain.address.as_str()),
            (None, "me@example.org")
        );
        let named = mailbox("\"The News, daily\" <me@example.org>").expect("a name and an address");
        assert_eq!(named.name.as_deref(), Some("The News, daily"));
        assert!(mailbox("News <me>").is_err());
    }

    #[test]
    fn no_message_repeats_a_password() {
        for secret in [
            "https://me:hunter2@example.org/",
            "me:hunter2@example.org/feed",
            "feed://me:hunter2@example.org",
            "https://me:hunter2@exa[mple",
            "//me:hunter2@example.org",
        ] {
            let wrong = feed_url(secret).expect_err("credentials are refused");
            let said = format!("{} {}", wrong.message, wrong.hint.unwrap_or_default());
            assert!(!said.contains("hunter2"), "{secret}: {said}");
        }
    }

    #[test]
    fn a_feed_is_on_the_web() {
        for right in [
            "https://example.org",
            "http://127.0.0.1:8080/feed?x=1#y",
            "https://例え.jp/フィード",
            "HTTPS://EXAMPLE.ORG/",
        ] {
            assert!(feed_url(right).is_ok(), "{right}");
        }
        for wrong in [
            "example.org",
            "file:///etc/passwd",
            "https:///",
            "javascript:alert(1)",
            "https://example.org:99999/",
        ] {
            assert!(feed_url(wrong).is_err(), "{wrong}");
        }
    }
}
