//! Merges: a tool's votes leave it as with a reset, and its voters' votes go to another tool. The undo takes both back.
//!
//! `routes` and the dashboard call it. The flip takes all votes out of the tool, archives it, and has its addresses lead to the
//! target; then the target gets the votes, in steps that votes pass between. Until the last step a vote counts on neither, and while an
//! undo goes on it may count on both; each tally is the sum of its tool's votes throughout. [`run`] goes on with what an ended
//! server left.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::carry::{self, MovedVote};
use super::plan::Plan;
use super::prepare::RemovalRequest;
use super::removal::{Criteria, NO_END, RemovalKind, raw};
use super::scan::{self, Matches};
use super::store::merges as steps;
use crate::catalog::store as catalog;
use crate::domain::{Actor, Slug, Timestamp};
use crate::http::problem::Problem;
use crate::moderation::Moderation;
use crate::moderation::insights::ModeratedVoteView;
use crate::moderation::selection::AnyOf;
use crate::tallies::TallyRow;
use crate::tallies::cache::TallyEntry;
use crate::tallies::store as tallies;
use crate::voting::apply::Key;
use crate::voting::claims;
use crate::voting::exclusions;
use crate::voting::exclusions::merges;

/// Between two looks for merges that an ended server left.
const EVERY: Duration = Duration::from_secs(5);

/// What is asked for.
#[derive(Debug, Clone)]
pub struct MergeRequest {
    pub tool: Slug,
    pub into: Slug,
    pub reason: String,
    /// As a preview gave it: the tool's votes must still be those.
    pub plan: Option<Plan>,
}

/// A preview, or a merge that was carried out.
#[derive(Debug, Serialize, ToSchema)]
pub struct MergeReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    pub tool: Slug,
    pub into: Slug,
    /// Votes that leave the tool.
    pub matched: i64,
    pub ship: i64,
    pub skip: i64,
    pub networks: i64,
    /// Of them: by voters who had no vote on the target.
    pub added: i64,
    /// By voters whose vote on the target was older.
    pub changed: i64,
    /// By voters whose vote on the target stays: it is newer, or was taken out.
    pub kept: i64,
    /// The tool's tallies.
    #[schema(value_type = Option<crate::tallies::Tally<'_>>)]
    pub before: Option<Box<RawValue>>,
    #[schema(value_type = Option<crate::tallies::Tally<'_>>)]
    pub after: Option<Box<RawValue>>,
    /// The target's tallies.
    #[schema(value_type = Option<crate::tallies::Tally<'_>>)]
    pub into_before: Option<Box<RawValue>>,
    #[schema(value_type = Option<crate::tallies::Tally<'_>>)]
    pub into_after: Option<Box<RawValue>>,
    /// The newest of the tool's votes.
    pub sample: Vec<ModeratedVoteView>,
    pub plan: String,
}

/// What a merge does to its target.
struct OnTarget {
    added: i64,
    changed: i64,
    before: TallyRow,
    after: TallyRow,
}

impl Moderation {
    /// The tool and the target.
    fn pair(&self, wanted: &MergeRequest) -> Result<[Arc<TallyEntry>; 2], Problem> {
        let tool = self.tool(wanted.tool.as_str())?;
        let into = self.tool(wanted.into.as_str())?;
        if tool.id == into.id {
            return Err(Problem::invalid("into: expected another tool."));
        }
        Ok([tool, into])
    }

    /// What a merge would do, at this moment; nothing is changed.
    ///
    /// # Errors
    /// 404 for an unknown tool, 409 if the plan does not hold or the tools cannot be merged, 422, 503.
    pub async fn preview_merge(
        &self,
        wanted: &MergeRequest,
        now: Timestamp,
    ) -> Result<MergeReport, Problem> {
        let [tool, into] = self.pair(wanted)?;
        self.refuse_unmergeable(tool.id, into.id).await?;
        let criteria = criteria(tool.id);
        let mut matches = self.scan(&criteria, None).await?;
        matches.add_target(into.id);
        let hash = matches.hash();
        if wanted.plan.as_ref().is_some_and(|plan| plan.hash != hash) {
            return Err(super::resets::changed());
        }
        let on_target = self.on_target(&criteria, into.id, now).await?;
        let before = tool.tally().row;
        let mut after = before;
        after.set_aside(matches.marked.ship, matches.marked.skip, now);
        let slugs = (tool.slug(), into.slug());
        let show = self.show(&slugs.0);
        let shown = (raw(&show(&before)), raw(&show(&after)));
        Ok(self.merge_report(slugs, None, (&matches, &on_target), shown, now))
    }

    async fn refuse_unmergeable(&self, tool: i32, into: i32) -> Result<(), Problem> {
        let refusal = self
            .look(move |conn| steps::refusal(conn, (tool, into)))
            .await?;
        refusal.map_or(Ok(()), |refusal| Err(Problem::conflict(refusal)))
    }

    /// Goes over the votes of the tool, and what each would be on the target.
    async fn on_target(
        &self,
        criteria: &Criteria,
        into: i32,
        now: Timestamp,
    ) -> Result<OnTarget, Problem> {
        let row = self
            .look(move |conn| tallies::find(conn, into))
            .await?
            .ok_or_else(Problem::internal)?;
        let mut on_target = OnTarget {
            added: 0,
            changed: 0,
            before: row,
            after: row,
        };
        let mut after = None;
        loop {
            let criteria = criteria.clone();
            let (changes, upto) = self
                .look(move |conn| {
                    let (page, upto) = scan::page(conn, &criteria, after)?;
                    let keys: BTreeSet<Key> = page.iter().map(|vote| (into, vote.voter)).collect();
                    let before = steps::present(conn, &keys)?;
                    let linked = claims::store::spent(conn, &keys)?;
                    let periods = exclusions::periods(conn, into)?;
                    let votes: Vec<MovedVote> = page.iter().map(MovedVote::from).collect();
                    let changes = carry::copied(&votes, into, &before, &linked, &periods);
                    Ok((changes, upto))
                })
                .await?;
            on_target.after = carry::change_set(&on_target.after, &changes, now).1;
            for change in changes {
                match change.old {
                    None => on_target.added += 1,
                    Some(_) => on_target.changed += 1,
                }
            }
            if upto.is_none() {
                return Ok(on_target);
            }
            after = upto;
        }
    }

    /// Merges a tool into another.
    ///
    /// # Errors
    /// As [`Moderation::preview_merge`].
    pub async fn merge(
        &self,
        wanted: &MergeRequest,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<MergeReport, Problem> {
        let [tool, into] = self.pair(wanted)?;
        // Asked again when it comes into force: here, so that what is refused marks no votes.
        self.refuse_unmergeable(tool.id, into.id).await?;
        let slugs = (tool.slug(), into.slug());
        let before = into.tally().row;
        let order = RemovalRequest {
            kind: RemovalKind::Merge,
            into: Some(into.id),
            slug: &slugs.0,
            criteria: criteria(tool.id),
            reason: &wanted.reason,
            actor,
            plan: wanted.plan.as_ref().map(|plan| plan.hash.as_str()),
            ban: None,
            now,
        };
        let (id, applied, mut matches) = self.carry_out(order).await?;
        self.end_merge(id).await;
        matches.marked = applied.marked;
        let (added, changed) = self.look(move |conn| merges::count(conn, id)).await?;
        let on_target = OnTarget {
            added,
            changed,
            before,
            after: into.tally().row,
        };
        let shown = (raw(&applied.before), raw(&applied.after));
        Ok(self.merge_report(slugs, Some(id), (&matches, &on_target), shown, now))
    }

    /// Shows where addresses lead after a flip, and takes the steps behind it. What fails here is done later, by [`run`].
    pub(super) async fn end_merge(&self, id: i64) {
        if let Err(problem) = self.try_end_merge(id).await {
            tracing::warn!(merge = id, ?problem, "merge is not finished; will retry");
        }
    }

    async fn try_end_merge(&self, id: i64) -> Result<(), Problem> {
        let board = Arc::clone(&self.board);
        self.step(move |conn| catalog::show_redirects(conn, &board).map(Ok))
            .await?;
        loop {
            let done = self
                .step(move |conn| steps::step(conn, id, Timestamp::now()).map(Ok))
                .await?;
            self.board.publish(done.row);
            if done.is_done {
                return Ok(());
            }
        }
    }

    fn merge_report(
        &self,
        (tool, into): (Slug, Slug),
        id: Option<i64>,
        (matches, on_target): (&Matches, &OnTarget),
        (before, after): (Option<Box<RawValue>>, Option<Box<RawValue>>),
        now: Timestamp,
    ) -> MergeReport {
        let marked = &matches.marked;
        let show = self.show(&into);
        let sample = matches.sample.iter();
        let sample = sample
            .map(|vote| ModeratedVoteView::new(&tool, vote, id.is_none()))
            .collect();
        MergeReport {
            id,
            matched: marked.votes(),
            ship: marked.ship,
            skip: marked.skip,
            networks: marked.networks,
            added: on_target.added,
            changed: on_target.changed,
            kept: marked.votes() - on_target.added - on_target.changed,
            before,
            after,
            into_before: raw(&show(&on_target.before)),
            into_after: raw(&show(&on_target.after)),
            sample,
            plan: Plan::text(now, &matches.hash()),
            tool,
            into,
        }
    }
}

/// All votes of a tool, those that come while the merge is prepared among them.
fn criteria(tool: i32) -> Criteria {
    Criteria {
        tool,
        from: None,
        to: NO_END,
        voters: AnyOf::default(),
        networks: AnyOf::default(),
        choice: None,
    }
}

/// Goes on with merges and undos that are not finished, for ever; the caller drops it when the server ends.
pub async fn run(moderation: &Moderation) {
    loop {
        tokio::time::sleep(EVERY).await;
        // An unreadable database is in the log and in `readyz` already.
        let unfinished = moderation.look(merges::unfinished).await;
        for merge in unfinished.unwrap_or_default() {
            moderation.end_merge(merge.removal).await;
        }
    }
}
