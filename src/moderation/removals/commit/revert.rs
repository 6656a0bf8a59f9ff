//! The flip backwards: a removal is taken back.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use serde_json::json;

use super::{
    Applied, Commit, HANDED_OVER_UNDER_LOCK, LATE, LATE_AT_LAST, Redo, Show, Stop, marked, merge,
    settle, state_of,
};
use crate::abuse::store as bans;
use crate::auth::audit::{self, AuditAction};
use crate::domain::{Actor, Timestamp};
use crate::http::problem::Problem;
use crate::infra::db::schema::removals;
use crate::infra::db::{DbConnection, write_transaction};
use crate::moderation::removals::removal::{Removal, RemovalKind, raw};
use crate::moderation::removals::store::{self, StepResult};
use crate::tallies::store as tallies;
use crate::voting::exclusions::{self, ExclusionChange, IN_FORCE, MarkedAt, UNDONE};
use crate::voting::journal::{self, ToolRecord};

/// A removal that is to be taken back, as its preparation left it.
#[derive(Clone)]
pub(crate) struct RevertRequest {
    pub removal: Removal,
    pub summed: MarkedAt,
    /// It takes votes by itself at this moment: what it has is summed under the lock.
    pub open: bool,
    pub last: bool,
    pub reason: String,
    pub actor: Actor,
    pub now: Timestamp,
}

/// Takes a removal back: what periods in force cover is handed over to them, the rest counts again.
///
/// # Errors
/// A failed statement. 409 where it was taken back already.
pub(crate) fn take_back(
    conn: &mut DbConnection,
    returning: &RevertRequest,
    show: &Show,
) -> StepResult<Commit> {
    let (removal, now) = (&returning.removal, returning.now);
    settle(write_transaction(conn, |conn| {
        let before = merge::lock_to_revert(conn, removal, now)?;
        if state_of(conn, removal.id)? != IN_FORCE {
            return Err(Stop::Refused(Problem::conflict("This is already undone.")));
        }
        let (mut period_end, mut handed_over) = (Timestamp(0), 0);
        let mut logged = Vec::new();
        let most = if returning.last {
            LATE_AT_LAST
        } else {
            HANDED_OVER_UNDER_LOCK + LATE
        };
        for period in exclusions::periods(conn, removal.tool)? {
            if period.id == removal.id {
                continue;
            }
            period_end = period_end.max(period.to);
            let span = (period.from, period.to);
            for (mark, new) in exclusions::marks_of(removal.id)
                .into_iter()
                .zip(exclusions::marks_of(period.id))
            {
                let late = store::out_within(conn, mark, span, most + 1)?;
                if late.len() > usize::try_from(most).unwrap_or_default() {
                    return Err(Stop::Again(Redo::Sum));
                }
                let ids = (removal.id, period.id);
                let lists = journal::store::handed_over(conn, removal.tool, mark, ids, &late)?;
                logged.extend(lists);
                handed_over += exclusions::hand_over(conn, removal.tool, (mark, new), &late)?;
            }
        }
        let marked = if returning.open || handed_over > 0 {
            exclusions::sum(conn, removal.id)?
        } else {
            let summed = (&returning.summed, false);
            marked(conn, &before, removal.id, summed, returning.last)?
        };
        let mut row = exclusions::turn(
            conn,
            &before,
            removal.id,
            &marked,
            ExclusionChange::Back,
            now,
        )?;
        row.period_end = period_end;
        if removal.kind == RemovalKind::Merge {
            merge::revert(conn, removal.id, &before, &mut row, now)?;
        }
        tallies::save(conn, &before, &row, now)?;
        let ballots = journal::store::marked(conn, removal.id)?;
        exclusions::unmark_held(conn, removal.id)?;
        logged.push(journal::store::removal(false, removal.id, ballots));
        let record = ToolRecord {
            removals: logged,
            ..ToolRecord::act(&row)
        };
        journal::store::write(conn, &[record])?;
        let (shown_before, shown_after) = (show(&before), show(&row));
        diesel::update(removals::table.filter(removals::id.eq(removal.id)))
            .set((
                removals::state.eq(UNDONE),
                removals::undone_at.eq(now.0),
                removals::undone_by.eq(&returning.actor.name),
                removals::undo_reason.eq(&returning.reason),
            ))
            .execute(conn)?;
        let lifted = bans::count_of(conn, removal.id)?;
        if lifted > 0 {
            bans::raise_version(conn)?;
        }
        let act = AuditAction {
            act: match removal.kind {
                RemovalKind::Reset => "reset.undo",
                RemovalKind::Period => "period.delete",
                RemovalKind::Merge => "merge.undo",
            },
            subject: removal.id.to_string(),
            reason: returning.reason.clone(),
            before: json!({ "tally": raw(&shown_before) }),
            after: json!({
                "restored": marked.votes(),
                "bans_lifted": lifted,
                "tally": raw(&shown_after),
            }),
        };
        audit::append(conn, &returning.actor, &act, now)?;
        Ok(Applied {
            row,
            marked,
            before: shown_before,
            after: shown_after,
        })
    }))
}
