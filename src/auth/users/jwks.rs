//! [`KeySet`]: the site's keys by `kid`, ready for use.
//!
//! `users` looks a key up on each call, `watch` puts a newer ring in the old one's place. It holds so many and no more.

use std::collections::HashMap;

use jsonwebtoken::DecodingKey;
use serde_json::Value;

use super::key;
use crate::config::{Algorithm, Secret};
use crate::domain::text::BOM;

/// The most keys of a JWKS that are looked at: a site has two or three.
const MOST: usize = 100;

/// Keys, each by its `kid`.
pub struct KeySet(HashMap<String, DecodingKey>);

impl KeySet {
    /// The keys of the settings.
    ///
    /// # Errors
    /// The `kid` of the first that is no use, and why.
    pub fn given(
        algorithm: Algorithm,
        keys: &[(String, Secret)],
    ) -> Result<Self, (String, &'static str)> {
        keys.iter()
            .map(
                |(kid, text)| match key::from_text(algorithm, text.expose()) {
                    Ok(key) => Ok((kid.clone(), key)),
                    Err(why) => Err((kid.clone(), why)),
                },
            )
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The usable keys of a JWKS; others are passed over, as RFC 7517 wants it. Of two with one `kid` the first counts.
    ///
    /// # Errors
    /// A phrase, where it is no JWKS.
    pub fn of_jwks(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, &'static str> {
        let set: Value = serde_json::from_slice(bytes.strip_prefix(BOM).unwrap_or(bytes))
            .map_err(|_unread| "invalid JSON")?;
        let Some(Value::Array(all)) = set.get("keys") else {
            return Err("it is no JWKS: an object with a list of keys");
        };
        let mut keys = HashMap::new();
        for (kid, key) in all
            .iter()
            .take(MOST)
            .filter_map(|jwk| key::from_jwk(algorithm, jwk))
        {
            keys.entry(kid).or_insert(key);
        }
        Ok(Self(keys))
    }

    pub fn key(&self, kid: &str) -> Option<&DecodingKey> {
        self.0.get(kid)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn secret(kid: &str, byte: &str) -> Value {
        json!({"kty": "oct", "kid": kid, "k": byte.repeat(43)})
    }

    fn ring(set: &Value) -> Result<KeySet, &'static str> {
        KeySet::of_jwks(Algorithm::Hs256, set.to_string().as_bytes())
    }

    #[test]
    fn foreign_keys_are_passed_over_and_there_is_an_end() {
        let mut all = vec![
            json!({"kty": "RSA", "kid": "r"}),
            json!(7),
            secret("a", "A"),
            secret("a", "B"),
        ];
        let found = ring(&json!({ "keys": all })).expect("a set");
        let first = found.key("a").expect("a").try_get_as_bytes().ok();
        assert_eq!(first, Some([0; 32].as_slice()));
        assert!(found.key("r").is_none());
        all.extend((0..200).map(|n| secret(&n.to_string(), "A")));
        let found = ring(&json!({ "keys": all })).expect("a set");
        assert!(found.key("95").is_some() && found.key("96").is_none());
        assert!(ring(&json!({"keys": []})).expect("a set").is_empty());
        for bad in [json!([]), json!({"keys": {}}), json!("keys")] {
            assert!(ring(&bad).is_err(), "{bad}");
        }
        assert!(KeySet::of_jwks(Algorithm::Hs256, b"<html>").is_err());
        assert!(KeySet::of_jwks(Algorithm::Hs256, b"\xEF\xBB\xBF{\"keys\":[]}").is_ok());
    }
}
