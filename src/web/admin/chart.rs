//! [`Chart`]: a tool's course of votes as bars, ship upward and skip downward, over the way of its score. Pure.
//!
//! Both drawings are 10,000 wide; `templates/admin/chart.html` draws them, and `assets/brush.js` lets a window be chosen.

use std::fmt::Write as _;

use crate::domain::Timestamp;
use crate::moderation::insights::timeline::{StepCounts, Timeline};
use crate::moderation::removals::removal::Removal;
use crate::tallies::percent::percent;
use crate::web::admin::format;
use crate::web::kit::format::grouped;

const WIDTH: i64 = 10_000;
/// Of the bars, both directions together.
const HEIGHT: i64 = 2_000;
/// A single vote is seen beside thousands.
const LEAST: i64 = 16;

pub struct Chart {
    pub bars: Vec<Bar>,
    /// Where ship and skip meet.
    pub base: i64,
    /// The score: points of a line in a drawing 1,000 high.
    pub score: String,
    pub hatched: Vec<Span>,
    /// For the brush: where the first step begins, how long one lasts, both in milliseconds; how many there are.
    pub start: i64,
    pub width: i64,
    pub steps: usize,
    pub from: String,
    pub to: String,
    /// How long a step lasts, in words.
    pub step: String,
    /// The most of one step.
    pub most_ship: String,
    pub most_skip: String,
    pub total: String,
    pub rows: Vec<ChartRow>,
}

/// Rectangles of one step, from the base outward.
pub struct Bar {
    pub x: i64,
    pub width: i64,
    pub ship: (i64, i64),
    pub aside_ship: (i64, i64),
    pub skip: (i64, i64),
    pub aside_skip: (i64, i64),
}

pub struct Span {
    pub x: i64,
    pub width: i64,
}

pub struct ChartRow {
    pub when: String,
    pub ship: String,
    pub skip: String,
    pub aside: String,
    /// A window of this step alone, as a query string.
    pub closer: String,
}

impl Chart {
    /// Draws `course`, with the score of the votes that count, from `min_votes` of them on, and the `periods` in force on
    /// the same time.
    pub fn of(course: &Timeline, min_votes: i64, periods: &[Removal]) -> Self {
        let steps = course.steps.len();
        let (begin, end) = (course.start, course.at(steps));
        let place = |at: Timestamp| {
            let span = ((end.0 - begin.0) / 1_000).max(1);
            ((at.0 - begin.0) / 1_000).clamp(0, span) * WIDTH / span
        };
        let most = |of: fn(&crate::moderation::insights::timeline::StepCounts) -> i64| {
            course.steps.iter().map(of).max().unwrap_or_default()
        };
        let most_ship = most(|cast| cast.ship + cast.aside_ship);
        let most_skip = most(|cast| cast.skip + cast.aside_skip);
        let whole = (most_ship + most_skip).max(1);
        let base = HEIGHT * most_ship / whole;
        let tall = |votes: i64| match votes {
            0 => 0,
            votes => (votes * HEIGHT / whole).max(LEAST),
        };
        let bars = course
            .steps
            .iter()
            .enumerate()
            .filter(|(_, cast)| cast.votes() > 0)
            .map(|(n, cast)| {
                let (x, next) = (place(course.at(n)), place(course.at(n + 1)));
                let up = (tall(cast.ship), tall(cast.aside_ship));
                let down = (tall(cast.skip), tall(cast.aside_skip));
                Bar {
                    x,
                    width: (next - x - 8).max(8),
                    ship: (base - up.0, up.0),
                    aside_ship: (base - up.0 - up.1, up.1),
                    skip: (base, down.0),
                    aside_skip: (base + down.0, down.1),
                }
            })
            .collect();
        let hatched = periods
            .iter()
            .filter_map(|period| Some((period.from?, period.to?)))
            .filter(|(from, to)| *from < end && *to > begin)
            .map(|(from, to)| {
                let x = place(from);
                Span {
                    x,
                    width: (place(to) - x).max(20),
                }
            })
            .collect();
        Self {
            bars,
            base,
            score: line(course, min_votes, place),
            hatched,
            start: begin.0 / 1_000,
            width: course.width * 1_000,
            steps,
            from: format::time(begin),
            to: format::time(end),
            step: format::lasting(course.width),
            most_ship: grouped(most_ship),
            most_skip: grouped(most_skip),
            total: crate::web::kit::format::votes(course.steps.iter().map(StepCounts::votes).sum()),
            rows: rows(course),
        }
    }
}

/// The score in the steps of the course: it holds until the next step with votes.
fn line(course: &Timeline, min_votes: i64, place: impl Fn(Timestamp) -> i64) -> String {
    let mut line = String::new();
    let (mut ship, mut skip) = (course.before.ship, course.before.skip);
    let score = |ship: i64, skip: i64| percent(ship, skip).filter(|_| ship + skip >= min_votes);
    let mut held = score(ship, skip);
    if let Some(percent) = held {
        let _ = write!(line, "0,{} ", 1_000 - percent * 10);
    }
    for (n, cast) in course.steps.iter().enumerate() {
        if cast.ship + cast.skip == 0 {
            continue;
        }
        (ship, skip) = (ship + cast.ship, skip + cast.skip);
        let x = place(course.at(n));
        if let Some(before) = held {
            let _ = write!(line, "{x},{} ", 1_000 - before * 10);
        }
        held = score(ship, skip);
        if let Some(percent) = held {
            let _ = write!(line, "{x},{} ", 1_000 - percent * 10);
        }
    }
    if let Some(percent) = held {
        let end = place(course.at(course.steps.len()));
        let _ = write!(line, "{end},{}", 1_000 - percent * 10);
    }
    line.trim_end().to_owned()
}

fn rows(course: &Timeline) -> Vec<ChartRow> {
    let steps = course.steps.iter().enumerate().rev();
    steps
        .filter(|(_, cast)| cast.votes() > 0)
        .map(|(n, cast)| ChartRow {
            when: format::time(course.at(n)),
            ship: grouped(cast.ship),
            skip: grouped(cast.skip),
            aside: grouped(cast.aside_ship + cast.aside_skip),
            closer: format!(
                "from={}&to={}",
                format::field(course.at(n)),
                format::field(course.at(n + 1))
            ),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moderation::insights::timeline::StepCounts;

    #[test]
    fn bars_stand_on_one_base_and_fill_the_drawing() {
        let cast = |ship, skip, aside_ship| StepCounts {
            ship,
            skip,
            aside_ship,
            aside_skip: 0,
        };
        let course = Timeline {
            start: Timestamp(0),
            width: 60,
            before: StepCounts::default(),
            steps: vec![cast(10, 10, 0), StepCounts::default(), cast(5, 0, 5)],
        };
        let chart = Chart::of(&course, 5, &[]);
        assert_eq!((chart.base, chart.bars.len(), chart.steps), (1_000, 2, 3));
        assert_eq!(
            (chart.bars[0].ship, chart.bars[0].skip),
            ((0, 1_000), (1_000, 1_000))
        );
        assert_eq!(
            (chart.bars[1].ship, chart.bars[1].aside_ship),
            ((500, 500), (0, 500))
        );
        assert_eq!(chart.score, "0,500 6666,500 6666,400 10000,400");
        let later = Timeline {
            before: cast(0, 10, 0),
            ..course.clone()
        };
        assert!(
            Chart::of(&later, 5, &[])
                .score
                .starts_with("0,1000 0,1000 0,670 "),
            "what was cast before the window counts in it"
        );
        assert_eq!(Chart::of(&course, 99, &[]).score, "", "too few votes");
        assert_eq!((chart.rows.len(), chart.rows[0].aside.as_str()), (2, "5"));
        assert_eq!(
            chart.rows[1].closer,
            "from=1970-01-01T00:00:00&to=1970-01-01T00:01:00"
        );
    }
}
