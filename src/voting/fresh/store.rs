//! The table `origin_sums`, and which voters are not fresh, in the database.

use std::collections::BTreeSet;

use diesel::dsl::{count_star, sql};
use diesel::query_builder::{AstPass, Query};
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer};
use diesel::{
    ExpressionMethods, PgConnection, QueryDsl, QueryResult, RunQueryDsl, SqliteConnection,
};

use super::book::{OriginBook, OriginRow};
use crate::abuse::holding::rule::{ByChoice, FreshSums};
use crate::abuse::holding::sample::VoterSample;
use crate::domain::{Choice, DAY_MICROS, OriginHash, Timestamp, VoterId};
use crate::infra::db::DbConnection;
use crate::infra::db::fixed_statement::{FixedText, fixed_statement};
use crate::infra::db::schema::votes;
use crate::tallies::TallyRow;
use crate::voting::VoteRecord;
use crate::voting::exclusions;

const SELECT: &str = "SELECT origin, tool_id, first_ship, first_skip, now_ship, now_skip, counted_ship, counted_skip, changed, \
     trusted_until, sample FROM origin_sums WHERE origin = ";

type Sums = (
    BigInt,
    Integer,
    BigInt,
    BigInt,
    BigInt,
    BigInt,
    BigInt,
    BigInt,
    BigInt,
    BigInt,
    Binary,
);
pub(crate) type Columns = (i64, i32, i64, i64, i64, i64, i64, i64, i64, i64, Vec<u8>);

struct SelectOne<'a>(&'a i64);
fixed_statement!(SelectOne, SqliteConnection);
impl Query for SelectOne<'_> {
    type SqlType = Sums;
}
impl FixedText<diesel::sqlite::Sqlite> for SelectOne<'_> {
    fn walk_text<'b>(
        &'b self,
        mut out: AstPass<'_, 'b, diesel::sqlite::Sqlite>,
    ) -> QueryResult<()> {
        out.push_sql(SELECT);
        out.push_bind_param::<BigInt, _>(self.0)
    }
}

struct SelectMany<'a>(&'a [i64]);
fixed_statement!(SelectMany, PgConnection);
impl Query for SelectMany<'_> {
    type SqlType = Sums;
}
impl FixedText<diesel::pg::Pg> for SelectMany<'_> {
    fn walk_text<'b>(&'b self, mut out: AstPass<'_, 'b, diesel::pg::Pg>) -> QueryResult<()> {
        out.push_sql(SELECT);
        out.push_sql("ANY(");
        out.push_bind_param::<Array<BigInt>, _>(&self.0)?;
        out.push_sql(")");
        Ok(())
    }
}

fn row(columns: Columns) -> (OriginHash, i32, OriginRow) {
    let (
        origin,
        tool,
        first_ship,
        first_skip,
        now_ship,
        now_skip,
        ship,
        skip,
        changed,
        until,
        sample,
    ) = columns;
    let by = |ship, skip| ByChoice { ship, skip };
    let row = OriginRow {
        sums: FreshSums {
            first: by(first_ship, first_skip),
            now: by(now_ship, now_skip),
            counted: by(ship, skip),
            changed,
            // See `read_excluded`.
            excluded: ByChoice::default(),
        },
        sample: VoterSample::from_bytes(&sample),
        trusted_until: Timestamp(until),
    };
    (OriginHash(origin), tool, row)
}

/// Enters into `book` what the database has of `origins`, unless they are there.
pub(crate) fn read(
    conn: &mut DbConnection,
    book: &mut OriginBook,
    origins: impl IntoIterator<Item = OriginHash>,
) -> QueryResult<()> {
    let conn = match conn {
        DbConnection::Sqlite(conn) => conn,
        DbConnection::Postgres(conn) => return read_on_postgres(conn, book, origins),
    };
    for origin in book.missing(origins) {
        let rows: Vec<Columns> = SelectOne(&origin.0).load(conn)?;
        enter(book, rows);
    }
    Ok(())
}

fn enter(book: &mut OriginBook, rows: Vec<Columns>) {
    for (origin, tool, row) in rows.into_iter().map(row) {
        book.enter(origin, tool, row);
    }
}

/// The same as [`read`], on Postgres.
pub(crate) fn read_on_postgres(
    conn: &mut PgConnection,
    book: &mut OriginBook,
    origins: impl IntoIterator<Item = OriginHash>,
) -> QueryResult<()> {
    let missing: Vec<i64> = book
        .missing(origins)
        .iter()
        .map(|origin| origin.0)
        .collect();
    if !missing.is_empty() {
        enter(book, SelectMany(&missing).load(conn)?);
    }
    Ok(())
}

/// The networks that some votes are bound to.
pub(crate) fn bound<'a>(
    votes: impl IntoIterator<Item = &'a VoteRecord>,
) -> impl Iterator<Item = OriginHash> {
    let bindings = votes.into_iter().filter_map(|vote| vote.binding);
    bindings.flat_map(|binding| binding.origins.each())
}

/// Enters into `book` which of `voters` have a vote that counts, cast before the day of `now`.
pub(crate) fn read_established(
    conn: &mut DbConnection,
    book: &mut OriginBook,
    voters: &BTreeSet<VoterId>,
    now: Timestamp,
) -> QueryResult<()> {
    let conn = match conn {
        DbConnection::Sqlite(conn) => conn,
        DbConnection::Postgres(conn) => return established_on_postgres(conn, book, voters, now),
    };
    let today = begin_of_day(now);
    for voter in voters {
        let earlier = EarlierVote {
            voter: &voter.0,
            today,
        };
        let found: Vec<Vec<u8>> = earlier.load(conn)?;
        book.enter_established((!found.is_empty()).then_some(*voter));
    }
    Ok(())
}

/// The same as [`read_established`], on Postgres.
pub(crate) fn established_on_postgres(
    conn: &mut PgConnection,
    book: &mut OriginBook,
    voters: &BTreeSet<VoterId>,
    now: Timestamp,
) -> QueryResult<()> {
    if voters.is_empty() {
        return Ok(());
    }
    let statement = EarlierVotes {
        voters: voters.iter().map(|voter| voter.0.as_slice()).collect(),
        today: begin_of_day(now),
    };
    let found: Vec<Vec<u8>> = statement.load(conn)?;
    let voters = found.into_iter();
    book.enter_established(voters.filter_map(|voter| voter.try_into().ok().map(VoterId)));
    Ok(())
}

fn begin_of_day(now: Timestamp) -> i64 {
    now.0 - now.0.rem_euclid(DAY_MICROS)
}

struct EarlierVote<'a> {
    voter: &'a [u8],
    today: i64,
}
fixed_statement! { EarlierVote, SqliteConnection => Binary, |this|
    "SELECT voter FROM votes INDEXED BY votes_by_voter WHERE voter = ", Binary = this.voter,
    " AND taken_out_by IS NULL AND cast_at < ", BigInt = &this.today,
    " LIMIT 1",
}

struct EarlierVotes<'a> {
    voters: Vec<&'a [u8]>,
    today: i64,
}
fixed_statement!(EarlierVotes, PgConnection);
impl Query for EarlierVotes<'_> {
    type SqlType = Binary;
}
impl FixedText<diesel::pg::Pg> for EarlierVotes<'_> {
    fn walk_text<'b>(&'b self, mut out: AstPass<'_, 'b, diesel::pg::Pg>) -> QueryResult<()> {
        // The limit keeps Postgres to one look down the index for each voter.
        out.push_sql("SELECT w.voter FROM unnest(");
        out.push_bind_param::<Array<Binary>, _>(&self.voters)?;
        out.push_sql(
            ") AS w (voter) CROSS JOIN LATERAL (SELECT 1 FROM votes v \
             WHERE v.voter = w.voter AND v.taken_out_by IS NULL AND v.cast_at < ",
        );
        out.push_bind_param::<BigInt, _>(&self.today)?;
        out.push_sql(" LIMIT 1) AS found");
        Ok(())
    }
}

/// Enters how many votes of the networks in `book` are excluded on `tallies`, whose locks are held. No row keeps these sums: a removal
/// takes any number of votes out at once. Few tools have removals in force, and the votes that those marked are found by an index.
pub(crate) fn read_excluded<'a>(
    conn: &mut DbConnection,
    book: &mut OriginBook,
    tallies: impl IntoIterator<Item = &'a TallyRow>,
) -> QueryResult<()> {
    for tally in tallies.into_iter().filter(|tally| tally.has_excluded()) {
        let origins = book.without_excluded(tally.tool);
        if origins.is_empty() {
            continue;
        }
        let in_force = exclusions::all_in_force(conn, tally.tool)?;
        let in_force: Vec<i64> = in_force.into_iter().filter(|id| *id > 0).collect();
        for origin in origins {
            let mut excluded = ByChoice::default();
            let marked = || {
                votes::table
                    .filter(votes::tool_id.eq(tally.tool))
                    .filter(sql::<Bool>("taken_out_by > 0"))
                    .filter(votes::taken_out_by.eq_any(&in_force))
                    .group_by(votes::choice)
                    .select((votes::choice, count_star()))
            };
            // Two statements, since there is an index for each column.
            let mut counts: Vec<(i16, i64)> =
                marked().filter(votes::origin.eq(origin.0)).load(conn)?;
            let of_wide = marked().filter(votes::wide_origin.eq(origin.0));
            counts.extend(of_wide.load::<(i16, i64)>(conn)?);
            for (choice, votes) in counts {
                if let Some(choice) = Choice::from_code(choice) {
                    excluded.add(choice, votes);
                }
            }
            book.enter_excluded(origin, tally.tool, excluded);
        }
    }
    Ok(())
}

/// Saves the rows that were changed.
pub(crate) fn save(conn: &mut DbConnection, book: &OriginBook) -> QueryResult<()> {
    match conn {
        DbConnection::Sqlite(conn) => {
            for (origin, tool, row) in book.changes() {
                SaveOne(&columns(origin, tool, row)).execute(conn)?;
            }
            Ok(())
        }
        DbConnection::Postgres(conn) => {
            let rows = changed_rows(book);
            if !rows.is_empty() {
                SaveMany::of(&rows).execute(conn)?;
            }
            Ok(())
        }
    }
}

/// The rows that were changed, as [`SaveMany`] takes them.
pub(crate) fn changed_rows(book: &OriginBook) -> Vec<Columns> {
    book.changes()
        .map(|(origin, tool, row)| columns(origin, tool, row))
        .collect()
}

fn columns(origin: OriginHash, tool: i32, row: &OriginRow) -> Columns {
    let FreshSums {
        first,
        now,
        counted,
        changed,
        excluded: _,
    } = row.sums;
    (
        origin.0,
        tool,
        first.ship,
        first.skip,
        now.ship,
        now.skip,
        counted.ship,
        counted.skip,
        changed,
        row.trusted_until.0,
        row.sample.bytes(),
    )
}

struct SaveOne<'a>(&'a Columns);
fixed_statement!(SaveOne, SqliteConnection);
impl FixedText<diesel::sqlite::Sqlite> for SaveOne<'_> {
    fn walk_text<'b>(
        &'b self,
        mut out: AstPass<'_, 'b, diesel::sqlite::Sqlite>,
    ) -> QueryResult<()> {
        let columns = self.0;
        out.push_sql(
            "INSERT OR REPLACE INTO origin_sums (origin, tool_id, first_ship, first_skip, now_ship, now_skip, counted_ship, \
             counted_skip, changed, trusted_until, sample) VALUES (",
        );
        out.push_bind_param::<BigInt, _>(&columns.0)?;
        out.push_sql(", ");
        out.push_bind_param::<Integer, _>(&columns.1)?;
        for sum in [
            &columns.2, &columns.3, &columns.4, &columns.5, &columns.6, &columns.7, &columns.8,
            &columns.9,
        ] {
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(sum)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Binary, _>(&columns.10)?;
        out.push_sql(")");
        Ok(())
    }
}

/// Rows as arrays, one a column.
#[derive(Default)]
pub(crate) struct SaveMany<'a> {
    origins: Vec<i64>,
    tools: Vec<i32>,
    sums: [Vec<i64>; 8],
    samples: Vec<&'a [u8]>,
}
fixed_statement!(SaveMany, PgConnection);

impl<'a> SaveMany<'a> {
    pub(crate) fn of(rows: &'a [Columns]) -> Self {
        let mut arrays = Self::default();
        for (origin, tool, a, b, c, d, e, f, g, h, sample) in rows {
            arrays.origins.push(*origin);
            arrays.tools.push(*tool);
            for (array, sum) in arrays.sums.iter_mut().zip([a, b, c, d, e, f, g, h]) {
                array.push(*sum);
            }
            arrays.samples.push(sample);
        }
        arrays
    }
}

impl SaveMany<'_> {
    /// Binds the arrays, in the order of the table's columns.
    pub(crate) fn walk<'b>(&'b self, out: &mut AstPass<'_, 'b, diesel::pg::Pg>) -> QueryResult<()> {
        out.push_bind_param::<Array<BigInt>, _>(&self.origins)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Integer>, _>(&self.tools)?;
        for sums in &self.sums {
            out.push_sql(", ");
            out.push_bind_param::<Array<BigInt>, _>(sums)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.samples)
    }
}

impl FixedText<diesel::pg::Pg> for SaveMany<'_> {
    fn walk_text<'b>(&'b self, mut out: AstPass<'_, 'b, diesel::pg::Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO origin_sums (origin, tool_id, first_ship, first_skip, now_ship, now_skip, counted_ship, counted_skip, \
             changed, trusted_until, sample) SELECT * FROM unnest(",
        );
        self.walk(&mut out)?;
        out.push_sql(
            ") ON CONFLICT (origin, tool_id) DO UPDATE SET first_ship = excluded.first_ship, first_skip = excluded.first_skip, \
             now_ship = excluded.now_ship, now_skip = excluded.now_skip, counted_ship = excluded.counted_ship, \
             counted_skip = excluded.counted_skip, changed = excluded.changed, trusted_until = excluded.trusted_until, \
             sample = excluded.sample",
        );
        Ok(())
    }
}
