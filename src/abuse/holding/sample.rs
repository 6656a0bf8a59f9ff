//! [`VoterSample`]: how many different voters there are, estimated from the smallest of their hashes (the K minimum values
//! sketch, Bar-Yossef and others 2002). A voter who comes twice counts once, and samples can be united.

use crate::domain::{OriginHash, VoterId};

/// Hashes that are kept: up to as many voters it counts exactly, then within about an eighth.
const MAX_HASHES: usize = 64;
const HASH_BYTES: usize = 4;

/// The smallest hashes, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VoterSample(Vec<u32>);

impl VoterSample {
    /// Adds a voter of the network. Its hash is secret, so nobody outside can choose voters with small hashes.
    pub fn add(&mut self, origin: OriginHash, voter: VoterId) {
        let seed = origin.0.cast_unsigned();
        let hash = xxhash_rust::xxh3::xxh3_64_with_seed(&voter.0, seed);
        self.insert(u32::try_from(hash >> 32).unwrap_or(u32::MAX));
    }

    fn insert(&mut self, hash: u32) {
        if let Err(at) = self.0.binary_search(&hash)
            && at < MAX_HASHES
        {
            self.0.insert(at, hash);
            self.0.truncate(MAX_HASHES);
        }
    }

    /// Adds those of another sample of the same network.
    pub fn unite(&mut self, other: &Self) {
        for hash in &other.0 {
            self.insert(*hash);
        }
    }

    /// About how many different voters were added.
    pub fn voters(&self) -> i64 {
        let kept = i64::try_from(self.0.len()).unwrap_or(i64::MAX);
        match self.0.last() {
            Some(largest) if self.0.len() == MAX_HASHES => {
                (kept - 1) * (1 << 32) / (i64::from(*largest) + 1)
            }
            _ => kept,
        }
    }

    /// As kept in the database.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|hash| hash.to_be_bytes()).collect()
    }

    /// The reverse of [`VoterSample::bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let (hashes, _) = bytes.as_chunks::<HASH_BYTES>();
        Self(
            hashes
                .iter()
                .map(|hash| u32::from_be_bytes(*hash))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: OriginHash = OriginHash(-77);

    fn voter(n: u128) -> VoterId {
        VoterId(n.to_be_bytes())
    }

    #[test]
    fn few_are_counted_exactly_and_many_about() {
        let mut sample = VoterSample::default();
        for n in 0..40 {
            sample.add(ORIGIN, voter(n));
            sample.add(ORIGIN, voter(n / 2));
        }
        assert_eq!(sample.voters(), 40);
        for n in 0..10_000 {
            sample.add(ORIGIN, voter(n));
        }
        assert!(
            (7_000..13_000).contains(&sample.voters()),
            "{}",
            sample.voters()
        );
        assert_eq!(VoterSample::from_bytes(&sample.bytes()), sample);
    }

    #[test]
    fn who_is_in_two_samples_is_one_voter() {
        let (mut a, mut b) = (VoterSample::default(), VoterSample::default());
        for n in 0..30 {
            a.add(ORIGIN, voter(n));
            b.add(ORIGIN, voter(n + 10));
        }
        a.unite(&b);
        assert_eq!(a.voters(), 40);
    }
}
