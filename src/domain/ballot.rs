//! [`Ballot`]: a vote's name in the public log, which only its voter can open, and the salt that opens it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::sha::Sha256;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const NAME_BYTES: usize = 24;
const SALT_BYTES: usize = 16;

/// A ballot's name as the log states it: a commitment to a seal and a salt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BallotName(pub [u8; NAME_BYTES]);

impl BallotName {
    /// Reads 32 characters of base64url.
    pub fn parse(text: &str) -> Option<Self> {
        let mut name = [0; NAME_BYTES];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut name).ok()?;
        (length == NAME_BYTES).then_some(Self(name))
    }
}

impl fmt::Display for BallotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; NAME_BYTES / 3 * 4];
        let _ = URL_SAFE_NO_PAD.encode_slice(self.0, &mut text);
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for BallotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for BallotName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a voter's client contributes to the ballot's name, so that the server cannot give two voters the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal(pub [u8; 32]);

impl<'de> Deserialize<'de> for Seal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD.decode(text.as_bytes()).ok();
        let seal = bytes.and_then(|bytes| bytes.try_into().ok());
        seal.map(Self).ok_or_else(|| {
            serde::de::Error::custom("expected 32 bytes in base64url, without padding")
        })
    }
}

/// The salt of a ballot, known to the server and to its voter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; SALT_BYTES]);

impl Serialize for Salt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// A ballot as the database keeps it beside its vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ballot {
    pub name: BallotName,
    /// `None` once the voter was erased.
    pub salt: Option<Salt>,
}

impl Ballot {
    pub fn new(seal: Option<Seal>, salt: Salt) -> Self {
        let mut digest = Sha256::new();
        digest.update(b"tallyship ballot 1\n");
        if let Some(Seal(seal)) = seal {
            digest.update(&seal);
        }
        digest.update(&salt.0);
        let hash = digest.finish();
        let mut name = [0; NAME_BYTES];
        name.copy_from_slice(hash.first_chunk::<NAME_BYTES>().unwrap_or(&[0; NAME_BYTES]));
        Self {
            name: BallotName(name),
            salt: Some(salt),
        }
    }

    /// As it stands in the database: the name, then the salt if it is known.
    pub fn to_bytes(self) -> BallotBytes {
        let mut bytes = BallotBytes::new();
        bytes.extend_from_slice(&self.name.0);
        if let Some(Salt(salt)) = self.salt {
            bytes.extend_from_slice(&salt);
        }
        bytes
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (name, salt) = bytes.split_first_chunk()?;
        Some(Self {
            name: BallotName(*name),
            salt: salt.try_into().ok().map(Salt),
        })
    }
}

/// A ballot's bytes, without an allocation.
pub type BallotBytes = smallvec::SmallVec<[u8; NAME_BYTES + SALT_BYTES]>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_commits_to_seal_and_salt() {
        let salt = Salt([2; 16]);
        let ballot = Ballot::new(Some(Seal([1; 32])), salt);
        let mut preimage = b"tallyship ballot 1\n".to_vec();
        preimage.extend([1; 32]);
        preimage.extend([2; 16]);
        assert_eq!(ballot.name.0, openssl::sha::sha256(&preimage)[..24]);
        assert_ne!(ballot.name, Ballot::new(None, salt).name);
        assert_eq!(ballot.name.to_string().len(), 32);
        assert_eq!(
            BallotName::parse(&ballot.name.to_string()),
            Some(ballot.name)
        );
        assert_eq!(Ballot::from_bytes(&ballot.to_bytes()), Some(ballot));
        let erased = Ballot {
            salt: None,
            ..ballot
        };
        assert_eq!(Ballot::from_bytes(&erased.to_bytes()), Some(erased));
    }

    #[test]
    fn a_seal_is_32_bytes_in_base64url() {
        let read = |text: &str| serde_json::from_str::<Seal>(&format!("\"{text}\""));
        assert_eq!(read(&"A".repeat(43)).expect("a seal"), Seal([0; 32]));
        for bad in [
            "",
            &"A".repeat(42),
            &"A".repeat(44),
            &("A".repeat(43) + "="),
            &("+".to_owned() + &"A".repeat(42)),
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
