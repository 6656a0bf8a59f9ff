//! [`Jwt`]: how the site vouches for its own signed-in users.
//!
//! [`super::Settings`] reads it; `identity::users` turns the keys' texts into keys. It must never repeat a key's text.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::{Identity, Secret, values};

/// The one algorithm that tokens are signed with. It is never taken from a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    EdDsa,
    Es256,
    Hs256,
}

/// Where the keys come from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// Each with its `kid`.
    Given(Vec<(String, Secret)>),
    /// A JWKS (RFC 7517).
    File(PathBuf),
    Url(Url),
}

#[derive(Debug, Clone)]
pub struct Jwt {
    pub algorithm: Algorithm,
    pub issuer: String,
    pub audience: String,
    pub keys: KeySource,
    /// Certificates (PEM) to verify the server of a JWKS by, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// How often a JWKS is read anew.
    pub refresh: Duration,
    /// How long its last keys are believed while it cannot be read.
    pub max_stale: Duration,
}

/// An issuer is part of every user's name, which has an end.
const MAX_NAME_LENGTH: usize = 255;

impl Identity {
    /// `None`: no signed-in users.
    pub fn jwt(&self) -> Option<Jwt> {
        let given = || KeySource::Given(self.jwt_keys.clone());
        Some(Jwt {
            algorithm: self.jwt_algorithm?,
            issuer: self.jwt_issuer.clone(),
            audience: self.jwt_audience.clone(),
            keys: self.jwt_jwks.clone().unwrap_or_else(given),
            ca_file: self.jwt_ca_file.clone(),
            refresh: self.jwt_refresh,
            max_stale: self.jwt_max_stale,
        })
    }

    /// The setting that is missing beside the others, or contradicts them, and why.
    pub(super) fn contradiction(&self) -> Option<(&'static str, &'static str)> {
        self.jwt_algorithm?;
        let needed = "identity.jwt_algorithm needs this";
        match (self.jwt_jwks.is_some(), self.jwt_keys.is_empty()) {
            _ if self.jwt_issuer.is_empty() => Some(("identity.jwt_issuer", needed)),
            _ if self.jwt_audience.is_empty() => Some(("identity.jwt_audience", needed)),
            (false, true) => Some((
                "identity.jwt_jwks",
                "identity.jwt_algorithm needs this, or identity.jwt_keys",
            )),
            (true, false) => Some((
                "identity.jwt_jwks",
                "expected this or identity.jwt_keys, not both",
            )),
            _ => None,
        }
    }
}

pub(super) fn algorithm(text: &str) -> Result<Option<Algorithm>, String> {
    match text {
        "" => Ok(None),
        "EdDSA" => Ok(Some(Algorithm::EdDsa)),
        "ES256" => Ok(Some(Algorithm::Es256)),
        "HS256" => Ok(Some(Algorithm::Hs256)),
        _ => Err("expected EdDSA, ES256 or HS256".to_owned()),
    }
}

pub(super) fn name(text: &str) -> Result<String, String> {
    if text.chars().count() > MAX_NAME_LENGTH || text.chars().any(char::is_control) {
        return Err(format!(
            "expected at most {MAX_NAME_LENGTH} plain characters"
        ));
    }
    Ok(text.to_owned())
}

pub(super) fn keys(text: &str) -> Result<Vec<(String, Secret)>, String> {
    let mut keys: Vec<(String, Secret)> = Vec::new();
    for item in values::list(text) {
        let (kid, key) = item
            .split_once(':')
            .map(|(kid, key)| (kid.trim(), key.trim()))
            .filter(|(kid, key)| !kid.is_empty() && !key.is_empty())
            .ok_or("expected KID:BASE64, several separated by commas")?;
        if keys.iter().any(|(known, _)| known == kid) {
            return Err(format!("the kid {kid} stands there twice"));
        }
        keys.push((kid.to_owned(), Secret::new(key.to_owned())));
    }
    Ok(keys)
}

/// An address is https or nothing: whoever could change the keys on their way could be any user.
pub(super) fn jwks(text: &str) -> Result<Option<KeySource>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    if !text.contains("://") {
        return Ok(Some(KeySource::File(PathBuf::from(text))));
    }
    match Url::parse(text) {
        Ok(url) if url.scheme() == "https" && url.username().is_empty() => {
            Ok(Some(KeySource::Url(url)))
        }
        _ => Err("expected a file, or https://HOST/PATH".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Layers, Settings};
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Option<Jwt>, String> {
        let mut layers = Layers::defaults();
        for (name, text) in pairs {
            layers
                .set(&format!("identity.jwt_{name}"), text, "a test")
                .map_err(|bad| bad.to_string())?;
        }
        let settings = Settings::from_layers(&layers).map_err(|bad| bad.to_string())?;
        Ok(settings.identity.jwt())
    }

    const GOOD: [(&str, &str); 4] = [
        ("algorithm", "EdDSA"),
        ("issuer", "https://site.example"),
        ("audience", "votes"),
        ("keys", "a:AAAA, b : BB:BB,"),
    ];

    #[test]
    fn keys_have_names_and_a_file_is_no_address() {
        let jwt = read(&GOOD).expect("good").expect("users");
        let KeySource::Given(keys) = jwt.keys else {
            panic!("given")
        };
        let names: Vec<&str> = keys.iter().map(|(kid, _)| kid.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(keys[1].1.expose(), "BB:BB");
        let from = |jwks| {
            let settings = [GOOD[0], GOOD[1], GOOD[2], ("jwks", jwks)];
            read(&settings).map(|jwt| jwt.expect("users").keys)
        };
        assert!(matches!(from("keys/jwks.json"), Ok(KeySource::File(_))));
        assert!(matches!(
            from("https://site.example/jwks"),
            Ok(KeySource::Url(_))
        ));
        for bad in [
            "http://site.example/jwks",
            "file:///etc/passwd",
            "https://",
            "https://user:pass@site.example/",
        ] {
            let said = from(bad).expect_err(bad);
            assert!(said.contains("identity.jwt_jwks"), "{said}");
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_and_no_key_is_shown() {
        for left_out in 1..4 {
            let mut some = GOOD.to_vec();
            let (name, _) = some.remove(left_out);
            let said = read(&some).expect_err(name);
            assert!(said.contains(&format!("identity.jwt_{name}")), "{said}");
        }
        for (name, text) in [
            ("algorithm", "none"),
            ("algorithm", "RS256"),
            ("issuer", "a\nb"),
            ("keys", "a:hunter2,a:hunter2"),
            ("keys", "hunter2"),
            ("keys", ":hunter2"),
            ("jwks", "keys.json"),
        ] {
            let said = read(&[GOOD.as_slice(), &[(name, text)]].concat()).expect_err(name);
            assert!(said.contains(&format!("identity.jwt_{name}")), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
        assert!(read(&GOOD[1..]).expect("off").is_none());
    }
}
