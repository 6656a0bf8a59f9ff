//! `GET /v1/tools/{slug}/tally` and `GET /v1/tallies`: from memory, with strong entity tags.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH,
};
use bytes::Bytes;

use crate::domain::Timestamp;
use crate::http::problem::Problem;
use crate::http::request::{self, RequestParts};
use crate::tallies::batch_cache::Batches;
use crate::tallies::cache::{TallyCache, etag};

/// A second old is fresh enough for everybody; caches may show it for ten more while they ask again.
const PUBLIC: HeaderValue =
    HeaderValue::from_static("public, max-age=1, stale-while-revalidate=10");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Whether `If-None-Match` names this tag (RFC 9110 §13.1.2: weak comparison, a list, or `*`).
fn unchanged(headers: &HeaderMap, etag: &[u8]) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == etag)
}

/// A public answer of `body`, or 304 where the caller has it already.
pub fn cached(headers: &HeaderMap, body: Bytes, etag: Bytes) -> HttpResponse {
    let known = unchanged(headers, &etag);
    let mut answer = HttpResponse::new(if known {
        StatusCode::NOT_MODIFIED
    } else {
        StatusCode::OK
    });
    // Appended: none of them is there yet, and looking for what an insertion replaces costs as much again.
    let out = answer.headers_mut();
    out.append(CACHE_CONTROL, PUBLIC);
    if let Ok(tag) = HeaderValue::from_maybe_shared(etag) {
        out.append(ETAG, tag);
    }
    if known {
        return answer;
    }
    out.append(CONTENT_TYPE, JSON);
    answer.set_body(body).map_into_boxed_body()
}

/// Whether `include=set-aside` asks for the counts with what is set aside.
///
/// # Errors
/// 422 for anything else to include.
pub fn wants_raw(query: &str) -> Result<bool, Problem> {
    if query.is_empty() {
        return Ok(false);
    }
    match request::query(query, "include").as_deref() {
        None => Ok(false),
        Some("set-aside") => Ok(true),
        Some(_) => Err(Problem::invalid("include: expected set-aside.")),
    }
}

/// One tally.
///
/// # Errors
/// 404 `unknown-tool`, 422.
pub fn get_tally(call: &impl RequestParts, board: &TallyCache) -> Result<HttpResponse, Problem> {
    let slug = request::slug(call.path());
    let slot = board
        .find(slug)
        .ok_or_else(|| Problem::unknown_tool(slug))?;
    let raw = wants_raw(call.query())?;
    let stale = board.is_stale(Timestamp::now());
    if raw || stale {
        let body = board.body(&slot, raw, stale);
        let tag = etag(&body);
        return Ok(cached(call.headers(), body, tag));
    }
    let tally = slot.tally();
    Ok(cached(
        call.headers(),
        tally.body.clone(),
        tally.etag.clone(),
    ))
}

/// Up to 100 tallies, in the order asked; `missing` lists what is no tool.
///
/// # Errors
/// 422 for none or too many.
pub fn get_tallies(
    call: &impl RequestParts,
    board: &TallyCache,
    batches: &Batches,
) -> Result<HttpResponse, Problem> {
    let stale = board.is_stale(Timestamp::now());
    let batch = batches.get(board, call.query(), stale)?;
    Ok(cached(
        call.headers(),
        batch.body.clone(),
        batch.etag.clone(),
    ))
}
