//! JWTs of the site's users: as they come, and with claims of any kind under a signature that is right.

use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;
use tallyship::auth::users::{User, Users};
use tallyship::config::{Algorithm, Jwt, KeySource, Secret};
use tallyship::domain::Timestamp;

use super::{first_line, text};

const NOW: i64 = 1_800_000_000;
const KEY: [u8; 32] = [7; 32];

static USERS: LazyLock<Option<Users>> = LazyLock::new(|| {
    Users::start(&Jwt {
        algorithm: Algorithm::Hs256,
        issuer: "us".to_owned(),
        audience: "votes".to_owned(),
        keys: KeySource::Given(vec![("k".to_owned(), Secret::new(STANDARD.encode(KEY)))]),
        ca_file: None,
        refresh: Duration::from_secs(300),
        max_stale: Duration::from_secs(300),
    })
    .ok()
});

fn signed(header: &str, claims: &str) -> Option<String> {
    let said = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(&KEY).ok()?;
    mac.update(said.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    Some(format!("{said}.{signature}"))
}

/// What a token that was believed must say.
fn is_right(header: &[u8], claims: &[u8], user: &User) -> Option<()> {
    let header: Value = serde_json::from_slice(header).ok()?;
    let claims: Value = serde_json::from_slice(claims).ok()?;
    let number = |name: &str| claims.get(name).and_then(Value::as_f64);
    assert_eq!(header.get("alg")?, "HS256");
    assert_eq!(header.get("kid")?, "k");
    assert!(header.get("crit").is_none());
    assert_eq!(claims.get("iss")?, "us");
    let audience = claims.get("aud")?;
    let all = audience.as_array().cloned().unwrap_or_else(|| vec![audience.clone()]);
    assert!(all.iter().any(|one| one == "votes") && all.iter().all(Value::is_string));
    assert!(number("exp")? > 1_799_999_969.0, "it has ended");
    assert!(number("nbf").unwrap_or_default() < 1_800_000_031.0, "it has not begun");
    assert_eq!(*user.name, *format!("user:us:{}", claims.get("sub")?.as_str()?));
    Some(())
}

pub fn run(data: &[u8]) {
    let (Some(users), Some(text)) = (USERS.as_ref(), text(data)) else {
        return;
    };
    let now = Timestamp(NOW * 1_000_000);
    if let Ok(user) = users.verify(text, now) {
        let parts: Vec<&str> = text.split('.').collect();
        let [header, claims, _] = parts.as_slice() else {
            panic!("a token has three parts");
        };
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.decode(part).unwrap_or_default());
        let said = (String::from_utf8_lossy(&header), String::from_utf8_lossy(&claims));
        assert_eq!(signed(&said.0, &said.1).as_deref(), Some(text), "nobody signed this");
        assert_eq!(is_right(&header, &claims, &user), Some(()));
    }
    let (header, claims) = first_line(text);
    let Some(token) = signed(header, claims) else {
        return;
    };
    if let Ok(user) = users.verify(&token, now) {
        assert_eq!(is_right(header.as_bytes(), claims.as_bytes(), &user), Some(()));
        assert_eq!(users.verify(&token, now).map(|again| again.id), Ok(user.id));
        let other = token.rsplit_once('.').map(|(said, _)| format!("{said}.{}", "A".repeat(43)));
        assert!(other.is_some_and(|other| users.verify(&other, now).is_err()));
    }
}
