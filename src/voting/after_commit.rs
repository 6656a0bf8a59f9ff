//! What a commit says to those who wait for it: its tallies are published, and each caller is told the tally as it now is.
//!
//! The writer calls [`tell`], after a commit and never before.

use std::sync::Arc;
use std::time::Duration;

use super::{VoteCommand, VoteError, VoteOutcome};
use crate::infra::reply_slots::{ReplySlots, Responder, Timeout};
use crate::tallies::TallyRow;
use crate::tallies::cache::Published;
use crate::voting::apply::ChangeSet;

pub(super) type Answer = Result<VoteOutcome, VoteError>;

/// A caller gets its answer within 5 s, whatever the database does: after 4.25 to 4.5 s it is told that there is none.
pub(super) const PATIENCE: Timeout = Timeout {
    ticks: 18,
    tick: Duration::from_millis(250),
};

/// Where committed tallies go; returns what is then shown.
pub type OnCommit = Arc<dyn Fn(TallyRow) -> Option<Arc<Published>> + Send + Sync>;

/// Publishes what was committed, and answers each wish with the tally as it now is. Wishes, outcomes and replies are in the
/// same order.
pub(super) fn tell(
    wishes: &[VoteCommand],
    folded: ChangeSet,
    replies: Vec<Responder<Answer>>,
    on_commit: &OnCommit,
) {
    let mut shown: Vec<(i32, Arc<Published>)> = Vec::with_capacity(folded.tallies.len());
    for row in folded.tallies {
        shown.extend(on_commit(row).map(|published| (row.tool, published)));
    }
    let mut tally_of = |tool: i32| {
        // The tallies that changed came sorted by tool.
        match shown.binary_search_by_key(&tool, |(of, _)| *of) {
            Ok(at) => shown.get(at).map(|(_, published)| Arc::clone(published)),
            Err(at) => {
                // Unchanged by this batch: version 0 replaces nothing and returns what is shown.
                let published = on_commit(unchanged(tool))?;
                shown.insert(at, (tool, Arc::clone(&published)));
                Some(published)
            }
        }
    };
    let outcomes = wishes.iter().zip(folded.outcomes);
    ReplySlots::reply_all(outcomes.zip(replies).map(|((wish, outcome), reply)| {
        let answer = outcome.and_then(|outcome| {
            let tally = tally_of(wish.tool).ok_or(VoteError::UnknownTool)?;
            Ok(VoteOutcome {
                vote: outcome.vote,
                first: outcome.first,
                ballot: outcome.ballot,
                tally,
            })
        });
        (reply, answer)
    }));
}

/// A row that is older than any.
pub(super) fn unchanged(tool: i32) -> TallyRow {
    TallyRow {
        tool,
        ..TallyRow::default()
    }
}
