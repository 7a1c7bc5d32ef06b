//! Copies of the database, and noticing that one was put back.
//!
//! A copy carries a mark with the time at which it was made. A database that is opened for work and has that mark is
//! a copy that somebody put back: what was mailed between the copy and now is unknown to it and may come again.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::{Store, StoreError, cannot_open, create_folder, doing, instant, schema, seconds};
use crate::model::Timestamp;

/// Pages copied between two looks at the progress: 8 MiB.
const AT_ONCE: i32 = 2048;

// In `meta`: when a copy was made; it becomes the other two once the copy works as the database.
const COPIED_AT: &str = "copied_at";
const RESTORED_FROM: &str = "restored_from";
const RESTORED_AT: &str = "restored_at";

/// A copy that was put back and works as the database since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// When the copy was made: what happened after that is not in it.
    pub copied_at: Timestamp,
    /// When it was first opened for work.
    pub at: Timestamp,
}

impl Store {
    /// Copies the database, consistently and while others write, to a new file (0600) that stands by itself, and checks
    /// the copy. `progress` hears of bytes copied and of all bytes. Gives the size of the copy.
    pub fn backup(
        &self,
        to: &Path,
        now: Timestamp,
        progress: impl FnMut(u64, u64),
    ) -> Result<u64, StoreError> {
        create_folder(to)?;
        refuse_existing(to)?;
        let mut partial = Partial::create(to)?;
        self.copy(&partial.path, progress)?;
        finish(&partial.path, now)?;
        // A rename replaces, and the copy took its time.
        refuse_existing(to)?;
        partial.keep_as(to).map_err(|error| cannot_open(to, &error))
    }

    fn copy(&self, to: &Path, mut progress: impl FnMut(u64, u64)) -> Result<(), StoreError> {
        let copying = doing("copy the database");
        // An open reading transaction keeps the copy from starting anew whenever the daemon writes.
        let outcome = (|| {
            let reading = self.connection.unchecked_transaction()?;
            let page: u32 = reading.query_row("PRAGMA page_size", (), |row| row.get(0))?;
            reading.query_row("SELECT count(*) FROM meta", (), |row| row.get::<_, i64>(0))?;
            let mut target = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            let backup = Backup::new(&reading, &mut target)?;
            while backup.step(AT_ONCE)? != StepResult::Done {
                let state = backup.progress();
                let bytes = |pages: i32| u64::try_from(pages).unwrap_or(0) * u64::from(page);
                progress(
                    bytes(state.pagecount - state.remaining),
                    bytes(state.pagecount),
                );
            }
            Ok(())
        })();
        outcome.map_err(copying)
    }

    /// Notes that this database is a copy that was put back, if it is one.
    pub(super) fn notice_restore(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let read = doing("look for the mark of a copy");
        let Some(copied_at) = schema::meta(&self.connection, COPIED_AT).map_err(read)? else {
            return Ok(());
        };
        self.savepoint(|store| {
            store.ask("note that a copy was put back", |connection| {
                schema::set_meta(connection, RESTORED_FROM, copied_at)?;
                schema::set_meta(connection, RESTORED_AT, seconds(now))?;
                connection
                    .execute("DELETE FROM meta WHERE name = ?1", [COPIED_AT])
                    .map(drop)
            })
        })
    }

    /// The copy that this database began as, if one was put back.
    pub fn restored(&self) -> Result<Option<Restored>, StoreError> {
        self.ask("look for the mark of a copy", |connection| {
            let copied_at = schema::meta(connection, RESTORED_FROM)?;
            let at = schema::meta(connection, RESTORED_AT)?;
            Ok(copied_at.zip(at).map(|(copied_at, at)| Restored {
                copied_at: instant(copied_at),
                at: instant(at),
            }))
        })
    }
}

/// Makes the copy stand by itself, marks it and reads it once.
fn finish(path: &Path, now: Timestamp) -> Result<(), StoreError> {
    let finishing = doing("finish the copy");
    let outcome = (|| {
        let copy = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // Without a side file of its own it is one file, and can be read from a medium that cannot be written.
        copy.pragma_update(None, "journal_mode", "delete")?;
        schema::set_meta(&copy, COPIED_AT, seconds(now))?;
        copy.query_row("PRAGMA integrity_check(1)", (), |row| {
            row.get::<_, String>(0)
        })
    })();
    match outcome.map_err(finishing)? {
        sound if sound == "ok" => Ok(()),
        cause => Err(StoreError::Damaged {
            path: path.to_owned(),
            cause,
        }),
    }
}

fn refuse_existing(path: &Path) -> Result<(), StoreError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(cannot_open(path, &error)),
        Ok(_) => Err(StoreError::Exists {
            path: path.to_owned(),
        }),
    }
}

/// A copy that is not finished; removed when dropped before it was kept.
struct Partial {
    path: PathBuf,
    kept: bool,
}

impl Partial {
    fn create(target: &Path) -> Result<Partial, StoreError> {
        let mut name = target.as_os_str().to_owned();
        name.push(".partial");
        let path = PathBuf::from(name);
        // One that a crash left behind is of no use.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(cannot_open(&path, &error));
            }
            _ => {}
        }
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| cannot_open(&path, &error))?;
        Ok(Partial { path, kept: false })
    }

    /// Gives it its name, on the disk before this returns, and its size.
    fn keep_as(&mut self, target: &Path) -> std::io::Result<u64> {
        let file = File::open(&self.path)?;
        file.sync_all()?;
        fs::rename(&self.path, target)?;
        self.kept = true;
        let folder = target
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(file.metadata()?.len())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.kept {
            // The error that brought us here is the one to report.
            let _ = fs::remove_file(&self.path);
        }
    }
}
