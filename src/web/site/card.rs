//! [`Card`]: one tool as the pages show it, with every number as a reader meets it.
//!
//! It is made of the published tally, so that a page and the API never disagree.

use std::collections::HashMap;
use std::sync::Arc;

use crate::catalog::Review;
use crate::catalog::views::ToolWithTally;
use crate::domain::{Choice, ToolState};
use crate::tallies::cache::Published;
use crate::tallies::{Tally, TallyRow, panel_percent};
use crate::web::kit::format::{self, Figures};

/// One tool as a page shows it.
pub struct Card<'a> {
    pub slug: &'a str,
    pub name: &'a str,
    pub tagline: &'a str,
    pub description: Option<&'a str>,
    pub category: &'a str,
    pub entry: &'a str,
    pub url: &'a str,
    pub reviews: &'a [Review],
    pub row: TallyRow,
    pub figures: Figures,
    /// Such as `75%`; a dash without a panel.
    pub panel: String,
    pub panel_split: String,
    /// Such as `87%`; a dash while there are too few votes.
    pub community: String,
    /// Such as `13 ship, 2 skip`.
    pub votes: String,
    /// Such as `15 votes`.
    pub total: String,
    pub margin: String,
    pub gap: String,
    /// The drawn scale in words.
    pub scale: String,
    /// Such as `3 of 15 recorded votes set aside`; empty if there are none, or the site does not show them.
    pub set_aside: String,
    pub own: Option<Choice>,
}

/// A visitor's choices by tool id.
pub type OwnChoices = HashMap<i32, Choice>;

impl<'a> Card<'a> {
    /// The card of `verdict`; `own` are the visitor's votes by tool id.
    pub fn of(
        verdict: &'a ToolWithTally,
        own: &OwnChoices,
        min_votes: i64,
        shows_set_aside: bool,
    ) -> Self {
        let published: Arc<Published> = verdict.slot.tally();
        let row = published.row;
        let tool = &verdict.shelved.tool;
        let slug = &verdict.shelved.slug;
        let tally = Tally::of(slug, &row, min_votes);
        let figures = Figures {
            panel: panel_percent(&row),
            community: tally.community(),
            votes: row.ship + row.skip,
            min_votes,
        };
        Self {
            slug: slug.as_str(),
            name: &tool.name,
            tagline: &tool.tagline,
            description: tool.description.as_deref(),
            category: &tool.category,
            entry: &tool.entry,
            url: &tool.url,
            reviews: &tool.reviews,
            panel: format::score(figures.panel),
            panel_split: match row.panel_ship + row.panel_skip {
                0 => "No reviews yet".to_owned(),
                1 if row.panel_ship == 1 => "The one reviewer ships".to_owned(),
                1 => "The one reviewer skips".to_owned(),
                reviewers => format!("{} of {reviewers} reviewers ship", row.panel_ship),
            },
            community: tally.display().to_owned(),
            votes: format::counts(row.ship, row.skip),
            total: format::votes(row.ship + row.skip),
            margin: format::margin(&figures),
            gap: if row.state != ToolState::Open
                && figures.panel.is_some()
                && figures.community.is_none()
            {
                "Too few votes for a percentage".to_owned()
            } else {
                format::gap(&figures)
            },
            scale: format::scale(&figures),
            set_aside: match row.aside_ship + row.aside_skip {
                count if count > 0 && shows_set_aside => {
                    format::set_aside(count, row.ship + row.skip)
                }
                _ => String::new(),
            },
            own: own.get(&verdict.slot.id).copied(),
            row,
            figures,
        }
    }

    pub fn open(&self) -> bool {
        self.row.state == ToolState::Open
    }

    pub fn archived(&self) -> bool {
        self.row.state == ToolState::Archived
    }

    pub fn ships(&self) -> bool {
        self.own == Some(Choice::Ship)
    }

    pub fn skips(&self) -> bool {
        self.own == Some(Choice::Skip)
    }

    pub fn described(&self) -> bool {
        self.description.is_some()
    }

    /// The description, cut at its blank lines.
    pub fn paragraphs(&self) -> Vec<&'a str> {
        paragraphs(self.description.unwrap_or_default())
    }

    /// Where the community's mark stands on the scale; 0 while it is not shown.
    pub fn mark(&self) -> i64 {
        self.figures.community.map_or(0, |(percent, _)| percent)
    }

    /// Start and width of the interval on the scale.
    pub fn band(&self) -> (i64, i64) {
        self.figures
            .community
            .map_or((0, 0), |(_, [low, high])| (low, high - low))
    }

    pub fn known(&self) -> bool {
        self.figures.community.is_some()
    }
}

/// How many characters a quote must have to be folded, by steps: `site.css` has the width below which each does not fit.
const FOLDS: [usize; 5] = [740, 590, 470, 375, 300];

/// The step of a quote that narrow columns fold.
pub fn fold(summary: &str) -> Option<usize> {
    let length = summary.chars().count();
    FOLDS.into_iter().find(|least| length >= *least)
}

/// The texts between blank lines.
fn paragraphs(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut end, mut at) = (0, 0, 0);
    for line in text.split_inclusive('\n') {
        if line.trim().is_empty() {
            found.push(text.get(start..end).unwrap_or_default());
            start = at + line.len();
        }
        at += line.len();
        end = at;
    }
    found.push(text.get(start..end).unwrap_or_default());
    found
        .iter()
        .map(|part| part.trim())
        .filter(|part| !part.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::paragraphs;

    #[test]
    fn a_blank_line_parts_paragraphs() {
        assert_eq!(
            paragraphs("One.\nStill one.\n\n \t\n\nTwo.\n"),
            ["One.\nStill one.", "Two."]
        );
        assert_eq!(paragraphs("\n\nAlone"), ["Alone"]);
        assert!(paragraphs(" \n\n").is_empty());
    }
}
