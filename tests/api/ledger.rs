//! The packed ledger: what older servers wrote is kept by the migration, and its way back is whole.
use crate::harness::Backend;
use crate::harness::server::Home;
use serde_json::json;

crate::both!(the_ledger_goes_both_ways);

async fn the_ledger_goes_both_ways(backend: Backend) {
    let server = Home::new(backend).setup().generous().start().await;
    let client = server.client();
    let voters = server.setup.mint(30).await;
    for (n, voter) in voters.iter().enumerate() {
        let choice = if n % 3 == 0 { "skip" } else { "ship" };
        let cast = client.put_vote(voter, "codestral-2", choice).await;
        assert!(cast.success());
    }
    for voter in voters.iter().take(10) {
        let cast = client.put_vote(voter, "codestral-2", "ship").await;
        assert!(cast.success());
    }
    let withdrawn = client.delete_vote(&voters[29], "codestral-2").await;
    assert!(withdrawn.success());
    let before = client.tally("codestral-2").await;
    assert_eq!(before["community"]["votes"], json!(29));
    let home = server.home();
    let folder = match backend {
        Backend::Sqlite => "migrations/sqlite",
        Backend::Postgres => "migrations/postgres",
    };
    let step = |file: &str| {
        let path = format!("{folder}/2026-11-26-000004_packed_ledger/{file}.sql");
        home.execute(&std::fs::read_to_string(path).expect("a migration"));
    };
    let changes = "SELECT CAST(sum(length(changes)) / 17 AS BIGINT) AS n FROM ledger_entries";
    let noted = home.number(changes);
    step("down");
    assert_eq!(home.number("SELECT count(*) AS n FROM vote_events"), noted);
    let gone = "SELECT count(*) AS n FROM vote_events WHERE old = 1 AND new = 0";
    assert_eq!(home.number(gone), 1, "the vote that was withdrawn");
    step("up");
    assert_eq!(home.number(changes), noted);
    server.verify().await;
    let cast = client.put_vote(&voters[29], "codestral-2", "skip").await;
    assert!(cast.success());
    server.verify().await;
}
