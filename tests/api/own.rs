//! `GET` and `DELETE /v1/visitors/me`: everything that is held comes out, and after an erasure nobody holds the votes.
use crate::harness::client::Call;
use crate::harness::crowd::fill;
use crate::harness::server::Home;
use crate::harness::{Backend, eventually};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

crate::both!(
    everything_that_is_held_comes_out,
    after_an_erasure_votes_have_no_name,
    entries_are_found_by_an_index
);

const TOOL: &str = "codestral-2";
const OTHER: &str = "cursor-background-agents";
const ME: &str = "/v1/visitors/me";

async fn everything_that_is_held_comes_out(backend: Backend) {
    let server = Home::new(backend).setup().generous().start().await;
    let client = server.client();
    let (voter, other) = (client.visitor().await, client.visitor().await);
    let empty = client.get(ME).bearer(&voter).send().await.expect(200);
    assert_eq!(
        (&empty.json["votes"], &empty.json["changes"]),
        (&json!([]), &json!([]))
    );
    client.put_vote(&voter, TOOL, "ship").await.expect(201);
    let cast = client.put_vote(&voter, TOOL, "skip").await.expect(200);
    client.put_vote(&voter, OTHER, "ship").await.expect(201);
    client.delete_vote(&voter, OTHER).await.expect(200);
    client.put_vote(&other, TOOL, "ship").await.expect(201);
    let me = client.get(ME).bearer(&voter).send().await.expect(200);
    assert_eq!(me.header("cache-control"), Some("private, no-store"));
    let votes = me.json["votes"].as_array().expect("votes");
    assert_eq!(votes.len(), 1, "{}", me.text);
    assert_eq!(
        (&votes[0]["tool"], &votes[0]["choice"], &votes[0]["counted"]),
        (&json!(TOOL), &json!("skip"), &json!(true))
    );
    assert_eq!(votes[0]["cast_at"], cast.json["vote"]["cast_at"]);
    let change = |change: &Value| {
        (
            change["tool"].clone(),
            change["old"].clone(),
            change["new"].clone(),
        )
    };
    let changes: Vec<_> = me.json["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .map(change)
        .collect();
    let (ship, skip, none) = (json!("ship"), json!("skip"), Value::Null);
    assert_eq!(
        changes,
        [
            (json!(TOOL), none.clone(), ship.clone()),
            (json!(TOOL), ship.clone(), skip),
            (json!(OTHER), none.clone(), ship.clone()),
            (json!(OTHER), ship, none),
        ]
    );
    assert!(
        me.json["voter"]
            .as_str()
            .is_some_and(|id| id.starts_with("visitor:"))
    );
    client.get(ME).send().await.problem(401, "voter-required");
    client
        .get(ME)
        .bearer("x")
        .send()
        .await
        .problem(401, "bad-token");
    client
        .put(ME)
        .bearer(&voter)
        .send()
        .await
        .problem(405, "method-not-allowed");
}

async fn after_an_erasure_votes_have_no_name(backend: Backend) {
    let server = Home::new(backend).setup().generous().start().await;
    let client = server.client();
    let (voter, other) = (client.visitor().await, client.visitor().await);
    client.put_vote(&voter, TOOL, "ship").await.expect(201);
    client.put_vote(&voter, OTHER, "skip").await.expect(201);
    client.put_vote(&other, TOOL, "ship").await.expect(201);
    let before = (client.tally(TOOL).await, client.tally(OTHER).await);
    let ids = "SELECT count(DISTINCT voter) AS n FROM votes";
    assert_eq!(server.home().number(ids), 2);
    let foreign = client
        .delete(ME)
        .header("cookie", &format!("tallyship-visitor={voter}"));
    foreign
        .header("origin", "https://evil.example")
        .header("content-type", "application/json")
        .send()
        .await
        .problem(403, "origin-refused");
    let erased = client.delete(ME).bearer(&voter).send().await.expect(200);
    assert_eq!(erased.json, json!({"votes": 2}));
    let cookie = erased.header("set-cookie").expect("a cookie to take away");
    assert!(
        cookie.contains("Max-Age=0") && cookie.contains("tallyship-visitor=;"),
        "{cookie}"
    );
    // Still counted, by the same versions, under ids that say nothing of each other.
    assert_eq!(
        (client.tally(TOOL).await, client.tally(OTHER).await),
        before
    );
    assert_eq!(server.home().number(ids), 3);
    assert_eq!(
        server
            .home()
            .number("SELECT count(DISTINCT substr(changes, 1, 16)) AS n FROM ledger_entries"),
        3
    );
    server.verify().await;
    // The token is no use any more: nobody votes twice by erasing themselves in between.
    client
        .put_vote(&voter, TOOL, "ship")
        .await
        .problem(401, "bad-token");
    client
        .get(ME)
        .bearer(&voter)
        .send()
        .await
        .problem(401, "bad-token");
    client
        .delete(ME)
        .bearer(&voter)
        .send()
        .await
        .problem(401, "bad-token");
    client
        .post("/v1/visitors")
        .bearer(&voter)
        .send()
        .await
        .problem(401, "bad-token");
    let cookie = format!("tallyship-visitor={voter}");
    let fresh = client
        .post("/v1/visitors")
        .header("cookie", &cookie)
        .send()
        .await
        .expect(201);
    assert_ne!(fresh.json["token"].as_str(), Some(voter.as_str()));
    client.put_vote(&other, TOOL, "skip").await.expect(200);
    // After a restart, too; and on another instance within a second.
    let setup = server.setup.clone();
    let mut server = server;
    server.restart().await;
    server
        .client()
        .put_vote(&voter, TOOL, "ship")
        .await
        .problem(401, "bad-token");
    if backend == Backend::Postgres {
        let second = setup.start().await;
        let third = second.client().visitor().await;
        server
            .client()
            .put_vote(&third, TOOL, "ship")
            .await
            .expect(201);
        second
            .client()
            .delete(ME)
            .bearer(&third)
            .send()
            .await
            .expect(200);
        let guard = std::time::Duration::from_secs(5);
        let took = crate::harness::eventually("the other instance knows", guard, async || {
            server.client().get(ME).bearer(&third).send().await.status == 401
        })
        .await;
        println!("known after {took:?}");
    }
    server.verify().await;
}

/// Once the index is written it answers, for old entries; newer ones are read. Of many callers at once each gets its answer.
async fn entries_are_found_by_an_index(backend: Backend) {
    let server = Home::new(backend).setup().generous().start().await;
    let client = server.client();
    let voters = server.setup.mint(20).await;
    for voter in &voters {
        client.put_vote(voter, TOOL, "ship").await.expect(201);
        client.put_vote(voter, TOOL, "skip").await.expect(200);
    }
    fill(server.home(), OTHER, 20_000, 1_700_000_000_000_000);
    eventually(
        "the index is written",
        Duration::from_secs(60),
        async || {
            server
                .home()
                .number("SELECT count(DISTINCT segment) AS n FROM ledger_voters")
                >= 2
        },
    )
    .await;
    client.put_vote(&voters[0], OTHER, "ship").await.expect(201);
    // Two are read at a time; who waited for too long is told to come again.
    let changes = async |voter: &String| {
        let mut found = 0;
        eventually("an answer", Duration::from_secs(60), async || {
            let me = client.get(ME).bearer(voter).send().await;
            if me.status == 503 {
                return false;
            }
            let me = me.expect(200).json;
            found = me["changes"].as_array().expect("changes").len();
            true
        })
        .await;
        found
    };
    let found = join_all(voters.iter().map(changes)).await;
    assert_eq!((found[0], &found[1..]), (3, [2; 19].as_slice()));
    server.verify().await;
    // An erasure takes the voter out of entries and index; `verify` holds the two to each other.
    for voter in &voters[..3] {
        client.delete(ME).bearer(voter).send().await.expect(200);
    }
    server.verify().await;
    let left = join_all(voters[3..].iter().map(changes)).await;
    assert_eq!(left, [2; 17]);
}

/// Two callers whose walks wait for the ledger hang up: their permits stay taken while the walks go on, so that a third takes no reader
/// from others.
#[test]
fn who_hangs_up_keeps_its_permit_until_the_walk_ends_on_postgres() {
    crate::harness::run(async {
        let server = Home::new(Backend::Postgres)
            .setup()
            .generous()
            .start()
            .await;
        let client = server.client();
        let voters = server.setup.mint(4).await;
        for voter in &voters {
            client.put_vote(voter, TOOL, "ship").await.expect(201);
        }
        let home = Arc::clone(&server.setup.home);
        let lock = "LOCK TABLE ledger_entries, ledger_voters IN ACCESS EXCLUSIVE MODE";
        let locked = tokio::task::spawn_blocking(move || home.hold(lock));
        let held = "SELECT count(*) AS n FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted \
                    AND relation = 'ledger_entries'::regclass";
        eventually(
            "the ledger is locked",
            Duration::from_secs(10),
            async || server.home().number(held) == 1,
        )
        .await;
        let hangs_up = async |call: Call| {
            let walk = tokio::time::timeout(Duration::from_secs(2), call.send()).await;
            assert!(walk.is_err(), "it had to wait for the ledger");
        };
        tokio::join!(
            hangs_up(client.get(ME).bearer(&voters[0])),
            hangs_up(client.delete(ME).bearer(&voters[1])),
        );
        for voter in &voters[2..] {
            let refused = client.get(ME).bearer(voter).send().await;
            refused.problem(503, "overloaded");
            client.get_vote(voter, TOOL).await.expect(200);
        }
        server.home().let_go();
        locked.await.expect("unlocked");
        eventually("an answer", Duration::from_secs(10), async || {
            client.get(ME).bearer(&voters[2]).send().await.success()
        })
        .await;
        server.verify().await;
    });
}
