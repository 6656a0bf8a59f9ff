//! [`VerifyWorker`]: the thread that recounts everything now and then beside the running server, and tells what it found.
//!
//! `server` starts it. It looks for every kind of difference that `tallyship verify` knows: votes and what else must agree with them in one
//! snapshot, then the ledger in short spans, up to the version that each tally had in the snapshot. It rests four times as long as it
//! worked. What differs is told, by metrics and lines of the log, and never mended; each instance recounts by itself.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::result::Error;

use super::ledger_sums::LedgerSums;
use super::stream;
use super::{Accounts, Difference, unreadable_record, wrong_segment};
use crate::auth::audit;
use crate::config;
use crate::domain::Timestamp;
use crate::infra::db::{self, DbConnection, Purpose};
use crate::infra::telemetry::Metrics;
use crate::voting::ledger::voter_index;

/// The first recount comes so long after the start, or sooner where recounts are closer.
const FIRST: Duration = Duration::from_secs(600);
/// After a failure the next is tried so much later, or sooner.
const AGAIN: Duration = Duration::from_secs(300);
/// Votes after which a snapshot rests.
const PAGE: i64 = 5_000;
/// A rest at least, and how many times as long as the work before it.
const REST: Duration = Duration::from_millis(2);
const RESTS: u32 = 4;
/// A difference counts once it was found in so many passes in a row.
const PASSES: usize = 3;

/// The running thread; dropping it ends the thread at its next rest.
pub struct VerifyWorker {
    _stop: Sender<()>,
}

impl VerifyWorker {
    /// Starts it, with a recount each `every`.
    ///
    /// # Errors
    /// Where the thread cannot be started.
    pub fn start(
        settings: config::Database,
        every: Duration,
        meters: Arc<Metrics>,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = channel();
        let recount = Recount { settings, stopped };
        std::thread::Builder::new()
            .name("recounting".to_owned())
            .spawn(move || recount.run(every, &meters))?;
        Ok(Self { _stop: stop })
    }
}

/// Why a recount was not finished.
#[derive(Debug, thiserror::Error)]
enum PassError {
    #[error("the server ends")]
    Stopped,
    #[error(transparent)]
    Open(#[from] db::OpenError),
    #[error(transparent)]
    Query(Error),
}

impl From<Error> for PassError {
    fn from(cause: Error) -> Self {
        match cause {
            // See `Recount::snapshot`.
            Error::RollbackTransaction => Self::Stopped,
            cause => Self::Query(cause),
        }
    }
}

/// What a pass found.
#[derive(Default)]
struct Findings {
    differences: Vec<Difference>,
    /// Of the audit chain, the public log's journal, and the ledger's index.
    sentences: Vec<String>,
}

impl Findings {
    fn count(&self) -> usize {
        self.differences.len() + self.sentences.len()
    }

    /// By how many votes tallies differ in all.
    fn drift(&self) -> u64 {
        self.differences.iter().map(Difference::drift).sum()
    }

    fn log(&self) {
        for found in &self.differences {
            let faults: Vec<&str> = found.faults.iter().map(|fault| fault.key()).collect();
            tracing::error!(
                slug = %found.tool,
                ?faults,
                tally = ?found.tally,
                votes = ?found.votes,
                ledger = ?found.ledger,
                "tally differs from its recount"
            );
        }
        for sentence in &self.sentences {
            tracing::error!(found = %sentence, "stored rows differ from their recount");
        }
    }
}

struct Recount {
    settings: config::Database,
    stopped: Receiver<()>,
}

impl Recount {
    fn run(self, every: Duration, meters: &Metrics) {
        let mut pause = every.min(FIRST);
        while self.rest(pause).is_ok() {
            pause = match self.everything() {
                Ok(found) => {
                    found.log();
                    meters.recounted(found.drift(), found.count(), Timestamp::now());
                    every
                }
                Err(PassError::Stopped) => return,
                Err(cause) => {
                    tracing::warn!(%cause, "recount not finished; will retry");
                    every.min(AGAIN)
                }
            };
        }
    }

    fn rest(&self, time: Duration) -> Result<(), PassError> {
        match self.stopped.recv_timeout(time) {
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Ok(()) | Err(RecvTimeoutError::Disconnected) => Err(PassError::Stopped),
        }
    }

    /// Does one step and rests after it.
    fn gently<T>(&self, work: impl FnOnce() -> QueryResult<T>) -> Result<T, PassError> {
        let began = Instant::now();
        let done = work()?;
        self.rest(REST.max(RESTS * began.elapsed()))?;
        Ok(done)
    }

    fn everything(&self) -> Result<Findings, PassError> {
        let mut conn = db::open(&self.settings, Purpose::Read)?;
        let mut found = Findings::default();
        for _ in 0..PASSES {
            found = self.pass(&mut conn)?;
            if found.count() == 0 {
                break;
            }
        }
        Ok(found)
    }

    fn pass(&self, conn: &mut DbConnection) -> Result<Findings, PassError> {
        let mut accounts = self.snapshot(conn)?;
        let versions = accounts.tallies.iter();
        let versions = versions.map(|(_, row)| (row.tool, row.version)).collect();
        let mut ledger = LedgerSums::until(versions);
        let now = loop {
            let at_end = |conn: &mut DbConnection| stream::tallies(conn);
            if let Some(now) = self.gently(|| ledger.step(conn, at_end))? {
                break now;
            }
        };
        accounts.add_ledger(ledger, now.into_iter().map(|(_, row)| row));
        let chain = self.gently(|| audit::check(conn, None))?;
        let mut sentences = chain.faults;
        let unreadable = accounts.unreadable_records.iter();
        sentences.extend(unreadable.map(|seq| unreadable_record(*seq)));
        for segment in 0..voter_index::segments(conn)? {
            // In one snapshot: an erasure between two queries would look like a fault.
            let check = |conn: &mut DbConnection| voter_index::is_right(conn, segment);
            if !self.gently(|| stream::in_snapshot(conn, check))? {
                sentences.push(wrong_segment(segment));
            }
        }
        Ok(Findings {
            differences: accounts.differences(),
            sentences,
        })
    }

    /// Reads everything but the ledger at one moment, with rests, so that votes have the processor. SQLite's log grows until it ends.
    fn snapshot(&self, conn: &mut DbConnection) -> QueryResult<Accounts> {
        let mut began = Instant::now();
        stream::in_snapshot(conn, |conn| {
            Accounts::read(conn, |rows| {
                if rows % PAGE == 0 {
                    let ended = self.rest(RESTS * began.elapsed());
                    began = Instant::now();
                    ended.map_err(|_stopped| Error::RollbackTransaction)?;
                }
                Ok(())
            })
        })
    }
}
