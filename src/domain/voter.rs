//! Voters and networks as staff see them: text that a moderator can copy from one call into the next.
//!
//! Only what staff reads is written in these forms; logs never are.

use uuid::Uuid;

use super::{NetworkHash, VoterId};

impl VoterId {
    /// `visitor:UUID` for a visitor (a `UUIDv7`), `voter:UUID` for any other 16 bytes.
    pub fn text(self) -> String {
        let id = Uuid::from_bytes(self.0);
        let kind = if id.get_version_num() == 7 {
            "visitor"
        } else {
            "voter"
        };
        format!("{kind}:{id}")
    }

    /// Reads what [`VoterId::text`] writes, or the UUID alone.
    pub fn parse(text: &str) -> Option<Self> {
        let id = text
            .strip_prefix("visitor:")
            .or_else(|| text.strip_prefix("voter:"))
            .unwrap_or(text);
        Uuid::try_parse(id).ok().map(|id| Self(id.into_bytes()))
    }
}

impl NetworkHash {
    /// Of no network: what a vote bears whose day key was destroyed, or that was imported.
    pub const NONE: Self = Self([0; 16]);

    /// Whether it is the hash of some network.
    pub fn is_some(self) -> bool {
        self != Self::NONE
    }

    /// As lists show it; nothing where it is of no network.
    pub fn shown(self) -> Option<String> {
        self.is_some().then(|| self.text())
    }

    /// 32 digits of lower-case hexadecimal.
    pub fn text(self) -> String {
        hex::encode(self.0)
    }

    /// Reads what [`NetworkHash::text`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let mut hash = [0; 16];
        hex::decode_to_slice(text, &mut hash).ok()?;
        Some(Self(hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_reads_as_it_was(bytes in any::<[u8; 16]>()) {
            prop_assert_eq!(VoterId::parse(&VoterId(bytes).text()), Some(VoterId(bytes)));
            prop_assert_eq!(NetworkHash::parse(&NetworkHash(bytes).text()), Some(NetworkHash(bytes)));
        }

        #[test]
        fn other_text_is_neither(text in "[a-z:+]{0,40}") {
            prop_assert_eq!(VoterId::parse(&text), None);
            prop_assert_eq!(NetworkHash::parse(&format!("+{text}")), None);
        }
    }
}
