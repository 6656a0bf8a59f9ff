//! Reading a backup: checked whole first, then loaded into a database that nobody sees until it is whole.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};

use diesel::sql_types::{BigInt, Text};
use diesel::{ExpressionMethods, QueryDsl, QueryableByName, RunQueryDsl, sql_query};
use openssl::sha::Sha256;

use super::{BackupError, Column, FORM, Header, Table, Trailer, columns, postgres, quoted, sqlite};
use crate::auth::audit::{self, AuditAction};
use crate::domain::{Actor, Timestamp};
use crate::infra::db::schema::{sessions, tokens};
use crate::infra::db::{DbConnection, migrate, write_transaction};

/// Rows of one statement.
const STEP: usize = 2_000;
/// A row is no longer than this: a review's summary is the longest text there is.
const LONGEST: u64 = 16 * 1024 * 1024;
/// Versions of restored tallies begin at the seconds since 1970 times this: no life of a site between two restores makes
/// so many changes a second, so no version is given twice, whatever the lost database had come to.
const VERSIONS_A_SECOND: i64 = 1 << 20;

fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> Result<bool, BackupError> {
    line.clear();
    input.by_ref().take(LONGEST).read_until(b'\n', line)?;
    if line.is_empty() {
        return Ok(false);
    }
    if line.pop() != Some(b'\n') {
        return Err(BackupError::Broken("it breaks off within a line"));
    }
    Ok(true)
}

/// Reads the whole file and holds it against its checksum; returns how many rows it has.
///
/// # Errors
/// [`BackupError::Broken`] where it is no whole backup.
pub fn check(mut input: impl BufRead) -> Result<u64, BackupError> {
    let (mut sum, mut line) = (Sha256::new(), Vec::new());
    let mut before: Option<Vec<u8>> = None;
    let mut first = true;
    while next_line(&mut input, &mut line)? {
        if let Some(before) = before.take() {
            if first {
                header(&before)?;
                first = false;
            }
            sum.update(&before);
            sum.update(b"\n");
        }
        before = Some(std::mem::take(&mut line));
    }
    let last = before.ok_or(BackupError::Broken("it is empty"))?;
    let trailer: Trailer = serde_json::from_slice(&last)
        .map_err(|_other| BackupError::Broken("its last line is missing"))?;
    if first || trailer.sha256 != hex::encode(sum.finish()) {
        return Err(BackupError::Broken("its checksum is another"));
    }
    Ok(trailer.rows)
}

fn header(line: &[u8]) -> Result<Header, BackupError> {
    let header: Header = serde_json::from_slice(line)
        .map_err(|_other| BackupError::Broken("its first line is not that of a backup"))?;
    if header.tallyship_backup != FORM {
        return Err(BackupError::Broken("it is of another form"));
    }
    Ok(header)
}

/// What a replaced database had published: each tool's version by its slug.
pub type Versions = BTreeMap<String, i64>;

#[derive(QueryableByName)]
struct Published {
    #[diesel(sql_type = Text)]
    slug: String,
    #[diesel(sql_type = BigInt)]
    version: i64,
}

/// The versions of the database that is to be replaced; none where it has no tallies.
pub fn replaced_versions(conn: &mut DbConnection) -> Versions {
    sql_query("SELECT s.slug, t.version FROM tallies t JOIN tools s ON s.id = t.tool_id")
        .load::<Published>(conn)
        .unwrap_or_default()
        .into_iter()
        .map(|row| (row.slug, row.version))
        .collect()
}

/// Loads a checked backup in one transaction: on SQLite into the empty file that `conn` is on, on Postgres in the place
/// of what is there. `told` hears how many rows are in.
///
/// # Errors
/// [`BackupError`]; nothing was changed then.
pub fn load(
    conn: &mut DbConnection,
    mut input: impl BufRead,
    replaced: &Versions,
    (now, keep_tokens): (Timestamp, bool),
    mut told: impl FnMut(u64),
) -> Result<(), BackupError> {
    if let DbConnection::Postgres(conn) = conn {
        let others = postgres::others(conn)?;
        if others > 0 {
            return Err(BackupError::Busy(format!(
                "{others} other connections use this database; stop the servers first"
            )));
        }
    }
    let mut line = Vec::new();
    next_line(&mut input, &mut line)?;
    let header = header(&line)?;
    write_transaction(conn, |conn| {
        empty(conn)?;
        migrate::to(conn, &header.migrations)?;
        let order = columns::tables_in_order(conn)?;
        for table in order.iter().rev() {
            sql_query(format!("DELETE FROM {}", quoted(table))).execute(conn)?;
        }
        rows(conn, &mut input, &mut told)?;
        for table in &order {
            let columns = columns::columns(conn, table)?;
            if let DbConnection::Postgres(conn) = conn {
                postgres::advance(conn, table, &columns)?;
            }
        }
        migrate::rest(conn)?;
        if !keep_tokens {
            revoke_tokens(conn, now)?;
        }
        raise(conn, replaced, now)?;
        let act = AuditAction {
            act: "restore",
            subject: "database".to_owned(),
            ..AuditAction::default()
        };
        audit::append(conn, &Actor::command("restore"), &act, now)?;
        Ok(())
    })
}

fn empty(conn: &mut DbConnection) -> Result<(), BackupError> {
    let tables = columns::tables(conn)?;
    if !columns::are_ours(conn)? {
        return Err(BackupError::Foreign(format!(
            "tables of another program: {}",
            tables.join(", ")
        )));
    }
    match conn {
        DbConnection::Sqlite(_) if !tables.is_empty() => Err(BackupError::Busy(
            "the file to load into is not empty".to_owned(),
        )),
        // Foreign keys are held against each other at the commit only.
        DbConnection::Sqlite(conn) => {
            sql_query("PRAGMA defer_foreign_keys = ON").execute(conn)?;
            Ok(())
        }
        DbConnection::Postgres(conn) => {
            // A server that starts meanwhile waits for its migrations, and so for the end of this.
            sql_query(format!(
                "SELECT pg_advisory_xact_lock({})",
                migrate::ADVISORY_LOCK
            ))
            .execute(conn)?;
            postgres::clear(conn, &tables)
        }
    }
}

fn rows(
    conn: &mut DbConnection,
    input: &mut impl BufRead,
    told: &mut impl FnMut(u64),
) -> Result<(), BackupError> {
    let (mut line, mut number, mut done) = (Vec::new(), 1, 0);
    let mut at: Option<(Table, Vec<Column>)> = None;
    let mut step = Step::default();
    let mut ended = false;
    while next_line(input, &mut line)? {
        number += 1;
        let bad = |cause: String| BackupError::Line(number, cause);
        if line.first() == Some(&b'[') {
            let text = std::str::from_utf8(&line).map_err(|cause| bad(cause.to_string()))?;
            step.push(text);
            done += 1;
            if step.rows == STEP {
                step.insert(conn, at.as_ref(), number)?;
                told(done);
            }
            continue;
        }
        step.insert(conn, at.as_ref(), number)?;
        told(done);
        if let Ok(table) = serde_json::from_slice::<Table>(&line) {
            at = Some(described(conn, table).map_err(|cause| match cause {
                BackupError::Line(_, cause) => bad(cause),
                other => other,
            })?);
        } else {
            serde_json::from_slice::<Trailer>(&line).map_err(|cause| bad(cause.to_string()))?;
            ended = true;
        }
    }
    if ended {
        Ok(())
    } else {
        Err(BackupError::Broken("its last line is missing"))
    }
}

/// The columns of a table of the file, as the database has them.
fn described(conn: &mut DbConnection, table: Table) -> Result<(Table, Vec<Column>), BackupError> {
    let there = columns::columns(conn, &table.table)?;
    let columns = table
        .columns
        .iter()
        .map(|name| {
            let found = there.iter().find(|column| column.name == *name);
            let missing =
                || BackupError::Line(0, format!("there is no column {}.{name}", table.table));
            found.cloned().ok_or_else(missing)
        })
        .collect::<Result<_, _>>()?;
    Ok((table, columns))
}

/// Rows that wait for their statement.
#[derive(Default)]
struct Step {
    text: String,
    rows: usize,
}

impl Step {
    fn push(&mut self, row: &str) {
        self.text.push(if self.rows == 0 { '[' } else { ',' });
        self.text.push_str(row);
        self.rows += 1;
    }

    fn insert(
        &mut self,
        conn: &mut DbConnection,
        at: Option<&(Table, Vec<Column>)>,
        line: u64,
    ) -> Result<(), BackupError> {
        if self.rows == 0 {
            return Ok(());
        }
        let (table, columns) =
            at.ok_or_else(|| BackupError::Line(line, "a row before any table".to_owned()))?;
        self.text.push(']');
        let done = match conn {
            DbConnection::Sqlite(conn) => sqlite::insert(conn, &table.table, columns, &self.text),
            DbConnection::Postgres(conn) => {
                postgres::insert(conn, &table.table, columns, &self.text)
            }
        };
        done.map_err(|cause| BackupError::Line(line, format!("{}: {cause}", table.table)))?;
        *self = Self::default();
        Ok(())
    }
}

/// Staff tokens of the backup may have been revoked since it was made.
fn revoke_tokens(conn: &mut DbConnection, now: Timestamp) -> Result<(), BackupError> {
    diesel::update(tokens::table.filter(tokens::revoked_at.is_null()))
        .set(tokens::revoked_at.eq(now.0))
        .execute(conn)?;
    diesel::delete(sessions::table).execute(conn)?;
    Ok(())
}

/// Raises every tally's version above any that was ever published, here or by the database that is replaced.
fn raise(conn: &mut DbConnection, replaced: &Versions, now: Timestamp) -> Result<(), BackupError> {
    let least = now.seconds().saturating_mul(VERSIONS_A_SECOND);
    let restored: Vec<Published> =
        sql_query("SELECT s.slug, t.version FROM tallies t JOIN tools s ON s.id = t.tool_id")
            .load(conn)?;
    for tally in restored {
        let known = replaced.get(&tally.slug).copied().unwrap_or(0);
        let version = least.max(tally.version.max(known).saturating_add(1));
        // A slug has no quotes in it.
        sql_query(format!(
            "UPDATE tallies SET version = {version} WHERE tool_id = (SELECT id FROM tools WHERE slug = '{}')",
            tally.slug.replace('\'', "''")
        ))
        .execute(conn)?;
    }
    Ok(())
}
