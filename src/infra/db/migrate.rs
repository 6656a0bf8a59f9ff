//! Bringing the database to the newest schema, one process at a time.
//!
//! `serve` and the commands call it at their start. Migrations have the same names on both databases.

use diesel::PgConnection;
use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{DbConnection, OpenError, write_transaction};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The key of the advisory lock under which migrations run: any number that no other program uses on the same database: the letters "TALLY".
pub const ADVISORY_LOCK: i64 = 0x54_41_4c_4c_59;

/// Runs what has not run yet; returns how many steps that was.
///
/// # Errors
/// Where a step fails; the database is then at the step before it.
pub fn migrate(conn: &mut DbConnection) -> Result<usize, OpenError> {
    match conn {
        DbConnection::Sqlite(conn) => {
            if !conn.has_pending_migration(SQLITE).map_err(failed)? {
                return Ok(0);
            }
        }
        DbConnection::Postgres(conn) => return migrate_alone(conn),
    }
    // All steps in one transaction, which has the write lock from its beginning: a process that comes second finds them done.
    write_transaction(conn, |conn| match conn {
        DbConnection::Sqlite(conn) => {
            let done = conn.run_pending_migrations(SQLITE);
            done.map(|done| done.len()).map_err(failed)
        }
        DbConnection::Postgres(_) => Ok(0),
    })
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(cause: Box<dyn std::error::Error + Send + Sync>) -> OpenError {
    OpenError::Migrate(cause.to_string())
}

/// One process at a time; each step is a transaction of its own.
fn migrate_alone(conn: &mut PgConnection) -> Result<usize, OpenError> {
    conn.batch_execute(&format!("SELECT pg_advisory_lock({ADVISORY_LOCK})"))?;
    let done = conn
        .run_pending_migrations(POSTGRES)
        .map(|done| done.len())
        .map_err(failed);
    conn.batch_execute(&format!("SELECT pg_advisory_unlock({ADVISORY_LOCK})"))?;
    done
}

/// Runs exactly `steps`, within the caller's transaction, on a database that has none: a backup's rows fit the schema that
/// they were taken from.
///
/// # Errors
/// If a step fails, or is not known here.
pub fn to(conn: &mut DbConnection, steps: &[String]) -> Result<(), OpenError> {
    match conn {
        DbConnection::Sqlite(conn) => run(conn, SQLITE, Some(steps)),
        DbConnection::Postgres(conn) => run(conn, POSTGRES, Some(steps)),
    }
}

/// Runs what has not run yet, within the caller's transaction.
///
/// # Errors
/// If a step fails.
pub fn rest(conn: &mut DbConnection) -> Result<(), OpenError> {
    match conn {
        DbConnection::Sqlite(conn) => run(conn, SQLITE, None),
        DbConnection::Postgres(conn) => run(conn, POSTGRES, None),
    }
}

fn run<DB: Backend, C: MigrationHarness<DB>>(
    conn: &mut C,
    source: impl MigrationSource<DB>,
    only: Option<&[String]>,
) -> Result<(), OpenError> {
    let failed =
        |cause: Box<dyn std::error::Error + Send + Sync>| OpenError::Migrate(cause.to_string());
    let pending = conn.pending_migrations(source).map_err(failed)?;
    let name = |step: &dyn Migration<DB>| step.name().version().to_string();
    if let Some(unknown) = only.and_then(|only| {
        let known: Vec<String> = pending.iter().map(|step| name(step.as_ref())).collect();
        only.iter().find(|step| !known.contains(step)).cloned()
    }) {
        return Err(OpenError::UnknownStep(unknown));
    }
    for step in &pending {
        if only.is_none_or(|only| only.contains(&name(step.as_ref()))) {
            conn.run_migration(step).map_err(failed)?;
        }
    }
    Ok(())
}
