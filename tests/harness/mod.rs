//! The black-box test harness: real server, real Postgres, real Redis, all as children of the test process.
//!
//! Test binaries take it in with `#[path = "../harness/mod.rs"] mod harness;`. It must never look into `src/`:
//! what it knows of the server is the contract (addresses on standard output, environment, exit codes, HTTP).
//! Nor does it skip: what is not installed is a failure that says what to install.
#![allow(dead_code)] // each test binary uses its own part of it

pub mod challenge;
pub mod client;
pub mod clock;
pub mod crowd;
pub mod dashboard;
pub mod disk;
pub mod document;
pub mod home;
pub mod hook;
pub mod identity_provider;
pub mod pgbouncer;
pub mod postgres;
mod postmaster;
pub mod process;
pub mod proxy;
pub mod redis;
pub mod redis_cluster;
pub mod seen;
pub mod server;
mod server_versions;
pub mod site;
pub mod stream;

use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// Held by every test while it runs: together with others, or alone.
static RUNNING: RwLock<()> = RwLock::new(());

/// Runs one async test body to its end on a runtime of its own.
pub fn run<T>(body: impl Future<Output = T>) -> T {
    let _beside_others = RUNNING.read().unwrap_or_else(PoisonError::into_inner);
    to_the_end(body)
}

/// The same while no other test of this binary runs: what is judged depends on how soon a server is answered by its Redis, and
/// two cores that other tests use as well would judge them instead.
pub fn run_alone<T>(body: impl Future<Output = T>) -> T {
    let _alone = RUNNING.write().unwrap_or_else(PoisonError::into_inner);
    to_the_end(body)
}

/// For a thread that belongs to a test: the test is counted already.
pub fn to_the_end<T>(body: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime for the test")
        .block_on(body)
}

/// `both!(name);` makes two tests, `name::on_sqlite` and `name::on_postgres`, of `async fn name(backend: Backend)`.
#[macro_export]
macro_rules! both {
    ($($body:ident),+ $(,)?) => {$(
        mod $body {
            #[test]
            fn on_sqlite() {
                $crate::harness::run(super::$body($crate::harness::Backend::Sqlite));
            }
            #[test]
            fn on_postgres() {
                $crate::harness::run(super::$body($crate::harness::Backend::Postgres));
            }
        }
    )+};
}

/// Asks until `probe` says yes and returns how long that took; panics once `guard` is over.
pub async fn eventually(
    what: &str,
    guard: Duration,
    mut probe: impl AsyncFnMut() -> bool,
) -> Duration {
    let start = Instant::now();
    loop {
        if probe().await {
            return start.elapsed();
        }
        assert!(start.elapsed() < guard, "not within {guard:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The same for what has to block (start of a database).
pub fn eventually_blocking(
    what: &str,
    guard: Duration,
    mut probe: impl FnMut() -> bool,
) -> Duration {
    let start = Instant::now();
    loop {
        if probe() {
            return start.elapsed();
        }
        assert!(start.elapsed() < guard, "not within {guard:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
