//! How much room the database takes and has.

use std::path::Path;

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
        let size = |suffix: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            std::fs::metadata(name).map_or(0, |metadata| metadata.len())
        };
        Room {
            database: size("") + size("-wal"),
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
