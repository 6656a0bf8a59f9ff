//! [`Problem`]: every error that a caller can meet, as `application/problem+json` (RFC 9457) with a stable `code`.
//!
//! Handlers and extractors of every module return it. It never carries a cause: what went wrong inside goes to the log,
//! and the caller sees a constant sentence.

mod code;

use std::{borrow::Cow, fmt, sync::Arc};

use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

pub use code::Code;

const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const ONE: HeaderValue = HeaderValue::from_static("1");
const BEARER: HeaderValue = HeaderValue::from_static("Bearer realm=\"tallyship\"");

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
// Its schema: `Problem::document` writes it.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Body<'a> {
    r#type: &'a str,
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
    pub fn method_not_allowed(allow: &'static str) -> Self {
        let mut problem = Self::new(Code::MethodNotAllowed, format!("Allowed here: {allow}."));
        problem.allow = Some(allow);
        problem
    }

    pub fn invalid(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Invalid, detail)
    }

    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::BadRequest, detail)
    }

    pub fn unknown_tool(slug: &str) -> Self {
        Self::new(Code::UnknownTool, format!("There is no tool {slug:?}."))
    }

    pub fn invalid_slug() -> Self {
        Self::invalid("slug: expected 1 to 64 of a-z, 0-9 and single inner hyphens.")
    }

    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::NotFound, detail)
    }

    pub fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Conflict, detail)
    }

    /// The database did not answer, or its answer is not known.
    pub fn unavailable() -> Self {
        Self::new(
            Code::Unavailable,
            "The database did not take this in time; please try again.",
        )
        .retry_after(1)
    }

    pub fn internal() -> Self {
        Self::new(Code::Internal, "This has been noted; please try again.")
    }

    /// The document as JSON.
    pub fn document(&self) -> Vec<u8> {
        let row = self.code.row();
        let challenge = self
            .challenge
            .as_ref()
            .map_or("", |challenge| challenge.get());
        // Most sentences have nothing that JSON escapes, and their document is as long as its parts.
        let escaped = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
        let plain = !self.detail.bytes().any(escaped);
        let parts = row.before.len() + self.detail.len() + 2 + row.after.len() + 1;
        let mut document = Vec::with_capacity(if plain && challenge.is_empty() {
            parts
        } else {
            parts + challenge.len() + 64
        });
        document.extend_from_slice(row.before.as_bytes());
        if plain {
            document.push(b'"');
            document.extend_from_slice(self.detail.as_bytes());
            document.push(b'"');
        } else {
            // Into a vector, so it cannot fail.
            let _ = serde_json::to_writer(&mut document, &self.detail);
        }
        document.extend_from_slice(row.after.as_bytes());
        if !challenge.is_empty() {
            document.extend_from_slice(b",\"challenge\":");
            document.extend_from_slice(challenge.as_bytes());
        }
        document.push(b'}');
        document
    }

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
        let mut answer = HttpResponse::new(self.status_code());
        if self.code == Code::TooLarge {
            // What the client sends on would be read as its next request.
            answer.head_mut().set_connection_type(ConnectionType::Close);
        }
        // Appended: none of them is there yet, and looking for what an insertion replaces costs as much again.
        let headers = answer.headers_mut();
        headers.append(CONTENT_TYPE, PROBLEM);
        headers.append(CACHE_CONTROL, NO_STORE);
        if let Some(seconds) = self.retry_after {
            let mut digits = itoa::Buffer::new();
            let seconds = HeaderValue::from_str(digits.format(seconds));
            headers.append(RETRY_AFTER, seconds.unwrap_or(ONE));
        }
        if let Some(allow) = self.allow {
            headers.append(ALLOW, HeaderValue::from_static(allow));
        }
        if self.code.status() == 401 {
            headers.append(WWW_AUTHENTICATE, BEARER);
        }
        answer.set_body(self.document()).map_into_boxed_body()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_table() {
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
            for challenge in [None, Some(r#"{"salt":"a\"b"}"#)] {
                let raw = |json: &str| RawValue::from_string(json.to_owned()).expect("JSON");
                let challenge = challenge.map(raw);
                for detail in ["a \"b\"\n\u{1}é", "‘a’ b\u{7f}é."] {
                    let body = Body {
                        r#type: &format!("urn:tallyship:problem:{name}"),
                        title: code.title(),
                        status,
                        detail,
                        code: name,
                        challenge: challenge.as_deref(),
                    };
                    let expected = serde_json::to_string(&body).expect("a document");
                    let mut problem = Problem::new(code, detail);
                    problem.challenge = challenge.clone().map(Arc::from);
                    assert_eq!(problem.document(), expected.into_bytes());
                }
            }
        }
    }
}
