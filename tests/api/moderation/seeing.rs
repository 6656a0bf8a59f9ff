//! The feed and the clusters: what moderators see, with its numbers.
use super::{Moderator, OTHER, TOOL};
use crate::harness::Backend;
use crate::harness::client::Client;
use reqwest::Method;
use serde_json::{Value, json};

crate::both!(
    the_feed_shows_votes_newest_first,
    a_ring_stands_out,
    what_is_asked_wrongly_is_named
);

async fn the_feed_shows_votes_newest_first(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let voters = moderator.voters("ship", 5).await;
    moderator
        .client
        .put_vote(&voters[0], OTHER, "skip")
        .await
        .expect(201);
    let elsewhere = Client::from_address(&moderator.server.url, [127, 0, 0, 2].into());
    let far = moderator.client.visitor().await;
    elsewhere.put_vote(&far, TOOL, "skip").await.expect(201);
    let all = async |query: &str| -> Vec<Value> {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = moderator
                .get(&format!("/votes?limit=2&{query}{cursor}"))
                .await;
            found.extend(page["items"].as_array().expect("items").iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    };
    let feed = all("").await;
    assert_eq!(feed.len(), 7);
    let times: Vec<&str> = feed
        .iter()
        .map(|vote| vote["cast_at"].as_str().expect("time"))
        .collect();
    assert!(times.windows(2).all(|pair| pair[0] >= pair[1]), "{times:?}");
    assert_eq!(
        (&feed[0]["choice"], &feed[0]["tool"], &feed[1]["tool"]),
        (&json!("skip"), &json!(TOOL), &json!(OTHER))
    );
    assert!(feed.iter().all(|vote| vote["counted"] == true));
    // A network has one hash on every tool, another network another.
    assert_eq!(feed[1]["network"], feed[2]["network"]);
    assert_ne!(feed[0]["network"], feed[1]["network"]);
    let of = |field: &str, n: usize| format!("{field}={}", feed[n][field].as_str().expect("text"));
    assert_eq!(all(&of("network", 0)).await, [feed[0].clone()]);
    assert_eq!(all(&of("network", 1)).await.len(), 6);
    assert_eq!(all(&of("voter", 1)).await.len(), 2, "on both tools");
    assert_eq!(all(&format!("tool={TOOL}")).await.len(), 6);
    assert_eq!(
        all(&format!("tool={TOOL}&{}", of("voter", 1))).await.len(),
        1
    );
    assert_eq!(all(&format!("from={}", times[2])).await.len(), 3);
    assert_eq!(all(&format!("to={}", times[2])).await.len(), 4);
    // What was taken out stays in it.
    moderator
        .reset(json!({"network": feed[0]["network"]}))
        .await
        .expect(201);
    let feed = all("").await;
    assert_eq!(
        (feed.len(), &feed[0]["counted"], &feed[1]["counted"]),
        (7, &json!(false), &json!(true))
    );
    // A changed vote moves up.
    moderator
        .client
        .put_vote(&voters[4], TOOL, "skip")
        .await
        .expect(200);
    assert_eq!(all("").await[0]["choice"], "skip");
    assert_eq!(all("").await.len(), 7);
}

async fn a_ring_stands_out(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    // Organic votes: each of its own network.
    let voters = moderator.server.setup.mint(8).await;
    for (n, voter) in voters.iter().enumerate() {
        let client = Client::from_address(&moderator.server.url, [127, 0, 1, n as u8 + 1].into());
        client
            .put_vote(voter, TOOL, if n % 2 == 0 { "ship" } else { "skip" })
            .await
            .expect(201);
    }
    let ring = moderator.voters("ship", 12).await;
    for slug in [OTHER, "third-tool"] {
        if slug != OTHER {
            let site = super::staff(&moderator.server, "site").await;
            let put = moderator
                .client
                .put(&format!("/v1/tools/{slug}"))
                .bearer(&site);
            put.json(&json!({"name": "Third"})).send().await.expect(201);
        }
        moderator
            .client
            .put_vote(&ring[0], slug, "ship")
            .await
            .expect(201);
    }
    let network =
        moderator.get(&format!("/votes?tool={TOOL}&limit=1")).await["items"][0]["network"].clone();
    let clusters = moderator.get(&format!("/clusters?tool={TOOL}")).await;
    let items = clusters["items"].as_array().expect("items");
    let first = moderator
        .get(&format!("/clusters?tool={TOOL}&limit=1"))
        .await;
    assert_eq!(first["items"], json!(items[..1]));
    assert_eq!(first["next"].is_string(), items.len() > 1);
    for bad in ["limit=0", "limit=101", "cursor=x"] {
        let path = format!("/v1/moderation/clusters?tool={TOOL}&{bad}");
        let refused = moderator
            .client
            .get(&path)
            .bearer(&moderator.token)
            .send()
            .await;
        refused.problem(422, "invalid");
    }
    let of = |kind: &str| {
        items
            .iter()
            .filter(|item| item["kind"] == kind)
            .collect::<Vec<_>>()
    };
    let networks = of("network");
    assert_eq!(
        networks.len(),
        1,
        "the organic ones do not stand out: {clusters}"
    );
    let found = networks[0];
    assert_eq!(
        (
            &found["network"],
            &found["votes"],
            &found["ship"],
            &found["share"]
        ),
        (&network, &json!(12), &json!(12), &json!(60))
    );
    assert_eq!(
        (
            &found["same_choice_share"],
            &found["fresh_tokens"],
            &found["fresh_share"]
        ),
        (&json!(100), &json!(12), &json!(100))
    );
    let one_way = of("one-way-voter");
    assert_eq!(one_way.len(), 1);
    assert_eq!(
        (&one_way[0]["votes"], &one_way[0]["choice"]),
        (&json!(3), &json!("ship"))
    );
    assert_eq!(
        (&clusters["looked_at"], &clusters["fresh_share"]),
        (&json!(20), &json!(100))
    );
    let empty = moderator.get(&format!("/clusters?tool={OTHER}")).await;
    assert_eq!(empty["items"].as_array().map(Vec::len), Some(1), "{empty}");
}

async fn what_is_asked_wrongly_is_named(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    for (query, named) in [
        ("network=x", "network"),
        ("voter=x", "voter"),
        ("from=x", "from"),
        ("to=2026", "to"),
        ("cursor=x", "cursor"),
        ("limit=1000", "limit"),
    ] {
        let answer = moderator
            .call(Method::GET, &format!("/votes?{query}"), None)
            .await
            .problem(422, "invalid");
        assert!(
            answer.json["detail"]
                .as_str()
                .expect("detail")
                .contains(named),
            "{}",
            answer.text
        );
    }
    moderator
        .call(Method::GET, "/votes?tool=nothing-there", None)
        .await
        .problem(404, "unknown-tool");
    moderator
        .call(Method::GET, "/clusters", None)
        .await
        .problem(422, "invalid");
    moderator
        .call(Method::GET, "/clusters?tool=nothing-there", None)
        .await
        .problem(404, "unknown-tool");
    assert_eq!(
        moderator.get("/votes").await,
        json!({"items": [], "next": null})
    );
}
