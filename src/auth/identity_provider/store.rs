//! People in the database: as staff, or as somebody who tried.

use diesel::QueryResult;
use diesel::result::Error;
use openssl::sha::Sha256;
use uuid::Uuid;

use super::Person;
use crate::auth::staff::{self, Staff};
use crate::auth::store;
use crate::domain::Timestamp;
use crate::infra::db::{DbConnection, write_transaction};

/// A person as staff: a row among the tokens whose hash no token has, so that `token list` shows it and `token revoke` ends its
/// sessions. Each sign-in sets role, name and end anew.
pub fn admit(conn: &mut DbConnection, person: &Person, now: Timestamp) -> QueryResult<Staff> {
    // A staff token is hashed as it is, and none begins so.
    let mut digest = Sha256::new();
    for part in ["tallyship person 1", &person.issuer, &person.subject] {
        digest.update(&(part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    let (hash, role) = (digest.finish(), person.role.code());
    write_transaction(conn, |conn| {
        store::insert_person(conn, Uuid::now_v7(), &hash, now)?;
        store::renew_person(conn, &hash, (role, &person.name), person.expires_at, now)?;
        let found = store::live_token(conn, &hash)?;
        found.map(|(staff, _)| staff).ok_or(Error::NotFound)
    })
}

/// Writes an audit entry about a person who signed in, and has no role.
pub fn audit_no_role(
    conn: &mut DbConnection,
    (name, subject): (&str, &str),
    now: Timestamp,
) -> QueryResult<()> {
    let after = serde_json::json!({ "failed": 1, "name": name, "subject": subject });
    staff::audit_failed(conn, after, now)
}
