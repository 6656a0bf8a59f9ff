//! The domain's own words: [`Choice`], [`Slug`], [`VoterId`], [`NetworkHash`], [`ToolState`], [`Timestamp`] and [`Quota`].
//!
//! Every module uses them. They parse once, at the edge, and are valid ever after; nothing here does input or output.

mod actor;
mod ballot;
mod counts;
mod quota;
pub mod text;
mod timestamp;
mod voter;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use actor::Actor;
pub use ballot::{Ballot, BallotBytes, BallotName, Salt, Seal};
pub use counts::Counts;
pub use quota::Quota;
pub use timestamp::{DAY_MICROS, DAY_SECONDS, HOUR_MICROS, SECOND_MICROS, Timestamp};

/// What a voter or a reviewer says of a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    Ship,
    Skip,
}

impl Choice {
    /// As kept in the database: 1 ship, 2 skip.
    pub fn code(self) -> i16 {
        match self {
            Self::Ship => 1,
            Self::Skip => 2,
        }
    }

    /// The reverse of [`Choice::code`]; `None` for 0 ("no vote") and anything unknown.
    pub fn from_code(code: i16) -> Option<Self> {
        match code {
            1 => Some(Self::Ship),
            2 => Some(Self::Skip),
            _ => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ship => "ship",
            Self::Skip => "skip",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Ship, Self::Skip]
            .into_iter()
            .find(|choice| choice.as_str() == text)
    }
}

/// A tool's name in addresses: `[a-z0-9]` and single inner `-`, 1 to 64 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 64, example = "codestral-2")]
pub struct Slug(Arc<str>);

impl Slug {
    pub const MAX_LEN: usize = 64;

    /// `None` where `text` is no slug.
    pub fn parse(text: &str) -> Option<Self> {
        let shaped = (1..=Self::MAX_LEN).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-')
            && !text.contains("--");
        shaped.then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for Slug {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// One voter: 16 bytes, time-ordered (`UUIDv7`) for anonymous visitors.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VoterId(pub [u8; 16]);

impl fmt::Debug for VoterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A voter's id must not slip into a log through a derived Debug.
        f.write_str("VoterId(..)")
    }
}

/// A client network (IPv4 /32, IPv6 /64) as a hash under the key of one day; the address itself is never kept. Hashes of
/// two days have nothing in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NetworkHash(pub [u8; 16]);

/// A client network as bans know it: a hash under a key that does not end. Kept of banned networks only.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BanHash(pub [u8; 12]);

/// A client network as the holding rule knows it: a hash under a key that does not end. Kept of fresh voters only.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OriginHash(pub i64);

impl fmt::Debug for OriginHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OriginHash(..)")
    }
}

/// Where a voter's first vote on a tool came from: the network, and the /48 around an IPv6 one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoterOrigins {
    pub network: OriginHash,
    pub wide: Option<OriginHash>,
}

impl VoterOrigins {
    pub fn each(self) -> impl Iterator<Item = OriginHash> {
        std::iter::once(self.network).chain(self.wide)
    }
}

impl fmt::Debug for BanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BanHash(..)")
    }
}

impl fmt::Debug for NetworkHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NetworkHash(..)")
    }
}

/// Whether a tool takes votes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ToolState {
    #[default]
    Open,
    Frozen,
    Archived,
}

impl ToolState {
    /// As kept in the database.
    pub fn code(self) -> i16 {
        match self {
            Self::Open => 0,
            Self::Frozen => 1,
            Self::Archived => 2,
        }
    }

    /// The reverse of [`ToolState::code`]. An unknown code reads as frozen: what we do not understand takes no votes.
    pub fn from_code(code: i16) -> Self {
        match code {
            0 => Self::Open,
            2 => Self::Archived,
            _ => Self::Frozen,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Frozen => "frozen",
            Self::Archived => "archived",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slugs_follow_the_api_document() {
        for good in ["a", "codestral-2", "0", &"a".repeat(64), "a-b-c"] {
            assert_eq!(Slug::parse(good).expect(good).as_str(), good);
        }
        for bad in [
            "",
            "-a",
            "a-",
            "a--b",
            "A",
            "a_b",
            "ä",
            "a b",
            &"a".repeat(65),
            "a/b",
            "a\n",
        ] {
            assert_eq!(Slug::parse(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_slug_is_exactly_the_pattern(text in "[a-zA-Z0-9_-]{0,70}") {
            let groups: Vec<&str> = text.split('-').collect();
            let pattern = !text.is_empty() && text.len() <= 64
                && groups.iter().all(|g| !g.is_empty() && g.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
            prop_assert_eq!(Slug::parse(&text).is_some(), pattern);
        }
    }
}
