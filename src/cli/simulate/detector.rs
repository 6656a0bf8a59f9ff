//! [`SimulatedDetector`]: what the detector would have raised under other settings, over the same past.
//!
//! `replay` feeds it every change in the order of time. It is the detector's own memory and rule, asked every few seconds of
//! that time, as the running one is; nothing is written. It looks no further ahead than the running one could.

use std::collections::HashMap;

use serde::Serialize;

use super::store::Found;
use crate::cli::simulate::comparison::Counts;
use crate::cli::simulate::rule::ReplayedVote;
use crate::detection::baseline::Baseline;
use crate::detection::finding::{Finding, FindingKind};
use crate::detection::memory::{Facts, Limits, Memory, Vote};
use crate::detection::rhythm as rhythm_of;
use crate::domain::{Choice, Timestamp};
use crate::infra::db::DbConnection;

/// Between two looks, of the past's time: as the running one.
const EVERY_SECONDS: i64 = 5;
/// A tool's history is read anew after so long, and that of so many tools is kept.
const RHYTHM_SECONDS: i64 = 3_600;
const RHYTHMS: usize = 5_000;
/// AlertCounts that are kept; more are counted.
const MOST: usize = 10_000;

/// An alert as it would have been raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertRow {
    pub tool: String,
    pub kind: &'static str,
    pub score: i32,
    pub votes: u32,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// The alerts of a span under the settings of then and of now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AlertCounts {
    pub then: usize,
    pub now: usize,
    /// Raised then, and not now.
    pub gone: Vec<AlertRow>,
    /// Raised now, and not then.
    pub new: Vec<AlertRow>,
}

/// See the file's head.
pub(super) struct SimulatedDetector {
    memory: Memory,
    counts: HashMap<i32, Counts>,
    rhythms: HashMap<i32, (Baseline, Timestamp)>,
    next: Timestamp,
    /// One for each that goes on, as it last was.
    found: Vec<Finding>,
}

fn small(n: i64) -> u32 {
    u32::try_from(n.max(0)).unwrap_or(u32::MAX)
}

impl SimulatedDetector {
    /// Where tallies stood at the span's begin.
    pub fn new(limits: Limits, start: impl IntoIterator<Item = (i32, Counts)>) -> Self {
        Self {
            memory: Memory::new(limits),
            counts: start.into_iter().collect(),
            rhythms: HashMap::new(),
            next: Timestamp(i64::MIN),
            found: Vec::new(),
        }
    }

    /// Takes one change in, and looks where it is time to.
    pub fn take(&mut self, cast: &ReplayedVote, conn: &mut DbConnection) -> Found<()> {
        if cast.at >= self.next {
            self.look(self.next.max(cast.at.plus_seconds(-EVERY_SECONDS)), conn)?;
            self.next = cast.at.plus_seconds(EVERY_SECONDS);
        }
        let counts = self.counts.entry(cast.tool).or_default();
        for (choice, by) in [(cast.old, -1), (cast.new, 1)] {
            match choice {
                Some(Choice::Ship) => counts.0 += by,
                Some(Choice::Skip) => counts.1 += by,
                None => {}
            }
        }
        match cast.new {
            Some(choice) => {
                let known = cast.network.zip(cast.token_age);
                let vote = Vote {
                    tool: cast.tool,
                    voter: cast.voter,
                    choice,
                    at: cast.at,
                    known,
                };
                self.memory.take(&vote, cast.at);
            }
            None => self.memory.withdraw(cast.tool, cast.voter),
        }
        Ok(())
    }

    /// The last look, at the span's end.
    pub fn close(&mut self, end: Timestamp, conn: &mut DbConnection) -> Found<()> {
        self.look(end, conn)
    }

    fn look(&mut self, now: Timestamp, conn: &mut DbConnection) -> Found<()> {
        self.memory.forget(now);
        let (rhythms, counts) = (&mut self.rhythms, &self.counts);
        let mut broken = None;
        let mut facts = |tool: i32| match rhythm(rhythms, conn, tool, now) {
            Ok(rhythm) => {
                let (ship, skip) = counts.get(&tool).copied().unwrap_or_default();
                Some(Facts {
                    rhythm,
                    ship: small(ship),
                    skip: small(skip),
                })
            }
            Err(cause) => {
                broken = Some(cause);
                None
            }
        };
        let mut found = self.memory.judge_networks(&mut facts);
        for tool in self.memory.moved() {
            if let Some(facts) = facts(tool) {
                found.extend(self.memory.judge(tool, &facts, now));
            }
        }
        if let Some(cause) = broken {
            return Err(cause);
        }
        for finding in found {
            self.keep(finding);
        }
        Ok(())
    }

    fn keep(&mut self, finding: Finding) {
        let same = |earlier: &&mut Finding| is_same(earlier, &finding);
        if let Some(earlier) = self.found.iter_mut().rev().find(same) {
            *earlier = finding;
        } else if self.found.len() < MOST {
            self.found.push(finding);
        }
    }
}

/// The history of a tool up to the hour of `now`, read once an hour.
fn rhythm(
    known: &mut HashMap<i32, (Baseline, Timestamp)>,
    conn: &mut DbConnection,
    tool: i32,
    now: Timestamp,
) -> Found<Baseline> {
    if let Some((rhythm, at)) = known.get(&tool)
        && now < at.plus_seconds(RHYTHM_SECONDS)
    {
        return Ok(*rhythm);
    }
    let rhythm = rhythm_of(conn, tool, now)?;
    if known.len() >= RHYTHMS {
        known.clear();
    }
    known.insert(tool, (rhythm, now));
    Ok(rhythm)
}

/// Whether one goes on, or is, the other.
fn is_same(one: &Finding, other: &Finding) -> bool {
    (one.tool, one.kind, one.filter.network) == (other.tool, other.kind, other.filter.network)
        && one.filter.from < other.filter.to
        && other.filter.from < one.filter.to
}

/// Both compared.
pub(super) fn compared(
    then: &SimulatedDetector,
    now: &SimulatedDetector,
    name: impl Fn(i32) -> String,
) -> AlertCounts {
    let row = |finding: &Finding| AlertRow {
        tool: name(finding.tool),
        kind: kind(finding.kind),
        score: finding.score,
        votes: finding.numbers.votes,
        from: Timestamp(finding.filter.from),
        to: Timestamp(finding.filter.to),
    };
    let without = |some: &SimulatedDetector, others: &SimulatedDetector| {
        let alone = |finding: &&Finding| !others.found.iter().any(|other| is_same(finding, other));
        some.found.iter().filter(alone).map(row).collect()
    };
    AlertCounts {
        then: then.found.len(),
        now: now.found.len(),
        gone: without(then, now),
        new: without(now, then),
    }
}

fn kind(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Burst => "burst",
        FindingKind::Drip => "drip",
        FindingKind::Network => "network",
        FindingKind::AcrossTools => "across-tools",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detection::finding::{Filter, Numbers};
    use crate::detection::rule::ScorePartsView;

    fn finding(tool: i32, kind: FindingKind, (from, to): (i64, i64)) -> Finding {
        Finding {
            kind,
            tool,
            filter: Filter {
                from,
                to,
                choice: None,
                network: None,
            },
            score: 70,
            parts: ScorePartsView::default(),
            numbers: Numbers::default(),
        }
    }

    fn watch() -> SimulatedDetector {
        let limits = Limits {
            threshold: 60,
            least: 20,
        };
        SimulatedDetector::new(limits, [])
    }

    #[test]
    fn what_goes_on_is_one_and_what_is_on_one_side_alone_is_told() {
        let (mut then, mut now) = (watch(), watch());
        then.keep(finding(1, FindingKind::Burst, (0, 10)));
        then.keep(finding(1, FindingKind::Burst, (0, 20)));
        then.keep(finding(2, FindingKind::Drip, (0, 20)));
        now.keep(finding(1, FindingKind::Burst, (5, 30)));
        now.keep(finding(1, FindingKind::Network, (5, 30)));
        let told = compared(&then, &now, |tool| tool.to_string());
        assert_eq!((told.then, told.now), (2, 2));
        let gone: Vec<_> = told
            .gone
            .iter()
            .map(|row| (row.tool.as_str(), row.kind))
            .collect();
        let new: Vec<_> = told
            .new
            .iter()
            .map(|row| (row.tool.as_str(), row.kind))
            .collect();
        assert_eq!((gone, new), (vec![("2", "drip")], vec![("1", "network")]));
    }
}
