//! `/v1/moderation/bans`.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Banned;
use crate::auth::name;
use crate::domain::{NetworkHash, Timestamp};
use crate::http::problem::Problem;
use crate::http::request;
use crate::moderation::routes::{
    Answer, ModerationState, NETWORK, VOTER, answer, number, read, reading, why, written,
};
use crate::moderation::{paging, reason};

/// Either a voter or a network.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BanWish)]
pub struct BanBody {
    voter: Option<String>,
    network: Option<String>,
    reason: String,
    expires_at: Option<Timestamp>,
}

/// Bans a voter or a network.
///
/// # Errors
/// 422.
pub async fn post_ban(http: HttpRequest, payload: Payload, state: Data<ModerationState>) -> Answer {
    let (body, actor) = written(&http, payload, &state).await?;
    let body: BanBody = request::json(&body)?;
    let reason = reason(&body.reason)?;
    let voter = read("voter", body.voter.as_deref(), name::of_staff, VOTER)?;
    let network = read(
        "network",
        body.network.as_deref(),
        NetworkHash::parse,
        NETWORK,
    )?;
    let who = match (voter, network) {
        (Some(voter), None) => Banned::Voter(voter),
        (None, Some(network)) => Banned::Network(network),
        _ => return Err(Problem::invalid("voter: name either a voter or a network.")),
    };
    let ban = state
        .moderation
        .ban(who, body.expires_at, &reason, &actor, Timestamp::now())
        .await?;
    Ok(answer(StatusCode::CREATED, &ban))
}

/// Lifts a ban.
///
/// # Errors
/// 404 where none such is in force.
pub async fn delete_ban(
    http: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<ModerationState>,
) -> Answer {
    let (body, actor) = written(&http, payload, &state).await?;
    let why = why(&body)?;
    let ban = state
        .moderation
        .lift(number(&id)?, &why, &actor, Timestamp::now())
        .await?;
    Ok(answer(StatusCode::OK, &ban))
}

/// The bans in force, newest first.
///
/// # Errors
/// 401, 403, 422.
pub async fn get_bans(http: HttpRequest, state: Data<ModerationState>) -> Answer {
    reading(&http, &state).await?;
    let query = http.query_string();
    let (before, limit) = (paging::before(query)?, paging::limit(query)?);
    let page = state
        .moderation
        .bans(before, limit, Timestamp::now())
        .await?;
    Ok(answer(StatusCode::OK, &page))
}
