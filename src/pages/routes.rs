//! `GET /`, `GET /compare/{a}-vs-{b}` and their assets.

use std::collections::HashMap;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, REFERRER_POLICY};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use bytes::Bytes;

use super::{ComparePage, IndexPage, card};
use crate::catalog::shelf::Shelf;
use crate::db::{Readers, read};
use crate::identity::Identity;
use crate::problem::{Code, Problem};
use crate::tallies::board::{Board, etag};
use crate::tallies::routes::cached;
use crate::verdicts::Verdict;
use crate::vocabulary::{Choice, Moment, ToolState};
use crate::votes::store;

/// Everything of ours, nothing of anybody else's, and no script in the page itself.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
     img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What the pages work with.
pub struct State {
    pub identity: Data<Identity>,
    pub shelf: Data<Shelf>,
    pub board: Data<Board>,
    pub readers: Readers,
}

impl State {
    /// The visitor's choices on `tools`; none for a stranger, or while the database cannot be read.
    pub async fn own(&self, http: &HttpRequest, tools: Vec<i32>) -> HashMap<i32, Choice> {
        let Ok(voter) = self.identity.voter(http, Moment::now()) else {
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
}

fn page(template: &impl Template) -> Result<HttpResponse, Problem> {
    let html = template.render().map_err(|cause| {
        tracing::error!(%cause, "a page could not be drawn");
        Problem::internal()
    })?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .insert_header(("content-security-policy", CONTENT_POLICY))
        .insert_header((REFERRER_POLICY, "strict-origin-when-cross-origin"))
        .body(html))
}

/// Every tool that is not archived, by name.
///
/// # Errors
/// None that a visitor can cause.
pub async fn get_index(http: HttpRequest, state: Data<State>) -> Result<HttpResponse, Problem> {
    let verdicts: Vec<Verdict> = state
        .shelf
        .all()
        .into_iter()
        .filter_map(|shelved| {
            let slot = state.board.find(shelved.slug.as_str())?;
            (slot.tally().row.state != ToolState::Archived).then_some(Verdict { shelved, slot })
        })
        .collect();
    let own = state
        .own(
            &http,
            verdicts
                .iter()
                .take(100)
                .map(|verdict| verdict.slot.id)
                .collect(),
        )
        .await;
    let cards: Vec<_> = verdicts
        .iter()
        .map(|verdict| card(verdict, &own, state.board.min_votes()))
        .collect();
    let comparison = match cards.as_slice() {
        [a, b, ..] => Some((
            format!("/compare/{}-vs-{}", a.slug, b.slug),
            format!("{} vs {}", a.name, b.name),
        )),
        _ => None,
    };
    page(&IndexPage { cards, comparison })
}

/// Two tools side by side.
///
/// # Errors
/// 404 `not-found` where the path names no two tools.
pub async fn get_compare(
    http: HttpRequest,
    pair: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let found = split(&pair).find_map(|(a, b)| {
        Some([
            Verdict::find(&state.shelf, &state.board, a)?,
            Verdict::find(&state.shelf, &state.board, b)?,
        ])
    });
    let verdicts =
        found.ok_or_else(|| Problem::new(Code::NotFound, "There is no such comparison."))?;
    let own = state
        .own(
            &http,
            verdicts.iter().map(|verdict| verdict.slot.id).collect(),
        )
        .await;
    let cards: Vec<_> = verdicts
        .iter()
        .map(|verdict| card(verdict, &own, state.board.min_votes()))
        .collect();
    let title = cards
        .iter()
        .map(|card| card.name)
        .collect::<Vec<_>>()
        .join(" vs ");
    page(&ComparePage {
        title,
        here: format!("/compare/{pair}"),
        cards,
        min_votes: state.board.min_votes(),
    })
}

/// Every way to read `a-vs-b`: a slug may hold `-vs-` itself.
pub fn split(pair: &str) -> impl Iterator<Item = (&str, &str)> {
    pair.match_indices("-vs-")
        .filter_map(|(at, found)| Some((pair.get(..at)?, pair.get(at + found.len()..)?)))
}

const ASSETS: [(&str, &str, &str); 2] = [
    (
        "site.css",
        "text/css; charset=utf-8",
        include_str!("assets/site.css"),
    ),
    (
        "vote.js",
        "text/javascript; charset=utf-8",
        include_str!("assets/vote.js"),
    ),
];

/// A style sheet or a script, compiled in.
///
/// # Errors
/// 404 `not-found`.
pub async fn get_asset(http: HttpRequest, name: Path<String>) -> Result<HttpResponse, Problem> {
    let found = ASSETS.iter().find(|(asset, _, _)| *asset == name.as_str());
    let (_, kind, text) =
        found.ok_or_else(|| Problem::new(Code::NotFound, "There is no such asset."))?;
    let body = Bytes::from_static(text.as_bytes());
    let tag = etag(&body);
    let mut answer = cached(http.headers(), body, tag);
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("public, no-cache"));
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_pair_may_be_read_in_several_ways() {
        assert_eq!(split("a-vs-b").collect::<Vec<_>>(), [("a", "b")]);
        assert_eq!(
            split("a-vs-b-vs-c").collect::<Vec<_>>(),
            [("a", "b-vs-c"), ("a-vs-b", "c")]
        );
        assert_eq!(split("a-b").count(), 0);
    }
}
