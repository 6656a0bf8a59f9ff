//! The worker that recounts everything now and then beside the running server, and tells what it found.
//!
//! `server` starts it. It looks for every kind of difference that `tallyship verify` knows: votes and what else must agree with them in one
//! snapshot, then the ledger in short spans, up to the version that each tally had in the snapshot. It rests four times as long as it
//! worked. What differs is told, by metrics and lines of the log, and never mended; each instance recounts by itself.

use std::sync::Arc;
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
use crate::infra::workers::{PassError, Schedule, Stop, Worker};
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

/// Starts it, with a recount each `every`.
pub fn start(
    settings: config::Database,
    every: Duration,
    meters: Arc<Metrics>,
) -> std::io::Result<Worker> {
    let schedule = Schedule {
        first_after: every.min(FIRST),
        retry_after: every.min(AGAIN),
        failure: "recount not finished; will retry",
    };
    Worker::start("recounting", schedule, move |stop| {
        let found = everything(stop, &settings)?;
        found.log();
        meters.recounted(found.drift(), found.count(), Timestamp::now());
        Ok(every)
    })
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

/// See [`snapshot`].
fn stopped(cause: Error) -> PassError {
    match cause {
        Error::RollbackTransaction => PassError::Stopped,
        cause => cause.into(),
    }
}

/// Does one step and rests after it.
fn gently<T>(stop: &Stop, work: impl FnOnce() -> QueryResult<T>) -> Result<T, PassError> {
    let began = Instant::now();
    let done = work()?;
    stop.rest(REST.max(RESTS * began.elapsed()))?;
    Ok(done)
}

fn everything(stop: &Stop, settings: &config::Database) -> Result<Findings, PassError> {
    let mut conn = db::open(settings, Purpose::Read)?;
    let mut found = Findings::default();
    for _ in 0..PASSES {
        found = pass(stop, &mut conn)?;
        if found.count() == 0 {
            break;
        }
    }
    Ok(found)
}

fn pass(stop: &Stop, conn: &mut DbConnection) -> Result<Findings, PassError> {
    let mut accounts = snapshot(stop, conn).map_err(stopped)?;
    let versions = accounts.tallies.iter();
    let versions = versions.map(|(_, row)| (row.tool, row.version)).collect();
    let mut ledger = LedgerSums::until(versions);
    let now = loop {
        let at_end = |conn: &mut DbConnection| stream::tallies(conn);
        if let Some(now) = gently(stop, || ledger.step(conn, at_end))? {
            break now;
        }
    };
    accounts.add_ledger(ledger, now.into_iter().map(|(_, row)| row));
    let chain = gently(stop, || audit::check(conn, None))?;
    let mut sentences = chain.faults;
    let unreadable = accounts.unreadable_records.iter();
    sentences.extend(unreadable.map(|seq| unreadable_record(*seq)));
    for segment in 0..voter_index::segments(conn)? {
        // In one snapshot: an erasure between two queries would look like a fault.
        let check = |conn: &mut DbConnection| voter_index::is_right(conn, segment);
        if !gently(stop, || stream::in_snapshot(conn, check))? {
            sentences.push(wrong_segment(segment));
        }
    }
    Ok(Findings {
        differences: accounts.differences(),
        sentences,
    })
}

/// Reads everything but the ledger at one moment, with rests, so that votes have the processor. SQLite's log grows until it ends.
fn snapshot(stop: &Stop, conn: &mut DbConnection) -> QueryResult<Accounts> {
    let mut began = Instant::now();
    stream::in_snapshot(conn, |conn| {
        Accounts::read(conn, |rows| {
            if rows % PAGE == 0 {
                let ended = stop.rest(RESTS * began.elapsed());
                began = Instant::now();
                ended.map_err(|_stopped| Error::RollbackTransaction)?;
            }
            Ok(())
        })
    })
}
