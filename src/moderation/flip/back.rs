//! The flip backwards: a removal is taken back.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use serde_json::json;

use super::{Flipped, LATE, Show, Stop, Turned, marked, settle, state_of};
use crate::audit::{self, Act};
use crate::db::schema::removals;
use crate::db::{DbConnection, write_transaction};
use crate::moderation::removal::{Kind, Removal, raw};
use crate::moderation::store::{self, Outcome};
use crate::problem::Problem;
use crate::standing::store as bans;
use crate::tallies::store as tallies;
use crate::vocabulary::{Actor, Moment};
use crate::votes::marks::{self, IN_FORCE, Marked, Turn, UNDONE};

/// A removal that is to be taken back, as its preparation left it.
#[derive(Clone)]
pub(in crate::moderation) struct Returning {
    pub removal: Removal,
    pub summed: Marked,
    /// It takes votes by itself at this moment: what it has is summed under the lock.
    pub open: bool,
    pub last: bool,
    pub reason: String,
    pub actor: Actor,
    pub now: Moment,
}

/// Takes a removal back: what periods in force cover is handed over to them, the rest counts again.
///
/// # Errors
/// A failed statement. 409 where it was taken back already.
pub(in crate::moderation) fn take_back(
    conn: &mut DbConnection,
    returning: &Returning,
    show: &Show,
) -> Outcome<Flipped> {
    let (removal, now) = (&returning.removal, returning.now);
    settle(write_transaction(conn, |conn| {
        let before = tallies::lock(conn, removal.tool)?;
        if state_of(conn, removal.id)? != IN_FORCE {
            return Err(Stop::Refused(Problem::conflict("This was undone before.")));
        }
        let mut period_end = Moment(0);
        for period in marks::periods(conn, removal.tool)? {
            if period.id == removal.id {
                continue;
            }
            period_end = period_end.max(period.to);
            let late = store::out_within(conn, removal.id, (period.from, period.to), LATE + 1)?;
            if late.len() > usize::try_from(LATE).unwrap_or_default() {
                return Err(Stop::Again);
            }
            marks::hand_over(conn, removal.tool, (removal.id, period.id), &late)?;
        }
        let marked = if returning.open {
            marks::sum(conn, removal.id)?
        } else {
            marked(conn, removal.id, &returning.summed, returning.last)?.ok_or(Stop::Again)?
        };
        let mut row = marks::turn(conn, &before, removal.id, &marked, Turn::Back, now)?;
        row.period_end = period_end;
        tallies::save(conn, &before, &row, now)?;
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
        let act = Act {
            act: match removal.kind {
                Kind::Reset => "reset.undo",
                Kind::Period => "period.delete",
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
        Ok(Turned {
            row,
            marked,
            before: shown_before,
            after: shown_after,
        })
    }))
}
