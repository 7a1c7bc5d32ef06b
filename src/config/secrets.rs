//! Passwords and tokens: where they are, and reading them without ever printing them.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Access, HeaderValue, regular};

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
    #[error("cannot read the secret `{}`: {}", path.display(), in_words(cause))]
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

/// What a feed's server is sent beside the request, secrets included.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// Names as written and their values.
    pub headers: Vec<(String, String)>,
    /// User name and password for HTTP Basic.
    pub basic_auth: Option<(String, String)>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Access {
    /// Reads all secrets that the feed needs.
    pub fn open(&self) -> Result<Credentials, SecretError> {
        let mut credentials = Credentials::default();
        for (name, value) in &self.headers {
            let value = match value {
                HeaderValue::Plain(secret) => secret.clone(),
                HeaderValue::Secret(source) => source.read()?,
            };
            credentials.headers.push((name.clone(), value.0));
        }
        if let Some(login) = &self.login {
            credentials.basic_auth = Some((login.username.clone(), login.password.read()?.0));
        }
        Ok(credentials)
    }
}

/// Why a file cannot be read, without the number that the system has for it.
pub(super) fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => {
            let words = error.to_string();
            let numbered = words.split_once(" (os error ");
            numbered
                .map_or(words.as_str(), |(words, _)| words)
                .to_lowercase()
        }
    }
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
    if regular::metadata(path).map_err(unreadable)?.len() > LARGEST {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What reading a file with this content gives, as its debug output.
    fn read(content: &[u8]) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        fs::write(&path, content).expect("written");
        match SecretSource::File(path).read() {
            Ok(secret) => format!("{secret:?} {}", secret.reveal()),
            Err(error) => error
                .to_string()
                .replace(&folder.path().display().to_string(), "/F"),
        }
    }

    #[test]
    fn a_secret_is_the_first_line_and_never_printed() {
        assert_eq!(read(b"hunter2"), "*** hunter2");
        assert_eq!(read(b"hunter2\n"), "*** hunter2");
        assert_eq!(read(b" with blanks \r\nuser: me\n"), "***  with blanks ");
    }

    #[test]
    fn a_file_without_a_secret_is_an_error() {
        assert_eq!(read(b""), "the secret `/F/secret` is empty");
        assert_eq!(read(b"\nhunter2\n"), "the secret `/F/secret` is empty");
        let large = vec![b'x'; 65 * 1024];
        assert_eq!(read(&large), "the secret `/F/secret` is larger than 64 KiB");
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let source = SecretSource::Env("WIREWATCH_NO_SUCH_VARIABLE".to_owned());
        let error = source.read().expect_err("it is not set");
        assert_eq!(
            error.to_string(),
            "the environment variable `WIREWATCH_NO_SUCH_VARIABLE` is not set"
        );
    }
}
