//! The watchlist as a file: reading it whole, and telling one version from another.

use std::fmt;
use std::fs::{self, File, Metadata};
use std::hash::Hasher;
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

use jiff::Timestamp;
use siphasher::sip::SipHasher13;

use super::find::Places;
use super::report::{Finding, Report, Severity};
use super::secrets::{self, SecretSource};
use super::{Checked, Config, FeedConfig, HeaderValue, Transport, parse, regular};

/// Ten times what 10,000 feeds and 10,000 topics take. More is another file.
const LARGEST: u64 = 64 * 1024 * 1024;

/// A watchlist read from its file.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The watchlist.
    pub config: Config,
    /// What is probably not meant in it.
    pub warnings: Report,
    /// Which text it is.
    pub version: Version,
    /// The text, to be kept as the last good one.
    pub text: String,
}

/// Tells one text of a watchlist from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Of the text; the same for the same text on every machine.
    pub hash: u64,
    /// When the file was last written, where the file system says so.
    pub modified: Option<Timestamp>,
}

impl Version {
    /// The first eight digits of the hash: enough to tell the versions of one file apart.
    pub fn short(&self) -> String {
        format!("{:08x}", self.hash >> 32)
    }
}

/// `1a2b3c4d of 2026-11-23 07:12 UTC`.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())?;
        match self.modified {
            Some(modified) => write!(f, " of {}", modified.strftime("%Y-%m-%d %H:%M UTC")),
            None => Ok(()),
        }
    }
}

/// What the file system says of a file; two equal looks in a row mean that nobody is writing it.
///
/// Editors replace a file, Kubernetes and Nix swap a folder behind a symbolic link: so the resolved file is looked
/// at, and its identity counts as well as its time, and so does who may read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    modified: Option<SystemTime>,
    size: u64,
    identity: (u64, u64),
    /// Its mode, owner and group.
    access: (u32, u32, u32),
}

impl Stamp {
    /// Looks at the file.
    pub fn of(path: &Path) -> io::Result<Stamp> {
        let metadata = fs::metadata(path)?;
        Ok(Stamp {
            modified: metadata.modified().ok(),
            size: metadata.len(),
            identity: identity(&metadata),
            access: access(&metadata),
        })
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(_metadata: &Metadata) -> (u64, u64) {
    (0, 0)
}

#[cfg(unix)]
fn access(metadata: &Metadata) -> (u32, u32, u32) {
    use std::os::unix::fs::MetadataExt;
    (metadata.mode(), metadata.uid(), metadata.gid())
}

#[cfg(not(unix))]
fn access(_metadata: &Metadata) -> (u32, u32, u32) {
    (0, 0, 0)
}

/// Reads and checks the watchlist at `path`. Reports name it as `path` is written.
pub fn load(path: &Path, places: &Places) -> Result<Loaded, Report> {
    let name = path.display().to_string();
    let (bytes, modified) = read(path).map_err(|error| unreadable(&name, &error))?;
    let text = String::from_utf8(bytes).map_err(|error| not_utf8(&name, error.as_bytes()))?;
    check(text, &name, modified, places)
}

/// Checks a text that was kept of a watchlist and written at that moment, as if it stood at `path`.
pub fn load_text(
    text: String,
    modified: Option<Timestamp>,
    path: &Path,
    places: &Places,
) -> Result<Loaded, Report> {
    check(text, &path.display().to_string(), modified, places)
}

fn check(
    text: String,
    name: &str,
    modified: Option<Timestamp>,
    places: &Places,
) -> Result<Loaded, Report> {
    let Checked { config, warnings } = parse(&text, name, places)?;
    let findings = secret_findings(&config);
    let warnings = if findings.is_empty() {
        warnings
    } else {
        warnings.with(findings)
    };
    Ok(Loaded {
        config,
        warnings,
        version: Version {
            hash: hash(&text),
            modified,
        },
        text,
    })
}

/// The bytes of a file that is no larger than a watchlist can be, and when it was last written.
fn read(path: &Path) -> io::Result<(Vec<u8>, Option<Timestamp>)> {
    let metadata = regular::metadata(path)?;
    let mut bytes = Vec::new();
    File::open(path)?
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let modified = metadata
        .modified()
        .ok()
        .and_then(|time| Timestamp::try_from(time).ok());
    Ok((bytes, modified))
}

/// The text of a watchlist that may be broken in any way; empty if there is none.
pub fn broken_text(path: &Path) -> String {
    let bytes = read(path).map(|(bytes, _)| bytes).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn unreadable(name: &str, error: &io::Error) -> Report {
    let hint = match error.kind() {
        io::ErrorKind::NotFound => {
            Some("write one with `wirewatch init`, or name another with `--config`")
        }
        io::ErrorKind::PermissionDenied => Some(
            "let the user of the service read it; commands go by that user too: `sudo -u wirewatch wirewatch status`",
        ),
        io::ErrorKind::IsADirectory => Some("name the file in it"),
        io::ErrorKind::InvalidInput => {
            Some("write the watchlist to a file: it is read again after each edit")
        }
        _ => None,
    };
    let cause = match error.kind() {
        io::ErrorKind::FileTooLarge => "it is larger than 64 MiB".to_owned(),
        _ => secrets::in_words(error),
    };
    Report::unreadable(
        name,
        format!("cannot read the watchlist `{name}`: {cause}"),
        hint.map(str::to_owned),
    )
}

fn not_utf8(name: &str, bytes: &[u8]) -> Report {
    let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let good = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    // Up to the bad byte the text is what the editor shows, so line and column are right.
    let text = String::from_utf8_lossy(bytes).into_owned();
    let message = if utf16 {
        "the watchlist is UTF-16, not UTF-8"
    } else {
        "this is not UTF-8"
    };
    let finding = Finding::problem(good..good + 1, message).hint("save the file as UTF-8");
    Report::new(name, text.into(), vec![finding])
}

/// A secret that cannot be read is a warning, not a problem: under systemd it may be there only for the service.
fn secret_findings(config: &Config) -> Vec<Finding> {
    let mut secrets: Vec<(&SecretSource, String)> = Vec::new();
    for FeedConfig { feed, access } in &config.feeds {
        let headers = access.headers.iter().filter_map(|(_, value)| match value {
            HeaderValue::Secret(source) => Some(source),
            HeaderValue::Plain(_) => None,
        });
        let login = access.login.iter().map(|login| &login.password);
        let name = feed.name.as_ref().unwrap_or(&feed.url);
        let without = || format!("`{name}` cannot be read without it");
        secrets.extend(login.chain(headers).map(|source| (source, without())));
    }
    if let Transport::Smtp(smtp) = &config.mail.transport {
        let login = smtp.login.iter().map(|login| &login.password);
        let without = || "no mail can be sent without it".to_owned();
        secrets.extend(login.map(|source| (source, without())));
    }
    secrets
        .into_iter()
        .filter_map(|(source, without)| secret_finding(source, &without))
        .collect()
}

/// What is doubtful about a secret; `without` says what does not work if it cannot be read.
fn secret_finding(source: &SecretSource, without: &str) -> Option<Finding> {
    let warning = |message: String, hint: &str| Finding {
        span: None,
        severity: Severity::Warning,
        ..Finding::problem(0..0, message).hint(hint)
    };
    if let Err(error) = source.read() {
        let hint = match source {
            SecretSource::File(_) => {
                "it is looked for beside the watchlist, or in $CREDENTIALS_DIRECTORY"
            }
            SecretSource::Env(_) => "set it for the service: `EnvironmentFile=` of its unit",
        };
        return Some(warning(format!("{error}; {without}"), hint));
    }
    let SecretSource::File(path) = source else {
        return None;
    };
    secrets::others_can_read(path).then(|| {
        let message = format!(
            "every user of this machine can read the secret `{}`",
            path.display()
        );
        warning(message, "take that right away: chmod o-r")
    })
}

/// A stable hash of a text; nothing secret depends on it.
fn hash(text: &str) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::config::report::Colour;

    const WATCHLIST: &str = "[mail]\nto = [\"me@news.example\"]\n[[feed]]\nurl = \"https://example.org/feed.xml\"\nusername = \"me\"\npassword_file = \"secret\"\n[[topic]]\nname = \"Mosul\"\nany = [\"Mosul\"]\n";

    /// What loading says, with the folder's name taken out.
    #[track_caller]
    fn check(prepare: impl Fn(&Path), expect: Expect) {
        let folder = tempfile::tempdir().expect("a folder");
        prepare(folder.path());
        let places = Places {
            config: folder.path().to_owned(),
            state: Some(folder.path().to_owned()),
            credentials: None,
        };
        let report = match load(&folder.path().join("w.toml"), &places) {
            Ok(loaded) => loaded.warnings,
            Err(report) => report,
        };
        let text = report.render(Colour::Plain);
        expect.assert_eq(&text.replace(&folder.path().display().to_string(), "/F"));
    }

    #[test]
    fn a_missing_file_says_how_to_get_one() {
        check(
            |_| {},
            expect![[r#"
                error: cannot read the watchlist `/F/w.toml`: there is no such file
                --> /F/w.toml
                 = help: write one with `wirewatch init`, or name another with `--config`

            "#]],
        );
    }

    #[test]
    fn a_folder_is_no_watchlist() {
        check(
            |folder| fs::create_dir(folder.join("w.toml")).expect("created"),
            expect![[r#"
                error: cannot read the watchlist `/F/w.toml`: it is a folder
                --> /F/w.toml
                 = help: name the file in it

            "#]],
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_no_watchlist_and_holds_no_secret() {
        use std::os::unix::fs::symlink;
        check(
            |folder| symlink("/dev/zero", folder.join("w.toml")).expect("linked"),
            expect![[r#"
                error: cannot read the watchlist `/F/w.toml`: it is a device, not a file
                --> /F/w.toml
                 = help: write the watchlist to a file: it is read again after each edit

            "#]],
        );
        check(
            |folder| {
                fs::write(folder.join("w.toml"), WATCHLIST).expect("written");
                symlink("/dev/zero", folder.join("secret")).expect("linked");
            },
            expect![[r#"
                warning: cannot read the secret `/F/secret`: it is a device, not a file; `https://example.org/feed.xml` cannot be read without it
                --> /F/w.toml
                 = help: it is looked for beside the watchlist, or in $CREDENTIALS_DIRECTORY

            "#]],
        );
    }

    #[test]
    fn a_byte_that_is_not_utf_8_has_a_place() {
        check(
            |folder| fs::write(folder.join("w.toml"), b"[mail]\n# caf\xe9\n").expect("written"),
            expect![[r#"
                error: this is not UTF-8
                 --> /F/w.toml:2:6
                  |
                2 | # caf�
                  |      ^
                  |
                  = help: save the file as UTF-8

            "#]],
        );
    }

    #[test]
    fn a_secret_that_is_missing_is_a_warning() {
        check(
            |folder| fs::write(folder.join("w.toml"), WATCHLIST).expect("written"),
            expect![[r#"
                warning: cannot read the secret `/F/secret`: there is no such file; `https://example.org/feed.xml` cannot be read without it
                --> /F/w.toml
                 = help: it is looked for beside the watchlist, or in $CREDENTIALS_DIRECTORY

            "#]],
        );
    }

    #[test]
    fn a_password_that_is_missing_stops_all_mail() {
        let smtp = "[mail.smtp]\nhost = \"mail.news.example\"\nusername = \"me\"\npassword_env = \"WIREWATCH_NO_SUCH_VARIABLE\"\n";
        let watchlist = WATCHLIST
            .replace("username = \"me\"\npassword_file = \"secret\"\n", "")
            .replace("[[feed]]", &format!("{smtp}[[feed]]"));
        check(
            |folder| fs::write(folder.join("w.toml"), &watchlist).expect("written"),
            expect![[r#"
                warning: the environment variable `WIREWATCH_NO_SUCH_VARIABLE` is not set; no mail can be sent without it
                --> /F/w.toml
                 = help: set it for the service: `EnvironmentFile=` of its unit

            "#]],
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_that_others_can_read_is_a_warning() {
        use std::os::unix::fs::PermissionsExt;
        let with_mode = |mode| {
            move |folder: &Path| {
                fs::write(folder.join("w.toml"), WATCHLIST).expect("written");
                fs::write(folder.join("secret"), "hunter2\n").expect("written");
                fs::set_permissions(folder.join("secret"), fs::Permissions::from_mode(mode))
                    .expect("set");
            }
        };
        check(with_mode(0o640), expect![""]);
        check(
            with_mode(0o644),
            expect![[r#"
                warning: every user of this machine can read the secret `/F/secret`
                --> /F/w.toml
                 = help: take that right away: chmod o-r

            "#]],
        );
    }

    #[test]
    fn a_stamp_tells_a_replaced_file_from_the_old_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, next) = (folder.path().join("w.toml"), folder.path().join("next"));
        fs::write(&path, "same size").expect("written");
        fs::write(&next, "size same").expect("written");
        let before = Stamp::of(&path).expect("there");
        assert_eq!(before, Stamp::of(&path).expect("there"));
        fs::rename(&next, &path).expect("replaced");
        assert_ne!(before, Stamp::of(&path).expect("there"));
    }

    #[test]
    fn the_version_follows_the_text() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("w.toml");
        let version = |text: &str| {
            fs::write(&path, text).expect("written");
            let places = Places::default();
            let places = Places {
                state: Some("/s".into()),
                ..places
            };
            load(&path, &places).expect("fine").version
        };
        let first = version(WATCHLIST);
        let second = version(&format!("{WATCHLIST}# a note\n"));
        let third = version(WATCHLIST);
        assert_ne!(first.hash, second.hash);
        assert_eq!(first.hash, third.hash);
        assert!(first.modified.is_some());
    }
}
