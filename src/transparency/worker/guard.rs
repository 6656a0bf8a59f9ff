//! [`Guard`]: no second history. It remembers the last checkpoint that this process, its state file and its database have, and
//! lets nothing be signed or shown of which any of them is not a prefix.

use std::path::PathBuf;

use super::append::Edge;
use crate::infra::db::DbConnection;
use crate::transparency::checkpoint::Checkpoint;
use crate::transparency::entry::Entry;
use crate::transparency::merkle::{Frontier, TILE_WIDTH, TileError, TreeReader};
use crate::transparency::note::VerifierKey;
use crate::transparency::state_file::{Kept, LockedState};
use crate::transparency::store::{self, LogRow, StoredTiles};

/// Why nothing is signed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(
        "the configured key is not the key of the log {0}: give that key, or begin a log with `tallyship log new`"
    )]
    OtherKey(String),
    #[error(
        "the log's key file {0} is missing: put it back, or begin a log with `tallyship log new`"
    )]
    NoKey(PathBuf),
    #[error("the log {0} is not the configured origin {1}")]
    OtherOrigin(String, String),
    #[error(
        "the database has {found} entries of the log and {place} remembers {remembered}, of which they are no continuation: \
         the database was put back, or another server wrote. See the runbook, and `tallyship log new`"
    )]
    SecondHistory {
        place: &'static str,
        remembered: u64,
        found: u64,
    },
    #[error("the log's tiles do not lead to its checkpoint")]
    Tiles,
    #[error("{0} has no checkpoint that the log's key signed")]
    Unreadable(&'static str),
    #[error("{0} remembers the log {1}, which this database does not have")]
    OtherLog(&'static str, String),
    #[error(transparent)]
    State(#[from] std::io::Error),
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
}

impl From<TileError<diesel::result::Error>> for Refusal {
    fn from(error: TileError<diesel::result::Error>) -> Self {
        match error {
            TileError::Read(cause) => Self::Query(cause),
            TileError::Short { .. } => Self::Tiles,
        }
    }
}

const MEMORY: &str = "this server";
const STATE: &str = "the state file";

#[derive(Default)]
pub(super) struct Guard {
    /// The last checkpoint that was shown, with its signed note: what bears the same text is not verified again.
    remembered: Option<(String, Checkpoint)>,
    /// The edge under the checkpoint that was checked last.
    edge: Option<(String, Edge)>,
}

impl Guard {
    /// The log must be the one that this server signs.
    pub fn check_key(row: &LogRow, key: &VerifierKey, origin: &str) -> Result<(), Refusal> {
        if row.origin != origin {
            return Err(Refusal::OtherOrigin(row.origin.clone(), origin.to_owned()));
        }
        if row.verifier_key != key.text() {
            return Err(Refusal::OtherKey(row.origin.clone()));
        }
        Ok(())
    }

    /// Checks what the database has, and returns where the next epoch begins.
    pub fn check(
        &mut self,
        conn: &mut DbConnection,
        row: &LogRow,
        state: &mut LockedState,
    ) -> Result<Edge, Refusal> {
        let checkpoint = self.read(row)?;
        self.check_remembered(conn, row, &checkpoint, state)?;
        if let Some((note, edge)) = &self.edge
            && *note == row.checkpoint
        {
            return Ok(edge.clone());
        }
        let mut tiles = StoredTiles { conn, log: row.id };
        let frontier = Frontier::read(row.size, &mut tiles)?;
        if frontier.root() != checkpoint.root || row.size != checkpoint.size {
            return Err(Refusal::Tiles);
        }
        let bundle = if row.size.is_multiple_of(TILE_WIDTH) {
            Vec::new()
        } else {
            store::bundle(conn, row.id, row.size / TILE_WIDTH)?.unwrap_or_default()
        };
        let edge = Edge { frontier, bundle };
        self.edge = Some((row.checkpoint.clone(), edge.clone()));
        Ok(edge)
    }

    /// Checks a checkpoint of the database once more, and remembers it: it is about to be shown.
    pub fn remember(
        &mut self,
        conn: &mut DbConnection,
        row: &LogRow,
        state: &mut LockedState,
    ) -> Result<Checkpoint, Refusal> {
        let checkpoint = self.read(row)?;
        self.check_remembered(conn, row, &checkpoint, state)?;
        self.remembered = Some((row.checkpoint.clone(), checkpoint.clone()));
        Ok(checkpoint)
    }

    /// The state file is read each time: another server may have written it.
    fn check_remembered(
        &self,
        conn: &mut DbConnection,
        row: &LogRow,
        checkpoint: &Checkpoint,
        state: &mut LockedState,
    ) -> Result<(), Refusal> {
        if let Some((_, remembered)) = &self.remembered {
            is_prefix(conn, row, checkpoint, remembered, MEMORY)?;
        }
        for kept in self.kept_checkpoints(conn, &state.read()?)? {
            is_prefix(conn, row, checkpoint, &kept, STATE)?;
        }
        Ok(())
    }

    /// The checkpoints of a state file that are signed: at least one, unless it is empty.
    fn kept_checkpoints(
        &self,
        conn: &mut DbConnection,
        kept: &Kept,
    ) -> Result<Vec<Checkpoint>, Refusal> {
        if kept.is_empty() {
            return Ok(Vec::new());
        }
        let logs = store::all(conn)?;
        let (mut signed, mut unknown) = (Vec::new(), None);
        for note in kept.notes() {
            let origin = note.lines().next().unwrap_or_default();
            match logs.iter().find(|log| log.origin == origin) {
                Some(log) => signed.extend(self.open(log, &note)),
                None => unknown = Some(origin.to_owned()),
            }
        }
        match unknown {
            Some(origin) if signed.is_empty() => Err(Refusal::OtherLog(STATE, origin)),
            None if signed.is_empty() => Err(Refusal::Unreadable(STATE)),
            _ => Ok(signed),
        }
    }

    fn read(&self, row: &LogRow) -> Result<Checkpoint, Refusal> {
        if row.checkpoint.is_empty() {
            return Ok(Checkpoint::empty(&row.origin));
        }
        self.open(row, &row.checkpoint)
            .filter(|checkpoint| checkpoint.origin == row.origin && checkpoint.size == row.size)
            .ok_or(Refusal::Unreadable("the database"))
    }

    /// The checkpoint of a note, if the key of the log signed it.
    fn open(&self, log: &LogRow, note: &str) -> Option<Checkpoint> {
        match &self.remembered {
            Some((shown, checkpoint)) if shown == note => Some(checkpoint.clone()),
            _ => VerifierKey::parse(&log.verifier_key)?
                .open(note)
                .and_then(Checkpoint::parse),
        }
    }
}

/// Whether what is remembered is a prefix of what the database has.
fn is_prefix(
    conn: &mut DbConnection,
    row: &LogRow,
    found: &Checkpoint,
    remembered: &Checkpoint,
    place: &'static str,
) -> Result<(), Refusal> {
    if remembered.origin != found.origin {
        // An earlier log of this site is never written on again.
        let earlier = store::all(conn)?;
        let is_earlier = earlier.iter().any(|log| {
            log.id < row.id && log.origin == remembered.origin && log.size >= remembered.size
        });
        let is_followed = matches!(
            Entry::parse(&row.follows),
            Some(Entry::Follows { origin, size, .. })
                if origin == remembered.origin && size >= remembered.size
        );
        return if is_earlier || is_followed {
            Ok(())
        } else {
            Err(Refusal::OtherLog(place, remembered.origin.clone()))
        };
    }
    let refused = Refusal::SecondHistory {
        place,
        remembered: remembered.size,
        found: found.size,
    };
    if remembered.size > found.size {
        return Err(refused);
    }
    if remembered == found {
        return Ok(());
    }
    let mut tiles = StoredTiles { conn, log: row.id };
    let root = TreeReader::new(found.size, &mut tiles).root_at(remembered.size)?;
    if root == remembered.root {
        Ok(())
    } else {
        Err(refused)
    }
}
