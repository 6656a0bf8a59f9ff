//! [`VerifyWorker`]: the thread that recounts everything now and then beside the running server, and tells what it found.
//!
//! `server` starts it. It reads in short pages on a connection of its own and rests four times as long as it worked, so
//! that no vote waits for it; each instance does so by itself. Every tally is held against its votes and against its ledger.
//! What differs is told, by a metric and a line of the log, and never mended: `tallyship verify` shows more of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::pages::{Held, Step, Walk};
use super::stream;
use super::sums::Sums;
use crate::config;
use crate::domain::Timestamp;
use crate::infra::db::{self, DbConnection, Purpose};
use crate::infra::telemetry::Metrics;

/// The first recount comes so long after the start, or sooner where recounts are closer.
const FIRST: Duration = Duration::from_secs(600);
/// After a failure the next is tried so much later, or sooner.
const AGAIN: Duration = Duration::from_secs(300);
/// Votes of a page.
const PAGE: usize = 5_000;
/// A rest at least, and how many times as long as the work before it.
const REST: Duration = Duration::from_millis(2);
const RESTS: u32 = 4;
/// A difference counts once it was found so many times in a row, and a walk that was disturbed is tried so often.
const LOOKS: usize = 3;
const TRIES: usize = 20;

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
    Query(#[from] diesel::result::Error),
    #[error("moderators moved votes all the while")]
    Disturbed,
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
                Ok(drift) => {
                    meters.recounted(drift, Timestamp::now());
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
    fn gently<T>(&self, work: impl FnOnce() -> diesel::QueryResult<T>) -> Result<T, PassError> {
        let began = Instant::now();
        let done = work()?;
        self.rest(REST.max(RESTS * began.elapsed()))?;
        Ok(done)
    }

    /// Recounts everything; returns by how many votes tallies differ in all. Of a tool that differs from its votes and from
    /// its ledger, the greater difference counts.
    fn everything(&self) -> Result<u64, PassError> {
        let mut conn = db::open(&self.settings, Purpose::Read)?;
        let tools = stream::tallies(&mut conn)?;
        let mut drifts: BTreeMap<i32, u64> = BTreeMap::new();
        let of_ledger = self.ledger(&mut conn)?;
        for (slug, row) in tools {
            let of_votes = self.votes(&mut conn, row.tool)?;
            let both = [
                ("votes", of_votes),
                ("ledger", of_ledger.get(&row.tool).copied()),
            ];
            for (against, held) in both {
                let Some(held) = held.filter(|held| held.drift() > 0) else {
                    continue;
                };
                let (tally, found) = (held.tally, held.found);
                tracing::error!(
                    %slug,
                    against,
                    ?tally,
                    ?found,
                    "tally differs from its recount"
                );
                let drift = drifts.entry(row.tool).or_default();
                *drift = (*drift).max(held.drift());
            }
        }
        Ok(drifts.values().sum())
    }

    /// A tool's tally beside its votes.
    fn votes(&self, conn: &mut DbConnection, tool: i32) -> Result<Option<Held>, PassError> {
        let mut last = None;
        for _ in 0..LOOKS {
            last = self.walk(conn, tool)?;
            if last.is_none_or(|held| held.drift() == 0) {
                break;
            }
        }
        Ok(last)
    }

    fn walk(&self, conn: &mut DbConnection, tool: i32) -> Result<Option<Held>, PassError> {
        let mut walk = Walk::new(tool, PAGE);
        let mut tries = 0;
        loop {
            match self.gently(|| walk.step(conn))? {
                None => return Ok(None),
                Some(Step::More) => {}
                Some(Step::Done(held)) => return Ok(Some(held)),
                Some(Step::Moved) if tries < TRIES => {
                    tries += 1;
                    walk = Walk::new(tool, PAGE);
                }
                Some(Step::Moved) => return Err(PassError::Disturbed),
            }
        }
    }

    /// Every tally beside its ledger.
    fn ledger(&self, conn: &mut DbConnection) -> Result<BTreeMap<i32, Held>, PassError> {
        let mut last = BTreeMap::new();
        for _ in 0..LOOKS {
            let mut sums = Sums::default();
            last = loop {
                if let Some(held) = self.gently(|| sums.step(conn))? {
                    break held;
                }
            };
            if last.values().all(|held| held.drift() == 0) {
                break;
            }
        }
        Ok(last)
    }
}
