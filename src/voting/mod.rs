//! Votes: one voter's current choice on one tool, cast, changed and withdrawn; each answered only once it is on disk.
//!
//! Routes call [`Votes`]. Handlers never write: they hand a [`VoteCommand`] to the writer, and wait.

pub mod after_commit;
pub mod apply;
pub mod batch;
pub mod checksum;
pub mod claims;
pub mod exclusions;
pub mod held;
pub mod journal;
pub mod json;
pub mod ledger;
pub mod postgres;
pub mod routes;
pub mod sqlite;
pub mod store;
pub mod visitor_routes;
pub mod writer;

use std::sync::Arc;

use crate::auth::authenticate::Voter;
use crate::domain::{Ballot, Choice, NetworkHash, Timestamp, VoterId};
use crate::http::problem::{Code, Problem};
use crate::tallies::Contribution;
use crate::tallies::cache::Published;

/// What is to become of a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoteAction {
    Cast(Choice),
    Withdraw,
    /// Nothing, but that the visitor's vote becomes the user's.
    Claim,
}

impl From<Option<Choice>> for VoteAction {
    fn from(choice: Option<Choice>) -> Self {
        choice.map_or(Self::Withdraw, Self::Cast)
    }
}

/// What a voter wants of a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoteCommand {
    pub tool: i32,
    pub voter: VoterId,
    pub act: VoteAction,
    /// The visitor that this user was: that vote becomes the user's, or goes where the user has one.
    pub visitor: Option<VoterId>,
    pub network: NetworkHash,
    /// Of the visitor token, in seconds.
    pub token_age: i32,
    /// Whether a vote that this makes is held back. One that counts already goes on counting.
    pub hold: bool,
    /// The ballot of a vote that this makes. There is one for every act while the public log is on.
    pub ballot: Option<Ballot>,
}

impl VoteCommand {
    /// Of a caller, from `network`.
    #[must_use]
    pub fn of(voter: &Voter, tool: i32, act: VoteAction, network: NetworkHash) -> Self {
        Self {
            tool,
            voter: voter.id,
            act,
            visitor: voter.visitor,
            network,
            token_age: voter.age_seconds,
            hold: false,
            ballot: None,
        }
    }

    /// The same, held back where `hold` says so.
    #[must_use]
    pub fn held(self, hold: bool) -> Self {
        Self { hold, ..self }
    }
}

/// A voter's vote as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoteRecord {
    pub choice: Choice,
    pub cast_at: Timestamp,
    /// What keeps it from counting: the removal in force that sets it aside, or one of the marks of held votes.
    pub aside: Option<i64>,
    /// Its name in the public log.
    pub ballot: Option<Ballot>,
}

impl VoteRecord {
    /// What it adds to its tally; a held vote adds nothing anywhere.
    #[must_use]
    pub fn weight(self) -> Option<Contribution> {
        (!self.is_held()).then_some(Contribution {
            choice: self.choice,
            aside: self.aside.is_some(),
        })
    }

    /// Whether it is held back: on disk, and in no sum. Its voter is not told.
    #[must_use]
    pub fn is_held(self) -> bool {
        self.aside.is_some_and(exclusions::is_held)
    }

    /// Whether a removal in force keeps it from counting.
    #[must_use]
    pub fn is_excluded(self) -> bool {
        self.aside.is_some_and(|mark| !exclusions::is_held(mark))
    }

    /// The removal that has it out, whether it is held as well or not.
    #[must_use]
    pub fn removal(self) -> Option<i64> {
        exclusions::removal_of(self.aside?)
    }

    /// Its choice, while it counts.
    #[must_use]
    pub fn counted(self) -> Option<Choice> {
        self.aside.is_none().then_some(self.choice)
    }
}

/// What became of a wish, on disk by now.
#[derive(Debug, Clone)]
pub struct VoteOutcome {
    pub vote: Option<VoteRecord>,
    /// There was no vote of this voter on this tool before.
    pub first: bool,
    /// The voter's ballot in the public log, which stays though the vote is withdrawn.
    pub ballot: Option<Ballot>,
    pub tally: Arc<Published>,
}

/// Why a wish was not carried out; nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoteError {
    UnknownTool,
    Frozen,
    Archived,
    /// The voter was erased a moment ago.
    Erased,
    /// The visitor came as a user before: the vote here is the user's.
    Spent,
    /// The database did not take it, or its outcome is not known.
    Unavailable,
    /// Another change came between.
    Conflict,
    /// Too much is waiting.
    Overloaded,
}

impl VoteError {
    /// The answer that says it.
    #[must_use]
    pub fn problem(self, slug: &str) -> Problem {
        match self {
            Self::UnknownTool => Problem::unknown_tool(slug),
            Self::Frozen => Problem::new(
                Code::Frozen,
                "The moderators have frozen the votes on this tool.",
            ),
            Self::Archived => {
                Problem::new(Code::Archived, "This tool is archived and takes no votes.")
            }
            Self::Erased => Problem::new(
                Code::BadToken,
                "This visitor was erased; POST /v1/visitors makes a new one.",
            ),
            Self::Spent => Problem::new(
                Code::Conflict,
                "Who signed in from here has this tool's vote; sign in to change it.",
            ),
            Self::Conflict => Problem::conflict("Another change came between; please try again."),
            Self::Unavailable => Problem::unavailable(),
            Self::Overloaded => {
                Problem::new(Code::Overloaded, "Too many votes are waiting.").retry_after(1)
            }
        }
    }
}
