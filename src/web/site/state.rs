//! [`SiteState`]: what the pages work with, and what every page has in common: its headers and how it is drawn.
//!
//! `server` makes it; `routes` and `refusal` use it.

use std::collections::HashMap;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue, REFERRER_POLICY,
    X_FRAME_OPTIONS,
};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::card::{Card, OwnChoices};
use super::compare;
use crate::auth::Identity;
use crate::catalog::cache::CatalogCache;
use crate::catalog::views::ToolWithTally;
use crate::catalog::views::list::{ListQuery, Lists, Sort};
use crate::config;
use crate::domain::Timestamp;
use crate::http::problem::Problem;
use crate::infra::db::{Readers, read};
use crate::tallies::cache::TallyCache;
use crate::voting::store;

/// Everything of ours, nothing of anybody else's, and no script in the page itself.
const CONTENT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// What everybody may know of votes that moderators took out.
#[derive(Debug, Clone, Copy)]
pub struct PublicActs {
    /// The tallies say how many.
    pub in_tallies: bool,
    /// `/v1/moderation/log` lists them.
    pub has_list: bool,
    /// The public log states them.
    pub has_log: bool,
}

impl PublicActs {
    fn are_shown(self) -> bool {
        self.in_tallies || self.has_list || self.has_log
    }

    /// Where they are listed; empty if nowhere.
    pub fn path(self) -> &'static str {
        match self {
            Self { has_list: true, .. } => "/v1/moderation/log",
            Self { has_log: true, .. } => "/log",
            _ => "",
        }
    }
}

/// What the pages work with.
pub struct SiteState {
    pub identity: Data<Identity>,
    pub shelf: Data<CatalogCache>,
    pub board: Data<TallyCache>,
    pub lists: Data<Lists>,
    pub readers: Readers,
    pub pages: config::Pages,
    pub acts: PublicActs,
    /// Where browsers reach the site, without a slash at its end.
    pub site: String,
}

impl SiteState {
    /// The visitor's choices on `tools`; none for a stranger, or while the database cannot be read.
    pub async fn own(&self, http: &HttpRequest, tools: Vec<i32>) -> OwnChoices {
        let Ok(voter) = self.identity.voter(http, Timestamp::now()) else {
            return HashMap::new();
        };
        let votes = read(&self.readers, move |conn| {
            store::own(conn, voter.id, &tools)
        })
        .await
        .unwrap_or_default();
        votes
            .into_iter()
            .map(|(tool, vote)| (tool, vote.choice))
            .collect()
    }

    pub fn card<'a>(&self, verdict: &'a ToolWithTally, own: &OwnChoices) -> Card<'a> {
        let min_votes = self.board.min_votes();
        Card::of(verdict, own, min_votes, self.acts.are_shown())
    }

    pub fn find(&self, slug: &str) -> Option<ToolWithTally> {
        ToolWithTally::find(&self.shelf, &self.board, slug)
    }

    /// The two tools of `a-vs-b`.
    pub fn pair(&self, pair: &str) -> Option<[ToolWithTally; 2]> {
        compare::split(pair)
            .filter(|(a, b)| a != b)
            .find_map(|(a, b)| Some([self.find(a)?, self.find(b)?]))
    }

    /// The most voted tools of a category, or of all where it is empty.
    pub fn most_voted(&self, category: &str, limit: usize) -> Vec<ToolWithTally> {
        let ask = ListQuery {
            category: category.to_lowercase(),
            sort: Sort::Votes,
            order: Sort::Votes.usual_order(),
            limit,
            ..ListQuery::default()
        };
        self.lists.page(&self.shelf, &self.board, &ask).items
    }

    /// The comparison to begin with.
    pub fn featured(&self) -> Option<[ToolWithTally; 2]> {
        let chosen = self
            .pages
            .featured
            .as_ref()
            .and_then(|[a, b]| Some([self.find(a.as_str())?, self.find(b.as_str())?]));
        chosen.or_else(|| self.most_voted("", 2).try_into().ok())
    }
}

/// The headers of every page.
pub fn guard(headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, CONTENT_POLICY);
    headers.insert(
        REFERRER_POLICY,
        HeaderValue::from_static("strict-origin-when-cross-origin"),
    );
    // For browsers that do not know frame-ancestors.
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
}

/// A page, drawn.
///
/// # Errors
/// 500 where it cannot be drawn.
pub fn page(template: &impl Template) -> Result<HttpResponse, Problem> {
    let html = template.render().map_err(|cause| {
        tracing::error!(%cause, "page could not be rendered");
        Problem::internal()
    })?;
    let mut answer = HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .body(html);
    guard(answer.headers_mut());
    Ok(answer)
}
