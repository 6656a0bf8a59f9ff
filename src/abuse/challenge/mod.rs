//! [`Challenges`]: proof of work, asked only of whoever comes new while a network or a tool is under pressure.
//!
//! Routes call it after the bans and before the quota: [`Challenges::vote`] before a vote, [`Challenges::mint`] before a new
//! visitor. Without pressure a vote pays one atomic load. A refusal carries a new challenge, whose solution comes back in the
//! header `Altcha` with the same call; it is spent when it comes, whatever then becomes of the call. Nobody is asked who is
//! one of the site's users, or whose visitor is older than a day.

mod pow;
mod redeemed;

use std::io;
use std::sync::Arc;

use super::holding::FRESH_SECONDS;
use crate::abuse::attack_level::AttackLevel;
use crate::auth::authenticate::Voter;
use crate::auth::keys::Keys;
use crate::auth::network::client::Client;
use crate::config;
use crate::domain::Timestamp;
use crate::http::problem::{Code, Problem};
use crate::http::request::RequestParts;
use crate::infra::telemetry::{Challenged, Metrics};
use pow::{Purpose, Puzzles, Wrong};
use redeemed::{RedeemError, RedeemedSolutions};

/// Carries a solution.
const HEADER: &str = "altcha";

const ASKED: &str = "Many votes come from here, or for this tool. Solve `challenge` (ALTCHA, proof of work) and send the same \
                     call again with the solution in the header Altcha.";
const USED: &str =
    "The solution was used before, and each is good once. Solve the new `challenge`.";
const EXPIRED: &str = "The challenge has ended; it lasts five minutes. Solve the new `challenge`.";

/// Who must work before they may vote.
pub struct Challenges {
    pressure: Arc<AttackLevel>,
    puzzles: Puzzles,
    spent: RedeemedSolutions,
    meters: Arc<Metrics>,
}

fn is_fresh(voter: &Voter) -> bool {
    voter.name.is_none() && voter.age_seconds < FRESH_SECONDS
}

fn words(wrong: Wrong) -> &'static str {
    match wrong {
        Wrong::Unreadable => {
            "The header Altcha holds no solution that can be read: it is the base64 of a JSON object of `challenge` and \
             `solution`. Solve the new `challenge`."
        }
        Wrong::Forged => {
            "The challenge in the header Altcha was not made here. Solve the new `challenge`."
        }
        Wrong::Expired => EXPIRED,
        Wrong::Elsewhere => {
            "The solution in the header Altcha was for another call. Solve the new `challenge`."
        }
        Wrong::Unsolved => {
            "The header Altcha does not solve its challenge. Solve the new `challenge`."
        }
    }
}

impl Challenges {
    /// Starts to challenge as `pressure` says.
    ///
    /// # Errors
    /// Without randomness, or without a thread.
    pub fn start(
        keys: &Keys,
        database: &config::Database,
        pressure: Arc<AttackLevel>,
        meters: Arc<Metrics>,
    ) -> io::Result<Self> {
        let spent = RedeemedSolutions::start(database)?;
        let mut run = [0; 16];
        if !spent.knows_other_runs() {
            getrandom::fill(&mut run).map_err(io::Error::other)?;
        }
        Ok(Self {
            pressure,
            puzzles: Puzzles::new(keys.challenges(), run),
            spent,
            meters,
        })
    }

    /// Whether `voter` may go on to vote on the tool named `slug`, whose id `tool` finds.
    ///
    /// # Errors
    /// 403 `challenge-required`; 503 where the database cannot say whether a solution was used.
    pub async fn vote(
        &self,
        call: &impl RequestParts,
        voter: &Voter,
        client: &Client<'_>,
        slug: &str,
        tool: impl FnOnce() -> Option<i32>,
        now: Timestamp,
    ) -> Result<(), Problem> {
        if self.pressure.is_quiet(now)
            || !is_fresh(voter)
            || !self.pressure.is_on(|| client.limiter_key(), tool(), now)
        {
            return Ok(());
        }
        let voter = voter.id;
        Box::pin(self.challenge(call, Purpose::Vote { voter, slug }, now)).await
    }

    /// Whether a new visitor may be made for `client`.
    ///
    /// # Errors
    /// As [`Challenges::vote`].
    pub async fn mint(
        &self,
        call: &impl RequestParts,
        client: &Client<'_>,
        now: Timestamp,
    ) -> Result<(), Problem> {
        if !self.pressure.is_on(|| client.limiter_key(), None, now) {
            return Ok(());
        }
        let network = client.limiter_key();
        Box::pin(self.challenge(call, Purpose::Mint { network }, now)).await
    }

    async fn challenge(
        &self,
        call: &impl RequestParts,
        purpose: Purpose<'_>,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let Some(header) = call.headers().get(HEADER) else {
            self.meters.challenged(Challenged::Asked);
            return Err(self.ask(ASKED, purpose, now));
        };
        let detail = match self.puzzles.check(header.as_bytes(), purpose, now) {
            Ok(solved) => match self.spent.spend(solved, now).await {
                Ok(()) => {
                    self.meters.challenged(Challenged::Passed);
                    return Ok(());
                }
                Err(RedeemError::Unknown) => return Err(Problem::unavailable()),
                Err(RedeemError::Used) => USED,
                Err(RedeemError::TooOld) => EXPIRED,
            },
            Err(wrong) => words(wrong),
        };
        self.meters.challenged(Challenged::Refused);
        Err(self.ask(detail, purpose, now))
    }

    /// The refusal, with a new challenge.
    fn ask(&self, detail: &'static str, purpose: Purpose<'_>, now: Timestamp) -> Problem {
        match self.puzzles.make(purpose, now) {
            Ok(challenge) => {
                Problem::new(Code::ChallengeRequired, detail).with_challenge(challenge)
            }
            Err(cause) => {
                tracing::error!(%cause, "challenge could not be created");
                Problem::internal()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::VoterId;

    #[test]
    fn visitors_are_fresh_for_a_day_and_users_never() {
        let visitor = |age_seconds| Voter {
            age_seconds,
            ..Voter::new_visitor(VoterId([1; 16]))
        };
        assert!(is_fresh(&visitor(0)) && is_fresh(&visitor(86_399)));
        assert!(!is_fresh(&visitor(86_400)) && !is_fresh(&visitor(i32::MAX)));
        let user = Voter {
            name: Some("user:site:7".into()),
            ..visitor(0)
        };
        assert!(!is_fresh(&user));
    }
}
