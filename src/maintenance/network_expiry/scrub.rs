//! What a database keeps of rows that were deleted, and how it is made to let go. Only `forget` calls it.
//!
//! SQLite: the writer overwrites what it deletes (`secure_delete`); older pages are in the log until that is cut off.
//! Postgres: a deleted row stays in its page until that is written anew, and in the log until the server recycles it; copies
//! of the log that an operator keeps are the operator's (docs/privacy.md says so).

use diesel::connection::SimpleConnection;
use diesel::sql_types::Integer;
use diesel::{QueryResult, RunQueryDsl, sql_query};

use crate::infra::db::{DbConnection, Scalar};

/// Returns whether it was done: on SQLite a long read keeps the log, and the next look tries again.
pub(super) fn scrub(conn: &mut DbConnection) -> QueryResult<bool> {
    match conn {
        DbConnection::Sqlite(conn) => {
            // Nearly all of the work holds nobody up; what is left does, so nobody is waited for.
            conn.batch_execute("PRAGMA wal_checkpoint(PASSIVE); PRAGMA busy_timeout = 50;")?;
            let busy: Scalar<Integer, i32> =
                sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result(conn)?;
            Ok(busy.0 == 0)
        }
        DbConnection::Postgres(conn) => {
            // A handful of rows: the table is locked for milliseconds. Whoever reads it meanwhile (a dump) is not waited for:
            // a ban, and the writer with it, would wait behind this.
            conn.batch_execute("SET lock_timeout = '100ms'")?;
            conn.batch_execute("VACUUM FULL network_keys")?;
            Ok(true)
        }
    }
}
