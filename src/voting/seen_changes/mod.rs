//! Changes of held votes as their voters see them, so that the export of own data tells nobody that a vote is held.

pub mod store;

use crate::domain::{Choice, Timestamp, VoterId};

/// A change as its voter sees it, if the ledger shows another at this version or none: the vote is held, or was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenChange {
    pub tool: i32,
    pub version: i64,
    pub voter: VoterId,
    pub old: Option<Choice>,
    pub new: Option<Choice>,
    pub at: Timestamp,
}
