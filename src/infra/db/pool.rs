//! [`Readers`]: a small pool of read-only connections with threads of their own, and [`read`], which runs a query there.
//!
//! Routes that need the database call it. Nothing that writes may go through here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use diesel::r2d2::{self, ManageConnection};
use diesel::{QueryResult, RunQueryDsl, sql_query};
use tokio::sync::oneshot;

use super::{DbConnection, OpenError, Purpose, open};
use crate::config;
use crate::http::problem::Problem;

/// Opens and checks readers for the pool.
pub struct Opener(config::Database);

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

    /// A query that panicked may have left a transaction open.
    fn has_broken(&self, _: &mut DbConnection) -> bool {
        std::thread::panicking()
    }
}

type Pool = r2d2::Pool<Opener>;
/// What a thread of the pool is to do.
type ReadJob = Box<dyn FnOnce(&Pool) + Send>;

const SIZE: u32 = 4;
/// How long a request waits for a reader and its query together.
const DEADLINE: Duration = Duration::from_secs(4);

/// The pool: so many connections, and a thread for each. The threads stay: one that came and went with its work would
/// touch memory of its own each time. Cloning shares it; with the last clone the threads end.
#[derive(Clone)]
pub struct Readers {
    jobs: mpsc::Sender<ReadJob>,
}

impl Readers {
    /// Starts the threads; connections are opened when they are first needed.
    ///
    /// # Errors
    /// Where a thread cannot be started.
    pub fn start(settings: &config::Database) -> std::io::Result<Self> {
        let pool = r2d2::Pool::builder()
            .max_size(SIZE)
            .min_idle(Some(0))
            .connection_timeout(Duration::from_secs(2))
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(Opener(settings.clone()));
        let (jobs, queue) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        for n in 0..SIZE {
            let (pool, queue) = (pool.clone(), Arc::clone(&queue));
            std::thread::Builder::new()
                .name(format!("reader-{n}"))
                .spawn(move || work(&pool, &queue))?;
        }
        Ok(Self { jobs })
    }
}

/// One thread's life. Whoever holds the queue waits for the next job, the others for the queue.
fn work(pool: &Pool, queue: &Mutex<mpsc::Receiver<ReadJob>>) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        let done = catch_unwind(AssertUnwindSafe(|| job(pool)));
        if done.is_err() {
            tracing::error!("a read panicked");
        }
    }
}

/// Runs `query` on a reader, off the calling thread, within [`DEADLINE`].
///
/// # Errors
/// 503 `unavailable` where no reader was to be had, the query failed or took too long; the cause is logged.
pub async fn read<T: Send + 'static>(
    readers: &Readers,
    query: impl FnOnce(&mut DbConnection) -> QueryResult<T> + Send + 'static,
) -> Result<T, Problem> {
    let (reply, answer) = oneshot::channel();
    let job: ReadJob = Box::new(move |pool| {
        // Whoever asked was answered 503 while this waited.
        if reply.is_closed() {
            return;
        }
        let conn = pool.get().map_err(|cause| cause.to_string());
        let value = conn.and_then(|mut conn| query(&mut conn).map_err(|cause| cause.to_string()));
        let _ = reply.send(value);
    });
    if readers.jobs.send(job).is_err() {
        return Err(Problem::unavailable());
    }
    match tokio::time::timeout(DEADLINE, answer).await {
        Ok(Ok(Ok(value))) => Ok(value),
        Ok(Ok(Err(cause))) => {
            tracing::warn!(%cause, "a read failed");
            Err(Problem::unavailable())
        }
        // It panicked, which is in the log.
        Ok(Err(_)) => Err(Problem::unavailable()),
        Err(_) => {
            tracing::warn!("a read took longer than {DEADLINE:?}");
            Err(Problem::unavailable())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DatabaseUrl;

    #[test]
    fn a_read_that_panics_costs_that_read_alone() {
        let folder = std::env::temp_dir().join(format!("tallyship-{}", uuid::Uuid::now_v7()));
        let settings = config::Database {
            url: DatabaseUrl::Sqlite(folder.join("votes.db")),
            ca_file: None,
        };
        open(&settings, Purpose::Command).expect("a database");
        let readers = Readers::start(&settings).expect("threads");
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().build().expect("a runtime");
        runtime.block_on(async {
            // More often than there are threads.
            for _ in 0..2 * SIZE {
                let panicked: Result<usize, _> = read(&readers, |_| {
                    std::panic::panic_any("a read of this test panics")
                })
                .await;
                assert!(panicked.is_err());
            }
            let after = read(&readers, |conn| sql_query("SELECT 1").execute(conn)).await;
            assert!(after.is_ok(), "the threads are there still");
        });
        drop(readers);
        std::fs::remove_dir_all(folder).expect("cleans up");
    }
}
