//! Signing out: here, and at the identity provider if the session began there.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::auth_guard::{self, PageResult, session, set_cookie, to};
use super::onward::{ID_TOKEN, LONG_ID_TOKEN, add_cookie, forget_id_token, kept, onward};
use super::sessions;
use super::state::AdminState;

/// Ends the session, and the one at the identity provider if it began there.
pub async fn post_sign_out(
    http: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> HttpResponse {
    auth_guard::act(&http, payload, &state, async |signed_in, _form| {
        let identity = &signed_in.state.identity;
        if let Some(id) = session(&http, identity) {
            sessions::end(&signed_in.state.votes, &id).await?;
        }
        let mut answer = signed_out(&http, &signed_in.state).await?;
        add_cookie(&mut answer, &set_cookie(identity, None))?;
        forget_id_token(&http, identity, &mut answer)?;
        Ok(answer)
    })
    .await
}

/// Where a sign-out leads: to the end of the session at the provider if it began there, else to the sign-in.
async fn signed_out(http: &HttpRequest, state: &AdminState) -> PageResult {
    let id_token = kept(http, &state.identity, ID_TOKEN);
    let (Some(provider), Some(id_token)) = (&state.provider, id_token) else {
        return Ok(to("/moderation/sign-in"));
    };
    let hint = Some(id_token).filter(|token| *token != LONG_ID_TOKEN);
    match provider.sign_out_address(hint).await {
        Some(address) => onward("Signed out", "You are signed out here.", address.as_str()),
        None => Ok(to("/moderation/sign-in")),
    }
}
