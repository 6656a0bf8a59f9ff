//! [`LogWorker`]: the thread that states what happened in the log, signs it, and shows it.
//!
//! `server` starts it. Every four seconds the leading instance reads the journal in one snapshot, plans the entries, and writes
//! entries, tiles and checkpoint in one transaction, which also deletes what it stated of the journal: a crash at any point
//! leaves the log as it was before or after. Then the checkpoint goes to the state file, and only then is it shown. The others
//! follow what the database has. Before anything is signed or shown, [`guard`] compares it with what is remembered.

mod append;
mod guard;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use self::append::{Edge, sign};
use self::guard::{Guard, Refusal};
use super::epoch::{LoggedTools, PlanError, ToolNow, plan};
use super::note::NoteSigner;
use super::published::{PublicLog, Published};
use super::state_file::StateFile;
use super::store::{self, Commit, LogRow, index, present};
use crate::config;
use crate::domain::Counts;
use crate::infra::db::{self, DbConnection, Purpose};
use crate::infra::telemetry::Metrics;
use crate::voting::VoteError;
use crate::voting::journal::{ToolRecord, decode, store::try_lead};
use crate::voting::writer::Votes;

/// Between two epochs.
const EPOCH: Duration = Duration::from_secs(4);
/// Between two looks at what another instance wrote.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(400);
/// After a failure.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// Records that one query reads.
const PAGE: i64 = 500;
/// Changes after which an epoch takes no more: its transaction keeps the writer from votes for some tens of milliseconds.
const MAX_CHANGES: usize = 50_000;
/// A full queue of the writer is tried again this often.
const MAX_RETRIES: usize = 40;

/// What the worker needs to sign.
#[derive(Clone)]
pub struct LogKeys {
    pub origin: String,
    pub signer: NoteSigner,
    pub state: StateFile,
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
            guard: Guard::new(keys.state.clone()),
            keys,
            votes,
            log,
            metrics,
            runtime,
            stopped,
            leader: None,
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
    votes: Votes,
    log: Arc<PublicLog>,
    metrics: Arc<Metrics>,
    runtime: Runtime,
    stopped: Receiver<()>,
    leader: Option<Connection>,
}

/// What one snapshot shows.
struct Snapshot {
    row: LogRow,
    /// The records that are stated then.
    journal: Vec<i64>,
    records: Vec<ToolRecord>,
    stated: LoggedTools,
    now: BTreeMap<i32, ToolNow>,
    /// There is more in the journal.
    has_more: bool,
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
            let (origin, key) = (self.keys.origin.clone(), self.keys.signer.verifier().text());
            self.step(move |conn| store::create(conn, 1, (&origin, &key), ""))?;
        }
        if !connection.leads {
            let row = store::newest(&mut connection.conn)?;
            if let Some(row) = row.filter(|row| !row.checkpoint.is_empty()) {
                self.show(&mut connection.conn, &row)?;
            }
            return Ok((connection, false));
        }
        let snapshot = store::in_snapshot(&mut connection.conn, read)?;
        let mut snapshot = snapshot.ok_or(PassError::Record)?;
        let has_more = snapshot.has_more;
        Guard::check_key(
            &snapshot.row,
            self.keys.signer.verifier(),
            &self.keys.origin,
        )?;
        let edge = self.guard.check(&mut connection.conn, &snapshot.row)?;
        if !snapshot.row.checkpoint.is_empty() {
            self.show(&mut connection.conn, &snapshot.row)?;
        }
        if let Some(row) = self.append(&mut snapshot, edge)? {
            self.show(&mut connection.conn, &row)?;
        }
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
        if plan.lines.is_empty() && snapshot.journal.is_empty() && !is_first {
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
            sign(&self.keys.signer, &checkpoint)?
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
    fn show(&mut self, conn: &mut DbConnection, row: &LogRow) -> Result<(), PassError> {
        if self
            .log
            .published()
            .is_some_and(|shown| shown.note == row.checkpoint)
        {
            return Ok(());
        }
        let checkpoint = self.guard.remember(conn, row)?;
        self.keys
            .state
            .write(&row.checkpoint)
            .map_err(PassError::State)?;
        self.metrics.log_entries(checkpoint.size);
        self.log.publish(Published {
            log: row.id,
            checkpoint,
            note: row.checkpoint.clone(),
            key: row.verifier_key.clone(),
        });
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

/// Reads what an epoch is planned from; `None` if the journal cannot be read.
fn read(conn: &mut DbConnection) -> diesel::QueryResult<Option<Snapshot>> {
    let row = store::newest(conn)?.ok_or(diesel::result::Error::NotFound)?;
    let mut stated = store::logged_tools(conn)?;
    let now = store::tools_now(conn)?;
    let is_first = row.checkpoint.is_empty();
    let (mut journal, mut records, mut has_more) = (Vec::new(), Vec::new(), false);
    if is_first {
        // The present holds all that the journal would say.
        records = present::records(conn)?;
        journal = store::journal_seqs(conn)?;
        stated.clear();
    } else {
        let mut changes = 0;
        let mut after = i64::MIN;
        loop {
            let page = store::journal(conn, after, PAGE)?;
            has_more = i64::try_from(page.len()) == Ok(PAGE);
            for (seq, bytes) in &page {
                let Some(decoded) = decode(bytes) else {
                    return Ok(None);
                };
                after = *seq;
                changes += decoded.iter().map(|tool| tool.changes.len()).sum::<usize>();
                records.extend(decoded);
            }
            journal.extend(page.into_iter().map(|(seq, _)| seq));
            if !has_more || changes > MAX_CHANGES {
                break;
            }
        }
        if !has_more {
            records.extend(unstated(&now, &stated, &records));
        }
    }
    Ok(Some(Snapshot {
        row,
        journal,
        records,
        stated,
        now: now.into_iter().map(|(id, (now, _))| (id, now)).collect(),
        has_more,
    }))
}

/// Tools whose tallies moved while nobody kept a journal: the log was off, or is off on another instance.
fn unstated(
    now: &BTreeMap<i32, (ToolNow, Counts)>,
    stated: &LoggedTools,
    records: &[ToolRecord],
) -> Vec<ToolRecord> {
    now.iter()
        .filter(|(id, (_, tally))| {
            let known = stated.get(id).map(|tool| tool.tally).unwrap_or_default();
            known != *tally && !records.iter().any(|record| record.tool == **id)
        })
        .map(|(id, (now, tally))| ToolRecord {
            tool: *id,
            tally: *tally,
            version: now.version,
            ..ToolRecord::default()
        })
        .collect()
}
