//! Staff tokens, the secret's fingerprint and who was erased, in the database. Only this room calls it.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

use crate::db::DbConnection;
use crate::db::schema::{erased, site_facts, tokens, voters};
use crate::vocabulary::{Moment, VoterId};

const FINGERPRINT: &str = "identity.fingerprint";

pub(super) fn fingerprint(conn: &mut DbConnection) -> QueryResult<Option<String>> {
    site_facts::table
        .filter(site_facts::name.eq(FINGERPRINT))
        .select(site_facts::value)
        .first(conn)
        .optional()
}

pub(super) fn insert_fingerprint(conn: &mut DbConnection, value: &str) -> QueryResult<()> {
    diesel::insert_into(site_facts::table)
        .values((
            site_facts::name.eq(FINGERPRINT),
            site_facts::value.eq(value),
        ))
        .execute(conn)?;
    Ok(())
}

pub(super) fn replace_fingerprint(conn: &mut DbConnection, value: &str) -> QueryResult<()> {
    diesel::update(site_facts::table.filter(site_facts::name.eq(FINGERPRINT)))
        .set(site_facts::value.eq(value))
        .execute(conn)?;
    Ok(())
}

pub(super) fn insert_token(
    conn: &mut DbConnection,
    hash: &[u8],
    role: i16,
    name: &str,
    now: Moment,
) -> QueryResult<()> {
    diesel::insert_into(tokens::table)
        .values((
            tokens::id.eq(uuid::Uuid::now_v7().as_bytes().to_vec()),
            tokens::hash.eq(hash),
            tokens::role.eq(role),
            tokens::name.eq(name),
            tokens::created_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// Role and name of a token that was not revoked.
pub(super) fn live_token(
    conn: &mut DbConnection,
    hash: &[u8],
) -> QueryResult<Option<(i16, String)>> {
    tokens::table
        .filter(tokens::hash.eq(hash))
        .filter(tokens::revoked_at.is_null())
        .select((tokens::role, tokens::name))
        .first(conn)
        .optional()
}

/// Hashes of the voters who were erased at or after `since`.
pub(super) fn erased_since(conn: &mut DbConnection, since: Moment) -> QueryResult<Vec<Vec<u8>>> {
    erased::table
        .filter(erased::at.ge(since.0))
        .select(erased::hash)
        .load(conn)
}

pub(super) fn insert_erased(
    conn: &mut DbConnection,
    hash: &[u8],
    voter: VoterId,
    now: Moment,
) -> QueryResult<()> {
    let known: i64 = erased::table
        .filter(erased::hash.eq(hash))
        .count()
        .get_result(conn)?;
    if known == 0 {
        diesel::insert_into(erased::table)
            .values((erased::hash.eq(hash), erased::at.eq(now.0)))
            .execute(conn)?;
    }
    diesel::delete(voters::table.filter(voters::id.eq(voter.0.as_slice()))).execute(conn)?;
    Ok(())
}
