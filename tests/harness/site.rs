//! The site that vouches for its users: its keys, the tokens it signs, and how a server is told of them.
//!
//! Called by tests of signed-in users. It signs whatever it is asked to, also what no site should.
use super::server::Setup;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openssl::bn::{BigNum, BigNumContext, BigNumRef};
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

pub const ISSUER: &str = "https://site.example:8443";
pub const AUDIENCE: &str = "votes";
pub const KID: &str = "2026-a";

pub struct Site {
    pub algorithm: &'static str,
    key: PKey<Private>,
    /// As `JWT_KEYS` takes it: a PEM, or a secret in base64.
    pub public: String,
    /// The members of a JWK that hold the key.
    jwk: Value,
}

pub fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs() as i64
}

fn part(json: &str) -> String {
    URL_SAFE_NO_PAD.encode(json)
}

impl Site {
    pub fn new(algorithm: &'static str) -> Site {
        match algorithm {
            "EdDSA" => {
                let key = PKey::generate_ed25519().expect("a key");
                let x = URL_SAFE_NO_PAD.encode(key.raw_public_key().expect("raw"));
                Site {
                    algorithm,
                    public: text(key.public_key_to_pem().expect("PEM")),
                    key,
                    jwk: json!({"kty": "OKP", "crv": "Ed25519", "x": x}),
                }
            }
            "ES256" => {
                let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("a curve");
                let pair = EcKey::generate(&group).expect("a key");
                let (mut x, mut y) = (BigNum::new().expect("x"), BigNum::new().expect("y"));
                let mut context = BigNumContext::new().expect("a context");
                pair.public_key()
                    .affine_coordinates(&group, &mut x, &mut y, &mut context)
                    .expect("a point");
                let member = |n: BigNum| URL_SAFE_NO_PAD.encode(n.to_vec_padded(32).expect("32"));
                let jwk = json!({"kty": "EC", "crv": "P-256", "x": member(x), "y": member(y)});
                let key = PKey::from_ec_key(pair).expect("a key");
                Site {
                    algorithm,
                    public: text(key.public_key_to_pem().expect("PEM")),
                    key,
                    jwk,
                }
            }
            // Only identity providers sign with it.
            "RS256" => {
                let pair = Rsa::generate(2048).expect("a key");
                let member = |n: &BigNumRef| URL_SAFE_NO_PAD.encode(n.to_vec());
                let jwk = json!({"kty": "RSA", "n": member(pair.n()), "e": member(pair.e())});
                let key = PKey::from_rsa(pair).expect("a key");
                Site {
                    algorithm,
                    public: text(key.public_key_to_pem().expect("PEM")),
                    key,
                    jwk,
                }
            }
            "HS256" => {
                let secret = random();
                Site {
                    algorithm,
                    key: PKey::hmac(&secret).expect("a key"),
                    public: STANDARD.encode(secret),
                    jwk: json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(secret)}),
                }
            }
            other => panic!("no such algorithm: {other}"),
        }
    }

    /// The server knows this key under this `kid`.
    pub fn setup(&self, setup: Setup) -> Setup {
        self.without_keys(setup).env(
            "TALLYSHIP_IDENTITY__JWT_KEYS",
            format!("{KID}:{}", self.public),
        )
    }

    pub fn without_keys(&self, setup: Setup) -> Setup {
        setup
            .env("TALLYSHIP_IDENTITY__JWT_ALGORITHM", self.algorithm)
            .env("TALLYSHIP_IDENTITY__JWT_ISSUER", ISSUER)
            .env("TALLYSHIP_IDENTITY__JWT_AUDIENCE", AUDIENCE)
    }

    pub fn jwk(&self, kid: &str) -> Value {
        let mut jwk = self.jwk.clone();
        jwk["kid"] = json!(kid);
        jwk["alg"] = json!(self.algorithm);
        jwk["use"] = json!("sig");
        jwk
    }

    /// A good token of this user.
    pub fn user(&self, sub: &str) -> String {
        self.user_by(KID, sub)
    }

    pub fn user_by(&self, kid: &str, sub: &str) -> String {
        self.token(
            &json!({"alg": self.algorithm, "typ": "JWT", "kid": kid}),
            &claims(sub),
        )
    }

    pub fn token(&self, header: &Value, claims: &Value) -> String {
        self.signed(&header.to_string(), &claims.to_string())
    }

    /// Signs any text as header and claims.
    pub fn signed(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", part(header), part(claims));
        let signature = match self.algorithm {
            "EdDSA" => Signer::new_without_digest(&self.key)
                .and_then(|mut signer| signer.sign_oneshot_to_vec(message.as_bytes()))
                .expect("signed"),
            "ES256" => {
                let digest = openssl::sha::sha256(message.as_bytes());
                let pair = self.key.ec_key().expect("a pair");
                let signature = EcdsaSig::sign(&digest, &pair).expect("signed");
                [signature.r(), signature.s()]
                    .map(|half| half.to_vec_padded(32).expect("32"))
                    .concat()
            }
            // HMAC, or PKCS#1 v1.5 by a key of RSA.
            _ => by_sha256(&self.key, &message),
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// What a good token says.
pub fn claims(sub: &str) -> Value {
    json!({"iss": ISSUER, "aud": AUDIENCE, "sub": sub, "exp": now() + 600, "iat": now()})
}

/// A token with HMAC under any key, whatever the header says.
pub fn by_secret(secret: &[u8], header: &Value, claims: &Value) -> String {
    let message = format!(
        "{}.{}",
        part(&header.to_string()),
        part(&claims.to_string())
    );
    let signature = by_sha256(&PKey::hmac(secret).expect("a key"), &message);
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn by_sha256(key: &PKey<Private>, message: &str) -> Vec<u8> {
    let mut signer = Signer::new(MessageDigest::sha256(), key).expect("a signer");
    signer
        .sign_oneshot_to_vec(message.as_bytes())
        .expect("signed")
}

/// A token with any signature, or none.
pub fn unsigned(header: &Value, claims: &Value, signature: &str) -> String {
    format!(
        "{}.{}.{signature}",
        part(&header.to_string()),
        part(&claims.to_string())
    )
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("ASCII")
}

fn random() -> [u8; 32] {
    let mut secret = [0; 32];
    openssl::rand::rand_bytes(&mut secret).expect("random");
    secret
}
