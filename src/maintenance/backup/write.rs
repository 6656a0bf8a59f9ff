//! Writing a backup: every table row by row, in one snapshot of the database, beside a running server.

use std::io::Write;

use openssl::sha::Sha256;
use serde::Serialize;

use super::{BackupError, Header, LEFT_OUT, Table, Trailer, columns, postgres, sqlite};
use crate::domain::Timestamp;
use crate::infra::db::DbConnection;

/// An output that adds up what passes through it.
struct Summed<W> {
    out: W,
    sum: Sha256,
}

impl<W: Write> Summed<W> {
    fn line(&mut self, text: &[u8]) -> std::io::Result<()> {
        self.sum.update(text);
        self.sum.update(b"\n");
        self.out.write_all(text)?;
        self.out.write_all(b"\n")
    }

    fn value(&mut self, value: &impl Serialize) -> Result<(), BackupError> {
        let text = serde_json::to_vec(value).map_err(std::io::Error::from)?;
        Ok(self.line(&text)?)
    }
}

/// Writes the whole database; returns how many rows.
pub fn write(conn: &mut DbConnection, out: impl Write, now: Timestamp) -> Result<u64, BackupError> {
    match conn {
        DbConnection::Sqlite(conn) => sqlite::begin_snapshot(conn)?,
        DbConnection::Postgres(conn) => postgres::begin_snapshot(conn)?,
    }
    let sum = Sha256::new();
    let written = in_snapshot(conn, &mut Summed { out, sum }, now);
    match conn {
        DbConnection::Sqlite(conn) => sqlite::end_snapshot(conn)?,
        DbConnection::Postgres(conn) => postgres::end_snapshot(conn)?,
    }
    written
}

fn in_snapshot(
    conn: &mut DbConnection,
    out: &mut Summed<impl Write>,
    now: Timestamp,
) -> Result<u64, BackupError> {
    out.value(&Header::new(columns::steps(conn)?, now))?;
    let mut rows = 0;
    let tables = columns::tables_in_order(conn)?.into_iter();
    for table in tables.filter(|table| table != LEFT_OUT) {
        let columns = columns::columns(conn, &table)?;
        out.value(&Table {
            table: table.clone(),
            columns: columns.iter().map(|column| column.name.clone()).collect(),
        })?;
        let mut put = |line: String| {
            rows += 1;
            out.line(line.as_bytes())
        };
        match conn {
            DbConnection::Sqlite(conn) => sqlite::each_row(conn, &table, &columns, &mut put)?,
            DbConnection::Postgres(conn) => postgres::each_row(conn, &table, &columns, &mut put)?,
        }
    }
    let sha256 = hex::encode(out.sum.clone().finish());
    let trailer = serde_json::to_vec(&Trailer { rows, sha256 }).map_err(std::io::Error::from)?;
    out.out.write_all(&trailer)?;
    out.out.write_all(b"\n")?;
    Ok(rows)
}
