//! A large reset, and its undo, while votes arrive at a steady rate: no vote waits for it, and the tally stays the recount.
//!
//! The short form runs with the other faults (`reset`); `tests/long` runs the figures: 100,000 votes out of a million, at 500 votes
//! a second. The rate is open: each vote is sent when it is due, whatever the ones before it do.
use crate::SLACK;
use crate::harness::client::Client;
use crate::harness::crowd::fill;
use crate::harness::server::Home;
use crate::harness::{Backend, eventually};
use futures_util::stream::{FuturesUnordered, StreamExt};
use serde_json::{Value, json};
use std::cell::Cell;
use std::time::{Duration, Instant};

const TOOL: &str = "codestral-2";
/// What was promised.
const LONGEST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_RESET: Duration = Duration::from_secs(10);
const RING: i64 = 1_700_000_000_000_000;
const ORGANIC: i64 = 1_700_000_100_000_000;

/// A reset of `ring` votes out of `all`, while `rate` votes a second arrive.
pub struct Size {
    pub all: usize,
    pub ring: usize,
    pub rate: u32,
}

async fn post(client: &Client, token: &str, path: &str, body: Value) -> Value {
    let call = client.post(&format!("/v1/moderation{path}")).bearer(token);
    let answer = call.json(&body).send().await;
    assert!(answer.success(), "{}", answer.text);
    answer.json
}

/// Sends votes at the rate until `done`, each of the next voter; returns how long each waited.
async fn votes(
    client: &Client,
    voters: &[String],
    rate: u32,
    done: &Cell<bool>,
    answered: &Cell<usize>,
) -> Vec<Duration> {
    let (mut waiting, mut waits) = (FuturesUnordered::new(), Vec::new());
    let mut due = tokio::time::interval(Duration::from_secs(1) / rate);
    let mut turn = 0;
    loop {
        tokio::select! {
            _ = due.tick(), if !done.get() => {
                let (voter, choice) = (&voters[turn % voters.len()], ["ship", "skip"][turn / voters.len() % 2]);
                turn += 1;
                let began = Instant::now();
                waiting.push(async move {
                    let answer = client.put_vote(voter, TOOL, choice).await;
                    assert!(answer.success(), "{}", answer.text);
                    began.elapsed()
                });
            }
            Some(wait) = waiting.next() => {
                waits.push(wait);
                answered.set(waits.len());
            }
            else => return waits,
        }
        if done.get() && waiting.is_empty() {
            return waits;
        }
    }
}

/// How long the act took, and the votes beside it waited.
async fn beside_votes<T>(
    client: &Client,
    voters: &[String],
    rate: u32,
    act: impl Future<Output = T>,
) -> (T, Duration, Vec<Duration>) {
    let (done, answered) = (Cell::new(false), Cell::new(0));
    let more = async |votes: usize| {
        let before = answered.get();
        eventually("votes are answered", Duration::from_secs(60), async || {
            answered.get() >= before + votes
        })
        .await;
    };
    let timed = async {
        // The votes come first, and go on for a while after.
        more(rate as usize / 3).await;
        let began = Instant::now();
        let value = act.await;
        let took = began.elapsed();
        more(rate as usize / 3).await;
        done.set(true);
        (value, took)
    };
    let ((value, took), waits) = tokio::join!(timed, votes(client, voters, rate, &done, &answered));
    (value, took, waits)
}

fn report(what: &str, backend: Backend, took: Duration, mut waits: Vec<Duration>) -> Duration {
    waits.sort_unstable();
    let at = |share: usize| waits[(waits.len() - 1) * share / 1000];
    println!(
        "{backend:?}: {what} took {took:?}; {} votes beside it waited {:?} (median), {:?} (p99), {:?} at most",
        waits.len(),
        at(500),
        at(990),
        at(1000)
    );
    at(1000)
}

/// Runs it and holds the figures, with slack for a machine that does other things too.
pub async fn beside(backend: Backend, size: Size) {
    let server = Home::new(backend).setup().generous().start().await;
    let made = server
        .run_cli(&["token", "create", "--role", "moderator", "--name", "m"])
        .await
        .success("token");
    let token = made.stdout.trim().to_owned();
    fill(server.home(), TOOL, size.all - size.ring, ORGANIC);
    fill(server.home(), TOOL, size.ring, RING);
    let client = server.client();
    eventually("the votes are shown", Duration::from_secs(60), async || {
        client.counts(TOOL).await == (size.all as i64, 0)
    })
    .await;
    server.verify().await;
    let voters = server.setup.mint(2_000).await;

    let body = json!({"tool": TOOL, "reason": "a ring", "to": "2023-11-14T22:14:00Z"});
    let act = post(&client, &token, "/resets", body);
    let (made, reset_took, waits) = beside_votes(&client, &voters, size.rate, act).await;
    assert_eq!(made["matched"], size.ring);
    let reset_wait = report("the reset", backend, reset_took, waits);
    server.verify().await;

    let path = format!("/resets/{}/undo", made["id"]);
    let act = post(&client, &token, &path, json!({}));
    let (undone, undo_took, waits) = beside_votes(&client, &voters, size.rate, act).await;
    assert_eq!(undone["restored"], size.ring);
    let undo_wait = report("the undo", backend, undo_took, waits);
    server.verify().await;
    for (wait, took) in [(reset_wait, reset_took), (undo_wait, undo_took)] {
        assert!(wait < LONGEST_WAIT * SLACK, "a vote waited {wait:?}");
        assert!(took < LONGEST_RESET * SLACK, "it took {took:?}");
    }
}

/// A reset of more votes than are summed under the lock, while their own voters change them without pause: it comes through, and so does
/// its undo.
pub async fn comes_through_a_flood(backend: Backend, crowd: usize) {
    let server = Home::new(backend).setup().generous().start().await;
    let made = server
        .run_cli(&["token", "create", "--role", "moderator", "--name", "m"])
        .await
        .success("token");
    let (client, token) = (server.client(), made.stdout.trim().to_owned());
    let voters = server.setup.mint(500).await;
    for voter in &voters {
        client.put_vote(voter, TOOL, "skip").await.expect(201);
    }
    fill(server.home(), TOOL, crowd, RING);
    let body = json!({"tool": TOOL, "reason": "all of them"});
    let act = post(&client, &token, "/resets", body);
    let (made, took, waits) = beside_votes(&client, &voters, 250, act).await;
    report("the reset in a flood", backend, took, waits);
    let matched = made["matched"].as_u64().expect("a number") as usize;
    assert!((crowd..=crowd + voters.len()).contains(&matched), "{made}");
    server.verify().await;
    let path = format!("/resets/{}/undo", made["id"]);
    let act = post(&client, &token, &path, json!({}));
    let (undone, took, waits) = beside_votes(&client, &voters, 250, act).await;
    report("its undo", backend, took, waits);
    assert!(
        undone["restored"].as_u64() >= Some(crowd as u64),
        "{undone}"
    );
    server.verify().await;
}
