//! Freezing a tool, and opening it again: `/moderation/tools/{slug}/state`.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::confirm::ConfirmPage;
use super::form::Form;
use super::state::AdminState;
use crate::domain::ToolState;
use crate::http::problem::{Code, Problem};
use crate::moderation::reason;
use crate::web::admin::auth_guard::{ModeratorSession, PageResult, act, show, to};
use crate::web::admin::format;

fn preview(
    session: &ModeratorSession,
    slug: &str,
    form: &Form,
    refused: Option<&Problem>,
) -> PageResult {
    let state = session.state.moderation.tool(slug)?.tally().row.state;
    let name = session.state.name(slug);
    let (wanted, verb, effect, note) = match state {
        ToolState::Open => (
            ToolState::Frozen,
            "Freeze",
            "Votes and withdrawals would be refused",
            "The tally stays as it is and is shown as frozen, until a moderator reopens the tool.",
        ),
        ToolState::Frozen => (
            ToolState::Open,
            "Reopen",
            "Votes and withdrawals would be taken again",
            "The tally goes on from where it stands.",
        ),
        ToolState::Archived => {
            return Err(Problem::new(
                Code::Archived,
                "This tool is archived; the site's own catalogue brings it back.",
            ));
        }
    };
    ConfirmPage {
        frame: session.frame("overview", &format!("{verb} {name}")),
        back: (format!("/moderation/tools/{slug}"), name.clone()),
        heading: format!("{verb} {name}"),
        lead: format!(
            "Nothing has been changed. It is {}.",
            format::state(state).to_lowercase()
        ),
        errors: refused.into(),
        matched: String::new(),
        effect: effect.to_owned(),
        notes: vec![note.to_owned()],
        facts: Vec::new(),
        change: None,
        action: format!("/moderation/tools/{slug}/state"),
        hidden: vec![("state", wanted.as_str().to_owned())],
        reason: form.text("reason"),
        button: format!("{verb} it"),
    }
    .show()
}

/// What freezing or opening would do.
pub async fn get_state(
    http: HttpRequest,
    slug: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    show(&http, &state, async |session| {
        preview(session, &slug, &Form::of(""), None)
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
    act(&http, payload, &state, async |session, form| {
        let wanted = match form.get("state") {
            Some("open") => ToolState::Open,
            Some("frozen") => ToolState::Frozen,
            _ => return Err(Problem::invalid("state: expected open or frozen.")),
        };
        let why = match reason(&form.text("reason")) {
            Ok(why) => why,
            Err(problem) => return preview(session, &slug, form, Some(&problem)),
        };
        let tool = state.moderation.tool(&slug)?.slug();
        state
            .moderation
            .set_state(&tool, wanted, &why, &session.actor(), session.now)
            .await?;
        Ok(to(&format!("/moderation/tools/{tool}")))
    })
    .await
}
