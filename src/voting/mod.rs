//! Votes: one voter's current choice on one tool, cast, changed and withdrawn; each answered only once it is on disk.
//!
//! Routes call [`Votes`]. Handlers never write: they hand a [`VoteCommand`] to the writer, and wait.

pub mod admission;
pub mod after_commit;
pub mod apply;
pub mod batch;
pub mod checksum;
pub mod claims;
pub mod exclusions;
pub(crate) mod fresh;
pub mod held;
pub mod journal;
pub mod json;
pub mod ledger;
pub mod postgres;
pub mod routes;
pub mod seen_changes;
mod set_aside;
pub mod sqlite;
pub mod store;
pub mod visitor_routes;
pub mod writer;

use std::sync::Arc;

use crate::abuse;
use crate::abuse::holding::rule::FreshVote;
use crate::auth::authenticate::Voter;
use crate::domain::{Ballot, Choice, NetworkHash, OriginHash, Timestamp, VoterId, VoterOrigins};
use crate::http::problem::{Code, Problem};
use crate::tallies::cache::Published;
use crate::tallies::{Contribution, TallyRow};

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
    /// Where it comes from, if the holding rule applies to its voter.
    pub origins: Option<VoterOrigins>,
    /// The ballot of a vote that this makes. There is one for every act while the public log is on.
    pub ballot: Option<Ballot>,
}

impl VoteCommand {
    /// Of a caller, from `network`.
    pub fn of(voter: &Voter, tool: i32, act: VoteAction, network: NetworkHash) -> Self {
        Self {
            tool,
            voter: voter.id,
            act,
            visitor: voter.visitor,
            network,
            token_age: voter.age_seconds,
            origins: None,
            ballot: None,
        }
    }

    /// The same, under the holding rule if `origins` is given.
    #[must_use]
    pub fn with_origins(self, origins: Option<VoterOrigins>) -> Self {
        Self { origins, ..self }
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
    /// Of a voter who was fresh at the first vote on the tool.
    pub binding: Option<Binding>,
}

/// What the holding rule remembers of a fresh voter on a tool, whatever becomes of the vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    pub origins: VoterOrigins,
    pub first_choice: Choice,
}

impl Binding {
    /// What the columns of a vote say.
    pub fn of_columns(
        origin: Option<i64>,
        wide_origin: Option<i64>,
        first_choice: Option<i16>,
    ) -> Option<Self> {
        Some(Self {
            origins: VoterOrigins {
                network: OriginHash(origin?),
                wide: wide_origin.map(OriginHash),
            },
            first_choice: Choice::from_code(first_choice?)?,
        })
    }
}

impl VoteRecord {
    /// What it adds to its tally; a held vote adds nothing anywhere.
    pub fn weight(self) -> Option<Contribution> {
        let is_sum = !self.aside.is_some_and(exclusions::is_in_no_sum);
        is_sum.then_some(Contribution {
            choice: self.choice,
            aside: self.aside.is_some(),
        })
    }

    /// Whether it is held back: on disk, and in no sum. Its voter is not told.
    pub fn is_held(self) -> bool {
        self.aside.is_some_and(exclusions::is_held)
    }

    /// Whether a removal in force keeps it from counting.
    pub fn is_excluded(self) -> bool {
        self.aside
            .is_some_and(|mark| !exclusions::is_in_no_sum(mark))
    }

    /// The removal that has it out, whether it is held as well or not.
    pub fn removal(self) -> Option<i64> {
        exclusions::removal_of(self.aside?)
    }

    /// Its choice, while it counts.
    pub fn counted(self) -> Option<Choice> {
        self.aside.is_none().then_some(self.choice)
    }

    /// Whether its voter has this vote. A withdrawn vote keeps its row if the holding rule has to remember it.
    pub fn stands(&self) -> bool {
        !self.aside.is_some_and(exclusions::is_withdrawn)
    }

    /// The choice that its voter sees.
    pub fn seen(self) -> Option<Choice> {
        self.stands().then_some(self.choice)
    }

    /// What its voter is told of it: the same, were it not held.
    #[must_use]
    pub fn unheld(self) -> Option<Self> {
        self.stands().then_some(Self {
            aside: self.removal(),
            ..self
        })
    }

    /// The mark that its voter's next vote here bears too: a held or rejected vote stays so.
    pub fn lasting_mark(&self) -> Option<i64> {
        self.aside.and_then(exclusions::lasting)
    }

    /// What stays of it once it is withdrawn.
    pub fn withdrawn(self) -> Option<Self> {
        let mark = exclusions::withdrawn(self.lasting_mark());
        let is_remembered = self.binding.is_some() || self.lasting_mark().is_some();
        is_remembered.then_some(Self {
            aside: Some(mark),
            ..self
        })
    }

    /// As the holding rule sees it.
    pub fn fresh(&self) -> Option<FreshVote> {
        let mark = self.lasting_mark();
        self.binding.map(|binding| FreshVote {
            first: binding.first_choice,
            now: self.seen().filter(|_| mark != Some(exclusions::REJECTED)),
            held: mark == Some(exclusions::HELD),
            excluded: self.is_excluded(),
        })
    }
}

/// What became of a command, on disk by now.
#[derive(Debug, Clone)]
pub struct VoteOutcome {
    pub vote: Option<VoteRecord>,
    /// The same after the last command of this voter that was committed together with this one.
    pub last_vote: Option<VoteRecord>,
    /// The tally right after the command, for the answer of a voter whose vote was or is held.
    pub held_row: Option<TallyRow>,
    /// There was no vote of this voter on this tool before.
    pub first: bool,
    /// The voter's ballot in the public log, which stays though the vote is withdrawn.
    pub ballot: Option<Ballot>,
    pub tally: Arc<Published>,
}

/// Why a command was not carried out; nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoteError {
    UnknownTool,
    Frozen,
    Archived,
    /// The voter was erased a moment ago.
    Erased,
    /// The voter, or the visitor whose vote is claimed, was banned a moment ago.
    Banned,
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
    pub fn problem(self, slug: &str) -> Problem {
        match self {
            Self::UnknownTool => Problem::unknown_tool(slug),
            Self::Frozen => Problem::new(
                Code::Frozen,
                "The moderators have frozen this tool: votes are refused.",
            ),
            Self::Archived => {
                Problem::new(Code::Archived, "This tool is archived and takes no votes.")
            }
            Self::Erased => Problem::new(
                Code::BadToken,
                "This visitor was erased. POST /v1/visitors makes a new one.",
            ),
            Self::Banned => abuse::banned(),
            Self::Spent => Problem::new(
                Code::Conflict,
                "The user who signed in here owns the vote on this tool. Sign in to change it.",
            ),
            Self::Conflict => Problem::conflict("A concurrent change interfered. Try again."),
            Self::Unavailable => Problem::unavailable(),
            Self::Overloaded => Problem::new(
                Code::Overloaded,
                "Too many votes are queued. Try again later.",
            )
            .retry_after(1),
        }
    }
}
