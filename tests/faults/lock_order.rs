//! Bulk edits of the catalogue beside votes on several tools: one lock order, so no deadlock.
use crate::book::TOOLS;
use crate::harness::server::Home;
use crate::harness::{Backend, eventually, run};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

/// By slug it comes before the others, by id after them.
const LATE: &str = "aaa";
const ROUNDS: usize = 60;
const SHOWN: Duration = Duration::from_secs(25);

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

/// An import of many tools waits for the lock of one: votes on those that it has written pass.
#[test]
fn an_import_of_the_catalogue_holds_the_locks_of_one_step_on_postgres() {
    const TOOLS: usize = 401;
    run(async {
        let server = Home::new(Backend::Postgres)
            .setup()
            .generous()
            .start()
            .await;
        let import = async |name: &str| {
            let tool = |n| json!({"slug": format!("many-{n:03}"), "name": name});
            let tools: Vec<Value> = (0..TOOLS).map(tool).collect();
            server.home().write("many.json", json!(tools).to_string());
            let import = ["catalog", "import", "many.json"];
            server.run_cli(&import).await.success("import");
        };
        import("First").await;
        let (client, home) = (server.client(), Arc::clone(&server.setup.home));
        let voter = client.visitor().await;
        eventually("the last is shown", SHOWN, async || {
            client.get("/v1/tools/many-400").send().await.success()
        })
        .await;
        let lock = "SELECT 1 FROM tallies JOIN tools ON id = tool_id WHERE slug = 'many-400' FOR UPDATE OF tallies";
        let locked = tokio::task::spawn_blocking(move || home.hold(lock));
        let waiting = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let vote = async {
            eventually("the import waits", SHOWN, async || {
                server.home().number(waiting) > 0
            })
            .await;
            client
                .put_vote(&voter, "many-000", "ship")
                .await
                .expect(201);
            assert!(server.home().number(waiting) > 0, "the vote waited for it");
            server.home().let_go();
        };
        tokio::join!(import("Second"), vote);
        locked.await.expect("unlocked");
        server.verify().await;
    });
}
