//! [`Keys`]: what is derived from the secret, one key for each purpose, and the previous secret while it is being rotated.
//!
//! Tokens and network hashes use it. Keys are prepared once: an HMAC on the vote path starts from a ready state.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::settings::Secret;
use crate::vocabulary::{NetworkHash, hex};

type Keyed = Hmac<Sha256>;

/// The keys of one secret.
#[derive(Clone)]
pub(super) struct KeySet {
    /// Names the secret inside a token.
    pub(super) id: [u8; 4],
    token: Keyed,
}

/// The keys that sign now, and those that are still believed.
#[derive(Clone)]
pub struct Keys {
    pub(super) current: KeySet,
    pub(super) previous: Option<KeySet>,
    network: Keyed,
    limiter: Keyed,
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
    let full = mac.finalize().into_bytes();
    let mut short = [0; N];
    short.iter_mut().zip(full).for_each(|(to, from)| *to = from);
    short
}

/// A key for one purpose, derived from the secret.
fn derived(secret: &Secret, purpose: &str) -> [u8; 32] {
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
            token: keyed(&derived(secret, "visitor-token")),
        }
    }

    pub(super) fn tag(&self, data: &[u8]) -> [u8; 16] {
        digest(self.token.clone(), data)
    }
}

fn fingerprint(secret: &Secret) -> String {
    hex(&derived(secret, "fingerprint")[..16])
}

impl Keys {
    #[must_use]
    pub fn new(secret: &Secret, previous: Option<&Secret>) -> Self {
        Self {
            current: KeySet::new(secret),
            previous: previous.map(KeySet::new),
            network: keyed(&derived(secret, "network")),
            limiter: keyed(&derived(secret, "limiter")),
            fingerprint: fingerprint(secret),
            previous_fingerprint: previous.map(fingerprint),
        }
    }

    /// The hash by which the database knows a network.
    #[must_use]
    pub fn network(&self, prefix: &[u8]) -> NetworkHash {
        NetworkHash(digest(self.network.clone(), prefix))
    }

    /// The hash by which the limiter knows a network: of another key, so that one says nothing of the other.
    #[must_use]
    pub fn limiter(&self, prefix: &[u8]) -> [u8; 16] {
        digest(self.limiter.clone(), prefix)
    }

    /// Tells the database which secret it belongs to, without telling the secret.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    #[must_use]
    pub fn previous_fingerprint(&self) -> Option<&str> {
        self.previous_fingerprint.as_deref()
    }
}
