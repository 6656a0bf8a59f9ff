//! `/log…` and `/v1/log…`: the log as anybody reads it. What is under a checkpoint never changes, so caches may keep it.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use super::entry::{entries_of, parse_hex, push_entry};
use super::merkle::{TILE_WIDTH, Tiles, TreeReader, tile_width};
use super::proof::Proof;
use super::published::{PublicLog, Published};
use super::store::{self, LogRow, StoredTiles, index};
use super::tile_path::{TilePath, parse_decimal};
use crate::domain::{BallotName, Choice};
use crate::http::problem::{Code, Problem};
use crate::infra::db::{Readers, read};

const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// A checkpoint is replaced every four seconds at most.
const CHECKPOINT: &str = "public, max-age=1";
/// What a later epoch may change.
const BRIEFLY: &str = "public, max-age=2";
const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";

/// What the routes work with.
pub struct LogState {
    pub log: Data<PublicLog>,
    pub readers: Readers,
    /// Where browsers reach the site, without a slash at its end.
    pub site: String,
    /// Ballots that are looked up at once: each reads the end of the log.
    pub lookups: Semaphore,
}

fn answer(body: impl Into<bytes::Bytes>, content_type: &str, caching: &str) -> HttpResponse {
    HttpResponse::build(StatusCode::OK)
        .insert_header((CACHE_CONTROL, caching))
        .insert_header((CONTENT_TYPE, content_type))
        .body(body.into())
}

fn missing() -> Problem {
    Problem::not_found("The log has no such part.")
}

fn number(text: &str) -> Option<i32> {
    i32::try_from(parse_decimal(text)?).ok()
}

/// A log of this site, by the number in the path: none for the first.
async fn log_of(http: &HttpRequest, state: &LogState) -> Result<LogRow, Problem> {
    let id = match http.match_info().get("log") {
        None => 1,
        Some(text) => number(text).filter(|id| *id > 1).ok_or_else(missing)?,
    };
    let logs = read(&state.readers, store::all).await?;
    let log = logs.into_iter().find(|log| log.id == id);
    log.filter(|log| !log.checkpoint.is_empty())
        .ok_or_else(missing)
}

/// How far a log is public: the newest as far as its checkpoint is shown, earlier ones whole.
fn public_size(state: &LogState, log: &LogRow) -> u64 {
    match state.log.published() {
        Some(shown) if shown.log == log.id => shown.checkpoint.size,
        Some(shown) if shown.log > log.id => log.size,
        _ => 0,
    }
}

/// The newest checkpoint.
///
/// # Errors
/// 404, 503 while there is none to show.
pub async fn get_checkpoint(
    http: HttpRequest,
    state: Data<LogState>,
) -> Result<HttpResponse, Problem> {
    if let Some(shown) = state.log.published() {
        let wanted = http.match_info().get("log").map_or(Some(1), number);
        if wanted == Some(shown.log) {
            return Ok(answer(shown.note.clone(), TEXT, CHECKPOINT));
        }
        let log = log_of(&http, &state).await?;
        if log.id < shown.log {
            return Ok(answer(log.checkpoint, TEXT, CHECKPOINT));
        }
    }
    Err(Problem::unavailable())
}

/// The verifier key.
///
/// # Errors
/// 404, 503.
pub async fn get_key(http: HttpRequest, state: Data<LogState>) -> Result<HttpResponse, Problem> {
    let log = log_of(&http, &state).await?;
    Ok(answer(log.verifier_key + "\n", TEXT, "public, max-age=300"))
}

/// A tile of hashes, or a bundle of entries.
///
/// # Errors
/// 404, 503.
pub async fn get_tile(http: HttpRequest, state: Data<LogState>) -> Result<HttpResponse, Problem> {
    let info = http.match_info();
    let path = info
        .get("tile")
        .and_then(TilePath::parse)
        .ok_or_else(missing)?;
    let level = match info.get("level") {
        Some("entries") => None,
        level => {
            let level = level.and_then(parse_decimal).filter(|level| *level < 64);
            let level = level.and_then(|level| u8::try_from(level).ok());
            Some(level.ok_or_else(missing)?)
        }
    };
    let log = log_of(&http, &state).await?;
    let size = public_size(&state, &log);
    if tile_width(size, level.unwrap_or(0), path.n) < path.width {
        return Err(missing());
    }
    let body = read(&state.readers, move |conn| match level {
        None => {
            let bundle = store::bundle(conn, log.id, path.n)?.unwrap_or_default();
            Ok(first_entries(bundle, path.width))
        }
        Some(level) => {
            let mut tiles = StoredTiles { conn, log: log.id };
            let mut hashes = tiles.tile(level, path.n, path.width)?;
            hashes.truncate(usize::try_from(path.width).unwrap_or(usize::MAX));
            Ok(hashes.concat())
        }
    })
    .await?;
    if body.is_empty() {
        return Err(missing());
    }
    Ok(answer(body, BYTES, IMMUTABLE))
}

fn first_entries(bundle: Vec<u8>, width: u64) -> Vec<u8> {
    if width == TILE_WIDTH {
        return bundle;
    }
    let width = usize::try_from(width).unwrap_or(usize::MAX);
    let mut first = Vec::with_capacity(bundle.len());
    for entry in entries_of(&bundle).take(width).flatten() {
        push_entry(&mut first, entry);
    }
    first
}

/// The ballots that an `exclude` or `include` line names.
///
/// # Errors
/// 404, 503.
pub async fn get_list(http: HttpRequest, state: Data<LogState>) -> Result<HttpResponse, Problem> {
    let hash = http.match_info().get("hash").and_then(parse_hex);
    let hash = hash.ok_or_else(missing)?;
    let log = log_of(&http, &state).await?;
    let list = read(&state.readers, move |conn| store::list(conn, log.id, &hash)).await?;
    Ok(answer(list.ok_or_else(missing)?, TEXT, IMMUTABLE))
}

/// A log of this site.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogView {
    pub origin: String,
    /// Below it are `checkpoint`, `key`, `tile` and `lists`.
    pub url: String,
}

/// The logs of this site.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogList {
    /// Oldest first; votes go into the last.
    pub items: Vec<LogView>,
}

/// All logs of this site, oldest first.
///
/// # Errors
/// 503.
pub async fn get_logs(state: Data<LogState>) -> Result<HttpResponse, Problem> {
    let logs = read(&state.readers, store::all).await?;
    let url = |id| match id {
        ..=1 => format!("{}/log", state.site),
        id => format!("{}/log/{id}", state.site),
    };
    let items = logs.into_iter().map(|log| LogView {
        url: url(log.id),
        origin: log.origin,
    });
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, BRIEFLY))
        .json(LogList {
            items: items.collect(),
        }))
}

/// One line of a ballot.
#[derive(Debug, Serialize, ToSchema)]
pub struct BallotEntryView {
    pub index: u64,
    /// `null`: the vote was withdrawn.
    #[schema(required)]
    pub choice: Option<Choice>,
}

/// What the log says of a ballot.
#[derive(Debug, Serialize, ToSchema)]
pub struct BallotView {
    #[schema(value_type = String)]
    pub ballot: BallotName,
    pub tool: String,
    /// Oldest first; the last stands.
    pub entries: Vec<BallotEntryView>,
    /// The resets and periods that take it out of the tally.
    pub excluded_by: Vec<i64>,
}

fn shown(state: &LogState) -> Result<std::sync::Arc<Published>, Problem> {
    state.log.published().ok_or_else(Problem::unavailable)
}

/// A ballot, once it is under a checkpoint.
///
/// # Errors
/// 404, 503.
pub async fn get_ballot(http: HttpRequest, state: Data<LogState>) -> Result<HttpResponse, Problem> {
    let unknown = || {
        Problem::not_found("The log has no such ballot, or not yet: an epoch takes four seconds.")
    };
    let name = http.match_info().get("ballot").and_then(BallotName::parse);
    let name = name.ok_or_else(unknown)?;
    let shown = shown(&state)?;
    let Ok(_lookup) = state.lookups.try_acquire() else {
        let busy = "Other ballots are being looked up; please try again.";
        return Err(Problem::new(Code::Overloaded, busy).retry_after(1));
    };
    let found = read(&state.readers, move |conn| {
        let Some(row) = store::newest(conn)?.filter(|row| row.id == shown.log) else {
            return Ok(None);
        };
        index::find(conn, &row, shown.checkpoint.size, &name)
    })
    .await?;
    let found = found.ok_or_else(unknown)?;
    let entries = found.entries.into_iter();
    let body = BallotView {
        ballot: name,
        tool: found.tool,
        entries: entries
            .map(|(index, choice)| BallotEntryView { index, choice })
            .collect(),
        excluded_by: found.excluded_by,
    };
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, BRIEFLY))
        .json(body))
}

/// The proof that an entry is in the log.
///
/// # Errors
/// 404, 503.
pub async fn get_proof(http: HttpRequest, state: Data<LogState>) -> Result<HttpResponse, Problem> {
    let unknown = || {
        Problem::not_found("The log has no such entry, or not yet: an epoch takes four seconds.")
    };
    let index = http.match_info().get("index").and_then(parse_decimal);
    let index = index.ok_or_else(unknown)?;
    let shown = shown(&state)?;
    if index >= shown.checkpoint.size {
        return Err(unknown());
    }
    let proof = read(&state.readers, move |conn| {
        let mut tiles = StoredTiles {
            conn,
            log: shown.log,
        };
        let proof = TreeReader::new(shown.checkpoint.size, &mut tiles).inclusion(index);
        Ok(proof.ok().map(|hashes| Proof {
            index,
            hashes,
            checkpoint: shown.note.clone(),
        }))
    })
    .await?;
    let proof = proof.ok_or_else(Problem::unavailable)?;
    Ok(answer(proof.text(), TEXT, BRIEFLY))
}
