//! Votes that were cast or withdrawn last, as they stand: so that a voter who changes their mind is not read first.
//!
//! Only `known` keeps it. What it says is exact, for as long as nobody else changes the tally of which it was learnt: `known`
//! gives each unbroken course of a tally a number, a [`Epoch`], and what was learnt in another run is never found. It must
//! never hold a vote that does not count, since those change without their tally.

use std::hash::BuildHasher;

use crate::domain::{Ballot, Choice, Timestamp, VoterId};
use crate::voting::{Binding, VoteRecord};

/// Votes that share a place; the one noted longest ago leaves it.
const WAYS: usize = 4;
/// Entries: 2^18 votes of 112 bytes, 28 MiB, touched as votes come.
const PLACES: usize = 1 << 16;

/// A course of one tool's tally in which every change was seen. Its number is of no other tool, and of no other course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Epoch(pub u64);

/// What is known of a voter's vote on a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Last {
    /// It stands, and counts.
    Stands(VoteRecord),
    /// It was withdrawn, and its ballot is kept. Another instance may have taken a vote since that is held.
    Gone(Option<Ballot>),
}

/// Epoch 0 is of none.
#[derive(Clone, Copy, Default)]
struct CacheSlot {
    voter: [u8; 16],
    run: Epoch,
    /// The choice's code in the lowest two bits, 0 for a vote that is gone; above them when it was cast.
    vote: i64,
    ballot: Option<Ballot>,
    binding: Option<Binding>,
}

#[derive(Default)]
pub(crate) struct VoteCache {
    hash: foldhash::fast::RandomState,
    places: Vec<[CacheSlot; WAYS]>,
}

impl VoteCache {
    fn place(&self, run: Epoch, voter: &VoterId) -> usize {
        let hash = self.hash.hash_one((run.0, voter.0));
        usize::try_from(hash % PLACES as u64).unwrap_or_default()
    }

    /// A vote under `run` is `last` now; where it does not count, nothing is known of it any more.
    pub fn note(&mut self, run: Epoch, voter: VoterId, last: Last) {
        if self.places.is_empty() {
            self.places = vec![[CacheSlot::default(); WAYS]; PLACES];
        }
        let at = self.place(run, &voter);
        let Some(place) = self.places.get_mut(at) else {
            return;
        };
        let mine = |slot: &CacheSlot| slot.run == run && slot.voter == voter.0;
        let old = place.iter().position(mine).unwrap_or(WAYS - 1);
        let (vote, ballot, binding) = match last {
            Last::Stands(VoteRecord {
                choice,
                cast_at,
                aside: None,
                ballot,
                binding,
            }) => (cast_at.0 << 2 | i64::from(choice.code()), ballot, binding),
            Last::Gone(ballot) => (0, ballot, None),
            // Nothing is put in its place, and only its own slot is emptied.
            Last::Stands(_) => {
                if let Some(slot) = place.get_mut(old).filter(|slot| mine(slot)) {
                    *slot = CacheSlot::default();
                }
                return;
            }
        };
        if let Some(upto_it) = place.get_mut(..=old) {
            upto_it.rotate_right(1);
        }
        place[0] = CacheSlot {
            voter: voter.0,
            run,
            vote,
            ballot,
            binding,
        };
    }

    pub fn last(&self, run: Epoch, voter: &VoterId) -> Option<Last> {
        let place = self.places.get(self.place(run, voter))?;
        let slot = place
            .iter()
            .find(|slot| slot.run == run && slot.voter == voter.0)?;
        let code = i16::try_from(slot.vote & 3).unwrap_or_default();
        Some(match Choice::from_code(code) {
            Some(choice) => Last::Stands(VoteRecord {
                choice,
                cast_at: Timestamp(slot.vote >> 2),
                aside: None,
                ballot: slot.ballot,
                binding: slot.binding,
            }),
            None => Last::Gone(slot.ballot),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voter(n: u128) -> VoterId {
        VoterId(n.to_be_bytes())
    }

    fn stands(choice: Choice, at: i64) -> Last {
        Last::Stands(VoteRecord {
            choice,
            cast_at: Timestamp(at),
            aside: None,
            ballot: None,
            binding: None,
        })
    }

    #[test]
    fn what_was_noted_last_is_told_under_its_own_run_alone() {
        let mut recent = VoteCache::default();
        assert_eq!(recent.last(Epoch(1), &voter(1)), None);
        // The last moment that is one, and one before 1970.
        for at in [0, 253_402_300_799_999_999, -1] {
            for last in [
                stands(Choice::Ship, at),
                Last::Gone(None),
                stands(Choice::Skip, at),
            ] {
                recent.note(Epoch(1), voter(1), last);
                assert_eq!(recent.last(Epoch(1), &voter(1)), Some(last));
                assert_eq!(recent.last(Epoch(2), &voter(1)), None);
            }
        }
    }

    #[test]
    fn a_vote_that_is_set_aside_is_not_known_any_more() {
        let mut recent = VoteCache::default();
        let kept = stands(Choice::Skip, 5);
        recent.note(Epoch(1), voter(1), stands(Choice::Ship, 5));
        recent.note(Epoch(1), voter(2), kept);
        let aside = VoteRecord {
            choice: Choice::Ship,
            cast_at: Timestamp(6),
            aside: Some(7),
            ballot: None,
            binding: None,
        };
        recent.note(Epoch(1), voter(1), Last::Stands(aside));
        recent.note(Epoch(1), voter(3), Last::Stands(aside));
        assert_eq!(recent.last(Epoch(1), &voter(1)), None);
        assert_eq!(recent.last(Epoch(1), &voter(2)), Some(kept));
        assert_eq!(recent.last(Epoch(1), &voter(3)), None);
    }

    /// Whatever leaves, no vote is ever told in an older state than its last.
    #[test]
    fn the_oldest_leave_and_none_comes_back() {
        let mut recent = VoteCache::default();
        let many: u128 = 1_200_000;
        for n in 0..many {
            recent.note(Epoch(1), voter(n), stands(Choice::Ship, 1));
            // Each again, soon after: the first state must not be found behind it.
            recent.note(Epoch(1), voter(n / 2), stands(Choice::Skip, 2));
        }
        let told = |range: std::ops::Range<u128>, last: Last| {
            let known = range.filter_map(|n| recent.last(Epoch(1), &voter(n)));
            let known: Vec<Last> = known.collect();
            assert!(known.iter().all(|known| *known == last));
            known.len()
        };
        // In the last 100,000 notes there are these; there is space for 262,144.
        let (fresh, again) = (
            told(many - 50_000..many, stands(Choice::Ship, 1)),
            told(many / 2 - 25_000..many / 2, stands(Choice::Skip, 2)),
        );
        assert!(fresh > 49_000 && again > 24_500, "{fresh}, {again}");
        assert!(told(0..10_000, stands(Choice::Skip, 2)) < 100);
    }
}
