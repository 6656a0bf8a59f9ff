//! Names and texts: stored in one form, refused by the name of their field, found without regard to case and accents.
use crate::harness::Backend;
use crate::harness::client::Answer;
use crate::harness::server::{Home, Server};
use reqwest::Method;
use serde_json::{Value, json};

crate::both!(
    texts_are_stored_in_one_form,
    a_text_is_refused_by_its_field_at_every_entrance,
    search_ignores_case_and_accents
);

struct Site {
    server: Server,
    token: String,
}

impl Site {
    async fn new(backend: Backend) -> Site {
        let server = Home::new(backend).setup().generous().start().await;
        let made = server
            .run_cli(&["token", "create", "--role", "admin", "--name", "test"])
            .await
            .success("token create");
        let token = made.stdout.trim().to_owned();
        Site { server, token }
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Answer {
        let client = self.server.client();
        let call = client.call(method, path).bearer(&self.token);
        call.json(&body).send().await
    }

    async fn found(&self, query: &str) -> Vec<String> {
        let client = self.server.client();
        let list = client.get(&format!("/v1/tools?{query}")).send().await;
        let items = list.expect(200).json["items"].as_array().cloned();
        let slug = |item: &Value| item["slug"].as_str().expect("slug").to_owned();
        items.expect("items").iter().map(slug).collect()
    }
}

async fn texts_are_stored_in_one_form(backend: Backend) {
    let site = Site::new(backend).await;
    let body = json!({
        "name": "Cafe\u{301}", "tagline": "A\u{30a}ngstrom", "category": "\u{1100}\u{1161}", "entry": "o\u{308}",
        "reviews": [{"reviewer": "Rene\u{301}", "verdict": "ship", "summary": "e\u{301}\n\nu\u{308}"}],
    });
    let made = site.call(Method::PUT, "/v1/tools/cafe", body).await;
    for (field, stored) in [
        ("name", "Caf\u{e9}"),
        ("tagline", "\u{c5}ngstrom"),
        ("category", "\u{ac00}"),
        ("entry", "\u{f6}"),
    ] {
        assert_eq!(made.json[field], stored, "{field}");
    }
    let review = &made.json["reviews"][0];
    assert_eq!(review["reviewer"], "Ren\u{e9}");
    assert_eq!(review["summary"], "\u{e9}\n\n\u{fc}");
    let changed = json!({"name": "Noe\u{308}l"});
    let changed = site.call(Method::PATCH, "/v1/tools/cafe", changed).await;
    assert_eq!(changed.expect(200).json["name"], "No\u{eb}l");
    for field in ["tagline", "category"] {
        let null = json!({ field: null });
        let removed = site.call(Method::PATCH, "/v1/tools/cafe", null).await;
        assert_eq!(removed.expect(200).json[field], "", "null is for none");
    }
    for field in ["name", "entry", "url", "reviews"] {
        let null = json!({ field: null });
        let refused = site.call(Method::PATCH, "/v1/tools/cafe", null).await;
        refused.problem(422, "invalid");
    }
    let many = json!([{"slug": "many", "name": "Man\u{303}y"}]);
    site.call(Method::POST, "/v1/tools", many).await.expect(201);
    let home = site.server.home();
    home.write("a.csv", "\u{feff}slug,name\nfrom-file,Fi\u{301}le\n");
    let imported = site.server.run_cli(&["catalog", "import", "a.csv"]).await;
    imported.success("catalog import");
    for (slug, name) in [("many", "Ma\u{f1}y"), ("from-file", "F\u{ed}le")] {
        let sql = format!("SELECT name AS n FROM tools WHERE slug = '{slug}'");
        assert_eq!(home.text(&sql).as_deref(), Some(name));
    }
    let frozen = json!({"state": "frozen", "reason": "Re\u{301}flexion"});
    let path = "/v1/moderation/tools/cafe/state";
    site.call(Method::PUT, path, frozen).await.expect(200);
    let reason = home.text("SELECT reason AS n FROM audit WHERE act = 'tool.state'");
    assert_eq!(reason.as_deref(), Some("R\u{e9}flexion"));
}

async fn a_text_is_refused_by_its_field_at_every_entrance(backend: Backend) {
    let site = Site::new(backend).await;
    let tool = |field: &str, text: &str| {
        let mut review = json!({"reviewer": "R", "verdict": "ship", "summary": "S"});
        let mut tool = json!({"name": "N"});
        match field {
            "reviewer" | "summary" => review[field] = text.into(),
            _ => tool[field] = text.into(),
        }
        tool["reviews"] = json!([review]);
        tool
    };
    let bad = [
        " ",
        "\u{200b}\u{ad}",
        "\u{2800}",
        "a\u{7}b",
        "a\u{fffe}b",
        "a\u{2028}b",
        "a\rb",
    ];
    for field in [
        "name", "tagline", "category", "entry", "reviewer", "summary",
    ] {
        let one_line = (field != "summary").then_some(["a\nb", "a\tb"]);
        for text in bad.into_iter().chain(one_line.into_iter().flatten()) {
            let refused = site.call(Method::PUT, "/v1/tools/bad", tool(field, text));
            let refused = refused.await.problem(422, "invalid");
            let detail = refused.json["detail"].as_str().expect("a detail");
            assert!(detail.contains(field), "{field} {text:?}: {detail}");
        }
    }
    for field in ["tagline", "category"] {
        for none in [json!(null), json!("")] {
            let none = json!({"name": "N", field: none});
            let made = site.call(Method::PUT, "/v1/tools/none", none).await;
            assert!(made.success(), "{}", made.text);
            assert_eq!(made.json[field], "");
        }
    }
    let patched = json!({"tagline": "a\u{b}b"});
    let refused = site
        .call(Method::PATCH, "/v1/tools/codestral-2", patched)
        .await;
    let refused = refused.problem(422, "invalid");
    assert!(
        refused.json["detail"]
            .as_str()
            .expect("a detail")
            .contains("tagline")
    );
    let many = json!([{"slug": "many", "name": "\u{200d}"}]);
    let refused = site.call(Method::POST, "/v1/tools", many).await;
    assert!(
        refused.problem(422, "invalid").json["detail"]
            .as_str()
            .expect("a detail")
            .contains("name")
    );
    for reason in ["", "\u{2060}", "a\nb", "a\u{ffff}"] {
        for (method, path, body) in [
            (
                Method::POST,
                "/v1/moderation/resets",
                json!({"tool": "codestral-2"}),
            ),
            (
                Method::POST,
                "/v1/moderation/bans",
                json!({"voter": "visitor:00000000-0000-7000-8000-000000000000"}),
            ),
            (
                Method::PUT,
                "/v1/moderation/tools/codestral-2/state",
                json!({"state": "frozen"}),
            ),
        ] {
            let mut body = body;
            body["reason"] = reason.into();
            let refused = site.call(method, path, body).await.problem(422, "invalid");
            let detail = refused.json["detail"].as_str().expect("a detail");
            assert!(detail.contains("reason"), "{path} {reason:?}: {detail}");
        }
    }
    let named = [
        "token",
        "create",
        "--role",
        "site",
        "--name",
        "a\u{200b}\nb",
    ];
    let refused = site.server.run_cli(&named).await;
    assert_eq!(refused.code(), 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("--name"), "{}", refused.stderr);
}

async fn search_ignores_case_and_accents(backend: Backend) {
    let site = Site::new(backend).await;
    for (slug, name, category) in [
        ("e-tude", "\u{c9}tude", "\u{dc}bersicht"),
        ("eagle", "eagle", "ubersicht"),
        ("ezra", "EZRA", "other"),
        ("strasse", "Stra\u{df}e", "other"),
    ] {
        let body = json!({"name": name, "category": category});
        let path = format!("/v1/tools/{slug}");
        site.call(Method::PUT, &path, body).await.expect(201);
    }
    for (query, expected) in [
        ("q=ETUDE", vec!["e-tude"]),
        ("q=%C3%A9tude", vec!["e-tude"]),
        ("q=e%CC%81tude", vec!["e-tude"]),
        ("q=STRASSE", vec!["strasse"]),
        ("category=UBERSICHT&sort=name", vec!["eagle", "e-tude"]),
        ("category=other&sort=name", vec!["ezra", "strasse"]),
    ] {
        assert_eq!(site.found(query).await, expected, "{query}");
    }
    let all = site.found("sort=name").await;
    let place = |slug: &str| all.iter().position(|there| there == slug).expect(slug);
    assert!(
        place("eagle") < place("e-tude") && place("e-tude") < place("ezra"),
        "{all:?}"
    );
}
