//! Files that belong to the user of the service, whoever wrote them.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

/// Gives a file or folder that was just made to the owner of the folder it is in, if we are root: a command that root runs
/// by hand must not leave files that the service cannot open. SQLite does the same with its side files.
pub fn hand_over(made: &Path) {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = made
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Ok(owner) = fs::metadata(folder.unwrap_or(Path::new("."))) {
        // Where it cannot be given away it works as well as without.
        let _ = chown(made, Some(owner.uid()), Some(owner.gid()));
    }
}
