//! Held votes: the networks they came from, the preview of a release or a rejection, and either.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::form::Form;
use super::state::{AdminState, Frame, page, page_with};
use super::votes::VoteRow;
use crate::domain::NetworkHash;
use crate::http::problem::{Code, Problem};
use crate::moderation::reason;
use crate::moderation::review::{Filter, HeldGroup, ResolveRequest};
use crate::voting::held::Resolution;
use crate::web::admin::auth_guard::{ModeratorSession, PageResult, act, show, to};
use crate::web::admin::format;
use crate::web::admin::vote_filter::{VoteFilter, described};
use crate::web::kit::format::{counts, grouped, votes};

/// Networks on the page.
const GROUPS: i64 = 100;
/// Votes that a preview shows.
const SAMPLE: i64 = 20;

/// A network's held votes on a tool, in a list.
struct GroupRow {
    tool: String,
    name: String,
    network: String,
    short: String,
    counts: String,
    first_at: String,
    last_at: String,
}

impl GroupRow {
    fn of(state: &AdminState, group: &HeldGroup) -> Self {
        let network = group.network.shown().unwrap_or_default();
        Self {
            tool: group.tool.to_string(),
            name: state.name(group.tool.as_str()),
            short: format::short(&network),
            network,
            counts: counts(group.ship, group.skip),
            first_at: format::time(group.first_at),
            last_at: format::time(group.last_at),
        }
    }
}

#[derive(Template)]
#[template(path = "desk/held.html")]
struct HeldPage {
    frame: Frame,
    waiting: Vec<GroupRow>,
    rejected: Vec<GroupRow>,
}

/// The networks of which votes are held, and those of which they were rejected.
pub async fn get_held(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |desk| {
        let of = async |rejected| {
            let found = state.moderation.held_groups(rejected, GROUPS).await?;
            let rows = found.iter().map(|group| GroupRow::of(&state, group));
            Ok::<_, Problem>(rows.collect())
        };
        page(&HeldPage {
            frame: desk.frame("held", "Held votes"),
            waiting: of(false).await?,
            rejected: of(true).await?,
        })
    })
    .await
}

#[derive(Template)]
#[template(path = "desk/settle.html")]
struct SettlePage {
    frame: Frame,
    asked: VoteFilter,
    /// Whether they are to count.
    release: bool,
    /// Whether those are meant that were rejected.
    rejected: bool,
    name: String,
    criteria: Vec<(&'static str, String)>,
    matched: i64,
    votes: String,
    counts: String,
    networks: String,
    /// Empty where there are none.
    set_aside: String,
    before: format::TallyText,
    after: format::TallyText,
    sample: Vec<VoteRow>,
    reason: String,
    refused: String,
}

fn verdict(form: &Form) -> Result<Resolution, Problem> {
    match form.required("verdict")? {
        "release" => Ok(Resolution::Count),
        "reject" => Ok(Resolution::Reject),
        _ => Err(Problem::invalid("verdict: expected release or reject.")),
    }
}

fn wanted(form: &Form) -> Result<(VoteFilter, ResolveRequest), Problem> {
    let asked = VoteFilter::read(form);
    let meant = asked.wanted(String::new(), None, None)?;
    let wanted = ResolveRequest {
        tool: meant.tool,
        from: meant.from,
        to: meant.to,
        voter: meant.voter,
        network: meant.network,
        choice: meant.choice,
        rejected: form.get("rejected").is_some(),
        origin: None,
    };
    Ok((asked, wanted))
}

async fn preview(desk: &ModeratorSession, form: &Form, refused: Option<&Problem>) -> PageResult {
    let verdict = verdict(form)?;
    let (mut asked, wanted) = wanted(form)?;
    let moderation = &desk.state.moderation;
    let report = moderation.settle(&wanted, verdict, None, desk.now).await?;
    // What comes after this preview is not meant by it.
    asked.to = report.to.to_string();
    let filter = Filter {
        tool: Some(moderation.tool(wanted.tool.as_str())?.id),
        from: wanted.from,
        to: Some(report.to),
        voter: wanted.voter,
        network: wanted.network,
        choice: wanted.choice,
        rejected: wanted.rejected,
        after: None,
    };
    let sample = moderation.held(filter, SAMPLE).await?;
    let shown = |tally: &Option<Box<serde_json::value::RawValue>>| {
        format::TallyText::read(tally.as_ref().map_or("", |json| json.get()))
    };
    let status = refused.map_or(200, |problem| problem.code.status());
    page_with(
        StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
        &SettlePage {
            frame: desk.frame("held", "Preview"),
            release: verdict == Resolution::Count,
            rejected: wanted.rejected,
            name: desk.state.name(wanted.tool.as_str()),
            criteria: described(
                wanted.from,
                Some(report.to),
                wanted.voter.map(crate::domain::VoterId::text),
                wanted.network.map(NetworkHash::text),
                wanted.choice,
            ),
            matched: report.matched,
            votes: votes(report.matched),
            counts: counts(report.ship, report.skip),
            networks: grouped(i64::try_from(report.networks).unwrap_or(i64::MAX)),
            set_aside: match report.set_aside {
                0 => String::new(),
                some => votes(some),
            },
            before: shown(&report.before),
            after: shown(&report.after),
            sample: sample.items.iter().map(VoteRow::from).collect(),
            reason: form.text("reason"),
            refused: refused.map_or_else(String::new, |problem| problem.detail().to_owned()),
            asked,
        },
    )
}

/// What a release or a rejection would do; nothing is changed.
pub async fn get_preview(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |desk| {
        preview(desk, &Form::of(http.query_string()), None).await
    })
    .await
}

/// Releases or rejects what was previewed.
pub async fn post_settle(
    http: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> HttpResponse {
    act(&http, payload, &state, async |desk, form| {
        let done = async {
            let verdict = verdict(form)?;
            let (_, wanted) = wanted(form)?;
            let why = reason(&form.text("reason"))?;
            let actor = desk.actor();
            let why = Some((why.as_str(), &actor));
            state
                .moderation
                .settle(&wanted, verdict, why, desk.now)
                .await
        };
        match done.await {
            Ok(_) => Ok(to("/moderation/held")),
            Err(problem) if problem.code == Code::Invalid => {
                preview(desk, form, Some(&problem)).await
            }
            Err(problem) => Err(problem),
        }
    })
    .await
}
