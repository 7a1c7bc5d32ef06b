//! Where the watchlist is looked for, and where the files it names are.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// The watchlist's name in each folder that is searched.
pub const FILE_NAME: &str = "wirewatch.toml";

const SYSTEM_CONFIG: &str = "/etc/wirewatch";
const SYSTEM_STATE: &str = "/var/lib/wirewatch";

/// An environment to read variables from: the process's own, or one made up by a test.
#[derive(Clone, Copy)]
pub struct Environment<'e>(&'e dyn Fn(&str) -> Option<OsString>);

impl<'e> Environment<'e> {
    /// An environment whose variables `read` knows.
    pub fn new(read: &'e dyn Fn(&str) -> Option<OsString>) -> Environment<'e> {
        Environment(read)
    }

    /// The environment of this process.
    pub fn process() -> Environment<'static> {
        Environment(&|name| std::env::var_os(name))
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        (self.0)(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    }

    /// The XDG specification says that a relative path in its variables is ignored.
    fn xdg(&self, name: &str, default: &str) -> Option<PathBuf> {
        self.xdg_set(name)
            .or_else(|| Some(self.path("HOME")?.join(default)))
    }

    fn xdg_set(&self, name: &str) -> Option<PathBuf> {
        self.path(name).filter(|path| path.is_absolute())
    }

    /// The first of the folders that systemd names, separated by colons.
    fn systemd(&self, name: &str) -> Option<PathBuf> {
        let value = self.path(name)?;
        std::env::split_paths(value.as_os_str()).find(|path| !path.as_os_str().is_empty())
    }
}

/// One place where the watchlist may be, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The file.
    pub path: PathBuf,
    /// `--config`, a variable, or the default.
    pub reason: &'static str,
}

/// The watchlist is in none of the places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// Where it was looked for, in order.
    pub looked: Vec<Candidate>,
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no watchlist; looked for")?;
        for candidate in &self.looked {
            write!(
                f,
                "\n  `{}` ({})",
                candidate.path.display(),
                candidate.reason
            )?;
        }
        f.write_str("\n\nhint: write one with `wirewatch init`, or name it with `--config`")
    }
}

impl std::error::Error for NotFound {}

/// All places where the watchlist is looked for, the first that exists counts. A file that is named outright is
/// the only candidate: falling back to another would hide a slip of the pen.
pub fn candidates(named: Option<&Path>, environment: Environment<'_>) -> Vec<Candidate> {
    let only = |path: PathBuf, reason| vec![Candidate { path, reason }];
    if let Some(path) = named {
        return only(path.to_owned(), "--config");
    }
    if let Some(path) = environment.path("WIREWATCH_CONFIG") {
        return only(path, "$WIREWATCH_CONFIG");
    }
    let folders = [
        (
            environment.systemd("CONFIGURATION_DIRECTORY"),
            "$CONFIGURATION_DIRECTORY",
        ),
        (
            environment
                .xdg("XDG_CONFIG_HOME", ".config")
                .map(|home| home.join("wirewatch")),
            match environment.xdg_set("XDG_CONFIG_HOME") {
                Some(_) => "$XDG_CONFIG_HOME",
                None => "in your home",
            },
        ),
        (Some(PathBuf::from(SYSTEM_CONFIG)), "of the system"),
    ];
    let candidate = |(folder, reason): (Option<PathBuf>, _)| {
        Some(Candidate {
            path: folder?.join(FILE_NAME),
            reason,
        })
    };
    folders.into_iter().filter_map(candidate).collect()
}

/// Where a person's own watchlist is; `None` if the environment names no home.
pub fn personal(environment: Environment<'_>) -> Option<PathBuf> {
    environment
        .xdg("XDG_CONFIG_HOME", ".config")
        .map(|home| home.join("wirewatch").join(FILE_NAME))
}

/// Finds the watchlist. One that is named outright is not checked for being there: reading it says what is wrong.
pub fn find(named: Option<&Path>, environment: Environment<'_>) -> Result<Candidate, NotFound> {
    let mut looked = candidates(named, environment);
    if looked.len() == 1 && matches!(looked.first(), Some(one) if one.reason != "of the system") {
        return Ok(looked.remove(0));
    }
    let there = looked.iter().find(|candidate| candidate.path.exists());
    // One in a folder that this user may not enter is no missing one: reading it says so.
    let hidden = || {
        let denied = |candidate: &&Candidate| candidate.path.try_exists().is_err();
        looked.iter().find(denied)
    };
    match there.or_else(hidden) {
        Some(found) => Ok(found.clone()),
        None => Err(NotFound { looked }),
    }
}

/// The folders that relative paths in a watchlist count from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The watchlist's own folder.
    pub config: PathBuf,
    /// For `path` and `folder`; `None` if the environment names no home.
    pub state: Option<PathBuf>,
    /// For secrets, in front of the watchlist's folder.
    pub credentials: Option<PathBuf>,
}

impl Places {
    /// The folders for a watchlist at `path`.
    pub fn new(path: &Path, environment: Environment<'_>) -> Places {
        // A symbolic link is not followed: files beside the link are meant.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let config = path.parent().map(Path::to_owned).unwrap_or_default();
        Places {
            state: state_folder(&config, environment).map(|found| found.path),
            credentials: environment.path("CREDENTIALS_DIRECTORY"),
            config,
        }
    }

    /// The folder of the state and who names it, for a watchlist at `path`; `None` if nobody does.
    pub fn state_of(path: &Path, environment: Environment<'_>) -> Option<Candidate> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        state_folder(path.parent()?, environment)
    }

    /// The file of a secret: in the credentials directory if systemd put one there, else beside the watchlist.
    pub fn secret(&self, path: &Path) -> PathBuf {
        let loaded = self
            .credentials
            .as_ref()
            .map(|folder| folder.join(path))
            .filter(|loaded| {
                // The unit has a blank line stand in for a secret that is not there.
                std::fs::metadata(loaded).is_ok_and(|metadata| metadata.len() > 1)
            });
        loaded.unwrap_or_else(|| self.config.join(path))
    }
}

fn state_folder(config: &Path, environment: Environment<'_>) -> Option<Candidate> {
    let candidate = |path, reason| Candidate { path, reason };
    if let Some(path) = environment.systemd("STATE_DIRECTORY") {
        return Some(candidate(path, "$STATE_DIRECTORY"));
    }
    if config.starts_with(SYSTEM_CONFIG) {
        return Some(candidate(PathBuf::from(SYSTEM_STATE), "of the system"));
    }
    let home = environment.xdg("XDG_STATE_HOME", ".local/state")?;
    let reason = match environment.xdg_set("XDG_STATE_HOME") {
        Some(_) => "$XDG_STATE_HOME",
        None => "in your home",
    };
    Some(candidate(home.join("wirewatch"), reason))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn variables<'v>(pairs: &'v [(&'v str, &'v str)]) -> impl Fn(&str) -> Option<OsString> + 'v {
        move |name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| OsString::from(value))
        }
    }

    #[track_caller]
    fn looked(named: Option<&str>, pairs: &[(&str, &str)], expect: &[&str]) {
        let read = variables(pairs);
        let found = candidates(named.map(Path::new), Environment::new(&read));
        let found: Vec<_> = found
            .iter()
            .map(|candidate| candidate.path.display().to_string())
            .collect();
        assert_eq!(found, expect);
    }

    #[track_caller]
    fn state(watchlist: &str, pairs: &[(&str, &str)], expect: Option<&str>) {
        let read = variables(pairs);
        let places = Places::new(Path::new(watchlist), Environment::new(&read));
        assert_eq!(places.state.as_deref(), expect.map(Path::new));
    }

    #[test]
    fn a_named_file_is_the_only_candidate() {
        let all = [("WIREWATCH_CONFIG", "/b.toml"), ("HOME", "/home/me")];
        looked(Some("/a.toml"), &all, &["/a.toml"]);
        looked(None, &all, &["/b.toml"]);
    }

    #[test]
    fn folders_are_searched_in_order() {
        let etc = "/etc/wirewatch/wirewatch.toml";
        looked(None, &[], &[etc]);
        looked(
            None,
            &[("HOME", "/home/me")],
            &["/home/me/.config/wirewatch/wirewatch.toml", etc],
        );
        looked(
            None,
            &[
                ("CONFIGURATION_DIRECTORY", "/c:/d"),
                ("XDG_CONFIG_HOME", "/x"),
                ("HOME", "/home/me"),
            ],
            &["/c/wirewatch.toml", "/x/wirewatch/wirewatch.toml", etc],
        );
    }

    #[test]
    fn a_relative_xdg_path_is_ignored() {
        let pairs = [("XDG_CONFIG_HOME", "x"), ("HOME", "/h")];
        looked(
            None,
            &pairs,
            &[
                "/h/.config/wirewatch/wirewatch.toml",
                "/etc/wirewatch/wirewatch.toml",
            ],
        );
    }

    #[test]
    fn the_first_file_that_exists_is_found() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join(".config/wirewatch");
        let pairs = [("HOME", home.path().to_str().expect("UTF-8"))];
        let read = variables(&pairs);
        let missing = find(None, Environment::new(&read)).expect_err("nothing there yet");
        assert_eq!(missing.looked.len(), 2);
        fs::create_dir_all(&folder).expect("created");
        fs::write(folder.join(FILE_NAME), "").expect("written");
        let found = find(None, Environment::new(&read)).expect("there now");
        assert_eq!(
            found,
            Candidate {
                path: folder.join(FILE_NAME),
                reason: "in your home"
            }
        );
    }

    #[test]
    fn each_place_says_who_named_it() {
        let reasons = |pairs: &[(&str, &str)]| -> Vec<&str> {
            let read = variables(pairs);
            let found = candidates(None, Environment::new(&read));
            found.iter().map(|candidate| candidate.reason).collect()
        };
        let (home, xdg) = (("HOME", "/h"), ("XDG_CONFIG_HOME", "/x"));
        assert_eq!(reasons(&[home]), ["in your home", "of the system"]);
        assert_eq!(reasons(&[home, xdg]), ["$XDG_CONFIG_HOME", "of the system"]);
    }

    #[test]
    fn state_is_where_systemd_says_else_with_the_system_else_at_home() {
        let home = [("HOME", "/home/me")];
        let systemd = [
            ("STATE_DIRECTORY", "/var/lib/private/w"),
            ("HOME", "/home/me"),
        ];
        state(
            "/etc/wirewatch/wirewatch.toml",
            &systemd,
            Some("/var/lib/private/w"),
        );
        state(
            "/etc/wirewatch/wirewatch.toml",
            &home,
            Some("/var/lib/wirewatch"),
        );
        state(
            "/home/me/w.toml",
            &home,
            Some("/home/me/.local/state/wirewatch"),
        );
        state(
            "/home/me/w.toml",
            &[("XDG_STATE_HOME", "/s")],
            Some("/s/wirewatch"),
        );
        state("/home/me/w.toml", &[], None);
    }

    #[test]
    fn secrets_are_where_systemd_puts_them_else_beside_the_watchlist() {
        let loaded = tempfile::tempdir().expect("a folder");
        fs::write(loaded.path().join("token"), "secret\n").expect("written");
        fs::write(loaded.path().join("blank"), "\n").expect("written");
        let pairs = [(
            "CREDENTIALS_DIRECTORY",
            loaded.path().to_str().expect("UTF-8"),
        )];
        let read = variables(&pairs);
        let path = Path::new("/etc/wirewatch/wirewatch.toml");
        let token = Path::new("token");
        let systemd = Places::new(path, Environment::new(&read));
        assert_eq!(systemd.secret(token), loaded.path().join("token"));
        for absent in ["blank", "other"] {
            assert_eq!(
                systemd.secret(Path::new(absent)),
                Path::new("/etc/wirewatch").join(absent)
            );
        }
        let nothing = variables(&[]);
        let plain = Places::new(path, Environment::new(&nothing));
        assert_eq!(plain.secret(token), Path::new("/etc/wirewatch/token"));
        assert_eq!(
            plain.secret(Path::new("/abs/token")),
            Path::new("/abs/token")
        );
    }
}
