//! What a voter may: bans of voters and of networks, all of them in memory, so that a vote asks no database; whether a vote
//! is held (`holding`); and proof of work (`challenge`) while a network or a tool is under `pressure`.
//!
//! Whoever takes a vote calls [`Bans::check`] after the origin and before the quota. `moderation` makes and lifts bans and
//! calls [`Bans::reload`], `verdicts::follow` brings in what other instances and commands wrote. A ban that came with a
//! removal stands while that removal is in force.

pub mod alerted_tools;
pub mod attack_level;
pub mod challenge;
pub mod holding;
pub mod store;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use arc_swap::ArcSwap;
use diesel::QueryResult;

use crate::domain::{BanHash, Timestamp, VoterId};
use crate::http::problem::{Code, Problem};
use crate::infra::db::DbConnection;

/// Ids are signed or keyed hashes, so a fast hash does. The value is the ban's end; `None` for ever.
type Until<K> = HashMap<K, Option<Timestamp>, foldhash::fast::RandomState>;

/// The bans of one moment.
#[derive(Debug, Default)]
struct BanSet {
    voters: Until<VoterId>,
    networks: Until<BanHash>,
}

/// The bans in force, as this instance knows them.
#[derive(Debug, Default)]
pub struct Bans {
    standing: ArcSwap<BanSet>,
    /// The version of `standing`; held while another is put in its place, so that an old one never replaces a new one.
    version: Mutex<i64>,
}

/// Whether a ban that ends at `until` stands `now`.
fn stands(until: Option<&Option<Timestamp>>, now: Timestamp) -> bool {
    until.is_some_and(|until| until.is_none_or(|end| now < end))
}

/// What a banned voter is told.
pub(crate) fn banned() -> Problem {
    Problem::new(
        Code::VoterBanned,
        "The moderators have banned this voter or network.",
    )
}

impl Bans {
    /// Whether `voter`, calling from a network of these hashes, may vote. They are asked for only while some network is banned.
    ///
    /// # Errors
    /// 403 `voter-banned`.
    pub fn check<I: IntoIterator<Item = BanHash>>(
        &self,
        voter: VoterId,
        networks: impl FnOnce() -> I,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let standing = self.standing.load();
        if standing.voters.is_empty() && standing.networks.is_empty() {
            return Ok(());
        }
        let of_network = |network| stands(standing.networks.get(&network), now);
        let is_banned = stands(standing.voters.get(&voter), now)
            || (!standing.networks.is_empty() && networks().into_iter().any(of_network));
        if is_banned {
            return Err(banned());
        }
        Ok(())
    }

    /// Reads the bans if they have changed since they were last read.
    pub fn reload(&self, conn: &mut DbConnection, now: Timestamp) -> QueryResult<()> {
        // The version first: what is read after it is at least as new.
        let version = store::version(conn)?;
        if *self.version.lock().unwrap_or_else(PoisonError::into_inner) >= version {
            return Ok(());
        }
        let mut fresh = BanSet::default();
        for ban in store::in_force(conn, now)? {
            let longest = |until: &mut Option<Timestamp>| {
                *until = until.and_then(|end| ban.expires_at.map(|other| end.max(other)));
            };
            if let Some(voter) = ban.voter {
                fresh
                    .voters
                    .entry(voter)
                    .and_modify(longest)
                    .or_insert(ban.expires_at);
            }
            if let Some(network) = ban.ban_hash {
                fresh
                    .networks
                    .entry(network)
                    .and_modify(longest)
                    .or_insert(ban.expires_at);
            }
        }
        let mut known = self.version.lock().unwrap_or_else(PoisonError::into_inner);
        if *known < version {
            *known = version;
            self.standing.store(std::sync::Arc::new(fresh));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bans(voters: &[(u8, Option<i64>)], networks: &[(u8, Option<i64>)]) -> Bans {
        let bans = Bans::default();
        bans.standing.store(std::sync::Arc::new(BanSet {
            voters: voters
                .iter()
                .map(|(id, end)| (VoterId([*id; 16]), end.map(Timestamp)))
                .collect(),
            networks: networks
                .iter()
                .map(|(id, end)| (BanHash([*id; 12]), end.map(Timestamp)))
                .collect(),
        }));
        bans
    }

    #[test]
    fn a_ban_holds_to_its_end() {
        let bans = bans(&[(1, None), (2, Some(10))], &[(3, Some(10))]);
        let may = |voter: u8, network: u8, now| {
            let network = BanHash([network; 12]);
            bans.check(VoterId([voter; 16]), || [network], Timestamp(now))
                .is_ok()
        };
        assert!(!may(1, 0, 1_000), "for ever");
        assert!(!may(2, 0, 9) && may(2, 0, 10), "to its end");
        assert!(!may(4, 3, 9) && may(4, 3, 10), "a network");
        assert!(may(4, 4, 0));
    }

    #[test]
    fn without_banned_networks_none_is_hashed() {
        let hash = || -> [BanHash; 1] { unreachable!("no network is banned") };
        assert!(
            bans(&[(1, None)], &[])
                .check(VoterId([2; 16]), hash, Timestamp(0))
                .is_ok()
        );
    }
}
