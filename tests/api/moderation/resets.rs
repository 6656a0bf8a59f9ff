//! Resets: preview, plan, commit, undo, and every refusal.
use super::{Moderator, OTHER, TOOL, staff};
use crate::harness::Backend;
use reqwest::Method;
use serde_json::{Value, json};

crate::both!(
    a_ring_is_previewed_taken_out_and_put_back,
    a_plan_holds_or_is_a_conflict,
    all_criteria_must_match,
    what_was_cast_again_or_withdrawn_stays_so,
    a_reset_of_nothing_is_recorded,
    what_cannot_be_read_is_named,
    only_moderators_may,
    lists_turn_pages
);

async fn a_ring_is_previewed_taken_out_and_put_back(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    moderator.voters("skip", 6).await;
    let ring = moderator.voters("ship", 9).await;
    let version = moderator.version().await;
    let before = moderator.client.tally(TOOL).await;
    let preview = moderator
        .reset(json!({"choice": "ship", "dry_run": true}))
        .await
        .expect(200)
        .json;
    assert_eq!(
        (&preview["matched"], &preview["networks"]),
        (&json!(9), &json!(1))
    );
    assert_eq!(preview["before"], before);
    assert_eq!(preview["after"]["community"]["ship"], 0);
    assert_eq!(preview["after"]["community"]["percent"], 0);
    assert_eq!(preview["sample"].as_array().map(Vec::len), Some(9));
    assert!(preview["to"].is_string() && preview["plan"].is_string());
    assert!(preview.get("id").is_none());
    assert_eq!(
        moderator.version().await,
        version,
        "a preview changes nothing"
    );

    let made = moderator
        .reset(json!({"choice": "ship", "plan": preview["plan"]}))
        .await
        .expect(201)
        .json;
    assert_eq!(made["matched"], 9);
    assert_eq!(made["before"], before);
    assert_eq!(made["after"], moderator.client.tally(TOOL).await);
    assert_eq!(moderator.counts().await, (0, 6));
    assert_eq!(moderator.aside().await, (9, 0));
    assert_eq!(moderator.version().await, version + 1, "one change");
    // To its voter the vote shows as before.
    let own = moderator
        .client
        .get_vote(&ring[0], TOOL)
        .await
        .expect(200)
        .json;
    assert_eq!(own["vote"]["choice"], "ship");
    let listed = moderator.get(&format!("/resets/{}", made["id"])).await;
    assert_eq!(
        (&listed["matched"], &listed["undone"], &listed["reason"]),
        (&json!(9), &json!(false), &json!("a ring of bots"))
    );
    assert_eq!(
        (&listed["made_by"], &listed["choice"]),
        (&json!("the moderator"), &json!("ship"))
    );
    moderator.server.verify().await;

    let undone = moderator.undo(&made["id"]).await.expect(200).json;
    assert_eq!(
        (&undone["restored"], &undone["undone"]),
        (&json!(9), &json!(true))
    );
    assert_eq!(moderator.counts().await, (9, 6));
    assert_eq!(
        (moderator.aside().await, moderator.version().await),
        ((0, 0), version + 2)
    );
    moderator.undo(&made["id"]).await.problem(409, "conflict");
    assert_eq!(
        moderator.get(&format!("/resets/{}", made["id"])).await["undone"],
        true
    );
    moderator.server.verify().await;
}

async fn a_plan_holds_or_is_a_conflict(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let voters = moderator.voters("ship", 5).await;
    let preview = async || {
        moderator
            .reset(json!({"dry_run": true}))
            .await
            .expect(200)
            .json
    };
    let plan = preview().await;
    assert_eq!(
        plan["plan"],
        moderator
            .reset(json!({"dry_run": true, "to": plan["to"]}))
            .await
            .json["plan"]
    );
    // A later vote does not match: the window's end is fixed.
    let late = moderator.voters("ship", 1).await;
    moderator
        .reset(json!({"dry_run": true, "plan": plan["plan"]}))
        .await
        .expect(200);
    // Another window is another plan.
    moderator
        .reset(json!({"plan": plan["plan"], "to": "2026-01-01T00:00:00Z"}))
        .await
        .problem(409, "conflict");
    // So are other criteria.
    moderator
        .reset(json!({"plan": plan["plan"], "choice": "ship"}))
        .await
        .problem(409, "conflict");
    // The same choice again changes nothing, so the plan holds; another choice is another match.
    moderator
        .client
        .put_vote(&voters[0], TOOL, "ship")
        .await
        .expect(200);
    moderator
        .reset(json!({"dry_run": true, "plan": plan["plan"]}))
        .await
        .expect(200);
    moderator
        .client
        .put_vote(&voters[0], TOOL, "skip")
        .await
        .expect(200);
    for dry_run in [true, false] {
        moderator
            .reset(json!({"plan": plan["plan"], "dry_run": dry_run}))
            .await
            .problem(409, "conflict");
    }
    assert_eq!(
        moderator.counts().await,
        (5, 1),
        "a conflict changes nothing"
    );
    assert_eq!(moderator.get("/resets").await["items"], json!([]));
    let plan = preview().await;
    moderator
        .client
        .delete_vote(&late[0], TOOL)
        .await
        .expect(200);
    moderator
        .reset(json!({"plan": plan["plan"]}))
        .await
        .problem(409, "conflict");
    let plan = preview().await;
    let made = moderator
        .reset(json!({"plan": plan["plan"], "to": plan["to"]}))
        .await
        .expect(201)
        .json;
    assert_eq!(
        (&made["matched"], &made["plan"]),
        (&json!(5), &plan["plan"])
    );
    assert_eq!(moderator.counts().await, (0, 0));
    moderator.server.verify().await;
}

async fn all_criteria_must_match(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let first = moderator.voters("ship", 3).await;
    let second = moderator.voters("skip", 2).await;
    moderator
        .client
        .put_vote(&first[0], OTHER, "ship")
        .await
        .expect(201);
    let feed = moderator.get(&format!("/votes?tool={TOOL}")).await;
    let items = feed["items"].as_array().expect("items").clone();
    let matched = async |criteria: Value| {
        let mut criteria = criteria;
        criteria["dry_run"] = json!(true);
        moderator.reset(criteria).await.expect(200).json["matched"]
            .as_i64()
            .expect("n")
    };
    assert_eq!(items.len(), 5);
    // Newest first; `from` is the first moment within, `to` the first beyond.
    let third = &items[2]["cast_at"];
    assert_eq!(matched(json!({"from": third})).await, 3);
    assert_eq!(matched(json!({"to": third})).await, 2);
    assert_eq!(matched(json!({"from": third, "choice": "ship"})).await, 1);
    assert_eq!(matched(json!({"voter": items[0]["voter"]})).await, 1);
    assert_eq!(
        matched(json!({"voter": items[0]["voter"], "choice": "ship"})).await,
        0
    );
    assert_eq!(matched(json!({"network": items[0]["network"]})).await, 5);
    assert_eq!(matched(json!({"network": "0".repeat(32)})).await, 0);
    let made = moderator
        .reset(json!({"voter": items[0]["voter"]}))
        .await
        .expect(201)
        .json;
    assert_eq!(
        (&made["matched"], moderator.counts().await),
        (&json!(1), (3, 1))
    );
    assert_eq!(
        moderator.client.counts(OTHER).await,
        (1, 0),
        "of this tool only"
    );
    // What is out is not taken twice.
    assert_eq!(matched(json!({})).await, 4);
    let rest = moderator.reset(json!({})).await.expect(201).json;
    assert_eq!(rest["matched"], 4);
    // Undone in the order in which they were made.
    moderator.undo(&made["id"]).await.expect(200);
    assert_eq!(moderator.counts().await, (0, 1));
    moderator.undo(&rest["id"]).await.expect(200);
    assert_eq!(moderator.counts().await, (3, 2));
    drop(second);
    moderator.server.verify().await;
}

async fn what_was_cast_again_or_withdrawn_stays_so(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let voters = moderator.voters("ship", 4).await;
    let made = moderator.reset(json!({})).await.expect(201).json;
    assert_eq!(moderator.counts().await, (0, 0));
    let again = moderator
        .client
        .put_vote(&voters[0], TOOL, "ship")
        .await
        .expect(200)
        .json;
    assert_eq!(
        again["tally"]["community"]["ship"], 1,
        "cast again, it counts"
    );
    moderator
        .client
        .put_vote(&voters[1], TOOL, "skip")
        .await
        .expect(200);
    let version = moderator.version().await;
    moderator
        .client
        .delete_vote(&voters[2], TOOL)
        .await
        .expect(200);
    assert_eq!(
        moderator.version().await,
        version + 1,
        "what is set aside is part of the tally"
    );
    assert_eq!(
        (moderator.counts().await, moderator.aside().await),
        ((1, 1), (1, 0))
    );
    let undone = moderator.undo(&made["id"]).await.expect(200).json;
    assert_eq!(undone["restored"], 1);
    assert_eq!(
        (moderator.counts().await, moderator.aside().await),
        ((2, 1), (0, 0))
    );
    moderator
        .client
        .delete_vote(&voters[3], TOOL)
        .await
        .expect(200);
    assert_eq!(moderator.counts().await, (1, 1));
    moderator.server.verify().await;
}

async fn a_reset_of_nothing_is_recorded(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let version = moderator.version().await;
    let made = moderator
        .reset(json!({"choice": "skip"}))
        .await
        .expect(201)
        .json;
    assert_eq!(
        (&made["matched"], &made["networks"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(moderator.version().await, version, "nothing changed");
    assert_eq!(moderator.get("/resets").await["items"][0]["id"], made["id"]);
    assert_eq!(
        moderator.undo(&made["id"]).await.expect(200).json["restored"],
        0
    );
    moderator.undo(&made["id"]).await.problem(409, "conflict");
    moderator.server.verify().await;
}

async fn what_cannot_be_read_is_named(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    for (bad, named) in [
        (json!({"reason": ""}), "reason"),
        (json!({"reason": " \n"}), "reason"),
        (json!({"reason": "x".repeat(1001)}), "reason"),
        (json!({"reason": 7}), "reason"),
        (json!({"voter": "nobody"}), "voter"),
        (json!({"network": "127.0.0.1"}), "network"),
        (json!({"choice": "maybe"}), "choice"),
        (json!({"from": "yesterday"}), "from"),
        (
            json!({"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}),
            "from",
        ),
        (json!({"plan": "x"}), "plan"),
        (json!({"dry_run": "yes"}), "dry_run"),
        (
            json!({"ban": {"expires_at": "2020-01-01T00:00:00Z"}}),
            "expires_at",
        ),
        (json!({"ban": {"until": "x"}}), "until"),
        (json!({"tools": "x"}), "tools"),
    ] {
        let answer = moderator.reset(bad.clone()).await.problem(422, "invalid");
        let detail = answer.json["detail"].as_str().expect("detail");
        assert!(detail.contains(named), "{bad}: {detail}");
    }
    moderator
        .post("/resets", json!({"tool": TOOL}))
        .await
        .problem(422, "invalid");
    moderator
        .reset(json!({"tool": "nothing-there"}))
        .await
        .problem(404, "unknown-tool");
    for path in ["/resets/999", "/resets/x", "/resets/-1"] {
        moderator
            .call(Method::GET, path, None)
            .await
            .problem(404, "not-found");
        moderator
            .call(Method::POST, &format!("{path}/undo"), None)
            .await
            .problem(404, "not-found");
    }
    for query in ["limit=0", "limit=101", "limit=x", "cursor=x"] {
        moderator
            .call(Method::GET, &format!("/resets?{query}"), None)
            .await
            .problem(422, "invalid");
    }
    moderator
        .call(Method::PUT, "/resets", Some(json!({})))
        .await
        .problem(405, "method-not-allowed");
    assert_eq!(moderator.get("/resets").await["items"], json!([]));
}

async fn only_moderators_may(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let (site, admin) = (
        staff(&moderator.server, "site").await,
        staff(&moderator.server, "admin").await,
    );
    let visitor = moderator.client.visitor().await;
    let routes = [
        (Method::GET, "/resets"),
        (Method::POST, "/resets"),
        (Method::GET, "/resets/1"),
        (Method::POST, "/resets/1/undo"),
        (Method::PUT, "/tools/codestral-2/state"),
        (Method::GET, "/votes"),
        (Method::GET, "/clusters"),
        (Method::GET, "/bans"),
        (Method::POST, "/bans"),
        (Method::DELETE, "/bans/1"),
        (Method::GET, "/periods"),
        (Method::POST, "/periods"),
        (Method::DELETE, "/periods/1"),
        (Method::GET, "/audit"),
        (Method::GET, "/audit/head"),
    ];
    for (method, path) in routes {
        let call = || {
            moderator
                .client
                .call(method.clone(), &format!("/v1/moderation{path}"))
        };
        call().send().await.problem(401, "token-required");
        call()
            .bearer(&visitor)
            .send()
            .await
            .problem(401, "bad-token");
        call().bearer(&site).send().await.problem(403, "forbidden");
        let allowed = call().bearer(&admin).send().await;
        assert!(
            ![401, 403, 405, 500].contains(&allowed.status),
            "{path}: {}",
            allowed.text
        );
        let moderator = call().bearer(&moderator.token).send().await;
        assert_eq!(moderator.status, allowed.status, "{path}");
        assert_eq!(
            moderator.header("cache-control"),
            Some("no-store"),
            "{path}"
        );
    }
    let text = moderator
        .client
        .post("/v1/moderation/resets")
        .bearer(&moderator.token)
        .body("{}");
    text.send().await.problem(415, "unsupported-media-type");
}

async fn lists_turn_pages(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    for _ in 0..5 {
        moderator.reset(json!({})).await.expect(201);
    }
    let mut found = Vec::new();
    let mut next = Some(String::new());
    while let Some(cursor) = next {
        let page = moderator.get(&format!("/resets?limit=2{cursor}")).await;
        let items = page["items"].as_array().expect("items");
        assert!(items.len() <= 2);
        found.extend(items.iter().map(|item| item["id"].as_i64().expect("id")));
        next = page["next"].as_str().map(|next| format!("&cursor={next}"));
    }
    assert_eq!(found.len(), 5);
    assert!(
        found.windows(2).all(|pair| pair[0] > pair[1]),
        "newest first: {found:?}"
    );
    assert_eq!(
        moderator.get(&format!("/resets?tool={OTHER}")).await["items"],
        json!([])
    );
}
