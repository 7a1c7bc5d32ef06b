//! The SQLite file: opening it, its batches and its errors. One file here per noun.
//!
//! One thread owns the [`Store`]. Fetches are applied in order, each in a [`Store::savepoint`], and committed together;
//! everything else commits at once. A savepoint that fails or panics undoes itself alone.

use std::fs::{DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::files::hand_over;
use crate::model::Timestamp;

mod backup;
pub mod cleaning;
pub mod disk;
pub mod edits;
pub mod events;
pub mod feeds;
pub mod holds;
pub mod in_force;
pub mod intake;
pub mod items;
mod keys;
mod lock;
pub mod matches;
mod offline;
pub mod outbox;
pub mod retention;
pub mod schedules;
mod schema;
mod soundness;
pub mod stories;
pub mod topics;

pub use backup::Restored;
pub use lock::{Holder, Lock, Work};

/// The SQLite file with everything observed and decided.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    /// Keys the hashes of `key`, so that no publisher can choose a hash.
    secret: [u8; 16],
    /// Whether `begin_batch` opened a transaction that is still to be committed.
    in_batch: bool,
    /// The file that was opened to be written; `None`: there is none, or it is only read.
    file: Option<disk::File>,
}

/// What SQLite says, without its name for the fault.
fn in_words(cause: &rusqlite::Error) -> String {
    match cause {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        other => other.to_string(),
    }
}

/// What went wrong with the database. `hint` has the remedy.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file or its folder cannot be opened or created.
    #[error("cannot open the database `{}`: {cause}", path.display())]
    Open {
        /// As asked for.
        path: PathBuf,
        /// In the words of the system.
        cause: String,
    },
    /// A command that only reads found no file.
    #[error("there is no database `{}` yet", path.display())]
    Missing {
        /// As asked for.
        path: PathBuf,
    },
    /// The file is no database, or one of another program.
    #[error("`{}` is not a wirewatch database", path.display())]
    Foreign {
        /// As asked for.
        path: PathBuf,
    },
    /// A later version of this program has migrated the file.
    #[error("the database `{}` has schema {found}, and this program knows only {known}", path.display())]
    Newer {
        /// As asked for.
        path: PathBuf,
        /// The schema of the file.
        found: usize,
        /// The schema of this program.
        known: usize,
    },
    /// A command that does not migrate found the schema of an earlier version.
    #[error("the database `{}` has schema {found}, and this program needs {known}", path.display())]
    Older {
        /// As asked for.
        path: PathBuf,
        /// The schema of the file.
        found: usize,
        /// The schema of this program.
        known: usize,
    },
    /// The file is ours, but parts of it are not what was written.
    #[error("the database `{}` is damaged: {cause}", path.display())]
    Damaged {
        /// As asked for.
        path: PathBuf,
        /// What SQLite says.
        cause: String,
    },
    /// A copy would replace a file.
    #[error("`{}` exists already and was not touched", path.display())]
    Exists {
        /// As asked for.
        path: PathBuf,
    },
    /// Another process holds the lock beside the database.
    #[error("the database `{}` is in use by {holder}", path.display())]
    InUse {
        /// The database.
        path: PathBuf,
        /// "process 4711", or "another process" if that is all we know.
        holder: String,
    },
    /// A statement failed.
    #[error("cannot {doing}: {}", in_words(cause))]
    Statement {
        /// What the statement was for, as a verb phrase.
        doing: &'static str,
        /// What SQLite says.
        #[source]
        cause: rusqlite::Error,
    },
    /// A full disk or a fault of it undid the whole batch, not only the last savepoint.
    #[error("the database undid a batch of fetches")]
    BatchLost,
}

const OF_DAMAGE: &str = "stop wirewatch, move the database aside with its `-wal` and `-shm`, and put a backup in its place; \
                         without a backup wirewatch begins a new one, in which what feeds show now counts as known";

impl StoreError {
    /// What the reader can do about it, for the line after the message.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            StoreError::Open { .. } => {
                Some("set `[store] path`, or run as the user of the service")
            }
            StoreError::Missing { .. } => {
                Some("`wirewatch poll` or `wirewatch run` creates it; or set `[store] path`")
            }
            StoreError::Foreign { .. } => Some("set `[store] path` to a file of its own"),
            StoreError::Newer { .. } => {
                Some("use the newer wirewatch again, or restore a backup from before the upgrade")
            }
            StoreError::Older { .. } => {
                Some("`wirewatch poll` or a restart of `wirewatch run` upgrades it")
            }
            StoreError::Damaged { .. } => Some(OF_DAMAGE),
            StoreError::Exists { .. } => Some("name a file that does not exist yet"),
            StoreError::InUse { .. } => Some("stop that process first"),
            StoreError::Statement { cause, .. } => match cause.sqlite_error_code()? {
                ErrorCode::DiskFull => Some("free some space on the disk of the database"),
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Some(OF_DAMAGE),
                ErrorCode::ReadOnly | ErrorCode::CannotOpen => Some(
                    "make the database and its folder writable for this user, or set `[store] path`",
                ),
                ErrorCode::SystemIoFailure => {
                    Some("look for faults of the disk in the log of the system")
                }
                ErrorCode::DatabaseBusy => {
                    Some("another program holds the database; close it and try again")
                }
                _ => None,
            },
            StoreError::BatchLost => None,
        }
    }

    /// The message and the remedy in one line, for the log.
    pub fn with_remedy(&self) -> String {
        match self.hint() {
            Some(hint) => format!("{self}; {hint}"),
            None => self.to_string(),
        }
    }

    /// Whether the disk is full.
    pub fn is_out_of_space(&self) -> bool {
        matches!(self, StoreError::Statement { cause, .. }
            if cause.sqlite_error_code() == Some(ErrorCode::DiskFull))
    }
}

impl Store {
    /// Opens the database, creates it (0600, its folder 0700) or migrates it. Whoever writes items takes the [`Lock`] first.
    pub fn open(path: &Path, now: Timestamp) -> Result<Store, StoreError> {
        create_private(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = connect(path, flags)?;
        let found = schema::recognise(&connection, path)?;
        schema::prepare(&connection, found).map_err(doing("set up the database"))?;
        tune(&connection).map_err(doing("set up the database"))?;
        schema::migrate(&mut connection, found)?;
        let mut store = Store::of(connection, now)?;
        store.file = disk::File::at(path);
        store.notice_restore(now)?;
        Ok(store)
    }

    /// Opens an existing database of our schema to write to it beside the daemon, in short transactions.
    pub fn open_existing(path: &Path, now: Timestamp) -> Result<Store, StoreError> {
        let connection = connect_present(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        tune(&connection).map_err(doing("set up the database"))?;
        Store::of(connection, now)
    }

    /// Opens an existing database of our schema for reading only.
    pub fn open_read(path: &Path) -> Result<Store, StoreError> {
        let connection = connect_present(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let secret = schema::secret(&connection)?;
        Ok(Store {
            connection,
            secret,
            in_batch: false,
            file: None,
        })
    }

    /// A database that is gone when dropped, for tests and benchmarks.
    pub fn open_in_memory(now: Timestamp) -> Result<Store, StoreError> {
        let mut connection = Connection::open_in_memory().map_err(doing("open a database"))?;
        schema::prepare(&connection, 0).map_err(doing("set up the database"))?;
        tune(&connection).map_err(doing("set up the database"))?;
        schema::migrate(&mut connection, 0)?;
        Store::of(connection, now)
    }

    fn of(connection: Connection, now: Timestamp) -> Result<Store, StoreError> {
        let secret = schema::secret(&connection)?;
        let mut store = Store {
            connection,
            secret,
            in_batch: false,
            file: None,
        };
        store.renew_keys(now)?;
        Ok(store)
    }

    /// Opens the transaction that gathers several fetches; without effect if it is open.
    pub fn begin_batch(&mut self) -> Result<(), StoreError> {
        if self.in_batch {
            return Ok(());
        }
        self.connection
            .execute_batch("BEGIN IMMEDIATE")
            .map_err(doing("begin a batch"))?;
        self.in_batch = true;
        Ok(())
    }

    /// Makes the batch durable. On an error nothing of it has been kept.
    pub fn commit_batch(&mut self) -> Result<(), StoreError> {
        if !std::mem::take(&mut self.in_batch) {
            return Ok(());
        }
        if self.connection.is_autocommit() {
            return Err(StoreError::BatchLost);
        }
        let outcome = self.connection.execute_batch("COMMIT");
        if outcome.is_err() && !self.connection.is_autocommit() {
            // The error of the commit is the one to report; a rollback can only fail if there is nothing left to undo.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        outcome.map_err(doing("commit a batch"))
    }

    /// Runs statements that together do one thing, named by a verb phrase for the error.
    fn ask<T>(
        &self,
        what: &'static str,
        statements: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        statements(&self.connection).map_err(doing(what))
    }

    /// Runs `apply` so that all of it happens or nothing: an error and a panic undo what it did, and only that.
    /// Outside of a batch it commits at once.
    pub fn savepoint<T, E: From<StoreError>>(
        &mut self,
        apply: impl FnOnce(&mut Store) -> Result<T, E>,
    ) -> Result<T, E> {
        step(self, |store| store, apply)
    }
}

/// [`Store::savepoint`] for whoever holds a store beside other things: `store` finds it in the holder.
pub fn step<H, T, E: From<StoreError>>(
    holder: &mut H,
    store: fn(&mut H) -> &mut Store,
    apply: impl FnOnce(&mut H) -> Result<T, E>,
) -> Result<T, E> {
    let connection = &store(holder).connection;
    // Outside of a batch the write lock is taken up front: a reader that turns writer is refused without waiting.
    let (begin, release, undo) = if connection.is_autocommit() {
        ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
    } else {
        (
            "SAVEPOINT step",
            "RELEASE step",
            "ROLLBACK TO step; RELEASE step",
        )
    };
    run(connection, begin).map_err(doing("begin a step"))?;
    let mut step = Step {
        holder,
        store,
        undo,
        kept: false,
    };
    let value = apply(step.holder)?;
    run(&store(step.holder).connection, release).map_err(doing("keep a step"))?;
    step.kept = true;
    Ok(value)
}

fn run(connection: &Connection, statement: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute(())?;
    Ok(())
}

/// A step that is undone when dropped before it was kept.
struct Step<'holder, H> {
    holder: &'holder mut H,
    store: fn(&mut H) -> &mut Store,
    undo: &'static str,
    kept: bool,
}

impl<H> Drop for Step<'_, H> {
    fn drop(&mut self) {
        let connection = &(self.store)(self.holder).connection;
        if self.kept || connection.is_autocommit() {
            return;
        }
        // This fails only if SQLite has already undone more than the step, which `commit_batch` reports.
        let _ = connection.execute_batch(self.undo);
    }
}

/// For `map_err`: what a failed statement was for.
fn doing(what: &'static str) -> impl FnOnce(rusqlite::Error) -> StoreError {
    move |cause| StoreError::Statement { doing: what, cause }
}

/// An instant as the tables keep it: whole seconds since 1970.
fn seconds(instant: Timestamp) -> i64 {
    instant.as_second()
}

/// The instant of a column. Every value was written by [`seconds`]; one that was not counts as 1970.
fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The number of the UTC day, as the column `day` has it.
fn day(instant: Timestamp) -> i64 {
    instant.as_second().div_euclid(86_400)
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    Connection::open_with_flags(path, flags).map_err(|error| StoreError::Open {
        path: path.to_owned(),
        cause: error.to_string(),
    })
}

fn connect_present(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    match path.try_exists() {
        Ok(true) => {}
        Ok(false) => {
            return Err(StoreError::Missing {
                path: path.to_owned(),
            });
        }
        Err(error) => return Err(cannot_open(path, &error)),
    }
    let connection = connect(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    let found = schema::recognise(&connection, path)?;
    if found < schema::KNOWN {
        return Err(StoreError::Older {
            path: path.to_owned(),
            found,
            known: schema::KNOWN,
        });
    }
    connection
        .busy_timeout(BUSY)
        .map_err(doing("set up the database"))?;
    Ok(connection)
}

/// How long a statement waits for another process's transaction.
const BUSY: Duration = Duration::from_secs(10);

fn tune(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(128);
    // Else SQLite prepares three statements of each document anew, in case their plans depend on what is bound.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // FULL: a commit is on the disk before a server hears that we have its news.
    connection.pragma_update(None, "synchronous", "full")?;
    // Without mmap a fault of the disk is an error and not a signal.
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    // 16 MiB. A page that many commits change is copied into the database once, which spares CPU and SD cards.
    connection.pragma_update(None, "wal_autocheckpoint", 4_096)
}

/// Creates the file 0600 and its folder 0700 where they are missing. SQLite gives its side files the same rights.
fn create_private(path: &Path) -> Result<(), StoreError> {
    create_folder(path)?;
    // Only a missing file is opened here: closing a second handle would drop SQLite's locks on the first.
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match created {
        Ok(_) => hand_over(path),
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(cannot_open(path, &error));
        }
        Err(_) => {}
    }
    Ok(())
}

fn create_folder(path: &Path) -> Result<(), StoreError> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty() && !folder.exists())
    {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| cannot_open(path, &error))?;
        hand_over(folder);
    }
    Ok(())
}

fn cannot_open(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Open {
        path: path.to_owned(),
        cause: error.to_string(),
    }
}

/// A column holds a word that this version does not know.
fn unknown_word(column: usize, word: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(
        column,
        rusqlite::types::Type::Text,
        format!("unknown word `{word}`").into(),
    )
}

#[cfg(test)]
mod tests;
