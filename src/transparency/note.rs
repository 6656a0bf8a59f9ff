//! Signed notes (c2sp.org/signed-note): a text and Ed25519 signatures under it, and verifier keys as one line. The
//! cosignatures of witnesses (c2sp.org/tlog-cosignature) are such signatures too, each with its time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::error::ErrorStack;
use openssl::sha::Sha256;

use super::ed25519::{self, KeyBytes, PrivateKey};

/// An Ed25519 key over plain notes.
const ED25519: u8 = 1;
/// An Ed25519 key over checkpoints, each with the time of the signature.
const COSIGNATURE: u8 = 4;
const SIGNATURE_START: &str = "— ";

/// The first four bytes of the hash over name, algorithm and key: which key a signature is of.
pub fn key_id(name: &str, algorithm: u8, key: &[u8]) -> [u8; 4] {
    let mut digest = Sha256::new();
    digest.update(name.as_bytes());
    digest.update(&[b'\n', algorithm]);
    digest.update(key);
    let [a, b, c, d, ..] = digest.finish();
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
    algorithm: u8,
    id: [u8; 4],
    public: KeyBytes,
}

impl VerifierKey {
    /// The key of a log.
    pub fn new(name: &str, public: KeyBytes) -> Self {
        Self::of(ED25519, name, public)
    }

    fn of(algorithm: u8, name: &str, public: KeyBytes) -> Self {
        Self {
            name: name.to_owned(),
            algorithm,
            id: key_id(name, algorithm, &public),
            public,
        }
    }

    /// Reads a log's `name+hash+base64`; `None` if it is not an Ed25519 verifier key.
    pub fn parse(line: &str) -> Option<Self> {
        Self::parse_as(ED25519, line)
    }

    /// Reads a witness's `name+hash+base64`; `None` if it is not an Ed25519 key for cosignatures.
    pub fn parse_witness(line: &str) -> Option<Self> {
        Self::parse_as(COSIGNATURE, line)
    }

    fn parse_as(algorithm: u8, line: &str) -> Option<Self> {
        let (name, rest) = line.trim_end().split_once('+')?;
        let (hash, key) = rest.split_once('+')?;
        let key = STANDARD.decode(key).ok()?;
        let (&found, public) = key.split_first()?;
        let key = Self::of(algorithm, name, public.try_into().ok()?);
        let is_valid = is_key_name(name) && found == algorithm && hash == hex::encode(key.id);
        is_valid.then_some(key)
    }

    /// `name+hash+base64`.
    pub fn text(&self) -> String {
        let mut key = vec![self.algorithm];
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
        self.find(note).map(|(text, _)| text)
    }

    /// The text of a note, and this key's signature under it as a line; `None` if it has not signed.
    pub fn find<'a>(&self, note: &'a str) -> Option<(&'a str, &'a str)> {
        let end = note.rfind("\n\n")? + 1;
        let (text, signatures) = (note.get(..end)?, note.get(end + 1..)?);
        if !note.ends_with('\n') {
            return None;
        }
        let signature = signatures.split_inclusive('\n').find(|line| {
            let signature = line
                .trim_end_matches('\n')
                .strip_prefix(SIGNATURE_START)
                .and_then(|line| line.split_once(' '))
                .filter(|(name, _)| *name == self.name)
                .and_then(|(_, signature)| STANDARD.decode(signature).ok());
            signature.is_some_and(|bytes| match bytes.split_at_checked(4) {
                Some((id, signature)) => id == self.id && self.has_signed(text, signature),
                None => false,
            })
        });
        signature.map(|signature| (text, signature))
    }

    fn has_signed(&self, text: &str, signature: &[u8]) -> bool {
        if self.algorithm == ED25519 {
            return ed25519::verify(&self.public, text.as_bytes(), signature);
        }
        let Some((time, signature)) = signature.split_first_chunk() else {
            return false;
        };
        let time = u64::from_be_bytes(*time);
        let message = format!("cosignature/v1\ntime {time}\n{text}");
        ed25519::verify(&self.public, message.as_bytes(), signature)
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
