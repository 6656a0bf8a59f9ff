//! One's own vote, read by a user who brings the visitor that they were: then that visitor's vote becomes the user's.
//!
//! From then on the visitor is spent on that tool (`store`): a vote that was on its way would be a person's second.
//!
//! `GET …/vote` calls it; `PUT` and `DELETE` claim along the way, by [`VoteCommand::visitor`]. Reading must not fail because
//! the claim may not go through: then the vote is shown as it would be, and the next call tries again.

pub(crate) mod store;

use std::sync::Arc;

use super::routes::VotingState;
use super::{VoteAction, VoteCommand, VoteRecord, store as votes};
use crate::auth::authenticate::Voter;
use crate::domain::{Timestamp, ToolState};
use crate::http::problem::Problem;
use crate::http::request::RequestParts;
use crate::infra::db::read;
use crate::tallies::cache::{Published, TallyEntry};

/// The vote, and the tally after a claim.
///
/// # Errors
/// 503 where nothing can be read.
pub(crate) async fn own(
    call: &impl RequestParts,
    state: &VotingState,
    voter: &Voter,
    slot: &TallyEntry,
    now: Timestamp,
) -> Result<(Option<VoteRecord>, Option<Arc<Published>>), Problem> {
    let (tool, id, visitor) = (slot.id, voter.id, voter.visitor);
    let (mine, theirs) = read(&state.readers, move |conn| {
        let mut of = |voter| votes::own(conn, voter, &[tool]);
        let mine = of(id)?.remove(&tool);
        let theirs = visitor.map(of).transpose()?;
        Ok((mine, theirs.and_then(|mut votes| votes.remove(&tool))))
    })
    .await?;
    if theirs.is_some()
        && let Some(done) = claim(call, state, voter, slot, now).await
    {
        return Ok((done.vote, Some(done.tally)));
    }
    Ok((mine.or(theirs), None))
}

/// Claims what there is, if a vote could be cast now.
async fn claim(
    call: &impl RequestParts,
    state: &VotingState,
    voter: &Voter,
    slot: &TallyEntry,
    now: Timestamp,
) -> Option<super::VoteOutcome> {
    let is_open = slot.tally().row.state == ToolState::Open;
    let from = state.identity.check_origin(call.headers(), voter.carrier);
    let client = state.identity.client(call, now);
    let is_free = |id| state.bans.check(id, || client.ban_hashes(), now).is_ok();
    if !is_open || from.is_err() || !voter.ids().all(is_free) {
        return None;
    }
    let permit = state.doors.vote(call, voter.id, &client).await.ok()?;
    let wish = VoteCommand::of(voter, slot.id, VoteAction::Claim, client.network());
    let casting = state.votes.cast(permit, wish, voter.name.clone());
    casting.done().await.ok()
}
