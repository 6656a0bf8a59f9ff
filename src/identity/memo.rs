//! [`Memo`]: the hashes of the networks that called last, so that a network which calls often is hashed once.
//!
//! `client` asks it for each call. It is in memory alone, of a fixed size, and what comes takes the place of what was there: a
//! vote was measured 0.3 us cheaper for each HMAC that it spares.

use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

use super::network::Prefix;
use crate::vocabulary::BanHash;

/// Networks that are remembered, at most; a power of two.
const PLACES: usize = 1024;

/// A network's hashes under keys that do not end: as bans know it, and as the limiter does.
#[derive(Clone, Copy)]
pub(super) struct Hashes {
    pub own: BanHash,
    pub limiter: [u8; 16],
}

/// Where one network is remembered.
type Place = Mutex<Option<(Prefix, Hashes)>>;

/// The networks that called last.
pub struct Memo {
    places: Box<[Place]>,
    /// Seeded at random: nobody outside can choose who takes whose place.
    hasher: foldhash::fast::RandomState,
}

impl Default for Memo {
    fn default() -> Self {
        Self {
            places: (0..PLACES).map(|_| Mutex::default()).collect(),
            hasher: foldhash::fast::RandomState::default(),
        }
    }
}

impl Memo {
    /// The hashes of `prefix`, made by `make` where they are not remembered.
    pub(super) fn hashes(&self, prefix: Prefix, make: impl FnOnce() -> Hashes) -> Hashes {
        let at = self.hasher.hash_one(prefix.bytes()) & (PLACES as u64 - 1);
        let Some(place) = usize::try_from(at).ok().and_then(|at| self.places.get(at)) else {
            return make();
        };
        if let Some((known, hashes)) = *place.lock().unwrap_or_else(PoisonError::into_inner)
            && known == prefix
        {
            return hashes;
        }
        let hashes = make();
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Some((prefix, hashes));
        hashes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn each_network_has_its_own_hashes_however_many_come() {
        let memo = Memo::default();
        let hashes = |n: u32| {
            let prefix = Prefix::of(Ipv4Addr::from(n).into());
            let made = memo.hashes(prefix, || Hashes {
                own: BanHash([0; 12]),
                limiter: u128::from(n).to_be_bytes(),
            });
            u128::from_be_bytes(made.limiter)
        };
        // Many more than there are places, and each again at once and later.
        for n in (0..5_000).chain(0..5_000) {
            assert_eq!((hashes(n), hashes(n)), (u128::from(n), u128::from(n)));
        }
    }

    #[test]
    fn one_that_is_remembered_is_not_hashed_again() {
        let memo = Memo::default();
        let prefix = Prefix::of([127, 0, 0, 1].into());
        let hashes = Hashes {
            own: BanHash([1; 12]),
            limiter: [2; 16],
        };
        memo.hashes(prefix, || hashes);
        let again = memo.hashes(prefix, || unreachable!("it is remembered"));
        assert_eq!((again.own, again.limiter), (hashes.own, hashes.limiter));
    }
}
