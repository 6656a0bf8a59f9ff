//! Staff tokens, the secret's fingerprint and who was erased, in the database. Only this module calls it.

use std::collections::BTreeMap;
use std::sync::Arc;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl,
};

use uuid::Uuid;

use super::staff::{Role, Staff, Token};
use crate::domain::{Timestamp, VoterId};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{erased, site_facts, tokens, voters};

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
    id: Uuid,
    hash: &[u8],
    role: i16,
    name: &str,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> QueryResult<()> {
    diesel::insert_into(tokens::table)
        .values((
            tokens::id.eq(id.as_bytes().to_vec()),
            tokens::hash.eq(hash),
            tokens::role.eq(role),
            tokens::name.eq(name),
            tokens::created_at.eq(now.0),
            tokens::expires_at.eq(expires_at.map(|end| end.0)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Makes the row of a person, unless there is one; [`renew_person`] fills it.
pub(super) fn insert_person(
    conn: &mut DbConnection,
    id: Uuid,
    hash: &[u8],
    now: Timestamp,
) -> QueryResult<()> {
    let row = (
        tokens::id.eq(id.as_bytes().to_vec()),
        tokens::hash.eq(hash),
        tokens::role.eq(0),
        tokens::name.eq(""),
        tokens::created_at.eq(now.0),
    );
    match conn {
        DbConnection::Sqlite(conn) => diesel::insert_or_ignore_into(tokens::table)
            .values(row)
            .execute(conn),
        DbConnection::Postgres(conn) => diesel::insert_into(tokens::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn),
    }?;
    Ok(())
}

/// Revokes the row of a person, if there is one.
pub(super) fn revoke_person(
    conn: &mut DbConnection,
    hash: &[u8],
    now: Timestamp,
) -> QueryResult<()> {
    let live = tokens::table
        .filter(tokens::hash.eq(hash))
        .filter(tokens::revoked_at.is_null());
    diesel::update(live)
        .set(tokens::revoked_at.eq(now.0))
        .execute(conn)?;
    Ok(())
}

/// What a person's newest sign-in says of them.
pub(super) fn renew_person(
    conn: &mut DbConnection,
    hash: &[u8],
    (role, name): (i16, &str),
    expires_at: Timestamp,
    now: Timestamp,
) -> QueryResult<()> {
    diesel::update(tokens::table.filter(tokens::hash.eq(hash)))
        .set((
            tokens::role.eq(role),
            tokens::name.eq(name),
            tokens::expires_at.eq(expires_at.0),
            tokens::revoked_at.eq(None::<i64>),
            tokens::last_used_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(())
}

type Columns = (
    Vec<u8>,
    i16,
    String,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
);

fn token(columns: Columns) -> Option<(Role, Token)> {
    let (id, role, name, created_at, revoked_at, expires_at, last_used_at) = columns;
    let role = Role::from_code(role)?;
    let token = Token {
        id: Uuid::from_slice(&id).ok()?,
        role: role.as_str(),
        name,
        created_at: Timestamp(created_at),
        expires_at: expires_at.map(Timestamp),
        revoked_at: revoked_at.map(Timestamp),
        last_used_at: last_used_at.map(Timestamp),
    };
    Some((role, token))
}

/// Whose token has `hash`, unless it was revoked, and when it was last used.
pub(super) fn live_token(
    conn: &mut DbConnection,
    hash: &[u8],
) -> QueryResult<Option<(Staff, Option<Timestamp>)>> {
    let found: Option<Columns> = tokens::table
        .filter(tokens::hash.eq(hash))
        .filter(tokens::revoked_at.is_null())
        .select((
            tokens::id,
            tokens::role,
            tokens::name,
            tokens::created_at,
            tokens::revoked_at,
            tokens::expires_at,
            tokens::last_used_at,
        ))
        .first(conn)
        .optional()?;
    Ok(found.and_then(token).map(|(role, token)| {
        let staff = Staff {
            id: token.id,
            role,
            name: token.name,
            expires_at: token.expires_at,
        };
        (staff, token.last_used_at)
    }))
}

/// Every token, oldest first.
pub fn all_tokens(conn: &mut DbConnection) -> QueryResult<Vec<Token>> {
    let rows: Vec<Columns> = tokens::table
        .order(tokens::created_at)
        .select((
            tokens::id,
            tokens::role,
            tokens::name,
            tokens::created_at,
            tokens::revoked_at,
            tokens::expires_at,
            tokens::last_used_at,
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(token)
        .map(|(_, token)| token)
        .collect())
}

/// Revokes a token; `false` where it is none, or was revoked before.
pub fn revoke(conn: &mut DbConnection, id: Uuid, now: Timestamp) -> QueryResult<bool> {
    let revoked = diesel::update(
        tokens::table
            .filter(tokens::id.eq(id.as_bytes().to_vec()))
            .filter(tokens::revoked_at.is_null()),
    )
    .set(tokens::revoked_at.eq(now.0))
    .execute(conn)?;
    Ok(revoked == 1)
}

/// Writes when tokens were last used.
pub fn note_uses(conn: &mut DbConnection, uses: &[(Uuid, Timestamp)]) -> QueryResult<()> {
    for (id, at) in uses {
        diesel::update(tokens::table.filter(tokens::id.eq(id.as_bytes().to_vec())))
            .set(tokens::last_used_at.eq(at.0))
            .execute(conn)?;
    }
    Ok(())
}

/// Hashes of the voters who were erased by versions after `version`.
pub(super) fn erased_after(conn: &mut DbConnection, version: i64) -> QueryResult<Vec<Vec<u8>>> {
    erased::table
        .filter(erased::version.gt(version))
        .select(erased::hash)
        .load(conn)
}

/// Whether anybody was erased.
pub(super) fn has_erasures(conn: &mut DbConnection) -> QueryResult<bool> {
    let first: Option<i64> = erased::table
        .select(erased::version)
        .first(conn)
        .optional()?;
    Ok(first.is_some())
}

/// Those of `hashes` that are of erased voters.
pub(super) fn erased_among(conn: &mut DbConnection, hashes: &[&[u8]]) -> QueryResult<Vec<Vec<u8>>> {
    erased::table
        .filter(erased::hash.eq_any(hashes.iter().copied()))
        .select(erased::hash)
        .load(conn)
}

/// Remembers the names of voters, in the order of their ids, so that two instances never wait for each other.
pub fn remember(conn: &mut DbConnection, names: &BTreeMap<VoterId, Arc<str>>) -> QueryResult<()> {
    for (id, name) in names {
        let row = (voters::id.eq(id.0.as_slice()), voters::name.eq(&**name));
        match conn {
            DbConnection::Sqlite(conn) => diesel::insert_or_ignore_into(voters::table)
                .values(row)
                .execute(conn),
            DbConnection::Postgres(conn) => diesel::insert_into(voters::table)
                .values(row)
                .on_conflict_do_nothing()
                .execute(conn),
        }?;
    }
    Ok(())
}

pub(super) fn insert_erased(
    conn: &mut DbConnection,
    hash: &[u8],
    voter: VoterId,
    (now, ends_at): (Timestamp, Option<Timestamp>),
    version: i64,
) -> QueryResult<()> {
    let known: i64 = erased::table
        .filter(erased::hash.eq(hash))
        .count()
        .get_result(conn)?;
    if known == 0 {
        diesel::insert_into(erased::table)
            .values((
                erased::hash.eq(hash),
                erased::at.eq(now.0),
                erased::ends_at.eq(ends_at.map(|end| end.0)),
                erased::version.eq(version),
            ))
            .execute(conn)?;
    }
    diesel::delete(voters::table.filter(voters::id.eq(voter.0.as_slice()))).execute(conn)?;
    Ok(())
}

/// Hashes of the erased whose tokens can be believed no more at `now`.
pub fn ended_erasures(
    conn: &mut DbConnection,
    now: Timestamp,
    most: i64,
) -> QueryResult<Vec<Vec<u8>>> {
    erased::table
        .filter(erased::ends_at.lt(now.0))
        .order(erased::hash)
        .limit(most)
        .select(erased::hash)
        .load(conn)
}

/// Lets go of them.
pub fn forget_erasures(conn: &mut DbConnection, hashes: &[Vec<u8>]) -> QueryResult<usize> {
    diesel::delete(erased::table.filter(erased::hash.eq_any(hashes))).execute(conn)
}

/// Ids of tokens that were revoked or over before `before`.
pub fn ended_tokens(
    conn: &mut DbConnection,
    before: Timestamp,
    most: i64,
) -> QueryResult<Vec<Vec<u8>>> {
    tokens::table
        .filter(
            tokens::revoked_at
                .lt(before.0)
                .or(tokens::expires_at.lt(before.0)),
        )
        .order(tokens::id)
        .limit(most)
        .select(tokens::id)
        .load(conn)
}

/// Lets go of them.
pub fn forget_tokens(conn: &mut DbConnection, ids: &[Vec<u8>]) -> QueryResult<usize> {
    diesel::delete(tokens::table.filter(tokens::id.eq_any(ids))).execute(conn)
}
