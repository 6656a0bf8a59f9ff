//! Lists of voters and networks: a reset, a release or a ban of all of them, or of none.
use super::{Moderator, OTHER, TOOL};
use crate::harness::Backend;
use crate::harness::client::{Answer, Client};
use serde_json::{Value, json};

crate::both!(
    a_reset_takes_any_of_a_list,
    lists_ban_all_or_nobody,
    lists_have_one_to_a_hundred_entries
);

/// A refusal that names this field.
fn names(refused: Answer, field: &str) {
    let refused = refused.problem(422, "invalid");
    let detail = refused.json["detail"].as_str().expect("a detail");
    assert!(detail.starts_with(&format!("{field}: ")), "{detail}");
}

/// Votes on `TOOL` from networks of their own; gives the networks, the newest first.
async fn from_networks(moderator: &Moderator, last_bytes: &[u8]) -> Vec<Value> {
    for byte in last_bytes {
        let client = Client::from_address(&moderator.server.url, [127, 0, 0, *byte].into());
        for _ in 0..2 {
            let voter = client.visitor().await;
            client.put_vote(&voter, TOOL, "ship").await.expect(201);
        }
    }
    let items = moderator.get(&format!("/votes?tool={TOOL}")).await["items"].clone();
    let mut networks: Vec<Value> = Vec::new();
    for item in items.as_array().expect("items") {
        if !networks.contains(&item["network"]) {
            networks.push(item["network"].clone());
        }
    }
    networks
}

async fn a_reset_takes_any_of_a_list(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let networks = from_networks(&moderator, &[2, 3, 4]).await;
    assert_eq!(networks.len(), 3);
    let votes = moderator.get("/votes").await["items"].clone();
    let matched = async |criteria: Value| {
        let mut criteria = criteria;
        criteria["dry_run"] = json!(true);
        moderator.reset(criteria).await.expect(200).json["matched"]
            .as_i64()
            .expect("n")
    };
    let two = json!([networks[0], networks[2]]);
    assert_eq!(matched(json!({"networks": two})).await, 4);
    assert_eq!(matched(json!({"networks": two, "choice": "skip"})).await, 0);
    let with_stranger = json!([networks[0], networks[0], "0a".repeat(16)]);
    assert_eq!(matched(json!({"networks": with_stranger})).await, 2);
    assert_eq!(matched(json!({"networks": ["0".repeat(32)]})).await, 0);
    let voters = json!([votes[0]["voter"], votes[2]["voter"], votes[4]["voter"]]);
    assert_eq!(matched(json!({"voters": voters})).await, 3);
    // All that is given must match: the voters of these networks, this one of the list.
    assert_eq!(matched(json!({"voters": voters, "networks": two})).await, 2);
    assert_eq!(
        matched(json!({"voters": voters, "voter": votes[0]["voter"]})).await,
        1
    );
    assert_eq!(
        matched(json!({"voters": voters, "voter": votes[1]["voter"]})).await,
        0
    );

    let plan = moderator
        .reset(json!({"networks": two, "dry_run": true}))
        .await
        .expect(200)
        .json;
    moderator
        .reset(json!({"networks": [networks[0]], "plan": plan["plan"]}))
        .await
        .problem(409, "conflict");
    let made = moderator
        .reset(json!({"networks": two, "plan": plan["plan"], "ban": {}}))
        .await
        .expect(201)
        .json;
    assert_eq!(
        (&made["matched"], &made["networks"]),
        (&json!(4), &json!(2))
    );
    assert_eq!(moderator.counts().await, (2, 0));
    assert_eq!(
        moderator.get("/bans").await["items"]
            .as_array()
            .expect("bans")
            .len(),
        4
    );
    let shown = moderator.get(&format!("/resets/{}", made["id"])).await;
    assert_eq!(shown["networks"], 2);
    let mut listed: Vec<&str> = shown["criteria"]["networks"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|hash| hash.as_str().expect("a hash"))
        .collect();
    let mut meant = [&networks[0], &networks[2]].map(|hash| hash.as_str().expect("a hash"));
    listed.sort_unstable();
    meant.sort_unstable();
    assert_eq!(listed, meant);
    assert_eq!(shown["network"], Value::Null, "it is not one");
    let entry = moderator.get("/audit?limit=1").await["items"][0].clone();
    assert_eq!(
        entry["after"]["criteria"]["networks"], shown["criteria"]["networks"],
        "the audit chain says which"
    );
    moderator.undo(&made["id"]).await.expect(200);
    assert_eq!(moderator.counts().await, (6, 0));
    moderator.server.verify().await;
}

async fn lists_ban_all_or_nobody(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let voters = moderator.voters("ship", 3).await;
    let items = moderator.get("/votes").await["items"].clone();
    // Newest first.
    let ids = [&items[2]["voter"], &items[1]["voter"]];
    let half_bad = json!({"voters": [ids[0], "somebody"], "reason": "a ring"});
    let refused = moderator.post("/bans", half_bad).await;
    names(refused, "voters[1]");
    assert_eq!(moderator.get("/bans").await["items"], json!([]));
    for voter in &voters {
        moderator
            .client
            .put_vote(voter, OTHER, "ship")
            .await
            .expect(201);
    }
    let body = json!({"voters": ids, "reason": "a ring", "expires_at": "2100-01-01T00:00:00Z"});
    let made = moderator.post("/bans", body).await.expect(201).json;
    let bans = made["items"].as_array().expect("items");
    assert_eq!(bans.len(), 2);
    for ban in bans {
        assert!(ids.contains(&&ban["voter"]), "{ban}");
        assert_eq!(ban["expires_at"], "2100-01-01T00:00:00.000000Z");
    }
    for banned in &voters[..2] {
        let refused = moderator.client.put_vote(banned, TOOL, "skip").await;
        refused.problem(403, "voter-banned");
    }
    moderator
        .client
        .put_vote(&voters[2], TOOL, "skip")
        .await
        .expect(200);
    let audit = moderator.get("/audit?limit=2").await["items"].clone();
    for entry in audit.as_array().expect("items") {
        assert_eq!(
            (&entry["act"], &entry["reason"]),
            (&json!("ban"), &json!("a ring"))
        );
        assert!(ids.contains(&&entry["after"]["voter"]), "{entry}");
    }
    let networks = json!({"networks": [items[0]["network"], "0b".repeat(16)], "reason": "a farm"});
    let made = moderator.post("/bans", networks).await.expect(201).json;
    assert_eq!(made["items"].as_array().expect("items").len(), 2);
    moderator
        .client
        .put_vote(&voters[2], TOOL, "ship")
        .await
        .problem(403, "voter-banned");
    moderator.server.verify().await;
}

async fn lists_have_one_to_a_hundred_entries(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let networks =
        |count: usize| -> Vec<String> { (1..=count).map(|n| format!("{n:032x}")).collect() };
    for bad in [json!([]), json!(networks(101))] {
        for (path, field) in [
            ("/resets", "networks"),
            ("/held/reject", "networks"),
            ("/bans", "networks"),
            ("/bans", "voters"),
        ] {
            let mut body = json!({"reason": "a ring", field: bad});
            if path != "/bans" {
                body["tool"] = json!(TOOL);
            }
            let refused = moderator.post(path, body).await;
            names(refused, field);
        }
    }
    let body =
        json!({"tool": TOOL, "reason": "a ring", "networks": networks(100), "dry_run": true});
    assert_eq!(
        moderator
            .post("/resets", body.clone())
            .await
            .expect(200)
            .json["matched"],
        0
    );
    assert_eq!(
        moderator.post("/held/reject", body).await.expect(200).json["matched"],
        0
    );
    let bans = json!({"reason": "a ring", "networks": networks(100)});
    let made = moderator.post("/bans", bans).await.expect(201).json;
    assert_eq!(made["items"].as_array().expect("items").len(), 100);
    for both in [
        json!({"reason": "a ring"}),
        json!({"reason": "a ring", "voter": "visitor:0195f3a0-1111-7222-8333-444455556666", "networks": networks(1)}),
    ] {
        moderator.post("/bans", both).await.problem(422, "invalid");
    }
    moderator.server.verify().await;
}
