//! From the settings to a connection: addresses, TCP, TLS, and the name we go by.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;

use super::message::ascii_domain;
use super::smtp::{SmtpSettings, Tls};
use super::verdict::silence;
use super::wire::Wire;
use super::{Outcome, Report, Step, tls};

/// Connects to the first of the server's addresses that answers.
///
/// # Errors
/// A report on DNS or TCP; `Config` where mail would leave this machine in the clear.
pub(super) async fn reach(settings: &SmtpSettings) -> Result<TcpStream, Report> {
    let addresses = look_up(settings).await?;
    let share = settings.timeout / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let mut cause = "it has no address".to_owned();
    for address in &addresses {
        cause = match tokio::time::timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Commands are short and each waits for its answer. Without this nothing breaks, it is only slower.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
    }
    let (host, port) = (&settings.host, settings.port);
    let cause = format!("cannot connect to `{host}` on port {port}: {cause}");
    Err(silence(Step::Tcp, cause))
}

/// The server's addresses that the settings allow.
async fn look_up(settings: &SmtpSettings) -> Result<Vec<SocketAddr>, Report> {
    let host = ascii_domain(&settings.host);
    let lookup = tokio::net::lookup_host((host.as_str(), settings.port));
    let cause = match tokio::time::timeout(settings.timeout, lookup).await {
        Ok(Ok(found)) => return allowed(settings, found.collect()),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer in time".to_owned(),
    };
    Err(silence(
        Step::Dns,
        format!("cannot find `{}`: {cause}", settings.host),
    ))
}

fn allowed(settings: &SmtpSettings, mut found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Report> {
    if settings.tls == Tls::None {
        found.retain(|address| is_loopback(address.ip()));
        if found.is_empty() {
            let host = &settings.host;
            return Err(Report {
                outcome: Outcome::Config,
                step: Step::Tcp,
                reply: format!("`tls = \"none\"` is for loopback only, and `{host}` is elsewhere"),
                hint: Some("set `tls` to \"starttls\" or \"implicit\"".to_owned()),
            });
        }
    }
    Ok(found)
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Begins TLS with the server that goes by `host`.
///
/// # Errors
/// A report on the handshake or the certificate.
pub(super) async fn secure(
    wire: &Wire,
    connector: &tokio_rustls::TlsConnector,
    host: &str,
) -> Result<(), Report> {
    let name = ServerName::try_from(ascii_domain(host)).map_err(|_| Report {
        outcome: Outcome::Config,
        step: Step::Tls,
        reply: format!("`{host}` is no name that a certificate can have"),
        hint: None,
    })?;
    wire.secure(connector, name)
        .await
        .map_err(|error| tls::failed_handshake(&error, host))
}

/// The name to give in EHLO; a name that no server would take becomes a literal (RFC 5321 section 4.1.4).
pub(super) fn client_id(name: &str) -> ClientId {
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    match IpAddr::from_str(name) {
        Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
        Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
        Err(_) if is_name => ClientId::Domain(name.to_owned()),
        Err(_) => ClientId::Ipv4(Ipv4Addr::LOCALHOST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plausible_name_is_said_in_hello() {
        assert_eq!(client_id("host.example").to_string(), "host.example");
        assert_eq!(client_id("a b\r\nMAIL FROM:<x>").to_string(), "[127.0.0.1]");
        assert_eq!(client_id("::1").to_string(), "[IPv6:::1]");
    }
}
