//! Staff: the site, its moderators and admins, by tokens that are shown once and kept as a hash.
//!
//! Site and moderation routes call [`Identity::staff`]; `tallyship token create` calls [`create`].

use actix_web::http::header::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::Identity;
use super::caller::{STAFF_PREFIX, bearer};
use super::store;
use crate::db::{DbConnection, read};
use crate::problem::{Code, Problem};
use crate::vocabulary::Moment;

/// What a token may do; each role may do all that those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Role {
    Site,
    Moderator,
    Admin,
}

impl Role {
    /// As kept in the database.
    #[must_use]
    pub fn code(self) -> i16 {
        match self {
            Self::Site => 1,
            Self::Moderator => 2,
            Self::Admin => 3,
        }
    }

    fn from_code(code: i16) -> Option<Self> {
        [Self::Site, Self::Moderator, Self::Admin]
            .into_iter()
            .find(|role| role.code() == code)
    }
}

/// A member of staff, known by a valid token.
#[derive(Debug, Clone)]
pub struct Staff {
    pub role: Role,
    pub name: String,
}

/// SHA-256: a token is 32 random bytes, so a slow hash would guard nothing.
fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Makes a token, keeps its hash, and returns the token: this is the only time it is seen.
///
/// # Errors
/// A failed insert.
pub fn create(
    conn: &mut DbConnection,
    role: Role,
    name: &str,
    now: Moment,
) -> diesel::QueryResult<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|cause| diesel::result::Error::SerializationError(cause.to_string().into()))?;
    let token = format!("{STAFF_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
    store::insert_token(conn, &hash(&token), role.code(), name, now)?;
    Ok(token)
}

impl Identity {
    /// Who of the staff calls, with at least `role`.
    ///
    /// # Errors
    /// 401 `token-required` or `bad-token`, 403 `forbidden` for a lesser role, 503 where the tokens cannot be read.
    pub async fn staff(&self, headers: &HeaderMap, role: Role) -> Result<Staff, Problem> {
        let Some(token) = bearer(headers) else {
            return Err(Problem::new(
                Code::TokenRequired,
                "Send a staff token as a bearer token.",
            ));
        };
        let bad = || {
            Problem::new(
                Code::BadToken,
                "This staff token is not known, or was revoked.",
            )
        };
        if !token.starts_with(STAFF_PREFIX) {
            return Err(bad());
        }
        let hash = hash(token);
        let found = read(&self.readers, move |conn| store::live_token(conn, &hash)).await?;
        let (code, name) = found.ok_or_else(bad)?;
        let held = Role::from_code(code).ok_or_else(bad)?;
        if held < role {
            return Err(Problem::new(
                Code::Forbidden,
                "This needs a token of a higher role.",
            ));
        }
        Ok(Staff { role: held, name })
    }
}
