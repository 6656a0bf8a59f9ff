//! `tallyship replay`: ledgers whose answer can be worked out by hand.
use crate::harness::Backend;
use crate::harness::server::{Home, Server};
use crate::moderation::{Moderator, OTHER, TOOL};
use serde_json::{Value, json};

crate::both!(
    a_ledger_goes_through_other_rules,
    networks_are_judged_while_they_are_known,
    one_hand_would_be_held_and_told_of,
    what_was_is_what_stands
);

/// 2026-11-10T10:00:00Z.
const BEGIN: i64 = 1_794_304_800;
const NONE: u8 = 0;
const SHIP: u8 = 1;
const SKIP: u8 = 2;

/// Puts one change into the ledger: when (seconds after the begin), at which version, whose, from what to what.
fn note(home: &Home, slug: &str, second: i64, version: i64, voter: u8, (old, new): (u8, u8)) {
    let changes = format!(
        "{}{:02x}",
        format!("{voter:02x}").repeat(16),
        16 * old + new
    );
    let changes = match home.backend() {
        Backend::Sqlite => format!("x'{changes}'"),
        Backend::Postgres => format!("'\\x{changes}'::bytea"),
    };
    home.execute(&format!(
        "INSERT INTO ledger_entries (tool_id, version, at, changes) \
         SELECT id, {version}, {at}, {changes} FROM tools WHERE slug = '{slug}'",
        at = (BEGIN + second) * 1_000_000
    ));
}

async fn replayed(server: &Server, arguments: &[&str]) -> Value {
    let all = [&["replay", "--json"], arguments].concat();
    let done = server.run_cli(&all).await.success("replay");
    serde_json::from_str(&done.stdout).expect("JSON")
}

async fn a_ledger_goes_through_other_rules(backend: Backend) {
    let server = Home::new(backend).setup().start().await;
    let home = server.home();
    // Two hours later eight others, each once; they are written first, as after an import.
    for n in 0..8_u8 {
        let at = 7_200 + i64::from(n);
        note(home, TOOL, at, 100 + i64::from(n), 2 + n, (NONE, SHIP));
    }
    // One voter changes their mind each second, twelve times: ship, skip, ship, and so on.
    for second in 0..12_u8 {
        let choice = |n: u8| if n.is_multiple_of(2) { SHIP } else { SKIP };
        let old = second.checked_sub(1).map_or(NONE, choice);
        note(
            home,
            TOOL,
            second.into(),
            10 + i64::from(second),
            1,
            (old, choice(second)),
        );
    }
    // The day before, six of another tool; and one of each side beyond the span.
    for n in 0..6_u8 {
        note(home, OTHER, -86_400, 10 + i64::from(n), n, (NONE, SHIP));
    }
    note(home, OTHER, 4 * 3_600, 20, 77, (NONE, SKIP));
    let span = [
        "--from",
        "2026-11-10T10:00:00Z",
        "--to",
        "2026-11-10T14:00:00Z",
    ];

    let with = |rules: &[&'static str]| [&span[..], rules].concat();
    let found = replayed(
        &server,
        &with(&["--votes-per-voter", "5/1m", "--min-votes", "7"]),
    )
    .await;
    // Five at once, and one each twelve seconds: of the twelve, the last seven are refused.
    assert_eq!(
        (&found["changes"], &found["refused"]),
        (&json!(20), &json!(7)),
        "{found}"
    );
    assert_eq!(found["refused_by"], json!({"votes-per-voter": 7}));
    assert_eq!(found["networks_unknown"], Value::Null);
    assert_eq!(
        found["hours"],
        json!([
            {"at": "2026-11-10T10:00:00.000000Z", "changes": 12, "refused": 7},
            {"at": "2026-11-10T12:00:00.000000Z", "changes": 8, "refused": 0},
        ])
    );
    // Their last word was a skip; the last that would have been taken, the fifth, was a ship.
    assert_eq!(
        found["tools"],
        json!([
            {
                "tool": TOOL, "changes": 20, "refused": 7,
                "then": {"ship": 8, "skip": 1, "percent": 89, "hours_shown": 2},
                "now": {"ship": 9, "skip": 0, "percent": 100, "hours_shown": 2},
            },
            {
                "tool": OTHER, "changes": 0, "refused": 0,
                "then": {"ship": 6, "skip": 0, "percent": 100, "hours_shown": 4},
                "now": {"ship": 6, "skip": 0, "percent": null, "hours_shown": 0},
            },
        ])
    );
    assert_eq!(found["hours_in_all"], 4);

    // The twin: a quota that all of them kept to.
    let kept = replayed(&server, &with(&["--votes-per-voter", "12/1m"])).await;
    assert_eq!(
        (&kept["changes"], &kept["refused"]),
        (&json!(20), &json!(0))
    );
    assert_eq!(kept["tools"][0]["then"], kept["tools"][0]["now"]);
    assert_eq!(kept["tools"].as_array().expect("tools").len(), 1);

    let text = [
        &["replay"],
        &with(&["--votes-per-voter", "5/1m", "--html", "chart.html"])[..],
    ];
    let text = server
        .run_cli(&text.concat())
        .await
        .success("replay")
        .stdout;
    // Forty wide at the most.
    let (first, second) = ("█".repeat(17) + &"░".repeat(23), "█".repeat(26));
    for part in [
        "20 changes of 2026-11-10 10:00 to 2026-11-10 14:00 UTC; 7 of them would have been refused",
        &format!("2026-11-10 10:00         12         7  {first}\n"),
        &format!("2026-11-10 12:00          8         0  {second}\n"),
        "89% of 9",
        "100% of 9",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let page = std::fs::read_to_string(home.path().join("chart.html")).expect("a page");
    assert!(page.contains("<svg") && page.contains(TOOL), "{page}");

    for (arguments, named) in [
        (vec!["--from", "2026-11-10"], "--min-votes"),
        (
            vec![
                "--from",
                "2026-11-10",
                "--to",
                "2026-11-10",
                "--min-votes",
                "3",
            ],
            "--to",
        ),
        (vec!["--from", "last week", "--min-votes", "3"], "--from"),
        (
            vec!["--from", "2026-11-10", "--votes-per-voter", "lots"],
            "--votes-per-voter",
        ),
        (
            vec!["--from", "2026-11-10", "--min-votes", "0"],
            "--min-votes",
        ),
    ] {
        let refused = server
            .run_cli(&[&["replay"], &arguments[..]].concat())
            .await;
        assert_eq!(refused.code(), 2, "{arguments:?}");
        assert!(refused.stderr.contains(named), "{}", refused.stderr);
    }
}

async fn one_hand_would_be_held_and_told_of(backend: Backend) {
    // Nothing was held then, and the detector was deaf.
    let server = Home::new(backend)
        .setup()
        .generous()
        .env("TALLYSHIP_DETECTOR__THRESHOLD", "100")
        .start()
        .await;
    let client = server.client();
    for voter in server.setup.mint(60).await {
        client.put_vote(&voter, TOOL, "ship").await.expect(201);
    }
    let found = replayed(&server, &["--from", "2026-01-01", "--hold"]).await;
    let held = found["refused_by"]["holding"].as_i64().expect("held");
    assert!((40..60).contains(&held), "{found}");
    assert_eq!(found["tools"][0]["now"]["ship"], 60 - held);
    assert_eq!(found["alerts"], Value::Null);

    let rules = ["--from", "2026-01-01", "--detector-threshold", "50"];
    let found = replayed(&server, &rules).await;
    assert_eq!(found["refused"], 0);
    assert_eq!(found["alerts"]["then"], 0);
    let new = &found["alerts"]["new"][0];
    assert_eq!(new["tool"], TOOL, "{found}");
    assert_eq!(new["votes"], 60, "{found}");
    let text = server.run_cli(&[&["replay"], &rules[..]].concat()).await;
    let text = text.success("replay").stdout;
    assert!(
        text.contains("alerts instead of 0") && text.contains("new   codestral-2"),
        "{text}"
    );
    // Of a single network half as many are enough.
    for (least, alerts) in [("122", 0), ("120", 1)] {
        let enough = [&rules[..], &["--detector-min-votes", least]].concat();
        let found = replayed(&server, &enough).await;
        let new = found["alerts"]["new"].as_array().map_or(0, Vec::len);
        assert!(new.min(1) == alerts, "{least}: {found}");
    }
    // What the rule for holding takes, the detector does not hear of.
    let both = [&rules[..], &["--hold"]].concat();
    let fewer = replayed(&server, &both).await;
    let left = fewer["alerts"]["new"][0]["votes"].as_i64().unwrap_or(0);
    assert_eq!(left.max(60 - held), 60 - held, "{fewer}");
}

async fn networks_are_judged_while_they_are_known(backend: Backend) {
    let server = Home::new(backend).setup().generous().start().await;
    for voter in server.setup.mint(8).await {
        server
            .client()
            .put_vote(&voter, TOOL, "ship")
            .await
            .expect(201);
    }
    let rules = ["--from", "2026-01-01", "--votes-per-network", "3/24h"];
    let found = replayed(&server, &rules).await;
    assert_eq!(
        (&found["changes"], &found["refused"]),
        (&json!(8), &json!(5)),
        "{found}"
    );
    assert_eq!(found["refused_by"], json!({"votes-per-network": 5}));
    assert_eq!(found["networks_unknown"], 0);
    assert_eq!(found["tools"][0]["now"]["ship"], 3);
    // Once networks are forgotten nobody can say, and nobody does.
    let none = match backend {
        Backend::Sqlite => "zeroblob(16)",
        Backend::Postgres => "decode(repeat('00', 16), 'hex')",
    };
    server
        .home()
        .execute(&format!("UPDATE votes SET network = {none}"));
    let found = replayed(&server, &rules).await;
    assert_eq!(
        (&found["refused"], &found["networks_unknown"]),
        (&json!(0), &json!(8))
    );
    server.verify().await;
}

/// Up to now, "then" is the tally as it stands, whatever was done: changes, withdrawals, a reset and its undo, an erasure.
async fn what_was_is_what_stands(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let voters = moderator.voters("ship", 6).await;
    for voter in &voters[..3] {
        moderator
            .client
            .put_vote(voter, TOOL, "skip")
            .await
            .expect(200);
        moderator
            .client
            .put_vote(voter, OTHER, "ship")
            .await
            .expect(201);
    }
    moderator
        .client
        .delete_vote(&voters[5], TOOL)
        .await
        .expect(200);
    let back = moderator.reset(json!({"choice": "ship"})).await.expect(201);
    moderator.undo(&back.json["id"]).await.expect(200);
    moderator.reset(json!({"choice": "skip"})).await.expect(201);
    let me = moderator
        .client
        .delete("/v1/visitors/me")
        .bearer(&voters[4]);
    me.send().await.expect(200);
    let rules = ["--from", "2026-01-01", "--votes-per-voter", "1000/1s"];
    let found = replayed(&moderator.server, &rules).await;
    assert_eq!(
        (&found["changes"], &found["refused"]),
        (&json!(13), &json!(0)),
        "{found}"
    );
    for (n, slug) in [TOOL, OTHER].into_iter().enumerate() {
        let row = &found["tools"][n];
        assert_eq!(row["tool"], slug);
        let (ship, skip) = moderator.client.counts(slug).await;
        assert_eq!(
            (&row["then"]["ship"], &row["then"]["skip"]),
            (&json!(ship), &json!(skip))
        );
        assert_eq!(row["then"], row["now"]);
    }
    assert_eq!(moderator.counts().await, (2, 0));
    moderator.server.verify().await;
}
