//! Signing in with the identity provider: the whole way, what the audit log says of it, how the session ends, and that a provider
//! that is away stops nothing else.
use crate::harness::Backend;
use crate::harness::client::{Answer, Client};
use crate::harness::dashboard::{posted, sign_in, value};
use crate::harness::identity_provider::{
    IdentityProvider, SUBJECT, begin, come_back, cookies, finish,
};
use crate::harness::server::{Home, Setup};
use crate::harness::site::{KID, Site, now};
use crate::moderation::{Moderator, TOOL};
use reqwest::Method;
use serde_json::json;
use std::cell::Cell;

crate::both!(
    a_person_signs_in_acts_and_signs_out,
    a_role_is_read_at_each_sign_in_and_a_session_ends,
    a_provider_that_is_away_stops_nothing_else,
    keys_are_rotated_and_each_algorithm_is_verified,
    below_a_path_and_by_https,
);

const ADA: &str = "Ada Lovelace (248289761001)";

fn setup(backend: Backend) -> Setup {
    Home::new(backend).setup().generous()
}

/// `NAME=VALUE` of the session that an answer begins.
fn session(answer: &Answer) -> String {
    let set = &cookies(answer)["tallyship-staff"];
    format!(
        "tallyship-staff={}",
        set.split(';').next().expect("a value")
    )
}

async fn open(client: &Client, session: &str) -> Answer {
    let call = client.get("/moderation").header("cookie", session);
    call.send().await
}

async fn a_person_signs_in_acts_and_signs_out(backend: Backend) {
    let idp = IdentityProvider::start("RS256").await;
    let moderator = Moderator::at(idp.setup(setup(backend)).start().await).await;
    let (client, base) = (&moderator.client, &moderator.server.url);
    let page = client.get("/moderation/sign-in?back=/moderation/votes?tool=a");
    let page = page.send().await.expect(200).text;
    assert!(page.contains("Sign in with the guild"), "{page}");
    let link = "/moderation/sign-in/provider?back=%2Fmoderation%2Fvotes%3Ftool%3Da";
    assert!(page.contains(link), "{page}");

    let begun = begin(client, "?back=%2Fmoderation%2Fvotes%3Ftool%3Da").await;
    for (name, expected) in [
        ("tenant", "1"),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("code_challenge_method", "S256"),
        (
            "redirect_uri",
            &format!("{base}/moderation/sign-in/callback"),
        ),
    ] {
        assert_eq!(begun.query[name], expected);
    }
    let attributes = "; Path=/; Max-Age=600; HttpOnly; SameSite=Lax";
    assert!(
        begun.cookie_line.ends_with(attributes),
        "{}",
        begun.cookie_line
    );
    let code = idp.code(&begun, &idp.sign(&idp.claims(&begun)));
    let answer = finish(client, &begun, &code).await.expect(200);
    let onward = format!("content=\"0;url={base}/moderation/votes?tool=a\"");
    assert!(answer.text.contains(&onward), "{}", answer.text);
    let set = cookies(&answer);
    assert!(set["tallyship-sign-in"].starts_with(';'), "it is used up");
    let attributes = "; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict";
    for name in ["tallyship-staff", "tallyship-id-token"] {
        assert!(set[name].ends_with(attributes), "{}", set[name]);
    }

    let session = session(&answer);
    let first = open(client, &session).await.expect(200).text;
    assert!(first.contains(ADA), "{first}");
    let key = value(&first, "key").expect("a key");
    let freeze = client.post(&format!("/moderation/tools/{TOOL}/state"));
    let fields = [
        ("key", key.as_str()),
        ("state", "frozen"),
        ("reason", "A rush"),
    ];
    let freeze = posted(freeze.header("cookie", &session), &fields);
    freeze.send().await.expect(303);
    let entries = moderator.get("/audit").await["items"].clone();
    assert_eq!(
        (&entries[0]["actor"], &entries[0]["role"]),
        (&json!(ADA), &json!("moderator"))
    );
    let id = entries[0]["actor_id"].as_str().expect("an id");
    assert!(id.ends_with(" via dashboard"), "{id}");
    assert_eq!(entries[1]["act"], "session.begin");
    assert_eq!(
        entries[1]["after"],
        json!({"issuer": idp.url, "subject": SUBJECT})
    );

    let id_token = set["tallyship-id-token"]
        .split(';')
        .next()
        .expect("a value");
    let both = format!("{session}; tallyship-id-token={id_token}");
    let out = client.post("/moderation/sign-out").header("cookie", &both);
    let out = posted(out, &[("key", &key)]).send().await.expect(200);
    let end = format!("{}/end?id_token_hint={id_token}&", idp.url).replace('&', "&#38;");
    assert!(out.text.contains(&end), "{}", out.text);
    assert!(
        out.text.contains("post_logout_redirect_uri="),
        "{}",
        out.text
    );
    for name in ["tallyship-staff", "tallyship-id-token"] {
        assert!(
            cookies(&out)[name].starts_with("; Path=/; Max-Age=0"),
            "{name}"
        );
    }
    open(client, &session).await.expect(303);
    moderator.server.verify().await;
}

async fn a_role_is_read_at_each_sign_in_and_a_session_ends(backend: Backend) {
    let idp = IdentityProvider::start("ES256").await;
    let moderator = Moderator::at(idp.setup(setup(backend)).start().await).await;
    let (client, home) = (&moderator.client, moderator.server.home());
    let admin = idp
        .sign_in(client, |claims| claims["groups"] = json!("ops"))
        .await;
    let admin = session(&admin.expect(200));
    let page = open(client, &admin).await.expect(200).text;
    assert!(page.contains(">admin<"), "{page}");
    let moderate = session(&idp.sign_in(client, |_| ()).await.expect(200));
    for lesser in [&admin, &moderate] {
        // Also where the person signed in before.
        let page = open(client, lesser).await.expect(200).text;
        assert!(page.contains(">moderator<"), "{page}");
    }
    let listed = moderator.server.run_cli(&["token", "list", "--json"]).await;
    let listed = listed.success("token list").stdout;
    assert_eq!(listed.matches(ADA).count(), 1, "one row a person: {listed}");

    let none = idp.sign_in(client, |claims| claims["groups"] = json!(["readers"]));
    let none = none.await.page(403);
    assert!(
        none.text.contains(&format!("knows you as {ADA}")),
        "{}",
        none.text
    );
    assert!(!cookies(&none).contains_key("tallyship-staff"));
    // The sessions from before end with the role.
    open(client, &moderate).await.expect(303);
    let moderate = session(&idp.sign_in(client, |_| ()).await.expect(200));
    let entries = moderator.get("/audit").await["items"].clone();
    let mut entries = entries.as_array().expect("entries").iter();
    let entry = entries.find(|entry| entry["act"] == "sign-in.failed");
    let entry = entry.expect("an entry");
    assert_eq!(
        entry["after"],
        json!({"failed": 1, "name": ADA, "subject": SUBJECT})
    );

    // As the ID token says, or before that by an operator.
    home.execute("UPDATE tokens SET expires_at = created_at WHERE expires_at IS NOT NULL");
    open(client, &moderate).await.expect(303);
    let again = session(&idp.sign_in(client, |_| ()).await.expect(200));
    open(client, &again).await.expect(200);
    let end = home.number("SELECT max(expires_at) AS n FROM tokens") / 1_000_000;
    assert!((now() + 500..=now() + 600).contains(&end), "{end}");
    let revoked = moderator.server.run_cli(&["token", "revoke", ADA]).await;
    revoked.success("token revoke");
    open(client, &again).await.expect(303);
    // Who may come back is for the provider to say.
    let back = session(&idp.sign_in(client, |_| ()).await.expect(200));
    open(client, &back).await.expect(200);
    open(client, &again).await.expect(303);
    // The page that the provider's user info makes, for providers whose ID tokens hold no groups.
    idp.tell_user_info(json!({"sub": SUBJECT, "groups": ["ops"], "name": "Ada"}));
    let bare = idp.sign_in(client, |claims| claims["groups"] = json!(null));
    bare.await.page(403);
    let bare = idp.sign_in(client, |claims| {
        claims.as_object_mut().expect("claims").remove("groups");
    });
    let page = open(client, &session(&bare.await.expect(200))).await;
    assert!(page.text.contains(">admin<"), "{}", page.text);
    moderator.server.verify().await;
}

async fn a_provider_that_is_away_stops_nothing_else(backend: Backend) {
    let idp = IdentityProvider::start("EdDSA").await;
    let server = idp
        .setup(setup(backend))
        .env("TALLYSHIP_OIDC__ISSUER", "http://127.0.0.1:1")
        .start()
        .await;
    let client = server.client();
    let away = client.get("/moderation/sign-in/provider").send().await;
    let away = away.page(503);
    assert!(
        away.text.contains("the guild does not answer"),
        "{}",
        away.text
    );
    assert!(away.header("retry-after").is_some());
    let moderator = Moderator::at(server).await;
    sign_in(&client, &moderator.token).await;

    let moderator = Moderator::at(idp.setup(setup(backend)).start().await).await;
    let client = &moderator.client;
    let begun = begin(client, "").await;
    let code = idp.code(&begun, &idp.sign(&idp.claims(&begun)));
    idp.hang(true);
    let is_over = Cell::new(false);
    let slow = async {
        let slow = finish(client, &begun, &code).await;
        is_over.set(true);
        slow
    };
    let (slow, ()) = tokio::join!(slow, async {
        let visitor = client.visitor().await;
        client.put_vote(&visitor, TOOL, "ship").await.expect(201);
        sign_in(client, &moderator.token).await;
        assert!(!is_over.get(), "they waited for the provider");
    });
    slow.page(503);
    idp.hang(false);
    idp.sign_in(client, |_| ()).await.expect(200);
}

async fn keys_are_rotated_and_each_algorithm_is_verified(backend: Backend) {
    let idp = IdentityProvider::start("RS256").await;
    let moderator = Moderator::at(idp.setup(setup(backend)).start().await).await;
    let client = &moderator.client;
    idp.sign_in(client, |_| ()).await.expect(200);
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let next = Site::new(algorithm);
        idp.publish(vec![
            next.jwk("next"),
            json!({"kty": "oct", "kid": KID, "k": "AAAA"}),
        ]);
        idp.sign_in(client, |_| ()).await.page(401);
        // By its `kid`, or without one as the only key of its algorithm.
        for header in [
            json!({"alg": algorithm, "kid": "next"}),
            json!({"alg": algorithm}),
        ] {
            let begun = begin(client, "").await;
            let code = idp.code(&begun, &next.token(&header, &idp.claims(&begun)));
            finish(client, &begun, &code).await.expect(200);
        }
    }
}

async fn below_a_path_and_by_https(backend: Backend) {
    let idp = IdentityProvider::start("RS256").await;
    let setup = idp.setup(setup(backend));
    let setup = setup.env("TALLYSHIP_HTTP__PUBLIC_URL", "https://votes.example/votes");
    let moderator = Moderator::at(setup.start().await).await;
    let client = &moderator.client;
    let page = client.get("/moderation/sign-in").send().await.expect(200);
    assert!(
        page.text
            .contains("href=\"/votes/moderation/sign-in/provider?"),
        "{}",
        page.text
    );
    let begun = begin(client, "").await;
    let expected = "https://votes.example/votes/moderation/sign-in/callback";
    assert_eq!(begun.query["redirect_uri"], expected);
    assert!(
        begun.cookie.starts_with("__Host-tallyship-sign-in="),
        "{}",
        begun.cookie
    );
    assert!(
        begun.cookie_line.ends_with("; SameSite=Lax; Secure"),
        "{}",
        begun.cookie_line
    );
    let code = idp.code(&begun, &idp.sign(&idp.claims(&begun)));
    // A name that any neighbour could set is not looked at.
    let bare = begun.cookie.replace("__Host-", "");
    let fields = [("state", begun.query["state"].as_str()), ("code", &code)];
    come_back(client, &bare, &fields).await.page(400);
    let answer = finish(client, &begun, &code).await.expect(200);
    let onward = "content=\"0;url=https://votes.example/votes/moderation\"";
    assert!(answer.text.contains(onward), "{}", answer.text);
    assert!(cookies(&answer)["__Host-tallyship-staff"].ends_with("; Secure"));
    let entry = moderator.call(Method::GET, "/audit", None).await;
    assert_eq!(entry.json["items"][0]["actor"], ADA);
}
