//! A tool's course of votes: its present votes by the time they were cast, in even steps, with what is set aside told apart.
//!
//! The dashboard draws it. Like the clusters it looks at the tool's newest voters only, so that its cost has a bound.

mod store;

use crate::domain::{SECOND_MICROS, Timestamp};
use crate::http::problem::Problem;
use crate::moderation::Moderation;
use crate::voting::exclusions;

/// The newest voters that are looked at.
const VOTERS: i64 = 1_000_000;
/// A course has at most this many steps.
const STEPS: i64 = 120;
/// How long a step may be, in seconds.
const WIDTHS: [i64; 18] = [
    1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
    1_209_600, 2_592_000, 31_536_000,
];
/// A step that holds all time, in seconds.
const FOREVER: i64 = 1 << 40;

/// The votes that were cast in one step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StepCounts {
    pub ship: i64,
    pub skip: i64,
    /// Besides, the votes of it that a removal in force sets aside.
    pub aside_ship: i64,
    pub aside_skip: i64,
}

impl StepCounts {
    pub fn votes(&self) -> i64 {
        self.ship + self.skip + self.aside_ship + self.aside_skip
    }
}

/// Steps from `start`, each `width` seconds long; those without votes are there too.
#[derive(Debug, Clone)]
pub struct Timeline {
    pub start: Timestamp,
    pub width: i64,
    /// The votes that were cast before the window.
    pub before: StepCounts,
    pub steps: Vec<StepCounts>,
}

impl Timeline {
    /// When step `n` begins; beyond the last, when the course ends.
    pub fn at(&self, n: usize) -> Timestamp {
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        self.start.plus_seconds(n.saturating_mul(self.width))
    }
}

/// The shortest steps that cover `from..to` with at most [`STEPS`]: where they begin, how long they are, how many.
fn grid(from: Timestamp, to: Timestamp) -> (Timestamp, i64, i64) {
    let lay = |width: i64| {
        let micros = width * SECOND_MICROS;
        let start = Timestamp(from.0 - from.0.rem_euclid(micros));
        let steps = (to.0 - start.0 + micros - 1) / micros;
        (start, width, steps.clamp(1, STEPS + 1))
    };
    let mut laid = WIDTHS.map(lay).into_iter();
    let longest = laid.clone().next_back().unwrap_or((from, 1, 1));
    let (start, width, steps) = laid
        .find(|(_, _, steps)| *steps <= STEPS)
        .unwrap_or(longest);
    (start, width, steps.min(STEPS))
}

impl Moderation {
    /// The course of a tool's votes from `from` (its first vote) to `to` (now).
    ///
    /// # Errors
    /// 404 for an unknown tool, 422 for a window that ends before it begins, 503.
    pub async fn course(
        &self,
        slug: &str,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Timeline, Problem> {
        let tool = self.tool(slug)?.id;
        let to = to.unwrap_or(now.plus_seconds(1));
        if from.is_some_and(|from| from >= to) {
            return Err(Problem::invalid("from: expected a time before `to`."));
        }
        self.look(move |conn| {
            let after = super::store::newest_begin(conn, tool, VOTERS)?;
            let begin = match from {
                Some(from) => from,
                None => store::first(conn, tool, after)?.unwrap_or(now).min(to),
            };
            let (start, width, count) = grid(begin, to);
            let mut steps = vec![StepCounts::default(); usize::try_from(count).unwrap_or_default()];
            let out = exclusions::all_in_force(conn, tool)?;
            for (n, cast) in store::cast(conn, (tool, after), (begin, to), (start, width), &out)? {
                let place = usize::try_from(n).ok().and_then(|n| steps.get_mut(n));
                if let Some(step) = place {
                    *step = cast;
                }
            }
            let earlier = (Timestamp(0), begin);
            let before = store::cast(conn, (tool, after), earlier, (Timestamp(0), FOREVER), &out)?;
            let before = before.first().map(|(_, cast)| *cast).unwrap_or_default();
            Ok(Timeline {
                start,
                width,
                before,
                steps,
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_as_short_as_they_may_be() {
        let at = |seconds: i64| Timestamp(seconds * SECOND_MICROS);
        assert_eq!(grid(at(7), at(100)), (at(7), 1, 93));
        assert_eq!(grid(at(7), at(7_200)), (at(0), 60, 120));
        assert_eq!(grid(at(7), at(7_201)), (at(0), 300, 25));
        assert_eq!(grid(at(0), at(120)), (at(0), 1, 120));
        assert_eq!(grid(at(0), at(121)).1, 5);
        assert_eq!(grid(at(5), at(5)).2, 1);
        let (_, width, steps) = grid(at(-62_000_000_000), at(250_000_000_000));
        assert_eq!((width, steps), (31_536_000, STEPS));
    }
}
