//! `PUT`, `GET`, `DELETE /v1/tools/{slug}/vote` and `GET /v1/votes`: in the order of checks of `docs/api.md`.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::Stream;
use tokio::sync::Semaphore;

use super::json::{Cast, OwnVote, OwnVotes, Receipt};
use super::writer::{PendingVote, Votes};
use super::{VoteAction, VoteCommand, VoteError, VoteRecord, claims, held, store};
use crate::abuse::Bans;
use crate::abuse::attack_level::NetworkKey;
use crate::abuse::challenge::Challenges;
use crate::abuse::holding::HoldingPolicy;
use crate::auth::Identity;
use crate::domain::{Ballot, Seal, Timestamp, ToolState};
use crate::http::problem::Problem;
use crate::http::request::{self, RequestParts};
use crate::infra::db::{Readers, read};
use crate::rate_limit::rate_limiter::RateLimiter;
use crate::tallies::cache::{TallyCache, TallyEntry, marked_stale};
use crate::voting::held::evaluate::{record_held, under_rule};

const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// The most tools that one call names.
const MOST: usize = 100;

/// `{"vote":…,"tally":…}`, with the receipt of a ballot in the public log; the tally is the bytes that everybody gets.
fn answer(
    status: StatusCode,
    slot: &TallyEntry,
    vote: Option<VoteRecord>,
    tally: &[u8],
    receipt: Option<Receipt<'_>>,
) -> HttpResponse {
    let mut body = Vec::with_capacity(tally.len() + 256);
    body.extend_from_slice(b"{\"vote\":");
    // Into a vector, so it cannot fail.
    let _ = serde_json::to_writer(&mut body, &OwnVote::new(&slot.slug, vote));
    body.extend_from_slice(b",\"tally\":");
    body.extend_from_slice(tally);
    if let Some(receipt) = receipt {
        body.extend_from_slice(b",\"receipt\":");
        let _ = serde_json::to_writer(&mut body, &receipt);
    }
    body.push(b'}');
    let mut answer = HttpResponse::new(status);
    answer.headers_mut().append(CONTENT_TYPE, JSON);
    answer.headers_mut().append(CACHE_CONTROL, PRIVATE);
    answer.set_body(body).map_into_boxed_body()
}

/// The receipt of a voter's ballot, while there is a log.
fn receipt(ballot: Option<Ballot>, log: Option<&str>) -> Option<Receipt<'_>> {
    Receipt::new(ballot?, log?)
}

/// A write that waits for its commit. All that is needed of its request was taken: the request itself can go, so that some
/// hundreds of them do not lie about meanwhile.
pub struct PendingResponse<'a> {
    board: &'a TallyCache,
    holding: &'a HoldingPolicy,
    network: NetworkKey,
    slot: Arc<TallyEntry>,
    casting: PendingVote<'a>,
    log: Option<&'a str>,
}

impl PendingResponse<'_> {
    /// Its answer, once the vote is on disk: 201 for the first of its voter, else 200.
    ///
    /// # Errors
    /// What [`VoteError`] says.
    pub async fn answer(self) -> Result<HttpResponse, Problem> {
        let done = self.casting.done().await;
        let done = done.map_err(|refused| refused.problem(self.slot.slug.as_str()))?;
        record_held(self.holding, self.network, self.slot.id, &done);
        let tally = held::personal(self.board, &self.slot, done.tally, done.last_vote);
        let status = if done.first {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        let receipt = receipt(done.ballot, self.log);
        Ok(answer(status, &self.slot, done.vote, &tally.body, receipt))
    }
}

/// Everything that a write passes before its body is looked at, then `choose` reads the body, then the vote is cast.
async fn write<'a>(
    call: &impl RequestParts,
    state: &'a VotingState,
    choose: impl FnOnce() -> Result<(VoteAction, Option<Seal>), Problem>,
) -> Result<PendingResponse<'a>, Problem> {
    let now = Timestamp::now();
    let slug = request::slug(call.path());
    let voter = state.identity.voter(call, now)?;
    state.identity.check_origin(call.headers(), voter.carrier)?;
    let client = state.identity.client(call, now);
    for id in voter.ids() {
        state.bans.check(id, || client.ban_hashes(), now)?;
    }
    let tool = || state.board.find(slug).map(|slot| slot.id);
    let asked = (state.challenges).vote(call, &voter, &client, slug, tool, now);
    asked.await?;
    let permit = state.limiter.vote(call, voter.id, &client).await?;
    let (act, seal) = choose()?;
    let slot = state
        .board
        .find(slug)
        .ok_or_else(|| Problem::unknown_tool(slug))?;
    // The writer checks again under the row's lock; here a tool known to be closed costs no commit.
    match slot.tally().row.state {
        ToolState::Open => {}
        ToolState::Frozen => return Err(VoteError::Frozen.problem(slug)),
        ToolState::Archived => return Err(VoteError::Archived.problem(slug)),
    }
    let mut command = VoteCommand::of(&voter, slot.id, act, client.network());
    command.ballot = state.votes.new_ballot(seal);
    let command = under_rule(command, &state.holding, &voter, &client);
    Ok(PendingResponse {
        board: &state.board,
        holding: &state.holding,
        network: client.limiter_key(),
        slot,
        casting: state.votes.cast(permit, command, voter.name),
        log: state.votes.log(),
    })
}

/// What the vote's routes work with.
pub struct VotingState {
    pub identity: Data<Identity>,
    pub bans: Data<Bans>,
    pub challenges: Data<Challenges>,
    pub holding: Data<HoldingPolicy>,
    pub limiter: Data<RateLimiter>,
    pub board: Data<TallyCache>,
    pub votes: Votes,
    pub readers: Readers,
    /// Few walks through the ledger at a time: they must not take the readers from everybody else.
    pub walks: Arc<Semaphore>,
}

/// Casts or changes a vote.
///
/// # Errors
/// Everything that the order of checks of `docs/api.md` names.
pub async fn put_vote<'a>(
    call: &impl RequestParts,
    payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    state: &'a VotingState,
) -> Result<PendingResponse<'a>, Problem> {
    let body = request::body(call.headers(), payload, request::SMALL).await?;
    request::require_json(call.headers())?;
    let choose =
        || request::json::<Cast>(&body).map(|cast| (VoteAction::Cast(cast.choice), cast.seal));
    write(call, state, choose).await
}

/// Withdraws a vote; without one there is nothing to do, and that is fine.
///
/// # Errors
/// As for a vote.
pub async fn delete_vote<'a>(
    call: &impl RequestParts,
    payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    state: &'a VotingState,
) -> Result<PendingResponse<'a>, Problem> {
    let body = request::body(call.headers(), payload, request::SMALL).await?;
    request::json_if_any(call.headers(), &body)?;
    write(call, state, || Ok((VoteAction::Withdraw, None))).await
}

/// The caller's own vote on a tool. Where a user brings the visitor that they were, that one's vote becomes theirs.
///
/// # Errors
/// 401, 404, 429, 503.
pub async fn get_vote(
    http: HttpRequest,
    state: Data<VotingState>,
) -> Result<HttpResponse, Problem> {
    let now = Timestamp::now();
    let voter = state.identity.voter(&http, now)?;
    state.limiter.own_read(&http, voter.id)?;
    let slug = request::slug(RequestParts::path(&http));
    let slot = state
        .board
        .find(slug)
        .ok_or_else(|| Problem::unknown_tool(slug))?;
    let own = claims::own(&http, &state, &voter, &slot, now).await?;
    let (vote, claimed) = (own.vote, own.tally);
    // The vote was read before this tally, so the tally holds it.
    let tally = claimed.unwrap_or_else(|| slot.tally());
    let tally = held::personal(&state.board, &slot, tally, vote);
    let body = if state.board.is_stale(now) {
        marked_stale(&tally.body)
    } else {
        tally.body.clone()
    };
    let receipt = receipt(own.ballot, state.votes.log());
    Ok(answer(StatusCode::OK, &slot, vote, &body, receipt))
}

/// The caller's own votes on up to 100 tools, in the order asked. A list changes nothing: of a user who brings the visitor
/// that they were, that one's votes show where the user has none.
///
/// # Errors
/// 401, 422, 429, 503.
pub async fn get_votes(
    http: HttpRequest,
    state: Data<VotingState>,
) -> Result<HttpResponse, Problem> {
    let voter = state.identity.voter(&http, Timestamp::now())?;
    state.limiter.own_read(&http, voter.id)?;
    let section = request::Section::read(http.query_string(), MOST)?;
    let (tools, next) = section.of(request::tools(http.query_string(), MOST)?);
    let (mut slots, mut missing) = (Vec::new(), Vec::new());
    for item in tools {
        match item.map(|slug| {
            state
                .board
                .find(slug.as_str())
                .ok_or_else(|| slug.as_str().to_owned())
        }) {
            Ok(Ok(slot)) => slots.push(slot),
            Ok(Err(unknown)) | Err(unknown) => missing.push(unknown),
        }
    }
    let ids: Vec<i32> = slots.iter().map(|slot| slot.id).collect();
    let votes = read(&state.readers, move |conn| {
        let mut votes = HashMap::new();
        // The user's own last: they stand.
        for id in voter.visitor.into_iter().chain([voter.id]) {
            votes.extend(store::own(conn, id, &ids)?);
        }
        Ok(votes)
    })
    .await?;
    let items = slots
        .iter()
        .map(|slot| OwnVote::new(&slot.slug, votes.get(&slot.id).copied()))
        .collect();
    let body = OwnVotes {
        items,
        next: next.as_deref(),
        missing,
    };
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, PRIVATE))
        .json(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::keys::Keys;
    use crate::auth::network::Prefix;
    use crate::auth::network::client::Client;
    use crate::auth::network::daily_keys::DailyKeys;
    use crate::auth::network::hash_cache::HashCache;
    use crate::config::{Limits, Secret};
    use crate::domain::{Choice, Quota, VoterId};
    use crate::rate_limit::rate_limiter::RateLimiter;
    use actix_web::ResponseError;
    use actix_web::test::TestRequest;

    #[test]
    fn a_full_queue_is_overloaded_and_gives_the_quota_back() {
        actix_web::rt::System::new().block_on(refuse_thrice());
    }

    async fn refuse_thrice() {
        let once = Some(Quota::parse("1/1h").expect("quota"));
        let limits = Limits {
            votes_per_voter: once,
            votes_per_network: once,
            visitors_per_network: None,
            known_networks: Vec::new(),
        };
        let limiter = RateLimiter::new(limits, None);
        let (votes, _kept_full) = Votes::full();
        let http = TestRequest::default().to_http_request();
        let keys = Keys::new(&Secret::new("a secret of this test alone".to_owned()), None);
        let (days, now) = (DailyKeys::default(), Timestamp::now());
        let memo = HashCache::default();
        let client = Client::new(
            Prefix::of([127, 0, 0, 1].into()),
            (&keys, &days),
            &memo,
            now,
        );
        let voter = VoterId([3; 16]);
        let command = VoteCommand {
            tool: 1,
            voter,
            act: VoteAction::Cast(Choice::Ship),
            visitor: None,
            network: client.network(),
            token_age: 0,
            origins: None,
            ballot: None,
        };
        for _ in 0..3 {
            let permit = limiter
                .vote(&http, voter, &client)
                .await
                .expect("the quota was given back");
            let refused = votes
                .cast(permit, command, None)
                .done()
                .await
                .expect_err("full");
            let answer = refused.problem("codestral-2").error_response();
            assert_eq!(answer.status().as_u16(), 503);
            assert!(answer.headers().contains_key("retry-after"));
            assert_eq!(refused, VoteError::Overloaded);
        }
        let kept = limiter.vote(&http, voter, &client).await.expect("one call");
        drop(kept);
        assert!(
            limiter.vote(&http, voter, &client).await.is_err(),
            "a permit that was not given back is spent"
        );
    }
}
