//! Setting votes of one hand aside: the newest of the leading side, counted ones included, until its net is within the limit.
//!
//! `batch` calls it in its transaction, once the batch is written and before the sums are saved.

pub(super) mod store;
#[cfg(test)]
mod tests;

use crate::domain::{Timestamp, VoterId};
use crate::tallies::TallyRow;
use crate::voting::VoteRecord;
use crate::voting::apply::{ChangeSet, VoteChange};
use crate::voting::exclusions::HELD;
use crate::voting::fresh::book::OriginBook;
use crate::voting::journal::{BallotChange, BallotState, ToolRecord};
use crate::voting::seen_changes::SeenChange;

/// Takes counted votes out of the tally of `row` and out of the sums.
fn take(
    book: &mut OriginBook,
    row: &mut TallyRow,
    votes: &[(VoterId, VoteRecord)],
    changes: &mut ChangeSet,
    now: Timestamp,
) {
    let mut stated = Vec::new();
    for (voter, old) in votes {
        let new = VoteRecord {
            aside: Some(HELD),
            ..*old
        };
        row.shift(old.weight(), None, now);
        changes.events.push(VoteChange {
            tool: row.tool,
            version: row.version,
            voter: *voter,
            old: Some(old.choice),
            new: None,
        });
        // Its voter did nothing.
        changes.journal.push(SeenChange {
            tool: row.tool,
            version: row.version,
            voter: *voter,
            old: Some(old.choice),
            new: Some(old.choice),
            at: now,
        });
        book.replace(row.tool, *voter, Some(*old), Some(new));
        changes.set_aside.push(((row.tool, *voter), new));
        // No line names the ballot: its choice stays, and the sum of held ballots follows.
        stated.extend(old.ballot.map(|ballot| BallotChange {
            ballot: ballot.name,
            old: BallotState {
                choice: Some(old.choice),
                is_held: false,
            },
            choice: Some(old.choice),
            is_held: true,
            is_stated: false,
            excluded_by: None,
        }));
    }
    changes.ballots.records.push(ToolRecord {
        changes: stated,
        ..ToolRecord::of(row)
    });
}
