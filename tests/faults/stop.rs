//! Stopping and being stopped: SIGTERM under load, a second server on one SQLite file, a Postgres that hangs.
//!
//! Whether a call was taken is judged by its effect: what had one must have been answered.
use crate::SLACK;
use crate::book::{TOOLS, shown};
use crate::harness::client::{Answer, Client};
use crate::harness::postgres::Cluster;
use crate::harness::server::Home;
use crate::harness::{Backend, eventually, run};
use futures_util::future::join_all;
use std::cell::Cell;
use std::time::{Duration, Instant};

const TOOL: &str = TOOLS[0];
const CALLS: usize = 600;
const STOP: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(5);

/// What each of them is shown, in groups: many reads at once are refused until others are done.
async fn own_votes(client: &Client, tokens: &[String]) -> Vec<Answer> {
    let mut shows = Vec::new();
    for group in tokens.chunks(64) {
        shows.extend(join_all(group.iter().map(|token| client.get_vote(token, TOOL))).await);
    }
    shows
}

async fn sigterm_under_load(backend: Backend) {
    let setup = Home::new(backend).setup().generous();
    let server = setup.start().await;
    let client = server.client();
    let tokens = setup.mint(CALLS).await;
    // The connections are there before the load, so that calls do not fail for want of one.
    join_all(
        tokens
            .iter()
            .take(CALLS / 2)
            .map(|token| client.get_vote(token, TOOL)),
    )
    .await;
    let answered = Cell::new(0);
    let votes = join_all(tokens.iter().map(async |token| {
        let result = client.vote(token, TOOL, "ship").try_send().await;
        answered.set(answered.get() + 1);
        result
    }));
    let stopping = async {
        eventually("the load has begun", Duration::from_secs(30), async || {
            answered.get() >= CALLS / 10
        })
        .await;
        let start = Instant::now();
        (server.sigterm(STOP * SLACK).await, start.elapsed())
    };
    let (results, (code, took)) = tokio::join!(votes, stopping);
    assert_eq!(code, 0, "exit code\n{}", server.stderr());
    let taken = results
        .iter()
        .filter(|r| r.as_ref().is_ok_and(|a| a.success()))
        .count();
    for answer in results.iter().flatten() {
        assert!(
            answer.success() || answer.status == 503,
            "{}: {}",
            answer.status,
            answer.text
        );
    }
    println!(
        "{backend:?}: SIGTERM under load: {taken} of {CALLS} calls taken, stopped after {took:?}"
    );

    let server = setup.start().await;
    let client = server.client();
    let shows = own_votes(&client, &tokens).await;
    for (result, shows) in results.iter().zip(shows) {
        match (result, shown(&shows.expect(200))) {
            (Ok(answer), None) if answer.success() => panic!("answered {} and lost", answer.status),
            (Ok(answer), Some(_)) => assert!(
                answer.success(),
                "refused with {} and counted",
                answer.status
            ),
            (Err(error), Some(_)) => panic!("a vote was taken and never answered: {error:?}"),
            _ => {}
        }
    }
    assert_eq!(client.counts(TOOL).await, (taken as i64, 0));
    server.verify().await;
}

async fn sigint_stops_as_well(backend: Backend) {
    let server = Home::new(backend).setup().start().await;
    server.signal("INT");
    assert_eq!(server.exit_code(STOP * SLACK).await, 0);
}

crate::both!(sigterm_under_load, sigint_stops_as_well);

#[test]
fn a_second_server_on_one_file_is_refused_on_sqlite() {
    run(async {
        let setup = Home::new(Backend::Sqlite).setup();
        let first = setup.start().await;
        let refused = setup.start_refused(ANSWER * SLACK).await;
        println!("a second serve: {}", refused.stderr.trim());
        // By another name it is the same file.
        let home = first.home().path();
        std::os::unix::fs::symlink(home.join("data"), home.join("elsewhere")).expect("a link");
        std::fs::create_dir(home.join("links")).expect("a folder");
        let link = home.join("links/votes.db");
        std::os::unix::fs::symlink(home.join("data/tallyship.db"), &link).expect("a link");
        for path in ["elsewhere/tallyship.db", "links/votes.db"] {
            let linked = setup.clone();
            let linked = linked.env("TALLYSHIP_DATABASE__URL", format!("sqlite://{path}"));
            let refused = linked.start_refused(ANSWER * SLACK).await;
            assert_eq!(refused.code(), 2, "{path}: {}", refused.stderr);
        }
        assert_eq!(refused.code(), 2, "{}", refused.stderr);
        assert!(!refused.stderr.trim().is_empty(), "it says why");
        let token = first.client().visitor().await;
        first
            .client()
            .put_vote(&token, TOOL, "ship")
            .await
            .expect(201);
        // The first one's end, even a sudden one, frees its lock.
        first.kill9();
        let third = setup.start().await;
        assert_eq!(third.client().counts(TOOL).await, (1, 0));
    });
}

#[test]
fn a_postgres_that_hangs_is_answered_for() {
    run(async {
        let cluster = Cluster::private();
        let setup = Home::on(cluster.fresh_database()).setup().generous();
        let server = setup.start().await;
        let client = server.client();
        let tokens = setup.mint(20).await;
        client.put_vote(&tokens[0], TOOL, "ship").await.expect(201);

        cluster.pause();
        let start = Instant::now();
        let refused = join_all(
            tokens[1..]
                .iter()
                .map(|token| client.put_vote(token, TOOL, "skip")),
        )
        .await;
        let took = start.elapsed();
        for answer in refused {
            let answer = answer.problem(503, "unavailable");
            assert!(
                answer.header("retry-after").is_some(),
                "{:?}",
                answer.headers
            );
        }
        println!(
            "Postgres hangs: {} votes refused within {took:?}",
            tokens.len() - 1
        );
        assert!(took < ANSWER * SLACK, "refused after {took:?}");
        let start = Instant::now();
        let own = client.get_vote(&tokens[0], TOOL).await;
        println!(
            "Postgres hangs: own vote answered {} after {:?}",
            own.status,
            start.elapsed()
        );
        own.problem(503, "unavailable");
        assert!(start.elapsed() < ANSWER * SLACK);
        let took = eventually(
            "the tally says that it is stale",
            ANSWER * SLACK,
            async || {
                let tally = client.tally(TOOL).await;
                assert_eq!(tally["community"]["ship"], 1, "served from memory");
                tally["stale"] == true
            },
        )
        .await;
        println!("Postgres hangs: tallies stale {took:?} later");

        cluster.resume();
        let took = eventually("votes are taken again", ANSWER * SLACK, async || {
            client.put_vote(&tokens[0], TOOL, "skip").await.status == 200
        })
        .await;
        println!("Postgres goes on: votes taken after {took:?}");
        let took = eventually(
            "the tally is fresh again, and right",
            ANSWER * SLACK,
            async || {
                let tally = client.tally(TOOL).await;
                let shows = own_votes(&client, &tokens).await;
                let skips = shows
                    .into_iter()
                    .filter(|a| shown(a) == Some("skip"))
                    .count();
                tally.get("stale").is_none()
                    && tally["community"]["ship"] == 0
                    && tally["community"]["skip"] == skips
            },
        )
        .await;
        println!("Postgres goes on: tallies right after {took:?}");
        setup.verify().await;
    });
}
