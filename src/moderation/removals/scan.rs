//! Going over a tool's votes in pages: what matches is counted, and marked where it is to be.
//!
//! Previews and `prepare` call it. A page is read beside the votes that arrive, and marked in steps so short that they do not
//! wait.

use std::collections::HashSet;

use openssl::sha::Sha256;

use super::removal::{Criteria, ModeratedVote};
use super::store;
use crate::abuse::store::Ban;
use crate::domain::{Choice, NetworkHash, Timestamp, VoterId};
use crate::http::problem::Problem;
use crate::infra::db::DbConnection;
use crate::moderation::Moderation;
use crate::voting::exclusions::{self, Chosen, Marked};

/// Votes that one query goes over.
const PAGE: i64 = 20_000;
/// Votes that one step marks: a few tens of milliseconds.
const STEP: usize = 2_000;
/// The same where each brings a ban along.
const STEP_WITH_BANS: usize = 500;
/// Votes that a preview shows.
const SAMPLE: usize = 20;

/// What was found to match.
#[derive(Clone)]
pub(crate) struct Matches {
    pub marked: Marked,
    /// The newest of them.
    pub sample: Vec<ModeratedVote>,
    digest: Sha256,
    networks: HashSet<NetworkHash, foldhash::fast::RandomState>,
}

impl Matches {
    fn new(criteria: &Criteria) -> Self {
        let mut digest = Sha256::new();
        let time = |at: Option<Timestamp>| at.map_or(i64::MIN, |at| at.0).to_be_bytes();
        digest.update(b"tallyship plan 3");
        digest.update(&criteria.tool.to_be_bytes());
        digest.update(&time(criteria.from));
        digest.update(&time(Some(criteria.to)));
        for ids in [criteria.voters.packed(), criteria.networks.packed()] {
            digest.update(&[u8::from(ids.is_some())]);
            let ids = ids.unwrap_or_default();
            digest.update(&(ids.len() as u64).to_be_bytes());
            digest.update(&ids);
        }
        digest.update(&criteria.choice.map_or(0, Choice::code).to_be_bytes());
        Self {
            marked: Marked::default(),
            sample: Vec::new(),
            digest,
            networks: HashSet::default(),
        }
    }

    fn add(&mut self, votes: &[ModeratedVote]) {
        for vote in votes {
            self.marked.add(vote.voter, vote.choice);
            if vote.network.is_some() {
                self.networks.insert(vote.network);
            }
            self.digest.update(&vote.voter.0);
            self.digest.update(&vote.choice.code().to_be_bytes());
            self.digest.update(&vote.cast_at.0.to_be_bytes());
        }
        self.marked.networks = i64::try_from(self.networks.len()).unwrap_or(i64::MAX);
        self.sample.extend_from_slice(votes);
        self.sample
            .sort_by_key(|vote| std::cmp::Reverse((vote.cast_at, vote.voter)));
        self.sample.truncate(SAMPLE);
    }

    /// Of a merge: its plan holds for this target alone.
    pub(crate) fn add_target(&mut self, into: i32) {
        self.digest.update(&into.to_be_bytes());
    }

    /// Names tool, criteria and every matched vote: 64 hexadecimal digits.
    pub(crate) fn hash(&self) -> String {
        let digest = self.digest.clone().finish();
        hex::encode(digest)
    }
}

/// The votes of a page that match and count now, and the voter who ends the page; `None` on the last one.
pub(crate) fn page(
    conn: &mut DbConnection,
    criteria: &Criteria,
    after: Option<VoterId>,
) -> store::Found<(Vec<ModeratedVote>, Option<VoterId>)> {
    let in_force = exclusions::all_in_force(conn, criteria.tool)?;
    let counts = |vote: &ModeratedVote| vote.mark.is_none_or(|mark| !in_force.contains(&mark));
    let (mut page, upto) = if let Some(voters) = criteria.voters.ids() {
        (store::of_voters(conn, criteria.tool, voters)?, None)
    } else {
        let upto = store::page_end(conn, criteria.tool, after, PAGE)?;
        (store::matching(conn, criteria, after, upto)?, upto)
    };
    page.retain(|vote| criteria.hold(vote) && counts(vote));
    Ok((page, upto))
}

impl Moderation {
    /// Goes over the votes that match and count now; marks them for `removal` where there is one.
    pub(crate) async fn scan(
        &self,
        criteria: &Criteria,
        removal: Option<(i64, Option<&Ban>)>,
    ) -> Result<Matches, Problem> {
        let mut matches = Matches::new(criteria);
        let mut after: Option<VoterId> = None;
        loop {
            let wanted = criteria.clone();
            let (page, upto) = self.look(move |conn| page(conn, &wanted, after)).await?;
            matches.add(&page);
            if let Some((removal, ban)) = removal {
                self.mark(criteria.tool, removal, &page, ban).await?;
            }
            if upto.is_none() {
                return Ok(matches);
            }
            after = upto;
        }
    }

    async fn mark(
        &self,
        tool: i32,
        removal: i64,
        votes: &[ModeratedVote],
        ban: Option<&Ban>,
    ) -> Result<(), Problem> {
        let step = if ban.is_some() { STEP_WITH_BANS } else { STEP };
        for votes in votes.chunks(step) {
            let chosen: Vec<Chosen> = votes
                .iter()
                .map(|vote| Chosen {
                    voter: vote.voter,
                    choice: vote.choice,
                    cast_at: vote.cast_at,
                })
                .collect();
            let ban = ban.cloned();
            self.step(move |conn| {
                store::mark(conn, tool, (removal, ban.as_ref()), &chosen).map(Ok)
            })
            .await?;
        }
        Ok(())
    }

    /// Marks what has changed beyond `seq` of the ledger while the marking went on; returns up to where that is done.
    pub(crate) async fn catch_up(
        &self,
        criteria: &Criteria,
        (removal, ban): (i64, Option<&Ban>),
        mut seq: i64,
    ) -> Result<i64, Problem> {
        let limit = i64::try_from(STEP).unwrap_or(i64::MAX);
        loop {
            let criteria = criteria.clone();
            let ban = ban.cloned();
            let changed = self
                .step(move |conn| {
                    store::catch_up(conn, &criteria, (removal, ban.as_ref()), seq, limit).map(Ok)
                })
                .await?;
            if changed.whole {
                return Ok(changed.seq);
            }
            seq = changed.seq;
        }
    }
}
