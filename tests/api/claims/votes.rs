//! Each call with both identities, and what comes after it.
use super::{OTHER, Person, TOOL};
use crate::harness::Backend;
use crate::harness::site::Site;
use reqwest::Method;
use serde_json::{Value, json};

crate::both!(
    a_vote_becomes_the_users,
    a_visitor_who_came_as_a_user_casts_no_second_vote,
    a_user_who_has_voted_keeps_that,
    each_call_claims,
    a_cookie_that_is_no_use_claims_nothing
);

async fn a_vote_becomes_the_users(backend: Backend) {
    let person = Person::new(backend).await;
    let client = &person.client;
    let cast = client.put_vote(&person.visitor, TOOL, "ship").await;
    let cast = cast.expect(201);
    let version = cast.json["tally"]["version"].as_i64().expect("a version");
    let claimed = person.both(Method::PUT, Some("ship")).await.expect(200);
    assert_eq!(
        claimed.json["vote"]["cast_at"], cast.json["vote"]["cast_at"],
        "the same choice again keeps its time"
    );
    assert_eq!(person.have().await, (Value::Null, json!("ship"), 1));
    assert_eq!(client.counts(TOOL).await, (1, 0));
    // The ledger has both halves: the visitor's withdrawn, the user's cast.
    assert_eq!(claimed.json["tally"]["version"], version + 2);
    let changes = async |token: &str| {
        let me = client.get("/v1/visitors/me").bearer(token).send().await;
        let changes = me.expect(200).json["changes"].clone();
        let changes = changes.as_array().expect("changes").clone();
        let change = |change: &Value| json!([change["old"], change["new"]]);
        Value::Array(changes.iter().map(change).collect())
    };
    assert_eq!(
        changes(&person.visitor).await,
        json!([[null, "ship"], ["ship", null]])
    );
    assert_eq!(changes(&person.user()).await, json!([[null, "ship"]]));
    // Once it is claimed there is nothing to claim.
    let again = person.both(Method::PUT, Some("ship")).await.expect(200);
    assert_eq!(again.json["tally"]["version"], version + 2);
    let changed = person.both(Method::PUT, Some("skip")).await.expect(200);
    assert_eq!(changed.json["tally"]["version"], version + 3);
    assert_eq!(person.have().await, (Value::Null, json!("skip"), 1));
    person.server.verify().await;
}

async fn a_visitor_who_came_as_a_user_casts_no_second_vote(backend: Backend) {
    let person = Person::new(backend).await;
    let client = &person.client;
    person.both(Method::PUT, Some("ship")).await.expect(201);
    client
        .put_vote(&person.visitor, TOOL, "skip")
        .await
        .problem(409, "conflict");
    client.delete_vote(&person.visitor, TOOL).await.expect(200);
    for path in [format!("/tools/{TOOL}/vote"), format!("/embed/{TOOL}")] {
        let cookie = format!("tallyship-visitor={}", person.visitor);
        let form = || {
            let form = client.post(&path).body("choice=skip");
            let form = form.header("content-type", "application/x-www-form-urlencoded");
            form.header("cookie", &cookie)
        };
        form().send().await.problem(409, "conflict");
        form().header("accept", "text/html").send().await.page(409);
    }
    assert_eq!(person.have().await, (Value::Null, json!("ship"), 1));
    let me = client.get("/v1/visitors/me").bearer(&person.visitor);
    let me = me.send().await.expect(200);
    assert_eq!(me.json["signed_in_on"], json!([TOOL]));
    // On other tools the visitor is a voter as before; and the user's vote can be withdrawn, and cast again.
    client
        .put_vote(&person.visitor, OTHER, "ship")
        .await
        .expect(201);
    client.delete_vote(&person.user(), TOOL).await.expect(200);
    client
        .put_vote(&person.user(), TOOL, "skip")
        .await
        .expect(201);
    assert_eq!(client.counts(TOOL).await, (0, 1));
    let gone = client.delete("/v1/visitors/me").bearer(&person.visitor);
    gone.send().await.expect(200);
    let spent = "SELECT count(*) AS n FROM spent";
    assert_eq!(person.server.home().number(spent), 0);
    person.server.verify().await;
}

async fn a_user_who_has_voted_keeps_that(backend: Backend) {
    let person = Person::new(backend).await;
    let client = &person.client;
    client
        .put_vote(&person.user(), TOOL, "skip")
        .await
        .expect(201);
    client
        .put_vote(&person.visitor, TOOL, "ship")
        .await
        .expect(201);
    assert_eq!(client.counts(TOOL).await, (1, 1));
    let read = person.both(Method::GET, None).await.expect(200);
    assert_eq!(read.json["vote"]["choice"], "skip");
    assert_eq!(read.json["tally"]["community"]["votes"], 1);
    assert_eq!(person.have().await, (Value::Null, json!("skip"), 1));
    assert_eq!(client.counts(TOOL).await, (0, 1));
    person.server.verify().await;
}

async fn each_call_claims(backend: Backend) {
    let mut person = Person::new(backend).await;
    let client = person.client.clone();
    for (method, choice, left) in [
        (Method::GET, None, json!("ship")),
        (Method::PUT, Some("skip"), json!("skip")),
        (Method::DELETE, None, Value::Null),
    ] {
        client.delete_vote(&person.user(), TOOL).await.expect(200);
        person.visitor = client.visitor().await;
        client
            .put_vote(&person.visitor, TOOL, "ship")
            .await
            .expect(201);
        let answer = person.both(method.clone(), choice).await.expect(200);
        assert_eq!(answer.json["vote"]["choice"], left, "{method}");
        let rows = i64::from(!left.is_null());
        assert_eq!(answer.json["tally"]["community"]["votes"], rows);
        assert_eq!(person.have().await, (Value::Null, left, rows), "{method}");
        person.server.verify().await;
    }
    // A list shows what would be the user's, and changes nothing.
    client
        .put_vote(&person.visitor, OTHER, "skip")
        .await
        .expect(201);
    let list = |token: &str| {
        client
            .get(&format!("/v1/votes?tools={OTHER}"))
            .bearer(token)
    };
    let cookie = format!("tallyship-visitor={}", person.visitor);
    let seen = list(&person.user()).header("cookie", &cookie).send().await;
    assert_eq!(seen.expect(200).json["items"][0]["choice"], "skip");
    let alone = list(&person.user()).send().await.expect(200);
    assert_eq!(alone.json["items"][0]["choice"], Value::Null);
}

async fn a_cookie_that_is_no_use_claims_nothing(backend: Backend) {
    let person = Person::new(backend).await;
    let client = &person.client;
    client
        .put_vote(&person.visitor, TOOL, "ship")
        .await
        .expect(201);
    let path = format!("/v1/tools/{TOOL}/vote");
    for cookie in [
        "tallyship-visitor=x".to_owned(),
        format!("tallyship-visitor={}x", person.visitor),
        format!("another={}", person.visitor),
    ] {
        let call = client.put(&path).bearer(&person.user());
        let call = call
            .header("cookie", &cookie)
            .json(&json!({"choice": "ship"}));
        assert!(call.send().await.success());
    }
    // Nor where the user's token is bad: the better identity stands for the call.
    let call = client.put(&path).bearer(&Site::new("EdDSA").user("7"));
    let cookie = format!("tallyship-visitor={}", person.visitor);
    let call = call
        .header("cookie", &cookie)
        .json(&json!({"choice": "skip"}));
    call.send().await.problem(401, "bad-token");
    // Nor from a page that may not vote, whether by writing or by reading.
    for method in [Method::PUT, Method::GET] {
        let call = client.call(method, &path).bearer(&person.user());
        let call = call
            .header("cookie", &cookie)
            .header("origin", "https://evil.example");
        let answer = call.json(&json!({"choice": "ship"})).send().await;
        assert!(matches!(answer.status, 200 | 403), "{}", answer.text);
    }
    assert_eq!(person.have().await, (json!("ship"), json!("ship"), 2));
    person.server.verify().await;
}
