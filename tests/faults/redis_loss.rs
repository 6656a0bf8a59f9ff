//! Redis killed, hung and flushed under a steady 500 votes a second: no 5xx, no long wait, and exact quotas again soon after.
//!
//! The load is open-loop: a vote's time runs from when it was due, so a stall counts for every vote it delayed.
use crate::SLACK;
use crate::book::TOOLS;
use crate::harness::{eventually, run_alone};
use crate::quotas::{Pair, QUOTA};
use std::cell::Cell;
use std::time::Duration;
use tokio::time::Instant;

const RATE: u32 = 500;
/// Enough that none of them meets the quota.
const VOTERS: usize = 1000;
/// No call waits longer for Redis in all.
const WAIT: Duration = Duration::from_millis(100);
const LOST: Duration = Duration::from_secs(5);
const BACK: Duration = Duration::from_secs(30);
const EXACT: Duration = Duration::from_secs(5);

struct Sample {
    due: Instant,
    took: Duration,
    status: u16,
}

/// Votes at `RATE` until `stop`, each instance and each voter in turn.
async fn steady(pair: &Pair, tokens: &[String], stop: &Cell<bool>) -> Vec<Sample> {
    let start = Instant::now();
    let mut calls = Vec::new();
    for n in 0.. {
        let due = start + Duration::from_secs(1) * n / RATE;
        tokio::time::sleep_until(due).await;
        if stop.get() {
            break;
        }
        let n = n as usize;
        let choice = ["ship", "skip"][n / VOTERS % 2];
        let call = pair.clients[n % 2].vote(&tokens[n % VOTERS], TOOLS[n / 2 % 2], choice);
        calls.push(tokio::spawn(async move {
            let status = call.send().await.status;
            Sample {
                due,
                took: due.elapsed(),
                status,
            }
        }));
    }
    assert!(
        calls.len() < VOTERS * QUOTA,
        "the load itself met the quota"
    );
    let mut samples = Vec::new();
    for call in calls {
        samples.push(call.await.expect("a vote"));
    }
    samples
}

fn p99<'a>(samples: impl Iterator<Item = &'a Sample>) -> Duration {
    let mut times: Vec<Duration> = samples.map(|s| s.took).collect();
    times.sort();
    times[times.len() * 99 / 100]
}

/// One fault: `hurt`, what readiness says then, `heal`, and how soon all is exact again.
async fn fault(name: &str, loses: bool, hurt: impl Fn(&Pair), heal: impl Fn(&Pair)) {
    let pair = Pair::new().await;
    let tokens = pair.servers[0].setup.mint(VOTERS).await;
    let stop = Cell::new(false);
    let story = async {
        tokio::time::sleep(Duration::from_secs(2)).await; // so much steady load before the fault, not a synchronisation
        let hurt_at = Instant::now();
        hurt(&pair);
        if loses {
            let took = pair.until("degraded", LOST).await;
            println!("{name}: degraded after {took:?}");
        }
        tokio::time::sleep_until(hurt_at + Duration::from_secs(4)).await;
        let healed_at = Instant::now();
        heal(&pair);
        let took = pair.until("ready", BACK).await;
        println!("{name}: ready {took:?} after the return");
        let took = eventually("the quota is exact again", EXACT * SLACK, async || {
            pair.volley().await.exact()
        })
        .await;
        println!("{name}: exact again after {took:?}");
        for _ in 0..3 {
            let admitted = pair.volley().await;
            assert!(
                admitted.exact(),
                "{name}: {} admitted of a quota of {QUOTA}",
                admitted.votes
            );
        }
        stop.set(true);
        (hurt_at, healed_at)
    };
    let (samples, (hurt_at, healed_at)) = tokio::join!(steady(&pair, &tokens, &stop), story);
    let refused: Vec<u16> = samples
        .iter()
        .map(|s| s.status)
        .filter(|s| !(200..300).contains(s))
        .collect();
    assert!(
        refused.is_empty(),
        "{name}: {} of {} votes refused, first {}",
        refused.len(),
        samples.len(),
        refused[0]
    );
    // Beside the same load before the fault: a busy machine makes both slower.
    let before = p99(samples.iter().filter(|s| s.due < hurt_at));
    let lasting = |s: &&Sample| s.due >= hurt_at && s.due < healed_at;
    let during = p99(samples.iter().filter(lasting));
    println!(
        "{name}: {} votes, p99 {before:?} before, {during:?} while it lasted",
        samples.len()
    );
    assert!(
        during < before + WAIT * SLACK,
        "{name}: p99 {before:?} before, {during:?} while it lasted"
    );
    pair.servers[0].verify().await;
}

#[test]
fn redis_is_killed_on_postgres() {
    run_alone(fault(
        "killed",
        true,
        |pair| pair.redis.kill9(),
        |pair| pair.redis.restart(),
    ));
}

#[test]
fn redis_hangs_on_postgres() {
    run_alone(fault(
        "hung",
        true,
        |pair| pair.redis.pause(),
        |pair| pair.redis.resume(),
    ));
}

#[test]
fn redis_is_flushed_on_postgres() {
    let flush = |pair: &Pair| {
        pair.redis.flush_all();
        pair.redis.cli(&["SCRIPT", "FLUSH"]);
    };
    run_alone(fault("flushed", false, flush, |_| ()));
}
