//! Which votes the holding rule applies to, and what is told of those that it held. The API's routes and the pages' forms call it.

use crate::abuse::attack_level::NetworkKey;
use crate::abuse::holding::HoldingPolicy;
use crate::auth::authenticate::Voter;
use crate::auth::network::client::Client;
use crate::domain::Timestamp;
use crate::voting::{VoteCommand, VoteOutcome};

/// The command under the holding rule, if that is on. It never applies to the site's users, for whom the site vouches, nor to the
/// networks of `abuse.never_hold`.
#[must_use]
pub fn under_rule(
    command: VoteCommand,
    holding: &HoldingPolicy,
    voter: &Voter,
    client: &Client<'_>,
) -> VoteCommand {
    let applies = holding.is_on() && voter.name.is_none() && !client.is_never_held();
    command.with_origins(applies.then(|| client.origins()))
}

/// Counts the vote if it is held.
pub fn record_held(holding: &HoldingPolicy, network: NetworkKey, tool: i32, outcome: &VoteOutcome) {
    if outcome.vote.is_some_and(|vote| vote.is_held()) {
        holding.record_held(network, tool, Timestamp::now());
    }
}
