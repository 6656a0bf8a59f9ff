//! Signing in with a staff token, and signing out.
//!
//! Failed tries are charged to their network, after the token was looked at: who guesses is slowed, and a valid token always
//! signs in. They are audited by their number.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::form::Form;
use super::sessions;
use super::state::{AdminState, Frame, page_with};
use crate::auth::staff::Role;
use crate::domain::Timestamp;
use crate::http::problem::{Code, Problem};
use crate::web::admin::auth_guard::{self, PageResult, refusal, session, set_cookie, to};

#[derive(Template)]
#[template(path = "admin/sign_in.html")]
struct SignInPage {
    frame: Frame,
    /// Why the last try failed; empty at the first.
    failed: String,
    /// Where to go then.
    back: String,
}

fn drawn(status: StatusCode, failed: &str, back: String) -> PageResult {
    page_with(
        status,
        &SignInPage {
            frame: Frame::outside("Sign in"),
            failed: failed.to_owned(),
            back,
        },
    )
}

/// A path of the dashboard, and nothing that a browser could read as another site's address.
fn own_path(text: &str) -> String {
    let shaped = text.len() <= 500
        && (text == "/moderation" || text.starts_with("/moderation/"))
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if shaped { text } else { "/moderation" }.to_owned()
}

/// The form.
pub async fn get_sign_in(http: HttpRequest) -> HttpResponse {
    let back = own_path(&Form::of(http.query_string()).text("back"));
    drawn(StatusCode::OK, "", back).unwrap_or_else(|problem| refusal(None, &problem))
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
            if let Err(wait) = state.limiter.failed_sign_in(&identity.client(http, now)) {
                return too_many(wait, back);
            }
            let mut answer = drawn(status_of(&problem), words, back)?;
            if answer.status() == StatusCode::UNAUTHORIZED {
                let scheme = HeaderValue::from_static("Bearer");
                answer.headers_mut().insert(WWW_AUTHENTICATE, scheme);
            }
            return Ok(answer);
        }
    };
    let id = sessions::begin(&state.votes, &staff, session(http, identity), now).await?;
    let mut answer = to(&back);
    put_cookie(&mut answer, &set_cookie(identity, Some(&id)))?;
    Ok(answer)
}

fn too_many(wait: u64, back: String) -> PageResult {
    let words = format!(
        "Too many tries failed from your network. Wait {wait} seconds before you try another token."
    );
    let mut answer = drawn(StatusCode::TOO_MANY_REQUESTS, &words, back)?;
    answer.headers_mut().insert(RETRY_AFTER, wait.into());
    Ok(answer)
}

fn status_of(problem: &Problem) -> StatusCode {
    StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::UNAUTHORIZED)
}

fn put_cookie(answer: &mut HttpResponse, cookie: &str) -> Result<(), Problem> {
    let value = cookie.parse().map_err(|_unwritable| Problem::internal())?;
    answer.headers_mut().insert(SET_COOKIE, value);
    Ok(())
}

/// Ends the session.
pub async fn post_sign_out(
    http: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> HttpResponse {
    auth_guard::act(&http, payload, &state, async |signed_in, _form| {
        if let Some(id) = session(&http, &signed_in.state.identity) {
            sessions::end(&signed_in.state.votes, &id).await?;
        }
        let mut answer = to("/moderation/sign-in");
        put_cookie(&mut answer, &set_cookie(&signed_in.state.identity, None))?;
        Ok(answer)
    })
    .await
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
