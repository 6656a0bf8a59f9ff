//! Merging a tool into another: `/moderation/tools/{slug}/merge` previews it and carries it out. It is undone as a reset is.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::value::RawValue;

use super::confirm::ConfirmPage;
use super::field_errors::is_correctable;
use super::form::Form;
use super::state::AdminState;
use crate::domain::{Slug, ToolState};
use crate::http::problem::Problem;
use crate::moderation::reason;
use crate::moderation::removals::merges::MergeRequest;
use crate::moderation::removals::plan::Plan;
use crate::web::admin::auth_guard::{ModeratorSession, PageResult, act, show, to};
use crate::web::admin::format::TallyText;
use crate::web::kit::format::{counts, votes};

/// A tool that another can be merged into.
pub struct TargetOption {
    pub slug: Slug,
    pub name: String,
}

/// The tools that `tool` can be merged into, by name.
pub fn targets(state: &AdminState, tool: i32) -> Vec<TargetOption> {
    let of = |id| state.board.get(id).map(|slot| slot.tally().row.state);
    let takes = |id| id != tool && of(id).is_some_and(|state| state != ToolState::Archived);
    let tools = state.shelf.all().into_iter().filter(|tool| takes(tool.id));
    tools
        .map(|tool| TargetOption {
            slug: tool.slug.clone(),
            name: tool.tool.name.clone(),
        })
        .collect()
}

fn request(session: &ModeratorSession, slug: &str, form: &Form) -> Result<MergeRequest, Problem> {
    let moderation = &session.state.moderation;
    Ok(MergeRequest {
        tool: moderation.tool(slug)?.slug(),
        into: moderation.tool(form.required("into")?)?.slug(),
        reason: form.text("reason"),
        plan: None,
    })
}

async fn preview(
    session: &ModeratorSession,
    wanted: &MergeRequest,
    refused: Option<&Problem>,
) -> PageResult {
    let moderation = &session.state.moderation;
    let report = moderation.preview_merge(wanted, session.now).await?;
    let read = |tally: &Option<Box<RawValue>>| {
        TallyText::read(tally.as_ref().map_or("", |json| json.get()))
    };
    let (name, into) = (
        session.state.name(report.tool.as_str()),
        session.state.name(report.into.as_str()),
    );
    let heading = format!("Merge {name} into {into}");
    let page = format!("/moderation/tools/{}", report.tool);
    ConfirmPage {
        frame: session.frame("overview", &heading),
        back: (page.clone(), name.clone()),
        heading,
        lead: format!("Nothing has been changed. The tally is that of {into}."),
        errors: refused.into(),
        matched: votes(report.matched),
        effect: format!("would leave {name}"),
        notes: vec![
            format!("{}.", counts(report.ship, report.skip)),
            format!(
                "{} are by voters who have none on {into}.",
                votes(report.added)
            ),
            format!("{} replace an older one there.", votes(report.changed)),
            format!(
                "{} change nothing there: the voter's vote is newer, or was taken out, or held.",
                votes(report.kept)
            ),
            format!("{name} is archived, and its addresses lead to {into}."),
            "The merge can be undone. What its voters do on the target until then stays."
                .to_owned(),
        ],
        facts: Vec::new(),
        change: Some((read(&report.into_before), read(&report.into_after))),
        action: format!("{page}/merge"),
        hidden: vec![("into", report.into.to_string()), ("plan", report.plan)],
        reason: wanted.reason.clone(),
        button: "Merge them".to_owned(),
    }
    .show()
}

/// What a merge would do.
pub async fn get_preview(
    http: HttpRequest,
    slug: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    show(&http, &state, async |session| {
        let wanted = request(session, &slug, &Form::of(http.query_string()))?;
        preview(session, &wanted, None).await
    })
    .await
}

/// Carries out what was previewed. If the votes have changed since, or the reason is missing, the preview comes again.
pub async fn post_merge(
    http: HttpRequest,
    payload: Payload,
    slug: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    act(&http, payload, &state, async |session, form| {
        let wanted = request(session, &slug, form)?;
        match carry_out(session, form, &wanted).await {
            Ok(id) => Ok(to(&format!("/moderation/resets/{id}"))),
            Err(problem) if is_correctable(&problem) => {
                preview(session, &wanted, Some(&problem)).await
            }
            Err(problem) => Err(problem),
        }
    })
    .await
}

async fn carry_out(
    session: &ModeratorSession,
    form: &Form,
    wanted: &MergeRequest,
) -> Result<i64, Problem> {
    let plan = Plan::parse(form.required("plan")?)
        .ok_or_else(|| Problem::invalid("plan: expected the plan of a preview."))?;
    let wanted = MergeRequest {
        reason: reason(&wanted.reason)?,
        plan: Some(plan),
        ..wanted.clone()
    };
    let (moderation, actor) = (&session.state.moderation, session.actor());
    let done = moderation.merge(&wanted, &actor, session.now).await?;
    done.id.ok_or_else(Problem::internal)
}
