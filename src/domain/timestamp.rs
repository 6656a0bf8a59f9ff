//! [`Timestamp`]: a point in time as the database keeps it and as JSON says it (RFC 3339, UTC, to the microsecond).

use std::fmt;
use std::ops::Range;
use std::time::SystemTime;

use chrono::{DateTime, Datelike, SecondsFormat, Timelike, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub const SECOND_MICROS: i64 = 1_000_000;
pub const HOUR_MICROS: i64 = 3_600 * SECOND_MICROS;
pub const DAY_SECONDS: i64 = 86_400;
pub const DAY_MICROS: i64 = DAY_SECONDS * SECOND_MICROS;

/// A point in time: microseconds since 1970, UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The system clock. Only the outermost callers read it; everything below takes a `Timestamp`.
    pub fn now() -> Self {
        let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Self(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    /// Reads RFC 3339, to the microsecond. An offset, or a leap second, can lead out of the four-digit years, whose times could
    /// not be written in RFC 3339 again: those are none.
    pub fn parse(text: &str) -> Option<Self> {
        let micros = DateTime::parse_from_rfc3339(text).ok()?.timestamp_micros();
        // Of what is kept: a leap second is the first of the next minute then.
        let year = DateTime::<Utc>::from_timestamp_micros(micros)?.year();
        (0..=9999).contains(&year).then_some(Self(micros))
    }

    pub fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND_MICROS)
    }

    /// The start of its hour.
    #[must_use]
    pub fn hour(self) -> Self {
        Self(self.0 - self.0.rem_euclid(HOUR_MICROS))
    }

    /// The start of its day (UTC).
    #[must_use]
    pub fn day(self) -> Self {
        Self(self.0 - self.0.rem_euclid(DAY_MICROS))
    }

    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(SECOND_MICROS)))
    }
}

impl Timestamp {
    /// RFC 3339, UTC, to the microsecond; handed on without the machinery of formatting, which costs more than the digits.
    fn said<T>(self, say: impl FnOnce(&str) -> T) -> T {
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
                say(str::from_utf8(&text).unwrap_or_default())
            }
            _ => say(&time.to_rfc3339_opts(SecondsFormat::Micros, true)),
        }
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339, UTC, to the microsecond.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.said(|text| f.write_str(text))
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

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.said(|text| serializer.serialize_str(text))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
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
    fn moments_are_rfc_3339() {
        assert_eq!(
            Timestamp(1_700_000_000_123_456).to_string(),
            "2023-11-14T22:13:20.123456Z"
        );
        for (at_the_end, beyond) in [
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59-00:01"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00+00:01"),
            ("9998-12-31T23:59:60Z", "9999-12-31T23:59:60.2432526Z"),
        ] {
            let time = Timestamp::parse(at_the_end).expect("a time");
            assert_eq!(Timestamp::parse(&time.to_string()), Some(time));
            assert_eq!(Timestamp::parse(beyond), None, "{beyond}");
        }
    }

    proptest! {
        /// From before the year 0 to beyond 9999.
        #[test]
        fn a_moment_is_written_as_chrono_writes_it(micros in -70_000_000_000_000_000_i64..300_000_000_000_000_000) {
            let time = DateTime::<Utc>::from_timestamp_micros(micros).expect("in range");
            let text = Timestamp(micros).to_string();
            prop_assert_eq!(&text, &time.to_rfc3339_opts(SecondsFormat::Micros, true));
            if (0..=9999).contains(&time.year()) {
                prop_assert_eq!(Timestamp::parse(&text), Some(Timestamp(micros)));
            }
        }
    }
}
