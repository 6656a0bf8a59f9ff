//! [`DayKey`], which hashes networks for a day and can be asked back, and [`KeyWrap`], under which it lies in the database.
//!
//! Only `days` uses a day key; `keys` makes the wraps. No key leaves this folder but wrapped.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::cipher::{
    AES_256, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey,
};

use crate::domain::{BanHash, NetworkHash};

/// The bytes of a day key, unwrapped.
pub(super) type Bytes = [u8; 32];

/// Bytes that nobody can guess; none where the system gives none: a key that could be guessed would break the promise.
pub(super) fn random() -> Option<Bytes> {
    let mut bytes = Bytes::default();
    getrandom::fill(&mut bytes).ok().map(|()| bytes)
}

/// A day's key. One block of AES-256 is a permutation: equal networks are equal under it, and with the key, and only with
/// it, there is a way back. Four bytes of zeros behind the ban hash tell whether it was this key.
pub(super) struct DayKey {
    both: Option<(EncryptingKey, DecryptingKey)>,
}

impl DayKey {
    pub(super) fn new(bytes: Bytes) -> Self {
        let key = || UnboundCipherKey::new(&AES_256, &bytes);
        // Neither fails for 32 bytes.
        let both = key()
            .and_then(EncryptingKey::ecb)
            .and_then(|seal| Ok((seal, key().and_then(DecryptingKey::ecb)?)));
        Self { both: both.ok() }
    }

    pub(super) fn seal(&self, network: BanHash) -> NetworkHash {
        let mut block = [0; 16];
        block
            .iter_mut()
            .zip(network.0)
            .for_each(|(to, from)| *to = from);
        match &self.both {
            Some((seal, _)) if seal.encrypt(&mut block).is_ok() => NetworkHash(block),
            _ => NetworkHash::NONE,
        }
    }

    /// `None` where another key made it.
    pub(super) fn open(&self, hash: NetworkHash) -> Option<BanHash> {
        let mut block = hash.0;
        let (_, open) = self.both.as_ref()?;
        open.decrypt(&mut block, DecryptionContext::None).ok()?;
        let (network, check) = block.split_first_chunk()?;
        (check == [0; 4]).then_some(BanHash(*network))
    }
}

/// The key under which day keys lie in the database (AES-256-GCM): who has the database alone has no day key.
#[derive(Clone)]
pub struct KeyWrap(Option<Arc<RandomizedNonceKey>>);

const NONCE: usize = 12;

impl KeyWrap {
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self(
            RandomizedNonceKey::new(&AES_256_GCM, &key)
                .ok()
                .map(Arc::new),
        )
    }

    /// The nonce, the key encrypted, and its tag. It belongs to its day.
    pub(super) fn wrap(&self, day: i64, key: &Bytes) -> Option<Vec<u8>> {
        let mut sealed = key.to_vec();
        let nonce = self
            .0
            .as_ref()?
            .seal_in_place_append_tag(Aad::from(day.to_be_bytes()), &mut sealed)
            .ok()?;
        Some([nonce.as_ref().as_slice(), &sealed].concat())
    }

    pub(super) fn open(&self, day: i64, wrapped: &[u8]) -> Option<Bytes> {
        let (nonce, sealed) = wrapped.split_at_checked(NONCE)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let key = self
            .0
            .as_ref()?
            .open_in_place(nonce, Aad::from(day.to_be_bytes()), &mut sealed)
            .ok()?;
        (&*key).try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day_key() -> DayKey {
        DayKey::new(random().expect("random"))
    }

    proptest! {
        #[test]
        fn a_key_opens_what_it_sealed_and_nothing_else(network in any::<[u8; 12]>(), any in any::<[u8; 16]>()) {
            let (key, other) = (day_key(), day_key());
            let hash = key.seal(BanHash(network));
            prop_assert_eq!(key.open(hash), Some(BanHash(network)));
            prop_assert_eq!(other.open(hash), None);
            prop_assert_eq!(key.open(NetworkHash(any)), None);
        }

        #[test]
        fn a_wrapped_key_opens_for_its_day_under_its_wrap_untouched(day in any::<i64>(), place in 0usize..60) {
            let (wrap, other, key) = (KeyWrap::new([1; 32]), KeyWrap::new([2; 32]), random().expect("random"));
            let mut wrapped = wrap.wrap(day, &key).expect("wraps");
            prop_assert!(!wrapped.windows(32).any(|some| some == key));
            prop_assert_eq!(wrap.open(day, &wrapped), Some(key));
            prop_assert_eq!(wrap.open(day ^ 1, &wrapped), None);
            prop_assert_eq!(other.open(day, &wrapped), None);
            wrapped[place] ^= 1;
            prop_assert_eq!(wrap.open(day, &wrapped), None);
        }
    }

    #[test]
    fn what_is_no_wrapped_key_is_none() {
        let wrap = KeyWrap::new([1; 32]);
        for bytes in [&[][..], &[0; 11], &[0; 12], &[0; 60], &[0; 61]] {
            assert_eq!(wrap.open(0, bytes), None);
        }
    }
}
