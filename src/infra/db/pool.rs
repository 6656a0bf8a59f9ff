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
use crate::domain::Timestamp;
use crate::http::problem::{Code, Problem};
use crate::infra::log_limit::LogLimit;
use crate::infra::workers;

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
static FAILURES: LogLimit = LogLimit::new();

/// What a thread of the pool is to do.
type ReadJob = Box<dyn FnOnce(&Pool) + Send>;

/// Reads that wait for a connection; a flood of more is refused, so that nobody waits behind it for seconds.
const MAX_WAITING: usize = 256;
/// How long a request waits for a reader and its query together.
const DEADLINE: Duration = Duration::from_secs(4);

/// The pool: so many connections, and a thread for each. The threads stay: one that came and went with its work would
/// touch memory of its own each time. Cloning shares it; with the last clone the threads end.
#[derive(Clone)]
pub struct Readers {
    jobs: mpsc::SyncSender<ReadJob>,
}

impl Readers {
    /// Starts `size` threads, named after `whom` they serve; connections are opened when they are first needed.
    pub fn start(settings: &config::Database, whom: &str, size: u32) -> std::io::Result<Self> {
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .connection_timeout(Duration::from_secs(2))
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(Opener(settings.clone()));
        let (jobs, queue) = mpsc::sync_channel(MAX_WAITING);
        let queue = Arc::new(Mutex::new(queue));
        for n in 0..size {
            let (pool, queue) = (pool.clone(), Arc::clone(&queue));
            workers::spawn(format!("{whom}-{n}"), move || work(&pool, &queue))?;
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
            tracing::error!("database read panicked");
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
    match readers.jobs.try_send(job) {
        Ok(()) => {}
        Err(mpsc::TrySendError::Full(_)) => {
            let full = Problem::new(
                Code::Overloaded,
                "Too many reads are queued. Try again later.",
            );
            return Err(full.retry_after(1));
        }
        Err(mpsc::TrySendError::Disconnected(_)) => return Err(Problem::unavailable()),
    }
    match tokio::time::timeout(DEADLINE, answer).await {
        Ok(Ok(Ok(value))) => Ok(value),
        Ok(Ok(Err(cause))) => {
            if let Some(left_out) = FAILURES.admit(Timestamp::now()) {
                tracing::warn!(%cause, left_out, "database read failed");
            }
            Err(Problem::unavailable())
        }
        // It panicked, which is in the log.
        Ok(Err(_)) => Err(Problem::unavailable()),
        Err(_) => {
            if let Some(left_out) = FAILURES.admit(Timestamp::now()) {
                tracing::warn!(left_out, "database read took longer than {DEADLINE:?}");
            }
            Err(Problem::unavailable())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DatabaseUrl;
    use crate::infra::db::create;

    const SIZE: u32 = 4;

    #[test]
    fn a_read_that_panics_costs_that_read_alone() {
        let folder = std::env::temp_dir().join(format!("tallyship-{}", uuid::Uuid::now_v7()));
        let settings = config::Database {
            url: DatabaseUrl::Sqlite(folder.join("votes.db")),
            ca_file: None,
        };
        create(&settings, Purpose::Command).expect("a database");
        let readers = Readers::start(&settings, "reader", SIZE).expect("threads");
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

    #[test]
    fn a_flood_of_reads_is_refused_at_once() {
        let folder = std::env::temp_dir().join(format!("tallyship-{}", uuid::Uuid::now_v7()));
        let settings = config::Database {
            url: DatabaseUrl::Sqlite(folder.join("votes.db")),
            ca_file: None,
        };
        create(&settings, Purpose::Command).expect("a database");
        let readers = Readers::start(&settings, "reader", 1).expect("a thread");
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().build().expect("a runtime");
        let (release, hold) = mpsc::channel::<()>();
        let (started, has_started) = mpsc::channel();
        let held: ReadJob = Box::new(move |_| {
            let _ = started.send(());
            let _ = hold.recv();
        });
        readers.jobs.send(held).expect("is taken");
        has_started.recv().expect("starts");
        for _ in 0..MAX_WAITING {
            readers.jobs.try_send(Box::new(|_| {})).expect("waits");
        }
        let refused = runtime.block_on(read(&readers, |conn| sql_query("SELECT 1").execute(conn)));
        assert_eq!(refused.expect_err("full").code, Code::Overloaded);
        release.send(()).expect("goes on");
        std::fs::remove_dir_all(folder).expect("cleans up");
    }
}
