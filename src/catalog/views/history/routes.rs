//! `GET /v1/tools/{slug}/history`: a tally over time.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use super::{HistoryQuery, MOST, Point, points};
use crate::catalog::views::routes::{CatalogState, public};
use crate::catalog::views::{PublicReads, json};
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

impl PublicReads {
    /// The points of one tool that a query asks for.
    ///
    /// # Errors
    /// 404 `unknown-tool`; 422, naming the parameter, also where there would be too many points; 503.
    pub async fn history(&self, slug: &str, query: &str) -> Result<Bytes, Problem> {
        let slot = self
            .board
            .find(slug)
            .ok_or_else(|| Problem::unknown_tool(slug))?;
        let ask = HistoryQuery::read(query, Timestamp::now())?;
        let (tool, min_votes) = (slot.id, self.board.min_votes());
        let points = read(&self.readers, move |conn| {
            points(conn, tool, &ask, min_votes)
        })
        .await?;
        if points.len() > MOST {
            return Err(Problem::invalid(format!(
                "from: the span has more than {MOST} points. Use a shorter span, or step=day."
            )));
        }
        json(&History {
            tool: &slot.slug(),
            step: ask.step.as_str(),
            points,
        })
    }
}

/// The points of one tool.
pub async fn get_history(
    http: HttpRequest,
    state: Data<CatalogState>,
) -> Result<HttpResponse, Problem> {
    let slug = request::slug(http.path());
    let body = state.reads.history(slug, http.query_string()).await?;
    Ok(public(&http, body))
}
