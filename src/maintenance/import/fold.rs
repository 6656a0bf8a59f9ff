//! What a step of an import changes: pure, the same for both databases. Only `store` calls it.
//!
//! A vote comes in where its voter has none on the tool, or an older one. A newer one stays, and so does one that a
//! removal in force took out: an import is no way round a moderator.

use std::collections::{BTreeMap, BTreeSet};

use super::{ImportReport, Line};
use crate::domain::Timestamp;
use crate::tallies::TallyRow;
use crate::voting::apply::{ChangeSet, ExistingVotes, Key, VoteChange};
use crate::voting::exclusions::{self, Period};
use crate::voting::journal::{BallotChange, BallotState, ToolRecord};
use crate::voting::{VoteCommand, VoteRecord};

/// A step, ready to be written.
#[derive(Default)]
pub(super) struct Step {
    /// Votes that replace older ones, and what becomes of the tallies. Its events are in `events`.
    pub folded: ChangeSet,
    /// Changes with the moments at which their votes were cast.
    pub events: Vec<(VoteChange, Timestamp)>,
    /// Votes that are new and fall into an excluded period.
    pub aside: Vec<(i32, i64, VoteCommand, VoteRecord)>,
    pub report: ImportReport,
}

/// Folds `lines`, one a key and sorted by it, over what the database has under its locks. The votes of `added` were not
/// there before and are written already.
pub(super) fn fold(
    lines: &BTreeMap<Key, &Line>,
    command: impl Fn(&Line) -> VoteCommand,
    added: &BTreeSet<Key>,
    before: &ExistingVotes,
    tallies: &BTreeMap<i32, TallyRow>,
    periods: &[Period],
    now: Timestamp,
) -> Step {
    let (mut step, mut rows) = (Step::default(), tallies.clone());
    let mut changes: BTreeMap<i32, Vec<BallotChange>> = BTreeMap::new();
    for (key, line) in lines {
        let Some(row) = rows.get_mut(&line.tool) else {
            continue;
        };
        let old = before.get(key).copied().filter(|_| !added.contains(key));
        match old {
            Some(old) if old.aside.is_some() => {
                step.report.out += 1;
                continue;
            }
            Some(old) if old.cast_at >= line.cast_at => {
                step.report.kept += 1;
                continue;
            }
            Some(_) => step.report.changed += 1,
            None => step.report.added += 1,
        }
        let period = exclusions::covering(periods, line.tool, line.cast_at);
        let new = VoteRecord {
            choice: line.choice,
            cast_at: line.cast_at,
            aside: period,
            ballot: old.and_then(|old| old.ballot),
            binding: old.and_then(|old| old.binding),
        };
        let changed = old.and_then(|old| changed(old, new));
        changes.entry(line.tool).or_default().extend(changed);
        match (old, period) {
            (Some(_), _) => step.folded.updates.push((command(line), new)),
            (None, Some(period)) => step.aside.push((line.tool, period, command(line), new)),
            (None, None) => {}
        }
        row.revision += i64::from(new.is_excluded());
        if row.shift(old.and_then(VoteRecord::weight), new.weight(), now) {
            let event = VoteChange {
                tool: line.tool,
                version: row.version,
                voter: line.voter,
                old: old.and_then(VoteRecord::counted),
                new: new.counted(),
            };
            step.events.push((event, line.cast_at));
        }
    }
    for (tool, row) in rows {
        if let Some(before) = tallies.get(&tool).filter(|before| **before != row) {
            step.folded.ballots.records.push(ToolRecord {
                changes: changes.remove(&tool).unwrap_or_default(),
                ..ToolRecord::of(&row)
            });
            step.folded.hour_changes.extend(before.hour_change(now));
            step.folded.tallies.push(row);
        }
    }
    step
}

/// What the public log is told of a vote with a ballot. It counted until now: votes that are set aside stay as they are.
fn changed(old: VoteRecord, new: VoteRecord) -> Option<BallotChange> {
    Some(BallotChange {
        ballot: new.ballot?.name,
        old: BallotState {
            choice: Some(old.choice),
            is_held: false,
        },
        choice: Some(new.choice),
        is_held: false,
        is_stated: new.aside.is_some(),
        excluded_by: new.aside,
    })
}
