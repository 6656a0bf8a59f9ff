//! Freezing a tool, and opening it again: `/moderation/tools/{slug}/state`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::form::Form;
use super::state::{AdminState, Frame, page_with};
use crate::domain::ToolState;
use crate::http::problem::{Code, Problem};
use crate::moderation::reason;
use crate::web::admin::auth_guard::{ModeratorSession, PageResult, act, show, to};
use crate::web::admin::format;

#[derive(Template)]
#[template(path = "desk/freeze.html")]
struct FreezePage {
    frame: Frame,
    slug: String,
    name: String,
    /// The state now, in words.
    now: &'static str,
    /// The state that is offered: `frozen` or `open`.
    wish: &'static str,
    reason: String,
    refused: String,
}

fn preview(
    desk: &ModeratorSession,
    slug: &str,
    form: &Form,
    refused: Option<&Problem>,
) -> PageResult {
    let slot = desk.state.moderation.tool(slug)?;
    let state = slot.tally().row.state;
    let wish = match state {
        ToolState::Open => ToolState::Frozen,
        ToolState::Frozen => ToolState::Open,
        ToolState::Archived => {
            return Err(Problem::new(
                Code::Archived,
                "This tool is archived; the site's own catalogue brings it back.",
            ));
        }
    };
    let status = refused.map_or(200, |problem| problem.code.status());
    page_with(
        StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
        &FreezePage {
            frame: desk.frame("overview", "Freeze or reopen"),
            slug: slug.to_owned(),
            name: desk.state.name(slug),
            now: format::state(state),
            wish: wish.as_str(),
            reason: form.text("reason"),
            refused: refused.map_or_else(String::new, |problem| problem.detail().to_owned()),
        },
    )
}

/// What freezing or opening would do.
pub async fn get_state(
    http: HttpRequest,
    slug: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    show(&http, &state, async |desk| {
        preview(desk, &slug, &Form::of(""), None)
    })
    .await
}

/// Freezes or opens.
pub async fn post_state(
    http: HttpRequest,
    payload: Payload,
    slug: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    act(&http, payload, &state, async |desk, form| {
        let wish = match form.get("state") {
            Some("open") => ToolState::Open,
            Some("frozen") => ToolState::Frozen,
            _ => return Err(Problem::invalid("state: expected open or frozen.")),
        };
        let why = match reason(&form.text("reason")) {
            Ok(why) => why,
            Err(problem) => return preview(desk, &slug, form, Some(&problem)),
        };
        let tool = state.moderation.tool(&slug)?.slug.clone();
        state
            .moderation
            .set_state(&tool, wish, &why, &desk.actor(), desk.now)
            .await?;
        Ok(to(&format!("/moderation/tools/{tool}")))
    })
    .await
}
