//! What a commit says to those who wait for it: the tallies that it read or wrote are published, and each caller is told the tally
//! as it now is.
//!
//! The writer calls [`tell`], after a commit and never before.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{VoteCommand, VoteError, VoteOutcome, VoteRecord};
use crate::infra::reply_slots::{ReplySlots, Responder, Timeout};
use crate::tallies::TallyRow;
use crate::tallies::cache::Published;
use crate::voting::apply::{ChangeSet, CommandOutcome, Key};

pub(super) type Answer = Result<VoteOutcome, VoteError>;

/// A caller gets its answer within 5 s, whatever the database does: after 4.25 to 4.5 s it is told that there is none.
pub(super) const PATIENCE: Timeout = Timeout {
    ticks: 18,
    tick: Duration::from_millis(250),
};

/// Where committed tallies go; returns what is then shown.
pub type OnCommit = Arc<dyn Fn(TallyRow) -> Option<Arc<Published>> + Send + Sync>;

/// Publishes what was committed, and answers each command with the tally as it now is. Commands, outcomes and replies are in the
/// same order.
pub(super) fn tell(
    commands: &[VoteCommand],
    folded: ChangeSet,
    replies: Vec<Responder<Answer>>,
    on_commit: &OnCommit,
) {
    let mut rows = folded.tallies;
    rows.extend(folded.unchanged);
    let shown: BTreeMap<i32, Option<Arc<Published>>> = rows
        .into_iter()
        .map(|row| (row.tool, on_commit(row)))
        .collect();
    let last_votes = last_votes(commands, &folded.outcomes);
    let outcomes = commands.iter().zip(folded.outcomes);
    ReplySlots::reply_all(outcomes.zip(replies).map(|((command, outcome), reply)| {
        let answer = outcome.and_then(|outcome| {
            let published = shown.get(&command.tool).cloned().flatten();
            let tally = published.ok_or(VoteError::UnknownTool)?;
            let last = last_votes.get(&(command.tool, command.voter));
            let last = last.filter(|_| outcome.held_row.is_none());
            Ok(VoteOutcome {
                vote: outcome.vote,
                last_vote: last.copied().unwrap_or(outcome.vote),
                held_row: outcome.held_row,
                first: outcome.first,
                ballot: outcome.ballot,
                tally,
            })
        });
        (reply, answer)
    }));
}

/// What the batch left of the votes of those who sent several commands of which one was held. Where their answers have the tally after
/// the batch, it has to have the vote that they have then: else one version would have two tallies.
fn last_votes(
    commands: &[VoteCommand],
    outcomes: &[Result<CommandOutcome, VoteError>],
) -> BTreeMap<Key, Option<VoteRecord>> {
    let voted = commands.iter().zip(outcomes);
    let voted = voted.filter_map(|(command, outcome)| {
        let outcome = outcome.as_ref().ok()?;
        Some(((command.tool, command.voter), outcome.vote))
    });
    let is_held = |vote: &Option<VoteRecord>| vote.is_some_and(VoteRecord::is_held);
    let held = voted.clone().filter(|(_, vote)| is_held(vote));
    let mut last: BTreeMap<Key, Option<VoteRecord>> = held.collect();
    if !last.is_empty() {
        for (key, vote) in voted {
            last.entry(key).and_modify(|last| *last = vote);
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Choice, NetworkHash, Timestamp, VoterId};
    use crate::voting::exclusions::HELD;

    #[test]
    fn answers_of_one_batch_show_a_held_voter_one_tally() {
        let command = |voter| VoteCommand {
            tool: 1,
            voter: VoterId([voter; 16]),
            act: None.into(),
            visitor: None,
            network: NetworkHash::NONE,
            token_age: 0,
            origins: None,
            ballot: None,
        };
        let done = |choice: Option<Choice>, aside| {
            let vote = choice.map(|choice| VoteRecord {
                choice,
                cast_at: Timestamp(1),
                aside,
                ballot: None,
                binding: None,
            });
            Ok(CommandOutcome {
                vote,
                first: false,
                ballot: None,
                held_row: None,
            })
        };
        let held = Some(HELD);
        let commands = [command(1), command(2), command(1), command(1)];
        let outcomes = [
            done(Some(Choice::Ship), held),
            done(Some(Choice::Ship), None),
            done(Some(Choice::Skip), held),
            done(None, None),
        ];
        let last = last_votes(&commands, &outcomes);
        assert_eq!(last, BTreeMap::from([((1, VoterId([1; 16])), None)]));
    }
}
