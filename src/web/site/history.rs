//! [`ScoreHistory`]: how tools came to their present tallies, for a chart. It reads `verdicts::history` and never fails: while the
//! database cannot be read there is the present alone.

use crate::catalog::views::ToolWithTally;
use crate::catalog::views::history::{HistoryQuery, Point, Step, points};
use crate::domain::Timestamp;
use crate::infra::db::{Readers, read};
use crate::tallies::TallyRow;

/// While the first vote is younger than this, a chart shows hours; later, days.
const HOURS_SHOWN_SECONDS: i64 = 4 * 24 * 3600;

/// The ways of some tools, on one step.
pub struct ScoreHistory {
    /// Between two points, in seconds, at least.
    pub step: i64,
    ways: Vec<Vec<Point>>,
}

impl ScoreHistory {
    /// Reads the ways of `verdicts`, each up to its present tally.
    pub async fn of(
        readers: &Readers,
        verdicts: &[&ToolWithTally],
        min_votes: i64,
        now: Timestamp,
    ) -> Self {
        let ids: Vec<i32> = verdicts.iter().map(|verdict| verdict.slot.id).collect();
        let found = read(readers, move |conn| {
            let mut ways = |step| {
                let ask = HistoryQuery {
                    step,
                    from: None,
                    to: None,
                };
                ids.iter()
                    .map(|tool| points(conn, *tool, &ask, min_votes).map(voted))
                    .collect::<Result<Vec<_>, _>>()
            };
            let days = ways(Step::Day)?;
            let first = days.iter().filter_map(|way| way.first()).map(|at| at.at);
            let long_ago = now.plus_seconds(-HOURS_SHOWN_SECONDS);
            if first.min().is_some_and(|first| first < long_ago) {
                return Ok((Step::Day, days));
            }
            Ok((Step::Hour, ways(Step::Hour)?))
        })
        .await;
        let rows = verdicts.iter().map(|verdict| verdict.slot.tally().row);
        let (step, ways) = found.unwrap_or_else(|_unread| {
            let alone = rows.clone().map(|row| voted(vec![present(&row)]));
            (Step::Hour, alone.collect())
        });
        // The card shows the board's tally, which may be newer by a moment than what was read.
        let ways = ways.into_iter().zip(rows).map(|(mut way, row)| {
            if let Some(last) = way.last_mut().filter(|last| !last.excluded) {
                (last.ship, last.skip) = (row.ship, row.skip);
            }
            way
        });
        Self {
            step: step.micros() / 1_000_000,
            ways: ways.collect(),
        }
    }

    /// The way of the tool at `position`; empty before its first vote.
    pub fn way(&self, position: usize) -> &[Point] {
        self.ways.get(position).map_or(&[], Vec::as_slice)
    }
}

fn present(row: &TallyRow) -> Point {
    Point {
        at: row.updated_at,
        ship: row.ship,
        skip: row.skip,
        percent: None,
        excluded: false,
    }
}

/// A way from its first vote on: that a tool was there before tells nothing.
fn voted(way: Vec<Point>) -> Vec<Point> {
    way.into_iter()
        .skip_while(|point| point.ship + point.skip == 0)
        .collect()
}
