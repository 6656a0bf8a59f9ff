//! A standby that was behind is promoted: what the old primary had beyond it is lost, and nothing is told falsely after that.
//!
//! The loss is made within one Postgres: the tables go back to how they were some votes ago, and every connection is cut. So
//! transactions, versions and sequences come again, which is what a promotion does.
use crate::SLACK;
use crate::book::TOOLS;
use crate::harness::server::{Home, Server};
use crate::harness::{Backend, eventually, run};
use std::time::Duration;

const TOOL: &str = TOOLS[0];
const HEALED: Duration = Duration::from_secs(5);
const TABLES: [&str; 10] = [
    "votes",
    "tallies",
    "ledger_entries",
    "site_facts",
    "tools",
    "logs",
    "log_journal",
    "log_tools",
    "log_bundles",
    "log_tiles",
];

fn keep(server: &Server) {
    for table in TABLES {
        let sql = format!("CREATE TABLE kept_{table} AS TABLE {table}");
        server.home().execute(&sql);
    }
}

/// Back to what was kept, with no connection left.
fn lose(server: &Server) {
    let mut sql = String::from("BEGIN; SET session_replication_role = replica;");
    for table in TABLES {
        sql += &format!(
            "DELETE FROM {table}; INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE kept_{table};"
        );
    }
    sql += "COMMIT; SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
    server.home().execute(&sql);
}

async fn version(server: &Server) -> i64 {
    server.client().tally(TOOL).await["version"]
        .as_i64()
        .expect("a version")
}

/// What each instance shows is what the database has, under a version that was never shown.
async fn heals(servers: &[Server], counts: (i64, i64), newest: i64) {
    for server in servers {
        eventually("the loss is shown", HEALED * SLACK, async || {
            server.client().counts(TOOL).await == counts
        })
        .await;
        assert!(version(server).await > newest, "a version came again");
    }
    servers[0].verify().await;
}

#[test]
fn lost_votes_are_shown_as_lost_on_postgres() {
    run(async {
        let setup = Home::new(Backend::Postgres).setup().generous();
        let servers = [setup.start().await, setup.start().await];
        let client = servers[0].client();
        let voters = setup.mint(12).await;
        client.put_vote(&voters[0], TOOL, "ship").await.expect(201);
        keep(&servers[0]);
        for voter in &voters[1..6] {
            client.put_vote(voter, TOOL, "ship").await.expect(201);
        }
        let newest = version(&servers[0]).await;
        lose(&servers[0]);
        heals(&servers, (1, 0), newest).await;
        // Whoever lost their vote casts it anew.
        for voter in &voters[..6] {
            let answer = servers[1].client().put_vote(voter, TOOL, "skip").await;
            assert!(answer.success(), "{}", answer.text);
        }
        let now = version(&servers[1]).await;
        heals(&servers, (0, 6), now - 1).await;
    });
}

/// An edit meets the dead connection first, and then votes come.
#[test]
fn an_edit_after_the_loss_leaves_nothing_remembered_on_postgres() {
    run(async {
        let server = Home::new(Backend::Postgres)
            .setup()
            .generous()
            .start()
            .await;
        let client = server.client();
        let made = server
            .run_cli(&["token", "create", "--role", "moderator", "--name", "m"])
            .await
            .success("token");
        let voters = server.setup.mint(8).await;
        client.put_vote(&voters[0], TOOL, "ship").await.expect(201);
        keep(&server);
        for voter in &voters[1..6] {
            client.put_vote(voter, TOOL, "ship").await.expect(201);
        }
        let newest = version(&server).await;
        lose(&server);
        let freeze = async |state: &str| {
            let path = format!("/v1/moderation/tools/{TOOL}/state");
            let body = serde_json::json!({"state": state, "reason": "a test"});
            let call = client.put(&path).bearer(made.stdout.trim()).json(&body);
            call.send().await.success()
        };
        let guard = Duration::from_secs(10);
        eventually("an edit is taken", guard, async || freeze("frozen").await).await;
        eventually("another", guard, async || freeze("open").await).await;
        for voter in &voters[..6] {
            let answer = client.put_vote(voter, TOOL, "skip").await;
            assert!(answer.success(), "{}", answer.text);
        }
        heals(&[server], (0, 6), newest).await;
    });
}
