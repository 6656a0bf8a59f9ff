//! Which entries of the ledger name a voter: an index in segments, written behind the votes, so that no vote pays for it.
//!
//! A row holds, for one segment of entries and one value of six bits of a voter's hash, six bytes for each change of such a voter: four
//! of the hash, and two of the entry's place in the segment. A look-up reads one row a segment, which lie together. Entries behind the
//! last segment are found by reading them. `maintenance` builds, reads and checks it; an erasure renames a voter here too.

use std::collections::{BTreeMap, BTreeSet};

use diesel::dsl::max;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

use super::{last, unpacked};
use crate::auth::denylist;
use crate::domain::VoterId;
use crate::infra::db::schema::{ledger_entries, ledger_voters};
use crate::infra::db::versions::{self, Versioned};
use crate::infra::db::{DbConnection, write_transaction};

/// Entries of a segment, by their numbers.
const SEGMENT: i64 = 4_096;
const HASH_BYTES: usize = 4;
const PLACE_BYTES: usize = HASH_BYTES + 2;
/// The bucket that every written segment has.
const FIRST_BUCKET: i16 = 0;
/// On Postgres an entry may show a little later than one of a greater number: by so many numbers at most.
pub(crate) const OVERLAP: i64 = 10_000;

/// The rows of a segment, by bucket.
pub(crate) type SegmentRows = BTreeMap<i16, Vec<u8>>;

fn key(voter: VoterId) -> (i16, [u8; HASH_BYTES]) {
    let [first, a, b, c, d, ..] = xxhash_rust::xxh3::xxh3_64(&voter.0).to_be_bytes();
    (i16::from(first >> 2), [a, b, c, d])
}

/// A change's bytes in a row; `seq` is the entry's number.
fn place(hash: [u8; HASH_BYTES], seq: i64) -> [u8; PLACE_BYTES] {
    let [a, b, c, d] = hash;
    let at = u16::try_from((seq - 1).rem_euclid(SEGMENT)).unwrap_or_default();
    let [high, low] = at.to_be_bytes();
    [a, b, c, d, high, low]
}

fn segment_of(seq: i64) -> i64 {
    (seq - 1).div_euclid(SEGMENT)
}

fn written(conn: &mut DbConnection) -> QueryResult<i64> {
    let newest: Option<i64> = ledger_voters::table
        .filter(ledger_voters::bucket.eq(FIRST_BUCKET))
        .select(max(ledger_voters::segment))
        .first(conn)?;
    Ok(newest.map_or(0, |newest| newest + 1))
}

/// The next segment to be written, if all of its entries show; with the version of erasures, which is read before them.
pub(crate) fn next(conn: &mut DbConnection) -> QueryResult<Option<(i64, i64)>> {
    let erasures = versions::current(conn, Versioned::Erasures)?;
    let segment = written(conn)?;
    let is_whole = (segment + 1) * SEGMENT + OVERLAP <= last(conn)?;
    Ok(is_whole.then_some((segment, erasures)))
}

/// Reads the entries of a segment into its rows.
pub(crate) fn build(conn: &mut DbConnection, segment: i64) -> QueryResult<SegmentRows> {
    let entries: Vec<(i64, Vec<u8>)> = ledger_entries::table
        .filter(ledger_entries::seq.gt(segment * SEGMENT))
        .filter(ledger_entries::seq.le((segment + 1) * SEGMENT))
        .order(ledger_entries::seq)
        .select((ledger_entries::seq, ledger_entries::changes))
        .load(conn)?;
    let mut rows = SegmentRows::from([(FIRST_BUCKET, Vec::new())]);
    for (seq, changes) in entries {
        for change in unpacked(0, &changes) {
            let (bucket, hash) = key(change.voter);
            rows.entry(bucket).or_default().extend(place(hash, seq));
        }
    }
    Ok(rows)
}

/// Writes a segment, unless somebody else has, or a voter was erased since `erasures` was read: then it is built again.
pub(crate) fn write(
    conn: &mut DbConnection,
    (segment, erasures): (i64, i64),
    rows: &SegmentRows,
) -> QueryResult<()> {
    write_transaction(conn, |conn| {
        denylist::lock(conn)?;
        let is_next = written(conn)? == segment;
        if is_next && versions::current(conn, Versioned::Erasures)? == erasures {
            insert(conn, segment, rows)?;
        }
        Ok(())
    })
}

fn insert(conn: &mut DbConnection, segment: i64, rows: &SegmentRows) -> QueryResult<()> {
    for (bucket, places) in rows {
        diesel::insert_into(ledger_voters::table)
            .values((
                ledger_voters::bucket.eq(bucket),
                ledger_voters::segment.eq(segment),
                ledger_voters::places.eq(places),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// The numbers of entries that may name a voter, and up to which number the index has all of them.
pub(crate) fn entries_of(
    conn: &mut DbConnection,
    voter: VoterId,
) -> QueryResult<(BTreeSet<i64>, i64)> {
    let (bucket, hash) = key(voter);
    // First: what is written meanwhile is read twice at most.
    let end = written(conn)? * SEGMENT;
    let rows: Vec<(i64, Vec<u8>)> = ledger_voters::table
        .filter(ledger_voters::bucket.eq(bucket))
        .select((ledger_voters::segment, ledger_voters::places))
        .load(conn)?;
    let mut found = BTreeSet::new();
    for (segment, places) in rows {
        let of_voter = places
            .chunks_exact(PLACE_BYTES)
            .filter_map(|place| place.strip_prefix(&hash));
        for at in of_voter {
            let at = at.first_chunk().copied().map_or(0, u16::from_be_bytes);
            found.insert(segment * SEGMENT + 1 + i64::from(at));
        }
    }
    Ok((found, end))
}

/// Puts `by` in the place of `voter` where the entries `seqs` name it. The lock of erasures is held alone.
pub(crate) fn rename(
    conn: &mut DbConnection,
    seqs: &BTreeSet<i64>,
    (voter, by): (VoterId, VoterId),
) -> QueryResult<()> {
    let ((old_bucket, old), (new_bucket, new)) = (key(voter), key(by));
    let end = written(conn)? * SEGMENT;
    for seq in seqs.range(..=end) {
        let segment = segment_of(*seq);
        let places = row(conn, (old_bucket, segment))?.unwrap_or_default();
        let (gone, kept): (Vec<_>, Vec<_>) = places
            .chunks_exact(PLACE_BYTES)
            .partition(|bytes| **bytes == place(old, *seq));
        if gone.is_empty() {
            continue;
        }
        put(conn, (old_bucket, segment), &kept.concat())?;
        let mut places = row(conn, (new_bucket, segment))?.unwrap_or_default();
        places.extend(place(new, *seq).repeat(gone.len()));
        put(conn, (new_bucket, segment), &places)?;
    }
    Ok(())
}

fn row(conn: &mut DbConnection, at: (i16, i64)) -> QueryResult<Option<Vec<u8>>> {
    ledger_voters::table
        .find(at)
        .select(ledger_voters::places)
        .first(conn)
        .optional()
}

fn put(conn: &mut DbConnection, (bucket, segment): (i16, i64), places: &[u8]) -> QueryResult<()> {
    diesel::delete(ledger_voters::table.find((bucket, segment))).execute(conn)?;
    insert(
        conn,
        segment,
        &SegmentRows::from([(bucket, places.to_vec())]),
    )
}

/// How many segments are written.
pub(crate) fn segments(conn: &mut DbConnection) -> QueryResult<i64> {
    written(conn)
}

/// Whether a written segment is what its entries make it.
pub(crate) fn is_right(conn: &mut DbConnection, segment: i64) -> QueryResult<bool> {
    let stored: Vec<(i16, Vec<u8>)> = ledger_voters::table
        .filter(ledger_voters::segment.eq(segment))
        .select((ledger_voters::bucket, ledger_voters::places))
        .load(conn)?;
    // An erasure moves places to the end of a row, and leaves rows without any.
    let sorted = |rows: Vec<(i16, Vec<u8>)>| -> BTreeMap<i16, Vec<Vec<u8>>> {
        let rows = rows.into_iter().filter(|(_, places)| !places.is_empty());
        rows.map(|(bucket, places)| {
            let mut places: Vec<Vec<u8>> = places.chunks(PLACE_BYTES).map(<[u8]>::to_vec).collect();
            places.sort_unstable();
            (bucket, places)
        })
        .collect()
    };
    Ok(sorted(stored) == sorted(build(conn, segment)?.into_iter().collect()))
}

/// Writes a segment anew, in the caller's transaction.
pub(crate) fn rewrite(conn: &mut DbConnection, segment: i64) -> QueryResult<()> {
    let rows = build(conn, segment)?;
    diesel::delete(ledger_voters::table.filter(ledger_voters::segment.eq(segment)))
        .execute(conn)?;
    insert(conn, segment, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_leads_back_to_its_entry() {
        for seq in [1, 2, SEGMENT, SEGMENT + 1, 3 * SEGMENT, 1_000_000] {
            let bytes = place([1, 2, 3, 4], seq);
            let at = u16::from_be_bytes([bytes[4], bytes[5]]);
            assert_eq!(segment_of(seq) * SEGMENT + 1 + i64::from(at), seq);
        }
    }
}
