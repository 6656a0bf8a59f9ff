//! `GET /openapi.json`, `GET /docs` and the page's style sheet.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};

use super::document;
use crate::tallies::board::etag;
use crate::tallies::routes::cached;

/// It changes with the program only.
const FRESH: HeaderValue = HeaderValue::from_static("public, max-age=300");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A document, ready to be sent.
struct Ready {
    body: Bytes,
    tag: Bytes,
}

impl Ready {
    fn new(body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let tag = etag(&body);
        Self { body, tag }
    }

    fn answer(&self, http: &HttpRequest, kind: HeaderValue) -> HttpResponse {
        let mut answer = cached(http.headers(), self.body.clone(), self.tag.clone());
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, kind);
        headers.insert(CACHE_CONTROL, FRESH);
        answer
    }
}

/// The documents, made once at the start.
pub struct State {
    openapi: Ready,
}

impl State {
    /// Makes them.
    ///
    /// # Errors
    /// Where the document cannot be written as JSON.
    pub fn new() -> Result<Self, serde_json::Error> {
        let document = document();
        Ok(Self {
            openapi: Ready::new(document.to_json()?),
        })
    }
}

/// The API as OpenAPI 3.1.
pub async fn get_openapi(http: HttpRequest, state: Data<State>) -> HttpResponse {
    state.openapi.answer(&http, JSON)
}
