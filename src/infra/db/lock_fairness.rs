//! [`LockFairness`]: SQLite has one writer at a time, so a command with many transactions pauses between them. On Postgres others
//! write beside it, and nobody waits here.

use std::time::Duration;

use diesel::QueryResult;

use super::{DbConnection, data_version};

/// A writer that waits for the lock tries it every few milliseconds, and later every hundred.
const MIN_PAUSE: Duration = Duration::from_millis(5);
const MAX_PAUSE: Duration = Duration::from_millis(100);

/// See the file's head.
pub struct LockFairness {
    /// SQLite's mark of what others committed, until they have.
    alone: Option<i32>,
}

impl LockFairness {
    /// # Errors
    /// A failed query.
    pub fn new(conn: &mut DbConnection) -> QueryResult<Self> {
        let alone = match conn {
            DbConnection::Sqlite(conn) => Some(data_version(conn)?),
            DbConnection::Postgres(_) => None,
        };
        Ok(Self { alone })
    }

    /// Pauses after a transaction that `took` so long, for as long, once another process has written. That it wrote nothing since may
    /// mean that it did not get the lock.
    ///
    /// # Errors
    /// A failed query.
    pub fn pause(&mut self, conn: &mut DbConnection, took: Duration) -> QueryResult<()> {
        let DbConnection::Sqlite(conn) = conn else {
            return Ok(());
        };
        if let Some(seen) = self.alone
            && data_version(conn)? == seen
        {
            return Ok(());
        }
        self.alone = None;
        std::thread::sleep(took.clamp(MIN_PAUSE, MAX_PAUSE));
        Ok(())
    }
}
