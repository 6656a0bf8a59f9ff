//! Signed notes (c2sp.org/signed-note): a text and Ed25519 signatures under it, and verifier keys as one line.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::error::ErrorStack;
use sha2::{Digest, Sha256};

use super::ed25519::{self, KeyBytes, PrivateKey};

/// An Ed25519 key over plain notes.
const ED25519: u8 = 1;
const SIGNATURE_START: &str = "— ";

/// The first four bytes of the hash over name, algorithm and key: which key a signature is of.
pub fn key_id(name: &str, algorithm: u8, key: &[u8]) -> [u8; 4] {
    let mut digest = Sha256::new();
    digest.update(name);
    digest.update([b'\n', algorithm]);
    digest.update(key);
    let [a, b, c, d, ..]: [u8; 32] = digest.finalize().into();
    [a, b, c, d]
}

/// Whether a key may have this name.
pub fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

/// Who may have signed a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    pub name: String,
    id: [u8; 4],
    public: KeyBytes,
}

impl VerifierKey {
    pub fn new(name: &str, public: KeyBytes) -> Self {
        Self {
            name: name.to_owned(),
            id: key_id(name, ED25519, &public),
            public,
        }
    }

    /// Reads `name+hash+base64`; `None` if it is not an Ed25519 verifier key.
    pub fn parse(line: &str) -> Option<Self> {
        let (name, rest) = line.trim_end().split_once('+')?;
        let (hash, key) = rest.split_once('+')?;
        let key = STANDARD.decode(key).ok()?;
        let (&algorithm, public) = key.split_first()?;
        let key = Self::new(name, public.try_into().ok()?);
        let is_valid = is_key_name(name) && algorithm == ED25519 && hash == hex::encode(key.id);
        is_valid.then_some(key)
    }

    /// `name+hash+base64`.
    pub fn text(&self) -> String {
        let mut key = vec![ED25519];
        key.extend_from_slice(&self.public);
        format!(
            "{}+{}+{}",
            self.name,
            hex::encode(self.id),
            STANDARD.encode(key)
        )
    }

    /// The text of a note that this key has signed; `None` if it has not.
    pub fn open<'a>(&self, note: &'a str) -> Option<&'a str> {
        let end = note.rfind("\n\n")? + 1;
        let (text, signatures) = (note.get(..end)?, note.get(end + 1..)?);
        if !note.ends_with('\n') {
            return None;
        }
        let is_signed = signatures.lines().any(|line| {
            let signature = line
                .strip_prefix(SIGNATURE_START)
                .and_then(|line| line.split_once(' '))
                .filter(|(name, _)| *name == self.name)
                .and_then(|(_, signature)| STANDARD.decode(signature).ok());
            signature.is_some_and(|bytes| match bytes.split_at_checked(4) {
                Some((id, signature)) => {
                    id == self.id && ed25519::verify(&self.public, text.as_bytes(), signature)
                }
                None => false,
            })
        });
        is_signed.then_some(text)
    }
}

/// A key that signs notes under a name.
#[derive(Clone)]
pub struct NoteSigner {
    key: PrivateKey,
    verifier: VerifierKey,
}

impl NoteSigner {
    pub fn new(name: &str, key: PrivateKey) -> Result<Self, ErrorStack> {
        let verifier = VerifierKey::new(name, key.public()?);
        Ok(Self { key, verifier })
    }

    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The signed note of `text`, which ends with a newline.
    pub fn sign(&self, text: &str) -> Result<String, ErrorStack> {
        let mut signature = self.verifier.id.to_vec();
        signature.extend(self.key.sign(text.as_bytes())?);
        let signature = STANDARD.encode(signature);
        Ok(format!(
            "{text}\n{SIGNATURE_START}{} {signature}\n",
            self.verifier.name
        ))
    }
}
