//! One quota over two instances: exact while Redis answers, one quota each while it does not.
//!
//! Also the probe that `redis_loss` and `instances` use after each fault. It must never count a vote that was refused for another reason.
use crate::SLACK;
use crate::book::TOOLS;
use crate::harness::client::{Answer, Client};
use crate::harness::redis::Redis;
use crate::harness::server::{Home, Server, Setup};
use crate::harness::{Backend, eventually, run_alone};
use futures_util::future::join_all;
use std::time::{Duration, Instant};

pub const QUOTA: usize = 30;
/// One vote comes back after this (30 a minute, evenly).
pub const REFILL: Duration = Duration::from_secs(2);

/// Two instances on one Postgres and one Redis; 30 votes a minute and voter, as many as wanted from a network.
pub struct Pair {
    pub servers: [Server; 2],
    pub clients: [Client; 2],
    pub redis: Redis,
}

/// What came of a volley of one voter.
pub struct Admitted {
    pub votes: usize,
    /// How many may have been admitted at most, given how long the volley took.
    pub at_most: usize,
}

impl Admitted {
    pub fn exact(&self) -> bool {
        (QUOTA..=self.at_most).contains(&self.votes)
    }
}

impl Pair {
    pub async fn new() -> Pair {
        Pair::of(Home::new(Backend::Postgres).setup().generous()).await
    }

    async fn of(setup: Setup) -> Pair {
        let redis = Redis::start();
        let setup = setup.redis(redis.url());
        let setup = setup.env("TALLYSHIP_LIMITS__VOTES_PER_VOTER", format!("{QUOTA}/1m"));
        let servers = [setup.start().await, setup.start().await];
        let clients = [servers[0].client(), servers[1].client()];
        let pair = Pair {
            servers,
            clients,
            redis,
        };
        pair.until("ready", Duration::from_secs(30)).await;
        pair
    }

    /// Waits until both instances say this of themselves; `within` is the promise, five times that is allowed.
    pub async fn until(&self, state: &str, within: Duration) -> Duration {
        let admins = [self.servers[0].admin(), self.servers[1].admin()];
        eventually(
            &format!("both instances are {state}"),
            within * SLACK,
            async || {
                let said = join_all(admins.iter().map(readiness)).await;
                said.iter().all(|s| s == state)
            },
        )
        .await
    }

    /// Twice the quota at once from a fresh voter.
    pub async fn volley(&self) -> Admitted {
        let token = self.clients[0].visitor().await;
        volley(&self.clients, &token).await
    }
}

/// A quota for each instance at once from a voter who has not voted yet, the instances by turns.
pub async fn volley(clients: &[Client], token: &str) -> Admitted {
    let (start, instances) = (Instant::now(), clients.len());
    let calls = (0..QUOTA * instances).map(|n| {
        let choice = ["ship", "skip"][n / instances % 2];
        let tool = TOOLS[n / instances / 2 % 2];
        clients[n % instances].vote(token, tool, choice).send()
    });
    let answers = join_all(calls).await;
    let refilled = (start.elapsed().as_millis() / REFILL.as_millis()) as usize;
    for answer in &answers {
        check_headers(answer);
    }
    let votes = answers.iter().filter(|a| a.success()).count();
    Admitted {
        votes,
        at_most: QUOTA + refilled,
    }
}

/// What an instance says of itself; 200 unless it is unready.
pub async fn readiness(admin: &Client) -> String {
    let answer = admin.get("/readyz").send().await;
    let status = answer.json["status"]
        .as_str()
        .unwrap_or_else(|| panic!("no status: {}", answer.text))
        .to_string();
    assert_eq!(
        answer.status,
        if status == "unready" { 503 } else { 200 },
        "{}",
        answer.text
    );
    status
}

fn check_headers(answer: &Answer) {
    let header = |name: &str| {
        answer
            .header(name)
            .unwrap_or_else(|| panic!("no {name}: {:?}", answer.headers))
    };
    assert!(
        header("ratelimit-policy").contains(&format!("\"voter\";q={QUOTA};w=60")),
        "{:?}",
        answer.headers
    );
    let state = header("ratelimit");
    assert!(
        state.contains("\"voter\";r=") && state.contains(";t="),
        "{state}"
    );
    if answer.success() {
        return;
    }
    assert_eq!(
        (answer.status, answer.code()),
        (429, "rate-limited"),
        "{}",
        answer.text
    );
    assert!(state.contains("\"voter\";r=0"), "{state}");
    let wait: u64 = header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "Retry-After: {wait}");
}

#[test]
fn two_instances_admit_one_quota_on_postgres() {
    run_alone(async {
        let pair = Pair::of(Home::new(Backend::Postgres).setup().generous().patient()).await;
        for _ in 0..3 {
            let admitted = pair.volley().await;
            println!(
                "two instances with Redis admitted {} of {}",
                admitted.votes,
                QUOTA * 2
            );
            assert!(
                admitted.exact(),
                "{} admitted, at most {}",
                admitted.votes,
                admitted.at_most
            );
        }
    });
}

/// The twin: the same volley without Redis must be seen to exceed one quota, and to keep two.
#[test]
fn two_instances_without_redis_admit_a_quota_each_on_postgres() {
    run_alone(async {
        let pair = Pair::new().await;
        pair.redis.kill9();
        pair.until("degraded", Duration::from_secs(5)).await;
        let admitted = pair.volley().await;
        println!(
            "two instances without Redis admitted {} of {}",
            admitted.votes,
            QUOTA * 2
        );
        assert_eq!(
            admitted.votes,
            QUOTA * 2,
            "each instance has one quota of its own"
        );
        assert!(
            !admitted.exact(),
            "the check of exactness sees the difference"
        );
    });
}
