//! The site's own calls and commands: tools made, changed and archived, beside a running server.
use crate::harness::Backend;
use crate::harness::client::Client;
use crate::harness::server::{Home, Server};
use reqwest::Method;
use serde_json::{Value, json};

crate::both!(
    tools_come_change_and_go,
    what_is_out_of_bounds_is_named,
    many_come_whole_or_not_at_all,
    only_staff_may
);

async fn server(backend: Backend) -> Server {
    Home::new(backend).setup().generous().start().await
}

async fn token(server: &Server, role: &str) -> String {
    let made = server
        .run_cli(&["token", "create", "--role", role, "--name", "the test"])
        .await
        .success("token create");
    assert_eq!(
        made.stdout.lines().count(),
        1,
        "alone on standard output: {}",
        made.stdout
    );
    made.stdout.trim().to_owned()
}

fn edit(client: &Client, method: Method, slug: &str, token: &str) -> crate::harness::client::Call {
    client
        .call(method, &format!("/v1/tools/{slug}"))
        .bearer(token)
}

fn reviews(ship: usize, skip: usize) -> Value {
    let verdicts = std::iter::repeat_n("ship", ship).chain(std::iter::repeat_n("skip", skip));
    verdicts.enumerate().map(|(n, verdict)| json!({"reviewer": format!("R{n}"), "verdict": verdict, "summary": "Says so."})).collect()
}

async fn tools_come_change_and_go(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let site = token(&server, "site").await;
    let put = async |body: Value| {
        edit(&client, Method::PUT, "new-tool", &site)
            .json(&body)
            .send()
            .await
    };
    let made =
        put(json!({"name": "New", "category": "C", "entry": "Free", "reviews": reviews(1, 1)}))
            .await
            .expect(201);
    assert_eq!(
        (
            made.json["slug"].as_str(),
            made.json["tally"]["panel"]["percent"].as_i64()
        ),
        (Some("new-tool"), Some(50))
    );
    let voter = client.visitor().await;
    let voted = client
        .put_vote(&voter, "new-tool", "ship")
        .await
        .expect(201)
        .json["tally"]["version"]
        .as_i64()
        .expect("n");
    let renamed = put(json!({"name": "Renamed", "reviews": reviews(1, 1)}))
        .await
        .expect(200);
    assert_eq!(
        (
            renamed.json["name"].as_str(),
            renamed.json["category"].as_str()
        ),
        (Some("Renamed"), Some(""))
    );
    assert_eq!(
        client.tally("new-tool").await["version"],
        voted,
        "a name is no part of the tally"
    );
    let patched = edit(&client, Method::PATCH, "new-tool", &site)
        .json(&json!({"reviews": reviews(3, 1)}))
        .send()
        .await
        .expect(200);
    assert_eq!(
        (
            patched.json["name"].as_str(),
            patched.json["reviews"].as_array().map(Vec::len)
        ),
        (Some("Renamed"), Some(4))
    );
    let tally = client.tally("new-tool").await;
    assert_eq!(
        (
            tally["version"].as_i64(),
            tally["panel"]["percent"].as_i64()
        ),
        (Some(voted + 1), Some(75))
    );
    let archived = edit(&client, Method::DELETE, "new-tool", &site)
        .send()
        .await
        .expect(200);
    assert_eq!(archived.json["tally"]["state"], "archived");
    assert_eq!(archived.json["tally"]["version"], voted + 2);
    client
        .put_vote(&voter, "new-tool", "skip")
        .await
        .problem(410, "archived");
    client
        .delete_vote(&voter, "new-tool")
        .await
        .problem(410, "archived");
    assert_eq!(client.counts("new-tool").await, (1, 0));
    let back = put(json!({"name": "Back", "reviews": reviews(3, 1)}))
        .await
        .expect(200);
    assert_eq!(
        (
            back.json["tally"]["state"].as_str(),
            back.json["tally"]["version"].as_i64()
        ),
        (Some("open"), Some(voted + 3))
    );
    client
        .put_vote(&voter, "new-tool", "skip")
        .await
        .expect(200);
    assert_eq!(
        client
            .get("/v1/tools/new-tool")
            .send()
            .await
            .expect(200)
            .json["tally"],
        client.tally("new-tool").await
    );
    for method in [Method::PATCH, Method::DELETE] {
        edit(&client, method, "nothing-there", &site)
            .json(&json!({}))
            .send()
            .await
            .problem(404, "unknown-tool");
    }
    server.verify().await;
}

async fn what_is_out_of_bounds_is_named(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let site = token(&server, "site").await;
    for (bad, named) in [
        (json!({}), "name"),
        (json!({"name": ""}), "name"),
        (json!({"name": "x".repeat(201)}), "name"),
        (json!({"name": "nul \u{0}"}), "name"),
        (json!({"name": "x", "nmae": "y"}), "nmae"),
        (json!({"name": "x", "url": "javascript:alert(1)"}), "url"),
        (
            json!({"name": "x", "reviews": [{"reviewer": "r", "verdict": "maybe"}]}),
            "verdict",
        ),
        (
            json!({"name": "x", "reviews": [{"reviewer": "", "verdict": "ship"}]}),
            "reviewer",
        ),
        (json!({"name": 7}), "name"),
    ] {
        let answer = edit(&client, Method::PUT, "bad-tool", &site)
            .json(&bad)
            .send()
            .await
            .problem(422, "invalid");
        assert!(
            answer.json["detail"]
                .as_str()
                .expect("detail")
                .contains(named),
            "{bad}: {}",
            answer.text
        );
    }
    for slug in ["Bad", "a--b", "-a", &"a".repeat(65)] {
        edit(&client, Method::PUT, slug, &site)
            .json(&json!({"name": "x"}))
            .send()
            .await
            .problem(422, "invalid");
    }
    let patch = edit(&client, Method::PATCH, "codestral-2", &site)
        .json(&json!({"name": ""}))
        .send()
        .await;
    patch.problem(422, "invalid");
    edit(&client, Method::PUT, "bad-tool", &site)
        .body("{}")
        .send()
        .await
        .problem(415, "unsupported-media-type");
    let large = edit(&client, Method::PUT, "bad-tool", &site)
        .json(&json!({"name": "x".repeat(5 * 1024 * 1024)}));
    large.send().await.problem(413, "too-large");
    let fits =
        edit(&client, Method::PUT, "bad-tool", &site).json(&json!({"name": "x".repeat(100_000)}));
    fits.send().await.problem(422, "invalid");
    client
        .get("/v1/tools/bad-tool")
        .send()
        .await
        .problem(404, "unknown-tool");
    assert_eq!(
        client.get("/v1/tools/codestral-2").send().await.json["name"],
        "Codestral 2"
    );
}

async fn many_come_whole_or_not_at_all(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let site = token(&server, "site").await;
    let post = |body: Value| client.post("/v1/tools").bearer(&site).json(&body).send();
    let tools = json!([
        {"slug": "many-b", "name": "B", "reviews": reviews(2, 0)},
        {"slug": "many-a", "name": "A"},
    ]);
    let made = post(tools.clone()).await.expect(201);
    assert_eq!(
        made.json,
        json!({"created": ["many-a", "many-b"], "replaced": []})
    );
    // Shown at once, by the instance that answered.
    let tally = client.tally("many-b").await;
    assert_eq!(
        (&tally["panel"]["percent"], &tally["version"]),
        (&json!(100), &json!(1))
    );
    let again = post(json!({ "tools": tools })).await.expect(200);
    assert_eq!(again.json["replaced"], json!(["many-a", "many-b"]));
    assert_eq!(
        client.tally("many-b").await,
        tally,
        "the same again changes no tally"
    );

    let before = server.home().number("SELECT count(*) AS n FROM tools");
    let bad = post(json!([
        {"slug": "many-c", "name": "C"},
        {"slug": "many-d", "name": ""},
        {"slug": "Many E", "name": "E"},
        {"slug": "many-a", "name": "A2", "nmae": "x"},
        {"slug": "many-c", "name": "twice"},
    ]))
    .await
    .problem(422, "invalid");
    let detail = bad.json["detail"].as_str().expect("a detail");
    for named in [
        "tool 2 (\"many-d\"): name",
        "tool 3 (\"Many E\"): slug",
        "tool 4 (\"many-a\"): nmae",
        "tool 5 (\"many-c\")",
    ] {
        assert!(detail.contains(named), "{named}: {detail}");
    }
    assert_eq!(
        server.home().number("SELECT count(*) AS n FROM tools"),
        before
    );
    assert_eq!(
        client.get("/v1/tools/many-a").send().await.json["name"],
        "A"
    );

    for wrong in [json!([]), json!({}), json!({"tools": [], "x": 1}), json!(3)] {
        post(wrong).await.problem(422, "invalid");
    }
    let many: Vec<Value> = (0..501)
        .map(|n| json!({"slug": format!("t{n}"), "name": "T"}))
        .collect();
    post(json!(many)).await.problem(422, "invalid");
    post(json!(many[..500])).await.expect(201);
    let large = json!([{"slug": "large", "name": "x".repeat(5 * 1024 * 1024)}]);
    post(large).await.problem(413, "too-large");
    let call = || client.post("/v1/tools").bearer(&site);
    call()
        .body("[]")
        .send()
        .await
        .problem(415, "unsupported-media-type");
    call()
        .header("content-type", "application/json")
        .body("[")
        .send()
        .await
        .problem(400, "bad-request");
    let bare = client.post("/v1/tools").json(&json!([])).send().await;
    bare.problem(401, "token-required");
    let visitor = client.visitor().await;
    let voter = client.post("/v1/tools").bearer(&visitor).json(&json!([]));
    voter.send().await.problem(401, "bad-token");
    server.verify().await;
}

async fn only_staff_may(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let visitor = client.visitor().await;
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        let body = json!({"name": "x"});
        let bare = client
            .call(method.clone(), "/v1/tools/codestral-2")
            .json(&body)
            .send()
            .await;
        assert!(
            bare.problem(401, "token-required")
                .header("www-authenticate")
                .is_some()
        );
        for bad in [visitor.as_str(), "tss_AAAA", "x.y.z"] {
            edit(&client, method.clone(), "codestral-2", bad)
                .json(&body)
                .send()
                .await
                .problem(401, "bad-token");
        }
    }
    for role in ["site", "moderator", "admin"] {
        let staff = token(&server, role).await;
        edit(&client, Method::PATCH, "codestral-2", &staff)
            .json(&json!({"entry": role}))
            .send()
            .await
            .expect(200);
        client
            .put_vote(&staff, "codestral-2", "ship")
            .await
            .problem(401, "bad-token");
    }
    assert_ne!(
        server
            .run_cli(&["token", "create", "--role", "king", "--name", "x"])
            .await
            .code(),
        0
    );
}
