//! Which tables and columns there are, asked of the database. Only `backup` calls it.

use std::collections::{BTreeMap, BTreeSet};

use diesel::sql_types::Text;
use diesel::{QueryResult, QueryableByName, RunQueryDsl, sql_query};

use super::{Column, ColumnKind, FORGOTTEN};
use crate::infra::db::{DbConnection, Scalar};

#[derive(QueryableByName)]
struct Described {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

/// The steps of the schema are restored by running them.
const STEPS: &str = "__diesel_schema_migrations";
/// The oldest step of ours; others may keep theirs in such a table too.
const FIRST_STEP: &str = "20261124000001";

/// Every table of ours, of this schema and of earlier ones, by name: what a backup holds and a restore replaces. Others may share a
/// database or its schema, and keep their tables.
const OURS: [&str; 38] = [
    "alerts",
    "audit",
    "bans",
    "bulk_events",
    "erased",
    "hours_to_make",
    "ledger_entries",
    "ledger_voters",
    "log_bundles",
    "log_index",
    "log_journal",
    "log_lists",
    "log_tiles",
    "log_tools",
    "logs",
    "merged_votes",
    "merges",
    "network_keys",
    "origin_sums",
    "removals",
    "renamed_votes",
    "reviews",
    "seen_changes",
    "sessions",
    "site_facts",
    "spent",
    "spent_solutions",
    "tallies",
    "tally_hours",
    "tokens",
    "tool_redirects",
    "tools",
    "voters",
    "votes",
    "webhook_deliveries",
    "webhook_failures",
    "webhook_tallies",
    "withdrawn_ballots",
];
/// Of earlier schemas only.
const OURS_ONCE: [&str; 1] = ["vote_events"];

fn is_ours(name: &str) -> bool {
    name == STEPS || OURS.contains(&name) || OURS_ONCE.contains(&name)
}

/// All tables, views and triggers that the schema has, whoever made them.
fn all(conn: &mut DbConnection) -> QueryResult<Vec<String>> {
    let query = match conn {
        DbConnection::Sqlite(_) => {
            "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view', 'trigger') \
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
        }
        DbConnection::Postgres(_) => {
            "SELECT CAST(table_name AS TEXT) AS name FROM information_schema.tables \
             WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name"
        }
    };
    let names: Vec<Scalar<Text, String>> = sql_query(query).load(conn)?;
    Ok(names.into_iter().map(|name| name.0).collect())
}

/// Every table of ours that there is, by name, but that of the steps.
pub(super) fn tables(conn: &mut DbConnection) -> QueryResult<Vec<String>> {
    let names = all(conn)?.into_iter();
    Ok(names
        .filter(|name| name != STEPS && is_ours(name))
        .collect())
}

/// Whether the tables of our names are ours: another program may have some too.
pub(super) fn are_ours(conn: &mut DbConnection) -> QueryResult<bool> {
    let names = all(conn)?;
    if !names.iter().any(|name| is_ours(name)) {
        return Ok(true);
    }
    Ok(
        names.iter().any(|name| name == STEPS)
            && steps(conn)?.iter().any(|step| step == FIRST_STEP),
    )
}

/// What there is that is not ours.
pub(super) fn foreign(conn: &mut DbConnection) -> QueryResult<Vec<String>> {
    let names = all(conn)?.into_iter();
    Ok(names.filter(|name| !is_ours(name)).collect())
}

/// The steps that were run, in order.
pub(super) fn steps(conn: &mut DbConnection) -> QueryResult<Vec<String>> {
    let names: Vec<Scalar<Text, String>> = sql_query(format!(
        "SELECT CAST(version AS TEXT) AS name FROM {STEPS} ORDER BY version"
    ))
    .load(conn)?;
    Ok(names.into_iter().map(|name| name.0).collect())
}

/// The columns of a table, in its order.
pub(super) fn columns(conn: &mut DbConnection, table: &str) -> QueryResult<Vec<Column>> {
    let literal = table.replace('\'', "''");
    let query = match conn {
        DbConnection::Sqlite(_) => {
            format!("SELECT name, type AS kind FROM pragma_table_info('{literal}') ORDER BY cid")
        }
        DbConnection::Postgres(_) => format!(
            "SELECT CAST(column_name AS TEXT) AS name, CAST(data_type AS TEXT) AS kind FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = '{literal}' ORDER BY ordinal_position"
        ),
    };
    let rows: Vec<Described> = sql_query(query).load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| Column {
            kind: match row.kind.to_ascii_lowercase().as_str() {
                _ if FORGOTTEN.contains(&(table, row.name.as_str())) => ColumnKind::Forgotten,
                "blob" | "bytea" => ColumnKind::Bytes,
                "text" | "character varying" => ColumnKind::Text,
                _ => ColumnKind::Number,
            },
            name: row.name,
            of_database: row.kind,
        })
        .collect())
}

/// The tables that a table refers to.
pub(super) fn parents(conn: &mut DbConnection, table: &str) -> QueryResult<Vec<String>> {
    let literal = table.replace('\'', "''");
    let query = match conn {
        DbConnection::Sqlite(_) => {
            format!("SELECT \"table\" AS name FROM pragma_foreign_key_list('{literal}')")
        }
        DbConnection::Postgres(_) => format!(
            "SELECT CAST(p.relname AS TEXT) AS name FROM pg_constraint c JOIN pg_class p ON p.oid = c.confrelid \
             WHERE c.contype = 'f' AND c.conrelid = to_regclass('\"{literal}\"')"
        ),
    };
    let names: Vec<Scalar<Text, String>> = sql_query(query).load(conn)?;
    Ok(names.into_iter().map(|name| name.0).collect())
}

/// Every table of ours, those that others refer to first: the order of the file.
pub(super) fn tables_in_order(conn: &mut DbConnection) -> QueryResult<Vec<String>> {
    let mut left: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for table in tables(conn)? {
        let mut parents: BTreeSet<String> = parents(conn, &table)?.into_iter().collect();
        parents.remove(&table);
        left.insert(table, parents);
    }
    let mut order = Vec::new();
    while !left.is_empty() {
        let ready: Vec<String> = left
            .iter()
            .filter(|(_, parents)| !parents.iter().any(|parent| left.contains_key(parent)))
            .map(|(table, _)| table.clone())
            .collect();
        if ready.is_empty() {
            // Tables that refer to each other: in any order.
            order.extend(std::mem::take(&mut left).into_keys());
        }
        for table in ready {
            left.remove(&table);
            order.push(table);
        }
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use diesel::Connection as _;

    use super::*;
    use crate::infra::db::migrate;

    #[test]
    fn our_tables_are_those_that_the_migrations_make() {
        let conn = diesel::SqliteConnection::establish(":memory:").expect("opens");
        let mut conn = DbConnection::Sqlite(conn);
        migrate(&mut conn).expect("migrates");
        assert_eq!(tables(&mut conn).expect("reads"), OURS);
        assert_eq!(foreign(&mut conn).expect("reads"), [""; 0]);
    }
}
