//! Who our messages are from, and those that are no digest: a few words to one person.

use std::hash::{BuildHasher, Hasher, RandomState};

use jiff::tz::TimeZone;

use crate::config::Config;
use crate::digest::naming;
use crate::mail::message::{Draft, ListId, Mailbox};
use crate::model::Timestamp;

/// Who our messages are from.
pub(super) struct Sender {
    /// The address.
    pub(super) address: String,
    /// Its part behind the `@`, for identifiers.
    pub(super) domain: String,
}

impl Sender {
    /// As the watchlist says, on the machine of this name.
    pub(super) fn of(config: &Config, host: &str) -> Sender {
        let address = config.mail.sender(host).address;
        let domain = address
            .rsplit_once('@')
            .map_or(host, |(_, domain)| domain)
            .to_owned();
        Sender { address, domain }
    }
}

/// A number that nobody guesses, so that no Message-ID is given twice.
pub(super) fn random() -> u32 {
    let hash = RandomState::new().build_hasher().finish();
    u32::try_from(hash >> 32).unwrap_or_default()
}

/// A few words to one person.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letter<'a> {
    /// Names the kind of letter in its Message-ID and List-Id.
    pub(super) slug: &'a str,
    /// The address.
    pub(super) to: &'a str,
    /// What it is about.
    pub(super) subject: &'a str,
    /// Its lines, the last one without its end.
    pub(super) text: &'a str,
}

impl Letter<'_> {
    /// The message, written at `now` on the machine `host`.
    pub(super) fn draft(&self, config: &Config, host: &str, now: Timestamp) -> Draft {
        let Sender { address, domain } = Sender::of(config, host);
        Draft {
            from: Mailbox {
                name: "wirewatch".to_owned(),
                address,
            },
            to: self.to.to_owned(),
            subject: format!("wirewatch: {}", self.subject),
            date: now.to_zoned_datetime(TimeZone::system()),
            message_id: naming::message_id(self.slug, now, 1, random(), &domain),
            in_reply_to: None,
            references: Vec::new(),
            list: ListId {
                name: "wirewatch".to_owned(),
                id: naming::list_id(self.slug, &domain),
            },
            text: format!("{}\n", self.text),
            html: self.html(),
        }
    }

    fn html(&self) -> String {
        let escaped = self
            .text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>wirewatch</title></head>\n\
             <body><pre style=\"font-family:monospace;white-space:pre-wrap\">{escaped}</pre></body></html>\n"
        )
    }
}
