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
use crate::domain::{Ballot, Timestamp, ToolState};
use crate::http::problem::Problem;
use crate::http::request::RequestParts;
use crate::infra::db::read;
use crate::tallies::cache::{Published, TallyEntry};

/// A voter's own vote, as it was read or claimed.
pub(crate) struct OwnVoteRead {
    pub vote: Option<VoteRecord>,
    /// After a claim.
    pub tally: Option<Arc<Published>>,
    pub ballot: Option<Ballot>,
}

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
) -> Result<OwnVoteRead, Problem> {
    let (tool, id, visitor) = (slot.id, voter.id, voter.visitor);
    let (mine, theirs, ballot) = read(&state.readers, move |conn| {
        let mut of = |voter| votes::own(conn, voter, &[tool]);
        let mine = of(id)?.remove(&tool);
        let theirs = visitor.map(of).transpose()?;
        let theirs = theirs.and_then(|mut votes| votes.remove(&tool));
        let own = votes::ballot(conn, tool, id)?;
        let ballot = own.or(theirs.and_then(|vote| vote.ballot));
        Ok((mine, theirs, ballot))
    })
    .await?;
    if theirs.is_some()
        && let Some(done) = claim(call, state, voter, slot, now).await
    {
        return Ok(OwnVoteRead {
            vote: done.vote,
            tally: Some(done.tally),
            ballot: done.ballot,
        });
    }
    Ok(OwnVoteRead {
        vote: mine.or(theirs),
        tally: None,
        ballot,
    })
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
    let permit = state.limiter.vote(call, voter.id, &client).await.ok()?;
    let command = VoteCommand::of(voter, slot.id, VoteAction::Claim, client.network());
    let casting = state.votes.cast(permit, command, voter.name.clone());
    casting.done().await.ok()
}
