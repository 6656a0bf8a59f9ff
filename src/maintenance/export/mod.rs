//! Votes into a file, as `import` reads them: `tallyship export votes`.
//!
//! What it gives are the votes that count, so that a site made of them has the same tallies. One page is held at a time.

mod store;

use std::io::{self, Write};

use serde::Serialize;

use crate::auth::name;
use crate::domain::Choice;
use crate::domain::{Timestamp, VoterId};
use crate::infra::db::DbConnection;

/// The kinds of votes file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    #[default]
    Csv,
    Ndjson,
}

/// A vote as it goes into a file.
pub(super) struct ExportedVote {
    voter: VoterId,
    name: Option<String>,
    choice: Choice,
    cast_at: Timestamp,
}

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("the database: {0}")]
    Query(#[from] diesel::result::Error),
    #[error("cannot write: {0}")]
    Io(#[from] io::Error),
}

#[derive(Serialize)]
struct Line<'a> {
    tool: &'a str,
    voter: &'a str,
    choice: Choice,
    cast_at: Timestamp,
}

/// Writes every vote that counts, in one snapshot of the database; returns how many.
pub fn write(conn: &mut DbConnection, out: impl Write, format: Format) -> Result<u64, ExportError> {
    store::in_snapshot(conn, |conn| match format {
        Format::Csv => {
            let mut csv = csv::Writer::from_writer(out);
            csv.write_record(["tool", "voter", "choice", "cast_at"])
                .map_err(io::Error::from)?;
            let done = each(conn, |line| {
                let cast_at = line.cast_at.to_string();
                csv.write_record([line.tool, line.voter, line.choice.as_str(), &cast_at])
                    .map_err(io::Error::from)
            })?;
            csv.flush()?;
            Ok(done)
        }
        Format::Ndjson => {
            let mut out = out;
            each(conn, |line| {
                serde_json::to_writer(&mut out, &line).map_err(io::Error::from)?;
                out.write_all(b"\n")
            })
        }
    })
}

fn each(
    conn: &mut DbConnection,
    mut put: impl FnMut(Line<'_>) -> io::Result<()>,
) -> Result<u64, ExportError> {
    let mut done = 0;
    for (tool, slug) in store::tools(conn)? {
        store::votes(conn, tool, |row| {
            done += 1;
            let voter = row.name.unwrap_or_else(|| name::visitor(row.voter));
            put(Line {
                tool: &slug,
                voter: &voter,
                choice: row.choice,
                cast_at: row.cast_at,
            })
        })?;
    }
    Ok(done)
}
