//! Which voters had a vote once: a fingerprint of each key, in a slot of its own until another key takes it.
//!
//! Only `known` keeps it. It may forget; and one key in some 2 billion is taken for another, which costs a read.

use std::hash::BuildHasher;

use crate::voting::apply::Key;

/// Voters' keys that are remembered at most, four bytes each.
const SEEN: usize = 1 << 20;

#[derive(Default)]
pub(crate) struct SeenFilter {
    hash: foldhash::fast::RandomState,
    prints: Vec<u32>,
}

impl SeenFilter {
    fn place(&self, key: &Key) -> (usize, u32) {
        let hash = self.hash.hash_one(key);
        let slot = usize::try_from(hash % SEEN as u64).unwrap_or_default();
        // 0 is of an empty slot.
        (slot, u32::try_from(hash >> 32).unwrap_or_default() | 1)
    }

    pub fn note(&mut self, key: &Key) {
        if self.prints.is_empty() {
            self.prints = vec![0; SEEN];
        }
        let (slot, print) = self.place(key);
        if let Some(place) = self.prints.get_mut(slot) {
            *place = print;
        }
    }

    /// Whether there was a vote under `key`; there may have been one that is not remembered.
    pub fn has(&self, key: &Key) -> bool {
        let (slot, print) = self.place(key);
        self.prints.get(slot) == Some(&print)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::VoterId;

    #[test]
    fn seen_are_those_noted_and_no_others() {
        let mut seen = SeenFilter::default();
        let key = |n: u128| (7, VoterId(n.to_be_bytes()));
        assert!(!seen.has(&key(1)));
        for n in 0..1000 {
            seen.note(&key(n));
        }
        let kept = (0..1000).filter(|n| seen.has(&key(*n))).count();
        assert!(kept > 990, "{kept} of 1000");
        assert!((1000..100_000).all(|n| !seen.has(&key(n))));
    }
}
