//! [`DayKey`], which hashes networks for a day and can be asked back, and [`KeyWrap`], under which it lies in the database.
//!
//! Only `days` uses a day key; `keys` makes the wraps. No key leaves this folder but wrapped.

use std::sync::{Mutex, PoisonError};

use openssl::cipher::Cipher;
use openssl::cipher_ctx::{CipherCtx, CipherCtxRef};
use openssl::error::ErrorStack;
use openssl::symm::{self, decrypt_aead, encrypt_aead};

use crate::domain::{BanHash, NetworkHash};

/// The bytes of a day key, unwrapped.
pub(super) type Bytes = [u8; 32];

/// A block of AES.
const BLOCK: usize = 16;

/// Bytes that nobody can guess; none where the system gives none: a key that could be guessed would break the promise.
pub(super) fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).ok().map(|()| bytes)
}

/// A day's key. One block of AES-256 is a permutation: equal networks are equal under it, and with the key, and only with
/// it, there is a way back. Four bytes of zeros behind the ban hash tell whether it was this key.
pub(super) struct DayKey {
    encrypt: Option<Mutex<CipherCtx>>,
    decrypt: Option<Mutex<CipherCtx>>,
}

/// AES-256 of single blocks. Making one fails only where memory does.
fn blocks(
    init: impl FnOnce(&mut CipherCtxRef) -> Result<(), ErrorStack>,
) -> Option<Mutex<CipherCtx>> {
    let mut context = CipherCtx::new().ok()?;
    init(&mut context).ok()?;
    context.set_padding(false);
    Some(Mutex::new(context))
}

/// One block through the cipher.
fn block(through: Option<&Mutex<CipherCtx>>, block: &[u8; BLOCK]) -> Option<[u8; BLOCK]> {
    let mut context = through?.lock().unwrap_or_else(PoisonError::into_inner);
    // OpenSSL's wrapper wants place for one more.
    let mut out = [0; 2 * BLOCK];
    context.cipher_update(block, Some(&mut out)).ok()?;
    out.first_chunk().copied()
}

impl DayKey {
    pub(super) fn new(bytes: Bytes) -> Self {
        let aes = Some(Cipher::aes_256_ecb());
        Self {
            encrypt: blocks(|context| context.encrypt_init(aes, Some(&bytes), None)),
            decrypt: blocks(|context| context.decrypt_init(aes, Some(&bytes), None)),
        }
    }

    pub(super) fn seal(&self, network: BanHash) -> NetworkHash {
        let mut plain = [0; BLOCK];
        plain
            .iter_mut()
            .zip(network.0)
            .for_each(|(to, from)| *to = from);
        block(self.encrypt.as_ref(), &plain).map_or(NetworkHash::NONE, NetworkHash)
    }

    /// `None` where another key made it.
    pub(super) fn open(&self, hash: NetworkHash) -> Option<BanHash> {
        let plain = block(self.decrypt.as_ref(), &hash.0)?;
        let (network, check) = plain.split_first_chunk()?;
        (check == [0; 4]).then_some(BanHash(*network))
    }
}

/// The key under which day keys lie in the database (AES-256-GCM): who has the database alone has no day key.
#[derive(Clone)]
pub struct KeyWrap([u8; 32]);

const NONCE: usize = 12;
const TAG: usize = 16;

impl KeyWrap {
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The nonce, the key encrypted, and its tag. It belongs to its day.
    pub(super) fn wrap(&self, day: i64, key: &Bytes) -> Option<Vec<u8>> {
        let (nonce, mut tag) = (random::<NONCE>()?, [0; TAG]);
        let gcm = symm::Cipher::aes_256_gcm();
        let day = day.to_be_bytes();
        let sealed = encrypt_aead(gcm, &self.0, Some(&nonce), &day, key, &mut tag).ok()?;
        Some([nonce.as_slice(), &sealed, &tag].concat())
    }

    pub(super) fn open(&self, day: i64, wrapped: &[u8]) -> Option<Bytes> {
        let (nonce, rest) = wrapped.split_first_chunk::<NONCE>()?;
        let (sealed, tag) = rest.split_last_chunk::<TAG>()?;
        let gcm = symm::Cipher::aes_256_gcm();
        let day = day.to_be_bytes();
        let key = decrypt_aead(gcm, &self.0, Some(nonce), &day, sealed, tag).ok()?;
        key.try_into().ok()
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

    /// Databases hold these bytes, whichever library made them. Computed apart, by the `crypto` module of Node.js.
    #[test]
    fn stored_bytes_keep_their_format() {
        let key: Bytes = std::array::from_fn(|at| u8::try_from(at).expect("a byte"));
        let network = BanHash([7; 12]);
        let sealed = NetworkHash(hex("64a0bc4d3d9556efcd6dd617e6a1fe1b"));
        assert_eq!(DayKey::new(key).seal(network), sealed);
        assert_eq!(DayKey::new(key).open(sealed), Some(network));
        let wrapped: [u8; NONCE + 32 + TAG] = hex(concat!(
            "020202020202020202020202",
            "07d7cb4a4e52c7fadbc5b6c350aaccbdb2a4c3fcffa49b66c59efae064e66a60",
            "2d1575cbb0b2852275c985afca76962e",
        ));
        assert_eq!(KeyWrap::new([1; 32]).open(20_000, &wrapped), Some(key));
    }

    fn hex<const N: usize>(text: &str) -> [u8; N] {
        std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hex"))
    }
}
