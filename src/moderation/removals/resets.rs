//! Resets: votes taken out by criteria, previewed first, and put back.
//!
//! `routes` and the dashboard call it.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::plan::Plan;
use super::prepare::RemovalRequest;
use super::removal::{Criteria, Removal, RemovalKind, raw};
use super::scan::Matches;
use super::store::Listing;
use crate::domain::{Actor, Slug, Timestamp};
use crate::http::problem::Problem;
use crate::moderation::Moderation;
use crate::moderation::insights::ModeratedVoteView;
use crate::moderation::paging::Page;
use crate::moderation::selection::VoteSelection;
use crate::tallies::TallyRow;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct ResetRequest {
    pub votes: VoteSelection,
    pub reason: String,
    /// As a preview gave it: the matches must still be those.
    pub plan: Option<Plan>,
    pub ban: Option<WithBan>,
}

/// The matched voters are banned along with the reset.
#[derive(Debug, Clone, Copy)]
pub struct WithBan {
    /// `None`: for ever, or until the reset is undone.
    pub expires_at: Option<Timestamp>,
}

/// A preview, or a reset that was carried out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ResetReport)]
pub struct ResetReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    pub tool: Slug,
    pub matched: i64,
    pub ship: i64,
    pub skip: i64,
    pub networks: i64,
    /// Tallies.
    #[schema(value_type = Option<crate::tallies::Tally<'_>>)]
    pub before: Option<Box<RawValue>>,
    #[schema(value_type = Option<crate::tallies::Tally<'_>>)]
    pub after: Option<Box<RawValue>>,
    /// The newest of the matched votes.
    pub sample: Vec<ModeratedVoteView>,
    pub from: Option<Timestamp>,
    pub to: Timestamp,
    pub plan: String,
}

/// What an undo came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Undone {
    pub id: i64,
    pub tool: Slug,
    /// Votes that count again.
    pub restored: i64,
    #[schema(value_type = Option<crate::tallies::Tally<'_>>)]
    pub before: Option<Box<RawValue>>,
    #[schema(value_type = Option<crate::tallies::Tally<'_>>)]
    pub after: Option<Box<RawValue>>,
    pub undone: bool,
    pub undone_at: Timestamp,
}

/// What is answered where a plan does not hold any more.
pub(crate) fn changed() -> Problem {
    Problem::conflict("The matching votes have changed since this plan was made; preview again.")
}

impl Moderation {
    /// The criteria that `wanted` spells, with the window's end fixed.
    fn criteria(&self, wanted: &ResetRequest, now: Timestamp) -> Result<Criteria, Problem> {
        let tool = self.tool(wanted.votes.tool.as_str())?.id;
        let planned = wanted.plan.as_ref().map(|plan| plan.to);
        if let (Some(to), Some(planned)) = (wanted.votes.to, planned)
            && to != planned
        {
            return Err(changed());
        }
        Criteria::of(&wanted.votes, tool, planned.unwrap_or(now))
    }

    /// What a reset would do, at this moment; nothing is changed.
    ///
    /// # Errors
    /// 404 for an unknown tool, 409 where a plan is named that does not hold, 422, 503.
    pub async fn preview(
        &self,
        wanted: &ResetRequest,
        now: Timestamp,
    ) -> Result<ResetReport, Problem> {
        let criteria = self.criteria(wanted, now)?;
        let matches = self.scan(&criteria, None).await?;
        let hash = matches.hash();
        if wanted.plan.as_ref().is_some_and(|plan| plan.hash != hash) {
            return Err(changed());
        }
        let tool = criteria.tool;
        let before = self
            .look(move |conn| crate::tallies::store::find(conn, tool))
            .await?
            .ok_or_else(|| Problem::unknown_tool(wanted.votes.tool.as_str()))?;
        let mut after = before;
        after.set_aside(matches.marked.ship, matches.marked.skip, now);
        let shown = |row: &TallyRow| {
            let tally = self.board.tally(&wanted.votes.tool, row);
            raw(&serde_json::to_string(&tally).unwrap_or_default())
        };
        Ok(Self::report(
            wanted,
            &criteria,
            &matches,
            None,
            (shown(&before), shown(&after)),
        ))
    }

    /// Carries a reset out. One that matches nothing is recorded too.
    ///
    /// # Errors
    /// As [`Moderation::preview`].
    pub async fn reset(
        &self,
        wanted: &ResetRequest,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<ResetReport, Problem> {
        let criteria = self.criteria(wanted, now)?;
        let order = RemovalRequest {
            kind: RemovalKind::Reset,
            into: None,
            slug: &wanted.votes.tool,
            criteria: criteria.clone(),
            reason: &wanted.reason,
            actor,
            plan: wanted.plan.as_ref().map(|plan| plan.hash.as_str()),
            ban: wanted.ban,
            now,
        };
        let (id, turned, mut matches) = self.carry_out(order).await?;
        let shown = (raw(&turned.before), raw(&turned.after));
        matches.marked = turned.marked;
        Ok(Self::report(wanted, &criteria, &matches, Some(id), shown))
    }

    fn report(
        wanted: &ResetRequest,
        criteria: &Criteria,
        matches: &Matches,
        id: Option<i64>,
        (before, after): (Option<Box<RawValue>>, Option<Box<RawValue>>),
    ) -> ResetReport {
        let marked = &matches.marked;
        // Carried out, its votes count no more.
        let counted = id.is_none();
        let sample = matches.sample.iter();
        ResetReport {
            id,
            tool: wanted.votes.tool.clone(),
            matched: marked.votes(),
            ship: marked.ship,
            skip: marked.skip,
            networks: marked.networks,
            before,
            after,
            sample: sample
                .map(|vote| ModeratedVoteView::new(&wanted.votes.tool, vote, counted))
                .collect(),
            from: criteria.from,
            to: criteria.to,
            plan: Plan::text(criteria.to, &matches.hash()),
        }
    }

    /// Puts back every vote of a reset that its voter has not cast again or withdrawn since, and lifts its bans; takes back a merge.
    ///
    /// # Errors
    /// 404 for no such reset, 409 where it was undone before, 503.
    pub async fn undo(
        &self,
        id: i64,
        reason: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Undone, Problem> {
        let removal = self.find_reset(id).await?;
        if removal.undone {
            return Err(Problem::conflict("This reset is already undone."));
        }
        let turned = self.give_back(&removal, reason, actor, now).await?;
        if removal.kind == RemovalKind::Merge {
            self.end_merge(id).await;
        }
        Ok(Undone {
            id,
            tool: removal.slug,
            restored: turned.marked.votes(),
            before: raw(&turned.before),
            after: raw(&turned.after),
            undone: true,
            undone_at: now,
        })
    }

    /// One reset.
    ///
    /// # Errors
    /// 404 for no such reset, 503.
    pub async fn find_reset(&self, id: i64) -> Result<Removal, Problem> {
        self.look(move |conn| super::store::find(conn, id, RemovalKind::Reset))
            .await?
            .ok_or_else(|| Problem::not_found("There is no such reset."))
    }

    /// Resets and merges of one tool or of all, newest first, undone ones among them.
    pub async fn resets(
        &self,
        tool: Option<i32>,
        before: i64,
        limit: i64,
    ) -> Result<Page<Removal>, Problem> {
        let listing = Listing {
            tool,
            kind: Some(RemovalKind::Reset),
            undone: true,
        };
        self.list(listing, before, limit).await
    }

    /// Resets, periods and merges, newest first, undone ones among them: for the public log.
    pub async fn log(&self, before: i64, limit: i64) -> Result<Page<Removal>, Problem> {
        let listing = Listing {
            tool: None,
            kind: None,
            undone: true,
        };
        self.list(listing, before, limit).await
    }

    pub(crate) async fn list(
        &self,
        listing: Listing,
        before: i64,
        limit: i64,
    ) -> Result<Page<Removal>, Problem> {
        let found = self
            .look(move |conn| super::store::newest(conn, listing, before, limit + 1))
            .await?;
        Ok(Page::cut(found, limit, |removal| removal.id.to_string()))
    }
}
