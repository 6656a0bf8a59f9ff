//! The server recounts beside its work: no drift while people vote and moderators act, and what was changed behind its back
//! shows.
use crate::harness::crowd::fill;
use crate::harness::server::{Home, Server, Setup};
use crate::harness::{Backend, eventually};
use crate::moderation::{Moderator, OTHER, TOOL};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

crate::both!(
    a_clean_database_shows_no_drift_while_people_vote,
    what_was_altered_behind_its_back_shows
);

const GUARD: Duration = Duration::from_secs(60);
/// Three pages of a recount.
const CROWD: usize = 12_000;

fn setup(backend: Backend) -> Setup {
    let setup = Home::new(backend).setup().generous();
    setup.env("TALLYSHIP_TALLY__RECOUNT_EVERY", "1s")
}

fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("after 1970").as_secs_f64()
}

async fn gauge(server: &Server, name: &str) -> Option<f64> {
    let metrics = server.admin().get("/metrics").send().await.expect(200);
    let line = metrics.text.lines().find_map(|line| {
        let value = line.strip_prefix(name)?;
        value.strip_prefix(' ').map(str::to_owned)
    });
    line.map(|value| value.parse().expect("a number"))
}

async fn drift(server: &Server) -> Option<f64> {
    gauge(server, "tallyship_tally_drift").await
}

/// Waits for the end of `count` recounts, and of none is there any drift.
async fn clean(server: &Server, count: usize) {
    let mut ends = Vec::new();
    eventually("recounts end", GUARD, async || {
        let end = gauge(server, "tallyship_recount_timestamp_seconds").await;
        if let Some(end) = end
            && ends.last() != Some(&end)
        {
            assert_eq!(drift(server).await, Some(0.0), "{}", server.stderr());
            let differences = gauge(server, "tallyship_recount_differences").await;
            assert_eq!(differences, Some(0.0), "{}", server.stderr());
            ends.push(end);
        }
        ends.len() > count
    })
    .await;
    let last = ends.last().expect("an end");
    assert!((now() - last).abs() < 60.0, "{last} is no time of now");
    assert!(!server.stderr().contains("differs from its recount"));
}

/// Votes, changes and withdrawals, one after the other, until `stop`.
async fn vote(server: &Server, voters: &[String], stop: &AtomicBool) {
    let client = server.client();
    for turn in 0.. {
        for (n, voter) in voters.iter().enumerate() {
            let tool = [TOOL, OTHER][(turn + n) % 2];
            let done = match (turn + n) % 5 {
                0 => client.delete_vote(voter, tool).await,
                1 | 2 => client.put_vote(voter, tool, "skip").await,
                _ => client.put_vote(voter, tool, "ship").await,
            };
            assert!(done.success(), "{}", done.text);
            if stop.load(Ordering::Relaxed) {
                return;
            }
        }
    }
}

async fn a_clean_database_shows_no_drift_while_people_vote(backend: Backend) {
    let setup = setup(backend);
    let moderator = Moderator::at(setup.start().await).await;
    fill(
        moderator.server.home(),
        TOOL,
        CROWD,
        (now() * 1e6) as i64 - 3_600_000_000,
    );
    // On Postgres two instances, each with a recount of its own.
    let second = match backend {
        Backend::Sqlite => None,
        Backend::Postgres => Some(setup.start().await),
    };
    let other = second.as_ref().unwrap_or(&moderator.server);
    let voters = setup.mint(60).await;
    let stop = AtomicBool::new(false);
    let watched = async {
        clean(&moderator.server, 2).await;
        // What moves many votes, or renames some, while pages are read.
        let reset = moderator.reset(json!({"choice": "skip"})).await.expect(201);
        let gone = moderator.client.visitor().await;
        moderator
            .client
            .put_vote(&gone, TOOL, "ship")
            .await
            .expect(201);
        let me = moderator.client.delete("/v1/visitors/me").bearer(&gone);
        me.send().await.expect(200);
        clean(&moderator.server, 2).await;
        moderator.undo(&reset.json["id"]).await.expect(200);
        clean(&moderator.server, 2).await;
        clean(other, 1).await;
        stop.store(true, Ordering::Relaxed);
    };
    tokio::join!(
        watched,
        vote(&moderator.server, &voters[..20], &stop),
        vote(other, &voters[20..40], &stop),
        vote(other, &voters[40..], &stop),
    );
    moderator.server.verify().await;
}

async fn what_was_altered_behind_its_back_shows(backend: Backend) {
    let server = setup(backend).start().await;
    let home = server.home();
    let voters = server.setup.mint(3).await;
    for voter in &voters {
        server
            .client()
            .put_vote(voter, TOOL, "ship")
            .await
            .expect(201);
        server
            .client()
            .put_vote(voter, OTHER, "skip")
            .await
            .expect(201);
    }
    clean(&server, 1).await;
    let shows = async |expected: f64| {
        eventually("the drift shows", GUARD, async || {
            drift(&server).await == Some(expected)
        })
        .await;
    };
    let of = |slug: &str| format!("tool_id = (SELECT id FROM tools WHERE slug = '{slug}')");
    home.execute(&format!(
        "UPDATE tallies SET ship = ship + 1, revision = revision + 1 WHERE {}",
        of(TOOL)
    ));
    shows(1.0).await;
    eventually("the log has it", GUARD, async || {
        let said = server.stderr();
        said.contains("differs from its recount") && said.contains(TOOL)
    })
    .await;
    // It is told, and not mended; a vote moves the tally as ever.
    server
        .client()
        .put_vote(&voters[0], TOOL, "skip")
        .await
        .expect(200);
    assert_eq!(
        home.number(&format!(
            "SELECT ship + skip AS n FROM tallies WHERE {}",
            of(TOOL)
        )),
        4
    );
    // Another tool's votes and ledger add to it, each alone.
    let first = format!(
        "(SELECT voter FROM votes WHERE {} ORDER BY voter LIMIT 1)",
        of(OTHER)
    );
    home.execute(&format!(
        "DELETE FROM votes WHERE {} AND voter = {first}",
        of(OTHER)
    ));
    shows(2.0).await;
    home.execute(&format!(
        "UPDATE tallies SET ship = ship - 1 WHERE {}",
        of(TOOL)
    ));
    shows(1.0).await;
    let newest = format!("(SELECT max(seq) FROM ledger_entries WHERE {})", of(TOOL));
    home.execute(&format!("DELETE FROM ledger_entries WHERE seq = {newest}"));
    // A ship that became a skip: two counts are off by one.
    shows(3.0).await;
    // What moves no count shows as a difference.
    let differences = async |more: f64| {
        eventually("the differences show", GUARD, async || {
            gauge(&server, "tallyship_recount_differences").await == Some(more)
        })
        .await;
    };
    differences(2.0).await;
    home.execute("UPDATE tallies SET panel_skip = panel_skip + 1 WHERE ship + skip = 0");
    let others = home.number("SELECT count(*) AS n FROM tallies WHERE ship + skip = 0") as f64;
    differences(2.0 + others).await;
    let made = server.run_cli(&["token", "create", "--role", "site", "--name", "s"]);
    made.await.success("an act for the audit chain");
    home.execute("UPDATE audit SET reason = 'another' WHERE id = (SELECT min(id) FROM audit)");
    differences(3.0 + others).await;
    home.execute("INSERT INTO ledger_voters SELECT 0, 0, changes FROM ledger_entries LIMIT 1");
    differences(4.0 + others).await;
    assert_eq!(drift(&server).await, Some(3.0));
    let found = server.run_cli(&["verify"]).await;
    assert_eq!(found.code(), 1, "{}", found.stdout);
}
