//! `GET /feeds/movers.atom` and `GET /feeds/{slug}.atom`.

use std::sync::Arc;

use actix_web::http::header::HeaderValue;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use arc_swap::ArcSwapOption;
use askama::Template;
use bytes::Bytes;
use tokio::sync::Semaphore;

use super::movers::{days, movers};
use super::{DayChange, Entry, EntryMaker, Feed, MAX_DAYS};
use crate::catalog::views::{ToolWithTally, history};
use crate::domain::Timestamp;
use crate::http::problem::Problem;
use crate::infra::db::read;
use crate::web::embed::routes::public;
use crate::web::site::state::SiteState;

const ATOM: HeaderValue = HeaderValue::from_static("application/atom+xml; charset=utf-8");
/// Readers poll; none needs a feed that is younger.
const FEED_CACHE: HeaderValue =
    HeaderValue::from_static("public, max-age=300, stale-while-revalidate=3600");
/// How long the feed of movers, which reads of all tools, is kept.
const MOVERS_KEPT_SECONDS: i64 = 60;

/// What the feeds work with.
pub struct FeedState {
    pub pages: Data<SiteState>,
    /// The feed of movers and when it was made.
    movers: ArcSwapOption<(Timestamp, Bytes)>,
    /// Held by the request that makes it anew. The others get the one before.
    renewal: Semaphore,
}

impl FeedState {
    pub fn new(pages: Data<SiteState>) -> Self {
        Self {
            pages,
            movers: ArcSwapOption::empty(),
            renewal: Semaphore::new(1),
        }
    }

    fn maker(&self, now: Timestamp) -> EntryMaker<'_> {
        EntryMaker {
            site: &self.pages.site,
            min_votes: self.pages.board.min_votes(),
            now,
        }
    }
}

fn answer(http: &HttpRequest, body: Bytes) -> HttpResponse {
    public(http, body, ATOM, FEED_CACHE)
}

fn rendered(feed: &Feed) -> Result<Bytes, Problem> {
    feed.render().map(Bytes::from).map_err(|cause| {
        tracing::error!(%cause, "feed could not be rendered");
        Problem::internal()
    })
}

/// The tools that moved most, day by day.
///
/// # Errors
/// 503 while the database cannot be read.
pub async fn get_movers(
    http: HttpRequest,
    state: Data<FeedState>,
) -> Result<HttpResponse, Problem> {
    let now = Timestamp::now();
    let fresh = now.plus_seconds(-MOVERS_KEPT_SECONDS);
    let kept = state.movers.load_full();
    let renewal = state.renewal.try_acquire();
    if let Some((made, body)) = kept.as_deref()
        && (*made > fresh || renewal.is_err())
    {
        return Ok(answer(&http, body.clone()));
    }
    let pages = &state.pages;
    let days = days(now);
    let moments = days.clone();
    let starts = read(&pages.readers, move |conn| {
        history::counts_at(conn, &moments)
    })
    .await?;
    let shelf = pages.shelf.all();
    let tools: Vec<ToolWithTally> = shelf
        .iter()
        .filter_map(|shelved| pages.find(shelved.slug.as_str()))
        .collect();
    let feed = Feed {
        title: "Tallyship: tools that move".to_owned(),
        site: pages.site.clone(),
        path: "/feeds/movers.atom".to_owned(),
        page: "/".to_owned(),
        updated: now.day(),
        entries: Vec::new(),
    };
    let maker = state.maker(now);
    let feed = feed.with(movers(&maker, &tools, &days, &starts));
    let body = rendered(&feed)?;
    state.movers.store(Some(Arc::new((now, body.clone()))));
    Ok(answer(&http, body))
}

/// The last days on which a tool's counts changed.
///
/// # Errors
/// 404 `unknown-tool`; 503 while the database cannot be read.
pub async fn get_tool_feed(
    http: HttpRequest,
    slug: Path<String>,
    state: Data<FeedState>,
) -> Result<HttpResponse, Problem> {
    let pages = &state.pages;
    let tool = pages
        .find(&slug)
        .ok_or_else(|| Problem::unknown_tool(&slug))?;
    let id = tool.slot.id;
    let days = read(&pages.readers, move |conn| history::days(conn, id)).await?;
    let maker = state.maker(Timestamp::now());
    let mut before = (0, 0);
    let mut entries: Vec<Entry> = Vec::new();
    for (day, after) in days {
        if before != after {
            entries.push(maker.entry(&tool, &DayChange { day, before, after }));
        }
        before = after;
    }
    let newest = entries.split_off(entries.len().saturating_sub(MAX_DAYS));
    let feed = Feed {
        title: format!("{}: community votes day by day", tool.name()),
        site: pages.site.clone(),
        path: format!("/feeds/{}.atom", tool.shelved.slug),
        page: format!("/tools/{}", tool.shelved.slug),
        updated: tool.slot.tally().row.updated_at,
        entries: Vec::new(),
    };
    Ok(answer(&http, rendered(&feed.with(newest))?))
}
