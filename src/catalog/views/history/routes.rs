//! `GET /v1/tools/{slug}/history`: a tally over time.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::{HistoryQuery, MOST, Point, points};
use crate::catalog::views::routes::{CatalogState, public};
use crate::domain::{Slug, Timestamp};
use crate::http::problem::Problem;
use crate::http::request;
use crate::infra::db::read;

/// A tally over time, oldest first.
#[derive(Serialize, ToSchema)]
pub struct History<'a> {
    tool: &'a Slug,
    step: &'static str,
    points: Vec<Point>,
}

/// The points of one tool.
///
/// # Errors
/// 404 `unknown-tool`; 422, naming the parameter, also where there would be too many points; 503.
pub async fn get_history(
    http: HttpRequest,
    state: Data<CatalogState>,
) -> Result<HttpResponse, Problem> {
    let slug = request::slug(http.path());
    let slot = state
        .board
        .find(slug)
        .ok_or_else(|| Problem::unknown_tool(slug))?;
    let ask = HistoryQuery::read(http.query_string(), Timestamp::now())?;
    let (tool, min_votes) = (slot.id, state.board.min_votes());
    let points = read(&state.readers, move |conn| {
        points(conn, tool, &ask, min_votes)
    })
    .await?;
    if points.len() > MOST {
        return Err(Problem::invalid(format!(
            "from: the span has more than {MOST} points. Use a shorter span, or step=day."
        )));
    }
    public(
        &http,
        &History {
            tool: &slot.slug,
            step: ask.step.as_str(),
            points,
        },
    )
}
