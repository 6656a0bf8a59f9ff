//! `GET /openapi.json`, `GET /docs` and the page's style sheet.

use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use url::Url;
use utoipa::openapi::Server;

use super::{document, page};
use crate::domain::Slug;
use crate::http::problem::{Code, Problem};
use crate::web::kit::static_file::StaticFile;

/// It changes with the program only.
const FRESH: HeaderValue = HeaderValue::from_static("public, max-age=300");
const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
/// The page has its own style sheet, a script that copies, an empty icon, and nothing else.
const CONTENT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
const REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");

/// Why the documents could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Unmade {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Page(#[from] askama::Error),
}

/// The documents, made once at the start.
pub struct OpenApiState {
    openapi: StaticFile,
    page: StaticFile,
    style: StaticFile,
}

impl OpenApiState {
    /// Makes them for the server that browsers reach at `site`. The page's quickstart votes on the first of `featured`.
    ///
    /// # Errors
    /// See [`Unmade`].
    pub fn new(site: &Url, featured: Option<&[Slug; 2]>) -> Result<Self, Unmade> {
        let mut document = document();
        let path = site.path().trim_end_matches('/');
        if !path.is_empty() {
            document.servers = Some(vec![Server::new(path)]);
        }
        let site = site.as_str().trim_end_matches('/');
        let slug = featured.map_or("codestral-2", |[slug, _]| slug.as_str());
        Ok(Self {
            openapi: StaticFile::new(JSON, document.to_json()?),
            page: StaticFile::new(
                HTML,
                page::draw(&serde_json::to_value(&document)?, site, slug)?,
            ),
            style: StaticFile::new(CSS, include_str!("assets/docs.css")),
        })
    }
}

/// The API as OpenAPI 3.1.
pub async fn get_openapi(http: HttpRequest, state: Data<OpenApiState>) -> HttpResponse {
    state.openapi.response(http.headers(), FRESH)
}

/// The same for readers.
pub async fn get_docs(http: HttpRequest, state: Data<OpenApiState>) -> HttpResponse {
    let mut answer = state.page.response(http.headers(), FRESH);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, CONTENT_POLICY);
    headers.insert(REFERRER_POLICY, REFERRER);
    answer
}

/// The page's style sheet.
///
/// # Errors
/// 404 `not-found`.
pub async fn get_asset(
    http: HttpRequest,
    name: Path<String>,
    state: Data<OpenApiState>,
) -> Result<HttpResponse, Problem> {
    if name.as_str() != "docs.css" {
        return Err(Problem::new(Code::NotFound, "No such file."));
    }
    Ok(state.style.response(http.headers(), FRESH))
}
