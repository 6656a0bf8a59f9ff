//! Admission of a vote: the one way from a caller to the writer, in the order of checks of `docs/api.md`.
//!
//! The API's routes, the pages' forms and the claim of a visitor's vote go through it. Credentials and origin come before: a form
//! takes others than the API.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::writer::{PendingVote, Votes};
use super::{VoteAction, VoteCommand, VoteError, VoteOutcome, VoteRecord};
use crate::abuse::Bans;
use crate::abuse::attack_level::NetworkKey;
use crate::abuse::challenge::Challenges;
use crate::abuse::holding::HoldingPolicy;
use crate::auth::Identity;
use crate::auth::authenticate::Voter;
use crate::auth::network::client::Client;
use crate::domain::{Seal, Timestamp, ToolState, VoterId};
use crate::http::problem::Problem;
use crate::http::request::RequestParts;
use crate::infra::db::{Readers, read};
use crate::rate_limit::rate_limiter::{RateLimiter, VotePermit};
use crate::tallies::cache::{TallyCache, TallyEntry};

/// What votes work with.
pub struct VotingState {
    pub identity: Arc<Identity>,
    pub bans: Arc<Bans>,
    pub challenges: Arc<Challenges>,
    pub holding: Arc<HoldingPolicy>,
    pub limiter: Arc<RateLimiter>,
    pub board: Arc<TallyCache>,
    pub votes: Votes,
    pub readers: Readers,
    /// Few walks through the ledger at a time: they must not take the readers from everybody else.
    pub walks: Arc<Semaphore>,
}

impl VotingState {
    /// # Errors
    /// 404 `unknown-tool`.
    pub(super) fn find(&self, slug: &str) -> Result<Arc<TallyEntry>, Problem> {
        let slot = self.board.find(slug);
        slot.ok_or_else(|| Problem::unknown_tool(slug))
    }

    /// Ban, challenge and quota of a voter. A claim casts nothing new, so it is not challenged: it has no `challenged` tool.
    pub async fn admit(
        &self,
        call: &impl RequestParts,
        (voter, client): (&Voter, &Client<'_>),
        challenged: Option<&str>,
        now: Timestamp,
    ) -> Result<VotePermit<'_>, Problem> {
        for id in voter.ids() {
            self.bans.check(id, || client.ban_hashes(), now)?;
        }
        if let Some(slug) = challenged {
            let tool = || self.board.find(slug).map(|slot| slot.id);
            let asked = (self.challenges).vote(call, voter, client, slug, tool, now);
            asked.await?;
        }
        self.limiter.vote(call, voter.id, client).await
    }

    /// Hands a vote on `slug` to the writer.
    pub async fn cast<'a>(
        &'a self,
        permit: VotePermit<'a>,
        slug: &str,
        (act, seal): (VoteAction, Option<Seal>),
        voter: Voter,
        client: &Client<'_>,
    ) -> Result<CastVote<'a>, Problem> {
        let slot = self.find(slug)?;
        // The writer checks again under the row's lock; here a tool known to be closed costs no commit.
        let closed = match slot.tally().row.state {
            ToolState::Open => None,
            ToolState::Frozen => Some(VoteError::Frozen),
            ToolState::Archived => Some(VoteError::Archived),
        };
        if let Some(closed) = closed {
            // On the heap, since it is rare and each vote that waits has a future of this size.
            let refused = Box::pin(self.refusal(closed, voter.id)).await;
            return Err(refused.problem(slug));
        }
        let mut command = VoteCommand::of(&voter, slot.id, act, client.network());
        command.ballot = self.votes.new_ballot(seal);
        // The holding rule never applies to the site's users, for whom the site vouches, nor to the networks of `abuse.never_hold`.
        let is_under_rule = self.holding.is_on() && voter.name.is_none() && !client.is_never_held();
        let command = command.with_origins(is_under_rule.then(|| client.origins()));
        Ok(CastVote {
            state: self,
            network: client.limiter_key(),
            slot,
            pending: self.votes.cast(permit, command, voter.name),
        })
    }

    /// Why a vote on a closed tool is refused. Credentials come first, and another instance may have erased the voter a moment ago.
    async fn refusal(&self, closed: VoteError, voter: VoterId) -> VoteError {
        let erased = Arc::clone(&self.identity.erased);
        let followed = read(&self.readers, move |conn| erased.follow(conn)).await;
        if followed.is_ok() && self.identity.erased.has(voter) {
            VoteError::Erased
        } else {
            closed
        }
    }
}

/// A write that waits for its commit. All that is needed of its request was taken: the request itself can go, so that some
/// hundreds of them do not lie about meanwhile.
pub struct CastVote<'a> {
    pub(super) state: &'a VotingState,
    network: NetworkKey,
    pub(super) slot: Arc<TallyEntry>,
    pending: PendingVote<'a>,
}

impl CastVote<'_> {
    /// Waits until it is on disk, and counts it if it is held.
    ///
    /// # Errors
    /// What [`VoteError`] says.
    pub async fn done(self) -> Result<VoteOutcome, Problem> {
        let done = self.pending.done().await;
        let done = done.map_err(|refused| refused.problem(self.slot.slug().as_str()))?;
        if done.vote.is_some_and(VoteRecord::is_held) {
            let holding = &self.state.holding;
            holding.record_held(self.network, self.slot.id, Timestamp::now());
        }
        Ok(done)
    }
}
