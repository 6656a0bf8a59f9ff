//! [`ConfirmPage`]: what an act would do, and the form that does it with a reason. One page for every act that asks for
//! nothing else: freezing, lifting bans, dismissing alerts, undoing resets and deleting periods.

use askama::Template;

use super::field_errors::FieldErrors;
use super::form::Form;
use super::state::{Frame, page_with};
use crate::http::problem::Problem;
use crate::moderation::selection::MAX_LIST;
use crate::web::admin::auth_guard::PageResult;
use crate::web::admin::format::TallyText;

#[derive(Template)]
#[template(path = "admin/confirm.html")]
pub struct ConfirmPage {
    pub frame: Frame,
    /// Where it leads back to: address and words.
    pub back: (String, String),
    pub heading: String,
    pub lead: String,
    pub errors: FieldErrors,
    /// How many votes it is about; empty if it is not about votes.
    pub matched: String,
    /// What it would do, after `matched`.
    pub effect: String,
    pub notes: Vec<String>,
    pub facts: Vec<(&'static str, String)>,
    /// The tally now, and then.
    pub change: Option<(TallyText, TallyText)>,
    /// Where the form goes, and what it carries besides the reason.
    pub action: String,
    pub hidden: Vec<(&'static str, String)>,
    pub reason: String,
    pub button: String,
}

impl ConfirmPage {
    /// # Errors
    /// 500 if the page cannot be rendered.
    pub fn show(&self) -> PageResult {
        page_with(self.errors.status(), self)
    }
}

/// A number in an address; what is none names nothing.
pub fn number(text: &str) -> Result<i64, Problem> {
    text.parse()
        .map_err(|_unread| Problem::not_found("Nothing here has this number."))
}

/// The word that stands in an address for the rows that were ticked.
pub const TICKED: &str = "ticked";

/// The numbers that an address names: its own, or those of the rows that were ticked.
///
/// # Errors
/// 404 for what is no number, 422 if nothing was ticked, or too much.
pub fn numbers(place: &str, form: &Form) -> Result<Vec<i64>, Problem> {
    if place != TICKED {
        return Ok(vec![number(place)?]);
    }
    let ids: Vec<i64> = form.all("id").map(number).collect::<Result<_, _>>()?;
    if !(1..=MAX_LIST).contains(&ids.len()) {
        return Err(Problem::invalid(format!("id: tick 1 to {MAX_LIST} rows.")));
    }
    Ok(ids)
}

/// The same as fields of a form.
pub fn hidden(place: &str, ids: &[i64]) -> Vec<(&'static str, String)> {
    if place != TICKED {
        return Vec::new();
    }
    ids.iter().map(|id| ("id", id.to_string())).collect()
}
