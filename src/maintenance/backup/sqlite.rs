//! Rows as lines of JSON, and back, on SQLite. Only `backup` calls it.

use diesel::connection::{DefaultLoadingMode, SimpleConnection};
use diesel::sql_types::Text;
use diesel::{QueryResult, RunQueryDsl, SqliteConnection, sql_query};

use super::{BackupError, Column, ColumnKind, quoted};
use crate::infra::db::Scalar;

/// Any read transaction is a snapshot here.
pub(super) fn begin_snapshot(conn: &mut SqliteConnection) -> QueryResult<()> {
    conn.batch_execute("BEGIN")
}

pub(super) fn end_snapshot(conn: &mut SqliteConnection) -> QueryResult<()> {
    conn.batch_execute("ROLLBACK")
}

/// Brings everything from the log into the file.
pub(super) fn settle(conn: &mut SqliteConnection) -> QueryResult<()> {
    conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")
}

/// Gives `put` each row as a JSON list.
pub(super) fn each_row(
    conn: &mut SqliteConnection,
    table: &str,
    columns: &[Column],
    put: &mut dyn FnMut(String) -> std::io::Result<()>,
) -> Result<(), BackupError> {
    let values: Vec<String> = columns
        .iter()
        .map(|column| {
            let name = quoted(&column.name);
            match column.kind {
                // hex(NULL) is an empty text.
                ColumnKind::Bytes => format!("iif({name} IS NULL, NULL, lower(hex({name})))"),
                ColumnKind::Forgotten => "lower(hex(zeroblob(16)))".to_owned(),
                ColumnKind::Number | ColumnKind::Text => name,
            }
        })
        .collect();
    let query = sql_query(format!(
        "SELECT json_array({}) FROM {}",
        values.join(", "),
        quoted(table)
    ));
    for row in query.load_iter::<Scalar<Text, String>, DefaultLoadingMode>(conn)? {
        put(row?.0)?;
    }
    Ok(())
}

/// Inserts rows: a JSON list of lists.
pub(super) fn insert(
    conn: &mut SqliteConnection,
    table: &str,
    columns: &[Column],
    rows: &str,
) -> QueryResult<usize> {
    let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
    let values: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(place, column)| match column.kind {
            ColumnKind::Bytes => format!("unhex(json_extract(value, '$[{place}]'))"),
            ColumnKind::Forgotten => "zeroblob(16)".to_owned(),
            ColumnKind::Number | ColumnKind::Text => format!("json_extract(value, '$[{place}]')"),
        })
        .collect();
    sql_query(format!(
        "INSERT INTO {} ({}) SELECT {} FROM json_each(?)",
        quoted(table),
        names.join(", "),
        values.join(", ")
    ))
    .bind::<Text, _>(rows)
    .execute(conn)
}
