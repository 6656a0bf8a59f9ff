//! The log in the database: its journal, entries, tiles, lists, and the checkpoint that all of it leads to.
//!
//! The worker writes through [`commit`], in one transaction that compares the checkpoint before it replaces it; routes and
//! commands read. Level 0 of the tiles is computed from the entries.

pub mod index;
pub mod present;
pub mod restate;

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

use super::checkpoint::Checkpoint;
use super::entry::{Entry, entries_of};
use super::epoch::{LoggedTool, LoggedTools, ToolNow};
use super::merkle::{Hash, TILE_WIDTH, TileError, Tiles, TreeReader, leaf_hash, parse_tile};
use crate::domain::Counts;
use crate::infra::db::schema::{
    log_bundles, log_journal, log_lists, log_tiles, log_tools, logs, tallies, tools,
};
use crate::infra::db::{DbConnection, write_transaction};

/// One log of this site, as its row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    pub id: i32,
    pub origin: String,
    pub verifier_key: String,
    pub size: u64,
    /// The signed note; empty before the first.
    pub checkpoint: String,
    /// Segments whose ballots are indexed.
    pub indexed: u64,
    /// The first entry of a log that comes after another.
    pub follows: String,
}

type LogColumns = (i32, String, String, i64, String, i64, String);

fn log_row(columns: LogColumns) -> LogRow {
    let (id, origin, verifier_key, size, checkpoint, indexed, follows) = columns;
    LogRow {
        id,
        origin,
        verifier_key,
        size: unsigned(size),
        checkpoint,
        indexed: unsigned(indexed),
        follows,
    }
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Every log, oldest first.
pub fn all(conn: &mut DbConnection) -> QueryResult<Vec<LogRow>> {
    let rows: Vec<LogColumns> = logs::table.order(logs::id).load(conn)?;
    Ok(rows.into_iter().map(log_row).collect())
}

/// The log that is written on.
pub fn newest(conn: &mut DbConnection) -> QueryResult<Option<LogRow>> {
    let row: Option<LogColumns> = logs::table.order(logs::id.desc()).first(conn).optional()?;
    Ok(row.map(log_row))
}

/// Whether the database has a checkpoint's log as the checkpoint says it, and maybe further entries.
pub fn continues(
    conn: &mut DbConnection,
    log: i32,
    checkpoint: &Checkpoint,
    note: &str,
) -> QueryResult<bool> {
    let Some(row) = all(conn)?.into_iter().find(|row| row.id == log) else {
        return Ok(false);
    };
    if row.checkpoint == note {
        return Ok(true);
    }
    if row.size < checkpoint.size {
        return Ok(false);
    }
    let mut tiles = StoredTiles { conn, log };
    match TreeReader::new(row.size, &mut tiles).root_at(checkpoint.size) {
        Ok(root) => Ok(root == checkpoint.root),
        Err(TileError::Read(cause)) => Err(cause),
        Err(TileError::Short { .. }) => Ok(false),
    }
}

/// Whether a log has all that the one which follows it says of it. A database that was put back has less than was published.
pub fn is_whole(conn: &mut DbConnection, log: &LogRow) -> QueryResult<bool> {
    let is_behind = |follows: &str| match Entry::parse(follows) {
        Some(Entry::Follows { origin, size, .. }) => origin == log.origin && size > log.size,
        _ => false,
    };
    let logs = all(conn)?;
    Ok(!logs.iter().any(|other| is_behind(&other.follows)))
}

/// Notes a log that has no entries yet.
pub fn create(
    conn: &mut DbConnection,
    id: i32,
    (origin, key): (&str, &str),
    follows: &str,
) -> QueryResult<()> {
    diesel::insert_into(logs::table)
        .values((
            logs::id.eq(id),
            logs::origin.eq(origin),
            logs::verifier_key.eq(key),
            logs::size.eq(0),
            logs::checkpoint.eq(""),
            logs::indexed.eq(0),
            logs::follows.eq(follows),
        ))
        .execute(conn)?;
    Ok(())
}

/// Runs `work` on one state of the database.
pub fn in_snapshot<T>(
    conn: &mut DbConnection,
    work: impl FnOnce(&mut DbConnection) -> QueryResult<T>,
) -> QueryResult<T> {
    conn.batch_execute(match conn {
        DbConnection::Sqlite(_) => "BEGIN",
        DbConnection::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    })?;
    let result = work(conn);
    conn.batch_execute("ROLLBACK")?;
    result
}

/// Records of the journal after `after`, at most `limit`.
pub fn journal(
    conn: &mut DbConnection,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<(i64, Vec<u8>)>> {
    log_journal::table
        .filter(log_journal::seq.gt(after))
        .order(log_journal::seq)
        .limit(limit)
        .load(conn)
}

type ToolColumns = (i32, String, i64, i64, i64, i64, i64, i64, i64, i64, i64);

/// What the log states of each tool.
pub fn logged_tools(conn: &mut DbConnection) -> QueryResult<LoggedTools> {
    let counts = |ship, skip| Counts { ship, skip };
    let rows: Vec<ToolColumns> = log_tools::table.load(conn)?;
    let tool = |(id, slug, a, b, c, d, e, f, ship, skip, version)| {
        let tool = LoggedTool {
            slug,
            named: counts(a, b),
            unnamed: counts(c, d),
            held: counts(e, f),
            tally: counts(ship, skip),
            version,
        };
        (id, tool)
    };
    Ok(rows.into_iter().map(tool).collect())
}

/// Every tool's name and tally at this moment.
pub fn tools_now(conn: &mut DbConnection) -> QueryResult<BTreeMap<i32, (ToolNow, Counts)>> {
    let rows: Vec<(i32, String, i64, i64, i64)> = tools::table
        .inner_join(tallies::table.on(tallies::tool_id.eq(tools::id)))
        .select((
            tools::id,
            tools::slug,
            tallies::version,
            tallies::ship,
            tallies::skip,
        ))
        .load(conn)?;
    let tool = |(id, slug, version, ship, skip)| {
        let counts = Counts { ship, skip };
        (id, (ToolNow { slug, version }, counts))
    };
    Ok(rows.into_iter().map(tool).collect())
}

/// A bundle's bytes, with every entry that it has so far.
pub fn bundle(conn: &mut DbConnection, log: i32, n: u64) -> QueryResult<Option<Vec<u8>>> {
    log_bundles::table
        .find((log, signed(n)))
        .select(log_bundles::entries)
        .first(conn)
        .optional()
}

/// A list's text.
pub fn list(conn: &mut DbConnection, log: i32, hash: &Hash) -> QueryResult<Option<String>> {
    log_lists::table
        .find((log, hash.to_vec()))
        .select(log_lists::ballots)
        .first(conn)
        .optional()
}

/// The tiles of a log.
pub struct StoredTiles<'a> {
    pub conn: &'a mut DbConnection,
    pub log: i32,
}

impl Tiles for StoredTiles<'_> {
    type Error = diesel::result::Error;

    fn tile(&mut self, level: u8, n: u64, width: u64) -> QueryResult<Vec<Hash>> {
        if level == 0 {
            let bundle = bundle(self.conn, self.log, n)?.unwrap_or_default();
            let width = usize::try_from(width).unwrap_or(usize::MAX);
            let entries = entries_of(&bundle).take(width).flatten();
            return Ok(entries.map(|entry| leaf_hash(entry.as_bytes())).collect());
        }
        let hashes: Option<Vec<u8>> = log_tiles::table
            .find((self.log, i16::from(level), signed(n)))
            .select(log_tiles::hashes)
            .first(self.conn)
            .optional()?;
        Ok(hashes.as_deref().and_then(parse_tile).unwrap_or_default())
    }
}

/// What an epoch writes, all of it or nothing.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    pub log: i32,
    /// What the row must still say.
    pub old_size: u64,
    pub old_checkpoint: String,
    pub size: u64,
    pub checkpoint: String,
    pub bundles: BTreeMap<u64, Vec<u8>>,
    pub tiles: BTreeMap<(u8, u64), Vec<u8>>,
    pub lists: BTreeMap<Hash, String>,
    pub tools: LoggedTools,
    /// Records of the journal that are stated now.
    pub journal: Vec<i64>,
}

/// Statements over many keys name this many at once.
const KEYS: usize = 500;

/// Writes an epoch, unless somebody else has written one: then nothing, and false.
pub fn commit(conn: &mut DbConnection, epoch: &Commit) -> QueryResult<bool> {
    write_transaction(conn, |conn| {
        let row = logs::table
            .find(epoch.log)
            .filter(logs::size.eq(signed(epoch.old_size)))
            .filter(logs::checkpoint.eq(&epoch.old_checkpoint));
        // The row's lock keeps a second sequencer out until this one has committed.
        let replaced = diesel::update(row)
            .set((
                logs::size.eq(signed(epoch.size)),
                logs::checkpoint.eq(&epoch.checkpoint),
            ))
            .execute(conn)?;
        if replaced != 1 {
            return Ok(false);
        }
        write_entries(conn, epoch)?;
        write_tools(conn, &epoch.tools)?;
        for keys in epoch.journal.chunks(KEYS) {
            diesel::delete(log_journal::table.filter(log_journal::seq.eq_any(keys)))
                .execute(conn)?;
        }
        Ok(true)
    })
}

/// Puts a checkpoint with more signatures in the place of `old`, unless another is there by now: then nothing, and false.
///
/// # Errors
/// A failed statement.
pub fn replace_note(
    conn: &mut DbConnection,
    log: i32,
    (old, new): (&str, &str),
) -> QueryResult<bool> {
    let row = logs::table.find(log).filter(logs::checkpoint.eq(old));
    let replaced = diesel::update(row).set(logs::checkpoint.eq(new));
    Ok(replaced.execute(conn)? == 1)
}

fn write_entries(conn: &mut DbConnection, epoch: &Commit) -> QueryResult<()> {
    let log = epoch.log;
    for (n, entries) in &epoch.bundles {
        let key = (log, signed(*n));
        diesel::delete(log_bundles::table.find(key)).execute(conn)?;
        diesel::insert_into(log_bundles::table)
            .values((
                log_bundles::log_id.eq(log),
                log_bundles::n.eq(key.1),
                log_bundles::entries.eq(entries),
            ))
            .execute(conn)?;
    }
    for ((level, n), hashes) in &epoch.tiles {
        let key = (log, i16::from(*level), signed(*n));
        diesel::delete(log_tiles::table.find(key)).execute(conn)?;
        diesel::insert_into(log_tiles::table)
            .values((
                log_tiles::log_id.eq(log),
                log_tiles::level.eq(key.1),
                log_tiles::n.eq(key.2),
                log_tiles::hashes.eq(hashes),
            ))
            .execute(conn)?;
    }
    for (hash, ballots) in &epoch.lists {
        diesel::delete(log_lists::table.find((log, hash.to_vec()))).execute(conn)?;
        diesel::insert_into(log_lists::table)
            .values((
                log_lists::log_id.eq(log),
                log_lists::hash.eq(hash.as_slice()),
                log_lists::ballots.eq(ballots),
            ))
            .execute(conn)?;
    }
    Ok(())
}

fn write_tools(conn: &mut DbConnection, tools: &LoggedTools) -> QueryResult<()> {
    for (id, tool) in tools {
        diesel::delete(log_tools::table.find(id)).execute(conn)?;
        diesel::insert_into(log_tools::table)
            .values((
                log_tools::tool_id.eq(id),
                log_tools::slug.eq(&tool.slug),
                log_tools::named_ship.eq(tool.named.ship),
                log_tools::named_skip.eq(tool.named.skip),
                log_tools::unnamed_ship.eq(tool.unnamed.ship),
                log_tools::unnamed_skip.eq(tool.unnamed.skip),
                log_tools::held_ship.eq(tool.held.ship),
                log_tools::held_skip.eq(tool.held.skip),
                log_tools::ship.eq(tool.tally.ship),
                log_tools::skip.eq(tool.tally.skip),
                log_tools::version.eq(tool.version),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Forgets what the log before stated: the next one states the present whole.
pub fn forget_tools(conn: &mut DbConnection) -> QueryResult<()> {
    diesel::delete(log_tools::table).execute(conn)?;
    Ok(())
}

/// Deletes the row of a log that has no checkpoint.
pub fn delete_unsigned(conn: &mut DbConnection, id: i32) -> QueryResult<()> {
    let row = logs::table.find(id).filter(logs::checkpoint.eq(""));
    diesel::delete(row).execute(conn)?;
    Ok(())
}

/// Entries `from..to`, one after another.
pub fn entries(
    conn: &mut DbConnection,
    log: i32,
    (from, to): (u64, u64),
    mut take: impl FnMut(u64, &str),
) -> QueryResult<()> {
    for n in from / TILE_WIDTH..to.div_ceil(TILE_WIDTH) {
        let bundle = bundle(conn, log, n)?.unwrap_or_default();
        for (index, entry) in (n * TILE_WIDTH..).zip(entries_of(&bundle).flatten()) {
            if (from..to).contains(&index) {
                take(index, entry);
            }
        }
    }
    Ok(())
}

/// The numbers of all records.
pub fn journal_seqs(conn: &mut DbConnection) -> QueryResult<Vec<i64>> {
    log_journal::table.select(log_journal::seq).load(conn)
}
