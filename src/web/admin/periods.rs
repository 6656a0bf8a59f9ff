//! Excluded periods: list, preview and making of one, preview and deletion.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::form::Form;
use super::resets::RemovalRow;
use super::state::{AdminState, Frame, page, page_with};
use crate::domain::{Slug, Timestamp};
use crate::http::problem::{Code, Problem};
use crate::moderation::removals::periods::Span;
use crate::moderation::{paging, reason};
use crate::web::admin::auth_guard::{ModeratorSession, PageResult, act, show, to};
use crate::web::admin::format;
use crate::web::admin::undo;
use crate::web::admin::vote_filter::{VoteFilter, described};
use crate::web::kit::format::{grouped, votes};

const PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "desk/periods.html")]
struct PeriodsPage {
    frame: Frame,
    periods: Vec<RemovalRow>,
    next: Option<String>,
}

/// Periods, newest first, deleted ones among them.
pub async fn get_periods(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |desk| {
        let before = paging::before(http.query_string())?;
        let found = state.moderation.periods(None, true, before, PAGE).await?;
        page(&PeriodsPage {
            frame: desk.frame("periods", "Excluded periods"),
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
#[template(path = "desk/period.html")]
struct PeriodPage {
    frame: Frame,
    asked: VoteFilter,
    name: String,
    criteria: Vec<(&'static str, String)>,
    votes: String,
    networks: String,
    before: format::TallyText,
    after: format::TallyText,
    /// It lasts beyond this moment.
    ahead: bool,
    reason: String,
    refused: String,
}

fn span(asked: &VoteFilter, reason: String) -> Result<Span, Problem> {
    let (from, to) = asked.window()?;
    let missing = |field: &str| Problem::invalid(format!("{field}: this field is missing."));
    Ok(Span {
        tool: Slug::parse(&asked.tool).ok_or_else(|| Problem::unknown_tool(&asked.tool))?,
        from: from.ok_or_else(|| missing("from"))?,
        to: to.ok_or_else(|| missing("to"))?,
        reason,
    })
}

async fn preview(
    desk: &ModeratorSession,
    asked: VoteFilter,
    reason: String,
    refused: Option<&Problem>,
) -> PageResult {
    let now = Timestamp::now();
    let span = span(&asked, reason)?;
    let report = desk.state.moderation.preview_period(&span, now).await?;
    let shown = |tally: &Option<Box<serde_json::value::RawValue>>| {
        format::TallyText::read(tally.as_ref().map_or("", |json| json.get()))
    };
    let status = refused.map_or(200, |problem| problem.code.status());
    page_with(
        StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
        &PeriodPage {
            frame: desk.frame("periods", "Preview of an excluded period"),
            name: desk.state.name(span.tool.as_str()),
            criteria: described(Some(span.from), Some(span.to), None, None, None),
            votes: votes(report.matched),
            networks: grouped(report.networks),
            before: shown(&report.before),
            after: shown(&report.after),
            ahead: span.to > now,
            refused: refused.map_or_else(String::new, |problem| problem.detail().to_owned()),
            reason: span.reason,
            asked,
        },
    )
}

/// What excluding a period would do.
pub async fn get_preview(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |desk| {
        let form = Form::of(http.query_string());
        preview(desk, VoteFilter::read(&form), String::new(), None).await
    })
    .await
}

/// Excludes a period.
pub async fn post_period(
    http: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> HttpResponse {
    act(&http, payload, &state, async |desk, form| {
        let (asked, text) = (VoteFilter::read(form), form.text("reason"));
        let done = async {
            let span = span(&asked, reason(&text)?)?;
            state
                .moderation
                .exclude(&span, &desk.actor(), desk.now)
                .await
        };
        match done.await {
            Ok(_) => Ok(to("/moderation/periods")),
            Err(problem) if problem.code == Code::Invalid => {
                preview(desk, asked, text, Some(&problem)).await
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
    show(&http, &state, async |desk| {
        let removal = state.moderation.find_period(undo::number(&id)?).await?;
        undo::preview(desk, &removal, "", None).await
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
    act(&http, payload, &state, async |desk, form| {
        let id = undo::number(&id)?;
        let removal = state.moderation.find_period(id).await?;
        let text = form.text("reason");
        let why = match reason(&text) {
            Ok(why) => why,
            Err(problem) => return undo::preview(desk, &removal, &text, Some(&problem)).await,
        };
        // What was deleted before is refused in the words of its preview.
        state.moderation.outlook(&removal, desk.now).await?;
        state
            .moderation
            .include(id, &why, &desk.actor(), desk.now)
            .await?;
        Ok(to("/moderation/periods"))
    })
    .await
}
