//! `GET /badge/{slug}.svg`, `GET /v1/tools/{slug}/badge.json`, `GET /fragment/{slug}.html`, `GET /oembed`, and the widget's
//! files below `/embed/`.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use bytes::Bytes;
use url::Url;

use super::Figures;
use super::badge::{Badge, Shield};
use super::fragment::{Fragment, FragmentCard};
use super::oembed::{self, Format};
use super::script::Assets;
use super::words::Language;
use crate::catalog::views::{PublicReads, ToolWithTally};
use crate::http::problem::{Code, Problem};
use crate::http::request;
use crate::tallies::cache::etag;
use crate::tallies::routes::cached;
use crate::voting::admission::VotingState;
use crate::web::site::state as pages;

/// Pictures are asked for by image proxies, who keep them a little longer than a page keeps a tally.
pub(in crate::web) const BADGE_CACHE: HeaderValue =
    HeaderValue::from_static("public, max-age=60, stale-while-revalidate=600");
const OEMBED_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600");
/// A new version reaches every page within five minutes, and a page never waits for one.
const SCRIPT_CACHE: HeaderValue =
    HeaderValue::from_static("public, max-age=300, stale-while-revalidate=86400");
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const SVG: HeaderValue = HeaderValue::from_static("image/svg+xml");
const XML: HeaderValue = HeaderValue::from_static("text/xml; charset=utf-8");
pub(super) const CONTENT_POLICY: HeaderName = HeaderName::from_static("content-security-policy");
/// Opened by itself, a badge is a page: it may draw itself and nothing else.
const BADGE_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const FRAGMENT_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'");
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");
pub(super) const RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");
/// Pages that isolate themselves load only what says this.
pub(super) const ANY_SITE: HeaderValue = HeaderValue::from_static("cross-origin");

/// What these handlers work with.
pub struct EmbedState {
    pub pages: Data<pages::SiteState>,
    pub reads: PublicReads,
    pub votes: Data<VotingState>,
    pub assets: Assets,
    /// How browsers reach us, with a slash at its end.
    pub public_url: Url,
    /// The iframe page's content policy: framed by allowed sites only.
    pub frame_policy: HeaderValue,
}

impl EmbedState {
    /// # Errors
    /// 404 `unknown-tool`.
    pub(super) fn find(&self, slug: &str) -> Result<ToolWithTally, Problem> {
        self.reads.find(slug)
    }
}

/// # Errors
/// 500, noted in the log.
pub(super) fn rendered(template: &impl Template) -> Result<Bytes, Problem> {
    template.render().map(Bytes::from).map_err(|cause| {
        tracing::error!(%cause, "embed could not be rendered");
        Problem::internal()
    })
}

/// A public answer for other sites' pages, or 304.
pub(in crate::web) fn public(
    http: &HttpRequest,
    body: Bytes,
    kind: HeaderValue,
    cache: HeaderValue,
) -> HttpResponse {
    let tag = etag(&body);
    let mut answer = cached(http.headers(), body, tag);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, cache);
    headers.insert(RESOURCE_POLICY, ANY_SITE);
    answer
}

/// The picture of panel and community.
///
/// # Errors
/// 404 `unknown-tool`.
pub async fn get_badge(
    http: HttpRequest,
    slug: Path<String>,
    state: Data<EmbedState>,
) -> Result<HttpResponse, Problem> {
    let verdict = state.find(&slug)?;
    let badge = Badge::of(&Figures::of(&verdict, state.pages.board.min_votes()));
    let mut answer = public(&http, rendered(&badge)?, SVG, BADGE_CACHE);
    answer.headers_mut().insert(CONTENT_POLICY, BADGE_POLICY);
    Ok(answer)
}

/// The same for shields.io.
///
/// # Errors
/// 404 `unknown-tool`.
pub async fn get_shield(
    http: HttpRequest,
    slug: Path<String>,
    state: Data<EmbedState>,
) -> Result<HttpResponse, Problem> {
    let verdict = state.find(&slug)?;
    let shield = Shield::of(&Figures::of(&verdict, state.pages.board.min_votes()));
    let body = serde_json::to_vec(&shield).unwrap_or_default().into();
    Ok(public(
        &http,
        body,
        HeaderValue::from_static("application/json"),
        BADGE_CACHE,
    ))
}

/// The numbers of a tool, and of `compare` beside it, for a page that the site's server puts together.
///
/// # Errors
/// 404 `unknown-tool`.
pub async fn get_fragment(
    http: HttpRequest,
    slug: Path<String>,
    state: Data<EmbedState>,
) -> Result<HttpResponse, Problem> {
    let mut tools = vec![state.find(&slug)?];
    let other = request::query(http.query_string(), "compare");
    let other = other.filter(|other| other.as_str() != slug.as_str());
    tools.extend(other.and_then(|other| state.pages.find(&other)));
    let words = Language::read(http.query_string());
    let min_votes = state.pages.board.min_votes();
    let card = |tool| {
        let figures = Figures::of(tool, min_votes);
        FragmentCard::of(&figures, tool.slot.tally().row.version, words)
    };
    let fragment = Fragment {
        site: &state.pages.site,
        words,
        cards: tools.iter().map(card).collect(),
    };
    let mut answer = public(&http, rendered(&fragment)?, HTML, BADGE_CACHE);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_POLICY, FRAGMENT_POLICY);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // A piece of a page is no page to be found.
    headers.insert(ROBOTS, HeaderValue::from_static("noindex"));
    Ok(answer)
}

/// What a consumer of oEmbed pastes.
///
/// # Errors
/// 422 naming the parameter; 404 `not-found` for what is not ours.
pub async fn get_oembed(
    http: HttpRequest,
    state: Data<EmbedState>,
) -> Result<HttpResponse, Problem> {
    let asked = oembed::Request::read(http.query_string())?;
    let origins = &state.pages.identity.origins;
    let own = |origin: &str| origins.is_own(origin);
    let (shelf, board) = (&state.pages.shelf, &state.pages.board);
    let rich = oembed::answer(&asked, own, &state.public_url, shelf, board)?;
    let (body, kind) = match asked.format {
        Format::Json => (
            serde_json::to_vec(&rich).unwrap_or_default().into(),
            HeaderValue::from_static("application/json"),
        ),
        Format::Xml => (rendered(&rich)?, XML),
    };
    Ok(public(&http, body, kind, OEMBED_CACHE))
}

/// A file of the widget; compressed for who takes it so.
///
/// # Errors
/// 404 `not-found`.
pub async fn get_asset(
    http: HttpRequest,
    file: Path<String>,
    state: Data<EmbedState>,
) -> Result<HttpResponse, Problem> {
    let found = state
        .assets
        .find(&file)
        .ok_or_else(|| Problem::new(Code::NotFound, "No such file."))?;
    let cache = if found.immutable {
        FOR_EVER
    } else {
        SCRIPT_CACHE
    };
    let mut answer = found.asset.file.response(http.headers(), cache);
    answer.headers_mut().insert(RESOURCE_POLICY, ANY_SITE);
    Ok(answer)
}
