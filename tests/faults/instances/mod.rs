//! Three instances on one Postgres, behind a balancer that goes round them and tries a call that failed once more, on another.
//!
//! `rolling` restarts them, `cluster` puts them on a Redis Cluster, `standby` takes their Postgres away. The balancer must
//! never try a call a third time, nor hide how often it tried.
mod cluster;
mod rolling;
mod standby;

use crate::SLACK;
use crate::book::TOOLS;
use crate::harness::client::Client;
use crate::harness::eventually;
use crate::harness::server::{Server, Setup};
use crate::quotas::readiness;
use futures_util::future::join_all;
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

const INSTANCES: usize = 3;
const READY: Duration = Duration::from_secs(30);
/// Everybody shows the newest tally within this.
const SHOWN: Duration = Duration::from_secs(1);

pub struct Instances {
    setup: Setup,
    servers: RefCell<Vec<Server>>,
    endpoints: RefCell<Vec<Client>>,
    turn: Cell<usize>,
}

/// What became of a vote that went through the balancer.
struct Told {
    /// None: no answer.
    status: Option<u16>,
    tries: usize,
    took: Duration,
}

impl Told {
    fn success(&self) -> bool {
        matches!(self.status, Some(200 | 201))
    }
}

impl Instances {
    async fn start(setup: Setup) -> Instances {
        let mut servers = Vec::new();
        for _ in 0..INSTANCES {
            servers.push(setup.start().await);
        }
        let endpoints = servers.iter().map(Server::client).collect();
        let instances = Instances {
            setup,
            servers: RefCell::new(servers),
            endpoints: RefCell::new(endpoints),
            turn: Cell::new(0),
        };
        instances.until("ready").await;
        instances
    }

    fn endpoints(&self) -> Vec<Client> {
        self.endpoints.borrow().clone()
    }

    /// A vote by whoever's turn it is; what is not answered, or with 5xx, goes to the next instance, `retries` times.
    async fn vote(&self, token: &str, tool: &str, choice: &str, retries: usize) -> Told {
        let (start, first) = (Instant::now(), self.turn.get());
        self.turn.set(first + 1);
        let mut tries = 0;
        loop {
            let endpoint = self.endpoints.borrow()[(first + tries) % INSTANCES].clone();
            let answer = endpoint.vote(token, tool, choice).try_send().await;
            let status = answer.ok().map(|answer| answer.status);
            tries += 1;
            if status.is_some_and(|status| status < 500) || tries > retries {
                return Told {
                    status,
                    tries,
                    took: start.elapsed(),
                };
            }
        }
    }

    /// Waits until every instance says this of itself.
    async fn until(&self, state: &str) -> Duration {
        let admins: Vec<Client> = self.servers.borrow().iter().map(Server::admin).collect();
        let what = format!("all instances are {state}");
        eventually(&what, READY * SLACK, async || {
            let said = join_all(admins.iter().map(readiness)).await;
            said.iter().all(|said| said == state)
        })
        .await
    }

    /// Waits until every instance shows the same of each tool; gives that, and how long it took.
    async fn agreed(&self) -> ([(i64, i64); TOOLS.len()], Duration) {
        let endpoints = self.endpoints();
        let mut shown = [(0, 0); TOOLS.len()];
        let took = eventually("all show the same", SHOWN * SLACK, async || {
            let all = join_all(endpoints.iter().map(crate::book::counts)).await;
            shown = all[0];
            all.iter().all(|one| *one == shown)
        })
        .await;
        (shown, took)
    }
}
