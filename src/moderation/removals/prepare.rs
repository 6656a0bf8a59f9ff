//! Preparing a removal, and the taking back of one, in steps that nobody sees; then the flip.
//!
//! `resets` and `periods` call it.

use std::collections::BTreeSet;

use super::removal::{Criteria, Removal, RemovalKind};
use super::resets::WithBan;
use super::scan::Matches;
use super::store;
use crate::abuse::store::Ban;
use crate::domain::{Actor, Slug, Timestamp};
use crate::http::problem::Problem;
use crate::moderation::Moderation;
use crate::moderation::removals::commit::{
    Applied, Commit, HANDED_OVER_UNDER_LOCK, Prepared, Redo, RevertRequest, Show, bring, take_back,
};
use crate::voting::exclusions;

/// How often a preparation begins again because something changed meanwhile.
const TRIES: usize = 8;
/// How often marks are summed beside votes that change them; then they are summed under the lock.
const MAX_SUMS: usize = 3;

/// A removal that is to be prepared.
pub(crate) struct RemovalRequest<'a> {
    pub kind: RemovalKind,
    /// The target of a merge.
    pub into: Option<i32>,
    pub slug: &'a Slug,
    pub criteria: Criteria,
    pub reason: &'a str,
    pub actor: &'a Actor,
    /// The hash that the matches must have.
    pub plan: Option<&'a str>,
    pub ban: Option<WithBan>,
    pub now: Timestamp,
}

/// What a marking left.
struct MarkedVotes {
    matches: Matches,
    /// Of the ledger: from here on it is to be looked at for latecomers.
    seq: i64,
    /// What was in force when it began.
    in_force: BTreeSet<i64>,
}

impl Moderation {
    /// Prepares a removal and brings it into force; returns its number, what it took, and the plan's hash.
    ///
    /// # Errors
    /// 409 where a plan was named that does not hold, 503 where the database does not answer.
    pub(crate) async fn carry_out(
        &self,
        order: RemovalRequest<'_>,
    ) -> Result<(i64, Applied, Matches), Problem> {
        let _turn = self.turn.lock().await;
        let (kind, criteria, now) = (order.kind, order.criteria.clone(), order.now);
        let (reason, made_by) = (order.reason.to_owned(), order.actor.name.clone());
        let removal = self
            .step(move |conn| store::begin(conn, kind, &criteria, &reason, &made_by, now).map(Ok))
            .await?;
        let ban = order.ban.map(|with| Ban {
            id: 0,
            voter: None,
            network: None,
            ban_hash: None,
            reason: order.reason.to_owned(),
            made_by: order.actor.name.clone(),
            made_at: now,
            expires_at: with.expires_at,
            removal: Some(removal),
        });
        let result = self.prepare(&order, removal, ban.as_ref()).await;
        match &result {
            Err(_) => {
                // Left as it is it means nothing either.
                let _ = self
                    .step(move |conn| store::abandon(conn, removal).map(Ok))
                    .await;
            }
            Ok((turned, _)) => {
                self.board.admit(order.slug, turned.row);
                if ban.is_some() {
                    self.bans_changed().await;
                }
            }
        }
        result.map(|(turned, matches)| (removal, turned, matches))
    }

    async fn prepare(
        &self,
        order: &RemovalRequest<'_>,
        removal: i64,
        ban: Option<&Ban>,
    ) -> Result<(Applied, Matches), Problem> {
        let criteria = &order.criteria;
        let mut marked = self.mark_all(order, removal, ban).await?;
        let (mut sums, mut redo) = (0, Redo::Sum);
        for tries in 1..=TRIES {
            marked.seq = self.catch_up(criteria, (removal, ban), marked.seq).await?;
            let tool = criteria.tool;
            let summed = self
                .look(move |conn| exclusions::sum_beside(conn, tool, removal))
                .await?;
            let prepared = Prepared {
                removal,
                kind: order.kind,
                into: order.into,
                criteria: criteria.clone(),
                seq: marked.seq,
                in_force: marked.in_force.clone(),
                summed,
                planned: order.plan.map(|_| marked.matches.marked),
                ban: ban.cloned(),
                last: tries == TRIES || sums == MAX_SUMS,
                reason: order.reason.to_owned(),
                actor: order.actor.clone(),
                now: order.now,
            };
            let show = self.show(order.slug);
            let flipped = self
                .step(move |conn| bring(conn, &prepared, &*show))
                .await?;
            match flipped {
                Commit::Done(turned) => return Ok((*turned, marked.matches)),
                Commit::Again(again) => redo = again,
            }
            match redo {
                Redo::Scan => marked = self.mark_all(order, removal, ban).await?,
                Redo::Sum => sums = MAX_SUMS.min(sums + 1),
            }
        }
        Err(interfered(redo))
    }

    /// Marks what matches now, with the bans that come with it.
    async fn mark_all(
        &self,
        order: &RemovalRequest<'_>,
        removal: i64,
        ban: Option<&Ban>,
    ) -> Result<MarkedVotes, Problem> {
        // Before the first page is read: what changes from here on is caught up with.
        let tool = order.criteria.tool;
        let (seq, in_force) = self
            .step(move |conn| store::start(conn, tool).map(Ok))
            .await?;
        let mut matches = self.scan(&order.criteria, Some((removal, ban))).await?;
        if let Some(into) = order.into {
            matches.add_target(into);
        }
        if order.plan.is_some_and(|plan| plan != matches.hash()) {
            return Err(super::resets::changed());
        }
        Ok(MarkedVotes {
            matches,
            seq,
            in_force,
        })
    }

    /// Takes a removal back.
    ///
    /// # Errors
    /// 409 where that was done before, 503 where the database does not answer.
    pub(crate) async fn give_back(
        &self,
        removal: &Removal,
        reason: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Applied, Problem> {
        let _turn = self.turn.lock().await;
        let mut redo = Redo::Sum;
        for tries in 1..=TRIES {
            self.hand_over(removal.id, removal.tool).await?;
            let (id, tool) = (removal.id, removal.tool);
            let returning = RevertRequest {
                removal: removal.clone(),
                summed: self
                    .look(move |conn| exclusions::sum_beside(conn, tool, id))
                    .await?,
                // A clock that is behind ours may still put votes into a period that has ended for us.
                open: removal.kind == RemovalKind::Period
                    && removal.to.is_some_and(|to| now < to.plus_seconds(60)),
                last: tries > MAX_SUMS,
                reason: reason.to_owned(),
                actor: actor.clone(),
                now,
            };
            let show = self.show(&removal.slug);
            let flipped = self
                .step(move |conn| take_back(conn, &returning, &*show))
                .await?;
            match flipped {
                Commit::Done(turned) => {
                    self.board.admit(&removal.slug, turned.row);
                    self.bans_changed().await;
                    return Ok(*turned);
                }
                Commit::Again(again) => redo = again,
            }
        }
        Err(interfered(redo))
    }

    /// Hands over to the periods in force what they cover of a removal's votes, if that is too much for [`take_back`]: out
    /// either way, so nobody sees it.
    async fn hand_over(&self, removal: i64, tool: i32) -> Result<(), Problem> {
        let periods = self
            .look(move |conn| exclusions::periods(conn, tool))
            .await?;
        for period in periods.into_iter().filter(|period| period.id != removal) {
            loop {
                let span = (period.from, period.to);
                let mut voters = self
                    .look(move |conn| {
                        store::out_within(conn, removal, span, HANDED_OVER_UNDER_LOCK + 1)
                    })
                    .await?;
                if i64::try_from(voters.len()).is_ok_and(|n| n <= HANDED_OVER_UNDER_LOCK) {
                    break;
                }
                voters.truncate(1_000);
                self.step(move |conn| store::hand_over(conn, tool, (removal, period.id), &voters))
                    .await?;
            }
        }
        Ok(())
    }

    /// How a tally of `slug` is turned into JSON.
    pub(crate) fn show(&self, slug: &Slug) -> std::sync::Arc<Show> {
        let (board, slug) = (std::sync::Arc::clone(&self.board), slug.clone());
        std::sync::Arc::new(move |row| {
            serde_json::to_string(&board.tally(&slug, row)).unwrap_or_default()
        })
    }
}

/// Why the last try came to nothing.
fn interfered(redo: Redo) -> Problem {
    Problem::conflict(match redo {
        Redo::Scan => "Concurrent moderation acts interfered. Try again.",
        Redo::Sum => {
            "Votes on this tool change faster than this act can follow. Freeze the tool, then try again."
        }
    })
}
