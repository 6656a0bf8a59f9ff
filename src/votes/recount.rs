//! The recount: every tally against its votes and against its ledger, in one snapshot of the database.
//!
//! `tallyship verify` calls it. It reads only, and takes no lock that a vote would wait for.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Integer, SmallInt, Text};
use diesel::{QueryResult, QueryableByName, RunQueryDsl, sql_query};

use crate::db::DbConnection;

/// A tool whose three accounts do not agree.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    pub tool: String,
    /// (ship, skip) as the tally says.
    pub tally: (i64, i64),
    /// As the votes add up.
    pub votes: (i64, i64),
    /// As the ledger adds up.
    pub ledger: (i64, i64),
    /// The ledger holds a version beyond the tally's.
    pub ahead: bool,
}

/// What a recount went over.
#[derive(Debug, Default, serde::Serialize)]
pub struct Recount {
    pub tools: usize,
    pub votes: i64,
    pub events: i64,
    pub differences: Vec<Difference>,
}

#[derive(QueryableByName)]
struct TallyLine {
    #[diesel(sql_type = Integer)]
    tool_id: i32,
    #[diesel(sql_type = Text)]
    slug: String,
    #[diesel(sql_type = BigInt)]
    ship: i64,
    #[diesel(sql_type = BigInt)]
    skip: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
}

#[derive(QueryableByName)]
struct VoteLine {
    #[diesel(sql_type = Integer)]
    tool_id: i32,
    #[diesel(sql_type = SmallInt)]
    choice: i16,
    #[diesel(sql_type = BigInt)]
    votes: i64,
}

#[derive(QueryableByName)]
struct LedgerLine {
    #[diesel(sql_type = Integer)]
    tool_id: i32,
    #[diesel(sql_type = BigInt)]
    ship: i64,
    #[diesel(sql_type = BigInt)]
    skip: i64,
    #[diesel(sql_type = BigInt)]
    newest: i64,
    #[diesel(sql_type = BigInt)]
    events: i64,
}

/// Recounts everything.
///
/// # Errors
/// A failed query.
pub fn recount(conn: &mut DbConnection) -> QueryResult<Recount> {
    begin_snapshot(conn)?;
    let result = in_snapshot(conn);
    conn.batch_execute("ROLLBACK")?;
    result
}

/// On SQLite any read transaction is a snapshot; Postgres must be asked for one.
fn begin_snapshot(conn: &mut DbConnection) -> QueryResult<()> {
    match conn {
        DbConnection::Sqlite(conn) => conn.batch_execute("BEGIN"),
        DbConnection::Postgres(conn) => {
            conn.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        }
    }
}

fn in_snapshot(conn: &mut DbConnection) -> QueryResult<Recount> {
    let tallies: Vec<TallyLine> = sql_query(
        "SELECT t.tool_id, s.slug, t.ship, t.skip, t.version FROM tallies t JOIN tools s ON s.id = t.tool_id ORDER BY s.slug",
    )
    .load(conn)?;
    let votes: Vec<VoteLine> = sql_query(
        "SELECT tool_id, choice, COUNT(*) AS votes FROM votes WHERE taken_out_by IS NULL GROUP BY tool_id, choice",
    )
    .load(conn)?;
    let ledger: Vec<LedgerLine> = sql_query(
        "SELECT tool_id, \
           SUM(CASE WHEN new = 1 THEN 1 ELSE 0 END) - SUM(CASE WHEN old = 1 THEN 1 ELSE 0 END) AS ship, \
           SUM(CASE WHEN new = 2 THEN 1 ELSE 0 END) - SUM(CASE WHEN old = 2 THEN 1 ELSE 0 END) AS skip, \
           MAX(version) AS newest, COUNT(*) AS events FROM vote_events GROUP BY tool_id",
    )
    .load(conn)?;
    Ok(compare(&tallies, &votes, &ledger))
}

fn compare(tallies: &[TallyLine], votes: &[VoteLine], ledger: &[LedgerLine]) -> Recount {
    let mut recount = Recount {
        tools: tallies.len(),
        ..Recount::default()
    };
    let mut counted: BTreeMap<i32, (i64, i64)> = BTreeMap::new();
    for line in votes {
        recount.votes += line.votes;
        let (ship, skip) = counted.entry(line.tool_id).or_default();
        if line.choice == 1 {
            *ship += line.votes;
        } else {
            *skip += line.votes;
        }
    }
    let mut noted: BTreeMap<i32, &LedgerLine> = BTreeMap::new();
    for line in ledger {
        recount.events += line.events;
        noted.insert(line.tool_id, line);
    }
    let mut names: BTreeMap<i32, (String, (i64, i64), i64)> = tallies
        .iter()
        .map(|line| {
            (
                line.tool_id,
                (line.slug.clone(), (line.ship, line.skip), line.version),
            )
        })
        .collect();
    // Votes or events of a tool that has no tally are a difference too.
    for tool in counted.keys().chain(noted.keys()) {
        names
            .entry(*tool)
            .or_insert_with(|| (format!("(tool {tool}, which does not exist)"), (0, 0), 0));
    }
    for (tool, (name, tally, version)) in names {
        let votes = counted.get(&tool).copied().unwrap_or_default();
        let (ledger, newest) = noted
            .get(&tool)
            .map_or(((0, 0), 0), |line| ((line.ship, line.skip), line.newest));
        let ahead = newest > version;
        if tally != votes || tally != ledger || ahead {
            recount.differences.push(Difference {
                tool: name,
                tally,
                votes,
                ledger,
                ahead,
            });
        }
    }
    recount
}
