//! Signing in with the site's identity provider: to it, and back from it.
//!
//! `sign_in` has the page that leads here. The session's cookie is `SameSite=Strict`, so a browser does not send it while it
//! follows the provider's redirect: the way back ends on a page of ours, which leads on.

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::auth_guard::{PageResult, refusal, session, set_cookie, to};
use super::form::Form;
use super::onward::{ATTEMPT, add_cookie, cookie_line, id_token_line, kept, onward};
use super::sessions;
use super::sign_in::{own_path, refused_page, sign_in_page, slowed};
use super::state::AdminState;
use crate::auth::identity_provider::{
    ATTEMPT_SECONDS, CallbackParams, IdentityProvider, SignInError, SignedIn, admit, refuse,
};
use crate::domain::Timestamp;
use crate::http::problem::{Code, Problem};
use crate::infra::log_limit::LogLimit;

/// A provider that fails is asked again after this time.
const RETRY_SECONDS: u64 = 10;

static FAILURES: LogLimit = LogLimit::new();

fn provider(state: &AdminState) -> Result<&IdentityProvider, Problem> {
    state
        .provider
        .as_deref()
        .map(|provider| &**provider)
        .ok_or_else(|| Problem::new(Code::NotFound, "This server has no identity provider."))
}

/// Leads to the provider.
pub async fn get_begin(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    begin(&http, &state)
        .await
        .unwrap_or_else(|problem| refusal(None, &problem))
}

async fn begin(http: &HttpRequest, state: &AdminState) -> PageResult {
    let provider = provider(state)?;
    let back = own_path(&Form::of(http.query_string()).text("back"));
    match provider.begin(&back, Timestamp::now()).await {
        Ok(begun) => {
            let mut answer = to(begun.address.as_str());
            let attempt = cookie_line(&state.identity, ATTEMPT, &begun.cookie, ATTEMPT_SECONDS);
            add_cookie(&mut answer, &attempt)?;
            Ok(answer)
        }
        Err(error) => not_signed_in(state, error, &back).await,
    }
}

/// Takes what the provider sends the browser back with.
pub async fn get_callback(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    callback(&http, &state)
        .await
        .unwrap_or_else(|problem| refusal(None, &problem))
}

async fn callback(http: &HttpRequest, state: &AdminState) -> PageResult {
    let (provider, identity) = (provider(state)?, &state.identity);
    let query = Form::of(http.query_string());
    let params = CallbackParams {
        state: query.get("state"),
        code: query.get("code"),
        error: query.get("error"),
        iss: query.get("iss"),
    };
    let now = Timestamp::now();
    let attempt = provider.attempt(&params, kept(http, identity, ATTEMPT), now);
    let client = identity.client(http, now);
    let mut answer = match attempt {
        // No page of another site makes one, so it is not charged to the network.
        Err(error) => not_signed_in(state, error, "/moderation").await?,
        // Charged before the provider is asked: it would be asked as often as anybody likes.
        Ok(attempt) => match state.limiter.failed_sign_in(&client) {
            Err(wait) => slowed(state, wait, "/moderation")?,
            Ok(()) => match provider.finish(&params, attempt, now).await {
                Ok(signed_in) => {
                    state.limiter.sign_in_succeeded(&client);
                    signed_in_page(http, state, signed_in, now).await?
                }
                Err(error) => not_signed_in(state, error, "/moderation").await?,
            },
        },
    };
    // One try: what the browser kept for it is worth nothing then.
    add_cookie(&mut answer, &cookie_line(identity, ATTEMPT, "", 0))?;
    Ok(answer)
}

async fn signed_in_page(
    http: &HttpRequest,
    state: &AdminState,
    SignedIn {
        person,
        back,
        id_token,
    }: SignedIn,
    now: Timestamp,
) -> PageResult {
    let identity = &state.identity;
    let detail = json!({ "issuer": person.issuer, "subject": person.subject });
    let staff = state
        .votes
        .edit(move |conn| admit(conn, &person, now))
        .await
        .map_err(|refused| refused.problem(""))?;
    let before = session(http, identity);
    let id = sessions::begin(&state.votes, (&staff, detail), before, now).await?;
    let address = format!("{}{back}", state.site);
    let mut answer = onward("Signed in", "You are signed in.", &address)?;
    add_cookie(&mut answer, &set_cookie(identity, Some(&id)))?;
    add_cookie(&mut answer, &id_token_line(identity, &id_token))?;
    Ok(answer)
}

/// The sign-in page, with why the provider's way in failed.
async fn not_signed_in(state: &AdminState, error: SignInError, back: &str) -> PageResult {
    let (provider, now) = (provider(state)?, Timestamp::now());
    if let Some(left_out) = FAILURES.admit(now) {
        let cause = error.cause();
        tracing::warn!(%cause, left_out, "sign-in with the identity provider failed");
    }
    let (status, words): (_, Cow<'_, str>) = match &error {
        SignInError::UnknownAttempt => (
            StatusCode::BAD_REQUEST,
            "This browser did not begin that sign-in, or began it more than ten minutes ago. Try again.".into(),
        ),
        SignInError::Refused(cause) => (
            StatusCode::UNAUTHORIZED,
            format!("The answer of {} was refused: {cause}.", provider.name).into(),
        ),
        SignInError::NoRole { name, .. } => (
            StatusCode::FORBIDDEN,
            format!("{} knows you as {name}, but you have no role here. Ask an administrator for one.", provider.name).into(),
        ),
        // Nobody's guess, so it is in no audit entry.
        SignInError::Unavailable(_) => {
            let words = format!(
                "{} does not answer as it should at this moment. Try again, or sign in with a staff token.",
                provider.name
            );
            let mut answer =
                sign_in_page(state, StatusCode::SERVICE_UNAVAILABLE, &words, back)?;
            answer.headers_mut().insert(RETRY_AFTER, RETRY_SECONDS.into());
            return Ok(answer);
        }
    };
    match error {
        SignInError::NoRole { name, subject } => {
            let issuer = provider.issuer().to_owned();
            state
                .votes
                .edit(move |conn| refuse(conn, &issuer, (&name, &subject), now))
                .await
                .map_err(|refused| refused.problem(""))?;
        }
        _ => state.identity.failed_sign_ins.note(),
    }
    refused_page(state, status, &words, back)
}
