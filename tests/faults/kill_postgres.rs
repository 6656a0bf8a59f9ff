//! kill -9 of Postgres under load: 503 while it is gone, never a false 2xx, and everything acknowledged is there afterwards.
//!
//! The server is never restarted: it has to find its way back by itself.
use crate::SLACK;
use crate::book::{Gauge, Voter, contradictions, counts, expected, under_load};
use crate::harness::postgres::Cluster;
use crate::harness::server::Home;
use crate::harness::{eventually, run};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

const TIMES: usize = 5;
const CROWD: usize = 48;
const ANSWER: Duration = Duration::from_secs(5);
const RECOVERY: Duration = Duration::from_secs(5);

#[test]
fn postgres_is_killed_under_load() {
    run(async {
        let cluster = Cluster::private();
        let setup = Home::on(cluster.fresh_database()).setup().generous();
        let server = setup.start().await;
        let voters = setup
            .mint(CROWD)
            .await
            .into_iter()
            .map(Voter::new)
            .collect();
        let client = server.client();
        let gauge = Gauge::default();
        let faults = async {
            for time in 1..=TIMES {
                let target = gauge.acknowledged.load(SeqCst) + 500;
                eventually(
                    "votes are acknowledged",
                    Duration::from_secs(60),
                    async || {
                        gauge.acknowledged.load(SeqCst) >= target
                            && gauge.in_flight.load(SeqCst) > CROWD / 2
                    },
                )
                .await;
                cluster.kill9();
                gauge.phase.fetch_add(1, SeqCst);
                let refused = gauge.unavailable.load(SeqCst) + CROWD * 2;
                eventually("votes are refused with 503", ANSWER * SLACK, async || {
                    gauge.unavailable.load(SeqCst) >= refused
                })
                .await;
                gauge.phase.fetch_add(1, SeqCst);
                let before = gauge.acknowledged.load(SeqCst);
                let again = std::sync::Arc::clone(&cluster);
                tokio::task::spawn_blocking(move || again.launch())
                    .await
                    .expect("Postgres is back");
                let took = eventually("votes are taken again", RECOVERY * SLACK, async || {
                    gauge.acknowledged.load(SeqCst) > before
                })
                .await;
                println!("kill {time}: votes taken again {took:?} after Postgres was back");
            }
            gauge.stop.store(true, SeqCst);
        };
        let (mut voters, ()) = under_load(&client, voters, 7, &gauge, faults).await;
        gauge.assert_clean();
        assert_eq!(gauge.dropped.load(SeqCst), 0, "calls without an answer");
        let slowest = Duration::from_millis(gauge.slowest_ms.load(SeqCst));
        println!(
            "{TIMES} kills of Postgres: slowest answer {slowest:?}, {:?} refused",
            gauge.unavailable
        );
        assert!(slowest < ANSWER * SLACK, "an answer took {slowest:?}");
        assert_eq!(contradictions(&client, &mut voters).await, [""; 0]);
        eventually(
            "the server shows what the database holds",
            RECOVERY * SLACK,
            async || counts(&client).await == expected(&voters),
        )
        .await;
        setup.verify().await;
    });
}
