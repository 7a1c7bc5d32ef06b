//! The address guard: feeds, and whoever redirects them, must not reach into the machine or its network.
//!
//! A URL's host is checked before every request, since literal addresses never reach a resolver; and what a name
//! resolves to is filtered at the moment of connecting, so that a name cannot change its meaning in between.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, LazyLock};

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::cause::quoted;

/// Which addresses may be asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Guard {
    allow_private: Vec<IpNet>,
}

/// Why an address may not be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{host} is {kind}, which `[poll] allow_private` does not name")]
pub(super) struct Refusal {
    /// "`10.0.0.1`", "`example.org` (10.0.0.1)".
    host: String,
    /// "a private address".
    kind: &'static str,
}

/// Why a name has no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unresolved {
    /// The world says that there is none.
    #[error("no such host")]
    NoSuchHost,
    /// Nobody said anything.
    #[error("the name cannot be resolved: {0}")]
    Unanswered(String),
}

impl Guard {
    pub(super) fn new(allow_private: Vec<IpNet>) -> Guard {
        Guard { allow_private }
    }

    /// Checks a literal host, in whatever spelling (`Url` has made one of `0x7f.1`), and the names of this machine.
    pub(super) fn check(&self, url: &Url) -> Result<(), Refusal> {
        let ip = match url.host() {
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
            // A proxy would resolve it on its own machine, so the name alone must do.
            Some(Host::Domain(name)) if is_localhost(name) => {
                return self.check_ip(IpAddr::V4(Ipv4Addr::LOCALHOST), name);
            }
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        self.check_ip(ip, "")
    }

    /// Keeps of the addresses that `name` resolved to those that may be asked; the error if none is left.
    fn filter(&self, name: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Refusal> {
        let mut refusal = None;
        let mut kept = found;
        kept.retain(|address| match self.check_ip(address.ip(), name) {
            Ok(()) => true,
            Err(refused) => {
                refusal = Some(refused);
                false
            }
        });
        match refusal {
            Some(refusal) if kept.is_empty() => Err(refusal),
            _ => Ok(kept),
        }
    }

    fn check_ip(&self, ip: IpAddr, name: &str) -> Result<(), Refusal> {
        let embedded = match ip {
            IpAddr::V4(_) => None,
            IpAddr::V6(ip) => embedded(ip).map(IpAddr::V4),
        };
        let kind = match embedded {
            // Such an address is as public as the one inside.
            Some(inner) => kind(inner),
            None => kind(ip),
        };
        let Some(kind) = kind else {
            return Ok(());
        };
        let allows = |ip: &IpAddr| self.allow_private.iter().any(|net| net.contains(ip));
        if allows(&ip) || embedded.as_ref().is_some_and(allows) {
            return Ok(());
        }
        let host = match name {
            "" => quoted(&ip.to_string()),
            _ => format!("{} ({ip})", quoted(name)),
        };
        Err(Refusal { host, kind })
    }
}

/// Resolves by the system, and filters by a guard.
#[derive(Debug)]
pub(super) struct Resolver {
    /// `None` lets everything pass.
    pub(super) guard: Option<Arc<Guard>>,
    /// The proxy's own name, which the watchlist vouches for.
    pub(super) exempt: Option<String>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let exempt = self.exempt.as_deref() == Some(name.as_str());
        let guard = self.guard.clone().filter(|_| !exempt);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found: Vec<SocketAddr> = found.map_err(|error| unresolved(&error))?.collect();
            if found.is_empty() {
                return Err(Unresolved::NoSuchHost.into());
            }
            let kept = match guard {
                Some(guard) => guard.filter(name.as_str(), found)?,
                None => found,
            };
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

/// `getaddrinfo` tells the two apart only in its words.
fn unresolved(error: &std::io::Error) -> Unresolved {
    const NO_SUCH_HOST: [&str; 3] = [
        "not known",
        "No address associated",
        "nodename nor servname",
    ];

    let words = error.to_string();
    if NO_SUCH_HOST.iter().any(|known| words.contains(known)) {
        return Unresolved::NoSuchHost;
    }
    let cause = words.rsplit(": ").next().unwrap_or(&words).to_lowercase();
    Unresolved::Unanswered(cause)
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost")
}

/// The IPv4 address that an IPv6 address carries: mapped, compatible, translated, NAT64, 6to4, Teredo.
fn embedded(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = ip.segments();
    let v4 = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => v4(high, low),
        [0, 0, 0, 0, 0xffff, 0, high, low] => v4(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        [0x2002, high, low, ..] => v4(high, low),
        // Teredo hides the client's address by inverting it.
        [0x2001, 0, .., high, low] => v4(!high, !low),
        _ => None,
    }
}

/// What sort of address that is not of the public internet; `None` for the rest.
fn kind(ip: IpAddr) -> Option<&'static str> {
    static NETWORKS: LazyLock<Vec<(IpNet, &str)>> = LazyLock::new(|| {
        let parsed = SPECIAL
            .iter()
            .map(|&(net, kind)| (net.parse().expect("a network"), kind));
        parsed.collect()
    });

    let network = NETWORKS.iter().find(|(net, _)| net.contains(&ip));
    network.map(|&(_, kind)| kind)
}

/// The special-purpose registries of IANA, and multicast.
const SPECIAL: [(&str, &str); 28] = [
    ("0.0.0.0/8", "this machine"),
    ("10.0.0.0/8", "a private address"),
    ("100.64.0.0/10", "an address inside a provider"),
    ("127.0.0.0/8", "this machine"),
    ("169.254.0.0/16", "a link-local address"),
    ("172.16.0.0/12", "a private address"),
    ("192.0.0.0/24", "a reserved address"),
    ("192.0.2.0/24", "an address for documentation"),
    ("192.88.99.0/24", "a relay address"),
    ("192.168.0.0/16", "a private address"),
    ("198.18.0.0/15", "an address for benchmarks"),
    ("198.51.100.0/24", "an address for documentation"),
    ("203.0.113.0/24", "an address for documentation"),
    ("224.0.0.0/4", "a multicast address"),
    ("240.0.0.0/4", "a reserved address"),
    ("255.255.255.255/32", "a broadcast address"),
    ("::/128", "this machine"),
    ("::1/128", "this machine"),
    ("64:ff9b:1::/48", "a translated private address"),
    ("100::/64", "a reserved address"),
    ("2001:db8::/32", "an address for documentation"),
    ("2001::/23", "a reserved address"),
    ("3fff::/20", "an address for documentation"),
    ("5f00::/16", "a reserved address"),
    ("fc00::/7", "a private address"),
    ("fe80::/10", "a link-local address"),
    ("fec0::/10", "a private address"),
    ("ff00::/8", "a multicast address"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(allow_private: &[&str]) -> Guard {
        Guard::new(
            allow_private
                .iter()
                .map(|net| net.parse().expect("valid"))
                .collect(),
        )
    }

    #[track_caller]
    fn refuses(guard: &Guard, host: &str, expected: bool) {
        let url = Url::parse(&format!("http://{host}/feed")).expect("an address");
        assert_eq!(guard.check(&url).is_err(), expected, "{host}");
    }

    #[test]
    fn this_machine_is_refused_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "127.9.9.9",
            "127.1",
            "0177.0.0.1",
            "0x7f.0.0.1",
            "0x7f000001",
            "2130706433",
            "127.0.0.1.",
            "0",
            "0.0.0.0",
            "①②⑦.0.0.1",
            "１２７.0.0.1",
            "%31%32%37.0.0.1",
            "[::1]",
            "[::]",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[::ffff:0:127.0.0.1]",
            "[64:ff9b::127.0.0.1]",
            "[2002:7f00:1::]",
            "[2001:0:1:2:3:4:80ff:fffe]",
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
        ] {
            refuses(&guard(&[]), host, true);
        }
    }

    #[test]
    fn networks_that_are_not_of_the_public_internet_are_refused() {
        for host in [
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "[fe80::1]",
            "[fc00::1]",
            "[fd12::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[2001:db8::1]",
            "[3fff::1]",
            "[100::1]",
            "[64:ff9b::10.0.0.1]",
            "[64:ff9b:1::10.0.0.1]",
            "[2002:a00:1::]",
        ] {
            refuses(&guard(&[]), host, true);
        }
    }

    #[test]
    fn the_public_internet_is_not_refused() {
        for host in [
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "193.0.0.1",
            "[2606:4700::1111]",
            "[64:ff9b::1.1.1.1]",
            "[::ffff:1.1.1.1]",
            "[2002:101:101::]",
            "example.org",
            "localhost.example.org",
        ] {
            refuses(&guard(&[]), host, false);
        }
    }

    #[test]
    fn what_the_watchlist_allows_is_allowed_in_every_spelling_and_nothing_else() {
        let guard = guard(&["127.0.0.0/8", "192.168.1.0/24", "::1/128"]);
        for host in [
            "127.0.0.1",
            "0x7f.1",
            "localhost",
            "192.168.1.7",
            "[::1]",
            "[::ffff:192.168.1.7]",
        ] {
            refuses(&guard, host, false);
        }
        for host in ["192.168.2.7", "10.0.0.1", "[::]", "0.0.0.0"] {
            refuses(&guard, host, true);
        }
    }

    #[test]
    fn of_what_a_name_resolves_to_only_public_addresses_are_left() {
        let address = |ip: &str| SocketAddr::new(ip.parse().expect("valid"), 0);
        let guard = guard(&[]);
        let mixed = vec![
            address("127.0.0.1"),
            address("1.1.1.1"),
            address("::ffff:10.0.0.1"),
        ];
        assert_eq!(
            guard.filter("rebind.example", mixed),
            Ok(vec![address("1.1.1.1")])
        );

        let refusal = guard
            .filter("rebind.example", vec![address("127.0.0.1")])
            .expect_err("refused");
        let expected = "`rebind.example` (127.0.0.1) is this machine, which `[poll] allow_private` does not name";
        assert_eq!(refusal.to_string(), expected);
    }

    #[tokio::test]
    async fn the_resolver_filters_what_it_finds_except_for_the_proxy() {
        let resolve = |exempt: Option<&str>| {
            let resolver = Resolver {
                guard: Some(Arc::new(guard(&[]))),
                exempt: exempt.map(str::to_owned),
            };
            resolver.resolve("localhost".parse().expect("valid"))
        };
        let refused = resolve(None).await.map(|_| ()).expect_err("refused");
        assert!(refused.downcast_ref::<Refusal>().is_some(), "{refused}");
        assert!(resolve(Some("localhost")).await.is_ok());
    }
}
