//! A Postgres primary with a synchronous standby: the primary is killed and the standby promoted, or the standby hangs.
//! Nothing that was answered with success is lost.
//!
//! Instances know both by one URL. They are never restarted.
use crate::SLACK;
use crate::book::{Gauge, TOOLS, Voter, contradictions, counts, expected, under_load};
use crate::harness::postgres::Cluster;
use crate::harness::server::{Home, Setup};
use crate::harness::{eventually, run};
use futures_util::future::join_all;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

const CROWD: usize = 48;
const VOTES: usize = 1_000;
const ANSWER: Duration = Duration::from_secs(5);
const RECOVERY: Duration = Duration::from_secs(5);
const LOAD: Duration = Duration::from_secs(60);

struct Pair {
    primary: Arc<Cluster>,
    standby: Arc<Cluster>,
    setup: Setup,
}

impl Pair {
    /// Both, and the settings of an instance that uses whichever of them takes votes.
    fn start(synchronous: bool) -> Pair {
        let primary = Cluster::private();
        let standby = Arc::new(primary.standby("second"));
        let replicas = "SELECT count(*) AS n FROM pg_stat_replication WHERE state = 'streaming'";
        let guard = Duration::from_secs(30);
        crate::harness::eventually_blocking("the standby follows", guard, || {
            primary.number(replicas) == 1
        });
        if synchronous {
            primary.execute("ALTER SYSTEM SET synchronous_standby_names = 'second'");
            primary.execute("SELECT pg_reload_conf()");
            crate::harness::eventually_blocking("it is waited for", guard, || {
                primary.number(&format!("{replicas} AND sync_state = 'sync'")) == 1
            });
        }
        let mut database = primary.fresh_database();
        let one = format!("127.0.0.1:{}/", primary.port());
        let both = format!("127.0.0.1:{},127.0.0.1:{}/", primary.port(), standby.port());
        database.url = database.url.replace(&one, &both) + "?target_session_attrs=read-write";
        let setup = Home::on(database).setup().generous();
        Pair {
            primary,
            standby,
            setup,
        }
    }
}

/// Votes under load, and the primary killed in the midst of it, so that later votes hide nothing; the standby is promoted. Gives
/// what contradicts the voters' book.
async fn promoted(pair: &Pair, lagging: bool) -> Vec<String> {
    let server = pair.setup.start().await;
    let mut tokens = pair.setup.mint(CROWD + 1).await;
    let probe = tokens.pop().expect("a token");
    let voters = tokens.into_iter().map(Voter::new).collect();
    let (client, gauge) = (server.client(), Gauge::default());
    let more = async |votes: usize| {
        let wanted = gauge.acknowledged.load(SeqCst) + votes;
        eventually("votes are acknowledged", LOAD, async || {
            gauge.acknowledged.load(SeqCst) >= wanted && gauge.in_flight.load(SeqCst) > CROWD / 2
        })
        .await;
    };
    let story = async {
        more(VOTES).await;
        if lagging {
            pair.standby.kill9();
            more(VOTES).await;
        }
        gauge.stop.store(true, SeqCst);
        pair.primary.kill9();
        Instant::now()
    };
    let (mut voters, killed) = under_load(&client, voters, 11, &gauge, story).await;
    gauge.assert_clean();
    assert_eq!(gauge.dropped.load(SeqCst), 0, "calls without an answer");
    let slowest = Duration::from_millis(gauge.slowest_ms.load(SeqCst));
    assert!(slowest < ANSWER * SLACK, "an answer took {slowest:?}");
    let start = Instant::now();
    let refused = client.put_vote(&probe, TOOLS[0], "ship").await;
    refused.problem(503, "unavailable");
    assert!(start.elapsed() < ANSWER * SLACK, "refused after {start:?}");

    let standby = Arc::clone(&pair.standby);
    let promoting = tokio::task::spawn_blocking(move || {
        if lagging {
            standby.launch();
        }
        standby.execute("SELECT pg_promote()");
    });
    promoting.await.expect("promoted");
    let up = Instant::now();
    eventually("votes are taken again", RECOVERY * SLACK, async || {
        let answer = client.put_vote(&probe, TOOLS[0], "ship").await;
        answer.success()
    })
    .await;
    println!(
        "votes are taken again {:?} after the standby's promotion, {:?} after the primary's end",
        up.elapsed(),
        killed.elapsed()
    );
    client.delete_vote(&probe, TOOLS[0]).await.expect(200);
    let found = contradictions(&client, &mut voters).await;
    println!(
        "{:?} votes acknowledged, {} lost; slowest answer {slowest:?}",
        gauge.acknowledged,
        found.len()
    );
    if found.is_empty() {
        eventually("tallies are right", RECOVERY * SLACK, async || {
            counts(&client).await == expected(&voters)
        })
        .await;
        pair.setup.verify().await;
    }
    found
}

/// The database's URL leads to a standby, which reads and takes no votes: unready, by `/readyz` and the command, until it is promoted.
#[test]
fn a_url_that_leads_to_a_standby_is_unready_on_postgres() {
    run(async {
        let pair = Pair::start(true);
        let url = pair.setup.home.database_url().expect("a URL");
        let any = url.replace(
            "target_session_attrs=read-write",
            "target_session_attrs=any",
        );
        let setup = pair.setup.clone().env("TALLYSHIP_DATABASE__URL", any);
        let server = setup.start().await;
        let (client, admin) = (server.client(), server.admin());
        let voters = setup.mint(2).await;
        client
            .put_vote(&voters[0], TOOLS[0], "ship")
            .await
            .expect(201);
        let writes = async || admin.get("/readyz").send().await.json["parts"]["writes"].clone();
        assert_eq!(writes().await, "ready");
        assert_eq!(server.health().await, 0);

        pair.primary.kill9();
        let reads =
            "SELECT count(*) AS n FROM pg_stat_activity WHERE backend_type = 'client backend'";
        let took = eventually(
            "the standby is read, unready",
            RECOVERY * SLACK,
            async || pair.standby.number(reads) > 1 && writes().await == "unready",
        );
        println!("on a standby: unready after {:?}", took.await);
        assert_eq!(server.health().await, 1);
        let refused = client.put_vote(&voters[1], TOOLS[0], "ship").await;
        refused.problem(503, "unavailable");

        pair.standby
            .execute("ALTER SYSTEM RESET synchronous_standby_names");
        pair.standby.execute("SELECT pg_promote()");
        let took = eventually("ready", RECOVERY * SLACK, async || {
            writes().await == "ready"
        });
        println!("promoted: ready after {:?}", took.await);
        assert_eq!(server.health().await, 0);
        client
            .put_vote(&voters[1], TOOLS[0], "ship")
            .await
            .expect(201);
        eventually("both count", RECOVERY * SLACK, async || {
            client.counts(TOOLS[0]).await == (2, 0)
        })
        .await;
        setup.verify().await;
    });
}

#[test]
fn a_standby_is_promoted_on_postgres() {
    run(async {
        let pair = Pair::start(true);
        assert_eq!(promoted(&pair, false).await, [""; 0]);
    });
}

/// The twin: a standby that nobody waits for, and that lags, must be seen to lose votes.
#[test]
fn a_lagging_standby_loses_votes_on_postgres() {
    run(async {
        let pair = Pair::start(false);
        assert_ne!(promoted(&pair, true).await, [""; 0], "the check is blind");
    });
}

/// What the primary alone has is not safe: while the standby hangs no vote is acknowledged, whatever the role's default says.
/// The writer's `statement_timeout` must not break the waiting off either: Postgres would then report a success.
async fn standby_hangs(synchronous: bool) {
    let pair = Pair::start(synchronous);
    let role = "ALTER ROLE postgres SET synchronous_commit = off";
    pair.primary.execute(role);
    let server = pair.setup.start().await;
    let client = server.client();
    let tokens = pair.setup.mint(20).await;
    client
        .put_vote(&tokens[0], TOOLS[0], "ship")
        .await
        .expect(201);

    pair.standby.pause();
    for round in 0..2 {
        let start = Instant::now();
        let calls = tokens[round * 10..][..10].iter();
        let answers = join_all(calls.map(|token| client.put_vote(token, TOOLS[1], "skip"))).await;
        let (took, taken) = (
            start.elapsed(),
            answers.iter().filter(|answer| answer.success()).count(),
        );
        println!("the standby hangs: {taken} of 10 votes acknowledged, answered within {took:?}");
        if !synchronous {
            assert_eq!(taken, 10, "nobody waits for it");
            continue;
        }
        for answer in answers {
            answer.problem(503, "unavailable");
        }
        assert!(took < ANSWER * SLACK, "answered after {took:?}");
    }
    pair.standby.resume();
    let took = eventually("votes are taken again", RECOVERY * SLACK, async || {
        let answer = client.put_vote(&tokens[0], TOOLS[0], "skip").await;
        answer.success()
    })
    .await;
    println!("the standby goes on: votes are taken after {took:?}");
    pair.setup.verify().await;
}

#[test]
fn a_standby_that_hangs_acknowledges_nothing_on_postgres() {
    run(standby_hangs(true));
}

/// The twin: it is the waiting for the standby that refuses them.
#[test]
fn a_standby_that_nobody_waits_for_may_hang_on_postgres() {
    run(standby_hangs(false));
}
