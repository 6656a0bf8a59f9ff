//! Held votes in the database: read for moderators, and settled. Only `moderation::held` calls it.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

use super::{Resolution, ResolvedVotes};
use crate::auth::denylist;
use crate::domain::{BallotName, Choice, Counts, Timestamp, VoterId};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::votes;
use crate::tallies::{TallyRow, store as tallies};
use crate::voting::apply::{ChangeSet, Key, VoteChange};
use crate::voting::exclusions::{self, HELD, REJECTED};
use crate::voting::journal::{self, BallotState, ToolRecord};
use crate::voting::{VoteRecord, batch};

/// What the public log is told of held votes that count from now on.
#[derive(Default)]
struct ReleasedBallots {
    released: Counts,
    /// Those that an excluded period takes, by its id.
    excluded: BTreeMap<i64, Vec<(BallotName, BallotState)>>,
}

impl ReleasedBallots {
    fn release(&mut self, vote: VoteRecord, period: Option<i64>) {
        let Some(ballot) = vote.ballot else { return };
        let state = BallotState {
            choice: Some(vote.choice),
            is_held: true,
        };
        match period {
            Some(period) => {
                let ballots = self.excluded.entry(period).or_default();
                ballots.push((ballot.name, state));
            }
            None => self.released = self.released.plus(state.held()),
        }
    }

    fn record(self, row: &TallyRow) -> ToolRecord {
        let removals = self.excluded.into_iter();
        ToolRecord {
            held: Counts::default().minus(self.released),
            removals: removals
                .map(|(period, ballots)| journal::store::removal(true, period, ballots))
                .collect(),
            ..ToolRecord::act(row)
        }
    }
}

/// Settles the votes of `voters` on `tool` that bear `mark`, in the caller's transaction. One that does not by now is passed
/// over: it was withdrawn, or another moderator settled it first.
///
/// # Errors
/// A failed statement.
pub fn settle(
    conn: &mut DbConnection,
    (tool, mark): (i32, i64),
    voters: &[VoterId],
    verdict: Resolution,
    now: Timestamp,
) -> QueryResult<ResolvedVotes> {
    denylist::lock_shared(conn)?;
    let before = tallies::lock(conn, tool)?;
    let keys: BTreeSet<Key> = voters.iter().map(|voter| (tool, *voter)).collect();
    let held = batch::present(conn, &keys)?;
    let periods = exclusions::periods(conn, tool)?;
    let mut settled = ResolvedVotes {
        before,
        after: before,
        ..ResolvedVotes::default()
    };
    let mut folded = ChangeSet::default();
    let mut marked: BTreeMap<Option<i64>, Vec<VoterId>> = BTreeMap::new();
    let mut logged = ReleasedBallots::default();
    // In the order of voters, so that two runs over the same votes write the same ledger.
    for key in &keys {
        let Some(old) = held
            .get(key)
            .copied()
            .filter(|vote| vote.aside.and_then(exclusions::held_as) == Some(mark))
        else {
            continue;
        };
        let removal = old.removal();
        let aside = match verdict {
            // What a removal has out counts only once that is undone.
            Resolution::Count => removal.or_else(|| {
                let covering = periods.iter().find(|period| period.holds(old.cast_at));
                covering.map(|period| period.id)
            }),
            Resolution::Reject => Some(exclusions::held_under(REJECTED, removal)),
        };
        let new = VoteRecord { aside, ..old };
        // The log has those out already that a removal has out.
        if verdict == Resolution::Count && removal.is_none() {
            logged.release(old, aside);
        }
        match old.choice {
            Choice::Ship => settled.ship += 1,
            Choice::Skip => settled.skip += 1,
        }
        if settled.after.shift(None, new.weight(), now) {
            settled.aside += i64::from(aside.is_some());
            settled.after.revision += i64::from(new.is_excluded());
            folded.events.push(VoteChange {
                tool,
                version: settled.after.version,
                voter: key.1,
                old: None,
                new: new.counted(),
            });
        }
        marked.entry(aside).or_default().push(key.1);
    }
    set_marks(conn, tool, marked)?;
    if settled.after != before {
        folded.hour_changes.extend(before.hour_change(now));
        folded.tallies.push(settled.after);
        folded.ballots.records.push(logged.record(&settled.after));
        batch::write(conn, &folded, now)?;
    }
    Ok(settled)
}

/// Puts marks on votes, or takes them off.
fn set_marks(
    conn: &mut DbConnection,
    tool: i32,
    marked: BTreeMap<Option<i64>, Vec<VoterId>>,
) -> QueryResult<()> {
    for (mark, voters) in marked {
        let voters: Vec<&[u8]> = voters.iter().map(|voter| voter.0.as_slice()).collect();
        diesel::update(
            votes::table
                .filter(votes::tool_id.eq(tool))
                .filter(votes::voter.eq_any(voters)),
        )
        .set(votes::taken_out_by.eq(mark))
        .execute(conn)?;
    }
    Ok(())
}

/// Which held votes are meant.
#[must_use]
pub fn mark_of(rejected: bool) -> i64 {
    if rejected { REJECTED } else { HELD }
}

/// The tools on which `voter` has a vote that is held or rejected: the ledger knows nothing of those.
///
/// # Errors
/// A failed query.
pub fn tools_of(conn: &mut DbConnection, voter: VoterId) -> QueryResult<Vec<i32>> {
    votes::table
        .filter(votes::taken_out_by.lt(0))
        .filter(votes::voter.eq(voter.0.as_slice()))
        .select(votes::tool_id)
        .load(conn)
}
