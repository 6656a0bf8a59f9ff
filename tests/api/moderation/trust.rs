//! What a moderator's act reaches: a release no more networks than it speaks for, a ban with a reset every voter whom the reset has out.
use super::held::{ask, on};
use super::{Moderator, TOOL};
use crate::harness::Backend;
use crate::harness::crowd::fill;
use crate::harness::server::Home;
use crate::harness::site::Site;
use serde_json::{Value, json};

crate::both!(
    releasing_a_part_trusts_no_wide_network,
    a_ban_reaches_voters_whose_votes_are_held,
    a_ban_reaches_who_claims_a_vote_meanwhile
);

/// New visitors of one network, each with a ship.
async fn ships(moderator: &Moderator, count: usize, from: &str) -> Vec<String> {
    let voters = moderator.server.setup.mint(count).await;
    for voter in &voters {
        let call = ask(&moderator.client, voter, TOOL, "ship", from, "Browser/1");
        call.send().await.expect(201);
    }
    voters
}

/// The networks of held votes, with how many each has.
async fn held(moderator: &Moderator) -> Vec<(String, usize)> {
    let found = moderator.get("/held?limit=100").await;
    let mut networks: Vec<(String, usize)> = Vec::new();
    for vote in found["items"].as_array().expect("items") {
        let network = vote["network"].as_str().expect("a network").to_owned();
        match networks.iter_mut().find(|(known, _)| *known == network) {
            Some((_, count)) => *count += 1,
            None => networks.push((network, 1)),
        }
    }
    networks
}

async fn release(moderator: &Moderator, more: Value) -> Value {
    let mut body = json!({"tool": TOOL, "reason": "a class"});
    body.as_object_mut()
        .expect("an object")
        .extend(more.as_object().expect("more").clone());
    moderator.post("/held/release", body).await.expect(200).json
}

async fn releasing_a_part_trusts_no_wide_network(backend: Backend) {
    let moderator = Moderator::at(on(backend).start().await).await;
    let (first, second, third) = ("2001:db8:7:1::1", "2001:db8:7:2::1", "2001:db8:7:3::1");
    ships(&moderator, 20, first).await;
    assert_eq!(moderator.counts().await, (20, 0));
    // One hand of a /48: from here on its votes are held, from whatever /64.
    ships(&moderator, 6, first).await;
    ships(&moderator, 5, second).await;
    let networks = held(&moderator).await;
    let of_first = networks
        .iter()
        .find(|(_, count)| *count == 6)
        .expect("six")
        .0
        .clone();
    assert_eq!((moderator.counts().await, networks.len()), ((20, 0), 2));
    // A part by time: nothing is trusted, neither the /64 nor the /48.
    let newest = moderator.get("/held?limit=1").await["items"][0]["cast_at"].clone();
    assert_eq!(
        release(&moderator, json!({"from": newest})).await["matched"],
        1
    );
    let counted = moderator.counts().await.0;
    ships(&moderator, 2, second).await;
    ships(&moderator, 2, third).await;
    assert_eq!(moderator.counts().await.0, counted);
    // All of one /64: new votes of it count, and none of its neighbours.
    assert_eq!(
        release(&moderator, json!({"network": of_first})).await["matched"],
        6
    );
    let counted = moderator.counts().await.0;
    ships(&moderator, 2, first).await;
    assert_eq!(moderator.counts().await.0, counted + 2);
    ships(&moderator, 2, second).await;
    ships(&moderator, 2, third).await;
    assert_eq!(moderator.counts().await.0, counted + 2);
    // All that waits: the /48 is trusted.
    release(&moderator, json!({})).await;
    let counted = moderator.counts().await.0;
    ships(&moderator, 2, "2001:db8:7:4::1").await;
    assert_eq!(moderator.counts().await.0, counted + 2);
    moderator.server.setup.verify().await;
}

/// Each voter is banned, and votes again once the reset `id` is undone.
async fn banned_until_the_undo(moderator: &Moderator, voters: &[impl AsRef<str>], id: &Value) {
    let vote = async |voter: &str| moderator.client.put_vote(voter, TOOL, "skip").await;
    for voter in voters {
        vote(voter.as_ref()).await.problem(403, "voter-banned");
    }
    moderator.undo(id).await.expect(200);
    for voter in voters {
        vote(voter.as_ref()).await.expect(200);
    }
}

/// Visitors sign in while a reset that bans looks at a large crowd: it has gone past some of the users by then.
async fn a_ban_reaches_who_claims_a_vote_meanwhile(backend: Backend) {
    const CROWD: usize = 8_000;
    let site = Site::new("EdDSA");
    let setup = site.setup(Home::new(backend).setup().generous());
    let moderator = Moderator::at(setup.start().await).await;
    fill(moderator.server.home(), TOOL, CROWD, 1_700_000_000_000_000);
    let visitors = moderator.voters("ship", 60).await;
    let users: Vec<String> = (0..visitors.len())
        .map(|n| site.user(&format!("user-{n}")))
        .collect();
    let path = format!("/v1/tools/{TOOL}/vote");
    let claims = async {
        for (visitor, user) in visitors.iter().zip(&users) {
            let call = moderator.client.get(&path).bearer(user);
            let call = call.header("cookie", &format!("tallyship-visitor={visitor}"));
            call.send().await.expect(200);
        }
    };
    let body = json!({"choice": "ship", "ban": {}});
    let (made, ()) = tokio::join!(moderator.reset(body), claims);
    let made = made.expect(201).json;
    assert_eq!(made["matched"], CROWD + visitors.len());
    assert_eq!(moderator.counts().await, (0, 0));
    // Whom the reset reached first claims nothing, and is banned as a visitor.
    let mut voters = Vec::new();
    for (visitor, user) in visitors.iter().zip(&users) {
        let own = moderator.client.get(&path).bearer(user).send().await;
        let is_claimed = own.expect(200).json["vote"]["choice"] == "ship";
        voters.push(if is_claimed { user } else { visitor });
    }
    assert_eq!(voters[0], &users[0], "a vote was claimed meanwhile");
    banned_until_the_undo(&moderator, &voters, &made["id"]).await;
    moderator.server.verify().await;
}

async fn a_ban_reaches_voters_whose_votes_are_held(backend: Backend) {
    let moderator = Moderator::at(on(backend).start().await).await;
    let voters = ships(&moderator, 25, "198.51.100.7").await;
    assert_eq!(moderator.counts().await, (20, 0));
    let made = moderator
        .reset(json!({"choice": "ship", "ban": {}}))
        .await
        .expect(201)
        .json;
    assert_eq!(made["matched"], 20);
    banned_until_the_undo(&moderator, &voters, &made["id"]).await;
    moderator.server.setup.verify().await;
}
