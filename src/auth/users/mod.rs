//! [`Users`]: the site's signed-in users, known by a JWT that the site signed.
//!
//! `caller` asks [`Users::verify`]; `commands` makes it at the start. The algorithm is the settings', never the token's, and the
//! crate `jsonwebtoken` does what is cryptography. One user is one voter for ever, by issuer and subject alone.

pub(super) mod crypto;
pub mod jwks;
mod jwks_refresh;
pub(super) mod key;
pub(super) mod token;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jsonwebtoken::{Validation, decode};

use super::name;
use crate::config::{Algorithm, Jwt, KeySource};
use crate::domain::{Timestamp, VoterId};
use jwks::KeySet;
use jwks_refresh::{JwksRefresher, Pace, Rings, Source};

/// A longer token is refused: the longest subject that can vote fits many times.
const LONGEST: usize = 8192;
/// The site vouches for its users: none of them is new here in the way that a visitor is.
pub const AGE_SECONDS: i32 = i32::MAX;

/// A user, known by a valid token.
#[derive(Debug, Clone)]
pub struct User {
    pub id: VoterId,
    /// `user:ISS:SUB`, as files write it.
    pub name: Arc<str>,
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejected {
    Bad,
    Expired,
    /// No key was ever read: nobody can tell.
    NoKeys,
}

/// Why users cannot be known as the settings want it.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    #[error("setting identity.jwt_keys = \"(hidden)\": the key {0}: {1}")]
    Key(String, &'static str),
    #[error("setting identity.jwt_jwks = \"{0}\": {1}")]
    Jwks(String, String),
    #[error("setting identity.jwt_ca_file = \"{0}\": {1}")]
    Authority(String, String),
    #[error("cannot start the thread that reads the JWKS: {0}")]
    Thread(#[from] std::io::Error),
}

/// Who signs tokens, and for whom.
pub struct Users {
    algorithm: Algorithm,
    issuer: String,
    audience: String,
    validation: Validation,
    rings: Arc<Rings>,
    /// `None` where the keys are the settings' own.
    watch: Option<JwksRefresher>,
}

/// Whether a bearer token is to be read as a JWT: visitors' and staff's have no dot.
pub fn is_jwt(text: &str) -> bool {
    text.contains('.')
}

fn name_of(algorithm: Algorithm) -> (&'static str, jsonwebtoken::Algorithm) {
    match algorithm {
        Algorithm::EdDsa => ("EdDSA", jsonwebtoken::Algorithm::EdDSA),
        Algorithm::Es256 => ("ES256", jsonwebtoken::Algorithm::ES256),
        Algorithm::Hs256 => ("HS256", jsonwebtoken::Algorithm::HS256),
    }
}

/// The keys that the settings give or name; of an address only how it is to be read.
enum FoundKeys {
    KeySet(KeySet),
    File(KeySet, Source),
    Url(Source),
}

fn find(jwt: &Jwt) -> Result<FoundKeys, UsersError> {
    match &jwt.keys {
        KeySource::Given(keys) => KeySet::given(jwt.algorithm, keys)
            .map(FoundKeys::KeySet)
            .map_err(|(kid, why)| UsersError::Key(kid, why)),
        KeySource::File(path) => {
            let source = Source::File(path.clone());
            let bad = |why: String| UsersError::Jwks(path.display().to_string(), why);
            let ring = runtime()?
                .block_on(source.ring(jwt.algorithm))
                .map_err(bad)?;
            if ring.is_empty() {
                return Err(bad("it holds no key of that algorithm".to_owned()));
            }
            Ok(FoundKeys::File(ring, source))
        }
        KeySource::Url(url) => {
            let bad = |why: String| {
                let path = jwt.ca_file.as_ref().map(|path| path.display().to_string());
                UsersError::Authority(path.unwrap_or_default(), why)
            };
            let ca = jwt.ca_file.as_ref().map(std::fs::read).transpose();
            let ca = ca.map_err(|cause| bad(cause.to_string()))?;
            Source::url(url, ca.as_deref())
                .map(FoundKeys::Url)
                .map_err(bad)
        }
    }
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// Reads the keys and the files that the settings name; asks no server.
///
/// # Errors
/// A key or a file that is no use.
pub fn check(jwt: &Jwt) -> Result<(), UsersError> {
    find(jwt).map(drop)
}

impl Users {
    /// Reads the keys, once; a server of a JWKS that does not answer is asked again later. Must not run within a runtime.
    ///
    /// # Errors
    /// A key or a file that is no use.
    pub fn start(jwt: &Jwt) -> Result<Self, UsersError> {
        crypto::install();
        let runtime = runtime()?;
        let (ring, source) = match find(jwt)? {
            FoundKeys::KeySet(ring) => (Some(ring), None),
            FoundKeys::File(ring, source) => (Some(ring), Some(source)),
            FoundKeys::Url(source) => match runtime.block_on(source.ring(jwt.algorithm)) {
                Ok(ring) => {
                    jwks_refresh::warn_if_empty(&ring);
                    (Some(ring), Some(source))
                }
                Err(cause) => {
                    tracing::warn!(%cause, "JWKS unavailable; signed-in users get 503; will retry");
                    (None, Some(source))
                }
            },
        };
        let rings = Arc::new(Rings::default());
        let is_failing = source.is_some() && ring.is_none();
        rings.is_failing.store(is_failing, Ordering::Relaxed);
        rings.set.store(ring.map(Arc::new));
        let pace = Pace {
            every: jwt.refresh,
            max_stale: jwt.max_stale,
        };
        let watch = source
            .map(|source| {
                let rings = Arc::clone(&rings);
                JwksRefresher::start(runtime, source, jwt.algorithm, pace, rings)
            })
            .transpose()?;
        let mut validation = Validation::new(name_of(jwt.algorithm).1);
        validation.set_issuer(&[&jwt.issuer]);
        validation.set_audience(&[&jwt.audience]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // `token` holds times against the caller's clock.
        validation.validate_exp = false;
        Ok(Self {
            algorithm: jwt.algorithm,
            issuer: jwt.issuer.clone(),
            audience: jwt.audience.clone(),
            validation,
            rings,
            watch,
        })
    }

    /// Whether the source of the keys can be read.
    pub fn is_fresh(&self) -> bool {
        !self.rings.is_failing.load(Ordering::Relaxed)
    }

    /// Whose token `text` is.
    ///
    /// # Errors
    /// [`Rejected`].
    pub fn verify(&self, text: &str, now: Timestamp) -> Result<User, Rejected> {
        if text.len() > LONGEST {
            return Err(Rejected::Bad);
        }
        let kid = token::kid(text, name_of(self.algorithm).0)?;
        let ring = self.rings.set.load();
        let Some(key) = ring.as_ref().and_then(|ring| ring.key(&kid)) else {
            if let Some(watch) = &self.watch {
                watch.unknown_kid(now);
            }
            return Err(match *ring {
                Some(_) => Rejected::Bad,
                None => Rejected::NoKeys,
            });
        };
        let claims = decode::<token::Object>(text, key, &self.validation)
            .map_err(|_unsigned| Rejected::Bad)?
            .claims;
        let subject = token::subject(&claims, &self.issuer, &self.audience, now)?;
        // One rule for tokens and for files, so that an export can be read again.
        let name = name::user(&self.issuer, subject);
        let id = name::read(&name).map_err(|_unfit| Rejected::Bad)?;
        Ok(User {
            id,
            name: name.into(),
        })
    }
}
