//! [`Judge`]: what would have become of a change of the past under another rule. Pure.
//!
//! `replay` asks each judge about every change in the order of their time, and the first that does not admit one decides. A
//! judge knows nothing but what it was shown before: a rule of another module becomes one by a function here that makes a
//! [`Judge`] out of it, with `now` from the change.

use crate::abuse::holding::FRESH_SECONDS;
use crate::abuse::holding::model::Model;
use crate::auth::made_at;
use crate::domain::{Choice, NetworkHash, OriginHash, Quota, Timestamp, VoterId};
use crate::rate_limit::replay::ReplayLimiter;
use crate::rate_limit::{Charge, Policy};

/// A change that the ledger has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayedVote {
    pub at: Timestamp,
    pub tool: i32,
    pub voter: VoterId,
    pub old: Option<Choice>,
    pub new: Option<Choice>,
    /// Where it came from, as long as that is known: for two days, of each vote's last change.
    pub network: Option<NetworkHash>,
    /// Of the visitor token then, in seconds; known where the network is.
    pub token_age: Option<i32>,
}

/// What a judge says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Admitted,
    /// By the rule of this name.
    Refused(&'static str),
}

/// A rule that was shown everything before.
pub type Judge = Box<dyn FnMut(&ReplayedVote) -> Decision>;

/// Judgements between two sweeps: what is remembered is then bounded by who voted within a quota's period.
const SWEEP: u64 = 100_000;

/// The quotas of voters and networks, together as in the server: what one refuses is charged to none.
pub fn quotas(voter: Option<Quota>, network: Option<Quota>) -> Judge {
    let quotas: Vec<(Policy, Quota)> = [
        (Policy::VotesPerVoter, voter),
        (Policy::VotesPerNetwork, network),
    ]
    .into_iter()
    .filter_map(|(policy, quota)| Some((policy, quota?)))
    .collect();
    let mut past = ReplayLimiter::new(&quotas);
    let mut judged: u64 = 0;
    Box::new(move |cast| {
        judged += 1;
        if judged.is_multiple_of(SWEEP) {
            past.sweep();
        }
        let of_voter = voter.map(|quota| Charge {
            policy: Policy::VotesPerVoter,
            quota,
            key: cast.voter.0,
        });
        let of_network = network.zip(cast.network).map(|(quota, network)| Charge {
            policy: Policy::VotesPerNetwork,
            quota,
            key: network.0,
        });
        match past.check(of_voter.into_iter().chain(of_network), cast.at) {
            Ok(()) => Decision::Admitted,
            Err(Policy::VotesPerNetwork) => Decision::Refused("votes-per-network"),
            Err(_) => Decision::Refused("votes-per-voter"),
        }
    })
}

/// The rule that holds votes (docs/abuse.md), over networks as votes bear them: only a voter's last change on a tool bears one, and
/// a /48 is not known.
pub fn holding() -> Judge {
    let mut model = Model::default();
    Box::new(move |cast| {
        let (Some(network), Some(choice), None) = (cast.network, cast.new, cast.old) else {
            return Decision::Admitted;
        };
        // The site's users have ids that carry no time, and are never held.
        let Some(made) = made_at(cast.voter) else {
            return Decision::Admitted;
        };
        if cast.at.seconds() - made.seconds() >= i64::from(FRESH_SECONDS) {
            return Decision::Admitted;
        }
        let first = network.0.first_chunk().copied().unwrap_or_default();
        let origin = OriginHash(i64::from_be_bytes(first));
        if model.act(origin, cast.tool, cast.voter, Some(choice)) {
            Decision::Refused("holding")
        } else {
            Decision::Admitted
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_hand_is_held_from_the_twenty_first_on() {
        let mut judge = holding();
        let mut held = |voter: VoterId, network: Option<u8>| {
            let cast = ReplayedVote {
                at: made_at(crate::auth::new_voter()).expect("now"),
                tool: 1,
                voter,
                old: None,
                new: Some(Choice::Skip),
                network: network.map(|byte| NetworkHash([byte; 16])),
                token_age: None,
            };
            judge(&cast) == Decision::Refused("holding")
        };
        let told: Vec<bool> = (0..30)
            .map(|_| held(crate::auth::new_voter(), Some(1)))
            .collect();
        assert_eq!(told.iter().position(|held| *held), Some(20));
        assert!(told[20..].iter().all(|held| *held));
        assert!(
            !held(crate::auth::new_voter(), None),
            "from nobody knows where"
        );
        assert!(!held(VoterId([0xff; 16]), Some(1)), "a user");
    }

    #[test]
    fn a_voter_and_a_network_have_a_quota_each() {
        let quota = |text| Some(Quota::parse(text).expect("quota"));
        let mut judge = quotas(quota("2/1h"), quota("3/1h"));
        let mut cast = |voter: u8, network: Option<u8>| {
            judge(&ReplayedVote {
                at: Timestamp(1),
                tool: 1,
                voter: VoterId([voter; 16]),
                old: None,
                new: Some(Choice::Ship),
                network: network.map(|byte| NetworkHash([byte; 16])),
                token_age: None,
            })
        };
        let (voter, network) = (
            Decision::Refused("votes-per-voter"),
            Decision::Refused("votes-per-network"),
        );
        assert_eq!(
            [cast(1, Some(9)), cast(1, Some(9))],
            [Decision::Admitted; 2]
        );
        assert_eq!(cast(1, Some(9)), voter);
        assert_eq!(
            cast(2, Some(9)),
            Decision::Admitted,
            "the refused was not charged"
        );
        assert_eq!(cast(3, Some(9)), network);
        assert_eq!(cast(3, None), Decision::Admitted, "from nobody knows where");
    }
}
