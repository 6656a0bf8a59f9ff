//! [`AdminState`]: what the dashboard works with; and [`Frame`], what all its pages have in common.
//!
//! `server` makes the state; every page of the dashboard is rendered by [`page`] or [`page_with`].

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY, X_FRAME_OPTIONS,
};
use actix_web::web::Data;
use askama::Template;

use crate::auth::Identity;
use crate::auth::identity_provider::IdentityProvider;
use crate::catalog::cache::CatalogCache;
use crate::detection::alerts::Inbox;
use crate::http::problem::Problem;
use crate::infra::db::Readers;
use crate::moderation::Moderation;
use crate::rate_limit::rate_limiter::RateLimiter;
use crate::tallies::cache::TallyCache;
use crate::voting::writer::Votes;
use crate::web::kit::assets;

/// Everything of ours, nothing of anybody else's; forms come back here.
const CONTENT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'",
);

/// What the dashboard works with.
pub struct AdminState {
    pub identity: Data<Identity>,
    pub limiter: Data<RateLimiter>,
    pub shelf: Data<CatalogCache>,
    pub board: Data<TallyCache>,
    pub readers: Readers,
    pub votes: Votes,
    pub moderation: Data<Moderation>,
    /// `None`: staff tokens only.
    pub provider: Option<Data<IdentityProvider>>,
    /// Where browsers reach the site, without a slash at its end.
    pub site: String,
}

impl AdminState {
    /// A tool's name, or its slug where the catalogue does not know it.
    pub fn name(&self, slug: &str) -> String {
        let tool = self.board.find(slug);
        tool.and_then(|slot| self.shelf.find(slot.id))
            .map_or_else(|| slug.to_owned(), |shelved| shelved.tool.name.clone())
    }
}

/// What stands around every page.
pub struct Frame {
    pub title: String,
    /// Who is signed in; empty where nobody is.
    pub who: String,
    pub role: &'static str,
    /// Which part of the navigation this is.
    pub part: &'static str,
    /// Goes into each form.
    pub key: String,
    /// What waits for a moderator, beside the navigation.
    pub inbox: Inbox,
    pub assets: &'static str,
}

impl Frame {
    /// Of a page without a session.
    pub fn outside(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            who: String::new(),
            role: "",
            part: "",
            key: String::new(),
            inbox: Inbox::default(),
            assets: assets::version(),
        }
    }
}

/// A page, drawn.
pub fn page(template: &impl Template) -> Result<HttpResponse, Problem> {
    page_with(StatusCode::OK, template)
}

/// The same with another status.
pub fn page_with(status: StatusCode, template: &impl Template) -> Result<HttpResponse, Problem> {
    let html = template.render().map_err(|cause| {
        tracing::error!(%cause, "dashboard page could not be rendered");
        Problem::internal()
    })?;
    let answer = HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(html);
    Ok(secured(answer))
}

/// With the headers that everything behind the sign-in has.
pub fn secured(mut answer: HttpResponse) -> HttpResponse {
    let headers = answer.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, CONTENT_POLICY);
    // What a moderator looks at is nobody else's business.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    answer
}
