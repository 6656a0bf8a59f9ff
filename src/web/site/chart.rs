//! [`Chart`]: tallies over time as lines on one scale, each with its interval and a table of the same numbers. Pure.
//!
//! The drawing is 1000 wide and 100 high, a unit a percent; `templates/chart.html` draws it, and `assets/show.js` moves
//! the newest point. Spans whose votes do not count are hatched.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use crate::catalog::views::history::Point;
use crate::domain::Timestamp;
use crate::tallies::percent::{interval, percent};
use crate::web::kit::format;

/// One tool's way to its present tally.
pub struct Track<'a> {
    pub slug: &'a str,
    pub name: &'a str,
    /// The panel's score.
    pub panel: Option<i64>,
    /// By time; the last is the present tally.
    pub points: &'a [Point],
}

/// The drawing.
pub struct Chart<'a> {
    pub lines: Vec<Line<'a>>,
    /// When it begins, in words.
    pub from: String,
    pub hatched: Vec<Hatch>,
}

pub struct Line<'a> {
    pub slug: &'a str,
    pub name: &'a str,
    pub panel: Option<i64>,
    /// Stretches with a percentage; between them there were too few votes.
    pub runs: Vec<ChartSegment>,
    /// The present score, where there is one.
    pub now: Option<i64>,
    pub rows: Vec<ChartRow>,
}

pub struct ChartSegment {
    pub line: String,
    /// The interval: its upper bounds forward, its lower ones back.
    pub band: String,
}

pub struct Hatch {
    pub x: i64,
    pub width: i64,
}

pub struct ChartRow {
    /// Where its value begins in the drawing.
    pub x: i64,
    pub when: String,
    pub votes: String,
    pub score: String,
    pub excluded: bool,
}

/// The drawing is this wide.
const WIDTH: i64 = 1000;
/// A drawing shows at least so much time: minutes must not look like months.
const SHORTEST_SECONDS: i64 = 3_600;
/// A table longer than this helps nobody: the newest rows are shown.
const ROWS: usize = 60;

impl<'a> Chart<'a> {
    /// Draws `tracks`, whose points are `step` seconds apart or more, up to `now`.
    pub fn of(tracks: &[Track<'a>], step: i64, min_votes: i64, now: Timestamp) -> Self {
        let from = tracks
            .iter()
            .filter_map(|track| track.points.first())
            .map(|point| point.at)
            .min()
            .unwrap_or(now)
            .min(now.plus_seconds(-SHORTEST_SECONDS));
        let place = |at: Timestamp| {
            let span = (now.0 - from.0).max(1);
            ((at.0 - from.0).clamp(0, span) / 1_000 * WIDTH) / (span / 1_000).max(1)
        };
        let mut hatched = Vec::new();
        for track in tracks {
            for (position, point) in track.points.iter().enumerate() {
                let next = track.points.get(position + 1).map_or(now, |next| next.at);
                if point.excluded {
                    let x = place(point.at);
                    let width = (place(next) - x).max(4);
                    hatched.push(Hatch { x, width });
                }
            }
        }
        Self {
            lines: tracks
                .iter()
                .map(|track| line(track, step, min_votes, now, place))
                .collect(),
            from: words_of(from, step),
            hatched,
        }
    }

    /// Whether there is anything to draw.
    pub fn begun(&self) -> bool {
        self.lines.iter().any(|line| !line.runs.is_empty())
    }
}

fn line<'a>(
    track: &Track<'a>,
    step: i64,
    min_votes: i64,
    now: Timestamp,
    place: impl Fn(Timestamp) -> i64,
) -> Line<'a> {
    let mut runs: Vec<Vec<(i64, i64, [i64; 2])>> = vec![Vec::new()];
    let mut score_now = None;
    // What an hour left stands from its end on; the last point is the present.
    let stands_from = |position: usize, point: &Point| match track.points.get(position + 1) {
        Some(next) => place(Timestamp(point.at.plus_seconds(step).0.min(next.at.0))),
        None => place(now),
    };
    for (position, point) in track.points.iter().enumerate() {
        score_now = known(point, min_votes);
        let Some((score, bounds)) = score_now else {
            runs.push(Vec::new());
            continue;
        };
        if let Some(run) = runs.last_mut() {
            let x = stands_from(position, point);
            // The only figure so far: it is drawn from the beginning of its hour.
            if run.is_empty() && position + 1 == track.points.len() {
                run.push((place(point.at), score, bounds));
            }
            // A tally holds until the next change: steps, not slopes.
            if let Some((_, before, wide)) = run.last().copied() {
                run.push((x, before, wide));
            }
            run.push((x, score, bounds));
        }
    }
    Line {
        slug: track.slug,
        name: track.name,
        panel: track.panel,
        runs: runs
            .iter()
            .filter(|run| !run.is_empty())
            .map(|run| drawn(run))
            .collect(),
        now: score_now.map(|(score, _)| score),
        rows: track
            .points
            .iter()
            .enumerate()
            .rev()
            .take(ROWS)
            .map(|(position, point)| ChartRow {
                x: stands_from(position, point),
                when: words_of(point.at, step),
                votes: format::counts(point.ship, point.skip),
                score: format::score(known(point, min_votes).map(|(score, _)| score)),
                excluded: point.excluded,
            })
            .collect(),
    }
}

fn known(point: &Point, min_votes: i64) -> Option<(i64, [i64; 2])> {
    let score = percent(point.ship, point.skip)?;
    let bounds = interval(point.ship, point.skip)?;
    (point.ship + point.skip >= min_votes).then_some((score, bounds))
}

fn drawn(run: &[(i64, i64, [i64; 2])]) -> ChartSegment {
    let mut line = String::new();
    let mut band = String::new();
    for (x, score, [_, high]) in run {
        let _ = write!(line, "{x},{} ", 100 - score);
        let _ = write!(band, "{x},{} ", 100 - high);
    }
    for (x, _, [low, _]) in run.iter().rev() {
        let _ = write!(band, "{x},{} ", 100 - low);
    }
    ChartSegment {
        line: line.trim_end().to_owned(),
        band: band.trim_end().to_owned(),
    }
}

/// A day, or an hour where hours are told apart.
fn words_of(at: Timestamp, step: i64) -> String {
    let time = DateTime::<Utc>::from_timestamp_micros(at.0).unwrap_or_default();
    let form = if step < 86_400 {
        "%-d %b %Y, %H:%M UTC"
    } else {
        "%-d %b %Y"
    };
    time.format(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600;

    fn point(hour: i64, ship: i64, skip: i64) -> Point {
        Point {
            at: Timestamp(0).plus_seconds(hour * HOUR),
            ship,
            skip,
            percent: None,
            excluded: hour == 2,
        }
    }

    fn drawn_from(points: &[Point], now: i64) -> Chart<'_> {
        let track = Track {
            slug: "a",
            name: "A",
            panel: Some(75),
            points,
        };
        Chart::of(&[track], HOUR, 5, Timestamp(0).plus_seconds(now * HOUR))
    }

    #[test]
    fn a_line_goes_in_steps_from_the_first_figure_to_now() {
        let points = [
            point(0, 1, 0),
            point(1, 5, 0),
            point(2, 5, 5),
            point(9, 15, 5),
        ];
        let chart = drawn_from(&points, 10);
        let line = &chart.lines[0];
        assert_eq!(line.runs.len(), 1);
        assert_eq!(line.runs[0].line, "200,0 300,0 300,50 1000,50 1000,25");
        assert_eq!(line.now, Some(75));
        // Upper bounds forward, lower bounds back: the middle two belong to the present.
        let band: Vec<&str> = line.runs[0].band.split(' ').collect();
        assert_eq!(
            (band.len(), band[4], band[5]),
            (
                10,
                format!("1000,{}", 100 - 89).as_str(),
                format!("1000,{}", 100 - 53).as_str()
            )
        );
        assert_eq!(
            chart
                .hatched
                .iter()
                .map(|hatch| (hatch.x, hatch.width))
                .collect::<Vec<_>>(),
            [(200, 700)]
        );
        let rows: Vec<_> = line
            .rows
            .iter()
            .map(|row| (row.x, row.score.as_str(), row.excluded))
            .collect();
        assert_eq!(
            rows,
            [
                (1000, "75%", false),
                (300, "50%", true),
                (200, "100%", false),
                (100, "—", false)
            ]
        );
        assert_eq!(chart.from, "1 Jan 1970, 00:00 UTC");
    }

    #[test]
    fn too_few_votes_break_the_line_and_none_draw_nothing() {
        let points = [
            point(0, 5, 0),
            point(1, 2, 0),
            point(3, 6, 0),
            point(4, 1, 0),
        ];
        let chart = drawn_from(&points, 5);
        assert_eq!(
            chart.lines[0].runs.len(),
            2,
            "what the fifth hour took away shows"
        );
        assert_eq!(chart.lines[0].now, None);
        assert!(!drawn_from(&[], 5).begun() && !drawn_from(&[point(0, 4, 0)], 5).begun());
        assert!(drawn_from(&[point(0, 5, 0)], 0).begun(), "no time at all");
    }
}
