//! Answers that the code puts together as bytes: their shapes, for the document alone.

#![expect(dead_code, reason = "read by the derive only")]

use utoipa::ToSchema;

use crate::tallies::Tally;
use crate::votes::own::OwnVote;

/// A vote beside the tally that holds it.
#[derive(ToSchema)]
pub(super) struct VoteAnswer<'a> {
    vote: OwnVote<'a>,
    tally: Tally<'a>,
}

#[derive(ToSchema)]
pub(super) struct TallyList<'a> {
    tallies: Vec<Tally<'a>>,
    /// What is no tool; left out where there is none.
    #[schema(required = false)]
    missing: Vec<String>,
}
