//! [`Picture`]: what the preview of a link shows of one tool or two. Pure.

use super::canvas::{Canvas, Ink, fitted, printable};
use crate::web::site::card::Card;

const WIDTH: u32 = 1200;
const HEIGHT: u32 = 630;
const LEFT: f32 = 72.0;
const RIGHT: f32 = 1128.0;
/// Between the columns of two tools.
const GAP: f32 = 72.0;

// The tokens of `site.css` by day.
const PAPER: Ink = Ink(0x00f5_f1e8);
const INK: Ink = Ink(0x001d_2430);
const SOFT: Ink = Ink(0x005a_5f68);
const LINE: Ink = Ink(0x00d8_d0bf);
const COMMUNITY: Ink = Ink(0x000b_6661);
const PANEL: Ink = Ink(0x007b_2d6b);

/// A tool's part of the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    name: String,
    panel: String,
    panel_votes: String,
    community: String,
    community_votes: String,
    panel_percent: Option<i64>,
    /// Score and interval.
    community_percent: Option<(i64, [i64; 2])>,
}

/// All that is drawn: equal pictures have equal pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    columns: Vec<Column>,
    /// Who leads, or how the community stands to the panel.
    headline: String,
    foot: String,
}

/// The tool's name as the font can write it.
pub fn name(card: &Card<'_>) -> String {
    printable(card.name, card.slug)
}

impl Picture {
    /// Of the tools whose cards these are. `headline` and `foot` are one sentence each.
    pub fn of(cards: &[&Card<'_>], headline: &str, foot: &str) -> Self {
        let column = |card: &&Card<'_>| Column {
            name: name(card),
            panel: card.panel.clone(),
            panel_votes: card.panel_split.clone(),
            community: card.community.clone(),
            community_votes: card.votes.clone(),
            panel_percent: card.figures.panel,
            community_percent: card.figures.community,
        };
        Self {
            columns: cards.iter().map(column).collect(),
            headline: headline.to_owned(),
            foot: foot.to_owned(),
        }
    }

    /// Draws it.
    ///
    /// # Errors
    /// No memory for it.
    pub fn png(&self) -> Result<Vec<u8>, String> {
        let canvas = Canvas::new(WIDTH, HEIGHT, PAPER);
        let mut canvas = canvas.ok_or("no memory for a picture")?;
        brand(&mut canvas);
        match self.columns.as_slice() {
            [alone] => {
                let (text, size) = fitted(&alone.name, RIGHT - LEFT, [56.0, 88.0]);
                canvas.text(&text, size, (LEFT, 216.0), INK);
                figures(&mut canvas, alone, [LEFT, RIGHT], 282.0);
                line(&mut canvas, &self.headline, 34.0, 588.0, INK);
            }
            several => {
                line(&mut canvas, &self.headline, 60.0, 188.0, INK);
                let mut left = LEFT;
                let wide = (RIGHT - LEFT - GAP) / 2.0;
                for column in several {
                    let (text, size) = fitted(&column.name, wide, [34.0, 44.0]);
                    canvas.text(&text, size, (left, 262.0), INK);
                    figures(&mut canvas, column, [left, left + wide], 308.0);
                    left += wide + GAP;
                }
                line(&mut canvas, &self.foot, 32.0, 588.0, SOFT);
            }
        }
        canvas.png()
    }
}

fn line(canvas: &mut Canvas, text: &str, largest: f32, baseline: f32, ink: Ink) {
    let (text, size) = fitted(text, RIGHT - LEFT, [largest * 0.6, largest]);
    canvas.text(&text, size, (LEFT, baseline), ink);
}

fn brand(canvas: &mut Canvas) {
    let place = |x: f32, y: f32| (LEFT - 4.0 + x * 1.5, 50.0 + y * 1.5);
    for x in [6.0, 11.3, 16.7, 22.0] {
        canvas.line(place(x, 5.0), place(x, 23.0), 4.2, INK);
    }
    canvas.line(place(2.5, 20.5), place(25.5, 7.5), 4.2, COMMUNITY);
    canvas.text("Tallyship", 36.0, (LEFT + 50.0, 83.0), INK);
}

/// Both figures, and under them the scale with both marks, between `left` and `right`.
fn figures(canvas: &mut Canvas, column: &Column, [left, right]: [f32; 2], top: f32) {
    let half = (right - left) / 2.0;
    let large = if half > 400.0 { 128.0 } else { 88.0 };
    let small = if half > 400.0 { 30.0 } else { 24.0 };
    let sides = [
        ("Panel ship", &column.panel, &column.panel_votes, PANEL),
        (
            "Community ship",
            &column.community,
            &column.community_votes,
            COMMUNITY,
        ),
    ];
    for (x, (who, score, votes, ink)) in [left, left + half].into_iter().zip(sides) {
        let middle = (x + 12.0, top - small * 0.34);
        if x <= left {
            canvas.diamond(middle, 9.0, 3.5, ink);
        } else {
            canvas.dot(middle, 9.0, ink);
        }
        canvas.text(who, small, (x + 34.0, top), SOFT);
        canvas.text(score, large, (x, top + large), ink);
        let (votes, size) = fitted(votes, half - 28.0, [small * 0.7, small]);
        canvas.text(&votes, size, (x, top + large + small * 1.6), SOFT);
    }
    scale(canvas, column, [left, right], top + large + small * 3.2);
}

fn scale(canvas: &mut Canvas, column: &Column, [left, right]: [f32; 2], y: f32) {
    let place = |percent: i64| {
        let percent = u8::try_from(percent.clamp(0, 100)).unwrap_or_default();
        left + (right - left) * f32::from(percent) / 100.0
    };
    canvas.line((left, y), (right, y), 3.0, LINE);
    for tick in [0, 25, 50, 75, 100] {
        let reach = if tick % 50 == 0 { 12.0 } else { 7.0 };
        canvas.line(
            (place(tick), y - reach),
            (place(tick), y + reach),
            3.0,
            LINE,
        );
    }
    if let Some((_, [low, high])) = column.community_percent {
        let (from, to) = (place(low), place(high));
        canvas.band((from, y - 15.0), ((to - from).max(1.0), 30.0), COMMUNITY);
    }
    if let Some(panel) = column.panel_percent {
        canvas.diamond((place(panel), y), 15.0, 5.0, PANEL);
    }
    if let Some((community, _)) = column.community_percent {
        canvas.dot((place(community), y), 14.0, PAPER);
        canvas.dot((place(community), y), 11.0, COMMUNITY);
    }
}
