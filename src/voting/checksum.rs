//! A linear sketch of a tool's counted votes: one number that any edited voter or choice throws off.
//!
//! Σ over the ledger of h(voter)·(w(new) − w(old)), with what removals moved, must equal Σ over the counted votes of
//! h(voter)·w(choice), in wrapping 64-bit arithmetic. The recount adds both up. Whoever replaces a voter's id must
//! replace it in votes, ledger and the `bulk_events` that moved its vote, or the sums part.

use crate::domain::{Choice, VoterId};

/// The sum of any number of moves; the zero moves nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sketch(pub i64);

/// w: none 0, ship 1, skip 2.
pub(crate) fn weight(choice: Option<Choice>) -> i64 {
    choice.map_or(0, |choice| i64::from(choice.code()))
}

impl Sketch {
    /// Adds a voter's move from `old` to `new`; `None` is a vote that does not count, or none at all.
    pub fn moved(&mut self, voter: VoterId, old: Option<Choice>, new: Option<Choice>) {
        let hash = xxhash_rust::xxh3::xxh3_64(&voter.0).cast_signed();
        let step = weight(new) - weight(old);
        self.0 = self.0.wrapping_add(hash.wrapping_mul(step));
    }

    /// Of `weight` that was moved under the id `old` and is to stand under `new`: the difference.
    pub fn renamed(old: VoterId, new: VoterId, weight: i64) -> Self {
        let hash = |voter: VoterId| xxhash_rust::xxh3::xxh3_64(&voter.0).cast_signed();
        Self(hash(new).wrapping_sub(hash(old)).wrapping_mul(weight))
    }

    /// Adds another sum.
    pub fn add(&mut self, other: Self) {
        self.0 = self.0.wrapping_add(other.0);
    }
}
