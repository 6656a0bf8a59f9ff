//! [`Baseline`]: how many votes a tool has in an hour of the day, out of its history. Pure.
//!
//! `run` makes one from the hours that tallies leave behind, and keeps it for an hour. An attack or a viral day of the past
//! is cut to a few times the mean, so that it does not become what is usual.

use crate::domain::HOUR_MICROS;

/// How far back the history is looked at.
pub const DAYS: i64 = 28;
/// An hour counts at most this many times the mean, and this many votes more.
const MOST_TIMES: f64 = 5.0;
const MOST_MORE: f64 = 3.0;
/// The mean of the day stands for so many hours beside those that were seen.
const PRIOR_HOURS: f64 = 3.0;
/// A history of fewer days says nothing.
const LEAST_DAYS: f64 = 2.0;

/// Votes by the hour of the day, UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Baseline {
    by_hour: [f64; 24],
    pub days: f64,
}

fn hour_of_day(at: i64) -> usize {
    usize::try_from(at.div_euclid(HOUR_MICROS).rem_euclid(24)).unwrap_or_default()
}

fn small(n: i64) -> f64 {
    f64::from(u32::try_from(n.max(0)).unwrap_or(u32::MAX))
}

impl Baseline {
    /// Of a tool whose votes were `totals` at the end of these hours (their begins, microseconds since 1970), oldest
    /// first, hours without a change left out. `now` is in none of them.
    pub fn of(totals: &[(i64, i64)], now: i64) -> Self {
        let Some((first, _)) = totals.first() else {
            return Self::default();
        };
        let days = small((now - first) / HOUR_MICROS) / 24.0;
        if days < LEAST_DAYS {
            return Self {
                days,
                ..Self::default()
            };
        }
        let came: Vec<(usize, f64)> = totals
            .iter()
            .zip(totals.iter().skip(1))
            .map(|((_, before), (hour, after))| (hour_of_day(*hour), small(after - before)))
            .collect();
        let hours = days * 24.0;
        let mean = came.iter().map(|(_, votes)| votes).sum::<f64>() / hours;
        let most = MOST_TIMES * mean + MOST_MORE;
        let mut sums = [0.0; 24];
        for (hour, votes) in &came {
            if let Some(sum) = sums.get_mut(*hour) {
                *sum += votes.min(most);
            }
        }
        let mean = sums.iter().sum::<f64>() / hours;
        let mut by_hour = [0.0; 24];
        for (hour, smooth) in by_hour.iter_mut().enumerate() {
            // With its two neighbours: votes of one hour are few.
            let sum: f64 = [23, 0, 1]
                .iter()
                .filter_map(|step| sums.get((hour + step) % 24))
                .sum();
            *smooth = (sum + PRIOR_HOURS * mean) / (3.0 * days + PRIOR_HOURS);
        }
        Self { by_hour, days }
    }

    /// Whether there is a history.
    pub fn is_known(&self) -> bool {
        self.days >= LEAST_DAYS
    }

    /// Votes that are usual in the `seconds` before `now`.
    pub fn expected(&self, now: i64, seconds: i64) -> f64 {
        let (mut sum, mut at, mut left) = (0.0, now, seconds.max(0).saturating_mul(1_000_000));
        while left > 0 {
            let into = (at - 1).rem_euclid(HOUR_MICROS) + 1;
            let step = into.min(left);
            let share = small(step / 1_000) / 3_600_000.0;
            sum += share
                * self
                    .by_hour
                    .get(hour_of_day(at - 1))
                    .copied()
                    .unwrap_or_default();
            at -= step;
            left -= step;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 14 days, `night` votes an hour before noon and `day` after.
    fn totals(night: i64, day: i64) -> Vec<(i64, i64)> {
        let mut sum = 0;
        (0..14 * 24)
            .map(|hour| {
                sum += if hour % 24 < 12 { night } else { day };
                (hour * HOUR_MICROS, sum)
            })
            .collect()
    }

    #[test]
    fn day_and_night_are_told_apart() {
        let now = 14 * 24 * HOUR_MICROS;
        let rhythm = Baseline::of(&totals(2, 20), now);
        assert!(rhythm.is_known());
        let at = |hour: i64| rhythm.expected(now + hour * HOUR_MICROS, 3_600);
        assert!((1.5..4.5).contains(&at(6)), "{}", at(6));
        assert!((17.0..21.0).contains(&at(18)), "{}", at(18));
        let whole = rhythm.expected(now, 86_400);
        assert!((230.0..285.0).contains(&whole), "{whole}");
        let parts = at(6) / 6.0;
        assert!((rhythm.expected(now + 6 * HOUR_MICROS, 600) - parts).abs() < 0.01);
    }

    #[test]
    fn one_wild_hour_is_not_the_usual() {
        let now = 14 * 24 * HOUR_MICROS;
        let mut wild = totals(2, 2);
        for (_, total) in wild.iter_mut().skip(100) {
            *total += 10_000;
        }
        let (calm, wild) = (Baseline::of(&totals(2, 2), now), Baseline::of(&wild, now));
        assert!(wild.expected(now, 86_400) < 5.0 * calm.expected(now, 86_400));
    }

    #[test]
    fn a_new_tool_has_no_rhythm() {
        assert!(!Baseline::of(&[], 5).is_known());
        assert!(!Baseline::of(&[(0, 10), (HOUR_MICROS, 20)], 2 * HOUR_MICROS).is_known());
        assert!(Baseline::default().expected(0, 86_400).abs() < f64::EPSILON);
    }
}
