//! `/v1/moderation/alerts`.

use actix_web::http::StatusCode;
use actix_web::web::Path;

use super::AlertState;
use crate::domain::Timestamp;
use crate::http::problem::Problem;
use crate::http::request;
use crate::moderation::paging;
use crate::moderation::routes::{Answer, ReadCall, WriteCall, answer, number, read, wanted_tool};

/// `state` of a list: `open` or `dismissed`.
///
/// # Errors
/// 422 for any other word.
pub fn state(query: &str) -> Result<Option<AlertState>, Problem> {
    let text = request::query(query, "state");
    let parse = |text: &str| match text {
        "open" => Some(AlertState::Open),
        "dismissed" => Some(AlertState::Dismissed),
        _ => None,
    };
    read("state", text.as_deref(), parse, "open or dismissed")
}

/// What the detector raised, newest first.
pub async fn get_alerts(call: ReadCall) -> Answer {
    let query = call.query();
    let (before, limit) = (paging::before(query)?, paging::limit(query)?);
    let wanted = self::state(query)?;
    let tool = wanted_tool(&call.state, query)?;
    let page = call
        .state
        .moderation
        .alerts(tool, wanted, before, limit)
        .await?;
    Ok(answer(StatusCode::OK, &page))
}

/// Says that an alert needs no more looking at.
pub async fn post_dismiss(call: WriteCall, id: Path<String>) -> Answer {
    let why = call.why()?;
    let mut alerts = call
        .state
        .moderation
        .dismiss(&[number(&id)?], &why, &call.actor, Timestamp::now())
        .await?;
    let alert = alerts.pop().ok_or_else(Problem::internal)?;
    Ok(answer(StatusCode::OK, &alert))
}
