//! The all-clear. Once a network's held votes look like a crowd's, and no more of them came for a while, they
//! count.
//!
//! `server` runs it for as long as it serves. It takes nothing out: what does not look like a crowd waits for a moderator.

use std::time::Duration;

use super::ResolveRequest;
use crate::domain::{Actor, Timestamp};
use crate::moderation::Moderation;
use crate::moderation::selection::{AnyOf, VoteSelection};
use crate::voting::held::{Resolution, store};

/// Between two looks, at most.
const EVERY: Duration = Duration::from_secs(30);

/// Looks for ever; the caller drops it when the server ends. Votes wait until for `quiet` none of their network was held
/// on their tool; `None`: for a moderator.
pub async fn run(moderation: &Moderation, quiet: Option<Duration>) {
    let Some(quiet) = quiet else { return };
    loop {
        tokio::time::sleep(EVERY.min(quiet)).await;
        look(moderation, quiet, Timestamp::now()).await;
    }
}

async fn look(moderation: &Moderation, quiet: Duration, now: Timestamp) {
    let quiet = i64::try_from(quiet.as_secs()).unwrap_or(i64::MAX);
    let actor = Actor::rule("all-clear");
    let quiet = now.plus_seconds(-quiet);
    let cleared = moderation
        .look(move |conn| store::cleared(conn, quiet))
        .await;
    for clear in cleared.unwrap_or_default() {
        let slots = moderation.board.all();
        let Some(slot) = slots.into_iter().find(|slot| slot.id == clear.tool) else {
            continue;
        };
        let wanted = ResolveRequest {
            votes: VoteSelection {
                tool: slot.slug(),
                from: None,
                to: None,
                voters: AnyOf::default(),
                networks: AnyOf::default(),
                choice: None,
            },
            rejected: false,
            origin: Some(clear.origin),
        };
        let why = "The network's visitors look like a crowd by now: see docs/abuse.md.";
        let settled = moderation
            .settle(&wanted, Resolution::Clear, Some((why, &actor)), now)
            .await;
        match settled {
            Ok(report) => {
                tracing::info!(tool = %wanted.votes.tool, votes = report.matched, "released held votes that look organic");
            }
            Err(problem) => {
                tracing::warn!(
                    ?problem,
                    "held votes that look organic wait for a moderator"
                );
            }
        }
    }
}
