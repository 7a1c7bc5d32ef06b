//! Passwords and tokens: where they are, and reading them without ever printing them.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A text that no log, report or panic may show.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text itself, for the one who sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where a secret is. It is read when it is needed, so that a new token works without a reload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// The first line of this file.
    File(PathBuf),
    /// The value of this environment variable.
    Env(String),
}

/// Why a secret could not be read. The message names the place, never the content.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("cannot read the secret `{}`: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The file is there and holds nothing on its first line.
    #[error("the secret `{}` is empty", .0.display())]
    EmptyFile(PathBuf),
    /// More than a password: probably the wrong file.
    #[error("the secret `{}` is larger than 64 KiB", .0.display())]
    TooLarge(PathBuf),
    /// The environment does not have it, or it is empty or not UTF-8.
    #[error("the environment variable `{0}` is not set")]
    NoVariable(String),
}

/// The largest file that is taken for a secret.
const LARGEST: u64 = 64 * 1024;

impl SecretSource {
    /// Reads the secret: the first line of the file, or the whole variable.
    pub fn read(&self) -> Result<Secret, SecretError> {
        match self {
            SecretSource::File(path) => read_file(path),
            SecretSource::Env(name) => match std::env::var(name) {
                Ok(text) if !text.is_empty() => Ok(Secret(text)),
                _ => Err(SecretError::NoVariable(name.clone())),
            },
        }
    }
}

fn read_file(path: &Path) -> Result<Secret, SecretError> {
    let unreadable = |cause| SecretError::Unreadable {
        path: path.to_owned(),
        cause,
    };
    if fs::metadata(path).map_err(unreadable)?.len() > LARGEST {
        return Err(SecretError::TooLarge(path.to_owned()));
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    // Editors end a file with a line feed, and `pass` keeps notes below the first line.
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(SecretError::EmptyFile(path.to_owned()));
    }
    Ok(Secret(line.to_owned()))
}

/// Whether the file may be read by users other than its owner and group.
#[cfg(unix)]
pub fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
}

/// Permissions of other systems are not ours to judge.
#[cfg(not(unix))]
pub fn others_can_read(_path: &Path) -> bool {
    false
}
