//! What a commit says to those who wait for it: its tallies are published, and each caller is told the tally as it now is.
//!
//! The writer calls [`tell`], after a commit and never before.

use std::sync::Arc;
use std::time::Duration;

use super::fold::Folded;
use super::{Done, Refused, Wish};
use crate::callers::{Callers, Patience, Reply};
use crate::tallies::TallyRow;
use crate::tallies::board::Published;

pub(super) type Answer = Result<Done, Refused>;

/// A caller gets its answer within 5 s, whatever the database does: after 4.25 to 4.5 s it is told that there is none.
pub(super) const PATIENCE: Patience = Patience {
    looks: 18,
    every: Duration::from_millis(250),
};

/// Where committed tallies go; returns what is then shown.
pub type OnCommit = Arc<dyn Fn(TallyRow) -> Option<Arc<Published>> + Send + Sync>;

/// Publishes what was committed, and answers each wish with the tally as it now is. Wishes, outcomes and replies are in the
/// same order.
pub(super) fn tell(
    wishes: &[Wish],
    folded: Folded,
    replies: Vec<Reply<Answer>>,
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
