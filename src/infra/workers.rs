//! Background threads: every one is started here, and those that do a pass now and then share [`Worker`]'s loop.
//!
//! `server::wiring` keeps the workers and drops them at the end. A thread that serves a queue ends with the queue instead. A
//! panic ends its own thread; the panic hook of `cli` logs it.

use std::io;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::time::timeout;

/// Starts a thread.
pub fn spawn(
    name: impl Into<String>,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.into()).spawn(work)
}

/// Starts a thread for a future, with a runtime of its own.
pub fn spawn_async<F: Future<Output = ()>>(
    name: &str,
    work: impl FnOnce() -> F + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    spawn(name, move || runtime.block_on(work()))
}

/// When a worker does its passes.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    pub first_after: Duration,
    pub retry_after: Duration,
    /// The log's line about a pass that failed; the same cause is logged once in a row.
    pub failure: &'static str,
}

/// Why a pass was not finished.
#[derive(Debug)]
pub enum PassError {
    /// The worker was dropped.
    Stopped,
    Failed(String),
}

// `PassError` is itself no `Error`: so that `?` takes each.
impl<E: std::error::Error> From<E> for PassError {
    fn from(cause: E) -> Self {
        Self::Failed(cause.to_string())
    }
}

/// A running worker. Dropping it ends its thread at the next rest.
pub struct Worker {
    _stop: watch::Sender<()>,
}

impl Worker {
    /// Starts a thread that does passes until the worker is dropped. A pass returns the time until the next.
    pub fn start(
        name: &str,
        schedule: Schedule,
        pass: impl FnMut(&Stop) -> Result<Duration, PassError> + Send + 'static,
    ) -> io::Result<Self> {
        let (stop, dropped) = watch::channel(());
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let stopped = Stop { runtime, dropped };
        spawn(name, move || run(&stopped, schedule, pass))?;
        Ok(Self { _stop: stop })
    }

    /// Starts a thread for a future that goes on until the worker is dropped.
    pub fn start_async<F: Future<Output = ()>>(
        name: &str,
        work: impl FnOnce() -> F + Send + 'static,
    ) -> io::Result<Self> {
        let (stop, mut dropped) = watch::channel(());
        spawn_async(name, move || async move {
            tokio::select! {
                _ = dropped.changed() => {}
                () = work() => {}
            }
        })?;
        Ok(Self { _stop: stop })
    }
}

fn run(
    stop: &Stop,
    schedule: Schedule,
    mut pass: impl FnMut(&Stop) -> Result<Duration, PassError>,
) {
    let mut pause = schedule.first_after;
    let mut last_failure = None;
    while stop.rest(pause).is_ok() {
        pause = match pass(stop) {
            Ok(pause) => {
                last_failure = None;
                pause
            }
            Err(PassError::Stopped) => return,
            Err(PassError::Failed(cause)) => {
                if last_failure.as_ref() != Some(&cause) {
                    tracing::error!(%cause, "{}", schedule.failure);
                }
                last_failure = Some(cause);
                schedule.retry_after
            }
        };
    }
}

/// A worker's own end: it rests here, so that it can be stopped.
pub struct Stop {
    runtime: Runtime,
    dropped: watch::Receiver<()>,
}

impl Stop {
    /// # Errors
    /// [`PassError::Stopped`] as soon as the worker is dropped.
    pub fn rest(&self, time: Duration) -> Result<(), PassError> {
        let mut dropped = self.dropped.clone();
        match self.block_on(async { timeout(time, dropped.changed()).await }) {
            Err(_elapsed) => Ok(()),
            Ok(_) => Err(PassError::Stopped),
        }
    }

    pub fn block_on<F: Future>(&self, work: F) -> F::Output {
        self.runtime.block_on(work)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Instant;

    use super::*;

    const SCHEDULE: Schedule = Schedule {
        first_after: Duration::ZERO,
        retry_after: Duration::ZERO,
        failure: "test pass failed",
    };

    #[test]
    fn passes_go_on_after_failures_and_end_with_the_worker() {
        let (tell, told) = channel();
        let mut passes = 0;
        let worker = Worker::start("passes", SCHEDULE, move |_| {
            passes += 1;
            tell.send(passes).map_err(|_gone| PassError::Stopped)?;
            if passes % 2 == 0 {
                return Err(PassError::Failed("even".to_owned()));
            }
            Ok(Duration::ZERO)
        });
        assert!((1..=5).eq(told.iter().take(5)));
        drop(worker.expect("starts"));
        // The channel's other end goes with the thread.
        assert!(told.iter().count() < 1_000_000);
    }

    #[test]
    fn a_rest_ends_with_the_worker() {
        let (tell, told) = channel();
        let worker = Worker::start("rests", SCHEDULE, move |stop| {
            let began = Instant::now();
            stop.rest(Duration::from_millis(5))?;
            let _ = tell.send(began.elapsed());
            Ok(Duration::from_secs(3_600))
        });
        let rested = told.recv().expect("rests");
        assert!(rested >= Duration::from_millis(5), "{rested:?}");
        drop(worker.expect("starts"));
        let gone = told.recv_timeout(Duration::from_secs(10));
        assert!(gone.is_err_and(|cause| cause == std::sync::mpsc::RecvTimeoutError::Disconnected));
    }
}
