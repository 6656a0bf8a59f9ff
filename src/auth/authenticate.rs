//! What a request says of its caller: the voter's token (a visitor's, or a user's), the page's origin. The network is told by `client`.
//!
//! Every route asks here, in the order of `docs/api.md`. It trusts nothing that was not signed or sent by a trusted peer.

use std::iter;
use std::sync::Arc;

use actix_web::http::header::{
    AUTHORIZATION, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, SET_COOKIE,
};

use super::origin::{CredentialSource, RequestOrigin};
use super::users::{self, User};
use super::visitor_token::{self, Rejected, TokenStatus, Verified};
use super::{Identity, made_at};
use crate::domain::{Timestamp, VoterId};
use crate::http::problem::{Code, Problem};
use crate::http::request::RequestParts;
use crate::infra::log_limit::LogLimit;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Visitor tokens begin with this in no case; staff tokens do, so that each is told from the other at a glance.
pub const STAFF_PREFIX: &str = "tss_";
/// Carries a renewed token back to a caller that sent its token in a header.
pub const RENEWED_TOKEN: &str = "visitor-token";

/// A voter, known by a valid token.
#[derive(Debug, Clone)]
pub struct Voter {
    pub id: VoterId,
    pub carrier: CredentialSource,
    /// Since the visitor was made, in seconds.
    pub age_seconds: i32,
    /// The name, where it is one of the site's users.
    pub name: Option<Arc<str>>,
    /// The visitor that a user was, by the cookie that came along: that visitor's votes become the user's.
    pub visitor: Option<VoterId>,
}

impl Voter {
    /// A visitor of this moment.
    pub fn new_visitor(id: VoterId) -> Self {
        Self {
            id,
            carrier: CredentialSource::None,
            age_seconds: 0,
            name: None,
            visitor: None,
        }
    }

    /// Both identities that came with the call, where there are two.
    pub fn ids(&self) -> impl Iterator<Item = VoterId> {
        iter::once(self.id).chain(self.visitor)
    }
}

/// A token as it was presented, valid or not.
pub struct Credential<'a> {
    pub text: &'a str,
    pub carrier: CredentialSource,
}

impl Credential<'_> {
    /// Whether it is the kind of token that the site's users have. A cookie never is.
    pub fn is_of_a_user(&self) -> bool {
        self.carrier == CredentialSource::Bearer && users::is_jwt(self.text)
    }
}

/// The bearer token, if the call has one. Another scheme is none.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    // By bytes: every vote passes here, and looking at it by characters takes several times as many steps.
    const SCHEME: &[u8] = b"bearer ";
    let value = headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(SCHEME.len())?;
    if !scheme.eq_ignore_ascii_case(SCHEME) || !token.is_ascii() {
        return None;
    }
    str::from_utf8(token.trim_ascii()).ok()
}

/// The first cookie of a name (RFC 6265, section 5.4), whichever line of the header it is in.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(there, _)| *there == name)
        .map(|(_, text)| text)
}

impl Identity {
    /// The token that the call bears: the header's before the cookie's.
    pub fn presented<'a>(&self, headers: &'a HeaderMap) -> Option<Credential<'a>> {
        if let Some(text) = bearer(headers) {
            return Some(Credential {
                text,
                carrier: CredentialSource::Bearer,
            });
        }
        self.cookie(headers)
    }

    /// The visitor's token in the call's cookie.
    pub fn cookie<'a>(&self, headers: &'a HeaderMap) -> Option<Credential<'a>> {
        cookie(headers, self.cookie_name()).map(|text| Credential {
            text,
            carrier: CredentialSource::Cookie,
        })
    }

    /// Checks a presented token.
    ///
    /// # Errors
    /// 401 `bad-token` or `expired-token`; a token that ended within the last year counts as expired here.
    pub fn verified(
        &self,
        presented: &Credential<'_>,
        now: Timestamp,
    ) -> Result<Verified, Problem> {
        match visitor_token::verify(&self.keys, presented.text, now) {
            Ok(token) if self.erased.has(token.voter) => Err(Problem::new(
                Code::BadToken,
                "This visitor was erased. POST /v1/visitors makes a new one.",
            )),
            Ok(token) if token.standing == TokenStatus::Lapsed => Err(expired()),
            Ok(token) => Ok(token),
            Err(Rejected::Expired) => Err(expired()),
            Err(Rejected::Bad) => Err(Problem::new(
                Code::BadToken,
                "This visitor token is invalid.",
            )),
        }
    }

    /// Who votes: a visitor, or one of the site's users. A visitor's token past half its life is renewed along the way.
    ///
    /// # Errors
    /// 401 `voter-required` without a token, else as [`Identity::verified`] or [`Identity::user`].
    pub fn voter(&self, request: &impl RequestParts, now: Timestamp) -> Result<Voter, Problem> {
        let presented = self.presented(request.headers()).ok_or_else(|| {
            Problem::new(Code::VoterRequired, "Get a visitor token from POST /v1/visitors, then send it as a cookie or bearer token.")
        })?;
        if presented.is_of_a_user() {
            let user = self.user(presented.text, now)?;
            return Ok(Voter {
                id: user.id,
                carrier: presented.carrier,
                age_seconds: users::AGE_SECONDS,
                name: Some(user.name),
                visitor: self.beside(request, now),
            });
        }
        let token = self.verified(&presented, now)?;
        if token.standing == TokenStatus::Renew {
            self.renew(request, token.voter, presented.carrier, now);
        }
        Ok(Voter {
            id: token.voter,
            carrier: presented.carrier,
            age_seconds: age(token.voter, now),
            name: None,
            visitor: None,
        })
    }

    /// The site's user who has this JWT.
    ///
    /// # Errors
    /// 401 `bad-token` or `expired-token`; 503 while no key could be read.
    pub fn user(&self, text: &str, now: Timestamp) -> Result<User, Problem> {
        let bad = |detail: &'static str| Problem::new(Code::BadToken, detail);
        let Some(users) = &self.users else {
            return Err(bad(
                "This site has no signed-in users. Send a visitor token.",
            ));
        };
        match users.verify(text, now) {
            Ok(user) if self.erased.has(user.id) => Err(bad("This user was erased.")),
            Ok(user) => Ok(user),
            Err(users::Rejected::Bad) => Err(bad("This is no token of the site for this place.")),
            Err(users::Rejected::Expired) => Err(Problem::new(
                Code::ExpiredToken,
                "This token has expired. Get a new one from the site.",
            )),
            Err(users::Rejected::NoKeys) => Err(Problem::unavailable()),
        }
    }

    /// The visitor whose cookie comes with a user's token. One that is no use is as good as none.
    fn beside(&self, request: &impl RequestParts, now: Timestamp) -> Option<VoterId> {
        let token = self.verified(&self.cookie(request.headers())?, now).ok()?;
        if token.standing == TokenStatus::Renew {
            self.renew(request, token.voter, CredentialSource::Cookie, now);
        }
        Some(token.voter)
    }

    fn renew(
        &self,
        request: &impl RequestParts,
        voter: VoterId,
        carrier: CredentialSource,
        now: Timestamp,
    ) {
        let token = visitor_token::sign(&self.keys, voter, now);
        let (name, value) = match carrier {
            CredentialSource::Cookie => (SET_COOKIE, self.set_cookie(&token)),
            CredentialSource::Bearer | CredentialSource::None => {
                (HeaderName::from_static(RENEWED_TOKEN), token)
            }
        };
        if let Ok(value) = HeaderValue::from_str(&value) {
            request.leave(name, value);
        }
    }

    /// Whether a write with these credentials may come from where it comes from.
    ///
    /// # Errors
    /// 403 `origin-refused`.
    pub fn check_origin(
        &self,
        headers: &HeaderMap,
        carrier: CredentialSource,
    ) -> Result<(), Problem> {
        let from = match carrier {
            // Sent by nothing but the page's own code: `check_write` asks no more of it than the origin, so that is not looked for.
            CredentialSource::Bearer => RequestOrigin {
                origin: origin(headers),
                sec_fetch_site: None,
            },
            CredentialSource::Cookie | CredentialSource::None => provenance(headers),
        };
        let checked = self.origins.check_write(carrier, from);
        checked.inspect_err(|_refused| note_other_host(headers))
    }

    /// Whether a form may have come from one of our own pages.
    ///
    /// # Errors
    /// 403 `origin-refused`.
    pub fn check_own_page(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let checked = self.origins.check_own(provenance(headers));
        checked.inspect_err(|_refused| note_other_host(headers))
    }
}

static OTHER_HOST: LogLimit = LogLimit::new();

/// A page of this very server was refused: it was reached by another address than the one that is set.
fn note_other_host(headers: &HeaderMap) {
    let Some(page) = origin(headers) else { return };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let is_same_host = page.split_once("://").map(|(_, host)| host) == host;
    let site = headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
    if !is_same_host && site != Some(b"same-origin") {
        return;
    }
    if let Some(left_out) = OTHER_HOST.admit(Timestamp::now()) {
        let page: String = page.chars().take(200).collect();
        tracing::warn!(
            page,
            left_out,
            "refused a vote or form of our own page; set TALLYSHIP_HTTP__PUBLIC_URL to the address by which browsers reach it"
        );
    }
}

/// A header that is no text is an origin that nobody allowed.
fn origin(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(ORIGIN)?;
    Some(value.to_str().unwrap_or("null"))
}

/// Where the browser says the call comes from.
pub fn provenance(headers: &HeaderMap) -> RequestOrigin<'_> {
    RequestOrigin {
        origin: origin(headers),
        sec_fetch_site: headers
            .get(SEC_FETCH_SITE)
            .and_then(|value| value.to_str().ok()),
    }
}

fn expired() -> Problem {
    Problem::new(
        Code::ExpiredToken,
        "This visitor token has expired. POST /v1/visitors renews it.",
    )
}

fn age(voter: VoterId, now: Timestamp) -> i32 {
    let seconds = made_at(voter).map_or(0, |made| (now.seconds() - made.seconds()).max(0));
    i32::try_from(seconds).unwrap_or(i32::MAX)
}
