//! `GET /v1/tools`: the catalogue with its tallies, page by page.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::ListQuery;
use crate::catalog::views::ToolView;
use crate::catalog::views::routes::{CatalogState, public};
use crate::domain::Timestamp;
use crate::http::problem::Problem;
use crate::tallies::cache::marked_stale;

/// One page of the catalogue.
#[derive(Serialize, ToSchema)]
#[schema(as = ToolPage)]
pub struct ListPage<'a> {
    items: Vec<ToolView<'a>>,
    /// The `cursor` of the next page.
    #[schema(required)]
    next: Option<String>,
}

/// The catalogue with its tallies, page by page; archived tools are not in it.
///
/// # Errors
/// 422, naming the parameter.
pub async fn get_tools(
    http: HttpRequest,
    state: Data<CatalogState>,
) -> Result<HttpResponse, Problem> {
    let ask = ListQuery::read(http.query_string())?;
    let page = state.lists.page(&state.shelf, &state.board, &ask);
    let stale = state.board.is_stale(Timestamp::now());
    let items = page
        .items
        .iter()
        .map(|verdict| {
            let tally = verdict.slot.tally();
            if stale {
                verdict.view(&marked_stale(&tally.body))
            } else {
                verdict.view(&tally.body)
            }
        })
        .collect::<Option<_>>()
        .ok_or_else(Problem::internal)?;
    let next = page.next;
    public(&http, &ListPage { items, next })
}
