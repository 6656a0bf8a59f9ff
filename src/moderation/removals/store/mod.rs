//! Votes as moderation reads them, and the small steps that mark them; removals are in `removals`. The rest of this module calls it.

pub(crate) mod merges;
mod removals;

use std::collections::BTreeSet;

use diesel::dsl::max;
use diesel::sql_types::Bool;
use diesel::{
    BoolExpressionMethods, ExpressionMethods, IntoSql, OptionalExtension, QueryDsl, QueryResult,
    RunQueryDsl,
};

use super::removal::{Criteria, ModeratedVote};
use crate::abuse::store::{self as bans, Ban};
use crate::domain::{Choice, NetworkHash, Timestamp, VoterId};
use crate::http::problem::Problem;
use crate::infra::db::schema::{ledger_entries, votes};
use crate::infra::db::{DbConnection, write_transaction};
use crate::tallies::store as tallies;
use crate::voting::exclusions::{self, Chosen};
use crate::voting::journal::{self, ToolRecord};
use crate::voting::ledger::unpacked;
pub(crate) use removals::{Listing, abandon, begin, find, newest};

/// What a query gives, where it does not fail.
pub type Found<T> = QueryResult<T>;
/// What a step gives: done, or refused with nothing written.
pub type StepResult<T> = QueryResult<Result<T, Problem>>;

/// Bans that one statement writes.
const BANS_AT_ONCE: usize = 500;
/// Below every voter, and above.
const LOWEST: &[u8] = &[];
const HIGHEST: &[u8] = &[0xff; 17];

type VoteColumns = (i32, Vec<u8>, i16, i64, Vec<u8>, i32, Option<i64>);

/// What moderators see of a vote.
pub(crate) const VOTE: (
    votes::tool_id,
    votes::voter,
    votes::choice,
    votes::cast_at,
    votes::network,
    votes::token_age,
    votes::taken_out_by,
) = (
    votes::tool_id,
    votes::voter,
    votes::choice,
    votes::cast_at,
    votes::network,
    votes::token_age,
    votes::taken_out_by,
);

pub(crate) fn seen(columns: VoteColumns) -> Option<ModeratedVote> {
    let (tool, voter, choice, cast_at, network, token_age, mark) = columns;
    Some(ModeratedVote {
        tool,
        voter: VoterId(voter.try_into().ok()?),
        choice: Choice::from_code(choice)?,
        cast_at: Timestamp(cast_at),
        network: NetworkHash(network.try_into().ok()?),
        token_age,
        mark,
    })
}

/// The voter who ends a page of `rows` votes on `tool` after `after`; `None` on the last page.
pub(crate) fn page_end(
    conn: &mut DbConnection,
    tool: i32,
    after: Option<VoterId>,
    rows: i64,
) -> Found<Option<VoterId>> {
    let after = after.map_or(LOWEST.to_vec(), |voter| voter.0.to_vec());
    let end: Option<Vec<u8>> = votes::table
        .filter(votes::tool_id.eq(tool))
        .filter(votes::voter.gt(after))
        .order(votes::voter)
        .select(votes::voter)
        .offset(rows - 1)
        .first(conn)
        .optional()?;
    Ok(end.and_then(|bytes| bytes.try_into().ok()).map(VoterId))
}

/// The votes that `criteria` mean among those of the voters after `after`, up to `upto`, in the order of voters.
pub(crate) fn matching(
    conn: &mut DbConnection,
    criteria: &Criteria,
    after: Option<VoterId>,
    upto: Option<VoterId>,
) -> Found<Vec<ModeratedVote>> {
    let after = after.map_or(LOWEST.to_vec(), |voter| voter.0.to_vec());
    let upto = upto.map_or(HIGHEST.to_vec(), |voter| voter.0.to_vec());
    let (least, most) = match criteria.choice {
        Some(choice) => (choice.code(), choice.code()),
        None => (1, 2),
    };
    let (any_network, networks) = criteria.networks.bytes();
    let rows: Vec<VoteColumns> = votes::table
        .filter(votes::tool_id.eq(criteria.tool))
        .filter(votes::voter.gt(after))
        .filter(votes::voter.le(upto))
        .filter(votes::cast_at.ge(criteria.from.map_or(i64::MIN, |from| from.0)))
        .filter(votes::cast_at.lt(criteria.to.0))
        .filter(votes::choice.ge(least))
        .filter(votes::choice.le(most))
        .filter(
            any_network
                .into_sql::<Bool>()
                .or(votes::network.eq_any(networks)),
        )
        .order(votes::voter)
        .select(VOTE)
        .load(conn)?;
    Ok(rows.into_iter().filter_map(seen).collect())
}

/// The votes of `voters` on `tool`, as they stand.
pub(crate) fn of_voters(
    conn: &mut DbConnection,
    tool: i32,
    voters: &[VoterId],
) -> Found<Vec<ModeratedVote>> {
    let voters: Vec<&[u8]> = voters.iter().map(|voter| voter.0.as_slice()).collect();
    let rows: Vec<VoteColumns> = votes::table
        .filter(votes::tool_id.eq(tool))
        .filter(votes::voter.eq_any(voters))
        .order(votes::voter)
        .select(VOTE)
        .load(conn)?;
    Ok(rows.into_iter().filter_map(seen).collect())
}

/// Where the ledger ends. Under the lock of a tool's row everything that comes to this tool lies beyond it, and
/// everything that came lies before.
fn end_of_ledger(conn: &mut DbConnection) -> Found<i64> {
    let newest: Option<i64> = ledger_entries::table
        .select(max(ledger_entries::seq))
        .first(conn)?;
    Ok(newest.unwrap_or_default())
}

/// Where a preparation begins: the end of the ledger, and what is in force on `tool`.
pub(crate) fn start(conn: &mut DbConnection, tool: i32) -> Found<(i64, BTreeSet<i64>)> {
    write_transaction(conn, |conn| {
        tallies::lock(conn, tool)?;
        Ok((end_of_ledger(conn)?, exclusions::all_in_force(conn, tool)?))
    })
}

/// Marks what has changed on the tool beyond `seq` of the ledger, some `limit` changes; returns how many were marked
/// and up to where that is done, or `None` for the place where there are more. The lock of the tool's row is held.
pub(crate) fn mark_changed(
    conn: &mut DbConnection,
    criteria: &Criteria,
    (removal, ban): (i64, Option<&Ban>),
    seq: i64,
    limit: i64,
) -> Found<Changed> {
    let changed: Vec<(i64, i64, Vec<u8>)> = ledger_entries::table
        .filter(ledger_entries::seq.gt(seq))
        .filter(ledger_entries::tool_id.eq(criteria.tool))
        .order(ledger_entries::seq)
        .select((
            ledger_entries::seq,
            ledger_entries::version,
            ledger_entries::changes,
        ))
        .limit(limit)
        .load(conn)?;
    let limit = usize::try_from(limit).unwrap_or_default();
    let (mut last, mut voters, mut whole) = (seq, Vec::new(), changed.len() < limit);
    for (seq, version, changes) in &changed {
        if voters.len() >= limit {
            whole = false;
            break;
        }
        voters.extend(unpacked(*version, changes).map(|change| change.voter));
        last = *seq;
    }
    voters.extend(exclusions::take_renamed(conn, removal)?);
    let chosen: Vec<Chosen> = of_voters(conn, criteria.tool, &voters)?
        .into_iter()
        .filter(|vote| criteria.hold(vote) && vote.mark != Some(removal))
        .map(|vote| Chosen {
            voter: vote.voter,
            choice: vote.choice,
            cast_at: vote.cast_at,
        })
        .collect();
    let marked = exclusions::mark(conn, criteria.tool, removal, &chosen)?;
    if let Some(ban) = ban.filter(|_| marked > 0) {
        ban_marked(conn, (criteria.tool, removal), &chosen, ban)?;
    }
    let seq = if whole { end_of_ledger(conn)? } else { last };
    Ok(Changed { marked, seq, whole })
}

/// Bans those of `chosen` who bear the mark of `removal` and are not banned by it yet.
fn ban_marked(
    conn: &mut DbConnection,
    (tool, removal): (i32, i64),
    chosen: &[Chosen],
    ban: &Ban,
) -> Found<()> {
    let chosen: Vec<VoterId> = chosen.iter().map(|vote| vote.voter).collect();
    let marked = of_voters(conn, tool, &chosen)?.into_iter();
    let marked = marked.filter(|vote| vote.mark == Some(removal));
    ban_all(conn, removal, marked.map(|vote| vote.voter).collect(), ban)
}

/// Bans those of `voters` who are not banned by `removal` yet.
fn ban_all(conn: &mut DbConnection, removal: i64, voters: Vec<VoterId>, ban: &Ban) -> Found<()> {
    let banned = bans::voters_of(conn, removal, &voters)?;
    let new = voters.into_iter().filter(|voter| !banned.contains(voter));
    let new: Vec<Ban> = new
        .map(|voter| Ban {
            voter: Some(voter),
            ..ban.clone()
        })
        .collect();
    new.chunks(BANS_AT_ONCE)
        .try_for_each(|some| bans::insert_many(conn, some))
}

/// What [`mark_changed`] did.
pub(crate) struct Changed {
    pub marked: usize,
    /// Of the ledger: up to here it is done.
    pub seq: i64,
    /// That is all there was.
    pub whole: bool,
}

/// [`mark_changed`] as a step of its own.
pub(crate) fn catch_up(
    conn: &mut DbConnection,
    criteria: &Criteria,
    (removal, ban): (i64, Option<&Ban>),
    seq: i64,
    limit: i64,
) -> Found<Changed> {
    write_transaction(conn, |conn| {
        tallies::lock(conn, criteria.tool)?;
        mark_changed(conn, criteria, (removal, ban), seq, limit)
    })
}

/// Votes that bear `mark` and that were cast in `from..to`, at most `limit`.
pub(crate) fn out_within(
    conn: &mut DbConnection,
    mark: i64,
    (from, to): (Timestamp, Timestamp),
    limit: i64,
) -> Found<Vec<VoterId>> {
    let rows: Vec<Vec<u8>> = votes::table
        .filter(votes::taken_out_by.eq(mark))
        .filter(votes::cast_at.ge(from.0))
        .filter(votes::cast_at.lt(to.0))
        .select(votes::voter)
        .limit(limit)
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(|bytes| bytes.try_into().ok().map(VoterId))
        .collect())
}

/// Puts the mark of a removal on the held votes that its criteria mean, with the bans that come with it: released later, they are out by
/// it. The lock of the tool's row is held.
pub(crate) fn mark_held(
    conn: &mut DbConnection,
    criteria: &Criteria,
    (removal, ban): (i64, Option<&Ban>),
) -> Found<()> {
    for held in [exclusions::HELD, exclusions::REJECTED] {
        let rows: Vec<VoteColumns> = votes::table
            .filter(votes::taken_out_by.eq(held))
            .filter(votes::tool_id.eq(criteria.tool))
            .select(VOTE)
            .load(conn)?;
        let meant = rows.into_iter().filter_map(seen);
        let meant = meant.filter(|vote| criteria.hold(vote));
        let voters: Vec<VoterId> = meant.map(|vote| vote.voter).collect();
        exclusions::mark_held(conn, criteria.tool, (held, removal), &voters)?;
        if let Some(ban) = ban {
            ban_all(conn, removal, voters, ban)?;
        }
    }
    Ok(())
}

/// Hands some of a removal's votes over to a period that is in force; one that is no more takes none.
pub(crate) fn hand_over(
    conn: &mut DbConnection,
    tool: i32,
    (removal, period): (i64, i64),
    voters: &[VoterId],
) -> StepResult<()> {
    let done = write_transaction(conn, |conn| {
        let row = tallies::lock(conn, tool)?;
        let in_force = exclusions::all_in_force(conn, tool)?;
        if !in_force.contains(&removal) || !in_force.contains(&period) {
            return Ok::<_, diesel::result::Error>(false);
        }
        let span = (removal, period);
        let record = ToolRecord {
            removals: journal::store::handed_over(conn, tool, removal, span, voters)?,
            ..ToolRecord::act(&row)
        };
        exclusions::hand_over(conn, tool, span, voters)?;
        journal::store::write(conn, &[record])?;
        Ok(true)
    })?;
    Ok(if done {
        Ok(())
    } else {
        Err(Problem::conflict(
            "Concurrent moderation acts interfered. Try again.",
        ))
    })
}

/// Marks some votes for a removal that is being prepared, with the bans that are to come with it.
pub(crate) fn mark(
    conn: &mut DbConnection,
    tool: i32,
    (removal, ban): (i64, Option<&Ban>),
    chosen: &[Chosen],
) -> Found<()> {
    write_transaction(conn, |conn| {
        tallies::lock(conn, tool)?;
        exclusions::mark(conn, tool, removal, chosen)?;
        match ban {
            Some(ban) => ban_marked(conn, (tool, removal), chosen, ban),
            None => Ok(()),
        }
    })
}

/// How many votes that `removal` has out were cast in `from..to`: (ship, skip).
pub(crate) fn count_within(
    conn: &mut DbConnection,
    removal: i64,
    (from, to): (Timestamp, Timestamp),
) -> Found<(i64, i64)> {
    let mut of = |choice: Choice| {
        votes::table
            .filter(votes::taken_out_by.eq(removal))
            .filter(votes::choice.eq(choice.code()))
            .filter(votes::cast_at.ge(from.0))
            .filter(votes::cast_at.lt(to.0))
            .count()
            .get_result::<i64>(conn)
    };
    Ok((of(Choice::Ship)?, of(Choice::Skip)?))
}
