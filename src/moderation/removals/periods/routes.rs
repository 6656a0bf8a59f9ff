//! `/v1/moderation/periods`.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Span;
use crate::domain::Timestamp;
use crate::http::problem::Problem;
use crate::http::request;
use crate::moderation::routes::{
    Answer, ModerationState, answer, number, reading, tool, views, wanted_tool, why, written,
};
use crate::moderation::{paging, reason};

/// The span to exclude.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PeriodRequest)]
pub struct PeriodBody {
    tool: String,
    from: Timestamp,
    to: Timestamp,
    reason: String,
    #[serde(default)]
    dry_run: bool,
}

/// Excludes a span, or says what that would do.
///
/// # Errors
/// 404, 422.
pub async fn post_period(
    http: HttpRequest,
    payload: Payload,
    state: Data<ModerationState>,
) -> Answer {
    let (body, actor) = written(&http, payload, &state).await?;
    let body: PeriodBody = request::json(&body)?;
    let now = Timestamp::now();
    let span = Span {
        reason: reason(&body.reason)?,
        from: body.from,
        to: body.to,
        tool: tool(&state, &body.tool)?,
    };
    if body.dry_run {
        let report = state.moderation.preview_period(&span, now).await?;
        return Ok(answer(StatusCode::OK, &report));
    }
    let period = state.moderation.exclude(&span, &actor, now).await?;
    Ok(answer(StatusCode::CREATED, &period.view()))
}

/// Lets a period's votes count again.
///
/// # Errors
/// 404 where there is no such period, or no more.
pub async fn delete_period(
    http: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<ModerationState>,
) -> Answer {
    let (body, actor) = written(&http, payload, &state).await?;
    let why = why(&body)?;
    let undone = state
        .moderation
        .include(number(&id)?, &why, &actor, Timestamp::now())
        .await?;
    Ok(answer(StatusCode::OK, &undone))
}

/// Periods, newest first; `all=true` adds those that were deleted.
///
/// # Errors
/// 401, 403, 404 for an unknown tool, 422.
pub async fn get_periods(http: HttpRequest, state: Data<ModerationState>) -> Answer {
    reading(&http, &state).await?;
    let query = http.query_string();
    let (before, limit) = (paging::before(query)?, paging::limit(query)?);
    let tool = wanted_tool(&state, query)?;
    let deleted = match request::query(query, "all").as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Problem::invalid("all: expected true or false.")),
    };
    let page = state
        .moderation
        .periods(tool, deleted, before, limit)
        .await?;
    Ok(answer(StatusCode::OK, &views(&page)))
}
