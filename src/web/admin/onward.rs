//! What signing in with an identity provider leaves in a browser, and the page that leads on to another site and back.
//!
//! `sign_in`, `provider_sign_in` and `sign_out` call it.

use actix_web::http::header::SET_COOKIE;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::auth_guard::PageResult;
use super::state::{Frame, page};
use crate::auth::Identity;
use crate::auth::authenticate::cookie;
use crate::auth::sessions::LASTS_SECONDS;
use crate::http::problem::Problem;

/// A sign-in that is under way. `Lax`: the way back from the provider is another site's link.
pub(super) const ATTEMPT: (&str, &str) = ("sign-in", "Lax");
/// The ID token, which ends the session at the provider too.
pub(super) const ID_TOKEN: (&str, &str) = ("id-token", "Strict");
/// Browsers keep cookies of up to 4096 bytes.
const MAX_ID_TOKEN_BYTES: usize = 3500;
/// Stands for a longer one.
pub(super) const LONG_ID_TOKEN: &str = "-";

#[derive(Template)]
#[template(path = "admin/onward.html")]
struct OnwardPage<'a> {
    frame: Frame,
    words: &'a str,
    /// An absolute address, perhaps of another site.
    address: &'a str,
}

/// A page that leads on to an absolute address. A redirect would not do: a browser sends no `Strict` cookie along one that
/// another site began, and `form-action` forbids one of a form to another site.
pub(super) fn onward(title: &str, words: &str, address: &str) -> PageResult {
    page(&OnwardPage {
        frame: Frame::outside(title),
        words,
        address,
    })
}

fn cookie_name(identity: &Identity, (name, _): (&str, &str)) -> String {
    let prefix = if identity.https { "__Host-" } else { "" };
    format!("{prefix}tallyship-{name}")
}

pub(super) fn cookie_line(
    identity: &Identity,
    kind: (&str, &str),
    value: &str,
    age: i64,
) -> String {
    let (name, site) = (cookie_name(identity, kind), kind.1);
    let secure = if identity.https { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite={site}{secure}")
}

/// The cookie of this kind that the browser has.
pub(super) fn kept<'a>(
    http: &'a HttpRequest,
    identity: &Identity,
    kind: (&str, &str),
) -> Option<&'a str> {
    cookie(http.headers(), &cookie_name(identity, kind)).filter(|value| !value.is_empty())
}

/// The cookie that keeps the ID token, if it fits.
pub(super) fn id_token_line(identity: &Identity, id_token: &str) -> String {
    let kept = if id_token.len() > MAX_ID_TOKEN_BYTES {
        LONG_ID_TOKEN
    } else {
        id_token
    };
    cookie_line(identity, ID_TOKEN, kept, LASTS_SECONDS)
}

pub(super) fn add_cookie(answer: &mut HttpResponse, cookie: &str) -> Result<(), Problem> {
    let value = cookie.parse().map_err(|_unwritable| Problem::internal())?;
    answer.headers_mut().append(SET_COOKIE, value);
    Ok(())
}

/// Takes the ID token's cookie away, if the browser has one.
pub(super) fn forget_id_token(
    http: &HttpRequest,
    identity: &Identity,
    answer: &mut HttpResponse,
) -> Result<(), Problem> {
    match kept(http, identity, ID_TOKEN) {
        Some(_) => add_cookie(answer, &cookie_line(identity, ID_TOKEN, "", 0)),
        None => Ok(()),
    }
}
