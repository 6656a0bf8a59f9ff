//! Random votes against a model, and the recount that finds what was tampered with.
//!
//! It must never draw other numbers on another run: a failure has to come again.
use crate::harness::Backend;
use crate::harness::server::Home;
use std::collections::HashMap;

const TOOLS: [&str; 2] = ["codestral-2", "cursor-background-agents"];

crate::both!(
    random_votes_end_as_the_model_says,
    a_tampered_tally_is_found,
    a_tampered_vote_is_found,
    edits_that_cancel_out_are_found,
    an_edited_voter_is_found,
    an_edited_ledger_is_found,
    a_torn_ledger_is_found,
    an_edited_panel_is_found
);

async fn random_votes_end_as_the_model_says(backend: Backend) {
    let server = Home::new(backend).setup().generous().start().await;
    let client = server.client();
    let voters = server.setup.mint(6).await;
    let mut model: HashMap<(usize, usize), &str> = HashMap::new();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below).expect("small")
    };
    for _ in 0..300 {
        let (voter, tool) = (random(6), random(2));
        let (status, old) = match ["ship", "skip", "withdraw"][random(3)] {
            "withdraw" => (
                client.delete_vote(&voters[voter], TOOLS[tool]).await.status,
                model.remove(&(voter, tool)),
            ),
            choice => (
                client
                    .put_vote(&voters[voter], TOOLS[tool], choice)
                    .await
                    .status,
                model.insert((voter, tool), choice),
            ),
        };
        let first = old.is_none() && model.contains_key(&(voter, tool));
        assert_eq!(status, if first { 201 } else { 200 });
        let count = |side: &str| {
            model
                .iter()
                .filter(|((_, t), choice)| *t == tool && **choice == side)
                .count() as i64
        };
        assert_eq!(
            client.counts(TOOLS[tool]).await,
            (count("ship"), count("skip"))
        );
    }
    for (voter, token) in voters.iter().enumerate() {
        for (tool, slug) in TOOLS.iter().enumerate() {
            let own = client.get_vote(token, slug).await.expect(200);
            assert_eq!(
                own.json["vote"]["choice"].as_str(),
                model.get(&(voter, tool)).copied()
            );
        }
    }
    server.verify().await;
}

/// `verify` after `sql` was run behind the server's back, on a tool with a ship and a skip; the row says `fault`.
async fn verify_after(backend: Backend, sql: &str, fault: &str) {
    // A log would keep the ballots as they were, which no repair can change: see `repair`.
    let setup = Home::new(backend).setup().generous();
    let server = setup
        .env("TALLYSHIP_TRANSPARENCY__ENABLED", "off")
        .start()
        .await;
    let client = server.client();
    for choice in ["ship", "skip"] {
        let voter = client.visitor().await;
        client.put_vote(&voter, TOOLS[0], choice).await.expect(201);
    }
    server.verify().await;
    server.home().execute(sql);
    let found = server.run_cli(&["verify"]).await;
    assert_eq!(found.code(), 1, "{}", found.stdout);
    assert!(
        found
            .stdout
            .lines()
            .any(|line| line.starts_with(TOOLS[0]) && line.contains(fault)),
        "{}",
        found.stdout
    );
    assert!(
        !found.stdout.contains(TOOLS[1]),
        "only what is wrong is named: {}",
        found.stdout
    );
    // The votes stand, and all else can be made to agree with them; but not beside a server.
    let votes = "SELECT count(*) AS n FROM votes WHERE choice = 1";
    let ships = server.home().number(votes);
    let beside = server.run_cli(&["verify", "--repair", "--apply"]).await;
    assert_ne!(beside.code(), 0, "{}", beside.stdout);
    server.sigterm(std::time::Duration::from_secs(20)).await;
    let shown = server.setup.run_cli(&["verify", "--repair"]).await;
    assert_eq!(shown.code(), 1, "nothing was changed: {}", shown.stdout);
    let repair = server.setup.run_cli(&["verify", "--repair", "--apply"]);
    repair.await.success("repair");
    server.setup.verify().await;
    assert_eq!(server.home().number(votes), ships);
    let acts = "SELECT count(*) AS n FROM audit WHERE act = 'verify.repair'";
    assert!(server.home().number(acts) > 0);
}

async fn a_tampered_tally_is_found(backend: Backend) {
    let sql = "UPDATE tallies SET ship = ship + 1 WHERE ship = 1";
    verify_after(backend, sql, "the votes add up to something else").await;
}

async fn a_tampered_vote_is_found(backend: Backend) {
    let sql = "UPDATE votes SET choice = 2 WHERE choice = 1";
    verify_after(backend, sql, "the votes add up to something else").await;
}

async fn edits_that_cancel_out_are_found(backend: Backend) {
    let sql = "UPDATE votes SET choice = 3 - choice";
    verify_after(backend, sql, "other voters or choices").await;
}

async fn an_edited_voter_is_found(backend: Backend) {
    let nobody = match backend {
        Backend::Sqlite => "X'00112233445566778899AABBCCDDEEFF'",
        Backend::Postgres => "'\\x00112233445566778899AABBCCDDEEFF'",
    };
    let sql = format!("UPDATE votes SET voter = {nobody} WHERE choice = 1");
    verify_after(backend, &sql, "other voters or choices").await;
}

async fn an_edited_ledger_is_found(backend: Backend) {
    // The last byte of the first change: none to ship becomes none to skip.
    let sql = match backend {
        Backend::Sqlite => {
            "UPDATE ledger_entries SET changes = CAST(substr(changes, 1, 16) || char(2) || substr(changes, 18) AS BLOB)"
        }
        Backend::Postgres => "UPDATE ledger_entries SET changes = set_byte(changes, 16, 2)",
    };
    verify_after(backend, sql, "the ledger adds up to something else").await;
}

async fn a_torn_ledger_is_found(backend: Backend) {
    let sql = match backend {
        Backend::Sqlite => "UPDATE ledger_entries SET changes = CAST(changes || char(0) AS BLOB)",
        Backend::Postgres => "UPDATE ledger_entries SET changes = changes || '\\x00'::bytea",
    };
    verify_after(backend, sql, "twice, or out of its order").await;
}

async fn an_edited_panel_is_found(backend: Backend) {
    let sql = "UPDATE tallies SET panel_skip = panel_skip + 1 WHERE ship = 1";
    verify_after(backend, sql, "the panel is not that of the reviews").await;
}
