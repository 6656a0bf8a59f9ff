//! The settings of `[oidc]`: the identity provider that moderators sign in with.
//!
//! [`super::Settings`] reads them; `auth::identity_provider` works with them. It asks no server.

use std::time::Duration;

use url::{Host, Url};

use super::Oidc;
use super::values::{list, period};

/// The longest session of the dashboard, whatever began it.
const MAX_SESSION: Duration = Duration::from_secs(12 * 3600);

impl Oidc {
    /// The setting that is missing beside the others, and why.
    pub(super) fn contradiction(&self) -> Option<(&'static str, &'static str)> {
        self.issuer.as_ref()?;
        if self.client_id.is_empty() {
            return Some(("oidc.client_id", "oidc.issuer needs this"));
        }
        if self.moderators.is_empty() && self.admins.is_empty() {
            let cause = "oidc.issuer needs this, or oidc.admins: else nobody has a role";
            return Some(("oidc.moderators", cause));
        }
        None
    }
}

/// Whether what is sent to `url` stays secret: by https, or on this machine.
pub fn is_confidential(url: &Url) -> bool {
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_local)
}

/// An issuer identifier (OpenID Connect Discovery 1.0, section 3). It is compared as text, so it is kept as it was given.
pub(super) fn issuer(text: &str) -> Result<Option<String>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    match Url::parse(text) {
        Ok(url)
            if is_confidential(&url)
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
                && url.password().is_none() =>
        {
            Ok(Some(text.to_owned()))
        }
        _ => Err("expected https://HOST, perhaps with a path; http:// only on this machine".into()),
    }
}

/// Scopes with spaces between.
pub(super) fn scopes(text: &str) -> Result<String, String> {
    let scopes: Vec<&str> = text.split_whitespace().collect();
    // RFC 6749, section 3.3.
    let is_plain = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
    if !scopes.contains(&"openid") || !text.chars().all(|c| c == ' ' || is_plain(c)) {
        return Err("expected scopes with spaces between, and openid among them".to_owned());
    }
    Ok(scopes.join(" "))
}

#[expect(clippy::unnecessary_wraps, reason = "every parser may fail")]
pub(super) fn claim_values(text: &str) -> Result<Vec<String>, String> {
    Ok(list(text).map(str::to_owned).collect())
}

/// Empty: as long as the ID token.
pub(super) fn session(text: &str) -> Result<Option<Duration>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    match period(text) {
        Ok(period) if period <= MAX_SESSION => Ok(Some(period)),
        _ => Err("expected a time of at most 12h, such as 8h, or nothing".to_owned()),
    }
}

/// A claim's name, or a path to it with dots between.
pub(super) fn claim(text: &str) -> Result<String, String> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(
            "expected the name of a claim, such as groups or realm_access.roles".to_owned(),
        );
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::{Layers, Settings};
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Oidc, String> {
        let mut layers = Layers::defaults();
        for (name, text) in pairs {
            layers
                .set(&format!("oidc.{name}"), text, "a test")
                .map_err(|bad| bad.to_string())?;
        }
        let settings = Settings::from_layers(&layers).map_err(|bad| bad.to_string())?;
        Ok(settings.oidc)
    }

    const GOOD: [(&str, &str); 3] = [
        ("issuer", "https://id.example/realms/site"),
        ("client_id", "tallyship"),
        ("moderators", "mods, editors"),
    ];

    #[test]
    fn a_provider_has_a_client_and_roles() {
        let oidc = read(&GOOD).expect("good");
        assert_eq!(oidc.issuer.as_deref(), Some(GOOD[0].1));
        assert_eq!(oidc.moderators, ["mods", "editors"]);
        assert!(read(&[]).expect("off").issuer.is_none());
        for left_out in 1..3 {
            let mut some = GOOD.to_vec();
            let (name, _) = some.remove(left_out);
            let said = read(&some).expect_err(name);
            assert!(said.contains(&format!("oidc.{name}")), "{said}");
        }
        let admins = [GOOD[0], GOOD[1], ("admins", "ops")];
        assert!(read(&admins).is_ok());
    }

    #[test]
    fn a_bad_value_is_named() {
        for (name, text) in [
            ("issuer", "id.example"),
            ("issuer", "http://id.example"),
            ("issuer", "http://127.0.0.1.id.example"),
            ("issuer", "https://user:hunter2@id.example"),
            ("issuer", "https://id.example/?a"),
            ("issuer", "file:///etc/passwd"),
            ("scopes", "profile"),
            ("scopes", "openid \"all\""),
            ("role_claim", ""),
            ("name_claim", "a\nb"),
            ("session", "13h"),
            ("session", "off"),
        ] {
            let said = read(&[GOOD.as_slice(), &[(name, text)]].concat()).expect_err(text);
            assert!(said.contains(&format!("oidc.{name}")), "{said}");
        }
        for local in [
            "http://localhost:3000",
            "http://127.0.0.1:1/x",
            "http://[::1]",
        ] {
            assert!(
                read(&[("issuer", local), GOOD[1], GOOD[2]]).is_ok(),
                "{local}"
            );
        }
    }
}
