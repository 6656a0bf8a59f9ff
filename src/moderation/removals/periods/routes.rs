//! `/v1/moderation/periods`.

use actix_web::http::StatusCode;
use actix_web::web::Path;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Span;
use crate::domain::Timestamp;
use crate::http::problem::Problem;
use crate::http::request;
use crate::moderation::routes::{
    Answer, ReadCall, WriteCall, answer, number, tool, views, wanted_tool,
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
pub async fn post_period(call: WriteCall) -> Answer {
    let body: PeriodBody = request::json(&call.body)?;
    let now = Timestamp::now();
    let span = Span {
        reason: reason(&body.reason)?,
        from: body.from,
        to: body.to,
        tool: tool(&call.state, &body.tool)?,
    };
    if body.dry_run {
        let report = call.state.moderation.preview_period(&span, now).await?;
        return Ok(answer(StatusCode::OK, &report));
    }
    let period = call
        .state
        .moderation
        .exclude(&span, &call.actor, now)
        .await?;
    Ok(answer(StatusCode::CREATED, &period.view()))
}

/// Lets a period's votes count again.
pub async fn delete_period(call: WriteCall, id: Path<String>) -> Answer {
    let why = call.why()?;
    let undone = call
        .state
        .moderation
        .include(number(&id)?, &why, &call.actor, Timestamp::now())
        .await?;
    Ok(answer(StatusCode::OK, &undone))
}

/// Periods, newest first; `all=true` adds those that were deleted.
pub async fn get_periods(call: ReadCall) -> Answer {
    let query = call.query();
    let (before, limit) = (paging::before(query)?, paging::limit(query)?);
    let tool = wanted_tool(&call.state, query)?;
    let deleted = match request::query(query, "all").as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Problem::invalid("all: expected true or false.")),
    };
    let page = call
        .state
        .moderation
        .periods(tool, deleted, before, limit)
        .await?;
    Ok(answer(StatusCode::OK, &views(&page)))
}
