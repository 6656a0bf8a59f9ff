//! The worker that writes the ledger's index of voters behind the votes.
//!
//! `server` starts it. It reads a segment of entries on a connection of its own, has the writer write its rows between two batches, and
//! rests four times as long as both took. Of several instances the first writes a segment; the others find it written.

use std::time::{Duration, Instant};

use crate::config;
use crate::infra::db::{self, DbConnection, Purpose};
use crate::infra::workers::{PassError, Schedule, Stop, Worker};
use crate::voting::VoteError;
use crate::voting::ledger::voter_index;
use crate::voting::writer::Votes;

/// Between two looks for a whole segment.
const INTERVAL: Duration = Duration::from_secs(5);
/// A rest at least, and how many times as long as the work before it.
const MIN_REST: Duration = Duration::from_millis(20);
const REST_FACTOR: u32 = 4;

pub fn start(settings: config::Database, votes: Votes) -> std::io::Result<Worker> {
    let schedule = Schedule {
        first_after: INTERVAL,
        retry_after: INTERVAL,
        failure: "index of voters not written; will retry",
    };
    let mut conn = None;
    Worker::start("voter-index", schedule, move |stop| {
        let mut open = match conn.take() {
            Some(open) => open,
            None => db::open(&settings, Purpose::Read)?,
        };
        pass(stop, &mut open, &votes)?;
        conn = Some(open);
        Ok(INTERVAL)
    })
}

/// Writes every segment that is whole.
fn pass(stop: &Stop, conn: &mut DbConnection, votes: &Votes) -> Result<(), PassError> {
    loop {
        let began = Instant::now();
        let Some((segment, erasures)) = voter_index::next(conn)? else {
            return Ok(());
        };
        let rows = voter_index::build(conn, segment)?;
        let write =
            move |conn: &mut DbConnection| voter_index::write(conn, (segment, erasures), &rows);
        match stop.block_on(votes.edit(write)) {
            Ok(()) | Err(VoteError::Overloaded) => {}
            Err(cause) => {
                let cause = format!("the writer did not take it: {cause:?}");
                return Err(PassError::Failed(cause));
            }
        }
        stop.rest(MIN_REST.max(REST_FACTOR * began.elapsed()))?;
    }
}
