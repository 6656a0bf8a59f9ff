//! Bans in the database. `moderation` writes them inside its own transactions, [`super::Bans`] reads those in force.

use std::collections::HashSet;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl, QueryResult, RunQueryDsl,
};

use crate::domain::{BanHash, NetworkHash, Timestamp, VoterId};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{bans, removals};
use crate::infra::db::versions::{self, Versioned};

/// Voters that one statement names.
const VOTERS_AT_ONCE: usize = 2_000;
/// `removals.state`: in force.
const IN_FORCE: i16 = 1;

/// A ban, of a voter or of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ban {
    pub id: i64,
    pub voter: Option<VoterId>,
    /// As a moderator saw it, of one day.
    pub network: Option<NetworkHash>,
    /// What the network is known by; none where its day's key did not open `network` any more: such a ban holds nobody.
    pub ban_hash: Option<BanHash>,
    pub reason: String,
    pub made_by: String,
    pub made_at: Timestamp,
    /// `None`: it does not end by itself.
    pub expires_at: Option<Timestamp>,
    /// The reset that it came with.
    pub removal: Option<i64>,
}

type Columns = (
    i64,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    String,
    String,
    i64,
    Option<i64>,
    Option<i64>,
    Option<Vec<u8>>,
);

fn ban(columns: Columns) -> Ban {
    let (id, voter, network, reason, made_by, made_at, expires_at, removal, ban_hash) = columns;
    Ban {
        id,
        voter: voter.and_then(|bytes| bytes.try_into().ok()).map(VoterId),
        network: network
            .and_then(|bytes| bytes.try_into().ok())
            .map(NetworkHash),
        ban_hash: ban_hash
            .and_then(|bytes| bytes.try_into().ok())
            .map(BanHash),
        reason,
        made_by,
        made_at: Timestamp(made_at),
        expires_at: expires_at.map(Timestamp),
        removal,
    }
}

/// The version of the bans.
pub(super) fn version(conn: &mut DbConnection) -> QueryResult<i64> {
    versions::current(conn, Versioned::Bans)
}

/// Says that the bans have changed, within the transaction that changes them.
pub fn raise_version(conn: &mut DbConnection) -> QueryResult<()> {
    versions::raise(conn, Versioned::Bans).map(|_| ())
}

/// The bans in force `now`, newest first, below number `before`.
macro_rules! standing {
    ($now:expr) => {
        bans::table
            .left_join(removals::table.on(removals::id.nullable().eq(bans::removal_id)))
            .filter(bans::lifted_at.is_null())
            .filter(bans::expires_at.is_null().or(bans::expires_at.gt($now.0)))
            .filter(
                bans::removal_id
                    .is_null()
                    .or(removals::state.nullable().eq(IN_FORCE)),
            )
            .select((
                bans::id,
                bans::voter,
                bans::network,
                bans::reason,
                bans::made_by,
                bans::made_at,
                bans::expires_at,
                bans::removal_id,
                bans::ban_hash,
            ))
    };
}

pub(super) fn in_force(conn: &mut DbConnection, now: Timestamp) -> QueryResult<Vec<Ban>> {
    let rows: Vec<Columns> = standing!(now).load(conn)?;
    Ok(rows.into_iter().map(ban).collect())
}

/// Those of `voters` who are banned `now`.
pub(crate) fn banned(
    conn: &mut DbConnection,
    voters: &[VoterId],
    now: Timestamp,
) -> QueryResult<HashSet<VoterId>> {
    let voters = voters.iter().map(|voter| Some(voter.0.as_slice()));
    let rows: Vec<Columns> = standing!(now)
        .filter(bans::voter.eq_any(voters))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|row| ban(row).voter).collect())
}

/// The newest bans in force below number `before`, newest first.
pub fn newest(
    conn: &mut DbConnection,
    before: i64,
    limit: i64,
    now: Timestamp,
) -> QueryResult<Vec<Ban>> {
    let rows: Vec<Columns> = standing!(now)
        .filter(bans::id.lt(before))
        .order(bans::id.desc())
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(ban).collect())
}

/// A ban in force.
pub fn find(conn: &mut DbConnection, id: i64, now: Timestamp) -> QueryResult<Option<Ban>> {
    Ok(standing!(now)
        .filter(bans::id.eq(id))
        .first::<Columns>(conn)
        .optional()?
        .map(ban))
}

/// Writes a ban; returns its number. Its own `id` is not looked at.
pub fn insert(conn: &mut DbConnection, ban: &Ban) -> QueryResult<i64> {
    diesel::insert_into(bans::table)
        .values((
            bans::voter.eq(ban.voter.map(|voter| voter.0.to_vec())),
            bans::network.eq(ban.network.map(|network| network.0.to_vec())),
            bans::ban_hash.eq(ban.ban_hash.map(|hash| hash.0.to_vec())),
            bans::reason.eq(&ban.reason),
            bans::made_by.eq(&ban.made_by),
            bans::made_at.eq(ban.made_at.0),
            bans::expires_at.eq(ban.expires_at.map(|end| end.0)),
            bans::removal_id.eq(ban.removal),
        ))
        .returning(bans::id)
        .get_result(conn)
}

/// Writes many bans at once.
pub fn insert_many(conn: &mut DbConnection, list: &[Ban]) -> QueryResult<()> {
    let rows: Vec<_> = list
        .iter()
        .map(|ban| {
            (
                bans::voter.eq(ban.voter.map(|voter| voter.0.to_vec())),
                bans::network.eq(ban.network.map(|network| network.0.to_vec())),
                bans::reason.eq(&ban.reason),
                bans::made_by.eq(&ban.made_by),
                bans::made_at.eq(ban.made_at.0),
                bans::expires_at.eq(ban.expires_at.map(|end| end.0)),
                bans::removal_id.eq(ban.removal),
            )
        })
        .collect();
    match conn {
        DbConnection::Sqlite(conn) => diesel::insert_into(bans::table).values(rows).execute(conn),
        DbConnection::Postgres(conn) => diesel::insert_into(bans::table).values(rows).execute(conn),
    }?;
    Ok(())
}

/// Those of `voters` whom `removal` bans already.
pub fn voters_of(
    conn: &mut DbConnection,
    removal: i64,
    voters: &[VoterId],
) -> QueryResult<HashSet<VoterId>> {
    let mut found = HashSet::new();
    for some in voters.chunks(VOTERS_AT_ONCE) {
        let some: Vec<Option<&[u8]>> = some.iter().map(|voter| Some(voter.0.as_slice())).collect();
        let rows: Vec<Option<Vec<u8>>> = bans::table
            .filter(bans::removal_id.eq(removal))
            .filter(bans::voter.eq_any(some))
            .select(bans::voter)
            .load(conn)?;
        let ids = rows.into_iter().flatten();
        found.extend(ids.filter_map(|bytes| bytes.try_into().ok().map(VoterId)));
    }
    Ok(found)
}

/// Lifts a ban.
pub fn lift(conn: &mut DbConnection, id: i64, by: &str, now: Timestamp) -> QueryResult<()> {
    diesel::update(bans::table.filter(bans::id.eq(id)))
        .set((bans::lifted_at.eq(now.0), bans::lifted_by.eq(by)))
        .execute(conn)?;
    Ok(())
}

/// How many bans came with a removal.
pub fn count_of(conn: &mut DbConnection, removal: i64) -> QueryResult<i64> {
    bans::table
        .filter(bans::removal_id.eq(removal))
        .count()
        .get_result(conn)
}
