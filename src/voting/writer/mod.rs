//! The writer: one thread, one connection, one commit for everything that waits.
//!
//! `routes` hands it commands and `verdicts` hands it edits of the catalogue; nothing else in the server writes. A batch
//! grows by itself while a commit runs; nobody waits for a timer. An answer is given after the commit, never before. A panic
//! costs the batch or the edit that it came from, never the thread.

mod failures;
pub mod lost_versions;
mod pending_vote;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use failures::WriteFailures;
pub use pending_vote::PendingVote;

use super::postgres::TallyRowCache;
use super::{VoteCommand, VoteError};
use crate::auth::denylist::{self, Denylist};
use crate::config;
use crate::domain::{Ballot, Salt, Seal, Timestamp};
use crate::infra::db::{self, DbConnection, Purpose};
use crate::infra::reply_slots::{ReplySlots, Responder};
use crate::infra::telemetry::Metrics;
use crate::infra::workers::{self, PassError, Stop};
use crate::rate_limit::rate_limiter::VotePermit;
use crate::voting::after_commit::{Answer, OnCommit, PATIENCE, tell};
use crate::voting::apply::ChangeSet;
use crate::voting::batch::{self, Batch, Names};

/// Commands that may wait; one more is refused with 503 `overloaded`.
const QUEUE: usize = 8192;
/// The largest batch: about 10 ms of work, so that a commit is never far away.
const BATCH: usize = 512;
/// After a failed connection the next is tried this much later; until then votes are refused at once.
const RECONNECT_AFTER: Duration = Duration::from_millis(250);
/// A worker whose edit finds the queue full tries it again this much later.
const EDIT_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// An edit gets the connection, or nothing where there is none.
type Edit = Box<dyn FnOnce(Option<&mut DbConnection>) -> EditEnd + Send>;

/// Whether an edit left the connection usable.
pub enum EditEnd {
    Fine,
    Broken,
}

enum Job {
    /// With the name of a user.
    Cast(VoteCommand, Option<Arc<str>>, Responder<Answer>),
    Edit(Edit),
    /// The database has less than is shown.
    RaiseLostVersions,
}

/// The callers' end of the writer. Cloning shares it.
#[derive(Clone)]
pub struct Votes {
    jobs: mpsc::Sender<Job>,
    callers: ReplySlots<Answer>,
    failures: Arc<WriteFailures>,
    /// The origin of the public log, if votes get ballots.
    log: Option<Arc<str>>,
}

impl Votes {
    /// Starts the writer's thread, which ends once every clone is dropped and all that waited is done.
    pub fn start(
        settings: config::Database,
        on_commit: OnCommit,
        erased: Arc<Denylist>,
        meters: Arc<Metrics>,
        users: bool,
        log: Option<Arc<str>>,
    ) -> std::io::Result<(Self, std::thread::JoinHandle<()>)> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let callers = ReplySlots::new(PATIENCE);
        let failures = Arc::<WriteFailures>::default();
        let writer = Writer {
            settings,
            on_commit,
            erased,
            meters,
            failures: Arc::clone(&failures),
            users,
            conn: None,
            known: TallyRowCache::default(),
            retry_at: Instant::now(),
        };
        let thread = workers::spawn("writer", move || writer.run(queue))?;
        let votes = Self {
            jobs,
            callers,
            failures,
            log,
        };
        Ok((votes, thread))
    }

    /// A queue that is full already, with what keeps it so.
    #[cfg(test)]
    pub(super) fn full() -> (Self, impl Sized) {
        let (jobs, queue) = mpsc::channel(1);
        let _ = jobs.try_send(Job::Edit(Box::new(|_| EditEnd::Fine)));
        let callers = ReplySlots::new(PATIENCE);
        let votes = Self {
            jobs,
            callers,
            failures: Arc::default(),
            log: None,
        };
        (votes, queue)
    }

    /// Whether votes fail at `now`: the last batch did, a moment ago.
    pub fn fail_at(&self, now: Instant) -> bool {
        self.failures.votes_fail_at(now)
    }

    /// How many writes failed since one as large as a batch succeeded.
    pub fn failed_writes(&self) -> u64 {
        self.failures.failed()
    }

    /// See [`WriteFailures::write_succeeded`].
    pub fn write_succeeded(&self, failed: u64) {
        self.failures.write_succeeded(failed);
    }

    /// The origin of the public log, while there is one.
    pub fn log(&self) -> Option<&str> {
        self.log.as_deref()
    }

    /// A ballot for a vote that may be made, while there is a log.
    pub fn new_ballot(&self, seal: Option<Seal>) -> Option<Ballot> {
        self.log.as_ref()?;
        Some(Ballot::new(seal, new_salt()))
    }

    /// Casts, changes or withdraws a vote: the command waits for the writer when this returns, and [`PendingVote::done`] for its end.
    /// It is done though nobody waits any more.
    ///
    /// # Panics
    /// Outside of a worker, see [`ReplySlots::allocate`].
    #[must_use]
    pub fn cast<'a>(
        &self,
        permit: VotePermit<'a>,
        mut command: VoteCommand,
        name: Option<Arc<str>>,
    ) -> PendingVote<'a> {
        command.ballot = command.ballot.or_else(|| self.new_ballot(None));
        let (reply, answer) = self.callers.allocate();
        let sent = match self.jobs.try_send(Job::Cast(command, name, reply)) {
            Ok(()) => Ok(answer),
            Err(mpsc::error::TrySendError::Full(_)) => Err(VoteError::Overloaded),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(VoteError::Unavailable),
        };
        PendingVote { permit, sent }
    }

    /// Runs an edit on the writer's connection, between two batches.
    ///
    /// # Errors
    /// [`VoteError::Unavailable`] or [`VoteError::Overloaded`] if it did not run, or its end is not known; [`VoteError::Conflict`] if
    /// a constraint refused its data.
    pub async fn edit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut DbConnection) -> diesel::QueryResult<T> + Send + 'static,
    ) -> Result<T, VoteError> {
        let (reply, answer) = oneshot::channel();
        let failures = Arc::clone(&self.failures);
        let edit: Edit = Box::new(move |conn| {
            // Nobody waits for it any more: its caller was told 503, so better not to do it.
            if reply.is_closed() {
                return EditEnd::Fine;
            }
            let Some(conn) = conn else {
                return EditEnd::Broken;
            };
            match work(conn) {
                Ok(value) => {
                    let _ = reply.send(Ok(value));
                    EditEnd::Fine
                }
                // It was rolled back, and the connection is fine.
                Err(cause) if batch::is_about_the_data(&cause) => {
                    tracing::warn!(%cause, "edit violated a constraint");
                    let _ = reply.send(Err(VoteError::Conflict));
                    EditEnd::Fine
                }
                Err(cause) => {
                    tracing::error!(%cause, "edit failed");
                    failures.edit_failed();
                    EditEnd::Broken
                }
            }
        });
        self.jobs
            .try_send(Job::Edit(edit))
            .map_err(|_full| VoteError::Overloaded)?;
        match tokio::time::timeout(PATIENCE.whole(), answer).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => Err(VoteError::Unavailable),
        }
    }

    /// [`Self::edit`] that is tried again `max_retries` times if the queue is full.
    ///
    /// # Errors
    /// As of [`Self::edit`].
    pub async fn edit_with_retries<T: Send + 'static>(
        &self,
        max_retries: usize,
        work: impl FnOnce(&mut DbConnection) -> diesel::QueryResult<T> + Clone + Send + 'static,
    ) -> Result<T, VoteError> {
        let mut retries = 0;
        loop {
            match self.edit(work.clone()).await {
                Err(VoteError::Overloaded) if retries < max_retries => retries += 1,
                done => return done,
            }
            tokio::time::sleep(EDIT_AGAIN_AFTER).await;
        }
    }

    /// [`Self::edit_with_retries`] for a worker with a thread: if the queue is full, it is tried again `max_retries` times.
    ///
    /// # Errors
    /// If the writer did not take it, or the worker was stopped.
    pub fn edit_from_worker<T: Send + 'static>(
        &self,
        stop: &Stop,
        max_retries: usize,
        work: impl FnOnce(&mut DbConnection) -> diesel::QueryResult<T> + Clone + Send + 'static,
    ) -> Result<T, PassError> {
        let mut retries = 0;
        loop {
            match stop.block_on(self.edit(work.clone())) {
                Err(VoteError::Overloaded) if retries < max_retries => retries += 1,
                Err(cause) => {
                    let cause = format!("the writer did not take it: {cause:?}");
                    return Err(PassError::Failed(cause));
                }
                Ok(done) => return Ok(done),
            }
            stop.rest(EDIT_AGAIN_AFTER)?;
        }
    }

    /// Has the writer compare what is shown with the database. It is no loss if its queue is full: who sees that versions are lost
    /// says so again.
    pub fn raise_lost_versions(&self) {
        let _ = self.jobs.try_send(Job::RaiseLostVersions);
    }
}

/// A random salt. Random bytes are asked for in blocks: a system call a vote would cost more than its ballot.
fn new_salt() -> Salt {
    const BLOCK: usize = 1024;
    thread_local! {
        static RANDOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    RANDOM.with_borrow_mut(|random| {
        if random.len() < 16 {
            random.resize(BLOCK, 0);
            // Without random bytes there is no server: visitors' ids need them as well.
            #[expect(
                clippy::expect_used,
                reason = "the kernel's random source does not fail once it was there"
            )]
            getrandom::fill(random).expect("random bytes");
        }
        let rest = random.len().saturating_sub(16);
        let mut salt = [0; 16];
        salt.copy_from_slice(random.get(rest..).unwrap_or(&[0; 16]));
        random.truncate(rest);
        Salt(salt)
    })
}

struct Writer {
    settings: config::Database,
    on_commit: OnCommit,
    erased: Arc<Denylist>,
    meters: Arc<Metrics>,
    failures: Arc<WriteFailures>,
    /// Whether people sign in here: only then is anything asked about them.
    users: bool,
    conn: Option<DbConnection>,
    known: TallyRowCache,
    retry_at: Instant,
}

impl Writer {
    fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        self.connect();
        let mut jobs = Vec::with_capacity(BATCH);
        while queue.blocking_recv_many(&mut jobs, BATCH) > 0 {
            let mut commands = Vec::with_capacity(jobs.len());
            let (mut replies, mut edits) = (Vec::with_capacity(jobs.len()), Vec::new());
            let (mut names, mut versions_lost) = (Names::new(), false);
            // Before the first voter is checked: whoever is erased after that is found by the batch.
            let erasures = self.erased.version();
            for job in jobs.drain(..) {
                match job {
                    // Nobody waits for it any more: its caller was told 503, so better not to do it.
                    Job::Cast(_, _, reply) if reply.is_late() => {}
                    // Its token was believed when it came; meanwhile its voter was erased.
                    Job::Cast(command, _, reply) if self.erased.has(command.voter) => {
                        reply.reply(Err(VoteError::Erased));
                    }
                    Job::Cast(mut command, name, reply) => {
                        // Nothing is noted any more of a visitor who was erased.
                        command.visitor =
                            command.visitor.filter(|visitor| !self.erased.has(*visitor));
                        names.extend(name.map(|name| (command.voter, name)));
                        commands.push(command);
                        replies.push(reply);
                    }
                    Job::Edit(edit) => edits.push(edit),
                    Job::RaiseLostVersions => versions_lost = true,
                }
            }
            let is_done = self.guarded(|writer| {
                writer.cast(commands, (&names, erasures), replies, || {
                    edits.is_empty() && !queue.is_empty()
                });
            });
            if !is_done {
                self.fail();
            }
            for edit in edits {
                self.guarded(|writer| {
                    writer.connect();
                    if matches!(edit(writer.conn.as_mut()), EditEnd::Broken) {
                        writer.conn = None;
                    }
                });
            }
            if versions_lost {
                self.guarded(|writer| {
                    writer.connect();
                    writer.raise_lost_versions();
                });
            }
        }
    }

    /// Compares what is shown with the database, and raises versions that it lost.
    fn raise_lost_versions(&mut self) {
        let Some(conn) = self.conn.as_mut() else {
            return;
        };
        match lost_versions::raise_lost(conn, &self.on_commit) {
            Ok(false) => {}
            Ok(true) => self.known.forget(),
            Err(cause) => {
                tracing::error!(%cause, "versions could not be compared with the database");
                self.conn = None;
            }
        }
    }

    /// Does a piece of work. Should it panic, its callers are told 503 by their dropped replies, and its transaction goes
    /// with the connection; the next piece begins on a new one. Returns whether it came to its end.
    fn guarded(&mut self, work: impl FnOnce(&mut Self)) -> bool {
        let is_done = catch_unwind(AssertUnwindSafe(|| work(self))).is_ok();
        if !is_done {
            tracing::error!("writer panicked; its transaction is rolled back");
            self.conn = None;
            self.known.forget();
        }
        is_done
    }

    fn fail(&self) {
        self.meters.failed_commit();
        self.failures.votes_failed(Instant::now());
    }

    /// Makes sure of a connection, unless one failed a moment ago.
    fn connect(&mut self) {
        if self.conn.is_some() || Instant::now() < self.retry_at {
            return;
        }
        match db::open(&self.settings, Purpose::Write) {
            Ok(conn) => {
                // Behind it may be another server, with less than is known here.
                self.known.forget();
                self.erased.forget_version();
                let conn = self.conn.insert(conn);
                // Else the first batches would be compared with an unknown version, refused, and cost the next ones the short way.
                if let Err(cause) = self.erased.follow(conn) {
                    tracing::error!(%cause, "denylist of erased voters could not be read");
                    self.conn = None;
                    return;
                }
                self.raise_lost_versions();
            }
            Err(cause) => {
                tracing::error!(%cause, "writer has no database; votes get 503; will reconnect");
                self.retry_at = Instant::now() + RECONNECT_AFTER;
            }
        }
    }

    /// Carries out a batch; where the batch as a whole is refused by the database, each command by itself, so that one at
    /// fault stands alone. `more` tells, as the commit begins, whether another batch will follow at once.
    fn cast(
        &mut self,
        commands: Vec<VoteCommand>,
        (names, erasures): (&Names, i64),
        replies: Vec<Responder<Answer>>,
        more: impl FnOnce() -> bool,
    ) {
        if commands.is_empty() {
            let ended = self.conn.as_mut().map(db::end_chain);
            if ended.is_some_and(|ended| ended.is_err()) {
                self.conn = None;
            }
            return;
        }
        // Nothing that is known of one database is known of the next.
        let erasures = self.conn.as_ref().map_or(denylist::UNKNOWN, |_| erasures);
        self.connect();
        // Without one, and after a failure, the callers are told 503 by their dropped replies.
        let Some(conn) = self.conn.as_mut() else {
            return;
        };
        let began = Instant::now();
        let batch = Batch {
            commands: &commands,
            names: self.users.then_some(names),
            denylist: &self.erased,
            erasures,
            now: Timestamp::now(),
        };
        match batch::record(conn, &mut self.known, batch, more) {
            Ok(folded) => {
                self.meters.commit(commands.len(), began.elapsed());
                self.failures.committed();
                self.tell(&commands, folded, replies);
            }
            Err(cause) if commands.len() > 1 && batch::is_about_the_data(&cause) => {
                tracing::error!(%cause, "batch failed; retrying its votes one by one");
                let none: fn() -> bool = || false;
                for (command, reply) in commands.into_iter().zip(replies) {
                    self.cast(vec![command], (names, erasures), vec![reply], none);
                }
            }
            Err(cause) => {
                tracing::error!(%cause, votes = commands.len(), "votes not committed");
                self.fail();
                // The commit may have gone through or not: nobody is told that it did, and the next batch reads anew.
                self.conn = None;
            }
        }
    }

    /// Tells what is on disk. Should that panic, its callers are told 503 by their dropped replies, and the connection is kept:
    /// nothing is wrong with it.
    fn tell(&self, commands: &[VoteCommand], folded: ChangeSet, replies: Vec<Responder<Answer>>) {
        let told = AssertUnwindSafe(|| tell(commands, folded, replies, &self.on_commit));
        if catch_unwind(told).is_err() {
            tracing::error!("publishing a committed batch panicked");
        }
    }
}
