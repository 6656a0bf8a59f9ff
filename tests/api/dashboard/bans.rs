//! Bans by hand: whom they hit, until when, and how they are lifted.
use super::Dashboard;
use crate::harness::Backend;
use crate::harness::client::Client;
use crate::moderation::{OTHER, TOOL};

crate::both!(
    a_voter_is_banned_and_let_in_again,
    a_network_is_banned_and_another_votes_on,
    a_ban_names_one_and_ends_in_time,
);

async fn a_voter_is_banned_and_let_in_again(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    let voters = dashboard.moderator.voters("ship", 2).await;
    let id = dashboard.moderator.get("/votes").await["items"][0]["voter"]
        .as_str()
        .expect("id")
        .to_owned();
    let before = dashboard.everything();
    let page = dashboard
        .page(&format!("/moderation/bans/new?voter={id}"))
        .await;
    assert!(
        page.contains(&id) && page.contains("Preview of a ban"),
        "{page}"
    );
    let again = dashboard
        .post("/moderation/bans", &[("voter", &id), ("reason", "")])
        .await
        .page(422);
    assert!(again.text.contains(&id), "whom it is about stays");
    assert_eq!(dashboard.everything(), before);
    dashboard
        .done("/moderation/bans", &[("voter", &id), ("reason", "A bot")])
        .await;
    let (banned, free) = (&voters[1], &voters[0]);
    dashboard
        .moderator
        .client
        .put_vote(banned, OTHER, "ship")
        .await
        .problem(403, "voter-banned");
    dashboard
        .moderator
        .client
        .put_vote(free, OTHER, "ship")
        .await
        .expect(201);
    assert_eq!(
        dashboard.moderator.counts().await,
        (2, 0),
        "what was cast stays"
    );
    let list = dashboard.page("/moderation/bans").await;
    assert!(list.contains("A bot") && list.contains(&id), "{list}");

    let ban = dashboard.moderator.get("/bans").await["items"][0]["id"].to_string();
    let lift = format!("/moderation/bans/{ban}/lift");
    let before = dashboard.everything();
    assert!(dashboard.page(&lift).await.contains("A bot"));
    dashboard.post(&lift, &[("reason", "")]).await.page(422);
    assert_eq!(dashboard.everything(), before);
    dashboard.done(&lift, &[("reason", "A person")]).await;
    dashboard
        .moderator
        .client
        .put_vote(banned, OTHER, "ship")
        .await
        .expect(201);
    dashboard.get(&lift).await.page(404);
    dashboard
        .post(&lift, &[("reason", "again")])
        .await
        .page(404);
    let acts = dashboard.moderator.get("/audit?limit=2").await;
    for entry in acts["items"].as_array().expect("items") {
        assert!(
            entry["actor_id"]
                .as_str()
                .expect("who")
                .ends_with("via dashboard"),
            "{entry}"
        );
    }
    dashboard.moderator.server.verify().await;
}

async fn a_network_is_banned_and_another_votes_on(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    dashboard.moderator.voters("ship", 1).await;
    let network = dashboard.moderator.get("/votes").await["items"][0]["network"]
        .as_str()
        .expect("hash")
        .to_owned();
    let page = dashboard
        .page(&format!("/moderation/bans/new?network={network}"))
        .await;
    assert!(page.contains("people who share the network"), "{page}");
    dashboard
        .done(
            "/moderation/bans",
            &[("network", &network), ("reason", "A farm")],
        )
        .await;
    let list = dashboard.page("/moderation/bans").await;
    assert!(
        list.contains("A farm") && !list.contains("holds nobody"),
        "{list}"
    );
    let voter = dashboard.moderator.client.visitor().await;
    dashboard
        .moderator
        .client
        .put_vote(&voter, TOOL, "ship")
        .await
        .problem(403, "voter-banned");
    let elsewhere = Client::from_address(&dashboard.moderator.server.url, [127, 0, 0, 2].into());
    elsewhere.put_vote(&voter, TOOL, "ship").await.expect(201);
    // Whoever moderates may sit in that very network.
    dashboard.page("/moderation").await;
    dashboard.moderator.server.verify().await;
}

async fn a_ban_names_one_and_ends_in_time(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    let network = "0a".repeat(16);
    let voter = "visitor:0195f3a0-1111-7222-8333-444455556666";
    let before = dashboard.everything();
    for query in [
        String::new(),
        format!("?voter={voter}&network={network}"),
        "?voter=somebody".to_owned(),
        "?network=0a".to_owned(),
    ] {
        dashboard
            .get(&format!("/moderation/bans/new{query}"))
            .await
            .page(422);
    }
    let until = |text| {
        [
            ("network", network.as_str()),
            ("reason", "why"),
            ("until", text),
        ]
    };
    for wrong in ["2020-01-01T00:00", "soon"] {
        let again = dashboard
            .post("/moderation/bans", &until(wrong))
            .await
            .page(422);
        assert!(again.text.contains("until: expected"), "{}", again.text);
    }
    assert_eq!(dashboard.everything(), before);
    dashboard
        .done("/moderation/bans", &until("2100-01-01T00:00"))
        .await;
    let list = dashboard.page("/moderation/bans").await;
    assert!(list.contains("1 Jan 2100, 00:00:00"), "{list}");
    // No key of a living day made that hash.
    assert!(list.contains("holds nobody"), "{list}");
}
