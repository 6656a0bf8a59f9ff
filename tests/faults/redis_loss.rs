//! Redis killed, hung and flushed under 500 votes a second: nobody is stopped, nobody waits, and exactness returns.
use crate::SLACK;
use crate::harness::client::Client;
use crate::harness::redis::Redis;
use crate::harness::{eventually, run};
use crate::redis::{QUOTA, pair, slowly, spend};
use futures_util::future::join_all;
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

const RATE: u32 = 500;
const LOSS_LASTS: Duration = Duration::from_secs(4);
/// p99 that is promised; a test allows five times as much, since it shares two cores with what it measures.
const WAIT: Duration = Duration::from_millis(100);

#[derive(Default)]
struct Log {
    waits: RefCell<Vec<Duration>>,
    bad: RefCell<Vec<String>>,
}

/// Votes on a fixed schedule until told to stop; a late answer does not delay the next call.
async fn steadily(clients: &[Client; 2], tokens: &[String], log: &Log, stop: &Cell<bool>) {
    let began = Instant::now();
    let mut calls = Vec::new();
    let mut n = 0_u32;
    while !stop.get() {
        let due = began + Duration::from_secs(1) * n / RATE;
        tokio::time::sleep_until(due.into()).await;
        let at = n as usize;
        let call = clients[at % 2].vote(
            &tokens[at % tokens.len()],
            "codestral-2",
            if at.is_multiple_of(7) { "skip" } else { "ship" },
        );
        calls.push(tokio::spawn(async move {
            // From the moment that it was due, so that a stall of ours counts too.
            let answer = call.try_send().await;
            (due.elapsed(), answer)
        }));
        n += 1;
    }
    for call in join_all(calls).await {
        let (wait, answer) = call.expect("a call");
        log.waits.borrow_mut().push(wait);
        match answer {
            Ok(answer) if answer.success() => {}
            Ok(answer) => log
                .bad
                .borrow_mut()
                .push(format!("{}: {}", answer.status, answer.text)),
            Err(error) => log.bad.borrow_mut().push(error.to_string()),
        }
    }
}

/// Takes Redis away under load and brings it back; then the quota of a fresh voter is exact again.
async fn without_redis_for_a_while(take: impl Fn(&Redis), bring: impl Fn(&Redis), is_lost: bool) {
    let redis = Redis::start();
    // The load is under the default network quota's shadow otherwise; voters take turns below their own quota.
    let (a, b) = pair(&redis, slowly).await;
    let clients = [a.client(), b.client()];
    let tokens = a.setup.mint(2_000).await;
    let (log, stop) = (Log::default(), Cell::new(false));
    let story = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        take(&redis);
        let lost = Instant::now();
        if is_lost {
            for server in [&a, &b] {
                let admin = server.admin();
                eventually(
                    "readyz says degraded",
                    Duration::from_secs(5) * SLACK,
                    async || {
                        admin.get("/readyz").send().await.expect(200).json["status"] == "degraded"
                    },
                )
                .await;
            }
            println!("degraded after {:?}", lost.elapsed());
        }
        tokio::time::sleep(LOSS_LASTS.saturating_sub(lost.elapsed())).await;
        bring(&redis);
        let back = Instant::now();
        for server in [&a, &b] {
            let admin = server.admin();
            eventually("readyz says ready", Duration::from_secs(30), async || {
                admin.get("/readyz").send().await.expect(200).json["status"] == "ready"
            })
            .await;
        }
        println!("ready {:?} after it was back", back.elapsed());
        tokio::time::sleep(Duration::from_secs(1)).await;
        stop.set(true);
    };
    tokio::join!(steadily(&clients, &tokens, &log, &stop), story);
    let bad = log.bad.into_inner();
    assert!(
        bad.is_empty(),
        "{} calls went wrong, first: {}",
        bad.len(),
        bad[0]
    );
    let mut waits = log.waits.into_inner();
    waits.sort_unstable();
    let p99 = waits[waits.len() * 99 / 100];
    println!(
        "{} votes, p99 {p99:?}, slowest {:?}",
        waits.len(),
        waits[waits.len() - 1]
    );
    assert!(p99 < WAIT * SLACK, "p99 {p99:?}");
    let fresh = a.setup.mint(1).await.remove(0);
    assert_eq!(spend(&clients, &fresh).await, (QUOTA, QUOTA));
    a.verify().await;
}

#[test]
fn redis_is_killed_on_postgres() {
    run(without_redis_for_a_while(
        Redis::kill9,
        Redis::restart,
        true,
    ));
}

#[test]
fn redis_hangs_on_postgres() {
    run(without_redis_for_a_while(Redis::pause, Redis::resume, true));
}

#[test]
fn redis_is_flushed_on_postgres() {
    run(without_redis_for_a_while(Redis::flush_all, |_| (), false));
}
