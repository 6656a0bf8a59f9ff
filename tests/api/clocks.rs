//! Wall clocks step and differ. What must be seen is followed by versions, and history heals itself.
use crate::harness::Backend;
use crate::harness::clock::Clock;
use crate::harness::eventually;
use crate::harness::server::{Home, Server};
use serde_json::json;
use std::time::Duration;

crate::both!(
    an_edit_after_the_clock_went_back_is_seen,
    history_heals_after_a_clock_that_was_ahead
);

const TOOL: &str = "codestral-2";
const HOUR: i64 = 3600;
const YEAR: i64 = 365 * 24 * HOUR;

async fn site_token(server: &Server) -> String {
    let made = server
        .run_cli(&["token", "create", "--role", "site", "--name", "site"])
        .await
        .success("token");
    made.stdout.trim().to_owned()
}

/// Puts the tool with this name and a review of this verdict; the answer and a read after it say so.
async fn put(server: &Server, token: &str, name: &str, verdict: &str) {
    let client = server.client();
    let path = format!("/v1/tools/{TOOL}");
    let review = json!({"reviewer": "R", "verdict": verdict, "summary": name});
    let body = json!({"name": name, "reviews": [review]});
    let put = client.put(&path).bearer(token).json(&body).send().await;
    let read = client.get(&path).send().await.expect(200);
    for answer in [put.expect(200), read] {
        assert_eq!(answer.json["name"], name, "{}", answer.text);
        assert_eq!(answer.json["reviews"][0]["summary"], name);
        let percent = if verdict == "ship" { 100 } else { 0 };
        assert_eq!(answer.json["tally"]["panel"]["percent"], percent);
    }
}

async fn an_edit_after_the_clock_went_back_is_seen(backend: Backend) {
    let home = Home::new(backend);
    let clock = Clock::new(&home, "clock");
    let server = clock.setup(home.setup().generous()).start().await;
    let token = site_token(&server).await;
    put(&server, &token, "first", "ship").await;
    clock.set(-30);
    put(&server, &token, "second", "skip").await;
    clock.set(YEAR);
    put(&server, &token, "third", "ship").await;
    clock.set(0);
    put(&server, &token, "fourth", "skip").await;
}

/// Two instances, one of them a second slow: each shows what the other wrote.
#[test]
fn instances_whose_clocks_differ_show_each_others_edits_on_postgres() {
    crate::harness::run(async {
        let home = Home::new(Backend::Postgres);
        let clock = Clock::new(&home, "slow");
        let right = home.setup().generous().start().await;
        let slow = clock.setup(home.setup().generous()).start().await;
        clock.set(-1);
        let token = site_token(&right).await;
        put(&right, &token, "first", "ship").await;
        put(&slow, &token, "second", "skip").await;
        let path = format!("/v1/tools/{TOOL}");
        for server in [&right, &slow] {
            eventually("the edit is shown", Duration::from_secs(10), async || {
                let read = server.client().get(&path).send().await.expect(200);
                read.json["name"] == "second" && read.json["tally"]["panel"]["percent"] == 0
            })
            .await;
        }
    });
}

async fn history_heals_after_a_clock_that_was_ahead(backend: Backend) {
    let home = Home::new(backend);
    let clock = Clock::new(&home, "clock");
    let server = clock.setup(home.setup().generous()).start().await;
    let client = server.client();
    let voters = server.setup.mint(8).await;
    let mut votes = voters.iter();
    let mut vote = async |ahead: i64| {
        clock.set(ahead);
        let voter = votes.next().expect("a voter");
        client.put_vote(voter, TOOL, "ship").await.expect(201);
    };
    // One vote a year ahead and one two hours ahead, then three hours as they should be.
    for ahead in [0, YEAR, 0, 2 * HOUR, HOUR, 2 * HOUR, 3 * HOUR] {
        vote(ahead).await;
    }
    let path = format!("/v1/tools/{TOOL}/history?step=hour");
    let history = client.get(&path).send().await.expect(200);
    let points = history.json["points"].as_array().expect("points");
    let ships: Vec<i64> = points
        .iter()
        .map(|point| point["ship"].as_i64().expect("a count"))
        .collect();
    assert_eq!(ships, [3, 5, 6, 7], "{}", history.text);
    let tally = client.tally(TOOL).await;
    assert_eq!(
        tally["updated_at"].as_str().map(|at| &at[..13]),
        points[3]["at"].as_str().map(|at| &at[..13])
    );
    server.verify().await;
}
