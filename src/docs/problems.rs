//! The problem documents as responses: one for each set of codes that some operation answers under one status.

use utoipa::PartialSchema;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, Response, ResponseBuilder};

use super::headers;
use crate::problem::{self, Code};

const KIND: &str = "application/problem+json";

/// The codes under one status.
pub(super) struct Refusal {
    pub codes: Vec<Code>,
    /// A browser gets it as a page.
    pub for_people: bool,
}

impl Refusal {
    pub fn status(&self) -> u16 {
        self.codes.first().map_or(500, |code| code.status())
    }

    /// Its name among the components.
    pub fn name(&self) -> String {
        let names: Vec<&str> = self.codes.iter().map(|code| code.as_str()).collect();
        let page = if self.for_people { ".page" } else { "" };
        names.join(".or.") + page
    }

    /// The response: these codes and no other.
    pub fn response(&self) -> Response {
        let Self { codes, for_people } = self;
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
            .content(KIND, content);
        if *for_people {
            let page = ContentBuilder::new().schema(Some(super::parameters::text()));
            response = response.content(super::operation::HTML, page.build());
        }
        let mut response = response.build();
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
}

/// The schema that all of them share.
pub(super) fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    problem::Body::schema()
}
