//! Tools side by side and one alone: `GET /v1/compare` and `GET /v1/tools/{slug}`, on both databases.
//!
//! It must never reckon who leads by the server's code: each case is set up so that docs/api.md alone decides it.
use crate::harness::client::Client;
use crate::harness::server::{Home, Server};
use crate::harness::{Backend, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const TOOL: &str = "codestral-2";
const OTHER: &str = "cursor-background-agents";
/// A command's write shows within five seconds; here five times that.
const SHOWN: Duration = Duration::from_secs(25);

crate::both!(
    comparisons,
    four_with_a_tie,
    a_lead_beyond_chance,
    one_tool,
    descriptions
);

async fn server(backend: Backend) -> Server {
    Home::new(backend).setup().generous().start().await
}

async fn vote(client: &Client, voters: &[String], tool: &str, ship: usize) {
    for (n, voter) in voters.iter().enumerate() {
        client
            .put_vote(voter, tool, if n < ship { "ship" } else { "skip" })
            .await;
    }
}

async fn comparisons(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let path = format!("/v1/compare?tools={TOOL},{OTHER}");
    let leaders = async || client.get(&path).send().await.expect(200).json["verdict"].clone();
    assert_eq!(
        leaders().await,
        serde_json::json!({"panel": OTHER, "community": null})
    );
    let voters = server.setup.mint(12).await;
    vote(&client, &voters[..4], TOOL, 4).await;
    vote(&client, &voters[..4], OTHER, 0).await;
    assert!(
        leaders().await["community"].is_null(),
        "nobody leads on too few votes"
    );
    vote(&client, &voters, TOOL, 7).await;
    vote(&client, &voters, OTHER, 5).await;
    assert!(leaders().await["community"].is_null(), "within chance");
    vote(&client, &voters, TOOL, 12).await;
    vote(&client, &voters, OTHER, 0).await;
    assert_eq!(leaders().await["community"], TOOL);
    let shown = client.get(&path).send().await.expect(200);
    assert_eq!(shown.json["tools"][0]["slug"], TOOL);
    assert_eq!(shown.json["tools"][0]["tally"], client.tally(TOOL).await);
    let back = client
        .get(&format!("/v1/compare?tools={OTHER},{TOOL}"))
        .send()
        .await
        .expect(200);
    assert_eq!(back.json["tools"][0]["slug"], OTHER, "in the order asked");
    assert_eq!(back.json["verdict"], shown.json["verdict"]);
    for bad in [
        TOOL.to_owned(),
        format!("{TOOL},{TOOL}"),
        String::new(),
        "a,b,c,d,e".to_owned(),
    ] {
        client
            .get(&format!("/v1/compare?tools={bad}"))
            .send()
            .await
            .problem(422, "invalid");
    }
    client
        .get(&format!("/v1/compare?tools={TOOL},nothing-there"))
        .send()
        .await
        .problem(404, "unknown-tool");
}

/// Newcombe's interval of the difference decides, not whether the two intervals overlap.
async fn a_lead_beyond_chance(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let voters = server.setup.mint(47).await;
    vote(&client, &voters, TOOL, 41).await;
    vote(&client, &voters[..37], OTHER, 23).await;
    let path = format!("/v1/compare?tools={OTHER},{TOOL}");
    let shown = client.get(&path).send().await.expect(200).json;
    let bound = |tool: usize, end: usize| {
        shown["tools"][tool]["tally"]["community"]["interval"][end].as_i64()
    };
    assert!(bound(1, 0) < bound(0, 1), "the intervals overlap: {shown}");
    assert_eq!(shown["verdict"]["community"], TOOL);
    // Four votes the other way, and chance explains it: 37 of 47 against 23 of 37, -3 to 36 points.
    vote(&client, &voters[37..41], TOOL, 0).await;
    let shown = client.get(&path).send().await.expect(200).json;
    assert_eq!(shown["tools"][1]["tally"]["community"]["ship"], 37);
    assert!(shown["verdict"]["community"].is_null(), "{shown}");
}

/// Set, shown, changed and removed by the API; written and read by files.
async fn descriptions(backend: Backend) {
    const TEXT: &str = "First <b>part</b>, ünïcode.\nStill first.\n\nSecond part.";
    let home = Home::new(backend);
    let server = home.setup().generous().start().await;
    let client = server.client();
    let token = server
        .run_cli(&["token", "create", "--role", "site", "--name", "test"])
        .await
        .success("a token")
        .stdout;
    let edit = async |method: Method, body: Value| {
        let call = client.call(method, "/v1/tools/described");
        call.bearer(token.trim()).json(&body).send().await
    };
    let shown = async || {
        let tool = client.get("/v1/tools/described").send().await.expect(200);
        tool.json["description"].clone()
    };
    let whole = json!({"name": "Described", "description": TEXT});
    let made = edit(Method::PUT, whole).await.expect(201);
    assert_eq!(made.json["description"], TEXT);
    assert_eq!(shown().await, TEXT);
    edit(Method::PATCH, json!({"tagline": "Another"}))
        .await
        .expect(200);
    assert_eq!(shown().await, TEXT, "a patch of something else keeps it");
    let compare = format!("/v1/compare?tools=described,{TOOL}");
    let compared = client.get(&compare).send().await.expect(200).json;
    assert_eq!(compared["tools"][0]["description"], TEXT);
    assert!(compared["tools"][1]["description"].is_string());
    for (file, kind) in [("a.toml", "toml"), ("a.json", "json"), ("a.csv", "csv")] {
        let export = ["catalog", "export", "--format", kind];
        let written = server.run_cli(&export).await.success(kind).stdout;
        edit(Method::PATCH, json!({"description": null}))
            .await
            .expect(200);
        assert!(shown().await.is_null());
        home.write(file, written);
        let import = ["catalog", "import", file];
        server.run_cli(&import).await.success(kind);
        eventually("what was imported is shown", SHOWN, async || {
            shown().await == TEXT
        })
        .await;
    }
    edit(Method::PATCH, json!({"description": ""}))
        .await
        .expect(200);
    assert!(shown().await.is_null(), "an empty text is none");
    for bad in [json!("x".repeat(5001)), json!("a\u{7}b"), json!(3)] {
        let whole = json!({"name": "Described", "description": bad});
        edit(Method::PUT, whole).await.problem(422, "invalid");
        let part = json!({"description": bad});
        edit(Method::PATCH, part).await.problem(422, "invalid");
    }
    let longest = json!({"name": "Described", "description": "ü".repeat(5000)});
    edit(Method::PUT, longest).await.expect(200);
    edit(Method::PUT, json!({"name": "Described"}))
        .await
        .expect(200);
    assert!(shown().await.is_null(), "a PUT replaces the whole tool");
}

/// Up to four tools, two of them with the best panel. (Of a tool without a panel docs/api.md does not say who leads.)
async fn four_with_a_tie(backend: Backend) {
    let home = Home::new(backend);
    let extra = [("third", "ship"), ("fourth", "skip")].map(|(slug, verdict)| {
        json!({"slug": slug, "name": slug, "reviews": [{"reviewer": "R", "verdict": verdict}]})
    });
    home.write("extra.json", json!(extra).to_string());
    let setup = home
        .setup()
        .generous()
        .env("TALLYSHIP_CATALOG__FILE", "extra.json");
    let server = setup.start().await;
    for (slug, verdicts) in [("alike", &["ship"][..]), ("middling", &["ship", "skip"])] {
        let reviews: Vec<_> = verdicts
            .iter()
            .map(|verdict| json!({"reviewer": format!("R {verdict}"), "verdict": verdict}))
            .collect();
        home.write(
            "more.json",
            json!([{"slug": slug, "name": slug, "reviews": reviews}]).to_string(),
        );
        server
            .run_cli(&["catalog", "import", "more.json"])
            .await
            .success("import");
    }
    let client = server.client();
    let panel = async |tools: &str| {
        let answer = client
            .get(&format!("/v1/compare?tools={tools}"))
            .send()
            .await;
        (answer.status == 200).then(|| answer.json["verdict"]["panel"].clone())
    };
    eventually("what was imported is shown", SHOWN, async || {
        panel("alike,middling").await.is_some()
    })
    .await;
    for (tools, leader) in [
        ("third,fourth", json!("third")),
        ("fourth,third,middling", json!("third")),
        ("third,alike", Value::Null),
        ("fourth,alike,middling,third", Value::Null),
    ] {
        assert_eq!(panel(tools).await, Some(leader), "{tools}");
    }
    let all = client
        .get("/v1/compare?tools=fourth,alike,middling,third")
        .send()
        .await
        .expect(200);
    let slugs: Vec<_> = all.json["tools"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|tool| &tool["slug"])
        .collect();
    assert_eq!(slugs, ["fourth", "alike", "middling", "third"]);
}

async fn one_tool(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let tool = client
        .get(&format!("/v1/tools/{TOOL}"))
        .send()
        .await
        .expect(200)
        .json;
    assert_eq!(
        (tool["slug"].as_str(), tool["entry"].as_str()),
        (Some(TOOL), Some("Paid"))
    );
    let verdicts: Vec<_> = tool["reviews"]
        .as_array()
        .expect("reviews")
        .iter()
        .map(|review| &review["verdict"])
        .collect();
    assert_eq!(
        verdicts
            .iter()
            .filter(|verdict| **verdict == "ship")
            .count(),
        3
    );
    assert_eq!(verdicts.len(), 4);
    assert!(
        tool["reviews"][0]["reviewer"].is_string() && tool["reviews"][0]["summary"].is_string()
    );
    assert_eq!(tool["tally"], client.tally(TOOL).await);
    client
        .get("/v1/tools/nothing-there")
        .send()
        .await
        .problem(404, "unknown-tool");
    client
        .get("/v1/tools/nothing-there/tally")
        .send()
        .await
        .problem(404, "unknown-tool");
}
