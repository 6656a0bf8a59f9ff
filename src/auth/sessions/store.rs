//! Sessions in the database.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, QueryResult,
    RunQueryDsl,
};
use uuid::Uuid;

use super::{IDLE_SECONDS, LASTS_SECONDS};
use crate::auth::audit::{self, AuditAction};
use crate::auth::staff::{Role, Staff};
use crate::domain::Timestamp;
use crate::infra::db::schema::{sessions, tokens};
use crate::infra::db::{DbConnection, write_transaction};

/// Begins a session of `staff` in the place of the one that the browser had before, with its audit entry, which holds `detail`.
pub(crate) fn begin(
    conn: &mut DbConnection,
    hash: &[u8],
    before: Option<[u8; 32]>,
    (staff, detail): (&Staff, serde_json::Value),
    now: Timestamp,
) -> QueryResult<()> {
    write_transaction(conn, |conn| {
        forget_ended(conn, now)?;
        if let Some(before) = before {
            remove(conn, &before)?;
        }
        diesel::insert_into(sessions::table)
            .values((
                sessions::hash.eq(hash),
                sessions::token_id.eq(staff.id.as_bytes().to_vec()),
                sessions::begun_at.eq(now.0),
                sessions::seen_at.eq(now.0),
            ))
            .execute(conn)?;
        let act = AuditAction {
            act: "session.begin",
            subject: staff.name.clone(),
            after: detail,
            ..AuditAction::default()
        };
        audit::append(conn, &staff.actor(), &act, now)?;
        Ok(())
    })
}

/// Whose session has `hash`, and when it was seen; neither ended nor with a revoked token.
pub(crate) fn live(
    conn: &mut DbConnection,
    hash: &[u8],
    now: Timestamp,
) -> QueryResult<Option<(Staff, Timestamp)>> {
    type SessionRow = (i64, Vec<u8>, i16, String, Option<i64>);
    let found: Option<SessionRow> = sessions::table
        .inner_join(tokens::table.on(tokens::id.eq(sessions::token_id)))
        .filter(sessions::hash.eq(hash))
        .filter(sessions::begun_at.gt(now.plus_seconds(-LASTS_SECONDS).0))
        .filter(sessions::seen_at.gt(now.plus_seconds(-IDLE_SECONDS).0))
        .filter(tokens::revoked_at.is_null())
        .select((
            sessions::seen_at,
            tokens::id,
            tokens::role,
            tokens::name,
            tokens::expires_at,
        ))
        .first(conn)
        .optional()?;
    Ok(found.and_then(|(seen_at, id, role, name, expires_at)| {
        let staff = Staff {
            id: Uuid::from_slice(&id).ok()?,
            role: Role::from_code(role)?,
            name,
            expires_at: expires_at.map(Timestamp),
        };
        Some((staff, Timestamp(seen_at)))
    }))
}

pub(crate) fn note(conn: &mut DbConnection, hash: &[u8], now: Timestamp) -> QueryResult<()> {
    diesel::update(sessions::table.filter(sessions::hash.eq(hash)))
        .set(sessions::seen_at.eq(now.0))
        .execute(conn)?;
    Ok(())
}

pub(crate) fn remove(conn: &mut DbConnection, hash: &[u8]) -> QueryResult<()> {
    diesel::delete(sessions::table.filter(sessions::hash.eq(hash))).execute(conn)?;
    Ok(())
}

/// Removes the sessions of a token that was revoked or has expired, so that none comes back to life with it.
pub(crate) fn remove_dead(
    conn: &mut DbConnection,
    token_hash: &[u8],
    now: Timestamp,
) -> QueryResult<()> {
    let is_over = tokens::revoked_at
        .is_not_null()
        .or(tokens::expires_at.le(now.0));
    let token: Option<Vec<u8>> = tokens::table
        .filter(tokens::hash.eq(token_hash))
        .filter(is_over)
        .select(tokens::id)
        .first(conn)
        .optional()?;
    if let Some(token) = token {
        diesel::delete(sessions::table.filter(sessions::token_id.eq(token))).execute(conn)?;
    }
    Ok(())
}

/// Forgets the sessions that have ended by rest or age.
pub fn forget_ended(conn: &mut DbConnection, now: Timestamp) -> QueryResult<usize> {
    let (idle, old) = (
        now.plus_seconds(-IDLE_SECONDS).0,
        now.plus_seconds(-LASTS_SECONDS).0,
    );
    let ended = sessions::seen_at.le(idle).or(sessions::begun_at.le(old));
    diesel::delete(sessions::table.filter(ended)).execute(conn)
}
