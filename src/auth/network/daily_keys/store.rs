//! Day keys in the database, wrapped, and how far votes have been freed of their networks. `days` and `votes::forget` call it.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl,
};

use crate::domain::Timestamp;
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{bans, network_keys, site_facts};

const FORGOTTEN_BEFORE: &str = "networks.forgotten_before";

/// Writes a key for a day that has none.
pub(super) fn insert_if_absent(
    conn: &mut DbConnection,
    day: i64,
    wrapped: &[u8],
    now: Timestamp,
) -> QueryResult<()> {
    let row = (
        network_keys::day.eq(day),
        network_keys::wrapped.eq(wrapped),
        network_keys::created_at.eq(now.0),
    );
    match conn {
        DbConnection::Sqlite(conn) => diesel::insert_or_ignore_into(network_keys::table)
            .values(row)
            .execute(conn),
        DbConnection::Postgres(conn) => diesel::insert_into(network_keys::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn),
    }?;
    Ok(())
}

/// The keys of `first` and later days.
pub(super) fn living(conn: &mut DbConnection, first: i64) -> QueryResult<Vec<(i64, Vec<u8>)>> {
    network_keys::table
        .filter(network_keys::day.ge(first))
        .order(network_keys::day)
        .select((network_keys::day, network_keys::wrapped))
        .load(conn)
}

/// Wraps a key anew, unless somebody else did.
pub(super) fn replace(
    conn: &mut DbConnection,
    day: i64,
    old: &[u8],
    new: &[u8],
) -> QueryResult<()> {
    let row = network_keys::table
        .filter(network_keys::day.eq(day))
        .filter(network_keys::wrapped.eq(old));
    diesel::update(row)
        .set(network_keys::wrapped.eq(new))
        .execute(conn)?;
    Ok(())
}

/// The ban hashes of bans that hold nobody any more.
macro_rules! ended_bans {
    ($now:expr) => {
        bans::table.filter(bans::ban_hash.is_not_null()).filter(
            bans::lifted_at.is_not_null().or(bans::expires_at
                .is_not_null()
                .and(bans::expires_at.le($now.0))),
        )
    };
}

/// Whether there is anything to destroy.
pub fn expired(conn: &mut DbConnection, first: i64, now: Timestamp) -> QueryResult<bool> {
    let keys: i64 = network_keys::table
        .filter(network_keys::day.lt(first))
        .count()
        .get_result(conn)?;
    let bans: i64 = ended_bans!(now).count().get_result(conn)?;
    Ok(keys + bans > 0)
}

/// Deletes the keys of days before `first`, and what bans that ended knew of their networks; returns how many keys.
pub(super) fn destroy(conn: &mut DbConnection, first: i64, now: Timestamp) -> QueryResult<usize> {
    let keys =
        diesel::delete(network_keys::table.filter(network_keys::day.lt(first))).execute(conn)?;
    if keys > 0 {
        // Whatever was freed before, the votes of these days are not yet.
        note_forgotten(conn, 0)?;
    }
    diesel::update(ended_bans!(now))
        .set(bans::ban_hash.eq(None::<Vec<u8>>))
        .execute(conn)?;
    Ok(keys)
}

/// The day before which no vote bears a network.
pub fn forgotten_before(conn: &mut DbConnection) -> QueryResult<i64> {
    let day: Option<String> = site_facts::table
        .filter(site_facts::name.eq(FORGOTTEN_BEFORE))
        .select(site_facts::value)
        .first(conn)
        .optional()?;
    Ok(day.and_then(|day| day.parse().ok()).unwrap_or_default())
}

/// Notes that day.
pub fn note_forgotten(conn: &mut DbConnection, day: i64) -> QueryResult<()> {
    diesel::update(site_facts::table.filter(site_facts::name.eq(FORGOTTEN_BEFORE)))
        .set(site_facts::value.eq(day.to_string()))
        .execute(conn)?;
    Ok(())
}
