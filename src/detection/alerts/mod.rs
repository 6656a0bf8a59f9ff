//! Alerts: what the detector raised, listed and dismissed by moderators. It proposes: no vote is moved here.
//!
//! `routes` and the dashboard call it; `detector` keeps its findings by [`store`], and `webhooks` posts them.

pub mod routes;
pub mod store;

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::abuse::alerted_tools::raise_version;
use crate::auth::audit::{self, AuditAction};
use crate::detection::finding::{Finding, FindingKind};
use crate::domain::{Actor, Choice, NetworkHash, Slug, Timestamp};
use crate::http::problem::Problem;
use crate::infra::db::write_transaction;
use crate::moderation::Moderation;
use crate::moderation::paging::Page;
use crate::moderation::review::store as held_store;

/// Whether somebody has looked at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AlertState)]
pub enum AlertState {
    Open,
    Dismissed,
}

impl AlertState {
    /// As kept in the database.
    pub fn code(self) -> i16 {
        match self {
            Self::Open => 0,
            Self::Dismissed => 1,
        }
    }
}

/// An alert as it is kept.
#[derive(Debug, Clone)]
pub struct Alert {
    pub id: i64,
    pub slug: Slug,
    pub state: AlertState,
    pub finding: Finding,
    pub raised_at: Timestamp,
    pub updated_at: Timestamp,
    pub dismissed_at: Option<Timestamp>,
    pub dismissed_by: Option<String>,
    pub dismiss_reason: Option<String>,
}

/// The votes that an alert means: what `POST /v1/moderation/resets` takes, but for the reason, which is a person's.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertFilter)]
pub struct FilterView {
    pub tool: Slug,
    pub from: Timestamp,
    pub to: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<Choice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
}

/// The numbers behind the suspicion; of the votes that the filter means, as far as the detector saw them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertNumbers)]
pub struct NumbersView {
    pub votes: u32,
    pub ship: u32,
    pub skip: u32,
    pub networks: u32,
    /// By tokens that were minutes old.
    pub fresh_tokens: u32,
    /// Votes that the tool usually has in the same time.
    pub usual: u32,
    /// Tools on which the same is seen.
    pub tools: u32,
    /// What the score is made of, each 0 to 100.
    pub parts: crate::detection::rule::ScorePartsView,
}

/// An alert as the API answers it, and as a webhook is told of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alert)]
pub struct AlertView {
    pub id: i64,
    pub tool: Slug,
    pub kind: FindingKind,
    pub state: AlertState,
    /// 0 to 100: how far it is from what people look like there.
    pub score: i32,
    pub numbers: NumbersView,
    /// Of the votes that it means.
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    pub raised_at: Timestamp,
    pub filter: FilterView,
    #[schema(required)]
    pub dismissed_at: Option<Timestamp>,
    #[schema(required)]
    pub dismissed_by: Option<String>,
    #[schema(required)]
    pub dismiss_reason: Option<String>,
}

impl From<Alert> for AlertView {
    fn from(alert: Alert) -> Self {
        let Finding {
            kind,
            filter,
            score,
            parts,
            numbers,
            ..
        } = alert.finding;
        Self {
            id: alert.id,
            tool: alert.slug.clone(),
            kind,
            state: alert.state,
            score,
            numbers: NumbersView {
                votes: numbers.votes,
                ship: numbers.ship,
                skip: numbers.votes.saturating_sub(numbers.ship),
                networks: numbers.networks,
                fresh_tokens: numbers.fresh,
                usual: numbers.usual,
                tools: numbers.tools,
                parts,
            },
            first_seen: Timestamp(filter.from),
            last_seen: Timestamp(filter.to),
            raised_at: alert.raised_at,
            filter: FilterView {
                tool: alert.slug,
                from: Timestamp(filter.from),
                to: Timestamp(filter.to),
                choice: filter.choice,
                network: filter.network.map(NetworkHash::text),
            },
            dismissed_at: alert.dismissed_at,
            dismissed_by: alert.dismissed_by,
            dismiss_reason: alert.dismiss_reason,
        }
    }
}

/// What waits for a moderator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Inbox {
    pub alerts: i64,
    pub held: i64,
}

impl Moderation {
    /// What waits for a moderator: how many alerts are open, and how many votes are held.
    pub async fn inbox(&self) -> Result<Inbox, Problem> {
        self.look(|conn| {
            Ok(Inbox {
                alerts: store::count_open(conn)?,
                held: held_store::count(conn)?,
            })
        })
        .await
    }

    /// Alerts, newest first; of one tool or in one state only, where that is asked for.
    pub async fn alerts(
        &self,
        tool: Option<i32>,
        state: Option<AlertState>,
        before: i64,
        limit: i64,
    ) -> Result<Page<AlertView>, Problem> {
        let found = self
            .look(move |conn| store::newest(conn, tool, state, before, limit + 1))
            .await?;
        Ok(Page::cut(found, limit, |alert| alert.id.to_string()).map(AlertView::from))
    }

    /// One alert.
    ///
    /// # Errors
    /// 404 for no such alert, 503.
    pub async fn find_alert(&self, id: i64) -> Result<AlertView, Problem> {
        let found = self.look(move |conn| store::find(conn, id)).await?;
        found.map(AlertView::from).ok_or_else(unknown)
    }

    /// Says that alerts need no more looking at, all of them or none. One comes back by itself only if the same thing grows
    /// to twice what it was.
    ///
    /// # Errors
    /// 404 for no such alert, 409 where it was dismissed before, 503.
    pub async fn dismiss(
        &self,
        ids: &[i64],
        reason: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<AlertView>, Problem> {
        let (ids, actor, reason) = (ids.to_vec(), actor.clone(), reason.to_owned());
        let alerts = self
            .step(move |conn| {
                write_transaction(conn, |conn| {
                    // Its lock orders two moderators who dismiss at once, and the detector.
                    raise_version(conn)?;
                    let mut alerts = Vec::new();
                    for id in &ids {
                        match store::find(conn, *id)? {
                            None => return Ok(Err(unknown())),
                            Some(alert) if alert.state == AlertState::Dismissed => {
                                return Ok(Err(Problem::conflict(
                                    "This alert is already dismissed.",
                                )));
                            }
                            Some(alert) => alerts.push(alert),
                        }
                    }
                    for alert in &alerts {
                        store::dismiss(conn, alert, &actor.name, &reason, now)?;
                    }
                    for alert in &alerts {
                        audit::append(conn, &actor, &dismissal(alert, &reason), now)?;
                    }
                    let mut after = Vec::new();
                    for id in &ids {
                        after.extend(store::find(conn, *id)?);
                    }
                    Ok(Ok(after))
                })
            })
            .await?;
        Ok(alerts.into_iter().map(AlertView::from).collect())
    }
}

/// What the audit chain says of a dismissal.
fn dismissal(alert: &Alert, reason: &str) -> AuditAction {
    AuditAction {
        act: "alert.dismiss",
        subject: alert.id.to_string(),
        reason: reason.to_owned(),
        before: json!({
            "tool": alert.slug,
            "kind": alert.finding.kind,
            "score": alert.finding.score,
            "votes": alert.finding.numbers.votes,
        }),
        after: json!({ "state": AlertState::Dismissed }),
    }
}

fn unknown() -> Problem {
    Problem::not_found("There is no such alert.")
}
