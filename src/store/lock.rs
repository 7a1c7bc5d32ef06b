//! The lock beside the database: one process works on it, the others read.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{StoreError, cannot_open, create_folder};
use crate::files::hand_over;

/// Held from `take` until it is dropped; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    /// The lock belongs to this handle.
    _file: File,
}

/// What a process holds the lock for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// The daemon.
    Daemon,
    /// A command that ends by itself.
    Command,
}

/// Who holds the lock, or held it last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The number of the process.
    pub process: u32,
    /// What it works.
    pub work: Work,
    /// Whether it holds the lock now.
    pub is_working: bool,
}

/// `Lock::holder` holds the lock for a moment; whoever takes it looks so often before giving up.
const LOOKS: u32 = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

impl Lock {
    /// Takes the lock of the database at `path`, in `<path>.lock`, or says who holds it.
    pub fn take(path: &Path, work: Work) -> Result<Lock, StoreError> {
        create_folder(path)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(beside(path))
            .map_err(|error| cannot_open(path, &error))?;
        hand_over(&beside(path));
        let mut looks = 1;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if looks < LOOKS => {
                    looks += 1;
                    std::thread::sleep(BETWEEN_LOOKS);
                }
                Err(TryLockError::WouldBlock) => {
                    let holder = read(&mut file);
                    return Err(StoreError::InUse {
                        path: path.to_owned(),
                        holder: holder.map_or_else(
                            || "another process".to_owned(),
                            |(process, _)| format!("process {process}"),
                        ),
                    });
                }
                Err(TryLockError::Error(error)) => return Err(cannot_open(path, &error)),
            }
        }
        file.set_len(0)
            .and_then(|()| write!(file, "{} {}", std::process::id(), work.as_str()))
            .map_err(|error| cannot_open(path, &error))?;
        Ok(Lock { _file: file })
    }

    /// Who works on the database at `path` now, or did last; `None` if nobody ever did, or that cannot be seen.
    pub fn holder(path: &Path) -> Option<Holder> {
        let mut file = File::open(beside(path)).ok()?;
        // Shared, so that two who look do not see each other. It is let go of with the handle.
        let is_working = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        let (process, work) = read(&mut file)?;
        Some(Holder {
            process,
            work,
            is_working,
        })
    }
}

impl Work {
    fn as_str(self) -> &'static str {
        match self {
            Work::Daemon => "run",
            Work::Command => "command",
        }
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn read(file: &mut File) -> Option<(u32, Work)> {
    let mut text = String::new();
    file.take(64).read_to_string(&mut text).ok()?;
    let mut words = text.split_whitespace();
    let process = words.next()?.parse().ok()?;
    let is_daemon = words.next() == Some(Work::Daemon.as_str());
    Some((
        process,
        if is_daemon {
            Work::Daemon
        } else {
            Work::Command
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_seen_while_it_works_and_remembered_after() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("watch.db");
        assert_eq!(Lock::holder(&path), None);
        let lock = Lock::take(&path, Work::Daemon).expect("free");
        let expected = |is_working| {
            Some(Holder {
                process: std::process::id(),
                work: Work::Daemon,
                is_working,
            })
        };
        assert_eq!(Lock::holder(&path), expected(true));
        drop(lock);
        assert_eq!(Lock::holder(&path), expected(false));
    }

    #[test]
    fn whoever_looks_does_not_stop_whoever_takes_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("watch.db");
        drop(Lock::take(&path, Work::Command).expect("free"));
        let looking = File::open(beside(&path)).expect("there");
        looking.try_lock_shared().expect("free");
        let letting_go = std::thread::spawn(move || {
            std::thread::sleep(BETWEEN_LOOKS);
            drop(looking);
        });
        Lock::take(&path, Work::Command).expect("free after a moment");
        letting_go.join().expect("it ends");
    }
}
