//! TLS, the address guard, and limits.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Proxy};
use tokio::sync::OwnedSemaphorePermit;
use url::Url;

use super::gate::{Gate, Permit};
use super::guard::{Guard, Resolver};
use super::room::{Room, Rooms, Size};

/// What we call ourselves: the name, the version, and where a server's owner can read who we are.
pub const USER_AGENT: &str = concat!(
    "wirewatch/",
    env!("CARGO_PKG_VERSION"),
    " (+",
    env!("CARGO_PKG_REPOSITORY"),
    ")"
);

/// Servers behind several others send a hundred headers and more. How long they may be together is limited apart.
const MOST_HEADERS: usize = 500;

/// What the watchlist and the machine decide about asking.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Networks that feeds may be on although they are private.
    pub allow_private: Vec<ipnet::IpNet>,
    /// `http`, `https`, `socks5` or `socks5h` address of a proxy. The environment names none.
    pub proxy: Option<String>,
    /// For name, connection and TLS together.
    pub connect_timeout: Duration,
    /// For the head of the answer, connecting included, and between two pieces of its body.
    pub read_timeout: Duration,
    /// For one fetch from the first request to the last byte, redirects included, waiting at the gate excluded.
    pub total_timeout: Duration,
    /// PEM files of certificates trusted beside the system's roots.
    pub extra_roots: Vec<Vec<u8>>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            allow_private: Vec::new(),
            proxy: None,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(20),
            total_timeout: Duration::from_secs(45),
            extra_roots: Vec::new(),
        }
    }
}

/// Why there can be no client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The proxy's address cannot be used.
    #[error("cannot use the proxy `{proxy}`: {cause}")]
    Proxy {
        /// As the watchlist has it, without credentials.
        proxy: String,
        /// In words.
        cause: String,
    },
    /// A certificate of `extra_roots` is none.
    #[error("cannot read the additional certificates: {0}")]
    ExtraRoots(String),
    /// This machine trusts no certificate at all; `https` is out of reach until it does.
    #[error("this machine has no CA certificates (install the package `ca-certificates`)")]
    NoCertificates,
    /// Anything else.
    #[error("cannot prepare HTTP: {0}")]
    Build(String),
}

/// Asks servers. Cheap to clone; clones share connections and the gate.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    proxy: Option<ConfiguredProxy>,
    roots: Vec<Certificate>,
    guard: Arc<Guard>,
    gate: Gate,
    rooms: Rooms,
    agents: Mutex<HashMap<Agent, reqwest::Client>>,
}

struct ConfiguredProxy {
    proxy: Proxy,
    host: Option<String>,
    over_tls: bool,
}

/// Which of the underlying clients a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Agent {
    /// Whether it can speak TLS, for which it must know whom to trust.
    pub(super) tls: bool,
    /// Whether the resolver filters what it finds.
    pub(super) guarded: bool,
}

impl Client {
    /// A client by these settings. TLS is prepared at the first `https` request, so that a machine without CA
    /// certificates can still ask for `http`.
    pub fn new(settings: Settings) -> Result<Client, ClientError> {
        Client::behind(Gate::new(), Rooms::new(), settings)
    }

    /// A client by other settings behind the same gate: an edit of the watchlist is no reason to ask a domain twice.
    pub fn renewed(&self, settings: Settings) -> Result<Client, ClientError> {
        Client::behind(self.inner.gate.clone(), self.inner.rooms.clone(), settings)
    }

    fn behind(gate: Gate, rooms: Rooms, settings: Settings) -> Result<Client, ClientError> {
        let proxy = settings.proxy.as_deref().map(configured).transpose()?;
        let mut roots = Vec::new();
        for pem in &settings.extra_roots {
            let found = Certificate::from_pem_bundle(pem);
            roots.extend(found.map_err(|error| ClientError::ExtraRoots(error.to_string()))?);
        }
        let client = Client {
            inner: Arc::new(Inner {
                guard: Arc::new(Guard::new(settings.allow_private.clone())),
                settings,
                proxy,
                roots,
                gate,
                rooms,
                agents: Mutex::default(),
            }),
        };
        client.agent(Agent {
            tls: false,
            guarded: true,
        })?;
        Ok(client)
    }

    /// Waits until the domain of `url` may be asked; the permit goes to `fetch_entered`.
    pub async fn enter(&self, url: &str) -> Permit {
        self.inner.gate.enter(url).await
    }

    /// The same for whoever knows its [`domain`](crate::url::domain).
    pub async fn enter_domain(&self, domain: String) -> Permit {
        self.inner.gate.enter_domain(domain).await
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(super) fn guard(&self) -> &Guard {
        &self.inner.guard
    }

    pub(super) fn has_proxy(&self) -> bool {
        self.inner.proxy.is_some()
    }

    /// Waits for the right to hold a document of this size.
    pub(super) async fn room(&self, size: Size) -> Room {
        self.inner.rooms.enter(size).await
    }

    /// Waits for the right to decode brotli.
    pub(super) async fn decoder(&self) -> OwnedSemaphorePermit {
        self.inner.rooms.decoder().await
    }

    /// The underlying client, built when first wanted. A failure is not kept: certificates can be installed meanwhile.
    pub(super) fn agent(&self, agent: Agent) -> Result<reqwest::Client, ClientError> {
        let mut agents = self
            .inner
            .agents
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(built) = agents.get(&agent) {
            return Ok(built.clone());
        }
        let built = self.inner.build(agent)?;
        agents.insert(agent, built.clone());
        Ok(built)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Inner {
    fn build(&self, agent: Agent) -> Result<reqwest::Client, ClientError> {
        let resolver = Resolver {
            guard: agent.guarded.then(|| self.guard.clone()),
            exempt: self.proxy.as_ref().and_then(|proxy| proxy.host.clone()),
        };
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            // What a server did not take is asked for at the next poll, and not at once.
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(self.settings.connect_timeout)
            .dns_resolver(Arc::new(resolver))
            .http1_max_headers(MOST_HEADERS)
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true);
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.proxy.clone());
        }

        let tls = agent.tls || self.proxy.as_ref().is_some_and(|proxy| proxy.over_tls);
        builder = if tls {
            // A handshake is worth keeping for the next feed of the domain, but not for longer than its turn takes:
            // there may be a thousand domains, and servers hang up after five seconds.
            builder
                .tls_certs_merge(self.roots.iter().cloned())
                .pool_max_idle_per_host(1)
                .pool_idle_timeout(Duration::from_secs(2))
        } else {
            // Trusting nobody asks nothing of the machine.
            builder.tls_certs_only([]).pool_max_idle_per_host(0)
        };
        builder.build().map_err(|error| build_error(&error))
    }
}

fn configured(proxy: &str) -> Result<ConfiguredProxy, ClientError> {
    let refused = |cause: String| ClientError::Proxy {
        proxy: without_credentials(proxy),
        cause,
    };
    let url = Url::parse(proxy).map_err(|error| refused(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") {
        return Err(refused(
            "its scheme is none of http, https, socks5, socks5h".to_owned(),
        ));
    }
    Ok(ConfiguredProxy {
        proxy: Proxy::all(proxy).map_err(|error| refused(error.to_string()))?,
        host: url.host_str().map(str::to_owned),
        over_tls: url.scheme() == "https",
    })
}

fn without_credentials(proxy: &str) -> String {
    match (proxy.split_once("://"), proxy.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        _ => proxy.to_owned(),
    }
}

fn build_error(error: &reqwest::Error) -> ClientError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let words = cause.to_string();
    if words.contains("No CA certificates") {
        return ClientError::NoCertificates;
    }
    ClientError::Build(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_proxy(proxy: &str) -> Result<Client, ClientError> {
        Client::new(Settings {
            proxy: Some(proxy.to_owned()),
            ..Settings::default()
        })
    }

    #[test]
    fn proxies_of_four_schemes_are_taken() {
        for scheme in ["http", "https", "socks5", "socks5h"] {
            assert!(
                with_proxy(&format!("{scheme}://user:secret@127.0.0.1:9050")).is_ok(),
                "{scheme}"
            );
        }
    }

    #[test]
    fn a_refused_proxy_is_named_without_its_password() {
        let error = with_proxy("ftp://user:secret@127.0.0.1:21").expect_err("refused");
        let expected = "cannot use the proxy `ftp://127.0.0.1:21`: its scheme is none of http, https, socks5, socks5h";
        assert_eq!(error.to_string(), expected);
        assert!(with_proxy("127.0.0.1:9050").is_err());
    }

    #[test]
    fn the_user_agent_names_the_version_and_a_page() {
        assert!(
            USER_AGENT.starts_with("wirewatch/") && USER_AGENT.contains(" (+https://"),
            "{USER_AGENT}"
        );
    }
}
