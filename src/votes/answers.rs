//! [`Answers`]: what was committed is published, and each caller told, on a thread of its own, so that the next batch need
//! not wait for that. The thread also tells those who have waited too long, whatever the database does.
//!
//! The writer calls it, after a commit and never before. Batches are told in the order of their commits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::fold::Folded;
use super::{Done, Refused, Wish};
use crate::callers::{Callers, Reply};
use crate::tallies::TallyRow;
use crate::tallies::board::Published;

/// Batches that may wait to be told; with more, the writer waits.
const WAITING: usize = 4;

pub(super) type Answer = Result<Done, Refused>;

/// Between two looks at who waits.
const LOOK: Duration = Duration::from_millis(250);
/// With the last of so many a caller has waited too long.
const LOOKS: u32 = 18;
/// A caller gets its answer within 5 s, whatever the database does: by then it is told that there is none.
pub(super) const DEADLINE: Duration = LOOK.saturating_mul(LOOKS);

/// Nobody yet.
pub(super) fn callers() -> Callers<Answer> {
    Callers::new(LOOKS - 1)
}

/// Where committed tallies go; returns what is then shown.
pub type OnCommit = Arc<dyn Fn(TallyRow) -> Option<Arc<Published>> + Send + Sync>;

/// A batch that is on disk: what was wished, what became of it, and who waits, in the same order.
pub(super) struct Committed {
    pub wishes: Vec<Wish>,
    pub folded: Folded,
    pub replies: Vec<Reply<Answer>>,
}

/// The writer's end. Dropping it waits until all is told.
pub(super) struct Answers {
    batches: Option<SyncSender<Committed>>,
    thread: Option<JoinHandle<()>>,
}

impl Answers {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start(on_commit: OnCommit, callers: Callers<Answer>) -> std::io::Result<Self> {
        let (batches, waiting) = sync_channel(WAITING);
        let thread = std::thread::Builder::new()
            .name("answers".to_owned())
            .spawn(move || run(&waiting, &on_commit, &callers))?;
        Ok(Self {
            batches: Some(batches),
            thread: Some(thread),
        })
    }

    /// Publishes a batch and answers its callers, soon.
    pub fn give(&self, committed: Committed) {
        let Some(batches) = &self.batches else { return };
        // The thread ends with this alone. Were it gone, the callers would be told 503 by their dropped replies.
        if batches.send(committed).is_err() {
            tracing::error!("nobody tells what was committed; it is on disk");
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

fn run(waiting: &Receiver<Committed>, on_commit: &OnCommit, callers: &Callers<Answer>) {
    let mut next_look = Instant::now() + LOOK;
    loop {
        let pause = next_look.saturating_duration_since(Instant::now());
        if pause.is_zero() {
            callers.look();
            next_look = Instant::now() + LOOK;
        }
        match waiting.recv_timeout(pause) {
            Ok(committed) => {
                // Its callers are told 503 by their dropped replies.
                if catch_unwind(AssertUnwindSafe(|| tell(committed, on_commit))).is_err() {
                    tracing::error!("telling a batch panicked; it is on disk");
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
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
    let outcomes = wishes.iter().zip(folded.outcomes);
    Callers::tell(outcomes.zip(replies).map(|((wish, outcome), reply)| {
        let answer = outcome.and_then(|outcome| {
            let tally = tally_of(wish.tool).ok_or(Refused::UnknownTool)?;
            Ok(Done {
                vote: outcome.vote,
                first: outcome.first,
                tally,
            })
        });
        (reply, answer)
    }));
}

/// A row that is older than any.
fn unchanged(tool: i32) -> TallyRow {
    TallyRow {
        tool,
        ..TallyRow::default()
    }
}
