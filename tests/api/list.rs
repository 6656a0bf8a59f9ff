//! `GET /v1/tools`: the catalogue with its tallies; searched, sorted, page by page, while votes come in.
use crate::harness::Backend;
use crate::harness::client::Client;
use crate::harness::server::{Home, Server};
use serde_json::{Value, json};

crate::both!(
    a_list_shows_searches_and_sorts,
    pages_hold_while_votes_come_in,
    what_no_list_is_asked_is_named
);

const TOOLS: usize = 23;

/// A server whose catalogue is the test's own.
async fn server(backend: Backend) -> Server {
    let home = Home::new(backend);
    let tools: Vec<Value> = (0..TOOLS)
        .map(|n| {
            let verdicts = ["ship", "skip", "ship"].into_iter().take(n % 4);
            let reviews: Vec<Value> = verdicts
                .enumerate()
                .map(|(n, verdict)| json!({"reviewer": format!("R{n}"), "verdict": verdict}))
                .collect();
            json!({
                "slug": format!("t{n:02}"), "name": format!("Tool {}", (n * 7) % TOOLS), "reviews": reviews,
                "category": if n % 2 == 0 { "Agents" } else { "Models" }, "tagline": format!("Écrit du code, {n}"),
            })
        })
        .collect();
    home.write("tools.json", json!(tools).to_string());
    home.setup()
        .generous()
        .env("TALLYSHIP_CATALOG__FILE", "tools.json")
        .start()
        .await
}

fn slugs(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().expect("items");
    let slug = |item: &Value| item["slug"].as_str().expect("a slug").to_owned();
    items.iter().map(slug).collect()
}

async fn list(client: &Client, query: &str) -> Value {
    client
        .get(&format!("/v1/tools?{query}"))
        .send()
        .await
        .expect(200)
        .json
}

async fn a_list_shows_searches_and_sorts(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let voters = server.setup.mint(9).await;
    // t01: 9 of 9, t02: 6 of 9, t03: 4 of 4, too few to say.
    for (n, voter) in voters.iter().enumerate() {
        client.put_vote(voter, "t01", "ship").await.expect(201);
        let other = if n < 6 { "ship" } else { "skip" };
        client.put_vote(voter, "t02", other).await.expect(201);
        if n < 4 {
            client.put_vote(voter, "t03", "ship").await.expect(201);
        }
    }
    let all = list(&client, "").await;
    assert_eq!((slugs(&all).len(), &all["next"]), (TOOLS, &Value::Null));
    let mut names: Vec<&str> = all["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| item["name"].as_str().expect("a name"))
        .collect();
    assert!(names.is_sorted(), "by name, where nothing else is asked");
    names.dedup();
    assert_eq!(names.len(), TOOLS);
    for item in all["items"].as_array().expect("items") {
        let slug = item["slug"].as_str().expect("a slug");
        let tool = client
            .get(&format!("/v1/tools/{slug}"))
            .send()
            .await
            .expect(200);
        assert_eq!(item, &tool.json, "as the tool itself");
    }

    let first = async |query: &str, count| {
        let mut all = slugs(&list(&client, query).await);
        all.truncate(count);
        all
    };
    assert_eq!(first("sort=votes", 3).await, ["t01", "t02", "t03"]);
    assert_eq!(
        first("sort=community", 2).await,
        ["t01", "t02"],
        "t03 has too few"
    );
    assert_eq!(first("sort=community&order=asc", 2).await, ["t02", "t01"]);
    // Panels: t01 1:0, t02 1:1, t03 2:1.
    assert_eq!(first("sort=gap", 2).await, ["t02", "t01"], "17 before 0");
    assert_eq!(first("sort=panel", 1).await, ["t01"]);
    assert_eq!(first("sort=panel&order=asc", 1).await, ["t02"]);
    let last = slugs(&list(&client, "sort=panel&order=asc").await);
    assert_eq!(last.last().map(String::as_str), Some("t20"), "no panel");
    let reverse: Vec<String> = slugs(&all).into_iter().rev().collect();
    assert_eq!(slugs(&list(&client, "sort=name&order=desc").await), reverse);

    assert_eq!(slugs(&list(&client, "category=AGENTS").await).len(), 12);
    assert!(slugs(&list(&client, "category=agent").await).is_empty());
    assert_eq!(
        slugs(&list(&client, "q=%C3%A9CRIT+code").await).len(),
        TOOLS
    );
    assert_eq!(slugs(&list(&client, "q=T07").await), ["t07"]);
    assert_eq!(
        slugs(&list(&client, "q=models&sort=votes&limit=1").await),
        ["t01"]
    );
    assert!(slugs(&list(&client, "q=nothing").await).is_empty());

    // A read like the others: a tag, 304, and what was written before it.
    let shown = client.get("/v1/tools?limit=5").send().await.expect(200);
    let tag = shown.header("etag").expect("a tag").to_owned();
    let again = async || {
        let call = client.get("/v1/tools?limit=5");
        call.header("if-none-match", &tag).send().await
    };
    again().await.expect(304);
    let site = server
        .run_cli(&["token", "create", "--role", "site", "--name", "test"])
        .await
        .success("token create");
    let gone = slugs(&shown.json)[0].clone();
    client
        .delete(&format!("/v1/tools/{gone}"))
        .bearer(site.stdout.trim())
        .send()
        .await
        .expect(200);
    assert!(
        !slugs(&again().await.expect(200).json).contains(&gone),
        "archived"
    );
    assert_eq!(slugs(&list(&client, "").await).len(), TOOLS - 1);
}

async fn pages_hold_while_votes_come_in(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let voters = server.setup.mint(12).await;
    for n in 0..TOOLS {
        for voter in voters.iter().take(n % 6) {
            let answer = client.put_vote(voter, &format!("t{n:02}"), "ship").await;
            answer.expect(201);
        }
    }
    for sort in ["votes", "community", "panel", "gap", "name"] {
        let whole = slugs(&list(&client, &format!("sort={sort}")).await);
        let (mut seen, mut moved) = (Vec::<String>::new(), Vec::<String>::new());
        let mut query = format!("sort={sort}&limit=4");
        for turn in 0.. {
            let page = list(&client, &query).await;
            seen.extend(slugs(&page));
            let Some(next) = page["next"].as_str() else {
                break;
            };
            query = format!("sort={sort}&limit=4&cursor={next}");
            // A tool that was shown falls behind, one to come rises, or falls.
            let tool = whole[(turn * 5) % TOOLS].clone();
            for voter in &voters {
                let choice = if turn % 2 == 0 { "skip" } else { "ship" };
                assert!(client.put_vote(voter, &tool, choice).await.success());
            }
            moved.push(tool);
        }
        let mut once = seen.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), seen.len(), "{sort}: no tool twice: {seen:?}");
        let still = |list: &[String]| -> Vec<String> {
            list.iter()
                .filter(|slug| !moved.contains(slug))
                .cloned()
                .collect()
        };
        assert_eq!(still(&seen), still(&whole), "{sort}");
        for voter in &voters {
            for tool in &moved {
                client.delete_vote(voter, tool).await.expect(200);
            }
        }
    }
    server.verify().await;
}

async fn what_no_list_is_asked_is_named(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let page = list(&client, "limit=2").await;
    let cursor = page["next"].as_str().expect("a cursor").to_owned();
    let elsewhere = format!("sort=votes&cursor={cursor}");
    for (query, named) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("sort=best", "sort"),
        ("order=down", "order"),
        ("cursor=abc", "cursor"),
        (elsewhere.as_str(), "cursor"),
        ("kategory=x", "kategory"),
        ("q=a&q=b", "q"),
    ] {
        let answer = client.get(&format!("/v1/tools?{query}")).send().await;
        let answer = answer.problem(422, "invalid");
        let detail = answer.json["detail"].as_str().expect("a detail");
        assert!(detail.starts_with(named), "{query}: {detail}");
    }
    assert_eq!(slugs(&list(&client, "limit=100").await).len(), TOOLS);
    let unknown = client.call(reqwest::Method::PATCH, "/v1/tools");
    unknown.send().await.problem(405, "method-not-allowed");
}
