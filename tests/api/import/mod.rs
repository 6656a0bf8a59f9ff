//! Votes as files: a site that moves is the same site, an import decides by `cast_at`, and nothing bad is half taken.
mod beside;

use crate::harness::Backend;
use crate::harness::client::Client;
use crate::harness::server::{Home, Setup};
use serde_json::{Value, json};
use std::time::Duration;

crate::both!(
    a_site_moves_with_its_voters,
    the_newest_vote_stands,
    a_bad_file_changes_nothing_and_is_told_by_line
);

const TOOL: &str = "codestral-2";
const OTHER: &str = "cursor-background-agents";
const SECRET: &str = "a secret that two sites of this test share";

async fn run(setup: &Setup, arguments: &[&str]) -> String {
    let name = arguments.join(" ");
    setup.run_cli(arguments).await.success(&name).stdout
}

async fn import(setup: &Setup, file: &str) -> Value {
    let said = run(setup, &["import", "votes", file, "--json"]).await;
    serde_json::from_str(&said).expect("JSON")
}

/// Waits until the server shows what a command wrote.
async fn shows(client: &Client, slug: &str, ship: i64, skip: i64) {
    let guard = Duration::from_secs(25);
    crate::harness::eventually("the counts are shown", guard, async || {
        client.counts(slug).await == (ship, skip)
    })
    .await;
}

async fn a_site_moves_with_its_voters(backend: Backend) {
    let from = Home::new(backend)
        .setup()
        .generous()
        .env("TALLYSHIP_IDENTITY__SECRET", SECRET)
        .start()
        .await;
    let client = from.client();
    let voters = from.setup.mint(12).await;
    for (n, voter) in voters.iter().enumerate() {
        let choice = if n % 3 == 0 { "skip" } else { "ship" };
        client.put_vote(voter, TOOL, choice).await.expect(201);
        if n % 2 == 0 {
            client.put_vote(voter, OTHER, "ship").await.expect(201);
        }
    }
    client.delete_vote(&voters[1], TOOL).await.expect(200);
    from.home().write(
        "old.csv",
        format!("tool,voter,choice,cast_at\n{TOOL},\"anna, \"\"the\"\" first\",ship,2025-01-01T00:00:00Z\n{TOOL},user:https://site.example:7,skip,2025-01-01T00:00:00Z\n"),
    );
    run(&from.setup, &["import", "votes", "old.csv"]).await;
    let csv = run(&from.setup, &["export", "votes"]).await;
    let ndjson = run(&from.setup, &["export", "votes", "--format", "ndjson"]).await;
    assert!(
        csv.contains("\"anna, \"\"the\"\" first\""),
        "as it came: {csv}"
    );
    assert!(
        csv.contains("user:https://site.example:7") && csv.contains("visitor:"),
        "{csv}"
    );
    assert_eq!((csv.lines().count(), ndjson.lines().count()), (20, 19));

    let there = if backend == Backend::Sqlite {
        Backend::Postgres
    } else {
        Backend::Sqlite
    };
    for (name, text) in [("votes.csv", &csv), ("votes.ndjson", &ndjson)] {
        let to = Home::new(there)
            .setup()
            .generous()
            .env("TALLYSHIP_IDENTITY__SECRET", SECRET)
            .start()
            .await;
        to.home().write(name, text);
        let report = import(&to.setup, name).await;
        assert_eq!(
            (&report["rows"], &report["added"]),
            (&json!(19), &json!(19))
        );
        let moved = to.client();
        let (ship, skip) = (8, 5);
        shows(&client, TOOL, ship, skip).await;
        shows(&moved, TOOL, ship, skip).await;
        shows(&moved, OTHER, 6, 0).await;
        // The same voters: their tokens are known, their votes are theirs, and nobody votes twice.
        let own = moved.get_vote(&voters[0], TOOL).await.expect(200);
        let before = client.get_vote(&voters[0], TOOL).await.expect(200);
        assert_eq!(own.json["vote"], before.json["vote"]);
        moved.put_vote(&voters[0], TOOL, "ship").await.expect(200);
        assert_eq!(moved.counts(TOOL).await, (9, 4));
        moved.put_vote(&voters[0], TOOL, "skip").await.expect(200);
        moved.put_vote(&voters[1], TOOL, "ship").await.expect(201);
        moved.delete_vote(&voters[1], TOOL).await.expect(200);
        to.verify().await;
        let again = import(&to.setup, name).await;
        assert_eq!(
            (&again["added"], &again["changed"]),
            (&json!(0), &json!(0)),
            "{again}"
        );
        let back = run(&to.setup, &["export", "votes"]).await;
        let without_the_recast = |text: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| !line.contains(&before_id(&csv)));
            lines.map(str::to_owned).collect()
        };
        assert_eq!(
            without_the_recast(&back),
            without_the_recast(&csv),
            "the same file again"
        );
    }
    from.verify().await;
}

/// The first voter that skipped: the one who votes again on the other site.
fn before_id(csv: &str) -> String {
    let line = csv.lines().find(|line| {
        line.starts_with(TOOL) && line.contains("visitor:") && line.contains(",skip,")
    });
    line.expect("a skip")
        .split(',')
        .nth(1)
        .expect("a voter")
        .to_owned()
}

async fn the_newest_vote_stands(backend: Backend) {
    let server = Home::new(backend).setup().generous().start().await;
    let client = server.client();
    let voter = client.visitor().await;
    let cast = client.put_vote(&voter, TOOL, "ship").await.expect(201);
    let cast_at = cast.json["vote"]["cast_at"]
        .as_str()
        .expect("a time")
        .to_owned();
    let exported = run(&server.setup, &["export", "votes"]).await;
    let name = exported
        .lines()
        .nth(1)
        .expect("a vote")
        .split(',')
        .nth(1)
        .expect("a voter")
        .to_owned();
    let file = async |lines: &[(&str, &str, &str)]| {
        let lines: Vec<String> = lines
            .iter()
            .map(|(voter, choice, at)| {
                json!({"tool": TOOL, "voter": voter, "choice": choice, "cast_at": at}).to_string()
            })
            .collect();
        server.home().write("votes.ndjson", lines.join("\n"));
        let report = import(&server.setup, "votes.ndjson").await;
        server.verify().await;
        let count = |name: &str| report[name].as_i64().expect(name);
        (
            count("added"),
            count("changed"),
            count("kept"),
            count("out"),
        )
    };
    let old = "2025-01-01T00:00:00Z";
    // An older line changes nothing; the vote's own line neither.
    assert_eq!(file(&[(&name, "skip", old)]).await, (0, 0, 1, 0));
    assert_eq!(file(&[(&name, "skip", &cast_at)]).await, (0, 0, 1, 0));
    // Of two lines the newer counts, in whatever order they stand.
    let twice = [
        ("bob", "skip", "2025-03-01T00:00:00Z"),
        ("bob", "ship", "2025-02-01T00:00:00Z"),
    ];
    assert_eq!(file(&twice).await, (1, 0, 1, 0));
    assert_eq!(file(&twice).await, (0, 0, 2, 0));
    shows(&client, TOOL, 1, 1).await;
    // A newer line replaces what is there.
    assert_eq!(
        file(&[("bob", "ship", "2025-04-01T00:00:00Z")]).await,
        (0, 1, 0, 0)
    );
    shows(&client, TOOL, 2, 0).await;
    assert_eq!(
        file(&[("bob", "ship", "2025-05-01T00:00:00Z")]).await,
        (0, 1, 0, 0)
    );
    let version = client.tally(TOOL).await["version"].clone();
    let changed = server
        .home()
        .number("SELECT version AS n FROM tallies WHERE tool_id = (SELECT id FROM tools WHERE slug = 'codestral-2')");
    assert_eq!(
        version, changed,
        "a later time alone is no change of the tally"
    );
    // What a moderator took out stays out.
    server.home().execute(
        "INSERT INTO removals (kind, tool_id, state, reason, made_by, made_at) SELECT 1, id, 1, 'a test', 'a test', 0 FROM tools WHERE slug = 'codestral-2'",
    );
    server.home().execute("UPDATE votes SET taken_out_by = (SELECT max(id) FROM removals) WHERE cast_at < 1750000000000000");
    server.home().execute(
        "UPDATE tallies SET ship = 1, aside_ship = 1, version = version + 1 WHERE tool_id = (SELECT id FROM tools WHERE slug = 'codestral-2')",
    );
    server.home().execute(
        "INSERT INTO bulk_events (tool_id, version, removal_id, ship, skip, sketch, at) SELECT tool_id, version, 1, -1, 0, 0, updated_at FROM tallies WHERE tool_id = (SELECT id FROM tools WHERE slug = 'codestral-2')",
    );
    server.home().write(
        "votes.ndjson",
        json!({"tool": TOOL, "voter": "bob", "choice": "skip", "cast_at": "2026-01-01T00:00:00Z"})
            .to_string(),
    );
    let report = import(&server.setup, "votes.ndjson").await;
    assert_eq!(
        (&report["out"], &report["added"]),
        (&json!(1), &json!(0)),
        "{report}"
    );
    let exported = run(&server.setup, &["export", "votes"]).await;
    assert!(!exported.contains("bob"), "only what counts: {exported}");
}

async fn a_bad_file_changes_nothing_and_is_told_by_line(backend: Backend) {
    let server = Home::new(backend).setup().start().await;
    let good = format!("{TOOL},anna,ship,2026-01-01T00:00:00Z");
    let lines: Vec<String> = (0..3000)
        .map(|n| format!("{TOOL},v{n},ship,2026-01-01T00:00:00Z"))
        .collect();
    for (bad, line, field) in [
        (
            format!("nothing-there,anna,ship,2026-01-01T00:00:00Z\n{good}"),
            3002,
            "tool",
        ),
        (
            format!("{good}\n{TOOL},anna,maybe,2026-01-01T00:00:00Z"),
            3003,
            "choice",
        ),
        (
            format!("{TOOL},anna,ship,2026-13-01T00:00:00Z"),
            3002,
            "cast_at",
        ),
        (
            format!("{TOOL},visitor:7,ship,2026-01-01T00:00:00Z"),
            3002,
            "voter",
        ),
        (format!("{TOOL},anna,ship"), 3002, "4 fields"),
    ] {
        let text = format!("tool,voter,choice,cast_at\n{}\n{bad}\n", lines.join("\n"));
        server.home().write("bad.csv", text);
        let refused = server.run_cli(&["import", "votes", "bad.csv"]).await;
        assert_eq!(refused.code(), 1, "{}", refused.stderr);
        let named = format!("bad.csv, line {line}: {field}");
        assert!(
            refused.stderr.contains(&named)
                || field.contains(' ') && refused.stderr.contains(field),
            "{named}: {}",
            refused.stderr
        );
        assert!(
            refused.stderr.contains("nothing was written"),
            "{}",
            refused.stderr
        );
        assert_eq!(server.home().number("SELECT count(*) AS n FROM votes"), 0);
    }
    // As spreadsheets of half of Europe write them.
    for (content, hint) in [
        (
            format!("tool;voter;choice;cast_at\n{}\n", good.replace(',', ";")),
            "separated by semicolons",
        ),
        (
            format!("tool,voter,choice,cast_at\n{TOOL},anna,ship,24.11.2026 02:00\n"),
            "a spreadsheet rewrites times",
        ),
        (
            format!("tool,voter,choice,cast_at\n{TOOL},anna,ship,11/24/2026 2:00\n"),
            "a spreadsheet rewrites times",
        ),
    ] {
        server.home().write("excel.csv", content);
        let refused = server.run_cli(&["import", "votes", "excel.csv"]).await;
        assert_eq!(refused.code(), 1, "{}", refused.stderr);
        assert!(refused.stderr.contains(hint), "{}", refused.stderr);
    }
    for (tools, hint) in [
        ("slug;name\na;A\n", "semicolons"),
        ("tool,voter,choice\n", "no column is called slug"),
        ("\0", "no column is called slug"),
    ] {
        server.home().write("tools.csv", tools);
        let refused = server.run_cli(&["catalog", "import", "tools.csv"]).await;
        assert_eq!(refused.code(), 1, "{}", refused.stderr);
        assert!(refused.stderr.contains(hint), "{}", refused.stderr);
    }
    let missing = server.run_cli(&["import", "votes", "missing.csv"]).await;
    assert_eq!(missing.code(), 1);
    assert!(missing.stderr.contains("missing.csv"), "{}", missing.stderr);
    for nothing in ["", " \n\t\n", "\u{feff}", "\u{feff}\r\n"] {
        server.home().write("empty.csv", nothing);
        let refused = server.run_cli(&["import", "votes", "empty.csv"]).await;
        assert_eq!(refused.code(), 1, "{nothing:?}");
        assert!(refused.stderr.contains("empty"), "{}", refused.stderr);
    }
    server
        .home()
        .write("header.csv", "\u{feff}tool,voter,choice,cast_at\n");
    assert_eq!(import(&server.setup, "header.csv").await["rows"], 0);
    server.verify().await;
}
