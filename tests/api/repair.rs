//! `tallyship verify` and its repair: every kind of difference is provoked, found, and ended.
//!
//! A kind without a case here fails the test, as one without a row in `docs/integrity.md` fails another.
use crate::harness::server::{Home, Server, Setup};
use crate::harness::{Backend, eventually};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;
use std::time::Duration;
use tallyship::maintenance::verify::fault::{Fault, Remedy};

crate::both!(altered_votes_are_stated_anew, every_kind_is_found_and_ended);

const TOOL: &str = "codestral-2";
const GUARD: Duration = Duration::from_secs(60);

/// What provokes a kind. `{tool}` stands for the tool's id, `{hex:..}` for bytes.
fn provocation(fault: Fault) -> &'static str {
    match fault {
        Fault::Votes => "UPDATE tallies SET ship = ship + 1 WHERE tool_id = {tool}",
        Fault::Ledger => "INSERT INTO bulk_events VALUES ({tool}, -1, 0, 1, 0, 0, 0)",
        Fault::Aside => "UPDATE tallies SET aside_skip = aside_skip + 1 WHERE tool_id = {tool}",
        Fault::Voters => "INSERT INTO bulk_events VALUES ({tool}, -2, 0, 0, 0, 77, 0)",
        Fault::Ahead => "UPDATE tallies SET version = 0 WHERE tool_id = {tool}",
        Fault::Order => {
            "INSERT INTO ledger_entries (tool_id, version, at, changes) VALUES ({tool}, 1, 0, {hex:0102})"
        }
        Fault::Panel => "UPDATE tallies SET panel_skip = panel_skip + 1 WHERE tool_id = {tool}",
        Fault::Periods => "UPDATE tallies SET period_end = 77 WHERE tool_id = {tool}",
        Fault::Origins => {
            "INSERT INTO origin_sums (origin, tool_id, first_ship, first_skip, now_ship, now_skip, counted_ship, counted_skip, \
             changed, trusted_until, sample) VALUES (77, {tool}, 1, 0, 1, 0, 0, 0, 0, 0, {hex:})"
        }
        Fault::Missing => {
            "INSERT INTO tools (id, slug, name, updated_at) VALUES (990, 'zz', 'Z', 0)"
        }
        Fault::Unknown => {
            "INSERT INTO origin_sums (origin, tool_id, first_ship, first_skip, now_ship, now_skip, counted_ship, counted_skip, \
             changed, trusted_until, sample) VALUES (77, 991, 1, 0, 1, 0, 0, 0, 0, 0, {hex:})"
        }
        Fault::Index => "INSERT INTO ledger_voters VALUES (0, 0, {hex:010203040506})",
        Fault::Ballots => {
            "UPDATE log_tools SET named_ship = named_ship + 1, \
             version = (SELECT version FROM tallies WHERE tool_id = {tool}) WHERE tool_id = {tool}"
        }
        Fault::Journal => "INSERT INTO log_journal (record) VALUES ({hex:ff})",
        Fault::Audit => {
            "UPDATE audit SET reason = 'another' WHERE id = (SELECT min(id) FROM audit)"
        }
    }
}

struct Trial {
    setup: Setup,
    home: std::sync::Arc<Home>,
    tool: i64,
}

impl Trial {
    fn execute(&self, sql: &str) {
        let mut sql = sql.replace("{tool}", &self.tool.to_string());
        while let Some(at) = sql.find("{hex:") {
            let end = at + sql[at..].find('}').expect("its end");
            let bytes = match self.home.backend() {
                Backend::Sqlite => format!("X'{}'", &sql[at + 5..end]),
                Backend::Postgres => format!("'\\x{}'", &sql[at + 5..end]),
            };
            sql.replace_range(at..=end, &bytes);
        }
        self.home.execute(&sql);
    }

    /// Runs `verify`, and says how it ended and what it said.
    async fn verify(&self, more: &[&str]) -> (i32, String) {
        let done = self.setup.run_cli(&[&["verify"], more].concat()).await;
        (done.code(), format!("{}{}", done.stdout, done.stderr))
    }

    /// What ends a kind that no repair can; the broken chain stays.
    async fn operator(&self, fault: Fault) {
        match fault {
            Fault::Journal => {
                let new = self.setup.run_cli(&["log", "new", "--reason", "a test"]);
                new.await.success("log new");
            }
            _ => return,
        }
        assert_eq!(self.verify(&[]).await.0, 0, "{fault:?} is ended");
    }
}

/// A database with votes, a log that has stated them, and no server any more.
async fn trial(backend: Backend) -> Trial {
    let home = Home::new(backend);
    let server = home.setup().generous().start().await;
    let client = server.client();
    for choice in ["ship", "skip", "ship"] {
        let voter = client.visitor().await;
        client.put_vote(&voter, TOOL, choice).await.expect(201);
    }
    eventually("the log has the votes", GUARD, async || {
        home.number("SELECT count(*) AS n FROM log_tools WHERE named_ship = 2") == 1
    })
    .await;
    let made = server.run_cli(&["token", "create", "--role", "site", "--name", "s"]);
    made.await.success("an act for the audit chain");
    refuses_beside(&server).await;
    let sql = format!("SELECT CAST(id AS BIGINT) AS n FROM tools WHERE slug = '{TOOL}'");
    let tool = home.number(&sql);
    server.sigterm(Duration::from_secs(20)).await;
    // The key of the next log, which Postgres has to be given.
    let setup = home.setup().generous();
    let setup = match backend {
        Backend::Sqlite => setup,
        Backend::Postgres => setup.env("TALLYSHIP_TRANSPARENCY__KEY", STANDARD.encode([9; 32])),
    };
    Trial { setup, home, tool }
}

async fn refuses_beside(server: &Server) {
    let beside = server.run_cli(&["verify", "--repair", "--apply"]).await;
    assert_ne!(beside.code(), 0, "{}", beside.stdout);
    server
        .run_cli(&["verify", "--repair"])
        .await
        .success("a dry run is allowed");
}

async fn every_kind_is_found_and_ended(backend: Backend) {
    let trial = trial(backend).await;
    let votes = trial.home.number("SELECT count(*) AS n FROM votes");
    let acts = "SELECT count(*) AS n FROM audit WHERE act = 'verify.repair'";
    let mut tried = BTreeSet::new();
    for fault in Fault::ALL {
        assert_eq!(trial.verify(&[]).await.0, 0, "clean before {fault:?}");
        trial.execute(provocation(*fault));
        let (code, said) = trial.verify(&[]).await;
        assert_eq!(code, 1, "{fault:?}: {said}");
        let before = trial.home.number(acts);
        match fault.remedy() {
            Remedy::Repair(does) => {
                assert!(!said.contains(does), "{said}");
                let (code, said) = trial.verify(&["--repair"]).await;
                assert_eq!(code, 1, "nothing was changed: {said}");
                assert!(
                    said.contains(fault.words()) && said.contains(does),
                    "{said}"
                );
                assert_eq!(trial.home.number(acts), before);
                let (code, said) = trial.verify(&["--repair", "--apply"]).await;
                assert_eq!(code, 0, "{fault:?}: {said}");
                let (code, said) = trial.verify(&[]).await;
                assert_eq!(code, 0, "{fault:?} is repaired: {said}");
                assert!(
                    trial.home.number(acts) > before,
                    "{fault:?} has an audit entry"
                );
            }
            Remedy::Operator(does) => {
                assert!(said.contains(does), "{said}");
                let (code, said) = trial.verify(&["--repair", "--apply"]).await;
                assert_eq!(code, 1, "{fault:?} cannot be repaired: {said}");
                assert_eq!(trial.home.number(acts), before);
                trial.operator(*fault).await;
            }
        }
        tried.insert(*fault);
    }
    assert_eq!(tried.len(), Fault::ALL.len());
    assert_eq!(trial.home.number("SELECT count(*) AS n FROM votes"), votes);
}

/// The public log is signed, so it is not changed: it states what became of the ballots, and goes on.
async fn altered_votes_are_stated_anew(backend: Backend) {
    let home = Home::new(backend);
    let mut server = home.setup().generous().start().await;
    let client = server.client();
    for choice in ["ship", "skip", "ship"] {
        let voter = client.visitor().await;
        client.put_vote(&voter, TOOL, choice).await.expect(201);
    }
    eventually("the log has the votes", GUARD, async || {
        home.number("SELECT count(*) AS n FROM log_tools WHERE named_ship = 2") == 1
    })
    .await;
    server.sigterm(Duration::from_secs(20)).await;
    home.execute("DELETE FROM votes WHERE choice = 2");
    assert_eq!(server.run_cli(&["verify"]).await.code(), 1);
    let repaired = server.run_cli(&["verify", "--repair", "--apply"]).await;
    repaired.success("verify --repair --apply");
    server.run_cli(&["verify"]).await.success("verify");
    server.restart().await;
    assert_eq!(server.client().counts(TOOL).await, (2, 0));
    eventually("the log says what the site shows", GUARD, async || {
        let base = server.client().base().to_owned();
        let done = server.run_cli(&["log", "verify", "--url", &base]).await;
        done.code() == 0 && !done.stdout.contains("moved")
    })
    .await;
    server.verify().await;
}
