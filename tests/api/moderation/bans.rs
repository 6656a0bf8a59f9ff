//! Bans of voters and networks: at once here, within a second elsewhere, to their end.
use super::{Moderator, OTHER, TOOL};
use crate::harness::client::Client;
use crate::harness::server::Home;
use crate::harness::{Backend, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

crate::both!(
    a_voter_is_banned_and_let_back,
    a_network_is_banned,
    a_networks_ban_outlives_the_key_of_its_day,
    a_ban_ends_by_itself,
    bans_come_with_a_reset_and_go_with_its_undo,
    a_ban_that_cannot_be_is_refused
);

async fn ban(moderator: &Moderator, body: Value) -> Value {
    let mut body = body;
    body["reason"] = json!("a ring of bots");
    moderator.post("/bans", body).await.expect(201).json
}

/// The newest vote on `TOOL`, as moderators see it.
async fn newest(moderator: &Moderator) -> Value {
    moderator.get(&format!("/votes?tool={TOOL}&limit=1")).await["items"][0].clone()
}

async fn a_voter_is_banned_and_let_back(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let [voter, other]: [String; 2] = moderator.voters("ship", 2).await.try_into().expect("two");
    let seen = newest(&moderator).await;
    let made = ban(&moderator, json!({"voter": seen["voter"]})).await;
    assert_eq!(
        (&made["voter"], &made["network"]),
        (&seen["voter"], &Value::Null)
    );
    let refused = moderator.client.put_vote(&other, TOOL, "skip").await;
    refused.problem(403, "voter-banned");
    moderator
        .client
        .delete_vote(&other, TOOL)
        .await
        .problem(403, "voter-banned");
    moderator
        .client
        .put_vote(&other, OTHER, "ship")
        .await
        .problem(403, "voter-banned");
    // Before the body is looked at, and what there is stays.
    let nonsense = moderator
        .client
        .put(&format!("/v1/tools/{TOOL}/vote"))
        .bearer(&other)
        .json(&json!({"x": 1}));
    nonsense.send().await.problem(403, "voter-banned");
    moderator.client.get_vote(&other, TOOL).await.expect(200);
    for address in [format!("/tools/{TOOL}/vote"), format!("/embed/{TOOL}")] {
        let form = moderator
            .client
            .post(&address)
            .header("cookie", &format!("tallyship-visitor={other}"))
            .header("origin", &moderator.server.url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body("choice=skip");
        form.send().await.problem(403, "voter-banned");
    }
    moderator
        .client
        .put_vote(&voter, TOOL, "skip")
        .await
        .expect(200);
    assert_eq!(moderator.counts().await, (1, 1));
    assert_eq!(moderator.get("/bans").await["items"][0]["id"], made["id"]);
    // After a restart it still holds.
    let mut moderator = moderator;
    moderator.server.restart().await;
    moderator.client = moderator.server.client();
    moderator
        .client
        .put_vote(&other, TOOL, "skip")
        .await
        .problem(403, "voter-banned");
    let path = format!("/bans/{}", made["id"]);
    moderator
        .call(Method::DELETE, &path, None)
        .await
        .expect(200);
    moderator
        .client
        .put_vote(&other, TOOL, "skip")
        .await
        .expect(200);
    moderator
        .call(Method::DELETE, &path, None)
        .await
        .problem(404, "not-found");
    assert_eq!(moderator.get("/bans").await["items"], json!([]));
    moderator.server.verify().await;
}

async fn a_networks_ban_outlives_the_key_of_its_day(backend: Backend) {
    let mut moderator = Moderator::new(backend).await;
    let voter = moderator.voters("ship", 1).await.remove(0);
    let elsewhere =
        |moderator: &Moderator| Client::from_address(&moderator.server.url, [127, 0, 0, 2].into());
    let other = moderator.server.setup.mint(1).await.remove(0);
    elsewhere(&moderator)
        .put_vote(&other, TOOL, "ship")
        .await
        .expect(201);
    let items = moderator.get(&format!("/votes?tool={TOOL}")).await["items"].clone();
    let (theirs, ours) = (items[0]["network"].clone(), items[1]["network"].clone());
    if backend == Backend::Postgres {
        let second = moderator.server.setup.start().await;
        second
            .client()
            .put_vote(&voter, OTHER, "ship")
            .await
            .expect(201);
        let seen = moderator.get(&format!("/votes?tool={OTHER}")).await;
        assert_eq!(
            seen["items"][0]["network"], ours,
            "instances share the day's key"
        );
        assert_eq!(second.sigterm(Duration::from_secs(20)).await, 0);
    }
    let made = ban(&moderator, json!({"network": ours})).await;
    assert_eq!((&made["network"], &made["holds"]), (&ours, &json!(true)));
    let unknown = ban(&moderator, json!({"network": "0a".repeat(16)})).await;
    assert_eq!(
        unknown["holds"],
        json!(false),
        "no key of these days made it"
    );
    moderator.server.sigterm(Duration::from_secs(20)).await;
    moderator.server.home().two_days_later();
    moderator.server = moderator.server.setup.start().await;
    moderator.client = moderator.server.client();
    eventually("votes forget", Duration::from_secs(20), async || {
        moderator.server.home().with_network() == 0
    })
    .await;
    let refused = moderator.client.put_vote(&voter, TOOL, "skip").await;
    refused.problem(403, "voter-banned");
    elsewhere(&moderator)
        .put_vote(&other, OTHER, "ship")
        .await
        .expect(201);
    let items = moderator.get(&format!("/votes?tool={TOOL}")).await["items"].clone();
    assert!(
        items[0]["network"].is_null() && items[1]["network"].is_null(),
        "{items}"
    );
    let today = moderator.get(&format!("/votes?tool={OTHER}&limit=1")).await["items"][0].clone();
    assert!(
        today["network"].is_string() && today["network"] != theirs,
        "another day, another hash"
    );
    // What nobody is known by any more means nobody.
    for gone in [&json!("0".repeat(32)), &theirs] {
        let preview = moderator
            .reset(json!({"network": gone, "dry_run": true}))
            .await
            .expect(200);
        assert_eq!(preview.json["matched"], json!(0));
    }
    let clusters = moderator.get(&format!("/clusters?tool={TOOL}")).await;
    assert!(
        !clusters.to_string().contains(&"0".repeat(32)),
        "{clusters}"
    );
    // Once a ban has ended, nothing is known of its network.
    let path = format!("/bans/{}", made["id"]);
    moderator
        .call(Method::DELETE, &path, None)
        .await
        .expect(200);
    moderator
        .client
        .put_vote(&voter, TOOL, "skip")
        .await
        .expect(200);
    moderator.server.restart().await;
    let known = "SELECT COUNT(*) AS n FROM bans WHERE ban_hash IS NOT NULL";
    eventually("the ban forgets", Duration::from_secs(20), async || {
        moderator.server.home().number(known) == 0
    })
    .await;
    moderator.server.verify().await;
}

async fn a_network_is_banned(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    moderator.voters("ship", 1).await;
    let seen = newest(&moderator).await;
    let made = ban(&moderator, json!({"network": seen["network"]})).await;
    let elsewhere = Client::from_address(&moderator.server.url, [127, 0, 0, 2].into());
    let voter = moderator.client.visitor().await;
    moderator
        .client
        .put_vote(&voter, TOOL, "ship")
        .await
        .problem(403, "voter-banned");
    elsewhere.put_vote(&voter, TOOL, "ship").await.expect(201);
    moderator
        .call(Method::DELETE, &format!("/bans/{}", made["id"]), None)
        .await
        .expect(200);
    moderator
        .client
        .put_vote(&voter, TOOL, "skip")
        .await
        .expect(200);
    if backend == Backend::Postgres {
        let second = moderator.server.setup.start().await;
        ban(&moderator, json!({"network": seen["network"]})).await;
        let client = second.client();
        let took = eventually(
            "the other instance knows",
            Duration::from_secs(5),
            async || client.put_vote(&voter, TOOL, "skip").await.status == 403,
        )
        .await;
        println!("known to the other instance after {took:?}");
    }
}

async fn a_ban_ends_by_itself(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let voter = moderator.voters("ship", 1).await.remove(0);
    let seen = newest(&moderator).await;
    let soon = soon(&seen["cast_at"], 3);
    ban(
        &moderator,
        json!({"voter": seen["voter"], "expires_at": soon}),
    )
    .await;
    moderator
        .client
        .put_vote(&voter, TOOL, "skip")
        .await
        .problem(403, "voter-banned");
    eventually("the ban ends", Duration::from_secs(20), async || {
        moderator.client.put_vote(&voter, TOOL, "skip").await.status == 200
    })
    .await;
    assert_eq!(moderator.get("/bans").await["items"], json!([]));
}

/// A time as RFC 3339, some seconds later: as plain text, since it stays within a day.
fn soon(time: &Value, seconds: u64) -> String {
    let text = time.as_str().expect("a time");
    let clock: Vec<u64> = text[11..19]
        .split(':')
        .map(|part| part.parse().expect("n"))
        .collect();
    let sum = (clock[0] * 3600 + clock[1] * 60 + clock[2] + seconds).min(86_399);
    format!(
        "{}T{:02}:{:02}:{:02}Z",
        &text[..10],
        sum / 3600,
        sum / 60 % 60,
        sum % 60
    )
}

async fn bans_come_with_a_reset_and_go_with_its_undo(backend: Backend) {
    let moderator = Moderator::at(Home::new(backend).setup().generous().start().await).await;
    let voters = moderator.voters("ship", 3).await;
    let stranger = moderator.voters("skip", 1).await.remove(0);
    let made = moderator
        .reset(json!({"choice": "ship", "ban": {}}))
        .await
        .expect(201)
        .json;
    for voter in &voters {
        moderator
            .client
            .put_vote(voter, TOOL, "ship")
            .await
            .problem(403, "voter-banned");
    }
    moderator
        .client
        .put_vote(&stranger, TOOL, "ship")
        .await
        .expect(200);
    let bans = moderator.get("/bans").await;
    let items = bans["items"].as_array().expect("items");
    assert_eq!(items.len(), 3);
    assert!(items.iter().all(|ban| ban["reset"] == made["id"]));
    // One is let back before the rest.
    moderator
        .call(Method::DELETE, &format!("/bans/{}", items[2]["id"]), None)
        .await
        .expect(200);
    moderator.undo(&made["id"]).await.expect(200);
    for voter in &voters {
        moderator
            .client
            .put_vote(voter, TOOL, "skip")
            .await
            .expect(200);
    }
    assert_eq!(moderator.get("/bans").await["items"], json!([]));
    // A preview bans nobody.
    moderator
        .reset(json!({"ban": {}, "dry_run": true}))
        .await
        .expect(200);
    moderator
        .client
        .put_vote(&stranger, TOOL, "skip")
        .await
        .expect(200);
    moderator.server.verify().await;
}

async fn a_ban_that_cannot_be_is_refused(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let (voter, network) = (
        "visitor:01890000-0000-7000-8000-000000000000",
        "0".repeat(32),
    );
    for (bad, named) in [
        (json!({"reason": "r"}), "voter"),
        (
            json!({"reason": "r", "voter": voter, "network": network}),
            "voter",
        ),
        (json!({"reason": "r", "voter": "x"}), "voter"),
        (json!({"reason": "r", "network": "10.0.0.1"}), "network"),
        (json!({"voter": voter}), "reason"),
        (
            json!({"reason": "r", "voter": voter, "expires_at": "2020-01-01T00:00:00Z"}),
            "expires_at",
        ),
        (json!({"reason": "r", "voter": voter, "for": "1h"}), "for"),
    ] {
        let answer = moderator.post("/bans", bad).await.problem(422, "invalid");
        assert!(
            answer.json["detail"]
                .as_str()
                .expect("detail")
                .contains(named),
            "{}",
            answer.text
        );
    }
    assert_eq!(moderator.get("/bans").await["items"], json!([]));
    // A voter of whom there is no vote can be banned all the same.
    ban(&moderator, json!({"voter": voter})).await;
}
