//! A solution is good once: on the instance that took it, on another, after a restart, in a race, with Redis and without.
use super::challenge::pressed;
use crate::harness::challenge::solved;
use crate::harness::client::{Answer, Client};
use crate::harness::postgres::Cluster;
use crate::harness::redis::Redis;
use crate::harness::server::{Home, Server, Setup};
use crate::harness::{Backend, eventually, run};
use futures_util::future::join_all;
use std::time::{Duration, Instant};

crate::both!(twice_here_and_after_a_restart, a_race_has_one_winner,);

const TOOL: &str = "codestral-2";
const CODE: &str = "challenge-required";

async fn mint(client: &Client, solution: Option<&str>) -> Answer {
    let call = client.post("/v1/visitors");
    match solution {
        Some(solution) => call.header("altcha", solution).send().await,
        None => call.send().await,
    }
}

/// Solutions for new visitors, not yet sent.
async fn solutions(client: &Client, count: usize) -> Vec<String> {
    let mut solutions = Vec::new();
    for _ in 0..count {
        let asked = mint(client, None).await.problem(403, CODE);
        solutions.push(solved(&asked));
    }
    solutions
}

async fn refused(client: &Client, solution: &str) -> String {
    let answer = mint(client, Some(solution)).await.problem(403, CODE);
    assert!(answer.header("set-cookie").is_none());
    answer.json["detail"].as_str().expect("words").to_owned()
}

async fn twice_here_and_after_a_restart(backend: Backend) {
    let mut server = pressed(backend).start().await;
    let client = server.client();
    let voter = server.setup.mint(1).await.remove(0);
    let asked = client.put_vote(&voter, TOOL, "ship").await;
    let for_vote = solved(&asked.problem(403, CODE));
    let vote = |client: &Client, choice: &str| {
        let call = client.vote(&voter, TOOL, choice);
        call.header("altcha", &for_vote).send()
    };
    let cast = vote(&client, "ship").await.expect(201);
    vote(&client, "skip").await.problem(403, CODE);
    let [used, unused]: [String; 2] = solutions(&client, 2).await.try_into().expect("two");
    mint(&client, Some(&used)).await.expect(201);
    assert!(refused(&client, &used).await.contains("used before"));
    server.restart().await;
    let client = server.client();
    refused(&client, &used).await;
    vote(&client, "skip").await.problem(403, CODE);
    let stands = client.get_vote(&voter, TOOL).await.expect(200);
    assert_eq!(stands.json["vote"], cast.json["vote"]);
    match backend {
        // One server that knows what it took believes no challenge of another run.
        Backend::Sqlite => assert!(refused(&client, &unused).await.contains("another call")),
        Backend::Postgres => {
            mint(&client, Some(&unused)).await.expect(201);
        }
    }
    let [anew]: [String; 1] = solutions(&client, 1).await.try_into().expect("one");
    mint(&client, Some(&anew)).await.expect(201);
}

/// One of many calls with the same solution passes, whichever instances they reach.
async fn raced(clients: &[&Client]) {
    for solution in solutions(clients[0], 3).await {
        let calls = (0..24).map(|n| mint(clients[n % clients.len()], Some(&solution)));
        let answers = join_all(calls).await;
        let passed = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(passed, 1, "{:?}", answers.iter().map(Answer::kind));
        assert!(
            answers
                .iter()
                .all(|answer| matches!(answer.status, 201 | 403))
        );
    }
}

async fn a_race_has_one_winner(backend: Backend) {
    let server = pressed(backend).start().await;
    raced(&[&server.client()]).await;
}

/// Two instances on one Postgres.
async fn two(prepare: impl Fn(Setup) -> Setup) -> [Server; 2] {
    let setup = prepare(pressed(Backend::Postgres));
    [setup.start().await, setup.start().await]
}

async fn good_once_across(servers: &[Server; 2]) {
    let [here, there] = [servers[0].client(), servers[1].client()];
    let used = solutions(&here, 1).await.remove(0);
    // The other instance takes what this one asked for.
    mint(&there, Some(&used)).await.expect(201);
    assert!(refused(&here, &used).await.contains("used before"));
    assert!(refused(&there, &used).await.contains("used before"));
    raced(&[&here, &there]).await;
}

#[test]
fn on_another_instance_without_redis() {
    run(async {
        good_once_across(&two(|setup| setup).await).await;
    });
}

#[test]
fn on_another_instance_with_redis_and_after_its_loss() {
    run(async {
        let redis = Redis::start();
        let servers = two(|setup| setup.redis(redis.url())).await;
        for server in &servers {
            let admin = server.admin();
            eventually("Redis decides", Duration::from_secs(25), async || {
                admin.get("/readyz").send().await.json["status"] == "ready"
            })
            .await;
        }
        good_once_across(&servers).await;
        let [here, there] = [servers[0].client(), servers[1].client()];
        let [used, unused]: [String; 2] = solutions(&here, 2).await.try_into().expect("two");
        mint(&here, Some(&used)).await.expect(201);
        // Whatever Redis knew is gone, and then it is gone itself.
        redis.flush_all();
        refused(&there, &used).await;
        redis.kill9();
        refused(&there, &used).await;
        mint(&there, Some(&unused)).await.expect(201);
        refused(&here, &unused).await;
    });
}

/// While the database cannot say whether a solution was used nobody passes by it, and nothing is used up.
#[test]
fn a_lost_database_uses_up_no_solution() {
    run(async {
        let cluster = Cluster::private();
        let home = Home::on(cluster.fresh_database());
        let setup = home.setup().generous();
        let setup = setup
            .env("TALLYSHIP_ABUSE__HOLD", "on")
            .env("TALLYSHIP_ABUSE__CHALLENGE_AFTER", "0");
        let server = setup.start().await;
        let client = server.client();
        let made = solutions(&client, 4).await;
        let [used, unused, held_up, last]: [String; 4] = made.try_into().expect("four");
        mint(&client, Some(&used)).await.expect(201);
        // It hangs: the answer comes in time, and whether that one was entered after all is the database's to say.
        cluster.pause();
        let began = Instant::now();
        let hung = mint(&client, Some(&held_up)).await;
        hung.problem(503, "unavailable");
        assert!(began.elapsed() < Duration::from_secs(5), "{began:?}");
        cluster.resume();
        eventually("it is taken", Duration::from_secs(30), async || {
            mint(&client, Some(&last)).await.status != 503
        })
        .await;
        refused(&client, &last).await;
        // It is gone.
        cluster.kill9();
        let lost = mint(&client, Some(&unused)).await;
        let lost = lost.problem(503, "unavailable");
        assert!(lost.header("retry-after").is_some());
        refused(&client, &used).await;
        cluster.launch();
        eventually("it is taken", Duration::from_secs(30), async || {
            let answer = mint(&client, Some(&unused)).await;
            assert!(matches!(answer.status, 201 | 503), "{}", answer.text);
            answer.status == 201
        })
        .await;
        refused(&client, &unused).await;
    });
}
