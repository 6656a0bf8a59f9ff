//! [`verify`]: the ID token, by the provider's keys (OpenID Connect Core 1.0, section 3.1.3.7).
//!
//! A key is used with the algorithm of its own type only, so a token cannot choose `none`, or a public key as a secret.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;

use crate::auth::users::token::{self, Object};
use crate::auth::users::{Rejected, key};
use crate::config;
use crate::domain::Timestamp;

/// A longer token is refused.
const MAX_BYTES: usize = 64 * 1024;
/// The most keys of a JWKS that are looked at.
const MAX_KEYS: usize = 100;

/// What a token must say.
pub(super) struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
}

/// The key that `kid` names, or without one the only key of that algorithm.
fn find_key(jwks: &[u8], algorithm: Algorithm, kid: Option<&str>) -> Option<DecodingKey> {
    let set: Value = serde_json::from_slice(jwks).ok()?;
    let all = set.get("keys")?.as_array()?.iter().take(MAX_KEYS);
    let mut fitting = all
        .filter_map(|jwk| match algorithm {
            Algorithm::RS256 => key::rsa_from_jwk(jwk),
            Algorithm::ES256 => key::from_jwk(config::Algorithm::Es256, jwk),
            _ => key::from_jwk(config::Algorithm::EdDsa, jwk),
        })
        .filter(|(id, _)| kid.is_none_or(|kid| kid == id));
    let (_, key) = fitting.next()?;
    (kid.is_some() || fitting.next().is_none()).then_some(key)
}

/// The claims of a token that the provider signed for us and this sign-in, and that is of now.
///
/// # Errors
/// What is wrong with it.
pub(super) fn verify(
    text: &str,
    jwks: &[u8],
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<Object, &'static str> {
    const MALFORMED: &str = "the ID token is malformed";
    if text.len() > MAX_BYTES {
        return Err("the ID token is too long");
    }
    let header = token::header(text).map_err(|_bad| MALFORMED)?;
    let algorithm = match header.text("alg").map_err(|_bad| MALFORMED)? {
        "RS256" => Algorithm::RS256,
        "ES256" => Algorithm::ES256,
        "EdDSA" => Algorithm::EdDSA,
        _ => return Err("the ID token is not signed by RS256, ES256 or EdDSA"),
    };
    let kid = match header.get("kid") {
        None => None,
        Some(_) => Some(header.text("kid").map_err(|_bad| MALFORMED)?),
    };
    let key = find_key(jwks, algorithm, kid).ok_or("the ID token's key is unknown")?;
    let mut validation = Validation::new(algorithm);
    // `token::subject` checks all of them, against one clock.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.set_required_spec_claims::<&str>(&[]);
    let claims = decode::<Object>(text, &key, &validation)
        .map_err(|_unsigned| "the ID token's signature is invalid")?
        .claims;
    match token::subject(&claims, expected.issuer, expected.client_id, now) {
        Ok(_) => {}
        Err(Rejected::Expired) => return Err("the ID token has expired"),
        Err(_) => return Err("the ID token is of another issuer or for another client"),
    }
    let is_shared = matches!(claims.get("aud"), Some(Value::Array(all)) if all.len() > 1);
    let is_ours = match claims.get("azp") {
        None => !is_shared,
        Some(party) => party == expected.client_id,
    };
    if !is_ours {
        return Err("the ID token was issued to another client");
    }
    if claims.text("nonce").ok() != Some(expected.nonce) {
        return Err("the ID token is of another sign-in");
    }
    Ok(claims)
}
