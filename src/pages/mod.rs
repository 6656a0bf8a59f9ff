//! The pages that browsers see: a comparison with live numbers and votes, with and without JavaScript.
//!
//! `server` routes to it. It shows what `verdicts` knows and votes through the same doors as the API.

pub mod form;
pub mod routes;

use std::collections::HashMap;

use askama::Template;

use crate::tallies::{Tally, panel_percent};
use crate::verdicts::Verdict;
use crate::vocabulary::{Choice, ToolState};

/// One review as a page shows it.
pub struct ReviewCard<'a> {
    pub reviewer: &'a str,
    pub ships: bool,
    pub summary: &'a str,
}

/// One tool as a page shows it.
pub struct ToolCard<'a> {
    pub slug: &'a str,
    pub name: &'a str,
    pub tagline: &'a str,
    pub category: &'a str,
    pub entry: &'a str,
    pub panel: String,
    pub panel_split: String,
    pub community: String,
    /// The counts in words, such as `13 ship, 2 skip`.
    pub votes: String,
    pub gap: String,
    pub open: bool,
    pub own: Option<Choice>,
    pub reviews: Vec<ReviewCard<'a>>,
}

impl ToolCard<'_> {
    #[must_use]
    pub fn ships(&self) -> bool {
        self.own == Some(Choice::Ship)
    }

    #[must_use]
    pub fn skips(&self) -> bool {
        self.own == Some(Choice::Skip)
    }
}

/// The comparison of two tools.
#[derive(Template)]
#[template(path = "compare.html")]
pub struct ComparePage<'a> {
    pub title: String,
    /// This page's path: where a form comes back to.
    pub here: String,
    pub cards: Vec<ToolCard<'a>>,
    pub min_votes: i64,
}

/// The list of all tools.
#[derive(Template)]
#[template(path = "index.html")]
pub struct IndexPage<'a> {
    pub cards: Vec<ToolCard<'a>>,
    /// A comparison to begin with: its path and its name.
    pub comparison: Option<(String, String)>,
}

/// A visitor's choices by tool id.
pub type OwnChoices = HashMap<i32, Choice>;

/// A tool's card; `own` are the visitor's votes by tool id.
#[must_use]
pub fn card<'a>(verdict: &'a Verdict, own: &OwnChoices, min_votes: i64) -> ToolCard<'a> {
    let row = verdict.slot.tally().row;
    let tool = &verdict.shelved.tool;
    let slug = &verdict.shelved.slug;
    let tally = Tally::of(slug, &row, min_votes);
    ToolCard {
        slug: slug.as_str(),
        name: &tool.name,
        tagline: &tool.tagline,
        category: &tool.category,
        entry: &tool.entry,
        panel: panel_percent(&row).map_or_else(
            || crate::tallies::DASH.to_owned(),
            |percent| format!("{percent}%"),
        ),
        panel_split: format!(
            "{} of {} reviewers ship",
            row.panel_ship,
            row.panel_ship + row.panel_skip
        ),
        community: tally.display().to_owned(),
        votes: format!("{} ship, {} skip", row.ship, row.skip),
        gap: gap_in_words(tally.gap()),
        open: row.state == ToolState::Open,
        own: own.get(&verdict.slot.id).copied(),
        reviews: tool
            .reviews
            .iter()
            .map(|review| ReviewCard {
                reviewer: &review.reviewer,
                ships: review.verdict == Choice::Ship,
                summary: &review.summary,
            })
            .collect(),
    }
}

/// How the community stands to the panel, for a reader.
fn gap_in_words(gap: Option<i64>) -> String {
    match gap {
        None => String::new(),
        Some(0) => "Community and panel agree".to_owned(),
        Some(gap) if gap > 0 => format!("Community {gap} points above the panel"),
        Some(gap) => format!("Community {} points below the panel", -gap),
    }
}
