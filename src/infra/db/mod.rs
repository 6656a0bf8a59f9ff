//! Connections to either database: opening them with the settings that keep votes safe, a pool for readers, migrations.
//!
//! Stores, the writer and the commands call it. It must never open a connection whose commits could be lost.

pub mod fixed_statement;
mod leader;
mod lock_fairness;
pub mod lock_order;
pub mod migrate;
mod pool;
mod postgres;
mod scalar;
pub mod schema;
mod sqlite;
pub use leader::Leader;
pub use lock_fairness::LockFairness;
pub use scalar::Scalar;
pub use sqlite::{data_version, limit_wal};
pub mod versions;

use std::path::PathBuf;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::result::{DatabaseErrorKind, Error};
use diesel::{ExpressionMethods, PgConnection, QueryDsl, RunQueryDsl, SqliteConnection};

use crate::config::{self, DatabaseUrl};
use schema::site_facts;

pub use diesel::QueryResult;
pub use migrate::migrate;
pub use pool::{Readers, read};

/// The row of [`probe_write`].
const PROBE: &str = "write.probe";
const LARGE_PROBE_BYTES: usize = 256 * 1024;

/// A connection to whichever database the URL names. What diesel's `MultiConnection` cannot say, a module's
/// `sqlite.rs` and `postgres.rs` say by matching on it.
#[derive(diesel::MultiConnection)]
pub enum DbConnection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// What a connection is for; decides its timeouts and caches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Answers requests: reads only, short deadlines.
    Read,
    /// The server's one writer.
    Write,
    /// A command beside a server: no statement deadline.
    Command,
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot open the database: {0}")]
    Connect(#[from] diesel::ConnectionError),
    #[error("cannot prepare the database: {0}")]
    Query(#[from] diesel::result::Error),
    #[error("cannot open or make {0}: {1}")]
    File(PathBuf, std::io::Error),
    #[error("the database cannot be used: {0}")]
    Unsafe(String),
    #[error("the schema step {0} is not known to this version")]
    UnknownStep(String),
    #[error("cannot migrate the database: {0}")]
    Migrate(String),
    #[error(
        "there is no Tallyship database at {0}; `tallyship serve` or `tallyship migrate` makes one"
    )]
    Missing(String),
}

/// Opens one connection, and makes the file of SQLite if there is none.
pub fn create(settings: &config::Database, purpose: Purpose) -> Result<DbConnection, OpenError> {
    if let DatabaseUrl::Sqlite(path) = &settings.url {
        sqlite::make(path)?;
    }
    open(settings, purpose)
}

/// Opens one connection to a database that `migrate` has made; nothing is made.
///
/// # Errors
/// [`OpenError::Missing`], and as [`open`].
pub fn open_existing(
    settings: &config::Database,
    purpose: Purpose,
) -> Result<DbConnection, OpenError> {
    match &settings.url {
        DatabaseUrl::Sqlite(path) => {
            if !sqlite::is_made(path)? {
                return Err(OpenError::Missing(path.display().to_string()));
            }
            open(settings, purpose)
        }
        DatabaseUrl::Postgres(_) => {
            let mut conn = open(settings, purpose)?;
            if let DbConnection::Postgres(conn) = &mut conn {
                postgres::require_made(conn)?;
            }
            Ok(conn)
        }
    }
}

/// Opens one connection; a missing file is not made.
///
/// # Errors
/// Where the database cannot be reached, or did not take a setting that durability depends on.
pub fn open(settings: &config::Database, purpose: Purpose) -> Result<DbConnection, OpenError> {
    match &settings.url {
        DatabaseUrl::Sqlite(path) => sqlite::open(path, purpose).map(DbConnection::Sqlite),
        DatabaseUrl::Postgres(url) => {
            postgres::open(url.expose(), settings.ca_file.as_deref(), purpose)
                .map(DbConnection::Postgres)
        }
    }
}

/// Gives back the pages that a connection keeps and does not need at this moment. Each vote adds to the end of the ledger, and on
/// SQLite those pages would stay until the cache is full of what nobody reads; a Postgres keeps none here.
pub fn give_back_memory(conn: &mut DbConnection) -> QueryResult<()> {
    match conn {
        DbConnection::Sqlite(conn) => conn.batch_execute("PRAGMA shrink_memory"),
        DbConnection::Postgres(_) => Ok(()),
    }
}

/// Writes and commits a row of no meaning; whether the connection may also write votes. If writes have failed, the row is as large as
/// what a batch of votes writes: a full disk has a few bytes left for a small one.
///
/// # Errors
/// A failed statement: nothing can be written.
pub fn probe_write(conn: &mut DbConnection, has_failed: bool) -> QueryResult<bool> {
    let row = site_facts::table.filter(site_facts::name.eq(PROBE));
    if has_failed && matches!(conn, DbConnection::Sqlite(_)) {
        let value = site_facts::value.eq("x".repeat(LARGE_PROBE_BYTES));
        diesel::update(row).set(value).execute(conn)?;
    }
    let value = site_facts::value.eq("written now and then to see whether votes can be");
    if diesel::update(row).set(value).execute(conn)? == 0 {
        let inserted = diesel::insert_into(site_facts::table)
            .values((site_facts::name.eq(PROBE), value))
            .execute(conn);
        match inserted {
            // Another instance was first.
            Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {}
            inserted => drop(inserted?),
        }
    }
    match conn {
        DbConnection::Sqlite(_) => Ok(true),
        DbConnection::Postgres(conn) => postgres::may_write_votes(conn),
    }
}

/// Runs `work` in one transaction that may write. On SQLite it takes the write lock at once (`BEGIN IMMEDIATE`), so that
/// it can never fail half way for a lock it did not get.
///
/// # Errors
/// What `work` returned, after a rollback; or the failure of begin or commit.
pub fn write_transaction<T, E: From<diesel::result::Error>>(
    conn: &mut DbConnection,
    work: impl FnOnce(&mut DbConnection) -> Result<T, E>,
) -> Result<T, E> {
    chained_transaction(conn, || false, work)
}

/// The same for one of many transactions in a row: where `more` says, after `work`, that the next will follow at once, its
/// `BEGIN` travels with this `COMMIT` on Postgres. Whoever does something else next calls [`end_chain`] first.
pub fn chained_transaction<T, E: From<diesel::result::Error>>(
    conn: &mut DbConnection,
    more: impl FnOnce() -> bool,
    work: impl FnOnce(&mut DbConnection) -> Result<T, E>,
) -> Result<T, E> {
    match conn {
        DbConnection::Sqlite(inner) => {
            AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN IMMEDIATE")?;
        }
        DbConnection::Postgres(inner) => {
            if !is_chained(inner)? {
                AnsiTransactionManager::begin_transaction(inner)?;
            }
        }
    }
    lock_order::begin();
    match work(conn) {
        Ok(value) => {
            match conn {
                DbConnection::Postgres(inner) if more() => {
                    inner.batch_execute("COMMIT AND CHAIN")?;
                }
                _ => finish(conn, true)?,
            }
            Ok(value)
        }
        Err(error) => {
            // The first error is the one to report; a failed rollback leaves a connection that the next use finds broken.
            let _ = finish(conn, false);
            Err(error)
        }
    }
}

/// Ends a chain whose next transaction does not come after all.
///
/// # Errors
/// A failed commit of nothing: the connection is no longer usable.
pub fn end_chain(conn: &mut DbConnection) -> QueryResult<()> {
    if let DbConnection::Postgres(inner) = conn
        && is_chained(inner)?
    {
        finish(conn, true)?;
    }
    Ok(())
}

fn is_chained(conn: &mut PgConnection) -> QueryResult<bool> {
    let status = AnsiTransactionManager::transaction_manager_status_mut(conn);
    Ok(status.transaction_depth()?.is_some())
}

fn finish(conn: &mut DbConnection, commit: bool) -> QueryResult<()> {
    lock_order::end();
    match (conn, commit) {
        (DbConnection::Sqlite(inner), true) => AnsiTransactionManager::commit_transaction(inner),
        (DbConnection::Sqlite(inner), false) => AnsiTransactionManager::rollback_transaction(inner),
        (DbConnection::Postgres(inner), true) => AnsiTransactionManager::commit_transaction(inner),
        (DbConnection::Postgres(inner), false) => {
            AnsiTransactionManager::rollback_transaction(inner)
        }
    }
}
