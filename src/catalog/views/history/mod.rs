//! A tally over time: running totals by hour or day, as a chart draws them.
//!
//! `routes` answers with it, `pages` draw from it. It reads what each hour left behind (`tally_hours`) and the tally itself;
//! it changes nothing.
//!
//! - A point stands at the start of its hour or day (UTC) and shows the tally as its last change within left it. The newest
//!   point is the tally. Steps without a change are left out: between two points a chart draws a level line.
//! - With `from`, the first point stands at the start of that step and shows what stood then, so that a chart begins at its
//!   left edge.
//! - Where an excluded period reaches into a step, its point is `excluded` and counts the votes set aside too.

mod query;
pub mod routes;
mod store;

use std::collections::HashMap;

use diesel::QueryResult;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::Timestamp;
use crate::infra::db::DbConnection;
use crate::tallies::percent::{Counts, percent};
use crate::voting::exclusions::{self, Period};
pub use query::{HistoryQuery, Step};

/// The most points of one answer.
pub const MOST: usize = 10_000;

/// The tally at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Point {
    /// The start of its hour or day.
    pub at: Timestamp,
    pub ship: i64,
    pub skip: i64,
    /// `None` while there are too few votes, as in the Tally.
    #[schema(required)]
    pub percent: Option<i64>,
    /// An excluded period reaches into the step; left out where none does.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub excluded: bool,
}

/// What a step left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StepEnd {
    hour: i64,
    counted: (i64, i64),
    aside: (i64, i64),
}

/// The points of a tool, oldest first; one more than [`MOST`] where there are more.
///
/// # Errors
/// A failed query; [`diesel::result::Error::NotFound`] for a tool that has no tally.
pub fn points(
    conn: &mut DbConnection,
    tool: i32,
    ask: &HistoryQuery,
    min_votes: i64,
) -> QueryResult<Vec<Point>> {
    // The tally first: what is closed after that belongs to later points.
    let newest = store::newest(conn, tool)?;
    let before = store::before(conn, tool, ask, newest.hour)?;
    let hours = store::hours(conn, tool, ask, newest.hour)?;
    let periods = exclusions::periods(conn, tool)?;
    Ok(drawn(before, &hours, newest, &periods, ask, min_votes))
}

/// The counted votes that each day (UTC) with a change left, oldest first; the newest day's are the tally's own.
///
/// # Errors
/// A failed query; [`diesel::result::Error::NotFound`] for a tool that has no tally.
pub fn days(conn: &mut DbConnection, tool: i32) -> QueryResult<Vec<(Timestamp, Counts)>> {
    let all = HistoryQuery {
        step: Step::Day,
        from: None,
        to: None,
    };
    let newest = store::newest(conn, tool)?;
    let hours = store::hours(conn, tool, &all, newest.hour)?;
    let mut days: Vec<(Timestamp, Counts)> = Vec::new();
    for left in hours.iter().chain([&newest]) {
        let day = Timestamp(left.hour).day();
        match days.last_mut() {
            Some((last, counts)) if *last == day => *counts = left.counted,
            _ => days.push((day, left.counted)),
        }
    }
    Ok(days)
}

/// The counted votes at each of `moments`, of each tool that was changed since; a tool that had no tally then is left out.
pub fn counts_at(
    conn: &mut DbConnection,
    moments: &[Timestamp],
) -> QueryResult<Vec<HashMap<i32, Counts>>> {
    let moments = moments.iter();
    moments
        .map(|moment| store::counts_at(conn, *moment))
        .collect()
}

fn drawn(
    before: Option<StepEnd>,
    hours: &[StepEnd],
    newest: StepEnd,
    periods: &[Period],
    ask: &HistoryQuery,
    min_votes: i64,
) -> Vec<Point> {
    let step = ask.step.micros();
    let start = |hour: i64| hour - hour.rem_euclid(step);
    let mut points: Vec<(i64, StepEnd)> = Vec::new();
    let carried = before
        .zip(ask.from)
        .map(|(left, from)| (start(from.0), left));
    let inside = hours
        .iter()
        .chain([&newest])
        .filter(|left| ask.holds(left.hour))
        .map(|left| (start(left.hour), *left));
    for (at, left) in carried.into_iter().chain(inside) {
        match points.last_mut() {
            Some((last, there)) if *last == at => *there = left,
            _ => points.push((at, left)),
        }
    }
    points
        .into_iter()
        .map(|(at, left)| {
            let excluded = periods
                .iter()
                .any(|period| period.from.0 < at + step && at < period.to.0);
            let (ship, skip) = if excluded {
                (left.counted.0 + left.aside.0, left.counted.1 + left.aside.1)
            } else {
                left.counted
            };
            Point {
                at: Timestamp(at),
                ship,
                skip,
                percent: percent(ship, skip).filter(|_| ship + skip >= min_votes),
                excluded,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const H: i64 = 3_600_000_000;

    fn left(hour: i64, ship: i64, aside: i64) -> StepEnd {
        StepEnd {
            hour: hour * H,
            counted: (ship, 1),
            aside: (aside, 0),
        }
    }

    fn short(
        ask: &HistoryQuery,
        periods: &[Period],
        before: Option<StepEnd>,
    ) -> Vec<(i64, i64, Option<i64>, bool)> {
        let hours = [left(25, 1, 0), left(26, 3, 0), left(49, 4, 2)];
        drawn(before, &hours, left(51, 9, 2), periods, ask, 5)
            .into_iter()
            .map(|point| (point.at.0 / H, point.ship, point.percent, point.excluded))
            .collect()
    }

    #[test]
    fn points_by_hour_and_day() {
        let ask = |query: &str| HistoryQuery::read(query, Timestamp(60 * H)).expect(query);
        let hours = short(&ask("step=hour"), &[], None);
        assert_eq!(
            hours,
            [
                (25, 1, None, false),
                (26, 3, None, false),
                (49, 4, Some(80), false),
                (51, 9, Some(90), false)
            ]
        );
        let days = short(&ask("step=day"), &[], None);
        assert_eq!(days, [(24, 3, None, false), (48, 9, Some(90), false)]);
        // What stood at the left edge is carried in, unless the step has a point of its own.
        let from = short(&ask("from=1970-01-02T20:30:00Z"), &[], Some(left(26, 3, 0)));
        assert_eq!(from[0], (44, 3, None, false));
        let to = short(&ask("step=hour&to=1970-01-03T01:30:00Z"), &[], None);
        assert_eq!(to.last(), Some(&(49, 4, Some(80), false)));
    }

    #[test]
    fn an_excluded_period_marks_what_it_reaches_into() {
        let ask = HistoryQuery::read("step=hour", Timestamp(60 * H)).expect("hours");
        let period = Period {
            id: 1,
            tool: 1,
            from: Timestamp(49 * H + 5),
            to: Timestamp(50 * H),
        };
        let hours = short(&ask, &[period], None);
        assert_eq!(
            hours[2..],
            [(49, 6, Some(86), true), (51, 9, Some(90), false)]
        );
    }
}
