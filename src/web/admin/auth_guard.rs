//! Who is signed in, and whether a form comes from their own pages. Every page but the sign-in goes through [`show`] or [`act`].
//!
//! A session's cookie is `SameSite=Strict`; besides, a form must come from our own origin and bear the session's key. A
//! refusal is a page too, with its status.

use actix_web::http::header::{CACHE_CONTROL, LOCATION, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use subtle::ConstantTimeEq;

use super::form::Form;
use super::sessions;
use super::state::{AdminState, Frame, page_with};
use crate::auth::Identity;
use crate::auth::authenticate::cookie;
use crate::auth::sessions::{LASTS_SECONDS, SessionId};
use crate::auth::staff::Staff;
use crate::detection::alerts::Inbox;
use crate::domain::{Actor, Timestamp};
use crate::http::problem::{Code, Problem};
use crate::web::kit::assets;

/// What a page of a signed-in moderator answers.
pub type PageResult = Result<HttpResponse, Problem>;

/// A signed-in moderator.
pub struct ModeratorSession {
    pub state: Data<AdminState>,
    pub staff: Staff,
    pub now: Timestamp,
    pub inbox: Inbox,
    id: SessionId,
}

impl ModeratorSession {
    /// The frame of a page in `part` of the navigation.
    pub fn frame(&self, part: &'static str, title: &str) -> Frame {
        Frame {
            title: title.to_owned(),
            who: self.staff.name.clone(),
            role: self.staff.role.as_str(),
            part,
            key: self.id.form_key(),
            inbox: self.inbox,
            assets: assets::version(),
        }
    }

    /// As the audit chain names them: the token, and that the act came by the dashboard.
    pub fn actor(&self) -> Actor {
        let mut actor = self.staff.actor();
        actor.id.push_str(" via dashboard");
        actor
    }
}

/// The cookie's name; `__Host-` pins it to this host, and needs https.
fn cookie_name(identity: &Identity) -> &'static str {
    if identity.https {
        "__Host-tallyship-staff"
    } else {
        "tallyship-staff"
    }
}

/// The `Set-Cookie` that carries a session, or takes it away.
pub(super) fn set_cookie(identity: &Identity, id: Option<&SessionId>) -> String {
    let name = cookie_name(identity);
    let secure = if identity.https { "; Secure" } else { "" };
    let (value, age) = id.map_or(("", 0), |id| (id.as_str(), LASTS_SECONDS));
    format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}")
}

/// The session that the browser says it has.
pub(super) fn session(http: &HttpRequest, identity: &Identity) -> Option<SessionId> {
    let text = cookie(http.headers(), cookie_name(identity))?;
    SessionId::read(text)
}

/// Who is signed in, if anybody.
async fn enter(
    http: &HttpRequest,
    state: &Data<AdminState>,
) -> Result<Option<ModeratorSession>, Problem> {
    let Some(id) = session(http, &state.identity) else {
        return Ok(None);
    };
    let now = Timestamp::now();
    let staff = sessions::find(&state.readers, &state.votes, &id, now).await?;
    let Some(staff) = staff else { return Ok(None) };
    Ok(Some(ModeratorSession {
        state: state.clone(),
        staff,
        now,
        inbox: state.moderation.inbox().await?,
        id,
    }))
}

/// 303 to a page of ours.
pub fn to(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, path))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

/// To the sign-in, and from there back to the page that was asked for.
fn to_sign_in(http: &HttpRequest) -> HttpResponse {
    if *http.method() == Method::POST || http.path() == "/moderation" {
        // What was posted is not done, and is not done later either.
        return to("/moderation/sign-in");
    }
    let wanted = format!("{}?{}", http.path(), http.query_string());
    let wanted = wanted.trim_end_matches('?');
    let back: String = url::form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
    to(&format!("/moderation/sign-in?back={back}"))
}

/// Shows a page to whoever is signed in.
pub async fn show(
    http: &HttpRequest,
    state: &Data<AdminState>,
    draw: impl AsyncFnOnce(&ModeratorSession) -> PageResult,
) -> HttpResponse {
    let session = match enter(http, state).await {
        Ok(Some(session)) => session,
        Ok(None) => return to_sign_in(http),
        Err(problem) => return refusal(None, &problem),
    };
    draw(&session)
        .await
        .unwrap_or_else(|problem| refusal(Some(&session), &problem))
}

/// Takes a form from whoever is signed in, from our own pages only.
pub async fn act(
    http: &HttpRequest,
    payload: Payload,
    state: &Data<AdminState>,
    carry_out: impl AsyncFnOnce(&ModeratorSession, &Form) -> PageResult,
) -> HttpResponse {
    if let Err(problem) = Form::check_head(http.headers()) {
        return refusal(None, &problem);
    }
    let session = match enter(http, state).await {
        Ok(Some(session)) => session,
        Ok(None) => return to_sign_in(http),
        Err(problem) => return refusal(None, &problem),
    };
    let form = match Form::posted(http.headers(), payload).await {
        Ok(form) => form,
        Err(problem) => return refusal(Some(&session), &problem),
    };
    let own = state.identity.check_own_page(http.headers());
    let key = form.text("key");
    if own.is_err() || !bool::from(key.as_bytes().ct_eq(session.id.form_key().as_bytes())) {
        let problem = Problem::new(
            Code::OriginRefused,
            "The form did not come from a page of this session. Nothing was changed.",
        );
        return refusal(Some(&session), &problem);
    }
    carry_out(&session, &form)
        .await
        .unwrap_or_else(|problem| refusal(Some(&session), &problem))
}

#[derive(Template)]
#[template(path = "admin/refusal.html")]
struct RefusalPage<'a> {
    frame: Frame,
    status: u16,
    title: &'static str,
    detail: &'a str,
}

/// A refusal as a page; by it nothing was changed.
pub(super) fn refusal(session: Option<&ModeratorSession>, problem: &Problem) -> HttpResponse {
    let title = match problem.code {
        Code::UnknownTool | Code::NotFound => "There is no such thing here",
        Code::Conflict => "Something came between",
        Code::Invalid | Code::BadRequest => "A field is not right",
        Code::OriginRefused | Code::Forbidden => "That form was refused",
        Code::RateLimited => "Too many tries",
        Code::Unavailable | Code::Overloaded | Code::Internal => "Not this time",
        _ => "That could not be done",
    };
    let page = RefusalPage {
        frame: session.map_or_else(|| Frame::outside(title), |session| session.frame("", title)),
        status: problem.code.status(),
        title,
        detail: problem.detail(),
    };
    let status = StatusCode::from_u16(page.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let plain = actix_web::ResponseError::error_response(problem);
    match page_with(status, &page) {
        Ok(mut answer) => {
            if let Some(wait) = plain.headers().get(RETRY_AFTER) {
                answer.headers_mut().insert(RETRY_AFTER, wait.clone());
            }
            answer
        }
        Err(_) => plain,
    }
}
