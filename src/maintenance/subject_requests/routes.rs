//! `GET` and `DELETE /v1/visitors/me`: what is held of the caller, and its erasure.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, SET_COOKIE};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use utoipa::ToSchema;

use super::{Held, Walked, erase, held};
use crate::auth::authenticate::Voter;
use crate::auth::{made_at, name};
use crate::domain::{Timestamp, VoterId};
use crate::http::problem::{Code, Problem};
use crate::http::request;
use crate::infra::db::{DbConnection, read};
use crate::rate_limit::rate_limiter::VotePermit;
use crate::voting::admission::VotingState;
use crate::voting::claims;

/// How long a caller waits for the walks of others.
const PATIENCE: Duration = Duration::from_millis(400);

/// One of few walks. Each step holds a clone: the permit stays taken until the last has ended, whatever the caller does meanwhile.
type WalkPermit = Arc<OwnedSemaphorePermit>;

async fn permit(walks: &Arc<Semaphore>) -> Result<WalkPermit, Problem> {
    let permit = Arc::clone(walks).acquire_owned();
    if let Ok(Ok(permit)) = tokio::time::timeout(PATIENCE, permit).await {
        return Ok(Arc::new(permit));
    }
    let busy = "Others' records are being read. Try again.";
    Err(Problem::new(Code::Overloaded, busy).retry_after(2))
}

/// Finds the voter's changes in the ledger, in steps between which other reads pass.
async fn walk(state: &VotingState, voter: VoterId, permit: &WalkPermit) -> Result<Walked, Problem> {
    let mut walked = Walked::new(voter);
    loop {
        let permit = Arc::clone(permit);
        let step = move |conn: &mut DbConnection| {
            let _permit = permit;
            let is_whole = walked.step(conn)?;
            Ok((walked, is_whole))
        };
        let is_whole;
        (walked, is_whole) = read(&state.readers, step).await?;
        if is_whole {
            return Ok(walked);
        }
    }
}

/// Who calls, with the quota of a vote charged.
async fn passed<'a>(
    http: &HttpRequest,
    state: &'a VotingState,
    writes: bool,
) -> Result<(Voter, VotePermit<'a>), Problem> {
    let now = Timestamp::now();
    let voter = state.identity.voter(http, now)?;
    if writes {
        state.identity.check_origin(http.headers(), voter.carrier)?;
    }
    let client = state.identity.client(http, now);
    let permit = state.limiter.vote(http, voter.id, &client).await?;
    Ok((voter, permit))
}

/// Who calls, and everything that is held of them.
#[derive(Serialize, ToSchema)]
pub struct Me {
    voter: String,
    #[schema(required)]
    made_at: Option<Timestamp>,
    #[serde(flatten)]
    held: Held,
    /// The tools on which this visitor came as a signed-in user, whose the vote is there.
    signed_in_on: Vec<String>,
}

/// Everything that is held of the caller.
pub async fn get_me(http: HttpRequest, state: Data<VotingState>) -> Result<HttpResponse, Problem> {
    let (voter, permit) = passed(&http, &state, false).await?;
    let found = async {
        let permit = self::permit(&state.walks).await?;
        let walked = walk(&state, voter.id, &permit).await?;
        let log = state.votes.log().map(str::to_owned);
        read(&state.readers, move |conn| {
            let _permit = permit;
            Ok((
                held(conn, &walked, log.as_deref())?,
                claims::store::tools_of(conn, voter.id)?,
            ))
        })
        .await
    };
    let (held, signed_in_on) = match found.await {
        Ok(found) => found,
        Err(problem) => {
            permit.give_back();
            return Err(problem);
        }
    };
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .json(Me {
            voter: voter
                .name
                .map_or_else(|| name::visitor(voter.id), |name| name.to_string()),
            made_at: made_at(voter.id),
            held,
            signed_in_on,
        }))
}

/// What an erasure left.
#[derive(Serialize, ToSchema)]
pub struct Erasure {
    /// Votes that stay counted, without a name.
    votes: usize,
}

/// Erases the caller: the votes stay counted without a name, the token is no longer believed, the cookie is taken away.
pub async fn delete_me(
    http: HttpRequest,
    payload: Payload,
    state: Data<VotingState>,
) -> Result<HttpResponse, Problem> {
    let body = request::body(http.headers(), payload, request::SMALL).await?;
    request::json_if_any(http.headers(), &body)?;
    let (voter, permit) = passed(&http, &state, true).await?;
    let erased = async {
        let permit = self::permit(&state.walks).await?;
        let walked = walk(&state, voter.id, &permit).await?;
        let known = Arc::clone(&state.identity.erased);
        let erased = state
            .votes
            .edit(move |conn| {
                let _permit = permit;
                let votes = erase(conn, &walked, Timestamp::now())?;
                // Here, between two batches: a vote that waits behind this would count beside the one that stays.
                if votes.is_some() {
                    known.add(voter.id);
                }
                Ok(votes)
            })
            .await;
        let erased = erased.map_err(|refused| refused.problem(""))?;
        erased.ok_or_else(Problem::unavailable)
    };
    let votes = match erased.await {
        Ok(votes) => votes,
        Err(problem) => {
            permit.give_back();
            return Err(problem);
        }
    };
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CACHE_CONTROL, "private, no-store"));
    // The cookie beside a user's token is a visitor's, who is not erased.
    if voter.name.is_none() {
        answer.append_header((SET_COOKIE, state.identity.clear_cookie()));
    }
    Ok(answer.json(Erasure { votes }))
}
