//! Bans of a voter or a network: list, preview and making of one, preview and lifting.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::form::Form;
use super::state::{AdminState, Frame, page, page_with};
use super::votes::{VoteRow, feed};
use crate::http::problem::{Code, Problem};
use crate::moderation::bans::{BanView, Banned};
use crate::moderation::{paging, reason};
use crate::web::admin::auth_guard::{ModeratorSession, PageResult, act, show, to};
use crate::web::admin::format;
use crate::web::admin::undo::number;
use crate::web::admin::vote_filter::{self, VoteFilter};

const PAGE: i64 = 50;
/// Votes that a preview shows.
const SAMPLE: i64 = 20;

/// A ban in a list.
pub struct BanRow {
    pub id: i64,
    /// `voter` or `network`.
    pub kind: &'static str,
    pub whom: String,
    pub short: String,
    pub reason: String,
    pub made_by: String,
    pub made_at: String,
    /// Empty for one without an end.
    pub until: String,
    /// Whether whoever it names is known when they come again.
    pub holds: bool,
    pub reset: Option<i64>,
}

impl From<&BanView> for BanRow {
    fn from(ban: &BanView) -> Self {
        let kind = if ban.voter.is_some() {
            "voter"
        } else {
            "network"
        };
        let whom = ban.voter.clone().or_else(|| ban.network.clone());
        let whom = whom.unwrap_or_default();
        Self {
            id: ban.id,
            kind,
            short: format::short(&whom),
            whom,
            reason: ban.reason.clone(),
            made_by: ban.made_by.clone(),
            made_at: format::time(ban.made_at),
            until: ban.expires_at.map(format::time).unwrap_or_default(),
            holds: ban.holds,
            reset: ban.reset,
        }
    }
}

#[derive(Template)]
#[template(path = "desk/bans.html")]
struct BansPage {
    frame: Frame,
    bans: Vec<BanRow>,
    next: Option<String>,
}

/// The bans in force.
pub async fn get_bans(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |desk| {
        let before = paging::before(http.query_string())?;
        let found = state.moderation.bans(before, PAGE, desk.now).await?;
        page(&BansPage {
            frame: desk.frame("bans", "Bans"),
            bans: found.items.iter().map(BanRow::from).collect(),
            next: found.next,
        })
    })
    .await
}

#[derive(Template)]
#[template(path = "desk/ban.html")]
struct BanPage {
    frame: Frame,
    asked: VoteFilter,
    /// `voter` or `network`.
    kind: &'static str,
    whom: String,
    until: String,
    votes: Vec<VoteRow>,
    more: bool,
    reason: String,
    refused: String,
}

fn banned(asked: &VoteFilter) -> Result<Banned, Problem> {
    match (asked.voter()?, asked.network()?) {
        (Some(voter), None) => Ok(Banned::Voter(voter)),
        (None, Some(network)) => Ok(Banned::Network(network)),
        _ => Err(Problem::invalid("voter: name either a voter or a network.")),
    }
}

async fn preview(desk: &ModeratorSession, form: &Form, refused: Option<&Problem>) -> PageResult {
    let read = VoteFilter::read(form);
    // Of whom, and nothing else.
    let asked = VoteFilter {
        voter: read.voter,
        network: read.network,
        ..VoteFilter::default()
    };
    let (kind, whom) = match banned(&asked)? {
        Banned::Voter(voter) => ("voter", voter.text()),
        Banned::Network(network) => ("network", network.text()),
    };
    let (votes, next) = feed(&desk.state, &asked, None, SAMPLE).await?;
    let status = refused.map_or(200, |problem| problem.code.status());
    page_with(
        StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
        &BanPage {
            frame: desk.frame("bans", "Preview of a ban"),
            asked,
            kind,
            whom,
            until: form.text("until"),
            votes,
            more: next.is_some(),
            reason: form.text("reason"),
            refused: refused.map_or_else(String::new, |problem| problem.detail().to_owned()),
        },
    )
}

/// Whom a ban would hit, and what it would do.
pub async fn get_preview(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |desk| {
        preview(desk, &Form::of(http.query_string()), None).await
    })
    .await
}

/// Bans.
pub async fn post_ban(
    http: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> HttpResponse {
    act(&http, payload, &state, async |desk, form| {
        let done = async {
            let whom = banned(&VoteFilter::read(form))?;
            let why = reason(&form.text("reason"))?;
            let until = vote_filter::end("until", &form.text("until"), desk.now)?;
            let (actor, now) = (desk.actor(), desk.now);
            state.moderation.ban(whom, until, &why, &actor, now).await
        };
        match done.await {
            Ok(_) => Ok(to("/moderation/bans")),
            Err(problem) if problem.code == Code::Invalid => {
                preview(desk, form, Some(&problem)).await
            }
            Err(problem) => Err(problem),
        }
    })
    .await
}

#[derive(Template)]
#[template(path = "desk/lift.html")]
struct LiftPage {
    frame: Frame,
    ban: BanRow,
    reason: String,
    refused: String,
}

async fn preview_lift(
    desk: &ModeratorSession,
    id: i64,
    form: &Form,
    refused: Option<&Problem>,
) -> PageResult {
    let ban = desk.state.moderation.find_ban(id, desk.now).await?;
    let status = refused.map_or(200, |problem| problem.code.status());
    page_with(
        StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
        &LiftPage {
            frame: desk.frame("bans", "Lift a ban"),
            ban: BanRow::from(&ban),
            reason: form.text("reason"),
            refused: refused.map_or_else(String::new, |problem| problem.detail().to_owned()),
        },
    )
}

/// What lifting a ban would do.
pub async fn get_lift(
    http: HttpRequest,
    id: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    show(&http, &state, async |desk| {
        preview_lift(desk, number(&id)?, &Form::of(""), None).await
    })
    .await
}

/// Lifts a ban.
pub async fn post_lift(
    http: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    act(&http, payload, &state, async |desk, form| {
        let id = number(&id)?;
        let why = match reason(&form.text("reason")) {
            Ok(why) => why,
            Err(problem) => return preview_lift(desk, id, form, Some(&problem)).await,
        };
        state
            .moderation
            .lift(id, &why, &desk.actor(), desk.now)
            .await?;
        Ok(to("/moderation/bans"))
    })
    .await
}
