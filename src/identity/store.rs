//! Staff tokens and the secret's fingerprint in the database. Only this room calls it.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

use crate::db::DbConnection;
use crate::db::schema::{site_facts, tokens};
use crate::vocabulary::Moment;

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
