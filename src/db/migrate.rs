//! Bringing the database to the newest schema, one process at a time.
//!
//! `serve` and the commands call it at their start. Migrations have the same names on both databases.

use diesel::connection::SimpleConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{DbConnection, OpenError};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Any number that no other program uses on the same database: the letters "TALLY".
const ADVISORY_LOCK: i64 = 0x54_41_4c_4c_59;

/// Runs what has not run yet; returns how many steps that was.
///
/// # Errors
/// Where a step fails; the database is then at the step before it.
pub fn migrate(conn: &mut DbConnection) -> Result<usize, OpenError> {
    let failed =
        |cause: Box<dyn std::error::Error + Send + Sync>| OpenError::Migrate(cause.to_string());
    match conn {
        DbConnection::Sqlite(conn) => {
            if !conn.has_pending_migration(SQLITE).map_err(failed)? {
                return Ok(0);
            }
            // Each step is a transaction of its own; two processes that start together meet at its write lock.
            conn.run_pending_migrations(SQLITE)
                .map(|done| done.len())
                .map_err(failed)
        }
        DbConnection::Postgres(conn) => {
            conn.batch_execute(&format!("SELECT pg_advisory_lock({ADVISORY_LOCK})"))?;
            let done = conn
                .run_pending_migrations(POSTGRES)
                .map(|done| done.len())
                .map_err(failed);
            conn.batch_execute(&format!("SELECT pg_advisory_unlock({ADVISORY_LOCK})"))?;
            done
        }
    }
}
