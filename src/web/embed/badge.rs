//! [`Badge`]: panel and community in one small picture, and the same for shields.io.
//!
//! `routes` serves both. The picture stands by itself: no font, script or image from elsewhere, a title, light and dark.

use askama::Template;
use serde::Serialize;
use utoipa::ToSchema;

use super::Figures;
use crate::tallies::DASH;

/// The longest name that a badge spells out, in characters.
const LONGEST_NAME: usize = 40;
/// Left and right of each text, in pixels.
const PADDING: u32 = 7;

/// A stretch of the badge: its text, and where it stands, in pixels.
pub struct Stretch {
    pub class: &'static str,
    pub text: String,
    pub x: u32,
    pub width: u32,
}

impl Stretch {
    /// Where the middle of the text stands.
    pub fn middle(&self) -> u32 {
        self.x + self.width / 2
    }

    /// How long the text is drawn, whatever font the reader has; nothing for scripts whose widths are not known here, which
    /// would be stretched.
    pub fn text_width(&self) -> Option<u32> {
        let known = self
            .text
            .chars()
            .all(|character| width_tenths(character).is_some());
        known.then(|| self.width - 2 * PADDING)
    }
}

/// The picture.
#[derive(Template)]
#[template(path = "badge.svg")]
pub struct Badge {
    pub title: String,
    pub width: u32,
    pub stretches: Vec<Stretch>,
}

impl Badge {
    pub fn of(figures: &Figures<'_>) -> Self {
        let mut x = 0;
        let stretches: Vec<Stretch> = [
            ("name", shortened(figures.name)),
            ("panel", panel(figures)),
            (level(figures.community), community(figures)),
        ]
        .into_iter()
        .map(|(class, text)| {
            let width = pixels(&text) + 2 * PADDING;
            x += width;
            Stretch {
                class,
                text,
                x: x - width,
                width,
            }
        })
        .collect();
        Self {
            title: figures.in_words(),
            width: x,
            stretches,
        }
    }
}

/// The endpoint schema of shields.io, version 1.
#[derive(Debug, Serialize, ToSchema)]
pub struct Shield {
    #[serde(rename = "schemaVersion")]
    schema_version: u8,
    label: String,
    message: String,
    color: &'static str,
}

impl Shield {
    pub fn of(figures: &Figures<'_>) -> Self {
        Self {
            schema_version: 1,
            label: shortened(figures.name),
            message: format!("{} · {}", panel(figures), community(figures)),
            color: color(figures.community.map(|(percent, _)| percent)),
        }
    }
}

fn panel(figures: &Figures<'_>) -> String {
    match figures.panel {
        Some(panel) => format!("panel ship {}%", panel.percent),
        None => format!("panel ship {DASH}"),
    }
}

fn community(figures: &Figures<'_>) -> String {
    match figures.community {
        Some((percent, _)) => format!("community {percent}%"),
        None if figures.votes == 0 => format!("community {DASH}"),
        None => format!("community {DASH} ({})", figures.votes_in_words()),
    }
}

/// Shields' own names of colours; grey says nothing either way.
fn color(percent: Option<i64>) -> &'static str {
    match percent {
        None => "lightgrey",
        Some(80..) => "brightgreen",
        Some(60..) => "green",
        Some(40..) => "yellow",
        Some(20..) => "orange",
        Some(_) => "red",
    }
}

/// The class of the community's colour, in the steps of [`color`].
fn level(community: Option<(i64, [i64; 2])>) -> &'static str {
    match community.map(|(percent, _)| percent) {
        None => "level-none",
        Some(80..) => "level-80",
        Some(60..) => "level-60",
        Some(40..) => "level-40",
        Some(20..) => "level-20",
        Some(_) => "level-0",
    }
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= LONGEST_NAME {
        return name.to_owned();
    }
    let mut short: String = name.chars().take(LONGEST_NAME - 1).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

/// How wide a text is at 11 pixels in Verdana, rounded up. The picture stretches what another font makes of it.
fn pixels(text: &str) -> u32 {
    text.chars().map(tenths).sum::<u32>().div_ceil(10)
}

/// One character's advance in tenths of a pixel: wide enough for most scripts that the table lacks.
fn tenths(character: char) -> u32 {
    width_tenths(character).unwrap_or(110)
}

/// The table: Latin characters.
fn width_tenths(character: char) -> Option<u32> {
    Some(match character {
        'i' | 'l' => 30,
        '\'' => 29,
        'j' | 'f' | ' ' | '.' | ',' | ':' | ';' | '!' => 40,
        't' | 'r' | 'I' | '(' | ')' | '-' | '/' => 49,
        'c' | 's' | 'z' => 58,
        'a' | 'e' | 'k' | 'v' | 'x' | 'y' => 66,
        'w' | 'N' | 'O' | 'Q' | 'G' | 'H' | 'D' | '+' => 88,
        'm' | 'M' | 'W' => 108,
        '%' | '…' | DASH_CHARACTER => 119,
        'A'..='Z' => 78,
        ' '..='~' => 70,
        '¡'..='ɏ' => 75,
        _ => return None,
    })
}

const DASH_CHARACTER: char = '—';

#[cfg(test)]
mod tests {
    use super::super::tests::figures;
    use super::*;

    #[test]
    fn the_picture_adds_up_and_escapes() {
        let hostile = Figures {
            name: "<b>&\"x\"</b>",
            ..figures(Some((87, [62, 97])), 15)
        };
        let badge = Badge::of(&hostile);
        let end = badge.stretches.last().map(|last| last.x + last.width);
        assert_eq!(end, Some(badge.width));
        let svg = badge.render().expect("renders");
        assert!(
            svg.contains("<title id=\"title\">") && !svg.contains("<b>"),
            "{svg}"
        );
        assert!(
            svg.contains("community 87%") && svg.contains("panel ship 75%"),
            "{svg}"
        );
    }

    #[test]
    fn only_scripts_of_known_width_are_fitted() {
        let widths = |name: &'static str| {
            let named = Figures {
                name,
                ..figures(Some((87, [62, 97])), 15)
            };
            let badge = Badge::of(&named);
            badge
                .stretches
                .iter()
                .map(Stretch::text_width)
                .collect::<Vec<_>>()
        };
        assert!(widths("Café 2").iter().all(Option::is_some));
        for name in ["كودسترال", "🚀 Rocket", "代码"] {
            let found = widths(name);
            assert!(found[0].is_none() && found[1].is_some(), "{name}");
        }
    }

    #[test]
    fn names_are_shortened_by_character() {
        let long = "ü".repeat(60);
        assert_eq!(shortened(&long).chars().count(), LONGEST_NAME);
        assert_eq!(shortened("Codestral 2"), "Codestral 2");
        assert!(pixels("iiii") < pixels("wwww") && pixels("") == 0);
    }

    #[test]
    fn shields_reads_its_schema() {
        let json =
            serde_json::to_value(Shield::of(&figures(Some((87, [62, 97])), 15))).expect("json");
        assert_eq!(
            json,
            serde_json::json!({"schemaVersion": 1, "label": "Codestral 2", "message": "panel ship 75% · community 87%", "color": "brightgreen"})
        );
        let few = serde_json::to_value(Shield::of(&figures(None, 3))).expect("json");
        assert_eq!(
            (few["message"].as_str(), few["color"].as_str()),
            (
                Some("panel ship 75% · community — (3 votes)"),
                Some("lightgrey")
            )
        );
        for (percent, name) in [
            (100, "brightgreen"),
            (79, "green"),
            (59, "yellow"),
            (39, "orange"),
            (19, "red"),
            (0, "red"),
        ] {
            assert_eq!(color(Some(percent)), name);
        }
    }
}
