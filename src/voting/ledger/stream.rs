//! The ledger as a stream of entries, in the order in which they were written or in that of their time.
//!
//! Recounts, imports and replays read it. It never holds more than a row: diesel would otherwise hold a whole answer of
//! Postgres.

use diesel::connection::DefaultLoadingMode;
use diesel::pg::PgRowByRowLoadingMode;
use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

use super::{Change, Entry, unpacked};
use crate::domain::Timestamp;
use crate::infra::db::DbConnection;
use crate::infra::db::schema::ledger_entries;

/// Streams a query's rows to `take` as entries.
macro_rules! stream {
    ($query:expr, $conn:expr, $take:expr) => {
        stream!($query, ledger_entries::seq, $conn, $take)
    };
    ($query:expr, $order:expr, $conn:expr, $take:expr) => {{
        type Row = (i32, i64, i64, Vec<u8>);
        let query = $query.order($order).select((
            ledger_entries::tool_id,
            ledger_entries::version,
            ledger_entries::at,
            ledger_entries::changes,
        ));
        let mut next = |row: QueryResult<Row>| {
            let (tool, version, at, changes) = row?;
            $take(&Entry {
                tool,
                version,
                at: Timestamp(at),
                changes,
            });
            Ok(())
        };
        match $conn {
            DbConnection::Sqlite(conn) => query
                .load_iter::<Row, DefaultLoadingMode>(conn)?
                .try_for_each(&mut next),
            DbConnection::Postgres(conn) => query
                .load_iter::<Row, PgRowByRowLoadingMode>(conn)?
                .try_for_each(&mut next),
        }
    }};
}

/// Hands over all entries, in the order in which they were written.
pub(crate) fn each(conn: &mut DbConnection, mut take: impl FnMut(&Entry)) -> QueryResult<()> {
    stream!(ledger_entries::table, conn, take)
}

/// The same, of `tools` before a moment.
pub(crate) fn each_before(
    conn: &mut DbConnection,
    tools: &[i32],
    before: Timestamp,
    mut take: impl FnMut(&Entry),
) -> QueryResult<()> {
    let query = ledger_entries::table
        .filter(ledger_entries::tool_id.eq_any(tools))
        .filter(ledger_entries::at.lt(before.0));
    stream!(query, conn, take)
}

/// The same, of those that were written after number `after` up to `upto`; of one tool, or of all.
pub(crate) fn each_between(
    conn: &mut DbConnection,
    (after, upto): (i64, i64),
    tool: Option<i32>,
    mut take: impl FnMut(&Entry),
) -> QueryResult<()> {
    let (low, high) = tool.map_or((i32::MIN, i32::MAX), |id| (id, id));
    let query = ledger_entries::table
        .filter(ledger_entries::seq.gt(after))
        .filter(ledger_entries::seq.le(upto))
        .filter(ledger_entries::tool_id.ge(low))
        .filter(ledger_entries::tool_id.le(high));
    stream!(query, conn, take)
}

/// The number of the last entry; 0 where there is none.
pub(crate) fn last(conn: &mut DbConnection) -> QueryResult<i64> {
    let last: Option<i64> = ledger_entries::table
        .select(diesel::dsl::max(ledger_entries::seq))
        .first(conn)?;
    Ok(last.unwrap_or_default())
}

/// Hands over the changes before a moment, each with its tool.
pub fn each_change_before(
    conn: &mut DbConnection,
    before: Timestamp,
    mut take: impl FnMut(i32, Change),
) -> QueryResult<()> {
    let query = ledger_entries::table.filter(ledger_entries::at.lt(before.0));
    let mut each = |entry: &Entry| {
        for change in unpacked(entry.version, &entry.changes) {
            take(entry.tool, change);
        }
    };
    stream!(query, conn, each)
}

/// Hands over the changes of `from..to` in the order of their time, each with its tool. The database sorts them: an import
/// writes votes of long ago at the ledger's end.
pub fn each_change_within(
    conn: &mut DbConnection,
    (from, to): (Timestamp, Timestamp),
    mut take: impl FnMut(i32, Timestamp, Change),
) -> QueryResult<()> {
    let query = ledger_entries::table
        .filter(ledger_entries::at.ge(from.0))
        .filter(ledger_entries::at.lt(to.0));
    let mut each = |entry: &Entry| {
        for change in unpacked(entry.version, &entry.changes) {
            take(entry.tool, entry.at, change);
        }
    };
    stream!(query, (ledger_entries::at, ledger_entries::seq), conn, each)
}
