//! What an operation answers when all is well: status, kinds, headers.

use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, SchemaType, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder, Schema};

use super::super::{headers, parameters};
use super::{JSON, Operation};

impl Operation {
    /// An answer of JSON.
    pub fn answers<T: ToSchema>(mut self, status: u16, when: &str) -> Self {
        let schema = self.reference::<T>();
        self.shows(status, when, JSON, schema)
    }

    /// An answer of one of two shapes.
    pub fn answers_either<A: ToSchema, B: ToSchema>(mut self, status: u16, when: &str) -> Self {
        let either = OneOfBuilder::new()
            .item(self.reference::<A>())
            .item(self.reference::<B>());
        self.shows(status, when, JSON, Schema::from(either.build()))
    }

    /// An answer of one page of a list of `T`.
    pub fn answers_page<T: ToSchema>(mut self) -> Self {
        let item = self.reference::<T>();
        let next = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some("The `cursor` of the next page."));
        let page = ObjectBuilder::new()
            .schema_type(Type::Object)
            .property("items", ArrayBuilder::new().items(item))
            .required("items")
            .property("next", next)
            .required("next");
        // A name for each kind of item: components are told apart by their names alone.
        let name = format!("{}Page", T::name());
        self.schemas
            .push((name.clone(), RefOr::T(page.build().into())));
        self.shows(200, "A page.", JSON, Ref::from_schema_name(name))
    }

    /// An answer of JSON that caches keep and ask after: `ETag`, and 304 for who has it.
    pub fn answers_cached<T: ToSchema>(self, when: &str) -> Self {
        self.answers::<T>(200, when).cached()
    }

    /// An answer of another kind.
    pub fn shows(
        mut self,
        status: u16,
        when: &str,
        kind: &str,
        schema: impl Into<RefOr<Schema>>,
    ) -> Self {
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let response = ResponseBuilder::new()
            .description(when)
            .content(kind, content)
            .build();
        self.answers.push((status, response));
        self
    }

    /// The same answer in another kind.
    pub fn also_shows(mut self, kind: &str, schema: impl Into<RefOr<Schema>>) -> Self {
        let content = ContentBuilder::new().schema(Some(schema)).build();
        if let Some((_, response)) = self.answers.last_mut() {
            response.content.insert(kind.to_owned(), content.into());
        }
        self
    }

    /// An answer without a body.
    pub fn replies(mut self, status: u16, when: &str) -> Self {
        let response = ResponseBuilder::new().description(when).build();
        self.answers.push((status, response));
        self
    }

    /// Adds headers to the answer that was named last.
    pub fn bearing(mut self, names: &[&str]) -> Self {
        if let Some((_, response)) = self.answers.last_mut() {
            response
                .headers
                .extend(names.iter().copied().map(headers::reference));
        }
        self
    }

    /// Gives the last answer its `ETag`, and the operation its 304.
    pub fn cached(self) -> Self {
        self.with(parameters::if_none_match())
            .bearing(&["ETag", "Cache-Control"])
            .replies(304, "The caller has it already.")
            .bearing(&["ETag", "Cache-Control"])
    }
}
