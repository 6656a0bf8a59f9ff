//! The domain's own words: [`Choice`], [`Slug`], [`VoterId`], [`NetworkHash`], [`ToolState`], [`Moment`] and [`Quota`].
//!
//! Every room uses them. They parse once, at the edge, and are valid ever after; nothing here does input or output.

mod actor;
mod quota;
mod voter;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, Datelike, SecondsFormat, Timelike, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use actor::Actor;
pub use quota::Quota;
pub use voter::hex;

/// What a voter or a reviewer says of a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    Ship,
    Skip,
}

impl Choice {
    /// As kept in the database: 1 ship, 2 skip.
    #[must_use]
    pub fn code(self) -> i16 {
        match self {
            Self::Ship => 1,
            Self::Skip => 2,
        }
    }

    /// The reverse of [`Choice::code`]; `None` for 0 ("no vote") and anything unknown.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        match code {
            1 => Some(Self::Ship),
            2 => Some(Self::Skip),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ship => "ship",
            Self::Skip => "skip",
        }
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
    #[must_use]
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

    #[must_use]
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
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NetworkHash(pub [u8; 16]);

/// A client network as bans know it: a hash under a key that does not end. Kept of banned networks only.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BanHash(pub [u8; 12]);

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
    #[must_use]
    pub fn code(self) -> i16 {
        match self {
            Self::Open => 0,
            Self::Frozen => 1,
            Self::Archived => 2,
        }
    }

    /// The reverse of [`ToolState::code`]. An unknown code reads as frozen: what we do not understand takes no votes.
    #[must_use]
    pub fn from_code(code: i16) -> Self {
        match code {
            0 => Self::Open,
            2 => Self::Archived,
            _ => Self::Frozen,
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Frozen => "frozen",
            Self::Archived => "archived",
        }
    }
}

/// A point in time: microseconds since 1970, UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub struct Moment(pub i64);

impl Moment {
    /// The system clock. Only the outermost callers read it; everything below takes a `Moment`.
    #[must_use]
    pub fn now() -> Self {
        Self(Utc::now().timestamp_micros())
    }

    /// Reads RFC 3339, to the microsecond. An offset can lead out of the four-digit years, whose times could not be written
    /// in RFC 3339 again: those are none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let time = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
        (0..=9999)
            .contains(&time.year())
            .then(|| Self(time.timestamp_micros()))
    }

    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The start of its hour.
    #[must_use]
    pub fn hour(self) -> Self {
        Self(self.0 - self.0.rem_euclid(3_600_000_000))
    }

    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }
}

impl fmt::Display for Moment {
    /// RFC 3339, UTC, to the microsecond.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::<Utc>::from_timestamp_micros(self.0).unwrap_or_default();
        match u32::try_from(time.year()) {
            Ok(year @ 0..=9999) => {
                let mut text = *b"0000-00-00T00:00:00.000000Z";
                put(&mut text, 0..4, year);
                put(&mut text, 5..7, time.month());
                put(&mut text, 8..10, time.day());
                put(&mut text, 11..13, time.hour());
                put(&mut text, 14..16, time.minute());
                put(&mut text, 17..19, time.second());
                put(&mut text, 20..26, time.timestamp_subsec_micros());
                f.write_str(str::from_utf8(&text).unwrap_or_default())
            }
            _ => f.write_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true)),
        }
    }
}

/// Writes the last digits of `number` at a place of `text`: every answer to a vote has two times, and chrono's own
/// formatting costs several times as much.
fn put(text: &mut [u8], at: Range<usize>, mut number: u32) {
    for place in text.get_mut(at).unwrap_or_default().iter_mut().rev() {
        *place = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom("expected a time such as 2026-11-24T02:00:00Z (RFC 3339)")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slugs_are_what_the_contract_says() {
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
        /// From before the year 0 to beyond 9999.
        #[test]
        fn a_moment_is_written_as_chrono_writes_it(micros in -70_000_000_000_000_000_i64..300_000_000_000_000_000) {
            let time = DateTime::<Utc>::from_timestamp_micros(micros).expect("in range");
            let text = Moment(micros).to_string();
            prop_assert_eq!(&text, &time.to_rfc3339_opts(SecondsFormat::Micros, true));
            if (0..=9999).contains(&time.year()) {
                prop_assert_eq!(Moment::parse(&text), Some(Moment(micros)));
            }
        }

        #[test]
        fn a_slug_is_exactly_the_pattern(text in "[a-zA-Z0-9_-]{0,70}") {
            let groups: Vec<&str> = text.split('-').collect();
            let pattern = !text.is_empty() && text.len() <= 64
                && groups.iter().all(|g| !g.is_empty() && g.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
            prop_assert_eq!(Slug::parse(&text).is_some(), pattern);
        }
    }

    #[test]
    fn moments_are_rfc_3339() {
        assert_eq!(
            Moment(1_700_000_000_123_456).to_string(),
            "2023-11-14T22:13:20.123456Z"
        );
        for (at_the_end, beyond) in [
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59-00:01"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00+00:01"),
        ] {
            let time = Moment::parse(at_the_end).expect("a time");
            assert_eq!(Moment::parse(&time.to_string()), Some(time));
            assert_eq!(Moment::parse(beyond), None, "{beyond}");
        }
    }
}
