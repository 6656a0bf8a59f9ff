//! Votes: one voter's current choice on one tool, cast, changed and withdrawn; each answered only once it is on disk.
//!
//! Routes call [`Votes`]. Handlers never write: they hand a [`Wish`] to the writer, and wait.

mod answers;
pub mod entries;
pub mod export;
mod fold;
pub mod import;
pub mod json;
mod ledger;
pub mod marks;
pub mod own;
mod postgres;
pub mod recount;
pub mod routes;
pub mod sketch;
mod sqlite;
pub mod store;
pub mod writer;

use std::sync::Arc;

use crate::tallies::Weight;
use crate::tallies::board::Published;
use crate::vocabulary::{Choice, Moment, NetworkHash, VoterId};

/// What a voter wants of a tool: a choice, or none any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    pub tool: i32,
    pub voter: VoterId,
    pub choice: Option<Choice>,
    pub network: NetworkHash,
    /// Of the visitor token, in seconds.
    pub token_age: i32,
}

/// A voter's vote as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub choice: Choice,
    pub cast_at: Moment,
    /// The removal in force that sets it aside; `None` while it counts.
    pub aside: Option<i64>,
}

impl Standing {
    /// What it adds to its tally.
    #[must_use]
    pub fn weight(self) -> Weight {
        Weight {
            choice: self.choice,
            aside: self.aside.is_some(),
        }
    }

    /// Its choice, while it counts.
    #[must_use]
    pub fn counted(self) -> Option<Choice> {
        self.aside.is_none().then_some(self.choice)
    }
}

/// What became of a wish, on disk by now.
#[derive(Debug, Clone)]
pub struct Done {
    pub vote: Option<Standing>,
    /// There was no vote of this voter on this tool before.
    pub first: bool,
    pub tally: Arc<Published>,
}

/// Why a wish was not carried out; nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    UnknownTool,
    Frozen,
    Archived,
    /// The voter was erased a moment ago.
    Erased,
    /// The database did not take it, or its outcome is not known.
    Unavailable,
    /// Too much is waiting.
    Overloaded,
}
