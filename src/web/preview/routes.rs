//! `GET /preview/tools/{slug}.png` and `GET /preview/compare/{a}-vs-{b}.png`.
//!
//! One picture is drawn at a time, on a thread for blocking work: a flood of them takes no worker from votes. What was drawn
//! last is kept, so that a link that many people open is drawn once a change.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::header::HeaderValue;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use tokio::sync::Semaphore;

use super::picture::{self, Picture};
use crate::catalog::views::leaders;
use crate::http::problem::{Code, Problem};
use crate::web::embed::routes::{BADGE_CACHE, public};
use crate::web::site::compare;
use crate::web::site::state::SiteState;

/// Pictures that are kept, of some 40 KiB each.
const MAX_KEPT: usize = 64;
const PNG: HeaderValue = HeaderValue::from_static("image/png");

/// The newest pictures, and the turn to draw one.
pub struct PreviewState {
    pages: Data<SiteState>,
    kept: Mutex<VecDeque<(Picture, Bytes)>>,
    turn: Arc<Semaphore>,
}

impl PreviewState {
    pub fn new(pages: Data<SiteState>) -> Self {
        Self {
            pages,
            kept: Mutex::default(),
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    fn find(&self, picture: &Picture) -> Option<Bytes> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let same = kept.iter().find(|(kept, _)| kept == picture);
        same.map(|(_, png)| png.clone())
    }

    async fn drawn(&self, picture: Picture) -> Result<Bytes, Problem> {
        if let Some(png) = self.find(&picture) {
            return Ok(png);
        }
        let failed = |cause: String| {
            tracing::error!(%cause, "preview could not be drawn");
            Problem::internal()
        };
        let turn = Arc::clone(&self.turn).acquire_owned().await;
        let turn = turn.map_err(|cause| failed(cause.to_string()))?;
        // Somebody may have drawn it meanwhile.
        if let Some(png) = self.find(&picture) {
            return Ok(png);
        }
        let drawing = tokio::task::spawn_blocking(move || {
            let png = picture.png();
            // It belongs to the drawing: a caller that hangs up does not end it.
            drop(turn);
            png.map(|png| (picture, Bytes::from(png)))
        });
        let outcome = drawing.await.map_err(|cause| failed(cause.to_string()))?;
        let (picture, png) = outcome.map_err(failed)?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_front((picture, png.clone()));
        kept.truncate(MAX_KEPT);
        Ok(png)
    }
}

/// The preview of a tool's page.
///
/// # Errors
/// 404 `unknown-tool`.
pub async fn get_tool_preview(
    http: HttpRequest,
    slug: Path<String>,
    state: Data<PreviewState>,
) -> Result<HttpResponse, Problem> {
    let verdict = state.pages.find(&slug);
    let verdict = verdict.ok_or_else(|| Problem::unknown_tool(&slug))?;
    let card = state.pages.card(&verdict, &HashMap::new());
    let png = state.drawn(Picture::of(&[&card], &card.gap, "")).await?;
    Ok(public(&http, png, PNG, BADGE_CACHE))
}

/// The preview of a comparison's page.
///
/// # Errors
/// 404 `not-found` where the path names no two tools.
pub async fn get_compare_preview(
    http: HttpRequest,
    pair: Path<String>,
    state: Data<PreviewState>,
) -> Result<HttpResponse, Problem> {
    let found = state.pages.pair(&pair);
    let [left, right] = found.ok_or_else(|| Problem::new(Code::NotFound, "No such comparison."))?;
    let nobody = HashMap::new();
    let mut cards = [&left, &right].map(|verdict| state.pages.card(verdict, &nobody));
    let names = cards.each_ref().map(picture::name);
    for (card, name) in cards.iter_mut().zip(&names) {
        card.name = name;
    }
    let [a, b] = &cards;
    let rows = [(&left.shelved.slug, a.row), (&right.shelved.slug, b.row)];
    let leaders = leaders(&rows, state.pages.board.min_votes());
    let headline = compare::community_words(&cards, &leaders);
    let foot = compare::panel_words(&cards, &leaders);
    let png = state.drawn(Picture::of(&[a, b], &headline, &foot)).await?;
    Ok(public(&http, png, PNG, BADGE_CACHE))
}
