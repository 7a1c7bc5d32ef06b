//! Each file that a watchlist leads to: where it is looked for, who says so, and what was found there.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::find::{self, Environment, Places};
use super::secrets::SecretSource;
use super::{Config, HeaderValue, Transport, last_good};

/// A place where a file was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// What the file is for, such as `database`.
    pub what: &'static str,
    /// The place.
    pub path: PathBuf,
    /// Who names it: a variable, a key of the watchlist, the default.
    pub reason: &'static str,
    /// What was found.
    pub found: Found,
}

/// What was found in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is there and used.
    Used,
    /// It is there, but an earlier place has one too.
    Passed,
    /// It is not there, but will be made when it is needed.
    ToCome,
    /// It is not there.
    Missing,
}

impl Found {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Found::Used => "used",
            Found::Passed => "passed",
            Found::ToCome => "to_come",
            Found::Missing => "missing",
        }
    }
}

impl Looked {
    /// One line for a person, without what the file is for.
    pub fn in_words(&self) -> String {
        let found = match self.found {
            Found::Used => "",
            Found::Passed => ": not used, since the one before it is there",
            Found::ToCome => ": not there yet; made when it is needed",
            Found::Missing => ": not there",
        };
        format!("{} ({}){found}", self.path.display(), self.reason)
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        json!({
            "what": self.what,
            "path": self.path.display().to_string(),
            "reason": self.reason,
            "found": self.found.as_str(),
        })
    }
}

/// Where the watchlist is looked for, in order; `named` is what `--config` gave.
pub fn watchlists(named: Option<&Path>, environment: Environment<'_>) -> Vec<Looked> {
    let mut is_found = false;
    find::candidates(named, environment)
        .into_iter()
        .map(|candidate| {
            let found = match (candidate.path.exists(), is_found) {
                (false, _) => Found::Missing,
                (true, true) => Found::Passed,
                (true, false) => Found::Used,
            };
            is_found |= found == Found::Used;
            Looked {
                what: "watchlist",
                path: candidate.path,
                reason: candidate.reason,
                found,
            }
        })
        .collect()
}

/// The files that a watchlist at `path` leads to: database, last good watchlist, outbox, certificates, secrets.
pub fn of_config(config: &Config, path: &Path, environment: Environment<'_>) -> Vec<Looked> {
    let state = Places::state_of(path, environment);
    // An absolute path of the watchlist may lie in the folder of the state too; then both say the same.
    let in_state = |path: &Path, key: &'static str| match &state {
        Some(state) if path.starts_with(&state.path) => state.reason,
        _ => key,
    };
    let database = &config.store.path;
    let kept = last_good::path(database);
    let mut all = vec![
        to_come("database", database, in_state(database, "[store] path")),
        to_come("last good watchlist", &kept, "beside the database"),
    ];
    match &config.mail.transport {
        Transport::Folder(folder) => {
            all.push(to_come("outbox", folder, in_state(folder, "[mail] folder")));
        }
        Transport::Smtp(smtp) => {
            let certificates = smtp.ca_file.iter();
            all.extend(
                certificates.map(|file| needed("certificates", file, "[mail.smtp] ca_file")),
            );
        }
    }
    let secrets = secrets(config)
        .into_iter()
        .filter_map(|source| match source {
            SecretSource::File(file) => Some(file),
            SecretSource::Env(_) => None,
        });
    let credentials = Places::new(path, environment).credentials;
    for file in secrets {
        let is_credential = credentials
            .as_ref()
            .is_some_and(|folder| file.starts_with(folder));
        let reason = match is_credential {
            true => "$CREDENTIALS_DIRECTORY",
            false => "from the watchlist's folder",
        };
        let looked = needed("secret", file, reason);
        if !all.contains(&looked) {
            all.push(looked);
        }
    }
    all
}

/// All secrets that a watchlist names.
fn secrets(config: &Config) -> Vec<&SecretSource> {
    let mut secrets = Vec::new();
    if let Transport::Smtp(smtp) = &config.mail.transport {
        secrets.extend(smtp.login.iter().map(|login| &login.password));
    }
    for declared in &config.feeds {
        secrets.extend(declared.access.login.iter().map(|login| &login.password));
        let headers = declared.access.headers.iter();
        secrets.extend(headers.filter_map(|(_, value)| match value {
            HeaderValue::Secret(source) => Some(source),
            HeaderValue::Plain(_) => None,
        }));
    }
    secrets
}

fn to_come(what: &'static str, path: &Path, reason: &'static str) -> Looked {
    looked(what, path, reason, Found::ToCome)
}

fn needed(what: &'static str, path: &Path, reason: &'static str) -> Looked {
    looked(what, path, reason, Found::Missing)
}

fn looked(what: &'static str, path: &Path, reason: &'static str, absent: Found) -> Looked {
    Looked {
        what,
        path: path.to_owned(),
        reason,
        found: if path.exists() { Found::Used } else { absent },
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::fs;

    use super::*;
    use crate::config::parse;

    const WATCHLIST: &str = "[mail]\nto = [\"me@news.example\"]\n[[feed]]\nurl = \"https://example.org/feed.xml\"\nusername = \"me\"\npassword_file = \"token\"\n[[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n";

    /// An environment of which only the home and one more variable are known.
    fn with_home<T>(more: (&str, &Path), work: impl FnOnce(&Path, Environment<'_>) -> T) -> T {
        let home = tempfile::tempdir().expect("a folder");
        let read = |name: &str| -> Option<OsString> {
            match name {
                "HOME" => Some(home.path().into()),
                _ if name == more.0 => Some(more.1.into()),
                _ => None,
            }
        };
        work(home.path(), Environment::new(&read))
    }

    fn found(looked: &[Looked]) -> Vec<(&str, &str, Found)> {
        let one = |looked: &Looked| (looked.what, looked.reason, looked.found);
        looked.iter().map(one).collect()
    }

    #[test]
    fn the_first_watchlist_that_is_there_is_used() {
        let first = tempfile::tempdir().expect("a folder");
        with_home(
            ("CONFIGURATION_DIRECTORY", first.path()),
            |home, environment| {
                let folder = home.join(".config/wirewatch");
                fs::create_dir_all(&folder).expect("created");
                fs::write(folder.join(find::FILE_NAME), "").expect("written");
                let looked = watchlists(None, environment);
                let expected = [
                    ("watchlist", "$CONFIGURATION_DIRECTORY", Found::Missing),
                    ("watchlist", "in your home", Found::Used),
                ];
                assert_eq!(found(&looked).get(..2), Some(expected.as_slice()));
                fs::write(first.path().join(find::FILE_NAME), "").expect("written");
                let looked = watchlists(None, environment);
                assert_eq!(looked[0].found, Found::Used);
                assert_eq!(looked[1].found, Found::Passed);
                assert!(
                    looked[1]
                        .in_words()
                        .ends_with("(in your home): not used, since the one before it is there")
                );
            },
        );
    }

    #[test]
    fn each_file_of_a_watchlist_says_who_named_it() {
        let credentials = tempfile::tempdir().expect("a folder");
        with_home(
            ("CREDENTIALS_DIRECTORY", credentials.path()),
            |home, environment| {
                let path = home.join("w.toml");
                let places = Places::new(&path, environment);
                let all = |text: &str| {
                    let config = parse(text, "w.toml", &places).expect("sound").config;
                    of_config(&config, &path, environment)
                };
                let before = all(WATCHLIST);
                assert_eq!(
                    found(&before),
                    [
                        ("database", "in your home", Found::ToCome),
                        ("last good watchlist", "beside the database", Found::ToCome),
                        ("outbox", "in your home", Found::ToCome),
                        ("secret", "from the watchlist's folder", Found::Missing),
                    ]
                );
                fs::create_dir_all(home.join(".local/state/wirewatch")).expect("created");
                fs::write(&before[0].path, "").expect("written");
                fs::write(credentials.path().join("token"), "x-y-z").expect("written");
                let after = all(WATCHLIST);
                assert_eq!((after[0].found, after[3].found), (Found::Used, Found::Used));
                let named = all(&format!("{WATCHLIST}[store]\npath = \"/data/news.db\"\n"));
                assert_eq!(named[0].reason, "[store] path");
            },
        );
    }
}
