//! Held votes in the database: read for moderators, and settled. Only `moderation::held` calls it.

use std::collections::BTreeSet;

use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

use super::{Settled, Verdict};
use crate::db::DbConnection;
use crate::db::schema::votes;
use crate::tallies::store as tallies;
use crate::vocabulary::{Moment, VoterId};
use crate::votes::fold::{Event, Folded, Key};
use crate::votes::marks::{self, HELD, REJECTED};
use crate::votes::{Standing, ledger};

/// Settles the held votes of `voters` on `tool`, in the caller's transaction; whoever has none by now is passed over.
/// `None` where there is no such tool.
///
/// # Errors
/// A failed statement.
pub fn settle(
    conn: &mut DbConnection,
    tool: i32,
    voters: &[VoterId],
    verdict: Verdict,
    now: Moment,
) -> QueryResult<Settled> {
    let before = tallies::lock(conn, tool)?;
    let keys: BTreeSet<Key> = voters.iter().map(|voter| (tool, *voter)).collect();
    let held = ledger::present(conn, &keys)?;
    let periods = marks::periods(conn, tool)?;
    let mut settled = Settled {
        before,
        after: before,
        ..Settled::default()
    };
    let mut folded = Folded::default();
    let mut marked: std::collections::BTreeMap<Option<i64>, Vec<VoterId>> =
        std::collections::BTreeMap::new();
    // In the order of voters, so that two runs over the same votes write the same ledger.
    for key in &keys {
        let Some(old) = held.get(key).copied().filter(|vote| vote.is_held()) else {
            continue;
        };
        let aside = match verdict {
            Verdict::Count => periods
                .iter()
                .find(|period| period.holds(old.cast_at))
                .map(|period| period.id),
            Verdict::Reject => Some(REJECTED),
        };
        let new = Standing { aside, ..old };
        match old.choice {
            crate::vocabulary::Choice::Ship => settled.ship += 1,
            crate::vocabulary::Choice::Skip => settled.skip += 1,
        }
        if settled.after.shift(None, new.weight(), now) {
            settled.aside += i64::from(aside.is_some());
            folded.events.push(Event {
                tool,
                version: settled.after.version,
                voter: key.1,
                old: None,
                new: new.counted(),
            });
        }
        marked.entry(aside).or_default().push(key.1);
    }
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
    if settled.after != before {
        folded.closings.extend(before.closing(now));
        folded.tallies.push(settled.after);
        ledger::write(conn, &folded, now)?;
    }
    Ok(settled)
}

/// Which held votes are meant.
#[must_use]
pub fn mark_of(rejected: bool) -> i64 {
    if rejected { REJECTED } else { HELD }
}

/// How many votes are held, and how many were rejected, in all.
///
/// # Errors
/// A failed query.
pub fn count(conn: &mut DbConnection) -> QueryResult<(i64, i64)> {
    let mut of = |mark: i64| {
        votes::table
            .filter(votes::taken_out_by.eq(mark))
            .count()
            .get_result::<i64>(conn)
    };
    Ok((of(HELD)?, of(REJECTED)?))
}

/// The tools on which `voter` has a vote that is held or rejected: the ledger knows nothing of those.
///
/// # Errors
/// A failed query.
pub fn tools_of(conn: &mut DbConnection, voter: VoterId) -> QueryResult<Vec<i32>> {
    votes::table
        .filter(
            votes::taken_out_by
                .eq(HELD)
                .or(votes::taken_out_by.eq(REJECTED)),
        )
        .filter(votes::voter.eq(voter.0.as_slice()))
        .select(votes::tool_id)
        .load(conn)
}
