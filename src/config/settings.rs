//! `[store]`, `[mail]`, `[mail.smtp]` and `[poll]`.

use std::net::IpAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;

use super::find::Places;
use super::keys::{MAIL, POLL, SMTP, STORE};
use super::notes::{Notes, Placed, Text, Wrong, parse};
use super::reader::Table;
use super::report::Finding;
use super::secrets::SecretSource;
use super::{
    Login, MailConfig, PollConfig, SmtpConfig, StoreConfig, Tls, Transport, addresses, times,
    values,
};

const DATABASE: &str = "wirewatch.db";
const OUTBOX: &str = "outbox";
const KEEP: SignedDuration = SignedDuration::from_hours(400 * 24);
const SMTP_TIMEOUT: SignedDuration = SignedDuration::from_secs(60);
const FASTEST: SignedDuration = SignedDuration::from_mins(30);
const SLOWEST: SignedDuration = SignedDuration::from_hours(24);

/// Reads `[store]`.
pub(super) fn store<'t>(root: &Table<'t>, places: &Places, notes: &mut Notes<'t>) -> StoreConfig {
    let table = root.table("store", &STORE, notes);
    let path = table
        .as_ref()
        .and_then(|table| table.parsed("path", notes, path));
    // The digest's bars and medians look 14 days back.
    let keep = table
        .and_then(|table| table.parsed("keep", notes, times::duration_within("30d", "36500d")));
    StoreConfig {
        path: in_state(path, DATABASE, "[store] path", places, notes),
        keep: keep.map_or(KEEP, |keep| keep.value),
    }
}

/// The database at a path that may not be checked yet.
pub(super) fn database(written: Option<&str>, places: &Places) -> PathBuf {
    let path = written
        .and_then(|text| path(text).ok())
        .unwrap_or_else(|| PathBuf::from(DATABASE));
    places
        .state
        .as_ref()
        .map_or(path.clone(), |state| state.join(path))
}

/// Reads `[mail]`.
pub(super) fn mail<'t>(root: &Table<'t>, places: &Places, notes: &mut Notes<'t>) -> MailConfig {
    let table = root.table("mail", &MAIL, notes);
    let mut from = None;
    let mut to = Vec::new();
    let mut operator = None;
    let mut folder = None;
    let mut smtp = None;
    if let Some(table) = table {
        from = table
            .parsed("from", notes, addresses::mailbox)
            .map(|from| from.value);
        to = recipients(&table, notes);
        operator = table
            .parsed("operator", notes, addresses::address)
            .map(|operator| operator.value);
        folder = table.parsed("folder", notes, path);
        smtp = table.table("smtp", &SMTP, notes);
    }
    let transport = match smtp {
        Some(table) => Transport::Smtp(read_smtp(&table, places, notes)),
        None => Transport::Folder(in_state(folder, OUTBOX, "[mail] folder", places, notes)),
    };
    MailConfig {
        from,
        to,
        operator,
        transport,
    }
}

/// Whether `[mail]` has a `to`, right or wrong.
pub(super) fn has_recipients(root: &Table<'_>) -> bool {
    let Some(mail) = root.value("mail") else {
        return false;
    };
    let first = || mail.get_ref().get(0)?.get_ref().get("to");
    mail.get_ref().get("to").or_else(first).is_some()
}

/// The addresses under `to`, each once.
pub(super) fn recipients<'t>(table: &Table<'t>, notes: &mut Notes<'t>) -> Vec<String> {
    let Some(texts) = table.texts("to", notes) else {
        return Vec::new();
    };
    if texts.is_empty() {
        let span = table
            .value("to")
            .map_or(table.span.clone(), |value| value.span());
        notes.add(Finding::problem(span, "`to` names nobody").hint("write at least one address"));
    }
    let mut to: Vec<String> = Vec::new();
    for text in &texts {
        if let Some(address) = parse(text, notes, addresses::address)
            && !to.contains(&address.value)
        {
            to.push(address.value);
        }
    }
    to
}

/// Reads `[poll]`; says also where `fastest` stands, if it does.
pub(super) fn poll<'t>(
    root: &Table<'t>,
    notes: &mut Notes<'t>,
) -> (PollConfig, Option<Range<usize>>) {
    let mut poll = PollConfig {
        fastest: FASTEST,
        slowest: SLOWEST,
        allow_private: Vec::new(),
        proxy: None,
    };
    let Some(table) = root.table("poll", &POLL, notes) else {
        return (poll, None);
    };
    let fastest = table.parsed("fastest", notes, times::duration_within("1s", "7d"));
    let slowest = table.parsed("slowest", notes, times::duration_within("1s", "30d"));
    if let Some(texts) = table.texts("allow_private", notes) {
        let networks = texts
            .iter()
            .filter_map(|text| parse(text, notes, addresses::network));
        poll.allow_private = networks.map(|network| network.value).collect();
    }
    poll.proxy = table
        .parsed("proxy", notes, addresses::proxy)
        .map(|proxy| proxy.value);
    poll.fastest = fastest.as_ref().map_or(FASTEST, |fastest| fastest.value);
    poll.slowest = slowest
        .as_ref()
        .map_or(SLOWEST.max(poll.fastest), |slowest| slowest.value);
    if poll.slowest < poll.fastest {
        let span = slowest.map_or(table.span.clone(), |slowest| slowest.span);
        let finding = Finding::problem(span, "`slowest` is shorter than `fastest`");
        notes.add(match &fastest {
            Some(fastest) => finding.other(fastest.span.clone(), "the shorter time belongs here"),
            None => finding.hint("`fastest` is \"30m\" if it is not set: lower it too"),
        });
    }
    (poll, fastest.map(|fastest| fastest.span))
}

fn read_smtp<'t>(table: &Table<'t>, places: &Places, notes: &mut Notes<'t>) -> SmtpConfig {
    table.require(
        "host",
        "name the mail server: `host = \"smtp.example.org\"`",
        notes,
    );
    let host = table.parsed("host", notes, addresses::host);
    let port = table
        .whole("port", 1..=65535, notes)
        .and_then(|port| u16::try_from(port).ok());
    let tls = table.parsed("tls", notes, values::tls);
    let implied = if port == Some(465) {
        Tls::Implicit
    } else {
        Tls::StartTls
    };
    let mode = tls.as_ref().map_or(implied, |tls| tls.value);
    if let (Some(tls), Some(host)) = (&tls, &host) {
        note_tls(tls, host, port, notes);
    }
    SmtpConfig {
        host: host.map(|host| host.value).unwrap_or_default(),
        port: port.unwrap_or(match mode {
            Tls::StartTls => 587,
            Tls::Implicit => 465,
            Tls::None => 25,
        }),
        tls: mode,
        login: login(table, "[mail.smtp]", places, notes),
        ca_file: table
            .parsed("ca_file", notes, path)
            .map(|path| places.config.join(path.value)),
        timeout: table
            .parsed("timeout", notes, times::duration_within("1s", "10m"))
            .map_or(SMTP_TIMEOUT, |timeout| timeout.value),
    }
}

fn note_tls(tls: &Placed<Tls>, host: &Placed<String>, port: Option<u16>, notes: &mut Notes<'_>) {
    match (tls.value, port) {
        (Tls::None, _) if !is_loopback(&host.value) => {
            let message = "without TLS, mail and password would cross the network in the clear";
            let finding = Finding::problem(tls.span.clone(), message)
                .other(host.span.clone(), "this is another machine");
            notes.add(finding.hint(
                "use \"starttls\" or \"implicit\"; \"none\" is only for this machine's own server",
            ));
        }
        (Tls::StartTls, Some(465)) => {
            let finding = Finding::warning(
                tls.span.clone(),
                "port 465 usually speaks TLS from the first byte",
            );
            notes.add(finding.hint("try `tls = \"implicit\"`"));
        }
        (Tls::Implicit, Some(587 | 25)) => {
            let finding = Finding::warning(
                tls.span.clone(),
                "this port usually begins without TLS and switches to it",
            );
            notes.add(finding.hint("try `tls = \"starttls\"`, or port 465"));
        }
        _ => {}
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// `username` with `password_file` or `password_env`.
pub(super) fn login<'t>(
    table: &Table<'t>,
    title: &str,
    places: &Places,
    notes: &mut Notes<'t>,
) -> Option<Login> {
    let username = table.parsed("username", notes, addresses::username);
    let file = table.parsed("password_file", notes, path);
    let variable = table.parsed("password_env", notes, addresses::variable);
    if table.has("password_file") && table.has("password_env") {
        let finding = Finding::problem(
            table.key_span("password_env"),
            "two secrets for one password",
        );
        let finding = finding.other(table.key_span("password_file"), "the other one");
        notes.add(finding.hint("keep `password_file` or `password_env`"));
        return None;
    }
    let (key, password) = match (file, variable) {
        (Some(file), _) => (
            "password_file",
            SecretSource::File(places.secret(&file.value)),
        ),
        (None, Some(variable)) => ("password_env", SecretSource::Env(variable.value)),
        (None, None) => {
            if table.has("username") {
                let at = table.seen_at("username");
                let message = format!("{title} has a `username` and no password");
                let hint = "name a file in `password_file`, or a variable in `password_env`";
                at.require_one(&["password_file", "password_env"], &message, hint, notes);
            }
            return None;
        }
    };
    if !table.has("username") {
        let message = format!("{title} has a password and no `username`");
        notes.add_absence(
            Finding::problem(table.key_span(key), message).hint("add `username = \"…\"`"),
        );
    }
    Some(Login {
        username: username?.value,
        password,
    })
}

/// A path as it is written, which may be relative.
pub(super) fn path(text: &str) -> Result<PathBuf, Wrong> {
    if text.starts_with("~/") || text == "~" {
        return Err(Wrong::new("`~` means nothing here").hint("write the whole path, from `/` on"));
    }
    if text.contains('\0') {
        return Err(Wrong::new("a path cannot hold a NUL"));
    }
    Ok(Path::new(text).to_owned())
}

fn in_state(
    path: Option<Placed<PathBuf>>,
    default: &str,
    key: &str,
    places: &Places,
    notes: &mut Notes<'_>,
) -> PathBuf {
    let span = path.as_ref().map(|path| path.span.clone());
    let path = path.map_or_else(|| PathBuf::from(default), |path| path.value);
    match &places.state {
        Some(state) => state.join(path),
        None => {
            if path.is_relative() {
                let message = "there is no state directory: neither $STATE_DIRECTORY, $XDG_STATE_HOME nor $HOME is set";
                let finding = Finding::problem(span.clone().unwrap_or_default(), message);
                notes.add(Finding {
                    span,
                    ..finding.hint(format!("write a whole path in {key}"))
                });
            }
            path
        }
    }
}

/// The texts that `read` takes, without their places.
pub(super) fn all<'t, T>(
    texts: &[Text<'t>],
    notes: &mut Notes<'t>,
    read: impl Fn(&str) -> Result<T, Wrong>,
) -> Vec<T> {
    texts
        .iter()
        .filter_map(|text| parse(text, notes, &read))
        .map(|value| value.value)
        .collect()
}
