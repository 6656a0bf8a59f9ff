//! Tools side by side and one alone: `GET /v1/compare` and `GET /v1/tools/{slug}`, on both databases.
//!
//! It must never reckon who leads by the server's code: each case is set up so that docs/api.md alone decides it.
use crate::harness::client::Client;
use crate::harness::server::{Home, Server};
use crate::harness::{Backend, eventually};
use serde_json::{Value, json};
use std::time::Duration;

const TOOL: &str = "codestral-2";
const OTHER: &str = "cursor-background-agents";
/// A command's write shows within five seconds; here five times that.
const SHOWN: Duration = Duration::from_secs(25);

crate::both!(comparisons, four_with_a_tie, one_tool);

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
    assert!(
        leaders().await["community"].is_null(),
        "the intervals overlap"
    );
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
