//! `/v1/moderation/resets`, merges and a tool's state; and what all moderation routes share. Staff of role `moderator` or above.

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Bytes, Data, Path};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::paging;
use super::{Moderation, reason};
use crate::auth::staff::Role;
use crate::auth::{Identity, name};
use crate::domain::{Actor, Choice, NetworkHash, Slug, Timestamp, ToolState, VoterId};
use crate::http::problem::Problem;
use crate::http::request;
use crate::moderation::removals::merges::MergeRequest;
use crate::moderation::removals::plan::Plan;
use crate::moderation::removals::removal::Removal;
use crate::moderation::removals::resets::{ResetRequest, WithBan};
use crate::moderation::selection::{AnyOf, MAX_LIST, VoteSelection};

/// What these routes work with.
pub struct ModerationState {
    pub identity: Data<Identity>,
    pub moderation: Data<Moderation>,
    /// Whether everybody may read what was taken out, without personal data.
    pub public_log: bool,
}

pub(crate) type Answer = Result<HttpResponse, Problem>;

pub(crate) fn answer<T: Serialize>(status: StatusCode, body: &T) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(body)
}

/// A moderator's call that reads.
pub struct ReadCall {
    pub state: Data<ModerationState>,
    http: HttpRequest,
}

impl ReadCall {
    pub(crate) fn query(&self) -> &str {
        self.http.query_string()
    }
}

impl FromRequest for ReadCall {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(http: &HttpRequest, _: &mut Payload) -> Self::Future {
        let http = http.clone();
        Box::pin(async move {
            let state = state_of(&http)?;
            let moderator = state.identity.staff(http.headers(), Role::Moderator);
            moderator.await?;
            Ok(Self { state, http })
        })
    }
}

/// A moderator's call that writes: who calls, once the size and type of the body are right; and the body.
pub struct WriteCall {
    pub state: Data<ModerationState>,
    pub body: Bytes,
    pub actor: Actor,
}

impl WriteCall {
    /// The reason of a body that may be absent, or `{}`.
    pub(crate) fn why(&self) -> Result<String, Problem> {
        if self.body.is_empty() {
            return Ok(String::new());
        }
        let WhyBody { reason: text } = request::json(&self.body)?;
        text.as_deref().map_or_else(|| Ok(String::new()), reason)
    }
}

impl FromRequest for WriteCall {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(http: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (http, payload) = (http.clone(), payload.take());
        Box::pin(async move {
            let (state, headers) = (state_of(&http)?, http.headers());
            request::check_head(headers, request::SMALL)?;
            if headers.contains_key(CONTENT_TYPE) {
                request::require_json(headers)?;
            }
            let staff = state.identity.staff(headers, Role::Moderator).await?;
            let body = request::body(headers, payload, request::SMALL).await?;
            request::json_if_any(headers, &body)?;
            let actor = staff.actor();
            Ok(Self { state, body, actor })
        })
    }
}

fn state_of(http: &HttpRequest) -> Result<Data<ModerationState>, Problem> {
    let state = http.app_data::<Data<ModerationState>>();
    state.cloned().ok_or_else(Problem::internal)
}

/// A number in an address; what is none names nothing.
pub(crate) fn number(text: &str) -> Result<i64, Problem> {
    text.parse()
        .map_err(|_unread| Problem::not_found("Nothing here has this id."))
}

/// A field's value, by `parse`.
pub(crate) fn read<T>(
    field: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
    expected: &str,
) -> Result<Option<T>, Problem> {
    text.map(|text| {
        parse(text).ok_or_else(|| Problem::invalid(format!("{field}: expected {expected}.")))
    })
    .transpose()
}

/// The ids of a list, each by `parse`.
pub(super) fn read_list<T>(
    field: &str,
    texts: &[String],
    parse: impl Fn(&str) -> Option<T>,
    expected: &str,
) -> Result<Vec<T>, Problem> {
    if !(1..=MAX_LIST).contains(&texts.len()) {
        return Err(Problem::invalid(format!(
            "{field}: expected 1 to {MAX_LIST} entries."
        )));
    }
    let ids = texts.iter().enumerate().map(|(place, text)| {
        parse(text)
            .ok_or_else(|| Problem::invalid(format!("{field}[{place}]: expected {expected}.")))
    });
    ids.collect()
}

/// `voter`, `voters`, or both, which must both match.
pub(super) fn any_voter(
    one: Option<&str>,
    list: Option<&[String]>,
) -> Result<AnyOf<VoterId>, Problem> {
    let one = read("voter", one, name::of_staff, VOTER)?.map(AnyOf::one);
    let list = list
        .map(|texts| read_list("voters", texts, name::of_staff, VOTER))
        .transpose()?
        .map(AnyOf::of);
    Ok(one.unwrap_or_default().and(list.unwrap_or_default()))
}

/// `network`, `networks`, or both, which must both match.
pub(super) fn any_network(
    one: Option<&str>,
    list: Option<&[String]>,
) -> Result<AnyOf<NetworkHash>, Problem> {
    let one = read("network", one, NetworkHash::parse, NETWORK)?.map(AnyOf::one);
    let list = list
        .map(|texts| read_list("networks", texts, NetworkHash::parse, NETWORK))
        .transpose()?
        .map(AnyOf::of);
    Ok(one.unwrap_or_default().and(list.unwrap_or_default()))
}

pub(crate) const VOTER: &str =
    "a voter's id as the votes show it, such as visitor:UUID, or user:ISS:SUB";
pub(crate) const NETWORK: &str = "a network's hash: 32 hexadecimal digits";
pub(crate) const TIME: &str = "a time such as 2026-11-24T02:00:00Z (RFC 3339)";

pub(crate) fn tool(state: &ModerationState, slug: &str) -> Result<Slug, Problem> {
    Ok(state.moderation.tool(slug)?.slug())
}

/// Which votes to take out: all that is given must match.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResetRequest)]
pub struct ResetBody {
    tool: String,
    reason: String,
    #[serde(default)]
    dry_run: bool,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    voter: Option<String>,
    network: Option<String>,
    /// 1 to 100: any of them.
    voters: Option<Vec<String>>,
    /// 1 to 100: any of them.
    networks: Option<Vec<String>>,
    choice: Option<Choice>,
    plan: Option<String>,
    ban: Option<BanOfReset>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BanOfReset {
    expires_at: Option<Timestamp>,
}

/// Takes votes out, or says what that would do.
///
/// # Errors
/// In the order of checks of `docs/api.md`; 409 where a plan does not hold any more.
pub async fn post_reset(call: WriteCall) -> Answer {
    let body: ResetBody = request::json(&call.body)?;
    let now = Timestamp::now();
    let expires_at = body.ban.as_ref().and_then(|ban| ban.expires_at);
    if expires_at.is_some_and(|end| end <= now) {
        return Err(Problem::invalid(
            "ban.expires_at: expected a time in the future.",
        ));
    }
    let reason = reason(&body.reason)?;
    let voters = any_voter(body.voter.as_deref(), body.voters.as_deref())?;
    let networks = any_network(body.network.as_deref(), body.networks.as_deref())?;
    let wanted = ResetRequest {
        reason,
        plan: planned(body.plan.as_deref())?,
        ban: body.ban.map(|ban| WithBan {
            expires_at: ban.expires_at,
        }),
        votes: VoteSelection {
            tool: tool(&call.state, &body.tool)?,
            from: body.from,
            to: body.to,
            voters,
            networks,
            choice: body.choice,
        },
    };
    if body.dry_run {
        let report = call.state.moderation.preview(&wanted, now).await?;
        return Ok(answer(StatusCode::OK, &report));
    }
    let report = call
        .state
        .moderation
        .reset(&wanted, &call.actor, now)
        .await?;
    Ok(answer(StatusCode::CREATED, &report))
}

/// The tool that the address's tool is to be merged into.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MergeRequest)]
pub struct MergeBody {
    into: String,
    reason: String,
    #[serde(default)]
    dry_run: bool,
    plan: Option<String>,
}

/// Merges a tool into another, or says what that would do.
pub async fn post_merge(call: WriteCall, slug: Path<String>) -> Answer {
    let body: MergeBody = request::json(&call.body)?;
    let wanted = MergeRequest {
        reason: reason(&body.reason)?,
        plan: planned(body.plan.as_deref())?,
        tool: tool(&call.state, &slug)?,
        into: tool(&call.state, &body.into)?,
    };
    let (moderation, now) = (&call.state.moderation, Timestamp::now());
    if body.dry_run {
        let report = moderation.preview_merge(&wanted, now).await?;
        return Ok(answer(StatusCode::OK, &report));
    }
    let report = moderation.merge(&wanted, &call.actor, now).await?;
    Ok(answer(StatusCode::CREATED, &report))
}

/// What a dry run gave, as a call names it.
fn planned(plan: Option<&str>) -> Result<Option<Plan>, Problem> {
    read("plan", plan, Plan::parse, "what a dry run gave")
}

/// Why; may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Why)]
pub struct WhyBody {
    reason: Option<String>,
}

/// Puts a reset's votes back.
pub async fn post_undo(call: WriteCall, id: Path<String>) -> Answer {
    let why = call.why()?;
    let undone = call
        .state
        .moderation
        .undo(number(&id)?, &why, &call.actor, Timestamp::now())
        .await?;
    Ok(answer(StatusCode::OK, &undone))
}

/// Resets, newest first.
pub async fn get_resets(call: ReadCall) -> Answer {
    let query = call.query();
    let (before, limit) = (paging::before(query)?, paging::limit(query)?);
    let tool = wanted_tool(&call.state, query)?;
    let page = call.state.moderation.resets(tool, before, limit).await?;
    Ok(answer(StatusCode::OK, &views(&page)))
}

pub(crate) fn views(
    page: &paging::Page<Removal>,
) -> paging::Page<crate::moderation::removals::removal::RemovalView<'_>> {
    paging::Page {
        items: page.items.iter().map(Removal::view).collect(),
        next: page.next.clone(),
    }
}

pub(crate) fn wanted_tool(state: &ModerationState, query: &str) -> Result<Option<i32>, Problem> {
    match request::query(query, "tool") {
        Some(slug) => Ok(Some(state.moderation.tool(&slug)?.id)),
        None => Ok(None),
    }
}

pub async fn get_reset(call: ReadCall, id: Path<String>) -> Answer {
    let removal = call.state.moderation.find_reset(number(&id)?).await?;
    Ok(answer(StatusCode::OK, &removal.view()))
}

/// The state that a tool is to have.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StateRequest)]
pub struct StateBody {
    state: RequestedState,
    reason: String,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = OpenOrFrozen)]
pub enum RequestedState {
    Open,
    Frozen,
}

/// Freezes a tool's votes, or opens them.
pub async fn put_state(call: WriteCall, slug: Path<String>) -> Answer {
    let body: StateBody = request::json(&call.body)?;
    let reason = reason(&body.reason)?;
    let wanted = match body.state {
        RequestedState::Open => ToolState::Open,
        RequestedState::Frozen => ToolState::Frozen,
    };
    let slug = tool(&call.state, &slug)?;
    let shown = call
        .state
        .moderation
        .set_state(&slug, wanted, &reason, &call.actor, Timestamp::now())
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type("application/json")
        .body(shown.body.clone()))
}
