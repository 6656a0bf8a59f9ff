//! [`FieldErrors`]: why a form was refused, beside the field that it is about.

use actix_web::http::StatusCode;

use crate::http::problem::{Code, Problem};

/// Fields that forms have. An error that names another one stands above the form.
const FIELDS: [&str; 11] = [
    "tool",
    "from",
    "to",
    "voter",
    "network",
    "choice",
    "standing",
    "reason",
    "ban_until",
    "until",
    "id",
];

/// What a form was refused for; nothing for a form that is shown for the first time.
#[derive(Debug, Default)]
pub struct FieldErrors(Option<Refusal>);

#[derive(Debug)]
struct Refusal {
    /// Empty if no field is named.
    field: &'static str,
    text: String,
    status: StatusCode,
    is_conflict: bool,
}

impl FieldErrors {
    /// The field whose error this is.
    pub fn of(&self, field: &str) -> &str {
        let error = self.0.as_ref().filter(|refusal| refusal.field == field);
        error.map_or("", |refusal| &refusal.text)
    }

    /// What no field is named for.
    pub fn general(&self) -> &str {
        self.of("")
    }

    /// Something changed between the preview and the act.
    pub fn is_conflict(&self) -> bool {
        self.0.as_ref().is_some_and(|refusal| refusal.is_conflict)
    }

    pub fn any(&self) -> bool {
        self.0.is_some()
    }

    /// Of the page that shows the form.
    pub fn status(&self) -> StatusCode {
        self.0
            .as_ref()
            .map_or(StatusCode::OK, |refusal| refusal.status)
    }
}

impl From<&Problem> for FieldErrors {
    fn from(problem: &Problem) -> Self {
        let detail = problem.detail();
        let named = detail
            .split_once(": ")
            .and_then(|(name, _)| FIELDS.into_iter().find(|field| *field == name));
        let field = named.unwrap_or(match problem.code {
            Code::UnknownTool => "tool",
            _ => "",
        });
        Self(Some(Refusal {
            field,
            text: detail.to_owned(),
            status: StatusCode::from_u16(problem.code.status())
                .unwrap_or(StatusCode::UNPROCESSABLE_ENTITY),
            is_conflict: problem.code == Code::Conflict,
        }))
    }
}

impl From<Option<&Problem>> for FieldErrors {
    fn from(problem: Option<&Problem>) -> Self {
        problem.map_or_else(Self::default, Self::from)
    }
}

/// Whether a form can be shown again for `problem`: what was typed is at fault, or somebody else came first.
pub fn is_correctable(problem: &Problem) -> bool {
    matches!(
        problem.code,
        Code::Invalid | Code::Conflict | Code::UnknownTool
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_stands_beside_its_field() {
        let errors = FieldErrors::from(&Problem::invalid("network: expected a hash."));
        assert_eq!(errors.of("network"), "network: expected a hash.");
        assert_eq!((errors.of("voter"), errors.general()), ("", ""));
        assert_eq!(errors.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let errors = FieldErrors::from(&Problem::conflict("The resource has changed."));
        assert_eq!(errors.general(), "The resource has changed.");
        assert!(errors.is_conflict() && errors.any());
        let none = FieldErrors::default();
        assert!(!none.any() && none.of("").is_empty());
    }
}
