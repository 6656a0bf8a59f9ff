//! What a flip does besides if it is a merge: the tool is archived, and its addresses lead to the target; an undo takes both back.
//!
//! The votes come to the target, and leave it, in steps after the flip.

use std::collections::BTreeSet;

use diesel::QueryResult;

use super::Stop;
use crate::auth::denylist;
use crate::catalog::store as catalog;
use crate::domain::{Timestamp, ToolState};
use crate::http::problem::Problem;
use crate::infra::db::DbConnection;
use crate::moderation::removals::removal::Removal;
use crate::moderation::removals::store::merges as steps;
use crate::tallies::{TallyRow, store as tallies};
use crate::voting::batch;
use crate::voting::exclusions::merges::{self, RETURNING};

/// Locks the tool and the target of a merge, and sees whether they can be merged; returns the tool's tally.
pub(super) fn lock(
    conn: &mut DbConnection,
    (tool, into): (i32, i32),
    now: Timestamp,
) -> Result<TallyRow, Stop> {
    let (row, _) = lock_both(conn, (tool, into), now)?;
    match steps::refusal(conn, (tool, into))? {
        Some(refusal) => Err(refused(refusal)),
        None => Ok(row),
    }
}

fn refused(detail: String) -> Stop {
    Stop::Refused(Problem::conflict(detail))
}

fn lock_both(
    conn: &mut DbConnection,
    (tool, into): (i32, i32),
    now: Timestamp,
) -> QueryResult<(TallyRow, TallyRow)> {
    // An erasure is before the merge, or sees that its votes are being copied.
    denylist::lock_shared(conn)?;
    catalog::begin_edit(conn, now)?;
    let rows = batch::lock(conn, &BTreeSet::from([tool, into]))?;
    let row = |tool| {
        rows.get(&tool)
            .copied()
            .ok_or(diesel::result::Error::NotFound)
    };
    Ok((row(tool)?, row(into)?))
}

/// Archives the tool in `row`, and notes the merge.
pub(super) fn begin(
    conn: &mut DbConnection,
    (removal, into): (i64, i32),
    before: &TallyRow,
    row: &mut TallyRow,
    now: Timestamp,
) -> QueryResult<()> {
    if before.state == ToolState::Frozen {
        tallies::keep_freeze(conn, before.tool)?;
    }
    set_state(before, row, ToolState::Archived, now);
    merges::begin(conn, removal, before.tool, into)
}

/// Another state is another Tally, though no vote moved.
fn set_state(before: &TallyRow, row: &mut TallyRow, state: ToolState, now: Timestamp) {
    row.state = state;
    if row.version == before.version {
        row.touch(now);
    }
}

/// Locks the tool of a removal that is to be undone, and of a merge its target; returns the tool's tally.
pub(super) fn lock_to_revert(
    conn: &mut DbConnection,
    removal: &Removal,
    now: Timestamp,
) -> Result<TallyRow, Stop> {
    let (row, merged) = match &removal.into {
        Some(into) => (
            lock_both(conn, (removal.tool, into.tool), now)?.0,
            merges::of_tool(conn, into.tool)?,
        ),
        None => (
            tallies::lock(conn, removal.tool)?,
            merges::of_tool(conn, removal.tool)?,
        ),
    };
    match merged {
        // Its votes have gone on from there.
        Some(merge) => Err(refused(format!(
            "The tool was merged into another by merge {merge} since. Undo that first."
        ))),
        None => Ok(row),
    }
}

/// Opens the tool in `row`, frozen if it was; the target loses the votes from now on.
pub(super) fn revert(
    conn: &mut DbConnection,
    removal: i64,
    before: &TallyRow,
    row: &mut TallyRow,
    now: Timestamp,
) -> QueryResult<()> {
    let state = if tallies::take_freeze(conn, before.tool)? {
        ToolState::Frozen
    } else {
        ToolState::Open
    };
    set_state(before, row, state, now);
    merges::set(conn, removal, RETURNING, &[])
}
