//! The flip: one short transaction under the tally's lock that brings a prepared removal into force, or takes one back.
//!
//! `resets` and `periods` call it on the writer's connection. It writes everything or nothing: tally, ledger, removal, bans,
//! audit.

mod revert;

use std::collections::BTreeSet;

use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};
use serde_json::json;

use super::removal::{Criteria, RemovalKind, raw};
use super::store::{self, StepResult};
use crate::abuse::store as bans;
use crate::auth::audit::{self, AuditAction};
use crate::domain::{Actor, Choice, NetworkHash, Timestamp, VoterId};
use crate::http::problem::Problem;
use crate::infra::db::schema::removals;
use crate::infra::db::{DbConnection, write_transaction};
use crate::tallies::{TallyRow, store as tallies};
use crate::voting::exclusions::{self, ExclusionChange, IN_FORCE, Marked, PREPARING};
use crate::voting::journal::{self, ToolRecord};
pub(crate) use revert::{RevertRequest, take_back};

/// Votes that a flip may still mark, or hand over, while it holds the lock.
const LATE: i64 = 1_000;

/// A prepared removal, as its preparation left it.
#[derive(Clone)]
pub(crate) struct Prepared {
    pub removal: i64,
    pub kind: RemovalKind,
    pub criteria: Criteria,
    /// Of the ledger: from here on it is to be looked at for latecomers.
    pub seq: i64,
    /// What was in force when the marking began.
    pub in_force: BTreeSet<i64>,
    /// What the marks added up to a moment ago.
    pub summed: Marked,
    /// What they must add up to, where a plan was named.
    pub planned: Option<Marked>,
    pub with_bans: bool,
    /// The last try: what is not ready is done under the lock.
    pub last: bool,
    pub reason: String,
    pub actor: Actor,
    pub now: Timestamp,
}

/// How a flip ended.
#[derive(Clone)]
pub(crate) enum Commit {
    Done(Box<Applied>),
    /// Something changed meanwhile; prepare again. Nothing was written.
    Again,
}

/// A flip that was committed.
#[derive(Clone)]
pub(crate) struct Applied {
    pub row: TallyRow,
    pub marked: Marked,
    /// Tallies as JSON.
    pub before: String,
    pub after: String,
}

/// Turns a tally into JSON, as the board shows it.
pub(crate) type Show = dyn Fn(&TallyRow) -> String + Send + Sync;

/// What the audit chain says of criteria.
fn described(criteria: &Criteria) -> serde_json::Value {
    json!({
        "from": criteria.from,
        "to": criteria.to,
        "voter": criteria.voter.map(VoterId::text),
        "network": criteria.network.map(NetworkHash::text),
        "choice": criteria.choice.map(Choice::as_str),
    })
}

/// What `removal` has marked: as it was summed, if it is still as many; else, on the last try, summed again.
fn marked(
    conn: &mut DbConnection,
    removal: i64,
    summed: &Marked,
    last: bool,
) -> QueryResult<Option<Marked>> {
    // Marks are only ever lost here, so as many are the same ones.
    if exclusions::count(conn, removal)? == summed.counts() {
        return Ok(Some(*summed));
    }
    if last {
        return exclusions::sum(conn, removal).map(Some);
    }
    Ok(None)
}

fn state_of(conn: &mut DbConnection, removal: i64) -> QueryResult<i16> {
    removals::table
        .filter(removals::id.eq(removal))
        .select(removals::state)
        .first(conn)
}

/// Brings a prepared removal into force.
///
/// # Errors
/// A failed statement. 409 where the marks are not what was planned.
pub(crate) fn bring(
    conn: &mut DbConnection,
    prepared: &Prepared,
    show: &Show,
) -> StepResult<Commit> {
    let (removal, criteria, now) = (prepared.removal, &prepared.criteria, prepared.now);
    settle(write_transaction(conn, |conn| {
        let before = tallies::lock(conn, criteria.tool)?;
        if state_of(conn, removal)? != PREPARING {
            return Err(Stop::Refused(Problem::conflict(
                "This reset was given up meanwhile.",
            )));
        }
        // Votes of a removal that was undone meanwhile count again, and may match.
        if !prepared
            .in_force
            .is_subset(&exclusions::all_in_force(conn, criteria.tool)?)
        {
            return Err(Stop::Again);
        }
        let late = store::mark_changed(conn, criteria, removal, prepared.seq, LATE)?;
        if !late.whole {
            return Err(Stop::Again);
        }
        let marked = if late.marked > 0 {
            exclusions::sum(conn, removal)?
        } else {
            marked(conn, removal, &prepared.summed, prepared.last)?.ok_or(Stop::Again)?
        };
        if let Some(planned) = &prepared.planned
            && (planned.counts(), planned.sketch) != (marked.counts(), marked.sketch)
        {
            return Err(Stop::Refused(super::resets::changed()));
        }
        let mut row = exclusions::turn(conn, &before, removal, &marked, ExclusionChange::Out, now)?;
        if prepared.kind == RemovalKind::Period {
            row.period_end = row.period_end.max(criteria.to);
        }
        tallies::save(conn, &before, &row, now)?;
        let ballots = journal::store::marked(conn, removal)?;
        let record = ToolRecord {
            removals: vec![journal::store::removal(true, removal, ballots)],
            ..ToolRecord::act(&row)
        };
        journal::store::write(conn, &[record])?;
        let (shown_before, shown_after) = (show(&before), show(&row));
        diesel::update(removals::table.filter(removals::id.eq(removal)))
            .set((
                removals::state.eq(IN_FORCE),
                removals::ship.eq(marked.ship),
                removals::skip.eq(marked.skip),
                removals::networks.eq(marked.networks),
                removals::tally_before.eq(&shown_before),
                removals::tally_after.eq(&shown_after),
                removals::made_at.eq(now.0),
            ))
            .execute(conn)?;
        if prepared.with_bans {
            bans::raise_version(conn)?;
        }
        let act = AuditAction {
            act: match prepared.kind {
                RemovalKind::Reset => "reset",
                RemovalKind::Period => "period",
            },
            subject: removal.to_string(),
            reason: prepared.reason.clone(),
            before: json!({ "tally": raw(&shown_before) }),
            after: json!({
                "criteria": described(criteria),
                "matched": marked.votes(),
                "networks": marked.networks,
                "bans": prepared.with_bans,
                "tally": raw(&shown_after),
            }),
        };
        audit::append(conn, &prepared.actor, &act, now)?;
        Ok(Applied {
            row,
            marked,
            before: shown_before,
            after: shown_after,
        })
    }))
}

/// Why a flip did not happen; each rolls back.
enum Stop {
    Failed(diesel::result::Error),
    Refused(Problem),
    Again,
}

impl From<diesel::result::Error> for Stop {
    fn from(cause: diesel::result::Error) -> Self {
        Self::Failed(cause)
    }
}

fn settle(result: Result<Applied, Stop>) -> StepResult<Commit> {
    match result {
        Ok(turned) => Ok(Ok(Commit::Done(Box::new(turned)))),
        Err(Stop::Again) => Ok(Ok(Commit::Again)),
        Err(Stop::Refused(problem)) => Ok(Err(problem)),
        Err(Stop::Failed(cause)) => Err(cause),
    }
}
