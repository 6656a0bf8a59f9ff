//! Resets: `GET /moderation/reset` previews one, `POST /moderation/resets` carries it out, lists and undo.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::form::Form;
use super::state::{AdminState, Frame, page, page_with};
use super::votes::VoteRow;
use crate::domain::{NetworkHash, Timestamp, VoterId};
use crate::http::problem::{Code, Problem};
use crate::moderation::removals::plan::Plan;
use crate::moderation::removals::removal::Removal;
use crate::moderation::removals::resets::WithBan;
use crate::moderation::{paging, reason};
use crate::web::admin::auth_guard::{ModeratorSession, PageResult, act, show, to};
use crate::web::admin::format;
use crate::web::admin::undo;
use crate::web::admin::vote_filter::{self, VoteFilter, described};
use crate::web::kit::format::{grouped, votes};

const PAGE: i64 = 50;

/// A reset or a period in a list, or alone.
pub struct RemovalRow {
    pub id: i64,
    pub tool: String,
    pub name: String,
    pub criteria: Vec<(&'static str, String)>,
    pub reason: String,
    pub made_by: String,
    pub made_at: String,
    pub matched: String,
    pub networks: String,
    pub before: format::TallyText,
    pub after: format::TallyText,
    /// When and by whom it was taken back; empty while it is in force.
    pub undone: String,
    pub undo_reason: String,
}

impl RemovalRow {
    #[must_use]
    pub fn of(state: &AdminState, removal: &Removal) -> Self {
        let undone = removal.undone_at.filter(|_| removal.undone).map(|at| {
            let by = removal.undone_by.as_deref().unwrap_or("somebody");
            format!("{} by {by}", format::time(at))
        });
        Self {
            id: removal.id,
            tool: removal.slug.to_string(),
            name: state.name(removal.slug.as_str()),
            criteria: described(
                removal.from,
                removal.to,
                removal.voter.map(VoterId::text),
                removal.network.map(NetworkHash::text),
                removal.choice,
            ),
            reason: removal.reason.clone(),
            made_by: removal.made_by.clone(),
            made_at: format::time(removal.made_at),
            matched: votes(removal.ship + removal.skip),
            networks: grouped(removal.networks),
            before: format::TallyText::read(&removal.before),
            after: format::TallyText::read(&removal.after),
            undone: undone.unwrap_or_default(),
            undo_reason: removal.undo_reason.clone().unwrap_or_default(),
        }
    }
}

/// What a person has typed besides the criteria.
#[derive(Default)]
struct Typed {
    reason: String,
    ban: bool,
    ban_until: String,
}

impl Typed {
    fn read(form: &Form) -> Self {
        Self {
            reason: form.text("reason"),
            ban: form.get("ban").is_some(),
            ban_until: form.text("ban_until"),
        }
    }
}

#[derive(Template)]
#[template(path = "desk/reset.html")]
struct PreviewPage {
    frame: Frame,
    asked: VoteFilter,
    typed: Typed,
    name: String,
    criteria: Vec<(&'static str, String)>,
    matched: i64,
    votes: String,
    counts: String,
    networks: String,
    before: format::TallyText,
    after: format::TallyText,
    sample: Vec<VoteRow>,
    plan: String,
    /// Why what was posted was not done; empty at the first sight.
    refused: String,
    /// The plan did not hold any more.
    changed: bool,
}

async fn preview(
    desk: &ModeratorSession,
    asked: VoteFilter,
    typed: Typed,
    refused: Option<&Problem>,
) -> PageResult {
    let wanted = asked.wanted(typed.reason.clone(), None, None)?;
    let report = desk
        .state
        .moderation
        .preview(&wanted, Timestamp::now())
        .await?;
    let shown = |tally: &Option<Box<serde_json::value::RawValue>>| {
        format::TallyText::read(tally.as_ref().map_or("", |json| json.get()))
    };
    let status = refused.map_or(200, |problem| problem.code.status());
    page_with(
        StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
        &PreviewPage {
            frame: desk.frame("resets", "Preview of a reset"),
            name: desk.state.name(wanted.tool.as_str()),
            criteria: described(
                wanted.from,
                Some(report.to),
                wanted.voter.map(VoterId::text),
                wanted.network.map(NetworkHash::text),
                wanted.choice,
            ),
            matched: report.matched,
            votes: votes(report.matched),
            counts: crate::web::kit::format::counts(report.ship, report.skip),
            networks: grouped(report.networks),
            before: shown(&report.before),
            after: shown(&report.after),
            sample: report.sample.iter().map(VoteRow::from).collect(),
            plan: report.plan,
            refused: refused.map_or_else(String::new, |problem| problem.detail().to_owned()),
            changed: refused.is_some_and(|problem| problem.code == Code::Conflict),
            asked,
            typed,
        },
    )
}

/// What a reset would do; nothing is changed.
pub async fn get_preview(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |desk| {
        let form = Form::of(http.query_string());
        preview(desk, VoteFilter::read(&form), Typed::read(&form), None).await
    })
    .await
}

/// Carries out what was previewed. Where the matches have changed since, or a field is not right, the same preview comes
/// again, fresh.
pub async fn post_reset(
    http: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> HttpResponse {
    act(&http, payload, &state, async |desk, form| {
        let (asked, typed) = (VoteFilter::read(form), Typed::read(form));
        match carry_out(desk, form, &asked, &typed).await {
            Ok(id) => Ok(to(&format!("/moderation/resets/{id}"))),
            Err(problem) if matches!(problem.code, Code::Conflict | Code::Invalid) => {
                preview(desk, asked, typed, Some(&problem)).await
            }
            Err(problem) => Err(problem),
        }
    })
    .await
}

async fn carry_out(
    desk: &ModeratorSession,
    form: &Form,
    asked: &VoteFilter,
    typed: &Typed,
) -> Result<i64, Problem> {
    let plan = Plan::parse(form.required("plan")?)
        .ok_or_else(|| Problem::invalid("plan: expected what the preview gave."))?;
    let ban = if typed.ban {
        let expires_at = vote_filter::end("ban_until", &typed.ban_until, desk.now)?;
        Some(WithBan { expires_at })
    } else {
        None
    };
    let wanted = asked.wanted(reason(&typed.reason)?, Some(plan), ban)?;
    let done = desk
        .state
        .moderation
        .reset(&wanted, &desk.actor(), desk.now)
        .await?;
    done.id.ok_or_else(Problem::internal)
}

#[derive(Template)]
#[template(path = "desk/resets.html")]
struct ResetsPage {
    frame: Frame,
    resets: Vec<RemovalRow>,
    next: Option<String>,
}

/// Resets, newest first.
pub async fn get_resets(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |desk| {
        let before = paging::before(http.query_string())?;
        let found = state.moderation.resets(None, before, PAGE).await?;
        page(&ResetsPage {
            frame: desk.frame("resets", "Resets"),
            resets: found
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
#[template(path = "desk/done.html")]
struct DonePage {
    frame: Frame,
    reset: RemovalRow,
    /// The tool's tally at this moment.
    now: format::TallyText,
}

/// One reset, as it was made and as it is.
pub async fn get_reset(
    http: HttpRequest,
    id: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    show(&http, &state, async |desk| {
        let removal = state.moderation.find_reset(undo::number(&id)?).await?;
        let slot = state.moderation.tool(removal.slug.as_str())?;
        page(&DonePage {
            frame: desk.frame("resets", &format!("Reset {}", removal.id)),
            reset: RemovalRow::of(&state, &removal),
            now: format::TallyText::of(&slot.tally().row, state.board.min_votes()),
        })
    })
    .await
}

/// What undoing a reset would do.
pub async fn get_undo(
    http: HttpRequest,
    id: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    show(&http, &state, async |desk| {
        let removal = state.moderation.find_reset(undo::number(&id)?).await?;
        undo::preview(desk, &removal, "", None).await
    })
    .await
}

/// Undoes a reset.
pub async fn post_undo(
    http: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    act(&http, payload, &state, async |desk, form| {
        let id = undo::number(&id)?;
        let removal = state.moderation.find_reset(id).await?;
        let text = form.text("reason");
        let why = match reason(&text) {
            Ok(why) => why,
            Err(problem) => return undo::preview(desk, &removal, &text, Some(&problem)).await,
        };
        state
            .moderation
            .undo(id, &why, &desk.actor(), desk.now)
            .await?;
        Ok(to(&format!("/moderation/resets/{id}")))
    })
    .await
}
