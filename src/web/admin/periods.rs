//! Excluded periods: list, preview and making of one, preview and deletion.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::confirm::number;
use super::field_errors::{FieldErrors, is_correctable};
use super::form::Form;
use super::resets::RemovalRow;
use super::state::{AdminState, Frame, page, page_with};
use super::undo;
use crate::domain::Timestamp;
use crate::http::problem::Problem;
use crate::moderation::removals::periods::Span;
use crate::moderation::selection::AnyOf;
use crate::moderation::{paging, reason};
use crate::web::admin::auth_guard::{ModeratorSession, PageResult, act, show, to};
use crate::web::admin::format::TallyText;
use crate::web::admin::vote_filter::{VoteFilter, described};
use crate::web::kit::format::{grouped, votes};

const PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "admin/periods.html")]
struct PeriodsPage {
    frame: Frame,
    /// Of a new one; nothing is typed yet.
    filter: VoteFilter,
    errors: FieldErrors,
    periods: Vec<RemovalRow>,
    next: Option<String>,
}

/// Periods, newest first, deleted ones among them.
pub async fn get_periods(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |session| {
        let before = paging::before(http.query_string())?;
        let found = state.moderation.periods(None, true, before, PAGE).await?;
        page(&PeriodsPage {
            frame: session.frame("periods", "Excluded periods"),
            filter: VoteFilter::default(),
            errors: FieldErrors::default(),
            periods: found
                .items
                .iter()
                .map(|removal| RemovalRow::of(&state, removal))
                .collect(),
            next: found.next,
        })
    })
    .await
}

#[derive(Template)]
#[template(path = "admin/period.html")]
struct PeriodPage {
    frame: Frame,
    filter: VoteFilter,
    errors: FieldErrors,
    /// What it would do; nothing if the fields do not say which period.
    preview: Option<Preview>,
    reason: String,
}

struct Preview {
    tool: String,
    name: String,
    hidden: Vec<(&'static str, String)>,
    criteria: Vec<(&'static str, String)>,
    votes: String,
    networks: String,
    before: TallyText,
    after: TallyText,
    /// It lasts beyond this moment.
    ahead: bool,
}

fn span(state: &AdminState, filter: &VoteFilter, reason: String) -> Result<Span, Problem> {
    let missing = |field: &str| Problem::invalid(format!("{field}: this field is missing."));
    let tool = filter.needed_tool(state)?;
    let (from, to) = filter.window()?;
    Ok(Span {
        tool,
        from: from.ok_or_else(|| missing("from"))?,
        to: to.ok_or_else(|| missing("to"))?,
        reason,
    })
}

async fn previewed(session: &ModeratorSession, filter: &VoteFilter) -> Result<Preview, Problem> {
    let now = Timestamp::now();
    let span = span(&session.state, filter, String::new())?;
    let report = session.state.moderation.preview_period(&span, now).await?;
    let read = |tally: &Option<Box<serde_json::value::RawValue>>| {
        TallyText::read(tally.as_ref().map_or("", |json| json.get()))
    };
    Ok(Preview {
        name: session.state.name(span.tool.as_str()),
        tool: span.tool.to_string(),
        hidden: vec![
            ("tool", span.tool.to_string()),
            ("from", span.from.to_string()),
            ("to", span.to.to_string()),
        ],
        criteria: described(
            (Some(span.from), Some(span.to)),
            &AnyOf::default(),
            &AnyOf::default(),
            None,
        ),
        votes: votes(report.matched),
        networks: grouped(report.networks),
        before: read(&report.before),
        after: read(&report.after),
        ahead: span.to > now,
    })
}

async fn preview(
    session: &ModeratorSession,
    filter: VoteFilter,
    reason: String,
    refused: Option<&Problem>,
) -> PageResult {
    let (preview, errors) = match previewed(session, &filter).await {
        Ok(preview) => (Some(preview), refused.into()),
        Err(problem) if is_correctable(&problem) => (None, FieldErrors::from(&problem)),
        Err(problem) => return Err(problem),
    };
    page_with(
        errors.status(),
        &PeriodPage {
            frame: session.frame("periods", "Preview of an excluded period"),
            filter,
            errors,
            preview,
            reason,
        },
    )
}

/// What excluding a period would do.
pub async fn get_preview(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |session| {
        let filter = VoteFilter::read(&Form::of(http.query_string()));
        preview(session, filter, String::new(), None).await
    })
    .await
}

/// Excludes a period.
pub async fn post_period(
    http: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> HttpResponse {
    act(&http, payload, &state, async |session, form| {
        let (filter, text) = (VoteFilter::read(form), form.text("reason"));
        let done = async {
            let span = span(&state, &filter, reason(&text)?)?;
            state
                .moderation
                .exclude(&span, &session.actor(), session.now)
                .await
        };
        match done.await {
            Ok(_) => Ok(to("/moderation/periods")),
            Err(problem) if is_correctable(&problem) => {
                preview(session, filter, text, Some(&problem)).await
            }
            Err(problem) => Err(problem),
        }
    })
    .await
}

/// What deleting a period would do.
pub async fn get_delete(
    http: HttpRequest,
    id: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    show(&http, &state, async |session| {
        let removal = state.moderation.find_period(number(&id)?).await?;
        undo::preview(session, &removal, "", None).await
    })
    .await
}

/// Deletes a period.
pub async fn post_delete(
    http: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    act(&http, payload, &state, async |session, form| {
        let id = number(&id)?;
        let removal = state.moderation.find_period(id).await?;
        let text = form.text("reason");
        let why = match reason(&text) {
            Ok(why) => why,
            Err(problem) => return undo::preview(session, &removal, &text, Some(&problem)).await,
        };
        // What was deleted before is refused in the words of its preview.
        state.moderation.outlook(&removal, session.now).await?;
        state
            .moderation
            .include(id, &why, &session.actor(), session.now)
            .await?;
        Ok(to("/moderation/periods"))
    })
    .await
}
