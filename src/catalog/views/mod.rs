//! Verdicts: the catalogue and its tallies side by side, as the site reads and edits them.
//!
//! `server` routes to it, `pages` draws from it, commands import through it.

pub mod history;
pub mod list;
pub mod routes;

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::catalog::Review;
use crate::catalog::cache::{CatalogCache, CatalogEntry};
use crate::domain::Slug;
use crate::http::problem::Problem;
use crate::infra::db::Readers;
use crate::tallies::Tally;
use crate::tallies::cache::{TallyCache, TallyEntry};
use crate::tallies::panel_percent;
use crate::tallies::percent::{Counts, difference};
use list::Lists;

/// A tool with its place on the board.
#[derive(Clone)]
pub struct ToolWithTally {
    pub shelved: Arc<CatalogEntry>,
    pub slot: Arc<TallyEntry>,
}

/// What everybody may read, as the public API answers it in JSON: each route adds the methods of its own answers.
#[derive(Clone)]
pub struct PublicReads {
    pub shelf: Arc<CatalogCache>,
    pub board: Arc<TallyCache>,
    pub lists: Arc<Lists>,
    pub readers: Readers,
}

impl PublicReads {
    /// # Errors
    /// 404 `unknown-tool`.
    pub fn find(&self, slug: &str) -> Result<ToolWithTally, Problem> {
        ToolWithTally::find(&self.shelf, &self.board, slug)
            .ok_or_else(|| Problem::unknown_tool(slug))
    }
}

fn json(body: &impl Serialize) -> Result<Bytes, Problem> {
    let body = serde_json::to_vec(body);
    body.map(Bytes::from)
        .map_err(|_unreachable| Problem::internal())
}

/// A tool as `GET /v1/tools/{slug}` answers it.
#[derive(Serialize, ToSchema)]
pub struct ToolView<'a> {
    slug: &'a Slug,
    name: &'a str,
    tagline: &'a str,
    #[schema(required)]
    description: Option<&'a str>,
    category: &'a str,
    entry: &'a str,
    url: &'a str,
    reviews: &'a [Review],
    #[schema(value_type = Tally<'_>)]
    tally: Box<RawValue>,
}

/// Who leads: a slug, or null for a tie or where it cannot be told.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Leaders<'a> {
    #[schema(required)]
    pub panel: Option<&'a Slug>,
    #[schema(required)]
    pub community: Option<&'a Slug>,
}

impl ToolWithTally {
    /// The tool that is or was named `slug`, where both catalogue and board know it.
    pub fn find(shelf: &CatalogCache, board: &TallyCache, slug: &str) -> Option<Self> {
        let slot = board.find(slug)?;
        let shelved = shelf.find(slot.id)?;
        Some(Self { shelved, slot })
    }

    pub fn name(&self) -> &str {
        &self.shelved.tool.name
    }

    /// The tool for a JSON answer; `tally` is its Tally as JSON.
    pub fn view(&self, tally: &[u8]) -> Option<ToolView<'_>> {
        let tool = &self.shelved.tool;
        Some(ToolView {
            slug: &self.shelved.slug,
            name: &tool.name,
            tagline: &tool.tagline,
            description: tool.description.as_deref(),
            category: &tool.category,
            entry: &tool.entry,
            url: &tool.url,
            reviews: &tool.reviews,
            tally: RawValue::from_string(String::from_utf8(tally.to_vec()).ok()?).ok()?,
        })
    }
}

/// Who leads the compared tools, by panel and by community.
///
/// A panel leads by the highest score that no other shares. The community's leader has a share of ship votes that is above
/// each other tool's by a difference whose 95 % interval lies above zero. Intervals of two scores may overlap while that
/// of their difference is clear. A tool without a score leaves both open.
pub fn leaders<'a>(tools: &[(&'a Slug, crate::tallies::TallyRow)], min_votes: i64) -> Leaders<'a> {
    let scores: Option<Vec<(&Slug, i64)>> = tools
        .iter()
        .map(|(slug, row)| panel_percent(row).map(|score| (*slug, score)))
        .collect();
    let counts: Option<Vec<(&Slug, Counts)>> = tools
        .iter()
        .map(|(slug, row)| {
            let enough = row.ship + row.skip >= min_votes.max(1);
            enough.then_some((*slug, (row.ship, row.skip)))
        })
        .collect();
    Leaders {
        panel: scores.and_then(|list| leader(&list, |one, other| one > other)),
        community: counts.and_then(|list| leader(&list, is_above)),
    }
}

/// The tool that beats each other one.
fn leader<'a, T: Copy>(tools: &[(&'a Slug, T)], beats: impl Fn(T, T) -> bool) -> Option<&'a Slug> {
    tools
        .iter()
        .find(|(slug, one)| {
            let mut others = tools.iter().filter(|(other, _)| other != slug);
            others.all(|(_, other)| beats(*one, *other))
        })
        .map(|(slug, _)| *slug)
}

/// Whether the share of ship votes is above another's beyond chance.
fn is_above(one: Counts, other: Counts) -> bool {
    difference(one, other).is_some_and(|[low, _]| low > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Timestamp, ToolState};
    use crate::tallies::TallyRow;

    fn row(ship: i64, skip: i64, panel: (i32, i32)) -> TallyRow {
        let (panel_ship, panel_skip) = panel;
        TallyRow {
            tool: 1,
            ship,
            skip,
            panel_ship,
            panel_skip,
            state: ToolState::Open,
            version: 1,
            updated_at: Timestamp(0),
            ..TallyRow::default()
        }
    }

    #[test]
    fn leaders_lead_clearly_or_not_at_all() {
        let (a, b) = (
            Slug::parse("a").expect("slug"),
            Slug::parse("b").expect("slug"),
        );
        let of = |left, right| {
            let leaders = leaders(&[(&a, left), (&b, right)], 5);
            (
                leaders.panel.map(Slug::as_str).map(str::to_owned),
                leaders.community.map(Slug::as_str).map(str::to_owned),
            )
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(of(row(0, 0, (3, 1)), row(0, 0, (4, 0))), (some("b"), None));
        assert_eq!(
            of(row(0, 0, (2, 0)), row(0, 0, (4, 0))),
            (None, None),
            "a tie"
        );
        assert_eq!(
            of(row(90, 10, (0, 0)), row(10, 90, (4, 0))),
            (None, some("a"))
        );
        assert_eq!(
            of(row(6, 4, (1, 0)), row(4, 6, (0, 1))),
            (some("a"), None),
            "within chance"
        );
        assert_eq!(
            of(row(23, 14, (0, 1)), row(41, 6, (1, 0))),
            (some("b"), some("b")),
            "the two intervals overlap, that of the difference is above zero"
        );
        assert_eq!(
            of(row(90, 10, (1, 0)), row(1, 2, (0, 1))),
            (some("a"), None),
            "too few votes"
        );
    }
}
