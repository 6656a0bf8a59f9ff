//! `GET /v1/tools/{slug}`, `GET /v1/compare`, and the site API: `POST /v1/tools`,
//! `PUT`, `PATCH`, `DELETE /v1/tools/{slug}`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Leaders, PublicReads, ToolView, ToolWithTally, json, leaders};
use crate::auth::Identity;
use crate::auth::staff::Role;
use crate::catalog::edit::{self, EditOutcome, Edited};
use crate::catalog::{Tool, ToolPatch, bulk};
use crate::domain::{Actor, Slug, Timestamp};
use crate::http::problem::Problem;
use crate::http::request;
use crate::tallies::cache::{etag, marked_stale};
use crate::tallies::routes::{cached, wants_raw};
use crate::voting::writer::Votes;

/// What these routes work with.
pub struct CatalogState {
    pub identity: Data<Identity>,
    pub reads: PublicReads,
    pub votes: Votes,
}

/// A public answer with its entity tag.
pub(super) fn public(http: &HttpRequest, body: Bytes) -> HttpResponse {
    let tag = etag(&body);
    cached(http.headers(), body, tag)
}

/// One tool with its reviews and its tally.
pub async fn get_tool(
    http: HttpRequest,
    slug: Path<String>,
    state: Data<CatalogState>,
) -> Result<HttpResponse, Problem> {
    let found = state.reads.find(&slug)?;
    let raw = wants_raw(http.query_string())?;
    Ok(public(&http, state.reads.tool(&found, raw)?))
}

/// The tools as they stand, and who leads.
#[derive(Serialize, ToSchema)]
pub struct Comparison<'a> {
    tools: Vec<ToolView<'a>>,
    verdict: Leaders<'a>,
}

/// Tools that one comparison shows at most.
const MAX_COMPARED: usize = 4;

impl PublicReads {
    /// # Errors
    /// 500, which no caller can cause.
    pub fn tool(&self, tool: &ToolWithTally, raw: bool) -> Result<Bytes, Problem> {
        let stale = self.board.is_stale(Timestamp::now());
        let body = self.board.body(&tool.slot, raw, stale);
        json(&tool.view(&body).ok_or_else(Problem::internal)?)
    }

    /// # Errors
    /// 404 `unknown-tool`.
    pub fn tally(&self, slug: &str) -> Result<Bytes, Problem> {
        let found = self.find(slug)?;
        let stale = self.board.is_stale(Timestamp::now());
        Ok(self.board.body(&found.slot, false, stale))
    }

    /// The tools that `tools` of a query names: two to four, in the order asked.
    ///
    /// # Errors
    /// 422 for fewer or more, 404 `unknown-tool`.
    pub fn compared(&self, query: &str) -> Result<Vec<ToolWithTally>, Problem> {
        // One more than may be, so that too many and too few are refused alike.
        let asked = request::tools(query, MAX_COMPARED + 1)
            .ok()
            .filter(|asked| (2..=MAX_COMPARED).contains(&asked.len()))
            .ok_or_else(|| Problem::invalid("tools: expected 2 to 4 slugs, comma separated."))?;
        asked
            .iter()
            .map(|item| self.find(item.as_ref().map_or_else(String::as_str, Slug::as_str)))
            .collect()
    }

    /// The tools of [`Self::compared`] side by side, and who leads.
    ///
    /// # Errors
    /// As [`Self::compared`].
    pub fn comparison(&self, query: &str) -> Result<Bytes, Problem> {
        let found: Vec<_> = self
            .compared(query)?
            .into_iter()
            .map(|tool| {
                let tally = tool.slot.tally();
                (tool, tally)
            })
            .collect();
        let stale = self.board.is_stale(Timestamp::now());
        let mut tools = Vec::with_capacity(found.len());
        for (tool, tally) in &found {
            let body = if stale {
                marked_stale(&tally.body)
            } else {
                tally.body.clone()
            };
            tools.push(tool.view(&body).ok_or_else(Problem::internal)?);
        }
        let rows: Vec<_> = found
            .iter()
            .map(|(tool, tally)| (&tool.shelved.slug, tally.row))
            .collect();
        json(&Comparison {
            tools,
            verdict: leaders(&rows, self.board.min_votes()),
        })
    }
}

/// Two to four tools side by side, and who leads.
pub async fn get_compare(
    http: HttpRequest,
    state: Data<CatalogState>,
) -> Result<HttpResponse, Problem> {
    Ok(public(&http, state.reads.comparison(http.query_string())?))
}

/// The body of a site call: bounded, JSON, from staff of role `site` or above.
pub(in crate::catalog) async fn site_body(
    http: &HttpRequest,
    payload: Payload,
    state: &CatalogState,
) -> Result<(Bytes, Actor), Problem> {
    request::check_head(http.headers(), request::LARGE)?;
    request::require_json(http.headers())?;
    let staff = state.identity.staff(http.headers(), Role::Site).await?;
    let body = request::body(http.headers(), payload, request::LARGE).await?;
    Ok((body, staff.actor()))
}

/// Shows an edit and answers with the tool as it now is.
fn edited(state: &CatalogState, edited: Edited) -> Result<HttpResponse, Problem> {
    let Edited {
        created,
        shelved,
        row,
    } = edited;
    let slug = shelved.slug.clone();
    state.reads.shelf.put(shelved);
    state.reads.board.admit(&slug, row);
    let verdict = state.reads.find(slug.as_str())?;
    let tally = verdict.slot.tally();
    let status = if created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(HttpResponse::build(status)
        .insert_header(("cache-control", "no-store"))
        .json(verdict.view(&tally.body).ok_or_else(Problem::internal)?))
}

pub(in crate::catalog) fn settled(
    state: &CatalogState,
    slug: &str,
    outcome: EditOutcome,
) -> Result<HttpResponse, Problem> {
    match outcome {
        EditOutcome::Done(done) => edited(state, *done),
        EditOutcome::Unknown => Err(Problem::unknown_tool(slug)),
        EditOutcome::Conflict(cause) => Err(Problem::conflict(cause)),
        EditOutcome::Invalid(cause) => Err(Problem::invalid(cause)),
    }
}

/// Makes or replaces a tool: 201 or 200.
pub async fn put_tool(
    http: HttpRequest,
    payload: Payload,
    slug: Path<String>,
    state: Data<CatalogState>,
) -> Result<HttpResponse, Problem> {
    let (body, actor) = site_body(&http, payload, &state).await?;
    let tool: Tool = request::json(&body)?;
    let tool = tool.checked().map_err(Problem::invalid)?;
    let parsed = Slug::parse(&slug).ok_or_else(Problem::invalid_slug)?;
    let done = state
        .votes
        .edit(move |conn| edit::put(conn, &parsed, &tool, &actor, Timestamp::now()))
        .await;
    settled(
        &state,
        &slug,
        done.map_err(|refused| refused.problem(&slug))?,
    )
}

/// What a call with many tools did.
#[derive(Serialize, ToSchema)]
#[schema(as = ManyTools)]
pub struct Many {
    /// Slugs of the tools that are new.
    created: Vec<Slug>,
    /// Slugs of those that were there.
    replaced: Vec<Slug>,
}

/// Makes or replaces many tools, all or none: 201 where one is new, else 200.
pub async fn post_tools(
    http: HttpRequest,
    payload: Payload,
    state: Data<CatalogState>,
) -> Result<HttpResponse, Problem> {
    let (body, actor) = site_body(&http, payload, &state).await?;
    let tools = bulk::read(&body)?;
    let done = state
        .votes
        .edit(move |conn| edit::import(conn, &tools, &actor, Timestamp::now()))
        .await
        .map_err(|refused| refused.problem(""))?
        .map_err(Problem::conflict)?;
    let (mut created, mut replaced) = (Vec::new(), Vec::new());
    for edited in done {
        let slug = edited.shelved.slug.clone();
        state.reads.shelf.put(edited.shelved);
        state.reads.board.admit(&slug, edited.row);
        if edited.created {
            created.push(slug);
        } else {
            replaced.push(slug);
        }
    }
    let mut answer = if created.is_empty() {
        HttpResponse::Ok()
    } else {
        HttpResponse::Created()
    };
    Ok(answer
        .insert_header(("cache-control", "no-store"))
        .json(Many { created, replaced }))
}

/// Changes some fields of a tool.
pub async fn patch_tool(
    http: HttpRequest,
    payload: Payload,
    slug: Path<String>,
    state: Data<CatalogState>,
) -> Result<HttpResponse, Problem> {
    let (body, actor) = site_body(&http, payload, &state).await?;
    let patch: ToolPatch = request::json(&body)?;
    let parsed = Slug::parse(&slug).ok_or_else(|| Problem::unknown_tool(&slug))?;
    let done = state
        .votes
        .edit(move |conn| edit::patch(conn, &parsed, patch, &actor, Timestamp::now()))
        .await;
    settled(
        &state,
        &slug,
        done.map_err(|refused| refused.problem(&slug))?,
    )
}

/// Archives a tool.
pub async fn delete_tool(
    http: HttpRequest,
    payload: Payload,
    slug: Path<String>,
    state: Data<CatalogState>,
) -> Result<HttpResponse, Problem> {
    request::check_head(http.headers(), request::LARGE)?;
    let staff = state.identity.staff(http.headers(), Role::Site).await?;
    request::body(http.headers(), payload, request::LARGE).await?;
    let actor = staff.actor();
    let parsed = Slug::parse(&slug).ok_or_else(|| Problem::unknown_tool(&slug))?;
    let done = state
        .votes
        .edit(move |conn| edit::archive(conn, &parsed, &actor, Timestamp::now()))
        .await;
    settled(
        &state,
        &slug,
        done.map_err(|refused| refused.problem(&slug))?,
    )
}
