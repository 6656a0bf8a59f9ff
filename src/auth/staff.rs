//! Staff: the site, its moderators and admins, by tokens that are shown once and kept as a hash.
//!
//! Site and moderation routes call [`Identity::staff`]; the commands `token …` call the rest.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use actix_web::http::header::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::QueryResult;
use openssl::sha::sha256;
use serde::Serialize;
use uuid::Uuid;

use super::Identity;
use super::store;
use crate::auth::audit::{self, AuditAction};
use crate::auth::authenticate::{STAFF_PREFIX, bearer};
use crate::domain::{Actor, Timestamp};
use crate::http::problem::{Code, Problem};
use crate::infra::db::{DbConnection, read, write_transaction};

/// A token's last use is written at most this often.
const USE_EVERY_SECONDS: i64 = 60;

/// What a token may do; each role may do all that those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Role {
    /// The catalogue: for the site's own server
    Site,
    /// Also the votes: sees them, takes them out, puts them back, bans
    Moderator,
    /// All of it
    Admin,
}

impl Role {
    /// As kept in the database.
    pub fn code(self) -> i16 {
        match self {
            Self::Site => 1,
            Self::Moderator => 2,
            Self::Admin => 3,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }

    pub fn from_code(code: i16) -> Option<Self> {
        [Self::Site, Self::Moderator, Self::Admin]
            .into_iter()
            .find(|role| role.code() == code)
    }
}

/// A member of staff, known by a valid token.
#[derive(Debug, Clone)]
pub struct Staff {
    /// The token's, as `token list` shows it.
    pub id: Uuid,
    pub role: Role,
    pub name: String,
    pub expires_at: Option<Timestamp>,
}

impl Staff {
    /// As the audit chain names them.
    pub fn actor(&self) -> Actor {
        Actor {
            name: self.name.clone(),
            id: self.id.to_string(),
            role: self.role.as_str(),
        }
    }
}

/// A token as it is kept: everything but itself.
#[derive(Debug, Clone, Serialize)]
pub struct Token {
    pub id: Uuid,
    pub role: &'static str,
    pub name: String,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// To the minute.
    pub last_used_at: Option<Timestamp>,
}

/// Last uses that are still to be written: noted as calls come, written by the server now and then.
#[derive(Default)]
pub struct Uses(Mutex<HashMap<Uuid, Timestamp>>);

impl Uses {
    fn note(&self, id: Uuid, now: Timestamp) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, now);
    }

    /// What was noted, once.
    pub fn take(&self) -> Vec<(Uuid, Timestamp)> {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.drain().collect()
    }
}

/// Failed sign-ins that are still to be audited: by their number, since anybody can make millions.
#[derive(Default)]
pub struct FailedSignIns(AtomicU64);

impl FailedSignIns {
    pub fn note(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// The number since the last call.
    pub fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// Writes an audit entry about failed sign-ins.
pub fn audit_failures(conn: &mut DbConnection, failed: u64, now: Timestamp) -> QueryResult<()> {
    let after = serde_json::json!({ "failed": failed });
    write_transaction(conn, |conn| audit_failed(conn, after, now))
}

pub(super) fn audit_failed(
    conn: &mut DbConnection,
    after: serde_json::Value,
    now: Timestamp,
) -> QueryResult<()> {
    let act = AuditAction {
        act: "sign-in.failed",
        subject: "dashboard".to_owned(),
        after,
        ..AuditAction::default()
    };
    audit::append(conn, &Actor::rule("sign-ins"), &act, now).map(drop)
}

/// SHA-256: a token is 32 random bytes, so a slow hash would guard nothing.
fn hash(token: &str) -> [u8; 32] {
    sha256(token.as_bytes())
}

/// A token that nobody has seen. It is valid only once [`create`] has stored its hash.
///
/// # Errors
/// A system without random bytes.
pub fn generate() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{STAFF_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// Stores the hash of a generated token, and returns its id.
///
/// # Errors
/// A failed insert.
pub fn create(
    conn: &mut DbConnection,
    token: &str,
    role: Role,
    name: &str,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> QueryResult<Uuid> {
    let id = Uuid::now_v7();
    store::insert_token(conn, id, &hash(token), role.code(), name, expires_at, now)?;
    Ok(id)
}

pub use store::{
    all_tokens as all, ended_tokens as ended, forget_tokens as forget, note_uses, revoke,
};

impl Identity {
    /// Who of the staff calls, with at least `role`.
    ///
    /// # Errors
    /// As [`Identity::staff_by_token`]; 401 `token-required` without a token.
    pub async fn staff(&self, headers: &HeaderMap, role: Role) -> Result<Staff, Problem> {
        let Some(token) = bearer(headers) else {
            return Err(Problem::new(
                Code::TokenRequired,
                "Send a staff token as a bearer token.",
            ));
        };
        self.staff_by_token(token, role).await
    }

    /// Whose `token` this is, with at least `role`. It is looked up each time, so that a revoked one ends at once.
    ///
    /// # Errors
    /// 401 `bad-token` or `expired-token`, 403 `forbidden` for a lesser role, 503 where the tokens cannot be read.
    pub async fn staff_by_token(&self, token: &str, role: Role) -> Result<Staff, Problem> {
        let now = Timestamp::now();
        let bad = || Problem::new(Code::BadToken, "This staff token is unknown or revoked.");
        if !token.starts_with(STAFF_PREFIX) {
            return Err(bad());
        }
        let hash = hash(token);
        let found = read(&self.readers, move |conn| store::live_token(conn, &hash)).await?;
        let (staff, last_used_at) = found.ok_or_else(bad)?;
        if staff.expires_at.is_some_and(|end| end <= now) {
            return Err(Problem::new(
                Code::ExpiredToken,
                "This staff token has expired.",
            ));
        }
        if staff.role < role {
            return Err(Problem::new(
                Code::Forbidden,
                "This call needs a token of a higher role.",
            ));
        }
        if last_used_at.is_none_or(|used| used.plus_seconds(USE_EVERY_SECONDS) <= now) {
            self.uses.note(staff.id, now);
        }
        Ok(staff)
    }
}
