//! Answers of an identity provider that are refused: of another issuer, client, sign-in or time, badly signed, replayed, forged.
use crate::harness::client::{Answer, Client};
use crate::harness::identity_provider::{
    Begun, CLIENT_ID, IdentityProvider, SUBJECT, begin, come_back, cookies, finish,
};
use crate::harness::server::Home;
use crate::harness::site::{KID, Site, by_secret, now, unsigned};
use crate::harness::{Backend, run};
use crate::moderation::Moderator;
use serde_json::{Value, json};
use std::time::Duration;

crate::both!(
    what_no_provider_may_sign_is_refused,
    an_answer_is_of_one_sign_in_of_this_browser,
    who_tries_often_is_slowed,
);

async fn start(backend: Backend) -> (IdentityProvider, Moderator) {
    let idp = IdentityProvider::start("RS256").await;
    let setup = idp.setup(Home::new(backend).setup().generous());
    let moderator = Moderator::at(setup.start().await).await;
    (idp, moderator)
}

/// A browser of a network that failed in nothing yet.
fn browser(moderator: &Moderator, n: u8) -> Client {
    Client::from_address(&moderator.server.url, [127, 0, 1, n].into())
}

fn nobody_is_signed_in(answer: &Answer, what: &str) {
    let set = cookies(answer);
    assert!(!set.contains_key("tallyship-staff"), "{what}: {set:?}");
}

async fn what_no_provider_may_sign_is_refused(backend: Backend) {
    let (idp, moderator) = start(backend).await;
    let (another, weak) = (Site::new("RS256"), Site::new("HS256"));
    idp.publish(vec![idp.key.jwk(KID), weak.jwk("weak")]);
    let changed = |begun: &Begun, name: &str, value: Value| {
        let mut claims = idp.claims(begun);
        claims[name] = value;
        idp.sign(&claims)
    };
    type Forge<'a> = Box<dyn Fn(&Begun) -> String + 'a>;
    let of = |name: &'static str, value: Value| -> (String, Forge<'_>) {
        let what = format!("{name} = {value}");
        (
            what,
            Box::new(move |begun| changed(begun, name, value.clone())),
        )
    };
    let header = |alg: &str| json!({"alg": alg, "kid": KID});
    let cases: Vec<(String, Forge<'_>)> = vec![
        of("iss", json!("http://another.example")),
        of("iss", json!(format!("{}/", idp.url))),
        of("aud", json!("another")),
        of("aud", json!([CLIENT_ID, "another"])),
        of("azp", json!("another")),
        of("nonce", json!("another")),
        of("nonce", json!(null)),
        of("exp", json!(now() - 60)),
        of("exp", json!("2100-01-01")),
        of("nbf", json!(now() + 3600)),
        of("sub", json!("")),
        (
            "alg none".to_owned(),
            Box::new(|begun| unsigned(&header("none"), &idp.claims(begun), "")),
        ),
        (
            "no signature".to_owned(),
            Box::new(|begun| unsigned(&header("RS256"), &idp.claims(begun), "")),
        ),
        (
            "the public key as a secret".to_owned(),
            Box::new(|begun| {
                by_secret(
                    idp.key.public.as_bytes(),
                    &header("HS256"),
                    &idp.claims(begun),
                )
            }),
        ),
        (
            "a published secret".to_owned(),
            Box::new(|begun| {
                weak.token(&json!({"alg": "HS256", "kid": "weak"}), &idp.claims(begun))
            }),
        ),
        (
            "another key under this name".to_owned(),
            Box::new(|begun| another.token(&header("RS256"), &idp.claims(begun))),
        ),
        (
            "a key that is not published".to_owned(),
            Box::new(|begun| {
                another.token(&json!({"alg": "RS256", "kid": "x"}), &idp.claims(begun))
            }),
        ),
        (
            "a critical extension".to_owned(),
            Box::new(|begun| {
                let header = json!({"alg": "RS256", "kid": KID, "crit": ["x"], "x": 1});
                idp.key.token(&header, &idp.claims(begun))
            }),
        ),
        ("no token".to_owned(), Box::new(|_| "a.b".to_owned())),
        (
            "another person's user info".to_owned(),
            Box::new(|begun| {
                let mut claims = idp.claims(begun);
                claims.as_object_mut().expect("claims").remove("groups");
                idp.sign(&claims)
            }),
        ),
    ];
    idp.tell_user_info(json!({"sub": "another", "groups": ["ops"]}));
    for (n, (what, forge)) in cases.iter().enumerate() {
        let client = browser(&moderator, u8::try_from(n).expect("few") + 1);
        let begun = begin(&client, "").await;
        let code = idp.code(&begun, &forge(&begun));
        let answer = finish(&client, &begun, &code).await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.text);
        assert!(
            answer.text.contains("The answer of the guild was refused"),
            "{what}"
        );
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        nobody_is_signed_in(&answer, what);
    }
    // The same way with nothing changed.
    let client = browser(&moderator, 200);
    idp.sign_in(&client, |_| ()).await.expect(200);
    let sessions = "SELECT count(*) AS n FROM sessions";
    assert_eq!(moderator.server.home().number(sessions), 1);
}

async fn an_answer_is_of_one_sign_in_of_this_browser(backend: Backend) {
    let (idp, moderator) = start(backend).await;
    let client = browser(&moderator, 1);
    let (begun, other) = (begin(&client, "").await, begin(&client, "").await);
    let code = |begun: &Begun| idp.code(begun, &idp.sign(&idp.claims(begun)));
    let state = begun.query["state"].as_str();
    let good = code(&begun);
    let (name, sealed) = begun.cookie.split_once('=').expect("a pair");
    let forged = format!("{name}=A{sealed}");
    for (what, cookie, state) in [
        ("no cookie", "", state),
        ("no state", &begun.cookie, ""),
        ("another's state", &begun.cookie, &other.query["state"]),
        ("another's cookie", &other.cookie, state),
        ("a forged cookie", &forged, state),
    ] {
        let fields = [("state", state), ("code", good.as_str())];
        let answer = come_back(&client, cookie, &fields).await.page(400);
        assert!(answer.text.contains("did not begin that sign-in"), "{what}");
        nobody_is_signed_in(&answer, what);
    }
    // Codes of another attempt, and what says that it comes from elsewhere.
    let client = browser(&moderator, 2);
    let foreign = code(&other);
    for (what, fields) in [
        ("another's code", vec![("code", foreign.as_str())]),
        (
            "another issuer",
            vec![("code", &good), ("iss", "http://x.example")],
        ),
        ("a refusal", vec![("error", "access_denied")]),
        ("neither", vec![]),
    ] {
        let fields = [&[("state", state)], fields.as_slice()].concat();
        let answer = come_back(&client, &begun.cookie, &fields).await.page(401);
        nobody_is_signed_in(&answer, what);
        if what == "a refusal" {
            assert!(
                answer.text.contains("says access_denied"),
                "{}",
                answer.text
            );
        }
    }
    // Once, though a browser would keep the cookie.
    let fields = [("state", state), ("code", good.as_str()), ("iss", &idp.url)];
    come_back(&client, &begun.cookie, &fields).await.expect(200);
    let again = come_back(&client, &begun.cookie, &fields).await.page(401);
    assert!(again.text.contains("says invalid_grant"), "{}", again.text);
    nobody_is_signed_in(&again, "a replay");
    // A provider's session is no staff token, nor is what names its row.
    for token in [SUBJECT, &idp.sign(&idp.claims(&begun))] {
        let call = client.get("/v1/moderation/audit").bearer(token);
        call.send().await.problem(401, "bad-token");
    }
}

async fn who_tries_often_is_slowed(backend: Backend) {
    let (idp, moderator) = start(backend).await;
    let client = browser(&moderator, 1);
    let mut tries = 0;
    let slowed = loop {
        let answer = idp
            .sign_in(&client, |claims| claims["groups"] = json!([]))
            .await;
        if answer.status == 429 {
            break answer.page(429);
        }
        answer.page(403);
        tries += 1;
        assert!(tries < 40, "nobody slows it");
    };
    assert!(slowed.header("retry-after").is_some());
    let named = moderator.get("/audit").await;
    let named = named["items"].as_array().expect("entries").iter();
    let named = named.filter(|entry| entry["after"]["subject"] == SUBJECT);
    assert_eq!(named.count(), tries);
    // The provider is asked nothing more from there; who has a role signs in from elsewhere.
    idp.sign_in(&client, |_| ()).await.page(429);
    let elsewhere = browser(&moderator, 2);
    for _ in 0..15 {
        idp.sign_in(&elsewhere, |_| ()).await.expect(200);
    }
}

#[test]
fn a_bad_authority_stops_the_start() {
    run(async {
        let idp = IdentityProvider::start("EdDSA").await;
        let home = Home::new(Backend::Sqlite);
        home.write("page.html", "<html>");
        for file in ["page.html", "not-there.pem"] {
            let setup = idp.setup(home.setup());
            let setup = setup.env("TALLYSHIP_OIDC__CA_FILE", file);
            let refused = setup.start_refused(Duration::from_secs(30)).await;
            let checked = setup.run_cli(&["config", "check"]).await;
            for ended in [&refused, &checked] {
                assert_eq!(ended.code(), 2, "{file}: {}", ended.stderr);
                let said = format!("oidc.ca_file = \"{file}\"");
                assert!(ended.stderr.contains(&said), "{}", ended.stderr);
            }
        }
        let good = idp.setup(home.setup()).run_cli(&["config", "check"]).await;
        good.success("config check");
    });
}
