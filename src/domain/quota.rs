//! [`Quota`]: how many, in how long; as settings spell it and as GCRA counts it. It knows nothing of who is limited.

use std::fmt;
use std::time::Duration;

/// `COUNT/PERIOD`: a burst of `count`, refilled evenly over `period`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    pub count: u32,
    pub period: Duration,
}

impl Quota {
    /// Reads `30/1m` (units `s`, `m`, `h`). The error is a phrase that says what is wrong.
    ///
    /// # Errors
    /// Where the text is no quota, or refills faster than once a microsecond.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (count, period) = text
            .split_once('/')
            .ok_or("expected COUNT/PERIOD, such as 30/1m, or off")?;
        let count: u32 = count
            .trim()
            .parse()
            .map_err(|_unread| "the count is not a whole number")?;
        let period = period.trim();
        let unit = period.chars().last().ok_or("the period is missing")?;
        let scale = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            _ => return Err("the period ends in none of s, m, h"),
        };
        let amount: u64 = period
            .strip_suffix(unit)
            .unwrap_or_default()
            .parse()
            .map_err(|_unread| "the period is not a whole number and a unit")?;
        if count == 0 || amount == 0 || amount > 24 * 365 {
            return Err("count and period must be at least 1, the period at most 8760 units");
        }
        let quota = Self {
            count,
            period: Duration::from_secs(amount * scale),
        };
        if quota.interval_micros() == 0 {
            return Err("it refills faster than once a microsecond; use off instead");
        }
        Ok(quota)
    }

    /// GCRA's emission interval T, in whole microseconds.
    pub fn interval_micros(self) -> u64 {
        u64::try_from(self.period.as_micros()).unwrap_or(u64::MAX) / u64::from(self.count)
    }

    /// GCRA's tolerance τ: how far the arrival time of a call may lie ahead that is still admitted, in microseconds.
    pub fn tolerance_micros(self) -> u64 {
        self.interval_micros() * u64::from(self.count - 1)
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}s", self.count, self.period.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_quota_reads_as_written(count in 1u32..1_000_000, amount in 1u64..8760) {
            let quota = Quota::parse(&format!("{count}/{amount}h")).expect("a quota");
            prop_assert_eq!(quota.count, count);
            prop_assert_eq!(quota.period.as_secs(), amount * 3600);
        }
    }

    #[test]
    fn bad_quotas_say_why() {
        for bad in [
            "",
            "30",
            "30/",
            "/1m",
            "0/1m",
            "30/0m",
            "30/1d",
            "x/1m",
            "30/m",
            "-1/1m",
            "30/1m ago",
            "4000000000/1s",
        ] {
            assert!(Quota::parse(bad).is_err(), "{bad:?}");
        }
    }
}
