//! The problem documents as responses: one for each set of codes that some operation answers under one status.

use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, Response, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

use super::headers;
use super::operation::Schemas;
use super::shapes::Challenge;
use crate::http::problem::{self, Code};

const KIND: &str = "application/problem+json";

/// The codes under one status.
pub(super) struct Refusal {
    pub codes: Vec<Code>,
    pub manner: Manner,
}

/// In which form refusals come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Problem documents.
    Problem,
    /// Pages for whoever asks for HTML, problem documents for everybody else.
    Either,
    /// Pages for everybody; `x-codes` names what they stand for.
    Page,
}

impl Refusal {
    pub fn status(&self) -> u16 {
        self.codes.first().map_or(500, |code| code.status())
    }

    /// Its name among the components.
    pub fn name(&self) -> String {
        let names: Vec<&str> = self.codes.iter().map(|code| code.as_str()).collect();
        let ending = match self.manner {
            Manner::Problem => "",
            Manner::Either => ".page",
            Manner::Page => ".page.only",
        };
        names.join(".or.") + ending
    }

    /// The response: these codes and no other.
    pub fn response(&self) -> Response {
        let Self { codes, manner } = self;
        let named = |code: &Code| format!("`{}`: {}.", code.as_str(), code.title());
        let description: Vec<String> = codes.iter().map(named).collect();
        let words = codes.iter().map(|code| code.as_str());
        let mut response = ResponseBuilder::new().description(description.join(" "));
        if *manner != Manner::Page {
            let code = ObjectBuilder::new()
                .schema_type(Type::String)
                .enum_values(Some(words.clone()));
            let mut own = ObjectBuilder::new().property("code", code);
            if codes.contains(&Code::ChallengeRequired) {
                own = own.property("challenge", Ref::from_schema_name(Challenge::name()));
            }
            let schema = AllOfBuilder::new()
                .item(Ref::from_schema_name("Problem"))
                .item(own);
            let content = ContentBuilder::new().schema(Some(schema)).build();
            response = response.content(KIND, content);
        }
        if *manner != Manner::Problem {
            let page = ContentBuilder::new().schema(Some(super::parameters::text()));
            response = response.content(super::operation::HTML, page.build());
        }
        let mut response = response.build();
        if *manner == Manner::Page {
            let words: Vec<&str> = words.collect();
            response.extensions = Some(Extensions::from_iter([("x-codes", words)]));
        }
        let mut names = vec!["X-Request-Id"];
        for code in codes {
            names.extend(match code {
                Code::RateLimited if *manner == Manner::Page => ["Retry-After"].as_slice(),
                Code::RateLimited => &["Retry-After", "RateLimit", "RateLimit-Policy"],
                Code::Unavailable | Code::Overloaded => &["Retry-After"],
                code if code.status() == 401 => &["WWW-Authenticate"],
                _ => &[],
            });
        }
        response
            .headers
            .extend(names.into_iter().map(headers::reference));
        response
    }
}

/// The schemas of what `challenge-required` brings along.
pub(super) fn challenge(schemas: &mut Schemas) {
    schemas.push((Challenge::name().into(), Challenge::schema()));
    Challenge::schemas(schemas);
}

/// The schema that all of them share.
pub(super) fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    problem::Body::schema()
}
