//! The last watchlist that had no problems, kept beside the database.
//!
//! A daemon that is restarted while the watchlist is broken goes on with this one. It is written whole or not
//! at all, for the owner's eyes only, and never enters the database or a backup. Its first line says which file it is
//! of: two watchlists may be tried over one database, and neither may run in the place of the other.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use toml::de::DeTable;

use super::find::Places;
use super::{settings, syntax};
use crate::files::hand_over;

const FILE_NAME: &str = "last-good.toml";

/// What stands before the path, as a JSON string, in the first line.
const OF: &str = "# The last good version of ";

/// What was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The watchlist.
    pub text: String,
    /// The file it was read from; `None`: it was kept before that was noted.
    pub of: Option<PathBuf>,
}

impl Kept {
    /// Whether it is of the watchlist at this path, which may be written in another way than it was then.
    ///
    /// Links are followed only if the path as it is written is another one: Nix and Kubernetes swap the folder behind a
    /// link, and what was kept of the one before is of the same watchlist.
    pub fn is_of(&self, watchlist: &Path) -> bool {
        let Some(of) = &self.of else { return true };
        let resolved = || {
            Some((
                fs::canonicalize(of).ok()?,
                fs::canonicalize(watchlist).ok()?,
            ))
        };
        named(watchlist) == named(of) || resolved().is_some_and(|(of, watchlist)| of == watchlist)
    }
}

/// Where it is kept for this database.
pub fn path(database: &Path) -> PathBuf {
    database.with_file_name(FILE_NAME)
}

/// Keeps the text of a watchlist that was accepted, read from the file `watchlist`. Nothing is written if it is there
/// already.
pub fn write(database: &Path, watchlist: &Path, text: &str) -> io::Result<()> {
    let target = path(database);
    let text = format!("{OF}{}\n{text}", serde_json::Value::from(named(watchlist)));
    if fs::read(&target).is_ok_and(|bytes| bytes == text.as_bytes()) {
        return Ok(());
    }
    let partial = target.with_extension("toml.partial");
    let mut file = create_private(&partial)?;
    hand_over(&partial);
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&partial, &target)?;
    // The rename itself lasts only once the folder is on disk.
    let folder = target
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// What was kept, if anything.
pub fn read(database: &Path) -> io::Result<Option<Kept>> {
    let text = match fs::read_to_string(path(database)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let of = text.split_once('\n').and_then(|(first, rest)| {
        let name: String = serde_json::from_str(first.strip_prefix(OF)?).ok()?;
        Some((PathBuf::from(name), rest.to_owned()))
    });
    Ok(Some(match of {
        Some((of, text)) => Kept { text, of: Some(of) },
        None => Kept { text, of: None },
    }))
}

/// A path as it is written, from the root; what of it is not UTF-8 is replaced.
fn named(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.to_string_lossy().into_owned()
}

/// When the kept text was taken up.
pub fn taken_up(database: &Path) -> Option<Timestamp> {
    let modified = fs::metadata(path(database)).ok()?.modified().ok()?;
    modified.try_into().ok()
}

/// The database that a broken watchlist names, as far as that can be read; else the default one.
pub fn database_of(text: &str, places: &Places) -> PathBuf {
    let (mended, _) = syntax::mend(text);
    let document = DeTable::parse_recoverable(&mended).0;
    let store = document
        .get_ref()
        .get("store")
        .and_then(|store| store.get_ref().as_table());
    let written = store
        .and_then(|store| store.get("path"))
        .and_then(|path| path.get_ref().as_str());
    settings::database(written, places)
}

#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    // A file that a crash left behind keeps its mode when it is opened again.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(database: &Path) -> Kept {
        read(database).expect("readable").expect("there")
    }

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("wirewatch.db");
        let watchlist = folder.path().join("a \"b\"\n.toml");
        assert_eq!(read(&database).expect("readable"), None);
        write(&database, &watchlist, "first").expect("written");
        write(&database, &watchlist, "second\nline\n").expect("written");
        let of = Some(watchlist);
        let text = "second\nline\n".to_owned();
        assert_eq!(kept(&database), Kept { text, of });
        assert!(taken_up(&database).is_some());
        let names: Vec<_> = fs::read_dir(folder.path())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert_eq!(names, ["last-good.toml"]);
    }

    #[test]
    fn one_that_does_not_say_whose_it_is_serves_any_watchlist() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("wirewatch.db");
        for text in ["# The last good version\n[mail]\n", "[mail]\n", ""] {
            fs::write(path(&database), text).expect("written");
            assert_eq!(kept(&database).text, text);
            assert!(kept(&database).is_of(Path::new("any.toml")));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_watchlist_is_the_same_however_its_path_is_written() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let database = at("wirewatch.db");
        for name in ["a", "b"] {
            fs::create_dir(at(name)).expect("created");
            fs::write(at(name).join("w.toml"), "").expect("written");
        }
        symlink(at("a"), at("current")).expect("linked");
        write(&database, &at("current/w.toml"), "text").expect("written");
        for same in ["current/w.toml", "a/w.toml", "b/../current/./w.toml"] {
            assert!(kept(&database).is_of(&at(same)), "{same}");
        }
        for other in ["b/w.toml", "current/v.toml", "w.toml"] {
            assert!(!kept(&database).is_of(&at(other)), "{other}");
        }
        // The next release is put behind the link, or the file is removed.
        fs::remove_file(at("current")).expect("removed");
        assert!(kept(&database).is_of(&at("current/w.toml")));
        symlink(at("b"), at("current")).expect("linked");
        assert!(kept(&database).is_of(&at("current/w.toml")));
        assert!(!kept(&database).is_of(&at("a/w.toml")));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("wirewatch.db");
        write(&database, Path::new("w.toml"), "text").expect("written");
        let mode = fs::metadata(path(&database))
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_broken_watchlist_still_says_where_its_database_is() {
        let places = Places {
            state: Some("/state".into()),
            ..Places::default()
        };
        let named = "[store]\npath = \"news.db\"\n[mail]\nto = [\"a@b\n";
        assert_eq!(database_of(named, &places), Path::new("/state/news.db"));
        assert_eq!(
            database_of("[mail\n", &places),
            Path::new("/state/wirewatch.db")
        );
    }
}
