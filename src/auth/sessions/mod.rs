//! Browser sessions of staff: begun with a token, ended by sign-out, by rest, by age, or with that token.
//!
//! `door` and `sign_in` call it. The table is shared by all instances; the id itself is kept by the browser alone. A
//! session is looked up at each call together with its token, so that a revoked token ends it at once.

mod store;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::auth::staff::{Role, Staff};
use crate::domain::Timestamp;
use crate::http::problem::Problem;
use crate::infra::db::{Readers, read};
use crate::voting::writer::Votes;
pub use store::forget_ended;

/// A session ends after so long without a call.
pub const IDLE_SECONDS: i64 = 30 * 60;
/// And after so long in any case.
pub const LASTS_SECONDS: i64 = 12 * 3600;
/// A call is noted at most this often.
const NOTED_EVERY_SECONDS: i64 = 60;

/// The id of a session, as the browser keeps it.
pub struct SessionId(String);

impl SessionId {
    /// 32 random bytes.
    fn new() -> Result<Self, Problem> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|cause| {
            tracing::error!(%cause, "no random bytes");
            Problem::internal()
        })?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Reads what a cookie holds; what is none of ours is nobody's.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        (text.len() == 43).then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// What each form of this session bears; no other page can know it.
    #[must_use]
    pub fn form_key(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(b"tallyship form 1");
        digest.update(self.0.as_bytes());
        URL_SAFE_NO_PAD.encode(digest.finalize())
    }
}

/// Begins a session of `staff`, under an id that nobody had before; the one that the browser had ends.
///
/// # Errors
/// 503 where it cannot be written.
pub async fn begin(
    votes: &Votes,
    staff: &Staff,
    before: Option<SessionId>,
    now: Timestamp,
) -> Result<SessionId, Problem> {
    let id = SessionId::new()?;
    let hash = id.hash();
    let (staff, before) = (staff.clone(), before.map(|before| before.hash()));
    votes
        .edit(move |conn| store::begin(conn, &hash, before, &staff, now))
        .await
        .map_err(|refused| refused.problem(""))?;
    Ok(id)
}

/// Whose session this is; `None` where it has ended, or never was. A call is noted now and then.
///
/// # Errors
/// 503 where it cannot be read.
pub async fn find(
    readers: &Readers,
    votes: &Votes,
    id: &SessionId,
    now: Timestamp,
) -> Result<Option<Staff>, Problem> {
    let hash = id.hash();
    let Some((staff, seen_at)) = read(readers, move |conn| store::live(conn, &hash, now)).await?
    else {
        return Ok(None);
    };
    if staff.role < Role::Moderator || staff.expires_at.is_some_and(|end| end <= now) {
        return Ok(None);
    }
    if seen_at.plus_seconds(NOTED_EVERY_SECONDS) <= now {
        // A note that is lost ends a session a minute early.
        let _ = votes.edit(move |conn| store::note(conn, &hash, now)).await;
    }
    Ok(Some(staff))
}

/// Ends a session.
///
/// # Errors
/// 503 where it cannot be written.
pub async fn end(votes: &Votes, id: &SessionId) -> Result<(), Problem> {
    let hash = id.hash();
    votes
        .edit(move |conn| store::remove(conn, &hash))
        .await
        .map_err(|refused| refused.problem(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_keep_their_key() {
        let (a, b) = (SessionId::new().expect("a"), SessionId::new().expect("b"));
        assert_ne!(a.as_str(), b.as_str());
        assert_ne!(a.form_key(), b.form_key());
        let again = SessionId::read(a.as_str()).expect("read");
        assert_eq!(again.form_key(), a.form_key());
        assert!(SessionId::read("").is_none());
        assert!(!a.form_key().contains(a.as_str()));
    }
}
