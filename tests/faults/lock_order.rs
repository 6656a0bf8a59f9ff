//! Bulk edits of the catalogue beside votes on several tools: one lock order, so no deadlock.
use crate::book::TOOLS;
use crate::harness::server::Home;
use crate::harness::{Backend, run};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::cell::Cell;

/// By slug it comes before the others, by id after them.
const LATE: &str = "aaa";
const ROUNDS: usize = 60;

#[test]
fn bulk_edits_and_votes_do_not_deadlock_on_postgres() {
    run(async {
        let setup = Home::new(Backend::Postgres).setup().generous();
        let (one, two) = (setup.start().await, setup.start().await);
        let (a, b) = (one.client(), two.client());
        let made = one
            .run_cli(&["token", "create", "--role", "site", "--name", "site"])
            .await
            .success("token");
        let token = made.stdout.trim();
        let tool = |slug: &str, n: usize| {
            let verdict = ["ship", "skip"][n % 2];
            let review = json!({"reviewer": "R", "verdict": verdict, "summary": ""});
            json!({"slug": slug, "name": slug, "reviews": [review]})
        };
        let bulk = async |n: usize| {
            let items: Vec<Value> = [LATE, TOOLS[0], TOOLS[1]].map(|slug| tool(slug, n)).into();
            a.post("/v1/tools")
                .bearer(token)
                .json(&json!(items))
                .send()
                .await
        };
        let first = bulk(0).await;
        assert!(first.success(), "{}", first.text);
        let voters = setup.mint(24).await;
        let shown = std::time::Duration::from_secs(10);
        crate::harness::eventually("the other shows the tool", shown, async || {
            b.get(&format!("/v1/tools/{LATE}")).send().await.success()
        })
        .await;
        let done = Cell::new(false);
        let edits = async {
            for n in 0..ROUNDS {
                let answer = bulk(n).await;
                assert!(answer.success(), "{}", answer.text);
            }
            done.set(true);
        };
        let votes = async {
            let mut n = 0;
            while !done.get() {
                n += 1;
                let calls = voters.iter().flat_map(|voter| {
                    let choice = ["ship", "skip"][n % 2];
                    [LATE, TOOLS[0], TOOLS[1]].map(|slug| b.put_vote(voter, slug, choice))
                });
                for answer in join_all(calls).await {
                    assert!(answer.success(), "{}", answer.text);
                }
            }
        };
        tokio::join!(edits, votes);
        let deadlocks =
            "SELECT deadlocks AS n FROM pg_stat_database WHERE datname = current_database()";
        assert_eq!(one.home().number(deadlocks), 0);
        one.verify().await;
    });
}

/// Two instances make the same new tools at once: each call is answered, and the writers keep their connections.
#[test]
fn the_same_new_tool_by_two_instances_on_postgres() {
    run(async {
        let setup = Home::new(Backend::Postgres).setup().generous();
        let servers = [setup.start().await, setup.start().await];
        let made = servers[0]
            .run_cli(&["token", "create", "--role", "site", "--name", "site"])
            .await
            .success("token");
        for n in 0..20 {
            let clients = [servers[0].client(), servers[1].client()];
            let puts = clients.iter().map(|client| {
                let put = client.put(&format!("/v1/tools/new-{n}"));
                put.bearer(made.stdout.trim())
                    .json(&json!({"name": "New"}))
                    .send()
            });
            let mut statuses: Vec<u16> =
                join_all(puts).await.iter().map(|put| put.status).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 201]);
        }
    });
}
