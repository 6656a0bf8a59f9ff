//! The problem documents as responses: one for each set of codes that some operation answers under one status.

use utoipa::PartialSchema;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, Response, ResponseBuilder};

use super::headers;
use crate::problem::{self, Code};

const KIND: &str = "application/problem+json";

/// Its name among the components.
pub(super) fn name(codes: &[Code]) -> String {
    let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    names.join(".or.")
}

/// The response: these codes and no other.
pub(super) fn response(codes: &[Code]) -> Response {
    let named = |code: &Code| format!("`{}`: {}.", code.as_str(), code.title());
    let description: Vec<String> = codes.iter().map(named).collect();
    let code = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(codes.iter().map(|code| code.as_str())));
    let schema = AllOfBuilder::new()
        .item(Ref::from_schema_name("Problem"))
        .item(ObjectBuilder::new().property("code", code));
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let mut response = ResponseBuilder::new()
        .description(description.join(" "))
        .content(KIND, content)
        .build();
    let mut names = vec!["X-Request-Id"];
    for code in codes {
        names.extend(match code {
            Code::RateLimited => ["Retry-After", "RateLimit", "RateLimit-Policy"].as_slice(),
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

/// The schema that all of them share.
pub(super) fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    problem::Body::schema()
}
