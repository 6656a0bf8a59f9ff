//! The table `seen_changes`.

use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

use crate::domain::{Choice, Timestamp, VoterId};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::seen_changes;
use crate::voting::seen_changes::SeenChange;

fn code(choice: Option<Choice>) -> i16 {
    choice.map_or(0, Choice::code)
}

/// Writes `changes`; few batches have any.
pub(crate) fn write(conn: &mut DbConnection, changes: &[SeenChange]) -> QueryResult<()> {
    for change in changes {
        diesel::insert_into(seen_changes::table)
            .values((
                seen_changes::voter.eq(change.voter.0.as_slice()),
                seen_changes::tool_id.eq(change.tool),
                seen_changes::version.eq(change.version),
                seen_changes::old.eq(code(change.old)),
                seen_changes::new.eq(code(change.new)),
                seen_changes::at.eq(change.at.0),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// The changes of `voter`. Those that changed nothing are the rule's or a moderator's.
pub fn of_voter(conn: &mut DbConnection, voter: VoterId) -> QueryResult<Vec<SeenChange>> {
    let rows: Vec<(i32, i64, i16, i16, i64)> = seen_changes::table
        .filter(seen_changes::voter.eq(voter.0.as_slice()))
        .select((
            seen_changes::tool_id,
            seen_changes::version,
            seen_changes::old,
            seen_changes::new,
            seen_changes::at,
        ))
        .load(conn)?;
    let entry = |(tool, version, old, new, at)| SeenChange {
        tool,
        version,
        voter,
        old: Choice::from_code(old),
        new: Choice::from_code(new),
        at: Timestamp(at),
    };
    Ok(rows.into_iter().map(entry).collect())
}

/// Deletes the changes of an erased voter.
pub fn erase(conn: &mut DbConnection, voter: VoterId) -> QueryResult<()> {
    let of_voter = seen_changes::voter.eq(voter.0.as_slice());
    diesel::delete(seen_changes::table.filter(of_voter)).execute(conn)?;
    Ok(())
}
