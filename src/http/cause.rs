//! Why a request failed, in words for a person.

use std::error::Error;
use std::io;

use jiff::Timestamp;
use rustix::io::Errno;
use rustls::CertificateError;
use rustls::pki_types::{ServerName, UnixTime};

use super::fetch::Stage;
use super::guard::{Refusal, Unresolved};

/// What a server wrote, as much of it as a line has room for.
pub(super) fn quoted(written: &str) -> String {
    const MOST: usize = 200;

    match written.char_indices().nth(MOST) {
        Some((end, _)) => format!("`{}…`", written.get(..end).unwrap_or_default()),
        None => format!("`{written}`"),
    }
}

/// How far a request came and what stopped it. The deepest error that we know by name decides.
pub(super) fn explain(error: &reqwest::Error) -> (Stage, String) {
    let connecting = error.is_connect();
    let links = chain(error);
    for link in &links {
        if let Some(refusal) = link.downcast_ref::<Refusal>() {
            return (Stage::Refused, refusal.to_string());
        }
        if let Some(unresolved) = link.downcast_ref::<Unresolved>() {
            let stage = match unresolved {
                Unresolved::NoSuchHost => Stage::NoSuchHost,
                Unresolved::Unanswered(_) => Stage::Resolve,
            };
            return (stage, unresolved.to_string());
        }
        if let Some(tls) = link.downcast_ref::<rustls::Error>() {
            return (Stage::Tls, explain_tls(tls));
        }
    }
    if error.is_timeout() {
        return match connecting {
            true => (Stage::Connect, "no connection in time".to_owned()),
            false => (Stage::Answer, "no answer in time".to_owned()),
        };
    }
    if let Some(io) = links
        .iter()
        .find_map(|link| link.downcast_ref::<io::Error>())
    {
        return explain_io(io, connecting);
    }
    let stage = if connecting {
        Stage::Connect
    } else {
        Stage::Answer
    };
    let words = links
        .last()
        .map(|link| link.to_string())
        .unwrap_or_default();
    (stage, explain_words(&words))
}

/// Why a document broke off.
pub(super) fn explain_body(error: &reqwest::Error) -> String {
    let links = chain(error);
    if let Some(io) = links
        .iter()
        .find_map(|link| link.downcast_ref::<io::Error>())
    {
        return match io.kind() {
            io::ErrorKind::UnexpectedEof => "the document broke off".to_owned(),
            _ => format!("the document broke off: {}", explain_io(io, false).1),
        };
    }
    "the document broke off".to_owned()
}

/// The error and what caused it, the contents of `io::Error` included, which `source` skips.
fn chain(error: &reqwest::Error) -> Vec<&(dyn Error + 'static)> {
    let mut links: Vec<&(dyn Error + 'static)> = Vec::new();
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(link) = next {
        links.push(link);
        let inside = link
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match inside {
            Some(inside) => Some(inside),
            None => link.source(),
        };
    }
    links
}

fn explain_io(error: &io::Error, connecting: bool) -> (Stage, String) {
    let stage = match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::MFILE | Errno::NFILE) => Stage::Exhausted,
        _ if connecting => Stage::Connect,
        _ => Stage::Answer,
    };
    let words = match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused",
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => "connection reset by the server",
        io::ErrorKind::HostUnreachable => "no route to the host",
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
            "the network is unreachable"
        }
        io::ErrorKind::AddrNotAvailable => "the address cannot be reached from here",
        io::ErrorKind::TimedOut => "no answer in time",
        // The connection stands by then: what broke off is the handshake.
        io::ErrorKind::UnexpectedEof if connecting => {
            return (
                Stage::Tls,
                "the server broke off the TLS handshake".to_owned(),
            );
        }
        io::ErrorKind::UnexpectedEof => "the server closed the connection without an answer",
        _ => return (stage, explain_words(&error.to_string())),
    };
    (stage, words.to_owned())
}

/// The HTTP engine tells these apart only in its words.
fn explain_words(words: &str) -> String {
    if words.contains("connection closed before message completed") {
        return "the server closed the connection without an answer".to_owned();
    }
    if words.contains("HTTP") || words.contains("message head") {
        return format!("the answer is not proper HTTP: {words}");
    }
    words.to_owned()
}

fn explain_tls(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(error) => explain_certificate(error),
        rustls::Error::InvalidMessage(_) => "the port does not speak TLS".to_owned(),
        rustls::Error::AlertReceived(alert) => {
            format!("the server ended the TLS handshake: {alert:?}")
        }
        other => format!("TLS failed: {other}"),
    }
}

fn explain_certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("certificate expired on {}", day(*not_after))
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("certificate is valid only from {} on", day(*not_before))
        }
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => {
            let ServerName::DnsName(expected) = expected else {
                return "certificate is not for this address".to_owned();
            };
            let others: Vec<&str> = presented.iter().map(|name| bare(name)).collect();
            let others = others.join(", ");
            format!("certificate is for {others}, not for {}", expected.as_ref())
        }
        // A forged authority of the same name shows as a bad signature.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "certificate is self-signed, or signed by nobody we trust".to_owned()
        }
        // Self-signed by the tools' defaults: the certificate of an authority that serves as its own.
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "certificate is self-signed".to_owned()
        }
        CertificateError::Other(other) => format!("certificate refused: {other}"),
        other => format!("certificate refused: {other}"),
    }
}

/// `example.org` of `DnsName("example.org")`, which is how rustls writes the names of a certificate.
fn bare(name: &str) -> &str {
    let inside = name
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(name).trim_matches('"')
}

fn day(time: UnixTime) -> String {
    let second = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    match Timestamp::from_second(second) {
        Ok(instant) => instant.strftime("%Y-%m-%d").to_string(),
        Err(_) => "a day beyond counting".to_owned(),
    }
}
