//! One instance detects. When it is killed another takes over within seconds, and what it tells of stays one alert.
use crate::harness::server::{Home, Server};
use crate::harness::{Backend, eventually, run};
use futures_util::future::join_all;
use serde_json::Value;
use std::time::Duration;

const TOOL: &str = "codestral-2";
/// Five times ten seconds.
const GUARD: Duration = Duration::from_secs(50 * crate::SLACK as u64);

async fn leads(server: &Server) -> bool {
    let text = server.admin().get("/metrics").send().await.text;
    text.contains("\ntallyship_detector_leads 1")
}

async fn ring(server: &Server, votes: usize) {
    let client = server.client();
    for some in server.setup.mint(votes).await.chunks(50) {
        let cast = some
            .iter()
            .map(|voter| client.put_vote(voter, TOOL, "skip"));
        join_all(cast).await.into_iter().for_each(|answer| {
            answer.expect(201);
        });
    }
}

async fn alerts(server: &Server, token: &str) -> Vec<Value> {
    let call = server.client().get("/v1/moderation/alerts").bearer(token);
    let page = call.send().await.expect(200).json;
    page["items"].as_array().expect("items").clone()
}

#[test]
fn another_instance_takes_over_and_tells_of_it_once() {
    run(async {
        let home = Home::new(Backend::Postgres);
        let one = home.setup().generous().start().await;
        eventually("the first leads", GUARD, async || leads(&one).await).await;
        let other = home.setup().generous().start().await;
        let made = one
            .run_cli(&["token", "create", "--role", "moderator", "--name", "m"])
            .await
            .success("token create");
        let token = made.stdout.trim();
        ring(&one, 60).await;
        eventually("an alert", GUARD, async || {
            !alerts(&other, token).await.is_empty()
        })
        .await;
        let both = (leads(&one).await, leads(&other).await);
        assert_eq!(both, (true, false), "one at a time");
        one.kill9();
        let took = eventually("the other leads", GUARD, async || leads(&other).await).await;
        println!("another instance detects {took:?} after the first was killed");
        ring(&other, 60).await;
        eventually("it tells on", GUARD, async || {
            let all = alerts(&other, token).await;
            assert_eq!(all.len(), 1, "{all:?}");
            all[0]["numbers"]["votes"].as_i64().expect("n") >= 115
        })
        .await;
        other.verify().await;
    });
}
