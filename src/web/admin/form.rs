//! [`Form`]: the fields of a query string or of a posted form, as a person filled them in.

use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::web::Payload;

use crate::http::problem::{Code, Problem};
use crate::http::request;

/// Names and values, trimmed; an empty field counts as absent.
pub struct Form(Vec<(String, String)>);

impl Form {
    pub fn of(query: &str) -> Self {
        let fields = url::form_urlencoded::parse(query.as_bytes());
        Self(
            fields
                .map(|(name, value)| (name.into_owned(), value.trim().to_owned()))
                .filter(|(_, value)| !value.is_empty())
                .collect(),
        )
    }

    /// What the head says of a posted form.
    pub fn check_head(headers: &HeaderMap) -> Result<(), Problem> {
        request::check_head(headers, request::SMALL)?;
        let kind = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(Problem::new(
                Code::UnsupportedMediaType,
                "Send a form (application/x-www-form-urlencoded).",
            ));
        }
        Ok(())
    }

    /// Reads a posted form.
    pub async fn posted(headers: &HeaderMap, payload: Payload) -> Result<Self, Problem> {
        Self::check_head(headers)?;
        let body = request::body(headers, payload, request::SMALL).await?;
        let text = std::str::from_utf8(&body)
            .map_err(|_not_text| Problem::bad_request("The form is not valid UTF-8."))?;
        Ok(Self::of(text))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(there, _)| there == name)
            .map(|(_, value)| value.as_str())
    }

    /// The values of a field that may be there several times, such as ticked check-boxes.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(there, _)| there == name)
            .map(|(_, value)| value.as_str())
    }

    /// A field's value, or nothing.
    pub fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }

    /// A field that must be there.
    ///
    /// # Errors
    /// 422, naming it.
    pub fn required(&self, name: &str) -> Result<&str, Problem> {
        self.get(name)
            .ok_or_else(|| Problem::invalid(format!("{name}: this field is missing.")))
    }
}
