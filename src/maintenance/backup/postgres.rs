//! Rows as lines of JSON, and back, on Postgres. Only `backup` calls it.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::pg::PgRowByRowLoadingMode;
use diesel::result::Error;
use diesel::sql_types::{BigInt, Text};
use diesel::{PgConnection, QueryResult, RunQueryDsl, sql_query};

use super::{BackupError, Column, ColumnKind, quoted};
use crate::infra::db::Scalar;

/// A server process of Postgres ends within this, once its client has left.
const LEAVING: Duration = Duration::from_secs(2);

/// One snapshot for all tables; a slow disk on our side must not end it.
pub(super) fn begin_snapshot(conn: &mut PgConnection) -> QueryResult<()> {
    conn.batch_execute(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0",
    )
}

pub(super) fn end_snapshot(conn: &mut PgConnection) -> QueryResult<()> {
    conn.batch_execute("ROLLBACK")
}

/// Gives `put` each row as a JSON list.
pub(super) fn each_row(
    conn: &mut PgConnection,
    table: &str,
    columns: &[Column],
    put: &mut dyn FnMut(String) -> std::io::Result<()>,
) -> Result<(), BackupError> {
    let values: Vec<String> = columns
        .iter()
        .map(|column| match column.kind {
            ColumnKind::Bytes => format!("encode({}, 'hex')", quoted(&column.name)),
            ColumnKind::Forgotten => "repeat('00', 16)".to_owned(),
            ColumnKind::Number | ColumnKind::Text => quoted(&column.name),
        })
        .collect();
    let query = sql_query(format!(
        "SELECT CAST(json_build_array({}) AS TEXT) FROM {}",
        values.join(", "),
        quoted(table)
    ));
    for row in query.load_iter::<Scalar<Text, String>, PgRowByRowLoadingMode>(conn)? {
        put(row?.0)?;
    }
    Ok(())
}

/// Inserts rows: a JSON list of lists.
pub(super) fn insert(
    conn: &mut PgConnection,
    table: &str,
    columns: &[Column],
    rows: &str,
) -> QueryResult<usize> {
    let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
    let values: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(place, column)| match column.kind {
            ColumnKind::Bytes => format!("decode(value->>{place}, 'hex')"),
            ColumnKind::Forgotten => "decode(repeat('00', 16), 'hex')".to_owned(),
            ColumnKind::Number | ColumnKind::Text => {
                format!("CAST(value->>{place} AS {})", column.of_database)
            }
        })
        .collect();
    sql_query(format!(
        "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM json_array_elements(CAST($1 AS JSON)) AS rows (value)",
        quoted(table),
        names.join(", "),
        values.join(", ")
    ))
    .bind::<Text, _>(rows)
    .execute(conn)
}

/// Numbers that the database gives go on after those that came in.
pub(super) fn advance(conn: &mut PgConnection, table: &str, columns: &[Column]) -> QueryResult<()> {
    for column in columns
        .iter()
        .filter(|column| column.kind == ColumnKind::Number)
    {
        let (name, literal) = (quoted(&column.name), column.name.replace('\'', "''"));
        let table_literal = quoted(table).replace('\'', "''");
        sql_query(format!(
            "SELECT CAST(COALESCE(setval(pg_get_serial_sequence('{table_literal}', '{literal}'), \
             (SELECT CAST(MAX({name}) AS BIGINT) FROM {})), 0) AS BIGINT) AS n",
            quoted(table)
        ))
        .get_result::<Scalar<BigInt, i64>>(conn)?;
    }
    Ok(())
}

/// How many others are connected to this database: servers, commands, people. One that has just left is still there for a moment.
pub(super) fn others(conn: &mut PgConnection) -> QueryResult<i64> {
    let began = Instant::now();
    loop {
        let count: Scalar<BigInt, i64> = sql_query(
            "SELECT COUNT(*) AS n FROM pg_stat_activity WHERE datname = current_database() \
             AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
        )
        .get_result(conn)?;
        if count.0 == 0 || began.elapsed() > LEAVING {
            return Ok(count.0);
        }
        std::thread::sleep(LEAVING / 20);
    }
}

/// Takes away every table of ours, and refuses if something of others hangs on one. It is part of the caller's transaction.
pub(super) fn clear(conn: &mut PgConnection, tables: &[String]) -> Result<(), BackupError> {
    let schema: Scalar<Text, String> =
        sql_query("SELECT CAST(current_schema() AS TEXT) AS name").get_result(conn)?;
    let schema = quoted(&schema.0);
    let steps = ["__diesel_schema_migrations".to_owned()];
    let names: Vec<String> = tables
        .iter()
        .chain(&steps)
        .map(|table| format!("{schema}.{}", quoted(table)))
        .collect();
    // Together, since they refer to each other; without CASCADE, since what others made stays theirs.
    let dropped = conn.batch_execute(&format!(
        "DROP TABLE IF EXISTS {} RESTRICT",
        names.join(", ")
    ));
    dropped.map_err(|cause| match cause {
        Error::DatabaseError(_, info) if info.details().is_some() => BackupError::Foreign(format!(
            "{}: {}",
            info.message(),
            info.details().unwrap_or_default().replace('\n', "; ")
        )),
        other => other.into(),
    })
}
