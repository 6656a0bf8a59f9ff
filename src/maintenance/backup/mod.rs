//! The whole database as one file of lines, and out of it again, on either backend.
//!
//! `tallyship backup` and `restore` call it. The first line says what it is, then come the tables, each a line with its
//! columns and a line of JSON a row, and the last line bears the SHA-256 of all before it. Tables and columns are asked of
//! the database; of tables only those in a list are held, since others may share the database. The secret is no part of it, nor are the day keys of networks
//! and the hashes that votes bear under them.

mod columns;
mod load;
mod postgres;
mod replace;
mod sqlite;
mod write;

use diesel::QueryResult;
use serde::{Deserialize, Serialize};

pub use load::check;
pub use replace::replace;
pub use write::write;

use crate::domain::Timestamp;
use crate::infra::db::{DbConnection, OpenError};

/// The form of the file; another number is another form.
const FORM: u32 = 1;

/// Why a backup was not made, or not restored; the database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("the database: {0}")]
    Query(#[from] diesel::result::Error),
    #[error(transparent)]
    Open(OpenError),
    #[error("line {0}: {1}")]
    Line(u64, String),
    #[error("incomplete or damaged backup: {0}")]
    Broken(&'static str),
    #[error(
        "this backup has the schema step {0}, which this version does not know; use a newer one"
    )]
    Newer(String),
    #[error("cannot migrate: {0}")]
    Migrate(String),
    #[error("{0}")]
    Busy(String),
    #[error("others' objects would be lost with Tallyship's tables; move or drop them first: {0}")]
    Foreign(String),
}

impl From<OpenError> for BackupError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::UnknownStep(step) => Self::Newer(step),
            OpenError::Migrate(cause) => Self::Migrate(cause),
            other => Self::Open(other),
        }
    }
}

/// The first line. No line has fields of other names: what is skipped of those need not even be text.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    pub tallyship_backup: u32,
    /// Of the program that made it.
    pub version: String,
    pub made_at: String,
    /// The schema steps that were run, in order.
    pub migrations: Vec<String>,
}

impl Header {
    fn new(migrations: Vec<String>, now: Timestamp) -> Self {
        Self {
            tallyship_backup: FORM,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            made_at: now.to_string(),
            migrations,
        }
    }
}

/// Before the rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    table: String,
    columns: Vec<String>,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trailer {
    rows: u64,
    sha256: String,
}

/// What a column holds, as far as the file has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ColumnKind {
    Number,
    Text,
    /// Hexadecimal in the file.
    Bytes,
    /// Sixteen bytes that no backup holds: zeros in the file, and in what is restored.
    Forgotten,
}

/// Left out: with the keys of two days a backup would know networks for as long as it lies about.
const LEFT_OUT: &str = "network_keys";
/// What is made under those keys.
const FORGOTTEN: [(&str, &str); 2] = [("votes", "network"), ("alerts", "network")];

#[derive(Debug, Clone)]
struct Column {
    name: String,
    kind: ColumnKind,
    /// As the database calls it.
    of_database: String,
}

/// How many others are connected to this database, if it is one that others connect to.
pub fn other_connections(conn: &mut DbConnection) -> QueryResult<i64> {
    match conn {
        DbConnection::Sqlite(_) => Ok(0),
        DbConnection::Postgres(conn) => postgres::others(conn),
    }
}

/// A name in SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
