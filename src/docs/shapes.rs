//! Answers that the code puts together as bytes: their shapes, for the document alone.

#![expect(dead_code, reason = "read by the derive only")]

use utoipa::ToSchema;

use crate::catalog::file::Item;
use crate::tallies::Tally;
use crate::votes::json::OwnVote;

/// A vote beside the tally that holds it.
#[derive(ToSchema)]
pub(super) struct VoteAnswer<'a> {
    vote: OwnVote<'a>,
    tally: Tally<'a>,
}

/// Many tools in one call.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) struct ToolList {
    #[schema(min_items = 1, max_items = 500)]
    tools: Vec<Item>,
}

/// The tallies that were asked for.
#[derive(ToSchema)]
pub(super) struct TallyList<'a> {
    tallies: Vec<Tally<'a>>,
    /// What is no tool; left out where there is none.
    #[schema(required = false)]
    missing: Vec<String>,
}
