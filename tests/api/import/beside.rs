//! An import beside a running server: its votes come into the history, other votes are taken meanwhile, and it says how far it is.
use super::{TOOL, import, run, shows};
use crate::harness::Backend;
use crate::harness::client::Client;
use crate::harness::server::Home;
use serde_json::Value;
use std::time::Duration;

crate::both!(older_votes_come_into_the_history, votes_are_taken_meanwhile);

/// The history's points without their percentages: (at, ship, skip).
async fn points(client: &Client, query: &str) -> Vec<(String, i64, i64)> {
    let answer = client
        .get(&format!("/v1/tools/{TOOL}/history?{query}"))
        .send()
        .await
        .expect(200);
    let point = |point: &Value| {
        (
            point["at"].as_str().expect("at").to_owned(),
            point["ship"].as_i64().expect("ship"),
            point["skip"].as_i64().expect("skip"),
        )
    };
    answer.json["points"]
        .as_array()
        .expect("points")
        .iter()
        .map(point)
        .collect()
}

async fn older_votes_come_into_the_history(backend: Backend) {
    let server = Home::new(backend).setup().generous().start().await;
    let client = server.client();
    let voter = client.visitor().await;
    client.put_vote(&voter, TOOL, "ship").await.expect(201);
    let now = points(&client, "step=hour").await;
    assert_eq!(now.len(), 1, "{now:?}");
    assert_eq!(
        (now[0].1, now[0].2),
        (1, 0),
        "the newest point is the tally"
    );
    let line = |voter: &str, choice: &str, at: &str| format!("{TOOL},{voter},{choice},{at}\n");
    let text = "tool,voter,choice,cast_at\n".to_owned()
        + &line("a", "ship", "2026-03-01T10:59:59Z")
        + &line("b", "skip", "2026-03-01T10:00:00Z")
        + &line("c", "ship", "2026-03-01T12:30:00Z")
        + &line("d", "skip", "2026-03-03T00:00:00Z");
    server.home().write("old.csv", &text);
    for _ in 0..2 {
        import(&server.setup, "old.csv").await;
        shows(&client, TOOL, 3, 2).await;
        let hours = points(&client, "step=hour").await;
        let old = [
            "2026-03-01T10:00:00.000000Z",
            "2026-03-01T12:00:00.000000Z",
            "2026-03-03T00:00:00.000000Z",
        ];
        let expected = [(1, 1), (2, 1), (2, 2), (3, 2)];
        assert_eq!(hours.len(), 4, "{hours:?}");
        for (n, (at, ship, skip)) in hours.iter().enumerate() {
            assert_eq!((*ship, *skip), expected[n], "{hours:?}");
            assert!(n == 3 || at == old[n], "{hours:?}");
        }
    }
    let days = points(&client, "step=day").await;
    let counts: Vec<(i64, i64)> = days.iter().map(|(_, ship, skip)| (*ship, *skip)).collect();
    assert_eq!(counts, [(2, 1), (2, 2), (3, 2)]);
    assert_eq!(days[0].0, "2026-03-01T00:00:00.000000Z");
    let span = points(
        &client,
        "step=hour&from=2026-03-01T11:30:00Z&to=2026-03-02T00:00:00Z",
    )
    .await;
    let edge = ("2026-03-01T11:00:00.000000Z".to_owned(), 1, 1);
    assert_eq!(span[0], edge, "what stood at the left edge");
    assert_eq!(span.len(), 2, "{span:?}");
    // A read like the others.
    let path = format!("/v1/tools/{TOOL}/history?step=day");
    let shown = client.get(&path).send().await.expect(200);
    let tag = shown.header("etag").expect("a tag");
    client
        .get(&path)
        .header("if-none-match", tag)
        .send()
        .await
        .expect(304);
    assert_eq!(shown.json["points"][2]["percent"], 60);
    assert_eq!(
        shown.json["points"][0]["percent"],
        Value::Null,
        "too few votes"
    );
    for (query, named) in [
        ("step=week", "step"),
        ("from=now", "from"),
        ("until=1", "until"),
    ] {
        let refused = client
            .get(&format!("/v1/tools/{TOOL}/history?{query}"))
            .send()
            .await;
        let refused = refused.problem(422, "invalid");
        assert!(
            refused.json["detail"]
                .as_str()
                .is_some_and(|text| text.starts_with(named))
        );
    }
    client
        .get("/v1/tools/nothing/history")
        .send()
        .await
        .problem(404, "unknown-tool");
    client
        .post(&path)
        .send()
        .await
        .problem(405, "method-not-allowed");
    server.verify().await;
}

/// The short form of `tests/long`: a server takes votes while an import writes, and refuses none.
async fn votes_are_taken_meanwhile(backend: Backend) {
    let server = Home::new(backend).setup().generous().start().await;
    let voters = server.setup.mint(200).await;
    let text: String = std::iter::once("tool,voter,choice,cast_at\n".to_owned())
        .chain(
            (0..20_000).map(|n| format!("{TOOL},v{n},ship,2026-01-{:02}T00:00:00Z\n", n % 28 + 1)),
        )
        .collect();
    server.home().write("many.csv", text);
    let client = server.client();
    let importing = import(&server.setup, "many.csv");
    let voting = async {
        let mut slowest = Duration::ZERO;
        for voter in &voters {
            let began = std::time::Instant::now();
            client.put_vote(voter, TOOL, "skip").await.expect(201);
            slowest = slowest.max(began.elapsed());
        }
        slowest
    };
    let (report, slowest) = tokio::join!(importing, voting);
    println!("{report}; the slowest vote took {slowest:?}");
    assert_eq!(report["added"], 20_000);
    shows(&client, TOOL, 20_000, 200).await;
    server.verify().await;
}

#[test]
fn standard_input_and_progress() {
    crate::harness::run(async {
        let home = Home::new(Backend::Sqlite);
        let setup = home.setup();
        run(&setup, &["migrate"]).await;
        run(&setup, &["catalog", "export"]).await;
        home.write(
            "catalog.toml",
            format!("[[tools]]\nslug = \"{TOOL}\"\nname = \"C\"\n"),
        );
        run(&setup, &["catalog", "import", "catalog.toml"]).await;
        let text: String = std::iter::once("tool,voter,choice,cast_at\n".to_owned())
            .chain((0..5_000).map(|n| format!("{TOOL},v{n},ship,2026-01-01T00:00:00Z\n")))
            .collect();
        home.write("many.csv", text);
        let shell = "\"$0\" import votes - < many.csv";
        let done = std::process::Command::new("sh")
            .args(["-c", shell, env!("CARGO_BIN_EXE_tallyship")])
            .current_dir(home.path())
            .output()
            .expect("a shell");
        let (out, told) = (
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr),
        );
        assert!(
            done.status.success() && out.starts_with("5000 rows: 5000 added"),
            "{out}{told}"
        );
        assert!(
            told.contains("written: 5000 of 5000"),
            "plain lines where no terminal is: {told}"
        );
        setup.verify().await;
    });
}
