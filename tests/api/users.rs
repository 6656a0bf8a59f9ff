//! Signed-in users: known by the site's JWT under each algorithm, the same voter for ever, named in exports, banned by name.
use crate::harness::server::{Home, Server, Setup};
use crate::harness::site::{AUDIENCE, ISSUER, KID, Site, claims};
use crate::harness::{Backend, run};
use serde_json::json;
use std::time::Duration;

crate::both!(
    a_user_votes_under_each_algorithm,
    a_user_is_held_and_erased_by_name,
    an_export_and_an_import_keep_users,
    a_ban_knows_a_user_by_name,
    where_nobody_signs_in_a_jwt_is_no_token
);

const TOOL: &str = "codestral-2";
const OTHER: &str = "cursor-background-agents";
const ME: &str = "/v1/visitors/me";

async fn served(site: &Site, backend: Backend) -> Server {
    site.setup(Home::new(backend).setup().generous())
        .start()
        .await
}

async fn a_user_votes_under_each_algorithm(backend: Backend) {
    let setup = Home::new(backend).setup().generous();
    for (turn, algorithm) in ["EdDSA", "ES256", "HS256"].into_iter().enumerate() {
        let site = Site::new(algorithm);
        let server = site.setup(setup.clone()).start().await;
        let client = server.client();
        // The site changes its keys and its algorithm: who they are stays.
        let status = if turn == 0 { 201 } else { 200 };
        let cast = client.put_vote(&site.user("7"), TOOL, "ship").await;
        let cast = cast.expect(status);
        assert_eq!(cast.json["vote"]["choice"], "ship");
        assert_eq!(client.counts(TOOL).await, (1, 0));
        let list = client.get(&format!("/v1/votes?tools={TOOL},{OTHER}"));
        let list = list.bearer(&site.user("7")).send().await.expect(200);
        assert_eq!(list.json["items"][0]["choice"], "ship");
        assert_eq!(
            client.get_vote(&site.user("8"), TOOL).await.json["vote"]["choice"],
            json!(null),
            "another user"
        );
        // Visitors are as they were.
        let visitor = client.visitor().await;
        client.put_vote(&visitor, OTHER, "skip").await.expect(201);
        let more = site.token(&json!({"alg": algorithm, "kid": KID, "typ": "at+jwt"}), &{
            let mut many = claims("7");
            many["aud"] = json!(["elsewhere", AUDIENCE]);
            many["groups"] = json!(["a", "b"]);
            many
        });
        client.put_vote(&more, TOOL, "ship").await.expect(200);
        assert_eq!(server.sigterm(Duration::from_secs(30)).await, 0);
    }
}

async fn a_user_is_held_and_erased_by_name(backend: Backend) {
    let site = Site::new("ES256");
    let server = served(&site, backend).await;
    let client = server.client();
    let user = site.user("anna:7");
    client.put_vote(&user, TOOL, "ship").await.expect(201);
    let visitor = client.visitor().await;
    client.put_vote(&visitor, OTHER, "ship").await.expect(201);
    let cookie = format!("tallyship-visitor={visitor}");
    let me = client.get(ME).bearer(&user).header("cookie", &cookie);
    let me = me.send().await.expect(200);
    assert_eq!(me.json["voter"], format!("user:{ISSUER}:anna:7"));
    assert_eq!(me.json["made_at"], json!(null));
    assert_eq!(me.json["votes"].as_array().expect("votes").len(), 1);
    assert_eq!(me.json["votes"][0]["tool"], TOOL);
    // A user has no visitor token, so none that has an age.
    assert_eq!(
        me.json["votes"][0].get("token_age_seconds"),
        Some(&json!(null))
    );
    let of_visitor = client.get(ME).bearer(&visitor).send().await.expect(200);
    let age = &of_visitor.json["votes"][0]["token_age_seconds"];
    assert!(age.as_i64().is_some_and(|age| age < 600), "{age}");
    let named = "SELECT count(*) AS n FROM voters";
    assert_eq!(server.home().number(named), 1);
    let erased = client.delete(ME).bearer(&user).header("cookie", &cookie);
    let erased = erased.send().await.expect(200);
    assert_eq!(erased.json, json!({"votes": 1}));
    assert!(erased.header("set-cookie").is_none(), "the visitor stays");
    assert_eq!(server.home().number(named), 0);
    for answer in [
        client.put_vote(&user, TOOL, "skip").await,
        client.get(ME).bearer(&site.user("anna:7")).send().await,
    ] {
        answer.problem(401, "bad-token");
    }
    client.put_vote(&visitor, OTHER, "skip").await.expect(200);
    assert_eq!(client.counts(TOOL).await, (1, 0));
    server.verify().await;
}

async fn an_export_and_an_import_keep_users(backend: Backend) {
    let site = Site::new("EdDSA");
    let server = served(&site, backend).await;
    let client = server.client();
    for (user, tool, choice) in [
        ("1", TOOL, "ship"),
        ("1", OTHER, "skip"),
        ("ä \"2\", x", TOOL, "skip"),
    ] {
        client
            .put_vote(&site.user(user), tool, choice)
            .await
            .expect(201);
    }
    let file = server.run_cli(&["export", "votes"]).await.success("export");
    assert_eq!(
        file.stdout.matches(&format!("user:{ISSUER}:")).count(),
        3,
        "{}",
        file.stdout
    );
    let next = served(&site, backend).await;
    next.home().write("votes.csv", &file.stdout);
    next.run_cli(&["import", "votes", "votes.csv"])
        .await
        .success("import");
    let client = next.client();
    let seen = async || client.counts(TOOL).await == (1, 1);
    crate::harness::eventually("the import shows", Duration::from_secs(10), seen).await;
    // The same user, so a change and no second vote.
    let again = client
        .put_vote(&site.user("ä \"2\", x"), TOOL, "ship")
        .await;
    again.expect(200);
    assert_eq!(client.counts(TOOL).await, (2, 0));
    next.verify().await;
}

async fn a_ban_knows_a_user_by_name(backend: Backend) {
    let site = Site::new("HS256");
    let server = served(&site, backend).await;
    let client = server.client();
    client
        .put_vote(&site.user("rude"), TOOL, "ship")
        .await
        .expect(201);
    let made = ["token", "create", "--role", "moderator", "--name", "m"];
    let staff = server.run_cli(&made).await.success("token").stdout;
    let staff = staff.trim();
    let name = format!("user:{ISSUER}:rude");
    let votes = client.get(&format!("/v1/moderation/votes?voter={name}"));
    let votes = votes.bearer(staff).send().await.expect(200);
    assert_eq!(votes.json["items"][0]["tool"], TOOL);
    let reset = client.post("/v1/moderation/resets").bearer(staff).json(
        &json!({"tool": TOOL, "reason": "rude", "dry_run": false, "voter": name, "ban": {"expires_at": null}}),
    );
    let reset = reset.send().await.expect(201);
    assert_eq!(reset.json["matched"], 1);
    client
        .put_vote(&site.user("rude"), TOOL, "ship")
        .await
        .problem(403, "voter-banned");
    client
        .put_vote(&site.user("kind"), TOOL, "skip")
        .await
        .expect(201);
    assert_eq!(client.counts(TOOL).await, (0, 1));
    server.verify().await;
}

async fn where_nobody_signs_in_a_jwt_is_no_token(backend: Backend) {
    let site = Site::new("EdDSA");
    let server = Home::new(backend).setup().generous().start().await;
    let client = server.client();
    client
        .put_vote(&site.user("1"), TOOL, "ship")
        .await
        .problem(401, "bad-token");
    let mint = client.post("/v1/visitors").bearer(&site.user("1"));
    mint.send().await.problem(401, "bad-token");
}

#[test]
fn a_user_may_have_a_visitor_token_too() {
    run(async {
        let site = Site::new("EdDSA");
        let server = served(&site, Backend::Sqlite).await;
        let client = server.client();
        let mint = || client.post("/v1/visitors").bearer(&site.user("1"));
        let made = mint().send().await.expect(201);
        let token = made.json["token"].as_str().expect("a token");
        let cookie = format!("tallyship-visitor={token}");
        mint().header("cookie", &cookie).send().await.expect(200);
        let stranger = Site::new("EdDSA").user("1");
        let refused = client.post("/v1/visitors").bearer(&stranger).send().await;
        refused.problem(401, "bad-token");
        // In a cookie it is no token at all.
        let cookie = format!("tallyship-visitor={}", site.user("1"));
        let path = format!("/v1/tools/{TOOL}/vote");
        let refused = client.get(&path).header("cookie", &cookie).send().await;
        refused.problem(401, "bad-token");
    });
}

#[test]
fn wrong_settings_stop_the_start_and_are_named() {
    run(async {
        let site = Site::new("ES256");
        let home = Home::new(Backend::Sqlite);
        let good = site.setup(home.setup());
        let variable = |name: &str| format!("TALLYSHIP_IDENTITY__JWT_{name}");
        home.write("empty.json", "{\"keys\":[]}");
        home.write("page.html", "<html>");
        let bad: Vec<(&str, Setup)> = vec![
            (
                "algorithm",
                good.clone().env(&variable("ALGORITHM"), "none"),
            ),
            (
                "algorithm",
                good.clone().env(&variable("ALGORITHM"), "RS256"),
            ),
            // Key confusion, asked for by mistake.
            ("keys", good.clone().env(&variable("ALGORITHM"), "HS256")),
            ("keys", good.clone().env(&variable("ALGORITHM"), "EdDSA")),
            ("issuer", good.clone().without(&variable("ISSUER"))),
            ("audience", good.clone().without(&variable("AUDIENCE"))),
            ("keys", good.clone().env(&variable("KEYS"), "a:hunter2!")),
            ("keys", good.clone().env(&variable("KEYS"), "hunter2")),
            ("jwks", good.clone().without(&variable("KEYS"))),
            ("jwks", good.clone().env(&variable("JWKS"), "empty.json")),
        ];
        let without = good.without(&variable("KEYS"));
        let jwks = [
            "empty.json",
            "page.html",
            "not-there.json",
            "http://site.example/jwks",
        ];
        let jwks = jwks.map(|jwks| ("jwks", without.clone().env(&variable("JWKS"), jwks)));
        for (name, setup) in bad.into_iter().chain(jwks) {
            let refused = setup.start_refused(Duration::from_secs(30)).await;
            let said = &refused.stderr;
            assert_eq!(refused.code(), 2, "{name}: {said}");
            assert!(said.contains(&format!("identity.jwt_{name}")), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
            let checked = setup.run_cli(&["config", "check"]).await;
            assert_eq!(checked.code(), 2, "{name}: {}", checked.stderr);
        }
    });
}

#[test]
fn a_file_of_keys_is_read() {
    run(async {
        let (site, next) = (Site::new("ES256"), Site::new("ES256"));
        let home = Home::new(Backend::Sqlite);
        let set = |keys: serde_json::Value| json!({ "keys": keys }).to_string();
        let foreign = json!({"kty": "RSA", "kid": "r", "n": "AA", "e": "AQAB"});
        home.write("jwks.json", set(json!([foreign, site.jwk("1")])));
        let setup = site.without_keys(home.setup().generous());
        let setup = setup.env("TALLYSHIP_IDENTITY__JWT_JWKS", "jwks.json");
        let server = setup.start().await;
        let client = server.client();
        let vote = async |site: &Site, kid: &str| {
            client
                .put_vote(&site.user_by(kid, "1"), TOOL, "ship")
                .await
                .status
        };
        assert_eq!(vote(&site, "1").await, 201);
        // A new key is found by its kid, without a restart; the old one goes.
        home.write("jwks.json", set(json!([next.jwk("2")])));
        let found = async || vote(&next, "2").await == 200;
        crate::harness::eventually("the new key", Duration::from_secs(10), found).await;
        assert_eq!(vote(&site, "1").await, 401);
    });
}

/// A key that is gone from the set ends by itself, with the next reading; until then it is believed.
#[test]
fn keys_are_read_anew_as_often_as_is_set() {
    run(async {
        let (site, next) = (Site::new("EdDSA"), Site::new("EdDSA"));
        let set = |site: &Site, kid: &str| json!({ "keys": [site.jwk(kid)] }).to_string();
        let started = async |refresh: &str| {
            let home = Home::new(Backend::Sqlite);
            home.write("jwks.json", set(&site, "1"));
            let setup = site
                .without_keys(home.setup().generous())
                .env("TALLYSHIP_IDENTITY__JWT_JWKS", "jwks.json")
                .env("TALLYSHIP_IDENTITY__JWT_REFRESH", refresh);
            setup.start().await
        };
        let vote = async |server: &Server| {
            let (client, user) = (server.client(), site.user_by("1", "1"));
            client.put_vote(&user, TOOL, "ship").await.status
        };
        let (often, seldom) = (started("1s").await, started("1h").await);
        for server in [&often, &seldom] {
            assert_eq!(vote(server).await, 201);
            server.home().write("jwks.json", set(&next, "2"));
        }
        let gone = async || vote(&often).await == 401;
        crate::harness::eventually("the key is gone", Duration::from_secs(10), gone).await;
        assert_eq!(vote(&seldom).await, 200, "nothing else made it go");
    });
}
