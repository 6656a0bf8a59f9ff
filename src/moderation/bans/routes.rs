//! `/v1/moderation/bans`.

use actix_web::http::StatusCode;
use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{BanView, Banned};
use crate::auth::name;
use crate::domain::{NetworkHash, Timestamp};
use crate::http::problem::Problem;
use crate::http::request;
use crate::moderation::routes::{
    Answer, NETWORK, ReadCall, VOTER, WriteCall, answer, number, read, read_list,
};
use crate::moderation::selection::AnyOf;
use crate::moderation::{paging, reason};

/// A voter, a network, or lists of them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BanRequest)]
pub struct BanBody {
    voter: Option<String>,
    network: Option<String>,
    /// 1 to 100, all or nothing.
    voters: Option<Vec<String>>,
    /// 1 to 100, all or nothing.
    networks: Option<Vec<String>>,
    reason: String,
    expires_at: Option<Timestamp>,
}

/// The bans that a call with lists made.
#[derive(Serialize, ToSchema)]
#[schema(as = MadeBans)]
pub struct BansView {
    items: Vec<BanView>,
}

/// Bans a voter, a network, or all of a list.
pub async fn post_ban(call: WriteCall) -> Answer {
    let body: BanBody = request::json(&call.body)?;
    let reason = reason(&body.reason)?;
    let voter = read("voter", body.voter.as_deref(), name::of_staff, VOTER)?;
    let network = read(
        "network",
        body.network.as_deref(),
        NetworkHash::parse,
        NETWORK,
    )?;
    let listed = listed(&body)?;
    let whom = match (voter, network, listed.as_slice()) {
        (Some(voter), None, []) => vec![Banned::Voter(voter)],
        (None, Some(network), []) => vec![Banned::Network(network)],
        (None, None, [_, ..]) => listed,
        _ => {
            return Err(Problem::invalid(
                "voter: name a voter, a network, or lists of `voters` and `networks`.",
            ));
        }
    };
    let is_list = body.voters.is_some() || body.networks.is_some();
    let mut bans = call
        .state
        .moderation
        .ban(
            &whom,
            body.expires_at,
            &reason,
            &call.actor,
            Timestamp::now(),
        )
        .await?;
    if is_list {
        return Ok(answer(StatusCode::CREATED, &BansView { items: bans }));
    }
    let ban = bans.pop().ok_or_else(Problem::internal)?;
    Ok(answer(StatusCode::CREATED, &ban))
}

/// Who is named by lists; nobody twice.
fn listed(body: &BanBody) -> Result<Vec<Banned>, Problem> {
    let mut whom = Vec::new();
    if let Some(texts) = &body.voters {
        let ids = AnyOf::of(read_list("voters", texts, name::of_staff, VOTER)?);
        whom.extend(
            ids.ids()
                .unwrap_or_default()
                .iter()
                .copied()
                .map(Banned::Voter),
        );
    }
    if let Some(texts) = &body.networks {
        let ids = AnyOf::of(read_list("networks", texts, NetworkHash::parse, NETWORK)?);
        whom.extend(
            ids.ids()
                .unwrap_or_default()
                .iter()
                .copied()
                .map(Banned::Network),
        );
    }
    Ok(whom)
}

/// Lifts a ban.
pub async fn delete_ban(call: WriteCall, id: Path<String>) -> Answer {
    let why = call.why()?;
    let mut lifted = call
        .state
        .moderation
        .lift(&[number(&id)?], &why, &call.actor, Timestamp::now())
        .await?;
    let ban = lifted.pop().ok_or_else(Problem::internal)?;
    Ok(answer(StatusCode::OK, &ban))
}

/// The bans in force, newest first.
pub async fn get_bans(call: ReadCall) -> Answer {
    let query = call.query();
    let (before, limit) = (paging::before(query)?, paging::limit(query)?);
    let page = call
        .state
        .moderation
        .bans(before, limit, Timestamp::now())
        .await?;
    Ok(answer(StatusCode::OK, &page))
}
