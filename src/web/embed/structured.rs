//! `GET /v1/tools/{slug}/jsonld` and `GET /v1/compare/jsonld`: tools as structured data for the site's own pages.

use std::collections::HashMap;

use actix_web::http::header::HeaderValue;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use super::routes::{BADGE_CACHE, EmbedState, public};
use crate::catalog::views::ToolWithTally;
use crate::http::problem::Problem;
use crate::web::site::compare::canonical;
use crate::web::site::structured_data::{self, PanelReviews, inert};

const JSON_LD: HeaderValue = HeaderValue::from_static("application/ld+json");

/// Safe inside a `script` element as it is.
fn answer(http: &HttpRequest, data: &Value) -> HttpResponse {
    public(http, inert(data).into(), JSON_LD, BADGE_CACHE)
}

impl EmbedState {
    fn tool_page(&self, tool: &ToolWithTally) -> String {
        format!("{}/tools/{}", self.pages.site, tool.shelved.slug)
    }
}

/// One tool with the panel's reviews and the community's rating.
///
/// # Errors
/// 404 `unknown-tool`.
pub async fn get_tool_data(
    http: HttpRequest,
    slug: Path<String>,
    state: Data<EmbedState>,
) -> Result<HttpResponse, Problem> {
    let tool = state.find(&slug)?;
    let card = state.pages.card(&tool, &HashMap::new());
    let data = structured_data::tool(&card, &state.tool_page(&tool), PanelReviews::Included);
    Ok(answer(&http, &data))
}

/// Two to four tools as a list.
///
/// # Errors
/// 422 for fewer or more, 404 `unknown-tool`.
pub async fn get_comparison_data(
    http: HttpRequest,
    state: Data<EmbedState>,
) -> Result<HttpResponse, Problem> {
    let tools = state.reads.compared(http.query_string())?;
    let own = HashMap::new();
    let cards: Vec<_> = tools
        .iter()
        .map(|tool| (state.pages.card(tool, &own), state.tool_page(tool)))
        .collect();
    let page = match cards.as_slice() {
        [(a, _), (b, _)] => Some(format!("{}{}", state.pages.site, canonical(a.slug, b.slug))),
        _ => None,
    };
    Ok(answer(
        &http,
        &structured_data::comparison(&cards, page.as_deref()),
    ))
}
