//! `POST /v1/visitors`: a visitor token, new or renewed, as JSON and as a cookie.

use actix_web::http::header::{CACHE_CONTROL, SET_COOKIE};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::abuse::challenge::Challenges;
use crate::auth::Identity;
use crate::auth::origin::CredentialSource;
use crate::auth::visitor_token::{self, Rejected};
use crate::domain::Timestamp;
use crate::http::problem::{Code, Problem};
use crate::http::request;
use crate::rate_limit::rate_limiter::RateLimiter;

/// Nothing to say yet.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoFields {}

/// A visitor's token.
#[derive(Serialize, ToSchema)]
pub struct Minted<'a> {
    token: &'a str,
    expires_at: Timestamp,
}

/// 201 with a new visitor's token; 200 with one for the same voter where a valid, or lately ended, token came along.
///
/// # Errors
/// In the order of checks of `docs/api.md`; a bad cookie is replaced, a bad bearer token is refused.
pub async fn post_visitors(
    http: HttpRequest,
    payload: Payload,
    identity: Data<Identity>,
    challenges: Data<Challenges>,
    limiter: Data<RateLimiter>,
) -> Result<HttpResponse, Problem> {
    let now = Timestamp::now();
    let body = request::body(http.headers(), payload, request::SMALL).await?;
    request::json_if_any(http.headers(), &body)?;
    let mut presented = identity.presented(http.headers());
    if let Some(token) = presented.as_ref().filter(|token| token.is_of_a_user()) {
        // A user needs no visitor token, and may have one: what counts here is the cookie. So it is no matter if nobody can
        // tell who they are at this moment.
        if let Err(bad) = identity.user(token.text, now)
            && bad.code != Code::Unavailable
        {
            return Err(bad);
        }
        presented = identity.cookie(http.headers());
    }
    let carrier = presented
        .as_ref()
        .map_or(CredentialSource::None, |token| token.carrier);
    let known = match presented {
        None => None,
        Some(token) => match visitor_token::verify(&identity.keys, token.text, now) {
            Ok(verified) if !identity.erased.has(verified.voter) => Some(verified.voter),
            // A cookie that is no use any more must not keep its visitor out.
            Ok(_) | Err(_) if token.carrier == CredentialSource::Cookie => None,
            Ok(_) | Err(Rejected::Bad) => {
                return Err(Problem::new(
                    Code::BadToken,
                    "This visitor token is invalid, or its visitor was erased.",
                ));
            }
            Err(Rejected::Expired) => {
                return Err(Problem::new(
                    Code::ExpiredToken,
                    "This token expired more than a year ago.",
                ));
            }
        },
    };
    identity.check_origin(http.headers(), carrier)?;
    let client = identity.client(&http, now);
    if known.is_none() {
        challenges.mint(&http, &client, now).await?;
        limiter.new_visitor(&http, &client).await?;
    }
    if !body.is_empty() {
        let NoFields {} = request::json(&body)?;
    }
    let (mut answer, token) = match known {
        Some(voter) => (
            HttpResponse::Ok(),
            visitor_token::sign(&identity.keys, voter, now),
        ),
        None => (HttpResponse::Created(), identity.mint(now).1),
    };
    Ok(answer
        .insert_header((SET_COOKIE, identity.set_cookie(&token)))
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(Minted {
            token: &token,
            expires_at: visitor_token::expiry(now),
        }))
}
