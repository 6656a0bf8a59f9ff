//! `GET /v1/tools`: the catalogue with its tallies, page by page.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use super::ListQuery;
use crate::catalog::views::routes::{CatalogState, public};
use crate::catalog::views::{PublicReads, ToolView, json};
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

impl PublicReads {
    /// The page that a query asks for.
    pub fn list(&self, query: &str) -> Result<Bytes, Problem> {
        let ask = ListQuery::read(query)?;
        let page = self.lists.page(&self.shelf, &self.board, &ask);
        let stale = self.board.is_stale(Timestamp::now());
        let items = page
            .items
            .iter()
            .map(|tool| {
                let tally = tool.slot.tally();
                if stale {
                    tool.view(&marked_stale(&tally.body))
                } else {
                    tool.view(&tally.body)
                }
            })
            .collect::<Option<_>>()
            .ok_or_else(Problem::internal)?;
        json(&ListPage {
            items,
            next: page.next,
        })
    }
}

/// The catalogue with its tallies, page by page; archived tools are not in it.
pub async fn get_tools(
    http: HttpRequest,
    state: Data<CatalogState>,
) -> Result<HttpResponse, Problem> {
    Ok(public(&http, state.reads.list(http.query_string())?))
}
