//! A JWKS document, and a key as the settings give it: the first byte says for which algorithm.

use serde_json::Value;
use tallyship::auth::users::jwks::KeySet;
use tallyship::config::{Algorithm, Secret};

use super::text;

pub fn run(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let (algorithm, kind) = match first % 3 {
        0 => (Algorithm::EdDsa, "OKP"),
        1 => (Algorithm::Es256, "EC"),
        _ => (Algorithm::Hs256, "oct"),
    };
    if let Ok(ring) = KeySet::of_jwks(algorithm, rest) {
        let set: Value = serde_json::from_slice(rest).unwrap_or_default();
        let all = set.get("keys").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut usable = 0;
        for jwk in &all {
            let kid = jwk.get("kid").and_then(Value::as_str).unwrap_or_default();
            if let Some(key) = ring.key(kid) {
                usable += 1;
                let length = key.try_get_as_bytes().map(<[u8]>::len).unwrap_or_default();
                assert!(length >= 32, "a key of {length} bytes");
                let of_kind = |other: &&Value| {
                    other.get("kid").and_then(Value::as_str) == Some(kid)
                        && other.get("kty").and_then(Value::as_str) == Some(kind)
                };
                assert!(all.iter().take(100).any(|other| of_kind(&other)), "of another kind");
            }
        }
        assert_eq!(ring.is_empty(), usable == 0);
        assert!(ring.key("").is_none());
    }
    if let Some(text) = text(rest) {
        let given = [("k".to_owned(), Secret::new(text.to_owned()))];
        if let Ok(ring) = KeySet::given(algorithm, &given) {
            assert!(ring.key("k").is_some() && !ring.is_empty());
        }
    }
}
