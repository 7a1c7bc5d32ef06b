//! The last watchlist that had no problems, kept beside the database.
//!
//! A daemon that is restarted while the watchlist is broken goes on with this one. It is written whole or not
//! at all, for the owner's eyes only, and never enters the database or a backup.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use toml::de::DeTable;

use super::find::Places;
use super::{settings, syntax};
use crate::files::hand_over;

const FILE_NAME: &str = "last-good.toml";

/// Where it is kept for this database.
pub fn path(database: &Path) -> PathBuf {
    database.with_file_name(FILE_NAME)
}

/// Keeps the text of a watchlist that was accepted. Nothing is written if it is there already.
pub fn write(database: &Path, text: &str) -> io::Result<()> {
    let target = path(database);
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

/// The text that was kept, if any.
pub fn read(database: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path(database)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
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

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("wirewatch.db");
        assert_eq!(read(&database).expect("readable"), None);
        write(&database, "first").expect("written");
        write(&database, "second").expect("written");
        assert_eq!(
            read(&database).expect("readable").as_deref(),
            Some("second")
        );
        assert!(taken_up(&database).is_some());
        let names: Vec<_> = fs::read_dir(folder.path())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert_eq!(names, ["last-good.toml"]);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("wirewatch.db");
        write(&database, "text").expect("written");
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
