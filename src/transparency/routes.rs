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
use crate::infra::db::{DbConnection, QueryResult, Readers, read};

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

/// The number of a log, by the path: none for the first.
fn log_id(http: &HttpRequest) -> Result<i32, Problem> {
    match http.match_info().get("log") {
        None => Ok(1),
        Some(text) => number(text).filter(|id| *id > 1).ok_or_else(missing),
    }
}

fn not_shown() -> Problem {
    let why = "The log has no checkpoint that may be shown, or the database does not have what it says; please try again.";
    Problem::new(Code::Unavailable, why).retry_after(1)
}

/// Runs `work` on one state of the database, which is a continuation of the checkpoint that is shown: what it reads below
/// that never changes. A database that was put back has other entries.
async fn read_shown<T: Send + 'static>(
    state: &LogState,
    work: impl FnOnce(&mut DbConnection, &Published) -> QueryResult<T> + Send + 'static,
) -> Result<T, Problem> {
    let shown = state.log.published().ok_or_else(not_shown)?;
    let found = read(&state.readers, move |conn| {
        store::in_snapshot(conn, |conn| {
            let has = store::continues(conn, shown.log, &shown.checkpoint, &shown.note)?;
            has.then(|| work(conn, &shown)).transpose()
        })
    });
    found.await?.ok_or_else(not_shown)
}

/// A log as far as it is public: the newest as far as its checkpoint is shown, earlier ones whole.
fn public(conn: &mut DbConnection, id: i32, shown: &Published) -> QueryResult<Option<LogRow>> {
    let log = store::all(conn)?.into_iter().find(|log| log.id == id);
    let log = log.filter(|log| log.id <= shown.log && !log.checkpoint.is_empty());
    Ok(log.map(|mut log| {
        if log.id == shown.log {
            log.size = shown.checkpoint.size;
        }
        log
    }))
}

/// The newest checkpoint.
pub async fn get_checkpoint(
    http: HttpRequest,
    state: Data<LogState>,
) -> Result<HttpResponse, Problem> {
    let id = log_id(&http)?;
    if let Some(shown) = state.log.published().filter(|shown| shown.log == id) {
        return Ok(answer(shown.note.clone(), TEXT, CHECKPOINT));
    }
    let log = read_shown(&state, move |conn, shown| {
        let log = public(conn, id, shown)?;
        log.map(|log| Ok((store::is_whole(conn, &log)?, log)))
            .transpose()
    });
    let (is_whole, log) = log.await?.ok_or_else(missing)?;
    if !is_whole {
        return Err(not_shown());
    }
    Ok(answer(log.checkpoint, TEXT, CHECKPOINT))
}

/// The verifier key.
pub async fn get_key(http: HttpRequest, state: Data<LogState>) -> Result<HttpResponse, Problem> {
    let id = log_id(&http)?;
    let logs = read(&state.readers, store::all).await?;
    let log = logs.into_iter().find(|log| log.id == id);
    let log = log.filter(|log| !log.checkpoint.is_empty());
    let key = log.ok_or_else(missing)?.verifier_key;
    Ok(answer(key + "\n", TEXT, "public, max-age=300"))
}

/// A tile of hashes, or a bundle of entries.
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
    let id = log_id(&http)?;
    let tile = read_shown(&state, move |conn, shown| {
        let width = usize::try_from(path.width).unwrap_or(usize::MAX);
        let Some(log) = public(conn, id, shown)?
            .filter(|log| tile_width(log.size, level.unwrap_or(0), path.n) >= path.width)
        else {
            return Ok(None);
        };
        let Some(level) = level else {
            let bundle = store::bundle(conn, log.id, path.n)?.unwrap_or_default();
            let entries = entries_of(&bundle).take(width).flatten().count();
            return Ok((entries == width).then(|| first_entries(bundle, path.width)));
        };
        let mut tiles = StoredTiles { conn, log: log.id };
        let hashes = tiles.tile(level, path.n, path.width)?;
        Ok(hashes.get(..width).map(<[_]>::concat))
    });
    Ok(answer(tile.await?.ok_or_else(missing)?, BYTES, IMMUTABLE))
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
pub async fn get_list(http: HttpRequest, state: Data<LogState>) -> Result<HttpResponse, Problem> {
    let hash = http.match_info().get("hash").and_then(parse_hex);
    let hash = hash.ok_or_else(missing)?;
    let id = log_id(&http)?;
    let list = read_shown(&state, move |conn, shown| match public(conn, id, shown)? {
        Some(log) => store::list(conn, log.id, &hash),
        None => Ok(None),
    });
    Ok(answer(list.await?.ok_or_else(missing)?, TEXT, IMMUTABLE))
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
pub async fn get_logs(state: Data<LogState>) -> Result<HttpResponse, Problem> {
    let logs = read(&state.readers, store::all).await?;
    let url = |id| match id {
        ..=1 => format!("{}/log", state.site),
        id => format!("{}/log/{id}", state.site),
    };
    // A log without a checkpoint has nothing to read yet.
    let begun = logs.into_iter().filter(|log| !log.checkpoint.is_empty());
    let items = begun.map(|log| LogView {
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
    /// By the slug that it had at the last line.
    pub tool: String,
    /// Oldest first; the last stands.
    pub entries: Vec<BallotEntryView>,
    /// The resets and periods that take it out of the tally.
    pub excluded_by: Vec<i64>,
}

/// A ballot, once it is under a checkpoint.
pub async fn get_ballot(http: HttpRequest, state: Data<LogState>) -> Result<HttpResponse, Problem> {
    let unknown = || {
        Problem::not_found("The log has no such ballot, or not yet: an epoch takes four seconds.")
    };
    let name = http.match_info().get("ballot").and_then(BallotName::parse);
    let name = name.ok_or_else(unknown)?;
    let Ok(_lookup) = state.lookups.try_acquire() else {
        let busy = "Other ballots are being looked up; please try again.";
        return Err(Problem::new(Code::Overloaded, busy).retry_after(1));
    };
    let found = read_shown(&state, move |conn, shown| {
        match public(conn, shown.log, shown)? {
            Some(row) => index::find(conn, &row, row.size, &name),
            None => Ok(None),
        }
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
pub async fn get_proof(http: HttpRequest, state: Data<LogState>) -> Result<HttpResponse, Problem> {
    let unknown = || {
        Problem::not_found("The log has no such entry, or not yet: an epoch takes four seconds.")
    };
    let index = http.match_info().get("index").and_then(parse_decimal);
    let index = index.ok_or_else(unknown)?;
    let proof = read_shown(&state, move |conn, shown| {
        if index >= shown.checkpoint.size {
            return Ok(Err(unknown()));
        }
        let log = shown.log;
        let mut tiles = StoredTiles { conn, log };
        let hashes = TreeReader::new(shown.checkpoint.size, &mut tiles).inclusion(index);
        Ok(match hashes {
            Ok(hashes) => Ok(Proof {
                index,
                hashes,
                checkpoint: shown.note.clone(),
            }),
            Err(_) => Err(not_shown()),
        })
    });
    let proof = proof.await??;
    Ok(answer(proof.text(), TEXT, BRIEFLY))
}
