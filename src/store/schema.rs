//! Which database this is, and how it becomes ours: migrations over `user_version`.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::{StoreError, doing};

/// One file each, never edited once released.
const MIGRATIONS: [&str; 4] = [
    include_str!("migrations/001.sql"),
    include_str!("migrations/002.sql"),
    include_str!("migrations/003.sql"),
    include_str!("migrations/004.sql"),
];

/// The schema of this program.
pub(super) const KNOWN: usize = MIGRATIONS.len();

/// "wire": marks the file as ours, for us and for `file`.
const APPLICATION_ID: i64 = 0x7769_7265;

/// The schema of the file: 0 if it is empty. Refuses what is not ours and what a later version wrote.
pub(super) fn recognise(connection: &Connection, path: &Path) -> Result<usize, StoreError> {
    let foreign = || StoreError::Foreign {
        path: path.to_owned(),
    };
    let read = |pragma: &str| {
        connection
            .query_row(pragma, (), |row| row.get::<_, i64>(0))
            .map_err(|error| match error.sqlite_error_code() {
                Some(rusqlite::ErrorCode::NotADatabase) => foreign(),
                Some(rusqlite::ErrorCode::DatabaseCorrupt) => StoreError::Damaged {
                    path: path.to_owned(),
                    cause: error.to_string(),
                },
                _ => StoreError::Open {
                    path: path.to_owned(),
                    cause: error.to_string(),
                },
            })
    };
    let application = read("PRAGMA application_id")?;
    let objects = read("SELECT count(*) FROM sqlite_schema")?;
    if application == 0 && objects == 0 {
        return Ok(0);
    }
    if application != APPLICATION_ID {
        return Err(foreign());
    }
    let found = usize::try_from(read("PRAGMA user_version")?).unwrap_or(usize::MAX);
    if found > KNOWN {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known: KNOWN,
        });
    }
    Ok(found)
}

/// What only an empty file can be told: to give pages back one day.
pub(super) fn prepare(connection: &Connection, found: usize) -> rusqlite::Result<()> {
    if found > 0 {
        return Ok(());
    }
    connection.pragma_update(None, "auto_vacuum", "incremental")
}

/// Brings the schema from `found` to [`KNOWN`], all or nothing.
pub(super) fn migrate(connection: &mut Connection, found: usize) -> Result<(), StoreError> {
    if found == KNOWN {
        return Ok(());
    }
    apply(connection, found).map_err(doing("upgrade the database"))
}

fn apply(connection: &mut Connection, found: usize) -> rusqlite::Result<()> {
    // A table that takes another's place must not take the rows with it that point to it. Within a transaction this does nothing.
    connection.pragma_update(None, "foreign_keys", false)?;
    apply_all(connection, found)?;
    connection.pragma_update(None, "foreign_keys", true)
}

fn apply_all(connection: &mut Connection, found: usize) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for migration in MIGRATIONS.iter().skip(found) {
        transaction.execute_batch(migration)?;
    }
    if found == 0 {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.execute(
            "INSERT INTO meta (name, value) VALUES ('secret', randomblob(16))",
            (),
        )?;
    }
    transaction.pragma_update(None, "user_version", KNOWN as i64)?;
    transaction.commit()
}

/// The secret that `migrate` drew when it made the file.
pub(super) fn secret(connection: &Connection) -> Result<[u8; 16], StoreError> {
    connection
        .query_row("SELECT value FROM meta WHERE name = 'secret'", (), |row| {
            row.get(0)
        })
        .map_err(doing("read the secret of the database"))
}

/// A number kept in `meta`.
pub(super) fn meta(connection: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()
}

/// Keeps a number in `meta`.
pub(super) fn set_meta(connection: &Connection, name: &str, value: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2")?
        .execute((name, value))?;
    Ok(())
}
