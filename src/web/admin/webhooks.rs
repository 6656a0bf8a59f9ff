//! Webhooks: what was sent to each endpoint and what waits, endpoints that fail, and sending a delivery again.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::confirm::{ConfirmPage, number};
use super::form::Form;
use super::state::{AdminState, Frame, page};
use crate::http::problem::Problem;
use crate::moderation::{paging, reason};
use crate::web::admin::auth_guard::{ModeratorSession, PageResult, act, show, to};
use crate::web::admin::format::{self, Time};
use crate::webhooks::{Delivery, DeliveryState};

const PAGE: i64 = 50;

struct DeliveryRow {
    id: i64,
    endpoint: String,
    event: String,
    tool: String,
    summary: String,
    state: &'static str,
    attempts: i32,
    made: Time,
    /// When it is tried next; `None` if it is not.
    next: Option<Time>,
    failure: String,
}

impl From<Delivery> for DeliveryRow {
    fn from(delivery: Delivery) -> Self {
        let is_pending = delivery.state == DeliveryState::Pending;
        Self {
            id: delivery.id,
            endpoint: delivery.endpoint,
            event: delivery.event,
            tool: delivery.tool.to_string(),
            summary: delivery.summary,
            state: delivery.state.as_str(),
            attempts: delivery.attempts,
            made: Time(delivery.created_at),
            next: is_pending.then_some(Time(delivery.next_at)),
            failure: delivery.failure.unwrap_or_default(),
        }
    }
}

/// An endpoint that fails.
struct FailingRow {
    endpoint: String,
    since: Time,
    disabled_at: Option<Time>,
}

#[derive(Template)]
#[template(path = "admin/webhooks.html")]
struct WebhooksPage {
    frame: Frame,
    failing: Vec<FailingRow>,
    deliveries: Vec<DeliveryRow>,
    next: Option<String>,
}

pub async fn get_webhooks(http: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    show(&http, &state, async |session| {
        let before = paging::before(http.query_string())?;
        let failing = state.moderation.failing_endpoints().await?;
        let found = state.moderation.deliveries(before, PAGE).await?;
        let found = found.map(DeliveryRow::from);
        page(&WebhooksPage {
            frame: session.frame("webhooks", "Webhooks"),
            failing: failing
                .into_iter()
                .map(|failing| FailingRow {
                    endpoint: failing.endpoint,
                    since: Time(failing.since),
                    disabled_at: failing.disabled_at.map(Time),
                })
                .collect(),
            deliveries: found.items,
            next: found.next,
        })
    })
    .await
}

async fn preview(
    session: &ModeratorSession,
    id: i64,
    form: &Form,
    refused: Option<&Problem>,
) -> PageResult {
    let delivery = session.state.moderation.find_delivery(id).await?;
    let heading = "Send a delivery again".to_owned();
    ConfirmPage {
        frame: session.frame("webhooks", &heading),
        back: ("/moderation/webhooks".to_owned(), "Webhooks".to_owned()),
        heading,
        lead: format!(
            "Nothing has been sent. The delivery is {}.",
            delivery.state.as_str()
        ),
        errors: refused.into(),
        matched: String::new(),
        effect: "The same message is sent at once".to_owned(),
        notes: vec![
            "It has the same webhook-id, so an endpoint that took it already can tell.".to_owned(),
            "An endpoint that is disabled is enabled.".to_owned(),
        ],
        facts: vec![
            ("Endpoint", delivery.endpoint),
            ("Event", delivery.event),
            ("What happened", delivery.summary),
            ("Made", format::time(delivery.created_at)),
            ("webhook-id", delivery.event_id),
        ],
        change: None,
        action: format!("/moderation/webhooks/{id}/send"),
        hidden: Vec::new(),
        reason: form.text("reason"),
        button: "Send it again".to_owned(),
    }
    .show()
}

/// A delivery, and what sending it again does.
pub async fn get_send(
    http: HttpRequest,
    id: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    show(&http, &state, async |session| {
        preview(session, number(&id)?, &Form::of(http.query_string()), None).await
    })
    .await
}

/// Sends a delivery again.
pub async fn post_send(
    http: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<AdminState>,
) -> HttpResponse {
    act(&http, payload, &state, async |session, form| {
        let id = number(&id)?;
        let why = match reason(&form.text("reason")) {
            Ok(why) => why,
            Err(problem) => return preview(session, id, form, Some(&problem)).await,
        };
        state
            .moderation
            .send_again(id, &why, &session.actor(), session.now)
            .await?;
        Ok(to("/moderation/webhooks"))
    })
    .await
}
