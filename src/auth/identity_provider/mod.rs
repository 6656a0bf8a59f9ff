//! [`IdentityProvider`]: moderators sign in with the site's identity provider, by OpenID Connect's code flow with PKCE.
//!
//! `web::admin` calls it; `docs/decisions/openid-connect.md` says why it is not a crate. The provider is asked at a sign-in only,
//! within [`DEADLINE`]: nothing else waits for it. What it says is believed once, at the sign-in.

mod attempt;
mod discovery;
mod id_token;
mod person;
mod store;

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use url::{Url, form_urlencoded};

use super::http_client::{self, causes};
use super::keys::Keys;
use super::users::crypto;
use super::users::token::Object;
use crate::config::{Oidc, Secret};
use crate::domain::Timestamp;
pub use attempt::{LASTS_SECONDS as ATTEMPT_SECONDS, SignInAttempt};
use discovery::Metadata;
pub use person::Person;
pub use store::{admit, refuse};

/// A page of the sign-in waits for the provider no longer.
const DEADLINE: Duration = Duration::from_secs(5);
/// Sign-ins that wait for the provider at once.
const MAX_WAITING: usize = 16;
/// The discovery document is read again after this time.
const METADATA_LASTS: Duration = Duration::from_secs(600);

/// Why nobody is signed in.
#[derive(Debug)]
pub enum SignInError {
    /// The answer belongs to no sign-in that this browser began.
    UnknownAttempt,
    /// The provider, or what it signed, says no.
    Refused(String),
    /// The provider vouches for a person whose claims name no role.
    NoRole { name: String, subject: String },
    /// The provider cannot be reached, or does not work as it should.
    Unavailable(String),
}

impl SignInError {
    /// For the log, which names nobody.
    pub fn cause(&self) -> &str {
        match self {
            Self::UnknownAttempt => "no sign-in of this browser is under way",
            Self::Refused(cause) | Self::Unavailable(cause) => cause,
            Self::NoRole { .. } => "the person has no role",
        }
    }
}

/// The settings name invalid certificates.
#[derive(Debug, thiserror::Error)]
#[error("setting oidc.ca_file = \"{0}\": {1}")]
pub struct BadAuthority(String, String);

/// What the provider's redirect brings back.
#[derive(Debug, Default)]
pub struct CallbackParams<'a> {
    pub state: Option<&'a str>,
    pub code: Option<&'a str>,
    pub error: Option<&'a str>,
    /// RFC 9207.
    pub iss: Option<&'a str>,
}

/// Where the browser goes to sign in, and the cookie's value that it must come back with.
pub struct BegunSignIn {
    pub address: Url,
    pub cookie: String,
}

/// A finished sign-in.
pub struct SignedIn {
    pub person: Person,
    /// The page of the dashboard that was asked for.
    pub back: String,
    /// Ends the session at the provider too.
    pub id_token: String,
}

pub struct IdentityProvider {
    settings: Oidc,
    issuer: String,
    /// What the sign-in page calls it.
    pub name: String,
    client: Client,
    redirect_uri: String,
    after_sign_out: String,
    keys: Keys,
    metadata: ArcSwapOption<(Instant, Metadata)>,
    waiting: Semaphore,
}

#[derive(Deserialize)]
struct TokenResponse {
    access_token: Option<String>,
    id_token: Option<String>,
}

#[derive(Deserialize)]
struct ErrorResponse {
    error: String,
}

fn client(oidc: &Oidc) -> Result<Client, BadAuthority> {
    let bad = |why: String| {
        let path = oidc.ca_file.as_ref().map(|path| path.display().to_string());
        BadAuthority(path.unwrap_or_default(), why)
    };
    let ca = oidc.ca_file.as_ref().map(std::fs::read).transpose();
    let ca = ca.map_err(|cause| bad(cause.to_string()))?;
    let https_only = oidc
        .issuer
        .as_deref()
        .is_some_and(|issuer| issuer.starts_with("https:"));
    http_client::build(ca.as_deref(), https_only).map_err(bad)
}

/// Reads the file that the settings name; asks no server.
///
/// # Errors
/// Invalid certificates.
pub fn check(oidc: &Oidc) -> Result<(), BadAuthority> {
    client(oidc).map(drop)
}

impl IdentityProvider {
    /// `None` without an issuer. It asks no server.
    ///
    /// # Errors
    /// Invalid certificates.
    pub fn new(oidc: &Oidc, keys: &Keys, public_url: &Url) -> Result<Option<Self>, BadAuthority> {
        let Some(issuer) = oidc.issuer.clone() else {
            return Ok(None);
        };
        crypto::install();
        let host = Url::parse(&issuer).ok();
        let host = host.and_then(|url| url.host_str().map(str::to_owned));
        let name = Some(oidc.provider.clone()).filter(|name| !name.is_empty());
        let below = |path: &str| format!("{}{path}", public_url.as_str());
        Ok(Some(Self {
            name: name.or(host).unwrap_or_default(),
            client: client(oidc)?,
            redirect_uri: below("moderation/sign-in/callback"),
            after_sign_out: below("moderation/sign-in"),
            settings: oidc.clone(),
            issuer,
            keys: keys.clone(),
            metadata: ArcSwapOption::default(),
            waiting: Semaphore::new(MAX_WAITING),
        }))
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Waits for the provider, but not for long, and not with too many.
    async fn bounded<T>(
        &self,
        work: impl Future<Output = Result<T, SignInError>>,
    ) -> Result<T, SignInError> {
        let _permit = self.waiting.try_acquire().map_err(|_none_left| {
            SignInError::Unavailable("too many sign-ins wait for it".to_owned())
        })?;
        timeout(DEADLINE, work).await.unwrap_or_else(|_elapsed| {
            let seconds = DEADLINE.as_secs();
            Err(SignInError::Unavailable(format!(
                "no answer within {seconds} s"
            )))
        })
    }

    /// Begins a sign-in, which ends at the page `back`.
    ///
    /// # Errors
    /// [`SignInError::Unavailable`].
    pub async fn begin(&self, back: &str, now: Timestamp) -> Result<BegunSignIn, SignInError> {
        self.bounded(async {
            let metadata = &self.metadata().await?.1;
            let attempt = SignInAttempt::new(back, now)
                .map_err(|cause| SignInError::Unavailable(format!("no random bytes: {cause}")))?;
            let mut address = metadata.authorization_endpoint.clone();
            address
                .query_pairs_mut()
                .append_pair("response_type", "code")
                .append_pair("client_id", &self.settings.client_id)
                .append_pair("redirect_uri", &self.redirect_uri)
                .append_pair("scope", &self.settings.scopes)
                .append_pair("state", &attempt.state)
                .append_pair("nonce", &attempt.nonce)
                .append_pair("code_challenge", &attempt.challenge())
                .append_pair("code_challenge_method", "S256");
            let cookie = attempt.seal(&self.keys);
            Ok(BegunSignIn { address, cookie })
        })
        .await
    }

    /// The sign-in that `cookie` belongs to, and that the provider's redirect ends.
    ///
    /// # Errors
    /// [`SignInError::UnknownAttempt`].
    pub fn attempt(
        &self,
        params: &CallbackParams<'_>,
        cookie: Option<&str>,
        now: Timestamp,
    ) -> Result<SignInAttempt, SignInError> {
        let attempt = cookie.and_then(|sealed| SignInAttempt::open(sealed, &self.keys, now));
        let attempt = attempt.filter(|attempt| attempt.is_of(params.state.unwrap_or_default()));
        attempt.ok_or(SignInError::UnknownAttempt)
    }

    /// Ends a sign-in with what the provider's redirect brought.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn finish(
        &self,
        params: &CallbackParams<'_>,
        attempt: SignInAttempt,
        now: Timestamp,
    ) -> Result<SignedIn, SignInError> {
        if params.iss.is_some_and(|iss| iss != self.issuer) {
            return Err(refused("it comes from another issuer"));
        }
        let code = match (params.code, params.error) {
            (_, Some(error)) => return Err(SignInError::Refused(provider_error(error))),
            (Some(code), None) => code,
            (None, None) => return Err(refused("it brings no code")),
        };
        self.bounded(self.exchange(code, attempt, now)).await
    }

    async fn exchange(
        &self,
        code: &str,
        attempt: SignInAttempt,
        now: Timestamp,
    ) -> Result<SignedIn, SignInError> {
        let known = self.metadata().await?;
        let metadata = &known.1;
        let tokens = self.tokens(metadata, code, &attempt.verifier).await?;
        let id_token = tokens
            .id_token
            .ok_or_else(|| refused("it holds no ID token"))?;
        // Read at each sign-in, so that a key that was rotated out is believed no longer.
        let jwks = self
            .read(self.client.get(metadata.jwks_uri.clone()))
            .await?;
        let expected = id_token::Expected {
            issuer: &self.issuer,
            client_id: &self.settings.client_id,
            nonce: &attempt.nonce,
        };
        let claims = id_token::verify(&id_token, &jwks, &expected, now).map_err(refused)?;
        let user_info = match (&metadata.userinfo_endpoint, tokens.access_token) {
            (Some(url), Some(token)) if !person::is_complete(&claims, &self.settings) => {
                Some(self.user_info(url, &token, &claims).await?)
            }
            _ => None,
        };
        let sources: Vec<&Object> = std::iter::once(&claims).chain(&user_info).collect();
        Ok(SignedIn {
            person: person::from_claims(&sources, &self.issuer, &self.settings, now)?,
            back: attempt.back,
            id_token,
        })
    }

    /// Redeems the code.
    async fn tokens(
        &self,
        metadata: &Metadata,
        code: &str,
        verifier: &str,
    ) -> Result<TokenResponse, SignInError> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("code_verifier", verifier);
        let mut request = self.client.post(metadata.token_endpoint.clone());
        let id = &self.settings.client_id;
        match &self.settings.client_secret {
            Some(secret) if metadata.takes_basic_auth => {
                request = request.header(AUTHORIZATION, basic_auth(id, secret));
            }
            Some(secret) => {
                form.append_pair("client_id", id)
                    .append_pair("client_secret", secret.expose());
            }
            None => {
                form.append_pair("client_id", id);
            }
        }
        let request = request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.finish());
        let (status, body) = self.send(request).await?;
        if status == StatusCode::OK {
            return serde_json::from_slice(&body).map_err(|_unread| {
                SignInError::Unavailable("its token endpoint answered no tokens".to_owned())
            });
        }
        match serde_json::from_slice::<ErrorResponse>(&body) {
            // RFC 6749, section 5.2: the code was used, is another client's, or is over.
            Ok(answer) if answer.error == "invalid_grant" => {
                Err(SignInError::Refused(provider_error(&answer.error)))
            }
            Ok(answer) => Err(SignInError::Unavailable(provider_error(&answer.error))),
            Err(_) => Err(SignInError::Unavailable(answered(status))),
        }
    }

    async fn user_info(
        &self,
        url: &Url,
        access_token: &str,
        claims: &Object,
    ) -> Result<Object, SignInError> {
        let request = self.client.get(url.clone());
        let body = self.read(request.bearer_auth(access_token)).await?;
        let info: Object = serde_json::from_slice(&body).map_err(|_unread| {
            SignInError::Unavailable("its user info is not a JSON object".to_owned())
        })?;
        // OpenID Connect Core 1.0, section 5.3.2: else it may be another person's.
        if info.text("sub").ok() != claims.text("sub").ok() {
            return Err(refused("the user info is another person's"));
        }
        Ok(info)
    }

    /// Where the browser ends its session at the provider; `None` if the provider has no such address, or does not answer.
    pub async fn sign_out_address(&self, id_token: Option<&str>) -> Option<Url> {
        let known = self.bounded(self.metadata()).await.ok()?;
        let mut address = known.1.end_session_endpoint.clone()?;
        let mut query = address.query_pairs_mut();
        if let Some(id_token) = id_token {
            query.append_pair("id_token_hint", id_token);
        }
        query
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("post_logout_redirect_uri", &self.after_sign_out);
        drop(query);
        Some(address)
    }

    /// The discovery document, as it was read within the last minutes.
    async fn metadata(&self) -> Result<Arc<(Instant, Metadata)>, SignInError> {
        let known = self.metadata.load_full();
        if let Some(known) = known.filter(|known| known.0.elapsed() < METADATA_LASTS) {
            return Ok(known);
        }
        let issuer = self.issuer.trim_end_matches('/');
        let address = format!("{issuer}/.well-known/openid-configuration");
        let body = self.read(self.client.get(address)).await?;
        let metadata = Metadata::read(&body, &self.issuer)
            .map_err(|why| SignInError::Unavailable(format!("its discovery document: {why}")))?;
        let known = Arc::new((Instant::now(), metadata));
        self.metadata.store(Some(Arc::clone(&known)));
        Ok(known)
    }

    /// The body of an answer that must be 200.
    async fn read(&self, request: RequestBuilder) -> Result<Vec<u8>, SignInError> {
        match self.send(request).await? {
            (StatusCode::OK, body) => Ok(body),
            (status, _) => Err(SignInError::Unavailable(answered(status))),
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), SignInError> {
        let answer = request.header(ACCEPT, "application/json").send().await;
        let answer = answer.map_err(|cause| SignInError::Unavailable(causes(&cause)))?;
        let status = answer.status();
        let body = http_client::body(answer).await;
        Ok((status, body.map_err(SignInError::Unavailable)?))
    }
}

fn refused(why: &'static str) -> SignInError {
    SignInError::Refused(why.to_owned())
}

fn answered(status: StatusCode) -> String {
    format!("it answered {}", status.as_u16())
}

/// An error code as the provider gave it; other text could be anybody's.
fn provider_error(code: &str) -> String {
    let is_code = code.len() <= 60 && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let code = if is_code { code } else { "an error" };
    format!("the provider says {code}")
}

/// `client_secret_basic`: both parts are encoded as in a form first (RFC 6749, section 2.3.1).
fn basic_auth(id: &str, secret: &Secret) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(id), encoded(secret.expose()));
    format!("Basic {}", STANDARD.encode(pair))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_of_any_characters_stays_one_part() {
        let secret = Secret::new("a:b c%".to_owned());
        let decoded = STANDARD.decode(basic_auth("x:y", &secret).trim_start_matches("Basic "));
        assert_eq!(decoded.expect("base64"), b"x%3Ay:a%3Ab+c%25");
    }

    #[test]
    fn only_codes_of_a_provider_are_repeated() {
        assert_eq!(
            provider_error("access_denied"),
            "the provider says access_denied"
        );
        for odd in ["<b>", "call 555-1234", &"a".repeat(61)] {
            assert_eq!(provider_error(odd), "the provider says an error");
        }
    }
}
