//! [`SignInAttempt`]: what a browser keeps, signed, between the redirect to the provider and the way back.
//!
//! The server keeps nothing, so that any instance can end what another began. A code is good once at the provider, and only with
//! the verifier of its own attempt.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::sha::sha256;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::auth::keys::Keys;
use crate::domain::Timestamp;

/// A sign-in may take this long.
pub const LASTS_SECONDS: i64 = 600;

/// A sign-in that a browser began: what its end is checked against. The browser keeps it, sealed.
#[derive(Serialize, Deserialize)]
pub struct SignInAttempt {
    pub(super) state: String,
    pub(super) nonce: String,
    /// Of PKCE (RFC 7636).
    pub(super) verifier: String,
    pub(super) back: String,
    ends_at: i64,
}

fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

impl SignInAttempt {
    pub(super) fn new(back: &str, now: Timestamp) -> Result<Self, getrandom::Error> {
        Ok(Self {
            state: random()?,
            nonce: random()?,
            verifier: random()?,
            back: back.to_owned(),
            ends_at: now.plus_seconds(LASTS_SECONDS).0,
        })
    }

    /// The verifier's challenge, `S256`.
    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(sha256(self.verifier.as_bytes()))
    }

    /// As the cookie holds it.
    pub(super) fn seal(&self, keys: &Keys) -> String {
        let text = URL_SAFE_NO_PAD.encode(serde_json::json!(self).to_string());
        let tag = URL_SAFE_NO_PAD.encode(keys.sign_in_tag(text.as_bytes()));
        format!("{text}.{tag}")
    }

    /// `None` if we did not seal it, or too long ago.
    pub(super) fn open(sealed: &str, keys: &Keys, now: Timestamp) -> Option<Self> {
        let (text, tag) = sealed.split_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        if !bool::from(keys.sign_in_tag(text.as_bytes()).ct_eq(&tag)) {
            return None;
        }
        let attempt: Self = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        (now.0 < attempt.ends_at).then_some(attempt)
    }

    pub(super) fn is_of(&self, state: &str) -> bool {
        bool::from(self.state.as_bytes().ct_eq(state.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn keys(secret: &str) -> Keys {
        Keys::new(&Secret::new(secret.repeat(32)), None)
    }

    #[test]
    fn only_its_own_server_opens_it_and_not_for_long() {
        let now = Timestamp(1_800_000_000_000_000);
        let attempt = SignInAttempt::new("/moderation/votes", now).expect("random bytes");
        let sealed = attempt.seal(&keys("a"));
        let open = |sealed: &str, secret: &str, after: i64| {
            SignInAttempt::open(sealed, &keys(secret), now.plus_seconds(after))
        };
        let opened = open(&sealed, "a", LASTS_SECONDS - 1).expect("opens");
        assert!(opened.is_of(&attempt.state) && !opened.is_of("") && !opened.is_of("x"));
        assert_eq!(opened.back, "/moderation/votes");
        assert!(open(&sealed, "a", LASTS_SECONDS).is_none(), "too late");
        assert!(open(&sealed, "b", 0).is_none(), "another server's");
        let (text, tag) = sealed.split_once('.').expect("a tag");
        for changed in [
            text.to_owned(),
            format!("{text}."),
            format!("{text}.AAAA"),
            format!("A{text}.{tag}"),
            format!("{text}.{tag}A"),
        ] {
            assert!(open(&changed, "a", 0).is_none(), "{changed}");
        }
    }

    /// RFC 7636, appendix B.
    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        let mut attempt = SignInAttempt::new("/", Timestamp(0)).expect("random bytes");
        assert_eq!(attempt.verifier.len(), 43);
        attempt.verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
        assert_eq!(
            attempt.challenge(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
