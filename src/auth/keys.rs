//! [`Keys`]: what is derived from the secret, one key for each purpose, and the previous secret while it is being rotated.
//!
//! Tokens, network hashes, challenges and the wrapping of day keys use it. What every vote needs is hashed by BLAKE3 with a key
//! (its specification, section 2.3): one short block, 0.08 us, where an HMAC-SHA256 takes 0.7 to 1.7 on a processor without
//! instructions for that. The rest is HMAC-SHA256, prepared once, as are network hashes that bans keep for years.

use std::iter;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::auth::network::daily_keys::KeyWrap;
use crate::config::Secret;
use crate::domain::{BanHash, OriginHash};

type Keyed = Hmac<Sha256>;
type Key = [u8; blake3::KEY_LEN];

/// The keys of one secret.
#[derive(Clone)]
pub(super) struct KeySet {
    /// Names the secret inside a token.
    pub(super) id: [u8; 4],
    token: Key,
    /// Of tokens of version 1, made before BLAKE3 was taken.
    first_token: Keyed,
}

/// What the challenges of one secret are signed with, and bound to what they are for.
#[derive(Clone)]
pub struct ChallengeKeys {
    /// Signs a challenge's parameters, and its answer: hexadecimal text, never empty.
    pub challenge: String,
    pub answer: String,
    bound: Keyed,
}

impl ChallengeKeys {
    fn new(secret: &Secret) -> Self {
        Self {
            challenge: hex::encode(derived(secret, "challenge")),
            answer: hex::encode(derived(secret, "challenge-answer")),
            bound: keyed(&derived(secret, "challenge-bound")),
        }
    }

    /// What a challenge says of what it is for: it tells nobody anything, and nobody else can make it.
    pub fn bound(&self, purpose: &[u8]) -> [u8; 16] {
        digest(self.bound.clone(), purpose)
    }
}

/// The keys that sign now, and those that are still believed.
#[derive(Clone)]
pub struct Keys {
    pub(super) current: KeySet,
    pub(super) previous: Option<KeySet>,
    network: Keyed,
    /// The same of the secret before, while that is believed: what it banned stays banned.
    previous_network: Option<Keyed>,
    limiter: Key,
    origin: Key,
    sign_in: Key,
    /// The present ones first, then those that are still believed.
    challenges: Vec<ChallengeKeys>,
    /// Day keys lie in the database under this key, or still under the one before.
    wraps: Vec<KeyWrap>,
    fingerprint: String,
    previous_fingerprint: Option<String>,
}

/// HMAC-SHA256 (RFC 2104) under `key`; it takes keys of any length.
fn keyed(key: &[u8]) -> Keyed {
    Keyed::new_from_slice(key)
        .unwrap_or_else(|_unreachable| Keyed::new(&hmac::digest::Key::<Keyed>::default()))
}

/// The first `N` bytes of `data`'s HMAC.
fn digest<const N: usize>(mut mac: Keyed, data: &[u8]) -> [u8; N] {
    mac.update(data);
    first(mac.finalize().into_bytes())
}

/// The first `N` bytes of `data`'s BLAKE3 under `key`.
fn hash<const N: usize>(key: &Key, data: &[u8]) -> [u8; N] {
    first(*blake3::keyed_hash(key, data).as_bytes())
}

fn first<const N: usize>(full: impl IntoIterator<Item = u8>) -> [u8; N] {
    let mut short = [0; N];
    short.iter_mut().zip(full).for_each(|(to, from)| *to = from);
    short
}

/// A key for one purpose, derived from the secret.
fn derived(secret: &Secret, purpose: &str) -> Key {
    digest(
        keyed(secret.expose().as_bytes()),
        format!("tallyship/1/{purpose}").as_bytes(),
    )
}

impl KeySet {
    fn new(secret: &Secret) -> Self {
        let [a, b, c, d, ..] = derived(secret, "key-id");
        Self {
            id: [a, b, c, d],
            token: derived(secret, "visitor-token/2"),
            first_token: keyed(&derived(secret, "visitor-token")),
        }
    }

    pub(super) fn tag(&self, data: &[u8]) -> [u8; 16] {
        hash(&self.token, data)
    }

    /// The tag of a token of version 1.
    pub(super) fn first_tag(&self, data: &[u8]) -> [u8; 16] {
        digest(self.first_token.clone(), data)
    }
}

fn fingerprint(secret: &Secret) -> String {
    hex::encode(&derived(secret, "fingerprint")[..16])
}

impl Keys {
    pub fn new(secret: &Secret, previous: Option<&Secret>) -> Self {
        Self {
            current: KeySet::new(secret),
            previous: previous.map(KeySet::new),
            network: keyed(&derived(secret, "network")),
            previous_network: previous.map(|secret| keyed(&derived(secret, "network"))),
            wraps: iter::once(secret)
                .chain(previous)
                .map(|secret| KeyWrap::new(derived(secret, "day-keys")))
                .collect(),
            limiter: derived(secret, "limiter"),
            // A network stays the one that it was while the secret is rotated.
            origin: derived(previous.unwrap_or(secret), "origin"),
            sign_in: derived(secret, "sign-in"),
            challenges: iter::once(secret)
                .chain(previous)
                .map(ChallengeKeys::new)
                .collect(),
            fingerprint: fingerprint(secret),
            previous_fingerprint: previous.map(fingerprint),
        }
    }

    /// The hash by which bans know a network. The database knows others by what `days` makes of it, day by day.
    pub fn ban(&self, prefix: &[u8]) -> BanHash {
        BanHash(digest(self.network.clone(), prefix))
    }

    /// The same under the secret before, while that is believed.
    pub fn previous_ban(&self, prefix: &[u8]) -> Option<BanHash> {
        let key = self.previous_network.clone()?;
        Some(BanHash(digest(key, prefix)))
    }

    /// What day keys are wrapped by; the first is the present one.
    pub(super) fn wraps(&self) -> &[KeyWrap] {
        &self.wraps
    }

    /// The hash by which the limiter knows a network: of another key, so that one says nothing of the other.
    pub fn limiter(&self, prefix: &[u8]) -> [u8; 16] {
        hash(&self.limiter, prefix)
    }

    /// The hash by which the holding rule knows a network, from day to day: under the secret before, while that is believed.
    pub fn origin(&self, prefix: &[u8]) -> OriginHash {
        OriginHash(i64::from_be_bytes(hash(&self.origin, prefix)))
    }

    /// Signs what a browser keeps while it signs in at the identity provider.
    pub(super) fn sign_in_tag(&self, data: &[u8]) -> [u8; 32] {
        hash(&self.sign_in, data)
    }

    /// What challenges are made with (the first), and still believed by (all).
    pub fn challenges(&self) -> &[ChallengeKeys] {
        &self.challenges
    }

    /// Tells the database which secret it belongs to, without telling the secret.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    pub fn previous_fingerprint(&self) -> Option<&str> {
        self.previous_fingerprint.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_stays_one_hand_while_the_secret_is_rotated() {
        let [old, new] = ["a", "b"].map(|byte| Secret::new(byte.repeat(32)));
        let before = Keys::new(&old, None).origin(b"network");
        let rotated = Keys::new(&new, Some(&old));
        assert_eq!(rotated.origin(b"network"), before);
        assert_ne!(Keys::new(&new, None).origin(b"network"), before);
    }
}
