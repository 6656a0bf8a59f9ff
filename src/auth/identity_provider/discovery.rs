//! [`Metadata`]: what the provider's discovery document says (OpenID Connect Discovery 1.0), as far as it is used.
//!
//! It must never name an address to which a code or a token would travel in the clear.

use serde::Deserialize;
use url::Url;

use crate::config::is_confidential;

pub(super) struct Metadata {
    pub authorization_endpoint: Url,
    pub token_endpoint: Url,
    pub jwks_uri: Url,
    pub userinfo_endpoint: Option<Url>,
    pub end_session_endpoint: Option<Url>,
    /// The client's secret goes into the header, else into the form.
    pub takes_basic_auth: bool,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

fn address(name: &str, text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if is_confidential(&url) => Ok(url),
        _ => Err(format!("{name} is not an https address")),
    }
}

impl Metadata {
    /// Reads the document that `issuer` published.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(bytes: &[u8], issuer: &str) -> Result<Self, String> {
        let document: Document =
            serde_json::from_slice(bytes).map_err(|cause| cause.to_string())?;
        // Section 4.3: else a provider could speak for another.
        if document.issuer != issuer {
            return Err(format!("its issuer is not {issuer}"));
        }
        let optional =
            |name: &str, text: Option<String>| text.map(|text| address(name, &text)).transpose();
        let methods = document.token_endpoint_auth_methods_supported;
        Ok(Self {
            authorization_endpoint: address(
                "authorization_endpoint",
                &document.authorization_endpoint,
            )?,
            token_endpoint: address("token_endpoint", &document.token_endpoint)?,
            jwks_uri: address("jwks_uri", &document.jwks_uri)?,
            userinfo_endpoint: optional("userinfo_endpoint", document.userinfo_endpoint)?,
            end_session_endpoint: optional("end_session_endpoint", document.end_session_endpoint)?,
            takes_basic_auth: methods
                .is_none_or(|all| all.iter().any(|method| method == "client_secret_basic")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ISSUER: &str = "https://id.example";

    #[test]
    fn a_document_is_its_issuers_and_names_secret_ways() {
        let good = json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://id.example/auth?tenant=1",
            "token_endpoint": "https://id.example/token",
            "jwks_uri": "https://keys.example/jwks",
        });
        let read =
            |document: &serde_json::Value| Metadata::read(document.to_string().as_bytes(), ISSUER);
        let metadata = read(&good).unwrap_or_else(|why| panic!("{why}"));
        assert!(metadata.takes_basic_auth, "the default");
        for (name, value) in [
            ("issuer", json!("https://id.example/")),
            ("token_endpoint", json!("http://id.example/token")),
            ("jwks_uri", json!("keys")),
            ("jwks_uri", json!(null)),
            ("authorization_endpoint", json!("javascript:alert(1)")),
            ("userinfo_endpoint", json!("ftp://id.example/")),
            ("end_session_endpoint", json!("http://id.example/end")),
        ] {
            let mut bad = good.clone();
            bad[name] = value;
            assert!(read(&bad).is_err(), "{bad}");
        }
        let mut post = good.clone();
        post["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
        assert!(read(&post).is_ok_and(|metadata| !metadata.takes_basic_auth));
        assert!(Metadata::read(b"<html>", ISSUER).is_err());
    }
}
