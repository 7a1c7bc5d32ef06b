//! The way to the mail server, as the watchlist describes it.

use crate::config::{self, SmtpConfig};
use crate::mail::smtp::{SmtpSettings, Tls};
use crate::mail::{Outcome, Report, Step};

/// What `[mail.smtp]` says, its password and its certificates read.
///
/// # Errors
/// A report of the outcome `Config` on a file or variable that cannot be read.
pub(super) fn smtp_settings(smtp: &SmtpConfig, host: &str) -> Result<SmtpSettings, Report> {
    let wrong = |reply: String, hint: &str| Report {
        outcome: Outcome::Config,
        step: Step::Auth,
        reply,
        hint: Some(hint.to_owned()),
    };
    let credentials = match &smtp.login {
        None => None,
        Some(login) => {
            let password = login.password.read().map_err(|error| {
                wrong(
                    error.to_string(),
                    "mend `password_file` or `password_env` of `[mail.smtp]`",
                )
            })?;
            Some((login.username.clone(), password.reveal().to_owned()))
        }
    };
    let ca = match &smtp.ca_file {
        None => None,
        Some(file) => Some(std::fs::read(file).map_err(|error| {
            wrong(
                format!("cannot read `{}`: {error}", file.display()),
                "mend `ca_file` of `[mail.smtp]`",
            )
        })?),
    };
    Ok(SmtpSettings {
        host: smtp.host.clone(),
        port: smtp.port,
        tls: match smtp.tls {
            config::Tls::StartTls => Tls::StartTls,
            config::Tls::Implicit => Tls::Implicit,
            config::Tls::None => Tls::None,
        },
        credentials,
        ca,
        timeout: smtp.timeout.unsigned_abs(),
        hello: host.to_owned(),
    })
}
