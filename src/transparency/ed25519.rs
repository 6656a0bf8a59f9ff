//! Ed25519: the two calls that the log needs of the crypto library, and the forms in which a key is given.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::error::ErrorStack;
use openssl::pkey::{Id, PKey, Private};
use openssl::sign::{Signer, Verifier};

/// Bytes of a public key, and of the seed that a private key is made from.
pub type KeyBytes = [u8; 32];

#[derive(Clone)]
pub struct PrivateKey(PKey<Private>);

impl PrivateKey {
    /// The key of a seed.
    pub fn from_seed(seed: &KeyBytes) -> Result<Self, ErrorStack> {
        PKey::private_key_from_raw_bytes(seed, Id::ED25519).map(Self)
    }

    /// Reads a key as settings and files have it: the seed in base64, or PKCS#8 in PEM. `None` if it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.starts_with("-----BEGIN") {
            // Without a callback, OpenSSL asks the terminal for a passphrase.
            let key = PKey::private_key_from_pem_callback(text.as_bytes(), |_| Ok(0)).ok()?;
            return (key.id() == Id::ED25519).then_some(Self(key));
        }
        let seed: KeyBytes = STANDARD.decode(text).ok()?.try_into().ok()?;
        Self::from_seed(&seed).ok()
    }

    pub fn public(&self) -> Result<KeyBytes, ErrorStack> {
        let mut public = KeyBytes::default();
        let bytes = self.0.raw_public_key()?;
        public.copy_from_slice(bytes.get(..32).unwrap_or(&[0; 32]));
        Ok(public)
    }

    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        Signer::new_without_digest(&self.0)?.sign_oneshot_to_vec(message)
    }
}

/// Whether `signature` is the key's over `message`.
pub fn verify(public: &KeyBytes, message: &[u8], signature: &[u8]) -> bool {
    let verified = || -> Result<bool, ErrorStack> {
        let key = PKey::public_key_from_raw_bytes(public, Id::ED25519)?;
        Verifier::new_without_digest(&key)?.verify_oneshot(signature, message)
    };
    verified().unwrap_or(false)
}
