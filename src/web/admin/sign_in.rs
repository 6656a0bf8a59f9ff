//! Signing in with a staff token. `provider_sign_in` has the way by the identity provider, and the same page.
//!
//! Failed tries are charged to their network, after the token was looked at: who guesses is slowed, and a valid token always
//! signs in. They are audited by their number.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::form::Form;
use super::onward::{add_cookie, forget_id_token};
use super::sessions;
use super::state::{AdminState, Frame, page_with};
use crate::auth::staff::Role;
use crate::domain::Timestamp;
use crate::http::problem::{Code, Problem};
use crate::web::admin::auth_guard::{PageResult, refusal, session, set_cookie, to};

#[derive(Template)]
#[template(path = "admin/sign_in.html")]
struct SignInPage<'a> {
    frame: Frame,
    /// Why the last try failed; empty at the first.
    failed: &'a str,
    /// Where to go then.
    back: &'a str,
    /// The identity provider's name, and where signing in with it begins.
    provider: Option<(&'a str, String)>,
}

/// The sign-in page, with why the last try failed.
pub(super) fn sign_in_page(
    state: &AdminState,
    status: StatusCode,
    failed: &str,
    back: &str,
) -> PageResult {
    let provider = state.provider.as_ref().map(|provider| {
        let back: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
        let begin = format!("/moderation/sign-in/provider?back={back}");
        (provider.name.as_str(), begin)
    });
    page_with(
        status,
        &SignInPage {
            frame: Frame::outside("Sign in"),
            failed,
            back,
            provider,
        },
    )
}

/// A path of the dashboard, and nothing that a browser could read as another site's address.
pub(super) fn own_path(text: &str) -> String {
    let shaped = text.len() <= 500
        && (text == "/moderation" || text.starts_with("/moderation/"))
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if shaped { text } else { "/moderation" }.to_owned()
}

/// The form.
pub async fn get_sign_in(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    let back = own_path(&Form::of(http.query_string()).text("back"));
    sign_in_page(&state, StatusCode::OK, "", &back)
        .unwrap_or_else(|problem| refusal(None, &problem))
}

/// Signs in, and leads to where the visitor wanted to go.
pub async fn post_sign_in(
    http: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> HttpResponse {
    sign_in(&http, payload, &state)
        .await
        .unwrap_or_else(|problem| refusal(None, &problem))
}

async fn sign_in(http: &HttpRequest, payload: Payload, state: &AdminState) -> PageResult {
    let form = Form::posted(http.headers(), payload).await?;
    let identity = &state.identity;
    identity.check_own_page(http.headers())?;
    let now = Timestamp::now();
    let back = own_path(&form.text("back"));
    let token = form.text("token");
    let staff = match identity.staff_by_token(&token, Role::Moderator).await {
        Ok(staff) => staff,
        Err(problem) => {
            let words = match problem.code {
                Code::ExpiredToken => "This token has expired. Ask for a new one.",
                Code::Forbidden => {
                    "This token may not moderate: it needs the role moderator or admin."
                }
                Code::BadToken => "This token is unknown or revoked.",
                _ => return Err(problem),
            };
            identity.failed_sign_ins.note();
            return failed(http, state, status_of(&problem), words, &back);
        }
    };
    let id = sessions::begin(
        &state.votes,
        (&staff, serde_json::Value::Null),
        session(http, identity),
        now,
    )
    .await?;
    let mut answer = to(&back);
    add_cookie(&mut answer, &set_cookie(identity, Some(&id)))?;
    forget_id_token(http, identity, &mut answer)?;
    Ok(answer)
}

/// The page of a sign-in that failed, which is charged to the caller's network.
fn failed(
    http: &HttpRequest,
    state: &AdminState,
    status: StatusCode,
    words: &str,
    back: &str,
) -> PageResult {
    let client = state.identity.client(http, Timestamp::now());
    if let Err(wait) = state.limiter.failed_sign_in(&client) {
        return slowed(state, wait, back);
    }
    refused_page(state, status, words, back)
}

/// The page for a network from which too many sign-ins failed.
pub(super) fn slowed(state: &AdminState, wait: u64, back: &str) -> PageResult {
    let words = format!(
        "Too many tries failed from your network. Wait {wait} seconds before you try again."
    );
    let mut answer = sign_in_page(state, StatusCode::TOO_MANY_REQUESTS, &words, back)?;
    answer.headers_mut().insert(RETRY_AFTER, wait.into());
    Ok(answer)
}

pub(super) fn refused_page(
    state: &AdminState,
    status: StatusCode,
    words: &str,
    back: &str,
) -> PageResult {
    let mut answer = sign_in_page(state, status, words, back)?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        let scheme = HeaderValue::from_static("Bearer");
        answer.headers_mut().insert(WWW_AUTHENTICATE, scheme);
    }
    Ok(answer)
}

fn status_of(problem: &Problem) -> StatusCode {
    StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::UNAUTHORIZED)
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn a_sign_in_leads_into_the_dashboard_only() {
        assert_eq!(
            own_path("/moderation/votes?tool=a"),
            "/moderation/votes?tool=a"
        );
        for foreign in [
            "",
            "//evil.example",
            "https://evil.example",
            "/moderation\\x",
            "/moderationx",
            "/",
        ] {
            assert_eq!(own_path(foreign), "/moderation", "{foreign:?}");
        }
    }
}
