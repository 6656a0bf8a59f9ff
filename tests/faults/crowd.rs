//! A crowd that waits while Postgres stands still: taken in a few large batches afterwards, each vote as its voter meant it.
//!
//! It must never pass without a large batch.
use crate::book::TOOLS;
use crate::deaf::metric;
use crate::harness::postgres::Cluster;
use crate::harness::server::{Home, Server};
use crate::harness::{eventually, run};
use futures_util::future::join_all;
use std::time::Duration;

const CROWD: usize = 300;
/// Of them, this many have voted before: the first half withdraws, the second changes.
const KNOWN: usize = 100;
/// The bucket of the histogram of batches beyond which one is large.
const LARGE: &str = "tallyship_commit_votes_bucket{le=\"128\"}";
const GUARD: Duration = Duration::from_secs(60);

/// Batches of more than 128 votes so far.
async fn large(server: &Server) -> f64 {
    metric(server, "tallyship_commit_votes_count").await - metric(server, LARGE).await
}

fn choice(voter: usize) -> &'static str {
    ["ship", "skip", "ship"][voter % 3]
}

fn other(choice: &str) -> &'static str {
    if choice == "ship" { "skip" } else { "ship" }
}

#[test]
fn a_crowd_that_waited_is_taken_as_it_meant_on_postgres() {
    run(async {
        let cluster = Cluster::private();
        let setup = Home::on(cluster.fresh_database()).setup().generous();
        let server = setup.start().await;
        let client = server.client();
        let tool = |voter: usize| TOOLS[voter / 2 % 2];
        // Should the crowd come too slowly for one large batch, another comes.
        eventually("a large batch", GUARD, async || {
            let voters = setup.mint(CROWD).await;
            let rows = server.home().number("SELECT count(*) AS n FROM votes");
            for (n, voter) in voters.iter().enumerate().take(KNOWN) {
                client.put_vote(voter, tool(n), choice(n)).await.expect(201);
            }
            let (before, calls) = (large(&server).await, voters.iter().enumerate());
            let crowd = join_all(calls.map(async |(n, voter)| match n {
                _ if n < KNOWN / 2 => client.delete_vote(voter, tool(n)).await.expect(200),
                _ if n < KNOWN => {
                    let changed = client.put_vote(voter, tool(n), other(choice(n))).await;
                    changed.expect(200)
                }
                _ => client.put_vote(voter, tool(n), choice(n)).await.expect(201),
            }));
            cluster.pause();
            let released = async {
                tokio::time::sleep(Duration::from_millis(500)).await; // the crowd arrives
                cluster.resume();
            };
            tokio::join!(crowd, released);
            for (n, voter) in voters.iter().enumerate() {
                let own = client.get_vote(voter, tool(n)).await.json;
                let meant = match n {
                    _ if n < KNOWN / 2 => None,
                    _ if n < KNOWN => Some(other(choice(n))),
                    _ => Some(choice(n)),
                };
                assert_eq!(own["vote"]["choice"].as_str(), meant, "voter {n}: {own}");
            }
            let kept = server.home().number("SELECT count(*) AS n FROM votes") - rows;
            assert_eq!(kept as usize, CROWD - KNOWN / 2);
            server.verify().await;
            large(&server).await > before
        })
        .await;
    });
}
