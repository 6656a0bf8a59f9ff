//! What a merge does to the votes on its target, and what its undo does: pure. `store::merges` writes it, `merges` previews it.
//!
//! As with an import, the newest vote of a voter stands, what a moderator took out stays out, and a vote that the target gets has no
//! network and no ballot of its own. What is held moves as what counts does, so that nothing tells its voter, and stays held. For the
//! holding rule its voter is as fresh as on the tool that it comes from.

use crate::domain::{Choice, NetworkHash, Timestamp, VoterId};
use crate::moderation::removals::removal::ModeratedVote;
use crate::tallies::TallyRow;
use crate::voting::apply::{self, ChangeSet, ExistingVotes, LinkedVisitors, ballot_change};
use crate::voting::exclusions::merges::MergedVote;
use crate::voting::exclusions::{self, Period};
use crate::voting::journal::ToolRecord;
use crate::voting::{Binding, VoteCommand, VoteRecord};

/// A vote of the tool, as it goes to the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MovedVote {
    pub voter: VoterId,
    pub choice: Choice,
    pub cast_at: Timestamp,
    pub token_age: i32,
    pub binding: Option<Binding>,
    /// The mark by which it is held back, if it is.
    pub held: Option<i64>,
}

impl From<&ModeratedVote> for MovedVote {
    /// For a preview, which shows votes that count; nothing of it depends on what binds a voter.
    fn from(vote: &ModeratedVote) -> Self {
        Self {
            voter: vote.voter,
            choice: vote.choice,
            cast_at: vote.cast_at,
            token_age: vote.token_age,
            binding: None,
            held: None,
        }
    }
}

/// A voter's vote on the target, before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TargetChange {
    pub voter: VoterId,
    pub token_age: i32,
    pub old: Option<VoteRecord>,
    pub new: Option<VoteRecord>,
}

impl TargetChange {
    /// As the undo needs it.
    pub fn merged(&self) -> Option<MergedVote> {
        let new = self.new?;
        Some(MergedVote {
            voter: self.voter,
            choice: new.choice,
            cast_at: new.cast_at,
            old: self.old.map(|old| (old.choice, old.cast_at)),
        })
    }
}

/// What `votes` change on `into`, where `before` stands. The vote of a visitor who came as a user there is the user's.
pub(crate) fn copied(
    votes: &[MovedVote],
    into: i32,
    before: &ExistingVotes,
    linked: &LinkedVisitors,
    periods: &[Period],
) -> Vec<TargetChange> {
    let change = |vote: &MovedVote| {
        let key = (into, vote.voter);
        let old = before.get(&key).copied();
        let is_out = |old: VoteRecord| !old.stands() || old.removal().is_some();
        let stays = |old: VoteRecord| is_out(old) || old.cast_at >= vote.cast_at;
        if linked.contains(&key) || old.is_some_and(stays) {
            return None;
        }
        // Who has a vote there is held there or not as before.
        let held = old.map_or(vote.held, |old| old.lasting_mark());
        let period = exclusions::covering(periods, into, vote.cast_at);
        let new = VoteRecord {
            choice: vote.choice,
            cast_at: vote.cast_at,
            aside: held.map_or(period, |held| Some(exclusions::held_under(held, period))),
            ballot: old.and_then(|old| old.ballot),
            // Who has a vote there is judged by the first one there.
            binding: old.map_or(vote.binding, |old| old.binding),
        };
        Some(TargetChange {
            voter: vote.voter,
            token_age: vote.token_age,
            old,
            new: Some(new),
        })
    };
    votes.iter().filter_map(change).collect()
}

/// What the undo changes for `votes` on `into`; and the votes that are no longer as the merge wrote them: their voters', or a later
/// merge's.
pub(crate) fn returned(
    votes: &[MergedVote],
    into: i32,
    before: &ExistingVotes,
    periods: &[Period],
) -> (Vec<TargetChange>, Vec<MergedVote>) {
    let (mut changes, mut others) = (Vec::new(), Vec::new());
    for vote in votes {
        let is_merged = |now: &VoteRecord| {
            let is_same = (now.choice, now.cast_at) == (vote.choice, vote.cast_at);
            is_same && now.stands() && (vote.old.is_some() || now.ballot.is_none())
        };
        let now = before.get(&(into, vote.voter)).copied();
        let Some(now) = now.filter(is_merged) else {
            others.push(*vote);
            continue;
        };
        let new = vote.old.map(|(choice, cast_at)| VoteRecord {
            choice,
            cast_at,
            aside: aside_at(now.aside, (into, periods), cast_at),
            ..now
        });
        changes.push(TargetChange {
            voter: vote.voter,
            token_age: 0,
            old: Some(now),
            new,
        });
    }
    (changes, others)
}

/// The mark of a vote whose time becomes `at`: periods go by that, everything else stays.
fn aside_at(aside: Option<i64>, (tool, periods): (i32, &[Period]), at: Timestamp) -> Option<i64> {
    let removal = aside.and_then(exclusions::removal_of);
    let reset = removal.filter(|id| !periods.iter().any(|period| period.id == *id));
    let removal = reset.or_else(|| exclusions::covering(periods, tool, at));
    match aside.and_then(exclusions::held_as) {
        Some(held) => Some(exclusions::held_under(held, removal)),
        None => removal,
    }
}

/// The target's tally after `changes`, and what is to be written. Votes that stay are not in it: their network stays with them.
pub(crate) fn change_set(
    before: &TallyRow,
    changes: &[TargetChange],
    now: Timestamp,
) -> (ChangeSet, TallyRow) {
    let (mut row, mut folded) = (*before, ChangeSet::default());
    let mut ballots = Vec::new();
    for change in changes {
        let (tool, voter) = (row.tool, change.voter);
        apply::change(&mut row, &mut folded, voter, change.old, change.new, now);
        match (change.old, change.new) {
            (Some(old), Some(new)) => ballots.extend(ballot_change(old, new)),
            (None, Some(new)) => {
                let command = VoteCommand {
                    tool,
                    voter,
                    act: Some(new.choice).into(),
                    visitor: None,
                    network: NetworkHash::NONE,
                    token_age: change.token_age,
                    origins: None,
                    ballot: None,
                };
                folded.inserts.push((command, new));
            }
            (Some(_), None) => folded.deletes.push((tool, voter)),
            (None, None) => {}
        }
    }
    if !changes.is_empty() {
        // Sums of removals that were made beside this are made again.
        row.revision += 1;
        if row.version != before.version {
            folded.hour_changes.extend(before.hour_change(now));
        }
        folded.ballots.records.push(ToolRecord {
            changes: ballots,
            ..ToolRecord::of(&row)
        });
        folded.tallies.push(row);
    }
    (folded, row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Choice::{Ship, Skip};
    use crate::domain::{OriginHash, VoterOrigins};
    use crate::voting::apply::with_capacity;

    const INTO: i32 = 2;

    fn record(choice: Choice, at: i64, aside: Option<i64>) -> VoteRecord {
        VoteRecord {
            choice,
            cast_at: Timestamp(at),
            aside,
            ballot: None,
            binding: None,
        }
    }

    const BINDING: Binding = Binding {
        origins: VoterOrigins {
            network: OriginHash(1),
            wide: None,
        },
        first_choice: Skip,
    };

    fn vote(voter: u8, choice: Choice, at: i64) -> MovedVote {
        MovedVote {
            voter: VoterId([voter; 16]),
            choice,
            cast_at: Timestamp(at),
            token_age: 9,
            binding: Some(BINDING),
            held: None,
        }
    }

    fn existing(votes: &[(u8, VoteRecord)]) -> ExistingVotes {
        let mut existing = with_capacity(votes.len());
        for (voter, record) in votes {
            existing.insert((INTO, VoterId([*voter; 16])), *record);
        }
        existing
    }

    const PERIOD: Period = Period {
        id: 5,
        tool: INTO,
        from: Timestamp(100),
        to: Timestamp(200),
    };

    #[test]
    fn the_newer_vote_stands_and_an_undo_brings_back_what_was() {
        let before = existing(&[
            (2, record(Skip, 10, None)),
            (3, record(Skip, 30, None)),
            (4, record(Skip, 10, Some(exclusions::HELD))),
            (6, record(Skip, 110, Some(PERIOD.id))),
            (9, record(Skip, 10, Some(exclusions::WITHDRAWN_HELD))),
        ]);
        let votes = [
            vote(1, Ship, 20),
            vote(2, Ship, 20),
            vote(3, Ship, 20),
            vote(4, Ship, 20),
            vote(5, Ship, 20),
            vote(6, Ship, 300),
            vote(7, Ship, 150),
            MovedVote {
                held: Some(exclusions::REJECTED),
                ..vote(8, Ship, 160)
            },
            vote(9, Ship, 20),
        ];
        let mut linked = LinkedVisitors::default();
        linked.insert((INTO, VoterId([5; 16])));
        let changes = copied(&votes, INTO, &before, &linked, &[PERIOD]);
        let voters: Vec<u8> = changes.iter().map(|change| change.voter.0[0]).collect();
        assert_eq!(voters, [1, 2, 4, 7, 8]);
        let bound: Vec<_> = changes.iter().map(|change| change.new?.binding).collect();
        let some = Some(BINDING);
        assert_eq!(bound, [some, None, None, some, some]);
        let rejected = exclusions::held_under(exclusions::REJECTED, Some(PERIOD.id));
        let marks: Vec<_> = changes.iter().map(|change| change.new?.aside).collect();
        let held = Some(exclusions::HELD);
        assert_eq!(marks, [None, None, held, Some(PERIOD.id), Some(rejected)]);
        let row = TallyRow {
            tool: INTO,
            skip: 2,
            aside_skip: 1,
            version: 4,
            ..TallyRow::default()
        };
        let (folded, after) = change_set(&row, &changes, Timestamp(400));
        assert_eq!((after.ship, after.skip, after.aside_ship), (2, 1, 1));
        assert_eq!((folded.inserts.len(), folded.events.len()), (3, 3));
        // Of what is held nothing counts, and it takes versions as anything else.
        assert_eq!((folded.journal.len(), after.version), (2, 9));

        // Undone: one voter of the merge has voted anew meanwhile.
        let merged: Vec<MergedVote> = changes.iter().filter_map(TargetChange::merged).collect();
        let now = existing(&[
            (1, record(Ship, 20, None)),
            (2, record(Ship, 20, None)),
            (4, record(Ship, 20, held)),
            (7, record(Ship, 400, None)),
            (8, record(Ship, 160, Some(rejected))),
        ]);
        let (back, others) = returned(&merged, INTO, &now, &[PERIOD]);
        let news: Vec<_> = back.iter().map(|change| change.new).collect();
        let old = |aside| Some(record(Skip, 10, aside));
        assert_eq!(news, [None, old(None), old(held), None]);
        assert_eq!(others, [merged[3]]);
    }

    #[test]
    fn a_vote_whose_time_changes_goes_into_periods_and_out_of_them() {
        let at = |aside, at| aside_at(aside, (INTO, &[PERIOD]), Timestamp(at));
        assert_eq!(at(None, 150), Some(5));
        assert_eq!(at(Some(5), 50), None);
        assert_eq!(at(Some(9), 50), Some(9), "a reset stays");
        let held = exclusions::held_under(exclusions::HELD, Some(5));
        assert_eq!(at(Some(held), 50), Some(exclusions::HELD));
    }
}
