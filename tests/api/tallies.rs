//! The percentage rules to the letter, through the API; entity tags, batches and comparisons, on both databases.
use crate::harness::Backend;
use crate::harness::client::Client;
use crate::harness::server::{Home, Server};
use reqwest::Method;
use serde_json::Value;

const TOOL: &str = "codestral-2";
const OTHER: &str = "cursor-background-agents";
/// The tool without a panel is made by a catalogue of the test's own.
const BARE: &str = "bare";

crate::both!(percentages, entity_tags, batches, comparisons, one_tool);

async fn server(backend: Backend) -> Server {
    Home::new(backend).setup().generous().start().await
}

/// 95 % Wilson bounds in percent by another form of the formula than the server's: roots of the score equation.
fn wilson(ship: f64, votes: f64) -> (f64, f64) {
    let z = 1.959_964_f64;
    let (a, b, c) = (votes + z * z, 2.0 * ship + z * z, ship * ship / votes);
    let root = (b * b - 4.0 * a * c).sqrt();
    (
        100.0 * (b - root) / (2.0 * a),
        100.0 * (b + root) / (2.0 * a),
    )
}

fn check(tally: &Value, ship: i64, skip: i64, panel: Option<i64>) {
    let (votes, community) = (ship + skip, &tally["community"]);
    assert_eq!(
        (community["ship"].as_i64(), community["skip"].as_i64()),
        (Some(ship), Some(skip)),
        "{tally}"
    );
    assert_eq!(community["votes"], votes);
    assert_eq!(tally["panel"]["percent"].as_i64(), panel);
    if votes < 5 {
        assert_eq!(community["display"], "\u{2014}");
        assert!(
            community["percent"].is_null()
                && community["interval"].is_null()
                && tally["gap"].is_null(),
            "{tally}"
        );
        return;
    }
    let exact = 100.0 * ship as f64 / votes as f64;
    let mut percent = (exact + 0.5).floor() as i64;
    if ship > 0 && skip > 0 {
        percent = percent.clamp(1, 99);
    }
    assert_eq!(community["percent"], percent, "{tally}");
    assert_eq!(community["display"], format!("{percent}%"));
    let (low, high) = wilson(ship as f64, votes as f64);
    let low = if ship == 0 { 0 } else { low.floor() as i64 };
    let high = if skip == 0 { 100 } else { high.ceil() as i64 };
    assert_eq!(
        community["interval"],
        serde_json::json!([low, high]),
        "{tally}"
    );
    assert_eq!(
        tally["gap"].as_i64(),
        panel.map(|panel| percent - panel),
        "{tally}"
    );
}

async fn percentages(backend: Backend) {
    let home = Home::new(backend);
    home.write(
        "bare.toml",
        format!("[[tools]]\nslug = \"{BARE}\"\nname = \"Bare\"\n"),
    );
    let server = home.setup().generous().start().await;
    server
        .run_cli(&["catalog", "import", "bare.toml"])
        .await
        .success("import");
    let client = server.client();
    crate::harness::eventually(
        "the tool is shown",
        std::time::Duration::from_secs(25),
        async || {
            client
                .get(&format!("/v1/tools/{BARE}/tally"))
                .send()
                .await
                .success()
        },
    )
    .await;
    let voters = server.setup.mint(9).await;
    for (tool, panel) in [(TOOL, Some(75)), (OTHER, Some(100)), (BARE, None)] {
        check(&client.tally(tool).await, 0, 0, panel);
        // Every split of up to nine votes, one step at a time: ships come, then turn into skips, then go.
        let (mut ship, mut skip) = (0, 0);
        for voter in &voters {
            client.put_vote(voter, tool, "ship").await.expect(201);
            ship += 1;
            check(&client.tally(tool).await, ship, skip, panel);
        }
        for voter in &voters {
            client.put_vote(voter, tool, "skip").await.expect(200);
            (ship, skip) = (ship - 1, skip + 1);
            check(&client.tally(tool).await, ship, skip, panel);
        }
        for voter in &voters {
            client.delete_vote(voter, tool).await.expect(200);
            skip -= 1;
            check(&client.tally(tool).await, ship, skip, panel);
        }
    }
    server.verify().await;
}

async fn entity_tags(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let voter = client.visitor().await;
    for path in [
        format!("/v1/tools/{TOOL}/tally"),
        format!("/v1/tallies?tools={OTHER},{TOOL}"),
        format!("/v1/tools/{TOOL}"),
    ] {
        let shown = client.get(&path).send().await.expect(200);
        let tag = shown.header("etag").expect("a tag").to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"'), "strong: {tag}");
        let caching = shown.header("cache-control").expect("caching");
        assert!(
            caching.contains("public")
                && caching.contains("max-age=1")
                && caching.contains("stale-while-revalidate")
        );
        for known in [
            tag.clone(),
            format!("\"other\", {tag}"),
            format!("W/{tag}"),
            "*".to_owned(),
        ] {
            let unchanged = client
                .get(&path)
                .header("if-none-match", &known)
                .send()
                .await
                .expect(304);
            assert_eq!(
                (unchanged.text.as_str(), unchanged.header("etag")),
                ("", Some(tag.as_str()))
            );
        }
        client
            .get(&path)
            .header("if-none-match", "\"other\"")
            .send()
            .await
            .expect(200);
        let head = client.call(Method::HEAD, &path).send().await.expect(200);
        assert_eq!(
            (head.text.as_str(), head.header("etag")),
            ("", Some(tag.as_str()))
        );
        let choice = if client.counts(TOOL).await == (1, 0) {
            "skip"
        } else {
            "ship"
        };
        client.put_vote(&voter, TOOL, choice).await;
        let changed = client
            .get(&path)
            .header("if-none-match", &tag)
            .send()
            .await
            .expect(200);
        assert_ne!(changed.header("etag"), Some(tag.as_str()));
    }
}

async fn batches(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let many = client
        .get(&format!(
            "/v1/tallies?tools={OTHER},nothing-there,{TOOL},No!"
        ))
        .send()
        .await
        .expect(200);
    let names: Vec<_> = many.json["tallies"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|tally| &tally["tool"])
        .collect();
    assert_eq!(names, [OTHER, TOOL], "in the order asked");
    assert_eq!(
        many.json["missing"],
        serde_json::json!(["nothing-there", "No!"])
    );
    assert_eq!(many.json["tallies"][1], client.tally(TOOL).await);
    let slugs: Vec<String> = (0..100).map(|n| format!("t{n}")).collect();
    client
        .get(&format!("/v1/tallies?tools={}", slugs.join(",")))
        .send()
        .await
        .expect(200);
    client
        .get(&format!("/v1/tallies?tools={},x", slugs.join(",")))
        .send()
        .await
        .problem(422, "invalid");
    for query in ["", "?tools=", "?tools=,,", "?tool=a"] {
        client
            .get(&format!("/v1/tallies{query}"))
            .send()
            .await
            .problem(422, "invalid");
    }
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
