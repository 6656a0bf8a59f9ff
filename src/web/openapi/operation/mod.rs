//! [`Operation`]: the few words in which `api` says what an address takes and answers.
//!
//! Each word adds what always goes with it: a voter's call also answers 401, one with a body 413 and 415, one under a
//! quota 429 with its headers. So an operation lists only what is its own.

mod answers;

use utoipa::ToSchema;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, Parameter};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, PathItem, Ref, RefOr, Required, Response, Schema};

use super::problems::{Manner, Refusal};
use super::{headers, parameters};
use crate::http::problem::Code;

pub(super) const COOKIE: &str = "visitorCookie";
pub(super) const BEARER: &str = "visitorToken";
pub(super) const USER: &str = "siteUser";
pub(super) const STAFF: &str = "staffToken";
pub(super) const SESSION: &str = "staffSession";

pub(super) const JSON: &str = "application/json";
pub(super) const HTML: &str = "text/html";
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// Schemas by name, as they go into the components.
pub(super) type Schemas = Vec<(String, RefOr<Schema>)>;

/// One method of one address.
pub(super) struct Operation {
    pub method: HttpMethod,
    pub path: &'static str,
    inner: OperationBuilder,
    parameters: Vec<Parameter>,
    answers: Vec<(u16, Response)>,
    refusals: Vec<Code>,
    quota: bool,
    manner: Manner,
    pub schemas: Schemas,
}

/// A part of the document; its operations stand under its name.
#[derive(Clone, Copy)]
pub(super) struct Part(pub &'static str);

impl Part {
    pub fn get(self, path: &'static str, id: &str) -> Operation {
        Operation::new(self, HttpMethod::Get, path, id)
    }

    pub fn post(self, path: &'static str, id: &str) -> Operation {
        Operation::new(self, HttpMethod::Post, path, id)
    }

    pub fn put(self, path: &'static str, id: &str) -> Operation {
        Operation::new(self, HttpMethod::Put, path, id)
    }

    pub fn patch(self, path: &'static str, id: &str) -> Operation {
        Operation::new(self, HttpMethod::Patch, path, id)
    }

    pub fn delete(self, path: &'static str, id: &str) -> Operation {
        Operation::new(self, HttpMethod::Delete, path, id)
    }
}

impl Operation {
    fn new(part: Part, method: HttpMethod, path: &'static str, id: &str) -> Self {
        let mut operation = Self {
            method,
            path,
            inner: OperationBuilder::new().tag(part.0).operation_id(Some(id)),
            parameters: Vec::new(),
            answers: Vec::new(),
            refusals: Vec::new(),
            quota: false,
            manner: Manner::Problem,
            schemas: Vec::new(),
        };
        if path.contains("{slug}") {
            operation.parameters.push(parameters::slug());
        }
        // A former slug is freed, or made a tool's own, under its own address.
        let is_of_slug = matches!(id, "putTool" | "freeSlug");
        if ["{slug}", "{pair}"].iter().any(|name| path.contains(name)) && !is_of_slug {
            operation = operation
                .replies(308, "The tool was renamed.")
                .bearing(&["Location", "Cache-Control"]);
        }
        operation
    }

    /// A title, and what a reader should know beside it.
    pub fn says(mut self, summary: &str, description: &str) -> Self {
        self.inner = self.inner.summary(Some(summary));
        if !description.is_empty() {
            self.inner = self.inner.description(Some(description));
        }
        self
    }

    pub fn with(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    pub fn with_all(mut self, parameters: impl IntoIterator<Item = Parameter>) -> Self {
        self.parameters.extend(parameters);
        self
    }

    fn secured(mut self, requirement: SecurityRequirement) -> Self {
        self.inner = self.inner.security(requirement);
        self
    }

    /// Needs a voter: a visitor by cookie or bearer token, or a user of the site, who may bring the visitor that they were.
    pub fn voter(self) -> Self {
        let both = SecurityRequirement::new::<_, _, String>(USER, []);
        self.secured(SecurityRequirement::new::<_, _, String>(COOKIE, []))
            .secured(SecurityRequirement::new::<_, _, String>(BEARER, []))
            .secured(SecurityRequirement::new::<_, _, String>(USER, []))
            .secured(both.add::<_, _, String>(COOKIE, []))
            .refuses(&[Code::VoterRequired, Code::BadToken, Code::ExpiredToken])
    }

    /// Needs staff of `role` (`site`, `moderator`, `admin`) or above.
    pub fn staff(mut self, role: &str) -> Self {
        let extensions = ExtensionsBuilder::new().add("x-role", role).build();
        self.inner = self.inner.extensions(Some(extensions));
        let operation = self
            .secured(SecurityRequirement::new::<_, _, String>(STAFF, []))
            .refuses(&[
                Code::TokenRequired,
                Code::BadToken,
                Code::ExpiredToken,
                Code::Unavailable,
            ]);
        match role {
            "site" => operation,
            _ => operation.refuses(&[Code::Forbidden]),
        }
    }

    /// Needs a session of `role` or above; a stranger is led to the sign-in. Whatever it answers is a page.
    pub fn session(mut self, role: &str) -> Self {
        let extensions = ExtensionsBuilder::new().add("x-role", role).build();
        self.inner = self.inner.extensions(Some(extensions));
        self.secured(SecurityRequirement::new::<_, _, String>(SESSION, []))
            .in_pages()
            .refuses(&[Code::Unavailable])
    }

    /// Knows a voter by their cookie, and is as glad of a stranger.
    pub fn perhaps_voter(self) -> Self {
        self.secured(SecurityRequirement::default())
            .secured(SecurityRequirement::new::<_, _, String>(COOKIE, []))
    }

    /// The same, and a bearer token is checked where one comes.
    pub fn perhaps_voter_by_any_token(self) -> Self {
        self.perhaps_voter()
            .secured(SecurityRequirement::new::<_, _, String>(BEARER, []))
            .secured(SecurityRequirement::new::<_, _, String>(USER, []))
            .refuses(&[Code::BadToken, Code::ExpiredToken])
    }

    /// Takes a JSON object.
    pub fn takes<T: ToSchema>(mut self, example: serde_json::Value) -> Self {
        let content = ContentBuilder::new()
            .schema(Some(self.reference::<T>()))
            .example(Some(example));
        let body = RequestBodyBuilder::new().content(JSON, content.build());
        self.inner = self
            .inner
            .request_body(Some(body.required(Some(Required::True)).build()));
        self.may_take_json()
            .refuses(&[Code::BadRequest, Code::Invalid])
    }

    /// Takes a JSON object, or nothing.
    pub fn may_take<T: ToSchema>(mut self) -> Self {
        let content = ContentBuilder::new()
            .schema(Some(self.reference::<T>()))
            .example(Some(serde_json::json!({})));
        let body = RequestBodyBuilder::new().content(JSON, content.build());
        self.inner = self.inner.request_body(Some(body.build()));
        self.may_take_json()
            .refuses(&[Code::BadRequest, Code::Invalid])
    }

    /// A body is not needed; if there is one it is bounded and JSON.
    pub fn may_take_json(self) -> Self {
        self.refuses(&[Code::TooLarge, Code::UnsupportedMediaType])
    }

    /// Takes a form as browsers send it, such as `example`.
    pub fn takes_form(mut self, fields: impl Into<RefOr<Schema>>, example: &str) -> Self {
        let example = url::form_urlencoded::parse(example.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
            .collect();
        let content = ContentBuilder::new()
            .schema(Some(fields))
            .example(Some(serde_json::Value::Object(example)));
        let body = RequestBodyBuilder::new().content(FORM, content.build());
        self.inner = self
            .inner
            .request_body(Some(body.required(Some(Required::True)).build()));
        self.may_take_json().refuses(&[Code::BadRequest])
    }

    /// A write: only from pages that may.
    pub fn only_allowed_origins(self) -> Self {
        self.refuses(&[Code::OriginRefused])
    }

    /// Whoever comes new under pressure must solve a challenge first.
    pub fn challenged(self) -> Self {
        self.with(parameters::altcha())
            .refuses(&[Code::ChallengeRequired])
    }

    /// Quotas are charged.
    pub fn quota(mut self) -> Self {
        self.quota = true;
        self.refuses(&[Code::RateLimited])
    }

    /// Refusals are pages for whoever asks for HTML, problem documents for everybody else.
    pub fn for_people(mut self) -> Self {
        self.manner = Manner::Either;
        self
    }

    /// Refusals are pages, whoever asks.
    pub fn in_pages(mut self) -> Self {
        self.manner = Manner::Page;
        self
    }

    /// Needs the database, and its turn there.
    pub fn written(self) -> Self {
        self.refuses(&[Code::Unavailable, Code::Overloaded])
    }

    /// Refusals of its own.
    pub fn refuses(mut self, codes: &[Code]) -> Self {
        self.refusals.extend(codes);
        self
    }

    fn reference<T: ToSchema>(&mut self) -> Ref {
        self.schemas.push((T::name().into(), T::schema()));
        T::schemas(&mut self.schemas);
        Ref::from_schema_name(T::name())
    }

    /// As the document holds it.
    pub fn item(self) -> PathItem {
        let refusals = self.refusals();
        let mut inner = self.inner;
        for parameter in self.parameters {
            inner = inner.parameter(parameter);
        }
        for (status, mut response) in self.answers {
            response
                .headers
                .extend(["X-Request-Id"].map(headers::reference));
            if self.quota {
                response
                    .headers
                    .extend(["RateLimit", "RateLimit-Policy"].map(headers::reference));
            }
            inner = inner.response(status.to_string(), response);
        }
        for refusal in refusals {
            let name = Ref::from_response_name(refusal.name());
            inner = inner.response(refusal.status().to_string(), name);
        }
        PathItem::new(self.method, inner)
    }

    /// What it refuses with, by status.
    pub fn refusals(&self) -> Vec<Refusal> {
        let mut codes = self.refusals.clone();
        codes.sort_by_key(|code| (code.status(), *code));
        codes.dedup();
        codes
            .chunk_by(|a, b| a.status() == b.status())
            .map(|codes| Refusal {
                codes: codes.to_vec(),
                manner: self.manner,
            })
            .collect()
    }
}
