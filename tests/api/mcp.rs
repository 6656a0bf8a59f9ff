//! Agents: `POST /mcp` and `tallyship mcp` answer the protocol's messages with what the public API answers, and write nothing.
//!
//! Third parties judge the protocol in `tests/browser/agents.test.mjs`.
use crate::harness::Backend;
use crate::harness::client::{Answer, Client};
use crate::harness::server::{Home, Server};
use serde_json::{Value, json};

const TOOL: &str = "codestral-2";
const OTHER: &str = "cursor-background-agents";

crate::both!(
    tools_answer_as_the_api,
    messages_and_their_errors,
    resources,
    standard_input
);

async fn server(backend: Backend) -> Server {
    let server = Home::new(backend).setup().generous().start().await;
    let client = server.client();
    for (n, voter) in server.setup.mint(15).await.iter().enumerate() {
        let choice = if n < 13 { "ship" } else { "skip" };
        client.put_vote(voter, TOOL, choice).await.expect(201);
    }
    server
}

async fn post(client: &Client, message: &Value) -> Answer {
    client.post("/mcp").json(message).send().await
}

async fn result(client: &Client, method: &str, params: Value) -> Value {
    let message = json!({"jsonrpc": "2.0", "id": "a", "method": method, "params": params});
    let answer = post(client, &message).await.expect(200);
    assert_eq!(answer.json["id"], "a");
    assert!(answer.json["error"].is_null(), "{}", answer.text);
    answer.json["result"].clone()
}

async fn call(client: &Client, name: &str, arguments: Value) -> Value {
    let params = json!({"name": name, "arguments": arguments});
    result(client, "tools/call", params).await
}

async fn tools_answer_as_the_api(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let pair = json!([TOOL, OTHER]);
    for (name, arguments, path) in [
        (
            "list_tools",
            json!({"sort": "votes", "limit": 2}),
            "/v1/tools?sort=votes&limit=2".to_owned(),
        ),
        (
            "search_tools",
            json!({"query": "codestral"}),
            "/v1/tools?q=codestral".to_owned(),
        ),
        (
            "compare_tools",
            json!({"tools": pair}),
            format!("/v1/compare?tools={TOOL},{OTHER}"),
        ),
        (
            "get_tally",
            json!({"tool": TOOL}),
            format!("/v1/tools/{TOOL}/tally"),
        ),
        (
            "get_history",
            json!({"tool": TOOL}),
            format!("/v1/tools/{TOOL}/history?step=day"),
        ),
        (
            "get_history",
            json!({"tool": TOOL, "step": "hour"}),
            format!("/v1/tools/{TOOL}/history?step=hour"),
        ),
        (
            "get_reviews",
            json!({"tool": TOOL}),
            format!("/v1/tools/{TOOL}"),
        ),
    ] {
        let answer = call(&client, name, arguments).await;
        let expected = client.get(&path).send().await.expect(200).json;
        assert_eq!(answer["structuredContent"], expected, "{name}");
        let text = answer["content"][0]["text"].as_str().expect("a text");
        assert_eq!(serde_json::from_str::<Value>(text).expect("JSON"), expected);
    }
    for (name, arguments, named) in [
        (
            "get_tally",
            json!({"tool": "nothing-there"}),
            "nothing-there",
        ),
        ("get_tally", json!({}), "tool"),
        ("get_tally", json!({"tool": TOOL, "vote": "ship"}), "vote"),
        ("compare_tools", json!({"tools": [TOOL]}), "tools"),
        ("compare_tools", json!({"tools": TOOL}), "tools"),
        ("list_tools", json!({"limit": 0}), "limit"),
        ("list_tools", json!({"limit": "2"}), "limit"),
        (
            "get_history",
            json!({"tool": TOOL, "from": "yesterday"}),
            "from",
        ),
    ] {
        let refused = call(&client, name, arguments.clone()).await;
        assert_eq!(refused["isError"], true, "{name} {arguments}: {refused}");
        let text = refused["content"][0]["text"].as_str().expect("a text");
        assert!(text.contains(named), "{name} {arguments}: {text}");
    }
    let listed = result(&client, "tools/list", json!({})).await;
    for tool in listed["tools"].as_array().expect("tools") {
        assert_eq!(tool["annotations"]["readOnlyHint"], true, "{tool}");
    }
    assert_eq!(client.counts(TOOL).await, (13, 2));
    server.verify().await;
}

async fn messages_and_their_errors(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    for (asked, spoken) in [("2025-06-18", "2025-06-18"), ("1999-01-01", "2025-11-25")] {
        let begun = result(&client, "initialize", json!({"protocolVersion": asked})).await;
        assert_eq!(begun["protocolVersion"], spoken);
        assert_eq!(begun["serverInfo"]["name"], "tallyship");
    }
    assert_eq!(result(&client, "ping", Value::Null).await, json!({}));
    let notified = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let taken = post(&client, &notified).await.expect(202);
    assert_eq!(taken.text, "");
    for (message, code) in [
        (
            json!({"jsonrpc": "2.0", "id": 1, "method": "tools/vote"}),
            -32601,
        ),
        (
            json!({"jsonrpc": "2.0", "id": {}, "method": "ping"}),
            -32600,
        ),
        (
            json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "vote"}}),
            -32602,
        ),
        (
            json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get_tally", "arguments": 1}}),
            -32602,
        ),
        (
            json!({"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": "file:///etc/passwd"}}),
            -32002,
        ),
    ] {
        let refused = post(&client, &message).await.expect(200);
        assert_eq!(refused.json["error"]["code"], code, "{message}");
        assert!(refused.json["result"].is_null(), "{message}");
    }
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    let with = |name: &str, value: &str| client.post("/mcp").header(name, value).json(&ping).send();
    with("mcp-protocol-version", "2025-06-18").await.expect(200);
    let unknown = with("mcp-protocol-version", "1999-01-01").await;
    unknown.problem(400, "bad-request");
    with("origin", &server.url).await.expect(200);
    let foreign = with("origin", "https://evil.example").await;
    foreign.problem(403, "origin-refused");
    let old = json!({"jsonrpc": "1.0", "id": 1, "method": "ping"});
    post(&client, &old).await.problem(422, "invalid");
    let listed = json!({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []});
    post(&client, &listed).await.problem(422, "invalid");
    post(&client, &json!([ping])).await.problem(422, "invalid");
}

async fn resources(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let listed = result(&client, "resources/list", json!({})).await;
    let uri = format!("tallyship://tools/{TOOL}");
    let found = listed["resources"].as_array().expect("resources").iter();
    assert!(
        found.clone().any(|resource| resource["uri"] == uri),
        "{listed}"
    );
    let templates = result(&client, "resources/templates/list", json!({})).await;
    assert_eq!(
        templates["resourceTemplates"].as_array().map(Vec::len),
        Some(2)
    );
    for (uri, path) in [
        (uri.clone(), format!("/v1/tools/{TOOL}")),
        (
            format!("{uri}/history"),
            format!("/v1/tools/{TOOL}/history?step=day"),
        ),
    ] {
        let read = result(&client, "resources/read", json!({"uri": uri})).await;
        let text = read["contents"][0]["text"].as_str().expect("a text");
        let expected = client.get(&path).send().await.expect(200).json;
        assert_eq!(serde_json::from_str::<Value>(text).expect("JSON"), expected);
    }
    let beyond = json!({"jsonrpc": "2.0", "id": 1, "method": "resources/list", "params": {"cursor": "nonsense"}});
    let refused = post(&client, &beyond).await.expect(200);
    assert_eq!(refused.json["error"]["code"], -32602);
}

/// Beside a running server: each line is a message, each answer a line, and the end of the input is the end.
async fn standard_input(backend: Backend) {
    let server = server(backend).await;
    let call = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "get_tally", "arguments": {"tool": TOOL}}});
    let history = json!({"jsonrpc": "2.0", "id": 8, "method": "tools/call", "params": {"name": "get_history", "arguments": {"tool": TOOL}}});
    let lines = format!(
        "{}\n\n{call}\n{history}\nnonsense\n[]\n",
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"})
    );
    server.home().write("messages", lines);
    let said = server
        .setup
        .run_shell("\"$0\" mcp < messages")
        .await
        .success("mcp")
        .stdout;
    let answers: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let codes: Vec<_> = answers
        .iter()
        .map(|answer| answer["error"]["code"].as_i64())
        .collect();
    assert_eq!(codes, [None, None, Some(-32700), Some(-32600)], "{said}");
    let tally = server.client().tally(TOOL).await;
    assert_eq!(answers[0]["result"]["structuredContent"], tally);
    assert_eq!(
        answers[1]["result"]["structuredContent"]["points"][0]["ship"],
        13
    );
}
