//! [`Turns`]: on SQLite one writes at a time, so a command with many transactions lets others in between. Postgres lets others write
//! beside it, and nobody waits here.

use std::time::Duration;

use diesel::QueryResult;

use super::{DbConnection, data_version};

/// Who waits for the lock looks every few milliseconds, and later every hundred.
const SHORTEST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_millis(100);

/// See the file's head.
pub struct Turns {
    /// SQLite's mark of what others committed, until they have.
    alone: Option<i32>,
}

impl Turns {
    /// # Errors
    /// A failed query.
    pub fn new(conn: &mut DbConnection) -> QueryResult<Self> {
        let alone = match conn {
            DbConnection::Sqlite(conn) => Some(data_version(conn)?),
            DbConnection::Postgres(_) => None,
        };
        Ok(Self { alone })
    }

    /// After a transaction that `took` so long: once somebody else has written, the lock is theirs for as long. That they wrote
    /// nothing meanwhile may mean that they did not get it.
    ///
    /// # Errors
    /// A failed query.
    pub fn give(&mut self, conn: &mut DbConnection, took: Duration) -> QueryResult<()> {
        let DbConnection::Sqlite(conn) = conn else {
            return Ok(());
        };
        if let Some(seen) = self.alone
            && data_version(conn)? == seen
        {
            return Ok(());
        }
        self.alone = None;
        std::thread::sleep(took.clamp(SHORTEST, LONGEST));
        Ok(())
    }
}
