//! `POST /v1/tools/{slug}/rename` and `DELETE /v1/redirects/{slug}`.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::store;
use crate::auth::staff::Role;
use crate::catalog::edit::EditOutcome;
use crate::catalog::store as catalog;
use crate::catalog::views::routes::{CatalogState, settled, site_body};
use crate::domain::{Slug, Timestamp};
use crate::http::problem::Problem;
use crate::http::request;

/// The slug that a tool is to have.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    #[schema(min_length = 1, max_length = 64, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    slug: String,
}

/// A former slug that is free again.
#[derive(Serialize, ToSchema)]
pub struct FreedSlug {
    slug: Slug,
    /// The tool that it led to.
    tool: String,
}

/// Renames a tool.
pub async fn post_rename(
    http: HttpRequest,
    payload: Payload,
    slug: Path<String>,
    state: Data<CatalogState>,
) -> Result<HttpResponse, Problem> {
    let (body, actor) = site_body(&http, payload, &state).await?;
    let wanted: Rename = request::json(&body)?;
    let new = Slug::parse(&wanted.slug).ok_or_else(Problem::invalid_slug)?;
    let old = Slug::parse(&slug).ok_or_else(|| Problem::unknown_tool(&slug))?;
    let board = state.reads.board.clone();
    let done = state.votes.edit(move |conn| {
        let outcome = store::rename(conn, &old, &new, &actor, Timestamp::now())?;
        // Before the writer's next vote, so that it is shown under the new slug; its former one is found at every moment.
        if let EditOutcome::Done(done) = &outcome {
            board.set_redirects(catalog::redirects(conn)?);
            board.rename(&done.shelved.slug, done.row);
        }
        Ok(outcome)
    });
    let outcome = done.await.map_err(|refused| refused.problem(&slug))?;
    settled(&state, &slug, outcome)
}

/// Frees a former slug, so that another tool may have it.
pub async fn delete_redirect(
    http: HttpRequest,
    payload: Payload,
    slug: Path<String>,
    state: Data<CatalogState>,
) -> Result<HttpResponse, Problem> {
    request::check_head(http.headers(), request::LARGE)?;
    let staff = state.identity.staff(http.headers(), Role::Site).await?;
    request::body(http.headers(), payload, request::LARGE).await?;
    let actor = staff.actor();
    let missing = || Problem::not_found("No tool had this slug before.");
    let former = Slug::parse(&slug).ok_or_else(missing)?;
    let (board, freed) = (state.reads.board.clone(), former.clone());
    let done = state.votes.edit(move |conn| {
        let tool = store::free(conn, &freed, &actor, Timestamp::now())?;
        board.set_redirects(catalog::redirects(conn)?);
        Ok(tool)
    });
    let tool = done.await.map_err(|refused| refused.problem(&slug))?;
    let view = FreedSlug {
        slug: former,
        tool: tool.ok_or_else(missing)?,
    };
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(view))
}
