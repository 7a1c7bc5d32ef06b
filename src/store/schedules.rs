//! When each digest was last due for a recipient, and the slug it goes by.

use rusqlite::{OptionalExtension, params};

use super::{Store, StoreError, instant, seconds};
use crate::model::Timestamp;

/// When a digest was first known for a recipient and last fell due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// First known.
    pub known_at: Timestamp,
    /// The due time that was last served; `None`: none yet.
    pub last_due: Option<Timestamp>,
}

impl Store {
    /// Makes a digest known for a recipient; what was known before stays.
    pub fn declare_digest(
        &self,
        digest: &str,
        recipient: &str,
        now: Timestamp,
    ) -> Result<Due, StoreError> {
        self.ask("make a digest known", |connection| {
        connection
            .prepare_cached("INSERT INTO recipient (address, known_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute(params![recipient, seconds(now)])?;
        connection
            .prepare_cached(
                "INSERT INTO schedule (digest, recipient, known_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            )?
            .execute(params![digest, recipient, seconds(now)])?;
        Ok(())
        })?;
        Ok(self.digest_due(digest, recipient)?.unwrap_or(Due {
            known_at: now,
            last_due: None,
        }))
    }

    /// When a digest was first known for a recipient and last fell due; `None`: nobody has met it yet.
    pub fn digest_due(&self, digest: &str, recipient: &str) -> Result<Option<Due>, StoreError> {
        self.ask("read when a digest was due", |connection| {
            connection
                .prepare_cached(
                    "SELECT known_at, last_due FROM schedule WHERE digest = ?1 AND recipient = ?2",
                )?
                .query_row(params![digest, recipient], |row| {
                    Ok(Due {
                        known_at: instant(row.get(0)?),
                        last_due: row.get::<_, Option<i64>>(1)?.map(instant),
                    })
                })
                .optional()
        })
    }

    /// Gives a digest the slug of its Message-ID and List-Id: `wanted`, or that with a number, fixed once given.
    pub fn slug(&self, digest: &str, wanted: Option<&str>) -> Result<String, StoreError> {
        self.ask("name a digest", |connection| {
            let given = connection
                .query_row("SELECT slug FROM slug WHERE digest = ?1", [digest], |row| {
                    row.get(0)
                })
                .optional()?;
            if let Some(slug) = given {
                return Ok(slug);
            }
            let base = wanted.unwrap_or("digest");
            for number in 1_u32.. {
                let slug = match (number, wanted) {
                    (1, Some(_)) => base.to_owned(),
                    _ => format!("{base}-{number}"),
                };
                let added = connection.execute(
                    "INSERT INTO slug (digest, slug) VALUES (?1, ?2) ON CONFLICT (slug) DO NOTHING",
                    params![digest, slug],
                )?;
                if added == 1 {
                    return Ok(slug);
                }
            }
            Ok(base.to_owned())
        })
    }

    /// Notes that a due time was served by an empty digest that nobody wants.
    pub fn skip_digest(
        &self,
        digest: &str,
        recipient: &str,
        due: Timestamp,
    ) -> Result<(), StoreError> {
        self.ask("note a digest", |connection| {
            connection.execute(
                "UPDATE schedule SET last_due = ?3 WHERE digest = ?1 AND recipient = ?2",
                params![digest, recipient, seconds(due)],
            )?;
            Ok(())
        })
    }
}
