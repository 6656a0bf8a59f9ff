//! Stopping and hanging: SIGTERM finishes what was taken; a hung Postgres costs bounded 503s and heals by itself.
use crate::SLACK;
use crate::book::{Gauge, Voter, contradictions, under_load};
use crate::harness::postgres::Cluster;
use crate::harness::server::Home;
use crate::harness::{Backend, eventually, run};
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

crate::both!(sigterm_under_load);

/// Every call that was taken is answered, the exit code is 0, and everything acknowledged is there afterwards.
async fn sigterm_under_load(backend: Backend) {
    let setup = Home::new(backend).setup().generous();
    let server = setup.start().await;
    let voters = setup.mint(48).await.into_iter().map(Voter::new).collect();
    let (client, gauge) = (server.client(), Gauge::default());
    let stopping = async {
        eventually(
            "votes are acknowledged",
            Duration::from_secs(60),
            async || gauge.acknowledged.load(SeqCst) > 500,
        )
        .await;
        let began = Instant::now();
        let code = server.sigterm(Duration::from_secs(10) * SLACK).await;
        println!("{backend:?}: stopped after {:?}", began.elapsed());
        gauge.stop.store(true, SeqCst);
        code
    };
    let (mut voters, code) = under_load(&client, voters, 11, &gauge, stopping).await;
    assert_eq!(code, 0, "{}", server.stderr());
    gauge.assert_clean();
    let server = setup.start().await;
    assert_eq!(contradictions(&server.client(), &mut voters).await, [""; 0]);
    server.verify().await;
}

#[test]
fn a_second_server_on_one_sqlite_file_is_refused() {
    run(async {
        let setup = Home::new(Backend::Sqlite).setup();
        let _first = setup.start().await;
        let second = setup.start_refused(Duration::from_secs(30)).await;
        assert_eq!(second.code(), 2, "{}", second.stderr);
    });
}

#[test]
fn a_hung_postgres_costs_503_in_time_and_heals() {
    run(async {
        let cluster = Cluster::private();
        let setup = Home::on(cluster.fresh_database()).setup().generous();
        let server = setup.start().await;
        let client = server.client();
        let tokens = setup.mint(2).await;
        client
            .put_vote(&tokens[0], "codestral-2", "ship")
            .await
            .expect(201);
        cluster.pause();
        let began = Instant::now();
        let refused = client.put_vote(&tokens[1], "codestral-2", "ship").await;
        println!("hung: 503 after {:?}", began.elapsed());
        assert!(
            refused
                .problem(503, "unavailable")
                .header("retry-after")
                .is_some()
        );
        assert!(began.elapsed() < Duration::from_secs(5) * SLACK);
        eventually(
            "tallies are served, marked stale",
            Duration::from_secs(5) * SLACK,
            async || {
                let tally = client.tally("codestral-2").await;
                tally["community"]["ship"] == 1 && tally["stale"] == true
            },
        )
        .await;
        assert_eq!(
            server.admin().get("/readyz").send().await.expect(503).json["status"],
            "unready"
        );
        cluster.resume();
        let back = Instant::now();
        eventually(
            "votes are taken again",
            Duration::from_secs(5) * SLACK,
            async || {
                client
                    .put_vote(&tokens[1], "codestral-2", "skip")
                    .await
                    .success()
            },
        )
        .await;
        println!("healed {:?} after it ran again", back.elapsed());
        eventually(
            "tallies are fresh",
            Duration::from_secs(5) * SLACK,
            async || client.tally("codestral-2").await["stale"].is_null(),
        )
        .await;
        assert_eq!(client.counts("codestral-2").await, (1, 1));
        server.verify().await;
    });
}
