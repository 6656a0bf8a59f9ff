//! The worker that states what happened in the log, signs it, and shows it.
//!
//! `server` starts it. Every four seconds the leading instance reads the journal in one snapshot, plans the entries, and writes
//! entries, tiles and checkpoint in one transaction, which also deletes what it stated of the journal: a crash at any point
//! leaves the log as it was before or after. Then the checkpoint goes to the state file, and only then is it shown. The others
//! follow what the database has. The leader then submits it to the witnesses, and shows it with their cosignatures. Before anything
//! is signed or shown, [`guard`] compares it with what is remembered.

mod append;
mod guard;
mod snapshot;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Url;

use self::append::{Edge, sign};
use self::guard::{Guard, Refusal};
use self::snapshot::Snapshot;
use super::epoch::{Plan, PlanError, plan};
use super::merkle::TreeReader;
use super::note::{NoteSigner, VerifierKey};
use super::published::{PublicLog, Published};
use super::state_file::{LockedState, StateFile};
use super::store::{self, Commit, LogRow, StoredTiles, index};
use super::witness::Witnesses;
use crate::config;
use crate::infra::db::{self, DbConnection, Leader, Purpose};
use crate::infra::telemetry::Metrics;
use crate::infra::workers::{PassError, Schedule, Stop, Worker};
use crate::voting::writer::Votes;

/// Between two epochs.
const EPOCH: Duration = Duration::from_secs(4);
/// Between two looks at what another instance wrote.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(400);
/// After a failure.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// A full queue of the writer is tried again this often.
const MAX_RETRIES: usize = 40;

/// What the worker needs to sign.
#[derive(Clone)]
pub struct LogKeys {
    pub origin: String,
    /// Or the file in which the log's key is missing: then nothing is signed, and votes go on.
    pub signer: Result<NoteSigner, PathBuf>,
    pub state: StateFile,
    /// Address and key of each.
    pub witnesses: Vec<(Url, VerifierKey)>,
}

pub fn start(
    database: config::Database,
    keys: LogKeys,
    votes: Votes,
    log: Arc<PublicLog>,
    metrics: Arc<Metrics>,
) -> std::io::Result<Worker> {
    let mut sequencer = Sequencer {
        database,
        guard: Guard::default(),
        witnesses: Witnesses::new(keys.witnesses.clone()).map_err(std::io::Error::other)?,
        keys,
        votes,
        log,
        metrics,
        leader: None,
        restated: BTreeSet::new(),
    };
    let schedule = Schedule {
        first_after: Duration::ZERO,
        retry_after: RETRY_INTERVAL,
        failure: "the public log does not move; will retry",
    };
    Worker::start("log", schedule, move |stop| {
        let done = sequencer.pass_and_pause(stop);
        match &done {
            Ok(_) => sequencer.log.accept(),
            Err(PassError::Stopped) => {}
            Err(PassError::Failed(_)) => sequencer.log.refuse(),
        }
        sequencer.metrics.log_refused(!sequencer.log.is_ready());
        done
    })
}

fn state_failure(cause: impl std::fmt::Display) -> PassError {
    PassError::Failed(format!("the state file: {cause}"))
}

/// The connection on which this instance leads, or follows.
struct Connection {
    conn: DbConnection,
    leads: bool,
}

struct Sequencer {
    database: config::Database,
    keys: LogKeys,
    guard: Guard,
    witnesses: Witnesses,
    votes: Votes,
    log: Arc<PublicLog>,
    metrics: Arc<Metrics>,
    leader: Option<Connection>,
    /// Tools that the next pass states anew: their journal cannot be stated.
    restated: BTreeSet<i32>,
}

impl Sequencer {
    /// A pass, and how long it is until the next.
    fn pass_and_pause(&mut self, stop: &Stop) -> Result<Duration, PassError> {
        let began = Instant::now();
        let connection = self.leader.take();
        let (connection, has_more) = self.pass(stop, connection)?;
        let pause = match (connection.leads, has_more) {
            (true, true) => Duration::ZERO,
            // A vote that misses a pass waits for the next, and for what that takes: both are within an epoch.
            (true, false) => EPOCH.saturating_sub(2 * began.elapsed()),
            (false, _) => FOLLOW_INTERVAL,
        };
        self.leader = Some(connection);
        Ok(pause)
    }

    fn connect(&self) -> Result<Connection, PassError> {
        let mut conn = db::open(&self.database, Purpose::Read)?;
        let leads = Leader::PublicLog.try_lead(&mut conn)?;
        Ok(Connection { conn, leads })
    }

    fn signer(&self) -> Result<&NoteSigner, Refusal> {
        let signer = self.keys.signer.as_ref();
        signer.map_err(|file| Refusal::NoKey(file.clone()))
    }

    /// One pass; tells whether the next should follow at once.
    fn pass(
        &mut self,
        stop: &Stop,
        connection: Option<Connection>,
    ) -> Result<(Connection, bool), PassError> {
        let mut connection = connection.map_or_else(|| self.connect(), Ok)?;
        if !connection.leads {
            connection.leads = Leader::PublicLog.try_lead(&mut connection.conn)?;
        }
        if store::newest(&mut connection.conn)?.is_none() {
            if !connection.leads {
                return Ok((connection, false));
            }
            let (origin, key) = (self.keys.origin.clone(), self.signer()?.verifier().text());
            self.step(stop, move |conn| {
                store::create(conn, 1, (&origin, &key), "")
            })?;
        }
        // Read before the lock, a row could be older than what another server has written to the state file since.
        let mut state = self.keys.state.lock().map_err(state_failure)?;
        if !connection.leads {
            let row = store::newest(&mut connection.conn)?;
            if let Some(row) = row.filter(|row| !row.checkpoint.is_empty()) {
                self.show(&mut connection.conn, &row, &mut state)?;
            }
            return Ok((connection, false));
        }
        let restated = std::mem::take(&mut self.restated);
        let snapshot =
            store::in_snapshot(&mut connection.conn, |conn| snapshot::read(conn, &restated))?;
        let mut snapshot = snapshot.ok_or_else(|| {
            PassError::Failed("the journal has a record of another form".to_owned())
        })?;
        let has_more = snapshot.has_more;
        Guard::check_key(&snapshot.row, self.signer()?.verifier(), &self.keys.origin)?;
        let conn = &mut connection.conn;
        let edge = self.guard.check(conn, &snapshot.row, &mut state)?;
        if !snapshot.row.checkpoint.is_empty() {
            self.show(conn, &snapshot.row, &mut state)?;
        }
        let records = std::mem::take(&mut snapshot.records);
        match plan(records, &mut snapshot.stated, &snapshot.now) {
            Ok(plan) => {
                if let Some(row) = self.append(stop, plan, &mut snapshot, edge)? {
                    self.show(conn, &row, &mut state)?;
                }
            }
            // A server that keeps no journal changed its votes between two records.
            Err(PlanError::MissingVotes { tool, .. }) if !restated.contains(&tool) => {
                self.restated = restated;
                self.restated.insert(tool);
                return Ok((connection, true));
            }
            Err(cause) => return Err(cause.into()),
        }
        drop(state);
        self.cosign(stop, &mut connection.conn)?;
        self.index(stop, &mut connection.conn)?;
        Ok((connection, has_more))
    }

    /// Writes an epoch, if there is anything to state; returns the log's row as it is then.
    fn append(
        &self,
        stop: &Stop,
        mut plan: Plan,
        snapshot: &mut Snapshot,
        mut edge: Edge,
    ) -> Result<Option<LogRow>, PassError> {
        let row = &snapshot.row;
        let is_first = row.checkpoint.is_empty();
        if is_first && !row.follows.is_empty() {
            plan.lines.insert(0, row.follows.clone());
        }
        if plan.changed.is_empty() && snapshot.journal.is_empty() && !is_first {
            return Ok(None);
        }
        let is_signed = !plan.lines.is_empty() || is_first;
        let mut commit = Commit {
            log: row.id,
            old_size: row.size,
            old_checkpoint: row.checkpoint.clone(),
            journal: snapshot.journal.clone(),
            ..Commit::default()
        };
        let changed = plan.changed.clone();
        snapshot.stated.retain(|id, _| changed.contains(id));
        commit.tools = std::mem::take(&mut snapshot.stated);
        let checkpoint = edge.append(plan, &row.origin, &mut commit);
        commit.checkpoint = if is_signed {
            sign(self.signer()?, &checkpoint)
                .map_err(|cause| PassError::Failed(format!("cannot sign: {cause}")))?
        } else {
            row.checkpoint.clone()
        };
        let new = LogRow {
            size: commit.size,
            checkpoint: commit.checkpoint.clone(),
            ..row.clone()
        };
        let is_written = self.step(stop, move |conn| store::commit(conn, &commit))?;
        // If not, another instance wrote meanwhile: the next pass reads what it wrote.
        Ok(is_written.then_some(new))
    }

    /// Shows a checkpoint that the database has, unless it is shown already.
    fn show(
        &mut self,
        conn: &mut DbConnection,
        row: &LogRow,
        state: &mut LockedState,
    ) -> Result<(), PassError> {
        if self
            .log
            .published()
            .is_some_and(|shown| shown.note == row.checkpoint)
        {
            return Ok(());
        }
        let checkpoint = self.guard.remember(conn, row, state)?;
        state.write(&row.checkpoint).map_err(state_failure)?;
        self.metrics.log_entries(checkpoint.size);
        self.log.publish(Published {
            log: row.id,
            checkpoint,
            note: row.checkpoint.clone(),
            key: row.verifier_key.clone(),
        });
        Ok(())
    }

    /// Asks the witnesses whose cosignatures are missing under the checkpoint that is shown, and shows it with them.
    fn cosign(&mut self, stop: &Stop, conn: &mut DbConnection) -> Result<(), PassError> {
        let Some(shown) = self.log.published() else {
            return Ok(());
        };
        let mut tiles = StoredTiles {
            conn,
            log: shown.log,
        };
        let mut tree = TreeReader::new(shown.checkpoint.size, &mut tiles);
        let prove = |old| tree.consistency(old).map_err(Refusal::from);
        let lines = self.witnesses.collect(stop, &shown, prove)?;
        if lines.is_empty() {
            return Ok(());
        }
        let (log, old) = (shown.log, shown.note.clone());
        let note = format!("{old}{lines}");
        let new = note.clone();
        // If another is there by now, the next pass submits that.
        if self.step(stop, move |conn| {
            store::replace_note(conn, log, (&old, &new))
        })? {
            let shown = Published::clone(&shown);
            self.log.publish(Published { note, ..shown });
        }
        Ok(())
    }

    /// Indexes the segments that became whole.
    fn index(&self, stop: &Stop, conn: &mut DbConnection) -> Result<(), PassError> {
        while let Some(row) = store::newest(conn)? {
            let Some(segment) = index::next_segment(&row) else {
                break;
            };
            let rows = index::build(conn, row.id, segment)?;
            self.step(stop, move |conn| index::write(conn, row.id, segment, &rows))?;
        }
        Ok(())
    }

    /// Runs a short step on the writer's connection.
    fn step<T: Send + 'static>(
        &self,
        stop: &Stop,
        work: impl FnOnce(&mut DbConnection) -> diesel::QueryResult<T> + Clone + Send + 'static,
    ) -> Result<T, PassError> {
        self.votes.edit_from_worker(stop, MAX_RETRIES, work)
    }
}
