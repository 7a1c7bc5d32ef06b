//! How much room the database takes and has.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{Store, StoreError, cannot_open};
use crate::model::Timestamp;

/// The room on a disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Of the database with its side files.
    pub database: u64,
    /// What this user may still write there; `None`: the system does not say.
    pub free: Option<u64>,
}

impl Room {
    /// Less than this may be full within a day: a person should look.
    const LITTLE: u64 = 100 << 20;

    /// The room of the database at `path` and around it.
    pub fn of(path: &Path) -> Room {
        Room {
            database: size(path, "") + size(path, "-wal"),
            free: rustix::fs::statvfs(path)
                .ok()
                .map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)),
        }
    }

    /// Whether the disk is nearly full.
    pub fn is_short(&self) -> bool {
        self.free.is_some_and(|free| free < Self::LITTLE)
    }
}

/// Which file it was that was opened, and its side files.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    identity: (u64, u64),
    sides: Vec<(PathBuf, (u64, u64))>,
}

impl File {
    /// The file at `path`, which is open; `None`: it is gone already.
    pub(super) fn at(path: &Path) -> Option<File> {
        let sides = ["-wal", "-shm"].map(|suffix| with(path, suffix));
        let sides = sides.into_iter().filter_map(|side| {
            let identity = identity(&side)?;
            Some((side, identity))
        });
        Some(File {
            path: path.to_owned(),
            identity: identity(path)?,
            sides: sides.collect(),
        })
    }

    fn is_there(&self) -> bool {
        identity(&self.path) == Some(self.identity)
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

impl Store {
    /// Whether the file was removed or replaced since it was opened: what is written goes where nobody will find it.
    pub fn is_displaced(&self) -> bool {
        self.file.as_ref().is_some_and(|file| !file.is_there())
    }

    /// Closes the database. If its file was removed, what it held is put in its place again, as a copy of now; `true`:
    /// so it was. Another file that somebody put there is left as it is.
    pub fn close(mut self, now: Timestamp) -> Result<bool, StoreError> {
        let Some(file) = self.file.take().filter(|file| !file.is_there()) else {
            return Ok(false);
        };
        let is_removed = !file.path.exists();
        let rescued = with(&file.path, ".rescued");
        if is_removed {
            self.backup(&rescued, now, |_, _| {})?;
        }
        // SQLite leaves the log of a file that is no longer there, and would take it for that of the next one.
        drop(self);
        for (side, before) in &file.sides {
            if identity(side) == Some(*before) {
                let _ = std::fs::remove_file(side);
            }
        }
        if is_removed {
            std::fs::rename(&rescued, &file.path)
                .map_err(|error| cannot_open(&file.path, &error))?;
        }
        Ok(is_removed)
    }
}

/// Whether the database at `path` is there and holds nothing, nor does its log: a crash or a full disk may leave it so.
pub fn is_emptied(path: &Path) -> bool {
    path.exists() && size(path, "") == 0 && size(path, "-wal") == 0
}

/// The bytes of the file of this name; 0 if there is none.
fn size(path: &Path, suffix: &str) -> u64 {
    std::fs::metadata(with(path, suffix)).map_or(0, |metadata| metadata.len())
}

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
