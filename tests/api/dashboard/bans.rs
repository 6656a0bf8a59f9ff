//! Bans by hand: whom they hit, until when, and how they are lifted.
use super::Seat;
use crate::harness::Backend;
use crate::harness::client::Client;
use crate::moderation::{OTHER, TOOL};

crate::both!(
    a_voter_is_banned_and_let_in_again,
    a_network_is_banned_and_another_votes_on,
    a_ban_names_one_and_ends_in_time,
);

async fn a_voter_is_banned_and_let_in_again(backend: Backend) {
    let seat = Seat::new(backend).await;
    let voters = seat.desk.voters("ship", 2).await;
    let id = seat.desk.get("/votes").await["items"][0]["voter"]
        .as_str()
        .expect("id")
        .to_owned();
    let before = seat.everything();
    let page = seat.page(&format!("/moderation/bans/new?voter={id}")).await;
    assert!(
        page.contains(&id) && page.contains("Preview of a ban"),
        "{page}"
    );
    let again = seat
        .post("/moderation/bans", &[("voter", &id), ("reason", "")])
        .await
        .page(422);
    assert!(again.text.contains(&id), "whom it is about stays");
    assert_eq!(seat.everything(), before);
    seat.done("/moderation/bans", &[("voter", &id), ("reason", "A bot")])
        .await;
    let (banned, free) = (&voters[1], &voters[0]);
    seat.desk
        .client
        .put_vote(banned, OTHER, "ship")
        .await
        .problem(403, "voter-banned");
    seat.desk
        .client
        .put_vote(free, OTHER, "ship")
        .await
        .expect(201);
    assert_eq!(seat.desk.counts().await, (2, 0), "what was cast stays");
    let list = seat.page("/moderation/bans").await;
    assert!(list.contains("A bot") && list.contains(&id), "{list}");

    let ban = seat.desk.get("/bans").await["items"][0]["id"].to_string();
    let lift = format!("/moderation/bans/{ban}/lift");
    let before = seat.everything();
    assert!(seat.page(&lift).await.contains("A bot"));
    seat.post(&lift, &[("reason", "")]).await.page(422);
    assert_eq!(seat.everything(), before);
    seat.done(&lift, &[("reason", "A person")]).await;
    seat.desk
        .client
        .put_vote(banned, OTHER, "ship")
        .await
        .expect(201);
    seat.get(&lift).await.page(404);
    seat.post(&lift, &[("reason", "again")]).await.page(404);
    let acts = seat.desk.get("/audit?limit=2").await;
    for entry in acts["items"].as_array().expect("items") {
        assert!(
            entry["actor_id"]
                .as_str()
                .expect("who")
                .ends_with("via dashboard"),
            "{entry}"
        );
    }
    seat.desk.server.verify().await;
}

async fn a_network_is_banned_and_another_votes_on(backend: Backend) {
    let seat = Seat::new(backend).await;
    seat.desk.voters("ship", 1).await;
    let network = seat.desk.get("/votes").await["items"][0]["network"]
        .as_str()
        .expect("hash")
        .to_owned();
    let page = seat
        .page(&format!("/moderation/bans/new?network={network}"))
        .await;
    assert!(page.contains("people who share the network"), "{page}");
    seat.done(
        "/moderation/bans",
        &[("network", &network), ("reason", "A farm")],
    )
    .await;
    let list = seat.page("/moderation/bans").await;
    assert!(
        list.contains("A farm") && !list.contains("holds nobody"),
        "{list}"
    );
    let voter = seat.desk.client.visitor().await;
    seat.desk
        .client
        .put_vote(&voter, TOOL, "ship")
        .await
        .problem(403, "voter-banned");
    let elsewhere = Client::from_address(&seat.desk.server.url, [127, 0, 0, 2].into());
    elsewhere.put_vote(&voter, TOOL, "ship").await.expect(201);
    // Whoever moderates may sit in that very network.
    seat.page("/moderation").await;
    seat.desk.server.verify().await;
}

async fn a_ban_names_one_and_ends_in_time(backend: Backend) {
    let seat = Seat::new(backend).await;
    let network = "0a".repeat(16);
    let voter = "visitor:0195f3a0-1111-7222-8333-444455556666";
    let before = seat.everything();
    for query in [
        String::new(),
        format!("?voter={voter}&network={network}"),
        "?voter=somebody".to_owned(),
        "?network=0a".to_owned(),
    ] {
        seat.get(&format!("/moderation/bans/new{query}"))
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
        let again = seat.post("/moderation/bans", &until(wrong)).await.page(422);
        assert!(again.text.contains("until: expected"), "{}", again.text);
    }
    assert_eq!(seat.everything(), before);
    seat.done("/moderation/bans", &until("2100-01-01T00:00"))
        .await;
    let list = seat.page("/moderation/bans").await;
    assert!(list.contains("1 Jan 2100, 00:00:00"), "{list}");
    // No key of a living day made that hash.
    assert!(list.contains("holds nobody"), "{list}");
}
