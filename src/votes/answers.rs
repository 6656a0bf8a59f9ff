//! [`Answers`]: what was committed is published, and each caller told, on a thread of its own, so that the next batch need
//! not wait for that.
//!
//! The writer calls it, after a commit and never before. Batches are told in the order of their commits.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SendError, SyncSender, sync_channel};
use std::thread::{JoinHandle, ThreadId};

use tokio::sync::oneshot;

use super::fold::Folded;
use super::{Done, Refused, Wish};
use crate::tallies::TallyRow;
use crate::tallies::board::Published;

/// Batches that may wait to be told; with more, the writer waits.
const WAITING: usize = 4;

pub(super) type Answer = Result<Done, Refused>;

/// Where a caller waits, and on which thread.
pub(super) struct Reply {
    caller: oneshot::Sender<Answer>,
    thread: ThreadId,
}

impl Reply {
    /// For a caller on this thread, and what it waits on.
    pub fn here() -> (Self, oneshot::Receiver<Answer>) {
        let (caller, answer) = oneshot::channel();
        let thread = std::thread::current().id();
        (Self { caller, thread }, answer)
    }

    pub fn give(self, answer: Answer) {
        let _ = self.caller.send(answer);
    }

    /// Nobody waits any more.
    pub fn is_gone(&self) -> bool {
        self.caller.is_closed()
    }
}

/// Where committed tallies go; returns what is then shown.
pub type OnCommit = Arc<dyn Fn(TallyRow) -> Option<Arc<Published>> + Send + Sync>;

/// A batch that is on disk: what was wished, what became of it, and who waits, in the same order.
pub(super) struct Committed {
    pub wishes: Vec<Wish>,
    pub folded: Folded,
    pub replies: Vec<Reply>,
}

/// The writer's end. Dropping it waits until all is told.
pub(super) struct Answers {
    on_commit: OnCommit,
    batches: Option<SyncSender<Committed>>,
    thread: Option<JoinHandle<()>>,
}

impl Answers {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start(on_commit: OnCommit) -> std::io::Result<Self> {
        let (batches, waiting) = sync_channel(WAITING);
        let teller = Arc::clone(&on_commit);
        let thread = std::thread::Builder::new()
            .name("answers".to_owned())
            .spawn(move || run(&waiting, &teller))?;
        Ok(Self {
            on_commit,
            batches: Some(batches),
            thread: Some(thread),
        })
    }

    /// Publishes a batch and answers its callers, soon.
    pub fn give(&self, committed: Committed) {
        let Some(batches) = &self.batches else { return };
        // Without the thread, which only a panic ends, the batch is told here.
        if let Err(SendError(committed)) = batches.send(committed) {
            tell(committed, &self.on_commit);
        }
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(waiting: &Receiver<Committed>, on_commit: &OnCommit) {
    while let Ok(committed) = waiting.recv() {
        tell(committed, on_commit);
    }
}

/// Publishes what was committed and answers each wish with the tally as it now is.
fn tell(committed: Committed, on_commit: &OnCommit) {
    let Committed {
        wishes,
        folded,
        replies,
    } = committed;
    let mut shown: Vec<(i32, Arc<Published>)> = Vec::with_capacity(folded.tallies.len());
    for row in folded.tallies {
        shown.extend(on_commit(row).map(|published| (row.tool, published)));
    }
    let mut tally_of = |tool: i32| {
        if let Some((_, published)) = shown.iter().find(|(of, _)| *of == tool) {
            return Some(Arc::clone(published));
        }
        // Unchanged by this batch: version 0 replaces nothing and returns what is shown.
        let published = on_commit(unchanged(tool))?;
        shown.push((tool, Arc::clone(&published)));
        Some(published)
    };
    let mut told: Vec<(ThreadId, Vec<(Reply, Answer)>)> = Vec::new();
    for ((wish, outcome), reply) in wishes.iter().zip(folded.outcomes).zip(replies) {
        let answer = outcome.and_then(|outcome| {
            let tally = tally_of(wish.tool).ok_or(Refused::UnknownTool)?;
            Ok(Done {
                vote: outcome.vote,
                first: outcome.first,
                tally,
            })
        });
        match told.iter_mut().find(|(thread, _)| *thread == reply.thread) {
            Some((_, callers)) => callers.push((reply, answer)),
            None => told.push((reply.thread, vec![(reply, answer)])),
        }
    }
    // Thread by thread, in one go: the first answer wakes a thread, and it finds the others there. In the order of the
    // wishes each thread was woken three times a batch.
    for (reply, answer) in told.into_iter().flat_map(|(_, callers)| callers) {
        reply.give(answer);
    }
}

/// A row that is older than any.
fn unchanged(tool: i32) -> TallyRow {
    TallyRow {
        tool,
        ..TallyRow::default()
    }
}
