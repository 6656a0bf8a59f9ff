//! [`HashCache`]: the hashes of the networks that called last, so that a network which calls often is hashed once.
//!
//! `client` asks it for each call. It is in memory alone, of a fixed size, and what comes takes the place of what was there: it
//! spares a vote an HMAC, 0.3 to 1.7 us.

use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

use crate::auth::network::Prefix;
use crate::domain::{BanHash, VoterOrigins};

/// Networks that are remembered, at most; a power of two.
const PLACES: usize = 1024;

/// The hashes of a network that no midnight changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkHashes {
    pub ban: BanHash,
    pub origins: VoterOrigins,
}

/// Where one network is remembered.
type CacheSlot = Mutex<Option<(Prefix, NetworkHashes)>>;

/// The networks that called last.
pub struct HashCache {
    places: Box<[CacheSlot]>,
    /// Seeded at random: nobody outside can choose who takes whose place.
    hasher: foldhash::fast::RandomState,
}

impl Default for HashCache {
    fn default() -> Self {
        Self {
            places: (0..PLACES).map(|_| Mutex::default()).collect(),
            hasher: foldhash::fast::RandomState::default(),
        }
    }
}

impl HashCache {
    /// The hash of `prefix`, made by `make` where it is not remembered.
    pub(super) fn hash(
        &self,
        prefix: Prefix,
        make: impl FnOnce() -> NetworkHashes,
    ) -> NetworkHashes {
        let at = self.hasher.hash_one(prefix.bytes()) & (PLACES as u64 - 1);
        let Some(place) = usize::try_from(at).ok().and_then(|at| self.places.get(at)) else {
            return make();
        };
        if let Some((known, hash)) = *place.lock().unwrap_or_else(PoisonError::into_inner)
            && known == prefix
        {
            return hash;
        }
        let hash = make();
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Some((prefix, hash));
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::OriginHash;
    use std::net::Ipv4Addr;

    /// A network by its number, and what stands for its hash.
    fn network(n: u32) -> (Prefix, NetworkHashes) {
        let mut hash = [0; 12];
        hash[..4].copy_from_slice(&n.to_be_bytes());
        let hashes = NetworkHashes {
            ban: BanHash(hash),
            origins: VoterOrigins {
                network: OriginHash(i64::from(n)),
                wide: None,
            },
        };
        (Prefix::of(Ipv4Addr::from(n).into()), hashes)
    }

    #[test]
    fn each_network_has_its_own_hash_however_many_come() {
        let memo = HashCache::default();
        // Many more than there are places, and each again at once and later.
        for n in (0..5_000).chain(0..5_000) {
            let (prefix, hash) = network(n);
            for _ in 0..2 {
                assert_eq!(memo.hash(prefix, || hash), hash);
            }
        }
    }

    #[test]
    fn one_that_is_remembered_is_not_hashed_again() {
        let memo = HashCache::default();
        let (prefix, hash) = network(1);
        memo.hash(prefix, || hash);
        let again = memo.hash(prefix, || unreachable!("it is remembered"));
        assert_eq!(again, hash);
    }
}
