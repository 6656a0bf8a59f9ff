//! [`LogWorker`]: the thread that states what happened in the log, signs it, and shows it.
//!
//! `server` starts it. Every four seconds the leading instance reads the journal in one snapshot, plans the entries, and writes
//! entries, tiles and checkpoint in one transaction, which also deletes what it stated of the journal: a crash at any point
//! leaves the log as it was before or after. Then the checkpoint goes to the state file, and only then is it shown. The others
//! follow what the database has. The leader then submits it to the witnesses, and shows it with their cosignatures. Before anything is signed or shown, [`guard`] compares it with what is remembered.

mod append;
mod guard;
mod snapshot;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use url::Url;

use self::append::{Edge, sign};
use self::guard::{Guard, Refusal};
use self::snapshot::Snapshot;
use super::epoch::{PlanError, plan};
use super::merkle::TreeReader;
use super::note::{NoteSigner, VerifierKey};
use super::published::{PublicLog, Published};
use super::state_file::{LockedState, StateFile};
use super::store::{self, Commit, LogRow, StoredTiles, index};
use super::witness::Witnesses;
use crate::config;
use crate::infra::db::{self, DbConnection, Purpose};
use crate::infra::telemetry::Metrics;
use crate::voting::VoteError;
use crate::voting::journal::store::try_lead;
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

/// The running thread; dropping it ends the thread at its next pause.
pub struct LogWorker {
    _stop: Sender<()>,
}

impl LogWorker {
    /// Starts it.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn start(
        database: config::Database,
        keys: LogKeys,
        votes: Votes,
        log: Arc<PublicLog>,
        metrics: Arc<Metrics>,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let sequencer = Sequencer {
            database,
            guard: Guard::default(),
            witnesses: Witnesses::new(keys.witnesses.clone()).map_err(std::io::Error::other)?,
            keys,
            votes,
            log,
            metrics,
            runtime,
            stopped,
            leader: None,
            restated: BTreeSet::new(),
        };
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || sequencer.run())?;
        Ok(Self { _stop: stop })
    }
}

/// Why a pass was not finished; the next begins with a new connection.
#[derive(Debug, thiserror::Error)]
enum PassError {
    #[error("the server is shutting down")]
    Stopped,
    #[error(transparent)]
    Open(#[from] db::OpenError),
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
    #[error("the writer did not take it: {0:?}")]
    Writer(VoteError),
    #[error("the state file: {0}")]
    State(std::io::Error),
    #[error("the journal has a record of another form")]
    Record,
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("cannot sign: {0}")]
    Sign(#[from] openssl::error::ErrorStack),
    #[error(transparent)]
    Refused(#[from] Refusal),
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
    runtime: Runtime,
    stopped: Receiver<()>,
    leader: Option<Connection>,
    /// Tools that the next pass states anew: their journal cannot be stated.
    restated: BTreeSet<i32>,
}

impl Sequencer {
    fn run(mut self) {
        let mut last_failure = String::new();
        loop {
            let began = Instant::now();
            let connection = self.leader.take();
            let pause = match self.pass(connection) {
                Ok((connection, has_more)) => {
                    let pause = match (connection.leads, has_more) {
                        (true, true) => Duration::ZERO,
                        // A vote that misses a pass waits for the next, and for what that takes: both are within an epoch.
                        (true, false) => EPOCH.saturating_sub(2 * began.elapsed()),
                        (false, _) => FOLLOW_INTERVAL,
                    };
                    self.leader = Some(connection);
                    self.log.accept();
                    last_failure.clear();
                    pause
                }
                Err(PassError::Stopped) => break,
                Err(cause) => {
                    let text = cause.to_string();
                    if text != last_failure {
                        tracing::error!(%cause, "the public log does not move; will retry");
                    }
                    last_failure = text;
                    self.log.refuse();
                    RETRY_INTERVAL
                }
            };
            self.metrics.log_refused(!self.log.is_ready());
            if self.pause(pause).is_err() {
                break;
            }
        }
    }

    fn pause(&self, time: Duration) -> Result<(), PassError> {
        match self.stopped.recv_timeout(time) {
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Ok(()) | Err(RecvTimeoutError::Disconnected) => Err(PassError::Stopped),
        }
    }

    fn connect(&self) -> Result<Connection, PassError> {
        let mut conn = db::open(&self.database, Purpose::Read)?;
        let leads = try_lead(&mut conn)?;
        Ok(Connection { conn, leads })
    }

    fn signer(&self) -> Result<&NoteSigner, Refusal> {
        let signer = self.keys.signer.as_ref();
        signer.map_err(|file| Refusal::NoKey(file.clone()))
    }

    /// One pass; tells whether the next should follow at once.
    fn pass(&mut self, connection: Option<Connection>) -> Result<(Connection, bool), PassError> {
        let mut connection = connection.map_or_else(|| self.connect(), Ok)?;
        if !connection.leads {
            connection.leads = try_lead(&mut connection.conn)?;
        }
        if store::newest(&mut connection.conn)?.is_none() {
            if !connection.leads {
                return Ok((connection, false));
            }
            let (origin, key) = (self.keys.origin.clone(), self.signer()?.verifier().text());
            self.step(move |conn| store::create(conn, 1, (&origin, &key), ""))?;
        }
        // Read before the lock, a row could be older than what another server has written to the state file since.
        let mut state = self.keys.state.lock().map_err(PassError::State)?;
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
        let mut snapshot = snapshot.ok_or(PassError::Record)?;
        let has_more = snapshot.has_more;
        Guard::check_key(&snapshot.row, self.signer()?.verifier(), &self.keys.origin)?;
        let conn = &mut connection.conn;
        let edge = self.guard.check(conn, &snapshot.row, &mut state)?;
        if !snapshot.row.checkpoint.is_empty() {
            self.show(conn, &snapshot.row, &mut state)?;
        }
        match self.append(&mut snapshot, edge) {
            Ok(Some(row)) => self.show(conn, &row, &mut state)?,
            Ok(None) => {}
            // A server that keeps no journal changed its votes between two records.
            Err(PassError::Plan(PlanError::MissingVotes { tool, .. }))
                if !restated.contains(&tool) =>
            {
                self.restated = restated;
                self.restated.insert(tool);
                return Ok((connection, true));
            }
            Err(cause) => return Err(cause),
        }
        drop(state);
        self.cosign(&mut connection.conn)?;
        self.index(&mut connection.conn)?;
        Ok((connection, has_more))
    }

    /// Writes an epoch, if there is anything to state; returns the log's row as it is then.
    fn append(&self, snapshot: &mut Snapshot, mut edge: Edge) -> Result<Option<LogRow>, PassError> {
        let records = std::mem::take(&mut snapshot.records);
        let mut plan = plan(records, &mut snapshot.stated, &snapshot.now)?;
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
            sign(self.signer()?, &checkpoint)?
        } else {
            row.checkpoint.clone()
        };
        let new = LogRow {
            size: commit.size,
            checkpoint: commit.checkpoint.clone(),
            ..row.clone()
        };
        let is_written = self.step(move |conn| store::commit(conn, &commit))?;
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
        state.write(&row.checkpoint).map_err(PassError::State)?;
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
    fn cosign(&mut self, conn: &mut DbConnection) -> Result<(), PassError> {
        let Some(shown) = self.log.published() else {
            return Ok(());
        };
        let mut tiles = StoredTiles {
            conn,
            log: shown.log,
        };
        let mut tree = TreeReader::new(shown.checkpoint.size, &mut tiles);
        let prove = |old| tree.consistency(old).map_err(Refusal::from);
        let lines = self.witnesses.collect(&self.runtime, &shown, prove)?;
        if lines.is_empty() {
            return Ok(());
        }
        let (log, old) = (shown.log, shown.note.clone());
        let note = format!("{old}{lines}");
        let new = note.clone();
        // If another is there by now, the next pass submits that.
        if self.step(move |conn| store::replace_note(conn, log, (&old, &new)))? {
            let shown = Published::clone(&shown);
            self.log.publish(Published { note, ..shown });
        }
        Ok(())
    }

    /// Indexes the segments that became whole.
    fn index(&self, conn: &mut DbConnection) -> Result<(), PassError> {
        while let Some(row) = store::newest(conn)? {
            let Some(segment) = index::next_segment(&row) else {
                break;
            };
            let rows = index::build(conn, row.id, segment)?;
            self.step(move |conn| index::write(conn, row.id, segment, &rows))?;
        }
        Ok(())
    }

    /// Runs a short step on the writer's connection.
    fn step<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut DbConnection) -> diesel::QueryResult<T> + Clone + Send + 'static,
    ) -> Result<T, PassError> {
        let mut tries = 0;
        loop {
            match self.runtime.block_on(self.votes.edit(work.clone())) {
                Err(VoteError::Overloaded) if tries < MAX_RETRIES => tries += 1,
                done => return done.map_err(PassError::Writer),
            }
            self.pause(Duration::from_millis(50))?;
        }
    }
}
