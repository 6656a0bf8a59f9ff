//! What becomes of held votes: let count or rejected, in steps, or foreseen without any. `routes`, the dashboard and `clear`
//! call [`Moderation::settle`].
//!
//! A call goes over what it means in steps, each a transaction of its own with its audit entry, so that votes pass between
//! them; its end is fixed when it comes. A vote that its voter withdrew meanwhile is passed over, and one that came meanwhile
//! waits. Rejected votes can be let count too.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::store;
use crate::auth::audit::{self, AuditAction};
use crate::domain::{Actor, Choice, NetworkHash, OriginHash, Slug, Timestamp, VoterId};
use crate::http::problem::Problem;
use crate::infra::db::write_transaction;
use crate::moderation::Moderation;
use crate::moderation::removals::removal::{Criteria, CriteriaView, ModeratedVote, raw};
use crate::moderation::selection::VoteSelection;
use crate::tallies::{Contribution, TallyRow};
use crate::voting::exclusions;
use crate::voting::held::store::{self as votes, ReleaseTrust};
use crate::voting::held::{Resolution, ResolvedVotes};

/// Votes that one step settles: a few tens of milliseconds of the writer.
const STEP: i64 = 2_000;

/// How long new votes count of a network whose held votes a moderator let count, all of them.
const TRUST_SECONDS: i64 = 2 * 3600;

/// Which held votes are meant.
#[derive(Debug, Clone)]
pub struct ResolveRequest {
    pub votes: VoteSelection,
    /// Those that were rejected, instead of those that wait.
    pub rejected: bool,
    /// Of voters whose first vote came from this network, whatever the day.
    pub origin: Option<OriginHash>,
}

/// What a call did, or would do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HeldReport)]
pub struct ResolveReport {
    pub tool: Slug,
    pub dry_run: bool,
    pub matched: i64,
    pub ship: i64,
    pub skip: i64,
    pub networks: usize,
    /// Those among them that an excluded period keeps from counting.
    pub set_aside: i64,
    /// Tallies.
    #[schema(value_type = Option<crate::tallies::Tally<'_>>)]
    pub before: Option<Box<RawValue>>,
    #[schema(value_type = Option<crate::tallies::Tally<'_>>)]
    pub after: Option<Box<RawValue>>,
    pub from: Option<Timestamp>,
    pub to: Timestamp,
}

/// What a call has gone over so far.
#[derive(Default)]
struct Sums {
    settled: ResolvedVotes,
    matched: i64,
    networks: HashSet<NetworkHash>,
}

impl Moderation {
    /// Settles the held votes that `wanted` means; on a dry run says what that would do.
    ///
    /// # Errors
    /// 404 for an unknown tool, 422, 503; what was settled before a failure stays settled.
    pub async fn settle(
        &self,
        wanted: &ResolveRequest,
        verdict: Resolution,
        why: Option<(&str, &Actor)>,
        now: Timestamp,
    ) -> Result<ResolveReport, Problem> {
        let slot = self.tool(wanted.votes.tool.as_str())?;
        let criteria = Criteria::of(&wanted.votes, slot.id, now)?;
        let before = slot.tally().row;
        let mut sums = Sums::default();
        (sums.settled.before, sums.settled.after) = (before, before);
        let mark = votes::mark_of(wanted.rejected);
        let mut after = None;
        loop {
            let meant = criteria.clone();
            let of = (mark, wanted.origin);
            let page = self
                .look(move |conn| store::matching(conn, &meant, of, after, STEP))
                .await?;
            let Some(last) = page.last() else { break };
            after = Some(last.voter);
            match why {
                Some((reason, actor)) => {
                    self.settle_some(
                        (wanted, &criteria),
                        &page,
                        verdict,
                        (reason, actor),
                        &mut sums,
                        now,
                    )
                    .await?;
                }
                None => {
                    self.foresee(&criteria, &page, verdict, &mut sums, now)
                        .await?;
                }
            }
        }
        let show = |row: &TallyRow| {
            raw(
                &serde_json::to_string(&self.board.tally(&wanted.votes.tool, row))
                    .unwrap_or_default(),
            )
        };
        Ok(ResolveReport {
            tool: wanted.votes.tool.clone(),
            dry_run: why.is_none(),
            matched: sums.matched,
            ship: sums.settled.ship,
            skip: sums.settled.skip,
            networks: sums.networks.len(),
            set_aside: sums.settled.aside,
            before: show(&sums.settled.before),
            after: show(&sums.settled.after),
            from: criteria.from,
            to: criteria.to,
        })
    }

    /// What a step would do to the tally, were it taken now.
    async fn foresee(
        &self,
        criteria: &Criteria,
        page: &[ModeratedVote],
        verdict: Resolution,
        sums: &mut Sums,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let tool = criteria.tool;
        let periods = self
            .look(move |conn| exclusions::periods(conn, tool))
            .await?;
        for vote in page {
            sums.add(vote);
            match vote.choice {
                Choice::Ship => sums.settled.ship += 1,
                Choice::Skip => sums.settled.skip += 1,
            }
            if verdict != Resolution::Reject {
                let aside = vote.mark.and_then(exclusions::removal_of).is_some()
                    || periods.iter().any(|period| period.holds(vote.cast_at));
                sums.settled.aside += i64::from(aside);
                let weight = Contribution {
                    choice: vote.choice,
                    aside,
                };
                sums.settled.after.shift(None, Some(weight), now);
            }
        }
        Ok(())
    }

    async fn settle_some(
        &self,
        (wanted, criteria): (&ResolveRequest, &Criteria),
        page: &[ModeratedVote],
        verdict: Resolution,
        (reason, actor): (&str, &Actor),
        sums: &mut Sums,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let tool = page.first().map_or(0, |vote| vote.tool);
        let mark = votes::mark_of(wanted.rejected);
        let voters: Vec<VoterId> = page.iter().map(|vote| vote.voter).collect();
        let (show, slug) = (self.show(&wanted.votes.tool), wanted.votes.tool.clone());
        let (reason, actor) = (reason.to_owned(), actor.clone());
        let criteria = json!(CriteriaView::from(criteria));
        let rejected = wanted.rejected;
        // One voter who is let count says nothing of the others.
        let trusts = verdict == Resolution::Count && wanted.votes.voters.ids().is_none();
        let trust = trusts.then(|| ReleaseTrust {
            until: now.plus_seconds(TRUST_SECONDS),
            is_wide: wanted.votes.networks.ids().is_none(),
        });
        let settled = self
            .step(move |conn| {
                write_transaction(conn, |conn| {
                    let settled = votes::settle(conn, (tool, mark), &voters, verdict, trust, now)?;
                    if settled.ship + settled.skip > 0 {
                        let act = AuditAction {
                            act: match verdict {
                                Resolution::Count | Resolution::Clear => "held.release",
                                Resolution::Reject => "held.reject",
                            },
                            subject: slug.to_string(),
                            reason,
                            before: json!({ "tally": raw(&show(&settled.before)) }),
                            after: json!({
                                "votes": settled.ship + settled.skip,
                                "criteria": criteria,
                                "rejected": rejected,
                                "tally": raw(&show(&settled.after)),
                            }),
                        };
                        audit::append(conn, &actor, &act, now)?;
                    }
                    Ok(Ok(settled))
                })
            })
            .await?;
        if sums.matched == 0 {
            sums.settled.before = settled.before;
        }
        self.board.admit(&wanted.votes.tool, settled.after);
        for vote in page {
            sums.add(vote);
        }
        sums.settled.ship += settled.ship;
        sums.settled.skip += settled.skip;
        sums.settled.aside += settled.aside;
        sums.settled.after = settled.after;
        sums.matched = sums.settled.ship + sums.settled.skip;
        Ok(())
    }
}

impl Sums {
    fn add(&mut self, vote: &ModeratedVote) {
        self.matched += 1;
        if vote.network.is_some() {
            self.networks.insert(vote.network);
        }
    }
}
