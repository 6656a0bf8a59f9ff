//! Which entries name a ballot: an index in segments, written behind the entries and never changed.
//!
//! A row holds, for one segment and one value of a name's first six bits, seven bytes for each entry that names such a ballot:
//! the five bytes of the name behind the first, and the entry's place in the segment. Looking a ballot up reads one row a
//! segment, which lie together. What is behind the last whole segment is looked up in the entries themselves.

use std::collections::BTreeMap;

use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

use super::{LogRow, entries, list, signed};
use crate::domain::{BallotName, Choice};
use crate::infra::db::schema::{log_index, logs};
use crate::infra::db::{DbConnection, write_transaction};
use crate::transparency::entry::{Entry, parse_list};

/// Entries of a segment.
const SEGMENT: u64 = 16_384;
const PLACE_BYTES: usize = 7;

fn bucket(ballot: &BallotName) -> i16 {
    i16::from(ballot.0[0] >> 2)
}

/// Five bytes of a name.
fn print(ballot: &BallotName) -> [u8; 5] {
    let [_, rest @ ..] = &ballot.0;
    rest.first_chunk().copied().unwrap_or_default()
}

/// The number of the next segment that can be indexed, if its entries are all there.
pub fn next_segment(row: &LogRow) -> Option<u64> {
    ((row.indexed + 1) * SEGMENT <= row.size).then_some(row.indexed)
}

/// Reads the entries of a segment into rows of the index.
pub fn build(
    conn: &mut DbConnection,
    log: i32,
    segment: u64,
) -> QueryResult<BTreeMap<i16, Vec<u8>>> {
    let mut named: Vec<(u64, BallotName)> = Vec::new();
    let mut lists = Vec::new();
    let span = (segment * SEGMENT, (segment + 1) * SEGMENT);
    entries(conn, log, span, |index, line| match Entry::parse(line) {
        Some(Entry::Ballot { ballot, .. }) => named.push((index, ballot)),
        Some(Entry::Removal { list, .. }) => lists.push((index, list)),
        _ => {}
    })?;
    for (index, hash) in lists {
        let text = list(conn, log, &hash)?.unwrap_or_default();
        let ballots = parse_list(&text).unwrap_or_default();
        named.extend(ballots.into_iter().map(|ballot| (index, ballot)));
    }
    let mut rows: BTreeMap<i16, Vec<u8>> = BTreeMap::new();
    for (index, ballot) in named {
        let place = u16::try_from(index % SEGMENT).unwrap_or_default();
        let row = rows.entry(bucket(&ballot)).or_default();
        row.extend(print(&ballot));
        row.extend(place.to_be_bytes());
    }
    Ok(rows)
}

/// Writes the rows of a segment, unless somebody else has.
pub fn write(
    conn: &mut DbConnection,
    log: i32,
    segment: u64,
    rows: &BTreeMap<i16, Vec<u8>>,
) -> QueryResult<()> {
    write_transaction(conn, |conn| {
        let row = logs::table.find(log);
        let done = diesel::update(row.filter(logs::indexed.eq(signed(segment))))
            .set(logs::indexed.eq(signed(segment + 1)))
            .execute(conn)?;
        if done == 1 {
            for (bucket, places) in rows {
                diesel::insert_into(log_index::table)
                    .values((
                        log_index::log_id.eq(log),
                        log_index::bucket.eq(bucket),
                        log_index::segment.eq(signed(segment)),
                        log_index::places.eq(places),
                    ))
                    .execute(conn)?;
            }
        }
        Ok(())
    })
}

/// What the log says of a ballot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BallotHistory {
    pub tool: String,
    /// Its lines, oldest first.
    pub entries: Vec<(u64, Option<Choice>)>,
    /// The removals that exclude it.
    pub excluded_by: Vec<i64>,
}

/// Looks a ballot up among the entries below `size`; `None` if no line names it.
pub fn find(
    conn: &mut DbConnection,
    row: &LogRow,
    size: u64,
    ballot: &BallotName,
) -> QueryResult<Option<BallotHistory>> {
    let rows: Vec<(i64, Vec<u8>)> = log_index::table
        .filter(log_index::log_id.eq(row.id))
        .filter(log_index::bucket.eq(bucket(ballot)))
        .filter(log_index::segment.lt(signed(row.indexed)))
        .order(log_index::segment)
        .select((log_index::segment, log_index::places))
        .load(conn)?;
    let mut history = None;
    let mut indexes = Vec::new();
    for (segment, places) in rows {
        let (places, _) = places.as_chunks::<PLACE_BYTES>();
        for [a, b, c, d, e, high, low] in places {
            if [*a, *b, *c, *d, *e] == print(ballot) {
                let place = u64::from(u16::from_be_bytes([*high, *low]));
                indexes.push(u64::try_from(segment).unwrap_or_default() * SEGMENT + place);
            }
        }
    }
    indexes.sort_unstable();
    let text = ballot.to_string();
    let mut found: Vec<(u64, String)> = Vec::new();
    for index in indexes.into_iter().filter(|index| *index < size) {
        entries(conn, row.id, (index, index + 1), |index, line| {
            found.push((index, line.to_owned()));
        })?;
    }
    let tail = (row.indexed * SEGMENT, size);
    entries(conn, row.id, tail, |index, line| {
        if line.contains(&text) || line.starts_with("exclude ") || line.starts_with("include ") {
            found.push((index, line.to_owned()));
        }
    })?;
    for (index, line) in &found {
        apply(conn, row.id, (*index, line), ballot, &mut history)?;
    }
    Ok(history)
}

fn apply(
    conn: &mut DbConnection,
    log: i32,
    (index, line): (u64, &str),
    ballot: &BallotName,
    history: &mut Option<BallotHistory>,
) -> QueryResult<()> {
    match (Entry::parse(line), &mut *history) {
        (
            Some(Entry::Ballot {
                tool,
                ballot: named,
                choice,
            }),
            _,
        ) if named == *ballot => {
            let history = history.get_or_insert_with(|| BallotHistory {
                tool: String::new(),
                entries: Vec::new(),
                excluded_by: Vec::new(),
            });
            tool.clone_into(&mut history.tool);
            history.entries.push((index, choice));
            history.excluded_by.clear();
        }
        (
            Some(Entry::Removal {
                excludes,
                id,
                tool,
                list: hash,
                ..
            }),
            Some(history),
        ) if history.tool == tool => {
            let text = list(conn, log, &hash)?.unwrap_or_default();
            if is_listed(&text, ballot) {
                history.excluded_by.retain(|by| *by != id);
                if excludes {
                    history.excluded_by.push(id);
                }
            }
        }
        _ => {}
    }
    Ok(())
}

/// Whether a list names a ballot; its lines are sorted and of one length.
fn is_listed(list: &str, ballot: &BallotName) -> bool {
    let line = format!("{ballot}\n");
    let (lines, _) = list.as_bytes().as_chunks::<33>();
    lines
        .binary_search_by(|listed| listed.as_slice().cmp(line.as_bytes()))
        .is_ok()
}
