//! The audit chain: every act leaves an entry, and whoever tampers with one is found. Staff tokens and their ends.
use super::{Moderator, TOOL, staff};
use crate::harness::{Backend, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

crate::both!(
    every_act_leaves_an_entry,
    tampering_is_found,
    a_cut_off_end_is_missed_by_who_kept_the_head,
    tokens_end
);

async fn every_act_leaves_an_entry(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    moderator.voters("ship", 2).await;
    let reset = moderator
        .reset(json!({"reason": "vérité: \"quotes\" and {braces}"}))
        .await
        .expect(201)
        .json;
    moderator.undo(&reset["id"]).await.expect(200);
    let voter = moderator.get("/votes").await["items"][0]["voter"].clone();
    let ban = moderator
        .post("/bans", json!({"voter": voter, "reason": "b"}))
        .await
        .expect(201)
        .json;
    moderator
        .call(Method::DELETE, &format!("/bans/{}", ban["id"]), None)
        .await
        .expect(200);
    let period = json!({"tool": TOOL, "from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z", "reason": "p"});
    let period = moderator.post("/periods", period).await.expect(201).json;
    moderator
        .call(Method::DELETE, &format!("/periods/{}", period["id"]), None)
        .await
        .expect(200);
    let freeze = json!({"state": "frozen", "reason": "f"});
    moderator
        .call(Method::PUT, &format!("/tools/{TOOL}/state"), Some(freeze))
        .await
        .expect(200);
    let site = staff(&moderator.server, "site").await;
    let tool = |method| {
        moderator
            .client
            .call(method, "/v1/tools/new-tool")
            .bearer(&site)
    };
    tool(Method::PUT)
        .json(&json!({"name": "New"}))
        .send()
        .await
        .expect(201);
    tool(Method::PATCH)
        .json(&json!({"entry": "Free"}))
        .send()
        .await
        .expect(200);
    tool(Method::DELETE).send().await.expect(200);
    moderator
        .server
        .home()
        .write("more.json", "[{\"slug\":\"one-more\",\"name\":\"M\"}]");
    moderator
        .server
        .run_cli(&["catalog", "import", "more.json"])
        .await
        .success("import");
    // Looking, previewing and being refused leave none.
    moderator.reset(json!({"dry_run": true})).await.expect(200);
    moderator.reset(json!({"reason": ""})).await.expect(422);
    let entries = moderator.get("/audit?limit=100").await;
    let entries = entries["items"].as_array().expect("items");
    let acts: Vec<&str> = entries
        .iter()
        .rev()
        .map(|entry| entry["act"].as_str().expect("act"))
        .collect();
    assert_eq!(
        acts,
        [
            "catalog.import",
            "token.create",
            "visitors.mint",
            "reset",
            "reset.undo",
            "ban",
            "ban.lift",
            "period",
            "period.delete",
            "tool.state",
            "token.create",
            "tool.put",
            "tool.patch",
            "tool.archive",
            "catalog.import",
        ]
    );
    let ids: Vec<i64> = entries
        .iter()
        .rev()
        .map(|entry| entry["id"].as_i64().expect("id"))
        .collect();
    assert_eq!(ids, (1..=15).collect::<Vec<i64>>());
    let of = |act: &str| {
        entries
            .iter()
            .find(|entry| entry["act"] == act)
            .expect("an entry")
    };
    let entry = of("reset");
    assert_eq!(
        (&entry["actor"], &entry["role"], &entry["subject"]),
        (
            &json!("the moderator"),
            &json!("moderator"),
            &json!(reset["id"].to_string())
        )
    );
    assert_eq!(entry["reason"], "vérité: \"quotes\" and {braces}");
    assert_eq!(
        (&entry["before"]["tally"], &entry["after"]["tally"]),
        (&reset["before"], &reset["after"])
    );
    assert_eq!(
        (
            &of("tool.patch")["before"]["tool"]["entry"],
            &of("tool.patch")["after"]["tool"]["entry"]
        ),
        (&json!(""), &json!("Free"))
    );
    assert_eq!(
        (&of("token.create")["actor"], &of("catalog.import")["role"]),
        (&json!("command"), &json!("command"))
    );
    let stored = moderator
        .server
        .home()
        .number("SELECT count(*) AS n FROM audit WHERE reason LIKE 'v%braces}'");
    assert_eq!(stored, 1, "verbatim");
    let head = moderator.get("/audit/head").await;
    assert_eq!(
        (&head["id"], &head["hash"]),
        (&json!(15), &entries[0]["hash"])
    );
    // A page at a time.
    let page = moderator.get("/audit?limit=3").await;
    let rest = moderator
        .get(&format!(
            "/audit?limit=100&cursor={}",
            page["next"].as_str().expect("next")
        ))
        .await;
    assert_eq!(rest["items"].as_array().map(Vec::len), Some(12));
    moderator.server.verify().await;
}

/// A moderator whose chain has seven entries, and the words of `verify` once `sql` was run.
async fn found_after(backend: Backend, sql: &[&str]) -> String {
    let moderator = Moderator::new(backend).await;
    for _ in 0..5 {
        moderator.reset(json!({})).await.expect(201);
    }
    moderator.server.verify().await;
    for sql in sql {
        moderator.server.home().execute(sql);
    }
    let found = moderator.server.run_cli(&["verify"]).await;
    assert_eq!(found.code(), 1, "{sql:?}: {}", found.stdout);
    found.stdout
}

async fn tampering_is_found(backend: Backend) {
    let swap = [
        "UPDATE audit SET id = -4 WHERE id = 4",
        "UPDATE audit SET id = 4 WHERE id = 5",
        "UPDATE audit SET id = 5 WHERE id = -4",
    ];
    let cases: [(&[&str], &str); 6] = [
        (
            &["UPDATE audit SET reason = 'x' WHERE id = 4"],
            "entry 4 is not as it was written",
        ),
        (
            &["UPDATE audit SET actor = 'somebody' WHERE id = 7"],
            "entry 7 is not as it was written",
        ),
        (&["DELETE FROM audit WHERE id = 4"], "entry 4 is missing"),
        (&swap, "entry 4 is not as it was written"),
        (&["DELETE FROM audit WHERE id = 7"], "the chain ends at 6"),
        (
            &["UPDATE site_facts SET value = '6:' || substr(value, 3) WHERE name = 'audit.head'"],
            "beyond the head",
        ),
    ];
    for (sql, words) in cases {
        let found = found_after(backend, sql).await;
        assert!(found.contains(words), "{sql:?}: {found}");
    }
}

async fn a_cut_off_end_is_missed_by_who_kept_the_head(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    moderator.reset(json!({})).await.expect(201);
    let old = moderator.get("/audit/head").await["hash"].clone();
    moderator.reset(json!({})).await.expect(201);
    let kept = moderator.get("/audit/head").await["hash"].clone();
    let verify = async |head: &Value| {
        let head = head.as_str().expect("a hash").to_owned();
        moderator.server.run_cli(&["verify", "--head", &head]).await
    };
    verify(&old).await.success("an older head is in the chain");
    verify(&kept).await.success("the newest");
    assert_eq!(verify(&json!("0a".repeat(32))).await.code(), 1);
    assert_eq!(verify(&json!("short")).await.code(), 2);
    // Cut off at the end, and the head made to fit: the chain by itself is whole, but not to whom kept the head.
    let home = moderator.server.home();
    let previous = match backend {
        Backend::Sqlite => "lower(hex(hash))",
        Backend::Postgres => "encode(hash, 'hex')",
    };
    home.execute("DELETE FROM audit WHERE id = 4");
    home.execute(&format!("UPDATE site_facts SET value = '3:' || (SELECT {previous} FROM audit WHERE id = 3) WHERE name = 'audit.head'"));
    moderator.server.verify().await;
    assert_eq!(verify(&kept).await.code(), 1);
    verify(&old).await.success("what was before is still there");
}

async fn tokens_end(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let list = async || -> Value {
        let listed = moderator
            .server
            .run_cli(&["token", "list", "--json"])
            .await
            .success("list");
        serde_json::from_str(&listed.stdout).expect("json")
    };
    let tokens = list().await;
    assert_eq!(
        (&tokens[0]["name"], &tokens[0]["role"]),
        (&json!("the moderator"), &json!("moderator"))
    );
    assert!(
        !tokens.to_string().contains(&moderator.token),
        "never the token itself"
    );
    moderator.get("/resets").await;
    eventually("its use is noted", Duration::from_secs(30), async || {
        list().await[0]["last_used_at"].is_string()
    })
    .await;
    let short = moderator
        .server
        .run_cli(&[
            "token",
            "create",
            "--role",
            "admin",
            "--name",
            "short",
            "--expires",
            "1s",
        ])
        .await
        .success("create");
    let short = short.stdout.trim().to_owned();
    let call = async |token: &str| {
        moderator
            .client
            .get("/v1/moderation/audit/head")
            .bearer(token)
            .send()
            .await
    };
    eventually("it ends", Duration::from_secs(10), async || {
        call(&short).await.status == 401
    })
    .await;
    call(&short).await.problem(401, "expired-token");
    let second = staff(&moderator.server, "moderator").await;
    // Two have one name now: which is meant?
    assert_eq!(
        moderator
            .server
            .run_cli(&["token", "revoke", "the moderator"])
            .await
            .code(),
        1
    );
    let id = list().await[0]["id"].as_str().expect("id").to_owned();
    moderator
        .server
        .run_cli(&["token", "revoke", &id])
        .await
        .success("revoke");
    call(&moderator.token).await.problem(401, "bad-token");
    call(&second).await.expect(200);
    moderator
        .server
        .run_cli(&["token", "revoke", "the moderator"])
        .await
        .success("by its name");
    call(&second).await.problem(401, "bad-token");
    assert_eq!(
        moderator
            .server
            .run_cli(&["token", "revoke", &id])
            .await
            .code(),
        1,
        "once"
    );
    let shown = moderator
        .server
        .run_cli(&["token", "list"])
        .await
        .success("list")
        .stdout;
    assert!(
        shown.contains("revoked") && shown.contains("expired"),
        "{shown}"
    );
    for bad in ["1", "x", "0d", "5y", ""] {
        let made = [
            "token",
            "create",
            "--role",
            "site",
            "--name",
            "n",
            "--expires",
            bad,
        ];
        assert_eq!(moderator.server.run_cli(&made).await.code(), 2, "{bad}");
    }
    moderator.server.verify().await;
}
