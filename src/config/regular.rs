//! Files that are files.
//!
//! To open a pipe that nobody writes to waits for ever, and a device may never end: what is no file is refused before it
//! is opened.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

/// What the system knows of a file, links followed; an error that says what else is there.
pub(super) fn metadata(path: &Path) -> io::Result<Metadata> {
    let metadata = fs::metadata(path)?;
    if metadata.is_file() {
        return Ok(metadata);
    }
    Err(match kind(&metadata) {
        None => io::ErrorKind::IsADirectory.into(),
        Some(kind) => io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("it is {kind}, not a file"),
        ),
    })
}

/// What is neither a file nor, where it is `None`, a folder.
#[cfg(unix)]
fn kind(metadata: &Metadata) -> Option<&'static str> {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    if kind.is_dir() {
        None
    } else if kind.is_fifo() {
        Some("a pipe")
    } else if kind.is_socket() {
        Some("a socket")
    } else {
        Some("a device")
    }
}

#[cfg(not(unix))]
fn kind(metadata: &Metadata) -> Option<&'static str> {
    (!metadata.is_dir()).then_some("a device")
}
