//! One key of the site, made from the settings or from a JWK, and fit for the one configured algorithm.
//!
//! `ring` calls it. Keys are made once, never on a call. Why one is no use is said without any of its bytes.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use openssl::bn::BigNumContext;
use openssl::ec::PointConversionForm;
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use serde_json::Value;

use crate::config::Algorithm;

/// A secret shorter than its hash could be guessed (RFC 7518, 3.2).
const SHORTEST_SECRET: usize = 32;
const BEGIN_PEM: &[u8] = b"-----BEGIN";
/// An uncompressed point of P-256; a public key of Ed25519.
const P256: usize = 65;
const ED25519: usize = 32;

/// A key from its text in the settings: a secret or a public key in base64, or a public key's PEM as it is.
pub(super) fn from_text(algorithm: Algorithm, text: &str) -> Result<DecodingKey, &'static str> {
    if text.as_bytes().starts_with(BEGIN_PEM) {
        // One line of an environment often holds a PEM's ends of lines as two characters.
        return from_bytes(algorithm, text.replace("\\n", "\n").as_bytes());
    }
    let packed: String = text.split_whitespace().collect();
    let bytes = [STANDARD, URL_SAFE, STANDARD_NO_PAD, URL_SAFE_NO_PAD]
        .iter()
        .find_map(|engine| engine.decode(&packed).ok())
        .ok_or("it is no base64")?;
    from_bytes(algorithm, &bytes)
}

fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Result<DecodingKey, &'static str> {
    let is_pem = bytes.starts_with(BEGIN_PEM);
    if algorithm == Algorithm::Hs256 {
        // The mistake that lets everybody who knows a public key sign with it.
        return if is_pem {
            Err("HS256 takes a secret, and this is a PEM")
        } else {
            secret(bytes)
        };
    }
    let is_raw = match algorithm {
        Algorithm::EdDsa => bytes.len() == ED25519,
        _ => bytes.len() == P256,
    };
    let raw = if is_raw {
        bytes.to_vec()
    } else if is_pem {
        raw(algorithm, PKey::public_key_from_pem(bytes))?
    } else {
        raw(algorithm, PKey::public_key_from_der(bytes))?
    };
    let key = match algorithm {
        Algorithm::EdDsa => DecodingKey::from_ed_der(&raw),
        _ => DecodingKey::from_ec_der(&raw),
    };
    fit(algorithm, key)
}

/// The bytes of a key as [`DecodingKey`] holds them; of a key of another curve none, which do not fit.
fn raw(
    algorithm: Algorithm,
    key: Result<PKey<Public>, ErrorStack>,
) -> Result<Vec<u8>, &'static str> {
    let key = key.map_err(|_unread| "it is no public key")?;
    let bytes = match algorithm {
        Algorithm::EdDsa if key.id() == Id::ED25519 => key.raw_public_key(),
        Algorithm::Es256 => key.ec_key().and_then(|key| {
            let group = key.group();
            if group.curve_name() != Some(Nid::X9_62_PRIME256V1) {
                return Ok(Vec::new());
            }
            let (form, mut context) = (PointConversionForm::UNCOMPRESSED, BigNumContext::new()?);
            key.public_key().to_bytes(group, form, &mut context)
        }),
        _ => Ok(Vec::new()),
    };
    Ok(bytes.unwrap_or_default())
}

fn secret(bytes: &[u8]) -> Result<DecodingKey, &'static str> {
    if bytes.len() < SHORTEST_SECRET {
        return Err("a secret of HS256 has at least 32 bytes");
    }
    Ok(DecodingKey::from_secret(bytes))
}

/// Whether it is of the algorithm's curve.
fn fit(algorithm: Algorithm, key: DecodingKey) -> Result<DecodingKey, &'static str> {
    let bytes = key.try_get_as_bytes().unwrap_or_default();
    match algorithm {
        Algorithm::EdDsa if bytes.len() == ED25519 => Ok(key),
        Algorithm::EdDsa => Err("it is no public key of Ed25519"),
        _ if bytes.len() == P256 && bytes.first() == Some(&4) => Ok(key),
        _ => Err("it is no public key of P-256"),
    }
}

/// Whether a JWK (RFC 7517) verifies signatures of one of `algorithms` with a key of this type and curve.
fn verifies(jwk: &Value, (kind, curve): (&str, Option<&str>), algorithms: &[&str]) -> bool {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let absent = |field: &str| jwk.get(field).is_none();
    let may_verify = match jwk.get("key_ops") {
        None => true,
        Some(Value::Array(all)) => all.iter().any(|one| one == "verify"),
        Some(_) => false,
    };
    text("kty") == Some(kind)
        && text("crv") == curve
        && (absent("alg") || text("alg").is_some_and(|alg| algorithms.contains(&alg)))
        && (absent("use") || text("use") == Some("sig"))
        && may_verify
}

/// The `kid` and key of a JWK (RFC 7517, RFC 8037); `None` for one of another kind, purpose or algorithm.
pub(in crate::auth) fn from_jwk(
    algorithm: Algorithm,
    jwk: &Value,
) -> Option<(String, DecodingKey)> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let fits = match algorithm {
        // RFC 9864 gave EdDSA on this curve a name of its own.
        Algorithm::EdDsa => verifies(jwk, ("OKP", Some("Ed25519")), &["EdDSA", "Ed25519"]),
        Algorithm::Es256 => verifies(jwk, ("EC", Some("P-256")), &["ES256"]),
        Algorithm::Hs256 => verifies(jwk, ("oct", None), &["HS256"]),
    };
    let kid = text("kid").filter(|kid| !kid.is_empty())?;
    let key = match algorithm {
        _ if !fits => return None,
        Algorithm::EdDsa => DecodingKey::from_ed_components(text("x")?),
        Algorithm::Es256 => DecodingKey::from_ec_components(text("x")?, text("y")?),
        Algorithm::Hs256 => {
            let bytes = URL_SAFE_NO_PAD.decode(text("k")?).ok()?;
            return Some((kid.to_owned(), secret(&bytes).ok()?));
        }
    };
    Some((kid.to_owned(), fit(algorithm, key.ok()?).ok()?))
}

/// The same of a key of RS256, which only identity providers sign with.
pub(in crate::auth) fn rsa_from_jwk(jwk: &Value) -> Option<(String, DecodingKey)> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let kid = text("kid").filter(|kid| !kid.is_empty())?;
    if !verifies(jwk, ("RSA", None), &["RS256"]) {
        return None;
    }
    let key = DecodingKey::from_rsa_components(text("n")?, text("e")?).ok()?;
    Some((kid.to_owned(), key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// RFC 8037, appendix A.2: a public key of Ed25519.
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn ed25519() -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(X).expect("base64")
    }

    /// The same as SubjectPublicKeyInfo (RFC 8410).
    fn spki() -> Vec<u8> {
        let head = [
            0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
        ];
        [head.as_slice(), &ed25519()].concat()
    }

    #[test]
    fn a_public_key_is_taken_in_every_way_it_is_written() {
        let body = STANDARD.encode(spki());
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n");
        for text in [
            pem.clone(),
            pem.replace('\n', "\\n"),
            STANDARD.encode(&pem),
            body,
            X.to_owned(),
        ] {
            let key = from_text(Algorithm::EdDsa, &text).expect(&text);
            assert_eq!(key.try_get_as_bytes().expect("bytes"), ed25519());
        }
    }

    fn pem(key: Result<PKey<openssl::pkey::Private>, ErrorStack>) -> String {
        let pem = key.and_then(|key| key.public_key_to_pem());
        String::from_utf8(pem.expect("a PEM")).expect("ASCII")
    }

    /// As long as a key of Ed25519.
    fn of_x25519() -> String {
        pem(PKey::generate_x25519())
    }

    /// As long as a key of P-256.
    fn of_secp256k1() -> String {
        let group = openssl::ec::EcGroup::from_curve_name(Nid::SECP256K1).expect("a curve");
        pem(openssl::ec::EcKey::generate(&group).and_then(PKey::from_ec_key))
    }

    #[test]
    fn a_key_of_another_algorithm_is_refused() {
        let pem = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----";
        let long = STANDARD.encode([7; 32]);
        for (algorithm, text) in [
            (Algorithm::Hs256, pem.to_owned()),
            (Algorithm::Hs256, STANDARD.encode(pem)),
            (Algorithm::Hs256, STANDARD.encode([7; 31])),
            (Algorithm::Hs256, "no base64!".to_owned()),
            (Algorithm::EdDsa, pem.to_owned()),
            (Algorithm::EdDsa, STANDARD.encode([7; 31])),
            (Algorithm::Es256, STANDARD.encode(spki())),
            (Algorithm::EdDsa, of_x25519()),
            (Algorithm::Es256, of_secp256k1()),
            (Algorithm::Es256, long.clone()),
            (Algorithm::Es256, STANDARD.encode([7; 65])),
        ] {
            assert!(from_text(algorithm, &text).is_err(), "{text}");
        }
        assert!(from_text(Algorithm::Hs256, &long).is_ok());
    }

    #[test]
    fn of_a_jwk_everything_must_fit() {
        let good = json!({"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": X, "use": "sig", "alg": "EdDSA"});
        assert!(from_jwk(Algorithm::EdDsa, &good).is_some());
        assert!(from_jwk(Algorithm::Es256, &good).is_none());
        for (field, value) in [
            ("kty", json!("EC")),
            ("crv", json!("X25519")),
            ("kid", json!("")),
            ("kid", json!(7)),
            ("x", json!("AAAA")),
            ("use", json!("enc")),
            ("alg", json!("HS256")),
            ("key_ops", json!(["sign"])),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            assert!(from_jwk(Algorithm::EdDsa, &bad).is_none(), "{bad}");
        }
        let secret =
            |bytes: &[u8]| json!({"kty": "oct", "kid": "a", "k": URL_SAFE_NO_PAD.encode(bytes)});
        assert!(from_jwk(Algorithm::Hs256, &secret(&[1; 32])).is_some());
        assert!(from_jwk(Algorithm::Hs256, &secret(&[1; 31])).is_none());
    }
}
