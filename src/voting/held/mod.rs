//! Held votes: on disk, in no tally, told to nobody but the moderators; let count, rejected, or held again.
//!
//! `apply` decides by the holding rule (`abuse::holding`) over the sums in `fresh`, inside the batch's transaction. The answer to a
//! held vote carries a tally of its own ([`personal`]). `moderation::review` resolves them through [`store`].

pub mod store;

use std::sync::Arc;

use super::VoteRecord;
use crate::tallies::cache::{Published, TallyCache, TallyEntry};
use crate::tallies::{Contribution, TallyRow};

/// What becomes of held votes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// They count from now on, as cast when they were cast.
    Count,
    /// The same, of those that the holding rule does not hold any more.
    Clear,
    /// They never count, but for a later [`Resolution::Count`].
    Reject,
}

/// Held votes that were settled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResolvedVotes {
    pub ship: i64,
    pub skip: i64,
    /// Those among them that an excluded period keeps from counting.
    pub aside: i64,
    /// The tally, before and after.
    pub before: TallyRow,
    pub after: TallyRow,
}

/// The tally as a voter is to see it: if the own vote is held, as if it were not. `row` has the tally where it is not the one shown.
pub fn personal(
    board: &TallyCache,
    slot: &TallyEntry,
    shown: Arc<Published>,
    row: Option<TallyRow>,
    vote: Option<VoteRecord>,
) -> Arc<Published> {
    let held = vote.filter(|vote| vote.is_held()).map(|vote| Contribution {
        choice: vote.choice,
        aside: vote.removal().is_some(),
    });
    if row.is_none() && held.is_none() {
        return shown;
    }
    Arc::new(board.personal(slot, row.unwrap_or(shown.row), held))
}
