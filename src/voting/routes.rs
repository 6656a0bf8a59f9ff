//! `PUT`, `GET`, `DELETE /v1/tools/{slug}/vote` and `GET /v1/votes`: in the order of checks of `docs/api.md`.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::Stream;

use super::admission::{CastVote, VotingState};
use super::json::{Cast, OwnVote, OwnVotes, Receipt};
use super::{VoteAction, VoteCommand, VoteOutcome, VoteRecord, held, store};
use crate::auth::authenticate::Voter;
use crate::domain::{Ballot, Seal, Timestamp, ToolState};
use crate::http::problem::Problem;
use crate::http::request::{self, RequestParts};
use crate::infra::db::read;
use crate::tallies::cache::{Published, TallyEntry, marked_stale};

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
    let _ = serde_json::to_writer(&mut body, &OwnVote::new(&slot.slug(), vote));
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

impl CastVote<'_> {
    /// Its answer, once the vote is on disk: 201 for the first of its voter, else 200.
    ///
    /// # Errors
    /// What [`VoteError`](super::VoteError) says.
    pub async fn answer(self) -> Result<HttpResponse, Problem> {
        let (state, slot) = (self.state, Arc::clone(&self.slot));
        let done = self.done().await?;
        let tally = held::personal(
            &state.board,
            &slot,
            done.tally,
            done.held_row,
            done.last_vote,
        );
        let status = if done.first {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        let receipt = receipt(done.ballot, state.votes.log());
        Ok(answer(status, &slot, done.vote, &tally.body, receipt))
    }
}

/// Everything that a write passes before its body is looked at, then `choose` reads the body, then the vote is cast.
async fn write<'a>(
    call: &impl RequestParts,
    state: &'a VotingState,
    choose: impl FnOnce() -> Result<(VoteAction, Option<Seal>), Problem>,
) -> Result<CastVote<'a>, Problem> {
    let now = Timestamp::now();
    let slug = request::slug(call.path());
    let voter = state.identity.voter(call, now)?;
    state.identity.check_origin(call.headers(), voter.carrier)?;
    let client = state.identity.client(call, now);
    let admitted = state.admit(call, (&voter, &client), Some(slug), now);
    let permit = admitted.await?;
    state.cast(permit, slug, choose()?, voter, &client).await
}

/// Casts or changes a vote.
pub async fn put_vote<'a>(
    call: &impl RequestParts,
    payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    state: &'a VotingState,
) -> Result<CastVote<'a>, Problem> {
    let body = request::body(call.headers(), payload, request::SMALL).await?;
    request::require_json(call.headers())?;
    let choose =
        || request::json::<Cast>(&body).map(|cast| (VoteAction::Cast(cast.choice), cast.seal));
    write(call, state, choose).await
}

/// Withdraws a vote; without one there is nothing to do, and that is fine.
pub async fn delete_vote<'a>(
    call: &impl RequestParts,
    payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    state: &'a VotingState,
) -> Result<CastVote<'a>, Problem> {
    let body = request::body(call.headers(), payload, request::SMALL).await?;
    request::json_if_any(call.headers(), &body)?;
    write(call, state, || Ok((VoteAction::Withdraw, None))).await
}

/// The caller's own vote on a tool. Where a user brings the visitor that they were, that one's vote becomes theirs.
pub async fn get_vote(
    http: HttpRequest,
    state: Data<VotingState>,
) -> Result<HttpResponse, Problem> {
    let now = Timestamp::now();
    let voter = state.identity.voter(&http, now)?;
    state.limiter.own_read(&http, voter.id)?;
    let slug = request::slug(RequestParts::path(&http));
    let slot = state.find(slug)?;
    let own = own(&http, &state, &voter, &slot, now).await?;
    let (vote, claimed) = (own.vote, own.tally);
    // The vote was read before this tally, so the tally holds it.
    let tally = claimed.unwrap_or_else(|| slot.tally());
    let tally = held::personal(&state.board, &slot, tally, None, vote);
    let body = if state.board.is_stale(now) {
        marked_stale(&tally.body)
    } else {
        tally.body.clone()
    };
    let receipt = receipt(own.ballot, state.votes.log());
    Ok(answer(StatusCode::OK, &slot, vote, &body, receipt))
}

/// A voter's own vote, as it was read or claimed.
struct OwnVoteRead {
    vote: Option<VoteRecord>,
    /// After a claim.
    tally: Option<Arc<Published>>,
    ballot: Option<Ballot>,
}

/// The vote, and the tally after a claim. Reading must not fail because the claim may not go through: then the vote is shown as
/// it would be, and the next call tries again.
async fn own(
    call: &impl RequestParts,
    state: &VotingState,
    voter: &Voter,
    slot: &TallyEntry,
    now: Timestamp,
) -> Result<OwnVoteRead, Problem> {
    let (tool, id, visitor) = (slot.id, voter.id, voter.visitor);
    let (mine, theirs, ballot) = read(&state.readers, move |conn| {
        let mut of = |voter| store::own(conn, voter, &[tool]);
        let mine = of(id)?.remove(&tool);
        let theirs = visitor.map(of).transpose()?;
        let theirs = theirs.and_then(|mut votes| votes.remove(&tool));
        let own = store::ballot(conn, tool, id)?;
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
) -> Option<VoteOutcome> {
    let is_open = slot.tally().row.state == ToolState::Open;
    let from = state.identity.check_origin(call.headers(), voter.carrier);
    let client = state.identity.client(call, now);
    if !is_open || from.is_err() {
        return None;
    }
    let admitted = state.admit(call, (voter, &client), None, now);
    let permit = admitted.await.ok()?;
    let mut command = VoteCommand::of(voter, slot.id, VoteAction::Claim, client.network());
    command.ballot = state.votes.new_ballot(None);
    let casting = state.votes.cast(permit, command, voter.name.clone());
    casting.done().await.ok()
}

/// The caller's own votes on up to 100 tools, in the order asked. A list changes nothing: of a user who brings the visitor
/// that they were, that one's votes show where the user has none.
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
        match state.board.named(item) {
            Ok(named) => slots.push(named),
            Err(unknown) => missing.push(unknown),
        }
    }
    let ids: Vec<i32> = slots.iter().map(|(_, slot)| slot.id).collect();
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
        .map(|(asked, slot)| OwnVote::new(asked, votes.get(&slot.id).copied()))
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
    use crate::voting::VoteError;
    use crate::voting::writer::Votes;
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
