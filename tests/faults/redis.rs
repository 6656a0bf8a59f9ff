//! One Redis, two instances: the quota is exact across both. Its twin without Redis admits one quota on each.
use crate::harness::client::Client;
use crate::harness::redis::Redis;
use crate::harness::server::{Home, Server, Setup};
use crate::harness::{Backend, eventually, run};
use futures_util::future::join_all;
use std::time::Duration;

pub const QUOTA: usize = 30;
const TOOL: &str = "codestral-2";

/// Two instances on one Postgres, with the default quota a voter.
pub async fn pair(redis: &Redis, prepare: impl Fn(Setup) -> Setup) -> (Server, Server) {
    let setup = prepare(
        Home::new(Backend::Postgres)
            .setup()
            .generous()
            .redis(redis.url()),
    );
    let pair = (setup.start().await, setup.start().await);
    for server in [&pair.0, &pair.1] {
        let admin = server.admin();
        eventually("Redis decides", Duration::from_secs(25), async || {
            admin.get("/readyz").send().await.json["status"] == "ready"
        })
        .await;
    }
    pair
}

/// Sends twice the quota by one voter, half to each instance at once; returns (admitted, refused).
pub async fn spend(clients: &[Client; 2], token: &str) -> (usize, usize) {
    let calls = (0..QUOTA * 2)
        .map(|n| clients[n % 2].put_vote(token, TOOL, if n % 3 == 0 { "ship" } else { "skip" }));
    let answers = join_all(calls).await;
    let admitted = answers.iter().filter(|answer| answer.success()).count();
    let refused = answers
        .into_iter()
        .filter(|answer| answer.status == 429)
        .map(|answer| {
            assert!(
                answer.header("retry-after").is_some() && answer.header("ratelimit").is_some(),
                "{:?}",
                answer.headers
            );
            assert!(
                answer
                    .header("ratelimit-policy")
                    .is_some_and(|policy| policy.contains("\"voter\";q=30;w=3600"))
            );
            answer.problem(429, "rate-limited")
        });
    (admitted, refused.count())
}

/// A quota that is not refilled while a test runs.
pub fn slowly(setup: Setup) -> Setup {
    setup.env("TALLYSHIP_LIMITS__VOTES_PER_VOTER", format!("{QUOTA}/1h"))
}

#[test]
fn a_quota_is_exact_across_two_instances_on_postgres() {
    run(async {
        for redis in [Redis::start(), Redis::start_valkey()] {
            let (a, b) = pair(&redis, slowly).await;
            let clients = [a.client(), b.client()];
            for token in a.setup.mint(3).await {
                assert_eq!(spend(&clients, &token).await, (QUOTA, QUOTA));
                // Its scripts are gone, as after a restart; what it counted stays.
                assert_eq!(redis.cli(&["SCRIPT", "FLUSH"]).trim(), "OK");
            }
            a.verify().await;
        }
    });
}

#[test]
fn without_redis_each_instance_admits_one_quota_on_postgres() {
    run(async {
        let redis = Redis::start();
        let (a, b) = pair(&redis, slowly).await;
        redis.kill9();
        for server in [&a, &b] {
            let admin = server.admin();
            eventually("Redis is missed", Duration::from_secs(25), async || {
                admin.get("/readyz").send().await.expect(200).json["status"] == "degraded"
            })
            .await;
        }
        let token = a.setup.mint(1).await.remove(0);
        assert_eq!(
            spend(&[a.client(), b.client()], &token).await,
            (QUOTA * 2, 0)
        );
    });
}
