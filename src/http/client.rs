//! TLS, the address guard, and limits.

use std::time::Duration;

use super::gate::Permit;

/// What the watchlist and the machine decide about asking.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Networks that feeds may be on although they are private.
    pub allow_private: Vec<ipnet::IpNet>,
    /// `http`, `https`, `socks5` or `socks5h` address of a proxy.
    pub proxy: Option<String>,
    /// For name, connection and TLS together.
    pub connect_timeout: Duration,
    /// For the answer to begin, and between two pieces of it.
    pub read_timeout: Duration,
    /// For one address from the first request to the last byte.
    pub total_timeout: Duration,
    /// PEM certificates trusted beside the system's roots.
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
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The proxy's address cannot be used.
    #[error("cannot use the proxy `{proxy}`: {cause}")]
    Proxy {
        /// As the watchlist has it, without credentials.
        proxy: String,
        /// In words.
        cause: String,
    },
    /// No client could be built.
    #[error("cannot prepare HTTP: {0}")]
    Build(String),
}

/// Asks servers. Cheap to clone; clones share connections and the gate.
#[derive(Clone, Debug)]
pub struct Client;

impl Client {
    /// A client by these settings. TLS is prepared at the first `https` request.
    pub fn new(settings: Settings) -> Result<Client, ClientError> {
        todo!("{settings:?}")
    }

    /// Waits until the domain of `url` may be asked; the permit goes to `fetch_entered`.
    pub async fn enter(&self, url: &str) -> Permit {
        todo!("{url}")
    }
}
