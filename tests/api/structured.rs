//! What the site's server puts into its own pages: structured data, numbers as HTML, and the text for language models.
//!
//! It must never know how a number is worded: only what a page, a search engine or a cache can rely on. Third parties read the
//! same answers in `tests/browser/readers.test.mjs`.
use super::embed::cacheable;
use crate::harness::Backend;
use crate::harness::client::Client;
use crate::harness::server::{Home, Server};
use serde_json::{Value, json};

const SITE: &str = "https://votes.example/below";
const TOOL: &str = "codestral-2";
const OTHER: &str = "cursor-background-agents";
const HOSTILE: &str = "</script><b>\"A & B\"";

crate::both!(structured_data, fragments, text_for_models);

/// A server with a tool whose name is markup.
async fn server(backend: Backend) -> Server {
    let setup = Home::new(backend).setup().generous();
    let server = setup.env("TALLYSHIP_HTTP__PUBLIC_URL", SITE).start().await;
    let made = server
        .run_cli(&["token", "create", "--role", "site", "--name", "a test"])
        .await
        .success("token create");
    let tool = json!({"name": HOSTILE, "tagline": "[x](y)"});
    let put = server
        .client()
        .call(reqwest::Method::PUT, "/v1/tools/hostile");
    let put = put.bearer(made.stdout.trim()).json(&tool);
    put.send().await.expect(201);
    server
}

async fn votes(server: &Server, ship: usize, skip: usize) {
    let client = server.client();
    for (n, voter) in server.setup.mint(ship + skip).await.iter().enumerate() {
        let choice = if n < ship { "ship" } else { "skip" };
        client.put_vote(voter, TOOL, choice).await.expect(201);
    }
}

async fn data(client: &Client, path: &str) -> Value {
    let answer = cacheable(client, path, "application/ld+json").await;
    assert!(!answer.text.contains(['<', '>', '&']), "{}", answer.text);
    serde_json::from_str(&answer.text).expect("JSON")
}

async fn structured_data(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let path = format!("/v1/tools/{TOOL}/jsonld");
    votes(&server, 3, 1).await;
    let few = data(&client, &path).await;
    assert_eq!(few["@type"], "SoftwareApplication");
    assert_eq!(few["url"], format!("{SITE}/tools/{TOOL}"));
    assert!(few["aggregateRating"].is_null(), "too few votes: {few}");
    assert!(few["offers"].is_null(), "a price that nobody named: {few}");
    let ratings: i64 = few["review"]
        .as_array()
        .expect("reviews")
        .iter()
        .map(|review| {
            assert_eq!(review["author"]["@type"], "Person");
            review["reviewRating"]["ratingValue"]
                .as_i64()
                .expect("a rating")
        })
        .sum();
    assert_eq!(ratings, 3, "three of four ship");
    votes(&server, 10, 1).await;
    let rating = data(&client, &path).await["aggregateRating"].clone();
    assert_eq!(
        rating,
        json!({"@type": "AggregateRating", "ratingValue": 87, "bestRating": 100, "worstRating": 0, "ratingCount": 15})
    );
    let hostile = data(&client, "/v1/tools/hostile/jsonld").await;
    assert_eq!(hostile["name"], HOSTILE);
    assert!(hostile["review"].is_null() && hostile["applicationCategory"].is_null());

    let pair = data(&client, &format!("/v1/compare/jsonld?tools={OTHER},{TOOL}")).await;
    assert_eq!(pair["numberOfItems"], 2);
    assert_eq!(pair["url"], format!("{SITE}/compare/{TOOL}-vs-{OTHER}"));
    let free = &pair["itemListElement"][0];
    assert_eq!(
        (&free["position"], &free["item"]["offers"]["price"]),
        (&json!(1), &json!(0))
    );
    let three = format!("/v1/compare/jsonld?tools={TOOL},{OTHER},hostile");
    let three = data(&client, &three).await;
    assert_eq!(
        (&three["numberOfItems"], &three["url"]),
        (&json!(3), &Value::Null)
    );
    let one = format!("/v1/compare/jsonld?tools={TOOL}");
    client.get(&one).send().await.problem(422, "invalid");
    let unknown = format!("/v1/compare/jsonld?tools={TOOL},nothing-there");
    client
        .get(&unknown)
        .send()
        .await
        .problem(404, "unknown-tool");
}

async fn fragments(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    votes(&server, 13, 2).await;
    let path = format!("/fragment/{TOOL}.html");
    let piece = cacheable(&client, &path, "text/html").await;
    for part in ["lang=\"en\"", "dir=\"ltr\"", "Codestral 2", "75%", "87%"] {
        assert!(piece.text.contains(part), "{part}: {}", piece.text);
    }
    assert_eq!(piece.header("x-robots-tag"), Some("noindex"));
    let german = client
        .get(&format!("{path}?lang=de-AT&compare=hostile"))
        .send()
        .await
        .expect(200)
        .text;
    assert_eq!(german.matches("lang=\"de\"").count(), 2, "{german}");
    assert!(german.contains("Jury") && german.contains("15 Stimmen"));
    assert!(!german.contains("<b>") && !german.contains("<script"));
    // It stands on another site: every address is whole.
    let addresses = german.split("href=\"").skip(1);
    for address in addresses {
        assert!(address.starts_with(SITE), "{address}");
    }
    let same = format!("{path}?compare={TOOL}");
    assert_eq!(client.get(&same).send().await.expect(200).text, piece.text);
}

async fn text_for_models(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let text = client.get("/llms.txt").send().await.expect(200);
    assert_eq!(
        text.header("content-type"),
        Some("text/markdown; charset=utf-8")
    );
    assert!(text.text.starts_with("# Tallyship"), "{}", text.text);
    let line = format!("- [Codestral 2]({SITE}/tools/{TOOL})");
    assert!(text.text.contains(&line), "{}", text.text);
    assert!(text.text.contains("\\[x\\](y)"), "{}", text.text);
    let tag = text.header("etag").expect("a tag").to_owned();
    let again = client.get("/llms.txt").header("if-none-match", &tag);
    again.send().await.expect(304);
}
