//! The lock beside the database: one process at a time polls or sends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{StoreError, cannot_open, create_folder};

/// Held from `take` until it is dropped; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    /// The lock belongs to this handle.
    _file: File,
}

impl Lock {
    /// Takes the lock of the database at `path`, in `<path>.lock`, or says who holds it.
    pub fn take(path: &Path) -> Result<Lock, StoreError> {
        create_folder(path)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(beside(path))
            .map_err(|error| cannot_open(path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse {
                    path: path.to_owned(),
                    holder: holder(&mut file),
                });
            }
            Err(TryLockError::Error(error)) => return Err(cannot_open(path, &error)),
        }
        file.set_len(0)
            .and_then(|()| write!(file, "{}", std::process::id()))
            .map_err(|error| cannot_open(path, &error))?;
        Ok(Lock { _file: file })
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(32).read_to_string(&mut text).is_ok();
    match text.trim().parse::<u32>() {
        Ok(process) if read => format!("process {process}"),
        _ => "another process".to_owned(),
    }
}
