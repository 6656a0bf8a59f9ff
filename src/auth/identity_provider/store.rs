//! People in the database: as staff, or as somebody who tried.

use diesel::QueryResult;
use diesel::result::Error;
use openssl::sha::Sha256;
use uuid::Uuid;

use super::Person;
use crate::auth::staff::{self, Staff};
use crate::auth::{sessions, store};
use crate::domain::Timestamp;
use crate::infra::db::{DbConnection, write_transaction};

/// What a person's row has in the place of a token's hash: a staff token is hashed as it is, and none begins so.
fn person_hash(issuer: &str, subject: &str) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in ["tallyship person 1", issuer, subject] {
        digest.update(&(part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    digest.finish()
}

/// A person as staff: a row among the tokens whose hash no token has, so that `token list` shows it and `token revoke` ends its
/// sessions. Each sign-in sets role, name and end anew.
pub fn admit(conn: &mut DbConnection, person: &Person, now: Timestamp) -> QueryResult<Staff> {
    let hash = person_hash(&person.issuer, &person.subject);
    let role = person.role.code();
    write_transaction(conn, |conn| {
        store::insert_person(conn, Uuid::now_v7(), &hash, now)?;
        sessions::store::remove_dead(conn, &hash, now)?;
        store::renew_person(conn, &hash, (role, &person.name), person.expires_at, now)?;
        let found = store::live_token(conn, &hash)?;
        found.map(|(staff, _)| staff).ok_or(Error::NotFound)
    })
}

/// Ends the sessions of a person who signed in and has no role any more, and writes an audit entry.
pub fn refuse(
    conn: &mut DbConnection,
    issuer: &str,
    (name, subject): (&str, &str),
    now: Timestamp,
) -> QueryResult<()> {
    let after = serde_json::json!({ "failed": 1, "name": name, "subject": subject });
    write_transaction(conn, |conn| {
        store::revoke_person(conn, &person_hash(issuer, subject), now)?;
        staff::audit_failed(conn, after, now)
    })
}
