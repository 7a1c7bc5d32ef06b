//! Whom an address belongs to, as far as its server's patience goes.

use ::url::{Host, Url};

/// Whom `url` belongs to: its registrable domain (by the ICANN part of the public-suffix list, lower case), or
/// `host:port` for an address and for a host without a public suffix.
///
/// A 429 holds for all feeds with the same one.
pub fn domain(url: &str) -> String {
    let Ok(url) = Url::parse(url) else {
        return url.to_owned();
    };
    let port = url.port_or_known_default().unwrap_or_default();
    match url.host() {
        Some(Host::Domain(host)) => {
            registrable(host).unwrap_or_else(|| format!("{}:{port}", host.trim_end_matches('.')))
        }
        Some(Host::Ipv4(ip)) => format!("{ip}:{port}"),
        Some(Host::Ipv6(ip)) => format!("[{ip}]:{port}"),
        None => url.to_string(),
    }
}

/// The public suffix and one label before it. Private suffixes such as `github.io` are one company's machines.
fn registrable(host: &str) -> Option<String> {
    // The list is in Unicode, addresses are in Punycode.
    let (host, _) = idna::domain_to_unicode(host);
    let host = host.trim_end_matches('.');
    if matches!(Host::parse(host), Ok(Host::Ipv4(_))) {
        return None;
    }
    let mut rest = host;
    let suffix = loop {
        let suffix = psl::suffix(rest.as_bytes())?;
        match suffix.typ()? {
            psl::Type::Icann => break std::str::from_utf8(suffix.as_bytes()).ok()?,
            psl::Type::Private => {
                let private = std::str::from_utf8(suffix.as_bytes()).ok()?;
                (_, rest) = private.split_once('.')?;
            }
        }
    };
    let before = host.strip_suffix(suffix)?.strip_suffix('.')?;
    let label = before
        .rsplit('.')
        .next()
        .filter(|label| !label.is_empty())?;
    Some(format!("{label}.{suffix}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_is_the_registrable_one_by_the_icann_part_of_the_list() {
        for (url, expected) in [
            ("https://feeds.bbci.co.uk/news/rss.xml", "bbci.co.uk"),
            ("https://example.org/", "example.org"),
            ("https://A.B.Example.ORG./feed", "example.org"),
            ("http://user.github.io/feed", "github.io"),
            ("http://bucket.s3.amazonaws.com/feed", "amazonaws.com"),
            ("https://новости.пример.рф/", "пример.рф"),
            ("https://xn--e1afmkfd.xn--p1ai/", "пример.рф"),
            ("https://www.city.kawasaki.jp/", "city.kawasaki.jp"),
        ] {
            assert_eq!(domain(url), expected, "{url}");
        }
    }

    #[test]
    fn addresses_and_hosts_without_a_suffix_stand_for_themselves_with_their_port() {
        for (url, expected) in [
            ("http://127.0.0.1:8080/a", "127.0.0.1:8080"),
            ("http://0x7f.1/a", "127.0.0.1:80"),
            ("https://[::1]/a", "[::1]:443"),
            ("http://localhost:81/a", "localhost:81"),
            ("http://nas.home.arpa.lan/", "nas.home.arpa.lan:80"),
            ("http://co.uk/", "co.uk:80"),
            ("not an address", "not an address"),
        ] {
            assert_eq!(domain(url), expected, "{url}");
        }
    }
}
