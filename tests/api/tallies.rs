//! The percentage rules to the letter, through the API; entity tags and batches, on both databases.
//!
//! It must never take a bound or a percentage from the server's code: what is right is computed here, another way.
use crate::harness::Backend;
use crate::harness::server::{Home, Server};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::Value;

const TOOL: &str = "codestral-2";
const OTHER: &str = "cursor-background-agents";
/// The tool without a panel is made by a catalogue of the test's own.
const BARE: &str = "bare";

crate::both!(
    percentages,
    never_whole_while_one_differs,
    the_documented_example,
    entity_tags,
    batches
);

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
    let mut percent = (200 * ship + votes) / (2 * votes);
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
    let voters = server.setup.mint(8).await;
    for (tool, panel) in [(TOOL, Some(75)), (OTHER, Some(100)), (BARE, None)] {
        check(&client.tally(tool).await, 0, 0, panel);
        // Ships come, turn into skips one by one (four of the eight splits are halves: 12.5, 37.5, 62.5, 87.5), then go.
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

/// One voter's choice on `tool`, the other one of all the others.
async fn all_but_one(server: &Server, tokens: &[String], tool: &str, one: &str, others: &str) {
    let client = server.client();
    let calls = tokens.iter().enumerate().map(|(n, token)| {
        let choice = if n == 0 { one } else { others };
        client.vote(token, tool, choice).send()
    });
    for answer in join_all(calls).await {
        answer.expect(201);
    }
}

async fn never_whole_while_one_differs(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let tokens = server.setup.mint(201).await;
    all_but_one(&server, &tokens, TOOL, "skip", "ship").await;
    let nearly_all = client.tally(TOOL).await;
    check(&nearly_all, 200, 1, Some(75));
    assert_eq!(
        nearly_all["community"]["display"], "99%",
        "99.5 % is not all"
    );
    all_but_one(&server, &tokens, OTHER, "ship", "skip").await;
    let nearly_none = client.tally(OTHER).await;
    check(&nearly_none, 1, 200, Some(100));
    assert_eq!(
        nearly_none["community"]["display"], "1%",
        "0.498 % is not none"
    );
    // The twin: with the one who differed gone, it is all, and none.
    for (tool, percent) in [(TOOL, 100), (OTHER, 0)] {
        let answer = client.delete_vote(&tokens[0], tool).await.expect(200);
        assert_eq!(answer.json["tally"]["community"]["percent"], percent);
    }
}

async fn the_documented_example(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    for (n, token) in server.setup.mint(15).await.iter().enumerate() {
        let choice = if n < 13 { "ship" } else { "skip" };
        client.put_vote(token, TOOL, choice).await.expect(201);
    }
    let tally = client.tally(TOOL).await;
    assert_eq!(
        tally["community"],
        serde_json::json!({"ship": 13, "skip": 2, "votes": 15, "percent": 87, "display": "87%", "interval": [62, 97]})
    );
    assert_eq!(
        tally["panel"],
        serde_json::json!({"ship": 3, "skip": 1, "percent": 75})
    );
    assert_eq!(
        (&tally["gap"], &tally["state"]),
        (&12.into(), &"open".into())
    );
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
