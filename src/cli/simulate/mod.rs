//! Replay: the ledger of a past span through other rules, and what would have been different.
//!
//! `tallyship replay` calls it. It reads only, beside a running server, and holds a part of the ledger at a time. A rule is a
//! [`judge`]; the ledger has what was admitted then, so a replay can say what a stricter rule would have refused, and not
//! what a milder one would have let in.

mod comparison;
mod detector;
pub mod render;
pub mod report;
pub mod rule;
mod store;

use std::collections::BTreeMap;

use diesel::QueryResult;

use self::comparison::Comparison;
pub use self::comparison::MinVotes;
use self::detector::SimulatedDetector;
use self::report::Report;
use self::rule::{Decision, Judge, ReplayedVote};
use crate::detection::memory::Limits;
use crate::domain::Timestamp;
use crate::infra::db::DbConnection;
use crate::voting::ledger;

/// Changes that are judged at a time.
const PART: usize = 500;

/// What is to be replayed.
pub struct Replay {
    pub from: Timestamp,
    /// Not included.
    pub to: Timestamp,
    pub judges: Vec<Judge>,
    /// Whether a judge asks where votes came from.
    pub by_network: bool,
    pub min_votes: MinVotes,
    /// The detector's settings then and now, where alerts are asked for.
    pub detector: Option<(Limits, Limits)>,
}

/// A replay under way.
struct ReplayRun {
    judges: Vec<Judge>,
    by_network: bool,
    /// What removals moved, and is still to come; the last is the first.
    moved: Vec<store::Moved>,
    course: Comparison,
    /// Changes from nobody knows where.
    unknown: u64,
    /// The detector, then and now.
    watches: Option<(SimulatedDetector, SimulatedDetector)>,
}

impl ReplayRun {
    fn part(&mut self, part: &mut Vec<ReplayedVote>, beside: &mut DbConnection) -> QueryResult<()> {
        if self.by_network {
            store::add_networks(beside, part)?;
        }
        for cast in part.drain(..) {
            self.move_upto(cast.at);
            self.unknown += u64::from(self.by_network && cast.network.is_none());
            // All hear of it, so that each knows the past; the first that does not admit it decides.
            let mut verdict = Decision::Admitted;
            for judge in &mut self.judges {
                let said = judge(&cast);
                if verdict == Decision::Admitted {
                    verdict = said;
                }
            }
            self.course.take(&cast, verdict);
            if let Some((then, now)) = &mut self.watches {
                then.take(&cast, beside)?;
                // What is refused raises nothing.
                if verdict == Decision::Admitted {
                    now.take(&cast, beside)?;
                }
            }
        }
        Ok(())
    }

    fn move_upto(&mut self, at: Timestamp) {
        while let Some((when, tool, counts)) = self.moved.pop_if(|(when, ..)| *when <= at) {
            self.course.moved(tool, counts, when);
        }
    }
}

/// Replays a span. `beside` is another connection to the same database.
pub fn replay(
    conn: &mut DbConnection,
    beside: &mut DbConnection,
    replay: Replay,
) -> QueryResult<Report> {
    let (from, to) = (replay.from, replay.to);
    let (start, mut moved) = store::start(conn, from, to)?;
    moved.reverse();
    let watch = |limits| {
        SimulatedDetector::new(limits, start.iter().map(|(tool, counts)| (*tool, *counts)))
    };
    let watches = replay.detector.map(|(then, now)| (watch(then), watch(now)));
    let mut run = ReplayRun {
        judges: replay.judges,
        by_network: replay.by_network,
        moved,
        course: Comparison::new(from, start, replay.min_votes),
        unknown: 0,
        watches,
    };
    let mut part = Vec::with_capacity(PART);
    let mut outcome = Ok(());
    ledger::each_change_within(conn, (from, to), |tool, at, change| {
        part.push(ReplayedVote {
            at,
            tool,
            voter: change.voter,
            old: change.old,
            new: change.new,
            network: None,
            token_age: None,
        });
        if part.len() == PART && outcome.is_ok() {
            outcome = run.part(&mut part, beside);
            part.clear();
        }
    })?;
    outcome?;
    run.part(&mut part, beside)?;
    run.move_upto(to);
    run.course.close(to);
    let unknown = run.by_network.then_some(run.unknown);
    let slugs = store::slugs(conn)?;
    let mut alerts = None;
    if let Some((then, now)) = &mut run.watches {
        then.close(to, beside)?;
        now.close(to, beside)?;
        alerts = Some(detector::compared(then, now, |tool| name(&slugs, tool)));
    }
    Ok(Report::of(
        (from, to),
        run.course,
        replay.min_votes,
        (unknown, alerts),
        &slugs,
    ))
}

/// What a tool is called.
fn name(slugs: &BTreeMap<i32, String>, tool: i32) -> String {
    let slug = slugs.get(&tool).cloned();
    slug.unwrap_or_else(|| format!("(tool {tool})"))
}
