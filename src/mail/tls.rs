//! TLS with a mail server: whom we trust, and what is wrong with a certificate, in words.

use std::io;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{AlertDescription, CertificateError, ClientConfig, Error as TlsError};
use rustls_platform_verifier::Verifier;
use tokio_rustls::TlsConnector;

use super::{Outcome, Report, Step};

/// Builds what starts TLS on a connection: the system's roots and those in `ca` (PEM), names and dates verified.
///
/// # Errors
/// A report on settings that cannot work: no root at all, or a `ca` without a certificate.
pub(super) fn connector(ca: Option<&[u8]>) -> Result<TlsConnector, Report> {
    let extra = match ca {
        Some(pem) => certificates(pem)?,
        None => Vec::new(),
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        Verifier::new_with_extra_roots(extra, Arc::clone(&provider)).map_err(|error| {
            let hint = "install the package `ca-certificates`, or set `ca_file` of `[mail.smtp]`";
            config(
                format!("no certificate authority to trust: {error}"),
                Some(hint),
            )
        })?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider supports the default versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Report> {
    let unreadable = |cause: String| config(format!("cannot read `ca_file`: {cause}"), None);
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|error| unreadable(error.to_string()))?;
    if found.is_empty() {
        return Err(unreadable("it holds no certificate in PEM form".to_owned()));
    }
    Ok(found)
}

/// Reports on a handshake with `host` that failed.
pub(super) fn failed_handshake(error: &io::Error, host: &str) -> Report {
    let Some(tls) = tls_error(error) else {
        let said = match error.kind() {
            io::ErrorKind::TimedOut => "the server did not finish the handshake in time".to_owned(),
            io::ErrorKind::UnexpectedEof => {
                "the server closed the connection during the handshake".to_owned()
            }
            _ => error.to_string(),
        };
        return Report {
            outcome: Outcome::Transient,
            step: Step::Tls,
            reply: said,
            hint: None,
        };
    };
    match tls {
        TlsError::InvalidCertificate(fault) => {
            let (said, hint) = certificate_fault(fault, host);
            config(said, hint)
        }
        TlsError::InvalidMessage(_) => config(
            "the server does not answer in TLS".to_owned(),
            Some(
                "check `port` and `tls` of `[mail.smtp]`: 465 goes with \"implicit\", 587 with \"starttls\"",
            ),
        ),
        TlsError::PeerIncompatible(_)
        | TlsError::AlertReceived(
            AlertDescription::HandshakeFailure
            | AlertDescription::ProtocolVersion
            | AlertDescription::InsufficientSecurity
            | AlertDescription::UnrecognisedName,
        ) => config(
            format!("no version of TLS that both sides accept: {tls}"),
            Some("the server must offer TLS 1.2 or newer"),
        ),
        _ => Report {
            outcome: Outcome::Transient,
            step: Step::Tls,
            reply: tls.to_string(),
            hint: None,
        },
    }
}

/// What is wrong with the certificate of `host`, and what to change.
fn certificate_fault(fault: &CertificateError, host: &str) -> (String, Option<&'static str>) {
    let (what, hint) = match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            "has expired".to_owned(),
            Some("the server's owner must renew it; also check this machine's clock"),
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            "is not valid yet".to_owned(),
            Some("check this machine's clock"),
        ),
        CertificateError::NotValidForName => (
            "is for another name".to_owned(),
            Some("set `host` of `[mail.smtp]` to the server's name"),
        ),
        CertificateError::NotValidForNameContext { presented, .. } => (
            format!("is not for this name but for {}", names(presented)),
            Some("set `host` of `[mail.smtp]` to a name that the certificate has"),
        ),
        CertificateError::UnknownIssuer => (
            "is signed by an authority that this machine does not know".to_owned(),
            Some("if it is your own authority, name its certificate in `ca_file` of `[mail.smtp]`"),
        ),
        CertificateError::Revoked => ("has been revoked".to_owned(), None),
        other => (format!("cannot be accepted: {other}"), None),
    };
    (format!("the certificate of `{host}` {what}"), hint)
}

/// At most three of the names that a certificate is for.
fn names(presented: &[String]) -> String {
    // rustls gives `DnsName("example.org")`.
    let bare = |name: &String| name.split('"').nth(1).unwrap_or(name).to_owned();
    let shown: Vec<String> = presented
        .iter()
        .take(3)
        .map(|name| format!("`{}`", bare(name)))
        .collect();
    match (shown.is_empty(), presented.len().saturating_sub(3)) {
        (true, _) => "no name at all".to_owned(),
        (false, 0) => shown.join(", "),
        (false, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

fn config(reply: String, hint: Option<&str>) -> Report {
    Report {
        outcome: Outcome::Config,
        step: Step::Tls,
        reply,
        hint: hint.map(str::to_owned),
    }
}

/// The error of TLS inside an error of a stream, however deep it sits.
fn tls_error(error: &io::Error) -> Option<&TlsError> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<TlsError>() {
            return Some(tls);
        }
        // The `source` of an io::Error passes over the error that it wraps.
        next = match error.downcast_ref::<io::Error>() {
            Some(wrapper) => wrapper.get_ref().map(|inner| inner as _),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_file_without_a_certificate_is_told_as_such() {
        let report = connector(Some(b"hello"))
            .err()
            .expect("no certificate in it");
        assert_eq!(report.outcome, Outcome::Config);
        assert_eq!(
            report.to_string(),
            "TLS: cannot read `ca_file`: it holds no certificate in PEM form"
        );
    }

    #[test]
    fn an_error_of_tls_is_found_however_deep_it_sits() {
        let inner = io::Error::other(TlsError::InvalidCertificate(
            CertificateError::UnknownIssuer,
        ));
        for error in [
            io::Error::other(inner),
            io::Error::other(TlsError::HandshakeNotComplete),
        ] {
            assert!(tls_error(&error).is_some(), "{error}");
        }
        assert!(tls_error(&io::Error::from(io::ErrorKind::UnexpectedEof)).is_none());
    }

    #[test]
    fn names_of_a_certificate_are_listed_up_to_three() {
        let presented: Vec<String> = ["a.example", "b.example", "c.example", "d.example"]
            .iter()
            .map(|name| format!("DnsName(\"{name}\")"))
            .collect();
        assert_eq!(
            names(&presented),
            "`a.example`, `b.example`, `c.example` and 1 more"
        );
        assert_eq!(names(&[]), "no name at all");
    }
}
