//! Alerts: what the detector raised, each with a way into the preview of the reset that it proposes, and dismissing one.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::confirm::{ConfirmPage, TICKED, hidden, numbers};
use super::form::Form;
use super::state::{AdminState, Frame, page};
use crate::detection::alerts::{AlertState, AlertView, FilterView, routes};
use crate::detection::finding::FindingKind;
use crate::domain::{Choice, Timestamp};
use crate::http::problem::Problem;
use crate::moderation::{paging, reason};
use crate::web::admin::auth_guard::{ModeratorSession, PageResult, act, show, to};
use crate::web::admin::format::{self, Time};
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
    pub when: Time,
    pub lasting: String,
    pub raised: Time,
    /// How long ago that was.
    pub age: String,
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
    pub fn of(state: &AdminState, alert: &AlertView) -> Self {
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
                ("shared networks", numbers.parts.concentration),
                ("age of tokens", numbers.parts.freshness),
                ("one side", numbers.parts.one_sidedness),
            ],
            when: Time(alert.first_seen),
            lasting: format::lasting(alert.last_seen.seconds() - alert.first_seen.seconds()),
            age: format::lasting(Timestamp::now().seconds() - alert.raised_at.seconds()),
            raised: Time(alert.raised_at),
            filter: asked.query(),
            window: window.query(),
            dismissed: dismissed.filter(|_| !is_open).unwrap_or_default(),
            reason: alert.dismiss_reason.clone().unwrap_or_default(),
        }
    }
}

#[derive(Template)]
#[template(path = "admin/alerts.html")]
struct AlertsPage {
    frame: Frame,
    open: bool,
    /// Every row is ticked at first.
    ticked: bool,
    alerts: Vec<AlertRow>,
    next: Option<String>,
}

/// The open alerts, or those that were dismissed.
pub async fn get_alerts(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |session| {
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
            frame: session.frame("alerts", "Alerts"),
            open: wanted == AlertState::Open,
            ticked: Form::of(query).get("ticked").is_some(),
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

/// The alerts that are named, all of them open.
async fn open_alerts(session: &ModeratorSession, ids: &[i64]) -> Result<Vec<AlertView>, Problem> {
    let mut alerts = Vec::new();
    for id in ids {
        let alert = session.state.moderation.find_alert(*id).await?;
        if alert.state == AlertState::Dismissed {
            return Err(Problem::conflict("This alert is already dismissed."));
        }
        alerts.push(alert);
    }
    Ok(alerts)
}

async fn preview(
    session: &ModeratorSession,
    place: &str,
    form: &Form,
    refused: Option<&Problem>,
) -> PageResult {
    let ids = numbers(place, form)?;
    let alerts = open_alerts(session, &ids).await?;
    let rows = alerts
        .iter()
        .map(|alert| AlertRow::of(&session.state, alert));
    let (heading, button) = match alerts.len() {
        1 => (
            "Dismiss an alert".to_owned(),
            "Dismiss the alert".to_owned(),
        ),
        some => (
            format!("Dismiss {some} alerts"),
            format!("Dismiss {some} alerts"),
        ),
    };
    ConfirmPage {
        frame: session.frame("alerts", &heading),
        back: ("/moderation/alerts".to_owned(), "Alerts".to_owned()),
        heading,
        lead: "Nothing has been changed. Dismissed, an alert comes back only if the same thing grows to twice what it \
               is now."
            .to_owned(),
        errors: refused.into(),
        matched: String::new(),
        effect: "No vote changes".to_owned(),
        notes: Vec::new(),
        facts: rows
            .map(|row| {
                let what = format!("on {}: {}, from {}", row.name, row.votes, row.when.text());
                (row.kind, what)
            })
            .collect(),
        change: None,
        action: format!("/moderation/alerts/{place}/dismiss"),
        hidden: hidden(place, &ids),
        reason: form.text("reason"),
        button,
    }
    .show()
}

/// Alerts, and what dismissing them does.
pub async fn get_dismiss(
    http: HttpRequest,
    id: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    show(&http, &state, async |session| {
        preview(session, &id, &Form::of(http.query_string()), None).await
    })
    .await
}

/// Dismisses alerts.
pub async fn post_dismiss(
    http: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    act(&http, payload, &state, async |session, form| {
        let ids = numbers(&id, form)?;
        let why = match reason(&form.text("reason")) {
            Ok(why) => why,
            Err(problem) => return preview(session, &id, form, Some(&problem)).await,
        };
        state
            .moderation
            .dismiss(&ids, &why, &session.actor(), session.now)
            .await?;
        Ok(to("/moderation/alerts"))
    })
    .await
}

/// One reset for the alerts that were ticked: to its preview.
pub async fn get_reset(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |_session| {
        let ids = numbers(TICKED, &Form::of(http.query_string()))?;
        let mut filters = Vec::new();
        for id in ids {
            filters.push(state.moderation.find_alert(id).await?.filter);
        }
        let joined = joined(&filters)?;
        Ok(to(&format!("/moderation/reset?{}", joined.query())))
    })
    .await
}

/// The votes of several alerts as one filter: of one tool, and either one alert or networks of which each has its own.
fn joined(filters: &[FilterView]) -> Result<VoteFilter, Problem> {
    let [first, rest @ ..] = filters else {
        return Err(Problem::invalid("id: tick at least one alert."));
    };
    if rest.iter().any(|filter| filter.tool != first.tool) {
        return Err(Problem::invalid(
            "id: a reset covers one tool. Tick alerts of one tool only.",
        ));
    }
    if !rest.is_empty() && filters.iter().any(|filter| filter.network.is_none()) {
        return Err(Problem::invalid(
            "id: tick network alerts together, and any other alert alone: a reset has one time window.",
        ));
    }
    let networks: Vec<&str> = filters
        .iter()
        .filter_map(|filter| filter.network.as_deref())
        .collect();
    let one_side = filters.iter().all(|filter| filter.choice == first.choice);
    Ok(VoteFilter {
        tool: first.tool.to_string(),
        from: filters
            .iter()
            .map(|filter| filter.from)
            .min()
            .map_or_else(String::new, |from| from.to_string()),
        to: filters
            .iter()
            .map(|filter| filter.to)
            .max()
            .map_or_else(String::new, |to| to.to_string()),
        voter: String::new(),
        network: networks.join(", "),
        choice: first
            .choice
            .filter(|_| one_side)
            .map_or("", Choice::as_str)
            .to_owned(),
    })
}
