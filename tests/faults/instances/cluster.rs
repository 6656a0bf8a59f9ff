//! Three instances on a real Redis Cluster: a master is killed, slots are moved, and quotas stay exact while the cluster
//! answers; votes go on while it does not.
use super::Instances;
use crate::SLACK;
use crate::book::TOOLS;
use crate::harness::redis_cluster::{MASTERS, RedisCluster};
use crate::harness::server::Home;
use crate::harness::{Backend, eventually, run_alone};
use crate::quotas::{Admitted, QUOTA, REFILL, volley};
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Enough that each master has some of them.
const VOTERS: usize = 12;
/// No call waits longer for Redis in all: three times its patience.
const WAIT: Duration = Duration::from_millis(600);
/// A failover takes a few of the nodes' timeouts.
const FAILOVER: Duration = Duration::from_secs(10);

async fn three(cluster: &RedisCluster) -> Instances {
    let setup = Home::new(Backend::Postgres).setup().generous();
    let setup = setup
        .redis(cluster.urls())
        .patient()
        .env("TALLYSHIP_LIMITS__VOTES_PER_VOTER", format!("{QUOTA}/1m"));
    Instances::start(setup).await
}

/// A voter who has used up its quota.
struct Known {
    token: String,
    since: Instant,
    votes: usize,
}

/// A volley of each of some new voters, and the first that was not exact.
async fn volleys(instances: &Instances) -> (Vec<Known>, Option<Admitted>) {
    let (mut known, mut odd) = (Vec::new(), None);
    for token in instances.setup.mint(VOTERS).await {
        let since = Instant::now();
        let admitted = volley(&instances.endpoints(), &token).await;
        let votes = admitted.votes;
        odd = odd.or((!admitted.exact()).then_some(admitted));
        known.push(Known {
            token,
            since,
            votes,
        });
    }
    (known, odd)
}

async fn exact(instances: &Instances, when: &str) -> Vec<Known> {
    instances.until("ready").await;
    let (known, odd) = volleys(instances).await;
    if let Some(odd) = odd {
        let (votes, at_most) = (odd.votes, odd.at_most);
        panic!("{when}: {votes} votes were admitted, {at_most} are the quota");
    }
    println!("{when}: quotas exact for {VOTERS} voters");
    known
}

/// Whoever had used up its quota has only what came back since.
async fn remembered(instances: &Instances, when: &str, known: &[Known]) {
    for voter in known {
        let admitted = volley(&instances.endpoints(), &voter.token).await;
        let votes = voter.votes + admitted.votes;
        let back = voter.since.elapsed().as_millis() / REFILL.as_millis();
        let at_most = QUOTA + back as usize + 1;
        assert!(
            votes <= at_most,
            "{when}: {votes} in all, {at_most} are the quota"
        );
    }
}

/// Votes of ever new voters, one by one, until told to stop: what was not taken, and the slowest.
async fn steady(instances: &Instances, tokens: &[String], stop: &Cell<bool>) -> (usize, Duration) {
    let odd = RefCell::new(Vec::new());
    let (mut votes, mut slowest) = (0, Duration::ZERO);
    for token in tokens {
        for n in 0..QUOTA / 2 {
            if stop.get() {
                assert_eq!(*odd.borrow(), [""; 0]);
                return (votes, slowest);
            }
            let told = instances.vote(token, TOOLS[n % 2], "ship", 0).await;
            if !told.success() {
                odd.borrow_mut().push(format!("{:?}", told.status));
            }
            votes += 1;
            slowest = slowest.max(told.took);
            tokio::time::sleep(Duration::from_millis(5)).await; // two hundred votes a second at most
        }
    }
    panic!("not voters enough");
}

async fn beside(cluster: &Arc<RedisCluster>, work: impl FnOnce(&RedisCluster) + Send + 'static) {
    let cluster = Arc::clone(cluster);
    let done = tokio::task::spawn_blocking(move || work(&cluster)).await;
    done.expect("done to the cluster");
}

#[test]
fn a_cluster_loses_a_master_and_moves_slots_on_postgres() {
    run_alone(async {
        let cluster = Arc::new(RedisCluster::start());
        let instances = three(&cluster).await;
        let first = exact(&instances, "a whole cluster").await;
        // A dozen keys leave one of three masters empty once in seventy runs.
        for token in &instances.setup.mint(60).await {
            assert!(instances.vote(token, TOOLS[0], "ship", 0).await.success());
        }
        let sizes = cluster.sizes();
        assert!(sizes.iter().all(|keys| *keys > 0), "keys: {sizes:?}");

        let tokens = instances.setup.mint(8_000).await;
        let stop = Cell::new(false);
        let story = async {
            let killed = Instant::now();
            cluster.nodes[0].kill9();
            beside(&cluster, |cluster| {
                let heir = &cluster.nodes[MASTERS];
                crate::harness::eventually_blocking(
                    "a replica takes over",
                    FAILOVER * SLACK,
                    || heir.cli(&["INFO", "replication"]).contains("role:master"),
                );
                cluster.until_fine();
            })
            .await;
            let failover = killed.elapsed();
            instances.until("ready").await;
            println!(
                "a master killed: its replica took over after {failover:?}, all ready after {:?}",
                killed.elapsed()
            );
            let second = exact(&instances, "after the failover").await;
            remembered(&instances, "after the failover", &first).await;

            beside(&cluster, |cluster| cluster.begin_move(1, 2)).await;
            let third = exact(&instances, "while slots are moved").await;
            remembered(&instances, "while slots are moved", &second).await;
            beside(&cluster, |cluster| cluster.end_move(1, 2)).await;
            let fourth = exact(&instances, "after slots were moved").await;
            remembered(&instances, "after slots were moved", &third).await;

            // The killed one comes back, empty, as a replica; another hangs, and wakes.
            beside(&cluster, |cluster| cluster.nodes[0].restart()).await;
            cluster.nodes[2].pause();
            let heir = &cluster.nodes[2 + MASTERS];
            eventually("a replica takes over", FAILOVER * SLACK, async || {
                heir.cli(&["INFO", "replication"]).contains("role:master")
            })
            .await;
            cluster.nodes[2].resume();
            beside(&cluster, RedisCluster::until_fine).await;
            instances.until("ready").await;
            exact(&instances, "after another one hung").await;
            remembered(&instances, "after another one hung", &fourth).await;
            stop.set(true);
        };
        let ((votes, slowest), ()) = tokio::join!(steady(&instances, &tokens, &stop), story);
        println!("{votes} votes meanwhile, all taken, the slowest after {slowest:?}");
        assert!(slowest < WAIT * SLACK, "a vote took {slowest:?}");
        let (_, took) = instances.agreed().await;
        println!("tallies equal after {took:?}");
        instances.setup.verify().await;
    });
}

/// The twin: without the cluster each instance admits a quota, and the check sees that.
#[test]
fn without_its_cluster_each_instance_admits_a_quota_on_postgres() {
    run_alone(async {
        let cluster = RedisCluster::start();
        let instances = three(&cluster).await;
        for node in &cluster.nodes {
            node.kill9();
        }
        instances.until("degraded").await;
        let (_, odd) = volleys(&instances).await;
        let odd = odd.expect("the check of exactness sees the difference");
        assert_eq!(odd.votes, QUOTA * super::INSTANCES);
    });
}
