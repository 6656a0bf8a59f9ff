//! Browser sessions of staff: they begin with a token or at the identity provider, and end by sign-out, inactivity, age, or with that token.
//!
//! `web::admin::sessions` begins and ends them, retention deletes ended ones. All instances share the table; only the browser
//! keeps the id. Each call looks up the session together with its token, so a revoked token ends it at once.

pub mod store;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::sha::{Sha256, sha256};

use crate::http::problem::Problem;
pub use store::forget_ended;

/// A session ends after this time without a call.
pub const IDLE_SECONDS: i64 = 30 * 60;
/// And after so long in any case.
pub const LASTS_SECONDS: i64 = 12 * 3600;
/// The id of a session, as the browser keeps it.
pub struct SessionId(String);

impl SessionId {
    /// 32 random bytes.
    ///
    /// # Errors
    /// 500 if the system gives no random bytes.
    pub fn new() -> Result<Self, Problem> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|cause| {
            tracing::error!(%cause, "no random bytes");
            Problem::internal()
        })?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Reads a cookie's value; an id that was never issued belongs to nobody.
    pub fn read(text: &str) -> Option<Self> {
        (text.len() == 43).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Under this hash the database knows the session.
    pub fn hash(&self) -> [u8; 32] {
        sha256(self.0.as_bytes())
    }

    /// What each form of this session bears; no other page can know it.
    pub fn form_key(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(b"tallyship form 1");
        digest.update(self.0.as_bytes());
        URL_SAFE_NO_PAD.encode(digest.finish())
    }
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
