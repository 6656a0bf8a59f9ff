//! Taking a removal back: what that would do, for the undo of a reset and for the deletion of a period.

use actix_web::http::StatusCode;
use askama::Template;

use super::resets::RemovalRow;
use super::state::{Frame, page_with};
use crate::http::problem::Problem;
use crate::moderation::removals::removal::{Removal, RemovalKind};
use crate::web::admin::auth_guard::{ModeratorSession, PageResult};
use crate::web::admin::format;
use crate::web::kit::format::{counts, votes};

#[derive(Template)]
#[template(path = "desk/return.html")]
struct ReturnPage {
    frame: Frame,
    removal: RemovalRow,
    /// Whether it is an excluded period.
    period: bool,
    /// Votes that would count again.
    votes: String,
    counts: String,
    /// Empty where there are none.
    covered: String,
    gone: String,
    bans: i64,
    before: format::TallyText,
    after: format::TallyText,
    reason: String,
    refused: String,
}

/// A number in an address; what is none names nothing.
///
/// # Errors
/// 404.
pub fn number(text: &str) -> Result<i64, Problem> {
    text.parse()
        .map_err(|_unread| Problem::not_found("Nothing here has this number."))
}

/// What taking `removal` back would do; `refused` says why what was posted was not done.
pub async fn preview(
    desk: &ModeratorSession,
    removal: &Removal,
    reason: &str,
    refused: Option<&Problem>,
) -> PageResult {
    let outlook = desk.state.moderation.outlook(removal, desk.now).await?;
    let period = removal.kind == RemovalKind::Period;
    let (part, title) = if period {
        ("periods", "Preview of a deletion")
    } else {
        ("resets", "Preview of an undo")
    };
    let some = |count: i64| {
        if count == 0 {
            String::new()
        } else {
            votes(count)
        }
    };
    let min_votes = desk.state.board.min_votes();
    let status = refused.map_or(200, |problem| problem.code.status());
    page_with(
        StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
        &ReturnPage {
            frame: desk.frame(part, title),
            removal: RemovalRow::of(&desk.state, removal),
            period,
            votes: votes(outlook.ship + outlook.skip),
            counts: counts(outlook.ship, outlook.skip),
            covered: some(outlook.covered),
            gone: some(outlook.gone),
            bans: outlook.bans,
            before: format::TallyText::of(&outlook.before, min_votes),
            after: format::TallyText::of(&outlook.after, min_votes),
            reason: reason.to_owned(),
            refused: refused.map_or_else(String::new, |problem| problem.detail().to_owned()),
        },
    )
}
