//! [`RateLimiter`]: the quotas as routes meet them, and [`VotePermit`], the proof that a vote passed them.
//!
//! Only this file can make a permit, and `votes` takes no command without one: an unlimited vote does not compile.

use std::collections::BTreeSet;
use std::iter;
use std::time::Duration;

use actix_web::http::header::HeaderValue;

use super::headers::{POLICY, STATE, policies, prefixes, state};
use super::local::Local;
use super::{Charge, Charges, Decision, Decisions, Policy, admitted, times, used_up, wide};
use crate::auth::network::client::Client;
use crate::config::Limits;
use crate::domain::{Quota, VoterId};
use crate::http::problem::{Code, Problem};
use crate::http::request::RequestParts;
use crate::rate_limit::redis_worker::RedisLimiter;

/// The limiter: in process, and in Redis where there is one.
pub struct RateLimiter {
    limits: Limits,
    local: Local,
    shared: Option<RedisLimiter>,
    /// `RateLimit-Policy` of a vote, by how many of its quotas were asked.
    of_votes: Vec<HeaderValue>,
    of_visitors: Vec<HeaderValue>,
}

/// Proof that a vote passed its quotas. Dropping it keeps the charge; [`VotePermit::give_back`] returns it.
pub struct VotePermit<'a> {
    limiter: &'a RateLimiter,
    charges: Charges,
}

impl VotePermit<'_> {
    /// A 5xx gives the quota back: the caller did nothing wrong.
    pub fn give_back(self) {
        self.limiter.local.give_back(&self.charges);
        if let Some(shared) = &self.limiter.shared {
            shared.give_back(&self.charges);
        }
    }
}

/// How many sign-ins of staff may fail: a person mistypes, a program guesses.
const SIGN_INS: Quota = Quota {
    count: 10,
    period: Duration::from_secs(120),
};
/// A page reads all its own votes in one call: ten calls a second, for a minute, are no page's.
const OWN_READS: Quota = Quota {
    count: 600,
    period: Duration::from_secs(60),
};

fn sign_in_charge(client: &Client<'_>) -> Charge {
    Charge {
        policy: Policy::SignInsPerNetwork,
        quota: SIGN_INS,
        key: client.limiter_key(),
    }
}

impl RateLimiter {
    pub fn new(limits: Limits, shared: Option<RedisLimiter>) -> Self {
        let quotas: Vec<_> = [
            (Policy::VotesPerVoter, limits.votes_per_voter),
            (Policy::VotesPerNetwork, limits.votes_per_network),
            (Policy::VotesPerWide, limits.votes_per_network.map(wide)),
            (Policy::VisitorsPerNetwork, limits.visitors_per_network),
            (
                Policy::VisitorsPerWide,
                limits.visitors_per_network.map(wide),
            ),
        ]
        .into_iter()
        .filter_map(|(policy, quota)| Some((policy, quota?)))
        .collect();
        let (of_visitors, of_votes): (Vec<_>, Vec<_>) =
            quotas.iter().copied().partition(|(policy, _)| {
                matches!(policy, Policy::VisitorsPerNetwork | Policy::VisitorsPerWide)
            });
        // Known networks count in buckets of their own.
        let factors: BTreeSet<u32> = limits
            .known_networks
            .iter()
            .map(|(_, factor)| *factor)
            .collect();
        let raised = factors.iter().flat_map(|factor| {
            let of_networks = quotas
                .iter()
                .filter(|(policy, _)| *policy != Policy::VotesPerVoter);
            of_networks.map(|(policy, quota)| (*policy, times(*quota, *factor)))
        });
        let with_sign_ins: Vec<_> = quotas
            .iter()
            .copied()
            .chain([
                (Policy::SignInsPerNetwork, SIGN_INS),
                (Policy::OwnReadsPerVoter, OWN_READS),
            ])
            .chain(raised)
            .collect();
        Self {
            limits,
            local: Local::new(&with_sign_ins),
            shared,
            of_votes: prefixes(&of_votes),
            of_visitors: prefixes(&of_visitors),
        }
    }

    /// The limiter in process, for its sweeps and metrics.
    pub fn local(&self) -> &Local {
        &self.local
    }

    /// Waits for Redis's first word, where one is configured; not for long.
    pub async fn ready(&self) {
        if let Some(shared) = &self.shared {
            shared.first_word().await;
        }
    }

    /// Whether Redis decides: `None` where none is configured.
    pub fn redis_is_up(&self) -> Option<bool> {
        self.shared.as_ref().map(RedisLimiter::is_up)
    }

    /// Charges a vote to its voter and its network, and to the /48 around an IPv6 one.
    ///
    /// # Errors
    /// 429 `rate-limited`, with the wait of the quota that refuses longest.
    pub async fn vote(
        &self,
        call: &impl RequestParts,
        voter: VoterId,
        client: &Client<'_>,
    ) -> Result<VotePermit<'_>, Problem> {
        let of_voter = self.limits.votes_per_voter.map(|quota| Charge {
            policy: Policy::VotesPerVoter,
            quota,
            key: voter.0,
        });
        // The network is hashed only once the voter has passed.
        let of_network = || {
            self.limits.votes_per_network.map(|quota| Charge {
                policy: Policy::VotesPerNetwork,
                quota: times(quota, client.factor()),
                key: client.limiter_key(),
            })
        };
        let of_wide = || {
            Some(Charge {
                policy: Policy::VotesPerWide,
                quota: times(wide(self.limits.votes_per_network?), client.factor()),
                key: client.wide_limiter_key()?,
            })
        };
        self.pass(
            call,
            (&self.of_votes, client.factor() > 1),
            of_voter
                .into_iter()
                .chain(iter::once_with(of_network).flatten())
                .chain(iter::once_with(of_wide).flatten()),
        )
        .await
    }

    /// Charges a new visitor token to its network.
    ///
    /// # Errors
    /// 429 `rate-limited`.
    pub async fn new_visitor(
        &self,
        call: &impl RequestParts,
        client: &Client<'_>,
    ) -> Result<(), Problem> {
        let of_network = self.limits.visitors_per_network.map(|quota| Charge {
            policy: Policy::VisitorsPerNetwork,
            quota: times(quota, client.factor()),
            key: client.limiter_key(),
        });
        let of_wide = || {
            Some(Charge {
                policy: Policy::VisitorsPerWide,
                quota: times(wide(self.limits.visitors_per_network?), client.factor()),
                key: client.wide_limiter_key()?,
            })
        };
        let charges = of_network
            .into_iter()
            .chain(iter::once_with(of_wide).flatten());
        let usual = (self.of_visitors.as_slice(), client.factor() > 1);
        self.pass(call, usual, charges).await?;
        Ok(())
    }

    /// Charges a read of own votes to their voter. In this process only: it keeps one voter from filling the readers' queue.
    ///
    /// # Errors
    /// 429 `rate-limited`.
    pub fn own_read(&self, call: &impl RequestParts, voter: VoterId) -> Result<(), Problem> {
        let charge = Charge {
            policy: Policy::OwnReadsPerVoter,
            quota: OWN_READS,
            key: voter.0,
        };
        let usual = [policies(&[(Policy::OwnReadsPerVoter, OWN_READS)])];
        let (charges, decisions) = self.local.check([charge]);
        self.passed(call, (&usual, false), charges, &decisions)?;
        Ok(())
    }

    /// Charges a failed sign-in to its network. In this process only: it slows guessing, and keeps nobody out who has a token.
    ///
    /// # Errors
    /// Seconds to wait.
    pub fn failed_sign_in(&self, client: &Client<'_>) -> Result<(), u64> {
        let (_, decisions) = self.local.check([sign_in_charge(client)]);
        let refused = decisions.iter().find(|decision| !decision.allowed);
        match refused {
            Some(decision) => Err(decision.retry_after()),
            None => Ok(()),
        }
    }

    /// Takes a charge of [`Self::failed_sign_in`] back: the sign-in did not fail.
    pub fn sign_in_succeeded(&self, client: &Client<'_>) {
        self.local.give_back(&[sign_in_charge(client)]);
    }

    /// The in-process limiter first: it refuses without a call. Then Redis, whose word counts where it has one.
    async fn pass(
        &self,
        call: &impl RequestParts,
        usual: PolicyHeaders<'_>,
        charges: impl IntoIterator<Item = Charge>,
    ) -> Result<VotePermit<'_>, Problem> {
        let (charges, decisions) = self.local.check(charges);
        match &self.shared {
            // On the heap: hundreds of calls wait later, each with a future of this size.
            Some(shared) if !charges.is_empty() => {
                Box::pin(self.pass_shared(call, shared, usual, charges, decisions)).await
            }
            _ => self.passed(call, usual, charges, &decisions),
        }
    }

    async fn pass_shared(
        &self,
        call: &impl RequestParts,
        shared: &RedisLimiter,
        usual: PolicyHeaders<'_>,
        charges: Charges,
        mut decisions: Decisions,
    ) -> Result<VotePermit<'_>, Problem> {
        if let Some(mut exact) = shared.check(&charges).await {
            if admitted(&exact) {
                // Redis does not know of calls that were decided without it.
                for (decision, local) in exact.iter_mut().zip(&decisions) {
                    decision.ahead = decision.ahead.max(local.ahead);
                }
            } else {
                self.local.give_back(&charges);
            }
            decisions = exact;
        }
        self.passed(call, usual, charges, &decisions)
    }

    /// What `decisions` come to; the call is told how things stand.
    fn passed(
        &self,
        call: &impl RequestParts,
        (usual, raised): PolicyHeaders<'_>,
        charges: Charges,
        decisions: &[Decision],
    ) -> Result<VotePermit<'_>, Problem> {
        let wait = decisions
            .iter()
            .filter(|decision| !decision.allowed)
            .map(super::Decision::retry_after)
            .max();
        let refused = decisions
            .iter()
            .find(|decision| !decision.allowed)
            .map(|decision| decision.policy.name());
        let asked = decisions
            .len()
            .checked_sub(1)
            .and_then(|last| usual.get(last));
        if let Some(usual) = asked.cloned() {
            let said = if raised {
                let quotas = decisions
                    .iter()
                    .map(|decision| (decision.policy, decision.quota));
                policies(&quotas.collect::<Vec<_>>())
            } else {
                usual
            };
            call.leave(POLICY, said);
            call.leave(STATE, state(decisions));
        }
        match (wait, refused) {
            (Some(wait), Some(name)) => {
                Err(Problem::new(Code::RateLimited, used_up(name, wait)).retry_after(wait))
            }
            _ => Ok(VotePermit {
                limiter: self,
                charges,
            }),
        }
    }
}

/// `RateLimit-Policy` by how many quotas were asked, and whether the caller's network has others than usual.
type PolicyHeaders<'a> = (&'a [HeaderValue], bool);
