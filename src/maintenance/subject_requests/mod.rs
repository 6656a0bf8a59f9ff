//! What is held of one voter: given out whole, and erased.
//!
//! Routes call it. After an erasure the votes stay counted under ids that nobody holds, one a tool, so that they tell
//! nothing of each other; the tallies do not move, and the recount still agrees. The network's hash stays on a vote: who
//! stuffs a ballot box must not wipe the traces by a call.
//!
//! Both find the voter's entries of the ledger by an index that is written behind the votes ([`index_worker`]), and read the newest
//! entries, which it does not have yet.

pub mod index_worker;
pub mod routes;
mod store;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{BallotName, Choice, Salt, Timestamp};
pub use store::{Walked, erase, held};

/// A vote as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldVote {
    pub tool: String,
    pub choice: Choice,
    pub cast_at: Timestamp,
    /// Not set aside by the moderators; a vote that is held shows as its voter was told.
    pub counted: bool,
    /// A hash of the network that it came from; `null` once the key of its day was destroyed.
    #[schema(required)]
    pub network: Option<String>,
    /// Of the visitor's token when the vote was cast; `null` of a signed-in user, who has none.
    #[schema(required)]
    pub token_age_seconds: Option<i32>,
    /// Of its ballot, while there is a public log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub receipt: Option<HeldReceipt>,
}

/// What opens a ballot of the public log.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldReceipt {
    #[schema(value_type = String)]
    pub ballot: BallotName,
    #[schema(value_type = String)]
    pub salt: Salt,
    pub log: String,
}

/// The ballot of a vote that was withdrawn.
#[derive(Debug, Serialize, ToSchema)]
pub struct WithdrawnBallot {
    pub tool: String,
    pub receipt: HeldReceipt,
}

/// A change that the ledger keeps; nulls are "no vote", or one that does not count.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldChange {
    pub tool: String,
    #[schema(required)]
    pub old: Option<Choice>,
    #[schema(required)]
    pub new: Option<Choice>,
    pub at: Timestamp,
}

/// Everything that is held of a voter.
#[derive(Debug, Serialize, ToSchema)]
pub struct Held {
    pub votes: Vec<HeldVote>,
    pub changes: Vec<HeldChange>,
    /// Ballots whose votes were withdrawn; they are kept for a vote that is cast again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub withdrawn: Vec<WithdrawnBallot>,
}
