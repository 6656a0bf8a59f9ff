//! `GET /v1/tools/{slug}/history`: a tally over time.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Ask, MOST, Point, points};
use crate::db::read;
use crate::problem::Problem;
use crate::request;
use crate::verdicts::routes::{State, public};
use crate::vocabulary::{Moment, Slug};

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
pub async fn get_history(http: HttpRequest, state: Data<State>) -> Result<HttpResponse, Problem> {
    let slug = request::slug(http.path());
    let slot = state
        .board
        .find(slug)
        .ok_or_else(|| Problem::unknown_tool(slug))?;
    let ask = Ask::read(http.query_string(), Moment::now())?;
    let (tool, min_votes) = (slot.id, state.board.min_votes());
    let points = read(&state.readers, move |conn| {
        points(conn, tool, &ask, min_votes)
    })
    .await?;
    if points.len() > MOST {
        return Err(Problem::invalid(format!(
            "from: there are more than {MOST} points; ask for a shorter span, or step=day."
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
