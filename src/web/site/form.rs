//! `POST /tools/{slug}/vote`: a vote by plain form, for browsers without JavaScript. Answered 303, back to the page.
//!
//! The same checks in the same order as the API's, but own origin only; a visitor without a token gets one on the way.
//! `embed` takes its forms through the same checks.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, SET_COOKIE};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::Identity;
use crate::domain::{Choice, Timestamp};
use crate::http::problem::{Code, Problem};
use crate::http::request;
use crate::voting::admission::VotingState;

/// A vote that was taken by form.
pub struct FormVote {
    /// Where the form wants to come back to, if that is a path of ours.
    pub back: Option<String>,
    /// The new visitor's token, for a cookie; `None` where the browser sent a good one.
    pub new_token: Option<String>,
}

/// Takes `choice` = `ship`, `skip` or `withdraw`, and `back`, a path of ours.
///
/// # Errors
/// In the order of checks of `docs/api.md`.
pub async fn post_vote(
    http: HttpRequest,
    payload: Payload,
    slug: Path<String>,
    state: Data<VotingState>,
) -> Result<HttpResponse, Problem> {
    let FormVote { back, new_token } = take(&http, payload, &slug, &state).await?;
    Ok(see(
        &state.identity,
        &back.unwrap_or_else(|| "/".to_owned()),
        new_token.as_deref(),
    ))
}

/// 303 to `path`, with a new visitor's cookie where there is one.
pub fn see(identity: &Identity, path: &str, new_token: Option<&str>) -> HttpResponse {
    let mut answer = HttpResponse::SeeOther();
    answer
        .insert_header((LOCATION, path))
        .insert_header((CACHE_CONTROL, "no-store"));
    if let Some(token) = new_token {
        answer.insert_header((SET_COOKIE, identity.set_cookie(token)));
    }
    answer.finish()
}

/// Takes one vote by form, on the tool named `slug`.
///
/// # Errors
/// As [`post_vote`].
pub async fn take(
    http: &HttpRequest,
    payload: Payload,
    slug: &str,
    state: &VotingState,
) -> Result<FormVote, Problem> {
    let now = Timestamp::now();
    let body = request::body(http.headers(), payload, request::SMALL).await?;
    let kind = http
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(Problem::new(
            Code::UnsupportedMediaType,
            "Send a form (application/x-www-form-urlencoded).",
        ));
    }
    // A cookie that is no use any more is no reason to send a person away: they are a new visitor.
    let known = state.identity.voter(http, now).ok();
    state.identity.check_own_page(http.headers())?;
    let client = state.identity.client(http, now);
    let (voter, new_token) = if let Some(voter) = known {
        (voter, None)
    } else {
        let asked = state.challenges.mint(http, &client, now).await;
        asked.map_err(needs_script)?;
        state.limiter.new_visitor(http, &client).await?;
        let (voter, token) = state.identity.mint(now);
        (voter, Some(token))
    };
    let admitted = state.admit(http, (&voter, &client), Some(slug), now);
    let permit = admitted.await.map_err(needs_script)?;
    let form = std::str::from_utf8(&body)
        .map_err(|_not_text| Problem::bad_request("The form is not valid UTF-8."))?;
    let choice = match request::query(form, "choice").as_deref() {
        Some("ship") => Some(Choice::Ship),
        Some("skip") => Some(Choice::Skip),
        Some("withdraw") => None,
        _ => return Err(Problem::invalid("choice: expected ship, skip or withdraw.")),
    };
    let back = request::query(form, "back").filter(|path| is_own_path(path));
    let cast = state.cast(permit, slug, (choice.into(), None), voter, &client);
    cast.await?.done().await?;
    Ok(FormVote { back, new_token })
}

/// A form cannot solve a challenge: it says so to whoever sent it.
fn needs_script(problem: Problem) -> Problem {
    match problem.code {
        Code::ChallengeRequired => problem.saying(
            "Many votes come from here just now, so each needs a short check that only JavaScript can do. Your vote was not \
             counted: turn JavaScript on and vote again, or come back later.",
        ),
        _ => problem,
    }
}

/// A path on this site, and nothing that a browser could read as another site's address.
pub fn is_own_path(path: &str) -> bool {
    path.starts_with('/')
        && path.len() <= 300
        && !path.starts_with("//")
        && path
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/-_.?=&#%+".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::is_own_path;

    #[test]
    fn a_form_leads_back_to_our_own_pages_only() {
        assert!(is_own_path("/compare/a-vs-b") && is_own_path("/"));
        for foreign in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/a\r\nSet-Cookie: x",
            "evil",
        ] {
            assert!(!is_own_path(foreign), "{foreign:?}");
        }
    }
}
