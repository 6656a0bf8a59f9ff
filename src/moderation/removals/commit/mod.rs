//! The flip: one short transaction under the tally's lock that brings a prepared removal into force, or takes one back.
//!
//! `resets` and `periods` call it on the writer's connection. It writes everything or nothing: tally, ledger, removal, bans,
//! audit.

mod merge;
mod revert;

use std::collections::BTreeSet;

use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};
use serde_json::json;

use super::removal::{Criteria, CriteriaView, RemovalKind, raw};
use super::store::{self, StepResult};
use crate::abuse::store::{self as bans, Ban};
use crate::auth::audit::{self, AuditAction};
use crate::domain::{Actor, Timestamp};
use crate::http::problem::Problem;
use crate::infra::db::schema::removals;
use crate::infra::db::{DbConnection, write_transaction};
use crate::tallies::{TallyRow, store as tallies};
use crate::voting::exclusions::{self, ExclusionChange, IN_FORCE, Marked, MarkedAt, PREPARING};
use crate::voting::journal::{self, ToolRecord};
pub(super) use revert::{RevertRequest, take_back};

/// Changes of votes that are looked at, or handed over, under the lock.
const LATE: i64 = 1_000;
/// Marks that are summed under the lock: a few milliseconds.
const SUMMED_UNDER_LOCK: i64 = 10_000;
/// Votes that are handed over under the lock, so that the public log states the whole act at once; more go before it, in steps.
pub(super) const HANDED_OVER_UNDER_LOCK: i64 = 10_000;
/// Changes on the last try, beside a flood of votes.
const LATE_AT_LAST: i64 = 100_000;

/// A prepared removal, as its preparation left it.
#[derive(Clone)]
pub(crate) struct Prepared {
    pub removal: i64,
    pub kind: RemovalKind,
    /// The target of a merge.
    pub into: Option<i32>,
    pub criteria: Criteria,
    /// Of the ledger: from here on it is to be looked at for latecomers.
    pub seq: i64,
    /// What was in force when the marking began.
    pub in_force: BTreeSet<i64>,
    /// What the marks added up to a moment ago.
    pub summed: MarkedAt,
    /// What they must add up to, where a plan was named.
    pub planned: Option<Marked>,
    /// What each of the voters is banned by.
    pub ban: Option<Ban>,
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
    /// Something changed meanwhile; nothing was written.
    Again(Redo),
}

/// From where a preparation begins again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Redo {
    /// Votes that were passed over may match now.
    Scan,
    /// There are more marks, or other ones, than were summed.
    Sum,
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

/// What `removal` has marked: as it was summed, unless marks were `added` since, or it is no longer so. Then it is summed under the lock,
/// if they are few or this is the last try.
fn marked(
    conn: &mut DbConnection,
    row: &TallyRow,
    removal: i64,
    (summed, added): (&MarkedAt, bool),
    last: bool,
) -> Result<Marked, Stop> {
    let still = if added {
        None
    } else {
        exclusions::still(conn, row, removal, summed)?
    };
    match still {
        Some(marked) => Ok(marked),
        None if last || summed.marked.votes() <= SUMMED_UNDER_LOCK => {
            Ok(exclusions::sum(conn, removal)?)
        }
        None => Err(Stop::Again(Redo::Sum)),
    }
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
        let before = match prepared.into {
            Some(into) => merge::lock(conn, (criteria.tool, into), now)?,
            None => tallies::lock(conn, criteria.tool)?,
        };
        if state_of(conn, removal)? != PREPARING {
            return Err(Stop::Refused(Problem::conflict(
                "This reset was abandoned meanwhile.",
            )));
        }
        // Votes of a removal that was undone meanwhile count again, and may match.
        if !prepared
            .in_force
            .is_subset(&exclusions::all_in_force(conn, criteria.tool)?)
        {
            return Err(Stop::Again(Redo::Scan));
        }
        let most = if prepared.last { LATE_AT_LAST } else { LATE };
        let late = store::mark_changed(
            conn,
            criteria,
            (removal, prepared.ban.as_ref()),
            prepared.seq,
            most,
        )?;
        if !late.whole {
            return Err(Stop::Again(Redo::Sum));
        }
        let summed = (&prepared.summed, late.marked > 0);
        let marked = marked(conn, &before, removal, summed, prepared.last)?;
        if let Some(planned) = &prepared.planned
            && (planned.counts(), planned.sketch) != (marked.counts(), marked.sketch)
        {
            return Err(Stop::Refused(super::resets::changed()));
        }
        let mut row = exclusions::turn(conn, &before, removal, &marked, ExclusionChange::Out, now)?;
        if prepared.kind == RemovalKind::Period {
            row.period_end = row.period_end.max(criteria.to);
        }
        if let Some(into) = prepared.into {
            merge::begin(conn, (removal, into), &before, &mut row, now)?;
        }
        tallies::save(conn, &before, &row, now)?;
        store::mark_held(conn, criteria, (removal, prepared.ban.as_ref()))?;
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
        if prepared.ban.is_some() {
            bans::raise_version(conn)?;
        }
        let mut after = json!({
            "criteria": CriteriaView::from(criteria),
            "matched": marked.votes(),
            "networks": marked.networks,
            "bans": prepared.ban.is_some(),
            "tally": raw(&shown_after),
        });
        if let (Some(into), Some(after)) = (prepared.into, after.as_object_mut()) {
            let slug = store::merges::slug(conn, into)?;
            after.insert("into".to_owned(), json!(slug));
        }
        let act = AuditAction {
            act: match prepared.kind {
                RemovalKind::Reset => "reset",
                RemovalKind::Period => "period",
                RemovalKind::Merge => "merge",
            },
            subject: removal.to_string(),
            reason: prepared.reason.clone(),
            before: json!({ "tally": raw(&shown_before) }),
            after,
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
    Again(Redo),
}

impl From<diesel::result::Error> for Stop {
    fn from(cause: diesel::result::Error) -> Self {
        Self::Failed(cause)
    }
}

fn settle(result: Result<Applied, Stop>) -> StepResult<Commit> {
    match result {
        Ok(turned) => Ok(Ok(Commit::Done(Box::new(turned)))),
        Err(Stop::Again(redo)) => Ok(Ok(Commit::Again(redo))),
        Err(Stop::Refused(problem)) => Ok(Err(problem)),
        Err(Stop::Failed(cause)) => Err(cause),
    }
}
