//! Whether the file is whole.

use super::{Store, StoreError};

impl Store {
    /// What SQLite finds wrong with the file, at most a few lines; empty: nothing. Reads all of it.
    pub fn faults(&self) -> Result<Vec<String>, StoreError> {
        self.ask("look through the database", |connection| {
            let mut statement = connection.prepare("PRAGMA quick_check(3)")?;
            let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
            let lines: Result<Vec<_>, _> = lines.collect();
            Ok(lines?.into_iter().filter(|line| line != "ok").collect())
        })
    }
}
