//! The watchlist: TOML to a checked configuration, or all its problems with line and caret.

use std::path::PathBuf;
use std::sync::Arc;

use ipnet::IpNet;
use jiff::SignedDuration;
use toml::de::DeTable;

use crate::digest::DigestSettings;
use crate::model::Feed;
use crate::query::Lists;
use crate::topic::{Topic, Watch};

pub mod files;
pub mod find;
pub mod last_good;
pub mod report;
pub mod secrets;
pub mod stored;

mod addresses;
mod digests;
mod doubts;
mod expects;
mod feeds;
mod file;
mod hidden;
mod keys;
mod lost_header;
mod names;
mod notes;
mod place;
mod queries;
mod reader;
mod regular;
mod settings;
mod syntax;
mod times;
mod topics;
mod values;

#[cfg(test)]
mod tests;

pub use file::{Loaded, Stamp, Version, broken_text, load, load_text};
pub use queries::query_report;
pub use times::span;

use find::Places;
use notes::Notes;
use reader::Table;
use report::Report;
use secrets::{Secret, SecretSource};

/// The watchlist that `init` writes: every key, explained.
pub const EXAMPLE: &str = include_str!("../../config.example.toml");

/// A watchlist without problems.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[store]`.
    pub store: StoreConfig,
    /// `[mail]`.
    pub mail: MailConfig,
    /// `[poll]`.
    pub poll: PollConfig,
    /// `[[digest]]`, in file order; never empty.
    pub digests: Vec<DigestSettings>,
    /// `[[feed]]`, in file order; a feed listed twice stands here once, with the tags of both.
    pub feeds: Vec<FeedConfig>,
    /// `[lists]`.
    pub lists: Lists,
    /// `[[topic]]`, in file order, ready to judge items.
    pub watch: Arc<Watch>,
}

/// `[store]`: the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// The SQLite file; absolute once the state directory is known.
    pub path: PathBuf,
    /// How long texts are kept.
    pub keep: SignedDuration,
}

/// `[mail]`: from whom, to whom, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailConfig {
    /// The sender, if the watchlist names one; else [`MailConfig::sender`] works it out.
    pub from: Option<Mailbox>,
    /// Default recipients of every digest: addresses in lower case.
    pub to: Vec<String>,
    /// Who hears of a broken watchlist, delivery and disk, if the watchlist names one; an address in lower case.
    pub operator: Option<String>,
    /// Where messages go.
    pub transport: Transport,
}

/// A name for people and an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// What a mail reader shows.
    pub name: Option<String>,
    /// `local@domain`.
    pub address: String,
}

/// How messages leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Each message becomes an `.eml` and an `.html` file in this folder.
    Folder(PathBuf),
    /// `[mail.smtp]`.
    Smtp(SmtpConfig),
}

/// `[mail.smtp]`: the mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpConfig {
    /// Name or address of the server.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// When TLS begins.
    pub tls: Tls,
    /// Whom to log in as; `None`: no login.
    pub login: Option<Login>,
    /// A PEM file with certificates trusted beside the system's roots.
    pub ca_file: Option<PathBuf>,
    /// Per step; five times that for the answer to the final dot.
    pub timeout: SignedDuration,
}

/// When TLS begins on an SMTP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// After `STARTTLS`, which the server must offer (RFC 3207).
    StartTls,
    /// From the first byte (RFC 8314).
    Implicit,
    /// Never; only for a server on this machine.
    None,
}

/// A user name and where its password is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// As written.
    pub username: String,
    /// Never the password itself.
    pub password: SecretSource,
}

/// `[poll]`: how feeds are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollConfig {
    /// Never sooner by our own choice.
    pub fastest: SignedDuration,
    /// Never later by our own choice.
    pub slowest: SignedDuration,
    /// Networks that feeds may be on although they are not public.
    pub allow_private: Vec<IpNet>,
    /// A SOCKS5 or HTTP proxy for feeds, as a URL.
    pub proxy: Option<String>,
}

/// `[[feed]]`: a feed and what it takes to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedConfig {
    /// What all rooms may know.
    pub feed: Feed,
    /// What only `http` may know.
    pub access: Access,
}

/// What a feed's server wants beside the address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Header names as written, in file order, and their values.
    pub headers: Vec<(String, HeaderValue)>,
    /// For HTTP Basic authentication.
    pub login: Option<Login>,
}

/// The value of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderValue {
    /// Written in the watchlist.
    Plain(Secret),
    /// In a file of its own.
    Secret(SecretSource),
}

/// A watchlist that may be used, and what is probably not meant in it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The watchlist.
    pub config: Config,
    /// Warnings only.
    pub warnings: Report,
}

/// Checks a watchlist. `file` is what the reports call it; `places` is where its relative paths count from.
pub fn parse(text: &str, file: &str, places: &Places) -> Result<Checked, Report> {
    let shared: Arc<str> = Arc::from(text);
    let mended;
    let (document, text, findings) = match DeTable::parse(text) {
        Ok(document) => (document, text, Vec::new()),
        Err(_) => {
            let (repaired, findings) = syntax::mend(text);
            mended = repaired;
            // What is left of a file with more mistakes than are reported may still not be whole.
            (
                DeTable::parse_recoverable(&mended).0,
                mended.as_str(),
                findings,
            )
        }
    };
    let mut notes = Notes::new(text, findings);
    let config = read(document.get_ref(), places, &mut notes);
    let report = Report::new(file, shared, notes.into_findings());
    match config {
        Some(config) if report.problems() == 0 => Ok(Checked {
            config,
            warnings: report,
        }),
        _ => Err(report),
    }
}

/// Reads everything, and judges the whole if its parts are sound.
fn read<'t>(document: &'t DeTable<'t>, places: &Places, notes: &mut Notes<'t>) -> Option<Config> {
    let root = Table::open(&keys::ROOT, 0..0, document, notes);
    let store = settings::store(&root, places, notes);
    let mail = settings::mail(&root, places, notes);
    let (poll, fastest) = settings::poll(&root, notes);
    let (feeds, mut feed_names) = feeds::read(&root, &poll, fastest, places, notes);
    let lists = topics::lists(&root, notes);
    let (topics, mut topic_names) = topics::read(&root, &mut feed_names, notes);
    let digests = digests::read(&root, &mail, &mut topic_names, notes);
    let watch = queries::compile(&lists, &topics, notes)?;
    queries::run_tests(&watch, &topics, &feeds, notes);
    if notes.is_sound() {
        digests::note_untold(&digests, &topics, notes);
        doubts::note(&root, &poll, &topics, notes);
    }
    Some(Config {
        store,
        mail,
        poll,
        digests,
        feeds,
        lists: queries::table(&lists),
        watch: Arc::new(watch),
    })
}

impl Config {
    /// The topics, in file order.
    pub fn topics(&self) -> &[Topic] {
        self.watch.topics()
    }

    /// Who hears of a broken watchlist, delivery and disk: `operator`, else the first recipient.
    pub fn operator(&self) -> Option<&str> {
        let first = || {
            self.mail
                .to
                .first()
                .or_else(|| self.digests.iter().find_map(|digest| digest.to.first()))
        };
        self.mail
            .operator
            .as_ref()
            .or_else(first)
            .map(String::as_str)
    }

    /// Whether anything goes to this address, given in lower case: a digest, or what the operator hears.
    pub fn writes_to(&self, address: &str) -> bool {
        let mut readers = self.digests.iter().flat_map(|digest| &digest.to);
        self.operator() == Some(address) || readers.any(|reader| reader == address)
    }
}

impl MailConfig {
    /// The sender: `from`, else the SMTP user name if it is an address, else `wirewatch@HOST`.
    pub fn sender(&self, host: &str) -> Mailbox {
        if let Some(from) = &self.from {
            return from.clone();
        }
        let login = match &self.transport {
            Transport::Smtp(smtp) => smtp.login.as_ref(),
            Transport::Folder(_) => None,
        };
        let username = login.and_then(|login| addresses::mailbox(&login.username).ok());
        let host = if host.is_empty() { "localhost" } else { host };
        username.unwrap_or_else(|| Mailbox {
            name: None,
            address: format!("wirewatch@{host}"),
        })
    }
}
