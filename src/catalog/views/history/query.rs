//! [`HistoryQuery`]: which points of a history are wanted, read from a query string. Pure.

use crate::domain::{DAY_MICROS, HOUR_MICROS, Timestamp};
use crate::http::problem::Problem;
use crate::http::request::Parameters;

/// How far apart points are at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Hour,
    Day,
}

impl Step {
    pub fn micros(self) -> i64 {
        match self {
            Self::Hour => HOUR_MICROS,
            Self::Day => DAY_MICROS,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

/// The points that are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryQuery {
    pub step: Step,
    /// The step of this moment is the first; `None`: from the beginning.
    pub from: Option<Timestamp>,
    /// The step of this moment is the last; `None`: up to now.
    pub to: Option<Timestamp>,
}

/// Where nobody says from when, hours go back so far: fewer than the most that are given.
const HOURS_BACK_SECONDS: i64 = 400 * 24 * 3600;

impl HistoryQuery {
    /// Reads `step`, `from` and `to`. Without `from`, hours go back 400 days, days to the beginning.
    pub fn read(query_string: &str, now: Timestamp) -> Result<Self, Problem> {
        let given = Parameters::read(query_string, &["step", "from", "to"])?;
        let step = match given.get("step") {
            None | Some("hour") => Step::Hour,
            Some("day") => Step::Day,
            Some(_) => return Err(Problem::invalid("step: expected hour or day.")),
        };
        let time = |name: &str| {
            given
                .get(name)
                .map(|text| {
                    Timestamp::parse(text)
                        .filter(|time| time.0 >= 0)
                        .ok_or_else(|| {
                            Problem::invalid(format!(
                                "{name}: expected a time such as 2026-11-24T02:00:00Z (a + is written %2B)."
                            ))
                        })
                })
                .transpose()
        };
        let (mut from, to) = (time("from")?, time("to")?);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(Problem::invalid("from: expected a time before `to`."));
        }
        if from.is_none() && step == Step::Hour {
            from =
                Some(to.unwrap_or(now).plus_seconds(-HOURS_BACK_SECONDS)).filter(|from| from.0 > 0);
        }
        Ok(Self { step, from, to })
    }

    /// The first hour that belongs to a point.
    pub(super) fn first(&self) -> i64 {
        self.from.map_or(i64::MIN, |from| {
            from.0 - from.0.rem_euclid(self.step.micros())
        })
    }

    /// The last moment at which such an hour may begin.
    pub(super) fn last(&self) -> i64 {
        self.to.map_or(i64::MAX, |to| {
            to.0 - to.0.rem_euclid(self.step.micros()) + self.step.micros() - 1
        })
    }

    pub(super) fn holds(&self, hour: i64) -> bool {
        (self.first()..=self.last()).contains(&hour)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_or_refused_by_name() {
        let now = Timestamp(1_795_485_600_000_000);
        let ask = |query| HistoryQuery::read(query, now);
        let plain = ask("").expect("hours");
        assert_eq!((plain.step, plain.to), (Step::Hour, None));
        assert_eq!(plain.from, Some(now.plus_seconds(-HOURS_BACK_SECONDS)));
        assert_eq!(ask("step=day").expect("days").from, None);
        let day = ask("step=day&from=2026-11-24T02:00:00%2B01:00&to=2026-11-24T02:00:00Z")
            .expect("a day");
        assert_eq!(day.first() + Step::Day.micros(), day.last() + 1);
        for (bad, named) in [
            ("step=week", "step"),
            ("from=yesterday", "from"),
            ("to=2026-11-24", "to"),
            ("from=1960-01-01T00:00:00Z", "from"),
            ("to=9999-12-31T23:59:59-01:00", "to"),
            ("from=2026-11-24T02:00:00Z&to=2026-11-24T01:00:00Z", "from"),
            ("since=1", "since"),
        ] {
            let problem = ask(bad).expect_err(bad);
            assert!(problem.detail().starts_with(named), "{bad}: {problem}");
        }
    }
}
