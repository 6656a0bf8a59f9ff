//! Alerts: what the detector raised, each with a way into the preview of the reset that it proposes, and dismissing one.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::form::Form;
use super::state::{AdminState, Frame, page, page_with};
use crate::detection::alerts::{AlertState, AlertView, FilterView, routes};
use crate::detection::finding::FindingKind;
use crate::domain::Choice;
use crate::http::problem::Problem;
use crate::moderation::{paging, reason};
use crate::web::admin::auth_guard::{ModeratorSession, PageResult, act, show, to};
use crate::web::admin::format;
use crate::web::admin::undo::number;
use crate::web::admin::vote_filter::VoteFilter;
use crate::web::kit::format::{counts, grouped, votes};

const PAGE: i64 = 50;

/// An alert as pages show it.
pub struct AlertRow {
    pub id: i64,
    pub tool: String,
    pub name: String,
    pub kind: &'static str,
    pub score: i32,
    pub votes: String,
    pub counts: String,
    pub networks: String,
    /// Percent.
    pub fresh: u32,
    pub usual: String,
    /// Empty where it is one alone.
    pub tools: String,
    /// Of the score, each 0 to 100.
    pub parts: [(&'static str, i32); 4],
    pub when: String,
    pub lasting: String,
    pub raised: String,
    /// The query of the preview of a reset; and of the window on the tool's page.
    pub filter: String,
    pub window: String,
    /// When and by whom; empty while it is open.
    pub dismissed: String,
    pub reason: String,
}

fn kind(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Burst => "A burst",
        FindingKind::Drip => "A slow drip",
        FindingKind::Network => "One network",
        FindingKind::AcrossTools => "One network on several tools",
    }
}

fn asked(filter: &FilterView) -> VoteFilter {
    VoteFilter {
        tool: filter.tool.to_string(),
        from: filter.from.to_string(),
        to: filter.to.to_string(),
        voter: String::new(),
        network: filter.network.clone().unwrap_or_default(),
        choice: filter.choice.map_or("", Choice::as_str).to_owned(),
    }
}

impl AlertRow {
    fn of(state: &AdminState, alert: &AlertView) -> Self {
        let AlertView {
            numbers, filter, ..
        } = alert;
        let asked = asked(filter);
        let window = VoteFilter {
            tool: String::new(),
            from: format::field(filter.from),
            // To the second, so one more.
            to: format::field(filter.to.plus_seconds(1)),
            ..VoteFilter::default()
        };
        let dismissed = alert.dismissed_at.map(|at| {
            let by = alert.dismissed_by.as_deref().unwrap_or("somebody");
            format!("{} by {by}", format::time(at))
        });
        let is_open = alert.state == AlertState::Open;
        Self {
            id: alert.id,
            tool: alert.tool.to_string(),
            name: state.name(alert.tool.as_str()),
            kind: kind(alert.kind),
            score: alert.score,
            votes: votes(i64::from(numbers.votes)),
            counts: counts(i64::from(numbers.ship), i64::from(numbers.skip)),
            networks: grouped(i64::from(numbers.networks)),
            fresh: 100 * numbers.fresh_tokens / numbers.votes.max(1),
            usual: votes(i64::from(numbers.usual)),
            tools: if numbers.tools > 1 {
                grouped(i64::from(numbers.tools))
            } else {
                String::new()
            },
            parts: [
                ("burst", numbers.parts.burst),
                ("concentration", numbers.parts.concentration),
                ("new visitors", numbers.parts.freshness),
                ("one side", numbers.parts.one_sidedness),
            ],
            when: format::time(alert.first_seen),
            lasting: format::lasting(alert.last_seen.seconds() - alert.first_seen.seconds()),
            raised: format::time(alert.raised_at),
            filter: asked.query(),
            window: window.query(),
            dismissed: dismissed.filter(|_| !is_open).unwrap_or_default(),
            reason: alert.dismiss_reason.clone().unwrap_or_default(),
        }
    }
}

#[derive(Template)]
#[template(path = "desk/alerts.html")]
struct AlertsPage {
    frame: Frame,
    open: bool,
    alerts: Vec<AlertRow>,
    next: Option<String>,
}

/// The open alerts, or those that were dismissed.
pub async fn get_alerts(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |desk| {
        let query = http.query_string();
        let before = paging::before(query)?;
        let wanted = match Form::of(query).get("state") {
            None => AlertState::Open,
            Some(_) => routes::state(query)?.unwrap_or(AlertState::Open),
        };
        let found = state
            .moderation
            .alerts(None, Some(wanted), before, PAGE)
            .await?;
        page(&AlertsPage {
            frame: desk.frame("alerts", "Alerts"),
            open: wanted == AlertState::Open,
            alerts: found
                .items
                .iter()
                .map(|alert| AlertRow::of(&state, alert))
                .collect(),
            next: found.next,
        })
    })
    .await
}

#[derive(Template)]
#[template(path = "desk/dismiss.html")]
struct DismissPage {
    frame: Frame,
    alert: AlertRow,
    reason: String,
    refused: String,
}

async fn preview(
    desk: &ModeratorSession,
    id: i64,
    form: &Form,
    refused: Option<&Problem>,
) -> PageResult {
    let alert = desk.state.moderation.find_alert(id).await?;
    if alert.state == AlertState::Dismissed {
        return Err(Problem::conflict("This alert was dismissed before."));
    }
    let status = refused.map_or(200, |problem| problem.code.status());
    page_with(
        StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
        &DismissPage {
            frame: desk.frame("alerts", "Dismiss an alert"),
            alert: AlertRow::of(&desk.state, &alert),
            reason: form.text("reason"),
            refused: refused.map_or_else(String::new, |problem| problem.detail().to_owned()),
        },
    )
}

/// An alert, and what dismissing it does.
pub async fn get_dismiss(
    http: HttpRequest,
    id: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    show(&http, &state, async |desk| {
        preview(desk, number(&id)?, &Form::of(""), None).await
    })
    .await
}

/// Dismisses an alert.
pub async fn post_dismiss(
    http: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    act(&http, payload, &state, async |desk, form| {
        let id = number(&id)?;
        let why = match reason(&form.text("reason")) {
            Ok(why) => why,
            Err(problem) => return preview(desk, id, form, Some(&problem)).await,
        };
        state
            .moderation
            .dismiss(id, &why, &desk.actor(), desk.now)
            .await?;
        Ok(to("/moderation/alerts"))
    })
    .await
}
