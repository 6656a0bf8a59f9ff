//! [`Readers`]: a small pool of read-only connections, and [`read`], which runs a query off the request's thread.
//!
//! Routes that need the database call it. Nothing that writes may go through here.

use std::time::Duration;

use actix_web::web;
use diesel::r2d2::{self, ManageConnection};
use diesel::{QueryResult, RunQueryDsl, sql_query};

use super::{DbConnection, OpenError, Purpose, open};
use crate::problem::Problem;
use crate::settings;

/// Opens and checks readers for the pool.
pub struct Opener(settings::Database);

impl ManageConnection for Opener {
    type Connection = DbConnection;
    type Error = OpenError;

    fn connect(&self) -> Result<DbConnection, OpenError> {
        open(&self.0, Purpose::Read)
    }

    fn is_valid(&self, conn: &mut DbConnection) -> Result<(), OpenError> {
        match conn {
            // A file cannot go away as a server does.
            DbConnection::Sqlite(_) => Ok(()),
            DbConnection::Postgres(conn) => {
                sql_query("SELECT 1").execute(conn)?;
                Ok(())
            }
        }
    }

    fn has_broken(&self, _: &mut DbConnection) -> bool {
        false
    }
}

/// The pool. Cloning shares it.
pub type Readers = r2d2::Pool<Opener>;

const SIZE: u32 = 4;
/// How long a request waits for a reader and its query together.
const DEADLINE: Duration = Duration::from_secs(4);

/// Makes the pool; connections are opened when they are first needed.
#[must_use]
pub fn readers(settings: &settings::Database) -> Readers {
    r2d2::Pool::builder()
        .max_size(SIZE)
        .min_idle(Some(0))
        .connection_timeout(Duration::from_secs(2))
        .error_handler(Box::new(r2d2::NopErrorHandler))
        .build_unchecked(Opener(settings.clone()))
}

/// Runs `query` on a reader, off the calling thread, within [`DEADLINE`].
///
/// # Errors
/// 503 `unavailable` where no reader was to be had, the query failed or took too long; the cause is logged.
pub async fn read<T: Send + 'static>(
    readers: &Readers,
    query: impl FnOnce(&mut DbConnection) -> QueryResult<T> + Send + 'static,
) -> Result<T, Problem> {
    let readers = readers.clone();
    let work = web::block(move || {
        let mut conn = readers.get().map_err(|cause| cause.to_string())?;
        query(&mut conn).map_err(|cause| cause.to_string())
    });
    match tokio::time::timeout(DEADLINE, work).await {
        Ok(Ok(Ok(value))) => Ok(value),
        Ok(Ok(Err(cause))) => {
            tracing::warn!(%cause, "a read failed");
            Err(Problem::unavailable())
        }
        Ok(Err(_)) | Err(_) => {
            tracing::warn!("a read took longer than {DEADLINE:?}");
            Err(Problem::unavailable())
        }
    }
}
