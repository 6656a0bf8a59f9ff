//! The journal of the public log: what happened to ballots and tallies, written in the transaction in which it happened.
//!
//! A batch of votes, a step of an import and each act of moderation write one record here; `transparency` turns records into
//! entries of the log and deletes them. Within a tool, records are in the order in which its tally's lock was held. Nothing
//! here names a voter.

mod codec;
pub mod store;

use crate::domain::{BallotName, Choice, Counts};
use crate::tallies::TallyRow;

pub use codec::{decode, encode};

/// What happened on one tool in one transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolRecord {
    pub tool: i32,
    /// An act of moderation: the log states it apart from the votes before and behind it.
    pub is_act: bool,
    /// The tally as the transaction left it.
    pub tally: Counts,
    pub version: i64,
    /// By how much the held ballots grew, but for what `changes` and `removals` say.
    pub held: Counts,
    pub changes: Vec<BallotChange>,
    pub removals: Vec<RemovalChange>,
}

impl ToolRecord {
    pub fn of(row: &TallyRow) -> Self {
        Self {
            tool: row.tool,
            tally: Counts {
                ship: row.ship,
                skip: row.skip,
            },
            version: row.version,
            ..Self::default()
        }
    }

    /// Of an act of moderation.
    pub fn act(row: &TallyRow) -> Self {
        Self {
            is_act: true,
            ..Self::of(row)
        }
    }
}

/// What a ballot adds to the log's sums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BallotState {
    /// `None` without a vote, and of a ballot that a removal excludes.
    pub choice: Option<Choice>,
    /// The vote is held back.
    pub is_held: bool,
}

impl BallotState {
    pub fn named(self) -> Counts {
        Counts::of(self.choice)
    }

    pub fn held(self) -> Counts {
        Counts::of(self.choice.filter(|_| self.is_held))
    }
}

/// A ballot that was made, changed, withdrawn or cast again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BallotChange {
    pub ballot: BallotName,
    pub old: BallotState,
    /// Its choice, whether an excluded period takes it or not.
    pub choice: Option<Choice>,
    pub is_held: bool,
    /// It is new, or was excluded until now: a line states it whatever its choice was.
    pub is_stated: bool,
    /// The excluded period that takes it.
    pub excluded_by: Option<i64>,
}

impl BallotChange {
    pub fn new_state(&self) -> BallotState {
        BallotState {
            choice: self.choice.filter(|_| self.excluded_by.is_none()),
            is_held: self.is_held,
        }
    }
}

/// Ballots that a removal takes out or gives back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemovalChange {
    pub excludes: bool,
    pub id: i64,
    /// Another removal excludes these ballots before and after: no sum moves.
    pub is_handed_over: bool,
    pub ballots: Vec<(BallotName, BallotState)>,
}
