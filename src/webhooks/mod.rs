//! Webhooks: what happens to tools and tallies, posted to the endpoints of the settings, signed, at least once.
//!
//! `server` starts [`worker`]; the dashboard lists deliveries and sends one again. Events are derived from what is shown and kept
//! anyhow: tallies in memory, the audit chain, alerts. Nothing here is in the path of a vote. docs/webhooks.md is for operators.

mod address;
mod backoff;
mod collect;
mod event;
mod message;
mod post;
mod signature;
pub mod store;
pub mod worker;

use serde_json::json;

use self::store::FailingEndpoint;
use crate::auth::audit::{self, AuditAction};
use crate::domain::{Actor, Slug, Timestamp};
use crate::http::problem::Problem;
use crate::infra::db::write_transaction;
use crate::moderation::Moderation;
use crate::moderation::paging::Page;

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    Pending,
    Delivered,
    GivenUp,
}

impl DeliveryState {
    /// As kept in the database.
    fn code(self) -> i16 {
        match self {
            Self::Pending => 0,
            Self::Delivered => 1,
            Self::GivenUp => 2,
        }
    }

    fn from_code(code: i16) -> Self {
        match code {
            0 => Self::Pending,
            1 => Self::Delivered,
            _ => Self::GivenUp,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::GivenUp => "given up",
        }
    }
}

/// An event for an endpoint, as moderators see it.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub id: i64,
    pub endpoint: String,
    pub event_id: String,
    pub event: String,
    pub tool: Slug,
    pub summary: String,
    pub state: DeliveryState,
    pub attempts: i32,
    pub created_at: Timestamp,
    pub next_at: Timestamp,
    /// Why the last attempt failed.
    pub failure: Option<String>,
}

impl Moderation {
    /// Deliveries, newest first.
    pub async fn deliveries(&self, before: i64, limit: i64) -> Result<Page<Delivery>, Problem> {
        let query = move |conn: &mut _| store::newest(conn, before, limit + 1);
        let found = self.look(query).await?;
        Ok(Page::cut(found, limit, |delivery| delivery.id.to_string()))
    }

    /// Endpoints that fail, and those that are disabled for it.
    pub async fn failing_endpoints(&self) -> Result<Vec<FailingEndpoint>, Problem> {
        self.look(store::failing).await
    }

    /// One delivery.
    ///
    /// # Errors
    /// 404 for no such delivery, 503.
    pub async fn find_delivery(&self, id: i64) -> Result<Delivery, Problem> {
        let found = self.look(move |conn| store::find(conn, id)).await?;
        found.ok_or_else(unknown)
    }

    /// Sends a delivery again under the same id, whatever became of it. An endpoint that is disabled is enabled by it.
    ///
    /// # Errors
    /// 404 for no such delivery, 503.
    pub async fn send_again(
        &self,
        id: i64,
        reason: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let (actor, reason) = (actor.clone(), reason.to_owned());
        self.step(move |conn| {
            write_transaction(conn, |conn| {
                let Some(delivery) = store::find(conn, id)? else {
                    return Ok(Err(unknown()));
                };
                store::send_again(conn, id, now)?;
                store::enable(conn, &delivery.endpoint)?;
                let act = AuditAction {
                    act: "webhook.resend",
                    subject: delivery.event_id,
                    reason,
                    before: json!({ "state": delivery.state.as_str() }),
                    after: json!({ "tool": delivery.tool, "endpoint": delivery.endpoint }),
                };
                audit::append(conn, &actor, &act, now)?;
                Ok(Ok(()))
            })
        })
        .await
    }
}

fn unknown() -> Problem {
    Problem::not_found("There is no such delivery.")
}
