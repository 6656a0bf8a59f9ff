//! [`VoterIndexWorker`]: the thread that writes the ledger's index of voters behind the votes.
//!
//! `server` starts it. It reads a segment of entries on a connection of its own, has the writer write its rows between two batches, and
//! rests four times as long as both took. Of several instances the first writes a segment; the others find it written.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::config;
use crate::infra::db::{self, DbConnection, Purpose};
use crate::voting::VoteError;
use crate::voting::ledger::voter_index;
use crate::voting::writer::Votes;

/// Between two looks for a whole segment.
const INTERVAL: Duration = Duration::from_secs(5);
/// A rest at least, and how many times as long as the work before it.
const MIN_REST: Duration = Duration::from_millis(20);
const REST_FACTOR: u32 = 4;

/// The running thread; dropping it ends the thread at its next rest.
pub struct VoterIndexWorker {
    _stop: Sender<()>,
}

impl VoterIndexWorker {
    /// Starts it.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn start(settings: config::Database, votes: Votes) -> std::io::Result<Self> {
        let (stop, stopped) = channel();
        let indexer = Indexer {
            settings,
            votes,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()?,
            stopped,
        };
        std::thread::Builder::new()
            .name("voter-index".to_owned())
            .spawn(move || indexer.run())?;
        Ok(Self { _stop: stop })
    }
}

/// Why a pass was not finished; the next begins with a new connection.
#[derive(Debug, thiserror::Error)]
enum PassError {
    #[error("the server is shutting down")]
    Stopped,
    #[error("{0}")]
    Failed(String),
}

fn failed(cause: impl std::fmt::Display) -> PassError {
    PassError::Failed(cause.to_string())
}

struct Indexer {
    settings: config::Database,
    votes: Votes,
    runtime: Runtime,
    stopped: Receiver<()>,
}

impl Indexer {
    fn run(self) {
        let mut conn = None;
        let mut has_failed = false;
        while self.rest(INTERVAL).is_ok() {
            match self.pass(conn.take()) {
                Ok(open) => (conn, has_failed) = (Some(open), false),
                Err(PassError::Stopped) => return,
                Err(cause) if !std::mem::replace(&mut has_failed, true) => {
                    tracing::warn!(%cause, "index of voters not written; will retry");
                }
                Err(_) => {}
            }
        }
    }

    fn rest(&self, time: Duration) -> Result<(), PassError> {
        match self.stopped.recv_timeout(time) {
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Ok(()) | Err(RecvTimeoutError::Disconnected) => Err(PassError::Stopped),
        }
    }

    /// Writes every segment that is whole.
    fn pass(&self, conn: Option<DbConnection>) -> Result<DbConnection, PassError> {
        let mut conn = match conn {
            Some(conn) => conn,
            None => db::open(&self.settings, Purpose::Read).map_err(failed)?,
        };
        loop {
            let began = Instant::now();
            let Some((segment, erasures)) = voter_index::next(&mut conn).map_err(failed)? else {
                return Ok(conn);
            };
            let rows = voter_index::build(&mut conn, segment).map_err(failed)?;
            let write =
                move |conn: &mut DbConnection| voter_index::write(conn, (segment, erasures), &rows);
            match self.runtime.block_on(self.votes.edit(write)) {
                Ok(()) | Err(VoteError::Overloaded) => {}
                Err(cause) => {
                    return Err(failed(format_args!(
                        "the writer did not take it: {cause:?}"
                    )));
                }
            }
            self.rest(MIN_REST.max(REST_FACTOR * began.elapsed()))?;
        }
    }
}
