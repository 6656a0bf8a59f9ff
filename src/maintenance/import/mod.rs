//! Votes out of a file: `tallyship import votes`, beside a server that takes votes meanwhile.
//!
//! The file is read twice: once to hold every line against what is known, once to write. Writing goes in steps of a few
//! milliseconds, each a transaction by the ledger's recipe, so the server's writer has its turn between two of them. A
//! line that is there already changes nothing: an import that was killed is run again.
//!
//! Decided by `cast_at`: the newest vote of a voter on a tool stands, whether the file or the database has it. What a
//! moderator took out stays out. A vote that was withdrawn leaves nothing behind that a line could be held against: an
//! old file brings it back.

mod fold;
mod lines;
mod postgres;
mod rollup;
mod sqlite;
mod store;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::time::Instant;

use serde::Serialize;

use crate::auth::made_at;
use crate::domain::{NetworkHash, Timestamp};
use crate::infra::db::{DbConnection, LockFairness};
use crate::voting::VoteCommand;
use crate::voting::apply::Key;
pub use lines::{Bad, Line, LineContext, read};
pub use store::tools;

/// Lines that are held at a time: some 30 MB.
const RUN: usize = 200_000;
/// Lines of one step. On SQLite nobody else writes during a step: about 10 ms.
const STEP_SQLITE: usize = 700;
const STEP_POSTGRES: usize = 2_000;

/// What became of the lines.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    pub rows: u64,
    /// The voter had no vote on the tool.
    pub added: u64,
    /// An older vote was there.
    pub changed: u64,
    /// The same vote, or a newer one, is there.
    pub kept: u64,
    /// A moderator took the vote out, and it stays out.
    pub out: u64,
    /// The voter was erased, or came as a user whose the vote is.
    pub barred: u64,
}

/// Why an import ended early. What was written until then stays; running it again goes on.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{0}; the file has changed since it was checked")]
    Changed(#[from] Bad),
    #[error("the database: {0}")]
    Query(#[from] diesel::result::Error),
}

/// A vote of a file for the tables: of no network, and as old as its visitor was then.
fn vote_command(line: &Line) -> VoteCommand {
    let age =
        made_at(line.voter).map_or(0, |made| (line.cast_at.seconds() - made.seconds()).max(0));
    VoteCommand {
        tool: line.tool,
        voter: line.voter,
        act: Some(line.choice).into(),
        visitor: None,
        network: NetworkHash::NONE,
        token_age: i32::try_from(age).unwrap_or(i32::MAX),
        origins: None,
        ballot: None,
    }
}

/// Writes the lines of a file that was checked. `told` hears after each step how many lines are done.
pub fn write(
    conn: &mut DbConnection,
    lines: impl Iterator<Item = Result<Line, Bad>>,
    clock: impl Fn() -> Timestamp,
    mut told: impl FnMut(u64),
) -> Result<ImportReport, ImportError> {
    let most = match conn {
        DbConnection::Sqlite(_) => STEP_SQLITE,
        DbConnection::Postgres(_) => STEP_POSTGRES,
    };
    store::prepare(conn)?;
    let mut noted: HashSet<i32> = rollup::to_make(conn)?.into_iter().collect();
    let (mut report, mut lines) = (ImportReport::default(), lines.peekable());
    let mut fairness = LockFairness::new(conn)?;
    while lines.peek().is_some() {
        let (run, read) = run(&mut lines)?;
        let twice = read - run.len() as u64;
        for step in run.chunks(most) {
            let step: BTreeMap<Key, &Line> = step
                .iter()
                .map(|line| ((line.tool, line.voter), line))
                .collect();
            let began = Instant::now();
            let done = store::record(conn, &step, &mut noted, clock())?;
            report.rows += step.len() as u64;
            report.added += done.added;
            report.changed += done.changed;
            report.kept += done.kept;
            report.out += done.out;
            report.barred += done.barred;
            told(report.rows);
            fairness.pause(conn, began.elapsed())?;
        }
        report.rows += twice;
        report.kept += twice;
        told(report.rows);
    }
    // Whatever another import took off the list meanwhile was not made of these votes.
    noted.extend(rollup::to_make(conn)?);
    rollup::make(conn, &noted.into_iter().collect(), clock(), &mut fairness)?;
    Ok(report)
}

/// The next lines, by key, the newest of each; and how many were read. In the order of the file, each step would touch
/// pages all over the table: measured, three quarters of the time went into writing them out.
fn run(lines: &mut impl Iterator<Item = Result<Line, Bad>>) -> Result<(Vec<Line>, u64), Bad> {
    let mut run = lines.take(RUN).collect::<Result<Vec<Line>, Bad>>()?;
    let read = run.len() as u64;
    // Stable: of two lines of one moment the first stands, as it does in two runs.
    run.sort_by_key(|line| (line.tool, line.voter, Reverse(line.cast_at)));
    run.dedup_by_key(|line| (line.tool, line.voter));
    Ok((run, read))
}
