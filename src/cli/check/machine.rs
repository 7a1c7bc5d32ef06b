//! What this machine must have for us: folders, the database, a clock that is right.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::online::{Finding, shown};
use crate::config::Config;
use crate::store::{Store, StoreError};

/// Tries the folder of the database and the database itself, which is opened for reading if it is there.
pub(super) fn database(
    config: &Config,
    add: &mut impl FnMut(Finding) -> anyhow::Result<()>,
) -> anyhow::Result<Option<Store>> {
    let path = &config.store.path;
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        add(folder("state folder", parent))?;
    }
    let name = shown(path);
    // Before SQLite opens it: closing another handle would drop SQLite's locks.
    if let Some(finding) = rights(path) {
        add(finding)?;
    }
    let faults = match Store::open_read(path) {
        Ok(store) => store.faults().map(|faults| (store, faults)),
        Err(error) => Err(error),
    };
    let (finding, store) = match faults {
        Ok((store, faults)) if faults.is_empty() => {
            let items = store.counts()?.items;
            let words = format!("whole, {items} items");
            (Finding::good("database", &name, words), Some(store))
        }
        Ok((_, faults)) => {
            let words = format!("it is damaged: {}", faults.join("; "));
            let hint = "stop wirewatch, keep a copy of the file, and restore a backup";
            (Finding::problem("database", &name, words).hint(hint), None)
        }
        Err(StoreError::Missing { .. }) => {
            let words = "not there yet; `wirewatch poll` or `wirewatch run` creates it";
            (Finding::note("database", &name, words), None)
        }
        Err(error) => {
            let finding = Finding::problem("database", &name, error.to_string());
            let finding = match error.hint() {
                Some(hint) => finding.hint(hint),
                None => finding,
            };
            (finding, None)
        }
    };
    add(finding)?;
    Ok(store)
}

/// What is wrong with who may read and write a file, if anything.
fn rights(path: &Path) -> Option<Finding> {
    let name = shown(path);
    let metadata = std::fs::metadata(path).ok()?;
    if metadata.permissions().mode() & 0o007 != 0 {
        let words = "everybody on this machine may look into it";
        let hint = format!("chmod o= {name}");
        return Some(Finding::problem("database", &name, words).hint(hint));
    }
    let error = OpenOptions::new().append(true).open(path).err()?;
    let words = format!("cannot write it: {error}");
    let hint = "run as the user of the service, or give the file to that user";
    Some(Finding::problem("database", &name, words).hint(hint))
}

/// Whether files can be made in a folder, or the folder itself where it is not there yet.
pub(super) fn folder(what: &'static str, folder: &Path) -> Finding {
    let name = shown(folder);
    let present = folder
        .ancestors()
        .find(|ancestor| ancestor.exists())
        .unwrap_or(Path::new("."));
    match try_to_write(present) {
        Ok(()) if present == folder => Finding::good(what, &name, "can be written"),
        Ok(()) => Finding::note(what, &name, "not there yet; it will be made"),
        Err(error) => {
            let words = format!("cannot write into `{}`: {error}", present.display());
            let hint = "give the folder to the user of the service, or name another";
            Finding::problem(what, &name, words).hint(hint)
        }
    }
}

fn try_to_write(folder: &Path) -> io::Result<()> {
    let trial = folder.join(format!(".wirewatch-check-{}", std::process::id()));
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&trial);
    created.and_then(|_| std::fs::remove_file(&trial))
}

/// Compares the clock with those of the servers that answered; `offsets` are theirs minus ours, in seconds.
pub(super) fn clock(mut offsets: Vec<i64>) -> Finding {
    /// Certificates, schedules and "today" go wrong beyond this.
    const WRONG: i64 = 5 * 60;
    offsets.sort_unstable();
    // A cache answers with the time at which it was filled, so most of the older times say nothing; a single server
    // that is ahead of all others does not either.
    let Some(offset) = offsets.get(offsets.len() * 3 / 4) else {
        return Finding::note("clock", "", "not compared: no server told its time");
    };
    if offset.abs() <= WRONG {
        return Finding::good("clock", "", "agrees with the servers' clocks");
    }
    let side = if *offset > 0 { "behind" } else { "ahead of" };
    let words = format!("{} {side} the servers' clocks", in_words(offset.abs()));
    Finding::problem("clock", "", words)
        .hint("set this machine's clock: `timedatectl set-ntp true`")
}

fn in_words(seconds: i64) -> String {
    match seconds {
        ..7200 => format!("{} minutes", seconds / 60),
        7200..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::super::online::Verdict;
    use super::*;

    #[track_caller]
    fn check(offsets: &[i64], verdict: Verdict, words: &str) {
        let finding = clock(offsets.to_vec());
        assert_eq!((finding.verdict, finding.words.as_str()), (verdict, words));
    }

    #[test]
    fn caches_and_one_wrong_server_do_not_make_our_clock_wrong() {
        let agrees = "agrees with the servers' clocks";
        check(&[0], Verdict::Good, agrees);
        check(&[-3600, -1800, -1, 0, 1], Verdict::Good, agrees);
        check(&[0, 1, 0, -1, 86_400], Verdict::Good, agrees);
    }

    #[test]
    fn a_clock_that_is_wrong_is_told_by_how_much() {
        check(
            &[720, 725],
            Verdict::Problem,
            "12 minutes behind the servers' clocks",
        );
        check(
            &[-7300],
            Verdict::Problem,
            "2 hours ahead of the servers' clocks",
        );
        check(
            &[400_000],
            Verdict::Problem,
            "4 days behind the servers' clocks",
        );
        check(&[], Verdict::Note, "not compared: no server told its time");
    }
}
