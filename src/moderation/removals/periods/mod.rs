//! Excluded periods: spans whose votes leave the tally and stay in the chart, those that are still to be cast among them.
//!
//! `routes` and the dashboard call it.

pub mod routes;

use crate::domain::{Actor, Slug, Timestamp};
use crate::http::problem::Problem;
use crate::moderation::Moderation;
use crate::moderation::paging::Page;
use crate::moderation::removals::prepare::RemovalRequest;
use crate::moderation::removals::removal::{Criteria, Removal, RemovalKind};
use crate::moderation::removals::resets::{ResetRequest, Undone};
use crate::moderation::removals::store::{self, Listing};
use crate::moderation::selection::{AnyOf, VoteSelection};

/// A span to exclude.
#[derive(Debug, Clone)]
pub struct Span {
    pub tool: Slug,
    pub from: Timestamp,
    /// May lie in the future.
    pub to: Timestamp,
    pub reason: String,
}

impl Span {
    fn selection(&self) -> VoteSelection {
        VoteSelection {
            tool: self.tool.clone(),
            from: Some(self.from),
            to: Some(self.to),
            voters: AnyOf::default(),
            networks: AnyOf::default(),
            choice: None,
        }
    }
}

impl Moderation {
    /// What excluding a span would do at this moment: the preview of a reset of the same votes.
    ///
    /// # Errors
    /// 404 for an unknown tool, 422, 503.
    pub async fn preview_period(
        &self,
        span: &Span,
        now: Timestamp,
    ) -> Result<crate::moderation::removals::resets::ResetReport, Problem> {
        let wanted = ResetRequest {
            votes: span.selection(),
            reason: span.reason.clone(),
            plan: None,
            ban: None,
        };
        self.preview(&wanted, now).await
    }

    /// Excludes a span.
    ///
    /// # Errors
    /// 404 for an unknown tool, 422 where the span ends before it begins, 503.
    pub async fn exclude(
        &self,
        span: &Span,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Removal, Problem> {
        let tool = self.tool(span.tool.as_str())?.id;
        if span.from >= span.to {
            return Err(Problem::invalid("to: expected a time after `from`."));
        }
        let order = RemovalRequest {
            kind: RemovalKind::Period,
            into: None,
            slug: &span.tool,
            criteria: Criteria::of(&span.selection(), tool, now)?,
            reason: &span.reason,
            actor,
            plan: None,
            ban: None,
            now,
        };
        let (id, ..) = self.carry_out(order).await?;
        self.find_period(id).await
    }

    /// Lets a period's votes count again, but for those that another period covers.
    ///
    /// # Errors
    /// 404 where there is no such period, or no more, 503.
    pub async fn include(
        &self,
        id: i64,
        reason: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Undone, Problem> {
        let removal = self.find_period(id).await?;
        if removal.undone {
            return Err(Problem::not_found("This period is already deleted."));
        }
        let turned = self.give_back(&removal, reason, actor, now).await?;
        Ok(Undone {
            id,
            tool: removal.slug,
            restored: turned.marked.votes(),
            before: crate::moderation::removals::removal::raw(&turned.before),
            after: crate::moderation::removals::removal::raw(&turned.after),
            undone: true,
            undone_at: now,
        })
    }

    /// One period, deleted or not.
    ///
    /// # Errors
    /// 404 for no such period, 503.
    pub async fn find_period(&self, id: i64) -> Result<Removal, Problem> {
        self.look(move |conn| store::find(conn, id, RemovalKind::Period))
            .await?
            .ok_or_else(|| Problem::not_found("There is no such period."))
    }

    /// Periods of one tool or of all, newest first; with `deleted` those that were deleted too.
    pub async fn periods(
        &self,
        tool: Option<i32>,
        deleted: bool,
        before: i64,
        limit: i64,
    ) -> Result<Page<Removal>, Problem> {
        let listing = Listing {
            tool,
            kind: Some(RemovalKind::Period),
            undone: deleted,
        };
        self.list(listing, before, limit).await
    }
}
