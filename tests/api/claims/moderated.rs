//! Claims of what moderators took out, froze or banned: a claim is no way around them.
use super::{Person, TOOL};
use crate::harness::Backend;
use reqwest::Method;
use serde_json::{Value, json};

crate::both!(what_was_taken_out_stays_out, a_claim_waits_for_better_days);

async fn what_was_taken_out_stays_out(backend: Backend) {
    let person = Person::new(backend).await;
    let client = &person.client;
    client
        .put_vote(&person.visitor, TOOL, "ship")
        .await
        .expect(201);
    let body = json!({"tool": TOOL, "reason": "a test", "dry_run": false});
    let reset = person.staff(Method::POST, "/v1/moderation/resets", body);
    let reset = reset.await.expect(201);
    assert_eq!(client.counts(TOOL).await, (0, 0));
    let read = person.both(Method::GET, None).await.expect(200);
    assert_eq!(read.json["vote"]["choice"], "ship", "it still shows");
    assert_eq!(client.counts(TOOL).await, (0, 0), "claiming is not casting");
    assert_eq!(person.have().await, (Value::Null, json!("ship"), 1));
    person.server.verify().await;
    // The undo finds it under its new name.
    let path = format!(
        "/v1/moderation/resets/{}/undo",
        reset.json["id"].as_i64().map_or_else(
            || reset.json["id"].as_str().expect("an id").to_owned(),
            |id| id.to_string()
        )
    );
    person
        .staff(Method::POST, &path, json!({}))
        .await
        .expect(200);
    assert_eq!(client.counts(TOOL).await, (1, 0));
    person.server.verify().await;
}

async fn a_claim_waits_for_better_days(backend: Backend) {
    let person = Person::new(backend).await;
    let client = &person.client;
    client
        .put_vote(&person.visitor, TOOL, "ship")
        .await
        .expect(201);
    let state = format!("/v1/moderation/tools/{TOOL}/state");
    let frozen = json!({"state": "frozen", "reason": "a test"});
    person.staff(Method::PUT, &state, frozen).await.expect(200);
    person
        .both(Method::PUT, Some("ship"))
        .await
        .problem(423, "frozen");
    let read = person.both(Method::GET, None).await.expect(200);
    assert_eq!(read.json["vote"]["choice"], "ship", "shown as it would be");
    assert_eq!(person.have().await, (json!("ship"), Value::Null, 1));
    let open = json!({"state": "open", "reason": "a test"});
    person.staff(Method::PUT, &state, open).await.expect(200);
    // A banned visitor brings the ban along, and nothing else.
    let id = client.get("/v1/visitors/me").bearer(&person.visitor);
    let id = id.send().await.expect(200).json["voter"].clone();
    let ban = json!({"voter": id, "reason": "a test"});
    let made = person.staff(Method::POST, "/v1/moderation/bans", ban).await;
    let made = made.expect(201);
    person
        .both(Method::PUT, Some("skip"))
        .await
        .problem(403, "voter-banned");
    person.both(Method::GET, None).await.expect(200);
    assert_eq!(person.have().await, (json!("ship"), Value::Null, 1));
    let ban = made.json["id"].to_string();
    let lift = format!("/v1/moderation/bans/{}", ban.trim_matches('"'));
    let lifted = person.staff(Method::DELETE, &lift, json!({})).await;
    assert!(lifted.success(), "{}", lifted.text);
    person.both(Method::GET, None).await.expect(200);
    assert_eq!(person.have().await, (Value::Null, json!("ship"), 1));
    person.server.verify().await;
}
