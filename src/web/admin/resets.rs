//! Resets: `GET /moderation/reset` previews one, `POST /moderation/resets` carries it out, lists and undo.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::confirm::number;
use super::field_errors::{FieldErrors, is_correctable};
use super::form::Form;
use super::state::{AdminState, Frame, page, page_with};
use super::undo;
use super::votes::VoteRow;
use crate::domain::Timestamp;
use crate::http::problem::Problem;
use crate::moderation::removals::plan::Plan;
use crate::moderation::removals::removal::{Removal, RemovalKind};
use crate::moderation::removals::resets::{ResetRequest, WithBan};
use crate::moderation::{paging, reason};
use crate::web::admin::auth_guard::{ModeratorSession, PageResult, act, show, to};
use crate::web::admin::format::{self, TallyText};
use crate::web::admin::vote_filter::{self, VoteFilter, described};
use crate::web::kit::format::{counts, grouped, votes};

const PAGE: i64 = 50;

/// A reset or a period in a list, or alone.
pub struct RemovalRow {
    pub id: i64,
    /// What it is.
    pub word: &'static str,
    pub tool: String,
    pub name: String,
    pub criteria: Vec<(&'static str, String)>,
    pub reason: String,
    pub made_by: String,
    pub made_at: String,
    pub matched: String,
    pub networks: String,
    pub before: TallyText,
    pub after: TallyText,
    /// When and by whom it was taken back; empty while it is in force.
    pub undone: String,
    pub undo_reason: String,
}

impl RemovalRow {
    pub fn of(state: &AdminState, removal: &Removal) -> Self {
        let undone = removal.undone_at.filter(|_| removal.undone).map(|at| {
            let by = removal.undone_by.as_deref().unwrap_or("somebody");
            format!("{} by {by}", format::time(at))
        });
        let mut criteria = described(
            (removal.from, removal.to),
            &removal.of_voters,
            &removal.of_networks,
            removal.choice,
        );
        if let Some(into) = &removal.into {
            criteria = vec![("Merged into", state.name(into.slug.as_str()))];
        }
        Self {
            id: removal.id,
            word: match removal.kind {
                RemovalKind::Reset => "Reset",
                RemovalKind::Period => "Period",
                RemovalKind::Merge => "Merge",
            },
            tool: removal.slug.to_string(),
            name: state.name(removal.slug.as_str()),
            criteria,
            reason: removal.reason.clone(),
            made_by: removal.made_by.clone(),
            made_at: format::time(removal.made_at),
            matched: votes(removal.ship + removal.skip),
            networks: grouped(removal.networks),
            before: TallyText::read(&removal.before),
            after: TallyText::read(&removal.after),
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
#[template(path = "admin/reset.html")]
struct ResetPage {
    frame: Frame,
    filter: VoteFilter,
    typed: Typed,
    errors: FieldErrors,
    /// What it would do; nothing if the fields do not say which votes.
    preview: Option<Preview>,
}

struct Preview {
    tool: String,
    name: String,
    /// As understood, for the form that carries it out.
    hidden: Vec<(&'static str, String)>,
    criteria: Vec<(&'static str, String)>,
    matched: i64,
    votes: String,
    counts: String,
    networks: String,
    before: TallyText,
    after: TallyText,
    sample: Vec<VoteRow>,
    plan: String,
}

/// A table's form in which no row was ticked means no vote, not all of them.
fn ticked(form: &Form) -> Result<(), Problem> {
    match form.get("rows") {
        Some(field @ ("network" | "voter")) if form.get(field).is_none() => Err(Problem::invalid(
            format!("{field}: tick at least one row, or name the {field}s here."),
        )),
        _ => Ok(()),
    }
}

async fn previewed(session: &ModeratorSession, filter: &VoteFilter) -> Result<Preview, Problem> {
    let request = ResetRequest {
        votes: filter.selection(&session.state).await?,
        reason: String::new(),
        plan: None,
        ban: None,
    };
    let moderation = &session.state.moderation;
    let report = moderation.preview(&request, Timestamp::now()).await?;
    let read = |tally: &Option<Box<serde_json::value::RawValue>>| {
        TallyText::read(tally.as_ref().map_or("", |json| json.get()))
    };
    let carried = VoteFilter::of(&request.votes);
    let votes_meant = &request.votes;
    Ok(Preview {
        tool: votes_meant.tool.to_string(),
        name: session.state.name(votes_meant.tool.as_str()),
        hidden: carried
            .fields()
            .into_iter()
            .map(|(name, value)| (name, value.to_owned()))
            .collect(),
        criteria: described(
            (votes_meant.from, Some(report.to)),
            &votes_meant.voters,
            &votes_meant.networks,
            votes_meant.choice,
        ),
        matched: report.matched,
        votes: votes(report.matched),
        counts: counts(report.ship, report.skip),
        networks: grouped(report.networks),
        before: read(&report.before),
        after: read(&report.after),
        sample: report.sample.iter().map(VoteRow::from).collect(),
        plan: report.plan,
    })
}

async fn preview(
    session: &ModeratorSession,
    filter: VoteFilter,
    typed: Typed,
    refused: Option<&Problem>,
) -> PageResult {
    match previewed(session, &filter).await {
        Ok(preview) => shown(session, filter, typed, Some(preview), refused.into()),
        Err(problem) if is_correctable(&problem) => self::refused(session, filter, typed, &problem),
        Err(problem) => Err(problem),
    }
}

/// The form alone: which votes are meant is not understood.
fn refused(
    session: &ModeratorSession,
    filter: VoteFilter,
    typed: Typed,
    problem: &Problem,
) -> PageResult {
    shown(session, filter, typed, None, problem.into())
}

fn shown(
    session: &ModeratorSession,
    filter: VoteFilter,
    typed: Typed,
    preview: Option<Preview>,
    errors: FieldErrors,
) -> PageResult {
    page_with(
        errors.status(),
        &ResetPage {
            frame: session.frame("resets", "Preview of a reset"),
            filter,
            typed,
            errors,
            preview,
        },
    )
}

/// What a reset would do; nothing is changed.
pub async fn get_preview(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |session| {
        let form = Form::of(http.query_string());
        let (filter, typed) = (VoteFilter::read(&form), Typed::read(&form));
        match ticked(&form) {
            Ok(()) => preview(session, filter, typed, None).await,
            Err(problem) => refused(session, filter, typed, &problem),
        }
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
    act(&http, payload, &state, async |session, form| {
        let (filter, typed) = (VoteFilter::read(form), Typed::read(form));
        match carry_out(session, form, &filter, &typed).await {
            Ok(id) => Ok(to(&format!("/moderation/resets/{id}"))),
            Err(problem) if is_correctable(&problem) => {
                preview(session, filter, typed, Some(&problem)).await
            }
            Err(problem) => Err(problem),
        }
    })
    .await
}

async fn carry_out(
    session: &ModeratorSession,
    form: &Form,
    filter: &VoteFilter,
    typed: &Typed,
) -> Result<i64, Problem> {
    let plan = Plan::parse(form.required("plan")?)
        .ok_or_else(|| Problem::invalid("plan: expected the plan of a preview."))?;
    let ban = if typed.ban {
        let expires_at = vote_filter::end("ban_until", &typed.ban_until, session.now)?;
        Some(WithBan { expires_at })
    } else {
        None
    };
    let request = ResetRequest {
        votes: filter.selection(&session.state).await?,
        reason: reason(&typed.reason)?,
        plan: Some(plan),
        ban,
    };
    let done = session
        .state
        .moderation
        .reset(&request, &session.actor(), session.now)
        .await?;
    done.id.ok_or_else(Problem::internal)
}

#[derive(Template)]
#[template(path = "admin/resets.html")]
struct ResetsPage {
    frame: Frame,
    resets: Vec<RemovalRow>,
    next: Option<String>,
}

/// Resets, newest first.
pub async fn get_resets(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |session| {
        let before = paging::before(http.query_string())?;
        let found = state.moderation.resets(None, before, PAGE).await?;
        page(&ResetsPage {
            frame: session.frame("resets", "Resets"),
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
#[template(path = "admin/done.html")]
struct DonePage {
    frame: Frame,
    reset: RemovalRow,
    /// The tool's tally at this moment.
    now: TallyText,
}

/// One reset, as it was made and as it is.
pub async fn get_reset(
    http: HttpRequest,
    id: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    show(&http, &state, async |session| {
        let removal = state.moderation.find_reset(number(&id)?).await?;
        let slot = state.moderation.tool(removal.slug.as_str())?;
        let reset = RemovalRow::of(&state, &removal);
        page(&DonePage {
            frame: session.frame("resets", &format!("{} {}", reset.word, reset.id)),
            reset,
            now: TallyText::of(&slot.tally().row, state.board.min_votes()),
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
    show(&http, &state, async |session| {
        let removal = state.moderation.find_reset(number(&id)?).await?;
        undo::preview(session, &removal, "", None).await
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
    act(&http, payload, &state, async |session, form| {
        let id = number(&id)?;
        let removal = state.moderation.find_reset(id).await?;
        let text = form.text("reason");
        let why = match reason(&text) {
            Ok(why) => why,
            Err(problem) => return undo::preview(session, &removal, &text, Some(&problem)).await,
        };
        state
            .moderation
            .undo(id, &why, &session.actor(), session.now)
            .await?;
        Ok(to(&format!("/moderation/resets/{id}")))
    })
    .await
}
