//! A database that was put back, once the next log has begun: the log before it has less than was published.
use super::{GUARD, receipt, text, until};
use crate::harness::server::Home;
use crate::harness::{Backend, eventually};
use crate::moderation::{OTHER, TOOL};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

crate::both!(an_earlier_log_never_shows_an_older_checkpoint);

async fn an_earlier_log_never_shows_an_older_checkpoint(backend: Backend) {
    let home = Home::new(backend);
    let state = home.path().join("log.state").display().to_string();
    let with = |byte: u8| {
        let setup = home.setup().generous();
        let setup = setup.env("TALLYSHIP_TRANSPARENCY__STATE", &state);
        match backend {
            Backend::Sqlite => setup,
            Backend::Postgres => {
                setup.env("TALLYSHIP_TRANSPARENCY__KEY", STANDARD.encode([byte; 32]))
            }
        }
    };
    let server = with(1).start().await;
    let client = server.client();
    let voter = client.visitor().await;
    let first = client.put_vote(&voter, TOOL, "ship").await.expect(201);
    until(&server, receipt(&first), json!("ship")).await;
    server.run_cli(&["backup", "early"]).await.success("backup");
    let second = client.put_vote(&voter, OTHER, "skip").await.expect(201);
    until(&server, receipt(&second), json!("skip")).await;
    let published = text(&server, "/log/checkpoint").await;
    server.sigterm(GUARD).await;
    let restored = with(1).run_cli(&["restore", "early"]).await;
    restored.success("restore");
    let setup = with(2);
    let begun = setup.run_cli(&["log", "new", "--reason", "put back"]);
    begun.await.success("log new");
    let server = setup.start().await;
    let client = server.client();
    eventually("the new log has a checkpoint", GUARD, async || {
        client.get("/log/2/checkpoint").send().await.status == 200
    })
    .await;
    let entry = text(&server, "/log/2/tile/entries/000.p/1").await;
    let published = published.lines().skip(1).take(2);
    assert!(entry.ends_with(&published.collect::<Vec<_>>().join(" ")));
    let earlier = client.get("/log/checkpoint").send().await;
    earlier.problem(503, "unavailable");
}
