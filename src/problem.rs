//! [`Problem`]: every error that a caller can meet, as `application/problem+json` (RFC 9457) with a stable `code`.
//!
//! Handlers and extractors of every room return it. It never carries a cause: what went wrong inside goes to the log,
//! and the caller sees a constant sentence.

use std::{borrow::Cow, fmt, sync::Arc};

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// The contract's errors by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    BadRequest,
    VoterRequired,
    TokenRequired,
    BadToken,
    ExpiredToken,
    Forbidden,
    OriginRefused,
    VoterBanned,
    ChallengeRequired,
    UnknownTool,
    NotFound,
    MethodNotAllowed,
    Conflict,
    Archived,
    TooLarge,
    UnsupportedMediaType,
    /// Of a head; a body's is `TooLarge`.
    HeadTooLarge,
    /// Of a head; a body that drips is a bad request.
    TooSlow,
    Invalid,
    Frozen,
    RateLimited,
    Internal,
    Unavailable,
    Overloaded,
}

impl Code {
    /// HTTP status, stable code, title.
    fn row(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::BadRequest => (400, "bad-request", "The request cannot be read"),
            Self::VoterRequired => (401, "voter-required", "A visitor token is needed"),
            Self::TokenRequired => (401, "token-required", "A staff token is needed"),
            Self::BadToken => (401, "bad-token", "The token is not valid"),
            Self::ExpiredToken => (401, "expired-token", "The token has expired"),
            Self::Forbidden => (403, "forbidden", "This token may not do that"),
            Self::OriginRefused => (
                403,
                "origin-refused",
                "Votes are not taken from this origin",
            ),
            Self::VoterBanned => (403, "voter-banned", "Votes are not taken from here"),
            Self::ChallengeRequired => (403, "challenge-required", "A check must be done first"),
            Self::UnknownTool => (404, "unknown-tool", "No such tool"),
            Self::NotFound => (404, "not-found", "Nothing is here"),
            Self::MethodNotAllowed => (
                405,
                "method-not-allowed",
                "This address does not take that method",
            ),
            Self::Conflict => (409, "conflict", "The state has changed"),
            Self::Archived => (410, "archived", "The tool is archived"),
            Self::TooLarge => (413, "too-large", "The body is too large"),
            Self::UnsupportedMediaType => (415, "unsupported-media-type", "The body must be JSON"),
            Self::HeadTooLarge => (431, "too-large", "The head of the request is too large"),
            Self::TooSlow => (408, "bad-request", "The request took too long"),
            Self::Invalid => (422, "invalid", "A field is not valid"),
            Self::Frozen => (423, "frozen", "Voting on this tool is frozen"),
            Self::RateLimited => (429, "rate-limited", "Too many requests"),
            Self::Internal => (500, "internal", "Something went wrong here"),
            Self::Unavailable => (503, "unavailable", "The database cannot be reached"),
            Self::Overloaded => (503, "overloaded", "Too much to do"),
        }
    }

    #[must_use]
    pub fn status(self) -> u16 {
        self.row().0
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    #[must_use]
    pub fn title(self) -> &'static str {
        self.row().2
    }
}

/// One error answer: a [`Code`], a sentence for a person, and the headers that go with it.
#[derive(Debug, Clone)]
pub struct Problem {
    pub code: Code,
    detail: Cow<'static, str>,
    retry_after: Option<u64>,
    allow: Option<&'static str>,
    challenge: Option<Arc<RawValue>>,
}

/// The document as it is sent.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Body<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    /// A sentence for a person; where a field is at fault it is named.
    detail: &'a str,
    /// Stable: what a program goes by.
    code: &'static str,
    #[schema(ignore)]
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<&'a RawValue>,
}

impl Problem {
    #[must_use]
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            detail: detail.into(),
            retry_after: None,
            allow: None,
            challenge: None,
        }
    }

    /// Adds a challenge, as JSON, that is to be solved first.
    #[must_use]
    pub fn with_challenge(mut self, challenge: Box<RawValue>) -> Self {
        self.challenge = Some(challenge.into());
        self
    }

    /// The same with another sentence.
    #[must_use]
    pub fn saying(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Adds `Retry-After`, in whole seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// 405 with its `Allow`.
    #[must_use]
    pub fn method_not_allowed(allow: &'static str) -> Self {
        let mut problem = Self::new(Code::MethodNotAllowed, format!("Allowed here: {allow}."));
        problem.allow = Some(allow);
        problem
    }

    #[must_use]
    pub fn invalid(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Invalid, detail)
    }

    #[must_use]
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::BadRequest, detail)
    }

    #[must_use]
    pub fn unknown_tool(slug: &str) -> Self {
        Self::new(Code::UnknownTool, format!("There is no tool {slug:?}."))
    }

    #[must_use]
    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::NotFound, detail)
    }

    #[must_use]
    pub fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Conflict, detail)
    }

    /// The database did not answer, or its answer is not known.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::new(
            Code::Unavailable,
            "The database did not take this in time; please try again.",
        )
        .retry_after(1)
    }

    #[must_use]
    pub fn internal() -> Self {
        Self::new(Code::Internal, "This has been noted; please try again.")
    }

    /// The document as JSON.
    #[must_use]
    pub fn document(&self) -> Vec<u8> {
        let (status, code, title) = self.code.row();
        let body = Body {
            r#type: format!("urn:tallyship:problem:{code}"),
            title,
            status,
            detail: &self.detail,
            code,
            challenge: self.challenge.as_deref(),
        };
        serde_json::to_vec(&body).unwrap_or_default()
    }

    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status_code());
        answer
            .content_type("application/problem+json")
            .insert_header((CACHE_CONTROL, "no-store"));
        if let Some(seconds) = self.retry_after {
            answer.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        if let Some(allow) = self.allow {
            answer.insert_header((ALLOW, allow));
        }
        if self.code.status() == 401 {
            answer.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"tallyship\""));
        }
        answer.body(self.document())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contracts_table() {
        use Code as C;
        for (code, status, name) in [
            (C::BadRequest, 400, "bad-request"),
            (C::VoterRequired, 401, "voter-required"),
            (C::TokenRequired, 401, "token-required"),
            (C::BadToken, 401, "bad-token"),
            (C::ExpiredToken, 401, "expired-token"),
            (C::Forbidden, 403, "forbidden"),
            (C::OriginRefused, 403, "origin-refused"),
            (C::VoterBanned, 403, "voter-banned"),
            (C::ChallengeRequired, 403, "challenge-required"),
            (C::UnknownTool, 404, "unknown-tool"),
            (C::NotFound, 404, "not-found"),
            (C::MethodNotAllowed, 405, "method-not-allowed"),
            (C::Conflict, 409, "conflict"),
            (C::Archived, 410, "archived"),
            (C::TooLarge, 413, "too-large"),
            (C::UnsupportedMediaType, 415, "unsupported-media-type"),
            (C::HeadTooLarge, 431, "too-large"),
            (C::TooSlow, 408, "bad-request"),
            (C::Invalid, 422, "invalid"),
            (C::Frozen, 423, "frozen"),
            (C::RateLimited, 429, "rate-limited"),
            (C::Internal, 500, "internal"),
            (C::Unavailable, 503, "unavailable"),
            (C::Overloaded, 503, "overloaded"),
        ] {
            assert_eq!((code.status(), code.as_str()), (status, name));
            let answer = Problem::new(code, "x").error_response();
            assert_eq!(answer.status().as_u16(), status);
            let kind = answer.headers().get("content-type").expect("a type");
            assert_eq!(kind, "application/problem+json");
        }
    }
}
