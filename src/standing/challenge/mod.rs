//! [`Challenges`]: proof of work, asked only of whoever comes new while a network or a tool is under pressure.
//!
//! Routes call it after the bans and before the quota: [`Challenges::vote`] before a vote, [`Challenges::mint`] before a new
//! visitor. Without pressure a vote pays one atomic load. A refusal carries a new challenge, whose solution comes back in the
//! header `Altcha` with the same call; it is spent when it comes, whatever then becomes of the call. Nobody is asked who is
//! one of the site's users, or whose visitor is older than a day.

mod puzzle;
mod spent;

use std::io;
use std::sync::Arc;

use super::holding::FRESH_SECONDS;
use super::pressure::Pressure;
use crate::identity::caller::Voter;
use crate::identity::client::Client;
use crate::identity::keys::Keys;
use crate::problem::{Code, Problem};
use crate::request::Call;
use crate::settings;
use crate::telemetry::{Challenged, Meters};
use crate::vocabulary::Moment;
use puzzle::{Purpose, Puzzles, Wrong};
use spent::{Spent, Unspendable};

/// Carries a solution.
const HEADER: &str = "altcha";

const ASKED: &str = "Many votes come from here, or for this tool. Solve `challenge` (ALTCHA, proof of work) and send the same \
                     call again with the solution in the header Altcha.";
const USED: &str =
    "The solution was used before, and each is good once. Solve the new `challenge`.";
const EXPIRED: &str = "The challenge has ended; it lasts five minutes. Solve the new `challenge`.";

/// Who must work before they may vote.
pub struct Challenges {
    pressure: Arc<Pressure>,
    puzzles: Puzzles,
    spent: Spent,
    meters: Arc<Meters>,
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
        database: &settings::Database,
        pressure: Arc<Pressure>,
        meters: Arc<Meters>,
    ) -> io::Result<Self> {
        let spent = Spent::start(database)?;
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
        call: &impl Call,
        voter: &Voter,
        client: &Client<'_>,
        slug: &str,
        tool: impl FnOnce() -> Option<i32>,
        now: Moment,
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
        call: &impl Call,
        client: &Client<'_>,
        now: Moment,
    ) -> Result<(), Problem> {
        if !self.pressure.is_on(|| client.limiter_key(), None, now) {
            return Ok(());
        }
        let network = client.limiter_key();
        Box::pin(self.challenge(call, Purpose::Mint { network }, now)).await
    }

    async fn challenge(
        &self,
        call: &impl Call,
        purpose: Purpose<'_>,
        now: Moment,
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
                Err(Unspendable::Unknown) => return Err(Problem::unavailable()),
                Err(Unspendable::Used) => USED,
                Err(Unspendable::TooOld) => EXPIRED,
            },
            Err(wrong) => words(wrong),
        };
        self.meters.challenged(Challenged::Refused);
        Err(self.ask(detail, purpose, now))
    }

    /// The refusal, with a new challenge.
    fn ask(&self, detail: &'static str, purpose: Purpose<'_>, now: Moment) -> Problem {
        match self.puzzles.make(purpose, now) {
            Ok(challenge) => {
                Problem::new(Code::ChallengeRequired, detail).with_challenge(challenge)
            }
            Err(cause) => {
                tracing::error!(%cause, "a challenge could not be made");
                Problem::internal()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::VoterId;

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
