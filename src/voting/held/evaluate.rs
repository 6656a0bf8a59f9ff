//! Whether a vote that is about to be cast is held. The API's routes and the pages' forms ask here, last before the writer.

use crate::abuse::holding::{HoldingPolicy, VoteAttempt};
use crate::auth::authenticate::Voter;
use crate::auth::network::client::Client;
use crate::domain::Timestamp;
use crate::http::request::RequestParts;
use crate::voting::{VoteAction, VoteCommand};

/// The wish as it is to be carried out: held, where the fresh visitors of its network look like one hand. The site's users
/// and the networks of `abuse.never_hold` never are.
#[must_use]
pub fn judged(
    wish: VoteCommand,
    holding: &HoldingPolicy,
    call: &impl RequestParts,
    voter: &Voter,
    client: &Client<'_>,
    now: Timestamp,
) -> VoteCommand {
    let VoteAction::Cast(choice) = wish.act else {
        return wish;
    };
    if voter.name.is_some() || client.is_never_held() {
        return wish;
    }
    let arrival = || {
        let agent = call.headers().get("user-agent");
        let agent = agent.map_or(&[][..], |agent| agent.as_bytes());
        let [a, b, c, d, ..] = xxhash_rust::xxh3::xxh3_64(agent).to_le_bytes();
        VoteAttempt {
            network: client.limiter_key(),
            wide: client.wide_limiter_key(),
            hash: wish.network,
            tool: wish.tool,
            voter: wish.voter,
            choice,
            browser: u32::from_le_bytes([a, b, c, d]),
        }
    };
    let hold = holding.judge(wish.token_age, arrival, now);
    wish.held(hold)
}
