//! Clusters: networks, bursts in time and voters that stand out, each with the numbers behind the suspicion.
//!
//! `routes` and the dashboard call it. It looks at a tool's newest voters only, so that its cost has a bound; whether what
//! it shows is abuse is for a person to say.

use serde::Serialize;
use utoipa::ToSchema;

use super::store;
use crate::domain::{Choice, NetworkHash, Timestamp, VoterId};
use crate::http::problem::Problem;
use crate::moderation::Moderation;

/// The newest voters that are looked at.
const VOTERS: i64 = 1_000_000;
/// A token younger than this was made for the vote, it seems.
const FRESH_SECONDS: i32 = 600;
/// Votes that make a network worth a look.
const NETWORK_LEAST: i64 = 5;
const NETWORKS: i64 = 50;
/// Minutes that are looked at for bursts: two weeks without a pause.
const MINUTES: i64 = 20_000;
/// A minute stands out with so many times the usual votes, and at least this many.
const BURST_TIMES: i64 = 5;
const BURST_LEAST: i64 = 10;
const BURSTS: usize = 50;
/// A tool whose votes all came within less has had quiet minutes before.
const MIN_SPAN_MINUTES: i64 = 10;
const MINUTE: i64 = 60_000_000;
/// Voters who are looked at for voting one way, and the tools of each that are.
const ONE_WAY_VOTERS: i64 = 1_000;
const ONE_WAY_TOOLS: usize = 100;
const ONE_WAY_LEAST: i64 = 3;
const ONE_WAYS: usize = 50;

/// A network's votes on a tool.
#[derive(Debug, Clone, Copy)]
pub struct OfNetwork {
    pub network: NetworkHash,
    pub votes: i64,
    pub ship: i64,
    /// By tokens that were minutes old.
    pub fresh: i64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

/// A minute's votes on a tool.
#[derive(Debug, Clone, Copy)]
pub struct Minute {
    pub start: Timestamp,
    pub votes: i64,
    pub ship: i64,
    pub fresh: i64,
}

/// A voter with votes on several tools, all the same way.
#[derive(Debug, Clone, Copy)]
pub struct OneWay {
    pub voter: VoterId,
    pub votes: i64,
    pub choice: Choice,
}

/// One thing that stands out. Shares are percentages of its own votes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Cluster {
    Network {
        network: String,
        votes: i64,
        ship: i64,
        skip: i64,
        /// Of all votes that were looked at, in percent.
        share: i64,
        /// The larger side's share: 100 means that all say the same.
        same_choice_share: i64,
        fresh_tokens: i64,
        fresh_share: i64,
        first_at: Timestamp,
        last_at: Timestamp,
    },
    Burst {
        from: Timestamp,
        to: Timestamp,
        votes: i64,
        ship: i64,
        skip: i64,
        /// Votes in a usual minute, and how many times that the burst's busiest minute has.
        usual: i64,
        times: i64,
        same_choice_share: i64,
        fresh_tokens: i64,
        fresh_share: i64,
    },
    OneWayVoter {
        voter: String,
        votes: i64,
        choice: Choice,
    },
}

/// What stands out on a tool.
#[derive(Debug, Serialize, ToSchema)]
pub struct Clusters {
    pub items: Vec<Cluster>,
    #[schema(required)]
    pub next: Option<String>,
    /// Votes that were looked at: those of the newest voters.
    pub looked_at: i64,
    /// How many of them came by tokens that were minutes old, in percent.
    pub fresh_share: i64,
}

fn percent(part: i64, whole: i64) -> i64 {
    if whole == 0 { 0 } else { part * 100 / whole }
}

fn of_network(found: &OfNetwork, all: i64) -> Cluster {
    let skip = found.votes - found.ship;
    Cluster::Network {
        network: found.network.text(),
        votes: found.votes,
        ship: found.ship,
        skip,
        share: percent(found.votes, all),
        same_choice_share: percent(found.ship.max(skip), found.votes),
        fresh_tokens: found.fresh,
        fresh_share: percent(found.fresh, found.votes),
        first_at: found.first_at,
        last_at: found.last_at,
    }
}

/// Runs of minutes with far more votes than a usual one; the usual is the median of all minutes from the first to the last
/// with votes, of at least [`MIN_SPAN_MINUTES`].
fn bursts(minutes: &[Minute]) -> Vec<Cluster> {
    let mut counts: Vec<i64> = minutes.iter().map(|minute| minute.votes).collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let first = minutes.first().map_or(0, |minute| minute.start.0);
    let last = minutes.last().map_or(0, |minute| minute.start.0);
    let span = ((last - first) / MINUTE + 1).max(MIN_SPAN_MINUTES);
    // Minutes without votes lie behind the others.
    let usual = usize::try_from(span / 2)
        .ok()
        .and_then(|middle| counts.get(middle))
        .copied()
        .unwrap_or_default();
    let loud =
        |minute: &&Minute| minute.votes >= BURST_LEAST && minute.votes >= usual * BURST_TIMES;
    let mut runs: Vec<(Minute, Timestamp, i64)> = Vec::new();
    for minute in minutes.iter().filter(loud) {
        let end = minute.start.plus_seconds(60);
        match runs.last_mut() {
            Some((run, to, busiest)) if *to == minute.start => {
                run.votes += minute.votes;
                run.ship += minute.ship;
                run.fresh += minute.fresh;
                *to = end;
                *busiest = (*busiest).max(minute.votes);
            }
            _ => runs.push((*minute, end, minute.votes)),
        }
    }
    runs.sort_by_key(|(run, ..)| std::cmp::Reverse(run.votes));
    runs.truncate(BURSTS);
    runs.into_iter()
        .map(|(run, to, busiest)| {
            let skip = run.votes - run.ship;
            Cluster::Burst {
                from: run.start,
                to,
                votes: run.votes,
                ship: run.ship,
                skip,
                usual,
                times: busiest / usual.max(1),
                same_choice_share: percent(run.ship.max(skip), run.votes),
                fresh_tokens: run.fresh,
                fresh_share: percent(run.fresh, run.votes),
            }
        })
        .collect()
}

impl Moderation {
    /// What stands out among a tool's votes: networks, then bursts, then voters, each from the largest.
    ///
    /// # Errors
    /// 404 for an unknown tool, 503.
    pub async fn clusters(&self, slug: &str) -> Result<Clusters, Problem> {
        let tool = self.tool(slug)?.id;
        let after = self
            .look(move |conn| store::newest_begin(conn, tool, VOTERS))
            .await?;
        let networks = self
            .look(move |conn| {
                let bounds = (NETWORK_LEAST, NETWORKS, FRESH_SECONDS);
                store::networks(conn, tool, after, bounds)
            })
            .await?;
        let minutes = self
            .look(move |conn| store::minutes(conn, tool, after, (MINUTES, FRESH_SECONDS)))
            .await?;
        let mut one_way = self.one_way(tool).await?;
        one_way.sort_by_key(|found| (std::cmp::Reverse(found.votes), found.voter));
        one_way.truncate(ONE_WAYS);
        let looked_at: i64 = minutes.iter().map(|minute| minute.votes).sum();
        let fresh: i64 = minutes.iter().map(|minute| minute.fresh).sum();
        let mut items: Vec<Cluster> = networks
            .iter()
            .map(|found| of_network(found, looked_at))
            .collect();
        items.extend(bursts(&minutes));
        items.extend(one_way.into_iter().map(|found| Cluster::OneWayVoter {
            voter: found.voter.text(),
            votes: found.votes,
            choice: found.choice,
        }));
        Ok(Clusters {
            items,
            next: None,
            looked_at,
            fresh_share: percent(fresh, looked_at),
        })
    }

    /// The tool's newest voters who voted on several tools, always the same way.
    async fn one_way(&self, tool: i32) -> Result<Vec<OneWay>, Problem> {
        let mut sizes = self.look(store::sizes).await?;
        sizes.sort_by_key(|(_, votes)| std::cmp::Reverse(*votes));
        let tools: Vec<i32> = sizes
            .iter()
            .take(ONE_WAY_TOOLS)
            .map(|(tool, _)| *tool)
            .collect();
        let voters = self
            .look(move |conn| store::newest_voters(conn, tool, ONE_WAY_VOTERS))
            .await?;
        let mut found = Vec::new();
        for some in voters.chunks(200) {
            let (tools, some) = (tools.clone(), some.to_vec());
            found.extend(
                self.look(move |conn| store::one_way(conn, &tools, &some, ONE_WAY_LEAST))
                    .await?,
            );
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(at: i64, votes: i64) -> Minute {
        Minute {
            start: Timestamp(at * 60_000_000),
            votes,
            ship: votes,
            fresh: votes / 2,
        }
    }

    #[test]
    fn minutes_far_above_the_usual_are_one_burst() {
        let minutes: Vec<Minute> = (0..20)
            .map(|at| minute(at, if (8..10).contains(&at) { 40 } else { 2 }))
            .collect();
        let [
            Cluster::Burst {
                from,
                to,
                votes,
                usual,
                times,
                fresh_share,
                ..
            },
        ] = bursts(&minutes)[..]
        else {
            panic!("a burst");
        };
        assert_eq!((from.0, to.0, votes), (8 * 60_000_000, 10 * 60_000_000, 80));
        assert_eq!((usual, times, fresh_share), (2, 20, 50));
    }

    #[test]
    fn quiet_minutes_are_usual_too() {
        // All that a tool ever had came at once; or three visitors a day, and then that.
        assert_eq!(bursts(&[minute(0, 66)]).len(), 1);
        let days = [minute(0, 1), minute(500, 1), minute(1_000, 66)];
        assert_eq!(bursts(&days).len(), 1);
    }

    #[test]
    fn an_even_flow_has_no_burst() {
        let minutes: Vec<Minute> = (0..20).map(|at| minute(at, 30 + at % 3)).collect();
        assert_eq!(bursts(&minutes), []);
        assert_eq!(bursts(&[]), []);
    }
}
