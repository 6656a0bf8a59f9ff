//! [`Turns`]: on SQLite one writes at a time, so whoever has many transactions lets others in between.
//!
//! Only `import` calls it. Postgres lets others write beside us, and nobody waits here.

use std::time::Duration;

use diesel::QueryResult;

use super::store;
use crate::infra::db::DbConnection;

/// See the file's head.
pub(super) struct Turns {
    /// SQLite's mark of what others committed.
    seen: i32,
}

/// Who waits for the lock looks every few milliseconds, and later every hundred.
const SHORTEST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_millis(100);

impl Turns {
    pub(super) fn new(conn: &mut DbConnection) -> QueryResult<Self> {
        let seen = store::others(conn)?;
        Ok(Self { seen })
    }

    /// After a transaction that `took` so long: where somebody else has written meanwhile, the lock is theirs for as long.
    pub(super) fn give(&mut self, conn: &mut DbConnection, took: Duration) -> QueryResult<()> {
        let seen = store::others(conn)?;
        if std::mem::replace(&mut self.seen, seen) != seen {
            std::thread::sleep(took.clamp(SHORTEST, LONGEST));
        }
        Ok(())
    }
}
